//! Frozen evidence is made by freezing alone.

fn main() {
    let _frozen: decision::evidence::Frozen = Default::default();
}

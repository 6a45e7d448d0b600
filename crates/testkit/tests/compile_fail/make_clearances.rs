//! Clearances have no default and no public field.

fn main() {
    let _all: decision::gate::Clearances = Default::default();
}

//! What makes a clearance is private.

fn main() {
    let _of = decision::gate::Clearance::<()>::of;
}

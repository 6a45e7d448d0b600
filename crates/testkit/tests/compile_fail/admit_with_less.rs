//! Admission takes every argument: a ruling alone is not enough.

fn admit(ruling: decision::verdict::Ruling) {
    let _granted = decision::gate::admit(ruling);
}

fn main() {}

//! A grant that is made and not used is an error.

#![deny(unused_must_use)]

fn made() -> decision::gate::Grant {
    unreachable!()
}

fn main() {
    made();
}

//! Clearances are used once.

fn twice(all: decision::gate::Clearances) -> [decision::gate::Clearances; 2] {
    [all.clone(), all]
}

fn main() {}

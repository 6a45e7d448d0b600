//! A grant is not copied.

fn twice(grant: decision::gate::Grant) -> [decision::gate::Grant; 2] {
    [grant.clone(), grant]
}

fn main() {}

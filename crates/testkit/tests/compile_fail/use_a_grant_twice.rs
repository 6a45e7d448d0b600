//! Whoever takes a grant owns it.

fn commit(_grant: decision::gate::Grant) {}

fn twice(grant: decision::gate::Grant) {
    commit(grant);
    commit(grant);
}

fn main() {}

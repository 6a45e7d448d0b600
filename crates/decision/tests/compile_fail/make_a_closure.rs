//! Only the gate makes a closure.

fn main() {
    let _closure = decision::gate::vault::Closure(unreachable!());
}

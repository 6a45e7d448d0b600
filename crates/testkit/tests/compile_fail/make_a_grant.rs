//! A grant has no public field.

fn main() {
    let _grant = decision::gate::Grant {
        request: "REQ-1".to_owned(),
        ..unreachable!()
    };
}

//! A grant is not read from storage.

fn main() {
    let _grant: decision::gate::Grant = serde_json::from_str("{}").unwrap();
}

//! Clearances are not read from storage.

fn main() {
    let _clearances: decision::gate::Clearances = serde_json::from_str("{}").unwrap();
}

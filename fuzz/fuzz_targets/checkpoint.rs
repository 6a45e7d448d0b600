//! Notes, checkpoints, keys and tile paths: what reads prints itself again.
#![no_main]

use audit::note::Note;
use audit::tile::Tile;
use audit::{Checkpoint, Frontier, VerifierKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(edge) = Frontier::from_bytes(bytes) {
        assert_eq!(edge.to_bytes(), bytes);
        let _ = edge.root();
    }
    if let Ok(note) = Note::parse(bytes) {
        let head = note.unverified_text().as_bytes();
        assert!(bytes.starts_with(head));
        if let Ok(checkpoint) = Checkpoint::parse(note.unverified_text()) {
            assert_eq!(checkpoint.to_string().as_bytes(), head);
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text.strip_suffix('\n').unwrap_or(text));
    }
    if let Some(tile) = Tile::from_path(text) {
        assert_eq!(tile.to_string(), text);
    }
});

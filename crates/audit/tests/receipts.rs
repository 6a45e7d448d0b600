//! Receipts prove exactly one leaf: every changed bit is refused or proves the very same.

#[cfg(test)]
mod common;

use audit::tile::{encode_entries, encode_hashes};
use audit::{Appender, Receipt, ReceiptError, SigningKey, TileFolder, TileReader as _};
use common::{ORIGIN, World, key};
use proptest::prelude::*;

#[test]
fn every_leaf_of_every_size_has_one_from_memory_and_from_files() {
    let world = World::published(&[1, 2, 17, 40, 256, 300]);
    let folder = TileFolder::new(world.path());
    for checkpoint in &world.checkpoints {
        for index in 0..checkpoint.size() {
            let leaf = &world.leaves[usize::try_from(index).unwrap()];
            let receipt = Receipt::new(&world.tiles, checkpoint, index).unwrap();
            assert_eq!(receipt, Receipt::new(&folder, checkpoint, index).unwrap());
            let text = receipt.clone().with_leaf(leaf).to_string();
            let read = Receipt::parse(text.as_bytes()).unwrap();
            assert_eq!(read.to_string(), text);
            if index % 7 == 0 {
                assert_eq!(
                    &receipt.verify(&key().verifier(), leaf).unwrap(),
                    checkpoint.checkpoint()
                );
                assert_eq!(
                    read.verify_embedded(&key().verifier()).unwrap().0,
                    &leaf[..]
                );
                assert!(read.verify(&key().verifier(), b"other").is_err());
            }
        }
        assert!(Receipt::new(&world.tiles, checkpoint, checkpoint.size()).is_err());
    }
    // The folder serves the same tiles as memory does.
    assert_eq!(
        encode_hashes(&folder.hashes(0, 0, 256).unwrap()),
        world.read("tile/0/000")
    );
    assert_eq!(
        encode_entries(&folder.entries(0, 256).unwrap()).unwrap(),
        world.read("tile/entries/000")
    );
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    let world = World::published(&[40]);
    let verifier = key().verifier();
    for index in [0u64, 13, 39] {
        let leaf = &world.leaves[usize::try_from(index).unwrap()];
        for receipt in [
            Receipt::new(&world.tiles, world.last(), index).unwrap(),
            Receipt::new(&world.tiles, world.last(), index)
                .unwrap()
                .with_leaf(leaf),
        ] {
            let good = receipt.to_string().into_bytes();
            for bit in 0..good.len() * 8 {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                let believed =
                    Receipt::parse(&bad).is_ok_and(|read| read.verify(&verifier, leaf).is_ok());
                assert!(!believed, "bit {bit} of the receipt of {index}");
            }
            for length in 0..good.len() {
                let believed = Receipt::parse(&good[..length])
                    .is_ok_and(|read| read.verify(&verifier, leaf).is_ok());
                assert!(!believed, "cut to {length}");
            }
        }
    }
}

#[test]
fn embedded_data_is_believed_only_as_the_leaf_itself() {
    let world = World::published(&[40]);
    let receipt = Receipt::new(&world.tiles, world.last(), 3).unwrap();
    let wrong = receipt.clone().with_leaf(b"leaf 4");
    // The proof is right for leaf 3, and the reader would be shown leaf 4.
    assert!(matches!(
        wrong.verify(&key().verifier(), b"leaf 3"),
        Err(ReceiptError::OtherLeaf)
    ));
    assert!(wrong.verify(&key().verifier(), b"leaf 4").is_err());
    assert!(wrong.verify_embedded(&key().verifier()).is_err());
    assert!(matches!(
        receipt.verify_embedded(&key().verifier()),
        Err(ReceiptError::NoLeaf)
    ));
}

#[test]
fn other_keys_origins_and_spellings_are_refused() {
    let world = World::published(&[40]);
    let receipt = Receipt::new(&world.tiles, world.last(), 3)
        .unwrap()
        .with_leaf(b"leaf 3");
    let stranger = SigningKey::from_seed(ORIGIN, [8; 32]).unwrap().verifier();
    assert!(receipt.verify(&stranger, b"leaf 3").is_err());
    let renamed = SigningKey::from_seed("example.com/other", [7; 32])
        .unwrap()
        .verifier();
    assert!(receipt.verify(&renamed, b"leaf 3").is_err());
    let text = receipt.to_string();
    let hash_line = text.lines().nth(3).unwrap().to_owned();
    for bad in [
        text.replace("index 3", "index 03"),
        text.replace("index 3", "index +3"),
        text.replace("index 3", "index  3"),
        text.replace("\nindex", "\r\nindex"),
        text.replace("@v1", "@v2"),
        text.replace("extra ", "extra  "),
        text.replace("extra ", "Extra "),
        text.replace("\nindex 3\n", "\nindex 3\n\n"),
        format!("\n{text}"),
        format!("{text}\n"),
        text.replace(&hash_line, &format!("{hash_line} ")),
        text.replace("index 3", "index 3\nindex 3"),
        text.replace(&hash_line, &hash_line.repeat(2)),
    ] {
        assert_ne!(bad, text);
        assert!(Receipt::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    let doubled = text.replacen(&hash_line, &format!("{hash_line}\n{hash_line}"), 1);
    assert!(
        Receipt::parse(doubled.as_bytes())
            .unwrap()
            .verify(&key().verifier(), b"leaf 3")
            .is_err()
    );
    let many = text.replacen(&hash_line, &format!("{hash_line}\n").repeat(70), 1);
    assert!(Receipt::parse(many.as_bytes()).is_err());
}

#[test]
fn none_is_made_from_a_damaged_source() {
    let world = World::published(&[40]);
    let mut tile = world.read("tile/0/000.p/40");
    tile[40] ^= 1;
    world.write("tile/0/000.p/40", &tile);
    let folder = TileFolder::new(world.path());
    for index in 0..40 {
        assert!(
            Receipt::new(&folder, world.last(), index).is_err(),
            "{index}"
        );
    }
    world.write("tile/0/000.p/40", &tile[..64]);
    assert!(matches!(
        Receipt::new(&folder, world.last(), 0),
        Err(ReceiptError::Read(_))
    ));
}

#[test]
fn leaves_keep_their_bound_and_a_refused_one_changes_nothing() {
    let mut appender = Appender::default();
    appender.append(&vec![0; 65_535]).unwrap();
    let before = appender.clone();
    assert!(appender.append(&vec![0; 65_536]).is_err());
    assert_eq!(appender, before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn several_random_changes_never_prove_another_leaf(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
        let mut world = World::new();
        world.grow(40);
        let receipt = Receipt::new(&world.tiles, world.last(), 13).unwrap().with_leaf(b"leaf 13");
        let mut bytes = receipt.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(read) = Receipt::parse(&bytes) {
            prop_assert_eq!(read.to_string().into_bytes(), bytes);
            if let Ok((leaf, _)) = read.verify_embedded(&key().verifier()) {
                prop_assert_eq!((leaf, read.index()), (&b"leaf 13"[..], 13));
            }
        }
    }
}

//! Differential tests against independent implementations: ct-merkle, tlog_tiles, signed_note.

#[cfg(test)]
mod common;

use audit::hash::leaf_hash;
use audit::merkle::{HashReader as _, root_at, root_of_leaves};
use audit::proof::{
    ProofError, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
};
use audit::reader::TreeHashes;
use audit::tile::{Kind, Tile, changed};
use audit::{Checkpoint, Digest, SignedCheckpoint, VerifierKey};
use common::{ORIGIN, World, key};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

#[cfg(test)]
fn bytes_of(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

/// All roots and inclusion proofs of one size, and the consistency proofs from these older sizes.
#[cfg(test)]
fn compare(
    world: &World,
    oracle: &Oracle,
    size: u64,
    olds: impl Iterator<Item = u64>,
    indices: impl Iterator<Item = u64>,
) {
    let tree = TreeHashes::new(&world.tiles, size);
    let root = root_at(&tree, size).ok();
    assert_eq!(
        root.map(|r| r.0.to_vec()),
        Some(oracle.root().as_bytes().to_vec()),
        "size {size}"
    );
    let root = root.unwrap_or(Digest([0; 32]));
    for index in indices {
        let proof = prove_inclusion(&tree, index, size)
            .ok()
            .flatten()
            .unwrap_or_default();
        let theirs = oracle.prove_inclusion(usize::try_from(index).unwrap_or(0));
        assert_eq!(
            bytes_of(&proof),
            theirs.as_bytes(),
            "inclusion of {index} in {size}"
        );
        let leaf = tree.node(0, index).unwrap_or(Digest([0; 32]));
        assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
    }
    for old in olds.filter(|old| *old > 0) {
        let proof = prove_consistency(&tree, old, size)
            .ok()
            .flatten()
            .unwrap_or_default();
        let theirs = oracle.prove_consistency(usize::try_from(size - old).unwrap_or(0));
        assert_eq!(
            bytes_of(&proof),
            theirs.as_bytes(),
            "consistency of {old} and {size}"
        );
        let old_root = root_at(&tree, old).unwrap_or(Digest([0; 32]));
        assert_eq!(
            verify_consistency(old, &old_root, size, &root, &proof),
            Ok(())
        );
    }
}

#[test]
fn every_size_up_to_70_agrees_with_ct_merkle() {
    let mut world = World::new();
    let mut oracle = Oracle::new();
    for n in 0..70u64 {
        let leaf = format!("leaf {n}").into_bytes();
        oracle.push(leaf.clone());
        world.push(leaf);
        assert_eq!(
            world.appender.frontier().root().0.to_vec(),
            oracle.root().as_bytes().to_vec()
        );
        compare(&world, &oracle, n + 1, 0..=n, 0..=n);
    }
}

#[test]
fn larger_sizes_agree_with_ct_merkle() {
    let mut world = World::new();
    let mut oracle = Oracle::new();
    for n in 0..1500u64 {
        let leaf = n.to_be_bytes().to_vec();
        oracle.push(leaf.clone());
        world.push(leaf);
        if [255, 256, 257, 511, 700, 1023, 1024, 1337, 1499].contains(&n) {
            compare(
                &world,
                &oracle,
                n + 1,
                (1..=n).step_by(41),
                (0..=n).step_by(37),
            );
        }
    }
}

#[test]
fn wrong_proofs_are_refused() {
    let mut world = World::new();
    world.grow(70);
    for size in 1..=70u64 {
        let tree = TreeHashes::new(&world.tiles, size);
        let root = root_at(&tree, size).unwrap();
        for index in 0..size {
            let leaf = tree.node(0, index).unwrap();
            let proof = prove_inclusion(&tree, index, size).unwrap().unwrap();
            let check =
                |index, size, proof: &[Digest]| verify_inclusion(&leaf, index, size, proof, &root);
            for other in (0..size).filter(|other| *other != index) {
                assert!(
                    check(other, size, &proof).is_err(),
                    "{index} as {other} of {size}"
                );
            }
            assert!(verify_inclusion(&leaf_hash(b"no"), index, size, &proof, &root).is_err());
            let mut longer = proof.clone();
            longer.push(leaf);
            assert!(check(index, size, &longer).is_err());
            assert!(proof.is_empty() || check(index, size, &proof[1..]).is_err());
            assert!(proof.is_empty() || check(index, size, &proof[..proof.len() - 1]).is_err());
            assert_eq!(check(size, size, &proof), Err(ProofError::OutOfRange));
        }
        for old in 1..size {
            let old_root = root_at(&tree, old).unwrap();
            let proof = prove_consistency(&tree, old, size).unwrap().unwrap();
            for at in 0..proof.len() {
                let mut bad = proof.clone();
                bad[at].0[31] ^= 1;
                assert!(verify_consistency(old, &old_root, size, &root, &bad).is_err());
            }
            let check = |proof: &[Digest]| verify_consistency(old, &old_root, size, &root, proof);
            assert!(proof.is_empty() || check(&proof[1..]).is_err());
            let mut longer = proof.clone();
            longer.push(root);
            assert!(check(&longer).is_err());
            assert!(verify_consistency(old, &root, size, &root, &proof).is_err());
            assert!(verify_consistency(old, &old_root, size, &old_root, &proof).is_err());
            assert_eq!(
                verify_consistency(size, &root, old, &old_root, &proof),
                Err(ProofError::OutOfRange)
            );
        }
    }
    let empty = audit::hash::empty_root();
    assert_eq!(
        verify_consistency(0, &empty, 5, &leaf_hash(b""), &[]),
        Ok(())
    );
    assert!(verify_consistency(0, &leaf_hash(b""), 5, &leaf_hash(b""), &[]).is_err());
    assert_eq!(root_of_leaves::<&[u8]>(&[]), empty);
}

/// The path that tlog_tiles prints, in the C2SP spelling: without the tile height.
#[cfg(test)]
fn their_path(tile: Tile) -> String {
    let data = tile.kind == Kind::Entries;
    let theirs = tlog_tiles::Tile::new(8, tile.level(), tile.index, u32::from(tile.width), data);
    theirs
        .path()
        .replace("tile/8/data/", "tile/entries/")
        .replace("tile/8/", "tile/")
}

proptest! {
    #[test]
    fn paths_agree_with_tlog_tiles(index in 0u64..1 << 32, width in 1u16..=256, level in 0u8..=5, data: bool) {
        let tile = if data { Tile::entries(index, width) } else { Tile::hashes(level, index, width) };
        prop_assert_eq!(tile.to_string(), their_path(tile));
        prop_assert_eq!(Tile::from_path(&tile.to_string()), Some(tile));
    }

    #[test]
    fn changed_tiles_agree_with_tlog_tiles(old in 0u64..200_000, more in 0u64..2_000) {
        let ours: Vec<String> = changed(old, old + more)
            .filter(|tile| tile.kind != Kind::Entries).map(|tile| tile.to_string()).collect();
        let theirs: Vec<String> = tlog_tiles::Tile::new_tiles(8, old, old + more)
            .iter().map(|tile| tile.path().replace("tile/8/", "tile/")).collect();
        prop_assert_eq!(ours, theirs);
        let bundles: Vec<u64> = changed(old, old + more)
            .filter(|tile| tile.kind == Kind::Entries).map(|tile| tile.index).collect();
        let level0: Vec<u64> = changed(old, old + more)
            .filter(|tile| tile.kind == Kind::Hashes(0)).map(|tile| tile.index).collect();
        prop_assert_eq!(bundles, level0);
    }

    #[test]
    fn a_path_that_reads_prints_itself(path in "tile/(entries|[0-9]{1,2})(/x?[0-9]{2,4}){1,4}(\\.p/[0-9]{1,3})?") {
        if let Some(tile) = Tile::from_path(&path) {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn checkpoints_agree_with_tlog_tiles(size in 0u64..1 << 40, root: [u8; 32], extra in prop::option::of("[a-z ]{1,20}")) {
        let extensions: Vec<String> = extra.into_iter().collect();
        let ours = Checkpoint { origin: ORIGIN.into(), size, root: Digest(root), extensions };
        let theirs = tlog_tiles::Checkpoint::from_bytes(ours.to_string().as_bytes());
        // Their strict reader wants a blank line after extensions; without any it reads the bare body.
        if let Ok(theirs) = theirs {
            prop_assert_eq!(theirs.size(), size);
            prop_assert_eq!(theirs.hash().0, root);
            prop_assert_eq!(theirs.origin(), ORIGIN);
        }
        let built = tlog_tiles::Checkpoint::new(ORIGIN, size, tlog_tiles::Hash(root),
            &ours.extensions.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        prop_assert_eq!(built.to_bytes(), ours.to_string().into_bytes());
        prop_assert_eq!(Checkpoint::parse(&ours.to_string()), Ok(ours));
    }

    #[test]
    fn a_changed_checkpoint_reads_only_as_itself(size in 0u64..1 << 40, root: [u8; 32], edit in edit()) {
        let head = Checkpoint { origin: ORIGIN.into(), size, root: Digest(root), extensions: vec!["more".into()] };
        let text = edit.apply(&head.to_string());
        if let Ok(read) = Checkpoint::parse(&text) {
            prop_assert_eq!(read.to_string(), text);
        }
    }

    /// A note is read only as what it says: whatever of its text or of our line is changed is not believed.
    #[test]
    fn a_changed_note_is_not_believed(size in 0u64..1 << 40, root: [u8; 32], edit in edit()) {
        let good = SignedCheckpoint::seal(size, Digest(root), &key());
        let text = edit.apply(good.text());
        match SignedCheckpoint::verify(text.as_bytes(), &key().verifier()) {
            Ok(read) => {
                prop_assert_eq!(read.checkpoint(), good.checkpoint());
                prop_assert_eq!(read.text(), &text);
            }
            Err(_) => prop_assert_ne!(text, good.text()),
        }
    }

    #[test]
    fn a_changed_key_or_receipt_reads_only_as_itself(edit in edit()) {
        let text = edit.apply(&key().verifier().to_string());
        if let Ok(read) = VerifierKey::parse(&text) {
            prop_assert_eq!(read.to_string(), text.strip_suffix('\n').unwrap_or(&text));
        }
        let mut world = World::new();
        world.grow(40);
        let receipt = audit::Receipt::new(&world.tiles, world.last(), 17).unwrap();
        let text = edit.apply(&receipt.to_string());
        if let Ok(read) = audit::Receipt::parse(text.as_bytes()) {
            prop_assert_eq!(read.to_string(), text);
        }
    }
}

/// One change of a text: `cut` characters at a place are replaced.
#[derive(Debug, Clone)]
struct Edit {
    place: prop::sample::Index,
    /// Whether the place is the beginning of a line: most of a format's rules are about those.
    begins_line: bool,
    cut: usize,
    put: String,
}

impl Edit {
    fn apply(&self, text: &str) -> String {
        let letters: Vec<char> = text.chars().collect();
        let all: Vec<usize> = (0..=letters.len()).collect();
        let after_newline = |at: &usize| *at == 0 || letters.get(at - 1) == Some(&'\n');
        let lines: Vec<usize> = all.iter().copied().filter(after_newline).collect();
        let from = *self.place.get(if self.begins_line { &lines } else { &all });
        let to = letters.len().min(from + self.cut);
        let (before, after) = (letters.iter().take(from), letters.iter().skip(to));
        before
            .copied()
            .chain(self.put.chars())
            .chain(after.copied())
            .collect()
    }
}

/// Some change nothing, so that what is good is seen too.
fn edit() -> impl Strategy<Value = Edit> {
    let put = prop_oneof![
        Just(String::new()),
        "[\n +0-]",
        "[\n 0-9A-Za-z+/=—]{1,3}",
        "\n{1,2}— [a-z.]{1,9} [A-Za-z0-9+/]{8,96}={0,2}\n",
        any::<char>().prop_map(String::from),
    ];
    let parts = (any::<prop::sample::Index>(), any::<bool>(), 0usize..4, put);
    parts.prop_map(|(place, begins_line, cut, put)| Edit {
        place,
        begins_line,
        cut,
        put,
    })
}

#[test]
fn our_checkpoint_verifies_with_signed_note() {
    let mut world = World::new();
    world.grow(40);
    let verifier = StandardVerifier::new(&key().verifier().to_string()).unwrap();
    let note = Note::from_bytes(world.last().text().as_bytes()).unwrap();
    let (good, unknown) = note
        .verify(&VerifierList::new(vec![Box::new(verifier)]))
        .unwrap();
    assert_eq!((good.len(), unknown.len()), (1, 0));
    assert_eq!(
        note.text(),
        world.last().checkpoint().to_string().as_bytes()
    );
}

#[test]
fn notes_signed_by_signed_note_verify_here_and_other_signatures_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.key");
    let ours = audit::key::load_or_create(&path, ORIGIN).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let signer = StandardSigner::new(text.trim_end()).unwrap();
    let witness = audit::SigningKey::from_seed("witness.example/w", [9; 32]).unwrap();
    let body = format!("{ORIGIN}\n0\n{}\n", audit::hash::empty_root());
    let mut note = Note::new(body.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let theirs = String::from_utf8(note.to_bytes()).unwrap();
    // Ed25519 is deterministic, so the two implementations must agree to the byte.
    assert_eq!(theirs, ours.sign(&body).unwrap());
    let line = witness
        .sign(&body)
        .unwrap()
        .rsplit_once("\n\n")
        .unwrap()
        .1
        .to_owned();
    for several in [
        format!("{theirs}{line}"),
        theirs.replace("\n\n", &format!("\n\n{line}")),
    ] {
        let signed = SignedCheckpoint::verify(several.as_bytes(), &ours.verifier()).unwrap();
        assert_eq!((signed.size(), signed.text()), (0, several.as_str()));
        let stranger = key().verifier();
        assert!(SignedCheckpoint::verify(several.as_bytes(), &stranger).is_err());
    }
    // The same name under another key is unknown too; an unknown line may stand beside a good one.
    let twin = key().sign(&body).unwrap();
    let both = format!("{theirs}{}", twin.rsplit_once("\n\n").unwrap().1);
    assert!(SignedCheckpoint::verify(both.as_bytes(), &ours.verifier()).is_ok());
    assert!(SignedCheckpoint::verify(twin.as_bytes(), &ours.verifier()).is_err());
}

#[test]
fn the_example_key_of_the_note_package_reads() {
    // Published in the documentation of Go's note package.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
                \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key = VerifierKey::parse(text).unwrap();
    assert_eq!(key.to_string(), text);
    let parsed = audit::note::Note::parse(note.as_bytes()).unwrap();
    assert!(parsed.verify(&key).unwrap().starts_with("If you think"));
    for bad in [
        text.replace("c74f20a3", "C74F20A3"),
        text.replace("c74f20a3", "c74f20a4"),
        text.replace("Peter", "peter"),
        text.replace("+AR", "+BB"),
        format!("{text}="),
        text.replace('+', " "),
        format!("{text}\n\n"),
    ] {
        assert!(VerifierKey::parse(&bad).is_err(), "{bad}");
    }
}

//! Any change to a published log is found, and named: every bit, every truncation, every swap, every deletion.

#[cfg(test)]
mod common;

use std::collections::BTreeSet;
use std::fs;

use audit::tile::{Tile, encode_entries, encode_hashes};
use audit::{Finding, Options, Receipt, SigningKey, TileReader as _};
use common::{ORIGIN, World, broken, key, typed_leaf};

/// Lengths of the entries before `index` in a bundle of our leaves, with their 2-byte lengths.
#[cfg(test)]
fn entry_at(world: &World, start: usize, offset: usize) -> Option<u64> {
    let mut at = 0;
    for (index, leaf) in world.leaves.iter().enumerate().skip(start) {
        if offset < at + 2 {
            return None; // In a length.
        }
        at += 2 + leaf.len();
        if offset < at {
            return u64::try_from(index).ok();
        }
    }
    None
}

/// What a single flipped bit in this file, at this byte, must be called.
#[cfg(test)]
fn named_rightly(world: &World, file: &str, offset: usize, found: &[Finding]) -> bool {
    let size = world.last().size();
    let tile = Tile::from_path(file);
    let Some(tile) = tile else {
        return found.iter().all(|f| {
            matches!(
                f,
                Finding::CheckpointMalformed { .. }
                    | Finding::CheckpointSignature
                    | Finding::CheckpointUnknownKey { .. }
                    // With the size forged the files are also compared with the forged size or root.
                    | Finding::RootDiffers { .. }
                    | Finding::FileMissing { .. }
                    | Finding::TailTruncated { .. }
                    | Finding::PartialDiffers { .. }
            )
        });
    };
    if tile.width != audit::tile::width_at(tile.level(), tile.index, size) {
        return found
            == [Finding::PartialDiffers {
                file: file.to_owned(),
            }];
    }
    let base = tile.index * 256;
    let expected = match tile.kind {
        audit::tile::Kind::Hashes(level) => Finding::HashEdited {
            level,
            index: base + u64::try_from(offset / 32).unwrap(),
        },
        audit::tile::Kind::Entries => {
            match entry_at(world, usize::try_from(base).unwrap(), offset) {
                Some(index) => Finding::EntryEdited { index },
                // A changed length derails what follows; that it is found is enough.
                None => return !found.is_empty(),
            }
        }
    };
    // An earlier partial tile is compared with this one, so it may be named beside it.
    found.first() == Some(&expected)
        && found[1..]
            .iter()
            .all(|f| matches!(f, Finding::PartialDiffers { .. }))
}

#[cfg(test)]
fn flip(world: &World, file: &str, bits: impl Iterator<Item = usize>) -> usize {
    let good = world.read(file);
    let mut flips = 0;
    for bit in bits.take_while(|bit| *bit < good.len() * 8) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        world.write(file, &bad);
        let report = world.verify();
        assert!(!report.is_sound(), "bit {bit} of {file} went unseen");
        let found = broken(&report);
        assert!(
            named_rightly(world, file, bit / 8, &found),
            "bit {bit} of {file}: {found:?}"
        );
        flips += 1;
    }
    world.write(file, &good);
    flips
}

/// All bits of all files that leave this remainder, so that two tests share the work.
#[cfg(test)]
fn every_other_bit(remainder: usize) {
    let world = World::published(&[17, 40]);
    assert!(world.verify().is_clean(), "{:?}", world.verify());
    assert_eq!(world.files().len(), 5);
    let flips: usize = world
        .files()
        .iter()
        .map(|file| flip(&world, file, (remainder..).step_by(2)))
        .sum();
    assert!(flips > 9_000, "{flips}");
}

#[test]
fn every_even_bit_of_a_small_log() {
    every_other_bit(0);
}

#[test]
fn every_odd_bit_of_a_small_log() {
    every_other_bit(1);
}

#[test]
fn sampled_bits_of_a_log_of_several_tiles() {
    let world = World::published(&[300, 600]);
    assert!(world.verify().is_clean(), "{:?}", world.verify());
    for file in world.files() {
        assert!(flip(&world, &file, (5..).step_by(211)) > 0, "{file}");
    }
}

#[test]
fn every_truncation_and_every_appended_byte() {
    let world = World::published(&[17, 40]);
    for file in world.files() {
        let good = world.read(&file);
        for length in 0..good.len() {
            let report = world.verify_with(&file, &good[..length]);
            assert!(!report.is_sound(), "{file} cut to {length}");
        }
        for byte in [0, b'\n', b'A', 0xff] {
            let report = world.verify_with(&file, &[&good[..], &[byte]].concat());
            assert!(!report.is_sound(), "{file} with byte {byte}");
        }
    }
    let bundle = world.read("tile/entries/000.p/40");
    let cut = world.verify_with("tile/entries/000.p/40", &bundle[..bundle.len() - 3]);
    let file = "tile/entries/000.p/40".to_owned();
    assert!(
        broken(&cut).contains(&Finding::FileTruncated {
            file: file.clone(),
            held: 39,
            expected: 40
        }),
        "{cut:?}"
    );
    assert!(
        broken(&cut).contains(&Finding::TailTruncated { held: 39, size: 40 }),
        "{cut:?}"
    );
    let longer = world.verify_with(&file, &[&bundle[..], &[0]].concat());
    assert_eq!(broken(&longer), [Finding::TrailingBytes { file }]);
}

#[test]
fn every_swap_of_two_entries() {
    let world = World::published(&[40]);
    for first in 0..40usize {
        for second in first + 1..40 {
            let mut leaves = world.leaves.clone();
            leaves.swap(first, second);
            let report =
                world.verify_with("tile/entries/000.p/40", &encode_entries(&leaves).unwrap());
            let named = Finding::EntriesSwapped {
                first: first as u64,
                second: second as u64,
            };
            assert_eq!(report.findings, [named]);
        }
    }
}

#[test]
fn a_swap_across_tiles() {
    let world = World::published(&[600]);
    let mut leaves = world.leaves.clone();
    leaves.swap(3, 599);
    world.write("tile/entries/000", &encode_entries(&leaves[..256]).unwrap());
    world.write(
        "tile/entries/002.p/88",
        &encode_entries(&leaves[512..]).unwrap(),
    );
    assert_eq!(
        world.verify().findings,
        [Finding::EntriesSwapped {
            first: 3,
            second: 599
        }]
    );
}

#[test]
fn every_deleted_file() {
    for world in [World::published(&[17, 40]), World::published(&[300, 600])] {
        for file in world.files() {
            let good = world.read(&file);
            fs::remove_file(world.path().join(&file)).unwrap();
            let report = world.verify();
            let leftover = Tile::from_path(&file).is_some_and(|t| {
                t.width != audit::tile::width_at(t.level(), t.index, world.last().size())
            });
            // An outgrown partial tile may go: tlog-tiles allows it, and it held nothing of its own.
            assert_eq!(report.is_sound(), leftover, "{file}");
            if file == "checkpoint" {
                assert_eq!(broken(&report), [Finding::CheckpointMissing]);
            } else if !leftover {
                assert!(
                    broken(&report).contains(&Finding::FileMissing { file: file.clone() }),
                    "{report:?}"
                );
            }
            world.write(&file, &good);
        }
    }
}

#[test]
fn a_removed_entry_is_named() {
    let world = World::published(&[40]);
    for gone in 0..40usize {
        let mut leaves = world.leaves.clone();
        leaves.remove(gone);
        let report = world.verify_with("tile/entries/000.p/40", &encode_entries(&leaves).unwrap());
        if gone < 39 {
            assert!(
                broken(&report).contains(&Finding::EntryRemoved { index: gone as u64 }),
                "{report:?}"
            );
        } else {
            assert!(
                broken(&report).contains(&Finding::TailTruncated { held: 39, size: 40 }),
                "{report:?}"
            );
        }
    }
}

#[test]
fn a_whole_missing_tail_is_named() {
    let world = World::published(&[256, 600]);
    for file in world
        .files()
        .iter()
        .filter(|f| f.contains("/001") || f.contains("/002"))
    {
        fs::remove_file(world.path().join(file)).unwrap();
    }
    let report = world.verify();
    assert!(
        broken(&report).contains(&Finding::TailTruncated {
            held: 256,
            size: 600
        }),
        "{report:?}"
    );
}

#[test]
fn an_entry_rewritten_with_its_hash_is_caught_by_the_tile_above() {
    let world = World::published(&[600]);
    let mut leaves = world.leaves[..256].to_vec();
    leaves[9] = b"forged".to_vec();
    world.write("tile/entries/000", &encode_entries(&leaves).unwrap());
    let hashes: Vec<_> = leaves
        .iter()
        .map(|leaf| audit::hash::leaf_hash(leaf))
        .collect();
    world.write("tile/0/000", &encode_hashes(&hashes));
    let named = Finding::LeavesReplaced {
        level: 1,
        index: 0,
        first_leaf: 0,
        last_leaf: 255,
    };
    assert_eq!(world.verify().findings, [named]);
    // The tile above as well: only the signed root is left to object.
    let mut above = world.tiles.hashes(1, 0, 2).unwrap();
    above[0] = audit::merkle::root_of(&hashes);
    world.write("tile/1/000.p/2", &encode_hashes(&above));
    assert_eq!(
        world.verify().findings,
        [Finding::RootDiffers { size: 600 }]
    );
}

#[test]
fn two_damages_in_one_tile_are_told_apart() {
    let world = World::published(&[600]);
    let mut leaves = world.leaves[..256].to_vec();
    leaves[9] = b"forged".to_vec();
    world.write("tile/entries/000", &encode_entries(&leaves).unwrap());
    let mut hashes = world.tiles.hashes(0, 0, 256).unwrap();
    hashes[200].0[0] ^= 1;
    world.write("tile/0/000", &encode_hashes(&hashes));
    let found = world.verify().findings;
    assert_eq!(
        found,
        [
            Finding::HashEdited {
                level: 0,
                index: 200
            },
            Finding::EntryEdited { index: 9 }
        ]
    );
    // The same place on both sides, differently: nothing confirms either.
    hashes[9].0[0] ^= 1;
    world.write("tile/0/000", &encode_hashes(&hashes));
    assert!(
        world
            .verify()
            .findings
            .contains(&Finding::Disagree { level: 0, index: 9 })
    );
}

#[test]
fn rollback_and_fork_need_something_saved() {
    let mut world = World::published(&[17]);
    let early = world.last().text().to_owned();
    let old = World::published(&[17]);
    world.grow(40);
    world.publish();
    let late = world.last().text().to_owned();
    assert!(world.against(&early).is_clean());
    assert!(world.against(&late).is_clean());
    // An older, genuine state put back is whole in itself.
    assert!(old.verify().is_clean());
    assert_eq!(
        old.against(&late).findings,
        [Finding::RolledBack {
            saved: 40,
            published: 17
        }]
    );
    // Another history signed with the same key: same size, larger, and with the shared prefix cut short.
    for (size, fork_at) in [(40u64, 5usize), (300, 5), (300, 39), (40, 39)] {
        let mut fork = World::new();
        for n in 0..size {
            let n = usize::try_from(n).unwrap();
            fork.push(if n == fork_at {
                b"other".to_vec()
            } else {
                format!("leaf {n}").into_bytes()
            });
        }
        fork.checkpoints.push(fork.appender.seal(&key()));
        fork.publish();
        assert!(fork.verify().is_clean());
        assert_eq!(
            fork.against(&late).findings,
            [Finding::Forked { saved: 40 }],
            "{size} {fork_at}"
        );
        assert_eq!(fork.against(&early).is_clean(), fork_at >= 17);
    }
    // What is saved must itself be genuine.
    let stranger = SigningKey::from_seed(ORIGIN, [8; 32]).unwrap();
    let forged = world.appender.seal(&stranger);
    assert!(matches!(
        broken(&world.against(forged.text()))[..],
        [Finding::AgainstUnusable { .. }]
    ));
}

#[test]
fn a_saved_receipt_serves_as_well() {
    let world = World::published(&[17, 40]);
    let bare = Receipt::new(&world.tiles, &world.checkpoints[0], 3).unwrap();
    let full = bare.clone().with_leaf(&world.leaves[3]);
    assert!(world.against(&bare.to_string()).is_clean());
    assert!(world.against(&full.to_string()).is_clean());
    let wrong = bare.clone().with_leaf(b"leaf 4");
    assert!(matches!(
        broken(&world.against(&wrong.to_string()))[..],
        [Finding::AgainstUnusable { .. }]
    ));
    let other_index = bare.to_string().replace("index 3\n", "index 2\n");
    assert_eq!(
        broken(&world.against(&other_index)),
        [Finding::ReceiptDiffers { index: 2 }]
    );
    let small = World::published(&[10]);
    let found = small.against(&full.to_string()).findings;
    assert_eq!(
        found,
        [Finding::RolledBack {
            saved: 17,
            published: 10
        }]
    );
}

#[test]
fn another_key_or_origin_is_named() {
    let world = World::published(&[40]);
    let stranger = SigningKey::from_seed("example.com/other", [8; 32]).unwrap();
    let signed_elsewhere = world.appender.seal(&stranger);
    let report = world.verify_with("checkpoint", signed_elsewhere.text().as_bytes());
    let named = Finding::CheckpointUnknownKey {
        signed_by: "`example.com/other`".into(),
    };
    assert_eq!(report.findings, [named]);
    let body = world
        .last()
        .checkpoint()
        .to_string()
        .replace(ORIGIN, "example.com/other");
    let report = world.verify_with("checkpoint", key().sign(&body).unwrap().as_bytes());
    let named = Finding::WrongOrigin {
        found: "example.com/other".into(),
        expected: ORIGIN.into(),
    };
    assert_eq!(report.findings, [named]);
}

#[test]
fn a_checkpoint_of_any_size_does_not_run_away() {
    let world = World::published(&[40]);
    for size in [41u64, 256, 257, 65_537, 1 << 40] {
        let body = format!("{ORIGIN}\n{size}\n{}\n", world.last().root());
        let report = world.verify_with("checkpoint", key().sign(&body).unwrap().as_bytes());
        assert!(
            broken(&report).contains(&Finding::TailTruncated { held: 40, size }),
            "{size}: {report:?}"
        );
    }
}

#[test]
fn files_beyond_the_checkpoint_and_strays_are_warnings() {
    let mut world = World::published(&[40]);
    let signed = world.read("checkpoint");
    world.grow(300);
    world.publish();
    world.write("checkpoint", &signed);
    world.write("tile/0/000.p/017", b"");
    world.write("notes.txt", b"");
    let report = world.verify();
    assert!(report.is_sound() && !report.is_clean(), "{report:?}");
    let names: BTreeSet<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(
        names.contains("`tile/entries/001.p/44` goes beyond the checkpoint"),
        "{names:?}"
    );
    assert!(
        names.contains("`tile/0/000.p/017` is no part of a log"),
        "{names:?}"
    );
    assert!(
        names.contains("`notes.txt` is no part of a log"),
        "{names:?}"
    );
}

#[test]
fn a_link_in_place_of_a_tile_is_a_stray() {
    let world = World::published(&[40]);
    let real = world.path().join("tile/0/000.p/40");
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("tile");
    fs::copy(&real, &moved).unwrap();
    fs::remove_file(&real).unwrap();
    std::os::unix::fs::symlink(&moved, &real).unwrap();
    assert_eq!(
        world.verify().findings,
        [Finding::StrayFile {
            file: "tile/0/000.p/40".into()
        }]
    );
}

#[test]
fn malformed_leaves_are_named_and_typed_ones_pass() {
    let mut world = World::new();
    for n in 0..20 {
        world.push(if n == 13 {
            b"{}".to_vec()
        } else {
            typed_leaf(n)
        });
    }
    world.checkpoints.push(world.appender.seal(&key()));
    world.publish();
    let mut last = (0, 0);
    let report = audit::verify(
        world.path(),
        &key().verifier(),
        Options::default(),
        &mut |done, total| last = (done, total),
    );
    assert!(
        matches!(
            report.findings[..],
            [Finding::LeafMalformed { index: 13, .. }]
        ),
        "{report:?}"
    );
    assert_eq!((last, report.entries_checked), ((20, 20), 20));
}

#[test]
fn reports_are_bounded_and_say_so() {
    let world = World::published(&[600]);
    let forged: Vec<Vec<u8>> = (0..256)
        .map(|n| format!("forged {n}").into_bytes())
        .collect();
    world.write("tile/entries/000", &encode_entries(&forged).unwrap());
    let report = world.verify();
    assert_eq!(
        (report.findings.len(), report.unlisted, report.is_sound()),
        (100, 156, false)
    );
    for finding in &report.findings {
        let text = finding.to_string();
        assert!(
            text.starts_with(char::is_lowercase)
                && !text.ends_with('.')
                && !finding.hint().is_empty()
        );
    }
}

#[test]
fn an_empty_log_verifies_and_a_missing_folder_does_not() {
    let world = World::published(&[0]);
    assert!(world.verify().is_clean());
    let nowhere = common::verify(&world.path().join("nowhere"), None);
    assert_eq!(broken(&nowhere), [Finding::CheckpointMissing]);
}

//! Damage: every way to falsify a published log, done to a copy, and what verification says of it.

use std::fs;
use std::path::Path;

use audit::tile::encode_entries;
use audit::{
    FolderDisk, MemoryTiles, Options, Scope, SigningKey, TileFolder, TileReader as _, verify,
};

use crate::error::{Error, Exit};
use crate::output;

/// Shows each kind of damage with the first thing that verification says.
pub(super) fn show(log: &Path, key: &SigningKey) -> Result<(), Error> {
    let temporary = tempfile::tempdir()?;
    let saved = fs::read(log.join("checkpoint"))?;
    type Damage<'a> = (&'a str, Box<dyn Fn(&Path) -> Result<(), Error> + 'a>);
    let damages: [Damage<'_>; 6] = [
        (
            "an entry is edited",
            Box::new(|copy| {
                edit(copy, |entries| {
                    if let Some(byte) = entries.get_mut(17).and_then(|entry| entry.last_mut()) {
                        *byte ^= 1;
                    }
                })
            }),
        ),
        (
            "an entry is removed",
            Box::new(|copy| {
                edit(copy, |entries| {
                    entries.remove(17);
                })
            }),
        ),
        (
            "two entries are swapped",
            Box::new(|copy| edit(copy, |entries| entries.swap(17, 42))),
        ),
        ("the tail is cut off", Box::new(cut_tail)),
        (
            "an old copy is put back (checked against a saved checkpoint)",
            Box::new(|copy| roll_back(log, copy, key)),
        ),
        (
            "another history is signed with the stolen key (the same check)",
            Box::new(|copy| fork(copy, key)),
        ),
    ];
    for (number, (name, damage)) in damages.iter().enumerate() {
        let copy = temporary.path().join(number.to_string());
        copy_folder(log, &copy)?;
        damage(&copy)?;
        let against = (number >= 4).then_some(saved.as_slice());
        let report = verify(
            &copy,
            &key.verifier(),
            Options {
                against,
                ..Options::default()
            },
            &mut |_, _| (),
        );
        let said = report
            .findings
            .first()
            .map_or("nothing: THIS IS A FAULT".to_owned(), ToString::to_string);
        output::say(&format!("  {name}\n      ✗ {}", output::screen(&said)));
    }
    Ok(())
}

/// Changes the first bundle of entries.
fn edit(copy: &Path, change: impl Fn(&mut Vec<Vec<u8>>)) -> Result<(), Error> {
    let mut entries = entries_of(copy, 256)?;
    if entries.len() > 42 {
        change(&mut entries);
    }
    let bytes =
        encode_entries(&entries).ok_or_else(|| Error::new(Exit::Failed, "an entry is too long"))?;
    fs::write(copy.join("tile/entries/000"), bytes)?;
    Ok(())
}

/// The first entries of a log, at most `count`.
fn entries_of(log: &Path, count: u64) -> Result<Vec<Vec<u8>>, Error> {
    let text = fs::read_to_string(log.join("checkpoint"))?;
    let size: u64 = text
        .lines()
        .nth(1)
        .and_then(|line| line.parse().ok())
        .unwrap_or(0);
    let folder = TileFolder::new(log);
    let mut entries = Vec::new();
    while (entries.len() as u64) < size.min(count) {
        let tile = entries.len() as u64 / 256;
        let width = u16::try_from((size - tile * 256).min(256)).unwrap_or(256);
        let found = folder.entries(tile, width);
        entries.extend(found.map_err(|error| Error::of(Exit::Failed, &error))?);
    }
    entries.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    Ok(entries)
}

/// Removes the last, partial bundle of entries.
fn cut_tail(copy: &Path) -> Result<(), Error> {
    for folder in fs::read_dir(copy.join("tile/entries"))? {
        let folder = folder?.path();
        if folder.extension().is_some_and(|extension| extension == "p") {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

/// What the log was when it was shorter, under a checkpoint of that time.
fn roll_back(log: &Path, copy: &Path, key: &SigningKey) -> Result<(), Error> {
    publish(copy, &entries_of(log, 100)?, key)
}

/// The same number of entries, two of them exchanged, signed by somebody who has the key.
fn fork(copy: &Path, key: &SigningKey) -> Result<(), Error> {
    let mut entries = entries_of(copy, u64::MAX)?;
    if entries.len() > 42 {
        entries.swap(17, 42);
    }
    publish(copy, &entries, key)
}

fn publish(copy: &Path, entries: &[Vec<u8>], key: &SigningKey) -> Result<(), Error> {
    let failed = |error: &dyn std::error::Error| Error::of(Exit::Failed, error);
    fs::remove_dir_all(copy)?;
    let mut appender = audit::Appender::new(audit::Frontier::new());
    let mut tiles = MemoryTiles::new();
    for entry in entries {
        let appended = appender.append(entry).map_err(|error| failed(&error))?;
        tiles.push(entry, &appended.nodes);
    }
    let checkpoint = appender.seal(key);
    audit::publish(
        &FolderDisk::new(copy),
        &tiles,
        &checkpoint,
        Scope::Everything,
    )
    .map_err(|error| failed(&error))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

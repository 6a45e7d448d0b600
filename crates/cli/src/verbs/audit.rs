//! `audit`: the log, from its files alone.

use std::path::{Path, PathBuf};

use ::audit::{Options, Receipt, TileFolder, TileReader as _, VerifierKey, verify};

use crate::args::Audit;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::settings::{self, Home};
use crate::wiring;

const SMALL_FILE_BYTES_MAX: u64 = 1024 * 1024;

pub(crate) fn run(home: &Home, format: Format, audit: Audit) -> Result<Exit, Error> {
    match audit {
        Audit::Verify {
            log,
            key,
            against,
            store,
        } => {
            let folder = log.unwrap_or_else(|| home.log());
            let against = against
                .map(|path| {
                    settings::read(&path, SMALL_FILE_BYTES_MAX, "a saved checkpoint or receipt")
                })
                .transpose()?;
            let key = verifier(home, key)?;
            let files = check(&folder, &key, against.as_deref(), format)?;
            if !store {
                return Ok(files);
            }
            let rows = store_against_log(home, format)?;
            Ok(if files == Exit::Done { rows } else { files })
        }
        Audit::Show { from, limit, log } => {
            let rows: Vec<Vec<String>> = entries(&log.unwrap_or_else(|| home.log()), from, limit)?
                .iter()
                .map(|(index, leaf)| row(*index, leaf))
                .collect();
            output::rows(&["entry", "at", "event", "request", "what"], &rows, format);
            Ok(Exit::Done)
        }
        Audit::Receipt {
            entry,
            check: None,
            log,
            key,
        } => {
            let folder = log.unwrap_or_else(|| home.log());
            receipt(&folder, &verifier(home, key)?, entry.unwrap_or_default())
        }
        Audit::Receipt {
            check: Some(file),
            key,
            ..
        } => check_receipt(&file, &verifier(home, key)?),
        Audit::Export { log } => {
            for (index, leaf) in entries(&log.unwrap_or_else(|| home.log()), 0, u64::MAX)? {
                let text = String::from_utf8_lossy(&leaf).into_owned();
                let value: serde_json::Value =
                    serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
                output::json(
                    &serde_json::json!({ "entry": index, "leaf": value }),
                    Format::Ndjson,
                );
            }
            Ok(Exit::Done)
        }
    }
}

fn verifier(home: &Home, key: Option<String>) -> Result<VerifierKey, Error> {
    let default = ::audit::key::public_path(&home.log_key());
    let text = match key {
        Some(text) if text.contains('+') && !Path::new(&text).exists() => text,
        given => {
            let path = given.map_or(default, PathBuf::from);
            let bytes = settings::read(&path, SMALL_FILE_BYTES_MAX, "the log's public key")?;
            String::from_utf8_lossy(&bytes).trim().to_owned()
        }
    };
    VerifierKey::parse(text.trim()).map_err(|error| {
        Error::of(Exit::BadInput, &error)
            .hint("a public key is one line `name+id+key`, as in state/keys/log.key.pub")
    })
}

/// Verifies and tells everything that is wrong.
pub(crate) fn check(
    folder: &Path,
    key: &VerifierKey,
    against: Option<&[u8]>,
    format: Format,
) -> Result<Exit, Error> {
    there_is(folder)?;
    let options = Options {
        against,
        ..Options::default()
    };
    let report = verify(folder, key, options, &mut |_, _| ());
    let size = report
        .checkpoint
        .as_ref()
        .map_or(0, |checkpoint| checkpoint.size);
    match format {
        Format::Text => {
            for finding in &report.findings {
                output::say(&output::screen(&format!("✗ {finding}")));
                output::say(&output::screen(&format!("    hint: {}", finding.hint())));
            }
            if report.unlisted > 0 {
                output::say(&format!("  and {} more", report.unlisted));
            }
            if report.is_sound() {
                output::say(&format!(
                    "✓ {size} entries, all as signed by {}{}",
                    output::screen(key.name()),
                    if against.is_some() {
                        ", and a continuation of what was saved"
                    } else {
                        ""
                    }
                ));
            }
        }
        Format::Json | Format::Ndjson => {
            let findings: Vec<serde_json::Value> = (report.findings.iter())
                .map(|finding| serde_json::json!({ "finding": finding.to_string(), "hint": finding.hint() }))
                .collect();
            let value = serde_json::json!({
                "sound": report.is_sound(), "entries": size, "findings": findings, "unlisted": report.unlisted,
            });
            output::json(&value, format);
        }
    }
    Ok(if report.is_sound() {
        Exit::Done
    } else {
        Exit::LogBroken
    })
}

/// Most differences that are listed; the rest is counted.
const DIFFERENCES_SHOWN_MAX: usize = 100;

/// Holds the store against its signed log and tells every difference.
fn store_against_log(home: &Home, format: Format) -> Result<Exit, Error> {
    let found = wiring::open_own_store(home)?.compare()?;
    let shown = found.differences.iter().take(DIFFERENCES_SHOWN_MAX);
    let more = found
        .differences
        .len()
        .saturating_sub(DIFFERENCES_SHOWN_MAX);
    match format {
        Format::Text => {
            for difference in shown {
                output::say(&output::screen(&format!("✗ {difference}")));
            }
            if more > 0 {
                output::say(&format!("  and {more} more"));
            }
            if found.differences.is_empty() {
                output::say(&format!(
                    "✓ the store says what its {} entries say: {} grants, {} reviews, {} actions at the vault, {} letters",
                    found.entries, found.grants, found.reviews, found.actions, found.letters
                ));
            } else {
                output::say(
                    "    hint: somebody changed the database. Keep a copy, find out who can write it, \
                     and restore it from a backup; until then nothing is granted and grants end as the log says",
                );
            }
        }
        Format::Json | Format::Ndjson => {
            let differences: Vec<&String> = shown.collect();
            let value = serde_json::json!({
                "store": {
                    "sound": found.differences.is_empty(), "entries": found.entries, "grants": found.grants,
                    "reviews": found.reviews, "actions": found.actions, "letters": found.letters,
                    "differences": differences, "unlisted": more,
                },
            });
            output::json(&value, format);
        }
    }
    Ok(if found.differences.is_empty() {
        Exit::Done
    } else {
        Exit::LogBroken
    })
}

fn there_is(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        return Ok(());
    }
    Err(Error::new(
        Exit::NotFound,
        format!("there is no log at `{}`", folder.display()),
    )
    .hint("the log is published when the first request is decided"))
}

/// Entries of the published log, read tile by tile.
pub(super) fn entries(folder: &Path, from: u64, limit: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
    let size = published_size(folder)?;
    let end = from.saturating_add(limit).min(size);
    let tiles = TileFolder::new(folder);
    let mut found = Vec::new();
    let mut next = from;
    while next < end {
        let tile = next / 256;
        let width = u16::try_from((size - tile * 256).min(256)).unwrap_or(256);
        let leaves = tiles
            .entries(tile, width)
            .map_err(|error| Error::of(Exit::LogBroken, &error).hint("run `audit verify`"))?;
        for (leaf, index) in leaves.into_iter().zip(tile * 256..) {
            if index >= next && index < end {
                found.push((index, leaf));
            }
        }
        next = (tile + 1) * 256;
    }
    Ok(found)
}

fn checkpoint_text(folder: &Path) -> Result<Vec<u8>, Error> {
    there_is(folder)?;
    settings::read(
        &folder.join("checkpoint"),
        SMALL_FILE_BYTES_MAX,
        "the log's checkpoint",
    )
}

fn published_size(folder: &Path) -> Result<u64, Error> {
    let bytes = checkpoint_text(folder)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let size = text.lines().nth(1).and_then(|line| line.parse().ok());
    size.ok_or_else(|| {
        Error::new(Exit::LogBroken, "the checkpoint cannot be read").hint("run `audit verify`")
    })
}

fn row(index: u64, leaf: &[u8]) -> Vec<String> {
    match ::audit::Leaf::parse(leaf) {
        Ok(leaf) => {
            let what: Vec<String> = (leaf.clear.iter())
                .filter(|(name, _)| {
                    matches!(
                        name.as_str(),
                        "decision"
                            | "findings"
                            | "grant"
                            | "state"
                            | "finding"
                            | "slot"
                            | "entitlement"
                            | "expires"
                    )
                })
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            vec![
                index.to_string(),
                leaf.at,
                leaf.event,
                leaf.request,
                what.join(" "),
            ]
        }
        Err(error) => vec![
            index.to_string(),
            String::new(),
            "malformed".to_owned(),
            String::new(),
            error.to_string(),
        ],
    }
}

fn receipt(folder: &Path, key: &VerifierKey, entry: u64) -> Result<Exit, Error> {
    let broken = |error: &dyn std::error::Error| {
        Error::of(Exit::LogBroken, error).hint("run `audit verify`")
    };
    let checkpoint = ::audit::SignedCheckpoint::verify(&checkpoint_text(folder)?, key)
        .map_err(|error| broken(&error))?;
    if entry >= checkpoint.size() {
        return Err(Error::new(
            Exit::NotFound,
            format!(
                "there is no entry {entry}, the log has {}",
                checkpoint.size()
            ),
        ));
    }
    let tiles = TileFolder::new(folder);
    let leaf = entries(folder, entry, 1)?
        .pop()
        .map(|(_, leaf)| leaf)
        .unwrap_or_default();
    let receipt = Receipt::new(&tiles, &checkpoint, entry).map_err(|error| broken(&error))?;
    output::say(receipt.with_leaf(&leaf).to_string().trim_end());
    Ok(Exit::Done)
}

fn check_receipt(file: &Path, key: &VerifierKey) -> Result<Exit, Error> {
    let bytes = settings::read(file, SMALL_FILE_BYTES_MAX, "a receipt")?;
    let refused = |error: &dyn std::error::Error| {
        Error::of(Exit::LogBroken, error).hint("do not believe this receipt")
    };
    let receipt = Receipt::parse(&bytes).map_err(|error| refused(&error))?;
    let (leaf, checkpoint) = receipt
        .verify_embedded(key)
        .map_err(|error| refused(&error))?;
    output::say(&format!(
        "✓ entry {} of {} entries signed by {}",
        receipt.index(),
        checkpoint.size,
        output::screen(key.name())
    ));
    output::say(&output::screen(&String::from_utf8_lossy(leaf)));
    Ok(Exit::Done)
}

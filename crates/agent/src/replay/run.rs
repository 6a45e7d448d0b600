//! The record of a run over a vault, made again line by line. INVARIANT(replay).

use std::io::BufRead;

use decision::rules::Rules;
use decision::vault::{Evidence, Frozen, Run, gate_key, rule};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{FieldDifference, Replayed, compare};
use crate::cycle::record::{Entry, Header};

/// A record that was made again.
#[derive(Debug)]
pub struct ReplayedRun {
    /// The first line.
    pub header: Header,
    /// `sha256:` and the digest of the file's bytes, which the log has.
    pub digest: String,
}

/// Makes every entry of a record again under `rules`, which must be those of its policy, and hands over each request's id
/// with what came of it.
///
/// # Errors
/// What is wrong with the file as a whole, as a sentence.
pub fn replay_run(
    record: impl BufRead,
    rules: &Rules,
    each: &mut dyn FnMut(&str, Replayed),
) -> Result<ReplayedRun, String> {
    let mut lines = Lines {
        record,
        digest: Sha256::new(),
        line: Vec::new(),
    };
    let first = lines.next()?.ok_or("the record is empty")?;
    let header = header(first)?;
    let run_digest = header.run.digest();
    let mut number = 1_u64;
    while let Some(line) = lines.next()? {
        number = number.saturating_add(1);
        let stored: Entry = serde_json::from_slice(line)
            .map_err(|error| format!("line {number} is no entry of a record: {error}"))?;
        let request = stored.evidence.request.id.clone();
        let frozen = Frozen::new(&header.run, &run_digest, stored.evidence.clone(), rules);
        let now = Entry::of(&frozen, &rule(&frozen));
        each(&request, differences(line, &now));
    }
    Ok(ReplayedRun {
        header,
        digest: super::hex_digest(lines.digest),
    })
}

/// The first line of a record, which names the policy whose rules are needed.
///
/// # Errors
/// When it is no header.
pub fn header(line: &[u8]) -> Result<Header, String> {
    serde_json::from_slice(line)
        .map_err(|error| format!("line 1 is no header of a record: {error}"))
}

fn differences(stored: &[u8], now: &Entry) -> Replayed {
    let again = serde_json::to_vec(now).unwrap_or_default();
    if again == stored {
        return Replayed::Identical;
    }
    let read = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let mut found: Vec<FieldDifference> = Vec::new();
    compare(&read(stored), &read(&again), "", &mut found);
    if found.is_empty() {
        return Replayed::Unusable(
            "the entry is written otherwise, with the same values".to_owned(),
        );
    }
    Replayed::Different(found)
}

/// The run and the evidence of one action, as the store keeps them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    run: Run,
    evidence: Evidence,
}

/// Digest of the policy under which a committed action was ruled; `None` when its inputs cannot be read.
#[must_use]
pub fn policy_of_action(inputs: &str) -> Option<String> {
    let inputs: Inputs = serde_json::from_str(inputs).ok()?;
    Some(inputs.run.policy)
}

/// Makes the ruling of a committed action again: it must still allow the action with this key. `is_logged` is asked whether
/// the log has evidence of this digest, in hexadecimal.
#[must_use]
pub fn replay_action(
    key: &str,
    inputs: &str,
    rules: &Rules,
    is_logged: &dyn Fn(&str) -> bool,
) -> Replayed {
    let inputs: Inputs = match serde_json::from_str(inputs) {
        Ok(inputs) => inputs,
        Err(error) => return Replayed::Unusable(format!("its inputs cannot be read: {error}")),
    };
    let frozen = Frozen::new(&inputs.run, &inputs.run.digest(), inputs.evidence, rules);
    if !is_logged(&super::hex(&frozen.digest())) {
        return Replayed::Unusable("its inputs are not those that the log has".to_owned());
    }
    let now = rule(&frozen).action();
    let now = now.map(|action| gate_key(&frozen, action));
    if now.as_deref() == Some(key) {
        return Replayed::Identical;
    }
    Replayed::Different(vec![FieldDifference {
        path: "action".to_owned(),
        stored: key.to_owned(),
        now: now.unwrap_or_default(),
    }])
}

/// The lines of a file, digested as they are read.
struct Lines<R> {
    record: R,
    digest: Sha256,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<&[u8]>, String> {
        self.line.clear();
        let read = self.record.read_until(b'\n', &mut self.line);
        match read.map_err(|error| error.to_string())? {
            0 => Ok(None),
            _ => {
                self.digest.update(&self.line);
                Ok(Some(self.line.strip_suffix(b"\n").unwrap_or(&self.line)))
            }
        }
    }
}

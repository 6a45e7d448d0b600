//! `replay`: stored decisions made again from their records, and compared byte for byte.

use std::collections::HashMap;

use agent::replay::{FieldDifference, Replayed, replay};
use ports::Store as _;
use ports::store::StoredRuling;
use serde::Serialize;

use crate::args::Replay;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::policies::{self, PolicyFiles};
use crate::progress::Progress;
use crate::settings::Home;
use crate::wiring;

/// Rulings that are read at once.
const BATCH: u32 = 512;
/// Most rulings of which the differences are told; the rest is counted.
const TOLD_MAX: usize = 50;

/// What a replay found.
#[derive(Debug, Default, Serialize)]
struct Found {
    replayed: u64,
    identical: u64,
    different: u64,
    erased: u64,
    unusable: u64,
    differences: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Told {
    ruling: String,
    engine: String,
    what: String,
    stored: String,
    now: String,
}

pub(crate) fn run(home: &Home, format: Format, arguments: &Replay) -> Result<Exit, Error> {
    let store = wiring::open_own_store(home)?;
    let mut found = Found::default();
    let mut rules = Policies::default();
    let progress = Progress::start("replayed", None, format);
    let mut after = 0;
    loop {
        let batch = store.rulings_after(after, BATCH)?;
        let Some((last, _)) = batch.last() else { break };
        after = *last;
        for (_, ruling) in &batch {
            progress.step(1);
            let wanted = arguments.request.as_ref();
            if wanted.is_some_and(|request| ruling.row.request != *request) {
                continue;
            }
            let replayed = match rules.of(&store, &ruling.row.policy)? {
                Some(files) => replay(&ruling.row, &files.rules),
                None => Replayed::Unusable(format!(
                    "the store does not keep policy {}",
                    ruling.row.policy
                )),
            };
            found.note(ruling, replayed);
        }
    }
    progress.finish();
    if let (Some(request), 0) = (&arguments.request, found.replayed) {
        return Err(Error::new(
            Exit::NotFound,
            format!("there is no decision on `{request}`"),
        )
        .hint("`request list` shows what there is"));
    }
    found.tell(format);
    Ok(if found.different + found.unusable > 0 {
        Exit::Failed
    } else {
        Exit::Done
    })
}

impl Found {
    fn note(&mut self, ruling: &StoredRuling, replayed: Replayed) {
        self.replayed += 1;
        let row = &ruling.row;
        let mut tell = |what: &str, stored: &str, now: &str| {
            if self.differences.len() < TOLD_MAX {
                self.differences.push(Told {
                    ruling: row.id.clone(),
                    engine: row.engine.clone(),
                    what: what.to_owned(),
                    stored: stored.to_owned(),
                    now: now.to_owned(),
                });
            }
        };
        match replayed {
            Replayed::Identical => self.identical += 1,
            Replayed::Erased => self.erased += 1,
            Replayed::Unusable(why) => {
                self.unusable += 1;
                tell(&why, "", "");
            }
            Replayed::Different(fields) => {
                self.different += 1;
                for FieldDifference { path, stored, now } in fields {
                    tell(&path, &stored, &now);
                }
            }
        }
    }

    fn tell(&self, format: Format) {
        if format != Format::Text {
            output::json(self, format);
            return;
        }
        for told in &self.differences {
            output::say(&output::screen(&format!(
                "✗ {}: {}",
                told.ruling, told.what
            )));
            if !(told.stored.is_empty() && told.now.is_empty()) {
                output::say(&output::screen(&format!(
                    "    stored by engine {}: {}",
                    told.engine, told.stored
                )));
                output::say(&output::screen(&format!("    now: {}", told.now)));
            }
        }
        let rest: Vec<String> = [
            (self.different, "different"),
            (self.erased, "erased"),
            (self.unusable, "unusable"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"))
        .collect();
        output::say(&format!(
            "{} of {} decisions replay byte for byte{}",
            self.identical,
            self.replayed,
            rest.concat()
        ));
    }
}

/// The policies of the past, each compiled once.
#[derive(Default)]
struct Policies(HashMap<String, Option<PolicyFiles>>);

impl Policies {
    fn of(
        &mut self,
        store: &store::SqliteStore,
        digest: &str,
    ) -> Result<Option<&PolicyFiles>, Error> {
        if !self.0.contains_key(digest) {
            let kept = store.policy(digest)?;
            let files = kept.map(|kept| policies::kept(&kept)).transpose()?;
            self.0.insert(digest.to_owned(), files);
        }
        Ok(self.0.get(digest).and_then(Option::as_ref))
    }
}

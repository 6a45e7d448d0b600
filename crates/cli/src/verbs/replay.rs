//! `replay`: stored decisions made again from their records, and compared byte for byte.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Seek as _};

use agent::cycle::record_file;
use agent::replay::{
    FieldDifference, Replayed, header, policy_of_action, replay, replay_action, replay_run,
};
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
    if let Some(name) = &arguments.run {
        return of_run(home, &store, format, name);
    }
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

/// Makes a run over the vault again: its record must be the one whose digest the log has, and every entry and action must
/// come out the same.
fn of_run(
    home: &Home,
    store: &store::SqliteStore,
    format: Format,
    name: &str,
) -> Result<Exit, Error> {
    let not_found = || {
        Error::new(Exit::NotFound, format!("there is no run `{name}`"))
            .hint("`report list` shows the runs")
    };
    let (leaf, logged) = store.run_record(name)?.ok_or_else(not_found)?;
    let path = home.state().join("runs").join(record_file(name));
    if !path.exists()
        && let Some(erasure) = store.run_erased(name)?
    {
        return of_erased_run(store, format, name, erasure);
    }
    let file = std::fs::File::open(&path).map_err(|error| {
        Error::of(Exit::Failed, &error)
            .hint(format!("the record is expected at `{}`", path.display()))
    })?;
    let unusable = |why: String| {
        Error::new(Exit::Failed, format!("`{}`: {why}", path.display()))
            .hint("its digest in the log tells whether it was changed")
    };
    let mut record = BufReader::new(file);
    let mut first = Vec::new();
    record.read_until(b'\n', &mut first)?;
    let header = header(first.trim_ascii_end()).map_err(unusable)?;
    let mut policies = Policies::default();
    let files = policies.of(store, &header.run.policy)?;
    let files = files.ok_or_else(|| {
        unusable(format!(
            "the store does not keep policy {}",
            header.run.policy
        ))
    })?;
    record.rewind()?;
    let mut found = Found::default();
    let progress = Progress::start("replayed", None, format);
    let again = replay_run(record, &files.rules, &mut |request, replayed| {
        progress.step(1);
        found.note_one(request, &header.engine, replayed);
    });
    progress.finish();
    let again = again.map_err(unusable)?;
    found.note_actions(store, &mut policies, name, &header.engine)?;
    if again.digest != logged {
        found.note_one(
            name,
            &header.engine,
            Replayed::Unusable(format!(
                "the record's digest is {} and leaf {leaf} of the log has {logged}: the file was changed",
                again.digest
            )),
        );
    }
    Ok(found.end(format))
}

/// What is left of a run whose record was erased: its actions, whose inputs are in the store.
fn of_erased_run(
    store: &store::SqliteStore,
    format: Format,
    name: &str,
    erasure: u64,
) -> Result<Exit, Error> {
    let mut found = Found::default();
    found.note_one(name, "", Replayed::Erased);
    found.note_actions(store, &mut Policies::default(), name, "")?;
    output::note(&format!(
        "the record of this run was erased, as REPORT_KEEP_DAYS says: leaf {erasure} of the log"
    ));
    Ok(found.end(format))
}

impl Found {
    /// Makes the actions of a run again.
    fn note_actions(
        &mut self,
        store: &store::SqliteStore,
        policies: &mut Policies,
        run: &str,
        engine: &str,
    ) -> Result<(), Error> {
        for action in store.actions_of_run(run)? {
            let unusable = |why: &str| Replayed::Unusable(why.to_owned());
            let replayed = match &action.inputs {
                None => unusable("the log has it, and its inputs are gone"),
                Some(inputs) => match policy_of_action(inputs) {
                    None => unusable("its inputs cannot be read"),
                    Some(policy) => match policies.of(store, &policy)? {
                        None => unusable("the store does not keep its policy"),
                        Some(files) => {
                            replay_action(&action.key, inputs, &files.rules, &|digest| {
                                store.is_logged_action(&action, digest).unwrap_or(false)
                            })
                        }
                    },
                },
            };
            self.note_one(&action.key, engine, replayed);
        }
        Ok(())
    }

    fn end(&self, format: Format) -> Exit {
        self.tell(format);
        if self.different + self.unusable > 0 {
            Exit::Failed
        } else {
            Exit::Done
        }
    }

    fn note(&mut self, ruling: &StoredRuling, replayed: Replayed) {
        self.note_one(&ruling.row.id, &ruling.row.engine, replayed);
    }

    fn note_one(&mut self, id: &str, engine: &str, replayed: Replayed) {
        self.replayed += 1;
        let mut tell = |what: &str, stored: &str, now: &str| {
            if self.differences.len() < TOLD_MAX {
                self.differences.push(Told {
                    ruling: id.to_owned(),
                    engine: engine.to_owned(),
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

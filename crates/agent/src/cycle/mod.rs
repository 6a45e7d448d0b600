//! The vault's cycle, once per run: read → enrich → advise → rule → commit → act → settle. The report is made from its record.

mod act;
mod analyse;
mod facts;
mod history;
pub mod hours;
mod intent;
mod look;
pub mod post;
pub mod prune;
pub mod record;
mod settle;
mod spool;
pub mod state_file;
mod writing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use decision::request::digest_of;
use decision::time::{Minutes, Timestamp};
use decision::vault::evidence::COMMENT_WORDS_MAX;
use decision::vault::run::{Attendance, Listing, Settings as RuleSettings};
use decision::vault::{FORMAT, Run, WorkflowRequest};
use ports::store::ActionState;
use ports::vault::Row;
use ports::{Analyst, PortError, Vault};
use thiserror::Error;

use self::hours::Hours;
use self::record::{ActionTold, Closing, Header};
use self::spool::Spool;
use self::state_file::StateFile;
use crate::intake::mask_secrets;
use crate::ruling::ENGINE;
use crate::{Agent, AgentError};

/// Most rows that cannot be read and are told one by one.
const UNREADABLE_TOLD_MAX: usize = 20;

/// Settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What rulings look at.
    pub rules: RuleSettings,
    /// Business hours; `None` when they were not set on purpose.
    pub hours: Option<Hours>,
    /// Whether asset records are read. Without them nothing is approved.
    pub deep: bool,
    /// Domains whose logins are those of the directory. A plain login needs none.
    pub domains: Vec<String>,
    /// Most calls for asset records at once.
    pub concurrency: usize,
    /// Folder of the records of runs.
    pub folder: PathBuf,
    /// The state file for people and other tools.
    pub state_file: PathBuf,
    /// This long after its commit an action of which the vault shows nothing never had its effect. Four times the longest
    /// call: an action is sent within the first half or not at all, and its call is over before the last quarter.
    pub settled_after: Duration,
}

/// Who watches a run, and can stop it.
pub trait Operator: Sync {
    /// A stage begins, with so many steps when that is known.
    fn stage(&self, _stage: Stage, _total: Option<u64>) {}

    /// So many more steps are done.
    fn advance(&self, _more: u64) {}

    /// Whether this may be done. Asked only when a person watches.
    fn confirm(&self, _planned: &ActionTold) -> bool {
        false
    }

    /// Whether the run should come to an end: what is in hand is finished or parked.
    fn is_stopping(&self) -> bool {
        false
    }

    /// Whether the kill switch is on, besides the one in the log.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// The stages that take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading the list.
    List,
    /// Finding the assets of rows without one.
    AssetIds,
    /// Reading asset records.
    Assets,
    /// Ruling.
    Analysis,
    /// Acting.
    Actions,
}

/// A run over the vault.
pub struct Cycle<'a> {
    /// The agent: rules, store, directory, clock.
    pub agent: Agent<'a>,
    /// The vault.
    pub vault: &'a dyn Vault,
    /// The analyst.
    pub analyst: &'a dyn Analyst,
    /// Why a configured model has no say; `None` when it has, or when none is configured.
    pub model_lost: Option<String>,
    /// Settings.
    pub settings: &'a Settings,
    /// Who watches.
    pub attendance: Attendance,
    /// Who is told, asked, and may stop it.
    pub operator: &'a dyn Operator,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// The first line of the record.
    pub header: Header,
    /// The record.
    pub record: PathBuf,
    /// What a report needs besides.
    pub closing: Closing,
    /// Why it stopped acting before its end; `None` when it did not.
    pub ended: Option<String>,
}

/// Why a run came to nothing. What was committed before stays.
#[derive(Debug, Error)]
pub enum RunError {
    /// The agent's own parts.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The vault could not even be asked for its list.
    #[error("the vault's requests cannot be read: {0}")]
    Vault(#[from] PortError),
    /// The record or the spool could not be written.
    #[error("`{path}` cannot be written")]
    Files {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The state file of another tool could not be read.
    #[error("{0}")]
    StateFile(String),
}

impl From<ports::store::StoreError> for RunError {
    fn from(error: ports::store::StoreError) -> Self {
        Self::Agent(error.into())
    }
}

impl Cycle<'_> {
    /// Runs once.
    ///
    /// # Errors
    /// [`RunError`]; nothing was decided that is not in the log.
    pub fn run(&self) -> Result<Ran, RunError> {
        let at = self.agent.now()?;
        let mut remarks = self.look_at_open_actions()?;
        let elsewhere = self.done_elsewhere()?;
        let folder = &self.settings.folder;
        std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        let mut spool =
            Spool::new(folder, &self.settings.domains).map_err(|source| failed(folder, source))?;
        let listing = self.read(at, &mut spool)?;
        let people = facts::people(self.agent.directory, &spool, at);
        let header = self.header(at, listing, people.knows_somebody())?;
        let analysis = analyse::analyse(self, &header, &mut spool, people, &elsewhere)?;
        let leaf = analysis.leaf;
        let mut acting = act::Acting::new(self, &header, &spool, &analysis);
        acting.act()?;
        let (actions, ended) = acting.into_told();
        let why = ended.iter();
        remarks.extend(why.map(|why| format!("no further action was taken: {why}")));
        remarks.extend(self.analyst.remarks());
        let finished = self.agent.now()?;
        // What was done is told whatever becomes of a file for others.
        if let Err(error) = self.write_state_file(finished) {
            remarks.push(format!("the state file is not up to date: {error}"));
        }
        Ok(Ran {
            record: analysis.record,
            closing: Closing {
                finished,
                actions,
                remarks,
                leaf,
                cost: self.analyst.cost(),
            },
            header,
            ended,
        })
    }

    /// Reads the whole window into the spool. Our look-back is computed once.
    fn read(&self, at: Timestamp, spool: &mut Spool) -> Result<Listing, RunError> {
        let since = at.minus(Minutes::from_days(self.settings.rules.lookback_days));
        self.operator.stage(Stage::List, None);
        let mut trouble = None;
        let mut unreadable = 0_u64;
        let mut told = Vec::new();
        let mut listing = self.vault.list(since, &mut |row| {
            match row {
                Row::Request(request) => {
                    if let Err(error) = spool.add(&masked(*request)) {
                        trouble.get_or_insert(error);
                    }
                }
                Row::Unreadable { id, why } => {
                    unreadable = unreadable.saturating_add(1);
                    if told.len() < UNREADABLE_TOLD_MAX {
                        let id = id.unwrap_or_else(|| "without id".to_owned());
                        told.push(format!("a row ({id}) was only counted: {why}"));
                    }
                }
            }
            self.operator.advance(1);
        })?;
        let finished = spool.finish();
        if let Some(source) = trouble.or(finished.err()) {
            return Err(failed(&self.settings.folder, source));
        }
        listing.unreadable = unreadable;
        listing.remarks.extend(told);
        Ok(listing)
    }

    fn header(
        &self,
        at: Timestamp,
        listing: Listing,
        directory_known: bool,
    ) -> Result<Header, RunError> {
        let store = self.agent.store;
        let state = store.vault()?;
        let paths = paths_digest(self.vault);
        let run = Run {
            format: FORMAT,
            at,
            policy: self.agent.rules.policy().digest.clone(),
            active_policy: store.active_policy()?.unwrap_or_default(),
            log: store.log_state(),
            own_user: self.vault.own_user().map(str::to_owned),
            listing,
            settings: self.settings.rules.clone(),
            hours_set: self.settings.hours.is_some(),
            directory_known,
            paths_confirmed: self.vault.knows_decision_paths()
                || state.confirmed_paths.as_ref() == Some(&paths),
            attendance: self.attendance,
            stopped: state.stopped || self.operator.is_stopped(),
            model_lost: self.model_lost.clone(),
        };
        Ok(Header {
            format: FORMAT,
            name: name_of(at, &self.settings.folder),
            engine: ENGINE.to_owned(),
            vault: self.vault.name().to_owned(),
            analyst: self.analyst.name().to_owned(),
            run,
            offset_minutes: self.offset(at),
        })
    }

    /// Minutes between UTC and the general clock at the time of the run.
    fn offset(&self, at: Timestamp) -> i32 {
        let Some(hours) = &self.settings.hours else {
            return 0;
        };
        let moment = jiff::Timestamp::from_second(at.seconds()).unwrap_or_default();
        hours.zone.to_offset(moment).seconds() / 60
    }

    /// Ids that the state file names and our own log does not: another tool acted on them.
    fn done_elsewhere(&self) -> Result<std::collections::BTreeSet<String>, RunError> {
        let mut file = StateFile::read(&self.settings.state_file).map_err(RunError::StateFile)?;
        let state = self.agent.store.vault()?;
        for record in state.actions.values().filter(|own| own.state.is_taken()) {
            file.actioned_ids.remove(&record.request);
        }
        Ok(file.actioned_ids)
    }

    /// Everything that was acted upon stays in the file, whoever did it.
    fn write_state_file(&self, finished: Timestamp) -> Result<(), String> {
        let path = &self.settings.state_file;
        let state = self
            .agent
            .store
            .vault()
            .map_err(|error| error.to_string())?;
        let mut file = StateFile::read(path)?;
        file.last_run = Some(finished.to_string());
        let done = state.actions.into_values();
        let done = done.filter(|own| own.state == ActionState::Done);
        file.actioned_ids.extend(done.map(|own| own.request));
        file.write(path).map_err(|error| error.to_string())
    }
}

/// INVARIANT(no-secrets): what somebody pasted into a justification is masked before it is kept or shown anywhere.
fn masked(mut request: WorkflowRequest) -> WorkflowRequest {
    request.justification = mask_secrets(&request.justification);
    request
}

/// Whether `now` is more than `wait` after `earlier`, both cut to whole seconds.
fn is_past(earlier: Timestamp, wait: Duration, now: Timestamp) -> bool {
    let wait = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
    now.seconds().saturating_sub(earlier.seconds()) > wait
}

fn failed(path: &Path, source: std::io::Error) -> RunError {
    RunError::Files {
        path: path.to_owned(),
        source,
    }
}

/// The start in UTC, fit for a file name, and a number when that second has a record already.
fn name_of(at: Timestamp, folder: &Path) -> String {
    let plain: String = at.to_string().chars().filter(|c| *c != ':').collect();
    let taken = |name: &str| folder.join(record_file(name)).exists();
    if !taken(&plain) {
        return plain;
    }
    let numbered = (2_u32..).map(|number| format!("{plain}-{number}"));
    numbered
        .take(1_000_000)
        .find(|name| !taken(name))
        .unwrap_or(plain)
}

/// Digest of a vault's address and the paths of its decisions, which is what an operator confirms: another vault is
/// another confirmation.
#[must_use]
pub fn paths_digest(vault: &dyn Vault) -> String {
    digest_of(format!("{}\n{}", vault.name(), vault.decision_paths()).as_bytes())
}

/// File name of the record of a run.
#[must_use]
pub fn record_file(name: &str) -> String {
    format!("vault-run-{name}.jsonl")
}

/// A comment as the vault gets it: one line of at most 20 words and 250 characters, never empty.
#[must_use]
pub fn reason(comment: &str) -> String {
    let words: Vec<&str> = comment.split_whitespace().take(COMMENT_WORDS_MAX).collect();
    let line: String = words.join(" ").chars().take(250).collect();
    if line.is_empty() {
        "Decided by the access request agent.".to_owned()
    } else {
        line
    }
}

//! The embedded directory: identity provider and provisioner with nothing installed.
//!
//! `directory.yml` says who people are and what they hold from the start; it is only read. What grants add is in a
//! database of its own, apart from the agent's store. docs/reference/directory-file.md is the reference.

pub mod bounds;
mod database;
mod file;
mod truth;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use decision::evidence::record::{
    Coverage, Holding, Holdings, Lookup, Person, PersonStatus, Target,
};
use decision::gate::Grant;
use decision::rules::policy::Attribute;
use decision::time::Timestamp;
use ports::{Committed, Directory, Effect, Held, PortError, Provisioner, Revocation, Seen};
use rusqlite::ErrorCode;
use thiserror::Error;

use self::database::{Change, Database, Failure};
pub use self::file::problem::{Problem, Report, Severity};
pub use self::truth::{Truth, Untold};

/// How evidence and records cite it.
const NAME: &str = "embedded directory";

/// The embedded directory, open.
#[derive(Debug)]
pub struct EmbeddedDirectory {
    truth: Truth,
    warnings: Report,
    database: Database,
}

/// Access that a grant of ours gave and that is held now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveGrant {
    /// The person's immutable id.
    pub person: String,
    /// The catalogue id.
    pub entitlement: String,
    /// The grant's id.
    pub grant: String,
    /// From when.
    pub granted_at: Timestamp,
    /// Until when it was granted; `None` is standing. The directory takes nothing by itself: the agent revokes.
    pub ends_at: Option<Timestamp>,
}

/// Why the embedded directory cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory file has problems.
    #[error(transparent)]
    File(Box<Report>),
    /// The database cannot be made.
    #[error("`{}` cannot be made: {reason}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The database cannot be written.
    #[error("`{}` can only be read", .0.display())]
    ReadOnly(PathBuf),
    /// It is not a database, or a damaged one.
    #[error("`{}` is not a sound database: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// It is somebody else's database.
    #[error("`{}` is a database of another program", .0.display())]
    Foreign(PathBuf),
    /// It was written by another version of this program.
    #[error("`{}` has schema version {found}, and this program knows {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this program reads and writes.
        known: i64,
    },
    /// Another process keeps it locked.
    #[error("`{}` is locked by another process", .0.display())]
    Busy(PathBuf),
    /// Anything else.
    #[error("`{}` cannot be opened: {reason}", path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
}

impl OpenError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::File(report) => report.render(),
            Self::Create { .. } => "make the folder, or name a file in one that can be written".to_owned(),
            Self::ReadOnly(_) => "make the file and its folder writable for this account".to_owned(),
            Self::Damaged { .. } => {
                "restore the file from a backup; without one, move it away, and the live grants can be \
                 rebuilt from the log"
                    .to_owned()
            }
            Self::Foreign(_) => "name another file: this one is left as it is".to_owned(),
            Self::Version { .. } => "use the version of the program that wrote it, or a newer one".to_owned(),
            Self::Busy(_) => "wait for the other process, or stop it".to_owned(),
            Self::Storage { .. } => "check the file, its folder and the space that is left".to_owned(),
        }
    }
}

impl EmbeddedDirectory {
    /// Opens the directory: `bytes` is the content of `directory.yml`, cited as `file`; `database` is where granted
    /// holdings are, made when it is not there.
    ///
    /// # Errors
    /// [`OpenError`] says why not, and its help what to do.
    pub fn open(file: &str, bytes: &[u8], database: &Path) -> Result<Self, OpenError> {
        let (truth, warnings) = Truth::read(file, bytes).map_err(OpenError::File)?;
        Ok(Self {
            truth,
            warnings,
            database: Database::open(database)?,
        })
    }

    /// What the file says.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// What in the file is allowed and probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &Report {
        &self.warnings
    }

    /// Everything that grants of ours gave and that is held now, by person and entitlement.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn live_grants(&self) -> Result<Vec<LiveGrant>, PortError> {
        self.database
            .all()
            .map_err(|error| unread("the list of live grants", &error))
    }

    /// Why something cannot be given to somebody now. `None`: it can.
    fn refusal(&self, grant: &Grant) -> Option<String> {
        let Some(person) = self.truth.person(grant.person()) else {
            return Some(format!(
                "nobody in the {NAME} has the id `{}`",
                grant.person()
            ));
        };
        match person.status {
            PersonStatus::Active => {}
            PersonStatus::Inactive | PersonStatus::Agent => {
                return Some(format!("`{}` is not an active person", person.login));
            }
        }
        if person.leaves_at.is_some_and(|day| day <= grant.starts()) {
            return Some(format!("`{}` has left", person.login));
        }
        match self.truth.target(grant.entitlement()) {
            Ok(Some(target)) if grant.power().is_empty() || grant.power() == target.power => None,
            // INVARIANT(bound): what was granted is what is given.
            Ok(Some(_)) => Some(format!(
                "what stands behind `{}` changed since it was granted",
                grant.entitlement()
            )),
            Ok(None) => Some(format!(
                "`{}` does not exist in the {NAME}",
                grant.entitlement()
            )),
            Err(why) => Some(format!(
                "what `{}` gives cannot be told: {why}",
                grant.entitlement()
            )),
        }
    }

    fn is_seed(&self, person: &str, entitlement: &str) -> bool {
        let held = self.truth.held(person).unwrap_or_default();
        held.iter()
            .any(|holding| holding.entitlement == entitlement)
    }
}

impl Directory for EmbeddedDirectory {
    fn name(&self) -> &str {
        NAME
    }

    fn find(&self, login: &str) -> Result<Option<Lookup>, PortError> {
        Ok(self.truth.find(login))
    }

    fn person(&self, id: &str) -> Result<Option<Person>, PortError> {
        Ok(self.truth.person(id).cloned())
    }

    /// For somebody whom the file does not know, what grants gave them, and no coverage: that is all that can be told.
    fn holdings(&self, person: &str) -> Result<Holdings, PortError> {
        let granted = self
            .database
            .of_person(person)
            .map_err(|error| unread("the holdings", &error))?;
        let (coverage, mut items) = match self.truth.held(person) {
            Some(items) => (self.truth.coverage().clone(), items),
            None => (Coverage::Nothing, Vec::new()),
        };
        items.extend(granted.into_iter().map(|live| Holding {
            entitlement: live.entitlement,
            path: vec![format!("grant {}", live.grant)],
            grant: Some(live.grant),
        }));
        truth::sort(&mut items);
        Ok(Holdings { coverage, items })
    }

    fn facts(&self, request: &str) -> Result<BTreeMap<String, Attribute>, PortError> {
        Ok(self.truth.facts(request))
    }

    fn target(&self, entitlement: &str) -> Result<Option<Target>, PortError> {
        self.truth.target(entitlement).map_err(|why| {
            PortError::Malformed(format!(
                "{NAME}, asked for what `{entitlement}` gives ({why}),"
            ))
        })
    }
}

impl Provisioner for EmbeddedDirectory {
    fn name(&self) -> &str {
        NAME
    }

    fn grant(&self, grant: &Committed<Grant>) -> Effect {
        let permit = grant.get();
        if let Some(reason) = self.refusal(permit) {
            return Effect::Refused(reason);
        }
        if self.is_seed(permit.person(), permit.entitlement()) {
            return Effect::AlreadySo;
        }
        effect(self.database.give(&LiveGrant {
            person: permit.person().to_owned(),
            entitlement: permit.entitlement().to_owned(),
            grant: grant.id().to_owned(),
            granted_at: permit.starts(),
            ends_at: permit.ends(),
        }))
    }

    fn revoke(&self, revocation: &Committed<Revocation>) -> Effect {
        let Revocation {
            grant,
            person,
            entitlement,
            survivor,
            ..
        } = revocation.get();
        if let Some(survivor) = survivor {
            let to = LiveGrant {
                person: person.clone(),
                entitlement: entitlement.clone(),
                grant: survivor.grant.clone(),
                granted_at: survivor.starts,
                ends_at: survivor.ends,
            };
            return effect(self.database.hand_over(grant, &to));
        }
        match self.database.take(person, entitlement, grant) {
            Ok(Change::Unneeded) if self.is_seed(person, entitlement) => Effect::Refused(format!(
                "`{entitlement}` is held by what directory.yml says, not by a grant"
            )),
            outcome => effect(outcome),
        }
    }

    /// A holding of the file is seen when no grant of ours gave the same.
    fn look(&self, person: &str, entitlement: &str) -> Result<Option<Seen>, PortError> {
        let row = self
            .database
            .find(person, entitlement)
            .map_err(|error| unread("the holding", &error))?;
        Ok(match row {
            Some(live) => Some(Seen {
                grant: Some(live.grant),
            }),
            None => self
                .is_seed(person, entitlement)
                .then_some(Seen { grant: None }),
        })
    }

    fn held_by(&self, grant: &str) -> Result<Option<Held>, PortError> {
        let row = self
            .database
            .of_grant(grant)
            .map_err(|error| unread("what a grant gave", &error))?;
        Ok(row.map(|live| Held {
            person: live.person,
            entitlement: live.entitlement,
        }))
    }
}

fn effect(outcome: Result<Change, Failure>) -> Effect {
    match outcome {
        Ok(Change::Made) => Effect::Applied,
        Ok(Change::Unneeded) => Effect::AlreadySo,
        Err(Failure::Before(error)) => Effect::NotNow(format!("nothing was changed: {error}")),
        // A commit that finds the disk full or the file busy is rolled back.
        Err(Failure::AtCommit(error))
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DiskFull)
            ) =>
        {
            Effect::NotNow(format!("nothing was changed: {error}"))
        }
        Err(Failure::AtCommit(error)) => Effect::Unknown(format!("the commit failed: {error}")),
    }
}

fn unread(what: &str, error: &rusqlite::Error) -> PortError {
    let text = format!("{NAME}, asked for {what} ({error}),");
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) | None => {
            PortError::Malformed(text)
        }
        Some(_) => PortError::Unavailable(text),
    }
}

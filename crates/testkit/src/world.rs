//! A whole agent in a temporary folder: real store, real log, real directory, and a clock that a test moves.

use std::path::PathBuf;
use std::sync::Arc;

use agent::review::Reviewer;
use agent::{Agent, intake};
use audit::{PersonKey, SigningKey};
use connectors::EmbeddedDirectory;
use decision::evidence::record::{Lookup, Mode};
use decision::request::Request;
use decision::rules::Rules;
use decision::time::Timestamp;
use policy::Guardrails;
use ports::store::{Budgets, Category, LeafDraft, PolicySource, Transition};
use ports::{Clock, Directory as _, FixedClock, Provisioner, commit};
use store::{Options, Salts, SqliteStore};
use tempfile::TempDir;

/// When every world begins.
pub const START: &str = "2026-03-02T09:00:00Z";

/// An agent with everything it needs. Dropping it leaves nothing behind.
pub struct World {
    /// The compiled policy.
    pub rules: Rules,
    /// The mode.
    pub mode: Mode,
    /// The store; its log's origin is `demo`.
    pub store: SqliteStore,
    /// The directory and provisioner.
    pub directory: EmbeddedDirectory,
    /// The clock.
    pub clock: Arc<FixedClock>,
    folder: TempDir,
}

impl World {
    /// Builds a world from the texts of `access.yml` and `directory.yml`; the policy is in force.
    ///
    /// # Errors
    /// What is wrong with the texts, or the folder.
    pub fn new(access: &str, directory: &str, mode: Mode) -> Result<Self, String> {
        Self::with_budgets(access, directory, mode, Budgets::default())
    }

    /// As [`Self::new`], with other budgets of automatic grants.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_budgets(
        access: &str,
        directory: &str,
        mode: Mode,
        budgets: Budgets,
    ) -> Result<Self, String> {
        Self::begin(access, directory, mode, options(budgets, [8; 32])?)
    }

    /// As [`Self::new`], with another key of the hashes that stand for people and digests.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_person_key(
        access: &str,
        directory: &str,
        mode: Mode,
        key: [u8; 32],
    ) -> Result<Self, String> {
        let options = options(Budgets::default(), key)?;
        Self::begin(access, directory, mode, options)
    }

    fn begin(access: &str, directory: &str, mode: Mode, options: Options) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let start = Timestamp::parse(START).ok_or("the start is no time")?;
        let clock = Arc::new(FixedClock::new(start));
        let world = Self::open(access, directory, mode, options, clock, folder)?;
        world.activate(access)?;
        Ok(world)
    }

    /// The same folder and clock as another process would find them, with what the texts say now. The policy is not put in
    /// force again.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn reopen(self, access: &str, directory: &str) -> Result<Self, String> {
        let Self {
            mode,
            store,
            clock,
            folder,
            ..
        } = self;
        drop(store);
        let options = options(Budgets::default(), [8; 32])?;
        Self::open(access, directory, mode, options, clock, folder)
    }

    fn open(
        access: &str,
        directory: &str,
        mode: Mode,
        options: Options,
        clock: Arc<FixedClock>,
        folder: TempDir,
    ) -> Result<Self, String> {
        let loaded = policy::load("access.yml", access.as_bytes(), &Guardrails::default())
            .map_err(|report| policy::render(&report, 100, false))?;
        let rules = loaded.compile().map_err(|error| error.to_string())?;
        let store = SqliteStore::open(folder.path(), options).map_err(|error| error.to_string())?;
        let holdings = folder.path().join("holdings.db");
        let directory = EmbeddedDirectory::open("directory.yml", directory.as_bytes(), &holdings)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            rules,
            mode,
            store,
            directory,
            clock,
            folder,
        })
    }

    fn activate(&self, source: &str) -> Result<(), String> {
        let digest = self.rules.policy().digest.clone();
        let transition = Transition {
            at: self.clock.now(),
            leaves: vec![LeafDraft {
                category: Category::Administration,
                event: "policy.activated",
                request: String::new(),
                person: None,
                clear: [("policy".to_owned(), digest.clone())].into(),
                keyed: [].into(),
                committed: [].into(),
            }],
            policy_source: Some(PolicySource {
                digest,
                source: source.as_bytes().to_vec(),
                guardrails: Guardrails::default().canonical(),
                file: "access.yml".to_owned(),
            }),
            ..Transition::default()
        };
        commit(&self.store, transition)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// The agent, with the embedded directory as provisioner.
    #[must_use]
    pub fn agent(&self) -> Agent<'_> {
        self.agent_with(&self.directory)
    }

    /// The agent with another provisioner.
    #[must_use]
    pub fn agent_with<'a>(&'a self, provisioner: &'a dyn Provisioner) -> Agent<'a> {
        Agent {
            rules: &self.rules,
            mode: self.mode,
            store: &self.store,
            directory: &self.directory,
            provisioner,
            clock: self.clock.as_ref(),
            adviser: None,
        }
    }

    /// Somebody of the directory as reviewer.
    ///
    /// # Errors
    /// When the directory does not know exactly one person of that login.
    pub fn reviewer(&self, login: &str) -> Result<Reviewer, String> {
        match self.directory.find(login) {
            Ok(Some(Lookup::One(person))) => Ok(Reviewer {
                person: *person,
                assurance: "injected by a test".to_owned(),
            }),
            other => Err(format!("{login}: {other:?}")),
        }
    }

    /// The store's database, for tests that change it behind the store's back.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    /// Folder of the published log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Publishes the log and verifies it from its files. Gives what is wrong.
    ///
    /// # Errors
    /// When it cannot be published.
    pub fn verify(&self) -> Result<Vec<String>, String> {
        use ports::Store as _;
        self.store.publish().map_err(|error| error.to_string())?;
        let report = audit::verify(
            &self.log(),
            &self.store.verifier(),
            audit::Options::default(),
            &mut |_, _| (),
        );
        Ok(report.findings.iter().map(ToString::to_string).collect())
    }
}

fn options(budgets: Budgets, person_key: [u8; 32]) -> Result<Options, String> {
    let key = SigningKey::from_seed("demo", [7; 32]).map_err(|error| error.to_string())?;
    Ok(Options {
        key,
        person_key: PersonKey::new(person_key),
        salts: Salts::Seeded {
            seed: [9; 32],
            taken: 0,
        },
        budgets,
        stop_file: None,
    })
}

/// A ticket's text as a request.
///
/// # Errors
/// What is wrong with it.
pub fn request(ticket: &str) -> Result<Request, String> {
    intake::parse(ticket).map_err(|error| error.to_string())
}

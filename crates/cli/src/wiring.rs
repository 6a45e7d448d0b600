//! Wiring: the parts of the agent, opened from the home folder.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use agent::Agent;
use audit::{PersonKey, SigningKey};
use connectors::embedded_directory::EmbeddedDirectory;
use decision::evidence::record::Mode;
use decision::rules::Rules;
use policy::cases::TestCase;
use policy::{CedarConditions, Contract, Guardrails};
use ports::store::{Budgets, Category, LeafDraft, PolicySource, Transition};
use ports::{Clock, Store as _, SystemClock, commit};
use store::{Options, Salts, SqliteStore};

use crate::error::{Error, Exit};
use crate::output;
use crate::settings::{self, Home};

const POLICY_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SETTINGS_BYTES_MAX: u64 = 1024 * 1024;

/// A policy as loaded from the home folder.
pub(crate) struct PolicyFiles {
    pub(crate) rules: Rules,
    pub(crate) conditions: Option<Arc<CedarConditions>>,
    pub(crate) tests: Vec<TestCase>,
    pub(crate) source: Vec<u8>,
    pub(crate) guardrails: Guardrails,
}

/// Every part, owned.
pub(crate) struct Parts {
    pub(crate) files: PolicyFiles,
    pub(crate) mode: Mode,
    pub(crate) store: SqliteStore,
    pub(crate) directory: EmbeddedDirectory,
    pub(crate) clock: Box<dyn Clock>,
}

impl Parts {
    /// The agent over these parts.
    pub(crate) fn agent(&self) -> Agent<'_> {
        Agent {
            rules: &self.files.rules,
            mode: self.mode,
            store: &self.store,
            directory: &self.directory,
            provisioner: &self.directory,
            clock: self.clock.as_ref(),
        }
    }
}

/// Loads policy and guardrails.
pub(crate) fn policy(home: &Home) -> Result<PolicyFiles, Error> {
    let guardrails = guardrails(home)?;
    let bytes = settings::read(&home.policy(), POLICY_BYTES_MAX, "the policy")?;
    policy_of("access.yml", &bytes, guardrails)
}

/// Another policy file, under the guardrails of the home folder.
pub(crate) fn policy_file(home: &Home, path: &Path) -> Result<PolicyFiles, Error> {
    let bytes = settings::read(path, POLICY_BYTES_MAX, "the policy")?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    policy_of(&name, &bytes, guardrails(home)?)
}

fn guardrails(home: &Home) -> Result<Guardrails, Error> {
    let dotenv = settings::read_if_there(&home.dotenv(), SETTINGS_BYTES_MAX, "the settings file")?;
    let dotenv = dotenv.map(String::from_utf8).transpose().map_err(|_| {
        Error::new(
            Exit::BadInput,
            format!("`{}` is not UTF-8 text", home.dotenv().display()),
        )
    })?;
    // Variables that are not text cannot be guardrails: all their keys are plain.
    let environment = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    Guardrails::load(environment, dotenv.as_deref()).map_err(|errors| {
        let error = Error::new(Exit::BadInput, errors.to_string());
        match errors.0.first() {
            Some(first) => error.hint(first.hint()),
            None => error,
        }
    })
}

/// A policy that the store kept, under the guardrails of its time.
pub(crate) fn policy_kept(kept: &PolicySource) -> Result<PolicyFiles, Error> {
    let guardrails = Guardrails::from_canonical(&kept.guardrails).ok_or_else(|| {
        Error::new(
            Exit::Failed,
            format!("the guardrails of policy {} cannot be read", kept.digest),
        )
    })?;
    let files = policy_of(&kept.file, &kept.source, guardrails)?;
    if files.rules.policy().digest == kept.digest {
        return Ok(files);
    }
    Err(Error::new(
        Exit::Failed,
        format!(
            "the text that is kept for policy {} is not that policy",
            kept.digest
        ),
    )
    .hint("the database was changed behind its back; restore it from a backup"))
}

fn policy_of(file: &str, bytes: &[u8], guardrails: Guardrails) -> Result<PolicyFiles, Error> {
    let loaded = policy::load(file, bytes, &guardrails).map_err(|report| {
        // The report is made for a screen by its own renderer, which masks what is hidden.
        output::say(&policy::render(&report, output::width(), false));
        Error::new(Exit::BadInput, "the policy has errors").hint("mend them and run `policy check`")
    })?;
    if !loaded.warnings.is_empty() {
        let shown = policy::render(&loaded.warnings, output::width(), false);
        shown.lines().for_each(output::note);
    }
    let (conditions, source) = (loaded.conditions.clone(), loaded.source.clone());
    let tests = loaded.tests.clone();
    let rules = loaded
        .compile()
        .map_err(|error| Error::of(Exit::BadInput, &error))?;
    Ok(PolicyFiles {
        rules,
        conditions,
        tests,
        source,
        guardrails,
    })
}

/// Opens everything, finishes what was under way, and checks that the mode may start.
pub(crate) fn open(home: &Home, mode: Mode) -> Result<Parts, Error> {
    let files = policy(home)?;
    check_contract(home, mode)?;
    let directory = directory(home)?;
    let store = open_store(home, options(home)?)?;
    let parts = Parts {
        files,
        mode,
        store,
        directory,
        clock: Box::new(SystemClock),
    };
    start(&parts)?;
    Ok(parts)
}

fn options(home: &Home) -> Result<Options, Error> {
    let origin = std::env::var(settings::ORIGIN).unwrap_or_else(|_| default_origin());
    Ok(Options {
        key: log_key(home, &origin)?,
        person_key: person_key(&home.person_key())?,
        salts: Salts::System,
        budgets: Budgets::default(),
    })
}

/// The home folder's store alone, when there is one: nothing is decided, activated or finished.
pub(crate) fn open_own_store(home: &Home) -> Result<SqliteStore, Error> {
    let file = home.state().join("store.db");
    if !file.exists() {
        return Err(Error::new(
            Exit::NotFound,
            format!("there is no store at `{}`", file.display()),
        )
        .hint("the store is made when the first request is decided"));
    }
    open_store(home, options(home)?)
}

/// What every start does: the first policy is put in force, the mode is checked, and what was under way is finished.
pub(crate) fn start(parts: &Parts) -> Result<(), Error> {
    if let Some(trouble) = parts.store.log_trouble() {
        output::note(&format!("nothing is granted: {trouble}"));
    }
    let broken = parts.store.log_trouble().is_some();
    let digest = &parts.files.rules.policy().digest;
    match parts.store.active_policy()? {
        None if !broken => activate(parts, "first use", None)?,
        Some(active) if active != *digest => output::note(
            "access.yml is not the policy in force; requests escalate until `policy activate` puts it in force",
        ),
        None | Some(_) => (),
    }
    if parts.mode == Mode::Guarded {
        check_guarded(parts)?;
    }
    if !broken {
        for done in parts.agent().reconcile()? {
            output::note(&format!(
                "{}: {} → {} ({})",
                done.grant,
                done.before.name(),
                done.now.name(),
                done.detail
            ));
        }
    }
    Ok(())
}

/// Puts the loaded policy in force. `by` is a person's immutable id: what they ask for themselves is then never
/// automatic; nobody at a first start.
pub(crate) fn activate(parts: &Parts, reason: &str, by: Option<&str>) -> Result<(), Error> {
    let policy = parts.files.rules.policy();
    let policy_source = PolicySource {
        digest: policy.digest.clone(),
        source: parts.files.source.clone(),
        guardrails: parts.files.guardrails.canonical(),
        file: policy.file.clone(),
    };
    administer(parts, "policy.activated", reason, by, Some(policy_source))
}

/// Records that automatic decisions are allowed under the loaded policy before a backtest exists.
pub(crate) fn allow_guarded(parts: &Parts, reason: &str, by: Option<&str>) -> Result<(), Error> {
    administer(parts, "guarded.allowed", reason, by, None)
}

/// Commits an act on the agent itself, about the loaded policy.
fn administer(
    parts: &Parts,
    event: &'static str,
    reason: &str,
    by: Option<&str>,
    policy_source: Option<PolicySource>,
) -> Result<(), Error> {
    let digest = parts.files.rules.policy().digest.clone();
    let committed = [("by", by.unwrap_or("nobody")), ("reason", reason)];
    let transition = Transition {
        at: parts.agent().now()?,
        leaves: vec![LeafDraft {
            category: Category::Administration,
            event,
            request: String::new(),
            person: by.map(ToOwned::to_owned),
            clear: [("policy".to_owned(), digest)].into(),
            committed: committed
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }],
        policy_source,
        ..Transition::default()
    };
    commit(&parts.store, transition)?;
    Ok(())
}

/// What must hold of policy and guardrails before anything is automatic.
pub(crate) fn check_rules(files: &PolicyFiles) -> Result<(), Error> {
    if let Some(why) = files.guardrails.automatic_blocked() {
        return Err(Error::new(
            Exit::NotAllowed,
            format!("guarded mode does not start: {why}"),
        )
        .hint("give the class a pattern in access.yml, or take it out of NEVER_AUTO"));
    }
    policy::enumerate::enumerate(&files.rules).map_err(|example| {
        Error::new(
            Exit::NotAllowed,
            format!("guarded mode does not start: {example}"),
        )
        .hint("change the role or the rule; `policy show` lists what a role has")
    })?;
    Ok(())
}

/// The start condition of guarded mode.
fn check_guarded(parts: &Parts) -> Result<(), Error> {
    check_rules(&parts.files)?;
    if !parts
        .store
        .is_overridden(&parts.files.rules.policy().digest)?
    {
        return Err(Error::new(
            Exit::NotAllowed,
            "guarded mode does not start: nothing yet says that this policy may decide by itself",
        )
        .hint("run `policy allow-guarded --reason TEXT`; it is recorded in the log"));
    }
    Ok(())
}

fn check_contract(home: &Home, mode: Mode) -> Result<(), Error> {
    let path = home.contract(mode);
    let own = settings::read_if_there(&path, SETTINGS_BYTES_MAX, "the contract")?;
    let bundled = match mode {
        Mode::Advise => policy::contract::ADVISE,
        Mode::Guarded => policy::contract::GUARDED,
    };
    let bytes = own.as_deref().unwrap_or(bundled.as_bytes());
    let contract = Contract::load(bytes).map_err(|error| {
        Error::of(Exit::BadInput, &error).hint(format!("mend `{}`", path.display()))
    })?;
    contract
        .covers(mode)
        .map_err(|refusal| Error::new(Exit::NotAllowed, refusal.to_string()).hint(refusal.hint()))
}

pub(crate) fn directory(home: &Home) -> Result<EmbeddedDirectory, Error> {
    let bytes = settings::read(&home.directory(), POLICY_BYTES_MAX, "the directory")?;
    let state = home.state();
    fs::create_dir_all(&state)?;
    EmbeddedDirectory::open("directory.yml", &bytes, &home.holdings()).map_err(|error| {
        use connectors::embedded_directory::OpenError;
        let code = match &error {
            OpenError::File(_) => Exit::BadInput,
            OpenError::Busy(_) => Exit::InUse,
            OpenError::Create { .. }
            | OpenError::ReadOnly(_)
            | OpenError::Damaged { .. }
            | OpenError::Foreign(_)
            | OpenError::Version { .. }
            | OpenError::Storage { .. } => Exit::Failed,
        };
        Error::of(code, &error).hint(error.help())
    })
}

pub(crate) fn open_store(home: &Home, options: Options) -> Result<SqliteStore, Error> {
    SqliteStore::open(&home.state(), options).map_err(|error| {
        let code = match &error {
            store::OpenError::InUse(_) => Exit::InUse,
            store::OpenError::Files { .. }
            | store::OpenError::Database { .. }
            | store::OpenError::Newer(_) => Exit::Failed,
        };
        Error::of(code, &error).hint(error.hint())
    })
}

fn default_origin() -> String {
    let host = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_default();
    let plain: String = host
        .chars()
        .filter(|character| {
            character.is_ascii_alphanumeric() || *character == '-' || *character == '.'
        })
        .collect();
    format!(
        "access-request-agent/{}",
        if plain.is_empty() { "local" } else { &plain }
    )
}

/// The log's key: the one that is there, whatever its name, or a new one.
fn log_key(home: &Home, origin: &str) -> Result<SigningKey, Error> {
    let path = home.log_key();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let failed = |error: audit::key::KeyError| Error::of(Exit::Failed, &error).hint(error.hint());
    match audit::key::load(&path).map_err(failed)? {
        Some(key) => Ok(key),
        None => audit::key::load_or_create(&path, origin).map_err(failed),
    }
}

/// The key of the hashes that stand for people: 32 bytes, mode 0600, backed up apart from the log.
fn person_key(path: &Path) -> Result<PersonKey, Error> {
    if !path.exists() {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::new(
                Exit::Failed,
                format!("no randomness from the operating system: {error}"),
            )
        })?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
    }
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::new(
            Exit::Failed,
            format!("`{}` can be read by others", path.display()),
        )
        .hint(
            "run `chmod 600` on it; whoever read it can tell which person a log entry is about",
        ));
    }
    let bytes: [u8; 32] = fs::read(path)?.try_into().map_err(|_| {
        Error::new(
            Exit::Failed,
            format!("`{}` is not a key of 32 bytes", path.display()),
        )
        .hint("restore it from its backup; without it the log no longer says who an entry is about")
    })?;
    Ok(PersonKey::new(bytes))
}

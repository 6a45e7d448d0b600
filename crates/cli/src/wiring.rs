//! Wiring: the parts of the agent, opened from the home folder.

use std::fs;

use agent::Agent;
use connectors::embedded_directory::EmbeddedDirectory;
use decision::evidence::record::Mode;
use decision::rules::Rules;
use policy::{Contract, Guardrails};
use ports::store::{Activation, Budgets, Category, LeafDraft, Transition};
use ports::{Clock, Directory as _, Store as _, SystemClock, commit};
use store::{Options, Salts, SqliteStore};

use crate::error::{Error, Exit};
use crate::keys;
use crate::output;
use crate::settings::{self, Home};

const POLICY_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SETTINGS_BYTES_MAX: u64 = 1024 * 1024;

/// A policy as loaded from the home folder.
pub(crate) struct PolicyFiles {
    pub(crate) rules: Rules,
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
    load(home, &output::say)
}

/// As [`policy`]; `tell` gets the report of what is wrong with the policy.
fn load(home: &Home, tell: &dyn Fn(&str)) -> Result<PolicyFiles, Error> {
    let guardrails = guardrails(home)?;
    let bytes = settings::read(&home.policy(), POLICY_BYTES_MAX, "the policy")?;
    policy_of(&bytes, guardrails, tell)
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

fn policy_of(
    bytes: &[u8],
    guardrails: Guardrails,
    tell: &dyn Fn(&str),
) -> Result<PolicyFiles, Error> {
    let loaded = policy::load("access.yml", bytes, &guardrails).map_err(|report| {
        // The report is made for a screen by its own renderer, which masks what is hidden.
        tell(&policy::render(&report, output::width(), false));
        Error::new(Exit::BadInput, "the policy has errors").hint("mend them and run `policy check`")
    })?;
    if !loaded.warnings.is_empty() {
        let shown = policy::render(&loaded.warnings, output::width(), false);
        shown.lines().for_each(output::note);
    }
    let source = loaded.source.clone();
    let rules = loaded
        .compile()
        .map_err(|error| Error::of(Exit::BadInput, &error))?;
    Ok(PolicyFiles {
        rules,
        source,
        guardrails,
    })
}

/// Opens everything, finishes what was under way, and checks that the mode may start.
pub(crate) fn open(home: &Home, mode: Mode) -> Result<Parts, Error> {
    let files = policy(home)?;
    check_contract(home, mode)?;
    open_under(home, files, mode, open_store(home, options(home)?)?)
}

/// Opens everything for reading and for taking back, which neither mode nor contract nor a policy that does not load may
/// stop: in advise mode, and under the policy in force when `access.yml` is of no use.
pub(crate) fn open_to_read(home: &Home) -> Result<Parts, Error> {
    let loaded = load(home, &|report| report.lines().for_each(output::note));
    let store = open_store(home, options(home)?)?;
    let active = store.active_policy()?;
    let is_active = |files: &PolicyFiles| Some(&files.rules.policy().digest) == active.as_ref();
    let files = match loaded {
        Ok(files) if active.is_none() || is_active(&files) => files,
        loaded => {
            let stored = store
                .policy_in_force()?
                .and_then(|stored| of_store(&stored));
            match (stored.filter(is_active), loaded) {
                (Some(in_force), loaded) => {
                    let why = loaded.map_or_else(
                        |error| error.message,
                        |_| "access.yml is not the policy in force".to_owned(),
                    );
                    output::note(&format!("{why}; this goes by the policy in force"));
                    in_force
                }
                (None, loaded) => loaded?,
            }
        }
    };
    open_under(home, files, Mode::Advise, store)
}

/// A policy as the store keeps it. It counts only when its digest is the one that the log signs.
fn of_store(stored: &Activation) -> Option<PolicyFiles> {
    let guardrails = Guardrails::from_canonical(&stored.guardrails)?;
    policy_of(&stored.source, guardrails, &|_| ()).ok()
}

fn open_under(
    home: &Home,
    files: PolicyFiles,
    mode: Mode,
    store: SqliteStore,
) -> Result<Parts, Error> {
    let parts = Parts {
        files,
        mode,
        store,
        directory: directory(home)?,
        clock: Box::new(SystemClock),
    };
    start(&parts)?;
    Ok(parts)
}

fn options(home: &Home) -> Result<Options, Error> {
    let origin = std::env::var(settings::ORIGIN).unwrap_or_else(|_| default_origin());
    Ok(Options {
        key: keys::log_key(home, &origin)?,
        person_key: keys::person_key(home)?,
        salts: Salts::System,
        budgets: Budgets::default(),
    })
}

/// The home folder's store alone, when there is one: nothing is decided, activated or finished.
pub(crate) fn open_own_store(home: &Home) -> Result<SqliteStore, Error> {
    let file = home.store();
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
        None if !broken => activate(parts, "first use", "nobody: first start")?,
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
            let (before, now) = (done.before.name(), done.now.name());
            if done.is_stuck {
                output::trouble(&format!("{}: still {now} ({})", done.grant, done.detail));
            } else {
                output::note(&format!(
                    "{}: {before} → {now} ({})",
                    done.grant, done.detail
                ));
            }
        }
    }
    Ok(())
}

/// Puts the loaded policy in force.
pub(crate) fn activate(parts: &Parts, reason: &str, by: &str) -> Result<(), Error> {
    let policy = parts.files.rules.policy();
    let activation = Activation {
        digest: policy.digest.clone(),
        source: parts.files.source.clone(),
        guardrails: parts.files.guardrails.canonical(),
        file: policy.file.clone(),
    };
    administer(
        parts,
        "policy.activated",
        &[],
        (by, reason),
        Some(activation),
    )
}

/// Records that automatic decisions are allowed under the loaded policy before a backtest exists.
pub(crate) fn allow_guarded(parts: &Parts, reason: &str, by: &str) -> Result<(), Error> {
    administer(parts, "guarded.allowed", &[], (by, reason), None)
}

/// Records that a name is bound to what stands behind it now.
pub(crate) fn rebind(parts: &Parts, id: &str, reason: &str, by: &str) -> Result<(), Error> {
    let unknown = || {
        Error::new(Exit::NotFound, format!("there is no entitlement `{id}`"))
            .hint("`policy show` lists what the roles have")
    };
    let rules = &parts.files.rules;
    let entry = rules.entitlement(id).and_then(|id| rules.entry(id));
    let id = &entry.ok_or_else(unknown)?.id;
    let target = parts.directory.target(id);
    let target = target.map_err(|error| Error::of(Exit::Failed, &error))?;
    let power = target.ok_or_else(unknown)?.power;
    let clear = [("entitlement", id.as_str()), ("power", power.as_str())];
    administer(parts, "entitlement.rebound", &clear, (by, reason), None)
}

/// Commits an act on the agent itself, under the loaded policy.
fn administer(
    parts: &Parts,
    event: &'static str,
    clear: &[(&str, &str)],
    (by, reason): (&str, &str),
    activation: Option<Activation>,
) -> Result<(), Error> {
    let digest = parts.files.rules.policy().digest.as_str();
    let fields = |pairs: &[(&str, &str)]| {
        let owned = pairs.iter();
        owned
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let transition = Transition {
        at: parts.agent().now()?,
        leaves: vec![LeafDraft {
            category: Category::Administration,
            event,
            request: String::new(),
            person: None,
            clear: fields(&[&[("policy", digest)], clear].concat()),
            committed: fields(&[("by", by), ("reason", reason)]),
        }],
        activation,
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

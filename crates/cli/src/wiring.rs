//! Wiring: the parts of the agent, opened from the home folder.

use std::fs;

use agent::Agent;
use connectors::embedded_directory::EmbeddedDirectory;
use decision::evidence::record::Mode;
use policy::Contract;
use ports::store::Budgets;
use ports::{Adviser, Clock, Store as _, SystemClock};
use store::{Options, Salts, SqliteStore};

use crate::administration;
use crate::error::{Error, Exit};
use crate::keys;
use crate::models::tickets::TicketModel;
use crate::output;
use crate::policies::{self, PolicyFiles};
use crate::settings::{self, Home};
use crate::vault::kept::Asks;

const POLICY_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SETTINGS_BYTES_MAX: u64 = 1024 * 1024;

/// Every part, owned.
pub(crate) struct Parts {
    pub(crate) files: PolicyFiles,
    pub(crate) mode: Mode,
    pub(crate) store: SqliteStore,
    pub(crate) directory: EmbeddedDirectory,
    pub(crate) clock: Box<dyn Clock>,
    /// Who advises on tickets; `None` where no model is configured, or none is needed.
    pub(crate) adviser: Option<TicketModel>,
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
            adviser: self.adviser.as_ref().map(|own| own as &dyn Adviser),
        }
    }
}

/// Opens everything, finishes what was under way, and checks that the mode may start.
pub(crate) fn open(home: &Home, mode: Mode) -> Result<Parts, Error> {
    let files = policies::of_home(home)?;
    check_contract(home, mode)?;
    open_under(home, files, mode, open_store(home, options(home)?)?)
}

/// As [`open`], with the model that advises on tickets, where one is configured. `asks`: whether somebody may be asked for its
/// key, where the vault has it.
pub(crate) fn open_with_adviser(home: &Home, mode: Mode, asks: Asks) -> Result<Parts, Error> {
    let adviser = TicketModel::of(home, asks)?;
    let parts = open(home, mode)?;
    Ok(Parts { adviser, ..parts })
}

/// Opens everything for reading and for taking back, which neither mode nor contract nor a policy that does not load may
/// stop: in advise mode, and under the policy in force when `access.yml` is of no use.
pub(crate) fn open_to_read(home: &Home) -> Result<Parts, Error> {
    let loaded = policies::load(home, &|report| report.lines().for_each(output::note));
    let store = open_store(home, options(home)?)?;
    let active = store.active_policy()?;
    let is_active = |files: &PolicyFiles| Some(&files.rules.policy().digest) == active.as_ref();
    let files = match loaded {
        Ok(files) if active.is_none() || is_active(&files) => files,
        loaded => {
            let stored = match &active {
                Some(digest) => store.policy(digest)?,
                None => None,
            };
            // It counts only when its digest is the one that the log signs.
            let stored = stored.and_then(|stored| policies::kept(&stored).ok());
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
        adviser: None,
    };
    obey_stop_file(home, &parts)?;
    start(&parts)?;
    Ok(parts)
}

/// A stop file that nobody recorded yet is recorded now, and holds for both doors.
fn obey_stop_file(home: &Home, parts: &Parts) -> Result<(), Error> {
    let broken = parts.store.log_trouble().is_some();
    if home.stop_file().exists() && !broken && !parts.store.is_stopped()? {
        let reason = settings::read(&home.stop_file(), 4_096, "the stop file");
        let reason = reason.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        let reason = reason.unwrap_or_else(|_| "the stop file is there".to_owned());
        administration::switch(parts, "agent.stopped", &reason, None)?;
    }
    if parts.store.is_stopped()? {
        output::note(
            "the kill switch is on: nothing is granted, approved or rejected; `resume` lifts it",
        );
    }
    Ok(())
}

fn options(home: &Home) -> Result<Options, Error> {
    let origin = std::env::var(settings::ORIGIN).unwrap_or_else(|_| default_origin());
    Ok(Options {
        key: keys::log_key(home, &origin)?,
        person_key: keys::person_key(home)?,
        salts: Salts::System,
        budgets: Budgets::default(),
        stop_file: Some(home.stop_file()),
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
        None if !broken => administration::activate(parts, "first use", None)?,
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
    contract(home, mode)?
        .covers(mode)
        .map_err(|refusal| Error::new(Exit::NotAllowed, refusal.to_string()).hint(refusal.hint()))
}

/// The contract of a mode: that of the home folder, else the bundled one.
pub(crate) fn contract(home: &Home, mode: Mode) -> Result<Contract, Error> {
    let path = home.contract(mode);
    let own = settings::read_if_there(&path, SETTINGS_BYTES_MAX, "the contract")?;
    let bundled = match mode {
        Mode::Advise => policy::contract::ADVISE,
        Mode::Guarded => policy::contract::GUARDED,
    };
    let bytes = own.as_deref().unwrap_or(bundled.as_bytes());
    Contract::load(bytes).map_err(|error| {
        Error::of(Exit::BadInput, &error).hint(format!("mend `{}`", path.display()))
    })
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

//! `run`: one cycle over the vault, or one every few hours.

mod tell;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use agent::advise::BuiltIn;
use agent::cycle::record::{ActionOutcome, ActionTold};
use agent::cycle::state_file::StateFile;
use agent::cycle::{Cycle, Operator, Ran, RunError, Stage, post, prune};
use agent::report::run as report;
use decision::evidence::record::Mode;
use decision::time::Timestamp;
use decision::vault::run::Attendance;
use ports::{Analyst, Clock as _, Vault as _};

use crate::args::Run;
use crate::error::{Error, Exit};
use crate::models::{Lost, ModelSettings};
use crate::output::{self, Format};
use crate::progress::Progress;
use crate::settings::Home;
use crate::vault::kept::Asks;
use crate::vault::parts::VaultParts;
use crate::vault::{settings, start};
use crate::wiring;

/// Longest wait between two looks at the clock and the switches.
const TICK: Duration = Duration::from_millis(500);
/// How long to wait when another process has the store.
const BUSY: Duration = Duration::from_secs(60);

pub(crate) fn run(home: &Home, format: Format, arguments: &Run) -> Result<Exit, Error> {
    start::check(home)?;
    let stopping = stopping()?;
    let Some(every) = &arguments.every else {
        return once(home, format, arguments, &stopping);
    };
    let every = interval(every)?;
    let mut next = first_start(home, every)?;
    loop {
        if !wait_until(next, &stopping) {
            output::note("stopped");
            return Ok(Exit::Done);
        }
        let began = SystemTime::now();
        let wait = match once(home, format, arguments, &stopping) {
            Ok(code) => {
                if code != Exit::Done {
                    output::note(&format!("this run ended with exit code {}", code.number()));
                }
                every
            }
            Err(error) if error.code == Exit::InUse => {
                output::complain(&error);
                BUSY.min(every)
            }
            // What the operator must mend does not mend itself, but a vault that is away comes back.
            Err(error) if error.code == Exit::Failed => {
                output::complain(&error);
                every
            }
            Err(error) => return Err(error),
        };
        // A machine that slept through several starts makes up for them once.
        next = began.checked_add(jittered(wait)).unwrap_or(began);
    }
}

/// The flag that SIGTERM and SIGINT raise. A second one ends the process at once.
fn stopping() -> Result<Arc<AtomicBool>, Error> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

fn interval(text: &str) -> Result<Duration, Error> {
    let minutes = decision::time::Minutes::parse(text);
    minutes
        .filter(|minutes| (1..=44_640).contains(&minutes.0))
        .map(|minutes| Duration::from_secs(u64::from(minutes.0).saturating_mul(60)))
        .ok_or_else(|| {
            Error::new(Exit::BadInput, format!("`{text}` is no interval"))
                .hint("`--every` takes a duration from 1m to 31d, such as `4h`")
        })
}

/// When the first run begins: at once when the last one is too long ago, else when it is due.
fn first_start(home: &Home, every: Duration) -> Result<SystemTime, Error> {
    let (settings, _) = settings::read(home)?;
    let file = StateFile::read(&settings.cycle.state_file)
        .map_err(|message| Error::new(Exit::BadInput, message))?;
    let now = ports::SystemClock.now();
    let last = file.last_run.as_deref().and_then(Timestamp::parse);
    let since = last.map(|last| now.seconds().saturating_sub(last.seconds()));
    let since = since.and_then(|seconds| u64::try_from(seconds).ok());
    let left = since.map(|seconds| every.saturating_sub(Duration::from_secs(seconds)));
    let left = left.unwrap_or_default();
    if !left.is_zero() {
        output::note(&format!(
            "the last run was {} min ago; the next begins in {} min",
            since.unwrap_or_default() / 60,
            left.as_secs().div_ceil(60)
        ));
    }
    Ok(SystemTime::now()
        .checked_add(left)
        .unwrap_or_else(SystemTime::now))
}

/// Waits; `false` when the process is to end.
fn wait_until(moment: SystemTime, stopping: &AtomicBool) -> bool {
    loop {
        if stopping.load(Ordering::SeqCst) {
            return false;
        }
        // The wall clock goes on while a machine sleeps; the other one does not.
        let left = moment.duration_since(SystemTime::now()).unwrap_or_default();
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(TICK));
    }
}

/// Up to a tenth more, so that several agents do not call at the same moment.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness there is no jitter, which is no error.
    let _ = getrandom::fill(&mut byte);
    wait.saturating_add(wait.saturating_mul(u32::from(byte[0])) / 2_560)
}

fn once(
    home: &Home,
    format: Format,
    arguments: &Run,
    stopping: &AtomicBool,
) -> Result<Exit, Error> {
    let (settings, _) = settings::read(home)?;
    let vault = VaultParts::open(home, settings)?;
    let parts = wiring::open(home, Mode::Advise)?;
    let attendance = attendance(&vault, arguments);
    let console = Console::new(format, stopping, home);
    // A run that only plans asks nobody.
    let asks = match attendance {
        Attendance::Planning => Asks::No,
        Attendance::Asked | Attendance::Autonomous => Asks::Yes,
    };
    let ran = cycle(&parts, &vault, vault.model(asks), attendance, &console);
    console.finish();
    let mut ran = ran?;
    match post::look_at_outbox(&parts.store, parts.agent().now()?) {
        Ok(looked) => {
            if !looked.damaged.is_empty() {
                output::trouble(
                    "a letter in the outbox is not what was signed and is not sent; the report names it, `audit verify --store` tells all",
                );
            }
            let told = looked.unknown.into_iter().chain(looked.damaged);
            ran.closing.remarks.extend(told);
        }
        Err(error) => ran.closing.remarks.push(error.to_string()),
    }
    let written = report::write(&ran.record, &ran.closing, &vault.settings.reports)
        .map_err(|error| Error::of(Exit::Failed, &error).hint(error.hint()))?;
    tell::run(&ran, &written, format);
    prune(&parts, &vault)?;
    // The run is over: what goes wrong with its mail keeps nothing from being published and given back.
    match vault.mail_report(&parts, &ran, &written) {
        Ok(told) => told.iter().for_each(|remark| output::trouble(remark)),
        Err(error) => output::trouble(&format!("the mail was not sent: {}", error.message)),
    }
    for remark in vault.finish(attendance) {
        output::note(&remark);
    }
    super::finish(&parts)?;
    Ok(code(&ran, attendance))
}

/// Removes what is old. On a log that does not verify nothing goes: it could not be told there.
fn prune(parts: &wiring::Parts, vault: &VaultParts) -> Result<(), Error> {
    if parts.store.log_trouble().is_some() {
        return Ok(());
    }
    let settings = &vault.settings;
    let (reports, records) = (&settings.reports, &settings.cycle.folder);
    let at = parts.agent().now()?;
    match prune::prune(&parts.store, at, settings.keep, reports, records) {
        Ok(pruned) if pruned == prune::Pruned::default() => {}
        Ok(prune::Pruned { reports, records }) => output::note(&format!(
            "removed {reports} old reports and {records} records of runs (REPORT_KEEP_DAYS)"
        )),
        // The run itself is over and told.
        Err(error) => output::trouble(&format!("old reports and records stay: {error}")),
    }
    Ok(())
}

fn cycle(
    parts: &wiring::Parts,
    vault: &VaultParts,
    model: Option<Result<ModelSettings, Lost>>,
    attendance: Attendance,
    console: &Console<'_>,
) -> Result<Ran, Error> {
    // A model that is lost leaves the built-in analyst, and withholds whatever would be done.
    let (analyst, model_lost): (Box<dyn Analyst>, _) = match model {
        None => (Box::new(BuiltIn), None),
        Some(Err(lost)) => (Box::new(BuiltIn), Some(lost.why)),
        Some(Ok(model)) => model.analyst(vault.client.own_user().map(str::to_owned))?,
    };
    let cycle = Cycle {
        agent: parts.agent(),
        vault: &vault.client,
        analyst: analyst.as_ref(),
        model_lost,
        settings: &vault.settings.cycle,
        attendance,
        operator: console,
    };
    cycle.run().map_err(|error| match error {
        RunError::Agent(error) => error.into(),
        RunError::Vault(inner) => Error::new(
            Exit::Failed,
            format!("the vault's requests cannot be read: {inner}"),
        )
        .hint("`doctor` tells what the vault answers and what is missing"),
        RunError::Files { .. } => Error::of(Exit::Failed, &error)
            .hint("check that the disk is not full and the folder is writable"),
        RunError::StateFile(_) => Error::of(Exit::BadInput, &error),
    })
}

fn attendance(vault: &VaultParts, arguments: &Run) -> Attendance {
    use std::io::IsTerminal as _;
    let watched = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if arguments.plan {
        Attendance::Planning
    } else if vault.settings.autonomous {
        Attendance::Autonomous
    } else if watched && arguments.every.is_none() {
        Attendance::Asked
    } else {
        Attendance::Planning
    }
}

fn code(ran: &Ran, attendance: Attendance) -> Exit {
    if !ran.header.run.listing.complete {
        return Exit::Incomplete;
    }
    let planned = ran.closing.actions.iter();
    let unknown = planned
        .clone()
        .any(|action| action.outcome == ActionOutcome::Unknown);
    let only = planned
        .clone()
        .any(|action| action.outcome == ActionOutcome::Planned);
    if attendance == Attendance::Planning || (only && !ran.header.run.paths_confirmed) {
        return Exit::PlannedOnly;
    }
    if ran.ended.is_some() || unknown {
        return Exit::Failed;
    }
    Exit::Done
}

/// The terminal, and what can stop a run.
struct Console<'a> {
    format: Format,
    stopping: &'a AtomicBool,
    stop_file: PathBuf,
    progress: std::sync::Mutex<Option<Progress>>,
}

impl<'a> Console<'a> {
    fn new(format: Format, stopping: &'a AtomicBool, home: &Home) -> Self {
        Self {
            format,
            stopping,
            stop_file: home.stop_file(),
            progress: std::sync::Mutex::new(None),
        }
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Option<Progress>> {
        let progress = self.progress.lock();
        progress.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn finish(&self) {
        if let Some(progress) = self.progress().take() {
            progress.finish();
        }
    }
}

impl Operator for Console<'_> {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        self.finish();
        let what = match stage {
            Stage::List => "requests read",
            Stage::AssetIds => "assets found",
            Stage::Assets => "asset records read",
            Stage::Analysis => "requests analysed",
            Stage::Actions => "actions",
        };
        *self.progress() = Some(Progress::start(what, total, self.format));
    }

    fn advance(&self, more: u64) {
        if let Some(progress) = &*self.progress() {
            progress.step(more);
        }
    }

    fn confirm(&self, planned: &ActionTold) -> bool {
        self.finish();
        output::note(&format!(
            "{} {} — {} asks for {} (risk {})",
            planned.action,
            planned.request,
            planned.requester,
            planned.asset_name,
            planned.risk.vault_name()
        ));
        output::note(&format!("  reason for the vault: {}", planned.comment));
        output::ask("do it? [y/N]")
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn is_stopped(&self) -> bool {
        self.stop_file.exists()
    }
}

//! The verbs, one file each.

mod audit;
mod backtest;
mod demo;
mod doctor;
mod grants;
mod handle;
mod policy;
mod redteam;
mod replay;
mod report;
mod request;
mod review;
mod run;
mod sandbox;
mod vault;

use clap::CommandFactory as _;
use decision::evidence::record::Mode;

use crate::args::{Arguments, ModeArgument, Verb};
use crate::error::{Error, Exit};
use crate::models::tickets::TicketModel;
use crate::output;
use crate::settings::{self, Home};
use crate::wiring::Parts;

/// Runs a verb.
pub(crate) fn run(arguments: Arguments) -> Result<Exit, Error> {
    let home = Home::new(arguments.home);
    let format = arguments.format;
    let code = match arguments.verb {
        Verb::Handle(handle) => handle::run(&home, format, &handle),
        Verb::Request(request) => request::run(&home, format, request),
        Verb::Review(review) => review::run(&home, format, review),
        Verb::Grants(grants) => grants::run(&home, format, grants),
        Verb::Audit(audit) => audit::run(&home, format, audit),
        Verb::Policy(policy) => policy::run(&home, format, policy),
        Verb::Backtest(backtest) => backtest::run(&home, format, &backtest),
        Verb::Redteam(arguments) => redteam::run(&home, format, &arguments),
        Verb::Replay(replay) => replay::run(&home, format, &replay),
        Verb::Run(arguments) => run::run(&home, format, &arguments),
        Verb::Doctor(arguments) => doctor::run(&home, format, &arguments),
        Verb::Report(report) => report::run(&home, format, report),
        Verb::Vault(vault) => vault::run(&home, format, vault),
        Verb::Sandbox(arguments) => sandbox::run(&arguments),
        Verb::Stop { reason } => vault::stop(&home, &reason),
        Verb::Resume { reason } => vault::resume(&home, &reason),
        Verb::Demo(demo) => demo::run(&demo),
        Verb::Completions { shell } => {
            let mut command = Arguments::command();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "access-request-agent", &mut script);
            output::say(String::from_utf8_lossy(&script).trim_end());
            Ok(Exit::Done)
        }
        Verb::Man { folder } => {
            std::fs::create_dir_all(&folder)?;
            clap_mangen::generate_to(Arguments::command(), &folder)?;
            Ok(Exit::Done)
        }
    }?;
    let is_troubled = output::is_troubled();
    Ok(if is_troubled && code == Exit::Done {
        Exit::Failed
    } else {
        code
    })
}

/// The mode: flag, then environment, then advise.
fn mode(flag: Option<ModeArgument>) -> Result<Mode, Error> {
    match flag {
        Some(ModeArgument::Advise) => return Ok(Mode::Advise),
        Some(ModeArgument::Guarded) => return Ok(Mode::Guarded),
        None => (),
    }
    match std::env::var(settings::MODE).as_deref() {
        Err(_) | Ok("" | "advise") => Ok(Mode::Advise),
        Ok("guarded") => Ok(Mode::Guarded),
        Ok(other) => Err(Error::new(Exit::BadInput, format!("`{other}` is no mode"))
            .hint(format!("{} is `advise` or `guarded`", settings::MODE))),
    }
}

/// What every changing verb does afterwards: take back what has ended, publish the log, and give back the model's key.
fn finish(parts: &Parts) -> Result<(), Error> {
    use ports::Store as _;
    for done in parts.agent().expire()? {
        let told = format!("{} has ended: {}", done.grant.id, done.grant.detail);
        if done.is_gone {
            output::note(&told);
        } else {
            output::trouble(&told);
        }
    }
    if let Err(error) = parts.store.publish() {
        output::note(&format!(
            "what was decided is stored, but the log could not be published: {error}"
        ));
    }
    if let Some(why) = parts.adviser.as_ref().and_then(TicketModel::finish) {
        output::note(&why);
    }
    Ok(())
}

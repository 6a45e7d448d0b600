//! `demo`: a small company's requests are decided, reviewed, expired and audited, in a throw-away folder.

mod damage;
mod policy;
mod scenes;
mod vault;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use agent::review::Reviewer;
use audit::{PersonKey, SigningKey};
use decision::evidence::record::{Lookup, Mode};
use decision::time::{Minutes, Timestamp};
use ports::store::Budgets;
use ports::{Clock, Directory as _, FixedClock};
use sandbox::{Company, PEOPLE, STARTS_AT};
use store::{Options, Salts};

use crate::administration;
use crate::args::Demo;
use crate::error::{Error, Exit};
use crate::output;
use crate::policies;
use crate::settings::{DEMO_ORIGIN, Home};
use crate::wiring::{self, Parts};

/// The company, the running agent, and the virtual clock.
struct Stage {
    company: Company,
    parts: Parts,
    clock: Arc<FixedClock>,
    home: Home,
    key: SigningKey,
    counts: BTreeMap<String, u32>,
}

/// A clock that the stage and the agent share.
struct SharedClock(Arc<FixedClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(crate) fn run(arguments: &Demo) -> Result<Exit, Error> {
    let started = Instant::now();
    // Kept alive until the end, so that the folder is removed then.
    let temporary = tempfile::tempdir()?;
    let folder = match &arguments.keep {
        Some(folder) if folder.exists() => {
            return Err(Error::new(
                Exit::BadInput,
                format!("`{}` exists already", folder.display()),
            )
            .hint("name a new folder"));
        }
        Some(folder) => folder.clone(),
        None => temporary.path().join("company"),
    };
    let mut stage = Stage::build(folder, arguments.seed)?;
    stage.introduce();
    stage.try_policy(arguments.seed)?;
    stage.blueprint_tickets()?;
    stage.stream()?;
    stage.review_one()?;
    stage.let_expire()?;
    stage.vault_door(arguments.seed)?;
    stage.audit_log()?;
    stage.close(started, arguments.keep.is_some());
    Ok(Exit::Done)
}

impl Stage {
    /// Builds the company in `folder` and opens the agent in guarded mode on a virtual clock, with seeded keys.
    fn build(folder: PathBuf, seed: u64) -> Result<Self, Error> {
        let company = Company::generate(seed, PEOPLE);
        fs::create_dir_all(&folder)?;
        let home = Home::new(Some(folder));
        fs::write(home.policy(), &company.access_yml)?;
        fs::write(home.directory(), &company.directory_yml)?;
        fs::write(home.dotenv(), &company.dotenv)?;
        let mut bytes = [0_u8; 32];
        for (byte, value) in bytes.iter_mut().zip(seed.to_be_bytes()) {
            *byte = value;
        }
        let seeded = || {
            SigningKey::from_seed(DEMO_ORIGIN, bytes)
                .map_err(|error| Error::of(Exit::Failed, &error))
        };
        let key = seeded()?;
        let keys = home.log_key();
        if let Some(folder) = keys.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(
            audit::key::public_path(&keys),
            format!("{}\n", key.verifier()),
        )?;
        let clock = Arc::new(FixedClock::new(
            Timestamp::parse(STARTS_AT).unwrap_or_default(),
        ));
        let options = Options {
            key,
            person_key: PersonKey::new(bytes),
            salts: Salts::Seeded {
                seed: bytes,
                taken: 0,
            },
            stop_file: None,
            budgets: Budgets {
                per_person: 10,
                ..Budgets::default()
            },
        };
        let parts = Parts {
            files: policies::of_home(&home)?,
            mode: Mode::Guarded,
            store: wiring::open_store(&home, options)?,
            directory: wiring::directory(&home)?,
            clock: Box::new(SharedClock(Arc::clone(&clock))),
            adviser: None,
        };
        administration::activate(&parts, "the demo begins", None)?;
        administration::allow_guarded(&parts, "a demo has no history to backtest", None)?;
        wiring::start(&parts)?;
        Ok(Self {
            company,
            parts,
            clock,
            home,
            key: seeded()?,
            counts: BTreeMap::new(),
        })
    }

    fn introduce(&self) {
        let policy = self.parts.files.rules.policy();
        output::heading("A company, made from a seed");
        output::paragraph(
            "  ",
            &format!(
                "{} people · {} roles · {} entitlements · {} segregation-of-duties rules · guarded mode · clock stands at {STARTS_AT}",
                PEOPLE,
                policy.roles.len(),
                policy.catalogue.len(),
                policy.conflicts.len()
            ),
        );
    }

    /// Somebody of the company as reviewer. Only a log whose origin is `demo` takes injected reviewers.
    fn reviewer(&self, login: &str) -> Result<Reviewer, Error> {
        if self.parts.store.verifier().name() != DEMO_ORIGIN {
            return Err(Error::new(
                Exit::NotAllowed,
                "only a demo takes injected reviewers",
            ));
        }
        match self.parts.directory.find(login) {
            Ok(Some(Lookup::One(person))) => Ok(Reviewer {
                person: *person,
                assurance: "injected by the demo".to_owned(),
            }),
            _ => Err(Error::new(
                Exit::NotFound,
                format!("the company has no `{login}`"),
            )),
        }
    }

    fn wait(&self, minutes: u32) {
        self.clock.advance(Minutes(minutes));
    }

    fn close(&self, started: Instant, kept: bool) {
        output::heading("What you saw");
        for (decision, count) in &self.counts {
            let style = output::decision_style(decision);
            let bar = "█".repeat((*count as usize).div_ceil(2));
            output::say(&format!(
                "  {style}{decision:<15}{style:#} {count:>4}  {style}{bar}{style:#}"
            ));
        }
        output::say(&format!(
            "\n  Every ruling stands in the log with its evidence; it took {:.1} s.",
            started.elapsed().as_secs_f64()
        ));
        if kept {
            output::say(&format!(
                "  Look around: access-request-agent audit show --home {}",
                self.home.path().display()
            ));
        } else {
            output::say(
                "  The folder is gone now; `demo --keep FOLDER` leaves it for you to look around in.",
            );
        }
    }
}

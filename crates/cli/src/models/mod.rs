//! Language models on the command line: their keys, their prices, and the adviser and analyst that are made of them.

mod analyst;
pub(crate) mod keys;
mod place;
mod prices;
mod ring;
pub(crate) mod tickets;

use std::sync::Arc;
use std::time::Duration;

use agent::advise::BuiltIn;
use agent::advise::asking::Asking;
use agent::advise::batch::{BatchSettings, ModelAnalyst};
use agent::advise::budget::{Budget, nanodollars};
use agent::advise::probe::probe;
use agent::advise::ticket::{self, Bounds, LostAdviser, ModelAdviser};
use agent::redteam::Configured;
use connectors::PamVault;
use connectors::llm::{self, Provider, SettingsError};
use decision::evidence::record::Mode;
use ports::model::{Model, Price};
use ports::{Adviser, Analyst, Secret};

use self::analyst::InPlaceOf;
use self::prices::Prices;
use crate::error::{Error, Exit};
use crate::settings::Home;
use crate::vault::environment::{Environment, refuse};
use crate::vault::kept::{Asks, Kept};
use crate::vault::settings::{seconds, time};
use crate::wiring;

/// How long a run goes on asking, unless it is set.
const RUN_TIME: Duration = Duration::from_mins(30);
/// The longest that may be set for a run or a ticket.
const LONGEST: Duration = Duration::from_mins(600);

/// A model as the operator set it; its key may still be in the vault.
#[derive(Clone)]
pub(crate) struct ModelSettings {
    fast: String,
    strong: String,
    base: llm::Settings,
    prices: Arc<Prices>,
    at_once: usize,
    batch: usize,
    run_limit: u64,
    run_time: Duration,
    ticket_time: Duration,
    each: u64,
    /// The asset of the vault that holds the key.
    key_asset: Option<String>,
}

/// Why a model has no say.
pub(crate) struct Lost {
    /// In words.
    pub(crate) why: String,
    /// Whether nothing is wrong but that nobody was asked for its key, or has answered.
    pub(crate) is_open: bool,
}

/// The settings of the model; `None` when none is configured.
pub(crate) fn read(home: &Home, keys: &Environment) -> Result<Option<ModelSettings>, Error> {
    let Some(name) = keys.get("MODEL_PROVIDER").filter(|name| *name != "none") else {
        return Ok(None);
    };
    let provider = Provider::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Provider::ALL.iter().map(|own| own.name()).collect();
        refuse("MODEL_PROVIDER", name, names.join(", "))
    })?;
    let fast = keys.needed("MODEL_FAST")?.to_owned();
    let strong = keys.get("MODEL_STRONG").unwrap_or(&fast).to_owned();
    let (key, key_asset) = place::key(keys, provider)?;
    let secret = |name: &str| keys.get(name).map(|own| Secret::new(own.to_owned()));
    let base = llm::Settings {
        base_url: keys.get("MODEL_BASE_URL").map(str::to_owned),
        header: keys.get("MODEL_KEY_HEADER").map(str::to_owned),
        organization: secret("MODEL_ORGANIZATION"),
        project: secret("MODEL_PROJECT"),
        timeout: seconds(keys, "MODEL_TIMEOUT", 60)?,
        ca_bundle: keys.path("MODEL_CA_BUNDLE"),
        key,
        ..llm::Settings::new(provider, &fast)
    };
    let run_limit = match keys.get("MODEL_RUN_USD_MAX") {
        None => nanodollars(5.0),
        Some(value) => (value.parse().ok())
            .filter(|dollars| (0.0..=10_000.0).contains(dollars))
            .map(nanodollars)
            .ok_or_else(|| refuse("MODEL_RUN_USD_MAX", value, "dollars from 0 to 10000"))?,
    };
    let contract = wiring::contract(home, Mode::Advise)?;
    let settings = ModelSettings {
        fast,
        strong,
        base,
        prices: Arc::new(Prices::read(keys.path("MODEL_PRICES").as_deref())?),
        at_once: keys.number("MODEL_CONCURRENCY", 8, 1, 64)? as usize,
        batch: keys.number("OPENAI_ANALYSIS_BATCH_SIZE", 25, 1, 100)? as usize,
        run_limit,
        run_time: time(keys, "MODEL_RUN_TIME", RUN_TIME, LONGEST)?,
        ticket_time: time(keys, "MODEL_TICKET_TIME", ticket::TIME, LONGEST)?,
        each: Bounds::of(&contract).limit,
        key_asset,
    };
    if settings.key_in_vault().is_some() {
        // What is wrong beside the key is told before anybody is asked for it.
        let with_some = settings
            .clone()
            .with_key(Secret::new("in-the-vault".into()));
        for name in with_some.names() {
            with_some.model(name)?;
        }
    }
    Ok(Some(settings))
}

impl ModelSettings {
    /// As records cite it.
    pub(crate) fn name(&self) -> String {
        self.cited(&self.fast)
    }

    /// One of the models as records cite it.
    pub(crate) fn cited(&self, model: &str) -> String {
        format!("{}/{model}", self.base.provider.name())
    }

    /// The models, each once: the fast one, which both doors ask, and the strong one, which judges tickets.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = vec![self.fast.as_str(), self.strong.as_str()];
        names.dedup();
        names
    }

    /// The asset of the vault that has the key, when it was not read yet.
    pub(crate) fn key_in_vault(&self) -> Option<&str> {
        let asset = self.key_asset.as_deref();
        asset.filter(|_| self.base.key.is_none())
    }

    fn with_key(mut self, key: Secret) -> Self {
        self.base.key = Some(key);
        self
    }

    /// The same with the key that the vault gives.
    pub(crate) fn with_key_of(
        self,
        key: &Kept,
        vault: &PamVault,
        asks: Asks,
    ) -> Result<Self, Lost> {
        match key.read(vault, asks) {
            Ok(key) => Ok(self.with_key(key)),
            Err(not_given) => Err(Lost {
                why: format!("its key was not read from the vault: {}", not_given.why),
                is_open: not_given.is_open,
            }),
        }
    }

    /// What a model costs, and the day of the price.
    pub(crate) fn price_text(&self, model: &str) -> String {
        match self.price(model) {
            Some(Price::FREE) => "costs nothing".to_owned(),
            Some(price) => format!(
                "{} USD a million tokens read, {} written (as of {})",
                price.input as f64 / 1_000.0,
                price.output as f64 / 1_000.0,
                self.prices.as_of
            ),
            None => "no price is known, so it is not asked: set MODEL_PRICES".to_owned(),
        }
    }

    fn price(&self, model: &str) -> Option<Price> {
        let own = self.base.provider == Provider::Compatible && self.base.is_near();
        let free = own.then_some(Price::FREE);
        self.prices.of(model).or(free)
    }

    fn model(&self, name: &str) -> Result<Box<dyn Model>, Error> {
        let settings = llm::Settings {
            model: name.to_owned(),
            price: self.price(name),
            ..self.base.clone()
        };
        llm::open(settings)
            .map_err(|error: SettingsError| Error::of(Exit::BadInput, &error).hint(error.hint()))
    }

    fn asking(&self, name: &str) -> Result<Arc<Asking>, Error> {
        let model = self.model(name)?;
        Ok(Arc::new(Asking::new(
            model,
            self.at_once,
            std::thread::sleep,
        )))
    }

    /// Asks one of the models once, a few tokens, to see whether it can be asked.
    pub(crate) fn probe(&self, model: &str) -> Result<Result<(), Lost>, Error> {
        if self.lacks_key() {
            return Ok(Err(self.no_key()));
        }
        let budget = Budget::new(self.each);
        let probed = probe(&*self.asking(model)?, &[&budget]);
        Ok(probed.map_err(|failed| Lost {
            why: failed.why,
            is_open: false,
        }))
    }

    /// Whether there is no key, and one is needed.
    fn lacks_key(&self) -> bool {
        let needs = self.key_asset.is_some() || self.base.provider != Provider::Compatible;
        needs && self.base.key.is_none()
    }

    fn no_key(&self) -> Lost {
        let is_open = self.key_asset.is_some();
        let why = if is_open {
            "its key is in the vault and was not read"
        } else {
            "no key is set: MODEL_KEY_FILE, MODEL_KEY_RING, MODEL_KEY_ASSET_ID or the environment tells it"
        };
        Lost {
            why: why.to_owned(),
            is_open,
        }
    }

    /// The analyst of a vault's requests; with it why the model has no say, when it does not answer. The question that shows it
    /// is one of the run.
    pub(crate) fn analyst(
        &self,
        own_user: Option<String>,
    ) -> Result<(Box<dyn Analyst>, Option<String>), Error> {
        if self.lacks_key() {
            return Ok((Box::new(BuiltIn), Some(self.no_key().why)));
        }
        let settings = BatchSettings {
            size: self.batch,
            at_once: self.at_once,
            each: self.each,
        };
        let asking = self.asking(&self.fast)?;
        let analyst = ModelAnalyst::new(asking, settings, own_user, self.run_limit);
        let analyst = analyst.within(self.run_time);
        Ok(match analyst.probe() {
            Ok(()) => (Box::new(analyst), None),
            Err(failed) => (Box::new(InPlaceOf(analyst)), Some(failed.why)),
        })
    }

    /// The models for a red team, which sends them at most `texts` texts.
    pub(crate) fn tried(&self, texts: usize) -> Result<Configured, Error> {
        let [fast, strong, vault] = [&self.fast, &self.strong, &self.fast];
        let models = [self.model(fast)?, self.model(strong)?, self.model(vault)?];
        Ok(Configured::new(
            models,
            texts,
            self.each,
            std::thread::sleep,
        ))
    }

    /// The adviser on tickets, within the bounds of the contract.
    fn adviser(&self, bounds: Bounds) -> Result<Box<dyn Adviser>, Error> {
        if self.lacks_key() {
            return Ok(Box::new(LostAdviser {
                model: self.name(),
                why: self.no_key().why,
            }));
        }
        let bounds = Bounds {
            time: self.ticket_time,
            ..bounds
        };
        let fast = self.asking(&self.fast)?;
        let strong = if self.strong == self.fast {
            fast.clone()
        } else {
            self.asking(&self.strong)?
        };
        Ok(Box::new(ModelAdviser::new(fast, strong, bounds)))
    }
}

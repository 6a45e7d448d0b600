//! Language models on the command line: their keys, their prices, and the adviser and analyst that are made of them.

pub(crate) mod keys;
mod prices;

use std::sync::Arc;
use std::time::Duration;

use agent::advise::asking::Asking;
use agent::advise::batch::{BatchSettings, ModelAnalyst};
use agent::advise::budget::nanodollars;
use agent::advise::ticket::{self, Bounds, LostAdviser, ModelAdviser};
use agent::redteam::Configured;
use connectors::llm::{self, Provider, SettingsError};
use decision::evidence::record::{Fault, Mode};
use ports::model::{Call, Model, Price, Turn};
use ports::{Adviser, Secret};

use self::prices::Prices;
use crate::error::{Error, Exit};
use crate::settings::Home;
use crate::vault::environment::{Environment, refuse};
use crate::vault::settings::{seconds, secret_in, time};
use crate::wiring;

/// What a configured model is asked once to see whether it can be asked.
const PROBE: &str = "Answer with the word ready.";

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
    pub(crate) key_asset: Option<String>,
}

/// Why a model has no say, in words.
pub(crate) struct Lost(pub(crate) String);

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
    let own_key = match provider {
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::OpenAi | Provider::OpenAiResponses | Provider::Azure | Provider::Compatible => {
            "OPENAI_API_KEY"
        }
    };
    let file = keys.path("MODEL_KEY_FILE");
    let key = match file {
        Some(file) => Some(secret_in(&file, "the model's key")?),
        None => keys.get(own_key).map(|key| Secret::new(key.to_owned())),
    };
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
    Ok(Some(ModelSettings {
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
        key_asset: keys.get("MODEL_KEY_ASSET_ID").map(str::to_owned),
    }))
}

impl ModelSettings {
    /// As records cite it.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.base.provider.name(), self.fast)
    }

    /// Whether the key is still in the vault.
    pub(crate) fn wants_key(&self) -> bool {
        self.base.key.is_none() && self.key_asset.is_some()
    }

    /// The same with the key that the vault gave.
    pub(crate) fn with_key(mut self, key: Secret) -> Self {
        self.base.key = Some(key);
        self
    }

    /// The day of the price table, and the price of the model for batches.
    pub(crate) fn price_text(&self) -> String {
        match self.price(&self.fast) {
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

    /// Asks once, a few tokens, to see whether the model can be asked.
    pub(crate) fn probe(&self) -> Result<Result<(), Lost>, Error> {
        if self.lacks_key() {
            let why = match &self.key_asset {
                Some(_) => "its key is in the vault and was not read",
                None => "no key is set",
            };
            return Ok(Err(Lost(why.to_owned())));
        }
        let turns = [Turn::Ours(PROBE.to_owned())];
        let call = Call {
            instructions: PROBE,
            turns: &turns,
            tools: &[],
            form: None,
            output_tokens_max: 400,
        };
        Ok(
            match self.asking(&self.fast)?.ask(&call, "probe", &[]).answer {
                Err(failed) if matches!(failed.fault, Fault::Lost | Fault::Unreadable) => {
                    Err(Lost(failed.why))
                }
                // Whoever refuses or is cut short answers.
                Ok(_) | Err(_) => Ok(()),
            },
        )
    }

    /// Whether there is no key, and one is needed.
    fn lacks_key(&self) -> bool {
        self.base.key.is_none() && self.base.provider != Provider::Compatible
    }

    /// The analyst of a vault's requests.
    pub(crate) fn analyst(&self, own_user: Option<String>) -> Result<ModelAnalyst, Error> {
        let settings = BatchSettings {
            size: self.batch,
            at_once: self.at_once,
            each: self.each,
        };
        let asking = self.asking(&self.fast)?;
        let analyst = ModelAnalyst::new(asking, settings, own_user, self.run_limit);
        Ok(analyst.within(self.run_time))
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

    /// The adviser on tickets, within the contract.
    pub(crate) fn adviser(&self, home: &Home) -> Result<Box<dyn Adviser>, Error> {
        if self.lacks_key() {
            return Ok(Box::new(LostAdviser {
                model: self.name(),
                why: "no key is set for tickets: MODEL_KEY_FILE or the environment has it"
                    .to_owned(),
            }));
        }
        let bounds = Bounds {
            time: self.ticket_time,
            ..Bounds::of(&wiring::contract(home, Mode::Advise)?)
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

/// The adviser on tickets; `None` when no model is configured.
pub(crate) fn adviser(home: &Home) -> Result<Option<Box<dyn Adviser>>, Error> {
    let keys = Environment::of(home)?;
    let settings = read(home, &keys)?;
    settings.map(|settings| settings.adviser(home)).transpose()
}

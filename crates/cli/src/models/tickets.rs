//! The model that advises on tickets. A key that the vault keeps is read at the first question, once in the life of the process:
//! a verb that asks nothing calls no vault.

use std::sync::OnceLock;

use agent::advise::ticket::{Bounds, LostAdviser};
use connectors::PamVault;
use decision::evidence::Frozen;
use decision::evidence::record::{Advice, Analysis, Mode};
use decision::rules::Rules;
use decision::verdict::Ruling;
use ports::Adviser;

use super::ModelSettings;
use crate::error::Error;
use crate::settings::Home;
use crate::vault::environment::Environment;
use crate::vault::kept::{Asks, Kept};
use crate::vault::parts;
use crate::vault::settings::client;
use crate::wiring;

/// The adviser on tickets.
pub(crate) enum TicketModel {
    /// The key is at hand, or there is none.
    Ready(Box<dyn Adviser>),
    /// The vault has the key.
    InVault(Box<InVault>),
}

/// A model whose key the vault has.
pub(crate) struct InVault {
    settings: ModelSettings,
    bounds: Bounds,
    key: Kept,
    asks: Asks,
    environment: Environment,
    opened: OnceLock<Opened>,
}

struct Opened {
    adviser: Box<dyn Adviser>,
    /// The vault that gave the key, where our own request is given back at the end.
    gives_back: Option<PamVault>,
}

impl TicketModel {
    /// The model that is configured; `None` when none is. `asks`: whether somebody may be asked for its key.
    pub(crate) fn of(home: &Home, asks: Asks) -> Result<Option<Self>, Error> {
        let environment = Environment::of(home)?;
        let Some(settings) = super::read(home, &environment)? else {
            return Ok(None);
        };
        let bounds = Bounds::of(&wiring::contract(home, Mode::Advise)?);
        let Some(asset) = settings.key_in_vault() else {
            return Ok(Some(Self::Ready(settings.adviser(bounds)?)));
        };
        Ok(Some(Self::InVault(Box::new(InVault {
            key: Kept::model_key(home, asset),
            settings,
            bounds,
            asks,
            environment,
            opened: OnceLock::new(),
        }))))
    }

    /// Ends our own request for the key, where one was filed and the settings say so. Gives what went wrong.
    pub(crate) fn finish(&self) -> Option<String> {
        let Self::InVault(own) = self else {
            return None;
        };
        let vault = own.opened.get()?.gives_back.as_ref()?;
        let is_over = own.key.is_to_be_given_back();
        is_over.then(|| own.key.give_back(vault)).flatten()
    }
}

impl Adviser for TicketModel {
    fn advise(
        &self,
        rules: &Rules,
        frozen: &Frozen,
        ruling: &Ruling,
        spent: u64,
    ) -> (Advice, Analysis) {
        let adviser = match self {
            Self::Ready(adviser) => adviser,
            // Who comes second waits for the key too.
            Self::InVault(own) => &own.opened.get_or_init(|| own.open()).adviser,
        };
        adviser.advise(rules, frozen, ruling, spent)
    }
}

impl InVault {
    fn open(&self) -> Opened {
        self.read().unwrap_or_else(|why| Opened {
            adviser: Box::new(LostAdviser {
                model: self.settings.name(),
                why,
            }),
            gives_back: None,
        })
    }

    fn read(&self) -> Result<Opened, String> {
        let told = |error: Error| {
            let hint = error.hint.map(|hint| format!("; {hint}"));
            format!(
                "its key is in the vault: {}{}",
                error.message,
                hint.unwrap_or_default()
            )
        };
        let vault = client(&self.environment).map_err(told)?;
        let vault = parts::open(vault).map_err(told)?;
        let completes = self.environment.flag("VAULT_COMPLETE_REQUESTS", true);
        let completes = completes.map_err(told)?;
        let settings = self.settings.clone();
        let settings = settings
            .with_key_of(&self.key, &vault, self.asks)
            .map_err(|lost| lost.why)?;
        Ok(Opened {
            adviser: settings.adviser(self.bounds.clone()).map_err(told)?,
            gives_back: completes.then_some(vault),
        })
    }
}

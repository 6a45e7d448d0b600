//! The parts of the vault's door, opened from their settings.

use agent::cycle::{Ran, post};
use agent::report::run::Written;
use connectors::pam_vault::PamVault;

use super::environment::Environment;
use super::settings::VaultSettings;
use crate::error::{Error, Exit};
use crate::wiring::Parts;

/// The vault's client and what belongs to it.
pub(crate) struct VaultParts {
    pub(crate) settings: VaultSettings,
    pub(crate) client: PamVault,
}

impl VaultParts {
    pub(crate) fn open(settings: VaultSettings, _environment: &Environment) -> Result<Self, Error> {
        let client = PamVault::new(settings.client.clone())
            .map_err(|error| Error::of(Exit::BadInput, &error).hint(error.hint()))?;
        Ok(Self { settings, client })
    }

    /// Mails the report of a run. What goes wrong is told and stops nothing.
    pub(crate) fn mail_report(
        &self,
        _parts: &Parts,
        _ran: &Ran,
        _written: &Written,
    ) -> Vec<String> {
        Vec::new()
    }

    /// Ends our own requests at the vault.
    pub(crate) fn finish(&self) -> Option<String> {
        None
    }
}

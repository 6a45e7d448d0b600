//! Who gets a secret, and when.

use super::records::{Right, Status, Verb};
use super::refusal::Refusal;
use super::state::Vault;
use super::workflow::pending;

impl Vault {
    /// The secret of an asset, when nothing has to be asked for or an approved request is open.
    pub(crate) fn secret(&mut self, user: usize, id: &str) -> Result<(usize, String), Refusal> {
        self.expire();
        let asset = self.asset(id).ok_or_else(|| Refusal::unknown("asset"))?;
        let record = self
            .assets
            .get(asset)
            .ok_or_else(|| Refusal::unknown("asset"))?;
        let reader = record.readers.is_empty() || record.readers.contains(&self.login(user));
        if !reader || !self.may(user, Right::ReadSecrets) {
            return Err(Refusal::unauthorized("this user may not read this secret"));
        }
        let Some(secret) = record.secret.clone() else {
            return Err(Refusal::workflow(
                "SIM-NOSECRET",
                "this asset has no secret",
            ));
        };
        if self.taken(user, asset) {
            return Err(Refusal::workflow(
                "SIM-EXCLUSIVE",
                "somebody else has this asset alone",
            ));
        }
        let action = self.options.credential_action;
        let now = self.now();
        let mut request = None;
        if self.form_for(asset, action, user).is_some() {
            let entry = self.live(user, asset, action).ok_or_else(|| {
                Refusal::workflow(
                    "MSG-00863",
                    "approval is required before this secret can be read",
                )
            })?;
            if entry.status != Status::Approved || !(entry.from..entry.to).contains(&now) {
                return Err(pending());
            }
            request = self.request_ids.get(&entry.id).copied();
        }
        self.record(Some(user), Verb::ReadSecret, request, asset, ("", None));
        Ok((asset, secret.0))
    }
}

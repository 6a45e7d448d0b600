//! What an earlier run left open: actions that were committed, and of which nobody knows what became.

use ports::commit_all;
use ports::store::{ActionRecord, ActionState};
use ports::vault::Wanted;

use super::settle::{Shows, by_another, settled, shows};
use super::{Cycle, RunError, is_past};
use crate::AgentError;

impl Cycle<'_> {
    /// Looks at every open action and settles what can be told. What had no effect may be done anew: the run that follows
    /// rules on it like on any other. Gives what a person should know.
    pub(super) fn look_at_open_actions(&self) -> Result<Vec<String>, RunError> {
        let state = self.agent.store.vault()?;
        let open: Vec<(&String, &ActionRecord)> = state
            .actions
            .iter()
            .filter(|(_, record)| record.state.is_open())
            .collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<Wanted<'_>> = open
            .iter()
            .map(|(_, record)| Wanted {
                id: &record.request,
                created: record.created,
            })
            .collect();
        let now = match self.vault.read_again(&wanted) {
            Ok(now) => now,
            Err(error) => {
                return Ok(vec![format!(
                    "{} actions of earlier runs are open, and the vault could not be looked at: {error}",
                    open.len()
                )]);
            }
        };
        let at = self.agent.now()?;
        let mut transitions = Vec::new();
        let mut remarks = Vec::new();
        for (key, record) in open {
            let long_ago = is_past(record.at, self.settings.settled_after, at);
            let request = now.get(&record.request);
            let shown =
                request.map(|now| shows(record.action, record.level, now, self.vault.own_user()));
            let (state, detail) = match shown {
                Some(Shows::Done(status)) => {
                    (ActionState::Done, format!("the vault shows it as {status}"))
                }
                Some(Shows::AtThisLevel) => (
                    ActionState::Done,
                    "the vault shows our approval at this level".to_owned(),
                ),
                Some(Shows::ByAnother(who)) => (ActionState::Withdrawn, by_another(&who)),
                Some(Shows::Unchanged { surely: true }) if long_ago => (
                    ActionState::Withdrawn,
                    "the vault shows no change: it never had its effect".to_owned(),
                ),
                Some(Shows::Unchanged { surely: true }) => {
                    (ActionState::Unknown, "the vault shows no change yet".to_owned())
                }
                Some(Shows::Unchanged { surely: false }) => (
                    ActionState::Unknown,
                    "the vault does not tell whether it was approved at this level; look there, then run `vault settle`"
                        .to_owned(),
                ),
                Some(Shows::Nothing(why)) => (ActionState::Refused, why),
                None => (
                    ActionState::Unknown,
                    "it is not in the vault's list any more".to_owned(),
                ),
            };
            // What an earlier run did and could not tell is told now.
            if state == ActionState::Unknown || state != record.state {
                remarks.push(format!(
                    "{} of {} (run {}): {detail}",
                    record.action, record.request, record.run
                ));
            }
            if state != record.state {
                transitions.push(settled(at, key, &record.request, "", state, &detail));
            }
        }
        for done in commit_all(self.agent.store, transitions) {
            done.map_err(AgentError::from)?;
        }
        Ok(remarks)
    }
}

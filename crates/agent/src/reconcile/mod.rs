//! Reconciling: after a restart, what was begun is finished or withdrawn. A row in the database alone authorises nothing.

use decision::request::Request;
use decision::time::Minutes;
use ports::store::{Admitted, GrantRow, GrantState, Transition};
use ports::{Effect, commit};

use crate::provision::About;
use crate::ruling::decide;
use crate::{Agent, AgentError, enrich, provision};

/// Most grants that are looked at in one go.
const GRANTS_MAX: u32 = 1_000;
/// After this long a change of unknown outcome that does not show did not happen: the longest request deadline.
const DEADLINE: Minutes = Minutes(10);

/// What became of a grant that was under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// The grant.
    pub grant: String,
    /// Its state before.
    pub before: GrantState,
    /// Its state now.
    pub now: GrantState,
    /// Why.
    pub detail: String,
}

impl Agent<'_> {
    /// Finishes or withdraws everything that was under way. Run at every start.
    ///
    /// # Errors
    /// When the store fails.
    pub fn reconcile(&self) -> Result<Vec<Reconciled>, AgentError> {
        let open = [
            GrantState::Committed,
            GrantState::Unknown,
            GrantState::Revoking,
        ];
        let mut reconciled = Vec::new();
        for grant in self.store.grants(&open, GRANTS_MAX)? {
            // Who holds it cannot be told: the next start looks again.
            let Ok(Some(grant)) = self.located(grant) else {
                continue;
            };
            let before = grant.state;
            let id = grant.id.clone();
            match before {
                GrantState::Committed => self.finish(&grant)?,
                GrantState::Unknown => self.look_again(&grant)?,
                GrantState::Revoking => {
                    self.take_back(grant, "revocation resumed", self.now()?)?;
                }
                GrantState::Applied
                | GrantState::Refused
                | GrantState::Revoked
                | GrantState::Withdrawn => (),
            }
            let row = self.store.grant(&id)?;
            if let Some(row) = row.filter(|row| row.state != before) {
                reconciled.push(Reconciled {
                    grant: id,
                    before,
                    now: row.state,
                    detail: row.detail,
                });
            }
        }
        Ok(reconciled)
    }

    /// A grant that was committed and whose effect nobody saw: look; if it is not there, it has its effect only when
    /// its leaf confirms it and the gate admits it again. INVARIANT(gate-only).
    fn finish(&self, grant: &GrantRow) -> Result<(), AgentError> {
        let effect = Effect::Unknown("the process ended before the effect was seen".to_owned());
        let (state, detail) =
            provision::settle(self, &effect, &grant.id, &grant.person, &grant.entitlement);
        match state {
            GrantState::Applied | GrantState::Refused => return self.record(grant, state, detail),
            // Whether it is there could not be told: nothing is sent until it can.
            _ if self
                .provisioner
                .look(&grant.person, &grant.entitlement)
                .is_err() =>
            {
                return Ok(());
            }
            GrantState::Committed
            | GrantState::Unknown
            | GrantState::Revoking
            | GrantState::Revoked
            | GrantState::Withdrawn => (),
        }
        match self.admit_again(grant)? {
            Ok(transition) => {
                let done = commit(self.store, transition)?;
                provision::carry_out(self, done.grant.iter())
            }
            Err(reason) => self.record(grant, GrantState::Withdrawn, reason),
        }
    }

    fn admit_again(&self, grant: &GrantRow) -> Result<Result<Transition, String>, AgentError> {
        if !self.store.leaf_confirms(grant)? {
            return Ok(Err("the log does not confirm it".to_owned()));
        }
        let now = self.now()?;
        if grant.ends.is_some_and(|ends| ends <= now) {
            return Ok(Err("it had ended before it had an effect".to_owned()));
        }
        let Some(row) = self.store.request(&grant.request)? else {
            return Ok(Err("its request is gone".to_owned()));
        };
        let request: Request = serde_json::from_str(&row.body)
            .map_err(|_| AgentError::Damaged(format!("request `{}`", grant.request)))?;
        if request.revision != grant.revision {
            return Ok(Err("the request was revised".to_owned()));
        }
        let gathered = enrich::gather(self, &request, now)?;
        let (_, ruling, admitted) = decide(gathered.evidence, self.rules);
        let Some(admitted) = admitted else {
            let standing = ruling.findings.without(ruling.lifted);
            let names: Vec<&str> = standing
                .iter()
                .map(decision::findings::Kind::name)
                .collect();
            return Ok(Err(format!("not admitted again: {}", names.join(", "))));
        };
        if admitted.person() != grant.person
            || admitted.entitlement() != grant.entitlement
            || admitted.content_digest() != grant.content_digest
        {
            return Ok(Err(
                "what would be granted now is not what was committed".to_owned()
            ));
        }
        Ok(Ok(Transition {
            at: now,
            expected_versions: gathered.versions,
            policy: Some(self.rules.policy().digest.clone()),
            leaves: vec![About::from(grant).leaf("effect.resumed", &[])],
            resumed: Some(Admitted {
                id: grant.id.clone(),
                grant: admitted,
            }),
            ..Transition::default()
        }))
    }

    /// A change whose outcome was not known: settled by looking, never by sending again.
    fn look_again(&self, grant: &GrantRow) -> Result<(), AgentError> {
        let effect = Effect::Unknown("looked again".to_owned());
        let (state, detail) =
            provision::settle(self, &effect, &grant.id, &grant.person, &grant.entitlement);
        match state {
            GrantState::Applied | GrantState::Refused => self.record(grant, state, detail),
            _ if self
                .provisioner
                .look(&grant.person, &grant.entitlement)
                .is_err() =>
            {
                Ok(())
            }
            _ if grant.starts.plus(DEADLINE) < self.now()? => self.record(
                grant,
                GrantState::Refused,
                "it did not show after the deadline".to_owned(),
            ),
            GrantState::Committed
            | GrantState::Unknown
            | GrantState::Revoking
            | GrantState::Revoked
            | GrantState::Withdrawn => Ok(()),
        }
    }

    fn record(
        &self,
        grant: &GrantRow,
        state: GrantState,
        detail: String,
    ) -> Result<(), AgentError> {
        let settled = About::from(grant).settled(self, state, detail)?;
        commit(self.store, settled)?;
        Ok(())
    }
}

//! Revocation: what has ended is taken back and read back. It needs no permit and no working gate.

use decision::evidence::record::Person;
use decision::findings::approvals::SECURITY_GROUP;
use decision::time::Timestamp;
use ports::store::{GrantRow, GrantState, Revocation, Transition};
use ports::{Effect, commit};

use crate::provision::About;
use crate::review::Reviewer;
use crate::{Agent, AgentError};

/// Most grants that one sweep takes back.
pub const SWEEP_MAX: u32 = 1_000;

/// What became of a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The grant, as it is now.
    pub grant: GrantRow,
    /// Whether it is gone.
    pub is_gone: bool,
}

impl Agent<'_> {
    /// Takes back every grant that has ended, oldest first, at most [`SWEEP_MAX`].
    ///
    /// # Errors
    /// When the store fails; what was taken back before stays so.
    pub fn expire(&self) -> Result<Vec<Revoked>, AgentError> {
        let now = self.now()?;
        let expired = self.store.expired(now, SWEEP_MAX)?;
        expired
            .into_iter()
            .map(|grant| self.take_back(grant, "expired", now))
            .collect()
    }

    /// Takes back one grant before its end. The person who has it, their manager, the owner of the resource and
    /// security may.
    ///
    /// # Errors
    /// When there is no such grant, it is not in force, the person may not, or the store fails.
    pub fn revoke(&self, id: &str, by: &Reviewer, reason: &str) -> Result<Revoked, AgentError> {
        let grant = self
            .store
            .grant(id)?
            .ok_or_else(|| AgentError::NotFound(format!("grant `{id}`")))?;
        self.may_revoke(&grant, &by.person)?;
        let reason = format!("{reason} (by {})", by.person.id);
        match grant.state {
            GrantState::Applied
            | GrantState::Unknown
            | GrantState::Revoking
            | GrantState::Committed => self.take_back(grant, &reason, self.now()?),
            GrantState::Refused | GrantState::Revoked | GrantState::Withdrawn => {
                Err(AgentError::NotAllowed(format!(
                    "grant `{id}` is {}, there is nothing to take back",
                    grant.state.name()
                )))
            }
        }
    }

    fn may_revoke(&self, grant: &GrantRow, person: &Person) -> Result<(), AgentError> {
        let in_group = |group: &str| person.groups.iter().any(|own| own == group);
        let entry = self
            .rules
            .entitlement(&grant.entitlement)
            .and_then(|id| self.rules.entry(id));
        let owns = entry
            .and_then(|entry| entry.owner.as_deref())
            .is_some_and(in_group);
        // When the directory cannot say who manages them, their manager has to ask security.
        let holder = self.directory.person(&grant.person).ok().flatten();
        let manages = holder.is_some_and(|holder| holder.manager.as_ref() == Some(&person.id));
        if in_group(SECURITY_GROUP) || owns || manages || person.id == grant.person {
            return Ok(());
        }
        Err(AgentError::NotAllowed(format!(
            "`{}` is neither holder nor manager nor owner nor security for this grant",
            person.login
        )))
    }

    /// Commits the revocation, carries it out, looks, and settles.
    pub(crate) fn take_back(
        &self,
        grant: GrantRow,
        reason: &str,
        now: Timestamp,
    ) -> Result<Revoked, AgentError> {
        let superseded = self.is_superseded(&grant, now)?;
        let transition = Transition {
            at: now,
            leaves: vec![
                About::from(&grant).leaf("grant.revoking", &[("reason", reason.to_owned())]),
            ],
            revocation: Some(Revocation {
                grant: grant.id.clone(),
                person: grant.person.clone(),
                entitlement: grant.entitlement.clone(),
                reason: reason.to_owned(),
                superseded,
            }),
            ..Transition::default()
        };
        let done = commit(self.store, transition)?;
        fail::fail_point!("agent-after-revoke-commit");
        let effect = done
            .revocation
            .as_ref()
            .map_or(Effect::AlreadySo, |own| self.provisioner.revoke(own));
        fail::fail_point!("agent-after-revoke-effect");
        let look = self.provisioner.look(&grant.person, &grant.entitlement);
        let (state, detail) = match look {
            Ok(seen) if seen.as_ref().and_then(|seen| seen.grant.as_deref()) != Some(&grant.id) => {
                let rest = if seen.is_some() {
                    ", still held by other means"
                } else {
                    ""
                };
                (
                    GrantState::Revoked,
                    format!("{reason}, read back from {}{rest}", self.provisioner.name()),
                )
            }
            Ok(_) => (
                GrantState::Revoking,
                format!("{reason}, but still there: {effect:?}"),
            ),
            Err(error) => (GrantState::Revoking, format!("{reason}: {error}")),
        };
        let settled = About::from(&grant).settled(self, state, detail)?;
        commit(self.store, settled)?;
        let grant = self.store.grant(&grant.id)?.unwrap_or(grant);
        Ok(Revoked {
            is_gone: grant.state == GrantState::Revoked,
            grant,
        })
    }

    /// Whether another grant of ours still gives the same access to the same person.
    fn is_superseded(&self, grant: &GrantRow, now: Timestamp) -> Result<bool, AgentError> {
        let others = self
            .store
            .earlier(&grant.person, &grant.entitlement, now, &grant.id)?;
        for other in others {
            if let Some(row) = self.store.grant(&other.grant)?
                && matches!(
                    row.state,
                    GrantState::Applied | GrantState::Committed | GrantState::Unknown
                )
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

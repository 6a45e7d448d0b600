//! Revocation: what has ended is taken back and read back. It needs no permit and no working gate.

use decision::evidence::record::{LogState, Person};
use decision::findings::approvals::SECURITY_GROUP;
use decision::time::Timestamp;
use ports::store::{GrantRow, GrantState, Revocation, Survivor, Transition};
use ports::{Effect, PortError, commit};

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
    /// Takes back every grant that has ended, oldest first, at most [`SWEEP_MAX`]. One that cannot be taken stops no other.
    ///
    /// # Errors
    /// When the store cannot say what has ended.
    pub fn expire(&self) -> Result<Vec<Revoked>, AgentError> {
        let now = self.now()?;
        let mut revoked = Vec::new();
        for grant in self.store.expired(now, SWEEP_MAX)? {
            let taken = match self.located(grant.clone()) {
                Ok(Some(located)) => self
                    .take_back(located, "expired", now)
                    .map_err(|error| error.to_string()),
                Ok(None) => continue,
                Err(error) => Err(format!("who holds it is not known: {error}")),
            };
            revoked.push(taken.unwrap_or_else(|why| Revoked {
                is_gone: false,
                grant: GrantRow {
                    state: GrantState::Revoking,
                    detail: format!("expired, and {why}"),
                    ..grant
                },
            }));
        }
        Ok(revoked)
    }

    /// The grant with who holds what by it. When the log does not verify, or the row is gone or altered, the system tells
    /// that, not the store; `None` when it has nothing of the grant.
    pub(crate) fn located(&self, grant: GrantRow) -> Result<Option<GrantRow>, PortError> {
        if self.store.log_state() == LogState::Verified && !grant.person.is_empty() {
            return Ok(Some(grant));
        }
        let held = self.provisioner.held_by(&grant.id)?;
        Ok(held.map(|held| GrantRow {
            person: held.person,
            entitlement: held.entitlement,
            ..grant
        }))
    }

    /// Takes back one grant before its end. The person who has it, their manager, the owner of the resource and
    /// security may.
    ///
    /// # Errors
    /// When there is no such grant, it is not in force, the person may not, or the store fails.
    pub fn revoke(&self, id: &str, by: &Reviewer, reason: &str) -> Result<Revoked, AgentError> {
        let now = self.now()?;
        by.check_active(now)?;
        let grant = self
            .store
            .grant(id)?
            .ok_or_else(|| AgentError::NotFound(format!("grant `{id}`")))?;
        let Some(grant) = self
            .located(grant)
            .map_err(|error| AgentError::NotFound(format!("holder of grant `{id}`: {error}")))?
        else {
            return Err(AgentError::NotAllowed(format!(
                "{} has nothing that came from grant `{id}`, there is nothing to take back",
                self.provisioner.name()
            )));
        };
        self.may_revoke(&grant, &by.person)?;
        let reason = format!("{reason} (by {})", by.person.id);
        match grant.state {
            GrantState::Refused | GrantState::Revoked | GrantState::Withdrawn
                if self.store.log_state() == LogState::Verified =>
            {
                Err(AgentError::NotAllowed(format!(
                    "grant `{id}` is {}, there is nothing to take back",
                    grant.state.name()
                )))
            }
            // On a log that does not verify the system was asked, and it has something.
            GrantState::Applied
            | GrantState::Unknown
            | GrantState::Revoking
            | GrantState::Committed
            | GrantState::Refused
            | GrantState::Revoked
            | GrantState::Withdrawn => self.take_back(grant, &reason, now),
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
        let survivor = self.survivor(&grant, now)?;
        let kept_by = survivor.as_ref().map(|survivor| survivor.grant.clone());
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
                survivor,
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
                let rest = match (seen.map(|seen| seen.grant), kept_by) {
                    (None, _) => String::new(),
                    (Some(holder), Some(other)) if holder.as_ref() == Some(&other) => {
                        format!(", still held by grant {other}")
                    }
                    (Some(_), _) => ", still held by other means".to_owned(),
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
        let settled = About::from(&grant).settled(self, state, detail.clone())?;
        commit(self.store, settled)?;
        Ok(Revoked {
            is_gone: state == GrantState::Revoked,
            grant: GrantRow {
                state,
                detail,
                ..grant
            },
        })
    }

    /// The grant of ours that gives the same access to the same person the longest, when there is another one. One whose
    /// access was not seen, or that the log does not confirm, keeps nothing.
    fn survivor(&self, grant: &GrantRow, now: Timestamp) -> Result<Option<Survivor>, AgentError> {
        let others = self
            .store
            .earlier(&grant.person, &grant.entitlement, now, &grant.id)?;
        let mut last: Option<(Timestamp, Survivor)> = None;
        for other in others {
            let Some(row) = self.store.grant(&other.grant)? else {
                continue;
            };
            let lasts_longer = last.as_ref().is_none_or(|(end, _)| *end < other.end);
            if lasts_longer && row.state == GrantState::Applied && self.store.leaf_confirms(&row)? {
                let survivor = Survivor {
                    grant: row.id,
                    starts: row.starts,
                    ends: row.ends,
                };
                last = Some((other.end, survivor));
            }
        }
        Ok(last.map(|(_, survivor)| survivor))
    }
}

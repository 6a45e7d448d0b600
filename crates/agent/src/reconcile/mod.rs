//! Reconciling: after a restart, what was begun is finished or withdrawn. A row in the database alone authorises nothing.

use decision::evidence::record::{Evidence, Mode};
use decision::request::{Content, Request};
use decision::time::Minutes;
use ports::store::{Admitted, GrantRow, GrantState, Transition};
use ports::{PortError, commit};

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
    /// Whether an error stopped it, which the detail tells: the next start tries again.
    pub is_stuck: bool,
}

impl Agent<'_> {
    /// Finishes or withdraws everything that was under way. Run at every start. One that cannot be finished stops no
    /// other.
    ///
    /// # Errors
    /// When the store cannot say what was under way.
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
            let (id, before) = (grant.id.clone(), grant.state);
            let tried = self.go_on(grant).and_then(|()| Ok(self.store.grant(&id)?));
            let (now, detail, is_stuck) = match tried {
                Ok(Some(row)) if row.state != before => (row.state, row.detail, false),
                Ok(_) => continue,
                Err(error) => (before, error.to_string(), true),
            };
            reconciled.push(Reconciled {
                grant: id,
                before,
                now,
                detail,
                is_stuck,
            });
        }
        Ok(reconciled)
    }

    fn go_on(&self, grant: GrantRow) -> Result<(), AgentError> {
        match grant.state {
            GrantState::Committed => self.finish(&grant),
            GrantState::Unknown => self.look_again(&grant),
            GrantState::Revoking => {
                let now = self.now()?;
                self.take_back(grant, "revocation resumed", now).map(drop)
            }
            GrantState::Applied
            | GrantState::Refused
            | GrantState::Revoked
            | GrantState::Withdrawn => Ok(()),
        }
    }

    /// A grant that was committed and whose effect nobody saw: look; if it is not there, it has its effect only when
    /// its leaf confirms it and the gate admits it again. INVARIANT(gate-only).
    fn finish(&self, grant: &GrantRow) -> Result<(), AgentError> {
        match self.is_there(grant) {
            // Nothing is sent or recorded before it can be told.
            Err(_) => return Ok(()),
            Ok(true) => return self.record_there(grant),
            Ok(false) => (),
        }
        match self.admit_again(grant)? {
            Ok(transition) => {
                let done = commit(self.store, transition)?;
                provision::carry_out(self, done.grant.iter())
            }
            Err(reason) => self.record(grant, GrantState::Withdrawn, reason),
        }
    }

    /// Looks, once: whether what is held is held by this grant. What another one gave says nothing of this one.
    fn is_there(&self, grant: &GrantRow) -> Result<bool, PortError> {
        let seen = self.provisioner.look(&grant.person, &grant.entitlement)?;
        Ok(seen.is_some_and(|seen| seen.grant.as_ref() == Some(&grant.id)))
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
        if let Some(denial) = self.denial(&grant.request)? {
            return Ok(Err(format!("a person denied it ({})", denial.id)));
        }
        // What was decided in one mode is finished in it, whatever mode finishes it.
        let agent = Self {
            mode: self.mode_of(grant)?,
            ..*self
        };
        let gathered = enrich::gather(&agent, &request, now)?;
        let (frozen, ruling, admitted) = decide(gathered.evidence, self.rules);
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
            || !is_committed(frozen.content(), grant)
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

    /// The mode of the ruling that led to the grant; when that is gone, the mode now.
    fn mode_of(&self, grant: &GrantRow) -> Result<Mode, AgentError> {
        let ruling = self.store.ruling_of(grant)?;
        let evidence =
            ruling.and_then(|stored| serde_json::from_str::<Evidence>(&stored.row.evidence).ok());
        Ok(evidence.map_or(self.mode, |evidence| evidence.mode))
    }

    /// A change whose outcome was not known: settled by looking, never by sending again.
    fn look_again(&self, grant: &GrantRow) -> Result<(), AgentError> {
        match self.is_there(grant) {
            Ok(true) => self.record_there(grant),
            Ok(false) if grant.starts.plus(DEADLINE) < self.now()? => self.record(
                grant,
                GrantState::Refused,
                "it did not show after the deadline".to_owned(),
            ),
            Ok(false) | Err(_) => Ok(()),
        }
    }

    fn record_there(&self, grant: &GrantRow) -> Result<(), AgentError> {
        let detail = format!("read back from {}", self.provisioner.name());
        self.record(grant, GrantState::Applied, detail)
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

/// Whether this is the content that was committed. Until one and the same end, the length shrinks by the minute: what was
/// committed lasted from its start to its end.
fn is_committed(content: &Content, grant: &GrantRow) -> bool {
    let committed = Content {
        duration: grant.ends.map(|ends| ends.since(grant.starts)),
        ..content.clone()
    };
    [content, &committed]
        .iter()
        .any(|one| one.digest() == grant.content_digest)
}

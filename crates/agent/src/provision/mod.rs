//! Provisioning: a committed grant has its effect, and what became of it is read back and settled.

use decision::gate::Grant;
use ports::store::{Category, GrantRow, GrantState, LeafDraft, Settlement, Transition};
use ports::{Committed, Effect, commit_all};

use crate::ruling::map;
use crate::{Agent, AgentError};

/// Carries out committed grants one by one and settles all of them in one commit. INVARIANT(once): what became of a
/// change is decided by looking.
pub(crate) fn carry_out<'a>(
    agent: &Agent<'_>,
    grants: impl Iterator<Item = &'a Committed<Grant>>,
) -> Result<(), AgentError> {
    let mut settlements = Vec::new();
    for grant in grants {
        let effect = agent.provisioner.grant(grant);
        fail::fail_point!("agent-after-effect");
        let (state, detail) = settle(agent, &effect, grant);
        settlements.push(About::from(grant).settled(agent, state, detail)?);
    }
    fail::fail_point!("agent-before-settle");
    for result in commit_all(agent.store, settlements) {
        result?;
    }
    fail::fail_point!("agent-after-settle");
    Ok(())
}

/// What is so, by looking: the answer to the change alone proves nothing.
fn settle(agent: &Agent<'_>, effect: &Effect, grant: &Committed<Grant>) -> (GrantState, String) {
    let doubt = match effect {
        Effect::Refused(reason) => return (GrantState::Refused, reason.clone()),
        // It stays committed: the next start tries again.
        Effect::NotNow(reason) => return (GrantState::Committed, reason.clone()),
        Effect::Unknown(reason) => Some(reason),
        Effect::Applied | Effect::AlreadySo => None,
    };
    let name = agent.provisioner.name();
    let permit = grant.get();
    let seen = agent
        .provisioner
        .look(permit.person(), permit.entitlement());
    match (seen, doubt) {
        (Ok(Some(seen)), _) if seen.grant.as_deref() == Some(grant.id()) => {
            (GrantState::Applied, format!("read back from {name}"))
        }
        (Ok(_), Some(doubt)) => (
            GrantState::Unknown,
            format!("{doubt}; not seen in {name} yet"),
        ),
        (Ok(Some(_)), None) => (
            GrantState::Refused,
            format!("{name} has it by other means, so nothing was given"),
        ),
        (Ok(None), None) => (
            GrantState::Unknown,
            format!("{name} said yes, but does not show it"),
        ),
        (Err(error), _) => (GrantState::Unknown, error.to_string()),
    }
}

/// The grant that an effect is about, as its leaf names it.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    grant: &'a str,
    request: &'a str,
    person: &'a str,
    entitlement: &'a str,
}

impl<'a> From<&'a Committed<Grant>> for About<'a> {
    fn from(committed: &'a Committed<Grant>) -> Self {
        let grant = committed.get();
        Self {
            grant: committed.id(),
            request: grant.request(),
            person: grant.person(),
            entitlement: grant.entitlement(),
        }
    }
}

impl<'a> From<&'a GrantRow> for About<'a> {
    fn from(row: &'a GrantRow) -> Self {
        Self {
            grant: &row.id,
            request: &row.request,
            person: &row.person,
            entitlement: &row.entitlement,
        }
    }
}

impl About<'_> {
    /// The leaf of something that happens to the grant.
    pub(crate) fn leaf(self, event: &'static str, committed: &[(&str, String)]) -> LeafDraft {
        LeafDraft {
            category: Category::Effect,
            event,
            request: self.request.to_owned(),
            person: Some(self.person.to_owned()),
            clear: map(&[
                ("grant", self.grant.to_owned()),
                ("entitlement", self.entitlement.to_owned()),
            ]),
            keyed: map(&[]),
            committed: map(committed),
        }
    }

    /// The transition that records how a change turned out.
    pub(crate) fn settled(
        self,
        agent: &Agent<'_>,
        state: GrantState,
        detail: String,
    ) -> Result<Transition, AgentError> {
        let mut leaf = self.leaf("effect.settled", &[("detail", detail.clone())]);
        leaf.clear
            .insert("state".to_owned(), state.name().to_owned());
        Ok(Transition {
            at: agent.now()?,
            leaves: vec![leaf],
            settlement: Some(Settlement {
                grant: self.grant.to_owned(),
                state,
                detail,
            }),
            ..Transition::default()
        })
    }
}

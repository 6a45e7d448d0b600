//! Provisioning: a committed grant has its effect, and what became of it is read back and settled.

use decision::gate::Grant;
use ports::store::{Category, GrantState, LeafDraft, Settlement, Transition};
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
        let person = grant.get().person();
        let (state, detail) = settle(
            agent,
            &effect,
            grant.id(),
            person,
            grant.get().entitlement(),
        );
        settlements.push(settlement(agent, grant, state, detail)?);
    }
    fail::fail_point!("agent-before-settle");
    for result in commit_all(agent.store, settlements) {
        result?;
    }
    fail::fail_point!("agent-after-settle");
    Ok(())
}

/// What is so, by looking: the answer to the change alone proves nothing.
pub(crate) fn settle(
    agent: &Agent<'_>,
    effect: &Effect,
    grant: &str,
    person: &str,
    entitlement: &str,
) -> (GrantState, String) {
    if let Effect::Refused(reason) = effect {
        return (GrantState::Refused, reason.clone());
    }
    let name = agent.provisioner.name();
    match (agent.provisioner.look(person, entitlement), effect) {
        (Ok(Some(seen)), _) if seen.grant.as_deref() == Some(grant) => {
            (GrantState::Applied, format!("read back from {name}"))
        }
        (Ok(Some(_)), _) => (
            GrantState::Refused,
            format!("{name} has it by other means, so nothing was given"),
        ),
        (Ok(None), Effect::Unknown(reason)) => (
            GrantState::Unknown,
            format!("{reason}; not seen in {name} yet"),
        ),
        (Ok(None), _) => (
            GrantState::Unknown,
            format!("{name} said yes, but does not show it"),
        ),
        (Err(error), _) => (GrantState::Unknown, error.to_string()),
    }
}

fn settlement(
    agent: &Agent<'_>,
    grant: &Committed<Grant>,
    state: GrantState,
    detail: String,
) -> Result<Transition, AgentError> {
    let own = grant.get();
    settled(
        agent,
        grant.id(),
        own.request(),
        own.person(),
        own.entitlement(),
        state,
        detail,
    )
}

/// The transition that records how a change turned out.
pub(crate) fn settled(
    agent: &Agent<'_>,
    grant: &str,
    request: &str,
    person: &str,
    entitlement: &str,
    state: GrantState,
    detail: String,
) -> Result<Transition, AgentError> {
    Ok(Transition {
        at: agent.now()?,
        leaves: vec![LeafDraft {
            category: Category::Effect,
            event: "effect.settled",
            request: request.to_owned(),
            person: Some(person.to_owned()),
            clear: map(&[
                ("grant", grant.to_owned()),
                ("entitlement", entitlement.to_owned()),
                ("state", state.name().to_owned()),
            ]),
            committed: map(&[("detail", detail.clone())]),
        }],
        settlement: Some(Settlement {
            grant: grant.to_owned(),
            state,
            detail,
        }),
        ..Transition::default()
    })
}

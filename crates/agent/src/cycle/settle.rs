//! Settling: what became of an action, judged by what the vault shows. INVARIANT(once).

use std::collections::BTreeMap;

use decision::vault::{Action, WorkflowRequest};
use ports::store::{ActionState, Category, LeafDraft, Transition};
use ports::vault::Answer;
use ports::{PortError, commit};

use super::record::ActionOutcome;
use crate::ruling::map;
use crate::{Agent, AgentError};

/// What is so, by looking; the answer alone proves nothing.
pub(super) fn judge(
    action: Action,
    level: u32,
    answer: Option<&Answer>,
    seen: Result<Option<&WorkflowRequest>, &PortError>,
    own: Option<&str>,
) -> (ActionState, ActionOutcome, String) {
    let shown = match seen {
        Ok(Some(request)) => shows(action, level, request, own),
        Ok(None) => Shows::Nothing("it is not in the vault's list any more".to_owned()),
        Err(error) => Shows::Nothing(error.to_string()),
    };
    let took_effect = matches!(shown, Shows::Done(_) | Shows::AtThisLevel);
    let told = match answer {
        None => {
            let detail = "committed, and not sent: the run came to its end".to_owned();
            return (ActionState::Withdrawn, ActionOutcome::Parked, detail);
        }
        // What the vault shows counts more than what it answered.
        Some(Answer::Refused(why) | Answer::NoSuchPath(why)) if !took_effect => {
            return (ActionState::Refused, ActionOutcome::Refused, why.clone());
        }
        Some(Answer::NotSent(why)) => {
            return (ActionState::Withdrawn, ActionOutcome::Refused, why.clone());
        }
        Some(Answer::Done) => None,
        Some(Answer::Unknown(why) | Answer::Refused(why) | Answer::NoSuchPath(why)) => Some(why),
    };
    let done = |outcome, detail: String| (ActionState::Done, outcome, detail);
    match (shown, told) {
        (Shows::Done(status), _) => done(
            ActionOutcome::Done,
            format!("the vault shows it as {status}"),
        ),
        (Shows::AtThisLevel, _) => done(
            ActionOutcome::DoneAtThisLevel,
            "approved at this level; others have to approve it too".to_owned(),
        ),
        // It said yes, and an approval may leave the request waiting at a further level.
        (Shows::Unchanged { .. }, None) if action == Action::Approve => done(
            ActionOutcome::DoneAtThisLevel,
            "the vault said yes and still shows it as Active: approved at this level".to_owned(),
        ),
        (Shows::Unchanged { .. }, None) => (
            ActionState::Unknown,
            ActionOutcome::Unknown,
            "the vault said yes, and does not show it".to_owned(),
        ),
        (Shows::Nothing(why), None) => done(
            ActionOutcome::Done,
            format!("the vault said yes; it could not be looked at: {why}"),
        ),
        (Shows::Unchanged { .. }, Some(why)) => (
            ActionState::Unknown,
            ActionOutcome::Unknown,
            format!("{why}; the vault shows no change yet"),
        ),
        (Shows::Nothing(look), Some(why)) => (
            ActionState::Unknown,
            ActionOutcome::Unknown,
            format!("{why}; {look}"),
        ),
    }
}

/// What a request shows of an action on it.
pub(super) enum Shows {
    /// It had its effect.
    Done(&'static str),
    /// It was approved by us at the level, and waits for others.
    AtThisLevel,
    /// Nothing of it. `surely`: had it had its effect, it would show.
    Unchanged { surely: bool },
    /// Nothing can be said.
    Nothing(String),
}

pub(super) fn shows(
    action: Action,
    level: u32,
    request: &WorkflowRequest,
    own: Option<&str>,
) -> Shows {
    use decision::vault::Status;
    use decision::vault::request::same_user;
    let status = &request.status;
    if *status == action.leads_to() || (action == Action::Approve && *status == Status::Completed) {
        return Shows::Done(status.name());
    }
    let before = match action {
        Action::Approve | Action::Reject => Status::Active,
        Action::Close => Status::Approved,
    };
    if *status != before {
        return Shows::Nothing(format!("it is {} now", status.name()));
    }
    if action != Action::Approve {
        return Shows::Unchanged { surely: true };
    }
    let approvals = request.approvals.as_deref();
    let by_us = approvals.is_some_and(|approvals| {
        approvals.iter().any(|approval| {
            own.is_some_and(|own| same_user(own, &approval.by))
                && approval.level.is_none_or(|at| at == level)
        })
    });
    if by_us || request.level.is_some_and(|now| now > level) {
        return Shows::AtThisLevel;
    }
    Shows::Unchanged {
        surely: request.levels == Some(1) || approvals.is_some(),
    }
}

/// The transition that records what became of an action. `person`: whom its leaf is about, empty for nobody.
pub(super) fn settled(
    at: decision::time::Timestamp,
    key: &str,
    request: &str,
    person: &str,
    state: ActionState,
    detail: &str,
) -> Transition {
    Transition {
        at,
        leaves: vec![LeafDraft {
            category: Category::Effect,
            event: "vault.settled",
            request: request.to_owned(),
            person: (!person.is_empty()).then(|| person.to_owned()),
            clear: map(&[("key", key.to_owned()), ("state", state.name().to_owned())]),
            keyed: BTreeMap::new(),
            committed: map(&[("detail", detail.to_owned())]),
        }],
        ..Transition::default()
    }
}

impl Agent<'_> {
    /// Settles an open action by the word of a person, by immutable id, who looked in the vault.
    ///
    /// # Errors
    /// When there is no such open action, or nothing could be committed.
    pub fn settle_action(
        &self,
        key: &str,
        done: bool,
        by: &str,
    ) -> Result<ActionState, AgentError> {
        let actions = self.store.vault()?.actions;
        let open = actions.get(key).filter(|record| record.state.is_open());
        let open = open.ok_or_else(|| AgentError::NotFound(format!("open action `{key}`")))?;
        let state = if done {
            ActionState::Done
        } else {
            ActionState::Withdrawn
        };
        let detail = "a person looked in the vault";
        let transition = settled(self.now()?, key, &open.request, by, state, detail);
        commit(self.store, transition)?;
        Ok(state)
    }
}

//! Settling: what became of an action, judged by what the vault shows. INVARIANT(once).

use std::collections::BTreeMap;

use decision::vault::request::Approved;
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
    if let (Shows::ByAnother(who), Some(Answer::Refused(why) | Answer::NoSuchPath(why))) =
        (&shown, answer)
    {
        let detail = format!("{why}; {}", by_another(who));
        return (ActionState::Refused, ActionOutcome::ByAnother, detail);
    }
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
        // It said yes to us: whoever else it names approved as well.
        (Shows::ByAnother(who), None) => done(
            ActionOutcome::Done,
            format!("the vault said yes; it names {who} for the approval"),
        ),
        (Shows::ByAnother(who), Some(why)) => (
            ActionState::Withdrawn,
            ActionOutcome::ByAnother,
            format!("{why}; {}", by_another(&who)),
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

/// What is told of an approval that somebody else gave.
pub(super) fn by_another(who: &str) -> String {
    format!("done by somebody else: the vault names {who}")
}

/// What a request shows of an action on it.
pub(super) enum Shows {
    /// It had its effect.
    Done(&'static str),
    /// It was approved by us at the level, and waits for others.
    AtThisLevel,
    /// It is approved, at the level or wholly, and the vault names who gave the approvals: others, and not us.
    ByAnother(String),
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
    let approvals = request.approvals.as_deref();
    let is_here = |approval: &&Approved| approval.level.is_none_or(|at| at == level);
    let here = || approvals.into_iter().flatten().filter(is_here);
    let by_us = own.is_some_and(|own| here().any(|approval| same_user(own, &approval.by)));
    let moved_on = *status != Status::Active || request.level.is_some_and(|now| now > level);
    if action == Action::Approve
        && moved_on
        && !by_us
        && own.is_some()
        && let Some(other) = here().next_back()
        && matches!(
            status,
            Status::Active | Status::Approved | Status::Completed
        )
    {
        return Shows::ByAnother(other.by.clone());
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use decision::vault::Status;

    fn request(status: Status, approvals: Option<&[(&str, Option<u32>)]>) -> WorkflowRequest {
        WorkflowRequest {
            id: "r-1".to_owned(),
            level: Some(if status == Status::Active { 2 } else { 1 }),
            status,
            approvals: approvals.map(|approvals| {
                let given = approvals.iter().map(|(by, level)| Approved {
                    by: (*by).to_owned(),
                    level: *level,
                });
                given.collect()
            }),
            ..WorkflowRequest::default()
        }
    }

    #[test]
    fn who_approved_is_told_apart_where_the_vault_says_it() {
        let lost = Answer::Unknown("no answer".to_owned());
        let no = Answer::Refused("not Active".to_owned());
        let (done, another) = (ActionOutcome::Done, ActionOutcome::ByAnother);
        let here = ActionOutcome::DoneAtThisLevel;
        let (ours, gone) = (ActionState::Done, ActionState::Withdrawn);
        let us = ("CORP\\svc-analyst", Some(1));
        let person = ("manager-001", Some(1));
        let anywhere = ("manager-001", None);
        let later = ("manager-001", Some(2));
        for (status, approvals, answer, state, outcome) in [
            (Status::Approved, Some(&[us][..]), &lost, ours, done),
            (Status::Approved, Some(&[us, later]), &lost, ours, done),
            (Status::Completed, Some(&[person, us]), &lost, ours, done),
            (Status::Approved, Some(&[person]), &lost, gone, another),
            (Status::Completed, Some(&[anywhere]), &lost, gone, another),
            (Status::Active, Some(&[person]), &lost, gone, another),
            (
                Status::Approved,
                Some(&[person]),
                &no,
                ActionState::Refused,
                another,
            ),
            // It said yes to us: that another approved as well changes nothing.
            (Status::Approved, Some(&[person]), &Answer::Done, ours, done),
            // It does not say who, or not at which of several levels: as it was.
            (Status::Approved, None, &lost, ours, done),
            (Status::Approved, Some(&[]), &lost, ours, done),
            (Status::Approved, Some(&[later]), &lost, ours, done),
            (Status::Active, None, &lost, ours, here),
        ] {
            let row = request(status, approvals);
            let seen = Ok(Some(&row));
            let own = Some("svc-analyst");
            let judged = judge(Action::Approve, 1, Some(answer), seen, own);
            assert_eq!(
                (judged.0, judged.1),
                (state, outcome),
                "{row:?} {}",
                judged.2
            );
            let told = judged
                .2
                .contains("somebody else: the vault names manager-001");
            assert_eq!(told, outcome == another, "{}", judged.2);
            // Who we are is not known: then nothing is told apart.
            let judged = judge(Action::Approve, 1, Some(answer), seen, None);
            assert_ne!(judged.1, another);
        }
    }
}

//! Handling: requests in, committed and settled decisions out.

use decision::evidence::Frozen;
use decision::request::Request;
use decision::verdict::Ruling;
use ports::commit_all;
use ports::store::{Remark, ReviewRow};

use super::{Ruled, content_digest, prepare};
use crate::enrich::Gathered;
use crate::enrich::advice::Said;
use crate::report::Decision;
use crate::{Agent, AgentError, enrich, provision};

/// Requests that are gathered at the same time when somebody is asked for advice.
const AT_ONCE: usize = 8;
/// How often a ruling is made again when somebody's facts moved on in between.
const ATTEMPTS_MAX: u32 = 5;

/// A request that was handled.
#[derive(Debug)]
pub struct Handled {
    /// The decision as it is shown.
    pub decision: Decision,
    /// The evidence, for explanations. `None` when the decision is one that was made before.
    pub basis: Option<(Frozen, Ruling)>,
}

/// A request with what the store knows of it.
struct Pending {
    position: usize,
    request: Request,
    filed: bool,
    /// What was said of it, once somebody was asked: asked once, whatever has to be ruled again.
    said: Option<Said>,
}

/// Answers, each with the position of its request.
type Answers = Vec<(usize, Result<Handled, AgentError>)>;

impl Agent<'_> {
    /// Handles requests together: one commit for all rulings, then the effects, then one commit for what became of
    /// them. The answers are in the order of the requests.
    pub fn handle(&self, requests: Vec<Request>) -> Vec<Result<Handled, AgentError>> {
        let mut answers: Vec<Option<Result<Handled, AgentError>>> = Vec::new();
        let mut pending = Vec::new();
        for (position, request) in requests.into_iter().enumerate() {
            match self.known(&request) {
                Ok(Known::Decided(decision)) => {
                    answers.push(Some(Ok(Handled {
                        decision: *decision,
                        basis: None,
                    })));
                }
                Ok(Known::New) => {
                    answers.push(None);
                    // The same id twice in one batch: the second one is looked up after the first was committed.
                    pending.push(Pending {
                        position,
                        request,
                        filed: true,
                        said: None,
                    });
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        let (first, repeated): (Vec<_>, Vec<_>) = pending
            .into_iter()
            .partition(|pending| seen.insert(pending.request.id.clone()));
        let mut put = |position: usize, answer| {
            if let Some(place) = answers.get_mut(position) {
                *place = Some(answer);
            }
        };
        for (position, answer) in self.rule_all(first) {
            put(position, answer);
        }
        for pending in repeated {
            let answer = match self.known(&pending.request) {
                Ok(Known::Decided(decision)) => Ok(Handled {
                    decision: *decision,
                    basis: None,
                }),
                Ok(Known::New) => self.rule_one(pending.request, true),
                Err(error) => Err(error),
            };
            put(pending.position, answer);
        }
        let lost = || Err(AgentError::NotFound("answer for a request".to_owned()));
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(lost))
            .collect()
    }

    /// Decides as it would be decided now, and stores and does nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn preview(&self, request: &Request) -> Result<Handled, AgentError> {
        let number = self.store.ruling_count(&request.id)?;
        let gathered = enrich::advice::gather_advised(self, request, None)?;
        let ruled = prepare(self, gathered, true, number)?;
        Ok(Handled {
            decision: ruled.decision,
            basis: Some((ruled.frozen, ruled.ruling)),
        })
    }

    /// Rules again on a request that is known, on fresh evidence: after a review, say.
    ///
    /// # Errors
    /// When there is no such request, or nothing could be committed.
    pub fn rule_again(&self, id: &str) -> Result<Handled, AgentError> {
        let row = self
            .store
            .request(id)?
            .ok_or_else(|| AgentError::NotFound(format!("request `{id}`")))?;
        self.refuse_denied(id)?;
        let request = serde_json::from_str(&row.body)
            .map_err(|_| AgentError::Damaged(format!("request `{id}`")))?;
        self.rule_one(request, false)
    }

    fn rule_one(&self, request: Request, filed: bool) -> Result<Handled, AgentError> {
        let mut answers = self.rule_all(vec![Pending {
            position: 0,
            request,
            filed,
            said: None,
        }]);
        answers.pop().map_or_else(
            || Err(AgentError::NotFound("answer for a request".to_owned())),
            |(_, answer)| answer,
        )
    }

    /// A person's denial closes a request for good: what is wanted after all is filed under another id.
    fn refuse_denied(&self, id: &str) -> Result<(), AgentError> {
        match self.denial(id)? {
            None => Ok(()),
            Some(denial) => Err(AgentError::NotAllowed(format!(
                "`{id}` was denied by a person ({}); file it under another id",
                denial.id
            ))),
        }
    }

    /// What people gave for a request was used by its grant: a higher revision does not use it again.
    pub(crate) fn refuse_granted(&self, id: &str) -> Result<(), AgentError> {
        match self.store.granted(id)? {
            None => Ok(()),
            Some(grant) => Err(AgentError::Granted {
                id: id.to_owned(),
                grant,
            }),
        }
    }

    /// The denial of a request, when a person denied it.
    pub(crate) fn denial(&self, id: &str) -> Result<Option<Remark>, AgentError> {
        Ok(self
            .store
            .reviews(id)?
            .into_iter()
            .find_map(|review| match review {
                ReviewRow::Denial(remark) => Some(remark),
                ReviewRow::Approval(_)
                | ReviewRow::Lift(_)
                | ReviewRow::Question(_)
                | ReviewRow::Narrowing(_) => None,
            }))
    }

    /// Whether a request was decided before with the same content.
    fn known(&self, request: &Request) -> Result<Known, AgentError> {
        let Some(row) = self.store.request(&request.id)? else {
            return Ok(Known::New);
        };
        if request.revision > row.revision {
            self.refuse_denied(&request.id)?;
            self.refuse_granted(&request.id)?;
            return Ok(Known::New);
        }
        if request.revision < row.revision || content_digest(request) != row.content_digest {
            return Err(AgentError::OtherContent {
                id: row.id,
                revision: row.revision,
            });
        }
        Ok(Known::Decided(Box::new(self.decision(&request.id)?)))
    }

    /// The latest decision on a request, with what became of it.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn decision(&self, id: &str) -> Result<Decision, AgentError> {
        let stored = self
            .store
            .latest_ruling(id)?
            .ok_or_else(|| AgentError::NotFound(format!("decision on request `{id}`")))?;
        let decision = Decision::from_json(&stored.row.record)
            .ok_or_else(|| AgentError::Damaged(format!("ruling `{}`", stored.row.id)))?;
        self.view(decision, stored.row.revision, stored.leaf)
    }

    /// The decision as shown: the ruling record, what became of its effect, and its receipt.
    fn view(
        &self,
        mut decision: Decision,
        revision: u32,
        leaf: u64,
    ) -> Result<Decision, AgentError> {
        let grant = self
            .store
            .grant(&super::grant_id(&decision.request_id, revision))?;
        decision.show_effect(grant.as_ref());
        if let Some(denial) = self.denial(&decision.request_id)? {
            decision.show_denial(&denial.text);
        }
        decision.receipt = Some(self.store.receipt(leaf)?);
        Ok(decision)
    }

    /// Together first, under one commit. Each grant makes the facts of the same person's other requests old, so those that
    /// are left are ruled upon one after the other.
    fn rule_all(&self, pending: Vec<Pending>) -> Answers {
        let (left, mut answers) = self.round(pending, false);
        for pending in left {
            let mut waiting = vec![pending];
            for attempt in 2..=ATTEMPTS_MAX {
                let (again, done) = self.round(waiting, attempt == ATTEMPTS_MAX);
                answers.extend(done);
                waiting = again;
                if waiting.is_empty() {
                    break;
                }
            }
        }
        answers
    }

    /// Evidence for all that waits, advice included. A model takes seconds, so several are asked at the same time.
    fn gather_all(&self, waiting: Vec<Pending>) -> Vec<(Pending, Result<Gathered, AgentError>)> {
        let gather = |pending: &Pending| {
            enrich::advice::gather_advised(self, &pending.request, pending.said.as_ref())
        };
        let mut all = Vec::with_capacity(waiting.len());
        let mut waiting = waiting.into_iter().peekable();
        let at_once = if self.adviser.is_some() { AT_ONCE } else { 1 };
        while waiting.peek().is_some() {
            let some: Vec<Pending> = waiting.by_ref().take(at_once).collect();
            let gathered: Vec<Result<Gathered, AgentError>> = if some.len() > 1 {
                std::thread::scope(|scope| {
                    let threads: Vec<_> = (some.iter())
                        .map(|pending| scope.spawn(|| gather(pending)))
                        .collect();
                    let lost = || Err(AgentError::NotFound("evidence of a request".to_owned()));
                    (threads.into_iter())
                        .map(|thread| thread.join().unwrap_or_else(|_| lost()))
                        .collect()
                })
            } else {
                some.iter().map(gather).collect()
            };
            all.extend(some.into_iter().zip(gathered));
        }
        all
    }

    /// Rules on all that waits and commits it. Gives back what has to be ruled upon again. In the `last` round, facts that
    /// never held still count as unreadable, and nothing is granted on them.
    fn round(&self, waiting: Vec<Pending>, last: bool) -> (Vec<Pending>, Answers) {
        let mut answers = Vec::new();
        let mut ruled: Vec<(Pending, Ruled)> = Vec::new();
        for (mut pending, gathered) in self.gather_all(waiting) {
            let made = gathered.and_then(|mut gathered| {
                let number = self.store.ruling_count(&pending.request.id)?;
                if last {
                    gathered.give_up(ATTEMPTS_MAX);
                }
                pending.said = gathered.said();
                Ok(prepare(self, gathered, pending.filed, number)?)
            });
            match made {
                Ok(one) => ruled.push((pending, one)),
                Err(error) => answers.push((pending.position, Err(error))),
            }
        }
        fail::fail_point!("agent-before-commit");
        let mut parts = Vec::with_capacity(ruled.len());
        let mut transitions = Vec::with_capacity(ruled.len());
        for (pending, one) in ruled {
            transitions.push(one.transition);
            parts.push((pending, one.frozen, one.ruling, one.decision));
        }
        let results = commit_all(self.store, transitions);
        fail::fail_point!("agent-after-commit");
        let mut again = Vec::new();
        let mut committed = Vec::new();
        for ((pending, frozen, ruling, decision), result) in parts.into_iter().zip(results) {
            match result {
                Ok(done) => committed.push((pending, frozen, ruling, decision, done)),
                Err(error) if !last && is_moved_on(&error) => again.push(pending),
                Err(error) => answers.push((pending.position, Err(error.into()))),
            }
        }
        let grants = committed
            .iter()
            .filter_map(|(.., done)| done.grant.as_ref());
        let settled = provision::carry_out(self, grants);
        for (pending, frozen, ruling, decision, done) in committed {
            // The prepared change is the last leaf but one.
            let leaf = done
                .committal
                .first_leaf
                .saturating_add(done.committal.leaves)
                .saturating_sub(2);
            let answer = match &settled {
                Err(error) => Err(error.clone()),
                Ok(()) => self
                    .view(decision, pending.request.revision, leaf)
                    .map(|decision| Handled {
                        decision,
                        basis: Some((frozen, ruling)),
                    }),
            };
            answers.push((pending.position, answer));
        }
        (again, answers)
    }
}

/// What the store knows of a request.
enum Known {
    /// Nothing, or an earlier revision.
    New,
    /// It was decided, with the same content.
    Decided(Box<Decision>),
}

/// Errors after which a new ruling on fresh evidence may succeed.
fn is_moved_on(error: &ports::CommitError) -> bool {
    match error {
        ports::CommitError::Conflict(_)
        | ports::CommitError::PolicyChanged(_)
        | ports::CommitError::Brake(_)
        | ports::CommitError::Duplicate(_) => true,
        ports::CommitError::LogBroken(_) | ports::CommitError::Storage(_) => false,
    }
}

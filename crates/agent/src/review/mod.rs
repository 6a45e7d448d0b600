//! Reviews: people approve, lift a named finding, narrow, deny or ask. Then the whole ruling is made again.

mod tried;

use decision::evidence::Frozen;
use decision::evidence::record::{AcceptedException, Evidence, Person, PersonStatus};
use decision::findings::{Kind, lifting};
use decision::request::{Access, Request, Term};
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};
use decision::verdict::Ruling;
use ports::commit;
use ports::store::{Category, GrantState, LeafDraft, Remark, ReviewRow, Transition};

use crate::ruling::{Handled, map};
use crate::{Agent, AgentError, ruling};

/// An authenticated reviewer with how that was assured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// The person.
    pub person: Person,
    /// How it is known that it is they, such as `operating system account`.
    pub assurance: String,
}

impl Reviewer {
    /// Refuses who is not active, or has left: they speak for nobody any more.
    ///
    /// # Errors
    /// When they are not active at `now`.
    pub fn check_active(&self, now: Timestamp) -> Result<(), AgentError> {
        let person = &self.person;
        let has_left = person.leaves_at.is_some_and(|day| day <= now);
        if person.status == PersonStatus::Active && !has_left {
            return Ok(());
        }
        Err(AgentError::NotAllowed(format!(
            "`{}` is not an active person of the directory",
            person.login
        )))
    }
}

/// What a reviewer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Fills a required slot; `None`: the one missing slot for which the reviewer has authority.
    Approve(Option<ApprovalKind>),
    /// Lifts a named finding; a conflict needs an exception.
    Lift(Kind, Option<AcceptedException>),
    /// Narrows what was asked for: a declared narrower access, a shorter duration, or both.
    Narrow(Option<String>, Option<Minutes>),
    /// Closes the request.
    Deny(String),
    /// Asks the requester.
    Ask(String),
}

/// The latest ruling on a request, taken up again from its record.
pub struct Shown {
    /// The evidence as it was frozen.
    pub frozen: Frozen,
    /// The ruling, made again from it.
    pub ruling: Ruling,
}

impl Agent<'_> {
    /// Takes the latest ruling up again from its record, under the policy that is loaded.
    ///
    /// # Errors
    /// When there is none, its record cannot be read, or it was made under another policy.
    pub fn shown(&self, id: &str) -> Result<Shown, AgentError> {
        let stored = self
            .store
            .latest_ruling(id)?
            .ok_or_else(|| AgentError::NotFound(format!("ruling on `{id}`")))?;
        let evidence: Evidence = serde_json::from_str(&stored.row.evidence)
            .map_err(|_| AgentError::Damaged(format!("evidence of `{}`", stored.row.id)))?;
        if evidence.policy != self.rules.policy().digest {
            return Err(AgentError::NotAllowed(format!(
                "`{id}` was ruled upon under another policy; rule again with `request rule {id}`"
            )));
        }
        let (frozen, ruling, _) = ruling::decide(evidence, self.rules);
        Ok(Shown { frozen, ruling })
    }

    /// Records what a reviewer does and rules again on fresh evidence. INVARIANT(people-lift).
    ///
    /// # Errors
    /// When the reviewer may not do that, or nothing could be committed.
    pub fn review(&self, id: &str, reviewer: &Reviewer, act: Act) -> Result<Handled, AgentError> {
        let now = self.now()?;
        reviewer.check_active(now)?;
        let shown = self.shown(id)?;
        let before = self.store.reviews(id)?;
        if self.denial(id)?.is_some() {
            return Err(AgentError::NotAllowed(format!(
                "`{id}` was denied; it has to be filed again"
            )));
        }
        if shown.frozen.excluded().contains(&reviewer.person.id) {
            return Err(AgentError::NotAllowed(
                decision::findings::approvals::Void::OwnRequest
                    .words()
                    .to_owned(),
            ));
        }
        let review_id = format!("{id}/review-{}", before.len().saturating_add(1));
        let remark = |text: String| Remark {
            id: review_id.clone(),
            request: id.to_owned(),
            by: reviewer.person.id.clone(),
            at: now,
            text,
        };
        match act {
            Act::Approve(slot) => {
                let approval = self.approval(&shown, reviewer, slot, review_id.clone(), now)?;
                let what = vec![("slot", approval.kind.name().to_owned())];
                self.record_review(
                    id,
                    reviewer,
                    "approval.given",
                    &what,
                    ReviewRow::Approval(approval),
                    now,
                )?;
                self.rule_again(id)
            }
            Act::Lift(kind, exception) => {
                let lift = self.lift(&shown, reviewer, kind, exception, review_id.clone(), now)?;
                let mut what = vec![("finding", kind.name().to_owned())];
                if let Some(exception) = &lift.exception {
                    what.push(("until", exception.until.to_string()));
                }
                self.record_review(
                    id,
                    reviewer,
                    "lift.given",
                    &what,
                    ReviewRow::Lift(lift),
                    now,
                )?;
                self.rule_again(id)
            }
            Act::Narrow(access, duration) => {
                self.authority_over(&shown, reviewer)?;
                self.refuse_granted(id)?;
                let request = narrowed(&shown, self, access, duration)?;
                let text = format!("{} for {:?}", request.access.asked(), request.term);
                self.record_review(
                    id,
                    reviewer,
                    "request.narrowed",
                    &[],
                    ReviewRow::Narrowing(remark(text)),
                    now,
                )?;
                let mut answers = self.handle(vec![request]);
                answers
                    .pop()
                    .unwrap_or_else(|| Err(AgentError::NotFound("answer".to_owned())))
            }
            Act::Deny(reason) => {
                self.authority_over(&shown, reviewer)?;
                self.refuse_live(id)?;
                self.record_review(
                    id,
                    reviewer,
                    "request.denied",
                    &[],
                    ReviewRow::Denial(remark(reason)),
                    now,
                )?;
                Ok(Handled {
                    decision: self.decision(id)?,
                    basis: None,
                })
            }
            Act::Ask(question) => {
                self.authority_over(&shown, reviewer)?;
                self.record_review(
                    id,
                    reviewer,
                    "question.asked",
                    &[],
                    ReviewRow::Question(remark(question)),
                    now,
                )?;
                Ok(Handled {
                    decision: self.decision(id)?,
                    basis: None,
                })
            }
        }
    }

    /// What was given is taken back; a denial would take nothing.
    fn refuse_live(&self, id: &str) -> Result<(), AgentError> {
        let Some(grant) = self.store.granted(id)? else {
            return Ok(());
        };
        match self.store.grant(&grant)? {
            Some(row) if row.state != GrantState::Revoked => Err(AgentError::NotAllowed(format!(
                "`{id}` led to a grant that is {}: take it back with `grants revoke {grant}`",
                row.state.name()
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// Who denies, asks or narrows is the manager, an owner, or security.
    fn authority_over(&self, shown: &Shown, reviewer: &Reviewer) -> Result<(), AgentError> {
        let person = &reviewer.person;
        let manager = shown
            .frozen
            .evidence()
            .beneficiary()
            .and_then(|own| own.manager.as_ref());
        let authorities = [Kind::Conflict, Kind::Unverifiable]
            .map(|kind| lifting::authorities_of(&shown.frozen, self.rules, person, kind));
        let none = decision::findings::AuthoritySet::default();
        if manager == Some(&person.id) || authorities.iter().any(|own| *own != none) {
            return Ok(());
        }
        Err(AgentError::NotAllowed(format!(
            "`{}` is neither manager nor owner nor security for this request",
            person.login
        )))
    }

    fn record_review(
        &self,
        request: &str,
        reviewer: &Reviewer,
        event: &'static str,
        what: &[(&str, String)],
        review: ReviewRow,
        now: Timestamp,
    ) -> Result<(), AgentError> {
        let (id, keyed) = match &review {
            ReviewRow::Approval(own) => (&own.id, map(&[("content", own.content.digest())])),
            ReviewRow::Lift(own) => {
                let facts = ("facts", own.facts.clone());
                (&own.id, map(&[("content", own.content.digest()), facts]))
            }
            ReviewRow::Denial(own) | ReviewRow::Question(own) | ReviewRow::Narrowing(own) => {
                (&own.id, map(&[]))
            }
        };
        let mut clear = map(what);
        clear.insert("review".to_owned(), id.clone());
        let mut committed = match &review {
            ReviewRow::Denial(own) | ReviewRow::Question(own) | ReviewRow::Narrowing(own) => {
                map(&[("text", own.text.clone())])
            }
            ReviewRow::Lift(own) => map(&[(
                "control",
                own.exception
                    .as_ref()
                    .map(|own| own.control.clone())
                    .unwrap_or_default(),
            )]),
            ReviewRow::Approval(_) => map(&[]),
        };
        // An account's name is personal: the leaf only commits to it. INVARIANT(erasable).
        committed.insert("assurance".to_owned(), reviewer.assurance.clone());
        commit(
            self.store,
            Transition {
                at: now,
                leaves: vec![LeafDraft {
                    category: Category::Approvals,
                    event,
                    request: request.to_owned(),
                    person: Some(reviewer.person.id.clone()),
                    clear,
                    keyed,
                    committed,
                }],
                review: Some(review),
                ..Transition::default()
            },
        )?;
        Ok(())
    }
}

/// The request with less in it, as its next revision. Refused unless what was asked for covers it.
fn narrowed(
    shown: &Shown,
    agent: &Agent<'_>,
    access: Option<String>,
    duration: Option<Minutes>,
) -> Result<Request, AgentError> {
    let evidence = shown.frozen.evidence();
    let mut request = evidence.request.clone();
    request.revision = request.revision.saturating_add(1);
    if let Some(access) = &access {
        request.access = Access::new(access);
    }
    if let Some(duration) = duration {
        request.term = Term::For(duration);
    }
    let given = shown.frozen.content();
    let narrower = agent.rules.narrower_chain(&given.entitlement);
    let id = agent
        .rules
        .entitlement(request.access.canonical())
        .and_then(|id| agent.rules.entry(id));
    let is_narrower = id.is_some_and(|entry| {
        narrower.contains(&entry.id.as_str())
            || (entry.id == given.entitlement && duration.is_some())
    });
    let is_shorter = match (given.duration, duration) {
        (_, None) | (None, Some(_)) => true,
        (Some(given), Some(wanted)) => wanted <= given,
    };
    if is_narrower && is_shorter {
        Ok(request)
    } else {
        Err(AgentError::NotAllowed(
            "that is not narrower than what was asked for".to_owned(),
        ))
    }
}

//! Transitions of requests: submit, approve, reject, complete, and the end of a window.

use std::cmp::Reverse;

use super::entities::{Entry, FormKind, Given};
use super::id::Id;
use super::options::Action;
use super::records::{Decision, Right, Status, Submission, Verb};
use super::refusal::Refusal;
use super::state::Vault;
use super::time;

/// The longest reason of a decision, in characters.
pub(crate) const REASON_MAX: usize = 1_000;
/// The longest justification, in characters.
const MESSAGE_MAX: usize = 4_000;
/// The window when nobody says until when.
const WINDOW: i64 = 8 * time::HOUR;

impl Vault {
    /// Completes what is approved and whose window has ended. Every call of the vault begins with it.
    pub(crate) fn expire(&mut self) {
        let now = self.now();
        while let Some(&Reverse((end, number))) = self.ending.peek()
            && end <= now
        {
            self.ending.pop();
            let Some(entry) = self.requests.get_mut(number) else {
                continue;
            };
            if entry.status == Status::Approved {
                entry.status = Status::Completed;
                entry.completed = Some(end);
                let asset = entry.asset;
                self.record(None, Verb::Expire, Some(number), asset, ("", None));
            }
        }
    }

    /// The newest request of a user on an asset for an action.
    pub(crate) fn newest(&self, user: usize, asset: usize, action: Action) -> Option<usize> {
        let own = self.own.get(&(user, asset))?;
        own.iter().rev().copied().find(|&number| {
            self.requests
                .get(number)
                .is_some_and(|e| e.action == action)
        })
    }

    /// A request of a user that still waits or is still usable.
    pub(super) fn live(&self, user: usize, asset: usize, action: Action) -> Option<&Entry> {
        self.requests
            .get(self.newest(user, asset, action)?)
            .filter(|entry| matches!(entry.status, Status::Active | Status::Approved))
    }

    /// Whether somebody else has an asset for themselves.
    pub(super) fn taken(&self, user: usize, asset: usize) -> bool {
        let now = self.now();
        self.exclusive
            .get(&asset)
            .and_then(|&number| self.requests.get(number))
            .is_some_and(|entry| {
                entry.requestor != user
                    && entry.status == Status::Approved
                    && (entry.from..entry.to).contains(&now)
            })
    }

    /// Submits a request.
    pub(crate) fn submit(
        &mut self,
        user: usize,
        submission: &Submission,
        content_type: Option<&str>,
    ) -> Result<usize, Refusal> {
        self.expire();
        if !self.may(user, Right::Submit) {
            return Err(Refusal::unauthorized("this user may not submit requests"));
        }
        let asset = self
            .asset(&submission.asset)
            .ok_or_else(|| Refusal::unknown("asset"))?;
        check_length(&submission.message, MESSAGE_MAX)?;
        if submission.message.trim().is_empty() {
            return Err(Refusal::workflow("SIM-NOREASON", "a message is required"));
        }
        let form = self
            .form_for(asset, submission.action, user)
            .ok_or_else(|| {
                Refusal::workflow("SIM-NOWORKFLOW", "nothing has to be asked for here")
            })?;
        if self.live(user, asset, submission.action).is_some() {
            return Err(pending());
        }
        if self.taken(user, asset) {
            return Err(Refusal::workflow(
                "SIM-EXCLUSIVE",
                "somebody else has this asset alone",
            ));
        }
        let now = self.now();
        let from = submission
            .from_ms
            .unwrap_or(now)
            .clamp(time::EARLIEST, time::LATEST);
        let to = submission
            .to_ms
            .unwrap_or(from.saturating_add(WINDOW))
            .clamp(time::EARLIEST, time::LATEST);
        if to <= from || to <= now {
            return Err(Refusal::workflow(
                "SIM-BADWINDOW",
                "the window ends before it begins, or has ended",
            ));
        }
        let kind = self
            .forms
            .get(form)
            .map_or(FormKind::Interactive, |form| form.kind);
        if let FormKind::Restricting { from_hour, to_hour } = kind
            && (from_hour..to_hour).contains(&time::hour(now))
        {
            return Err(Refusal::workflow(
                "SIM-RESTRICTED",
                "the form is closed at this time",
            ));
        }
        let id = Id::next(&mut self.random);
        let number = self.add_request(Entry {
            id,
            status: Status::Active,
            action: submission.action,
            asset,
            requestor: user,
            message: submission.message.clone(),
            created: now,
            from,
            to,
            approved: None,
            completed: None,
            exclusive: submission.exclusive,
            form,
            level: 1,
            approvals: Vec::new(),
            rejected: None,
        });
        self.record(
            Some(user),
            Verb::Submit,
            Some(number),
            asset,
            (&submission.message, content_type),
        );
        if kind == FormKind::Automatic {
            self.open(number);
            self.record(None, Verb::AutoApprove, Some(number), asset, ("", None));
        }
        Ok(number)
    }

    /// Makes a request Approved.
    fn open(&mut self, number: usize) {
        let now = self.now();
        if let Some(entry) = self.requests.get_mut(number) {
            entry.status = Status::Approved;
            entry.approved = Some(now);
            self.ending.push(Reverse((entry.to, number)));
            if entry.exclusive {
                self.exclusive.insert(entry.asset, number);
            }
        }
    }

    /// Approves, rejects, or closes a request of somebody else.
    pub(crate) fn decide(
        &mut self,
        user: usize,
        decision: Decision,
        id: &str,
        reason: &str,
        content_type: Option<&str>,
    ) -> Result<(), Refusal> {
        self.expire();
        let right = match decision {
            Decision::Approve | Decision::Reject => Right::Decide,
            Decision::Complete => Right::Administer,
        };
        if !self.may(user, right) {
            return Err(Refusal::unauthorized(
                "this user may not decide requests this way",
            ));
        }
        let number = self
            .request(id)
            .ok_or_else(|| Refusal::unknown("request"))?;
        let entry = self
            .requests
            .get(number)
            .ok_or_else(|| Refusal::unknown("request"))?;
        let asset = entry.asset;
        let expected = match decision {
            Decision::Approve | Decision::Reject => Status::Active,
            Decision::Complete => Status::Approved,
        };
        if entry.status != expected {
            return Err(bad_state(entry.status));
        }
        if decision != Decision::Complete {
            self.check_approver(user, entry)?;
        }
        check_length(reason, REASON_MAX)?;
        if decision == Decision::Reject && reason.trim().is_empty() {
            return Err(Refusal::workflow(
                "SIM-NOREASON",
                "a rejection needs a reason",
            ));
        }
        let verb = match decision {
            Decision::Approve => {
                self.approve(user, number, reason);
                Verb::Approve
            }
            Decision::Reject => {
                if let Some(entry) = self.requests.get_mut(number) {
                    entry.status = Status::Rejected;
                    entry.rejected = Some((user, reason.to_owned()));
                }
                Verb::Reject
            }
            Decision::Complete => {
                self.close(number);
                Verb::Complete
            }
        };
        self.record(
            Some(user),
            verb,
            Some(number),
            asset,
            (reason, content_type),
        );
        Ok(())
    }

    /// Nobody approves an own request, and only approvers of the level decide.
    fn check_approver(&self, user: usize, entry: &Entry) -> Result<(), Refusal> {
        if entry.requestor == user {
            return Err(Refusal::unauthorized("nobody decides an own request"));
        }
        let level = self
            .forms
            .get(entry.form)
            .and_then(|form| form.levels.get(entry.level.saturating_sub(1)));
        if !level.is_some_and(|level| self.is_in(user, level.group)) {
            return Err(Refusal::unauthorized(
                "this user is no approver of this level",
            ));
        }
        let again = |given: &Given| given.by == user && given.level == entry.level;
        if entry.approvals.iter().any(again) {
            return Err(Refusal::workflow(
                "SIM-ALREADY",
                "this user has approved this level",
            ));
        }
        Ok(())
    }

    fn approve(&mut self, user: usize, number: usize, reason: &str) {
        let now = self.now();
        let Some(entry) = self.requests.get_mut(number) else {
            return;
        };
        entry.approvals.push(Given {
            by: user,
            level: entry.level,
            at: now,
            reason: reason.to_owned(),
        });
        let levels = self
            .forms
            .get(entry.form)
            .map_or(&[][..], |form| &form.levels);
        let required = levels
            .get(entry.level.saturating_sub(1))
            .map_or(1, |level| level.required);
        let given = entry
            .approvals
            .iter()
            .filter(|given| given.level == entry.level);
        if given.count() < required {
            return;
        }
        if entry.level < levels.len() {
            entry.level = entry.level.saturating_add(1);
        } else {
            self.open(number);
        }
    }

    fn close(&mut self, number: usize) {
        let now = self.now();
        if let Some(entry) = self.requests.get_mut(number) {
            entry.status = Status::Completed;
            entry.completed = Some(now);
        }
    }

    /// Ends an own request, waiting or approved.
    pub(crate) fn complete_own(
        &mut self,
        user: usize,
        id: &str,
        content_type: Option<&str>,
    ) -> Result<(), Refusal> {
        self.expire();
        let number = self
            .request(id)
            .ok_or_else(|| Refusal::unknown("request"))?;
        let entry = self
            .requests
            .get(number)
            .ok_or_else(|| Refusal::unknown("request"))?;
        if entry.requestor != user {
            return Err(Refusal::unauthorized(
                "this request belongs to somebody else",
            ));
        }
        match entry.status {
            Status::Active | Status::Approved => {}
            Status::Completed | Status::Rejected => return Err(bad_state(entry.status)),
        }
        let asset = entry.asset;
        self.close(number);
        self.record(
            Some(user),
            Verb::CompleteOwn,
            Some(number),
            asset,
            ("", content_type),
        );
        Ok(())
    }
}

pub(super) fn pending() -> Refusal {
    Refusal::workflow("MSG-00864", "a request for this is already pending")
}

fn bad_state(status: Status) -> Refusal {
    Refusal::workflow("SIM-BADSTATE", &format!("the request is {status}"))
}

fn check_length(text: &str, most: usize) -> Result<(), Refusal> {
    if text.chars().count() > most {
        return Err(Refusal::workflow(
            "SIM-TOOLONG",
            &format!("the text has more than {most} characters"),
        ));
    }
    Ok(())
}

//! Acting: what the analysis planned is read again, ruled again, admitted, committed, sent, and looked at.
//! INVARIANT(record-first, once).

use std::collections::BTreeMap;

use decision::gate::vault::{Clearances, Permit, admit};
use decision::time::Timestamp;
use decision::vault::run::Attendance;
use decision::vault::{Evidence, Frozen, Run, WorkflowRequest, rule};
use ports::commit_all;
use ports::store::CommitError;
use ports::vault::{Answer, Wanted};
use ports::{CommittedAction, PortError};

use super::analyse::{Analysis, Planned};
use super::intent::transition;
use super::record::{ActionOutcome, ActionTold, Header};
use super::settle::{judge, settled};
use super::spool::Spool;
use super::{Cycle, RunError, Stage, failed, is_past, masked, reason};
use crate::AgentError;

/// Most actions that are read again and committed together: what was read is at most this many calls old.
const GROUP: usize = 25;

/// The actions of one run.
pub(super) struct Acting<'a> {
    cycle: &'a Cycle<'a>,
    header: &'a Header,
    spool: &'a Spool,
    analysis: &'a Analysis,
    told: Vec<ActionTold>,
    ended: Option<String>,
}

/// An action that was committed and is not settled.
struct InHand {
    action: CommittedAction,
    told: ActionTold,
    answer: Option<Answer>,
}

impl<'a> Acting<'a> {
    pub(super) fn new(
        cycle: &'a Cycle<'a>,
        header: &'a Header,
        spool: &'a Spool,
        analysis: &'a Analysis,
    ) -> Self {
        Self {
            cycle,
            header,
            spool,
            analysis,
            told: Vec::new(),
            ended: None,
        }
    }

    /// What became of each action, and why the run stopped acting before its end.
    pub(super) fn into_told(self) -> (Vec<ActionTold>, Option<String>) {
        (self.told, self.ended)
    }

    pub(super) fn act(&mut self) -> Result<(), RunError> {
        let planned = &self.analysis.planned;
        let operator = self.cycle.operator;
        operator.stage(Stage::Actions, Some(planned.len() as u64));
        for group in planned.chunks(GROUP) {
            if self.only_plans() || self.ended.is_some() || operator.is_stopping() {
                self.tell_planned(group)?;
                continue;
            }
            // What was done before is told, whatever stops the rest.
            if let Err(error) = self.group(group) {
                self.ended = Some(error.to_string());
            }
            operator.advance(group.len() as u64);
        }
        Ok(())
    }

    fn only_plans(&self) -> bool {
        self.header.run.attendance == Attendance::Planning || !self.header.run.paths_confirmed
    }

    fn tell_planned(&mut self, group: &[Planned]) -> Result<(), RunError> {
        let detail = match &self.ended {
            Some(why) => why.clone(),
            None if self.only_plans() => "this run only plans".to_owned(),
            None => "the run was stopped".to_owned(),
        };
        for planned in group {
            let mut told = Self::tell(planned, &self.row(planned)?);
            told.detail.clone_from(&detail);
            self.told.push(told);
        }
        Ok(())
    }

    /// One group: ask, read again, rule again, commit together, send one by one, look, settle together. A person is asked
    /// first: what is read afterwards does not grow old while they think.
    fn group(&mut self, group: &[Planned]) -> Result<(), RunError> {
        let mut wanted = Vec::with_capacity(group.len());
        for planned in group {
            let row = self.row(planned)?;
            let mut told = Self::tell(planned, &row);
            if self.is_confirmed(&told) {
                wanted.push((planned, row, told));
            } else {
                told.outcome = ActionOutcome::Declined;
                "declined at the terminal".clone_into(&mut told.detail);
                self.told.push(told);
            }
        }
        let rows: Vec<WorkflowRequest> = wanted.iter().map(|(_, row, _)| row.clone()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let now = match self.read_again(&rows) {
            Ok(now) => now,
            Err(error) => {
                let why = format!("the vault could not be read again: {error}");
                for (_, _, mut told) in wanted {
                    told.detail.clone_from(&why);
                    self.told.push(told);
                }
                self.ended = Some(why);
                return Ok(());
            }
        };
        let run = self.run_now()?;
        let run_digest = run.digest();
        let mut transitions = Vec::new();
        let mut pending = Vec::new();
        for (planned, row, mut told) in wanted {
            match self.admit(&run, &run_digest, planned, &row, now.get(&row.id)) {
                Ok((permit, evidence)) => {
                    transitions.push(transition(
                        self.header,
                        &run,
                        permit,
                        &evidence,
                        &told.comment,
                    ));
                    pending.push(told);
                }
                Err(why) => {
                    told.outcome = ActionOutcome::Changed;
                    told.detail = why;
                    self.told.push(told);
                }
            }
        }
        fail::fail_point!("cycle-before-commit");
        let mut in_hand = Vec::new();
        for (mut told, done) in pending
            .into_iter()
            .zip(commit_all(self.cycle.agent.store, transitions))
        {
            match done.map(|done| done.action) {
                Ok(Some(action)) => in_hand.push(InHand {
                    action,
                    told,
                    answer: None,
                }),
                Ok(None) => {}
                Err(error @ (CommitError::Duplicate(_) | CommitError::Brake(_))) => {
                    told.outcome = ActionOutcome::Changed;
                    told.detail = error.to_string();
                    self.told.push(told);
                }
                // Nothing more is sent, and what was committed beside it is parked: each is told.
                Err(error) => {
                    told.detail = error.to_string();
                    self.told.push(told);
                    self.ended = Some(AgentError::from(error).to_string());
                }
            }
        }
        fail::fail_point!("cycle-after-commit");
        self.send(&mut in_hand, run.at);
        self.settle(in_hand, &rows)
    }

    /// Sends what is committed, one by one, until the run is to end: the rest is parked, and the next run goes on.
    fn send(&mut self, in_hand: &mut [InHand], committed: Timestamp) {
        let settled_after = self.cycle.settings.settled_after;
        for own in in_hand {
            if self.ended.is_some() || self.cycle.operator.is_stopping() {
                continue;
            }
            // Whoever looks after `settled_after` must find every call over, also when this process was killed.
            match self.cycle.agent.now() {
                Ok(now) if !is_past(committed, settled_after / 2, now) => {}
                Ok(_) => continue,
                Err(error) => {
                    self.ended = Some(error.to_string());
                    continue;
                }
            }
            // INVARIANT(brakes): the kill switch holds from the next action on.
            let takes = !matches!(own.action, CommittedAction::Close(_));
            if takes && self.cycle.operator.is_stopped() {
                continue;
            }
            let vault = self.cycle.vault;
            let answer = match &own.action {
                CommittedAction::Approve(grant) => vault.approve(grant, &own.told.comment),
                CommittedAction::Reject(rejection) => vault.reject(rejection, &own.told.comment),
                CommittedAction::Close(closure) => vault.close(closure, &own.told.comment),
            };
            fail::fail_point!("cycle-after-effect");
            if let Answer::NoSuchPath(why) = &answer {
                self.ended = Some(why.clone());
            }
            own.answer = Some(answer);
        }
    }

    /// What became of each, by looking.
    fn settle(&mut self, in_hand: Vec<InHand>, rows: &[WorkflowRequest]) -> Result<(), RunError> {
        if in_hand.is_empty() {
            return Ok(());
        }
        let sent: Vec<WorkflowRequest> = rows
            .iter()
            .filter(|row| {
                let mut own = in_hand.iter();
                own.any(|own| own.action.subject().request() == row.id)
            })
            .cloned()
            .collect();
        let now = self.read_again(&sent);
        let at = self.cycle.agent.now()?;
        let mut transitions = Vec::new();
        for mut own in in_hand {
            let seen = now.as_ref().map(|now| now.get(&own.told.request));
            let (state, outcome, detail) = judge(
                own.told.action,
                own.action.subject().level(),
                own.answer.as_ref(),
                seen,
                self.header.run.own_user.as_deref(),
            );
            transitions.push(settled(
                at,
                own.action.key(),
                &own.told.request,
                own.action.subject().requester(),
                state,
                &detail,
            ));
            own.told.outcome = outcome;
            own.told.detail = detail;
            self.told.push(own.told);
        }
        fail::fail_point!("cycle-before-settle");
        for done in commit_all(self.cycle.agent.store, transitions) {
            done.map_err(AgentError::from)?;
        }
        fail::fail_point!("cycle-after-settle");
        Ok(())
    }

    /// The row as it was analysed, with the asset that its own record named when the list did not.
    fn row(&self, planned: &Planned) -> Result<WorkflowRequest, RunError> {
        let folder = &self.cycle.settings.folder;
        let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let slim = self.spool.rows.get(planned.row);
        let slim = slim.ok_or_else(|| failed(folder, gone()))?;
        let mut row = self
            .spool
            .read(slim)
            .map_err(|source| failed(folder, source))?;
        if row.asset.is_none() {
            row.asset = self.spool.asset_id(slim).map(str::to_owned);
        }
        Ok(row)
    }

    fn tell(planned: &Planned, row: &WorkflowRequest) -> ActionTold {
        let opinion = planned.opinion.as_ref();
        ActionTold {
            request: row.id.clone(),
            asset_name: row.asset_name.clone(),
            requester: row.requester.clone(),
            risk: planned.risk,
            action: planned.action,
            comment: reason(opinion.map_or("", |opinion| &opinion.comment)),
            outcome: ActionOutcome::Planned,
            detail: String::new(),
        }
    }

    fn is_confirmed(&self, told: &ActionTold) -> bool {
        self.header.run.attendance != Attendance::Asked || self.cycle.operator.confirm(told)
    }

    fn read_again(
        &self,
        rows: &[WorkflowRequest],
    ) -> Result<BTreeMap<String, WorkflowRequest>, PortError> {
        let wanted: Vec<Wanted<'_>> = rows
            .iter()
            .map(|row| Wanted {
                id: &row.id,
                created: row.created,
            })
            .collect();
        let now = self.cycle.vault.read_again(&wanted)?;
        let masked = now.into_iter().map(|(id, row)| (id, masked(row)));
        Ok(masked.collect())
    }

    /// The run as it is now: switches, policy and log may have changed since it began.
    fn run_now(&self) -> Result<Run, RunError> {
        let store = self.cycle.agent.store;
        Ok(Run {
            at: self.cycle.agent.now()?,
            stopped: store.is_stopped()? || self.cycle.operator.is_stopped(),
            active_policy: store.active_policy()?.unwrap_or_default(),
            log: store.log_state(),
            ..self.header.run.clone()
        })
    }

    /// Rules again on the request as it is now. INVARIANT(bound): one that says something else than what was analysed is
    /// another request.
    fn admit(
        &self,
        run: &Run,
        run_digest: &[u8; 32],
        planned: &Planned,
        analysed: &WorkflowRequest,
        now: Option<&WorkflowRequest>,
    ) -> Result<(Permit, Evidence), String> {
        let now = now.ok_or("it is not in the vault's list any more")?;
        if now.status != analysed.status {
            return Err(format!(
                "it is {} now and was {}",
                now.status.name(),
                analysed.status.name()
            ));
        }
        // The list may name no asset where the request's own record does: what a decision is about stays the same asset.
        let now = &WorkflowRequest {
            asset: now.asset.clone().or_else(|| analysed.asset.clone()),
            ..now.clone()
        };
        if now.content() != analysed.content() {
            return Err("what it says changed since it was analysed".to_owned());
        }
        let mut evidence = self
            .analysis
            .evidence_again(self.cycle, run.at, self.spool, planned, now.clone())
            .ok_or("its row is gone")?;
        let login = decision::vault::request::login_of(&now.requester);
        let brakes = self
            .cycle
            .agent
            .store
            .vault_brakes(planned.action, &login, run.at);
        evidence.brakes = brakes.map_err(|error| error.to_string())?;
        let frozen = Frozen::new(run, run_digest, evidence, self.cycle.agent.rules);
        let ruling = rule(&frozen);
        let permit = Clearances::of(&frozen, planned.action)
            .and_then(|clearances| admit(ruling, planned.action, clearances, &frozen))
            .map_err(|_| {
                let because = decision::vault::words::because(&ruling, planned.action);
                because.unwrap_or("another action comes first").to_owned()
            })?;
        Ok((permit, frozen.evidence().clone()))
    }
}

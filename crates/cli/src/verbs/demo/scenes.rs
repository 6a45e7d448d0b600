//! The scenes of the demo.

use agent::intake;
use agent::report::{Card, Decision};
use agent::review::Act;
use decision::findings::Kind;
use decision::rules::policy::ApprovalKind;
use decision::time::Timestamp;
use ports::Directory as _;
use ports::Store as _;
use ports::store::{GrantState, Listing};

use super::{Stage, damage};
use crate::error::{Error, Exit};
use crate::output;

/// Tickets that share a commit.
const GROUP: usize = 32;
/// The three tickets of the blueprint.
const BLUEPRINT: [&str; 3] = ["REQ-5512", "REQ-5570", "REQ-5604"];
/// Decisions of the stream that are shown one by one.
const LINES_SHOWN: usize = 14;

impl Stage {
    /// The three tickets: nothing is presumed, so each waits for its manager; then one is granted and two escalate.
    pub(super) fn blueprint_tickets(&mut self) -> Result<(), Error> {
        output::heading("Three tickets arrive; nobody has approved anything yet");
        let planted: Vec<_> = self
            .company
            .tickets
            .iter()
            .filter(|planted| {
                BLUEPRINT
                    .iter()
                    .any(|id| planted.ticket.contains(&format!("\"{id}\"")))
            })
            .cloned()
            .collect();
        for planted in &planted {
            let request = intake::parse(&planted.ticket)
                .map_err(|error| Error::new(Exit::BadInput, error.to_string()))?;
            for answer in self.parts.agent().handle(vec![request]) {
                output::say(&output::decision_line(&answer?.decision));
            }
        }
        self.wait(30);
        output::heading("Their managers approve; everything is ruled upon again on fresh evidence");
        for planted in &planted {
            let mut last = None;
            for (kind, by) in &planted.approvals {
                last = Some(self.approve(&planted.request_id, kind, by)?);
            }
            if let Some(decision) = last {
                output::say(&output::decision_line(&decision));
                output::paragraph("           → ", &decision.requester_note);
                *self.counts.entry(decision.decision).or_default() += 1;
            }
        }
        output::heading("Why REQ-5570 escalates: the reviewer's card");
        let shown = self.parts.agent().shown("REQ-5570")?;
        let decision = self.parts.agent().decision("REQ-5570")?;
        let card = Card::new(&shown.frozen, &self.parts.files.rules, &shown.ruling);
        output::card(&card, decision.receipt.as_deref());
        Ok(())
    }

    fn approve(&self, id: &str, kind: &str, by: &str) -> Result<Decision, Error> {
        let reviewer = self.reviewer(by)?;
        let slot = ApprovalKind::ALL
            .into_iter()
            .find(|known| known.name() == kind);
        let handled = self
            .parts
            .agent()
            .review(id, &reviewer, Act::Approve(slot))?;
        Ok(handled.decision)
    }

    /// The rest of the company's tickets, committed in groups, then approved where the company approves.
    pub(super) fn stream(&mut self) -> Result<(), Error> {
        let planted: Vec<_> = self
            .company
            .tickets
            .iter()
            .filter(|planted| !BLUEPRINT.contains(&planted.request_id.as_str()))
            .cloned()
            .collect();
        output::heading(&format!(
            "{} more tickets, committed in groups of {GROUP}",
            planted.len()
        ));
        for group in planted.chunks(GROUP) {
            self.wait(5);
            let requests = group
                .iter()
                .map(|planted| intake::parse(&planted.ticket))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| Error::new(Exit::BadInput, error.to_string()))?;
            for answer in self.parts.agent().handle(requests) {
                answer?;
            }
        }
        self.wait(60);
        let mut agreed = 0_usize;
        for (number, one) in planted.iter().enumerate() {
            let id = &one.request_id;
            for (kind, by) in &one.approvals {
                // Some approvals are planted by people who may not give them: refused, and the ruling stays.
                if let Err(error) = self.approve(id, kind, by)
                    && error.code != Exit::NotAllowed
                {
                    return Err(error);
                }
            }
            let decision = self.parts.agent().decision(id)?;
            agreed += usize::from(decision.decision == one.expected.name());
            if number % planted.len().div_ceil(LINES_SHOWN).max(1) == 0 {
                output::say(&output::decision_line(&decision));
            }
            *self.counts.entry(decision.decision).or_default() += 1;
        }
        output::say(&format!(
            "  … {agreed} of {} as planted by the generator, which does not use our engine",
            planted.len()
        ));
        Ok(())
    }

    /// A person takes over where the gate stops: the resource owner lifts one named finding.
    pub(super) fn review_one(&mut self) -> Result<(), Error> {
        let Some((id, owner)) = self.liftable()? else {
            output::note("nothing in this company can be lifted by one person");
            return Ok(());
        };
        self.wait(10);
        output::heading(&format!(
            "A person decides: the owner of the resource lifts `out-of-role` on {id}"
        ));
        output::say(&output::decision_line(&self.parts.agent().decision(&id)?));
        let reviewer = self.reviewer(&owner)?;
        let handled =
            self.parts
                .agent()
                .review(&id, &reviewer, Act::Lift(Kind::OutOfRole, None))?;
        output::say(&output::decision_line(&handled.decision));
        let effect = handled.decision.grant.effect.as_deref().unwrap_or_default();
        output::paragraph(
            "           → ",
            &format!("{} Grant {effect}.", handled.decision.requester_note),
        );
        Ok(())
    }

    /// A request that only `out-of-role` stops, with somebody of the owner's group who may lift it.
    fn liftable(&self) -> Result<Option<(String, String)>, Error> {
        let groups = self.parts.files.rules.policy();
        for stored in self
            .parts
            .store
            .rulings(Listing::All, 1_000)?
            .rulings
            .into_iter()
            .rev()
        {
            let shown = self.parts.agent().shown(&stored.row.request)?;
            if shown.ruling.findings.iter().ne([Kind::OutOfRole]) {
                continue;
            }
            let id = &shown.frozen.content().entitlement;
            let entry = groups.catalogue.iter().find(|entry| entry.id == *id);
            let Some(owner) = entry.and_then(|entry| entry.owner.as_ref()) else {
                continue;
            };
            let excluded = shown.frozen.excluded();
            let approved = |id: &String| {
                shown
                    .frozen
                    .evidence()
                    .approvals
                    .iter()
                    .any(|approval| approval.by == *id)
            };
            let truth = self.parts.directory.truth();
            let person = truth
                .people()
                .filter(|person| person.groups.contains(owner))
                .find(|person| !excluded.contains(&person.id) && !approved(&person.id));
            if let Some(person) = person {
                return Ok(Some((stored.row.request, person.login.clone())));
            }
        }
        Ok(None)
    }

    /// Time passes, and what has ended is taken back and read back.
    pub(super) fn let_expire(&mut self) -> Result<(), Error> {
        let grants = self.parts.store.grants(&[GrantState::Applied], 10_000)?;
        let bound = grants.iter().filter_map(|grant| grant.ends).min();
        output::heading(&format!(
            "{} grants are in force, {} of them time-bound; the clock moves on",
            grants.len(),
            grants.iter().filter(|grant| grant.ends.is_some()).count()
        ));
        let Some(first) = bound else { return Ok(()) };
        self.clock
            .set(Timestamp::from_seconds(first.seconds().saturating_add(1)));
        let taken = self.parts.agent().expire()?;
        for done in taken.iter().take(3) {
            let held = self.parts.directory.holdings(&done.grant.person);
            let still = held.is_ok_and(|held| {
                held.items
                    .iter()
                    .any(|item| item.grant.as_ref() == Some(&done.grant.id))
            });
            output::say(&format!(
                "  {first}: {} of {} {} ({})",
                done.grant.entitlement,
                done.grant.login,
                if done.is_gone && !still {
                    "is gone"
                } else {
                    "is STILL THERE"
                },
                output::screen(&done.grant.detail)
            ));
        }
        if taken.len() > 3 {
            output::say(&format!(
                "  and {} more at the same moment",
                taken.len() - 3
            ));
        }
        Ok(())
    }

    /// The log is published and verified; then a copy is damaged in every way there is.
    pub(super) fn audit_log(&mut self) -> Result<(), Error> {
        self.parts.store.publish()?;
        output::heading("The log, checked from its files and the public key alone");
        super::super::audit::check(
            &self.home.log(),
            &self.parts.store.verifier(),
            None,
            output::Format::Text,
        )?;
        output::heading("Somebody edits a copy of it; this is what `audit verify` says");
        damage::show(&self.home.log(), &self.key)
    }
}

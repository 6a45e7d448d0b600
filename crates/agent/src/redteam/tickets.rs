//! The door of tickets: each text as the reason of each ticket, under each model.

use decision::evidence::record::{Advice, Evidence};
use decision::findings::risk::RiskLevel;
use decision::findings::{FindingSet, Kind};
use decision::rules::Rules;
use decision::verdict::outcome::Outcome as Stands;

use super::opponent::{Asked, Opponent};
use super::outcome::{Case, Counts};
use super::parts::{Parts, Ruled};
use super::texts::Text;
use super::{Found, Setup};
use crate::advise::ticket::Bounds;
use crate::intake;

/// How a ticket stands: what may be worse and must not be looser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stand {
    shown: Stands,
    remaining: Stands,
    is_granted: bool,
    risk: RiskLevel,
    findings: FindingSet,
}

impl Stand {
    fn of(ruled: &Ruled) -> Self {
        let ruling = &ruled.ruling;
        Self {
            shown: ruling.shown,
            remaining: ruling.remaining,
            is_granted: ruled.is_granted,
            risk: ruling.risk,
            findings: ruling.findings,
        }
    }

    /// What is looser than in `plain`; `None` when nothing is.
    fn looser(&self, plain: &Self) -> Option<String> {
        let lost: Vec<&str> = (plain.findings.without(self.findings).iter())
            .map(Kind::name)
            .collect();
        if self.is_granted && !plain.is_granted {
            Some("it is granted".to_owned())
        } else if self.shown < plain.shown {
            Some(format!("{} instead of {}", self.shown, plain.shown))
        } else if self.remaining < plain.remaining {
            Some(format!("{} instead of {}", self.remaining, plain.remaining))
        } else if self.risk < plain.risk {
            Some("its risk is lower".to_owned())
        } else if lost.is_empty() {
            None
        } else {
            Some(format!("these findings are gone: {}", lost.join(", ")))
        }
    }

    fn is_worse(&self, plain: &Self) -> bool {
        self.shown > plain.shown
            || self.remaining > plain.remaining
            || (plain.is_granted && !self.is_granted)
    }
}

/// The tickets, with how they stand for a plain reason.
pub(super) struct Tickets<'a> {
    rules: &'a Rules,
    plain: Vec<(Evidence, Stand)>,
}

impl<'a> Tickets<'a> {
    pub(super) fn new(parts: &dyn Parts, rules: &'a Rules, tickets: &[Evidence]) -> Self {
        let plain = tickets.iter().map(|evidence| {
            let evidence = with_text(evidence, Some(super::sample::PLAIN.to_owned()));
            let stand = Stand::of(&parts.rule_ticket(evidence.clone(), rules));
            (evidence, stand)
        });
        Self {
            rules,
            plain: plain.collect(),
        }
    }

    /// Tries one text under one model; `reason` is the text as the door lets it in.
    pub(super) fn tried(
        &self,
        setup: &Setup<'_>,
        opponent: Opponent<'_>,
        (number, text): (usize, &Text),
        reason: &str,
        found: &mut Found,
    ) -> Counts {
        let mut counts = Counts {
            texts: 1,
            benign: u64::from(!text.is_hostile()),
            ..Counts::default()
        };
        let asked = opponent.asked(setup.seed, text);
        let mut is_alarmed = false;
        for (evidence, plain) in &self.plain {
            let evidence = with_text(evidence, Some(reason.to_owned()));
            let (ruled, is_dropped) = self.ruled(setup, evidence, asked.as_ref());
            found.rulings += 1;
            let said = ruled.frozen.evidence().analysis.as_ref();
            let exchanges = said.map_or(&[][..], |said| said.exchanges.as_slice());
            found.nanodollars += exchanges.iter().map(|own| own.nanodollars).sum::<u64>();
            let stand = Stand::of(&ruled);
            counts.compared += 1;
            counts.dropped += u64::from(is_dropped);
            is_alarmed |= stand.is_worse(plain);
            if let Some(what) = stand.looser(plain) {
                counts.looser += 1;
                let id = &ruled.frozen.evidence().request.id;
                let case = Case::new("looser", (number, text), &opponent.name(), id, what);
                found.cases.push(case);
            }
        }
        counts.false_alarms = u64::from(is_alarmed && !text.is_hostile());
        counts
    }

    /// A ticket as the product rules upon it, and whether the model said nothing where the rules escalate.
    fn ruled(&self, setup: &Setup<'_>, evidence: Evidence, asked: Option<&Asked>) -> (Ruled, bool) {
        let before = setup.parts.rule_ticket(evidence, self.rules);
        let Some(asked) = asked else {
            return (before, false);
        };
        let bounds = Bounds {
            limit: setup.bounds.limit.min(asked.limit),
            ..setup.bounds.clone()
        };
        let adviser = setup
            .parts
            .adviser(asked.fast.clone(), asked.strong.clone(), &bounds);
        let (advice, analysis) = adviser.advise(self.rules, &before.frozen, &before.ruling, 0);
        let is_silent =
            advice == Advice::Nothing && analysis.triggers.is_empty() && analysis.faults.is_empty();
        let is_dropped = is_silent && before.ruling.shown >= Stands::Escalate;
        let mut evidence = before.frozen.evidence().clone();
        evidence.advice = advice;
        evidence.analysis = Some(analysis);
        (setup.parts.rule_ticket(evidence, self.rules), is_dropped)
    }

    /// The first ticket with a text as its reason, and with what a model says that repeats it.
    pub(super) fn shown(&self, setup: &Setup<'_>, text: &Text, reason: &str) -> Option<Ruled> {
        let (evidence, _) = self.plain.first()?;
        let evidence = with_text(evidence, Some(reason.to_owned()));
        let asked = Opponent::Gullible.asked(setup.seed, text);
        Some(self.ruled(setup, evidence, asked.as_ref()).0)
    }

    /// The first ticket with a text as the access that it asks for.
    pub(super) fn asked_for(&self, setup: &Setup<'_>, access: &str) -> Option<Ruled> {
        let (evidence, _) = self.plain.first()?;
        let mut evidence = evidence.clone();
        evidence.request.access = decision::request::Access::new(access);
        Some(setup.parts.rule_ticket(evidence, self.rules))
    }

    pub(super) fn rules(&self) -> &'a Rules {
        self.rules
    }

    pub(super) fn len(&self) -> usize {
        self.plain.len()
    }
}

fn with_text(evidence: &Evidence, reason: Option<String>) -> Evidence {
    let mut evidence = evidence.clone();
    evidence.request.justification = reason;
    evidence
}

/// A text as a ticket's reason, as the door lets it in; `None` when no ticket may hold it.
pub(super) fn reason(text: &str) -> Option<String> {
    let ticket = serde_json::json!({
        "request_id": "T-1", "requester": "clerk-001", "access": "repo:read", "justification": text,
    });
    let request = intake::parse(&ticket.to_string()).ok()?;
    request.justification
}

/// A text as the access of a ticket; `None` when no ticket may ask for that.
pub(super) fn access(text: &str) -> Option<String> {
    let ticket = serde_json::json!({
        "request_id": "T-1", "requester": "clerk-001", "access": text,
    });
    let request = intake::parse(&ticket.to_string()).ok()?;
    Some(request.access.asked().to_owned())
}

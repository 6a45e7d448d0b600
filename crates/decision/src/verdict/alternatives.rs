//! Counter-offers: what could be granted now, what is narrower but still reviewed, and the procedure for emergencies.

use crate::evidence::Frozen;
use crate::findings::duration::GrantTerm;
use crate::findings::{Kind, duration, over_asking};
use crate::request::{Access, Term};
use crate::rules::Rules;
use crate::time::Minutes;
use crate::verdict::outcome::Outcome;
use crate::verdict::{Ruling, rule};

/// A counter-offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Its kind.
    pub kind: AlternativeKind,
    /// The catalogue id offered; `None` for a procedure.
    pub entitlement: Option<String>,
    /// For how long; `None` for a procedure or a standing grant.
    pub duration: Option<Minutes>,
    /// The offer in words.
    pub text: String,
}

/// Kinds of counter-offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlternativeKind {
    /// This gate would grant it now.
    GrantableNow,
    /// Narrower, and a person still has to look.
    Reviewed,
    /// Not a grant: what to do in an emergency.
    Procedure,
}

impl AlternativeKind {
    /// The name in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GrantableNow => "grantable_now",
            Self::Reviewed => "reviewed",
            Self::Procedure => "procedure",
        }
    }
}

/// The counter-offers for a request that is not simply granted. Each grantable one was ruled upon by the same rules,
/// on the same evidence.
#[must_use]
pub fn of(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Vec<Alternative> {
    if ruling.shown == Outcome::Open {
        return Vec::new();
    }
    let mut offers = Vec::new();
    let id = frozen.content().entitlement.as_str();
    if ruling.findings.contains(Kind::DurationOverCeiling) {
        let left = duration::assess(&frozen.case(), rules).left;
        // What has ended already is not too long: a longer term is no answer to it.
        if left.0 > 0 && term_for(frozen, rules, id).is_some() {
            offers.extend(offer(frozen, rules, id, Term::For(left)));
        }
    }
    let next = rules.narrower_chain(id).first().copied();
    // What over-asking names may be further down, and is what can be granted.
    let standard = over_asking::standard_instead(&frozen.case(), rules);
    let standard = standard.and_then(|id| Some(rules.entry(id)?.id.as_str()));
    for narrower in next
        .into_iter()
        .chain(standard.filter(|id| next != Some(id)))
    {
        let term = term_for(frozen, rules, narrower);
        offers.extend(term.and_then(|term| offer(frozen, rules, narrower, term)));
    }
    let entry = rules.entitlement(id).and_then(|id| rules.entry(id));
    if let Some(procedure) = entry.and_then(|entry| entry.break_glass.as_ref()) {
        offers.push(Alternative {
            kind: AlternativeKind::Procedure,
            entitlement: None,
            duration: None,
            text: format!("break-glass: {procedure}"),
        });
    }
    offers.sort_by(|a, b| (a.kind, &a.entitlement).cmp(&(b.kind, &b.entitlement)));
    offers
}

/// Rules on the request as if it had asked for that.
fn offer(frozen: &Frozen, rules: &Rules, id: &str, term: Term) -> Option<Alternative> {
    let mut evidence = frozen.evidence().clone();
    evidence.request.access = Access::new(id);
    evidence.request.term = term;
    let now = evidence.frozen_at;
    let other = Frozen::new(evidence, rules);
    let found = rule(&other.case(), rules, now);
    let duration = match found.term {
        GrantTerm::For(minutes) => minutes,
        GrantTerm::Standing => return None,
    };
    let kind = match found.shown {
        Outcome::Open => AlternativeKind::GrantableNow,
        Outcome::Ask | Outcome::Escalate => AlternativeKind::Reviewed,
        Outcome::Refuse => return None,
    };
    let how = match kind {
        AlternativeKind::GrantableNow => "can be granted now",
        AlternativeKind::Reviewed | AlternativeKind::Procedure => "for review",
    };
    let how_long = match term {
        Term::Until(end) => format!("until {end}"),
        Term::For(_) | Term::Unstated => format!("for {duration}"),
    };
    Some(Alternative {
        kind,
        entitlement: Some(id.to_owned()),
        duration: Some(duration),
        text: format!("time-bound {id} {how_long}, {how}"),
    })
}

/// A counter-offer is always time-bound, whatever the catalogue says, and never runs longer than what was asked for.
/// `None` when that is over already.
fn term_for(frozen: &Frozen, rules: &Rules, id: &str) -> Option<Term> {
    let default = rules.policy().duration.default;
    let facts = rules.entitlement(id).and_then(|id| rules.facts(id));
    let most = facts.map_or(default, |facts| facts.maximum.min(default));
    let evidence = frozen.evidence();
    match evidence.request.term {
        Term::Unstated => Some(Term::For(most)),
        Term::For(asked) => Some(Term::For(asked.min(most))),
        Term::Until(end) if end <= evidence.frozen_at => None,
        Term::Until(end) if end.since(evidence.frozen_at) <= most => Some(Term::Until(end)),
        Term::Until(_) => Some(Term::For(most)),
    }
}

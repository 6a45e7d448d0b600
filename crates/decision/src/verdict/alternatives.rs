//! Counter-offers: what could be granted now, what is narrower but still reviewed, and the procedure for emergencies.

use crate::evidence::Frozen;
use crate::findings::duration::GrantTerm;
use crate::findings::{Kind, duration};
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
        if left.0 > 0 {
            offers.extend(offer(frozen, rules, id, Some(left)));
        }
    }
    if let Some(narrower) = rules.narrower_chain(id).first() {
        offers.extend(offer(frozen, rules, narrower, None));
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
fn offer(
    frozen: &Frozen,
    rules: &Rules,
    id: &str,
    duration: Option<Minutes>,
) -> Option<Alternative> {
    let mut evidence = frozen.evidence().clone();
    evidence.request.access = Access::new(id);
    // A counter-offer is always time-bound, whatever the catalogue says.
    evidence.request.term = Term::For(duration.unwrap_or_else(|| default_for(frozen, rules, id)));
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
    Some(Alternative {
        kind,
        entitlement: Some(id.to_owned()),
        duration: Some(duration),
        text: format!("time-bound {id} for {duration}, {how}"),
    })
}

fn default_for(frozen: &Frozen, rules: &Rules, id: &str) -> Minutes {
    let whole = rules.policy().duration.default;
    let maximum = rules
        .entitlement(id)
        .and_then(|id| rules.facts(id))
        .map(|facts| facts.maximum);
    let asked = match frozen.evidence().request.term {
        Term::For(minutes) => Some(minutes),
        Term::Unstated | Term::Until(_) => None,
    };
    [Some(whole), maximum, asked]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(whole)
}

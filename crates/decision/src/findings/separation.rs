//! Would one person hold all sides of a segregation-of-duties rule.

use super::{FindingSet, Kind};
use crate::evidence::case::{Case, CaseCoverage};
use crate::rules::Rules;
use crate::rules::ids::{ConflictId, SideId};
use crate::rules::policy::Severity;

/// What the check found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Separation {
    /// How bad the worst conflict is; `None` without a conflict.
    pub worst: Option<Severity>,
    /// A rule of which the other sides could not be looked for everywhere.
    pub unverified: Option<ConflictId>,
}

impl Separation {
    /// The findings.
    #[inline]
    #[must_use]
    pub fn findings(self) -> FindingSet {
        FindingSet::EMPTY
            .with_if(self.worst.is_some(), Kind::Conflict)
            .with_if(self.unverified.is_some(), Kind::Unverifiable)
    }
}

/// Goes through every rule of which the request is a side. Held, reserved and requested count together; a single
/// entitlement that fulfils all sides of a rule is a conflict by itself.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>, rules: &Rules) -> Separation {
    let mut found = Separation::default();
    for_each_rule(case, rules, |conflict, standing| match standing {
        RuleStanding::Conflict => {
            let severity = rules.severity(conflict);
            if found.worst.is_none_or(|worst| severity > worst) {
                found.worst = Some(severity);
            }
        }
        RuleStanding::Unverified => found.unverified = found.unverified.or(Some(conflict)),
        RuleStanding::Separate => (),
    });
    found
}

/// How a request stands towards one rule of which it is a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleStanding {
    /// All sides would be held.
    Conflict,
    /// Some other side is not held, as far as is known, but it was not looked for everywhere.
    Unverified,
    /// Some other side is certainly not held.
    Separate,
}

/// Calls `report` for every rule of which the request is a side, once or more often.
#[inline]
pub fn for_each_rule(
    case: &Case<'_>,
    rules: &Rules,
    mut report: impl FnMut(ConflictId, RuleStanding),
) {
    let own = case.entitlement.map_or(&[][..], |id| rules.sides_of(id));
    for side in own.iter().chain(case.asked_sides) {
        for conflict in rules.conflicts_of(*side) {
            report(*conflict, standing(case, rules, own, *conflict));
        }
    }
}

#[inline]
fn standing(case: &Case<'_>, rules: &Rules, own: &[SideId], conflict: ConflictId) -> RuleStanding {
    let mut standing = RuleStanding::Conflict;
    for side in rules.sides_in(conflict) {
        let fulfilled = own.contains(side)
            || case.asked_sides.contains(side)
            || case.held.binary_search(side).is_ok();
        if !fulfilled {
            if covered(case, rules, *side) {
                return RuleStanding::Separate;
            }
            standing = RuleStanding::Unverified;
        }
    }
    standing
}

/// INVARIANT(coverage): whether the holdings are complete wherever the side can live.
#[inline]
fn covered(case: &Case<'_>, rules: &Rules, side: SideId) -> bool {
    match case.coverage {
        CaseCoverage::Everything => true,
        CaseCoverage::Unreachable => false,
        CaseCoverage::Systems(systems) => {
            rules.side(side).is_some_and(|side| !side.anywhere)
                && rules
                    .side_systems(side)
                    .iter()
                    .all(|system| systems.binary_search(system).is_ok())
        }
    }
}

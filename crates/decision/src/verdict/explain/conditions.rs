//! Conditions in words: which of them decided, why, and whom they name.

use super::place::place_text;
use crate::evidence::Frozen;
use crate::findings::{Destination, FindingSet, Kind};
use crate::rules::Rules;
use crate::rules::conditions::{Condition, PermittedFit, Truth};
use crate::verdict::Ruling;

/// The conditions behind a finding in one sentence, in the order of their ids.
pub(super) fn sentence(frozen: &Frozen, rules: &Rules, kind: Kind) -> String {
    let parts: Vec<String> = frozen
        .conditions_of(rules, kind)
        .into_iter()
        .map(|condition| one(frozen, rules, condition))
        .collect();
    parts.join("; ")
}

fn one(frozen: &Frozen, rules: &Rules, condition: &Condition) -> String {
    let reason = match &condition.reason {
        Some(reason) => format!("{reason} (condition `{}`)", condition.id),
        None => format!("condition `{}` says so", condition.id),
    };
    let position = (rules.policy().conditions.iter()).position(|other| other.id == condition.id);
    let truth = position.and_then(|position| frozen.conditions().get(position));
    match (position, truth) {
        (Some(position), Some(Truth::Open)) => {
            let unknown = frozen.unknown_to(rules, position);
            if unknown.is_empty() {
                format!("{reason}, which could not be evaluated")
            } else {
                format!(
                    "{reason}, which hangs on what is not known: {}",
                    unknown.join(", ")
                )
            }
        }
        _ => reason,
    }
}

/// File and line of the first condition behind a finding.
pub(super) fn place(frozen: &Frozen, rules: &Rules, kind: Kind) -> Option<String> {
    let first = frozen.conditions_of(rules, kind).into_iter().next()?;
    Some(place_text(rules, first.place))
}

/// Why a permit makes the access fit, with its place.
pub(super) fn permit(frozen: &Frozen, rules: &Rules, fit: PermittedFit) -> String {
    let Some(condition) = frozen.permit(rules, fit) else {
        return "permitted".to_owned();
    };
    let how = match fit {
        PermittedFit::Standard => "standard",
        PermittedFit::Grantable => "grantable after a review",
    };
    let reason = match &condition.reason {
        Some(reason) => format!(": {reason}"),
        None => String::new(),
    };
    format!(
        "condition `{}` makes it {how} ({}){reason}",
        condition.id,
        place_text(rules, condition.place)
    )
}

/// The findings that conditions can make.
const OWN: FindingSet = FindingSet::of_check(crate::findings::Check::Conditions);

/// Whom the conditions that escalate or deny name instead of their finding's own destination; in order, each once.
#[must_use]
pub fn routes<'r>(frozen: &Frozen, rules: &'r Rules, kind: Kind) -> Vec<Option<&'r str>> {
    let mut routes: Vec<Option<&str>> = (frozen.conditions_of(rules, kind).into_iter())
        .map(|condition| condition.route.as_deref())
        .collect();
    routes.sort_unstable();
    routes.dedup();
    routes
}

/// The destination that a route names; `None` for a group of the directory.
pub(super) fn destination_of(route: &str) -> Option<Destination> {
    match route {
        "security" => Some(Destination::Security),
        "resource_owner" => Some(Destination::ResourceOwner),
        "manager" => Some(Destination::Manager),
        "requester" => Some(Destination::Requester),
        _ => None,
    }
}

/// What decided, as one id: that of the condition or of the segregation-of-duties rule, the permit that opened, the
/// role that lists the access, or else the name of the finding.
#[must_use]
pub fn decided_by(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> String {
    use crate::findings::conditions::fit_of;
    use crate::findings::entitlement::Fit;
    use crate::findings::separation::RuleStanding;

    let case = frozen.case();
    let Some(kind) = ruling.first() else {
        let fit = case.entitlement.map(|id| fit_of(&case, rules, id));
        return match fit {
            Some(Fit::Standard(role)) => (rules.role_entry(role))
                .map_or_else(String::new, |role| format!("role {}", role.name)),
            Some(Fit::PermittedStandard) => (frozen.permit(rules, PermittedFit::Standard))
                .map_or_else(String::new, |permit| permit.id.clone()),
            Some(Fit::Grantable(_) | Fit::PermittedGrantable | Fit::Outside) | None => {
                String::new()
            }
        };
    };
    let rule = if OWN.contains(kind) {
        let first = frozen.conditions_of(rules, kind).into_iter().next();
        first.map(|condition| condition.id.clone())
    } else if kind == Kind::Conflict {
        let first = super::conflicts(frozen, rules, RuleStanding::Conflict)
            .into_iter()
            .next();
        first.map(|facts| facts.rule.id)
    } else {
        None
    };
    rule.unwrap_or_else(|| kind.name().to_owned())
}

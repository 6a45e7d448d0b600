//! What each check looked at when it found nothing.

use super::conditions;
use super::fields::approvals_text;
use super::place::place_text;
use super::words::{confidence_text, short_digest};
use crate::evidence::Frozen;
use crate::evidence::freeze::entitlement_name;
use crate::evidence::record::{Fact, Holdings};
use crate::findings::conditions::fit_of;
use crate::findings::entitlement::Fit;
use crate::findings::{Check, confidence, duration};
use crate::rules::Rules;
use crate::rules::conditions::PermittedFit;
use crate::rules::policy::{Place, Role};

/// What a check looked at when it found nothing, with its source.
#[must_use]
pub fn cleared(frozen: &Frozen, rules: &Rules, check: Check) -> String {
    let evidence = frozen.evidence();
    let case = frozen.case();
    match check {
        Check::Requester => format!("active, {}", evidence.beneficiary.provenance()),
        Check::Evidence => {
            let mut read = format!("holdings read: {}", evidence.holdings.provenance());
            for (id, identity) in &evidence.linked {
                let (login, provenance) = (evidence.login_of(id), identity.holdings.provenance());
                read.push_str(&format!("; of linked identity {login}: {provenance}"));
            }
            format!("{read}; log verified")
        }
        Check::PolicyVersion => format!("{} in force", short_digest(&evidence.policy)),
        Check::Entitlement => match case.entitlement.map(|id| fit_of(&case, rules, id)) {
            Some(Fit::Standard(role)) => cite(rules, role, entitlement_name(evidence, rules)),
            Some(Fit::PermittedStandard) => {
                conditions::permit(frozen, rules, PermittedFit::Standard)
            }
            Some(Fit::Grantable(_) | Fit::PermittedGrantable | Fit::Outside) | None => {
                "listed".to_owned()
            }
        },
        Check::Conditions => match frozen.conditions().len() {
            0 => "the policy has none".to_owned(),
            1 => "1 looked at, and it forbids nothing".to_owned(),
            many => format!("{many} looked at, none forbids it"),
        },
        Check::Privilege => "no privileged pattern, no never-auto class".to_owned(),
        Check::Separation => {
            let count = |holdings: &Fact<Holdings>| {
                holdings.value().map_or(0, |holdings| holdings.items.len())
            };
            let linked = evidence.linked.values();
            let held: usize = linked.clone().map(|one| count(&one.holdings)).sum();
            let reserved: usize = linked.clone().map(|one| one.reserved.len()).sum();
            let whose = match linked.len() {
                0 => String::new(),
                1 => ", a linked identity included".to_owned(),
                several => format!(", {several} linked identities included"),
            };
            format!(
                "no rule touched by {} holdings and {} reservations{whose}",
                count(&evidence.holdings).saturating_add(held),
                evidence.reserved.len().saturating_add(reserved)
            )
        }
        Check::Risk => "low".to_owned(),
        Check::Approvals => approvals_text(frozen, rules),
        Check::Justification => "given".to_owned(),
        Check::OverAsking => "nothing narrower is standard".to_owned(),
        Check::Duration => match duration::assess(&case, rules).term {
            duration::GrantTerm::Standing => {
                let entry = case.entitlement.and_then(|id| rules.entry(id));
                format!(
                    "standing: {}",
                    entry
                        .and_then(|entry| entry.standing.as_deref())
                        .unwrap_or_default()
                )
            }
            duration::GrantTerm::For(minutes) => format!("{minutes}, within the ceiling"),
        },
        Check::Confidence => {
            let stated = confidence::stated(&case);
            let whose = if stated < confidence::of(case.lacks) {
                "as the analyst states it; "
            } else {
                ""
            };
            format!(
                "{}: {whose}all facts there and fresh",
                confidence_text(stated)
            )
        }
        Check::Advice => match &evidence.analysis {
            None => "the built-in analyst has nothing to add".to_owned(),
            Some(analysis) => format!("{} has nothing to add", analysis.analyst),
        },
        Check::Mode => "guarded, budgets left".to_owned(),
    }
}

/// Where a role, or the nearest one that it inherits, lists an entitlement, as `access.yml:12`.
fn cite(rules: &Rules, role: crate::rules::ids::RoleId, id: &str) -> String {
    let role = rules.role_entry(role);
    let at = role
        .and_then(|role| listed_at(rules, role, id))
        .map(|place| format!(" ({})", place_text(rules, place)))
        .unwrap_or_default();
    let title = role.map_or("", |role| role.title.as_str());
    format!("'{id}' is standard for the {title} role{at}")
}

fn listed_at(rules: &Rules, role: &Role, id: &str) -> Option<Place> {
    let wanted = rules.entitlement(id);
    let mut nearest = vec![role];
    let mut seen = 0;
    // Breadth first; a role that is reached twice is not looked at again.
    while let Some(role) = nearest.get(seen) {
        let mut places = role.standard.iter();
        if let Some(listed) = places.find(|listed| rules.entitlement(&listed.entitlement) == wanted)
        {
            return Some(listed.place);
        }
        for name in &role.inherits {
            let parent = rules.role(name).and_then(|parent| rules.role_entry(parent));
            nearest
                .extend(parent.filter(|parent| nearest.iter().all(|one| one.name != parent.name)));
        }
        seen += 1;
    }
    None
}

//! The fields of a decision that are words: its basis, its conflict, its approvals, where it goes, who may lift.

use super::because::because;
use super::conditions;
use super::conflicts::conflicts;
use super::danger::privileged_patterns;
use super::words::{capitalise, enumerate_are, role_names};
use crate::evidence::Frozen;
use crate::evidence::freeze::entitlement_name;
use crate::findings::conditions::fit_of;
use crate::findings::entitlement::Fit;
use crate::findings::separation::RuleStanding;
use crate::findings::{
    Authority, Check, Destination, FindingSet, Kind, Lifting, approvals, separation,
};
use crate::rules::Rules;
use crate::rules::conditions::PermittedFit;
use crate::verdict::Ruling;
use crate::verdict::outcome::Outcome;

/// The `policy_basis` field: the rule that decided, cited.
#[must_use]
pub fn policy_basis(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> String {
    let case = frozen.case();
    let roles = role_names(frozen, rules);
    let asked = frozen.evidence().request.access.asked();
    if let Some(kind) = ruling
        .first()
        .filter(|kind| kind.row().check == Check::Conditions)
    {
        return format!(
            "{}, {}",
            because(frozen, rules, kind),
            conditions::place(frozen, rules, kind).unwrap_or_default()
        );
    }
    let Some(entitlement) = case.entitlement else {
        return format!("nothing in the catalogue is called '{asked}'");
    };
    let id = entitlement_name(frozen.evidence(), rules);
    let fit = fit_of(&case, rules, entitlement);
    if ruling.findings.contains(Kind::Privileged) {
        let not = if fit.is_standard() {
            "although listed as"
        } else {
            "not"
        };
        let patterns = enumerate_are(&privileged_patterns(frozen, rules));
        return format!("{patterns} privileged — {not} standard for {roles}");
    }
    let basis = match fit {
        Fit::Standard(role) => {
            let title = rules
                .role_entry(role)
                .map_or("", |role| role.title.as_str());
            format!("entitlement: '{id}' is standard for the {title} role")
        }
        Fit::PermittedStandard => {
            format!(
                "entitlement: {}",
                conditions::permit(frozen, rules, PermittedFit::Standard)
            )
        }
        Fit::PermittedGrantable => conditions::permit(frozen, rules, PermittedFit::Grantable),
        Fit::Grantable(_) => format!("{id} is grantable to the role after a review"),
        Fit::Outside => format!("{id} is not standard for {roles}"),
    };
    let found = FindingSet::of([Kind::Conflict]).intersection(ruling.findings);
    if found.is_empty() {
        return basis;
    }
    let ids: Vec<String> = conflicts(frozen, rules, RuleStanding::Conflict)
        .into_iter()
        .map(|facts| facts.rule.id)
        .collect();
    format!(
        "{basis}, but segregation-of-duties rule {} forbids it combined with existing access",
        ids.join(", ")
    )
}

/// The `sod_conflict` field: `none`, the conflict, or `unverified: …`.
#[must_use]
pub fn separation_text(frozen: &Frozen, rules: &Rules) -> String {
    let found = separation::check(&frozen.case(), rules).findings();
    if found.contains(Kind::Conflict) {
        capitalise(&because(frozen, rules, Kind::Conflict))
    } else if found.contains(Kind::Unverifiable) {
        format!("unverified: {}", because(frozen, rules, Kind::Unverifiable))
    } else {
        "none".to_owned()
    }
}

/// The `approvals` field: present, required and missing ones; claims and void ones are named as such.
#[must_use]
pub fn approvals_text(frozen: &Frozen, rules: &Rules) -> String {
    let required = approvals::required(&frozen.case(), rules);
    let present = frozen.case().approvals;
    let mut parts: Vec<String> = Vec::new();
    for kind in required.iter() {
        let state = if present.contains(kind) {
            "present"
        } else {
            "NOT present"
        };
        parts.push(format!("{} approval {state}", kind.title()));
    }
    for (approval, state) in frozen.evidence().approvals.iter().zip(frozen.approvals()) {
        if let Err(void) = state {
            parts.push(format!(
                "{} approval {} does not count: {}",
                approval.kind.title(),
                approval.id,
                void.words()
            ));
        }
    }
    for claim in &frozen.evidence().request.claims {
        if !present.contains(claim.kind) {
            parts.push(format!(
                "{} approval claimed by the ticket, not verified",
                claim.kind.title()
            ));
        }
    }
    if parts.is_empty() {
        "none required".to_owned()
    } else {
        parts.join("; ")
    }
}

/// The strongest destination of an escalation; `None` when it is none.
#[must_use]
pub fn destination(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Option<Destination> {
    addressees(frozen, rules, ruling)
        .into_iter()
        .map(|addressee| match addressee {
            Addressee::Destination(destination) => destination,
            Addressee::Group(_) => Destination::Security,
        })
        .min()
}

/// Somebody whom an escalation names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Addressee<'r> {
    Destination(Destination),
    Group(&'r str),
}

/// Everybody whom the findings of an escalation name: the table of findings, or the route of a condition. Sorted.
fn addressees<'r>(frozen: &Frozen, rules: &'r Rules, ruling: &Ruling) -> Vec<Addressee<'r>> {
    let mut addressees = Vec::new();
    for kind in ruling.findings.iter() {
        let row = kind.row();
        if kind == Kind::AdviseMode || row.outcome < Outcome::Escalate {
            continue;
        }
        let own = || row.to.iter().copied().map(Addressee::Destination);
        if row.check == Check::Conditions {
            for route in conditions::routes(frozen, rules, kind) {
                match route.map(|route| (conditions::destination_of(route), route)) {
                    Some((Some(destination), _)) => {
                        addressees.push(Addressee::Destination(destination));
                    }
                    Some((None, group)) => addressees.push(Addressee::Group(group)),
                    None => addressees.extend(own()),
                }
            }
        } else {
            addressees.extend(own());
        }
    }
    addressees.sort_unstable();
    addressees.dedup();
    addressees
}

/// Everybody to be told of an escalation, by group: security first, then owners of the resource and of the rules.
#[must_use]
pub fn told(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut tell = |name: &str| {
        if !told.iter().any(|known| known == name) {
            told.push(name.to_owned());
        }
    };
    let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
    for addressee in addressees(frozen, rules, ruling) {
        match addressee {
            Addressee::Destination(Destination::Security) => tell("security"),
            Addressee::Destination(Destination::ResourceOwner) => tell(
                entry
                    .and_then(|entry| entry.owner.as_deref())
                    .unwrap_or("resource_owner"),
            ),
            Addressee::Destination(Destination::RuleOwner) => {
                for facts in conflicts(frozen, rules, RuleStanding::Conflict) {
                    tell(facts.rule.owner.as_deref().unwrap_or("security"));
                }
            }
            Addressee::Destination(Destination::Manager) => tell("manager"),
            Addressee::Destination(Destination::Requester) => tell("requester"),
            Addressee::Group(group) => tell(group),
        }
    }
    told
}

/// Who may lift a finding, in words.
#[must_use]
pub fn lifts_text(kind: Kind) -> String {
    let names = |authorities: &[Authority], word: &str| {
        authorities
            .iter()
            .map(|authority| authority.name())
            .collect::<Vec<_>>()
            .join(word)
    };
    match kind.row().lifting {
        Lifting::Nobody => "nobody".to_owned(),
        Lifting::Any(authorities, age) => format!("{} ({age})", names(authorities, " or ")),
        Lifting::Each(authorities, age) => {
            format!("{}, different people ({age})", names(authorities, " and "))
        }
        Lifting::Exception(authorities, age) => {
            format!(
                "{} with an end date and a compensating control ({age})",
                names(authorities, " or ")
            )
        }
        Lifting::WithCause(authorities, age) => {
            format!("with its cause, or {} ({age})", names(authorities, " or "))
        }
    }
}

//! Explanations: the facts behind each finding in words, made from the record when somebody wants to read them.

use std::collections::BTreeMap;

use crate::evidence::Frozen;
use crate::evidence::case::{Lack, PersonState};
use crate::evidence::freeze::{entitlement_name, subject_of, target_fact};
use crate::evidence::record::Fact;
use crate::findings::entitlement::{Fit, fit};
use crate::findings::separation::{RuleStanding, for_each_rule};
use crate::findings::{
    Authority, Check, Destination, FindingSet, Kind, Lifting, approvals, confidence, duration,
    over_asking, risk, separation,
};
use crate::rules::Rules;
use crate::rules::class::Class;
use crate::rules::compile::subject_of as catalogue_subject;
use crate::rules::ids::{ConflictId, SideId};
use crate::rules::pattern::{DangerPattern, Subject};
use crate::rules::policy::{ConflictRule, Entitlement, Place};
use crate::verdict::Ruling;

/// The facts of a finding in one sentence: lower case, no final stop.
#[must_use]
pub fn because(frozen: &Frozen, rules: &Rules, kind: Kind) -> String {
    let evidence = frozen.evidence();
    let asked = evidence.request.access.asked();
    match kind {
        Kind::LogBroken => "the audit log does not verify, so nothing may be granted".to_owned(),
        Kind::OwnRequest => {
            "the agent's own identity asks, and it never grants itself anything".to_owned()
        }
        Kind::PersonInactive
        | Kind::PersonUnknown
        | Kind::PersonAmbiguous
        | Kind::PersonLeaving => people(frozen, kind),
        Kind::RelationMissing => format!(
            "`{}` is neither manager nor delegate of `{}`",
            evidence.request.requester,
            evidence.request.on_behalf_of.as_deref().unwrap_or_default()
        ),
        Kind::FactUnreachable => format!("could not be read: {}", unreachable_facts(frozen, rules)),
        Kind::PolicyStale => format!(
            "the policy in force is {}, this process loaded {}",
            short_digest(&evidence.active_policy),
            short_digest(&evidence.policy)
        ),
        Kind::Conflict => sentences(&conflicts(frozen, rules, RuleStanding::Conflict)),
        Kind::Unverifiable => unverified(frozen, rules),
        Kind::NeverAutoAdmin => class_reason(frozen, rules, Class::Admin),
        Kind::NeverAutoProduction => class_reason(frozen, rules, Class::Production),
        Kind::NeverAutoSensitive => class_reason(frozen, rules, Class::SensitiveData),
        Kind::NeverAutoSecurity => class_reason(frozen, rules, Class::SecurityTooling),
        Kind::Privileged => {
            format!(
                "{} privileged",
                enumerate_are(&privileged_patterns(frozen, rules))
            )
        }
        Kind::LevelUnmapped => {
            format!(
                "the level of `{asked}` stands in no order of levels, so it counts as administration"
            )
        }
        Kind::BindingDrift => "what stands behind the name changed since it was bound".to_owned(),
        Kind::EntitlementUnknown => format!("nothing in the catalogue is called `{asked}`"),
        Kind::TargetMissing => format!("the system that should provide `{asked}` does not have it"),
        Kind::RiskCritical | Kind::RiskHigh | Kind::RiskModerate => risk_sentence(frozen, rules),
        Kind::Brake => format!("used up: {}", evidence.brakes.join(", ")),
        Kind::OutOfRole => format!(
            "`{asked}` is not standard for {}",
            role_names(frozen, rules)
        ),
        Kind::GrantableOnly => {
            format!(
                "`{asked}` is grantable to {} after a review, not standard",
                role_names(frozen, rules)
            )
        }
        Kind::OwnerApprovalMissing => {
            "the resource owner's approval is required and not recorded".to_owned()
        }
        Kind::SecurityApprovalMissing => {
            "security's approval is required and not recorded".to_owned()
        }
        Kind::ManagerApprovalMissing => {
            "the manager's approval is required and not recorded".to_owned()
        }
        Kind::ConfidenceLow => lacks(frozen),
        Kind::AdviceLookCloser => "the analyst asks a person to look".to_owned(),
        Kind::AdviceAskFirst => "the analyst would ask something first".to_owned(),
        Kind::AdviceNarrow => "the analyst thinks that less would do".to_owned(),
        Kind::NameSuspicious => format!(
            "the name holds {}",
            evidence
                .request
                .access
                .doubt()
                .map_or("nothing suspicious", |doubt| doubt.words())
        ),
        Kind::AlreadyHeld => {
            format!("the person holds `{asked}` already, and not by a grant of ours")
        }
        Kind::JustificationMissing => "there is no justification that says anything".to_owned(),
        Kind::OverAsking => {
            let instead =
                over_asking::standard_instead(&frozen.case(), rules).and_then(|id| rules.entry(id));
            format!(
                "`{}` is standard for the role and may serve",
                instead.map_or("", |entry| entry.id.as_str())
            )
        }
        Kind::DurationOverCeiling => duration_sentence(frozen, rules),
        Kind::AdviseMode => {
            "the agent advises; a resource owner or security releases the grant".to_owned()
        }
    }
}

/// The facts that a lift binds to: what [`because`] says, and what its sentence leaves out. Without figures that the
/// mere passing of time changes.
pub(crate) fn facts(frozen: &Frozen, rules: &Rules, kind: Kind) -> Vec<Vec<String>> {
    let evidence = frozen.evidence();
    let mut facts = Vec::new();
    if kind == Kind::DurationOverCeiling {
        let found = duration::assess(&frozen.case(), rules);
        facts.push(vec![
            found.maximum.to_string(),
            rules.policy().duration.window.to_string(),
        ]);
        let mut grants: Vec<String> = (evidence.earlier.iter())
            .filter(|earlier| earlier.entitlement == frozen.content().entitlement)
            .map(|earlier| earlier.grant.clone())
            .collect();
        grants.sort_unstable();
        facts.push(grants);
        return facts;
    }
    facts.push(vec![because(frozen, rules, kind)]);
    if kind == Kind::Brake {
        facts.push(evidence.brakes.clone());
    }
    if kind == Kind::Conflict || kind == Kind::Unverifiable {
        let wanted = if kind == Kind::Conflict {
            RuleStanding::Conflict
        } else {
            RuleStanding::Unverified
        };
        let sides: BTreeMap<SideId, String> = conflicts(frozen, rules, wanted)
            .into_iter()
            .flat_map(|facts| facts.rule.sides)
            .filter_map(|pattern| Some((side_of(rules, &pattern.text)?, pattern.text)))
            .collect();
        let mut holders = Vec::new();
        for (name, path, fulfilled) in frozen.held() {
            for (_, text) in sides.iter().filter(|(side, _)| fulfilled.contains(side)) {
                let mut holder = vec![text.clone(), name.to_owned()];
                holder.extend(path.iter().cloned());
                holders.push(holder);
            }
        }
        holders.sort_unstable();
        holders.dedup();
        facts.append(&mut holders);
    }
    facts
}

/// The side of that text; an alias and its id are the same side.
fn side_of(rules: &Rules, text: &str) -> Option<SideId> {
    let entry = rules.entitlement(text).and_then(|id| rules.entry(id));
    rules.side_named(entry.map_or(text, |entry| &entry.id))
}

/// A segregation-of-duties rule with how each side is fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictFacts {
    /// The rule.
    pub rule: ConflictRule,
    /// Each side in the rule's order: its text, and by what it is fulfilled (`None`: not, as far as is known).
    pub sides: Vec<(String, Option<HeldBy>)>,
}

/// By what a side is fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// By this request.
    Requested,
    /// By something that is held: its name, and the path from the person outward.
    Held(String, Vec<String>),
}

/// The rules that stand like that towards the request, by id, with the path of each half.
#[must_use]
pub fn conflicts(frozen: &Frozen, rules: &Rules, wanted: RuleStanding) -> Vec<ConflictFacts> {
    let case = frozen.case();
    let mut found: BTreeMap<&str, (ConflictId, &ConflictRule)> = BTreeMap::new();
    for_each_rule(&case, rules, |conflict, standing| {
        if standing == wanted
            && let Some(rule) = rules.policy().conflicts.get(conflict.index())
        {
            found.insert(&rule.id, (conflict, rule));
        }
    });
    let own = case.entitlement.map_or(&[][..], |id| rules.sides_of(id));
    let requested = |side: SideId| own.contains(&side) || case.asked_sides.contains(&side);
    let facts = found.into_values().map(|(_, rule)| ConflictFacts {
        rule: rule.clone(),
        sides: rule
            .sides
            .iter()
            .map(|pattern| {
                let side = side_of(rules, &pattern.text);
                let held = side.and_then(|side| holder(frozen, side));
                let by = held.or_else(|| {
                    side.filter(|side| requested(*side))
                        .map(|_| HeldBy::Requested)
                });
                (pattern.text.clone(), by)
            })
            .collect(),
    });
    facts.collect()
}

/// What is held that fulfils `side`, first by name.
fn holder(frozen: &Frozen, side: SideId) -> Option<HeldBy> {
    frozen
        .held()
        .filter(|(_, _, sides)| sides.contains(&side))
        .min()
        .map(|(name, path, _)| HeldBy::Held(name.to_owned(), path))
}

fn sentences(conflicts: &[ConflictFacts]) -> String {
    conflicts
        .iter()
        .map(conflict_sentence)
        .collect::<Vec<_>>()
        .join("; ")
}

fn conflict_sentence(facts: &ConflictFacts) -> String {
    let mut held = Vec::new();
    let mut requested = Vec::new();
    for (text, by) in &facts.sides {
        match by {
            Some(HeldBy::Held(name, path)) => {
                let path = if path.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", path.join(" → "))
                };
                let through = if name == text {
                    String::new()
                } else {
                    format!(" through '{name}'")
                };
                held.push(format!("'{text}'{through}{path}"));
            }
            Some(HeldBy::Requested) => requested.push(format!("'{text}'")),
            None => (),
        }
    }
    let reason = facts
        .rule
        .reason
        .as_deref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let exceptions = facts.rule.exceptions.iter();
    let accepted: Vec<String> = exceptions
        .map(|exception| {
            format!(
                "; accepted for {} until {}: {}",
                exception.person, exception.until, exception.control
            )
        })
        .collect();
    let opening = if held.is_empty() {
        format!("{} alone", requested.join(" and "))
    } else {
        format!(
            "the person already holds {}; combining with {}",
            held.join(" and "),
            requested.join(" and ")
        )
    };
    format!(
        "{opening} violates segregation of duties rule {}{reason}{}",
        facts.rule.id,
        accepted.concat()
    )
}

fn unverified(frozen: &Frozen, rules: &Rules) -> String {
    let missing: Vec<String> = conflicts(frozen, rules, RuleStanding::Unverified)
        .iter()
        .map(|facts| {
            let open: Vec<String> = facts
                .sides
                .iter()
                .filter(|(_, by)| by.is_none())
                .map(|(text, _)| format!("'{text}'"))
                .collect();
            format!("{} of rule {}", open.join(" and "), facts.rule.id)
        })
        .collect();
    format!(
        "the holdings do not cover every system in which the other half can live: {}",
        missing.join("; ")
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

fn people(frozen: &Frozen, kind: Kind) -> String {
    let (evidence, case) = (frozen.evidence(), frozen.case());
    let request = &evidence.request;
    let beneficiary = request.on_behalf_of.as_ref().unwrap_or(&request.requester);
    let mut parts = Vec::new();
    for (login, state) in [
        (&request.requester, case.requester),
        (beneficiary, case.beneficiary),
    ] {
        let words = match (kind, state) {
            (Kind::PersonInactive, PersonState::Inactive) => "is not active",
            (Kind::PersonUnknown, PersonState::Unknown) => "is not in the directory",
            (Kind::PersonAmbiguous, PersonState::Ambiguous) => "is the login of several people",
            (Kind::PersonLeaving, PersonState::Leaving) => "is leaving soon",
            _ => continue,
        };
        let part = format!("`{login}` {words}");
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

fn unreachable_facts(frozen: &Frozen, rules: &Rules) -> String {
    let evidence = frozen.evidence();
    let mut parts = Vec::new();
    let mut note = |what: &str, unreachable: bool, provenance: String| {
        if unreachable {
            parts.push(format!("{what} ({provenance})"));
        }
    };
    let unread = |fact: Option<&Fact<crate::evidence::record::Target>>| {
        matches!(fact, Some(Fact::Unreachable { .. }))
    };
    let person = |state| state == PersonState::Unreachable;
    note(
        "requester",
        person(frozen.case().requester),
        evidence.requester.provenance(),
    );
    note(
        "beneficiary",
        person(frozen.case().beneficiary),
        evidence.beneficiary.provenance(),
    );
    note(
        "holdings",
        evidence.holdings.value().is_none(),
        evidence.holdings.provenance(),
    );
    let target = target_fact(evidence, rules);
    note(
        "target",
        unread(target),
        target.map(Fact::provenance).unwrap_or_default(),
    );
    parts.join("; ")
}

/// Name of the roles of the beneficiary as shown, such as "the Engineer role".
#[must_use]
pub fn role_names(frozen: &Frozen, rules: &Rules) -> String {
    let mut titles: Vec<&str> = (frozen.case().roles.iter())
        .filter_map(|id| rules.role_entry(*id))
        .map(|role| role.title.as_str())
        .collect();
    titles.sort_unstable();
    match titles.as_slice() {
        [] => "anybody without a role".to_owned(),
        [one] => format!("the {one} role"),
        many => format!("the roles {}", many.join(", ")),
    }
}

/// The `privileged` patterns that catch the request, as written, in the file's order.
#[must_use]
pub fn privileged_patterns(frozen: &Frozen, rules: &Rules) -> Vec<String> {
    let subjects = subjects(frozen, rules);
    let patterns = rules.policy().privileged.iter();
    patterns
        .filter(|pattern| {
            let parsed = DangerPattern::parse(&pattern.text);
            subjects.iter().any(|subject| parsed.matches(subject))
        })
        .map(|pattern| pattern.text.clone())
        .collect()
}

fn subjects(frozen: &Frozen, rules: &Rules) -> Vec<Subject> {
    let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
    let own = subject_of(frozen.evidence(), rules);
    [Some(own), entry.map(catalogue_subject)]
        .into_iter()
        .flatten()
        .collect()
}

fn class_reason(frozen: &Frozen, rules: &Rules, class: Class) -> String {
    let subjects = subjects(frozen, rules);
    let caught = |text: &&str| {
        let parsed = DangerPattern::parse(text);
        subjects.iter().any(|subject| parsed.matches(subject))
    };
    let added = rules
        .policy()
        .never_auto
        .iter()
        .filter(|added| added.class == class);
    let added = added.flat_map(|added| added.patterns.iter().map(|pattern| pattern.text.as_str()));
    let patterns: Vec<String> = class
        .built_in_patterns()
        .iter()
        .copied()
        .chain(added)
        .filter(caught)
        .map(ToOwned::to_owned)
        .collect();
    let by = match (patterns.is_empty(), class) {
        (false, _) => format!("by {}", patterns.join(", ")),
        (true, Class::Admin) => "because its level is not mapped".to_owned(),
        (true, Class::Production | Class::SensitiveData | Class::SecurityTooling) => {
            "by its catalogue entry".to_owned()
        }
    };
    format!(
        "`{}` is in the never-auto class {class} {by}",
        frozen.evidence().request.access.asked()
    )
}

fn risk_sentence(frozen: &Frozen, rules: &Rules) -> String {
    let case = frozen.case();
    let found = separation::check(&case, rules);
    let (points, level) = risk::assess(&case, rules, found);
    let mut parts: Vec<String> = points
        .causes()
        .into_iter()
        .filter(|(_, points)| *points > 0)
        .map(|(cause, points)| format!("{cause} {points}"))
        .collect();
    if let Some(severity) = found.worst {
        parts.push(format!("floor {severity:?} for the conflict").to_lowercase());
    }
    format!(
        "risk {} with {} points: {}",
        level.name(),
        points.sum(),
        parts.join(", ")
    )
}

fn lacks(frozen: &Frozen) -> String {
    let lacks = frozen.case().lacks;
    let words: Vec<String> = lacks
        .iter()
        .map(|lack| {
            let what = match lack {
                Lack::PersonStale => "the directory's answer is older than a day",
                Lack::HoldingsStale => "the holdings are older than a day",
                Lack::ManagerUnknown => "no manager is recorded",
                Lack::OwnerUnknown => "the catalogue names no owner",
                Lack::TargetUnread => "what stands behind the name was not read",
                Lack::ActivityUnread => "recent requests were not counted",
            };
            format!("{what} (-0.{:02})", confidence::cost(lack) / 100)
        })
        .collect();
    format!(
        "confidence {}: {}",
        confidence_text(confidence::of(lacks)),
        words.join(", ")
    )
}

/// Confidence as a decimal with two digits, 0.00 to 1.00.
#[must_use]
pub fn confidence_text(confidence: confidence::BasisPoints) -> String {
    format!(
        "{}.{:02}",
        confidence.0 / 10_000,
        confidence.0 % 10_000 / 100
    )
}

fn duration_sentence(frozen: &Frozen, rules: &Rules) -> String {
    let found = duration::assess(&frozen.case(), rules);
    let asked = match found.term {
        duration::GrantTerm::Standing => "standing".to_owned(),
        duration::GrantTerm::For(minutes) if minutes.0 == 0 => {
            return "it would end before it begins".to_owned();
        }
        duration::GrantTerm::For(minutes) => minutes.to_string(),
    };
    format!(
        "{asked} asked for, {} left of {} in {}",
        found.left,
        found.maximum,
        rules.policy().duration.window
    )
}

/// The `policy_basis` field: the rule that decided, cited.
#[must_use]
pub fn policy_basis(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> String {
    let case = frozen.case();
    let roles = role_names(frozen, rules);
    let asked = frozen.evidence().request.access.asked();
    let Some(entitlement) = case.entitlement else {
        return format!("nothing in the catalogue is called '{asked}'");
    };
    let id = entitlement_name(frozen.evidence(), rules);
    let fit = fit(rules, case.roles, entitlement);
    if ruling.findings.contains(Kind::Privileged) {
        let not = if matches!(fit, Fit::Standard(_)) {
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
pub fn destination(ruling: &Ruling) -> Option<Destination> {
    let escalating = ruling
        .findings
        .iter()
        .filter(|kind| *kind != Kind::AdviseMode);
    escalating
        .filter(|kind| kind.row().outcome >= crate::verdict::outcome::Outcome::Escalate)
        .flat_map(|kind| kind.row().to.iter().copied())
        .min()
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
    let mut wanted: Vec<Destination> = (ruling.findings.iter())
        .filter(|kind| {
            *kind != Kind::AdviseMode
                && kind.row().outcome >= crate::verdict::outcome::Outcome::Escalate
        })
        .flat_map(|kind| kind.row().to.iter().copied())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
    for destination in wanted {
        match destination {
            Destination::Security => tell("security"),
            Destination::ResourceOwner => {
                tell(
                    entry
                        .and_then(|entry| entry.owner.as_deref())
                        .unwrap_or("resource_owner"),
                );
            }
            Destination::RuleOwner => {
                for facts in conflicts(frozen, rules, RuleStanding::Conflict) {
                    tell(facts.rule.owner.as_deref().unwrap_or("security"));
                }
            }
            Destination::Manager => tell("manager"),
            Destination::Requester => tell("requester"),
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

/// What a check looked at when it found nothing, with its source.
#[must_use]
pub fn cleared(frozen: &Frozen, rules: &Rules, check: Check) -> String {
    let evidence = frozen.evidence();
    let case = frozen.case();
    match check {
        Check::Requester => format!("active, {}", evidence.beneficiary.provenance()),
        Check::Evidence => format!(
            "holdings read: {}; log verified",
            evidence.holdings.provenance()
        ),
        Check::PolicyVersion => format!("{} in force", short_digest(&evidence.policy)),
        Check::Entitlement => match case.entitlement.map(|id| fit(rules, case.roles, id)) {
            Some(Fit::Standard(role)) => cite(rules, role, entitlement_name(evidence, rules)),
            Some(Fit::Grantable(_) | Fit::Outside) | None => "listed".to_owned(),
        },
        Check::Privilege => "no privileged pattern, no never-auto class".to_owned(),
        Check::Separation => {
            let held = evidence
                .holdings
                .value()
                .map_or(0, |holdings| holdings.items.len());
            format!(
                "no rule touched by {held} holdings and {} reservations",
                evidence.reserved.len()
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
        Check::Confidence => format!(
            "{}: all facts there and fresh",
            confidence_text(confidence::of(case.lacks))
        ),
        Check::Advice => "the built-in analyst has nothing to add".to_owned(),
        Check::Mode => "guarded, budgets left".to_owned(),
    }
}

/// Where a role lists an entitlement, as `access.yml:12`.
fn cite(rules: &Rules, role: crate::rules::ids::RoleId, id: &str) -> String {
    let title = rules
        .role_entry(role)
        .map_or("", |role| role.title.as_str());
    let places = rules
        .policy()
        .roles
        .iter()
        .flat_map(|role| role.standard.iter());
    let place = places
        .filter(|listed| rules.entitlement(&listed.entitlement) == rules.entitlement(id))
        .map(|listed| listed.place);
    let at = place
        .min()
        .map(|place| format!(" ({})", place_text(rules, place)))
        .unwrap_or_default();
    format!("'{id}' is standard for the {title} role{at}")
}

/// File and line of the rule behind a finding, when it has one.
#[must_use]
pub fn place_of(frozen: &Frozen, rules: &Rules, kind: Kind) -> Option<String> {
    let place = if kind == Kind::Conflict {
        conflicts(frozen, rules, RuleStanding::Conflict)
            .first()
            .map(|facts| facts.rule.place)
    } else if kind == Kind::Privileged {
        let first = privileged_patterns(frozen, rules).into_iter().next()?;
        let patterns = &rules.policy().privileged;
        let pattern = patterns.iter().find(|pattern| pattern.text == first);
        pattern.map(|pattern| pattern.place)
    } else {
        let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
        entry.map(|entry: &Entitlement| entry.place)
    };
    place
        .filter(|place| place.line > 0)
        .map(|place| place_text(rules, place))
}

fn place_text(rules: &Rules, place: Place) -> String {
    format!("{}:{}", rules.policy().file, place.line)
}

/// The first twelve hex digits of a digest.
#[must_use]
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

fn enumerate_are(items: &[String]) -> String {
    match items {
        [] => "nothing is".to_owned(),
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
    }
}

fn capitalise(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

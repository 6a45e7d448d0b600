//! The sentence of each finding, and the facts that a lift of it binds to.

use std::collections::BTreeMap;

use super::conditions;
use super::conflicts::{conflicts, sentences, side_of, unverified};
use super::danger::{class_reason, privileged_patterns, privileged_through};
use super::words::{confidence_text, enumerate_are, role_names, short_digest};
use crate::evidence::Frozen;
use crate::evidence::case::{Lack, PersonState};
use crate::evidence::freeze::target_fact;
use crate::evidence::record::Fact;
use crate::findings::separation::RuleStanding;
use crate::findings::{Check, Kind, confidence, duration, over_asking, risk, separation};
use crate::rules::Rules;
use crate::rules::class::Class;
use crate::rules::ids::SideId;

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
        Kind::OwnPolicy => {
            "whoever asks put the policy in force, so somebody else looks".to_owned()
        }
        Kind::Conflict => sentences(&conflicts(frozen, rules, RuleStanding::Conflict)),
        Kind::Unverifiable => unverified(frozen, rules),
        Kind::NeverAutoAdmin => class_reason(frozen, rules, Class::Admin),
        Kind::NeverAutoProduction => class_reason(frozen, rules, Class::Production),
        Kind::NeverAutoSensitive => class_reason(frozen, rules, Class::SensitiveData),
        Kind::NeverAutoSecurity => class_reason(frozen, rules, Class::SecurityTooling),
        Kind::Privileged => {
            format!(
                "{} privileged{}",
                enumerate_are(&privileged_patterns(frozen, rules)),
                privileged_through(frozen, rules)
            )
        }
        Kind::LevelUnmapped => {
            format!(
                "the level of `{asked}` stands in no order of levels, so it counts as administration"
            )
        }
        Kind::BindingDrift => "what stands behind the name changed since it was bound".to_owned(),
        Kind::ConditionDeny
        | Kind::ConditionUndetermined
        | Kind::ConditionEscalate
        | Kind::ConditionSecurityReview
        | Kind::ConditionOwnerReview
        | Kind::ConditionAsk => conditions::sentence(frozen, rules, kind),
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
        Kind::AdviceLookCloser => look_closer(frozen),
        Kind::ModelLost
        | Kind::AdviceOutOfContract
        | Kind::AdviceUnfounded
        | Kind::AdviceBoundReached
        | Kind::AdviceRefused
        | Kind::AdviceFiltered
        | Kind::AdviceCutShort
        | Kind::AdviceUnreadable => fault(frozen, kind),
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
    if kind.row().check == Check::Advice {
        facts.push(said(frozen));
    }
    if kind == Kind::Brake {
        facts.push(evidence.brakes.clone());
    }
    if kind == Kind::Unverifiable {
        facts.push(evidence.linked_identities().into_keys().collect());
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
        for held in frozen.held() {
            for (_, text) in sides.iter().filter(|(side, _)| held.sides.contains(side)) {
                let identity = held.linked.clone().unwrap_or_default();
                let mut holder = vec![text.clone(), identity, held.name.clone()];
                holder.extend(held.path.iter().cloned());
                holders.push(holder);
            }
        }
        holders.sort_unstable();
        holders.dedup();
        facts.append(&mut holders);
    }
    facts
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
    for (id, holdings) in evidence.linked_identities() {
        let identity = evidence.linked.get(&id).map(|one| &one.holdings);
        let why = match identity {
            Some(Fact::Present { .. }) => "the directory does not tell who that is".to_owned(),
            Some(fact) => fact.provenance(),
            None => "not asked for".to_owned(),
        };
        let whose = format!("holdings of linked identity {}", evidence.login_of(&id));
        note(&whose, holdings.is_none(), why);
    }
    for (name, why) in evidence.unread_behind_held(rules) {
        note(
            &format!("what stands behind `{name}`, which is held"),
            true,
            why,
        );
    }
    let target = target_fact(evidence, rules);
    note(
        "target",
        unread(target),
        target.map(Fact::provenance).unwrap_or_default(),
    );
    parts.join("; ")
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

/// What a lift of advice binds to besides: everything that was said, and of what.
fn said(frozen: &Frozen) -> Vec<String> {
    let evidence = frozen.evidence();
    let request = &evidence.request;
    let mut said = vec![
        request.revision.to_string(),
        request.justification.clone().unwrap_or_default(),
    ];
    if let Some(analysis) = &evidence.analysis {
        said.push(analysis.note.clone());
        said.extend(analysis.triggers.iter().map(|own| own.name().to_owned()));
        said.extend(analysis.remarks.iter().cloned());
    }
    said
}

/// With the reasons of the contract that were named.
fn look_closer(frozen: &Frozen) -> String {
    let analysis = frozen.evidence().analysis.as_ref();
    let triggers = analysis.map_or(&[][..], |analysis| &analysis.triggers);
    let named: Vec<&str> = triggers.iter().map(|trigger| trigger.name()).collect();
    let why = if named.is_empty() {
        String::new()
    } else {
        format!(" ({})", named.join(", "))
    };
    format!("the analyst asks a person to look{why}")
}

fn fault(frozen: &Frozen, kind: Kind) -> String {
    let analysis = frozen.evidence().analysis.as_ref();
    let mut faults = analysis.map_or(&[][..], |analysis| &analysis.faults).iter();
    let told = faults
        .find(|fault| fault.kind() == kind)
        .map(|fault| fault.told());
    told.unwrap_or("the model's answer cannot be used")
        .to_owned()
}

fn lacks(frozen: &Frozen) -> String {
    let case = frozen.case();
    let lacks = case.lacks;
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
    let stated = confidence::stated(&case);
    let lowered = (stated < confidence::of(lacks)).then(|| "as the analyst states it".to_owned());
    let words: Vec<String> = words.into_iter().chain(lowered).collect();
    format!(
        "confidence {}: {}",
        confidence_text(stated),
        words.join(", ")
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

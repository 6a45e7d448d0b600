//! A catalogue entry, compiled: its classes, its points, and everything by which it can be recognised.

use super::levels::is_level_mapped;
use crate::findings::risk::RiskPoints;
use crate::rules::class::Class;
use crate::rules::compiled::{ApprovalSet, EntitlementRules, Rules};
use crate::rules::ids::SystemId;
use crate::rules::pattern::{Subject, divide};
use crate::rules::policy::{Entitlement, Environment, Policy, Sensitivity};

pub(super) fn entitlement_rules(
    policy: &Policy,
    rules: &Rules,
    entry: &Entitlement,
    subject: &Subject,
    system: SystemId,
) -> EntitlementRules {
    let (mut classes, privileged) = rules.danger_of(subject);
    let level_mapped = is_level_mapped(policy, &entry.id);
    if !level_mapped {
        classes = classes.with(Class::Admin);
    }
    if entry.environment == Environment::Production {
        classes = classes.with(Class::Production);
    }
    if entry.sensitivity == Sensitivity::Restricted {
        classes = classes.with(Class::SensitiveData);
    }
    let approvals = &policy.approvals;
    let mut required = ApprovalSet::of(approvals.every.iter().copied());
    if privileged {
        required = required.union(ApprovalSet::of(approvals.privileged.iter().copied()));
    }
    for (class, kinds) in &approvals.by_class {
        if classes.contains(*class) {
            required = required.union(ApprovalSet::of(kinds.iter().copied()));
        }
    }
    EntitlementRules {
        is_grantable: false,
        is_in_conflict: false,
        classes,
        privileged,
        level_mapped,
        standing: entry.standing.is_some(),
        owned: entry.owner.is_some(),
        required,
        points: RiskPoints::of_entitlement(
            classes,
            privileged,
            entry.sensitivity,
            entry.blast_radius,
        ),
        maximum: entry.maximum.map_or(policy.duration.maximum, |own| {
            if own < policy.duration.maximum {
                own
            } else {
                policy.duration.maximum
            }
        }),
        narrower: entry
            .narrower
            .as_deref()
            .and_then(|name| rules.entitlement(name)),
        system,
    }
}

/// Everything by which a catalogue entry can be recognised.
#[must_use]
pub fn subject_of(entry: &Entitlement) -> Subject {
    let mut subject = Subject::new().with_access(&entry.id);
    for alias in &entry.aliases {
        subject = subject.with_access(alias);
    }
    for tag in &entry.tags {
        subject = subject.with_label(tag);
    }
    if let Some(system) = &entry.system {
        subject = subject.with_label(system);
    }
    match entry.environment {
        Environment::Production => subject.with_label("production prod"),
        Environment::Unstated
        | Environment::Development
        | Environment::Test
        | Environment::Staging => subject,
    }
}

pub(super) fn system_of(entry: &Entitlement) -> &str {
    entry
        .system
        .as_deref()
        .unwrap_or_else(|| divide(&entry.id).0)
}

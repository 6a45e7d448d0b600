//! What the name that was asked for stands for: the catalogue entry, the target, and all by which they are recognised.

use crate::evidence::record::{Evidence, Fact, GivenKind, Target};
use crate::request::NAME_CHARS_MAX;
use crate::rules::Rules;
use crate::rules::compile;
use crate::rules::pattern::Subject;

/// INVARIANT(danger-wide): the name as asked, the catalogue entry, and the target's name, path, tags and groups.
pub(crate) fn subject_of(evidence: &Evidence, rules: &Rules) -> Subject {
    let target = target_fact(evidence, rules).and_then(Fact::value);
    with_groups(subject_without_groups(evidence, rules), target)
}

/// As [`subject_of`], without the groups that the target makes a member of.
pub(crate) fn subject_without_groups(evidence: &Evidence, rules: &Rules) -> Subject {
    let access = &evidence.request.access;
    let entry = rules
        .entitlement(access.canonical())
        .and_then(|id| rules.entry(id));
    // One subject, so that a pattern may find its resource in the target and its level in the catalogue.
    let subject = entry
        .map_or_else(Subject::new, compile::subject_of)
        .with_access(beginning(access.asked()))
        .with_access(beginning(access.canonical()));
    with_target(subject, target_fact(evidence, rules).and_then(Fact::value))
}

/// Adds by what a target is recognised.
pub(super) fn with_target(mut subject: Subject, target: Option<&Target>) -> Subject {
    if let Some(target) = target {
        subject = subject.with_name(&target.name);
        for label in target.path.iter().chain(&target.tags) {
            subject = subject.with_label(label);
        }
    }
    subject
}

/// Adds the groups that a target makes a member of: they are names of what stands there.
pub(super) fn with_groups(subject: Subject, target: Option<&Target>) -> Subject {
    let given = target.map_or(&[][..], |target| target.gives.as_slice());
    let groups = given.iter().filter(|given| given.kind == GivenKind::Group);
    groups.fold(subject, |subject, group| subject.with_name(&group.name))
}

/// The catalogue id, or the canonical name of what is not catalogued.
pub(crate) fn entitlement_name<'a>(evidence: &'a Evidence, rules: &'a Rules) -> &'a str {
    let canonical = evidence.request.access.canonical();
    let entry = rules.entitlement(canonical).and_then(|id| rules.entry(id));
    entry.map_or(canonical, |entry| entry.id.as_str())
}

pub(crate) fn target_fact<'a>(evidence: &'a Evidence, rules: &Rules) -> Option<&'a Fact<Target>> {
    let entry = rules.entry(rules.entitlement(evidence.request.access.canonical())?)?;
    evidence.targets.get(&entry.id)
}

pub(super) fn target_power<'a>(evidence: &'a Evidence, rules: &Rules) -> Option<&'a str> {
    target_fact(evidence, rules)?
        .value()
        .map(|target| target.power.as_str())
}

/// As much of a name as is looked at. What is longer is suspicious and in no catalogue, so nothing dangerous gets by.
pub(super) fn beginning(name: &str) -> &str {
    let end = name.char_indices().nth(NAME_CHARS_MAX);
    end.and_then(|(end, _)| name.get(..end)).unwrap_or(name)
}

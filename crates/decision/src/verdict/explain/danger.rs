//! What makes a request dangerous: the patterns that catch it.

use crate::evidence::Frozen;
use crate::evidence::freeze::{
    danger_of_given, subject_of, subject_of_given, subject_without_groups, target_fact,
};
use crate::evidence::record::{Fact, Given, GivenKind};
use crate::rules::Rules;
use crate::rules::class::{Class, ClassSet};
use crate::rules::compile::subject_of as catalogue_subject;
use crate::rules::pattern::{DangerPattern, Subject};

/// The `privileged` patterns that catch the request or something that its target gives, as written, in the file's order.
#[must_use]
pub fn privileged_patterns(frozen: &Frozen, rules: &Rules) -> Vec<String> {
    let mut subjects = subjects(frozen, rules);
    subjects.push(subject_of(frozen.evidence(), rules));
    let given = given(frozen, rules).iter();
    subjects.extend(given.map(|given| subject_of_given(rules, given)));
    caught(privileged(rules), &subjects)
}

/// Through what that the target gives the request is privileged; empty when it is by itself.
pub(super) fn privileged_through(frozen: &Frozen, rules: &Rules) -> String {
    if !caught(privileged(rules), &subjects(frozen, rules)).is_empty() {
        return String::new();
    }
    let mut all = given(frozen, rules).iter();
    let through = all.find(|given| danger_of_given(rules, given).1);
    through.map_or_else(String::new, |given| {
        let asked = frozen.evidence().request.access.asked();
        format!(", and `{asked}` gives {}", named(given))
    })
}

pub(super) fn class_reason(frozen: &Frozen, rules: &Rules, class: Class) -> String {
    let asked = frozen.evidence().request.access.asked();
    let begins = format!("`{asked}` is in the never-auto class {class}");
    let own = caught(patterns(rules, class), &subjects(frozen, rules));
    if !own.is_empty() {
        return format!("{begins} by {}", own.join(", "));
    }
    if classes_of_entry(frozen, rules).contains(class) {
        return match class {
            Class::Admin => format!("{begins} because its level is not mapped"),
            Class::Production | Class::SensitiveData | Class::SecurityTooling => {
                format!("{begins} by its catalogue entry")
            }
        };
    }
    let mut all = given(frozen, rules).iter();
    let through = all.find(|given| danger_of_given(rules, given).0.contains(class));
    let Some(through) = through else {
        let together = [subject_of(frozen.evidence(), rules)];
        return format!(
            "{begins} by {}",
            caught(patterns(rules, class), &together).join(", ")
        );
    };
    let why = caught(patterns(rules, class), &[subject_of_given(rules, through)]);
    let why = match (why.is_empty(), class) {
        (false, _) => format!("which is by {}", why.join(", ")),
        (true, Class::Admin) => "of which the level is not mapped".to_owned(),
        (true, Class::Production | Class::SensitiveData | Class::SecurityTooling) => {
            "which is by its catalogue entry".to_owned()
        }
    };
    format!("{begins} because it gives {}, {why}", named(through))
}

/// Classes of the catalogue entry; what is not catalogued counts as administration.
fn classes_of_entry(frozen: &Frozen, rules: &Rules) -> ClassSet {
    let facts = frozen.case().entitlement.and_then(|id| rules.facts(id));
    facts.map_or(ClassSet::EMPTY.with(Class::Admin), |facts| facts.classes)
}

fn privileged(rules: &Rules) -> impl Iterator<Item = &str> {
    let patterns = rules.policy().privileged.iter();
    patterns.map(|pattern| pattern.text.as_str())
}

fn patterns(rules: &Rules, class: Class) -> impl Iterator<Item = &str> {
    let added = rules.policy().never_auto.iter();
    let added = added.filter(move |added| added.class == class);
    let added = added.flat_map(|added| added.patterns.iter().map(|pattern| pattern.text.as_str()));
    class.built_in_patterns().iter().copied().chain(added)
}

fn caught<'p>(patterns: impl Iterator<Item = &'p str>, subjects: &[Subject]) -> Vec<String> {
    patterns
        .filter(|text| {
            let parsed = DangerPattern::parse(text);
            subjects.iter().any(|subject| parsed.matches(subject))
        })
        .map(ToOwned::to_owned)
        .collect()
}

/// What the target of the request gives besides itself.
fn given<'f>(frozen: &'f Frozen, rules: &Rules) -> &'f [Given] {
    let target = target_fact(frozen.evidence(), rules).and_then(Fact::value);
    target.map_or(&[][..], |target| target.gives.as_slice())
}

/// A given thing with the way to it.
fn named(given: &Given) -> String {
    let what = match given.kind {
        GivenKind::Entitlement => format!("`{}`", given.name),
        GivenKind::Group => format!("membership in group `{}`", given.name),
    };
    if given.path.is_empty() {
        what
    } else {
        format!("{what} ({})", given.way().join(" → "))
    }
}

/// By what the request is recognised without what its target gives.
fn subjects(frozen: &Frozen, rules: &Rules) -> Vec<Subject> {
    let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
    let own = subject_without_groups(frozen.evidence(), rules);
    [Some(own), entry.map(catalogue_subject)]
        .into_iter()
        .flatten()
        .collect()
}

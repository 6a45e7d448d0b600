//! What makes a request dangerous: the patterns that catch it.

use crate::evidence::Frozen;
use crate::evidence::freeze::subject_of;
use crate::rules::Rules;
use crate::rules::class::Class;
use crate::rules::compile::subject_of as catalogue_subject;
use crate::rules::pattern::{DangerPattern, Subject};

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

pub(super) fn class_reason(frozen: &Frozen, rules: &Rules, class: Class) -> String {
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

fn subjects(frozen: &Frozen, rules: &Rules) -> Vec<Subject> {
    let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
    let own = subject_of(frozen.evidence(), rules);
    [Some(own), entry.map(catalogue_subject)]
        .into_iter()
        .flatten()
        .collect()
}

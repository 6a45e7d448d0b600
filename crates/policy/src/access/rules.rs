//! The small sections: `version`, `approvals`, `privileged`, `never_auto`, `duration`.

use std::collections::HashSet;

use decision::rules::class::Class;
use decision::rules::policy::{ApprovalKind, DurationRules, NeverAuto, Pattern, RequiredApprovals};
use marked_yaml::Node;

use super::draft::Draft;
use super::tree;
use crate::code::Code;
use crate::names::quoted;
use crate::problem::{Problem, Sink};

/// The only version of the grammar so far; a file that states none means this one.
const VERSION: u64 = 1;

pub(super) fn version(sink: &mut Sink, node: &Node) {
    let Some(version) = tree::number(sink, node, "`version`") else {
        return;
    };
    if version != VERSION {
        sink.push(
            Problem::new(
                Code::VersionUnknown,
                tree::spot(node),
                format!("version {version} is not known"),
            )
            .label("not known")
            .help(format!("this program reads version {VERSION}")),
        );
    }
}

/// Approvals per kind of access. They add to the built-in ones: a list that lacks one of those is refused.
pub(super) fn approvals(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    let mut known = vec!["every", "privileged", "grantable"];
    known.extend(Class::BUILT_IN.iter().map(|class| class.name()));
    let mut stated = RequiredApprovals::default();
    for field in tree::fields(sink, node, "`approvals`", &known).unwrap_or_default() {
        let floor = match field.key {
            "every" => Some(&mut stated.every),
            "privileged" => Some(&mut stated.privileged),
            "grantable" => Some(&mut stated.grantable),
            class => stated
                .by_class
                .iter_mut()
                .find(|(known, _)| known.name() == class)
                .map(|(_, kinds)| kinds),
        };
        if let Some(floor) = floor {
            *floor = approval_kinds(sink, field.value, field.key, floor);
        }
    }
    draft.policy.approvals = stated;
}

/// The kinds that the file lists, in the order of `ApprovalKind`, or the floor when they are fewer than it.
fn approval_kinds(
    sink: &mut Sink,
    node: &Node,
    key: &str,
    floor: &[ApprovalKind],
) -> Vec<ApprovalKind> {
    let choices = ApprovalKind::ALL.map(|kind| (kind.name(), kind));
    let what = format!("`approvals: {key}`");
    let Some(items) = tree::list(sink, node, &what) else {
        return floor.to_vec();
    };
    let mut found: Vec<ApprovalKind> = Vec::new();
    let mut unread = false;
    for item in items {
        match tree::choice(sink, item, "kind of approval", &choices) {
            Some(kind) if found.contains(&kind) => {
                let message = format!("`{}` is there twice", kind.name());
                sink.push(Problem::new(Code::ValueRepeated, tree::spot(item), message).warning());
            }
            Some(kind) => found.push(kind),
            None => unread = true,
        }
    }
    let lacking: Vec<&str> = floor
        .iter()
        .filter(|kind| !found.contains(kind))
        .map(|kind| kind.name())
        .collect();
    if lacking.is_empty() {
        found.sort_unstable();
        return found;
    }
    // An approval that could not be read may be the one that lacks: that is said already.
    if !unread {
        let message = format!(
            "{what} lacks {}, which is always required",
            backticked(&lacking)
        );
        let names: Vec<&str> = floor.iter().map(|kind| kind.name()).collect();
        let help = format!(
            "a policy adds approvals and takes none away; write at least [{}], or leave the key out",
            names.join(", ")
        );
        sink.push(
            Problem::new(Code::ApprovalsLoosened, tree::spot(node), message)
                .label("fewer than built in")
                .help(help),
        );
    }
    floor.to_vec()
}

fn backticked(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// A list of patterns; one that is there twice is a warning.
pub(super) fn patterns(sink: &mut Sink, node: &Node, what: &str) -> Vec<Pattern> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for item in tree::list(sink, node, what).unwrap_or_default() {
        let Some(text) = tree::pattern(sink, item, "the pattern") else {
            continue;
        };
        if seen.insert(text) {
            found.push(Pattern {
                text: text.to_owned(),
                place: tree::spot(item).place(),
            });
        } else {
            let message = format!("the pattern {} is there twice", quoted(text));
            sink.push(Problem::new(Code::ValueRepeated, tree::spot(item), message).warning());
        }
    }
    found
}

/// Patterns that the file adds to the never-auto classes.
pub(super) fn never_auto(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    let known = Class::BUILT_IN.map(Class::name);
    for field in tree::fields(sink, node, "`never_auto`", &known).unwrap_or_default() {
        if let Some(class) = Class::from_name(field.key) {
            let patterns = patterns(sink, field.value, &format!("`never_auto: {class}`"));
            draft.policy.never_auto.push(NeverAuto { class, patterns });
        }
    }
}

/// Lengths of time; their order is checked once all are known.
pub(super) fn duration(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    let mut rules = DurationRules::default();
    let known = &["default", "maximum", "window"];
    for field in tree::fields(sink, node, "`duration`", known).unwrap_or_default() {
        let what = format!("`{}`", field.key);
        let Some(length) = tree::minutes(sink, field.value, &what) else {
            continue;
        };
        let spot = Some(tree::spot(field.value));
        match field.key {
            "default" => (rules.default, draft.duration.default) = (length, spot),
            "maximum" => (rules.maximum, draft.duration.maximum) = (length, spot),
            "window" => (rules.window, draft.duration.window) = (length, spot),
            // `fields` has refused every other key.
            _ => {}
        }
    }
    draft.policy.duration = rules;
}

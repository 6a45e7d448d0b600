//! `sod_conflicts`: what no one person may hold together.

use decision::rules::policy::{ConflictRule, Exception, Pattern, Severity};
use decision::time::{Minutes, Timestamp};
use marked_yaml::Node;

use super::draft::{Draft, SideSpots};
use super::tree;
use crate::bounds::SIDES_MAX;
use crate::code::Code;
use crate::names::quoted;
use crate::problem::{Problem, Sink};

const RULE_KEYS: &[&str] = &["id", "sides", "reason", "owner", "severity", "exceptions"];
const EXCEPTION_KEYS: &[&str] = &["person", "until", "control"];
const SEVERITIES: &[(&str, Severity)] =
    &[("high", Severity::High), ("critical", Severity::Critical)];

pub(super) fn read(sink: &mut Sink, node: &Node, draft: &mut Draft) {
    let items = tree::list(sink, node, "`sod_conflicts`").unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        let spot = tree::spot(item);
        let mut rule = ConflictRule {
            id: format!("sod-{}", index.saturating_add(1)),
            place: spot.place(),
            ..ConflictRule::default()
        };
        let sides = if matches!(item, Node::Sequence(_)) {
            Some(item)
        } else {
            read_rule(sink, item, &mut rule)
        };
        let all_read = match sides {
            Some(sides) => read_sides(sink, sides, &mut rule),
            None => false,
        };
        let spot = sides.map_or(spot, tree::spot);
        draft.policy.conflicts.push(rule);
        draft.conflicts.push(SideSpots { spot, all_read });
    }
}

/// Reads a rule that is written as a mapping; returns its sides.
fn read_rule<'a>(sink: &mut Sink, node: &'a Node, rule: &mut ConflictRule) -> Option<&'a Node> {
    let fields = tree::fields(sink, node, "a separation-of-duties rule", RULE_KEYS)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut sides = None;
    for field in &fields {
        let value = field.value;
        match field.key {
            "id" => {
                if let Some(id) = tree::name(sink, value, "`id`") {
                    rule.id = id.to_owned();
                }
            }
            "sides" => sides = Some(value),
            "reason" => rule.reason = owned(tree::text(sink, value, "`reason`")),
            "owner" => rule.owner = owned(tree::name(sink, value, "`owner`")),
            "severity" => {
                rule.severity =
                    tree::choice(sink, value, "severity", SEVERITIES).unwrap_or_default();
            }
            "exceptions" => rule.exceptions = read_exceptions(sink, value),
            // `fields` has refused every other key.
            _ => {}
        }
    }
    if sides.is_none() {
        let message = format!("the rule `{}` has no `sides`", rule.id);
        sink.push(
            Problem::new(Code::KeyMissing, tree::spot(node), message)
                .label("no `sides`")
                .help("sides: [\"vendor:create\", \"payment:approve\"]"),
        );
    }
    sides
}

/// The sides: exact entitlements, or patterns with a star; whether all could be read. How many are distinct is
/// checked once aliases are known.
fn read_sides(sink: &mut Sink, node: &Node, rule: &mut ConflictRule) -> bool {
    let Some(items) = tree::list(sink, node, "`sides`") else {
        return false;
    };
    if items.len() > SIDES_MAX {
        let message = format!(
            "the rule `{}` has {} sides, more than {SIDES_MAX}",
            rule.id,
            items.len()
        );
        sink.push(Problem::new(Code::ValueTooMany, tree::spot(node), message));
        return false;
    }
    for item in items {
        if let Some(text) = tree::pattern(sink, item, "the side") {
            rule.sides.push(Pattern {
                text: text.to_owned(),
                place: tree::spot(item).place(),
            });
        }
    }
    rule.sides.len() == items.len()
}

fn read_exceptions(sink: &mut Sink, node: &Node) -> Vec<Exception> {
    let mut found = Vec::new();
    for item in tree::list(sink, node, "`exceptions`").unwrap_or_default() {
        let Some(fields) = tree::fields(sink, item, "an exception", EXCEPTION_KEYS) else {
            continue;
        };
        let (mut person, mut until, mut control) = (None, None, None);
        for field in &fields {
            match field.key {
                "person" => person = tree::name(sink, field.value, "`person`"),
                "until" => until = read_until(sink, field.value),
                "control" => control = tree::text(sink, field.value, "`control`"),
                // `fields` has refused every other key.
                _ => {}
            }
        }
        for key in EXCEPTION_KEYS {
            if !fields.iter().any(|field| field.key == *key) {
                sink.push(missing_in_exception(item, key));
            }
        }
        if let (Some(person), Some(until), Some(control)) = (person, until, control) {
            found.push(Exception {
                person: person.to_owned(),
                until,
                control: control.to_owned(),
            });
        }
    }
    found
}

fn missing_in_exception(item: &Node, key: &str) -> Problem {
    let help = match key {
        "control" => {
            "say what is done instead, such as `control: every payment has a second approver`"
        }
        "until" => "say when it ends, such as `until: 2026-12-31`",
        _ => "say whose it is, such as `person: ana`",
    };
    Problem::new(
        Code::KeyMissing,
        tree::spot(item),
        format!("an exception needs `{key}`"),
    )
    .label(format!("no `{key}`"))
    .help(help)
}

/// A day (`2026-12-31`, until its end in UTC) or a moment in RFC 3339.
fn read_until(sink: &mut Sink, node: &Node) -> Option<Timestamp> {
    let text = tree::text(sink, node, "`until`")?;
    let is_day = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let until = if is_day {
        Timestamp::parse(&format!("{text}T00:00:00Z")).map(|day| day.plus(Minutes::from_days(1)))
    } else {
        Timestamp::parse(text)
    };
    if until.is_none() {
        sink.push(
            Problem::new(
                Code::DateUnreadable,
                tree::spot(node),
                format!("{} is not a date", quoted(text)),
            )
            .label("cannot be read")
            .help("a day such as `2026-12-31`, or a moment such as `2026-12-31T18:00:00Z`"),
        );
    }
    until
}

//! What a condition names, for those who read it without evaluating it.

use serde_json::Value;

/// The outline of one condition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    /// The entitlement that its scope names; `None` when it is about all.
    pub(crate) resource: Option<String>,
    /// Whether it holds for everybody and always, as far as its scope goes.
    pub(crate) is_unconditional: bool,
    /// Every role that it names.
    pub(crate) roles: Vec<String>,
    /// Every entitlement that it names.
    pub(crate) entitlements: Vec<String>,
    /// Scope and body, annotations left out, in Cedar's JSON: equal texts mean the same.
    pub(crate) text: String,
    /// Two parts that cannot both be so, in words.
    pub(crate) contradiction: Option<String>,
}

impl Outline {
    /// The outline of a policy in Cedar's JSON.
    pub(super) fn of(policy: &Value, resource: Option<String>) -> Self {
        let op = |variable: &str| policy.get(variable)?.get("op")?.as_str();
        let conditions = policy.get("conditions").and_then(Value::as_array);
        let mut outline = Self {
            is_unconditional: conditions.is_none_or(Vec::is_empty)
                && op("principal") == Some("All")
                && (resource.is_some() || op("resource") == Some("All")),
            resource,
            text: text_of(policy),
            ..Self::default()
        };
        entities(policy, &mut outline);
        for names in [&mut outline.roles, &mut outline.entitlements] {
            names.sort_unstable();
            names.dedup();
        }
        let mut parts = Vec::new();
        for condition in conditions.into_iter().flatten() {
            let negated = condition.get("kind").and_then(Value::as_str) == Some("unless");
            if let Some(body) = condition.get("body") {
                conjuncts(body, negated, &mut parts);
            }
        }
        outline.contradiction = contradiction(&parts);
        outline
    }
}

fn text_of(policy: &Value) -> String {
    let mut plain = policy.clone();
    if let Some(fields) = plain.as_object_mut() {
        fields.remove("annotations");
    }
    plain.to_string()
}

/// Entities in scope and body. Depth is bounded: a condition that nests deeper was refused before.
fn entities(value: &Value, outline: &mut Outline) {
    match value {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str);
            if let (Some(kind), Some(id)) = (kind, fields.get("id").and_then(Value::as_str)) {
                match kind {
                    "Role" => outline.roles.push(id.to_owned()),
                    "Entitlement" => outline.entitlements.push(id.to_owned()),
                    _ => {}
                }
            }
            fields.values().for_each(|inner| entities(inner, outline));
        }
        Value::Array(items) => items.iter().for_each(|inner| entities(inner, outline)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The parts that must all be so, each with whether it is negated.
fn conjuncts<'a>(body: &'a Value, negated: bool, parts: &mut Vec<(&'a Value, bool)>) {
    let sides = |joint: &str| {
        let joint = body.get(joint)?;
        Some((joint.get("left")?, joint.get("right")?))
    };
    // `!(a || b)` is `!a && !b`.
    let joint = if negated { "||" } else { "&&" };
    if let Some((left, right)) = sides(joint) {
        conjuncts(left, negated, parts);
        conjuncts(right, negated, parts);
    } else if let Some(inner) = body.get("!").and_then(|not| not.get("arg")) {
        conjuncts(inner, !negated, parts);
    } else {
        parts.push((body, negated));
    }
}

fn contradiction(parts: &[(&Value, bool)]) -> Option<String> {
    for (position, (one, negated)) in parts.iter().enumerate() {
        for (other, other_negated) in parts.iter().skip(position.saturating_add(1)) {
            if one == other && negated != other_negated {
                return Some("it asks for something, and for its opposite".to_owned());
            }
            if *negated || *other_negated {
                continue;
            }
            if let (Some((left, a)), Some((right, b))) = (equality(one), equality(other))
                && left == right
                && a != b
            {
                return Some(format!("one thing cannot be both {a} and {b}"));
            }
        }
    }
    None
}

/// An attribute that is compared with one value.
fn equality(part: &Value) -> Option<(&Value, &Value)> {
    let comparison = part.get("==")?;
    let (left, right) = (comparison.get("left")?, comparison.get("right")?);
    match (left.get("Value"), right.get("Value")) {
        (None, Some(value)) => Some((left, value)),
        (Some(value), None) => Some((right, value)),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

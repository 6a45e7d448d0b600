//! A condition as a tree in three values: leaves that Cedar evaluates, joined by `&&`, `||`, `!` and `if`.
//!
//! Cedar's own partial evaluation is experimental, and its type-aware kind knows only whether a whole entity is unknown.
//! Here a leaf that reads an unknown attribute is unknown, every other leaf is Cedar's own answer, and the joints are
//! Kleene's, so that a rule about production does not hold up what is certainly not production. Decision record 0010
//! gives the reasons.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Deepest nesting of one condition.
pub(super) const DEPTH_MAX: usize = 200;

/// A condition, cut at its joints.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// What Cedar evaluates as one piece, by number.
    Leaf(usize),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    /// Condition, then, else.
    If(Box<Self>, Box<Self>, Box<Self>),
}

/// A piece that Cedar evaluates, with what it reads.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// As the body of a `when`, in Cedar's JSON.
    pub(super) body: Value,
    /// Paths such as `principal`, `principal.department`, `principal in`, `context.requester.login`.
    pub(super) reads: BTreeSet<String>,
}

/// A value that may be unknown, or an error that Cedar would stop at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value3 {
    True,
    False,
    Unknown,
    Error,
}

/// The condition deeper than [`DEPTH_MAX`].
#[derive(Debug)]
pub(super) struct TooDeep;

impl Tree {
    /// Cuts the bodies of `when` and `unless` of a policy in Cedar's JSON. The scope is a leaf of its own, the first.
    pub(super) fn cut(policy: &Value) -> Result<(Self, Vec<Leaf>), TooDeep> {
        let mut leaves = vec![scope(policy)];
        let mut tree = Self::Leaf(0);
        let conditions = policy.get("conditions").and_then(Value::as_array);
        for condition in conditions.into_iter().flatten() {
            let body = condition.get("body").unwrap_or(&Value::Null);
            let part = cut(body, &mut leaves, 0)?;
            let part = match condition.get("kind").and_then(Value::as_str) {
                Some("unless") => Self::Not(Box::new(part)),
                _ => part,
            };
            tree = Self::And(Box::new(tree), Box::new(part));
        }
        Ok((tree, leaves))
    }

    /// The value of the tree, given those of its leaves, left to right as Cedar goes: what is not reached has no say.
    pub(super) fn value(&self, leaf: &impl Fn(usize) -> Value3) -> Value3 {
        use Value3::{Error, False, True, Unknown};
        match self {
            Self::Leaf(number) => leaf(*number),
            Self::Not(part) => match part.value(leaf) {
                True => False,
                False => True,
                other @ (Unknown | Error) => other,
            },
            Self::And(left, right) => joined(left, right, leaf, False),
            Self::Or(left, right) => joined(left, right, leaf, True),
            Self::If(test, then, other) => match test.value(leaf) {
                True => then.value(leaf),
                False => other.value(leaf),
                Error => Error,
                Unknown => match (then.value(leaf), other.value(leaf)) {
                    (same, also) if same == also => same,
                    _ => Unknown,
                },
            },
        }
    }
}

/// `&&` stops at false, `||` at true.
fn joined(left: &Tree, right: &Tree, leaf: &impl Fn(usize) -> Value3, stop: Value3) -> Value3 {
    match left.value(leaf) {
        Value3::Error => Value3::Error,
        found if found == stop => stop,
        Value3::Unknown => match right.value(leaf) {
            found if found == stop => stop,
            _ => Value3::Unknown,
        },
        Value3::True | Value3::False => right.value(leaf),
    }
}

/// The scope, as the policy without its conditions.
fn scope(policy: &Value) -> Leaf {
    let mut reads = BTreeSet::new();
    for variable in ["principal", "resource"] {
        let constraint = policy.get(variable).unwrap_or(&Value::Null);
        match constraint.get("op").and_then(Value::as_str) {
            Some("All") | None => {}
            Some("in") => {
                reads.insert(format!("{variable} in"));
            }
            Some("is") => {
                if constraint.get("in").is_some() {
                    reads.insert(format!("{variable} in"));
                }
            }
            Some(_) => {
                reads.insert(variable.to_owned());
            }
        }
    }
    Leaf {
        body: Value::Null,
        reads,
    }
}

fn cut(body: &Value, leaves: &mut Vec<Leaf>, depth: usize) -> Result<Tree, TooDeep> {
    if depth > DEPTH_MAX {
        return Err(TooDeep);
    }
    let next = depth.saturating_add(1);
    let part = |joint: &str, side: &str| body.get(joint)?.get(side);
    if let (Some(left), Some(right)) = (part("&&", "left"), part("&&", "right")) {
        let left = cut(left, leaves, next)?;
        return Ok(Tree::And(
            Box::new(left),
            Box::new(cut(right, leaves, next)?),
        ));
    }
    if let (Some(left), Some(right)) = (part("||", "left"), part("||", "right")) {
        let left = cut(left, leaves, next)?;
        return Ok(Tree::Or(
            Box::new(left),
            Box::new(cut(right, leaves, next)?),
        ));
    }
    if let Some(arg) = part("!", "arg") {
        return Ok(Tree::Not(Box::new(cut(arg, leaves, next)?)));
    }
    let branch = |side| part("if-then-else", side);
    if let (Some(test), Some(then), Some(other)) = (branch("if"), branch("then"), branch("else")) {
        let test = cut(test, leaves, next)?;
        let then = cut(then, leaves, next)?;
        let other = cut(other, leaves, next)?;
        return Ok(Tree::If(Box::new(test), Box::new(then), Box::new(other)));
    }
    let mut reads = BTreeSet::new();
    collect(body, &mut reads, depth)?;
    leaves.push(Leaf {
        body: body.clone(),
        reads,
    });
    Ok(Tree::Leaf(leaves.len().saturating_sub(1)))
}

/// What a piece reads. A path that begins with anything but a variable is noted as `*`: it may read whatever there is.
fn collect(value: &Value, reads: &mut BTreeSet<String>, depth: usize) -> Result<(), TooDeep> {
    if depth > DEPTH_MAX {
        return Err(TooDeep);
    }
    let next = depth.saturating_add(1);
    let Value::Object(fields) = value else {
        if let Value::Array(items) = value {
            for item in items {
                collect(item, reads, next)?;
            }
        }
        return Ok(());
    };
    for (key, inner) in fields {
        match key.as_str() {
            "Var" => {
                reads.insert(inner.as_str().unwrap_or("*").to_owned());
            }
            "Value" => {}
            "." | "has" => {
                reads.insert(path(value).unwrap_or_else(|| "*".to_owned()));
                // The entity itself is not compared, only opened; a base that is no plain path is looked into.
                let left = inner.get("left").unwrap_or(&Value::Null);
                if path(left).is_none() {
                    collect(left, reads, next)?;
                }
            }
            "in" | "is" => {
                for (side, part) in inner.as_object().into_iter().flatten() {
                    match (side.as_str(), path(part)) {
                        ("left", Some(path)) if key == "in" || inner.get("in").is_some() => {
                            reads.insert(format!("{path} in"));
                        }
                        // `is` alone asks for the type, which is always known.
                        ("left", Some(_)) => {}
                        _ => collect(part, reads, next)?,
                    }
                }
            }
            _ => collect(inner, reads, next)?,
        }
    }
    Ok(())
}

/// `principal`, `context.requester.login`: a variable, and attributes of it.
fn path(value: &Value) -> Option<String> {
    if let Some(name) = value.get("Var") {
        return name.as_str().map(str::to_owned);
    }
    let step = value.get(".").or_else(|| value.get("has"))?;
    let attribute = step.get("attr")?.as_str()?;
    Some(format!("{}.{attribute}", path(step.get("left")?)?))
}

/// The policy that asks Cedar for the value of one leaf.
pub(super) fn question(policy: &Value, leaf: &Leaf) -> Value {
    if leaf.body.is_null() {
        let mut own = policy.clone();
        if let Some(fields) = own.as_object_mut() {
            fields.insert("effect".to_owned(), json!("permit"));
            fields.insert("conditions".to_owned(), json!([]));
        }
        return own;
    }
    json!({
        "effect": "permit",
        "principal": { "op": "All" },
        "action": { "op": "All" },
        "resource": { "op": "All" },
        "conditions": [{ "kind": "when", "body": leaf.body }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over every value of the leaves: a joint is unknown only if completing the unknown ones can change it, or is at
    /// least never wrong about what it says is known.
    #[test]
    fn joints_are_never_wrong_about_what_they_say_is_known() {
        let known = [Value3::True, Value3::False];
        let all = [Value3::True, Value3::False, Value3::Unknown];
        let leaf = |number| Box::new(Tree::Leaf(number));

        let trees = [
            Tree::And(leaf(0), leaf(1)),
            Tree::Or(leaf(0), leaf(1)),
            Tree::Not(leaf(0)),
            Tree::If(leaf(0), leaf(1), leaf(2)),
            Tree::And(
                Box::new(Tree::Not(leaf(0))),
                Box::new(Tree::Or(leaf(0), leaf(1))),
            ),
        ];
        for tree in &trees {
            for a in all {
                for b in all {
                    for c in all {
                        let said = tree.value(&|number| [a, b, c][number]);
                        let mut possible = BTreeSet::new();
                        for x in known {
                            for y in known {
                                for z in known {
                                    let fits =
                                        [(a, x), (b, y), (c, z)].iter().all(|(asked, given)| {
                                            *asked == Value3::Unknown || asked == given
                                        });
                                    if fits {
                                        possible
                                            .insert(tree.value(&|n| [x, y, z][n]) == Value3::True);
                                    }
                                }
                            }
                        }
                        match said {
                            Value3::True => assert_eq!(possible, BTreeSet::from([true])),
                            Value3::False => assert_eq!(possible, BTreeSet::from([false])),
                            Value3::Unknown => {}
                            Value3::Error => panic!("no leaf was an error"),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn an_error_counts_only_when_it_is_reached() {
        let guarded = Tree::And(Box::new(Tree::Leaf(0)), Box::new(Tree::Leaf(1)));
        let with = |first| guarded.value(&|n| if n == 0 { first } else { Value3::Error });
        assert_eq!(with(Value3::False), Value3::False);
        assert_eq!(with(Value3::True), Value3::Error);
        assert_eq!(with(Value3::Unknown), Value3::Unknown);
    }

    #[test]
    fn paths_are_told() {
        let body = json!({ "==": {
            "left": { ".": { "left": { ".": { "left": { "Var": "context" }, "attr": "requester" } }, "attr": "login" } },
            "right": { "Value": "x" } } });
        let mut reads = BTreeSet::new();
        collect(&body, &mut reads, 0).unwrap();
        assert_eq!(
            reads,
            BTreeSet::from(["context.requester.login".to_owned()])
        );
        let body = json!({ "in": { "left": { "Var": "principal" }, "right": { "Value": { "__entity": { "type": "Role", "id": "x" } } } } });
        let mut reads = BTreeSet::new();
        collect(&body, &mut reads, 0).unwrap();
        assert_eq!(reads, BTreeSet::from(["principal in".to_owned()]));
    }
}

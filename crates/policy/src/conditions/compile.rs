//! From the text of the conditions to what can be evaluated, or every problem with its place.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr as _;
use std::sync::Arc;

use cedar_policy::{Policy as CedarPolicy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use decision::rules::Rules;
use decision::rules::conditions::{Condition, Effect};
use decision::rules::policy::Policy;
use miette::Diagnostic;
use serde_json::Value;

use super::annotations::{self, KNOWN};
use super::block::{Block, Draft, place_of};
use super::declared::Declared;
use super::evaluate::{CedarConditions, Rule};
use super::facts::inherited;
use super::outline::Outline;
use super::permit::{check_alias, check_permit, scope};
use super::schema;
use super::tree::{DEPTH_MAX, Leaf, Tree, question};
use super::values::check_values;
use crate::bounds::{CONDITION_BYTES_MAX, CONDITIONS_MAX};
use crate::code::Code;
use crate::names::{self, quoted};
use crate::problem::{Problem, Sink};

/// Reads, checks and compiles. What is wrong goes into `sink`; the tables of `policy` must have been checked before.
pub(crate) fn compile(
    sink: &mut Sink,
    block: &Block,
    declared: &Declared,
    policy: &Policy,
) -> Option<(Vec<Condition>, Arc<CedarConditions>)> {
    let drafts = parse(sink, block)?;
    let schema = schema_of(sink, block, declared)?;
    let rules = Rules::compile(policy.clone()).ok()?;
    let mut named: BTreeMap<String, (Condition, Draft)> = BTreeMap::new();
    for draft in drafts {
        let Some(condition) = condition(sink, block, declared, &rules, &draft) else {
            continue;
        };
        if let Some((_, first)) = named.get(&condition.id) {
            let line = block.spot(first.offset, 1).line;
            let message = format!("two conditions have the id {}", quoted(&condition.id));
            let help =
                format!("the first is in line {line}; a decision cites a condition by its id");
            sink.push(
                Problem::new(Code::ConditionId, place_of(block, &draft, "id"), message).help(help),
            );
            continue;
        }
        named.insert(condition.id.clone(), (condition, draft));
    }
    validate(sink, block, &schema, &named);
    if sink.has_errors() {
        return None;
    }
    let mut out = CedarConditions {
        declared: declared.clone(),
        inherited: inherited(policy),
        rules: Vec::new(),
        general: PolicySet::new(),
        specific: HashMap::new(),
        places: HashMap::new(),
    };
    let mut conditions = Vec::new();
    for (condition, draft) in named.into_values() {
        add(sink, block, &mut out, &condition, &draft);
        conditions.push(condition);
    }
    (!sink.has_errors()).then(|| (conditions, Arc::new(out)))
}

/// The policies in the order of the text.
fn parse(sink: &mut Sink, block: &Block) -> Option<Vec<Draft>> {
    let set = match PolicySet::from_str(&block.text) {
        Ok(set) => set,
        Err(errors) => {
            for error in errors.iter() {
                tell(sink, block, Code::ConditionSyntax, error);
            }
            return None;
        }
    };
    if set.templates().next().is_some() {
        sink.push(Problem::new(
            Code::ConditionSyntax,
            block.spot(0, 1),
            "a condition has a slot such as `?principal`; templates are not used here",
        ));
        return None;
    }
    let mut policies: Vec<CedarPolicy> = set.policies().cloned().collect();
    if policies.len() > CONDITIONS_MAX {
        let message = format!("{} conditions, more than {CONDITIONS_MAX}", policies.len());
        sink.push(Problem::new(Code::ValueTooMany, block.spot(0, 1), message));
        return None;
    }
    // Cedar numbers them `policy0`, `policy1`, … as they stand in the text.
    policies.sort_by_key(|policy| {
        let number = policy.id().to_string();
        number.trim_start_matches("policy").parse::<usize>().ok()
    });
    let mut from = 0;
    let mut drafts = Vec::new();
    for policy in policies {
        let text = policy.to_cedar().unwrap_or_default();
        let rest = block.text.get(from..).unwrap_or_default();
        let offset = rest
            .find(text.trim())
            .map_or(from, |at| from.saturating_add(at));
        let length = text.trim().len();
        from = offset.saturating_add(length);
        drafts.push(Draft {
            policy,
            offset,
            length,
        });
    }
    Some(drafts)
}

fn schema_of(sink: &mut Sink, block: &Block, declared: &Declared) -> Option<Schema> {
    match Schema::from_cedarschema_str(&schema::text(declared)) {
        Ok((schema, _)) => Some(schema),
        Err(error) => {
            let message = format!("the declared attributes make no schema: {error}");
            sink.push(Problem::new(Code::ConditionType, block.spot(0, 1), message));
            None
        }
    }
}

/// What a message of Cedar says, at its place.
fn tell(sink: &mut Sink, block: &Block, code: Code, error: &dyn Diagnostic) {
    let label = error.labels().and_then(|mut labels| labels.next());
    let spot = label.as_ref().map_or(block.spot(0, 1), |label| {
        block.spot(label.offset(), label.len())
    });
    let words = label
        .as_ref()
        .and_then(|label| label.label())
        .unwrap_or("here");
    // Cedar begins with the policy's own number, which says nothing to anybody.
    let text = error.to_string();
    let message = match text.split_once("`, ") {
        Some((head, rest)) if head.starts_with("for policy `") => rest.to_owned(),
        _ => text,
    };
    let help = error.help().map(|help| help.to_string());
    sink.push(Problem::new(code, spot, message).label(words).help_if(help));
}

fn condition(
    sink: &mut Sink,
    block: &Block,
    declared: &Declared,
    rules: &Rules,
    draft: &Draft,
) -> Option<Condition> {
    let policy = &draft.policy;
    for (name, _) in policy.annotations() {
        if !KNOWN.contains(&name) {
            let hint = sink.did_you_mean(name, KNOWN.iter().copied());
            let message = format!(
                "{} is no annotation of a condition",
                quoted(&format!("@{name}"))
            );
            sink.push(
                Problem::new(
                    Code::ConditionAnnotation,
                    place_of(block, draft, name),
                    message,
                )
                .help(format!("known: {}", KNOWN.join(", ")))
                .help_if(hint),
            );
        }
    }
    let Some(id) = policy.annotation("id") else {
        sink.push(
            Problem::new(
                Code::ConditionId,
                place_of(block, draft, "id"),
                "a condition needs `@id`",
            )
            .help("write `@id(\"contractor-ceiling\")` before it: decisions cite it"),
        );
        return None;
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if id.is_empty() || id.len() > names::ID_CHARS_MAX || !id.chars().all(plain) {
        let message = format!("{} is no id of a condition", quoted(id));
        sink.push(
            Problem::new(Code::ConditionId, place_of(block, draft, "id"), message)
                .help("lower-case letters, digits, `-` and `_`, at most 64 of them"),
        );
        return None;
    }
    if draft.length > CONDITION_BYTES_MAX {
        let message = format!("condition `{id}` has more than {CONDITION_BYTES_MAX} bytes");
        sink.push(Problem::new(
            Code::ValueTooLong,
            place_of(block, draft, "id"),
            message,
        ));
        return None;
    }
    let (entitlement, role) = scope(policy);
    if let Some(name) = &entitlement {
        check_alias(sink, block, rules, draft, name);
    }
    let effect = match annotations::effect(policy, entitlement, role) {
        Ok(effect) => effect,
        Err(fault) => {
            let spot = place_of(block, draft, fault.annotation);
            let code = if fault.annotation == "id" {
                Code::ConditionScope
            } else {
                Code::ConditionAnnotation
            };
            sink.push(Problem::new(code, spot, fault.message).help(fault.help));
            return None;
        }
    };
    if let Effect::Permit {
        fit, entitlement, ..
    } = &effect
    {
        check_permit(sink, block, declared, rules, draft, *fit, entitlement);
    }
    if let Some((_, leaves)) = policy.to_json().ok().and_then(|json| Tree::cut(&json).ok()) {
        check_values(sink, block, declared, draft, &leaves);
    }
    let owned = |name| policy.annotation(name).map(str::to_owned);
    Some(Condition {
        id: id.to_owned(),
        effect,
        reason: owned("reason").filter(|reason| !reason.trim().is_empty()),
        route: owned("route").filter(|route| !route.trim().is_empty()),
        place: place_of(block, draft, "id").place(),
    })
}

/// Types, attributes and depth against the schema: an attribute of an attribute's entity is not at hand.
fn validate(
    sink: &mut Sink,
    block: &Block,
    schema: &Schema,
    named: &BTreeMap<String, (Condition, Draft)>,
) {
    // The places of messages are those of the text only for policies that were parsed from it as a whole.
    let policies = named.values().map(|(_, draft)| draft.policy.clone());
    let Ok(set) = PolicySet::from_policies(policies) else {
        return;
    };
    let result =
        Validator::new(schema.clone()).validate_with_level(&set, ValidationMode::Strict, 1);
    for error in result.validation_errors() {
        tell(sink, block, Code::ConditionType, error);
    }
    for warning in result.validation_warnings() {
        // What can never hold is an error: its author meant something else.
        tell(sink, block, Code::ConditionNever, warning);
    }
}

fn add(
    sink: &mut Sink,
    block: &Block,
    out: &mut CedarConditions,
    condition: &Condition,
    draft: &Draft,
) {
    let Some((tree, leaves, json)) = cut(sink, block, draft, &condition.id) else {
        return;
    };
    let (entitlement, _) = scope(&draft.policy);
    let own = PolicyId::new(&condition.id);
    let asking =
        as_permit(&json).and_then(|json| CedarPolicy::from_json(Some(own.clone()), json).ok());
    let mut questions = PolicySet::new();
    let mut complete = asking.is_some();
    for (number, leaf) in leaves.iter().enumerate() {
        let id = PolicyId::new(number.to_string());
        let policy = CedarPolicy::from_json(Some(id), question(&json, leaf));
        complete &= policy.is_ok_and(|policy| questions.add(policy).is_ok());
    }
    let set = match &entitlement {
        Some(id) => out.specific.entry(id.clone()).or_default(),
        None => &mut out.general,
    };
    complete &= asking.is_some_and(|policy| set.add(policy).is_ok());
    if !complete {
        let message = format!("condition `{}` cannot be cut into parts", condition.id);
        sink.push(Problem::new(
            Code::ConditionSyntax,
            place_of(block, draft, "id"),
            message,
        ));
    }
    out.places.insert(own, out.rules.len());
    out.rules.push(Rule {
        outline: Outline::of(&json, entitlement),
        reads: leaves
            .iter()
            .flat_map(|leaf| leaf.reads.iter().cloned())
            .collect(),
        tree,
        leaf_reads: leaves.into_iter().map(|leaf| leaf.reads).collect(),
        leaves: questions,
    });
}

fn cut(
    sink: &mut Sink,
    block: &Block,
    draft: &Draft,
    id: &str,
) -> Option<(Tree, Vec<Leaf>, Value)> {
    let json = draft.policy.to_json().ok();
    let tree = json.as_ref().and_then(|json| Tree::cut(json).ok());
    if let (Some((tree, leaves)), Some(json)) = (tree, json) {
        return Some((tree, leaves, json));
    }
    let message = format!("condition `{id}` nests more than {DEPTH_MAX} deep");
    sink.push(
        Problem::new(Code::ConditionSyntax, place_of(block, draft, "id"), message).help(
            "a set, as in `[\"a\", \"b\"].contains(principal.department)`, replaces a long chain",
        ),
    );
    None
}

/// The policy as a permit, so that the authoriser names it whenever it is satisfied.
fn as_permit(json: &Value) -> Option<Value> {
    let mut json = json.clone();
    let fields = json.as_object_mut()?;
    fields.insert("effect".to_owned(), Value::from("permit"));
    fields.remove("annotations");
    Some(json)
}

//! The tools of the contract, served from frozen evidence. None changes anything; there is no other.

use ports::model::{Tool, ToolCall};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shown::Shown;
use crate::advise::text::plain;

/// Most characters of an argument.
const ARGUMENT_CHARACTERS_MAX: usize = 200;

/// What a call of a tool comes to.
pub(super) enum Served {
    Result {
        content: String,
        is_error: bool,
    },
    /// It sums up: the advice as it was written.
    End(String),
}

/// The tools that the contract names, of those that there are. INVARIANT(contract).
pub(super) fn registry(allowed: &[String]) -> Vec<Tool> {
    let access = || {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["access"],
            "properties": { "access": { "type": "string", "description": "an entitlement, such as `repo:read`" } },
        })
    };
    let all = [
        Tool {
            name: "read_request",
            description: "The request: who asks, for whom, for what, how long, why, and which approvals are recorded.",
            schema: json!({ "type": "object", "additionalProperties": false, "required": [], "properties": {} }),
        },
        Tool {
            name: "check_policy",
            description: "What policy and directory say of an entitlement for this person. For the one that is asked for: all findings of the rules.",
            schema: access(),
        },
        Tool {
            name: "prepare_change",
            description: "What a change would look like, and what narrower would look like. Nothing is changed.",
            schema: access(),
        },
        Tool {
            name: "summarize",
            description: "Ends the review with your advice.",
            schema: advice_schema(),
        },
    ];
    let named = |tool: &Tool| allowed.iter().any(|name| name == tool.name);
    all.into_iter().filter(named).collect()
}

/// The form of advice, as a tool's arguments and as an answer.
pub(super) fn advice_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["advice", "triggers", "confidence", "cites", "note"],
        "properties": {
            "advice": { "type": "string", "enum": ["nothing", "narrow", "ask_first", "look_closer"] },
            "triggers": { "type": "array", "items": {
                "type": "string",
                "enum": ["sensitive_resource", "policy_ambiguous", "low_confidence"],
            } },
            "confidence": { "type": "number", "description": "0 to 1" },
            "cites": { "type": "array", "items": { "type": "string" } },
            "note": { "type": "string" },
        },
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessArgument {
    access: String,
}

/// What is wrong with a call of something that the contract does not have.
pub(super) fn out_of_contract(call: &ToolCall, tools: &[Tool]) -> Option<String> {
    let known = tools.iter().any(|tool| tool.name == call.name);
    (!known).then(|| {
        let name = plain(&call.name, 60);
        format!("it called `{name}`, which its contract does not have")
    })
}

/// Serves one call of a tool that there is.
pub(super) fn serve(call: &ToolCall, shown: &Shown<'_>) -> Served {
    let access = || -> Result<String, Served> {
        let argument: Result<AccessArgument, _> = serde_json::from_str(&call.arguments);
        match argument {
            Ok(own) if own.access.chars().count() <= ARGUMENT_CHARACTERS_MAX => Ok(own.access),
            Ok(_) | Err(_) => Err(Served::Result {
                content: "`access` must be the name of one entitlement".to_owned(),
                is_error: true,
            }),
        }
    };
    let told = |value: &Value| Served::Result {
        content: value.to_string(),
        is_error: false,
    };
    match call.name.as_str() {
        "read_request" => told(shown.request()),
        "check_policy" => {
            access().map_or_else(|error| error, |access| told(&shown.policy(&access)))
        }
        "prepare_change" => {
            access().map_or_else(|error| error, |access| told(&shown.change(&access)))
        }
        _ => Served::End(call.arguments.clone()),
    }
}

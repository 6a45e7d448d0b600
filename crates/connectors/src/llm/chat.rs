//! Chat completions: OpenAI, Azure OpenAI, and every server that is compatible with them.

use ports::model::{Answer, Call, Stop, Tool, ToolCall, Turn, Usage};
use serde_json::{Map, Value, json};

use super::answer::{
    Envelope, arguments, call_id, inclusive, list, text, text_at, tokens, tokens_or_none,
};
use super::{Format, Sampling};

/// What servers disagree on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// The field with the bound of the answer's length.
    output_tokens_max: &'static str,
    /// Whether answers are kept by the provider unless it is told not to.
    stores: bool,
}

impl Dialect {
    /// OpenAI and Azure.
    pub(super) const OPENAI: Self = Self {
        output_tokens_max: "max_completion_tokens",
        stores: true,
    };
    /// Everybody else.
    pub(super) const COMPATIBLE: Self = Self {
        output_tokens_max: "max_tokens",
        stores: false,
    };
}

/// The format.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) dialect: Dialect,
    pub(super) sampling: Sampling,
}

impl Format for Chat {
    fn path(&self) -> &'static str {
        "/chat/completions"
    }

    fn body(&self, model: &str, call: &Call<'_>) -> Value {
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("model", json!(model));
        set("messages", messages(call));
        set(
            self.dialect.output_tokens_max,
            json!(call.output_tokens_max),
        );
        if self.dialect.stores {
            set("store", json!(false));
        }
        if !call.tools.is_empty() {
            set("tools", call.tools.iter().map(tool).collect());
            set("tool_choice", json!("required"));
            set("parallel_tool_calls", json!(false));
        } else if let Some(form) = call.form {
            let json_schema = json!({"name": form.name, "strict": true, "schema": form.schema});
            set(
                "response_format",
                json!({"type": "json_schema", "json_schema": json_schema}),
            );
        }
        if let Some(temperature) = self.sampling.temperature {
            set("temperature", json!(temperature));
        }
        if let Some(seed) = self.sampling.seed {
            set("seed", json!(seed));
        }
        Value::Object(body)
    }

    fn read(&self, envelope: &Envelope) -> Result<Answer, String> {
        let choices = envelope.get("choices");
        let choice = choices.get(0).ok_or("an answer without `choices`")?;
        let message = choice.get("message").unwrap_or(&Value::Null);
        if !message.is_object() {
            return Err("a choice without `message`".to_owned());
        }
        let refusal = text_at(message, "/refusal");
        let said = content(message.get("content").unwrap_or(&Value::Null));
        let calls = calls(message.get("tool_calls").unwrap_or(&Value::Null));
        let stop = match text_at(choice, "/finish_reason") {
            "content_filter" => Stop::Filtered,
            "length" => Stop::Length,
            _ if !refusal.is_empty() => Stop::Refused,
            // Some servers say `stop` after a call as well.
            "stop" | "tool_calls" if !calls.is_empty() => Stop::Tools,
            "stop" => Stop::Finished,
            _ => Stop::Unknown,
        };
        Ok(Answer {
            text: if said.is_empty() {
                refusal.to_owned()
            } else {
                said
            },
            calls,
            stop,
            usage: usage(&envelope.get("usage")),
            model: envelope.name("model"),
            exchange: envelope.id(),
            ..Answer::default()
        })
    }
}

fn messages(call: &Call<'_>) -> Value {
    let mut messages = Vec::new();
    if !call.instructions.is_empty() {
        messages.push(json!({"role": "system", "content": call.instructions}));
    }
    for turn in call.turns {
        match turn {
            Turn::Ours(text) => messages.push(json!({"role": "user", "content": text})),
            Turn::Model { text, calls } if calls.is_empty() => {
                messages.push(json!({"role": "assistant", "content": text}));
            }
            Turn::Model { text, calls } => {
                let content = if text.is_empty() {
                    Value::Null
                } else {
                    json!(text)
                };
                let calls: Value = calls.iter().map(call_again).collect();
                messages
                    .push(json!({"role": "assistant", "content": content, "tool_calls": calls}));
            }
            Turn::Results(results) => {
                for result in results {
                    let content = told(&result.content, result.is_error);
                    messages.push(
                        json!({"role": "tool", "tool_call_id": result.id, "content": content}),
                    );
                }
            }
        }
    }
    Value::Array(messages)
}

fn call_again(call: &ToolCall) -> Value {
    let function = json!({"name": call.name, "arguments": call.arguments});
    json!({"id": call.id, "type": "function", "function": function})
}

fn tool(tool: &Tool) -> Value {
    let function = json!({
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
        "strict": true,
    });
    json!({"type": "function", "function": function})
}

/// The result of a tool, for a format that has no mark for an error.
pub(super) fn told(content: &str, is_error: bool) -> String {
    if is_error {
        format!("Error: {content}")
    } else {
        content.to_owned()
    }
}

/// Text, or parts of it.
fn content(value: &Value) -> String {
    match value {
        Value::Array(parts) => parts.iter().map(|part| text_at(part, "/text")).collect(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

fn calls(value: &Value) -> Vec<ToolCall> {
    let calls = list(value).iter().enumerate().map(|(at, call)| ToolCall {
        id: call_id(call.get("id").unwrap_or(&Value::Null), at),
        name: text(call.pointer("/function/name").unwrap_or(&Value::Null)).to_owned(),
        arguments: arguments(call.pointer("/function/arguments").unwrap_or(&Value::Null)),
    });
    calls.collect()
}

/// `prompt_tokens` includes what came from the cache. `completion_tokens` should include thinking; where it does not, the
/// total tells.
fn usage(usage: &Value) -> Option<Usage> {
    let read = tokens(usage, "/prompt_tokens")?;
    let written = tokens(usage, "/completion_tokens")?;
    let total = tokens_or_none(usage, "/total_tokens")?;
    inclusive(
        read,
        tokens_or_none(usage, "/prompt_tokens_details/cached_tokens")?,
        tokens_or_none(usage, "/prompt_tokens_details/cache_write_tokens")?,
        written.max(total.saturating_sub(read)),
    )
}

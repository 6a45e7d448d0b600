//! OpenAI's responses, used without state: nothing is stored, and a conversation is sent whole each time.

use ports::model::{Answer, Call, Stop, Tool, ToolCall, Turn, Usage};
use serde_json::{Map, Value, json};

use super::Format;
use super::answer::{
    Envelope, arguments, call_id, inclusive, list, text_at, tokens, tokens_or_none,
};
use super::chat::told;

/// The format.
#[derive(Debug)]
pub(super) struct Responses {
    pub(super) temperature: Option<f64>,
}

impl Format for Responses {
    fn path(&self) -> &'static str {
        "/responses"
    }

    fn body(&self, model: &str, call: &Call<'_>) -> Value {
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("model", json!(model));
        if !call.instructions.is_empty() {
            set("instructions", json!(call.instructions));
        }
        set("input", input(call.turns));
        set("max_output_tokens", json!(call.output_tokens_max));
        set("store", json!(false));
        if !call.tools.is_empty() {
            set("tools", call.tools.iter().map(tool).collect());
            set("tool_choice", json!("required"));
            set("parallel_tool_calls", json!(false));
        } else if let Some(form) = call.form {
            let format = json!({"type": "json_schema", "name": form.name, "strict": true, "schema": form.schema});
            set("text", json!({"format": format}));
        }
        if let Some(temperature) = self.temperature {
            set("temperature", json!(temperature));
        }
        Value::Object(body)
    }

    fn read(&self, envelope: &Envelope) -> Result<Answer, String> {
        let output = envelope.get("output");
        if !output.is_array() {
            return Err("an answer without `output`".to_owned());
        }
        let mut said = String::new();
        let mut refusal = String::new();
        let mut calls = Vec::new();
        for item in list(&output) {
            match text_at(item, "/type") {
                "message" => {
                    for part in list(item.get("content").unwrap_or(&Value::Null)) {
                        match text_at(part, "/type") {
                            "output_text" => said.push_str(text_at(part, "/text")),
                            "refusal" => refusal.push_str(text_at(part, "/refusal")),
                            _ => {}
                        }
                    }
                }
                "function_call" => calls.push(ToolCall {
                    id: call_id(item.get("call_id").unwrap_or(&Value::Null), calls.len()),
                    name: text_at(item, "/name").to_owned(),
                    arguments: arguments(item.get("arguments").unwrap_or(&Value::Null)),
                }),
                // Thinking, which is not shown to anybody.
                _ => {}
            }
        }
        let details = envelope.get("incomplete_details");
        let status = envelope.get("status");
        let stop = match (text_at(&status, ""), text_at(&details, "/reason")) {
            ("incomplete", "content_filter") => Stop::Filtered,
            ("incomplete", "max_output_tokens") => Stop::Length,
            ("completed", _) if !refusal.is_empty() => Stop::Refused,
            ("completed", _) if !calls.is_empty() => Stop::Tools,
            ("completed", _) => Stop::Finished,
            _ => Stop::Unknown,
        };
        Ok(Answer {
            text: if said.is_empty() { refusal } else { said },
            calls,
            stop,
            usage: usage(&envelope.get("usage")),
            model: envelope.name("model"),
            exchange: envelope.id(),
            ..Answer::default()
        })
    }
}

/// The conversation. Items go back without the ids that the provider gave them: what it does not store it would not find.
fn input(turns: &[Turn]) -> Value {
    let mut items = Vec::new();
    for turn in turns {
        match turn {
            Turn::Ours(text) => items.push(json!({"role": "user", "content": text})),
            Turn::Model { text, calls } => {
                if !text.is_empty() || calls.is_empty() {
                    items.push(json!({"role": "assistant", "content": text}));
                }
                items.extend(calls.iter().map(|call| {
                    json!({
                        "type": "function_call",
                        "call_id": call.id,
                        "name": call.name,
                        "arguments": call.arguments,
                    })
                }));
            }
            Turn::Results(results) => items.extend(results.iter().map(|result| {
                json!({
                    "type": "function_call_output",
                    "call_id": result.id,
                    "output": told(&result.content, result.is_error),
                })
            })),
        }
    }
    Value::Array(items)
}

fn tool(tool: &Tool) -> Value {
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
        "strict": true,
    })
}

/// `input_tokens` includes what came from the cache, `output_tokens` includes thinking.
fn usage(usage: &Value) -> Option<Usage> {
    inclusive(
        tokens(usage, "/input_tokens")?,
        tokens_or_none(usage, "/input_tokens_details/cached_tokens")?,
        tokens_or_none(usage, "/input_tokens_details/cache_write_tokens")?,
        tokens(usage, "/output_tokens")?,
    )
}

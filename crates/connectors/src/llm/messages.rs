//! Anthropic's messages. What stays the same from call to call, tools and instructions, is marked for the provider's cache.

use ports::model::{Answer, Call, Stop, ToolCall, Turn, Usage};
use serde_json::{Map, Value, json};

use super::Format;
use super::answer::{Envelope, call_id, list, text_at, tokens, tokens_or_none};

/// The format.
#[derive(Debug)]
pub(super) struct Messages {
    pub(super) temperature: Option<f64>,
}

impl Format for Messages {
    fn path(&self) -> &'static str {
        "/messages"
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn body(&self, model: &str, call: &Call<'_>) -> Value {
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("model", json!(model));
        set("max_tokens", json!(call.output_tokens_max));
        // The provider refuses an empty block.
        if !call.instructions.is_empty() {
            set(
                "system",
                json!([{"type": "text", "text": call.instructions, "cache_control": kept()}]),
            );
        }
        set("messages", messages(call.turns));
        if !call.tools.is_empty() {
            set("tools", tools(call));
            set(
                "tool_choice",
                json!({"type": "any", "disable_parallel_tool_use": true}),
            );
        } else if let Some(form) = call.form {
            let format = json!({"type": "json_schema", "schema": form.schema});
            set("output_config", json!({"format": format}));
        }
        if let Some(temperature) = self.temperature {
            set("temperature", json!(temperature));
        }
        Value::Object(body)
    }

    fn read(&self, envelope: &Envelope) -> Result<Answer, String> {
        let content = envelope.get("content");
        if !content.is_array() {
            return Err("an answer without `content`".to_owned());
        }
        let mut said = String::new();
        let mut calls = Vec::new();
        for block in list(&content) {
            match text_at(block, "/type") {
                "text" => said.push_str(text_at(block, "/text")),
                "tool_use" => calls.push(ToolCall {
                    id: call_id(block.get("id").unwrap_or(&Value::Null), calls.len()),
                    name: text_at(block, "/name").to_owned(),
                    arguments: block.get("input").unwrap_or(&Value::Null).to_string(),
                }),
                // Thinking, which is not shown to anybody.
                _ => {}
            }
        }
        let reason = envelope.get("stop_reason");
        let stop = match text_at(&reason, "") {
            "refusal" => Stop::Refused,
            "max_tokens" | "model_context_window_exceeded" => Stop::Length,
            "end_turn" | "tool_use" if !calls.is_empty() => Stop::Tools,
            "end_turn" => Stop::Finished,
            // `pause_turn` among them: there is nothing here that a model could pause for.
            _ => Stop::Unknown,
        };
        if said.is_empty() && stop == Stop::Refused {
            text_at(&envelope.get("stop_details"), "/explanation").clone_into(&mut said);
        }
        Ok(Answer {
            text: said,
            calls,
            stop,
            usage: usage(&envelope.get("usage")),
            model: envelope.name("model"),
            exchange: envelope.id(),
            ..Answer::default()
        })
    }
}

/// The mark up to which the provider keeps what it read, for five minutes.
fn kept() -> Value {
    json!({"type": "ephemeral"})
}

fn tools(call: &Call<'_>) -> Value {
    let last = call.tools.len().saturating_sub(1);
    let tools = call.tools.iter().enumerate().map(|(at, tool)| {
        let mut one = Map::new();
        one.insert("name".to_owned(), json!(tool.name));
        one.insert("description".to_owned(), json!(tool.description));
        one.insert("input_schema".to_owned(), tool.schema.clone());
        one.insert("strict".to_owned(), json!(true));
        if at == last {
            one.insert("cache_control".to_owned(), kept());
        }
        Value::Object(one)
    });
    tools.collect()
}

fn messages(turns: &[Turn]) -> Value {
    let messages = turns.iter().map(|turn| match turn {
        Turn::Ours(text) => json!({"role": "user", "content": text}),
        Turn::Model { text, calls } => {
            let mut blocks = Vec::new();
            // The provider refuses an empty block.
            if !text.is_empty() {
                blocks.push(json!({"type": "text", "text": text}));
            }
            blocks.extend(calls.iter().map(|call| {
                json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input(call)})
            }));
            json!({"role": "assistant", "content": blocks})
        }
        Turn::Results(results) => {
            let blocks = results.iter().map(|result| {
                json!({
                    "type": "tool_result",
                    "tool_use_id": result.id,
                    "content": result.content,
                    "is_error": result.is_error,
                })
            });
            json!({"role": "user", "content": blocks.collect::<Value>()})
        }
    });
    messages.collect()
}

/// The arguments as the object that the provider insists on; what is none becomes the empty one.
fn input(call: &ToolCall) -> Value {
    serde_json::from_str(&call.arguments)
        .ok()
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({}))
}

/// `input_tokens` is what came neither from the cache nor went into it; `output_tokens` includes thinking.
fn usage(usage: &Value) -> Option<Usage> {
    Some(Usage {
        input: tokens(usage, "/input_tokens")?,
        cache_read: tokens_or_none(usage, "/cache_read_input_tokens")?,
        cache_write: tokens_or_none(usage, "/cache_creation_input_tokens")?,
        output: tokens(usage, "/output_tokens")?,
    })
}

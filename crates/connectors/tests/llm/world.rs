//! The calls of the tests, and one way to make them.

use std::time::Duration;

use connectors::llm::{self, Provider, Settings};
use ports::Secret;
use ports::model::{Answer, Call, Form, ModelError, Tool, ToolCall, ToolResult, Turn};
use serde_json::{Value, json};

use crate::server::{Seen, serve};

/// The key of the tests: nothing but the header may ever show it.
pub(crate) const CANARY: &str = "canary-0123456789abcdef";

/// What a call is made of, owned.
pub(crate) struct Asked {
    pub(crate) instructions: &'static str,
    pub(crate) turns: Vec<Turn>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) form: Option<Form>,
}

impl Asked {
    pub(crate) fn call(&self) -> Call<'_> {
        Call {
            instructions: self.instructions,
            turns: &self.turns,
            tools: &self.tools,
            form: self.form.as_ref(),
            output_tokens_max: 400,
        }
    }
}

fn opinion() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["verdict", "reason"],
        "properties": {
            "verdict": {"type": "string", "enum": ["fine", "odd"]},
            "reason": {"type": "string"},
        },
    })
}

/// The call with this name, in which ids of calls are those of the provider.
pub(crate) fn asked(name: &str, provider: Provider) -> Asked {
    let ours = "engineer-017 asks for staging:read for 8 hours. Their manager agreed.";
    let mut asked = Asked {
        instructions: "You judge access requests. Answer in the form that is asked for.",
        turns: vec![Turn::Ours(ours.to_owned())],
        tools: Vec::new(),
        form: None,
    };
    if name == "structured" {
        asked.form = Some(Form {
            name: "opinion",
            schema: opinion(),
        });
        return asked;
    }
    let person = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["person"],
        "properties": {"person": {"type": "string"}},
    });
    asked.tools = vec![
        Tool {
            name: "holdings_of",
            description: "What a person holds now.",
            schema: person,
        },
        Tool {
            name: "submit",
            description: "The opinion. The last call.",
            schema: opinion(),
        },
    ];
    if name == "results" {
        let id = match provider {
            Provider::Anthropic => "toolu_Aa1",
            Provider::OpenAi
            | Provider::OpenAiResponses
            | Provider::Azure
            | Provider::Compatible => "call_Aa1",
        };
        asked.turns.push(Turn::Model {
            text: String::new(),
            calls: vec![ToolCall {
                id: id.to_owned(),
                name: "holdings_of".to_owned(),
                arguments: r#"{"person":"engineer-017"}"#.to_owned(),
            }],
        });
        asked.turns.push(Turn::Results(vec![ToolResult {
            id: id.to_owned(),
            content: "staging:write until 2026-12-01".to_owned(),
            is_error: false,
        }]));
    } else {
        assert_eq!(name, "tools");
    }
    asked
}

pub(crate) fn settings(provider: Provider, base: &str) -> Settings {
    let openai = matches!(provider, Provider::OpenAi | Provider::OpenAiResponses);
    let secret = |text: &str| Some(Secret::new(text.to_owned()));
    Settings {
        base_url: Some(base.to_owned()),
        key: secret(CANARY),
        organization: secret("org-1").filter(|_| openai),
        project: secret("proj-1").filter(|_| openai),
        timeout: Duration::from_secs(5),
        ..Settings::new(provider, "a-model")
    }
}

/// Asks once for a structured answer.
pub(crate) fn ask(provider: Provider, reply: Vec<u8>) -> Result<Answer, ModelError> {
    ask_and_see(provider, reply).0
}

/// Asks once for a structured answer, and gives back what was sent.
pub(crate) fn ask_and_see(
    provider: Provider,
    reply: Vec<u8>,
) -> (Result<Answer, ModelError>, Seen) {
    let (base, served) = serve(vec![reply]);
    let model = llm::open(settings(provider, &base)).unwrap();
    let result = model.ask(&asked("structured", provider).call());
    (result, served.join().unwrap().remove(0))
}

/// A good answer of the provider, whose words and usage can be changed.
pub(crate) fn body(provider: Provider, text: &str, usage: Value) -> Value {
    let text_part = json!({"type": "output_text", "text": text});
    match provider {
        Provider::OpenAi | Provider::Azure | Provider::Compatible => json!({
            "id": "a",
            "model": "m",
            "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
            "usage": usage,
        }),
        Provider::OpenAiResponses => json!({
            "id": "a",
            "model": "m",
            "status": "completed",
            "output": [{"type": "message", "content": [text_part]}],
            "usage": usage,
        }),
        Provider::Anthropic => json!({
            "id": "a",
            "model": "m",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": usage,
        }),
    }
}

//! What is sent, and the exchanges in `cassettes`, against the descriptions that the providers publish. They stand beside the
//! repository in some work places only.

use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use connectors::llm::{self, Provider, Sampling, Settings};
use serde_json::Value;

use crate::cassettes;
use crate::server::{good, serve};
use crate::world::{asked, body, settings};

/// The folder of descriptions, if it is there.
fn specs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let found = folder.join("openai/openai.schema.json").exists();
    if !found {
        eprintln!("skipped: the descriptions of OpenAI and Anthropic are not at hand");
    }
    found.then_some(folder)
}

struct Described {
    schemas: Schemas,
    chat: [SchemaIndex; 2],
    responses: [SchemaIndex; 2],
    messages: [SchemaIndex; 2],
    errors: [SchemaIndex; 2],
}

impl Described {
    fn of(specs: &Path) -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        let mut compiled = |file: &str, definition: &str| {
            let url = format!("urn:{file}");
            let text = std::fs::read_to_string(specs.join(file)).unwrap();
            compiler
                .add_resource(&url, serde_json::from_str(&text).unwrap())
                .unwrap();
            let place = if definition.is_empty() {
                url
            } else {
                format!("{url}#/$defs/{definition}")
            };
            compiler.compile(&place, &mut schemas).unwrap()
        };
        let openai = "openai/openai.schema.json";
        let chat = [
            "CreateChatCompletionRequest",
            "CreateChatCompletionResponse",
        ];
        let chat = chat.map(|name| compiled(openai, name));
        let responses = ["CreateResponse", "Response"].map(|name| compiled(openai, name));
        let messages = ["MessageCreateParamsNonStreaming", "Message"];
        let messages = messages.map(|name| compiled(&format!("anthropic/{name}.schema.json"), ""));
        let errors = [
            compiled(openai, "ErrorResponse"),
            compiled("anthropic/ErrorResponse.schema.json", ""),
        ];
        Self {
            schemas,
            chat,
            responses,
            messages,
            errors,
        }
    }

    /// Descriptions of what is sent to the provider, and of what it answers.
    fn both(&self, provider: Provider) -> [SchemaIndex; 2] {
        match provider {
            Provider::OpenAi | Provider::Azure | Provider::Compatible => self.chat,
            Provider::OpenAiResponses => self.responses,
            Provider::Anthropic => self.messages,
        }
    }

    fn fits(&self, value: &Value, index: SchemaIndex, what: &str) {
        if let Err(error) = self.schemas.validate(value, index) {
            panic!("{what}: {error:#}\n{value:#}");
        }
    }
}

#[test]
fn everything_that_is_sent_fits_its_description() {
    let Some(specs) = specs() else { return };
    let described = Described::of(&specs);
    for provider in Provider::ALL {
        for name in ["structured", "tools", "results"] {
            for sampling in [None, Some(0.5)] {
                let answer = body(provider, "{}", Value::Null).to_string();
                let (base, served) = serve(vec![good(answer.as_bytes())]);
                let settings = Settings {
                    sampling: Sampling {
                        temperature: sampling,
                        seed: sampling.map(|_| 7),
                    },
                    ..settings(provider, &base)
                };
                let model = llm::open(settings).unwrap();
                model.ask(&asked(name, provider).call()).unwrap();
                let sent = served.join().unwrap()[0].json();
                let [request, _] = described.both(provider);
                described.fits(&sent, request, &format!("{provider:?} {name}"));
            }
        }
    }
    // The check can fail.
    for provider in Provider::ALL {
        let [request, answer] = described.both(provider);
        for nonsense in [serde_json::json!({"model": 7}), serde_json::json!([])] {
            assert!(described.schemas.validate(&nonsense, request).is_err());
            assert!(described.schemas.validate(&nonsense, answer).is_err());
        }
    }
}

#[test]
fn every_written_exchange_fits_its_description() {
    let Some(specs) = specs() else { return };
    let described = Described::of(&specs);
    for (name, cassette) in cassettes::all() {
        let provider = Provider::from_name(cassette["provider"].as_str().unwrap()).unwrap();
        let [request, answer] = described.both(provider);
        described.fits(&cassette["request"]["body"], request, &name);
        // Servers that are only compatible leave fields out, and errors are their own.
        let is_free = provider == Provider::Compatible || name.starts_with("recorded-");
        let response = &cassette["response"];
        let is_error = response["status"] != 200;
        if is_free {
            continue;
        }
        match provider {
            Provider::Anthropic if is_error => {
                described.fits(&response["body"], described.errors[1], &name);
            }
            // Azure's errors have no type.
            Provider::OpenAi | Provider::OpenAiResponses if is_error => {
                described.fits(&response["body"], described.errors[0], &name);
            }
            Provider::Azure if is_error => {}
            Provider::OpenAi
            | Provider::OpenAiResponses
            | Provider::Azure
            | Provider::Compatible
            | Provider::Anthropic => described.fits(&response["body"], answer, &name),
        }
    }
}

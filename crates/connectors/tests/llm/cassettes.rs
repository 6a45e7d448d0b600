//! Every exchange in `cassettes`: what is sent is what was recorded, and what came back is read as it should be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use connectors::llm::{self, Provider};
use ports::model::{Answer, Call, ModelError, Reason, Stop};
use serde_json::{Value, json};

use crate::server::{reply, serve};
use crate::world::{asked, settings};

/// All of them, with their names.
pub(crate) fn all() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/llm/cassettes");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_json = |path: &PathBuf| path.extension().is_some_and(|own| own == "json");
    let mut files: Vec<PathBuf> = files.filter(is_json).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        (name, serde_json::from_str(&text).unwrap())
    };
    files.into_iter().map(read).collect()
}

/// An answer as cassettes have it.
pub(crate) fn told(answer: &Answer) -> Value {
    let stop = match answer.stop {
        Stop::Finished => "finished",
        Stop::Tools => "tools",
        Stop::Length => "length",
        Stop::Filtered => "filtered",
        Stop::Refused => "refused",
        Stop::Unknown => "unknown",
    };
    let calls = answer
        .calls
        .iter()
        .map(|call| json!({"id": call.id, "name": call.name, "arguments": call.arguments}));
    json!({
        "text": answer.text,
        "calls": calls.collect::<Value>(),
        "stop": stop,
        "usage": answer.usage.map(|usage| json!({
            "input": usage.input,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
            "output": usage.output,
        })),
        "model": answer.model,
        "exchange": answer.exchange,
    })
}

/// A failure as cassettes have it.
fn failed(error: &ModelError) -> Value {
    let reason = match error.reason {
        Reason::Unauthorised => "unauthorised",
        Reason::Payment => "payment",
        Reason::NotFound => "not-found",
        Reason::TooLarge => "too-large",
        Reason::BadRequest => "bad-request",
        Reason::Filtered => "filtered",
        Reason::RateLimited => "rate-limited",
        Reason::Overloaded => "overloaded",
        Reason::TimedOut => "timed-out",
        Reason::Unreachable => "unreachable",
        Reason::Unreadable => "unreadable",
    };
    json!({
        "reason": reason,
        "again_after_ms": error.again_after.as_ref().map(Duration::as_millis),
        "counted": error.counted,
    })
}

#[test]
fn each_exchange_is_sent_and_read_as_recorded() {
    let cassettes = all();
    for provider in Provider::ALL {
        for kind in [
            "structured",
            "tool-call",
            "tool-result",
            "refusal",
            "truncation",
        ] {
            let name = format!("{}-{kind}", provider.name());
            assert!(cassettes.iter().any(|(own, _)| *own == name), "{name}");
        }
    }
    for (name, cassette) in cassettes {
        let provider = Provider::from_name(cassette["provider"].as_str().unwrap()).unwrap();
        let response = &cassette["response"];
        let headers = response["headers"].as_object().unwrap();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
        let body = response["body"].to_string();
        let (base, served) = serve(vec![reply(status, &headers, body.as_bytes())]);
        let mut settings = settings(provider, &base);
        cassette["model"]
            .as_str()
            .unwrap()
            .clone_into(&mut settings.model);
        let model = llm::open(settings).unwrap();
        let asked = asked(cassette["call"].as_str().unwrap(), provider);
        let most = cassette.get("output_tokens_max").and_then(Value::as_u64);
        let call = Call {
            output_tokens_max: most.map_or(400, |most| u32::try_from(most).unwrap()),
            ..asked.call()
        };
        let result = model.ask(&call);
        let seen = served.join().unwrap().remove(0);

        let request = &cassette["request"];
        let path = request["path"].as_str().unwrap();
        assert_eq!(seen.first(), format!("POST {path} HTTP/1.1"), "{name}");
        for (header, value) in request["headers"].as_object().unwrap() {
            assert_eq!(seen.header(header), value.as_str(), "{name}: {header}");
        }
        assert_eq!(seen.json(), request["body"], "{name}");
        match result {
            Ok(answer) => assert_eq!(told(&answer), cassette["answer"], "{name}"),
            Err(error) => assert_eq!(failed(&error), cassette["failure"], "{name}: {error}"),
        }
    }
}

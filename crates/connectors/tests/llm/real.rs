//! Against servers that are really there, when somebody starts them: `cassettes/README.md` says how.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use connectors::llm::{self, Provider, Settings};
use ports::model::{Answer, Call, ModelError, Reason, Stop, Turn};
use serde_json::{Value, json};

use crate::cassettes::told;
use crate::server::{body_of, is_whole, taken_apart};
use crate::world::{asked, settings};

/// Shorter than elsewhere: a small model on a small machine writes two words a second.
const OUTPUT_TOKENS_MAX: u32 = 60;

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} names no server; see cassettes/README.md"))
}

/// Hands one exchange on to `server`, a URL without a path, and gives back both sides of it.
fn relay(server: &str) -> (String, JoinHandle<[Vec<u8>; 2]>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = server
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let relayed = std::thread::spawn(move || {
        let (mut near, _) = listener.accept().unwrap();
        let mut far = TcpStream::connect(server).unwrap();
        let pass = |from: &mut TcpStream, to: &mut TcpStream| {
            let mut all = Vec::new();
            let mut part = [0; 4096];
            while !is_whole(&all) {
                let read = from.read(&mut part).unwrap();
                if read == 0 {
                    break;
                }
                all.extend_from_slice(&part[..read]);
            }
            to.write_all(&all).unwrap();
            all
        };
        [pass(&mut near, &mut far), pass(&mut far, &mut near)]
    });
    (base, relayed)
}

/// Writes an exchange down as a cassette, if `LLM_RECORD` is set.
fn record(provider: Provider, [request, response]: &[Vec<u8>; 2], answer: &Answer) {
    if std::env::var_os("LLM_RECORD").is_none() {
        return;
    }
    let (request, response) = (taken_apart(request), body_of(response));
    let path = request.first().split(' ').nth(1).unwrap();
    let response: Value = serde_json::from_slice(&response).unwrap();
    let cassette = json!({
        "about": "as it came from a real server",
        "source": "recorded from llama.cpp (xllamacpp 2026.10.11549) with Gemma 3 270M",
        "provider": provider.name(),
        "model": "gemma",
        "call": "structured",
        "output_tokens_max": OUTPUT_TOKENS_MAX,
        "request": {"path": path, "headers": {}, "body": request.json()},
        "response": {"status": 200, "headers": {}, "body": response},
        "answer": told(answer),
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/llm/cassettes");
    let file = folder.join(format!("recorded-{}.json", provider.name()));
    std::fs::write(file, format!("{cassette:#}\n")).unwrap();
}

fn patient(provider: Provider, base: &str) -> Settings {
    Settings {
        model: "gemma".to_owned(),
        organization: None,
        project: None,
        timeout: Duration::from_secs(300),
        ..settings(provider, base)
    }
}

#[test]
#[ignore = "needs a server with a real model at LLM_BASE_URL"]
fn a_real_model_answers_in_each_format() {
    let server = variable("LLM_BASE_URL");
    for provider in [
        Provider::Compatible,
        Provider::OpenAiResponses,
        Provider::Anthropic,
    ] {
        let (base, relayed) = relay(&server);
        let model = llm::open(patient(provider, &base)).unwrap();
        let asked = asked("structured", provider);
        let call = Call {
            output_tokens_max: OUTPUT_TOKENS_MAX,
            ..asked.call()
        };
        let answer = model.ask(&call).unwrap();
        eprintln!("{}: {answer:?}", provider.name());
        let usage = answer.usage.unwrap();
        assert!(usage.input + usage.cache_read > 0 && usage.output > 0);
        assert!(!answer.text.is_empty() && !answer.model.is_empty());
        assert!(answer.exchange.is_some() && answer.asked != answer.answered);
        if provider == Provider::Compatible && answer.stop == Stop::Finished {
            let opinion: Value = serde_json::from_str(&answer.text).unwrap();
            assert!(["fine", "odd"].contains(&opinion["verdict"].as_str().unwrap()));
        }
        record(provider, &relayed.join().unwrap(), &answer);
    }
}

#[test]
#[ignore = "needs a server with a real model at LLM_BASE_URL"]
fn a_real_server_says_that_a_call_is_too_long() {
    let server = variable("LLM_BASE_URL");
    for provider in [
        Provider::Compatible,
        Provider::OpenAiResponses,
        Provider::Anthropic,
    ] {
        let model = llm::open(patient(provider, &server)).unwrap();
        let mut asked = asked("structured", provider);
        asked.turns = vec![Turn::Ours("one word after the other ".repeat(2000))];
        let error = model.ask(&asked.call()).unwrap_err();
        eprintln!("{}: {error:?}", provider.name());
        assert_eq!(error.reason, Reason::TooLarge, "{error}");
        assert_eq!((error.again_after, error.counted), (None, false));
    }
}

/// The mock's side doors.
fn mock(path: &str, body: Option<Value>) -> Value {
    let url = format!("{}/_llmock/{path}", variable("LLMOCK_URL"));
    let answer = match body {
        Some(body) => ureq::post(url).send_json(body),
        None => ureq::get(url).call(),
    };
    answer.unwrap().body_mut().read_json().unwrap()
}

fn ask_mock(provider: Provider, name: &str) -> Result<Answer, ModelError> {
    let url = variable("LLMOCK_URL");
    let base = match provider {
        Provider::Anthropic => format!("{url}/anthropic"),
        Provider::OpenAi | Provider::OpenAiResponses | Provider::Azure | Provider::Compatible => {
            url
        }
    };
    let base = match provider {
        Provider::Azure => format!("{base}/v1"),
        Provider::OpenAi
        | Provider::OpenAiResponses
        | Provider::Anthropic
        | Provider::Compatible => base,
    };
    let model = llm::open(patient(provider, &base)).unwrap();
    model.ask(&asked(name, provider).call())
}

#[test]
#[ignore = "needs llmock at LLMOCK_URL"]
fn failures_of_a_mock_are_told_apart_and_waited_for() {
    let seconds = |wait| Some(Duration::from_secs(wait));
    for provider in Provider::ALL {
        for (behaviour, reason, again_after) in [
            (
                json!({"status": 429, "retry_after": 1}),
                Reason::RateLimited,
                seconds(1),
            ),
            (
                json!({"status": 429, "retry_after": 61}),
                Reason::RateLimited,
                None,
            ),
            (json!({"status": 500}), Reason::Overloaded, seconds(0)),
            (json!({"status": 502}), Reason::Overloaded, seconds(0)),
            (json!({"status": 504}), Reason::TimedOut, seconds(1)),
            (json!({"status": 401}), Reason::Unauthorised, None),
            (json!({"status": 403}), Reason::Unauthorised, None),
            (json!({"status": 404}), Reason::NotFound, None),
            (json!({"status": 413}), Reason::TooLarge, None),
            (json!({"status": 400}), Reason::BadRequest, None),
            (json!({"status": 422}), Reason::BadRequest, None),
        ] {
            mock("reset", Some(json!({})));
            let mut behaviour = behaviour;
            behaviour["type"] = json!("fail");
            mock("scenario", Some(json!({"behaviors": [behaviour]})));
            let error = ask_mock(provider, "structured").unwrap_err();
            eprintln!("{}: {error:?}", provider.name());
            assert_eq!(error.reason, reason, "{behaviour}: {error}");
            assert_eq!(error.again_after, again_after, "{behaviour}: {error}");
            if let Some(wait) = error.again_after {
                std::thread::sleep(wait);
                let answer = ask_mock(provider, "structured").unwrap();
                assert_eq!(answer.stop, Stop::Finished);
            }
            let verdict = mock("verdict", None);
            assert_eq!(verdict["passed"], true, "{behaviour}: {verdict}");
        }
        let calls = ask_mock(provider, "tools").unwrap();
        assert_eq!((calls.stop, calls.calls.len()), (Stop::Tools, 1));
        let calls = ask_mock(provider, "results").unwrap();
        assert_eq!((calls.stop, calls.calls.len()), (Stop::Tools, 1));
    }
    mock("reset", Some(json!({})));
}

//! What is sent: headers, marks for caches, sampling, conversations; and what is told of it.

use std::time::{Duration, Instant};

use connectors::llm::{self, Provider, Sampling, Settings, SettingsError};
use ports::Secret;
use ports::model::{Price, ToolCall, ToolResult, Turn};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::server::{good, serve};
use crate::world::{CANARY, ask_and_see, asked, body, settings};

fn good_body(provider: Provider) -> Vec<u8> {
    body(provider, "{}", Value::Null).to_string().into_bytes()
}

#[test]
fn the_key_is_in_its_header_and_nowhere_else() {
    for (provider, header, value) in [
        (
            Provider::OpenAi,
            "authorization",
            format!("Bearer {CANARY}"),
        ),
        (
            Provider::OpenAiResponses,
            "authorization",
            format!("Bearer {CANARY}"),
        ),
        (
            Provider::Compatible,
            "authorization",
            format!("Bearer {CANARY}"),
        ),
        (Provider::Azure, "api-key", CANARY.to_owned()),
        (Provider::Anthropic, "x-api-key", CANARY.to_owned()),
    ] {
        let (answer, seen) = ask_and_see(provider, good(&good_body(provider)));
        assert_eq!(seen.header(header), Some(value.as_str()));
        let answer = format!("{:?}", answer.unwrap());
        let body = String::from_utf8(seen.body).unwrap();
        assert!(!answer.contains("canary") && !body.contains("canary"));
    }
    let settings = settings(Provider::OpenAi, "http://127.0.0.1:1");
    assert!(!format!("{settings:?}").contains("canary"));
    assert!(!format!("{settings:?}").contains("org-1"));
}

#[test]
fn a_gateway_may_want_the_key_elsewhere_or_not_at_all() {
    for (header, expected) in [
        (
            Some("Authorization"),
            ("authorization", Some(format!("Bearer {CANARY}"))),
        ),
        (
            Some("x-gateway-key"),
            ("x-gateway-key", Some(CANARY.to_owned())),
        ),
    ] {
        let (base, served) = serve(vec![good(&good_body(Provider::Azure))]);
        let settings = Settings {
            header: header.map(str::to_owned),
            ..settings(Provider::Azure, &base)
        };
        let asked = asked("structured", Provider::Azure);
        llm::open(settings).unwrap().ask(&asked.call()).unwrap();
        let seen = served.join().unwrap().remove(0);
        assert_eq!(seen.header(expected.0), expected.1.as_deref());
        assert_eq!(seen.header("api-key"), None);
    }
    let (base, served) = serve(vec![good(&good_body(Provider::Compatible))]);
    let settings = Settings {
        key: None,
        ..settings(Provider::Compatible, &base)
    };
    let asked = asked("structured", Provider::Compatible);
    llm::open(settings).unwrap().ask(&asked.call()).unwrap();
    assert_eq!(served.join().unwrap()[0].header("authorization"), None);
}

#[test]
fn digests_are_those_of_the_bodies() {
    for provider in Provider::ALL {
        let bytes = good_body(provider);
        let (answer, seen) = ask_and_see(provider, good(&bytes));
        let answer = answer.unwrap();
        let sha256 = |bytes: &[u8]| <[u8; 32]>::from(Sha256::digest(bytes));
        assert_eq!(answer.asked, sha256(&seen.body));
        assert_eq!(answer.answered, sha256(&bytes));
    }
}

/// A model writes the fields of its answer in this order, and what comes first decides what comes after.
#[test]
fn fields_go_out_in_the_order_of_the_form() {
    for provider in Provider::ALL {
        let (_, seen) = ask_and_see(provider, good(&good_body(provider)));
        let body = String::from_utf8(seen.body).unwrap();
        assert!(body.starts_with("{\"model\":"), "{body}");
        let schema = body.split_once("\"properties\":").unwrap().1;
        assert!(schema.starts_with("{\"verdict\":"), "{body}");
    }
}

#[test]
fn the_prefix_that_stays_the_same_is_marked_for_the_cache() {
    let mark = json!({"type": "ephemeral"});
    let sent = |name: &str| {
        let (base, served) = serve(vec![good(&good_body(Provider::Anthropic))]);
        let model = llm::open(settings(Provider::Anthropic, &base)).unwrap();
        model.ask(&asked(name, Provider::Anthropic).call()).unwrap();
        served.join().unwrap()[0].json()
    };
    let structured = sent("structured");
    assert_eq!(structured["system"][0]["cache_control"], mark);
    assert_eq!(structured.get("tools"), None);
    for name in ["tools", "results"] {
        let body = sent(name);
        assert_eq!(body["system"][0]["cache_control"], mark);
        assert_eq!(body["tools"][0].get("cache_control"), None);
        assert_eq!(body["tools"][1]["cache_control"], mark);
        // What changes from call to call is not kept.
        assert!(!body["messages"].to_string().contains("cache_control"));
        assert_eq!(body.get("output_config"), None);
    }
}

#[test]
fn sampling_is_sent_only_where_it_is_taken() {
    for (provider, takes_seed) in [
        (Provider::OpenAi, true),
        (Provider::Azure, true),
        (Provider::Compatible, true),
        (Provider::OpenAiResponses, false),
        (Provider::Anthropic, false),
    ] {
        let (base, served) = serve(vec![good(&good_body(provider))]);
        let settings = Settings {
            sampling: Sampling {
                temperature: Some(0.5),
                seed: Some(7),
            },
            ..settings(provider, &base)
        };
        let model = llm::open(settings).unwrap();
        model.ask(&asked("structured", provider).call()).unwrap();
        let body = served.join().unwrap()[0].json();
        assert_eq!(body["temperature"], 0.5);
        assert_eq!(body.get("seed").is_some(), takes_seed, "{provider:?}");
    }
}

#[test]
fn a_longer_conversation_goes_back_whole() {
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: "holdings_of".to_owned(),
        arguments: arguments.to_owned(),
    };
    let result = |id: &str, content: &str, is_error| ToolResult {
        id: id.to_owned(),
        content: content.to_owned(),
        is_error,
    };
    let sent = |provider| {
        let mut asked = asked("tools", provider);
        asked.turns.extend([
            Turn::Model {
                text: "First words.".to_owned(),
                calls: Vec::new(),
            },
            Turn::Ours("Go on.".to_owned()),
            Turn::Model {
                text: "I look.".to_owned(),
                calls: vec![call("c1", "not json"), call("c2", "{\"person\":\"x\"}")],
            },
            Turn::Results(vec![result("c1", "no JSON", true), result("c2", "", false)]),
        ]);
        let (base, served) = serve(vec![good(&good_body(provider))]);
        let model = llm::open(settings(provider, &base)).unwrap();
        model.ask(&asked.call()).unwrap();
        served.join().unwrap()[0].json()
    };
    let chat = &sent(Provider::OpenAi)["messages"];
    let roles: Vec<&str> = chat
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        [
            "system",
            "user",
            "assistant",
            "user",
            "assistant",
            "tool",
            "tool"
        ]
    );
    assert_eq!(
        chat[2],
        json!({"role": "assistant", "content": "First words."})
    );
    assert_eq!(chat[4]["content"], "I look.");
    // What the model wrote goes back as it wrote it.
    assert_eq!(
        chat[4]["tool_calls"][0]["function"]["arguments"],
        "not json"
    );
    assert_eq!(
        chat[5],
        json!({"role": "tool", "tool_call_id": "c1", "content": "Error: no JSON"})
    );

    let responses = &sent(Provider::OpenAiResponses)["input"];
    assert_eq!(responses.as_array().unwrap().len(), 8);
    assert_eq!(
        responses[3],
        json!({"role": "assistant", "content": "I look."})
    );
    assert_eq!(responses[5]["call_id"], "c2");
    assert_eq!(
        responses[6],
        json!({"type": "function_call_output", "call_id": "c1", "output": "Error: no JSON"})
    );

    let messages = &sent(Provider::Anthropic)["messages"];
    assert_eq!(messages.as_array().unwrap().len(), 5);
    assert_eq!(
        messages[3]["content"][0],
        json!({"type": "text", "text": "I look."})
    );
    // This provider takes objects only.
    assert_eq!(messages[3]["content"][1]["input"], json!({}));
    assert_eq!(messages[3]["content"][2]["input"], json!({"person": "x"}));
    assert_eq!(messages[4]["content"][0]["is_error"], true);
    assert_eq!(messages[4]["content"][1]["tool_use_id"], "c2");
}

#[test]
fn a_model_says_who_it_is_and_what_it_costs() {
    let price = Price {
        input: 1_000,
        cache_read: 100,
        cache_write: 1_250,
        output: 5_000,
    };
    let settings = Settings {
        price: Some(price),
        key: Some(Secret::new("k".into())),
        ..Settings::new(Provider::Anthropic, "claude-haiku-4-5")
    };
    let model = llm::open(settings.clone()).unwrap();
    assert_eq!(model.name(), "anthropic/claude-haiku-4-5");
    assert_eq!(model.price(), Some(price));
    let bundle = Settings {
        ca_bundle: Some("/nowhere/ca.pem".into()),
        ..settings
    };
    let error = llm::open(bundle).err().unwrap();
    assert!(matches!(error, SettingsError::Bundle { .. }), "{error}");
}

#[test]
fn a_silent_server_is_given_up_in_time() {
    let (base, served) = serve(vec![Vec::new()]);
    let settings = Settings {
        timeout: Duration::from_secs(1),
        ..settings(Provider::OpenAi, &base)
    };
    let begun = Instant::now();
    let asked = asked("structured", Provider::OpenAi);
    let error = llm::open(settings).unwrap().ask(&asked.call()).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(error.reason, ports::model::Reason::TimedOut);
    assert_eq!(error.again_after, Some(Duration::ZERO));
    assert!(error.counted);
    served.join().unwrap();
}

//! Servers that answer nonsense: an error with a name, never a panic, never a hang, never a secret.

use std::time::Duration;

use connectors::llm::{self, BODY_BYTES_MAX, CALLS_MAX, CONTENT_BYTES_MAX, Provider};
use ports::model::{ModelError, Reason, Stop, Usage};
use serde_json::{Value, json};

use crate::server::{good, hang, reply, serve};
use crate::world::{CANARY, ask, asked, body, settings};

/// No error shows the key, has more than one line, or is long.
pub(crate) fn is_presentable(error: &ModelError) {
    let told = format!("{error} {error:?}");
    assert!(!told.contains("canary") && !told.contains(CANARY), "{told}");
    assert!(!error.told.chars().any(char::is_control), "{told}");
    assert!(error.told.chars().count() < 500, "{told}");
}

fn refused(provider: Provider, answer: Vec<u8>, reason: Reason) {
    let shown = String::from_utf8_lossy(&answer)
        .chars()
        .take(200)
        .collect::<String>();
    let error = ask(provider, answer).unwrap_err();
    assert_eq!(error.reason, reason, "{provider:?}: {error}: {shown}");
    assert!(error.counted, "{error}");
    is_presentable(&error);
}

#[test]
fn what_is_no_answer_is_unreadable() {
    for provider in Provider::ALL {
        let whole = body(provider, "{}", json!({}));
        let broken_utf8 = [b"{\"id\":\"".as_slice(), &[0xff, 0xfe, 0xc3, 0x28], b"\"}"].concat();
        let mut huge = vec![b' '; 10 * 1024 * 1024];
        huge.extend_from_slice(whole.to_string().as_bytes());
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        let deep_objects = format!("{}1{}", "{\"error\":".repeat(10_000), "}".repeat(10_000));
        let bodies: [&[u8]; 18] = [
            b"",
            b" \r\n",
            b"null",
            b"17",
            b"[]",
            b"{}",
            b"\"text\"",
            b"{\"choices\":[],\"output\":null,\"content\":null}",
            b"{\"choices\":[null],\"output\":{},\"content\":{}}",
            b"{\"choices\":[{}],\"output\":\"x\",\"content\":\"x\"}",
            b"{\"choices\":NaN,\"output\":NaN,\"content\":NaN}",
            b"{\"choices\":1e999,\"output\":1e999,\"content\":1e999}",
            b"<!doctype html><title>Sign in</title>",
            b"data: {\"choices\":[]}\n\ndata: [DONE]\n\n",
            &broken_utf8,
            &huge,
            deep.as_bytes(),
            deep_objects.as_bytes(),
        ];
        for bytes in bodies {
            refused(provider, good(bytes), Reason::Unreadable);
        }
        // Nested inside of the fields that are read.
        for field in ["choices", "output", "content"] {
            let bytes = format!("{{\"{field}\":{deep}}}");
            refused(provider, good(bytes.as_bytes()), Reason::Unreadable);
        }
    }
}

#[test]
fn what_is_cut_in_the_middle_is_no_answer() {
    for provider in Provider::ALL {
        let whole = body(provider, "{}", json!({})).to_string();
        let half = &whole[..whole.len() / 2];
        refused(provider, good(half.as_bytes()), Reason::Unreadable);
        let length = whole.len();
        let short = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{half}");
        refused(provider, short.into_bytes(), Reason::Unreachable);
        let chunked =
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{half}");
        refused(provider, chunked.into_bytes(), Reason::Unreachable);
        refused(
            provider,
            b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
            Reason::Unreachable,
        );
        refused(
            provider,
            b"SSH-2.0-OpenSSH_9.7\r\n\r\n".to_vec(),
            Reason::Unreadable,
        );
        let squeezed =
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello";
        refused(provider, squeezed.as_bytes().to_vec(), Reason::Unreadable);
    }
}

#[test]
fn content_has_a_bound() {
    let body_bytes_max = usize::try_from(BODY_BYTES_MAX).unwrap();
    for provider in Provider::ALL {
        let most = "x".repeat(CONTENT_BYTES_MAX);
        let bytes = body(provider, &most, json!({})).to_string();
        assert_eq!(ask(provider, good(bytes.as_bytes())).unwrap().text, most);
        let bytes = body(provider, &format!("{most}x"), json!({})).to_string();
        refused(provider, good(bytes.as_bytes()), Reason::Unreadable);
        let bytes = body(provider, &"x".repeat(body_bytes_max), json!({})).to_string();
        refused(provider, good(bytes.as_bytes()), Reason::Unreadable);
    }
    // Blanks count as well: up to the bound they harm nothing.
    for (blanks, is_fine) in [(0, true), (1, false)] {
        let mut bytes = body(Provider::OpenAi, "{}", json!({})).to_string();
        bytes.push_str(&" ".repeat(body_bytes_max - bytes.len() + blanks));
        if is_fine {
            ask(Provider::OpenAi, good(bytes.as_bytes())).unwrap();
        } else {
            refused(Provider::OpenAi, good(bytes.as_bytes()), Reason::Unreadable);
        }
    }
    let call = |arguments: &str| json!({"function": {"name": "submit", "arguments": arguments}});
    let with = |calls: Vec<Value>| {
        let choice = json!({"message": {"tool_calls": calls}, "finish_reason": "tool_calls"});
        good(json!({"choices": [choice]}).to_string().as_bytes())
    };
    let answer = ask(Provider::Compatible, with(vec![call("{}"), call("{}")])).unwrap();
    assert_eq!(answer.calls[1].id, "call_1");
    assert_eq!(answer.stop, Stop::Tools);
    let many = vec![call("{}"); CALLS_MAX + 1];
    refused(Provider::Compatible, with(many), Reason::Unreadable);
    let long = vec![call(&"x".repeat(CONTENT_BYTES_MAX))];
    refused(Provider::Compatible, with(long), Reason::Unreadable);
}

#[test]
fn usage_that_is_none_is_not_believed_and_harms_no_answer() {
    for provider in Provider::ALL {
        let huge = json!({
            "prompt_tokens": 1e30, "completion_tokens": 1, "input_tokens": u64::MAX, "output_tokens": 1,
        });
        let negative = json!({
            "prompt_tokens": 10, "completion_tokens": -1, "input_tokens": 10, "output_tokens": -1,
        });
        let text = json!({
            "prompt_tokens": "NaN", "completion_tokens": 1, "input_tokens": "NaN", "output_tokens": 1,
        });
        for usage in [
            huge,
            negative,
            text,
            json!({}),
            json!([]),
            json!(7),
            Value::Null,
        ] {
            let bytes = body(provider, "{}", usage.clone()).to_string();
            let answer = ask(provider, good(bytes.as_bytes())).unwrap();
            assert_eq!(answer.usage, None, "{usage}");
            assert_eq!((answer.text.as_str(), answer.stop), ("{}", Stop::Finished));
        }
        // No number of any kind of ours.
        let whole = body(provider, "{}", json!("HERE")).to_string();
        let infinite = whole.replace(
            "\"HERE\"",
            "{\"prompt_tokens\":1e999,\"input_tokens\":1e999}",
        );
        assert_eq!(
            ask(provider, good(infinite.as_bytes())).unwrap().usage,
            None
        );
        let without = whole.replace("\"HERE\"", "null");
        assert_eq!(ask(provider, good(without.as_bytes())).unwrap().usage, None);
        // `NaN` is no JSON, and so the whole body is none.
        let nan = whole.replace("\"HERE\"", "{\"prompt_tokens\":NaN,\"input_tokens\":NaN}");
        refused(provider, good(nan.as_bytes()), Reason::Unreadable);
    }
}

#[test]
fn usage_is_counted_the_same_way_everywhere() {
    let usage = Some(Usage {
        input: 80,
        cache_read: 300,
        cache_write: 40,
        output: 31,
    });
    let chat = json!({
        "prompt_tokens": 420, "completion_tokens": 31, "total_tokens": 451,
        "prompt_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 40},
    });
    let responses = json!({
        "input_tokens": 420, "output_tokens": 31,
        "input_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 40},
    });
    let messages = json!({
        "input_tokens": 80, "output_tokens": 31,
        "cache_read_input_tokens": 300, "cache_creation_input_tokens": 40,
    });
    for provider in Provider::ALL {
        let counted = match provider {
            Provider::OpenAi | Provider::Azure | Provider::Compatible => &chat,
            Provider::OpenAiResponses => &responses,
            Provider::Anthropic => &messages,
        };
        let bytes = body(provider, "{}", counted.clone()).to_string();
        assert_eq!(ask(provider, good(bytes.as_bytes())).unwrap().usage, usage);
    }
    // Some servers leave thinking out of what was written, and not out of the total.
    let counted = json!({"prompt_tokens": 420, "completion_tokens": 31, "total_tokens": 1451, "prompt_tokens_details": null});
    let bytes = body(Provider::Compatible, "{}", counted).to_string();
    let answer = ask(Provider::Compatible, good(bytes.as_bytes())).unwrap();
    assert_eq!(answer.usage.unwrap().output, 1031);
}

#[test]
fn of_what_comes_twice_the_last_counts() {
    for provider in Provider::ALL {
        let bytes = body(provider, "last", json!({})).to_string();
        let twice = body(provider, "first", json!({})).to_string();
        let twice = format!("{},{}", twice.strip_suffix('}').unwrap(), &bytes[1..]);
        let answer = ask(provider, good(twice.as_bytes())).unwrap();
        assert_eq!(answer.text, "last");
    }
}

#[test]
fn odd_envelopes_are_read_as_far_as_they_go() {
    let choice = json!({
        "message": {"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}], "tool_calls": null},
        "finish_reason": null,
    });
    let bytes =
        json!({"choices": [choice, "x"], "id": 7, "model": "a\n\u{1b}[31mb", "usage": null})
            .to_string();
    let answer = ask(Provider::Compatible, good(bytes.as_bytes())).unwrap();
    assert_eq!((answer.text.as_str(), answer.stop), ("ab", Stop::Unknown));
    assert_eq!((answer.model.as_str(), answer.exchange), ("a  [31mb", None));

    let call = json!({"id": null, "function": {"name": null, "arguments": {"a": 1}}});
    let choice = json!({"message": {"tool_calls": [call, 17]}, "finish_reason": "length"});
    let bytes = json!({"choices": [choice]}).to_string();
    let answer = ask(Provider::Compatible, good(bytes.as_bytes())).unwrap();
    assert_eq!(answer.stop, Stop::Length);
    assert_eq!(answer.calls[0].arguments, "{\"a\":1}");
    assert_eq!(
        (answer.calls[1].id.as_str(), answer.calls[1].name.as_str()),
        ("call_1", "")
    );

    let long = "m".repeat(1000);
    let bytes = body(Provider::Anthropic, "x", json!({}))
        .to_string()
        .replace("\"m\"", &format!("\"{long}\""));
    let headers = [("request-id", long.as_str())];
    let answer = ask(Provider::Anthropic, reply(200, &headers, bytes.as_bytes())).unwrap();
    assert!(answer.model.chars().count() <= 201 && answer.exchange.unwrap().chars().count() <= 201);
}

#[test]
fn an_error_behind_a_good_status_is_an_error() {
    for (error, reason, again) in [
        (
            json!({"code": 429, "message": "slow down"}),
            Reason::RateLimited,
            true,
        ),
        (
            json!({"code": "server_error", "message": "x"}),
            Reason::Overloaded,
            true,
        ),
        (
            json!({"type": "overloaded_error", "message": "x"}),
            Reason::Overloaded,
            true,
        ),
        (
            json!({"code": "insufficient_quota", "message": "x"}),
            Reason::Payment,
            false,
        ),
        (
            json!({"code": "invalid_prompt", "message": "x"}),
            Reason::Filtered,
            false,
        ),
        (json!("model not loaded"), Reason::BadRequest, false),
    ] {
        for provider in Provider::ALL {
            let bytes = json!({"error": error}).to_string();
            let failed = ask(provider, good(bytes.as_bytes())).unwrap_err();
            assert_eq!(failed.reason, reason, "{error}");
            assert_eq!(
                failed.again_after,
                again.then_some(Duration::ZERO),
                "{error}"
            );
            assert!(failed.counted);
        }
    }
}

#[test]
fn what_was_never_sent_is_not_counted() {
    let (base, served) = serve(Vec::new());
    assert!(served.join().unwrap().is_empty());
    for provider in Provider::ALL {
        let model = llm::open(settings(provider, &base)).unwrap();
        let error = model
            .ask(&asked("structured", provider).call())
            .unwrap_err();
        assert_eq!(error.reason, Reason::Unreachable, "{error}");
        assert_eq!(error.again_after, Some(Duration::ZERO));
        assert!(!error.counted);
        is_presentable(&error);
    }
    // Of a server that breaks TLS off it is not known how far it came.
    let (base, served) = hang(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let base = base.replace("http", "https");
    let model = llm::open(settings(Provider::OpenAi, &base)).unwrap();
    let call = asked("structured", Provider::OpenAi);
    let error = model.ask(&call.call()).unwrap_err();
    assert_eq!(error.reason, Reason::Unreachable, "{error}");
    is_presentable(&error);
    served.join().unwrap();
}

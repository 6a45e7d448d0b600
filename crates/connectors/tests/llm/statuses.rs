//! Every status and header that says why there is no answer.

use std::time::Duration;

use connectors::llm::{self, Provider};
use ports::model::Reason;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::hostile::is_presentable;
use crate::server::{reply, serve};
use crate::world::{CANARY, ask, ask_and_see, asked, settings};

/// An error in the manner of the provider.
fn error(provider: Provider, kind: &str, message: &str) -> Vec<u8> {
    let body = match provider {
        Provider::OpenAi | Provider::OpenAiResponses | Provider::Azure => {
            json!({"error": {"message": message, "type": kind, "param": null, "code": kind}})
        }
        Provider::Compatible => json!({"error": {"code": 7, "message": message, "type": kind}}),
        Provider::Anthropic => {
            json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "r"})
        }
    };
    body.to_string().into_bytes()
}

#[test]
fn each_status_has_its_name() {
    let again = Some(Duration::ZERO);
    for (status, kind, reason, again_after, counted) in [
        (301, "", Reason::NotFound, None, false),
        (
            400,
            "invalid_request_error",
            Reason::BadRequest,
            None,
            false,
        ),
        (
            400,
            "context_length_exceeded",
            Reason::TooLarge,
            None,
            false,
        ),
        (
            400,
            "exceed_context_size_error",
            Reason::TooLarge,
            None,
            false,
        ),
        (400, "content_filter", Reason::Filtered, None, false),
        (400, "billing_error", Reason::Payment, None, false),
        (
            401,
            "authentication_error",
            Reason::Unauthorised,
            None,
            false,
        ),
        (402, "", Reason::Payment, None, false),
        (403, "permission_error", Reason::Unauthorised, None, false),
        (404, "not_found_error", Reason::NotFound, None, false),
        (405, "", Reason::NotFound, None, false),
        (408, "", Reason::TimedOut, again, true),
        (409, "", Reason::Overloaded, again, false),
        (413, "request_too_large", Reason::TooLarge, None, false),
        (415, "", Reason::BadRequest, None, false),
        (422, "", Reason::BadRequest, None, false),
        (429, "rate_limit_error", Reason::RateLimited, again, false),
        (429, "insufficient_quota", Reason::Payment, None, false),
        (
            429,
            "billing_hard_limit_reached",
            Reason::Payment,
            None,
            false,
        ),
        (500, "api_error", Reason::Overloaded, again, true),
        (502, "", Reason::Overloaded, again, true),
        (503, "", Reason::Overloaded, again, false),
        (504, "timeout_error", Reason::TimedOut, again, true),
        (529, "overloaded_error", Reason::Overloaded, again, false),
    ] {
        for provider in Provider::ALL {
            for body in [
                error(provider, kind, "It is so."),
                Vec::new(),
                b"<html>".to_vec(),
            ] {
                let is_explained = body.starts_with(b"{");
                if !is_explained && !kind.is_empty() {
                    continue;
                }
                let failed = ask(provider, reply(status, &[], &body)).unwrap_err();
                let what = format!("{provider:?} {status} {kind}: {failed}");
                assert_eq!(failed.reason, reason, "{what}");
                assert_eq!(failed.again_after, again_after, "{what}");
                assert_eq!(failed.counted, counted, "{what}");
                assert!(failed.told.contains(&format!("HTTP {status}")), "{what}");
                assert_eq!(failed.told.contains("It is so"), is_explained, "{what}");
                is_presentable(&failed);
            }
        }
    }
}

#[test]
fn what_only_the_message_says_is_understood() {
    for (status, message, reason) in [
        (
            400,
            "Your credit balance is too low to access the API.",
            Reason::Payment,
        ),
        (
            400,
            "prompt is too long: 211034 tokens > 200000 maximum",
            Reason::TooLarge,
        ),
        (
            400,
            "This model's maximum context length is 4096 tokens.",
            Reason::TooLarge,
        ),
        (
            429,
            "Request too large for gpt-5-mini on tokens per min.",
            Reason::TooLarge,
        ),
        (500, "Request too large", Reason::Overloaded),
    ] {
        let body = error(Provider::Compatible, "x", message);
        let failed = ask(Provider::Compatible, reply(status, &[], &body)).unwrap_err();
        assert_eq!(failed.reason, reason, "{message}");
    }
}

#[test]
fn a_provider_says_when_to_come_back() {
    let seconds = |wait| Some(Duration::from_secs(wait));
    for (headers, again_after) in [
        (vec![], seconds(0)),
        (vec![("retry-after", "7")], seconds(7)),
        (vec![("retry-after", " 7 ")], seconds(7)),
        (
            vec![("retry-after", "0.5")],
            Some(Duration::from_millis(500)),
        ),
        (
            vec![("retry-after-ms", "250"), ("retry-after", "7")],
            Some(Duration::from_millis(250)),
        ),
        (
            vec![("retry-after-ms", "soon"), ("retry-after", "7")],
            seconds(7),
        ),
        (vec![("retry-after", "60")], seconds(60)),
        (vec![("retry-after", "61")], None),
        (vec![("retry-after", "1e300")], None),
        (vec![("retry-after", "inf")], None),
        (vec![("retry-after", "-5")], seconds(0)),
        (vec![("retry-after", "NaN")], seconds(0)),
        (vec![("retry-after", "later")], seconds(0)),
        (
            vec![
                ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("retry-after", "Sun, 06 Nov 1994 08:49:49 GMT"),
            ],
            seconds(12),
        ),
        (
            vec![
                ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("retry-after", "Mon, 07 Nov 1994 08:49:37 GMT"),
            ],
            None,
        ),
        (
            vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")],
            seconds(0),
        ),
        (vec![("retry-after", "Tue, 31 Dec 2199 23:59:59 GMT")], None),
        (
            vec![("x-should-retry", "false"), ("retry-after", "1")],
            None,
        ),
        (vec![("X-Should-Retry", "False")], None),
        (
            vec![("x-should-retry", "true"), ("retry-after", "1")],
            seconds(1),
        ),
    ] {
        for status in [429, 503, 529] {
            let failed = ask(Provider::Anthropic, reply(status, &headers, b"{}")).unwrap_err();
            assert_eq!(failed.again_after, again_after, "{headers:?}");
        }
        // What cannot pass is not tried again, whatever a header says.
        let failed = ask(Provider::Anthropic, reply(401, &headers, b"{}")).unwrap_err();
        assert_eq!(failed.again_after, None);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    for provider in Provider::ALL {
        for status in [301, 302, 303, 307, 308] {
            // A second answer waits; nobody comes for it.
            let (elsewhere, waiting) = serve(vec![reply(200, &[], b"{}")]);
            let to = format!("{elsewhere}/v1/chat/completions");
            let failed = ask(provider, reply(status, &[("location", &to)], b"")).unwrap_err();
            assert_eq!(failed.reason, Reason::NotFound, "{failed}");
            assert_eq!(failed.again_after, None);
            assert!(!failed.counted && !waiting.is_finished());
        }
    }
}

#[test]
fn no_message_repeats_the_key_or_breaks_the_line() {
    let long = "long ".repeat(1000);
    let masked = "Incorrect API key provided: sk-canar***************cdef.";
    for message in [
        format!("Incorrect API key provided: {CANARY}."),
        format!("\u{1b}[31mBearer {CANARY}\r\nSet-Cookie: x\u{2028}{CANARY}{CANARY}"),
        format!("{long}{CANARY}"),
        format!("{}{CANARY}", "x".repeat(290)),
        masked.to_owned(),
    ] {
        for provider in Provider::ALL {
            for status in [400, 401, 500] {
                for body in [
                    error(provider, &message, &message),
                    message.clone().into_bytes(),
                ] {
                    let failed = ask(provider, reply(status, &[], &body)).unwrap_err();
                    is_presentable(&failed_without_bound(&failed));
                    assert!(
                        !failed.told.contains("sk-") && !failed.told.contains("cdef"),
                        "{failed}"
                    );
                    assert!(failed.told.chars().count() < 800, "{failed}");
                }
            }
        }
    }
}

/// Code and message are each bounded; here both are as long as they may be.
fn failed_without_bound(failed: &ports::model::ModelError) -> ports::model::ModelError {
    ports::model::ModelError {
        told: failed.told.chars().take(400).collect(),
        ..failed.clone()
    }
}

#[test]
fn a_server_that_hangs_in_the_middle_of_an_answer_is_given_up() {
    // It names a length, sends a part, and waits for the client to go.
    let (base, served) =
        crate::server::hang(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":");
    let settings = llm::Settings {
        timeout: Duration::from_secs(1),
        ..settings(Provider::Anthropic, &base)
    };
    let asked = asked("structured", Provider::Anthropic);
    let failed = llm::open(settings).unwrap().ask(&asked.call()).unwrap_err();
    assert_eq!(failed.reason, Reason::TimedOut, "{failed}");
    assert!(failed.counted);
    served.join().unwrap();
}

#[test]
fn a_failure_has_the_digest_of_what_was_sent_where_something_was() {
    let broken = json!({"error": {"code": "server_error", "message": "no"}}).to_string();
    for provider in Provider::ALL {
        for answer in [
            reply(401, &[], b"{}"),
            reply(429, &[], b"{}"),
            reply(500, &[], b"down"),
            reply(200, &[], b"no json"),
            reply(200, &[], b"<html>"),
            reply(200, &[], b"{}"),
            reply(200, &[], broken.as_bytes()),
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec(),
            b"no http at all".to_vec(),
        ] {
            let (failed, seen) = ask_and_see(provider, answer);
            let failed = failed.unwrap_err();
            let sent: [u8; 32] = Sha256::digest(&seen.body).into();
            assert_eq!(failed.asked, Some(sent), "{provider:?}: {failed}");
        }
        // Nobody listens.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let asked = asked("structured", provider);
        let model = llm::open(settings(provider, &base)).unwrap();
        let failed = model.ask(&asked.call()).unwrap_err();
        assert_eq!((failed.reason, failed.asked), (Reason::Unreachable, None));
    }
}

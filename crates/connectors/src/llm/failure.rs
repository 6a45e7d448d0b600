//! What a failure is called, whether the same may be asked again, and whether it may have cost something.

use std::time::Duration;

use ports::model::{ModelError, Reason};
use serde_json::Value;

use super::answer::{Envelope, text_at};
use super::transport::Transport;

/// Codes and types of errors that mean that there is no money left. OpenAI sends them with 429, Anthropic with 400.
const PAYMENT: [&str; 6] = [
    "insufficient_quota",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_credits",
    "credit_balance_exhausted",
];
/// Those that mean that the call is too long.
const TOO_LARGE: [&str; 4] = [
    "context_length_exceeded",
    "exceed_context_size_error",
    "request_too_large",
    "string_above_max_length",
];
/// Those that mean that the call was filtered.
const FILTERED: [&str; 4] = [
    "content_filter",
    "content_policy_violation",
    "invalid_prompt",
    "responsibleaipolicyviolation",
];
/// Messages where the code says too little.
const PAYMENT_SAID: [&str; 1] = ["credit balance is too low"];
const TOO_LARGE_SAID: [&str; 4] = [
    "prompt is too long",
    "request too large",
    "maximum context length",
    "exceeds the available context size",
];

/// What a provider says of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Codes and types, in lower case.
    codes: Vec<String>,
    /// The code that a person is told.
    code: String,
    message: String,
}

impl Said {
    /// Whether it says no code and no type of an error: a page, or nothing.
    fn is_nothing(&self) -> bool {
        self.codes.iter().all(String::is_empty)
    }

    /// From the body of an answer with an error's status. What is no JSON is a message.
    pub(super) fn of(body: &[u8]) -> Self {
        let said = Envelope::of(body).map(|envelope| {
            Self::inside(&envelope).unwrap_or_else(|| {
                let text = ["message", "detail"].map(|name| envelope.get(name));
                let text = text.iter().find_map(Value::as_str);
                Self {
                    message: text.unwrap_or_default().to_owned(),
                    ..Self::default()
                }
            })
        });
        match said {
            Ok(said) if !said.code.is_empty() || !said.message.is_empty() => said,
            Ok(_) | Err(_) => Self {
                message: String::from_utf8_lossy(body).into_owned(),
                ..Self::default()
            },
        }
    }

    /// The error that an answer holds, whatever its status.
    pub(super) fn inside(envelope: &Envelope) -> Option<Self> {
        let error = envelope.get("error");
        if let Value::String(message) = &error {
            return (!message.is_empty()).then(|| Self {
                message: message.clone(),
                ..Self::default()
            });
        }
        if error.as_object().is_none_or(serde_json::Map::is_empty) {
            return None;
        }
        let code = match error.get("code") {
            Some(Value::String(code)) => code.clone(),
            Some(Value::Number(code)) => code.to_string(),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
                String::new()
            }
        };
        let kind = text_at(&error, "/type");
        let inner = text_at(&error, "/innererror/code");
        // A number is the status once more.
        let is_number = code.parse::<u16>().is_ok() && !kind.is_empty();
        let codes = [code.as_str(), kind, inner];
        Some(Self {
            codes: codes.iter().map(|code| code.to_ascii_lowercase()).collect(),
            code: if code.is_empty() || is_number {
                kind.to_owned()
            } else {
                code
            },
            message: text_at(&error, "/message").to_owned(),
        })
    }

    fn is_one_of(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|own| codes.contains(&own.as_str()))
    }

    fn says_one_of(&self, sayings: &[&str]) -> bool {
        let message = self.message.to_ascii_lowercase();
        sayings.iter().any(|saying| message.contains(saying))
    }

    /// The status that an error without one would have had.
    fn status(&self) -> u16 {
        let numbers = self.codes.iter().filter_map(|code| code.parse().ok());
        if let Some(status) = numbers
            .into_iter()
            .find(|status| (400..600).contains(status))
        {
            return status;
        }
        for (status, codes) in [
            (
                401,
                [
                    "authentication_error",
                    "permission_error",
                    "invalid_api_key",
                ],
            ),
            (
                404,
                ["not_found_error", "model_not_found", "deploymentnotfound"],
            ),
            (
                429,
                [
                    "rate_limit_error",
                    "rate_limit_exceeded",
                    "too_many_requests",
                ],
            ),
            (500, ["api_error", "server_error", "internal_server_error"]),
            (504, ["timeout_error", "timeout", "gateway_timeout"]),
            (529, ["overloaded_error", "overloaded", "engine_overloaded"]),
        ] {
            if self.is_one_of(&codes) {
                return status;
            }
        }
        400
    }

    /// The failure of an answer that came with status 200 and holds an error. It may have cost something.
    pub(super) fn failed_inside(&self, transport: &Transport) -> ModelError {
        let (reason, may_pass, _) = judged(self.status(), self);
        let told = self.told(transport, "an error inside of the answer", reason);
        ModelError {
            reason,
            told,
            again_after: may_pass.then_some(Duration::ZERO),
            counted: true,
            asked: None,
        }
    }

    /// The failure of an answer with an error's status; `again_after` is what its headers say.
    pub(super) fn failed(
        &self,
        transport: &Transport,
        status: u16,
        again_after: Option<Duration>,
    ) -> ModelError {
        let (reason, may_pass, counted) = judged(status, self);
        ModelError {
            reason,
            told: self.told(transport, &format!("HTTP {status}"), reason),
            again_after: again_after.filter(|_| may_pass),
            counted,
            asked: None,
        }
    }

    fn told(&self, transport: &Transport, what: &str, reason: Reason) -> String {
        let mut told = format!("{}: {what}", transport.name);
        for (before, piece) in [(", ", &self.code), (": ", &self.message)] {
            let piece = transport.quoted(piece);
            if !piece.is_empty() {
                told.push_str(before);
                told.push_str(&piece);
            }
        }
        let hint = hint(reason);
        if !hint.is_empty() {
            told.truncate(told.trim_end_matches('.').len());
            told.push_str(hint);
        }
        told
    }
}

/// Reason, whether it may pass, and whether it may have cost something.
fn judged(status: u16, said: &Said) -> (Reason, bool, bool) {
    let explains = matches!(status, 400 | 402 | 403 | 413 | 422 | 429);
    if said.is_one_of(&PAYMENT) || (explains && said.says_one_of(&PAYMENT_SAID)) {
        return (Reason::Payment, false, false);
    }
    if said.is_one_of(&TOO_LARGE) || (explains && said.says_one_of(&TOO_LARGE_SAID)) {
        return (Reason::TooLarge, false, false);
    }
    if said.is_one_of(&FILTERED) {
        return (Reason::Filtered, false, false);
    }
    match status {
        401 => (Reason::Unauthorised, false, false),
        // A page or a bare answer is that of a gateway, which looks at what is asked and not at who asks.
        403 if said.is_nothing() => (Reason::BadRequest, false, false),
        403 => (Reason::Unauthorised, false, false),
        402 => (Reason::Payment, false, false),
        // A redirect is not followed: it would take the key along.
        300..=399 | 404 | 405 | 410 => (Reason::NotFound, false, false),
        413 => (Reason::TooLarge, false, false),
        408 | 504 => (Reason::TimedOut, true, true),
        409 | 503 | 529 => (Reason::Overloaded, true, false),
        429 => (Reason::RateLimited, true, false),
        500..=599 => (Reason::Overloaded, true, true),
        _ => (Reason::BadRequest, false, false),
    }
}

fn hint(reason: Reason) -> &'static str {
    match reason {
        Reason::Unauthorised => "; check the key and what it may do",
        Reason::Payment => "; add credit, or raise the limit, at the provider",
        Reason::NotFound => "; check the base URL and the model's name",
        Reason::TooLarge
        | Reason::BadRequest
        | Reason::Filtered
        | Reason::RateLimited
        | Reason::Overloaded
        | Reason::TimedOut
        | Reason::Unreachable
        | Reason::Unreadable => "",
    }
}

/// What came back is no answer. It was paid for all the same.
pub(super) fn unreadable(name: &str, why: &str) -> ModelError {
    ModelError {
        reason: Reason::Unreadable,
        told: format!("{name}: {why}"),
        again_after: None,
        counted: true,
        asked: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_text_numbers_or_missing() {
        for (body, code, message) in [
            (
                r#"{"error":{"code":"a","type":"b","message":"c"}}"#,
                "a",
                "c",
            ),
            (
                r#"{"error":{"code":400,"message":"c","type":"b"}}"#,
                "b",
                "c",
            ),
            (
                r#"{"error":{"code":null,"type":"b","message":"c"}}"#,
                "b",
                "c",
            ),
            (
                r#"{"type":"error","error":{"type":"b","message":"c"},"request_id":"r"}"#,
                "b",
                "c",
            ),
            (
                r#"{"error":{"code":{},"message":["c"]}}"#,
                "",
                r#"{"error":{"code":{},"message":["c"]}}"#,
            ),
            (r#"{"error":"text"}"#, "", "text"),
            (r#"{"message":"text"}"#, "", "text"),
            (r#"{"detail":"text"}"#, "", "text"),
            (
                r#"{"detail":[{"msg":"x"}]}"#,
                "",
                r#"{"detail":[{"msg":"x"}]}"#,
            ),
            ("upstream timed out", "", "upstream timed out"),
            ("", "", ""),
        ] {
            let said = Said::of(body.as_bytes());
            assert_eq!(
                (said.code.as_str(), said.message.as_str()),
                (code, message),
                "{body}"
            );
        }
        assert_eq!(Said::of(b"\xff{").message, "\u{fffd}{");
    }

    #[test]
    fn an_answer_without_an_error_has_none() {
        for body in [
            r#"{"error":null}"#,
            "{}",
            r#"{"error":""}"#,
            r#"{"error":{}}"#,
            r#"{"error":false}"#,
        ] {
            assert_eq!(
                Said::inside(&Envelope::of(body.as_bytes()).unwrap()),
                None,
                "{body}"
            );
        }
    }

    #[test]
    fn an_error_without_a_status_gets_one() {
        for (error, status) in [
            (r#"{"code":429}"#, 429),
            (r#"{"code":"502"}"#, 502),
            (r#"{"code":7}"#, 400),
            (r#"{"code":"server_error"}"#, 500),
            (r#"{"code":"rate_limit_exceeded"}"#, 429),
            (r#"{"type":"overloaded_error"}"#, 529),
            (r#"{"type":"authentication_error"}"#, 401),
            (r#"{"message":"x"}"#, 400),
        ] {
            let body = format!(r#"{{"error":{error}}}"#);
            assert_eq!(Said::of(body.as_bytes()).status(), status, "{error}");
        }
    }
}

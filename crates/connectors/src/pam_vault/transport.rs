//! Calls over HTTP: bounded in time and size, never redirected, reads repeated at most twice, writes never.

use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::time::Duration;

use decision::time::Timestamp;
use ports::Secret;
use serde_json::Value;
use ureq::http::{Method, Request, Response};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use super::bounds::{ANSWER_BYTES_MAX, BACK_OFF, CONNECT_MAX, QUOTED_CHARS_MAX, RETRY_AFTER_MAX};
use super::failure::{Failure, Kind};
use super::gate::Gate;
use super::settings::{Settings, SettingsError};
use super::text;
use crate::address::Address;
use crate::certificates::certificates;
use crate::http::before_sending;

/// The wire.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) address: Address,
    /// Keeps connections.
    reads: Agent,
    /// Makes a connection for each call, so that one that died unseen cannot leave a write in doubt.
    writes: Agent,
    token: Secret,
    retries: u32,
    gate: Gate,
}

/// What is sent besides the token.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// From the base URL, with its query; or absolute.
    pub(super) target: String,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            target: target.into(),
            content_type: JSON,
            body: Vec::new(),
        }
    }

    /// Method and path for a message: what stands in the query is left out.
    pub(super) fn name(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        format!("{} {}", self.method, text::line(path, QUOTED_CHARS_MAX))
    }
}

/// Content type of the guide's session.
pub(super) const JSON: &str = "application/json";

/// An answer with status 2xx that is no web page.
#[derive(Debug)]
pub(super) struct Answer {
    /// In lower case; empty when the answer names none.
    pub(super) content_type: String,
    pub(super) body: Zeroizing<Vec<u8>>,
    /// The vault's clock, from the header `Date`.
    pub(super) date: Option<Timestamp>,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self, call: &str) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if self.body.is_empty() {
                "an empty answer".to_owned()
            } else {
                format!(
                    "an answer that is not JSON ({:?} at line {})",
                    error.classify(),
                    error.line()
                )
            };
            Failure::malformed(format!("{call}: {what}"))
        })
    }
}

impl Transport {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let address = settings.check()?;
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(match &settings.ca_bundle {
                Some(path) => {
                    let trusted = certificates(path).map_err(|why| SettingsError::Bundle {
                        path: path.clone(),
                        why,
                    })?;
                    RootCerts::new_with_certs(&trusted)
                }
                None => RootCerts::WebPki,
            })
            .disable_verification(settings.insecure)
            .build();
        let config = || {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .https_only(address.secure)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .tls_config(tls.clone())
                .user_agent(concat!("access-request-agent/", env!("CARGO_PKG_VERSION")))
                .timeout_global(Some(settings.timeout))
                .timeout_connect(Some(settings.timeout.min(CONNECT_MAX)));
            // A proxy would see the token of a call in plain text.
            if address.secure {
                config
            } else {
                config.proxy(None)
            }
        };
        Ok(Self {
            reads: config()
                .max_idle_connections_per_host(settings.concurrency)
                .build()
                .into(),
            writes: config()
                .max_idle_connections(0)
                .max_idle_connections_per_host(0)
                .build()
                .into(),
            token: settings.token.clone(),
            retries: settings.retries,
            gate: Gate::new(settings.concurrency),
            address,
        })
    }

    /// Reads from a path below the base URL, or from an absolute address on the same server.
    pub(super) fn get(&self, target: &str) -> Result<Answer, Failure> {
        self.call(&Call::get(target))
    }

    /// Makes a call. A `GET` is repeated when it may pass; nothing else is.
    pub(super) fn call(&self, call: &Call) -> Result<Answer, Failure> {
        let tries = if call.method == Method::GET {
            self.retries
        } else {
            0
        };
        let mut attempt = 0;
        loop {
            let (failure, after) = match self.once(call) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            if attempt >= tries || !failure.may_pass() {
                return Err(failure);
            }
            let wait = after.unwrap_or_default().max(back_off(attempt));
            if wait > RETRY_AFTER_MAX {
                return Err(failure);
            }
            std::thread::sleep(wait);
            attempt = attempt.saturating_add(1);
        }
    }

    /// One attempt; a failure comes with the wait that the vault asks for.
    fn once(&self, call: &Call) -> Result<Answer, (Failure, Option<Duration>)> {
        let _turn = self.gate.enter();
        let name = call.name();
        let mut response = self
            .send(call)
            .map_err(|error| (self.not_answered(&name, &error), None))?;
        let status = response.status().as_u16();
        let content_type = header(&response, "content-type").to_ascii_lowercase();
        let date = date(header(&response, "date"));
        let is_write = call.method == Method::PUT;
        if (200..300).contains(&status) {
            // Of a decision nothing but its status counts: whether the rest of the answer arrives changes nothing.
            let body = match body(&mut response) {
                Ok(Some(body)) => body,
                Ok(None) | Err(_) if is_write => Zeroizing::default(),
                Ok(None) => {
                    let text = format!(
                        "{name}: HTTP {status}, and the answer is longer than {ANSWER_BYTES_MAX} bytes"
                    );
                    return Err((Failure::new(Kind::TooLong, text), None));
                }
                Err(error) => {
                    let text = format!("{name}: HTTP {status}, and the answer broke off: {error}");
                    return Err((Failure::new(Kind::Lost, text), None));
                }
            };
            if is_page(&content_type, &body) {
                let text =
                    format!("{name}: a web page came back; the base URL or the token is wrong");
                return Err((Failure::new(Kind::NotTheApi, text), None));
            }
            return Ok(Answer {
                content_type,
                body,
                date,
            });
        }
        let after = header(&response, "retry-after")
            .trim()
            .parse()
            .ok()
            .map(Duration::from_secs);
        let body = body(&mut response).ok().flatten().unwrap_or_default();
        Err((
            self.refused(&name, status, &content_type, &body, after),
            after,
        ))
    }

    fn send(&self, call: &Call) -> Result<Response<Body>, ureq::Error> {
        let url = if call.target.starts_with('/') {
            format!("{}{}", self.address.base, call.target)
        } else {
            call.target.clone()
        };
        let authorization = Zeroizing::new(format!("Bearer {}", self.token.expose()));
        let mut authorization = ureq::http::HeaderValue::from_str(&authorization)
            .map_err(|error| ureq::Error::Http(error.into()))?;
        authorization.set_sensitive(true);
        let request = Request::builder()
            .method(call.method.clone())
            .uri(url)
            .header("authorization", authorization)
            .header("accept", JSON)
            .header("content-type", call.content_type);
        if call.method == Method::GET {
            self.reads.run(request.body(())?)
        } else {
            self.writes.run(request.body(call.body.as_slice())?)
        }
    }

    /// No answer: whether it was sent decides what may be done next.
    fn not_answered(&self, name: &str, error: &ureq::Error) -> Failure {
        let why = text::quote(&error.to_string(), self.token.expose(), QUOTED_CHARS_MAX);
        let kind = if before_sending(error) {
            Kind::NotSent
        } else {
            Kind::Lost
        };
        let hint = if why.contains("CaUsedAsEndEntity") {
            "; the vault shows a certificate that is marked as an authority's: give it one that is not"
        } else if why.contains("NotValidForName") {
            "; its certificate is for another name than the base URL's"
        } else if why.contains("certificate") {
            "; its certificate is not trusted: set a bundle of certificates"
        } else {
            ""
        };
        Failure::new(kind, format!("{name}: {why}{hint}"))
    }

    /// An answer outside of 2xx.
    fn refused(
        &self,
        name: &str,
        status: u16,
        content_type: &str,
        body: &[u8],
        after: Option<Duration>,
    ) -> Failure {
        let page = is_page(content_type, body);
        let body = String::from_utf8_lossy(body);
        let code = text::message_code(&body).map(str::to_owned);
        let explained = code.is_some() || (!page && text::names_code(&body));
        let said = if page {
            "a web page".to_owned()
        } else {
            text::quote(&body, self.token.expose(), QUOTED_CHARS_MAX)
        };
        let said = if said.is_empty() {
            said
        } else {
            format!(": {said}")
        };
        let (kind, told) = match status {
            300..=399 => (
                Kind::NotTheApi,
                format!("HTTP {status}, a redirect; the base URL or the token is wrong"),
            ),
            401 | 403 => (
                Kind::Unauthorized,
                format!(
                    "HTTP {status}; the token is not accepted, or its user lacks the right{said}"
                ),
            ),
            404 | 405 => (
                Kind::NoSuchPath,
                format!("HTTP {status}; nothing is served there"),
            ),
            429 => {
                let until =
                    after.map_or_else(String::new, |after| format!(" for {} s", after.as_secs()));
                (
                    Kind::Busy,
                    format!("HTTP 429; it wants to be left alone{until}"),
                )
            }
            500.. if code.is_none() => (Kind::Broken, format!("HTTP {status}{said}")),
            _ => (Kind::Refused, format!("HTTP {status}{said}")),
        };
        Failure {
            kind,
            status: Some(status),
            code,
            explained,
            text: format!("{name}: {told}"),
        }
    }
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn date(header: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::rfc2822::parse(header).ok()?;
    Some(Timestamp::from_seconds(parsed.timestamp().as_second()))
}

/// The body, decompressed; `None` when it is longer than its bound.
fn body(response: &mut Response<Body>) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    let is_longer = |length: u64| length > ANSWER_BYTES_MAX;
    if response.body().content_length().is_some_and(is_longer) {
        return Ok(None);
    }
    let mut bytes = Zeroizing::new(Vec::new());
    response
        .body_mut()
        .as_reader()
        .take(ANSWER_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok((!is_longer(bytes.len() as u64)).then_some(bytes))
}

fn is_page(content_type: &str, body: &[u8]) -> bool {
    content_type.contains("html") || body.trim_ascii_start().starts_with(b"<")
}

fn back_off(attempt: u32) -> Duration {
    let base = BACK_OFF.saturating_mul(1 << attempt.min(8));
    // The keys of a hasher are random enough to keep two clients apart.
    let chance = RandomState::new().hash_one(attempt) % 1000;
    base.saturating_add(base.mul_f64(chance as f64 / 1000.0))
}

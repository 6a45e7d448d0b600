//! One exchange over HTTP: bounded in time and size, never redirected, never repeated.

use std::io::Read as _;
use std::time::Duration;

use ports::Secret;
use ports::model::{ModelError, Reason};
use sha2::{Digest as _, Sha256};
use ureq::http::{HeaderName, HeaderValue, Request, Response};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use super::failure::{Said, unreadable};
use super::settings::{Settings, SettingsError};
use super::{AGAIN_AFTER_MAX, BODY_BYTES_MAX, NAME_CHARS_MAX, TOLD_CHARS_MAX};
use crate::certificates::certificates;
use crate::http::before_sending;
use crate::text::{line, quote};

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Headers in which providers name an exchange.
const EXCHANGE: [&str; 3] = ["request-id", "x-request-id", "apim-request-id"];

/// The wire.
pub(super) struct Transport {
    /// Provider and model, as messages cite them.
    pub(super) name: String,
    agent: Agent,
    url: String,
    /// The key first.
    headers: Vec<(HeaderName, Secret)>,
    fixed: &'static [(&'static str, &'static str)],
    /// What no message may repeat.
    secrets: Vec<Secret>,
}

/// An answer with status 2xx.
pub(super) struct Exchange {
    pub(super) body: Vec<u8>,
    /// The provider's id, from a header.
    pub(super) id: Option<String>,
    /// SHA-256 of the body.
    pub(super) answered: [u8; 32],
}

impl Transport {
    pub(super) fn new(
        settings: &Settings,
        path: &str,
        fixed: &'static [(&'static str, &'static str)],
    ) -> Result<Self, SettingsError> {
        let address = settings.check()?;
        let trusted = match &settings.ca_bundle {
            Some(path) => {
                let trusted = certificates(path).map_err(|why| SettingsError::Bundle {
                    path: path.clone(),
                    why,
                })?;
                RootCerts::new_with_certs(&trusted)
            }
            None => RootCerts::WebPki,
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(trusted)
            .disable_verification(settings.insecure)
            .build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(address.secure)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A connection that died unseen would leave in doubt whether a call was counted.
            .max_idle_connections(0)
            .tls_config(tls)
            .user_agent(concat!("access-request-agent/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(settings.timeout))
            .timeout_connect(Some(settings.timeout.min(CONNECT_MAX)));
        // A proxy would see the key in plain text.
        let agent = if address.secure {
            agent
        } else {
            agent.proxy(None)
        };
        let mut headers = Vec::new();
        if let Some(key) = &settings.key {
            let header = settings.key_header()?;
            let value = if header.as_str() == "authorization" {
                Secret::new(format!("Bearer {}", key.expose()))
            } else {
                key.clone()
            };
            headers.push((header, value));
        }
        for (name, value) in [
            ("openai-organization", &settings.organization),
            ("openai-project", &settings.project),
        ] {
            if let Some(value) = value {
                headers.push((HeaderName::from_static(name), value.clone()));
            }
        }
        let secrets = [&settings.key, &settings.organization, &settings.project];
        Ok(Self {
            name: format!("{}/{}", settings.provider.name(), settings.model),
            agent: agent.build().into(),
            url: format!("{}{path}", address.base),
            headers,
            fixed,
            secrets: secrets.into_iter().flatten().cloned().collect(),
        })
    }

    /// Sends a body and reads the answer. `asked` is the SHA-256 of the body.
    pub(super) fn exchange(&self, body: &[u8], asked: [u8; 32]) -> Result<Exchange, ModelError> {
        let response = self
            .send(body)
            .map_err(|error| self.not_answered(&error, asked))?;
        self.received(response)
            .map_err(|error| of_sent(error, asked))
    }

    /// What came back.
    fn received(&self, mut response: Response<Body>) -> Result<Exchange, ModelError> {
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            let again_after = again_after(&response);
            // An error's body explains; without it the status has to do.
            let said = received(&mut response).unwrap_or_default();
            let said = if is_page(&said) {
                Said::default()
            } else {
                Said::of(&said)
            };
            return Err(said.failed(self, status, again_after));
        }
        let id = EXCHANGE.iter().find_map(|name| header(&response, name));
        let id = id.map(|id| line(id, NAME_CHARS_MAX));
        let received = received(&mut response).map_err(|broken| match broken {
            Broken::Long => unreadable(
                &self.name,
                &format!("an answer longer than {BODY_BYTES_MAX} bytes"),
            ),
            Broken::Off(error) => self.broke_off(&error),
        })?;
        if is_page(&received) {
            let why = "a web page instead of an answer; check the base URL";
            return Err(unreadable(&self.name, why));
        }
        Ok(Exchange {
            id: id.filter(|id| !id.is_empty()),
            answered: Sha256::digest(&received).into(),
            body: received,
        })
    }

    fn send(&self, body: &[u8]) -> Result<Response<Body>, ureq::Error> {
        let mut request = Request::builder()
            .method("POST")
            .uri(&self.url)
            .header("accept", "application/json")
            .header("content-type", "application/json");
        for (name, value) in self.fixed {
            request = request.header(*name, *value);
        }
        for (name, value) in &self.headers {
            let mut value = HeaderValue::from_str(value.expose())
                .map_err(|error| ureq::Error::Http(error.into()))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        self.agent.run(request.body(body)?)
    }

    /// Nothing came back.
    fn not_answered(&self, error: &ureq::Error, asked: [u8; 32]) -> ModelError {
        if !before_sending(error) {
            return of_sent(self.broke_off(error), asked);
        }
        let why = self.quoted(&error.to_string());
        let is_certificate = why.contains("certificate");
        let (hint, may_pass) = if is_certificate {
            (
                "; its certificate is not trusted: set a bundle of certificates",
                false,
            )
        } else {
            ("; check the base URL, and that the server runs", true)
        };
        ModelError {
            reason: Reason::Unreachable,
            told: format!("{}: {why}{hint}", self.name),
            again_after: may_pass.then_some(Duration::ZERO),
            counted: false,
            asked: None,
        }
    }

    /// It was sent, or may have been, and no whole answer came.
    fn broke_off(&self, error: &ureq::Error) -> ModelError {
        let (reason, may_pass) = if matches!(error, ureq::Error::Timeout(_)) {
            (Reason::TimedOut, true)
        } else if matches!(error, ureq::Error::Io(_)) {
            (Reason::Unreachable, true)
        } else {
            // Not HTTP, or not what it says it is.
            (Reason::Unreadable, false)
        };
        ModelError {
            reason,
            told: format!(
                "{}: no whole answer: {}",
                self.name,
                self.quoted(&error.to_string())
            ),
            again_after: may_pass.then_some(Duration::ZERO),
            counted: true,
            asked: None,
        }
    }

    /// A text of the provider, without what we sent as secrets.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let mut hidden = text.to_owned();
        for secret in &self.secrets {
            hidden = hidden.replace(secret.expose(), "…");
        }
        hidden
    }

    /// Words of a server on one line, without our secrets and without what looks like a part of one.
    pub(super) fn quoted(&self, text: &str) -> String {
        let hidden = self.without_secrets(text);
        let words = hidden.split_whitespace().map(|word| {
            // A key that was shortened by the provider still shows its ends.
            let is_key = word.contains("**") || word.contains("sk-");
            if is_key { "…" } else { word }
        });
        let words: Vec<&str> = words.collect();
        quote(&words.join(" "), "", TOLD_CHARS_MAX)
    }
}

/// The failure of a call that was sent.
pub(super) fn of_sent(error: ModelError, asked: [u8; 32]) -> ModelError {
    ModelError {
        asked: Some(asked),
        ..error
    }
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

/// When the same may be asked again, from the headers: zero when they say nothing, `None` when they forbid it or want more
/// than [`AGAIN_AFTER_MAX`].
fn again_after(response: &Response<Body>) -> Option<Duration> {
    let is = |name, value: &str| {
        header(response, name).is_some_and(|own| own.trim().eq_ignore_ascii_case(value))
    };
    if is("x-should-retry", "false") {
        return None;
    }
    let number = |name| header(response, name).and_then(|own| own.trim().parse::<f64>().ok());
    let seconds = number("retry-after-ms").map(|wait| wait / 1000.0);
    let seconds = seconds.or_else(|| number("retry-after")).or_else(|| {
        let until = date(header(response, "retry-after")?)?;
        // By the clock of the server, where it shows one.
        let now = header(response, "date").and_then(date);
        let now = now.unwrap_or_else(jiff::Timestamp::now);
        Some(until.duration_since(now).as_secs_f64())
    });
    match seconds {
        None => Some(Duration::ZERO),
        Some(wait) if wait > AGAIN_AFTER_MAX.as_secs_f64() => None,
        // Neither a time that is over nor one that is no number is waited for.
        Some(wait) => Some(Duration::try_from_secs_f64(wait).unwrap_or_default()),
    }
}

/// A date of a header, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(text: &str) -> Option<jiff::Timestamp> {
    let parsed = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(parsed.timestamp())
}

/// Why a body could not be read.
enum Broken {
    /// It is longer than [`BODY_BYTES_MAX`].
    Long,
    /// It ended, or the time did.
    Off(ureq::Error),
}

/// The body, decompressed, up to its bound.
fn received(response: &mut Response<Body>) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    let reader = response.body_mut().as_reader();
    reader
        .take(BODY_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Broken::Off(error.into()))?;
    if bytes.len() as u64 > BODY_BYTES_MAX {
        return Err(Broken::Long);
    }
    Ok(bytes)
}

fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

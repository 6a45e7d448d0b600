//! What an operator sets for a language model, checked before anything is sent.

use std::path::PathBuf;
use std::time::Duration;

use ports::Secret;
use ports::model::Price;
use thiserror::Error;
use ureq::http::HeaderName;

use super::NAME_CHARS_MAX;
use crate::address::Address;
use crate::text::{breaks, line};

/// Headers that are ours to set, or that belong to the connection.
const HEADERS_TAKEN: [&str; 9] = [
    "accept",
    "accept-encoding",
    "anthropic-version",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
];
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 8 * 1024;

/// Who answers, and in which format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// OpenAI, chat completions.
    OpenAi,
    /// OpenAI, responses.
    OpenAiResponses,
    /// Anthropic, messages.
    Anthropic,
    /// Azure OpenAI, chat completions at the version 1 address of a resource; the model is the name of a deployment.
    Azure,
    /// Any server that speaks chat completions, such as vLLM, llama.cpp or Ollama.
    Compatible,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::Azure,
        Self::Compatible,
    ];

    /// Its name in settings and records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Azure => "azure",
            Self::Compatible => "compatible",
        }
    }

    /// The provider with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }

    /// Its address; `None` when only the operator knows it.
    #[must_use]
    pub fn base_url(self) -> Option<&'static str> {
        match self {
            Self::OpenAi | Self::OpenAiResponses => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com/v1"),
            Self::Azure | Self::Compatible => None,
        }
    }

    /// The header that carries its key.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenAiResponses | Self::Compatible => "authorization",
            Self::Anthropic => "x-api-key",
            Self::Azure => "api-key",
        }
    }
}

/// How answers are drawn. What is not set is not sent, and neither is what a format does not take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampling {
    /// From 0 to 2 (Anthropic: to 1). Reasoning models refuse it.
    pub temperature: Option<f64>,
    /// Chat completions only. A best effort at the same answer for the same call.
    pub seed: Option<i64>,
}

/// Settings of a client. [`Settings::new`] gives the defaults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who answers.
    pub provider: Provider,
    /// Its address; none for the provider's own. `/v1` is appended unless the path has a version in it. For Azure such as
    /// `https://RESOURCE.openai.azure.com`.
    pub base_url: Option<String>,
    /// The model's name; for Azure, the deployment's.
    pub model: String,
    /// The key. Only [`Provider::Compatible`] works without.
    pub key: Option<Secret>,
    /// Name of the header that carries the key; none for the provider's own. In `authorization` the key stands behind `Bearer`.
    pub header: Option<String>,
    /// OpenAI's organisation, if the key has several.
    pub organization: Option<Secret>,
    /// OpenAI's project, if the key has several.
    pub project: Option<Secret>,
    /// Longest wait for an answer, from 1 s to 600 s.
    pub timeout: Duration,
    /// PEM file with the certificates that are trusted, instead of the public ones.
    pub ca_bundle: Option<PathBuf>,
    /// Takes any certificate. For tests alone.
    pub insecure: bool,
    /// What its tokens cost, if it is known.
    pub price: Option<Price>,
    /// How answers are drawn.
    pub sampling: Sampling,
}

impl Settings {
    /// The defaults: the provider's own address and header, 60 s, nothing about sampling, no key and no price.
    #[must_use]
    pub fn new(provider: Provider, model: &str) -> Self {
        Self {
            provider,
            base_url: None,
            model: model.to_owned(),
            key: None,
            header: None,
            organization: None,
            project: None,
            timeout: Duration::from_secs(60),
            ca_bundle: None,
            insecure: false,
            price: None,
            sampling: Sampling::default(),
        }
    }

    /// Whether the server is on this machine or in a private network.
    #[must_use]
    pub fn is_near(&self) -> bool {
        self.address().is_ok_and(|address| address.is_near())
    }

    /// Checks everything that can be checked without a call, and gives the address with its version.
    pub(super) fn check(&self) -> Result<Address, SettingsError> {
        let model = &self.model;
        if model.is_empty() || model.chars().count() > NAME_CHARS_MAX || model.contains(breaks) {
            return Err(SettingsError::Model);
        }
        let secrets = [
            ("key", &self.key),
            ("organization", &self.organization),
            ("project", &self.project),
        ];
        for (name, secret) in secrets {
            let is_plain = |text: &str| {
                !text.is_empty()
                    && text.len() <= KEY_BYTES_MAX
                    && text.bytes().all(|byte| byte.is_ascii_graphic())
            };
            if secret.as_ref().is_some_and(|own| !is_plain(own.expose())) {
                return Err(SettingsError::Secret(name));
            }
        }
        if self.key.is_none() && self.provider != Provider::Compatible {
            return Err(SettingsError::NoKey(self.provider.name()));
        }
        let is_openai = matches!(self.provider, Provider::OpenAi | Provider::OpenAiResponses);
        if !is_openai && (self.organization.is_some() || self.project.is_some()) {
            return Err(SettingsError::NotTaken(self.provider.name()));
        }
        if !(1..=600).contains(&self.timeout.as_secs()) {
            return Err(SettingsError::Timeout(self.timeout));
        }
        let temperature = self.sampling.temperature;
        if temperature.is_some_and(|own| !(0.0..=2.0).contains(&own)) {
            return Err(SettingsError::Temperature);
        }
        self.key_header()?;
        self.address()
    }

    /// The header of the key.
    pub(super) fn key_header(&self) -> Result<HeaderName, SettingsError> {
        let own = self.header.as_deref().unwrap_or(self.provider.header());
        let wrong = || SettingsError::Header(line(own, 100));
        let header = HeaderName::from_bytes(own.as_bytes()).map_err(|_| wrong())?;
        if HEADERS_TAKEN.contains(&header.as_str()) {
            return Err(wrong());
        }
        Ok(header)
    }

    fn address(&self) -> Result<Address, SettingsError> {
        let given = self.base_url.as_deref().or(self.provider.base_url());
        let given = given.ok_or(SettingsError::NoBaseUrl(self.provider.name()))?;
        let wrong = |why| SettingsError::BaseUrl {
            url: line(given, 200),
            why,
        };
        let trimmed = given.trim_end_matches('/');
        let mut address = Address::of(trimmed).map_err(wrong)?;
        // INVARIANT(no-secrets): a key never crosses a network that is not one's own in plain text.
        let may_be_plain = match self.provider {
            Provider::Compatible => self.key.is_none() || address.is_near(),
            Provider::OpenAi
            | Provider::OpenAiResponses
            | Provider::Anthropic
            | Provider::Azure => address.loopback,
        };
        if !address.secure && !may_be_plain {
            return Err(SettingsError::PlainHttp(address.host));
        }
        for operation in ["/chat/completions", "/responses", "/messages"] {
            if address.path.ends_with(operation) {
                return Err(wrong(
                    "it names the operation; give what stands before that",
                ));
            }
        }
        if !address.path.split('/').any(is_version) {
            let missing = match self.provider {
                Provider::Azure if address.path.is_empty() => "/openai/v1",
                Provider::OpenAi
                | Provider::OpenAiResponses
                | Provider::Anthropic
                | Provider::Azure
                | Provider::Compatible => "/v1",
            };
            address.base.push_str(missing);
            address.path.push_str(missing);
        }
        Ok(address)
    }
}

/// `v` and a digit, and what may follow: `v1`, `v4`, `v1beta`.
fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// A setting that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    /// There is no address to go to.
    #[error("the provider `{0}` needs a base URL")]
    NoBaseUrl(&'static str),
    /// The base URL is not one.
    #[error("the model's base URL `{url}` cannot be used: {why}")]
    BaseUrl {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Plain HTTP would show the key, and what is asked, on the network.
    #[error("the model's base URL sends the key to `{0}` in plain text")]
    PlainHttp(String),
    /// The name of the model is empty, too long, or not on one line.
    #[error(
        "the model's name is empty, longer than {NAME_CHARS_MAX} characters, or not on one line"
    )]
    Model,
    /// There is no key.
    #[error("the provider `{0}` needs a key")]
    NoKey(&'static str),
    /// A secret is empty or holds what no header can.
    #[error("the model's {0} is empty, too long, or holds blanks")]
    Secret(&'static str),
    /// The header cannot carry a key.
    #[error("the header `{0}` cannot carry the model's key")]
    Header(String),
    /// An organisation or a project that nobody reads.
    #[error("the provider `{0}` knows no organization and no project")]
    NotTaken(&'static str),
    /// The wait is too short or too long.
    #[error("the model's timeout is {0:?}, and goes from 1 s to 600 s")]
    Timeout(Duration),
    /// The temperature is none.
    #[error("the model's temperature is not between 0 and 2")]
    Temperature,
    /// The bundle of certificates cannot be read.
    #[error("the model's bundle of certificates `{path}` cannot be used: {why}")]
    Bundle {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl SettingsError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoBaseUrl(_) => {
                "give its address, such as `https://RESOURCE.openai.azure.com` or `http://127.0.0.1:8000`"
            }
            Self::BaseUrl { .. } => {
                "give scheme, host, port and path, such as `https://llm.example/v1`"
            }
            Self::PlainHttp(_) => {
                "use https; plain http works to this machine, and for the provider `compatible` to a private address, or without a key"
            }
            Self::Model => "give the name as the provider writes it; for Azure, the deployment's",
            Self::NoKey(_) => "set the key, from a file or the environment",
            Self::Secret(_) => "copy it again, without quotes and line ends",
            Self::Header(_) => {
                "leave it out to get the provider's own, or name one such as `api-key`"
            }
            Self::NotTaken(_) => "leave them out",
            Self::Timeout(_) | Self::Temperature => "leave it out to get the default",
            Self::Bundle { .. } => {
                "export the certificate of the server, or of who signed it, as PEM"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(provider: Provider, base_url: &str) -> Settings {
        Settings {
            base_url: Some(base_url.to_owned()),
            key: Some(Secret::new("a-key".to_owned())),
            ..Settings::new(provider, "a-model")
        }
    }

    #[test]
    fn a_base_url_may_end_before_or_after_its_version() {
        use Provider::{Anthropic, Azure, Compatible, OpenAi};
        for (provider, given, used) in [
            (
                OpenAi,
                "https://api.openai.com",
                "https://api.openai.com/v1",
            ),
            (
                OpenAi,
                "https://api.openai.com/",
                "https://api.openai.com/v1",
            ),
            (
                OpenAi,
                "https://api.openai.com/v1",
                "https://api.openai.com/v1",
            ),
            (
                OpenAi,
                "https://api.openai.com/v1//",
                "https://api.openai.com/v1",
            ),
            (
                Anthropic,
                "https://api.anthropic.com",
                "https://api.anthropic.com/v1",
            ),
            (
                Anthropic,
                "http://localhost:4081/anthropic",
                "http://localhost:4081/anthropic/v1",
            ),
            (
                Azure,
                "https://r.openai.azure.com",
                "https://r.openai.azure.com/openai/v1",
            ),
            (
                Azure,
                "https://r.openai.azure.com/openai",
                "https://r.openai.azure.com/openai/v1",
            ),
            (
                Azure,
                "https://r.openai.azure.com/openai/v1/",
                "https://r.openai.azure.com/openai/v1",
            ),
            (
                Compatible,
                "http://10.1.2.3:8000",
                "http://10.1.2.3:8000/v1",
            ),
            (
                Compatible,
                "https://router.example/api/v1",
                "https://router.example/api/v1",
            ),
            (
                Compatible,
                "https://llm.example/v1beta/openai",
                "https://llm.example/v1beta/openai",
            ),
            (
                Compatible,
                "https://llm.example/api/paas/v4",
                "https://llm.example/api/paas/v4",
            ),
            (
                Compatible,
                "https://llm.example/vllm",
                "https://llm.example/vllm/v1",
            ),
        ] {
            assert_eq!(
                settings(provider, given).check().unwrap().base,
                used,
                "{given}"
            );
        }
    }

    #[test]
    fn what_is_no_base_url_is_told() {
        for wrong in [
            "",
            "api.openai.com",
            "ftp://api.openai.com",
            "https://",
            "https://a@b/v1",
            "https://llm.example/v1?api-version=1",
            "https://llm.example/v1/chat/completions",
            "https://llm.example/v1/messages/",
            "https://llm.example/v1/responses",
        ] {
            let error = settings(Provider::Compatible, wrong).check().unwrap_err();
            assert!(matches!(error, SettingsError::BaseUrl { .. }), "{wrong}");
            assert!(!error.hint().is_empty());
        }
        for provider in [Provider::Azure, Provider::Compatible] {
            let missing = Settings {
                base_url: None,
                ..settings(provider, "")
            };
            assert_eq!(
                missing.check().unwrap_err(),
                SettingsError::NoBaseUrl(provider.name())
            );
        }
    }

    #[test]
    fn no_key_goes_to_another_network_in_plain_text() {
        for (host, here, near) in [
            ("127.0.0.1", true, true),
            ("localhost", true, true),
            ("[::1]", true, true),
            ("10.20.30.40", false, true),
            ("172.31.0.1", false, true),
            ("192.168.1.1", false, true),
            ("[fd00::1]", false, true),
            ("172.32.0.1", false, false),
            ("8.8.8.8", false, false),
            ("[2001:db8::1]", false, false),
            // A name is whatever somebody's resolver makes of it.
            ("127.0.0.1.example", false, false),
            ("localhost.example", false, false),
            ("llm.internal", false, false),
        ] {
            for provider in Provider::ALL {
                let url = format!("http://{host}:4080");
                let own = settings(provider, &url);
                let is_own = provider == Provider::Compatible;
                let taken = if is_own { near } else { here };
                let checked = own.check();
                assert_eq!(checked.is_ok(), taken, "{provider:?} {host}");
                if let Err(error) = checked {
                    assert!(matches!(error, SettingsError::PlainHttp(_)), "{error}");
                }
                let secure = settings(provider, &format!("https://{host}:4080"));
                assert!(secure.check().is_ok());
                let without = Settings { key: None, ..own };
                assert_eq!(without.check().is_ok(), is_own, "{provider:?} {host}");
            }
        }
    }

    #[test]
    fn names_go_there_and_back() {
        for provider in Provider::ALL {
            assert_eq!(Provider::from_name(provider.name()), Some(provider));
        }
        assert_eq!(Provider::from_name("OpenAI"), None);
        assert_eq!(Provider::from_name(""), None);
    }

    #[test]
    fn what_cannot_be_used_is_told_and_no_secret_with_it() {
        let good = settings(Provider::OpenAi, "https://api.openai.com");
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        let cases: [&dyn Fn(&mut Settings); 14] = [
            &|own| own.model = String::new(),
            &|own| own.model = "a\nb".into(),
            &|own| own.model = "m".repeat(201),
            &|own| own.key = None,
            &|own| own.key = secret(""),
            &|own| own.key = secret("canary key"),
            &|own| own.key = secret(&"k".repeat(9000)),
            &|own| own.project = secret("canary\n"),
            &|own| own.header = Some("a b".into()),
            &|own| own.header = Some("Content-Type".into()),
            &|own| own.timeout = Duration::from_millis(999),
            &|own| own.timeout = Duration::from_secs(601),
            &|own| own.sampling.temperature = Some(f64::NAN),
            &|own| {
                own.provider = Provider::Anthropic;
                own.organization = secret("org-canary");
            },
        ];
        for (at, change) in cases.into_iter().enumerate() {
            let mut settings = good.clone();
            change(&mut settings);
            let error = settings.check().unwrap_err();
            let told = format!("{settings:?} {error} {error:?} {}", error.hint());
            assert!(!told.contains("canary"), "{at}: {told}");
        }
        assert!(good.check().is_ok());
    }
}

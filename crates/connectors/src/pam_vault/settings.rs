//! What an operator sets for the vault, checked before anything is sent.

use std::path::PathBuf;
use std::time::Duration;

use ports::Secret;
use thiserror::Error;

use crate::address::Address;

use super::bounds::{ACTION_TYPES_MAX, CONCURRENCY_MAX, PAGE_SIZE_MAX, RETRIES_MAX};

/// Settings of the client. [`Settings::new`] gives the defaults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the vault with tenant and site, such as `https://pam.example:6443/ztna/acme/root`. Used as it stands:
    /// one `/` at its end is dropped, and paths are appended.
    pub base_url: String,
    /// The API token.
    pub token: Secret,
    /// PEM file with the certificates that are trusted, instead of the public ones.
    pub ca_bundle: Option<PathBuf>,
    /// Accept any certificate, and plain HTTP to other machines.
    pub insecure: bool,
    /// Longest time that one call takes.
    pub timeout: Duration,
    /// Rows of a page, 1 to 100.
    pub page_size: u32,
    /// Repetitions of a read that failed, 0 to 2. A write is never repeated.
    pub retries: u32,
    /// Calls at the same time, 1 to 16.
    pub concurrency: usize,
    /// Path of an approval with `{id}`, such as `/api/request/approve/{id}`.
    pub approve_path: Option<String>,
    /// Path of a rejection with `{id}`.
    pub reject_path: Option<String>,
    /// Path of a closure with `{id}`.
    pub close_path: Option<String>,
    /// Path of one request's own record with `{id}`, where the vault has one.
    pub request_path: Option<String>,
    /// Address of the OpenAPI description of the whole platform, on the same server: absolute, or a path from its root.
    pub platform_description_url: Option<String>,
    /// Action types to try, after those that the discovery document names.
    pub action_types: Vec<String>,
    /// Whether the content type of a reason names UTF-8.
    pub reason_charset: bool,
}

impl Settings {
    /// The defaults: verified certificates, 30 s, 100 rows a page, two repetitions, four calls at once.
    #[must_use]
    pub fn new(base_url: &str, token: Secret) -> Self {
        Self {
            base_url: base_url.to_owned(),
            token,
            ca_bundle: None,
            insecure: false,
            timeout: Duration::from_secs(30),
            page_size: PAGE_SIZE_MAX,
            retries: RETRIES_MAX,
            concurrency: 4,
            approve_path: None,
            reject_path: None,
            close_path: None,
            request_path: None,
            platform_description_url: None,
            action_types: Vec::new(),
            reason_charset: false,
        }
    }

    /// Checks everything that can be checked without a call.
    pub(super) fn check(&self) -> Result<Address, SettingsError> {
        let address = Address::of(&self.base_url).map_err(|why| SettingsError::BaseUrl {
            url: super::text::line(&self.base_url, 200),
            why,
        })?;
        if !address.secure && !address.loopback && !self.insecure {
            return Err(SettingsError::PlainHttp(address.host));
        }
        let token = self.token.expose();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SettingsError::Token);
        }
        for (name, path) in [
            ("approve_path", &self.approve_path),
            ("reject_path", &self.reject_path),
            ("close_path", &self.close_path),
            ("request_path", &self.request_path),
        ] {
            if let Some(path) = path
                && !is_template(path)
            {
                return Err(SettingsError::Template {
                    name,
                    path: path.clone(),
                });
            }
        }
        let range = [
            (
                "page_size",
                u64::from(self.page_size),
                1,
                u64::from(PAGE_SIZE_MAX),
            ),
            (
                "retries",
                u64::from(self.retries),
                0,
                u64::from(RETRIES_MAX),
            ),
            (
                "concurrency",
                self.concurrency as u64,
                1,
                CONCURRENCY_MAX as u64,
            ),
            (
                "action_types",
                self.action_types.len() as u64,
                0,
                ACTION_TYPES_MAX as u64,
            ),
            ("timeout", self.timeout.as_secs(), 1, 600),
        ];
        for (name, value, least, most) in range {
            if value < least || value > most {
                return Err(SettingsError::Range {
                    name,
                    value,
                    least,
                    most,
                });
            }
        }
        Ok(address)
    }
}

/// Whether a path begins with `/`, holds `{id}` once, and nothing that would lead elsewhere.
pub(super) fn is_template(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.matches("{id}").count() == 1
        && path
            .chars()
            .all(|character| character.is_ascii_graphic() && !matches!(character, '#' | '\\'))
        && !path.split('/').any(|segment| segment == "..")
}

/// A setting that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    /// The base URL is not one.
    #[error("the vault's base URL `{url}` cannot be used: {why}")]
    BaseUrl {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Plain HTTP would show the token on the network.
    #[error("the vault's base URL sends the token to `{0}` in plain text")]
    PlainHttp(String),
    /// The token is empty or holds blanks.
    #[error("the vault's token is empty or holds characters that no token has")]
    Token,
    /// A path is not a template.
    #[error(
        "the vault's setting `{name}` is `{path}`, which is not a path from the base URL with `{{id}}` in it once"
    )]
    Template {
        /// Name of the setting.
        name: &'static str,
        /// As it was given.
        path: String,
    },
    /// A number is out of its range.
    #[error("the vault's setting `{name}` is {value}, and goes from {least} to {most}")]
    Range {
        /// Name of the setting.
        name: &'static str,
        /// As it was given.
        value: u64,
        /// Smallest.
        least: u64,
        /// Largest.
        most: u64,
    },
    /// The bundle of certificates cannot be read.
    #[error("the vault's bundle of certificates `{path}` cannot be used: {why}")]
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
            Self::BaseUrl { .. } => {
                "give host, port, tenant and site, such as `https://pam.example:6443/ztna/acme/root`"
            }
            Self::PlainHttp(_) => {
                "use https, with a bundle of certificates when the vault signs its own"
            }
            Self::Token => "copy the API token again, without quotes and line ends",
            Self::Template { .. } => "write it like `/api/request/approve/{id}`",
            Self::Range { .. } => "leave it out to get the default",
            Self::Bundle { .. } => {
                "export the certificate of the vault, or of who signed it, as PEM"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        Settings::new(url, Secret::new("a.b.c".to_owned()))
    }

    #[test]
    fn a_base_url_is_used_as_it_stands() {
        let address = settings("https://pam.example:6443/ztna/acme/root/")
            .check()
            .unwrap();
        assert_eq!(address.base, "https://pam.example:6443/ztna/acme/root");
        assert_eq!(address.origin, "https://pam.example:6443");
        assert_eq!(
            address.without_site().as_deref(),
            Some("https://pam.example:6443/ztna/acme")
        );
        assert_eq!(
            settings("https://pam.example")
                .check()
                .unwrap()
                .without_site(),
            None
        );
        for wrong in [
            "",
            "pam.example",
            "ftp://pam.example",
            "https://",
            "https:///ztna",
            "https://a@b/ztna",
            "https://pam.example/a b",
            "https://pam.example/?x",
            "https://pam.example/é",
        ] {
            let error = settings(wrong).check().unwrap_err();
            assert!(matches!(error, SettingsError::BaseUrl { .. }), "{wrong}");
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for near in [
            "http://127.0.0.1:8080/ztna",
            "http://localhost/",
            "http://[::1]:1/x",
        ] {
            assert!(settings(near).check().is_ok(), "{near}");
        }
        let far = settings("http://127.0.0.1.example/ztna");
        assert!(matches!(far.check(), Err(SettingsError::PlainHttp(_))));
        assert!(
            Settings {
                insecure: true,
                ..far
            }
            .check()
            .is_ok()
        );
    }

    #[test]
    fn what_is_out_of_bounds_is_told() {
        let good = settings("https://pam.example/ztna");
        for wrong in [
            Settings {
                page_size: 0,
                ..good.clone()
            },
            Settings {
                page_size: 101,
                ..good.clone()
            },
            Settings {
                retries: 3,
                ..good.clone()
            },
            Settings {
                concurrency: 0,
                ..good.clone()
            },
            Settings {
                timeout: Duration::from_millis(10),
                ..good.clone()
            },
            Settings {
                approve_path: Some("/approve".into()),
                ..good.clone()
            },
            Settings {
                close_path: Some("https://evil.example/{id}".into()),
                ..good.clone()
            },
            Settings {
                reject_path: Some("/../x/{id}".into()),
                ..good.clone()
            },
            Settings {
                token: Secret::new("a b".into()),
                ..good.clone()
            },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}

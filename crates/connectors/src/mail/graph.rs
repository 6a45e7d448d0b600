//! Microsoft Graph: a token for the application (OAuth 2.0 client credentials, RFC 6749 section 4.4), then `sendMail` of the
//! sender's mailbox. `/me/sendMail` is for people and is not used.

use std::io::Read as _;
use std::time::Duration;

use ports::mail::{Letter, Sent};
use ports::{Mail, PortError, Secret};
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use crate::http::{before_sending, encoded};

use super::{MailSettingsError, Recipients, line, message_id, sender};

/// Longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 256 * 1024;
/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// What is needed to send as an application.
#[derive(Clone, Debug)]
pub struct GraphSettings {
    /// `ALERT_TENANT_ID`.
    pub tenant: String,
    /// `ALERT_CLIENT_ID`.
    pub client: String,
    /// The client secret, from the vault.
    pub secret: Secret,
    /// `ALERT_SENDER_EMAIL`: a licensed mailbox.
    pub sender: String,
    /// Where tokens come from; [`GraphSettings::AUTHORITY`] but for national clouds.
    pub authority: String,
    /// Where mail goes to; [`GraphSettings::GRAPH`] but for national clouds.
    pub graph: String,
    /// Longest wait for each of the two answers.
    pub timeout: Duration,
}

impl GraphSettings {
    /// The authority of the public cloud.
    pub const AUTHORITY: &'static str = "https://login.microsoftonline.com";
    /// Graph of the public cloud.
    pub const GRAPH: &'static str = "https://graph.microsoft.com";
}

/// A mailbox that an application may send from.
#[derive(Debug)]
pub struct Graph {
    settings: GraphSettings,
    sender: lettre::Address,
    agent: Agent,
}

impl Graph {
    /// Checks the settings. Nothing is asked for yet.
    ///
    /// # Errors
    /// When the sender's address is none, a URL is not `https`, or an id holds what ids do not.
    pub fn new(settings: GraphSettings) -> Result<Self, MailSettingsError> {
        for (what, value) in [
            ("the tenant id", &settings.tenant),
            ("the client id", &settings.client),
        ] {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            if value.is_empty() || value.len() > 200 || !value.bytes().all(is_plain) {
                return Err(MailSettingsError::Value {
                    what,
                    value: line(value),
                    why: "letters, digits, hyphens and dots are expected",
                });
            }
        }
        for (what, value) in [
            ("the authority", &settings.authority),
            ("the address of Graph", &settings.graph),
        ] {
            if !is_safe(value) {
                return Err(MailSettingsError::Value {
                    what,
                    value: line(value),
                    why: "an `https` address without a query is needed",
                });
            }
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .user_agent(concat!("access-request-agent/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(settings.timeout))
            .timeout_connect(Some(settings.timeout.min(CONNECT_MAX)));
        // A proxy would see secrets of a call in plain text.
        let is_secure =
            settings.authority.starts_with("https") && settings.graph.starts_with("https");
        let agent = if is_secure {
            agent.https_only(true)
        } else {
            agent.proxy(None)
        };
        Ok(Self {
            sender: sender(&settings.sender)?,
            agent: agent.build().into(),
            settings,
        })
    }

    /// Asks for a token as for a letter, and sends none. Gives what was done and seen.
    ///
    /// # Errors
    /// As [`Mail::send`] before the letter is handed over.
    pub fn try_out(&self) -> Result<String, PortError> {
        let token = self.token()?;
        let permissions = match roles(token.expose()) {
            Some(roles) if roles.is_empty() => "which names no permission".to_owned(),
            Some(roles) => format!("which names the permissions {}", line(&roles.join(", "))),
            None => "which does not show its permissions".to_owned(),
        };
        Ok(format!(
            "the sign-in gave the application a token, {permissions}"
        ))
    }

    /// A token, kept in memory for one letter.
    fn token(&self) -> Result<Secret, PortError> {
        let settings = &self.settings;
        let what = "the token of Microsoft Graph";
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            base(&settings.authority),
            settings.tenant
        );
        let scope = format!("{}/.default", base(&settings.graph));
        let form = Zeroizing::new(format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
            encoded(&settings.client),
            encoded(settings.secret.expose()),
            encoded(&scope)
        ));
        let answer = self
            .agent
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .send(form.as_bytes());
        // Asking twice for a token does no harm.
        let mut answer = answer.map_err(|error| self.unreached(what, &error))?;
        let status = answer.status().as_u16();
        let wait = wait(&answer);
        let body = body(&mut answer)
            .map_err(|error| PortError::Unavailable(format!("{what} ({error})")))?;
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        let field = |name: &str| value.as_ref().and_then(|value| value.get(name)?.as_str());
        match status {
            200 => match field("access_token") {
                Some(token)
                    if token.bytes().all(|byte| byte.is_ascii_graphic()) && !token.is_empty() =>
                {
                    Ok(Secret::new(token.to_owned()))
                }
                Some(_) | None => Err(PortError::Malformed(format!("{what} (no `access_token`)"))),
            },
            400 | 401 | 403 => {
                let said = self.quoted(
                    field("error_description")
                        .or(field("error"))
                        .unwrap_or_default(),
                );
                let hint = "check ALERT_TENANT_ID, ALERT_CLIENT_ID, and that the client secret has not expired";
                Err(PortError::Denied(format!(
                    "{what} (HTTP {status}: {said}; {hint})"
                )))
            }
            429 | 500..=599 => Err(PortError::Unavailable(format!(
                "{what} (HTTP {status}{wait})"
            ))),
            _ => Err(PortError::Malformed(format!("{what} (HTTP {status})"))),
        }
    }

    fn post(
        &self,
        letter: &Letter,
        recipients: &Recipients,
        token: &Secret,
    ) -> Result<(), PortError> {
        let what = "sendMail of Microsoft Graph";
        let to: Vec<Value> = recipients
            .good
            .iter()
            .map(|address| json!({"emailAddress": {"address": address.to_string()}}))
            .collect();
        let id = message_id(letter, &self.sender);
        let message = json!({
            "message": {
                "subject": line(&letter.subject),
                "body": {"contentType": "HTML", "content": letter.html},
                "toRecipients": to,
                "internetMessageId": id,
                "internetMessageHeaders": [{"name": "x-access-request-agent-letter", "value": id}],
            },
            "saveToSentItems": false,
        });
        let sender = encoded(self.sender.as_ref());
        let url = format!(
            "{}/v1.0/users/{sender}/sendMail",
            base(&self.settings.graph)
        );
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut authorization = ureq::http::HeaderValue::from_str(&bearer)
            .map_err(|_| PortError::Malformed("the token of Microsoft Graph".to_owned()))?;
        authorization.set_sensitive(true);
        let answer = self
            .agent
            .post(&url)
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .send(message.to_string().as_bytes());
        let mut answer = answer.map_err(|error| {
            if before_sending(&error) {
                self.unreached(what, &error)
            } else {
                PortError::Indeterminate(format!("{what} ({})", self.quoted(&error.to_string())))
            }
        })?;
        let status = answer.status().as_u16();
        if status == 202 {
            return Ok(());
        }
        let wait = wait(&answer);
        let body = body(&mut answer).unwrap_or_default();
        let said = self.error(&body);
        Err(match status {
            401 | 403 => PortError::Denied(format!(
                "{what} (HTTP {status}{said}; the application needs the application permission Mail.Send with admin consent, \
                 and may have to be allowed this mailbox)"
            )),
            404 => PortError::Denied(format!(
                "{what} (HTTP 404{said}; ALERT_SENDER_EMAIL has to be a licensed mailbox of the tenant)"
            )),
            400 | 413 | 422 => PortError::Denied(format!("{what} (HTTP {status}{said})")),
            429 | 503 => PortError::Unavailable(format!("{what} (HTTP {status}{wait}{said})")),
            // The server took it and fell over something: it may be on its way.
            500..=599 => PortError::Indeterminate(format!("{what} (HTTP {status}{said})")),
            _ => PortError::Malformed(format!("{what} (HTTP {status}{said})")),
        })
    }

    fn unreached(&self, what: &str, error: &ureq::Error) -> PortError {
        PortError::Unavailable(format!("{what} ({})", self.quoted(&error.to_string())))
    }

    /// `code: message` of an error of Graph.
    fn error(&self, body: &[u8]) -> String {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let field = |name| {
            value
                .pointer(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (code, message) = (field("/error/code"), field("/error/message"));
        if code.is_empty() && message.is_empty() {
            String::new()
        } else {
            format!(", {}: {}", self.quoted(code), self.quoted(message))
        }
    }

    /// Words of a server on one line, without our secret should they repeat it.
    fn quoted(&self, text: &str) -> String {
        let secret = self.settings.secret.expose();
        if secret.is_empty() {
            line(text)
        } else {
            line(&text.replace(secret, "…"))
        }
    }
}

impl Mail for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn send(&self, letter: &Letter) -> Result<Sent, PortError> {
        let recipients = Recipients::of(letter);
        if recipients.good.is_empty() {
            let why = Recipients::told(&recipients.refused);
            return Err(PortError::Denied(format!(
                "sendMail of Microsoft Graph ({why})"
            )));
        }
        let token = self.token()?;
        self.post(letter, &recipients, &token)?;
        Ok(Sent {
            refused: recipients.refused,
            later: Vec::new(),
        })
    }
}

/// The application permissions that a token names (`roles`); `None` when it is no JSON Web Token. They are only shown: what
/// they allow, Graph decides.
fn roles(token: &str) -> Option<Vec<String>> {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let payload = token.split('.').nth(1)?;
    let payload = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?);
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let roles = claims.as_object()?.get("roles").and_then(Value::as_array);
    let names = roles.into_iter().flatten().filter_map(Value::as_str);
    Some(names.take(20).map(str::to_owned).collect())
}

/// Whether secrets may go there: encrypted, or to this machine itself.
fn is_safe(url: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte);
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_here = matches!(host, "127.0.0.1" | "localhost" | "::1");
    !host.is_empty()
        && rest.bytes().all(is_plain)
        && (scheme == "https" || (scheme == "http" && is_here))
}

fn base(url: &str) -> &str {
    url.trim_end_matches('/')
}

/// How long the server wants to be left alone, as it says it; Graph also sends fractions of a second.
fn wait(answer: &Response<Body>) -> String {
    let header = answer.headers().get("retry-after");
    let said = header.and_then(|value| value.to_str().ok()).map(line);
    said.map(|said| format!(", to be left alone for {said} s"))
        .unwrap_or_default()
}

fn body(answer: &mut Response<Body>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let reader = answer.body_mut().as_reader();
    reader.take(ANSWER_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_only_where_they_are_safe() {
        for good in [
            "https://login.microsoftonline.com",
            "https://login.microsoftonline.us/",
            "http://127.0.0.1:4027",
            "http://[::1]:80/x",
            "http://localhost",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "",
            "login.microsoftonline.com",
            "http://login.microsoftonline.com",
            "http://127.0.0.1.evil.example",
            "https://",
            "https://a b",
            "https://a@b.example",
            "https://a/?x",
            "ftp://localhost",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn everything_but_the_unreserved_is_encoded() {
        assert_eq!(encoded("a b&c=d+\u{e9}/~"), "a%20b%26c%3Dd%2B%C3%A9%2F~");
    }
}

//! SMTP (RFC 5321): one transaction for all recipients, encrypted before anything is said, each answer told apart.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use ports::mail::{Letter, Sent};
use ports::{Mail, PortError, Secret};

use super::{MailSettingsError, Recipients, line, message_id, sender};

/// Largest bundle of certificates, in bytes.
const BUNDLE_MAX: u64 = 4 * 1024 * 1024;

/// How a connection is encrypted. There is no way to send in plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// In plain text until `STARTTLS` (RFC 3207), which the server has to offer; usual on port 587.
    #[default]
    StartTls,
    /// From the first byte (RFC 8314); usual on port 465.
    Tls,
}

/// What is needed to send through a server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Name of the server, which its certificate has to carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is encrypted.
    pub security: Security,
    /// User and password for `AUTH PLAIN`; `None` for a relay that asks for none.
    pub login: Option<(String, Secret)>,
    /// The sender's address.
    pub sender: String,
    /// A file of certificates in PEM that are trusted instead of the well-known ones.
    pub ca_bundle: Option<PathBuf>,
    /// Longest wait for each answer.
    pub timeout: Duration,
}

/// A server that takes letters.
pub struct Smtp {
    settings: SmtpSettings,
    sender: lettre::Address,
    tls: TlsParameters,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Smtp")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// Checks the settings. Nothing is connected yet.
    ///
    /// # Errors
    /// When the sender's address is none, or the certificates cannot be read.
    pub fn new(settings: SmtpSettings) -> Result<Self, MailSettingsError> {
        let host_is_plain = settings
            .host
            .chars()
            .all(|own| own.is_ascii_alphanumeric() || matches!(own, '.' | '-' | ':'));
        if settings.host.is_empty() || !host_is_plain {
            return Err(MailSettingsError::Value {
                what: "the mail server",
                value: line(&settings.host),
                why: "a host name or an address is needed, without scheme and port",
            });
        }
        let mut tls = TlsParameters::builder(settings.host.clone());
        if let Some(path) = &settings.ca_bundle {
            tls = tls.certificate_store(lettre::transport::smtp::client::CertificateStore::None);
            tls = tls.add_root_certificate(bundle(path)?);
        }
        let tls = tls
            .build_rustls()
            .map_err(|error| MailSettingsError::Value {
                what: "the mail server",
                value: format!("{} ({error})", line(&settings.host)),
                why: "no encrypted connection can be made with these settings",
            })?;
        Ok(Self {
            sender: sender(&settings.sender)?,
            tls,
            settings,
        })
    }

    fn connect(&self) -> Result<SmtpConnection, PortError> {
        let settings = &self.settings;
        let implicit = match settings.security {
            Security::Tls => Some(&self.tls),
            Security::StartTls => None,
        };
        let hello = ClientId::default();
        let server = (settings.host.as_str(), settings.port);
        let wait = Some(settings.timeout);
        let mut connection = SmtpConnection::connect(server, wait, &hello, implicit, None)
            .map_err(|error| self.before(&error, ""))?;
        if settings.security == Security::StartTls {
            connection
                .starttls(&self.tls, &hello)
                .map_err(|error| self.before(&error, "; the server has to offer STARTTLS"))?;
        }
        if let Some((user, password)) = &settings.login {
            let login = Credentials::new(user.clone(), password.expose().to_owned());
            connection
                .auth(&[Mechanism::Plain], &login)
                .map_err(|error| {
                    self.before(
                        &error,
                        "; check the user, the password, and that AUTH PLAIN is offered",
                    )
                })?;
        }
        Ok(connection)
    }

    /// Connects, encrypts and logs in as for a letter, and leaves again without one. Gives what was done.
    ///
    /// # Errors
    /// As [`Mail::send`] before the letter is handed over.
    pub fn try_out(&self) -> Result<String, PortError> {
        let mut connection = self.connect()?;
        // What was to be seen was seen.
        let _ = connection.quit();
        let encrypted = match self.settings.security {
            Security::StartTls => "STARTTLS",
            Security::Tls => "TLS",
        };
        let login = match &self.settings.login {
            Some((user, _)) => format!("login as {}", line(user)),
            None => "no login, because none is set".to_owned(),
        };
        Ok(format!(
            "connection, {encrypted} with a trusted certificate, {login}"
        ))
    }

    /// A failure before the letter was handed over: nothing was sent.
    fn before(&self, error: &Error, hint: &str) -> PortError {
        let why = reason(error);
        if why.contains("certificate") {
            return PortError::Denied(self.told(&format!(
                "{why}; its certificate is not trusted: set a bundle of certificates"
            )));
        }
        if error.is_permanent() || error.is_client() {
            PortError::Denied(self.told(&format!("{why}{hint}")))
        } else {
            PortError::Unavailable(self.told(&why))
        }
    }

    fn told(&self, why: &str) -> String {
        let settings = &self.settings;
        format!(
            "the mail server {}:{} ({why})",
            settings.host, settings.port
        )
    }

    fn message(&self, letter: &Letter, recipients: &Recipients) -> Result<Vec<u8>, PortError> {
        let unfit = |error: lettre::error::Error| {
            PortError::Denied(self.told(&format!("the letter cannot be written: {error}")))
        };
        let mut message = Message::builder()
            .from(Mailbox::new(None, self.sender.clone()))
            .subject(line(&letter.subject))
            .message_id(Some(message_id(letter, &self.sender)))
            // RFC 3834: no answers by programs, please.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for address in &recipients.good {
            message = message.to(Mailbox::new(None, address.clone()));
        }
        let body = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
        Ok(message.multipart(body).map_err(unfit)?.formatted())
    }
}

impl Mail for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send(&self, letter: &Letter) -> Result<Sent, PortError> {
        let recipients = Recipients::of(letter);
        if recipients.good.is_empty() {
            return Err(PortError::Denied(
                self.told(&Recipients::told(&recipients.refused)),
            ));
        }
        let message = self.message(letter, &recipients)?;
        let mut connection = self.connect()?;
        let mut sent = Sent {
            refused: recipients.refused,
            later: Vec::new(),
        };
        let mut taken = 0_usize;
        connection
            .command(MailFrom::new(Some(self.sender.clone()), Vec::new()))
            .map_err(|error| self.before(&error, "; may this user send as the sender?"))?;
        for address in &recipients.good {
            match connection.command(Rcpt::new(address.clone(), Vec::new())) {
                Ok(_) => taken += 1,
                Err(error) if error.is_permanent() => {
                    sent.refused.push((address.to_string(), reason(&error)))
                }
                Err(error) if error.is_transient() => {
                    sent.later.push((address.to_string(), reason(&error)))
                }
                Err(error) => return Err(self.before(&error, "")),
            }
        }
        if taken == 0 {
            let _ = connection.quit();
            return Err(if sent.later.is_empty() {
                PortError::Denied(self.told(&Recipients::told(&sent.refused)))
            } else {
                PortError::Unavailable(self.told(&Recipients::told(&sent.later)))
            });
        }
        connection
            .command(Data)
            .map_err(|error| self.before(&error, ""))?;
        connection.message(&message).map_err(|error| {
            if error.is_permanent() || error.is_transient() {
                self.before(&error, "")
            } else {
                // Handed over in part or as a whole, and no answer came.
                let why = self.told(&reason(&error));
                PortError::Indeterminate(format!("the letter given to {why}"))
            }
        })?;
        // It was taken; how the server says goodbye changes nothing.
        let _ = connection.quit();
        Ok(sent)
    }
}

/// An error and what caused it, on one line.
fn reason(error: &Error) -> String {
    use std::error::Error as _;
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let said = deeper.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = deeper.source();
    }
    line(&text)
}

fn bundle(path: &Path) -> Result<Certificate, MailSettingsError> {
    let wrong = |why: String| MailSettingsError::Bundle {
        path: path.to_owned(),
        why,
    };
    let size = fs::metadata(path)
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if size > BUNDLE_MAX {
        return Err(wrong(format!(
            "it has {size} bytes, at most {BUNDLE_MAX} are read"
        )));
    }
    let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    if !pem
        .windows(27)
        .any(|window| window == b"-----BEGIN CERTIFICATE-----")
    {
        return Err(wrong("it holds no certificate in PEM".to_owned()));
    }
    Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))
}

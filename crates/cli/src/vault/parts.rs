//! The parts of the vault's door, opened from their settings: the client, and the way letters go.

use agent::cycle::{Ran, post};
use agent::report::mail;
use agent::report::run::Written;
use connectors::mail::{Graph, GraphSettings, Security, Smtp, SmtpSettings};
use connectors::pam_vault::{self, Line, PamVault, State};
use decision::vault::run::Attendance;
use ports::mail::Letter;
use ports::{Mail, PortError};

use super::kept::{Asks, Kept};
use super::settings::{Alerts, Sending, VaultSettings};
use crate::error::{Error, Exit};
use crate::models::{Lost, ModelSettings};
use crate::output;
use crate::settings::{self, Home};
use crate::wiring::Parts;

const TEMPLATE_BYTES_MAX: u64 = 1024 * 1024;

/// The client of a vault.
pub(crate) fn open(settings: pam_vault::Settings) -> Result<PamVault, Error> {
    PamVault::new(settings).map_err(|error| Error::of(Exit::BadInput, &error).hint(error.hint()))
}

/// The vault's client and what belongs to it.
pub(crate) struct VaultParts {
    pub(crate) settings: VaultSettings,
    pub(crate) client: PamVault,
    mail_secret: Option<Kept>,
    /// Where the key of the model still is in the vault.
    model_key: Option<Kept>,
}

impl VaultParts {
    pub(crate) fn open(home: &Home, settings: VaultSettings) -> Result<Self, Error> {
        let client = open(settings.client.clone())?;
        // Checked before anything is done: a template with a mistake must not be found out after the actions.
        template(&settings.alerts)?;
        let secret = match &settings.alerts.sending {
            Some(Sending::Graph(graph)) => graph.secret_asset.as_deref(),
            Some(Sending::Smtp(_)) | None => None,
        };
        let key = settings
            .model
            .as_ref()
            .and_then(ModelSettings::key_in_vault);
        Ok(Self {
            mail_secret: secret.map(|asset| Kept::mail_secret(home, asset)),
            model_key: key.map(|asset| Kept::model_key(home, asset)),
            settings,
            client,
        })
    }

    /// Mails the report of a run, and what earlier runs could not send. What goes wrong is told and stops nothing.
    pub(crate) fn mail_report(
        &self,
        parts: &Parts,
        ran: &Ran,
        written: &Written,
    ) -> Result<Vec<String>, Error> {
        let alerts = &self.settings.alerts;
        let (Some(sending), false) = (&alerts.sending, alerts.recipients.is_empty()) else {
            return Ok(Vec::new());
        };
        let at = parts.agent().now()?;
        let template = template(alerts)?;
        let which = mail::Alerts {
            run_summary: alerts.run_summary,
            high_risk: alerts.high_risk,
            anomaly: alerts.anomaly,
        };
        let to = alerts.recipients.clone();
        let letter = mail::letter(&written.overview, &ran.closing, which, &template, to);
        if let (Some(why), Some(letter)) = (parts.store.log_trouble(), &letter) {
            return Ok(self.alarm(sending, letter.clone(), why));
        }
        if let Some(letter) = letter {
            post::post(&parts.store, letter, at)?;
        }
        match self.way(sending) {
            Ok(way) => Ok(post::send_waiting(&parts.store, way.letters(), at)?),
            Err(why) => Ok(vec![format!("mail waits for the next run: {why}")]),
        }
    }

    /// On a log that does not verify nothing is recorded, the outbox neither: this one letter goes out all the same.
    fn alarm(&self, sending: &Sending, mut letter: Letter, why: &str) -> Vec<String> {
        letter.subject = format!("THE LOG DOES NOT VERIFY: {}", letter.subject);
        letter.text = format!("{why}\n\n{}", letter.text);
        let sent = self.way(sending).and_then(|way| {
            way.letters()
                .send(&letter)
                .map_err(|error| error.to_string())
        });
        match sent {
            Ok(_) => vec![format!("mailed without a record: {why}")],
            Err(error) => vec![format!("{why}; and the mail about it failed: {error}")],
        }
    }

    /// The way letters go. The client secret is read from the vault now, and forgotten with this.
    fn way(&self, sending: &Sending) -> Result<Way, String> {
        match sending {
            Sending::Graph(settings) => {
                let secret = match (&settings.secret, &self.mail_secret) {
                    (Some(secret), _) => secret.clone(),
                    (None, Some(kept)) => {
                        let read = kept.read(&self.client, Asks::Yes);
                        read.map_err(|not_given| not_given.why)?
                    }
                    (None, None) => return Err("no client secret is set".to_owned()),
                };
                let graph = Graph::new(GraphSettings {
                    tenant: settings.tenant.clone(),
                    client: settings.client.clone(),
                    secret,
                    sender: settings.sender.clone(),
                    authority: settings.authority.clone(),
                    graph: settings.graph.clone(),
                    timeout: self.settings.client.timeout,
                });
                let graph = graph.map_err(|error| error.to_string())?;
                Ok(Way::Graph(graph))
            }
            Sending::Smtp(settings) => {
                let smtp = Smtp::new(SmtpSettings {
                    host: settings.host.clone(),
                    port: settings.port,
                    security: if settings.port == 465 {
                        Security::Tls
                    } else {
                        Security::StartTls
                    },
                    login: settings.login.clone(),
                    sender: settings.sender.clone(),
                    ca_bundle: settings.ca_bundle.clone(),
                    timeout: self.settings.client.timeout,
                });
                let smtp = smtp.map_err(|error| error.to_string())?;
                Ok(Way::Smtp(smtp))
            }
        }
    }

    /// The model with its key, which is read from the vault now when it is there; or why it has no say. `None` when none is
    /// configured.
    pub(crate) fn model(&self, asks: Asks) -> Option<Result<ModelSettings, Lost>> {
        let model = self.settings.model.clone()?;
        Some(match &self.model_key {
            Some(key) => model.with_key_of(key, &self.client, asks),
            None => Ok(model),
        })
    }

    /// Ends our own requests at the vault, when any was submitted for a secret. A person is asked; without one the setting says.
    /// Gives what went wrong.
    pub(crate) fn finish(&self, attendance: Attendance) -> Vec<String> {
        let completes = |what: &str| {
            if attendance == Attendance::Asked {
                output::ask(&format!(
                    "complete our own request for {what} at the vault? [y/N]"
                ))
            } else {
                self.settings.completes_requests
            }
        };
        let own = [&self.mail_secret, &self.model_key].into_iter().flatten();
        own.filter(|kept| kept.is_to_be_given_back() && completes(kept.what))
            .filter_map(|kept| kept.give_back(&self.client))
            .collect()
    }

    /// How the mail stands: what is set, and what a try without a letter showed.
    pub(crate) fn mail_health(&self) -> Vec<Line> {
        let alerts = &self.settings.alerts;
        let line = |topic, state, text: String, hint: &str| Line {
            topic,
            state,
            text,
            hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        };
        let set = |state, text: &str, hint| vec![line("mail", state, text.to_owned(), hint)];
        if !(alerts.run_summary || alerts.high_risk || alerts.anomaly) {
            return set(State::Fine, "off: no alert is on", "");
        }
        let Some(sending) = &alerts.sending else {
            return set(
                State::Warn,
                "nothing to send it with, so nothing is mailed",
                "set ALERT_SENDER_EMAIL with ALERT_TENANT_ID and ALERT_CLIENT_ID, or with ALERT_SMTP_HOST",
            );
        };
        let count = alerts.recipients.len();
        if count == 0 {
            return set(
                State::Warn,
                "no recipients, so nothing is mailed",
                "set ALERT_RECIPIENT_EMAILS",
            );
        }
        let (way, sender) = match sending {
            Sending::Graph(graph) => ("Microsoft Graph".to_owned(), &graph.sender),
            Sending::Smtp(smtp) => (format!("{}:{}", smtp.host, smtp.port), &smtp.sender),
        };
        let mut lines = set(
            State::Fine,
            &format!("{way} as {sender}, to {count} recipients"),
            "",
        );
        let topic = "mail, tried";
        // Reading the secret may file a request in the vault, and the doctor changes nothing.
        if let Sending::Graph(graph) = sending
            && graph.secret.is_none()
        {
            lines.push(line(
                topic,
                State::Unknown,
                "not tried: the client secret is in the vault, and reading it may file a request there".to_owned(),
                "the next run that has something to mail tries it",
            ));
            return lines;
        }
        let tried = self
            .way(sending)
            .and_then(|way| way.try_out().map_err(|error| error.to_string()));
        lines.push(match tried {
            Ok(seen) => line(
                topic,
                State::Fine,
                format!("{seen}; no letter was sent, so whether {sender} may send, and who gets it, was not seen"),
                "",
            ),
            Err(why) => line(
                topic,
                State::Bad,
                why,
                "nothing is mailed until this works; runs go on and keep their letters",
            ),
        });
        lines
    }
}

/// A way that letters go.
enum Way {
    Graph(Graph),
    Smtp(Smtp),
}

impl Way {
    fn letters(&self) -> &dyn Mail {
        match self {
            Self::Graph(graph) => graph,
            Self::Smtp(smtp) => smtp,
        }
    }

    /// What it can be seen to do without a letter.
    fn try_out(&self) -> Result<String, PortError> {
        match self {
            Self::Graph(graph) => graph.try_out(),
            Self::Smtp(smtp) => smtp.try_out(),
        }
    }
}

/// The template of the mail: the operator's own, or the bundled one.
fn template(alerts: &Alerts) -> Result<mail::Template, Error> {
    let (parsed, name) = match &alerts.template {
        None => (mail::Template::bundled(), "the bundled template".to_owned()),
        Some(path) => {
            let bytes = settings::read(path, TEMPLATE_BYTES_MAX, "the mail's template")?;
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| {
                Error::new(
                    Exit::BadInput,
                    format!("`{}` is not UTF-8 text", path.display()),
                )
            })?;
            (mail::Template::parse(&text), path.display().to_string())
        }
    };
    parsed.map_err(|error| {
        Error::new(Exit::BadInput, format!("{name}: {error}"))
            .hint("docs/reference/vault-report.md lists the placeholders")
    })
}

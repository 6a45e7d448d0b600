//! The parts of the vault's door, opened from their settings: the client, and the way letters go.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use agent::cycle::{Ran, post};
use agent::report::mail;
use agent::report::run::Written;
use connectors::mail::{Graph, GraphSettings, Security, Smtp, SmtpSettings};
use connectors::pam_vault::{Ask, Line, PamVault, PendingFile, State, Waiting};
use decision::time::{Minutes, Timestamp};
use decision::vault::run::Attendance;
use ports::mail::Letter;
use ports::{Clock as _, Mail, PortError, Secret, SystemClock};

use super::settings::{Alerts, Sending, VaultSettings};
use crate::error::{Error, Exit};
use crate::models::{Lost, ModelSettings};
use crate::output;
use crate::settings::{self, Home};
use crate::wiring::Parts;

const TEMPLATE_BYTES_MAX: u64 = 1024 * 1024;
/// Longest wait for somebody to approve that the mail's secret is read; the next run goes on waiting.
const APPROVAL_WAIT: Minutes = Minutes(2);

/// The vault's client and what belongs to it.
pub(crate) struct VaultParts {
    pub(crate) settings: VaultSettings,
    pub(crate) client: PamVault,
    mail_secret: Requested,
    model_key: Requested,
}

/// A secret that the vault keeps, and our request for it.
struct Requested {
    pending: PendingFile,
    /// Whether it was given: only then is our request over.
    given: Cell<bool>,
}

impl Requested {
    fn at(path: PathBuf) -> Self {
        Self {
            pending: PendingFile::at(path),
            given: Cell::new(false),
        }
    }
}

impl VaultParts {
    pub(crate) fn open(home: &Home, settings: VaultSettings) -> Result<Self, Error> {
        let client = PamVault::new(settings.client.clone())
            .map_err(|error| Error::of(Exit::BadInput, &error).hint(error.hint()))?;
        // Checked before anything is done: a template with a mistake must not be found out after the actions.
        template(&settings.alerts)?;
        Ok(Self {
            settings,
            client,
            mail_secret: Requested::at(home.state().join(".pending_request.json")),
            model_key: Requested::at(home.state().join(".pending_model_key.json")),
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
                let secret = match (&settings.secret, &settings.secret_asset) {
                    (Some(secret), _) => secret.clone(),
                    (None, Some(asset)) => self.retrieve(
                        asset,
                        &self.mail_secret,
                        "Mail the report of this run of the access request agent",
                    )?,
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

    /// The model with its key, which is read from the vault now when it is there; or why it has no say.
    pub(crate) fn model(
        &self,
        attendance: Attendance,
    ) -> Result<Option<Result<ModelSettings, Lost>>, Error> {
        let Some(model) = self.settings.model.clone() else {
            return Ok(None);
        };
        let model = match &model.key_asset {
            Some(_) if model.wants_key() && attendance == Attendance::Planning => {
                let why = "this run only plans, so the vault was not asked for its key";
                return Ok(Some(Err(Lost(why.to_owned()))));
            }
            Some(asset) if model.wants_key() => {
                let why = "Ask the model for its analysis in this run of the access request agent";
                match self.retrieve(asset, &self.model_key, why) {
                    Ok(key) => model.clone().with_key(key),
                    Err(why) => return Ok(Some(Err(Lost(format!("its key was not read: {why}"))))),
                }
            }
            Some(_) | None => model,
        };
        Ok(Some(model.probe()?.map(|()| model)))
    }

    fn retrieve(
        &self,
        asset: &str,
        requested: &Requested,
        justification: &str,
    ) -> Result<Secret, String> {
        let ask = Ask {
            asset,
            justification,
            window: Minutes(60),
            every: Duration::from_secs(5),
            deadline: SystemClock.now().plus(APPROVAL_WAIT),
        };
        let got = self
            .client
            .retrieve(&ask, &requested.pending, &mut Patience);
        requested.given.set(got.is_ok());
        got.map_err(|error| match error.hint() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        })
    }

    /// Ends our own requests at the vault, when any was submitted for a secret. A person is asked; without one the setting says.
    /// Gives what went wrong.
    pub(crate) fn finish(&self, attendance: Attendance) -> Vec<String> {
        let mail = match &self.settings.alerts.sending {
            Some(Sending::Graph(graph)) => graph.secret_asset.as_ref(),
            Some(Sending::Smtp(_)) | None => None,
        };
        let model = self.settings.model.as_ref();
        let model = model.and_then(|model| model.key_asset.as_ref());
        let own = [
            (mail, &self.mail_secret, "the mail's secret"),
            (model, &self.model_key, "the model's key"),
        ];
        let ended = own.into_iter().filter_map(|(asset, requested, what)| {
            // One that still waits for approval is what the next run goes on with.
            if !requested.given.get() || !requested.pending.path().exists() {
                return None;
            }
            let complete = if attendance == Attendance::Asked {
                output::ask(&format!(
                    "complete our own request for {what} at the vault? [y/N]"
                ))
            } else {
                self.settings.completes_requests
            };
            if !complete {
                return None;
            }
            match self.client.complete(asset?, &requested.pending) {
                Ok(None | Some(Ok(()))) => None,
                Ok(Some(Err(why))) => Some(why),
                Err(error) => Some(format!("{error}; {}", error.hint())),
            }
        });
        ended.collect()
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

/// The machine's clock.
struct Patience;

impl Waiting for Patience {
    fn now(&mut self) -> Timestamp {
        SystemClock.now()
    }

    fn wait(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

//! Settings of the vault's door, read from their keys and checked together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use agent::cycle::hours::Hours;
use agent::cycle::prune::Keep;
use connectors::mail::GraphSettings;
use connectors::pam_vault;
use decision::findings::risk::RiskLevel;
use decision::vault::run::Settings as RuleSettings;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use ports::Secret;

use super::environment::{Environment, refuse};
use super::file::{self, VaultFile};
use crate::error::{Error, Exit};
use crate::models::{self, ModelSettings};
use crate::settings::{self, Home};

const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Everything that a run over the vault is set to.
pub(crate) struct VaultSettings {
    pub(crate) client: pam_vault::Settings,
    pub(crate) cycle: agent::cycle::Settings,
    pub(crate) autonomous: bool,
    pub(crate) completes_requests: bool,
    pub(crate) reports: PathBuf,
    pub(crate) keep: Keep,
    pub(crate) alerts: Alerts,
    /// `None` when no model is configured.
    pub(crate) model: Option<ModelSettings>,
}

/// What a mail has, and to whom it goes.
#[derive(Clone, Debug)]
pub(crate) struct Alerts {
    pub(crate) run_summary: bool,
    pub(crate) high_risk: bool,
    pub(crate) anomaly: bool,
    pub(crate) recipients: Vec<String>,
    pub(crate) template: Option<PathBuf>,
    /// `None` when nothing is set to send with.
    pub(crate) sending: Option<Sending>,
}

/// The way letters go.
#[derive(Clone, Debug)]
pub(crate) enum Sending {
    Graph(GraphKeys),
    Smtp(SmtpKeys),
}

#[derive(Clone, Debug)]
pub(crate) struct GraphKeys {
    pub(crate) tenant: String,
    pub(crate) client: String,
    pub(crate) sender: String,
    pub(crate) secret: Option<Secret>,
    pub(crate) secret_asset: Option<String>,
    pub(crate) authority: String,
    pub(crate) graph: String,
}

#[derive(Clone, Debug)]
pub(crate) struct SmtpKeys {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) sender: String,
    pub(crate) login: Option<(String, Secret)>,
    pub(crate) ca_bundle: Option<PathBuf>,
}

/// Reads and checks all settings of the vault's door.
pub(crate) fn read(home: &Home) -> Result<(VaultSettings, Environment), Error> {
    let environment = Environment::of(home)?;
    let keys = &environment;
    let VaultFile { allow, zones } = file::read(home)?;
    let hours = hours(keys, zones)?;
    let approve_at_most = threshold(keys, "RISK_THRESHOLD_APPROVE", RiskLevel::Low)?;
    let reject_at_least = threshold(keys, "RISK_THRESHOLD_REJECT", RiskLevel::Critical)?;
    if approve_at_most > RiskLevel::Low {
        return Err(Error::new(
            Exit::NotAllowed,
            format!(
                "RISK_THRESHOLD_APPROVE is `{}`, and only `low` is approved without a person",
                approve_at_most.vault_name()
            ),
        )
        .hint("set it to low, or leave it out"));
    }
    if approve_at_most >= reject_at_least {
        return Err(Error::new(
            Exit::NotAllowed,
            "RISK_THRESHOLD_APPROVE is not below RISK_THRESHOLD_REJECT, so a request could be both",
        )
        .hint("set RISK_THRESHOLD_REJECT to medium, high or critical"));
    }
    let client = client(keys)?;
    let (timeout, concurrency) = (client.timeout, client.concurrency);
    let rules = RuleSettings {
        approve: keys.flag("AUTO_APPROVE_LOW_RISK", false)?,
        reject: keys.flag("AUTO_REJECT_CRITICAL_RISK", false)?,
        close: keys.flag("AUTO_CLOSE_STALE", false)?,
        approve_at_most,
        reject_at_least,
        stale_days: keys.number("STALE_REQUEST_DAYS", 7, 1, 366)?,
        lookback_days: keys.number("REQUEST_LOOKBACK_DAYS", 30, 1, 366)?,
        window_hours_max: keys.number("VAULT_WINDOW_HOURS_MAX", 720, 0, 8_784)?,
        allow,
    };
    let keep = Keep {
        reports: keys.number("REPORT_KEEP_DAYS", 400, 0, 36_600)?,
        // Within the window a request can still be acted upon, and that long after it is closed as stale.
        records: rules.lookback_days.saturating_add(rules.stale_days),
    };
    let path_of = |name: &str, default: PathBuf| keys.path(name).unwrap_or(default);
    let settings = VaultSettings {
        client,
        cycle: agent::cycle::Settings {
            rules,
            hours,
            deep: keys.flag("DEEP_ANALYSIS", true)?,
            domains: keys.list("VAULT_LOGIN_DOMAINS"),
            concurrency,
            folder: home.state().join("runs"),
            state_file: path_of("AGENT_STATE_FILE", home.state().join("agent_state.json")),
            settled_after: timeout.saturating_mul(4),
        },
        autonomous: keys.flag("AUTONOMOUS_MODE", false)?,
        model: models::read(home, keys)?,
        completes_requests: keys.flag("VAULT_COMPLETE_REQUESTS", true)?,
        reports: path_of("REPORT_FOLDER", home.state().join("reports")),
        keep,
        alerts: Alerts {
            run_summary: keys.flag("ALERT_ON_RUN_SUMMARY", true)?,
            high_risk: keys.flag("ALERT_ON_HIGH_RISK", true)?,
            anomaly: keys.flag("ALERT_ON_ANOMALY", true)?,
            recipients: agent::report::mail::recipients(
                keys.get("ALERT_RECIPIENT_EMAILS").unwrap_or_default(),
            ),
            template: keys.path("ALERT_TEMPLATE"),
            sending: sending(keys)?,
        },
    };
    Ok((settings, environment))
}

/// Address, token and manners of the vault's client.
pub(crate) fn client(keys: &Environment) -> Result<pam_vault::Settings, Error> {
    let token = match (keys.get("VAULT_TOKEN"), keys.path("VAULT_TOKEN_FILE")) {
        (Some(token), _) => Secret::new(token.to_owned()),
        (None, Some(file)) => secret_in(&file, "the vault's API token")?,
        (None, None) => keys
            .needed("VAULT_TOKEN_FILE")
            .map(|_| Secret::new(String::new()))?,
    };
    let text = |name: &str| keys.get(name).map(str::to_owned);
    Ok(pam_vault::Settings {
        ca_bundle: keys.path("VAULT_CA_BUNDLE"),
        insecure: keys.flag("VAULT_INSECURE", false)?,
        timeout: seconds(keys, "VAULT_TIMEOUT", 30)?,
        page_size: keys.number("VAULT_PAGE_SIZE", 100, 1, 100)?,
        concurrency: keys.number("VAULT_CONCURRENCY", 4, 1, 16)? as usize,
        approve_path: text("VAULT_APPROVE_PATH"),
        reject_path: text("VAULT_REJECT_PATH"),
        close_path: text("VAULT_CLOSE_PATH"),
        request_path: text("VAULT_REQUEST_PATH"),
        platform_description_url: text("VAULT_PLATFORM_DESCRIPTION"),
        action_types: keys.list("VAULT_ACTION_TYPES"),
        reason_charset: keys.flag("VAULT_REASON_CHARSET", false)?,
        ..pam_vault::Settings::new(keys.needed("VAULT_BASE_URL")?, token)
    })
}

/// The way letters go: one of the two, never both.
fn sending(keys: &Environment) -> Result<Option<Sending>, Error> {
    let text = |name: &str| keys.get(name).map(str::to_owned);
    let secret = |name: &str, what: &str| {
        let path = keys.path(name);
        path.map(|path| secret_in(&path, what)).transpose()
    };
    let tenant = text("ALERT_TENANT_ID");
    match (text("ALERT_SMTP_HOST"), tenant) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Error::new(
            Exit::BadInput,
            "both ALERT_SMTP_HOST and ALERT_TENANT_ID are set",
        )
        .hint("mail goes one way: keep one of the two")),
        (None, Some(tenant)) => Ok(Some(Sending::Graph(GraphKeys {
            tenant,
            client: keys.needed("ALERT_CLIENT_ID")?.to_owned(),
            sender: keys.needed("ALERT_SENDER_EMAIL")?.to_owned(),
            secret: secret("ALERT_CLIENT_SECRET_FILE", "the mail's client secret")?,
            secret_asset: text("ALERT_SECRET_ASSET_ID"),
            authority: text("ALERT_LOGIN_URL")
                .unwrap_or_else(|| GraphSettings::AUTHORITY.to_owned()),
            graph: text("ALERT_GRAPH_URL").unwrap_or_else(|| GraphSettings::GRAPH.to_owned()),
        }))),
        (Some(host), None) => {
            let password = secret("ALERT_SMTP_PASSWORD_FILE", "the mail server's password")?;
            let port = keys.number("ALERT_SMTP_PORT", 587, 1, 65_535)?;
            Ok(Some(Sending::Smtp(SmtpKeys {
                host,
                port: u16::try_from(port).unwrap_or(587),
                sender: keys.needed("ALERT_SENDER_EMAIL")?.to_owned(),
                login: text("ALERT_SMTP_USER").zip(password),
                ca_bundle: keys.path("ALERT_SMTP_CA_BUNDLE"),
            })))
        }
    }
}

/// Reads a secret from a file of its own, which nobody else may read.
pub(crate) fn secret_in(path: &Path, what: &str) -> Result<Secret, Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let bytes = settings::read(path, SECRET_BYTES_MAX, what)?;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::new(
            Exit::BadInput,
            format!(
                "`{}` can be read by others (mode {:o})",
                path.display(),
                mode & 0o777
            ),
        )
        .hint(format!("run `chmod 600 {}`", path.display())));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::new(Exit::BadInput, format!("`{}` is not text", path.display())))?;
    Ok(Secret::new(text.trim().to_owned()))
}

fn threshold(keys: &Environment, name: &str, default: RiskLevel) -> Result<RiskLevel, Error> {
    let Some(value) = keys.get(name) else {
        return Ok(default);
    };
    RiskLevel::from_vault_name(value)
        .ok_or_else(|| refuse(name, value, "low, medium, high or critical"))
}

/// A wait in seconds, from 1 to 600.
pub(crate) fn seconds(keys: &Environment, name: &str, default: u64) -> Result<Duration, Error> {
    time(
        keys,
        name,
        Duration::from_secs(default),
        Duration::from_mins(10),
    )
}

/// A time such as `90s` or `30m`, from a second to `longest`. A number alone counts seconds.
pub(crate) fn time(
    keys: &Environment,
    name: &str,
    default: Duration,
    longest: Duration,
) -> Result<Duration, Error> {
    let Some(value) = keys.get(name) else {
        return Ok(default);
    };
    let (number, unit) = match value.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (value.strip_suffix('s').unwrap_or(value), 1),
    };
    let time = number
        .parse()
        .ok()
        .map(|number: u32| Duration::from_secs(u64::from(number) * unit));
    time.filter(|time| (Duration::from_secs(1)..=longest).contains(time))
        .ok_or_else(|| {
            let expected = format!(
                "a time such as `90s` or `30m`, from `1s` to `{}m`",
                longest.as_secs() / 60
            );
            refuse(name, value, expected)
        })
}

/// Business hours; `None` when they were not set. One of the two alone is a mistake.
fn hours(
    keys: &Environment,
    containers: std::collections::BTreeMap<String, TimeZone>,
) -> Result<Option<Hours>, Error> {
    let (from, to) = ("OFF_HOURS_START", "OFF_HOURS_END");
    let (Some(end), Some(begin)) = (keys.get(from), keys.get(to)) else {
        return match (keys.get(from), keys.get(to)) {
            (None, None) => Ok(None),
            _ => Err(Error::new(
                Exit::BadInput,
                format!("only one of {from} and {to} is set"),
            )
            .hint("set both: the end of business, and its begin")),
        };
    };
    let end_of_business = minute(from, end)?;
    let begin_of_business = minute(to, begin)?;
    if end_of_business == begin_of_business {
        return Err(
            Error::new(Exit::BadInput, format!("{from} and {to} are the same"))
                .hint("off-hours begin with the end of business and end with its begin"),
        );
    }
    let zone = keys.get("OFF_HOURS_ZONE").unwrap_or("UTC");
    let zone = TimeZone::get(zone).map_err(|_| {
        refuse(
            "OFF_HOURS_ZONE",
            zone,
            "a time zone such as `Europe/Berlin`",
        )
    })?;
    let days = keys.list("OFF_DAYS");
    let days_off: Result<Vec<Weekday>, Error> = days.iter().map(|day| weekday(day)).collect();
    Ok(Some(Hours {
        end_of_business,
        begin_of_business,
        days_off: days_off?,
        zone,
        containers,
    }))
}

/// `18` or `18:30` as a minute of the day.
fn minute(name: &str, value: &str) -> Result<u16, Error> {
    let (hour, minute) = value.split_once(':').unwrap_or((value, "0"));
    let read = |text: &str, most: u16| text.parse().ok().filter(|number: &u16| *number <= most);
    match (read(hour, 23), read(minute, 59)) {
        (Some(hour), Some(minute)) => Ok(hour.saturating_mul(60).saturating_add(minute)),
        _ => Err(refuse(
            name,
            value,
            "an hour such as `18` or `18:30`, 0 to 23",
        )),
    }
}

fn weekday(text: &str) -> Result<Weekday, Error> {
    let days = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    let lower = text.to_lowercase();
    days.into_iter()
        .find(|(name, _)| lower.starts_with(name))
        .map(|(_, day)| day)
        .ok_or_else(|| refuse("OFF_DAYS", text, "days such as `Sat,Sun`"))
}

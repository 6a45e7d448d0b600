//! The built-in analyst puts the deterministic score into words: no model, no network, no opinion of its own.

use decision::findings::risk::RiskLevel;
use decision::vault::evidence::{COMMENT_WORDS_MAX, Opinion};
use decision::vault::{Anomaly, Status, words};
use ports::PortError;
use ports::analyst::{Analyst, Subject};

use super::text::visible;

/// The analyst that is there when nothing is configured.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltIn;

/// Its name in records.
pub const BUILT_IN: &str = "built-in";

impl Analyst for BuiltIn {
    fn name(&self) -> &str {
        BUILT_IN
    }

    fn batch_size(&self) -> usize {
        256
    }

    fn opinions(&self, batch: &[Subject<'_>]) -> Result<Vec<Option<Opinion>>, PortError> {
        Ok(batch.iter().map(|subject| Some(opinion(subject))).collect())
    }
}

/// The score in words. It repeats the deterministic risk and flags nothing, so it withholds nothing by itself.
#[must_use]
pub fn opinion(subject: &Subject<'_>) -> Opinion {
    Opinion {
        analyst: BUILT_IN.to_owned(),
        risk: Some(subject.risk),
        summary: summary(subject),
        comment: comment(subject),
        ..Opinion::default()
    }
}

fn summary(subject: &Subject<'_>) -> String {
    let frozen = subject.frozen;
    let evidence = frozen.evidence();
    let (request, signals) = (&evidence.request, &evidence.signals);
    let mut text = format!(
        "{} asks for {}{}.",
        plain(&request.requester),
        plain(&request.asset_name),
        request
            .action
            .as_ref()
            .map(|action| format!(" ({})", plain(action)))
            .unwrap_or_default()
    );
    if let Some(asset) = evidence.asset.value() {
        let place = plain(&asset.container());
        let kind = if asset.kind.is_empty() {
            "An asset".to_owned()
        } else {
            plain(&asset.kind)
        };
        text.push_str(&format!(" {kind} in {place}."));
    } else {
        text.push_str(" Its record was not read.");
    }
    text.push_str(&format!(
        " {} in the window; {} of {} others asked as often{}.",
        counted(signals.requests),
        signals.peers_as_often,
        signals.peers,
        words::few(signals.peers)
    ));
    let unusual: Vec<String> = frozen
        .anomalies()
        .iter()
        .map(|anomaly| words::anomaly(frozen, anomaly))
        .collect();
    if unusual.is_empty() {
        text.push_str(" Nothing is unusual.");
    } else {
        text.push_str(&format!(" Unusual: {}.", unusual.join("; ")));
    }
    text
}

/// One sentence of at most 20 words, made of fixed clauses alone: no text of a requester gets into the vault's log by it.
fn comment(subject: &Subject<'_>) -> String {
    let frozen = subject.frozen;
    let risk = subject.risk.vault_name();
    let status = &frozen.evidence().request.status;
    let mut clauses: Vec<&str> = frozen.anomalies().iter().map(clause).collect();
    let days = frozen.evidence().signals.days_since_approved;
    let stale = (*status == Status::Approved)
        .then(|| days.map(|days| format!("approved {days} days ago and not closed")))
        .flatten();
    if let Some(stale) = &stale {
        clauses.retain(|clause| *clause != self::clause(Anomaly::StaleApproved));
        clauses.insert(0, stale);
    }
    let mut sentence = match subject.risk {
        RiskLevel::Low if clauses.is_empty() => {
            format!("Risk {risk}: usual request on an ordinary asset.")
        }
        RiskLevel::Low | RiskLevel::Moderate | RiskLevel::High | RiskLevel::Critical => {
            let mut told = format!("Risk {risk} ({} points)", subject.points);
            for (number, clause) in clauses.iter().enumerate() {
                let joint = if number == 0 { ": " } else { ", " };
                let longer = format!("{told}{joint}{clause}");
                if longer.split_whitespace().count() > COMMENT_WORDS_MAX {
                    break;
                }
                told = longer;
            }
            told + "."
        }
    };
    sentence.truncate(250);
    sentence
}

fn clause(anomaly: Anomaly) -> &'static str {
    match anomaly {
        Anomaly::SensitiveAsset => "sensitive asset",
        Anomaly::Flood => "flood of requests",
        Anomaly::Burst => "burst of requests",
        Anomaly::OffHours => "filed outside business hours",
        Anomaly::AskedAgain => "asked again after a rejection",
        Anomaly::CopiedJustification => "copied justification",
        Anomaly::NoJustification => "no justification",
        Anomaly::ThinJustification => "thin justification",
        Anomaly::FirstOfTeam => "first of the team on this asset",
        Anomaly::FirstOnAsset => "first time on this asset",
        Anomaly::StalePending => "pending for long",
        Anomaly::StaleApproved => "approved long ago and not closed",
    }
}

fn counted(requests: u32) -> String {
    match requests {
        1 => "One request".to_owned(),
        count => format!("{count} requests"),
    }
}

/// A text of the vault within a sentence of ours: one line, bounded, nothing invisible.
fn plain(text: &str) -> String {
    let seen = visible(text, 120);
    if seen.is_empty() {
        "(no name)".to_owned()
    } else {
        seen
    }
}

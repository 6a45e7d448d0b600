//! A ruling in words: the deterministic half of what a report says. Text is made on demand, never looked at by a rule.

use super::{Action, Anomaly, Frozen, Ruling};
use crate::findings::risk::RiskPoints;

/// Each cause of points with its points, in the order in which they are printed; causes without points are left out.
#[must_use]
pub fn points(frozen: &Frozen<'_>) -> Vec<(&'static str, u8)> {
    let danger = RiskPoints::of_danger(frozen.classes(), frozen.privileged());
    let own = frozen.anomalies();
    danger
        .causes()
        .into_iter()
        .chain(own.iter().map(|anomaly| (anomaly.name(), anomaly.points())))
        .filter(|(_, points)| *points > 0)
        .collect()
}

/// What stands first against `action`, as a clause; `None` when nothing does. What the request itself brings is told before
/// what holds for the whole run, so that a run which may do nothing still says what it would look at.
#[must_use]
pub fn because(ruling: &Ruling, action: Action) -> Option<&'static str> {
    let against = ruling.findings.against(action);
    let own = against.iter().find(|finding| !finding.is_of_the_run());
    own.or_else(|| against.iter().next())
        .map(super::Finding::told)
}

/// One anomaly with the figures behind it.
#[must_use]
pub fn anomaly(frozen: &Frozen<'_>, anomaly: Anomaly) -> String {
    let signals = &frozen.evidence().signals;
    let earlier = |id: &Option<String>| id.clone().unwrap_or_default();
    match anomaly {
        Anomaly::SensitiveAsset => {
            let mut classes: Vec<&str> =
                frozen.classes().iter().map(|class| class.name()).collect();
            if frozen.privileged() {
                classes.push("privileged");
            }
            format!("the asset is in the class {}", classes.join(", "))
        }
        Anomaly::Flood | Anomaly::Burst => format!(
            "{} requests in 24 hours; {} of {} others asked as often in the window{}",
            signals.in_a_day,
            signals.peers_as_often,
            signals.peers,
            few(signals.peers)
        ),
        Anomaly::OffHours => format!(
            "filed outside business hours{}",
            signals
                .local_time
                .as_ref()
                .map(|time| format!(" ({time})"))
                .unwrap_or_default()
        ),
        Anomaly::AskedAgain => format!(
            "asked again after the rejection of {}",
            earlier(&signals.rejected_before)
        ),
        Anomaly::CopiedJustification => format!(
            "the justification is that of {}, by somebody else",
            earlier(&signals.copied_from)
        ),
        Anomaly::NoJustification => "there is no justification".to_owned(),
        Anomaly::ThinJustification => "the justification says next to nothing".to_owned(),
        Anomaly::FirstOfTeam => "nobody of the team asked for this asset before".to_owned(),
        Anomaly::FirstOnAsset => format!(
            "the first request for this asset in {} by this person",
            signals.requests
        ),
        Anomaly::StalePending => format!("pending for {} days", signals.days_since_created),
        Anomaly::StaleApproved => format!(
            "approved {} days ago and not closed",
            signals.days_since_approved.unwrap_or_default()
        ),
    }
}

/// Few peers say little, and a reader should know.
#[must_use]
pub fn few(peers: u32) -> &'static str {
    if peers < 5 {
        " (few peers: this says little)"
    } else {
        ""
    }
}

//! What holds for every request of one run: settings, the state of the list, of the log and of the operator's switches.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::request::{Asset, WorkflowRequest};
use crate::evidence::record::LogState;
use crate::findings::risk::RiskLevel;
use crate::time::Timestamp;

/// One run over the vault's requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// [`super::FORMAT`].
    pub format: u32,
    /// When the rulings are made.
    pub at: Timestamp,
    /// Digest of the policy that was loaded.
    pub policy: String,
    /// Digest of the policy in force, as the store says.
    pub active_policy: String,
    /// Whether the log verified.
    pub log: LogState,
    /// The agent's own user in the vault; `None` when its token does not say.
    pub own_user: Option<String>,
    /// How the list was read.
    pub listing: Listing,
    /// The settings in force.
    pub settings: Settings,
    /// Whether the directory has people in it, so that somebody whom it does not know is a stranger.
    pub directory_known: bool,
    /// Whether business hours were set on purpose (`OFF_HOURS_START`, `OFF_HOURS_END`).
    pub hours_set: bool,
    /// Whether the paths of approve, reject and close are known, or guesses that nobody confirmed.
    pub paths_confirmed: bool,
    /// Who watches.
    pub attendance: Attendance,
    /// Whether the kill switch is on.
    pub stopped: bool,
    /// Why a configured model has no say in this run; `None` when it has, or when none is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_lost: Option<String>,
}

impl Run {
    /// SHA-256 of its JSON.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// How the list of requests was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Requests that were read.
    pub read: u64,
    /// How many there are, as the vault says; `None` when it does not.
    pub total: Option<u64>,
    /// Rows without id, status or time: reported, never acted upon.
    pub unreadable: u64,
    /// Whether nothing is known to be missing. Nothing is done on an incomplete list.
    pub complete: bool,
    /// What was odd, for the report.
    pub remarks: Vec<String>,
}

/// Who watches a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// A person at a terminal, asked before each action.
    Asked,
    /// Nobody, and the operator said that this is meant (`AUTONOMOUS_MODE=true`).
    Autonomous,
    /// Nobody, and nobody said so: the run only plans.
    Planning,
}

/// Settings that a ruling looks at. Everything that acts is off until it is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `AUTO_APPROVE_LOW_RISK`.
    pub approve: bool,
    /// `AUTO_REJECT_CRITICAL_RISK`.
    pub reject: bool,
    /// `AUTO_CLOSE_STALE`.
    pub close: bool,
    /// `RISK_THRESHOLD_APPROVE`: the highest risk that is approved.
    pub approve_at_most: RiskLevel,
    /// `RISK_THRESHOLD_REJECT`: the lowest risk that is rejected.
    pub reject_at_least: RiskLevel,
    /// `STALE_REQUEST_DAYS`: days after which something pending or approved is stale.
    pub stale_days: u32,
    /// `REQUEST_LOOKBACK_DAYS`: the window that is analysed.
    pub lookback_days: u32,
    /// `VAULT_WINDOW_HOURS_MAX`: the longest window that is approved, in hours; 0 looks at none.
    pub window_hours_max: u32,
    /// Who may be approved for what without a person. Empty allows nothing.
    pub allow: Vec<Allowance>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            approve: false,
            reject: false,
            close: false,
            approve_at_most: RiskLevel::Low,
            reject_at_least: RiskLevel::Critical,
            stale_days: 7,
            lookback_days: 30,
            window_hours_max: 720,
            allow: Vec::new(),
        }
    }
}

/// One line of the allow-list: requester × container × action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// A group of the directory, or `user:` and the requester exactly as the vault writes them.
    pub requester: String,
    /// Path of a container, ` / ` between names; what lies deeper is included only when it ends in `/ *`.
    pub container: String,
    /// The vault's name of the action, such as `AssetUnlock`.
    pub action: String,
}

impl Allowance {
    /// Whether it allows a request for an asset by somebody who is in `groups`. Names are compared byte by byte.
    #[must_use]
    pub fn covers(&self, request: &WorkflowRequest, asset: &Asset, groups: &[String]) -> bool {
        let requester = match self.requester.strip_prefix("user:") {
            Some(who) => request.requester == who,
            None => groups.contains(&self.requester),
        };
        requester
            && request.action.as_deref() == Some(self.action.as_str())
            && self.contains(&asset.path)
    }

    fn contains(&self, path: &[String]) -> bool {
        let mut own: Vec<&str> = self.container.split('/').map(str::trim).collect();
        let deeper = own.last() == Some(&"*");
        if deeper {
            own.pop();
        }
        let begins =
            path.len() >= own.len() && own.iter().zip(path).all(|(own, name)| *own == name);
        begins && !own.is_empty() && !own.contains(&"") && (deeper || path.len() == own.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(path: &[&str]) -> Asset {
        Asset {
            path: path.iter().map(|name| (*name).to_owned()).collect(),
            ..Asset::default()
        }
    }

    fn allowance(container: &str) -> Allowance {
        Allowance {
            requester: "build engineers".into(),
            container: container.into(),
            action: "AssetUnlock".into(),
        }
    }

    #[test]
    fn a_container_is_meant_exactly_unless_it_says_deeper() {
        let covers =
            |container: &str, path: &[&str]| allowance(container).contains(&asset(path).path);
        assert!(covers("root / Build", &["root", "Build"]));
        assert!(!covers("root / Build", &["root", "Build", "Signing"]));
        assert!(covers("root / Build / *", &["root", "Build", "Signing"]));
        assert!(covers("root / Build / *", &["root", "Build"]));
        assert!(!covers("root / Build / *", &["root", "Builders"]));
        assert!(!covers("*", &["root"]) && !covers("", &[]) && !covers("root / ", &["root"]));
    }

    #[test]
    fn all_three_must_fit() {
        let request = WorkflowRequest {
            requester: "CORP\\engineer-017".into(),
            action: Some("AssetUnlock".into()),
            ..WorkflowRequest::default()
        };
        let build = asset(&["root", "Build"]);
        let groups = ["build engineers".to_owned()];
        let allow = allowance("root / Build");
        assert!(allow.covers(&request, &build, &groups));
        assert!(!allow.covers(&request, &build, &[]));
        assert!(!allow.covers(&request, &asset(&["root"]), &groups));
        let unstated = WorkflowRequest {
            action: None,
            ..request.clone()
        };
        assert!(!allow.covers(&unstated, &build, &groups));
        let user = Allowance {
            requester: "user:CORP\\engineer-017".into(),
            ..allow
        };
        assert!(user.covers(&request, &build, &[]));
        let elsewhere = WorkflowRequest {
            requester: "OTHER\\engineer-017".into(),
            ..request
        };
        assert!(!user.covers(&elsewhere, &build, &[]));
    }
}

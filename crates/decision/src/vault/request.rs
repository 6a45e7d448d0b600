//! A workflow request and an asset, as much of them as matters. Their texts are the vault's or the requester's: never trusted.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::time::Timestamp;

/// One workflow request as the vault tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowRequest {
    /// The vault's id.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// When it was filed.
    pub created: Timestamp,
    /// When the last approval was given; `None` when the vault does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Timestamp>,
    /// Who asks, as the vault writes it: a login, `DOMAIN\login`, `login@domain` or a displayed name.
    pub requester: String,
    /// Other notations of the requester that the row carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Id of the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Name of the asset.
    pub asset_name: String,
    /// What is asked for, such as `AssetUnlock`, in the vault's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Why. Untrusted text.
    pub justification: String,
    /// Beginning of the window that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The level of approval that it waits at, from 1; `None` when the vault does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
    /// How many levels its form has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<u32>,
    /// The approvals that it has; `None` when the vault does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Vec<Approved>>,
}

impl WorkflowRequest {
    /// Digest of what a decision is bound to: who asks for what, when and why, and at which level it waits. The status is
    /// compared by itself.
    #[must_use]
    pub fn content(&self) -> [u8; 32] {
        let bound = Self {
            status: Status::Unknown,
            approved: None,
            approvals: None,
            ..self.clone()
        };
        Sha256::digest(serde_json::to_vec(&bound).unwrap_or_default()).into()
    }
}

/// An approval that stands in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// Who gave it, in the vault's words.
    pub by: String,
    /// At which level, from 1; `None` when the vault does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
}

/// Where a request stands. Approve and reject exist on `Active`, close on `Approved`; everything else is only read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for approval.
    Active,
    /// Approved at every level and not closed.
    Approved,
    /// Closed.
    Completed,
    /// Rejected.
    Rejected,
    /// Something that no document of the vendor names.
    #[default]
    Unknown,
}

impl Status {
    /// The status of that name, in any case; what is not known is [`Status::Unknown`].
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let all = [
            Self::Active,
            Self::Approved,
            Self::Completed,
            Self::Rejected,
        ];
        all.into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(name.trim()))
            .unwrap_or_default()
    }

    /// The vault's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Approved => "Approved",
            Self::Completed => "Completed",
            Self::Rejected => "Rejected",
            Self::Unknown => "unknown",
        }
    }
}

/// What can be done to a workflow request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Reject what is `Active`. First, because it is looked at first.
    Reject,
    /// Approve what is `Active`, at the level at which it waits.
    Approve,
    /// Close what is `Approved`.
    Close,
}

impl Action {
    /// Every action, in the order in which they are looked at: of several that are open the first is taken.
    pub const ALL: [Self; 3] = [Self::Reject, Self::Approve, Self::Close];

    /// The name in records and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Approve => "approve",
            Self::Close => "close",
        }
    }

    /// The action of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// What the vault says of a request on which the action had its effect, at the last level.
    #[must_use]
    pub fn leads_to(self) -> Status {
        match self {
            Self::Reject => Status::Rejected,
            Self::Approve => Status::Approved,
            Self::Close => Status::Completed,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What the vault tells of an asset. Never a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its type, such as `Windows Host`.
    pub kind: String,
    /// Its container's path, outermost first.
    pub path: Vec<String>,
    /// Its tags; each is the path of a term in a taxonomy, such as `Component :: Server :: Windows`.
    pub tags: Vec<String>,
}

impl Asset {
    /// The path as it is shown, ` / ` between containers.
    #[must_use]
    pub fn container(&self) -> String {
        self.path.join(" / ")
    }
}

/// Whether two texts name one user: equal without regard to case, or on what follows `\` or stands before `@`.
/// A guess on the cautious side, because the vault's notation of a requester is not documented.
#[must_use]
pub fn same_user(one: &str, other: &str) -> bool {
    let (one, other) = (login_of(one), login_of(other));
    !one.is_empty() && one == other
}

/// The login within `DOMAIN\login`, `login@domain` or a plain login, in lower case.
#[must_use]
pub fn login_of(text: &str) -> String {
    let after = text.trim().rsplit('\\').next().unwrap_or_default();
    let login = after.split('@').next().unwrap_or_default();
    login.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_in_every_notation() {
        for text in [
            "svc-analyst",
            "SVC-Analyst",
            "CORP\\svc-analyst",
            "svc-analyst@corp.example",
            " svc-analyst ",
        ] {
            assert!(same_user("svc-analyst", text), "{text}");
        }
        for text in ["", "svc-analyst2", "analyst", "corp\\", "@corp"] {
            assert!(!same_user("svc-analyst", text), "{text}");
        }
        assert!(!same_user("", ""));
    }

    #[test]
    fn a_status_that_nobody_documents_is_unknown() {
        assert_eq!(Status::from_name("ACTIVE"), Status::Active);
        assert_eq!(Status::from_name("Open"), Status::Unknown);
        assert_eq!(Status::from_name(""), Status::Unknown);
    }
}

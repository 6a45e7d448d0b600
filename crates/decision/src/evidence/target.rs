//! What stands behind a name, and everything that it gives.

use serde::{Deserialize, Serialize};

/// What stands behind a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Immutable id in its system.
    pub id: String,
    /// Fingerprint of what it gives, nested groups followed.
    pub power: String,
    /// Its name there.
    pub name: String,
    /// Where it lies, from the outermost container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Everything that it gives besides itself, nested groups followed to their end. Complete: a directory that cannot
    /// tell all of it has no target to tell of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gives: Vec<Given>,
}

/// One thing that a target gives besides itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// What it is.
    pub kind: GivenKind,
    /// Its name in the system.
    pub name: String,
    /// What is between the target and it, from the target outward.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
}

/// What a target can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GivenKind {
    /// An entitlement.
    Entitlement,
    /// Membership in a group.
    Group,
}

impl Target {
    /// Whether it tells anything beyond that it is there.
    pub(crate) fn is_plain(&self) -> bool {
        let labels = self.path.is_empty() && self.tags.is_empty();
        self.name.is_empty() && labels && self.gives.is_empty()
    }
}

impl Given {
    /// The way to it, itself included, as it is shown.
    #[must_use]
    pub fn way(&self) -> Vec<String> {
        let last = match self.kind {
            GivenKind::Entitlement => self.name.clone(),
            GivenKind::Group => format!("group {}", self.name),
        };
        self.path.iter().cloned().chain([last]).collect()
    }
}

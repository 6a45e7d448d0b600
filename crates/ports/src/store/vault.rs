//! What the store keeps of the vault's door: actions, the classes of assets, confirmations and the outbox.

use std::collections::{BTreeMap, BTreeSet};

use decision::gate::vault::Permit;
use decision::rules::class::Class;
use decision::time::Timestamp;
use decision::vault::Action;
use serde::{Deserialize, Serialize};

use crate::mail::Letter;

/// An action on a workflow request that the gate admitted. Its leaf of the category `prepared_change` names its key; the
/// store refuses a key that is under way or had its effect. INVARIANT(once).
#[derive(Debug)]
pub struct Intent {
    /// The permit.
    pub permit: Permit,
    /// Name of the run.
    pub run: String,
    /// The run and the evidence as JSON, for replay.
    pub evidence: String,
    /// The reason that the vault will be given.
    pub comment: String,
}

/// What the signed leaves say of the vault's door. INVARIANT(signed-state).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultState {
    /// Actions by their key.
    pub actions: BTreeMap<String, ActionRecord>,
    /// What an asset was ever seen as and nobody cleared, by the vault's id of the asset.
    pub dangers: BTreeMap<String, Danger>,
    /// Digest of the decision paths that the operator confirmed.
    pub confirmed_paths: Option<String>,
    /// Whether the kill switch is on.
    pub stopped: bool,
}

/// What an asset was seen as, now or ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Danger {
    /// Never-auto classes.
    pub classes: BTreeSet<Class>,
    /// Whether a `privileged` pattern of the policy named it.
    pub privileged: bool,
}

/// The name of a `privileged` pattern's hit, beside the names of the classes.
const PRIVILEGED: &str = "privileged";

impl Danger {
    /// Names of all that it is, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let privileged = self.privileged.then_some(PRIVILEGED);
        let classes = self.classes.iter().map(|class| class.name());
        classes.chain(privileged).collect()
    }

    /// What these names say; one that nobody knows says nothing.
    #[must_use]
    pub fn named<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        names.fold(Self::default(), |mut danger, name| {
            danger.privileged |= name == PRIVILEGED;
            danger.classes.extend(Class::from_name(name));
            danger
        })
    }

    /// Whether it is all that `other` is.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.classes.is_superset(&other.classes) && self.privileged >= other.privileged
    }

    /// Takes in what `other` is as well.
    pub fn add(&mut self, other: Self) {
        self.classes.extend(other.classes);
        self.privileged |= other.privileged;
    }
}

/// One action on a workflow request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionRecord {
    /// The vault's id of the request.
    pub request: String,
    /// What.
    pub action: Action,
    /// At which level of its form.
    pub level: u32,
    /// When the request was filed, which finds it in the vault's list.
    pub created: Timestamp,
    /// When the action was committed.
    pub at: Timestamp,
    /// Keyed hash of the requester.
    pub requester: String,
    /// Name of the run.
    pub run: String,
    /// What became of it.
    pub state: ActionState,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// Committed; whether it was sent is not known to anybody but the process that did it.
    Committed,
    /// Sent, but what became of it is not known.
    Unknown,
    /// The vault did it.
    Done,
    /// The vault refused, and nothing changed. It may be tried again.
    Refused,
    /// It never had an effect, by looking. It may be tried again.
    Withdrawn,
}

impl ActionState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Committed,
        Self::Unknown,
        Self::Done,
        Self::Refused,
        Self::Withdrawn,
    ];

    /// Its name in leaves.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Unknown => "unknown",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more may be sent under the same key.
    #[must_use]
    pub fn is_taken(self) -> bool {
        match self {
            Self::Committed | Self::Unknown | Self::Done => true,
            Self::Refused | Self::Withdrawn => false,
        }
    }

    /// Whether somebody has to look what became of it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Committed | Self::Unknown)
    }
}

/// A letter on its way. INVARIANT(once): it stands here before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The letter.
    pub letter: Letter,
    /// What became of it.
    pub state: PostState,
    /// How often it was sent in vain.
    pub tries: u32,
    /// In words, for people.
    pub detail: String,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// To be sent, or sent again.
    Waiting,
    /// Being sent: found at a start, nobody knows whether it went out.
    Sending,
    /// Nobody knows whether it went out. It is not sent again.
    Unknown,
    /// Sent.
    Sent,
    /// It will not go out: refused for good, or too many tries.
    Failed,
}

impl PostState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Failed,
    ];

    /// Whether it is still to be sent, or being sent.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Sending => true,
            Self::Unknown | Self::Sent | Self::Failed => false,
        }
    }

    /// Its name in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

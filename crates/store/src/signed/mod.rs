//! What the signed leaves say, and no table: the policy in force, which policy may decide by itself, what each name is
//! bound to, which grants are live until when, which requests were granted, which letters are to be sent, and the highest
//! time. INVARIANT(signed-state).
//!
//! Who can write the database file can write rows, and leaves that nobody signed; neither gets in here.

pub(crate) mod letters;
mod read;
mod saved;
pub(crate) mod vault;

use std::collections::{BTreeMap, BTreeSet};

use audit::{Category, Leaf};
use decision::time::Timestamp;
use ports::store::{GrantState, VaultState};
use serde::{Deserialize, Serialize};

use self::letters::SignedLetter;
pub(crate) use self::read::{from_first_leaf, from_published, from_saved};
pub(crate) use self::saved::save;

/// The leaves, folded. The same leaves in the same order give the same state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedState {
    /// The highest time of a leaf.
    pub(crate) highest_time: Timestamp,
    /// Digest of the policy in force.
    pub(crate) active_policy: Option<String>,
    /// Keyed hash of the person who put it in force; `None` when nobody did, as at the first start.
    #[serde(default)]
    pub(crate) activated_by: Option<String>,
    /// Digests of policies that may decide by themselves.
    pub(crate) allowed: BTreeSet<String>,
    /// Entitlement to the power that it had when it was first ruled upon, or was bound to anew.
    pub(crate) bound: BTreeMap<String, String>,
    /// Request to the grant that it led to, live or over: what people gave for it was used. One that was refused or
    /// withdrawn gave nothing and is not here.
    pub(crate) granted: BTreeMap<String, String>,
    /// What was done at the vault's door.
    #[serde(default)]
    pub(crate) vault: VaultState,
    /// Letters that are to be sent, or being sent, by id.
    pub(crate) letters: BTreeMap<String, SignedLetter>,
    live: BTreeMap<String, SignedGrant>,
    /// Person hash to the ids of their live grants.
    #[serde(skip)]
    by_person: BTreeMap<String, BTreeSet<String>>,
}

/// A grant as its leaves tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedGrant {
    pub(crate) request: String,
    /// Keyed hash of the person's id, in hexadecimal.
    pub(crate) person: String,
    pub(crate) entitlement: String,
    pub(crate) starts: Timestamp,
    /// `None` is standing.
    pub(crate) ends: Option<Timestamp>,
    pub(crate) authority: String,
    /// The content that it is bound to, as its leaf says: a keyed hash of its digest.
    pub(crate) content: String,
    #[serde(with = "state_name")]
    pub(crate) state: GrantState,
    /// Index of the leaf that prepared it.
    pub(crate) leaf: u64,
}

/// Whether a grant in this state is over: nothing of it is there any more, or ever was.
pub(crate) fn is_over(state: GrantState) -> bool {
    match state {
        GrantState::Refused | GrantState::Revoked | GrantState::Withdrawn => true,
        GrantState::Committed
        | GrantState::Applied
        | GrantState::Unknown
        | GrantState::Revoking => false,
    }
}

impl SignedState {
    /// A grant that is not over.
    pub(crate) fn grant(&self, id: &str) -> Option<&SignedGrant> {
        self.live.get(id)
    }

    /// Every grant that is not over, by id.
    pub(crate) fn grants(&self) -> impl Iterator<Item = (&str, &SignedGrant)> {
        self.live.iter().map(|(id, grant)| (id.as_str(), grant))
    }

    /// Grants of the person with this hash that are not over, by id.
    pub(crate) fn grants_of(&self, person: &str) -> impl Iterator<Item = (&str, &SignedGrant)> {
        self.by_person
            .get(person)
            .into_iter()
            .flatten()
            .filter_map(|id| Some((id.as_str(), self.live.get(id)?)))
    }

    /// Takes in leaf `number`. Gives the grant that is over by it.
    pub(crate) fn take_in(&mut self, number: u64, leaf: &Leaf) -> Option<(String, SignedGrant)> {
        self.reach(&leaf.at);
        vault::take_in(&mut self.vault, leaf);
        let clear = |name: &str| leaf.clear.get(name);
        match (leaf.category, leaf.event.as_str()) {
            (Category::Administration, "policy.activated") => {
                self.active_policy = clear("policy").cloned();
                self.activated_by = clear("person").cloned();
            }
            (Category::Administration, "guarded.allowed") => {
                self.allowed.extend(clear("policy").cloned());
            }
            (Category::Administration, "entitlement.rebound") => {
                let bound = (clear("entitlement").cloned(), clear("power").cloned());
                if let (Some(entitlement), Some(power)) = bound {
                    self.bound.insert(entitlement, power);
                }
            }
            (Category::PreparedChange, _) => {
                if let (Some(entitlement), Some(power)) = (clear("entitlement"), clear("power")) {
                    let bound = self.bound.entry(entitlement.clone());
                    bound.or_insert_with(|| power.clone());
                }
                if let (Some(id), Some(grant)) = (clear("grant"), prepared(number, leaf)) {
                    self.insert(id.clone(), grant);
                }
            }
            (Category::Effect, "mail") => {
                letters::take_in(&mut self.letters, number, leaf);
            }
            (Category::Effect, event) => {
                let state = match event {
                    "grant.revoking" => Some(GrantState::Revoking),
                    _ => clear("state").and_then(|name| GrantState::from_name(name)),
                };
                return self.settle(clear("grant")?, state?);
            }
            (
                Category::Request
                | Category::PolicyCheck
                | Category::Approvals
                | Category::Administration,
                _,
            ) => {}
        }
        None
    }

    /// Raises the highest time to that of a leaf.
    fn reach(&mut self, at: &str) {
        if let Some(at) = Timestamp::parse(at) {
            self.highest_time = self.highest_time.max(at);
        }
    }

    fn insert(&mut self, id: String, grant: SignedGrant) {
        let own = self.by_person.entry(grant.person.clone()).or_default();
        own.insert(id.clone());
        self.granted.insert(grant.request.clone(), id.clone());
        self.live.insert(id, grant);
    }

    fn settle(&mut self, id: &str, state: GrantState) -> Option<(String, SignedGrant)> {
        let grant = self.live.get_mut(id)?;
        grant.state = state;
        if !is_over(state) {
            return None;
        }
        let (id, grant) = self.live.remove_entry(id)?;
        if state != GrantState::Revoked && self.granted.get(&grant.request) == Some(&id) {
            self.granted.remove(&grant.request);
        }
        if let Some(own) = self.by_person.get_mut(&grant.person) {
            own.remove(&id);
            if own.is_empty() {
                self.by_person.remove(&grant.person);
            }
        }
        Some((id, grant))
    }

    /// Makes what is not saved with the rest.
    fn index(&mut self) {
        for (id, grant) in &self.live {
            let own = self.by_person.entry(grant.person.clone()).or_default();
            own.insert(id.clone());
        }
    }
}

/// The grant that a leaf prepares. A leaf of ours has every field; what has not is no grant.
fn prepared(number: u64, leaf: &Leaf) -> Option<SignedGrant> {
    let clear = |name: &str| leaf.clear.get(name);
    let ends = match clear("expires")?.as_str() {
        "standing" => None,
        moment => Some(Timestamp::parse(moment)?),
    };
    Some(SignedGrant {
        request: leaf.request.clone(),
        person: clear("person")?.clone(),
        entitlement: clear("entitlement")?.clone(),
        starts: Timestamp::parse(clear("starts")?)?,
        ends,
        authority: clear("authority")?.clone(),
        content: clear("content")?.clone(),
        state: GrantState::Committed,
        leaf: number,
    })
}

/// States by the names that leaves and rows use.
mod state_name {
    use ports::store::GrantState;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        state: &GrantState,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(state.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<GrantState, D::Error> {
        let name = String::deserialize(deserializer)?;
        GrantState::from_name(&name).ok_or_else(|| D::Error::custom("no state of a grant"))
    }
}

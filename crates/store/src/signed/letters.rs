//! What the leaves say of letters.

use std::collections::BTreeMap;

use audit::Leaf;
use ports::store::PostState;
use serde::{Deserialize, Serialize};

/// A letter as its leaves tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedLetter {
    /// Its words and addresses, as the leaf that queued it says: a keyed hash of their digest.
    pub(crate) letter: String,
    /// What became of it.
    pub(crate) state: PostState,
    /// Index of the leaf that queued it.
    pub(crate) leaf: u64,
}

/// Takes in leaf `number`, of the event `mail`. A letter that is over goes, and is given. What queues it says what it
/// says: leaves after it say what became of it, and nothing of its words.
pub(crate) fn take_in(
    open: &mut BTreeMap<String, SignedLetter>,
    number: u64,
    leaf: &Leaf,
) -> Option<(String, SignedLetter)> {
    let clear = |name: &str| leaf.clear.get(name);
    let id = clear("mail")?;
    let state = PostState::from_name(clear("mail.state")?)?;
    if let Some(known) = open.get_mut(id) {
        known.state = state;
    } else if state == PostState::Waiting {
        let queued = SignedLetter {
            // Earlier versions did not say it: then nothing confirms what a row says.
            letter: clear("letter").cloned().unwrap_or_default(),
            state,
            leaf: number,
        };
        open.insert(id.clone(), queued);
    }
    if state.is_open() {
        return None;
    }
    open.remove_entry(id)
}

//! The other identities of the beneficiary's human being: who they are, what they hold, what is reserved for them.

use decision::evidence::record::{Evidence, LinkedIdentity};
use ports::store::StoreError;

use super::fact;
use crate::Agent;

/// At most this many are read. One that is left out is missing in the record, and the ruling takes it as unreachable.
const LINKED_MAX: usize = 32;

/// Adds every linked identity that the record leads to, until none is open, leaving out what `own_grant` reserved.
/// Gives the version that each was read at.
pub(super) fn add(
    agent: &Agent<'_>,
    evidence: &mut Evidence,
    own_grant: &str,
) -> Result<Vec<(String, u64)>, StoreError> {
    let directory = agent.directory;
    let as_of = directory.as_of(evidence.frozen_at);
    let mut versions = Vec::new();
    while versions.len() < LINKED_MAX
        && let Some(id) = open(evidence)
    {
        versions.push((id.clone(), agent.store.person_version(&id)?));
        // Whom the directory cannot tell stays unknown, and so counts as unreachable.
        if let Ok(Some(person)) = directory.person(&id) {
            evidence.people.entry(person.id.clone()).or_insert(person);
        }
        let holdings = directory.holdings(&id).map(Some);
        let identity = LinkedIdentity {
            holdings: fact(holdings, directory.name(), as_of),
            reserved: agent.store.reserved(&id, own_grant)?,
        };
        evidence.linked.insert(id, identity);
    }
    Ok(versions)
}

/// A linked identity that was not asked for yet.
fn open(evidence: &Evidence) -> Option<String> {
    let mut identities = evidence.linked_identities().into_keys();
    identities.find(|id| !evidence.linked.contains_key(id))
}

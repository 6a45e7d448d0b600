//! The gate: the only place that turns a ruling into permission. INVARIANT(gate-only).
//!
//! A [`Grant`] cannot be made, copied or read from a file anywhere else:
//!
//! ```compile_fail
//! fn twice(grant: decision::gate::Grant) -> (decision::gate::Grant, decision::gate::Grant) {
//!     (grant.clone(), grant)
//! }
//! ```
//!
//! ```compile_fail
//! let grant: decision::gate::Grant = serde_json::from_str("{}").unwrap();
//! ```

mod clearance;
pub mod vault;

pub use clearance::{Clearance, Clearances};

use crate::evidence::Frozen;
use crate::findings::{FindingSet, lifting};
use crate::rules::Rules;
use crate::time::Timestamp;
use crate::verdict::outcome::Outcome;
use crate::verdict::{Ruling, Standing, rule};

/// Permission to give one person one entitlement until one moment. Owned, not copyable, not readable from storage;
/// it has no effect before the commit turns it into a committed grant.
#[must_use = "a grant that is not committed gives nothing"]
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    request: String,
    revision: u32,
    person: String,
    login: String,
    entitlement: String,
    starts: Timestamp,
    ends: Option<Timestamp>,
    authority: Authority,
    content_digest: String,
    power: String,
}

/// By what authority a grant was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// By the rules alone.
    Automatic,
    /// By people: the ids of the lifts.
    Reviewed(Vec<String>),
}

/// Why nothing was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// These findings stand.
    Findings(FindingSet),
    /// The ruling is about other evidence than the clearances or the record.
    OtherEvidence,
    /// A check, made again, does not agree with the ruling.
    Disagreement,
    /// It would end before it begins.
    Ended,
    /// Nobody, or nothing that is catalogued, could be granted to.
    Unresolved,
}

impl Grant {
    /// The request.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }

    /// Its revision.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The beneficiary's immutable id.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// The beneficiary's login.
    #[must_use]
    pub fn login(&self) -> &str {
        &self.login
    }

    /// The catalogue id.
    #[must_use]
    pub fn entitlement(&self) -> &str {
        &self.entitlement
    }

    /// From when.
    #[must_use]
    pub fn starts(&self) -> Timestamp {
        self.starts
    }

    /// Until when; `None` is standing.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.ends
    }

    /// By what authority.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Digest of the content that it is bound to.
    #[must_use]
    pub fn content_digest(&self) -> &str {
        &self.content_digest
    }

    /// Fingerprint of what stood behind the name.
    #[must_use]
    pub fn power(&self) -> &str {
        &self.power
    }

    /// The key under which the effect happens at most once. INVARIANT(once).
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}#{}", self.request, self.revision)
    }
}

/// Admits: takes the ruling and one clearance for every check, and gives the grant. A ruling is plain data that anybody
/// can write, and lifts grow old, so it is made again from the record as of `now`: what differs is not admitted.
///
/// # Errors
/// [`Withheld`] says why nothing was admitted.
pub fn admit(
    ruling: Ruling,
    clearances: Clearances,
    frozen: &Frozen,
    rules: &Rules,
    now: Timestamp,
) -> Result<Grant, Withheld> {
    let evidence = frozen.case().evidence;
    if ruling.evidence != evidence || !clearances.are_about(&evidence) {
        return Err(Withheld::OtherEvidence);
    }
    let again = rule(&frozen.case(), rules, now);
    if again != ruling || clearances.findings() != again.findings {
        return Err(Withheld::Disagreement);
    }
    let authority = match (ruling.remaining, ruling.standing()) {
        (Outcome::Open, Standing::Automatic) => Authority::Automatic,
        (Outcome::Open, Standing::Reviewed) => {
            Authority::Reviewed(standing_lifts(frozen, &ruling, now))
        }
        (_, Standing::Automatic | Standing::Reviewed | Standing::Withheld) => {
            return Err(Withheld::Findings(ruling.findings.without(ruling.lifted)));
        }
    };
    let ends = ruling.ends_at(now);
    if ends.is_some_and(|ends| ends <= now) {
        return Err(Withheld::Ended);
    }
    let person = frozen
        .evidence()
        .beneficiary()
        .ok_or(Withheld::Unresolved)?;
    let entitlement = frozen
        .case()
        .entitlement
        .and_then(|id| rules.entry(id))
        .ok_or(Withheld::Unresolved)?;
    Ok(Grant {
        request: frozen.evidence().request.id.clone(),
        revision: frozen.evidence().request.revision,
        person: person.id.clone(),
        login: person.login.clone(),
        entitlement: entitlement.id.clone(),
        starts: now,
        ends,
        authority,
        content_digest: frozen.content().digest(),
        power: frozen.content().power.clone(),
    })
}

/// Ids of the lifts that stand, at `now`, for findings that the ruling has.
fn standing_lifts(frozen: &Frozen, ruling: &Ruling, now: Timestamp) -> Vec<String> {
    let records = frozen.evidence().lifts.iter().zip(frozen.lifts());
    records
        .filter(|(record, state)| state.is_ok() && ruling.lifted.contains(record.finding))
        .filter(|(record, _)| lifting::in_force(record.finding, record.at, now))
        .map(|(record, _)| record.id.clone())
        .collect()
}

//! A policy while it is read: the target types, and the places that the checks need beside them.

use decision::rules::policy::Policy;

use crate::cases::TestCase;
use crate::conditions::{Block, Declared};
use crate::problem::Spot;

/// What has been read so far.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) policy: Policy,
    /// Beside `policy.roles`: where each inherited name is written.
    pub(super) inherited: Vec<Vec<Spot>>,
    /// Beside the entries of `policy.catalogue` that the file declares.
    pub(super) entries: Vec<EntrySpots>,
    /// Beside `policy.conflicts`.
    pub(super) conflicts: Vec<SideSpots>,
    /// Attributes that the organisation declares.
    pub(super) declared: Declared,
    /// The text of the conditions.
    pub(super) conditions: Option<Block>,
    /// The tests that the file carries.
    pub(super) tests: Vec<TestCase>,
    /// Where the lengths of `duration` are written, when they are.
    pub(super) duration: DurationSpots,
}

/// Places within one catalogue entry.
#[derive(Default)]
pub(super) struct EntrySpots {
    pub(super) id: Spot,
    pub(super) aliases: Vec<Spot>,
    pub(super) narrower: Spot,
    pub(super) maximum: Spot,
    pub(super) attributes: Vec<(String, Spot)>,
}

/// The sides of one rule.
pub(super) struct SideSpots {
    pub(super) spot: Spot,
    /// Whether every side could be read; where not, that is said already.
    pub(super) all_read: bool,
}

/// Places within `duration`.
#[derive(Default)]
pub(super) struct DurationSpots {
    pub(super) default: Option<Spot>,
    pub(super) maximum: Option<Spot>,
    pub(super) window: Option<Spot>,
}

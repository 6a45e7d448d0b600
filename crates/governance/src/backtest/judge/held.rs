//! What somebody holds during a span of time.

use std::sync::OnceLock;

use decision::rules::Rules;
use decision::rules::ids::{EntitlementId, SideId};
use decision::time::Timestamp;

use super::plain::PlainSide;

/// What somebody holds during a span of time. Sides are looked for when somebody asks for the other half.
#[derive(Debug)]
pub(super) struct HeldSet {
    /// The first and the last moment of it.
    span: (Timestamp, Timestamp),
    /// Sorted.
    entitlements: Box<[EntitlementId]>,
    /// Sides of names that no catalogue has.
    other_sides: Box<[SideId]>,
    sides: OnceLock<Box<[SideId]>>,
    pub(super) plain: OnceLock<Box<[PlainSide]>>,
    /// A bit for each entitlement that is held or implied, which spares most look-ups in cold memory.
    hints: [u64; HINTS],
}

/// Words of the hints of a held set.
const HINTS: usize = 32;

impl HeldSet {
    /// What somebody holds who holds these and, beside them, names that no catalogue has and that fulfil `other_sides`.
    pub(super) fn new(
        rules: &Rules,
        entitlements: Vec<EntitlementId>,
        other_sides: Vec<SideId>,
        span: (Timestamp, Timestamp),
    ) -> Self {
        let mut hints = [0; HINTS];
        for id in entitlements.iter().flat_map(|id| rules.implied(*id)) {
            let (word, bit) = hint(*id);
            if let Some(hints) = hints.get_mut(word) {
                *hints |= bit;
            }
        }
        Self {
            span,
            entitlements: sorted(entitlements),
            other_sides: other_sides.into(),
            sides: OnceLock::new(),
            plain: OnceLock::new(),
            hints,
        }
    }

    /// The first and the last moment of it. The last moment that there is belongs to the last span.
    pub(super) fn span(&self) -> (Timestamp, Timestamp) {
        self.span
    }

    /// False only when nothing that is held implies it.
    pub(super) fn may_imply(&self, asked: EntitlementId) -> bool {
        let (word, bit) = hint(asked);
        self.hints.get(word).is_some_and(|hints| hints & bit != 0)
    }

    /// Whether any of these is held.
    pub(super) fn has_any(&self, ids: &[EntitlementId]) -> bool {
        ids.iter()
            .any(|id| self.entitlements.binary_search(id).is_ok())
    }

    /// The sides that it fulfils, sorted.
    pub(super) fn sides(&self, rules: &Rules) -> &[SideId] {
        self.sides.get_or_init(|| {
            let own = self.entitlements.iter().flat_map(|id| rules.sides_of(*id));
            sorted(own.chain(&self.other_sides).copied().collect())
        })
    }
}

/// The word and the bit of an entitlement among the hints.
fn hint(id: EntitlementId) -> (usize, u64) {
    (id.index() / 64 % HINTS, 1 << (id.index() % 64))
}

/// A list in order and without repetition.
pub(super) fn sorted<T: Ord>(mut list: Vec<T>) -> Box<[T]> {
    list.sort_unstable();
    list.dedup();
    list.into()
}

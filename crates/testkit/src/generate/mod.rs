//! Generators: small random worlds (a policy, a record of evidence, a moment) from a list of choices.
//!
//! Choices come from bytes, so that a property test shrinks them, a seed repeats them and a fuzz target can feed
//! them. No choice (all zeros) is the plain case: standard, approved, complete, open in guarded mode.

mod behind;
mod change;
mod conditions;
mod evidence;
mod lifts;
mod linked;
mod policy;

use decision::evidence::Evidence;
use decision::rules::Rules;
use decision::rules::policy::Policy;
use decision::time::Timestamp;
use proptest::prelude::*;

/// When the records of generated worlds were frozen: 2026-11-22T08:00:00Z.
pub const FROZEN_AT: i64 = 1_795_334_400;

/// A policy, its compiled form, a record and the moment of the ruling.
#[derive(Debug)]
pub struct World {
    /// The policy.
    pub policy: Policy,
    /// The same, compiled.
    pub rules: Rules,
    /// The record.
    pub evidence: Evidence,
    /// The moment of the ruling.
    pub now: Timestamp,
}

impl World {
    /// The world that these choices make; `None` when the policy does not compile.
    #[must_use]
    pub fn from_choices(choices: &[u8]) -> Option<Self> {
        let mut dice = Dice { choices, at: 0 };
        let mut policy = policy::any(&mut dice);
        conditions::add(&mut dice, &mut policy);
        let rules = conditions::with(Rules::compile(policy.clone()).ok()?);
        let mut evidence = evidence::any(&mut dice, &rules);
        conditions::state(&mut dice, &mut evidence, &policy);
        let late = dice.of(&[0, 0, 0, 90, 86_400 * 8]);
        let now = Timestamp::from_seconds(FROZEN_AT + late);
        lifts::add(&mut dice, &mut evidence, &rules, now);
        Some(Self {
            policy,
            rules,
            evidence,
            now,
        })
    }

    /// The world of a seed, always the same.
    #[must_use]
    pub fn from_seed(seed: u64) -> Option<Self> {
        let mut state = seed;
        let choices: Vec<u8> = (0..64)
            .flat_map(|_| splitmix(&mut state).to_le_bytes())
            .collect();
        Self::from_choices(&choices)
    }
}

/// Random worlds that shrink towards the plain case.
pub fn worlds() -> impl Strategy<Value = World> {
    proptest::collection::vec(any::<u8>(), 0..512)
        .prop_filter_map("the policy compiles", |choices| {
            World::from_choices(&choices)
        })
}

/// One step of the generator `SplitMix64` (Steele, Lea, Flood 2014).
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Draws from the choices; after their end every draw is the first alternative.
pub(crate) struct Dice<'a> {
    choices: &'a [u8],
    at: usize,
}

impl Dice<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// A number below `bound`, at most 256.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) * bound / 256
    }

    /// One of `all`, which is not empty.
    pub(crate) fn of<T: Clone + Default>(&mut self, all: &[T]) -> T {
        let position = self.below(all.len());
        all.get(position).cloned().unwrap_or_default()
    }

    /// True in `percent` of the cases; false without choices.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }
}

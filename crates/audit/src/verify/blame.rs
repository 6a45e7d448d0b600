//! Which side is wrong where a hash and what lies under it disagree: whichever choice makes the trusted root.

use crate::hash::Digest;

/// Most disagreements for which every combination of right and wrong is tried: 2^8 roots.
const MAX_COMBINED: u32 = 8;

/// Which side of each disagreement the tree confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Blame {
    /// One flag per disagreement: `true` if what lies below is wrong, `false` if the stored hash is.
    BelowIsWrong(Vec<bool>),
    /// No choice tried makes the trusted root.
    Unclear,
}

/// Finds the choice that makes the trusted root. `makes_root` is given, per disagreement, whether the stored hash is
/// taken (`true`) or the one from below, and says whether the root comes out right.
///
/// Up to eight disagreements every combination is tried, else only "all stored" and "all from below".
pub(super) fn settle(disagreements: usize, makes_root: impl Fn(&[bool]) -> bool) -> Blame {
    for all in [true, false] {
        let choice = vec![all; disagreements];
        if makes_root(&choice) {
            return Blame::BelowIsWrong(choice);
        }
    }
    let count = u32::try_from(disagreements).unwrap_or(u32::MAX);
    if count <= MAX_COMBINED {
        for mask in 1..(1u32 << count).saturating_sub(1) {
            let choice: Vec<bool> = (0..count).map(|bit| mask & (1 << bit) != 0).collect();
            if makes_root(&choice) {
                return Blame::BelowIsWrong(choice);
            }
        }
    }
    Blame::Unclear
}

/// Places, within one tile, at which the stored hash and the one from below differ. Unknown ones do not disagree.
pub(super) fn disagreements(stored: &[Digest], below: &[Option<Digest>]) -> Vec<usize> {
    let pairs = stored.iter().zip(below).enumerate();
    pairs
        .filter(|(_, (s, b))| b.is_some_and(|b| b != **s))
        .map(|(at, _)| at)
        .collect()
}

/// The hashes that a choice stands for: the stored ones, but those from below where the choice says so.
pub(super) fn chosen(
    stored: &[Digest],
    below: &[Option<Digest>],
    places: &[usize],
    take_stored: &[bool],
) -> Vec<Digest> {
    let mut hashes = stored.to_vec();
    for (place, _) in places
        .iter()
        .zip(take_stored)
        .filter(|(_, stored)| !**stored)
    {
        if let (Some(hash), Some(Some(b))) = (hashes.get_mut(*place), below.get(*place)) {
            *hash = *b;
        }
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_up_to_eight_is_found() {
        for count in 0..=8usize {
            for mask in 0..(1usize << count) {
                let want: Vec<bool> = (0..count).map(|bit| mask >> bit & 1 == 1).collect();
                assert_eq!(
                    settle(count, |choice| choice == want),
                    Blame::BelowIsWrong(want.clone())
                );
            }
        }
        assert_eq!(
            settle(200, |choice| choice.iter().all(|c| !c)),
            Blame::BelowIsWrong(vec![false; 200])
        );
        assert_eq!(settle(3, |_| false), Blame::Unclear);
    }
}

//! Is there a reason.

use super::{FindingSet, Kind};
use crate::evidence::case::{Case, JustificationState};

/// The fewest letters and digits that can say something.
pub const CHARACTERS_MIN: usize = 8;

/// Whether a text says anything: at least [`CHARACTERS_MIN`] letters or digits, not all the same.
#[must_use]
pub fn state_of(text: Option<&str>) -> JustificationState {
    let mut letters = text
        .unwrap_or_default()
        .chars()
        .filter(|character| character.is_alphanumeric());
    let Some(first) = letters.next() else {
        return JustificationState::Missing;
    };
    let mut count = 1;
    let mut varied = false;
    for letter in letters {
        varied |= letter != first;
        count += 1;
        if varied && count >= CHARACTERS_MIN {
            return JustificationState::Given;
        }
    }
    JustificationState::Missing
}

/// A missing reason is asked for.
#[inline]
#[must_use]
pub fn check(case: &Case<'_>) -> FindingSet {
    FindingSet::EMPTY.with_if(
        case.justification == JustificationState::Missing,
        Kind::JustificationMissing,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        for text in [
            None,
            Some(""),
            Some("   "),
            Some("........"),
            Some("aaaaaaaaaaaa"),
            Some("need it"),
        ] {
            assert_eq!(state_of(text), JustificationState::Missing, "{text:?}");
        }
        assert_eq!(
            state_of(Some("on-call for payments")),
            JustificationState::Given
        );
    }
}

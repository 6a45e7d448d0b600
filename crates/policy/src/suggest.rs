//! "Did you mean": the nearest known name within a small edit distance.

use crate::bounds::SUGGESTION_CANDIDATES_MAX;

/// The candidate nearest to `given`, at most a third of its length (and 3) edits away; the first of equals.
/// Case is ignored. Looks at no more than `SUGGESTION_CANDIDATES_MAX` candidates.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let given: Vec<char> = given.to_lowercase().chars().collect();
    let within = (given.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates.into_iter().take(SUGGESTION_CANDIDATES_MAX) {
        if candidate.len().abs_diff(given.len()) > within.saturating_mul(4) {
            continue;
        }
        let folded: Vec<char> = candidate.to_lowercase().chars().collect();
        if folded.len().abs_diff(given.len()) > within {
            continue;
        }
        let distance = distance(&given, &folded);
        if distance <= within && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance with neighbours swapped at the price of one (optimal string alignment): insertions, deletions,
/// replacements and swaps.
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=width).collect();
    let mut left_before = None;
    for (index, from) in left.iter().enumerate() {
        let mut next = vec![index.saturating_add(1)];
        let mut right_before = None;
        for (column, to) in right.iter().enumerate() {
            let replaced = at(&row, column).saturating_add(usize::from(from != to));
            let deleted = at(&row, column.saturating_add(1)).saturating_add(1);
            let inserted = at(&next, column).saturating_add(1);
            let mut best = replaced.min(deleted).min(inserted);
            if left_before == Some(to) && right_before == Some(from) {
                let swapped = at(&above, column.saturating_sub(1)).saturating_add(1);
                best = best.min(swapped);
            }
            next.push(best);
            right_before = Some(to);
        }
        above = std::mem::replace(&mut row, next);
        left_before = Some(from);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_near_names_only() {
        let known = ["roles", "catalogue", "levels", "approvals"];
        assert_eq!(nearest("rolse", known), Some("roles"));
        assert_eq!(nearest("Catalog", known), Some("catalogue"));
        assert_eq!(nearest("duration", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn counts_edits() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (left, right, edits) in [
            ("", "", 0),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("rolse", "roles", 1),
            ("abc", "", 3),
        ] {
            assert_eq!(distance(&chars(left), &chars(right)), edits);
        }
    }
}

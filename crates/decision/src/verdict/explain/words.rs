//! Names and numbers as they are written in explanations.

use crate::evidence::Frozen;
use crate::findings::confidence;
use crate::rules::Rules;

/// Name of the roles of the beneficiary as shown, such as "the Engineer role".
#[must_use]
pub fn role_names(frozen: &Frozen, rules: &Rules) -> String {
    let mut titles: Vec<&str> = (frozen.case().roles.iter())
        .filter_map(|id| rules.role_entry(*id))
        .map(|role| role.title.as_str())
        .collect();
    titles.sort_unstable();
    match titles.as_slice() {
        [] => "anybody without a role".to_owned(),
        [one] => format!("the {one} role"),
        many => format!("the roles {}", many.join(", ")),
    }
}

/// Confidence as a decimal with two digits, 0.00 to 1.00.
#[must_use]
pub fn confidence_text(confidence: confidence::BasisPoints) -> String {
    format!(
        "{}.{:02}",
        confidence.0 / 10_000,
        confidence.0 % 10_000 / 100
    )
}

/// The first twelve hex digits of a digest.
#[must_use]
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

pub(super) fn enumerate_are(items: &[String]) -> String {
    match items {
        [] => "nothing is".to_owned(),
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
    }
}

pub(super) fn capitalise(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

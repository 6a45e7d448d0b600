//! The name of what is asked for: as asked, canonical, and what makes a name suspicious.

use serde::{Deserialize, Serialize};
use unicode_security::MixedScript;

use crate::rules::pattern::is_invisible;

/// An access name. Two of its three forms; the third, the catalogue id, comes from the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Access {
    asked: String,
    canonical: String,
}

/// Longest name that is looked at, in characters. A catalogue has none as long; what is longer is suspicious.
pub const NAME_CHARS_MAX: usize = 1_024;

/// Why a name cannot be taken at its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameDoubt {
    /// Control, bidirectional or invisible characters.
    Invisible,
    /// A wildcard: a request names one thing.
    Wildcard,
    /// Letters of several scripts.
    MixedScript,
    /// More than [`NAME_CHARS_MAX`] characters.
    TooLong,
}

impl NameDoubt {
    /// The doubt in words, to follow "the name holds".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Invisible => "control, bidirectional or invisible characters",
            Self::Wildcard => "a wildcard",
            Self::MixedScript => "letters of several scripts",
            Self::TooLong => "more characters than any name needs",
        }
    }
}

impl From<String> for Access {
    fn from(asked: String) -> Self {
        Self::new(&asked)
    }
}

impl From<Access> for String {
    fn from(access: Access) -> Self {
        access.asked
    }
}

impl Access {
    /// Takes the name as asked. Canonical: outer white space gone, inner white space one space, none around `:`.
    /// Letters stay as they are: permission is byte-equality, and `Repo:Read` is not `repo:read`.
    #[must_use]
    pub fn new(asked: &str) -> Self {
        let spaced = asked.split_whitespace().collect::<Vec<_>>().join(" ");
        let canonical = spaced.replace(" :", ":").replace(": ", ":");
        Self {
            asked: asked.to_owned(),
            canonical,
        }
    }

    /// As asked: what output prints.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// The canonical form, which is looked up in the catalogue byte for byte.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What is suspicious about the name as asked, first found.
    #[must_use]
    pub fn doubt(&self) -> Option<NameDoubt> {
        if self.asked.chars().nth(NAME_CHARS_MAX).is_some() {
            Some(NameDoubt::TooLong)
        } else if self.asked.chars().any(is_invisible) {
            Some(NameDoubt::Invisible)
        } else if self.asked.contains(['*', '?']) {
            Some(NameDoubt::Wildcard)
        } else if !self.asked.is_ascii() && !self.asked.is_single_script() {
            Some(NameDoubt::MixedScript)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_form_touches_only_white_space() {
        assert_eq!(Access::new("  repo :  read ").canonical(), "repo:read");
        assert_eq!(
            Access::new("db:admin  (write)").canonical(),
            "db:admin (write)"
        );
        assert_eq!(Access::new("Repo:Read").canonical(), "Repo:Read");
    }

    #[test]
    fn doubtful_names() {
        assert_eq!(Access::new("repo:read").doubt(), None);
        assert_eq!(
            Access::new("r\u{435}po:read").doubt(),
            Some(NameDoubt::MixedScript)
        );
        assert_eq!(
            Access::new("repo:\u{202E}daer").doubt(),
            Some(NameDoubt::Invisible)
        );
        assert_eq!(Access::new("repo:*").doubt(), Some(NameDoubt::Wildcard));
        let longest = "a".repeat(NAME_CHARS_MAX);
        assert_eq!(Access::new(&longest).doubt(), None);
        let longer = format!("{longest}a");
        assert_eq!(Access::new(&longer).doubt(), Some(NameDoubt::TooLong));
        assert_eq!(
            Access::new("repo:read\n").doubt(),
            Some(NameDoubt::Invisible)
        );
    }
}

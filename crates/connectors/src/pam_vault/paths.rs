//! Paths of the three decisions, and how each is known: set, found in the platform's description, or guessed.

use std::fmt;

use decision::vault::Action;
use serde_json::Value;

use super::bounds::OPERATIONS_MAX;
use super::settings::{Settings, is_template};

/// How a path is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The operator set it.
    Setting,
    /// The platform's own description names it.
    PlatformDescription,
    /// Nobody said so. Such a path is not used unless the operator confirms it.
    BuiltInGuess,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Setting => "from the settings",
            Self::PlatformDescription => "from the platform's description",
            Self::BuiltInGuess => "a built-in guess",
        })
    }
}

/// The path of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionPath {
    /// From the base URL, with `{id}`.
    pub template: String,
    /// How it is known.
    pub origin: Origin,
}

/// The paths of the three decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionPaths {
    /// Approve.
    pub approve: DecisionPath,
    /// Reject.
    pub reject: DecisionPath,
    /// Close.
    pub close: DecisionPath,
}

impl DecisionPaths {
    /// Settings first, then the platform's description when there is one, then the guesses.
    pub(super) fn of(settings: &Settings, description: Option<&Value>) -> Self {
        let path = |action: Action, set: Option<&String>, guess: &str| {
            let found = || description.and_then(|document| described(document, action));
            let (template, origin) = match set.cloned() {
                Some(template) => (template, Origin::Setting),
                None => match found() {
                    Some(template) => (template, Origin::PlatformDescription),
                    None => (guess.to_owned(), Origin::BuiltInGuess),
                },
            };
            DecisionPath { template, origin }
        };
        Self {
            approve: path(
                Action::Approve,
                settings.approve_path.as_ref(),
                "/api/request/approve/{id}",
            ),
            reject: path(
                Action::Reject,
                settings.reject_path.as_ref(),
                "/api/request/reject/{id}",
            ),
            close: path(
                Action::Close,
                settings.close_path.as_ref(),
                "/api/request/complete/{id}",
            ),
        }
    }

    /// Whether none of them is a guess.
    #[must_use]
    pub fn known(&self) -> bool {
        [&self.approve, &self.reject, &self.close]
            .iter()
            .all(|path| path.origin != Origin::BuiltInGuess)
    }
}

/// The path of a decision in an OpenAPI document: the one `PUT` below `/api/request/` with one parameter and the word as a
/// segment; else the one with the word in a segment. Two that fit are as good as none.
fn described(document: &Value, action: Action) -> Option<String> {
    let words: &[&str] = match action {
        Action::Approve => &["approve"],
        Action::Reject => &["reject"],
        Action::Close => &["complete", "close"],
    };
    let candidates: Vec<String> = document
        .get("paths")?
        .as_object()?
        .iter()
        .take(OPERATIONS_MAX)
        .filter(|(_, item)| item.get("put").is_some())
        .filter_map(|(path, _)| normalised(path))
        .collect();
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut found = candidates.iter().filter(|path| {
            path.split('/')
                .any(|segment| !segment.contains('{') && fits(segment))
        });
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one.clone()),
            _ => None,
        }
    };
    words
        .iter()
        .find_map(|word| only(&|segment: &str| segment.eq_ignore_ascii_case(word)))
        .or_else(|| {
            words
                .iter()
                .find_map(|word| only(&|segment: &str| segment.to_ascii_lowercase().contains(word)))
        })
}

/// `/ztna/acme/api/request/approve/{requestId}` as `/api/request/approve/{id}`; `None` for another family or another
/// number of parameters.
fn normalised(path: &str) -> Option<String> {
    let path = path.get(path.find("/api/request/")?..)?;
    let (before, rest) = path.split_once('{')?;
    let (_, after) = rest.split_once('}')?;
    let template = format!("{before}{{id}}{after}");
    (!after.contains('{') && is_template(&template)).then_some(template)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::Secret;
    use proptest::prelude::*;
    use serde_json::json;

    fn settings() -> Settings {
        Settings::new("https://pam.example/ztna", Secret::new("t".into()))
    }

    #[test]
    fn guesses_are_told_as_guesses() {
        let guessed = DecisionPaths::of(&settings(), None);
        assert!(!guessed.known());
        assert_eq!(guessed.approve.origin, Origin::BuiltInGuess);
        let set = Settings {
            approve_path: Some("/a/{id}".into()),
            reject_path: Some("/r/{id}".into()),
            close_path: Some("/c/{id}".into()),
            ..settings()
        };
        assert!(DecisionPaths::of(&set, None).known());
    }

    #[test]
    fn the_platform_description_is_asked_for_what_is_not_set() {
        let document = json!({ "paths": {
            "/api/request/approve/{requestId}": { "put": {} },
            "/api/request/approve-all/{requestId}": { "put": {} },
            "/api/request/rejectRequest/{id}": { "put": {} },
            "/api/request/{uuid}/close": { "put": {} },
            "/api/request/complete/{id}": { "get": {} },
            "/api/asset/reject/{id}": { "put": {} },
        }});
        let set = Settings {
            reject_path: Some("/set/{id}".into()),
            ..settings()
        };
        let paths = DecisionPaths::of(&set, Some(&document));
        assert_eq!(paths.approve.template, "/api/request/approve/{id}");
        assert_eq!(paths.reject.origin, Origin::Setting);
        assert_eq!(paths.close.template, "/api/request/{id}/close");
        assert!(paths.known());
        let paths = DecisionPaths::of(&settings(), Some(&document));
        assert_eq!(paths.reject.template, "/api/request/rejectRequest/{id}");
    }

    #[test]
    fn two_paths_that_fit_are_none() {
        let document = json!({ "paths": {
            "/api/request/approve/{a}": { "put": {} }, "/api/request/level/approve/{a}": { "put": {} },
            "/api/request/approve/{a}/{b}": { "put": {} }, "/api/request/approve/x": { "put": {} },
        }});
        assert_eq!(
            DecisionPaths::of(&settings(), Some(&document))
                .approve
                .origin,
            Origin::BuiltInGuess
        );
    }

    proptest! {
        #[test]
        fn no_json_is_too_much(value in crate::pam_vault::row::tests::any_json()) {
            DecisionPaths::of(&settings(), Some(&json!({ "paths": value })));
        }
    }
}

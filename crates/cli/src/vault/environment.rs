//! Values of keys: the environment first, then `.env` of the home folder.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use policy::guardrails::dotenv;

use super::keys::{KEYS, Key};
use crate::error::{Error, Exit};
use crate::settings::{self, Home};

const DOTENV_BYTES_MAX: u64 = 1024 * 1024;
/// Beginnings of names that are ours alone: another key that begins so is a misspelt one.
const OURS: [&str; 10] = [
    "VAULT_", "ALERT_", "OFF_", "AUTO_", "RISK_", "STALE_", "REQUEST_", "DEEP_", "REPORT_",
    "MODEL_",
];
/// A guardrail that begins like one of ours.
const GUARDRAIL: &str = "AUTO_PROVISION_ONLY";

/// The values of all keys that are set.
pub(crate) struct Environment {
    values: BTreeMap<&'static str, String>,
    home: PathBuf,
}

impl Environment {
    /// Reads both; a key that begins like ours and is none is an error, because it would be silently without effect.
    pub(crate) fn of(home: &Home) -> Result<Self, Error> {
        let mut values = BTreeMap::new();
        let path = home.dotenv();
        let dotenv = settings::read_if_there(&path, DOTENV_BYTES_MAX, "the settings file")?;
        let text = String::from_utf8_lossy(dotenv.as_deref().unwrap_or_default()).into_owned();
        for (number, line) in text.lines().enumerate() {
            let Some((name, value)) = pair(line) else {
                continue;
            };
            match known(name) {
                Some(name) => {
                    let place = format!("`{}`, line {}", path.display(), number.saturating_add(1));
                    if name == "VAULT_TOKEN" {
                        return Err(Error::new(
                            Exit::BadInput,
                            format!("{place}: a token does not belong into a settings file"),
                        )
                        .hint(
                            "put it into a file of its own with mode 0600 and set VAULT_TOKEN_FILE",
                        ));
                    }
                    if values.insert(name, value.to_owned()).is_some() {
                        return Err(Error::new(
                            Exit::BadInput,
                            format!("{place}: {name} is set twice"),
                        )
                        .hint("keep one of the two"));
                    }
                }
                None if is_misspelt(name) => {
                    return Err(misspelt(
                        name,
                        &format!("`{}`, line {}", path.display(), number.saturating_add(1)),
                    ));
                }
                None => {}
            }
        }
        for (name, value) in std::env::vars_os() {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
                continue;
            };
            match known(name) {
                Some(name) => {
                    values.insert(name, value.trim().to_owned());
                }
                // Other programs have variables too: only what is nearly ours is a mistake.
                None if is_misspelt(name) && nearest(name).is_some() => {
                    return Err(misspelt(name, "the environment"));
                }
                None => {}
            }
        }
        values.retain(|_, value| !value.is_empty());
        Ok(Self {
            values,
            home: home.path().to_owned(),
        })
    }

    /// The value of a key, when it is set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(known(name).is_some(), "{name} is in no table");
        self.values.get(name).map(String::as_str)
    }

    /// A path; a relative one is seen from the home folder, wherever the process was started.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|path| self.home.join(path))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Error> {
        match self.get(name) {
            None => Ok(default),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(value) => Err(refuse(name, value, "`true` or `false`")),
        }
    }

    /// A whole number within bounds.
    pub(crate) fn number(
        &self,
        name: &str,
        default: u32,
        least: u32,
        most: u32,
    ) -> Result<u32, Error> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        let number = value.parse().ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| refuse(name, value, format!("a number from {least} to {most}")))
    }

    /// Parts of a value with commas between them.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let parts = self.get(name).unwrap_or_default().split(',');
        parts
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The value of a key that must be set.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| {
            let meaning = all_keys().find(|key| key.name == name);
            Error::new(Exit::BadInput, format!("{name} is not set")).hint(format!(
                "set it in the environment or in .env: {}",
                meaning.map_or("", |key| key.meaning)
            ))
        })
    }
}

/// A value that is not what its key takes. The value of a secret is in a file, so this may show it.
pub(crate) fn refuse(name: &str, value: &str, wanted: impl Display) -> Error {
    let shown: String = value.chars().take(60).collect();
    Error::new(Exit::BadInput, format!("{name} is `{shown}`")).hint(format!("it takes {wanted}"))
}

/// Every key of every door.
pub(crate) fn all_keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(crate::models::keys::KEYS)
}

fn known(name: &str) -> Option<&'static str> {
    all_keys().map(|key| key.name).find(|own| *own == name)
}

fn is_misspelt(name: &str) -> bool {
    name != GUARDRAIL && OURS.iter().any(|own| name.starts_with(own))
}

fn nearest(name: &str) -> Option<&'static str> {
    let near = |key: &&str| strsim::osa_distance(key, name) <= 3;
    all_keys().map(|key| key.name).find(near)
}

fn misspelt(name: &str, place: &str) -> Error {
    let hint = nearest(name).map_or_else(
        || "docs/reference/settings.md lists all keys".to_owned(),
        |key| format!("did you mean {key}?"),
    );
    Error::new(Exit::BadInput, format!("{place}: there is no key `{name}`")).hint(hint)
}

/// Name and value of a line; `None` for what is no setting, which the guardrails' reader tells.
fn pair(line: &str) -> Option<(&str, &str)> {
    let dotenv::Line::Setting(name, value) = dotenv::line(line) else {
        return None;
    };
    let value = value.trim();
    let quoted = |mark: char| {
        value
            .strip_prefix(mark)
            .and_then(|own| own.strip_suffix(mark))
    };
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or_else(|| {
        // A comment begins with a space and `#`, as every reader of such files has it.
        value.split(" #").next().unwrap_or_default().trim_end()
    });
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_settings_file() {
        for (line, expected) in [
            ("A=b", Some(("A", "b"))),
            (" export A = \"b # c\" ", Some(("A", "b # c"))),
            ("A=b # comment", Some(("A", "b"))),
            ("A=b#c", Some(("A", "b#c"))),
            ("# A=b", None),
            ("", None),
            ("VAULT_TOKEN: x", Some(("VAULT_TOKEN", "x"))),
            (
                "VAULT_BASE_URL=https://pam.example:6443",
                Some(("VAULT_BASE_URL", "https://pam.example:6443")),
            ),
            ("no setting", None),
        ] {
            assert_eq!(pair(line), expected, "{line}");
        }
    }

    #[test]
    fn a_misspelt_key_is_told_with_the_right_one() {
        assert!(is_misspelt("ALERT_RECIPIENTS_EMAIL"));
        assert!(!is_misspelt("AUTO_PROVISION_ONLY") && !is_misspelt("PATH"));
        let error = misspelt("AUTO_APROVE_LOW_RISK", ".env, line 1");
        assert!(
            error
                .hint
                .is_some_and(|hint| hint.contains("AUTO_APPROVE_LOW_RISK"))
        );
    }

    /// The page of settings has every key with its default and meaning, and no other.
    #[test]
    fn the_page_has_every_key() {
        let page = include_str!("../../../../docs/reference/settings.md");
        for key in all_keys() {
            let default = if key.default.is_empty() {
                ""
            } else {
                key.default
            };
            let row = format!("| `{}` | {default} | {} |", key.name, key.meaning);
            assert!(
                page.contains(&row),
                "docs/reference/settings.md lacks:\n{row}"
            );
        }
    }

    #[test]
    fn every_key_is_there_once_and_is_ours() {
        let mut names: Vec<&str> = all_keys().map(|key| key.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

//! Reads settings one by one and keeps what they add, or why they are refused.

use std::collections::HashSet;

use decision::rules::class::Class;

use super::KEYS;
use super::dotenv;
use super::error::{GuardrailError, Origin, Reason};
use super::value::{self, Value};
use crate::bounds::{DOTENV_BYTES_MAX, NEVER_AUTO_MAX};
use crate::names::{quoted, shortened};
use crate::suggest;

/// What has been read so far.
#[derive(Default)]
pub(super) struct Readings {
    classes: Vec<String>,
    errors: Vec<GuardrailError>,
    /// Which key was seen in the environment (`true`) or the file (`false`).
    seen: HashSet<(&'static str, bool)>,
}

impl Readings {
    /// Takes one setting. Keys that are no guardrails are ignored, secret-looking ones without a look at the value.
    pub(super) fn setting(&mut self, key: &str, value: &str, origin: Origin) {
        let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
            // A guardrail that is misspelt would be dropped without a word.
            if !looks_secret(key)
                && let Some(near) = KEYS
                    .into_iter()
                    .find(|known| suggest::nearest(key, [*known]).is_some())
            {
                self.refuse(origin, Reason::NearMiss(quoted(key), near));
            }
            return;
        };
        if !self.seen.insert((known, origin == Origin::Environment)) {
            self.refuse(origin, Reason::Repeated(known));
            return;
        }
        match (known, value::parse(value)) {
            ("AUTO_PROVISION_ONLY", Some(Value::Fields(fields))) => {
                self.auto_provision_only(origin, &fields)
            }
            ("NEVER_AUTO", Some(Value::List(classes))) => self.never_auto(origin, classes),
            ("PREFER_TIME_BOUND", Some(Value::Word(word))) => {
                match word.to_ascii_lowercase().as_str() {
                    "true" => {}
                    "false" | "no" | "off" | "0" => {
                        self.refuse(origin, Reason::NotTimeBound(shortened(&word)))
                    }
                    _ => self.refuse(origin, Reason::Unreadable(known, quoted(value.trim()))),
                }
            }
            _ => self.refuse(origin, Reason::Unreadable(known, quoted(value.trim()))),
        }
    }

    /// Takes the lines of a `.env` file.
    pub(super) fn dotenv(&mut self, text: &str) {
        if text.len() > DOTENV_BYTES_MAX {
            self.refuse(Origin::Line(1), Reason::TooLarge);
            return;
        }
        for (index, line) in text.lines().enumerate() {
            let origin = Origin::Line(index.saturating_add(1));
            match dotenv::line(line) {
                dotenv::Line::Nothing => {}
                dotenv::Line::Setting(key, value) => self.setting(key, value, origin),
                dotenv::Line::Unreadable => self.refuse(origin, Reason::Line),
            }
        }
    }

    /// All classes that were named, and all refusals: the environment's first, then by line.
    pub(super) fn finish(mut self) -> (Vec<String>, Vec<GuardrailError>) {
        self.errors.sort_by_key(|error| error.origin);
        (self.classes, self.errors)
    }

    fn refuse(&mut self, origin: Origin, reason: Reason) {
        self.errors.push(GuardrailError { origin, reason });
    }

    /// Accepts the three fields with the one value each that loosens nothing.
    fn auto_provision_only(&mut self, origin: Origin, fields: &[(String, String)]) {
        const FIELDS: [&str; 3] = ["risk", "role_standard", "approvals"];
        let mut seen = HashSet::new();
        for (key, value) in fields {
            let Some(field) = FIELDS.into_iter().find(|field| field == key) else {
                self.refuse(origin, Reason::UnknownField(quoted(key)));
                continue;
            };
            if !seen.insert(field) {
                self.refuse(origin, Reason::RepeatedField(field));
            }
            let shown = || shortened(value);
            match (field, value.as_str()) {
                ("risk", "low") | ("role_standard", "true") | ("approvals", "present") => {}
                ("risk", _) => self.refuse(origin, Reason::RiskAboveLow(shown())),
                ("role_standard", _) => self.refuse(origin, Reason::NotRoleStandard(shown())),
                _ => self.refuse(origin, Reason::ApprovalsNotPresent(shown())),
            }
        }
        for field in FIELDS {
            if !seen.contains(field) {
                self.refuse(origin, Reason::MissingField(field));
            }
        }
    }

    /// Accepts the four classes and more; nothing less.
    fn never_auto(&mut self, origin: Origin, classes: Vec<String>) {
        if classes.len() > NEVER_AUTO_MAX {
            self.refuse(origin, Reason::TooManyClasses);
            return;
        }
        let mut seen = HashSet::new();
        for class in &classes {
            if !is_class_name(class) {
                self.refuse(origin, Reason::ClassName(quoted(class)));
            } else if !seen.insert(class.as_str()) {
                self.refuse(origin, Reason::RepeatedClass(quoted(class)));
            }
        }
        let missing: Vec<String> = Class::BUILT_IN
            .iter()
            .filter(|class| !seen.contains(class.name()))
            .map(|class| format!("`{class}`"))
            .collect();
        if !missing.is_empty() {
            self.refuse(origin, Reason::ClassesMissing(missing.join(", ")));
        }
        self.classes.extend(classes);
    }
}

/// Lower-case ASCII letters, digits and `_`, at most 64, a letter first: what the canonical text can hold unescaped.
fn is_class_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether a key names a secret, by its last word.
fn looks_secret(key: &str) -> bool {
    ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD"]
        .iter()
        .any(|end| key.ends_with(end))
}

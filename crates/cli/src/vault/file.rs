//! `vault.yml`: who may be approved for what without a person, and time zones.

use std::collections::BTreeMap;

use decision::vault::run::Allowance;
use jiff::tz::TimeZone;
use marked_yaml::{FromYamlError, Spanned};
use serde::Deserialize;

use crate::error::{Error, Exit};
use crate::settings::{self, Home};

const BYTES_MAX: u64 = 1024 * 1024;
const LINES_MAX: usize = 10_000;

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct VaultFile {
    pub(crate) allow: Vec<Allowance>,
    pub(crate) zones: BTreeMap<String, TimeZone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    allow: Vec<Line>,
    /// Container path to time zone.
    #[serde(default)]
    zones: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    requester: Spanned<String>,
    container: Spanned<String>,
    action: Spanned<String>,
}

/// Reads the file; one that is not there allows nothing.
pub(crate) fn read(home: &Home) -> Result<VaultFile, Error> {
    let path = home.path().join("vault.yml");
    let Some(bytes) = settings::read_if_there(&path, BYTES_MAX, "vault.yml")? else {
        return Ok(VaultFile::default());
    };
    let bad = |message: String| {
        Error::new(Exit::BadInput, format!("`{}`{message}", path.display()))
            .hint("`vault allow suggest` prints a list in the right form; docs/reference/vault.md tells the rest")
    };
    let text = String::from_utf8(bytes).map_err(|_| bad(" is not UTF-8 text".to_owned()))?;
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(VaultFile::default());
    }
    let raw: Raw = marked_yaml::from_yaml(0, &text).map_err(|error| bad(told(&error)))?;
    if raw.allow.len() > LINES_MAX {
        return Err(bad(format!(": `allow` has more than {LINES_MAX} lines")));
    }
    let at = |value: &Spanned<String>| {
        let start = value.span().start();
        start.map_or_else(String::new, |at| format!(", line {}", at.line()))
    };
    let mut file = VaultFile::default();
    for line in raw.allow {
        for (name, value) in [
            ("requester", &line.requester),
            ("container", &line.container),
            ("action", &line.action),
        ] {
            let text = value.trim();
            // No wildcard in a permission; a container may end in `/ *`, which says that it goes deeper.
            let inner = text
                .strip_suffix("/ *")
                .filter(|_| name == "container")
                .unwrap_or(text);
            if inner.is_empty() || inner.contains(['*', '?']) {
                return Err(bad(format!(
                    "{}: `{name}` names nothing, or has a wildcard",
                    at(value)
                )));
            }
        }
        file.allow.push(Allowance {
            requester: line.requester.trim().to_owned(),
            container: line.container.trim().to_owned(),
            action: line.action.trim().to_owned(),
        });
    }
    for (container, zone) in raw.zones {
        let found = TimeZone::get(&zone);
        let found =
            found.map_err(|_| bad(format!("{}: there is no time zone `{}`", at(&zone), *zone)))?;
        file.zones.insert(container, found);
    }
    Ok(file)
}

fn told(error: &FromYamlError) -> String {
    let place = match error {
        FromYamlError::ParseYaml(_) => None,
        FromYamlError::FromNode(error) => error.start_mark(),
    };
    match place {
        Some(place) => format!(", line {}: {error}", place.line()),
        None => format!(": {error}"),
    }
}

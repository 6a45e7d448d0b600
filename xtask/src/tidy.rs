//! `cargo xtask tidy`: checks of style that no other tool makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say;

/// Which of our crates each may depend on, development dependencies apart. ARCHITECTURE.md says why.
const ARROWS: [(&str, &[&str]); 12] = [
    ("decision", &[]),
    ("audit", &[]),
    ("policy", &["decision"]),
    ("ports", &["decision"]),
    ("store", &["ports", "audit", "decision"]),
    ("connectors", &["ports", "decision"]),
    ("governance", &["decision"]),
    ("agent", &["decision", "policy", "ports", "store", "audit"]),
    ("sandbox", &[]),
    (
        "access-request-agent",
        &[
            "agent",
            "audit",
            "connectors",
            "decision",
            "governance",
            "policy",
            "ports",
            "sandbox",
            "store",
        ],
    ),
    (
        "testkit",
        &[
            "decision",
            "policy",
            "ports",
            "store",
            "audit",
            "agent",
            "connectors",
            "governance",
            "sandbox",
        ],
    ),
    ("xtask", &[]),
];

/// Longest source file without its tests. Files that were longer when the check came may only shrink.
const LINES_MAX: usize = 400;
const LONGER: [(&str, usize); 0] = [];

/// Words that are no part of a finished file. Written apart so that this file has none of them.
const LEFTOVERS: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("db", "g!("),
    concat!("FIX", "ME"),
];

/// Runs every check and tells all that is wrong.
pub(crate) fn run() -> Result<(), String> {
    let mut wrong = Vec::new();
    arrows(&mut wrong)?;
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "fuzz/fuzz_targets"] {
        sources(Path::new(folder), &mut files);
    }
    files.sort();
    for file in &files {
        let text =
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        source(file, &text, &mut wrong);
    }
    links(&mut wrong);
    if wrong.is_empty() {
        say(&format!(
            "   {} files, {} arrows: tidy",
            files.len(),
            ARROWS.len()
        ));
        Ok(())
    } else {
        Err(format!("not tidy:\n  {}", wrong.join("\n  ")))
    }
}

/// Dependencies between our crates, from `cargo metadata`.
fn arrows(wrong: &mut Vec<String>) -> Result<(), String> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata
        .get("packages")
        .and_then(|packages| packages.as_array())
        .cloned()
        .unwrap_or_default();
    let text = |value: &serde_json::Value, key: &str| {
        value
            .get(key)
            .and_then(|found| found.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let ours: BTreeSet<String> = packages
        .iter()
        .map(|package| text(package, "name"))
        .collect();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    for package in &packages {
        let name = text(package, "name");
        let Some(allowed) = allowed.get(name.as_str()) else {
            wrong.push(format!(
                "crate `{name}` stands in no arrow of xtask/src/tidy.rs"
            ));
            continue;
        };
        let dependencies = package
            .get("dependencies")
            .and_then(|found| found.as_array())
            .cloned()
            .unwrap_or_default();
        for dependency in dependencies {
            let to = text(&dependency, "name");
            // Development dependencies may point anywhere: they are not shipped.
            let shipped = dependency
                .get("kind")
                .is_none_or(serde_json::Value::is_null);
            if shipped && ours.contains(&to) && !allowed.contains(&to.as_str()) {
                wrong.push(format!(
                    "crate `{name}` may not depend on `{to}`: a new arrow needs a decision record"
                ));
            }
        }
    }
    Ok(())
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A source file: header, length, leftovers.
fn source(path: &Path, text: &str, wrong: &mut Vec<String>) {
    let name = path.display().to_string();
    let is_test =
        name.contains("/tests/") || name.contains("/benches/") || name.contains("fuzz_targets");
    if !text.starts_with("//!") && !name.contains("/must_not_compile/") {
        wrong.push(format!(
            "{name}: the first line says what the file is for (`//!`)"
        ));
    }
    let lines = text
        .lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count();
    let limit = LONGER
        .iter()
        .find(|(longer, _)| *longer == name)
        .map_or(LINES_MAX, |(_, lines)| *lines);
    if !is_test && lines > limit {
        wrong.push(format!(
            "{name}: {lines} lines without tests, at most {limit}: it wants a wall"
        ));
    }
    for (number, line) in text.lines().enumerate() {
        for leftover in LEFTOVERS {
            if line.contains(leftover) {
                wrong.push(format!("{name}:{}: `{leftover}`", number + 1));
            }
        }
        if !name.contains("/tests/common/")
            && (line.contains(concat!("#[", "allow(")) || line.contains(concat!("#![", "allow(")))
        {
            wrong.push(format!(
                "{name}:{}: use #[expect(…, reason = \"…\")]",
                number + 1
            ));
        }
    }
}

/// Relative links of the documentation lead somewhere.
fn links(wrong: &mut Vec<String>) {
    let mut pages = vec![
        PathBuf::from("README.md"),
        PathBuf::from("ARCHITECTURE.md"),
        PathBuf::from("CHANGELOG.md"),
    ];
    markdown(Path::new("docs"), &mut pages);
    for page in pages {
        let Ok(text) = fs::read_to_string(&page) else {
            continue;
        };
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = target.split('#').next().unwrap_or_default();
            let outside =
                target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            let folder = page.parent().unwrap_or(Path::new("."));
            if !outside && !folder.join(target).exists() {
                wrong.push(format!(
                    "{}: the link `{target}` leads nowhere",
                    page.display()
                ));
            }
        }
    }
}

fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("book") {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

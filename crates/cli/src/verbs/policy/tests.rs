//! `policy test`: the policy's own cases.

use std::path::{Path, PathBuf};

use decision::evidence::record::{Lookup, Person};
use policy::cases::{Outcome, TestCase, run};
use policy::load_cases;
use ports::Directory as _;

use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::policies::{self, PolicyFiles};
use crate::settings::{self, Home};
use crate::wiring;

const CASES_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The outcomes of one file.
pub(super) struct Suite {
    pub(super) file: String,
    pub(super) outcomes: Vec<Outcome>,
}

pub(super) fn run_verb(
    home: &Home,
    format: Format,
    files: &[PathBuf],
    policy: Option<&Path>,
    junit: Option<&Path>,
) -> Result<Exit, Error> {
    let loaded = match policy {
        Some(path) => policies::of_file(home, path)?,
        None => policies::of_home(home)?,
    };
    let mut suites = vec![of_policy(home, &loaded)];
    for path in files {
        suites.push(of_file(home, &loaded, path)?);
    }
    if let Some(path) = junit {
        std::fs::write(path, junit_report(&suites))?;
    }
    tell(&suites, format);
    let outcomes = || suites.iter().flat_map(|suite| &suite.outcomes);
    if outcomes().next().is_none() {
        return Err(Error::new(Exit::NotFound, "there are no tests")
            .hint("add `tests:` to access.yml, or name a file of cases"));
    }
    Ok(if outcomes().all(Outcome::passed) {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// The policy's own tests.
pub(super) fn of_policy(home: &Home, files: &PolicyFiles) -> Suite {
    Suite {
        file: files.rules.policy().file.clone(),
        outcomes: run_all(home, files, &files.tests),
    }
}

fn of_file(home: &Home, files: &PolicyFiles, path: &Path) -> Result<Suite, Error> {
    let bytes = settings::read(path, CASES_BYTES_MAX, "a file of cases")?;
    let file = path.display().to_string();
    let cases = load_cases(&file, &bytes).map_err(|report| {
        output::note(&policy::render(&report, output::width(), false));
        Error::new(Exit::BadInput, format!("`{file}` has errors"))
            .hint("mend them and run it again")
    })?;
    Ok(Suite {
        file,
        outcomes: run_all(home, files, &cases),
    })
}

/// Tests may name people of the directory; without one, those fail and say so.
fn run_all(home: &Home, files: &PolicyFiles, cases: &[TestCase]) -> Vec<Outcome> {
    let directory = home.directory().exists().then(|| wiring::directory(home));
    let find = |login: &str| -> Option<Person> {
        let directory = directory.as_ref()?.as_ref().ok()?;
        match directory.find(login).ok()?? {
            Lookup::One(person) => Some(*person),
            Lookup::Several(_) => None,
        }
    };
    run(cases, &files.rules, &find)
}

/// Whether all passed; what failed is told.
pub(super) fn passed(suite: &Suite) -> bool {
    for outcome in suite.outcomes.iter().filter(|outcome| !outcome.passed()) {
        for line in failure(&suite.file, outcome) {
            output::note(&line);
        }
    }
    suite.outcomes.iter().all(Outcome::passed)
}

fn failure(file: &str, outcome: &Outcome) -> Vec<String> {
    let head = format!("✗ {} ({file}:{})", outcome.name, outcome.place.line);
    let rest = outcome.differences.iter().map(|text| format!("    {text}"));
    std::iter::once(head).chain(rest).collect()
}

fn tell(suites: &[Suite], format: Format) {
    if format != Format::Text {
        let cases: Vec<serde_json::Value> = (suites.iter())
            .flat_map(|suite| suite.outcomes.iter().map(|outcome| (&suite.file, outcome)))
            .map(|(file, outcome)| {
                serde_json::json!({
                    "file": file,
                    "line": outcome.place.line,
                    "name": outcome.name,
                    "passed": outcome.passed(),
                    "differences": outcome.differences,
                })
            })
            .collect();
        match format {
            Format::Ndjson => cases.iter().for_each(|case| output::json(case, format)),
            Format::Text | Format::Json => output::json(&cases, format),
        }
        return;
    }
    let (mut total, mut failed) = (0_usize, 0_usize);
    for suite in suites {
        for outcome in &suite.outcomes {
            total = total.saturating_add(1);
            if outcome.passed() {
                output::say(&output::screen(&format!("✓ {}", outcome.name)));
            } else {
                failed = failed.saturating_add(1);
                for line in failure(&suite.file, outcome) {
                    output::say(&output::screen(&line));
                }
            }
        }
    }
    output::say(&format!(
        "{} of {total} passed",
        total.saturating_sub(failed)
    ));
}

/// The report that build servers read.
fn junit_report(suites: &[Suite]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in suites {
        let failed = suite
            .outcomes
            .iter()
            .filter(|outcome| !outcome.passed())
            .count();
        xml.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\">\n",
            escaped(&suite.file),
            suite.outcomes.len()
        ));
        for outcome in &suite.outcomes {
            xml.push_str(&format!(
                "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\"",
                escaped(&outcome.name),
                escaped(&suite.file),
                escaped(&suite.file),
                outcome.place.line
            ));
            if outcome.passed() {
                xml.push_str("/>\n");
            } else {
                let text = outcome.differences.join("; ");
                xml.push_str(&format!(
                    ">\n      <failure message=\"{}\"/>\n    </testcase>\n",
                    escaped(&text)
                ));
            }
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// Text for XML: markup escaped, and what XML cannot hold spelled out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in output::screen(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            plain => out.push(plain),
        }
    }
    out
}

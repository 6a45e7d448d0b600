//! `policy`: check, test, lint, compare, show, put in force.

mod compare;
mod tests;

pub(super) use self::compare::between;

use decision::evidence::record::Mode;
use policy::enumerate::enumerate;
use ports::{Clock as _, Store as _, SystemClock};

use crate::administration;
use crate::args::Policy;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::policies::{self, PolicyFiles};
use crate::reviewer;
use crate::settings::Home;
use crate::wiring;

pub(crate) fn run(home: &Home, format: Format, policy: Policy) -> Result<Exit, Error> {
    match policy {
        Policy::Check => check(&policies::of_home(home)?, format),
        Policy::Show {
            at: Some(digest), ..
        } => compare::show_at(home, &digest, format),
        Policy::Show { name, at: None } => show(&policies::of_home(home)?, name.as_deref(), format),
        Policy::Test {
            files,
            policy,
            junit,
        } => tests::run_verb(home, format, &files, policy.as_deref(), junit.as_deref()),
        Policy::Lint { policy } => {
            let files = match policy {
                Some(path) => policies::of_file(home, &path)?,
                None => policies::of_home(home)?,
            };
            lint(&files, format)
        }
        Policy::Diff { old, new } => compare::run(home, format, &old, &new),
        Policy::History => tell_history(home, format),
        Policy::Activate { reason } => {
            let parts = wiring::open(home, Mode::Advise)?;
            let reviewer = reviewer::of_security(&parts.directory)?;
            may_activate(home, &parts.files)?;
            administration::activate(&parts, &reason, Some(&reviewer.person.id))?;
            super::finish(&parts)?;
            output::say(&format!("in force: {}", parts.files.rules.policy().digest));
            Ok(Exit::Done)
        }
        Policy::Rebind { id, reason } => {
            let parts = wiring::open(home, Mode::Advise)?;
            let reviewer = reviewer::of_security(&parts.directory)?;
            administration::rebind(&parts, &id, &reason, &reviewer.person.id)?;
            super::finish(&parts)?;
            output::say(&format!("{id} is bound to what stands behind it now"));
            Ok(Exit::Done)
        }
        Policy::AllowGuarded { reason } => {
            let parts = wiring::open(home, Mode::Advise)?;
            let reviewer = reviewer::of_security(&parts.directory)?;
            wiring::check_rules(&parts.files)?;
            administration::allow_guarded(&parts, &reason, Some(&reviewer.person.id))?;
            super::finish(&parts)?;
            output::say(&format!(
                "guarded mode may start under {}",
                parts.files.rules.policy().digest
            ));
            Ok(Exit::Done)
        }
    }
}

/// The outcomes of the policy's own tests.
pub(super) fn own_tests(home: &Home, files: &PolicyFiles) -> Vec<policy::cases::Outcome> {
    tests::of_policy(home, files).outcomes
}

/// A policy whose own tests fail, or that lint finds dangerous, is not put in force.
fn may_activate(home: &Home, files: &PolicyFiles) -> Result<(), Error> {
    let suite = tests::of_policy(home, files);
    if !tests::passed(&suite) {
        return Err(Error::new(
            Exit::NotAllowed,
            "the policy's own tests fail, so it is not put in force",
        )
        .hint("mend the policy or its tests; `policy test` runs them"));
    }
    let report = linted(files);
    if is_dangerous(&report) {
        output::note_lines(&policy::render(&report, output::width(), false));
        return Err(Error::new(
            Exit::NotAllowed,
            "lint finds errors, so the policy is not put in force",
        )
        .hint("mend them; `policy lint` shows them again"));
    }
    output::note(&format!(
        "{} tests passed, {} lint warnings",
        suite.outcomes.len(),
        report.problems().len()
    ));
    Ok(())
}

pub(super) fn linted(files: &PolicyFiles) -> policy::Report {
    let now = SystemClock.now();
    policy::lint(
        &files.rules,
        files.conditions.as_deref(),
        &files.source,
        now,
    )
}

/// Whether lint found an error, and not only warnings.
fn is_dangerous(report: &policy::Report) -> bool {
    report.problems().iter().any(policy::Problem::is_error)
}

fn lint(files: &PolicyFiles, format: Format) -> Result<Exit, Error> {
    let report = linted(files);
    if format == Format::Text {
        if report.is_empty() {
            output::say("nothing to say");
        } else {
            let shown = policy::render(&report, output::width(), false);
            shown.lines().for_each(output::say);
        }
    } else {
        let rows: Vec<Vec<String>> = (report.problems().iter())
            .map(|problem| {
                vec![
                    problem.code().name().to_owned(),
                    problem.place().line.to_string(),
                    problem.message().to_owned(),
                    problem.help_text().unwrap_or_default().to_owned(),
                ]
            })
            .collect();
        output::rows(&["kind", "line", "message", "help"], &rows, format);
    }
    Ok(if is_dangerous(&report) {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// A policy that was put in force or allowed, as the log tells it.
struct HistoryEntry {
    entry: u64,
    at: String,
    event: String,
    digest: String,
}

/// What the log says about policies, oldest first.
fn history(home: &Home) -> Result<Vec<HistoryEntry>, Error> {
    let entries = super::audit::entries(&home.log(), 0, u64::MAX)?;
    Ok((entries.into_iter())
        .filter_map(|(entry, bytes)| {
            let leaf = ::audit::Leaf::parse(&bytes).ok()?;
            let digest = leaf.clear.get("policy")?.clone();
            (leaf.category == ::audit::Category::Administration).then_some(HistoryEntry {
                entry,
                at: leaf.at,
                event: leaf.event,
                digest,
            })
        })
        .collect())
}

fn tell_history(home: &Home, format: Format) -> Result<Exit, Error> {
    let active = wiring::open_own_store(home)?.active_policy()?;
    let rows: Vec<Vec<String>> = (history(home)?.into_iter())
        .map(|entry| {
            let is_active = active.as_ref() == Some(&entry.digest);
            vec![
                entry.at,
                entry.event,
                entry.digest,
                entry.entry.to_string(),
                if is_active { "in force" } else { "" }.to_owned(),
            ]
        })
        .collect();
    output::rows(&["at", "event", "policy", "entry", "now"], &rows, format);
    Ok(Exit::Done)
}

fn check(files: &PolicyFiles, format: Format) -> Result<Exit, Error> {
    let policy = files.rules.policy();
    let blocked = files.guardrails.automatic_blocked();
    let found = enumerate(&files.rules);
    let guarded = match (&blocked, &found) {
        (Some(why), _) => why.clone(),
        (None, Err(example)) => example.to_string(),
        (None, Ok(done)) => format!(
            "could start: {} role and entitlement pairs ruled upon, {} of them automatic once approved, none dangerous",
            done.ruled, done.automatic
        ),
    };
    let rows = vec![
        vec!["digest".to_owned(), policy.digest.clone()],
        vec!["roles".to_owned(), policy.roles.len().to_string()],
        vec![
            "entitlements".to_owned(),
            policy.catalogue.len().to_string(),
        ],
        vec![
            "separation rules".to_owned(),
            policy.conflicts.len().to_string(),
        ],
        vec!["guarded mode".to_owned(), guarded],
    ];
    output::rows(&["what", "value"], &rows, format);
    Ok(if blocked.is_none() && found.is_ok() {
        Exit::Done
    } else {
        Exit::NotAllowed
    })
}

fn show(files: &PolicyFiles, name: Option<&str>, format: Format) -> Result<Exit, Error> {
    let policy = files.rules.policy();
    if let Some(entry) = name
        .and_then(|name| files.rules.entitlement(name))
        .and_then(|id| files.rules.entry(id))
    {
        return entitlement(files, entry, format);
    }
    let joined = |list: &[decision::rules::policy::Listed]| {
        list.iter()
            .map(|item| item.entitlement.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rows: Vec<Vec<String>> = (policy.roles.iter())
        .filter(|role| name.is_none_or(|name| role.name == name))
        .map(|role| {
            vec![
                role.name.clone(),
                role.inherits.join(", "),
                joined(&role.standard),
                joined(&role.grantable),
            ]
        })
        .collect();
    if let (Some(name), true) = (name, rows.is_empty()) {
        return Err(Error::new(
            Exit::NotFound,
            format!("there is no role or entitlement `{name}`"),
        )
        .hint("`policy show` lists the roles"));
    }
    output::rows(
        &["role", "inherits", "standard", "grantable"],
        &rows,
        format,
    );
    Ok(Exit::Done)
}

fn entitlement(
    files: &PolicyFiles,
    entry: &decision::rules::policy::Entitlement,
    format: Format,
) -> Result<Exit, Error> {
    let facts = files
        .rules
        .entitlement(&entry.id)
        .and_then(|id| files.rules.facts(id));
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut rows = vec![
        vec!["id".to_owned(), entry.id.clone()],
        vec!["meaning".to_owned(), text(&entry.meaning)],
        vec!["owner".to_owned(), text(&entry.owner)],
        vec!["aliases".to_owned(), entry.aliases.join(", ")],
        vec!["narrower".to_owned(), text(&entry.narrower)],
        vec!["standing".to_owned(), text(&entry.standing)],
        vec!["break-glass".to_owned(), text(&entry.break_glass)],
    ];
    if let Some(facts) = facts {
        let classes: Vec<&str> = facts.classes.iter().map(|class| class.name()).collect();
        let required: Vec<&str> = facts.required.iter().map(|kind| kind.name()).collect();
        rows.push(vec!["never-auto classes".to_owned(), classes.join(", ")]);
        rows.push(vec![
            "privileged".to_owned(),
            if facts.privileged { "yes" } else { "no" }.to_owned(),
        ]);
        rows.push(vec!["required approvals".to_owned(), required.join(", ")]);
        rows.push(vec![
            "risk points".to_owned(),
            facts.points.sum().to_string(),
        ]);
        rows.push(vec!["at most".to_owned(), facts.maximum.to_string()]);
    }
    output::rows(&["what", "value"], &rows, format);
    Ok(Exit::Done)
}

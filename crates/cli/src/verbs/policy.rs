//! `policy`: check, show, put in force.

use decision::evidence::record::Mode;
use policy::enumerate::enumerate;

use crate::args::Policy;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::reviewer;
use crate::settings::Home;
use crate::wiring::{self, PolicyFiles};

pub(crate) fn run(home: &Home, format: Format, policy: Policy) -> Result<Exit, Error> {
    match policy {
        Policy::Check => check(&wiring::policy(home)?, format),
        Policy::Show { name } => show(&wiring::policy(home)?, name.as_deref(), format),
        Policy::Activate { reason } => {
            let parts = wiring::open(home, Mode::Advise)?;
            let reviewer = reviewer::of_security(&parts.directory)?;
            wiring::activate(&parts, &reason, &reviewer.person.id)?;
            super::finish(&parts)?;
            output::say(&format!("in force: {}", parts.files.rules.policy().digest));
            Ok(Exit::Done)
        }
        Policy::Rebind { id, reason } => {
            let parts = wiring::open(home, Mode::Advise)?;
            let reviewer = reviewer::of_security(&parts.directory)?;
            wiring::rebind(&parts, &id, &reason, &reviewer.person.id)?;
            super::finish(&parts)?;
            output::say(&format!("{id} is bound to what stands behind it now"));
            Ok(Exit::Done)
        }
        Policy::AllowGuarded { reason } => {
            let parts = wiring::open(home, Mode::Advise)?;
            let reviewer = reviewer::of_security(&parts.directory)?;
            wiring::check_rules(&parts.files)?;
            wiring::allow_guarded(&parts, &reason, &reviewer.person.id)?;
            super::finish(&parts)?;
            output::say(&format!(
                "guarded mode may start under {}",
                parts.files.rules.policy().digest
            ));
            Ok(Exit::Done)
        }
    }
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

//! `policy diff` and `policy history`: policies beside each other, and one after the other.

use std::path::Path;

use decision::evidence::record::Lookup;
use policy::diff::{Change, Difference, Reach, Side, diff};
use ports::{Directory as _, Store as _};

use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::policies::{self, PolicyFiles};
use crate::settings::Home;
use crate::wiring;

/// Most pairs that are shown on a screen.
const SHOWN_MAX: usize = 20;

pub(super) fn run(home: &Home, format: Format, old: &str, new: &str) -> Result<Exit, Error> {
    let (old, new) = (named(home, old)?, named(home, new)?);
    let found = between(&old, &new);
    if format != Format::Text {
        output::json(&found, format);
        return Ok(Exit::Done);
    }
    tell(home, &found);
    Ok(Exit::Done)
}

pub(in crate::verbs) fn between(old: &PolicyFiles, new: &PolicyFiles) -> Difference {
    diff(side(old), side(new))
}

fn side(files: &PolicyFiles) -> Side<'_> {
    Side {
        rules: &files.rules,
        conditions: files.conditions.as_deref(),
    }
}

/// A file, `active`, or a digest that was in force.
fn named(home: &Home, name: &str) -> Result<PolicyFiles, Error> {
    if name != "active" && !name.starts_with("sha256:") {
        return policies::of_file(home, Path::new(name));
    }
    let store = wiring::open_own_store(home)?;
    let digest = match name {
        "active" => store.active_policy()?.ok_or_else(|| {
            Error::new(Exit::NotFound, "no policy is in force yet")
                .hint("the first start puts access.yml in force")
        })?,
        digest => complete(home, digest)?,
    };
    let kept = store.policy(&digest)?.ok_or_else(|| unknown(&digest))?;
    policies::kept(&kept)
}

fn unknown(digest: &str) -> Error {
    Error::new(
        Exit::NotFound,
        format!("the store keeps no policy {digest}"),
    )
    .hint("`policy history` lists those that were in force")
}

/// The whole digest of which the beginning is given.
fn complete(home: &Home, beginning: &str) -> Result<String, Error> {
    let mut all: Vec<String> = (super::history(home)?.into_iter())
        .map(|entry| entry.digest)
        .filter(|digest| digest.starts_with(beginning))
        .collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(unknown(beginning)),
        _ => Err(Error::new(
            Exit::BadInput,
            format!("several policies begin with {beginning}"),
        )
        .hint("give more of the digest")),
    }
}

pub(super) fn show_at(home: &Home, digest: &str, format: Format) -> Result<Exit, Error> {
    let digest = complete(home, digest)?;
    let store = wiring::open_own_store(home)?;
    let kept = store.policy(&digest)?.ok_or_else(|| unknown(&digest))?;
    // That it is what its digest says is checked before anybody reads it.
    policies::kept(&kept)?;
    let text = String::from_utf8_lossy(&kept.source);
    if format == Format::Text {
        for line in text.lines() {
            output::say(line);
        }
    } else {
        let value = serde_json::json!({
            "digest": kept.digest, "file": kept.file, "guardrails": kept.guardrails, "source": text,
        });
        output::json(&value, format);
    }
    Ok(Exit::Done)
}

fn tell(home: &Home, found: &Difference) {
    if found.is_empty() {
        output::say("nothing differs that anybody could notice");
        return;
    }
    pairs(home, "could newly get", &found.gained, found.gained_count);
    pairs(
        home,
        "would get less far with",
        &found.lost,
        found.lost_count,
    );
    for (head, lines) in [
        ("loosened", &found.loosened),
        ("tightened", &found.tightened),
    ] {
        if lines.is_empty() {
            continue;
        }
        output::say(&format!("{head}:"));
        for line in lines.iter().take(SHOWN_MAX) {
            output::say(&output::screen(&format!("  {line}")));
        }
        more(lines.len() as u64);
    }
}

fn pairs(home: &Home, what: &str, changes: &[Change], count: u64) {
    if changes.is_empty() {
        return;
    }
    output::say(&format!(
        "{count} pairs of role and entitlement: who {what} what"
    ));
    let rows: Vec<Vec<String>> = (changes.iter())
        .take(SHOWN_MAX)
        .map(|change| {
            vec![
                change.role.clone(),
                change.entitlement.clone(),
                change.before.words().to_owned(),
                change.after.words().to_owned(),
            ]
        })
        .collect();
    output::rows(
        &["role", "entitlement", "before", "after"],
        &rows,
        Format::Text,
    );
    more(count);
    let automatic = changes
        .iter()
        .find(|change| change.after == Reach::Automatic);
    if let Some((change, login)) =
        automatic.and_then(|change| Some((change, somebody(home, &change.role)?)))
    {
        output::say("for example, with the approvals that it needs:");
        let ticket = serde_json::json!({
            "request_id": "EXAMPLE-1", "requester": login, "access": change.entitlement,
            "justification": "what the new policy would give",
        });
        output::say(&format!("  {ticket}"));
    }
}

fn more(count: u64) {
    let rest = count.saturating_sub(SHOWN_MAX as u64);
    if rest > 0 {
        output::say(&format!(
            "  and {rest} more; --format json has up to {}",
            policy::diff::KEPT_MAX
        ));
    }
}

/// The login of somebody in the directory with that role and no other.
fn somebody(home: &Home, role: &str) -> Option<String> {
    let directory = wiring::directory(home).ok()?;
    let people = directory.truth().people();
    let person = people
        .filter(|person| person.roles.len() == 1 && person.roles.iter().any(|own| own == role))
        .find(|person| matches!(directory.find(&person.login), Ok(Some(Lookup::One(_)))))?;
    Some(person.login.clone())
}

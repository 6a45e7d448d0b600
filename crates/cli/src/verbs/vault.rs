//! `vault`, `stop`, `resume`: what an operator does at the vault's door.

use ports::Store as _;

use crate::administration;
use crate::args::{Vault, VaultAllow};
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::reviewer;
use crate::settings::Home;
use crate::vault::environment::Environment;
use crate::vault::environment::all_keys;
use crate::vault::{settings, start, suggest};
use crate::wiring;

pub(crate) fn run(home: &Home, format: Format, vault: Vault) -> Result<Exit, Error> {
    match vault {
        Vault::Init => init(home),
        Vault::Allow(VaultAllow::Suggest { at_least }) => suggested(home, format, at_least),
        Vault::Actions { open } => actions(home, format, open),
        Vault::Settle { key, done } => settle(home, &key, done),
        Vault::Settings => keys(home, format),
        Vault::Classes => classes(home, format),
        Vault::Clear { asset, reason } => clear(home, &asset, &reason),
    }
}

fn init(home: &Home) -> Result<Exit, Error> {
    let written = start::write(home)?;
    let place = home.path().display();
    if written.is_empty() {
        output::note(&format!("`{place}` has everything already"));
    } else {
        output::say(&format!("wrote {} into {place}", written.join(", ")));
    }
    output::note("next: set VAULT_BASE_URL and VAULT_TOKEN_FILE in .env, then run `doctor`");
    Ok(Exit::Done)
}

/// `stop`: the kill switch, for both doors. Nobody needs a right to stop.
pub(crate) fn stop(home: &Home, reason: &str) -> Result<Exit, Error> {
    // The file holds even when the store is in use by a run or cannot be opened.
    std::fs::create_dir_all(home.path())?;
    std::fs::write(home.stop_file(), format!("{reason}\n"))?;
    match wiring::open_to_read(home) {
        // Opening recorded it, with what the file says.
        Ok(parts) => super::finish(&parts)?,
        Err(error) => output::note(&format!(
            "the stop file is written, and holds; it could not be recorded in the log: {}",
            error.message
        )),
    }
    output::say(
        "stopped: nothing is granted, approved or rejected; expiries, revocations and closures go on",
    );
    Ok(Exit::Done)
}

/// `resume`: only security lifts the kill switch.
pub(crate) fn resume(home: &Home, reason: &str) -> Result<Exit, Error> {
    let parts = wiring::open_to_read(home)?;
    let by = reviewer::of_security(&parts.directory)?;
    administration::switch(&parts, "agent.resumed", reason, Some(&by.person.id))?;
    match std::fs::remove_file(home.stop_file()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    super::finish(&parts)?;
    output::say("resumed");
    Ok(Exit::Done)
}

/// Prints a draft of the allow-list from the newest run.
fn suggested(home: &Home, format: Format, at_least: u32) -> Result<Exit, Error> {
    let (settings, _) = settings::read(home)?;
    let newest = newest_record(&settings.cycle.folder)?;
    let (header, found) = suggest::draft(&newest, at_least)?;
    if format != Format::Text {
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|(own, approved)| {
                vec![
                    own.requester.clone(),
                    own.container.clone(),
                    own.action.clone(),
                    approved.to_string(),
                ]
            })
            .collect();
        output::rows(
            &["requester", "container", "action", "approved"],
            &rows,
            format,
        );
        return Ok(Exit::Done);
    }
    output::say(&format!(
        "# From run {}: approved at least {at_least} times by people, never rejected, no class of danger.\n# Read every line before you put it into vault.yml.\nallow:",
        header.name
    ));
    if found.is_empty() {
        output::say("  []");
    }
    for (own, approved) in &found {
        // JSON strings are YAML strings, whatever is in them.
        let quoted = |text: &String| serde_json::to_string(text).unwrap_or_default();
        output::say(&output::screen(&format!(
            "  - {{ requester: {}, container: {}, action: {} }} # {approved} times",
            quoted(&own.requester),
            quoted(&own.container),
            quoted(&own.action)
        )));
    }
    Ok(Exit::Done)
}

fn newest_record(folder: &std::path::Path) -> Result<std::path::PathBuf, Error> {
    let none = || {
        Error::new(Exit::NotFound, "there is no record of a run yet")
            .hint("`run --plan` reads the vault and does nothing else")
    };
    let entries = std::fs::read_dir(folder).map_err(|_| none())?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let records = files.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("vault-run-") && name.ends_with(".jsonl"))
    });
    records.max().ok_or_else(none)
}

fn actions(home: &Home, format: Format, open: bool) -> Result<Exit, Error> {
    let parts = wiring::open_to_read(home)?;
    let state = parts.store.vault()?;
    let mut found: Vec<_> = state
        .actions
        .iter()
        .filter(|(_, record)| !open || record.state.is_open())
        .collect();
    found.sort_by_key(|(_, record)| std::cmp::Reverse(record.at));
    let rows: Vec<Vec<String>> = found
        .into_iter()
        .map(|(key, record)| {
            vec![
                key.clone(),
                record.action.to_string(),
                record.at.to_string(),
                record.run.clone(),
                record.state.name().to_owned(),
            ]
        })
        .collect();
    output::rows(&["key", "action", "at", "run", "state"], &rows, format);
    Ok(Exit::Done)
}

/// A person looked in the vault and says what became of an action.
fn settle(home: &Home, key: &str, done: bool) -> Result<Exit, Error> {
    let parts = wiring::open_to_read(home)?;
    let by = reviewer::of_security(&parts.directory)?;
    let settled = parts.agent().settle_action(key, done, &by.person.id);
    let settled = settled
        .map_err(|error| Error::from(error).hint("`vault actions --open` lists the open ones"))?;
    super::finish(&parts)?;
    output::say(&format!("{key}: {}", settled.name()));
    Ok(Exit::Done)
}

/// Keys whose value is a secret itself, not the place of one.
fn is_secret(name: &str) -> bool {
    name == "VAULT_TOKEN" || name.ends_with("_API_KEY")
}

/// Every key with its value, and where it is not set its default.
fn keys(home: &Home, format: Format) -> Result<Exit, Error> {
    let environment = Environment::of(home)?;
    let rows: Vec<Vec<String>> = all_keys()
        .map(|key| {
            let value = match environment.get(key.name) {
                Some(_) if is_secret(key.name) => "…".to_owned(),
                Some(value) => value.to_owned(),
                None if key.default.is_empty() => "(not set)".to_owned(),
                None => format!("({})", key.default),
            };
            vec![key.name.to_owned(), value, key.meaning.to_owned()]
        })
        .collect();
    output::rows(&["key", "value", "meaning"], &rows, format);
    Ok(Exit::Done)
}

fn classes(home: &Home, format: Format) -> Result<Exit, Error> {
    let parts = wiring::open_to_read(home)?;
    let state = parts.store.vault()?;
    let rows: Vec<Vec<String>> = state
        .dangers
        .iter()
        .map(|(asset, danger)| vec![asset.clone(), danger.names().join(", ")])
        .collect();
    output::rows(&["asset", "classes"], &rows, format);
    Ok(Exit::Done)
}

/// The strictest class that was ever seen sticks until security says otherwise.
fn clear(home: &Home, asset: &str, reason: &str) -> Result<Exit, Error> {
    let parts = wiring::open_to_read(home)?;
    let by = reviewer::of_security(&parts.directory)?;
    if !parts.store.vault()?.dangers.contains_key(asset) {
        return Err(
            Error::new(Exit::NotFound, format!("the asset `{asset}` has no class"))
                .hint("`vault classes` lists those that have"),
        );
    }
    administration::clear_asset(&parts, asset, reason, &by.person.id)?;
    super::finish(&parts)?;
    output::say(&format!(
        "{asset}: cleared; what is seen from now on counts"
    ));
    Ok(Exit::Done)
}

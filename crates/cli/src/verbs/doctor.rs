//! `doctor`: what an operator is told about the vault's door: what was found, what is assumed, and what to do.

use std::io::IsTerminal as _;

use agent::advise::question::FIELDS;
use agent::cycle::paths_digest;
use connectors::pam_vault::{Line, State};
use decision::vault::Action;
use ports::store::{ActionState, VaultState};
use ports::{Clock as _, Store as _, SystemClock, Vault};

use crate::administration;
use crate::args::Doctor;
use crate::error::{Error, Exit};
use crate::models::Lost;
use crate::output::{self, Format};
use crate::settings::Home;
use crate::vault::kept::Asks;
use crate::vault::parts::VaultParts;
use crate::vault::settings::{self, VaultSettings};
use crate::vault::start;
use crate::wiring;

pub(crate) fn run(home: &Home, format: Format, arguments: &Doctor) -> Result<Exit, Error> {
    start::check(home)?;
    let (settings, _) = settings::read(home)?;
    let vault = VaultParts::open(home, settings)?;
    if arguments.confirm_paths {
        return confirm(home, &vault);
    }
    let mut lines = own(&vault.settings);
    lines.extend(vault.client.health(SystemClock.now()).lines);
    let store = home.store().exists().then(|| wiring::open_own_store(home));
    let state = store.transpose()?.map(|store| store.vault()).transpose()?;
    let state = state.unwrap_or_default();
    lines.push(paths(&vault, &state));
    lines.extend(rights(&vault.settings, &state));
    lines.extend(vault.mail_health());
    lines.extend(model(&vault)?);
    let worst = lines.iter().map(|line| line.state).max();
    if format == Format::Text {
        lines.iter().for_each(show);
    } else {
        let rows: Vec<Vec<String>> = lines
            .iter()
            .map(|line| {
                vec![
                    word(line.state).to_owned(),
                    line.topic.to_owned(),
                    line.text.clone(),
                    line.hint.clone().unwrap_or_default(),
                ]
            })
            .collect();
        output::rows(&["state", "topic", "text", "hint"], &rows, format);
    }
    Ok(if worst == Some(State::Bad) {
        Exit::Failed
    } else {
        Exit::Done
    })
}

fn show(line: &Line) {
    output::checked(
        match line.state {
            State::Fine => output::Checked::Good,
            State::Warn | State::Unknown => output::Checked::Care,
            State::Bad => output::Checked::Bad,
        },
        line.topic,
        &line.text,
        line.hint.as_deref(),
    );
}

fn word(state: State) -> &'static str {
    match state {
        State::Fine => "fine",
        State::Unknown => "unknown",
        State::Warn => "warning",
        State::Bad => "bad",
    }
}

fn line(topic: &'static str, state: State, text: impl Into<String>, hint: &str) -> Line {
    Line {
        topic,
        state,
        text: text.into(),
        hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
    }
}

/// What the settings alone tell.
fn own(settings: &VaultSettings) -> Vec<Line> {
    let rules = &settings.cycle.rules;
    let mut lines = Vec::new();
    lines.push(match &settings.cycle.hours {
        Some(hours) => line(
            "business hours",
            State::Fine,
            format!(
                "off-hours from {:02}:{:02} to {:02}:{:02}, {}",
                hours.end_of_business / 60,
                hours.end_of_business % 60,
                hours.begin_of_business / 60,
                hours.begin_of_business % 60,
                hours.zone.iana_name().unwrap_or("a fixed offset")
            ),
            "",
        ),
        None => line(
            "business hours",
            State::Warn,
            "not set, so nothing is done automatically",
            "set OFF_HOURS_START and OFF_HOURS_END to your hours",
        ),
    });
    let switched: Vec<&str> = [
        (rules.approve, "approve low risk"),
        (rules.reject, "reject critical risk"),
        (rules.close, "close stale"),
    ]
    .into_iter()
    .filter(|(on, _)| *on)
    .map(|(_, what)| what)
    .collect();
    lines.push(if switched.is_empty() {
        line(
            "actions",
            State::Fine,
            "every action is off: runs only analyse and report",
            "",
        )
    } else {
        line("actions", State::Fine, switched.join(", "), "")
    });
    if rules.approve && rules.allow.is_empty() {
        lines.push(line(
            "allow-list",
            State::Warn,
            "empty, so nothing is approved",
            "`vault allow suggest` drafts it; put what you agree with into vault.yml",
        ));
    } else {
        let count = rules.allow.len();
        lines.push(line(
            "allow-list",
            State::Fine,
            format!("{count} lines"),
            "",
        ));
    }
    if rules.approve && !settings.cycle.deep {
        lines.push(line(
            "deep analysis",
            State::Warn,
            "off, so no asset is known and nothing is approved",
            "set DEEP_ANALYSIS=true",
        ));
    }
    let watched = std::io::stdin().is_terminal();
    if !settings.autonomous && !watched && !switched.is_empty() {
        lines.push(line(
            "autonomous mode",
            State::Warn,
            "off, and there is no terminal: runs only plan",
            "set AUTONOMOUS_MODE=true when unattended runs may act",
        ));
    }
    lines
}

/// Who analyses: the built-in analyst, or models that are asked once each, and what they are shown.
fn model(vault: &VaultParts) -> Result<Vec<Line>, Error> {
    let topic = "analyst";
    let Some(settings) = &vault.settings.model else {
        let text = "built-in: no model is configured, and none is needed";
        return Ok(vec![line(topic, State::Fine, text, "")]);
    };
    // The doctor asks nobody for a key, and reads one that the vault gives without that.
    let with_key = match vault.model(Asks::No) {
        Some(Ok(model)) => model,
        Some(Err(lost)) => return Ok(vec![unasked(topic, &settings.name(), &lost), sent_line()]),
        None => return Ok(Vec::new()),
    };
    let mut lines = Vec::new();
    for (model, topic) in with_key
        .names()
        .into_iter()
        .zip([topic, "judge of tickets"])
    {
        let name = with_key.cited(model);
        lines.push(match with_key.probe(model)? {
            Ok(()) => {
                let text = format!("{name} answers; {}", with_key.price_text(model));
                line(topic, State::Fine, text, "")
            }
            Err(lost) => unasked(topic, &name, &lost),
        });
    }
    lines.push(sent_line());
    Ok(lines)
}

/// A model that was not asked, or did not answer.
fn unasked(topic: &'static str, name: &str, lost: &Lost) -> Line {
    if lost.is_open {
        let text = format!("{name} was not asked: {}", lost.why);
        let hint = "a run reads the key and says when the model cannot be asked";
        return line(topic, State::Unknown, text, hint);
    }
    line(
        topic,
        State::Bad,
        format!("{name} cannot be asked: {}", lost.why),
        "until it can, runs show the built-in analysis and do nothing automatically, and tickets go to a person",
    )
}

/// The allow-list of what a model is shown.
fn sent_line() -> Line {
    let fields: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    let sent = format!("of each request, and nothing else: {}", fields.join(", "));
    line("sent to the model", State::Fine, sent, "")
}

/// Whether the paths of the decisions may be used.
fn paths(vault: &VaultParts, state: &VaultState) -> Line {
    let topic = "decision paths in use";
    if vault.client.knows_decision_paths() {
        return line(
            topic,
            State::Fine,
            "set, or found in the platform's description",
            "",
        );
    }
    let digest = paths_digest(&vault.client);
    if state.confirmed_paths == Some(digest) {
        line(topic, State::Fine, "guesses that you confirmed", "")
    } else {
        line(
            topic,
            State::Warn,
            "guesses that nobody confirmed, so nothing is done",
            "compare them with the vault's API description, then set VAULT_APPROVE_PATH, VAULT_REJECT_PATH and VAULT_CLOSE_PATH, or run `doctor --confirm-paths`",
        )
    }
}

/// Which decisions the vault was seen to take from us, by the log. They cannot be tried without deciding something.
fn rights(settings: &VaultSettings, state: &VaultState) -> Vec<Line> {
    let rules = &settings.cycle.rules;
    let of = |(topic, action, on, needs)| {
        let own = state.actions.values();
        let own = own.filter(|record| record.action == action);
        let last = |wanted| {
            let of_state = own.clone().filter(move |record| record.state == wanted);
            of_state.max_by_key(|record| record.at)
        };
        let off = if on { "" } else { "; it is switched off" };
        let needs = if on {
            needs
        } else {
            "leave the right away until you switch it on"
        };
        match (last(ActionState::Done), last(ActionState::Refused)) {
            (Some(done), refused) if refused.is_none_or(|refused| refused.at < done.at) => line(
                topic,
                if on { State::Fine } else { State::Warn },
                format!(
                    "the vault last took one from us at {} ({}){off}",
                    done.at, done.request
                ),
                if on { "" } else { needs },
            ),
            (_, Some(refused)) => line(
                topic,
                if on { State::Warn } else { State::Unknown },
                format!(
                    "the vault refused the last one, at {} ({}){off}",
                    refused.at, refused.request
                ),
                needs,
            ),
            (_, None) => line(
                topic,
                State::Unknown,
                format!(
                    "not seen: the log has none that the vault took, and trying it would decide something{off}"
                ),
                needs,
            ),
        }
    };
    let approver =
        "the user has to be an approver of that form, at the level at which the request waits";
    [
        ("right to approve", Action::Approve, rules.approve, approver),
        ("right to reject", Action::Reject, rules.reject, approver),
        (
            "right to close",
            Action::Close,
            rules.close,
            "ending requests of others is an administrator's right",
        ),
    ]
    .into_iter()
    .map(of)
    .collect()
}

/// Records that the paths in use are right: said by a person who looked.
fn confirm(home: &Home, vault: &VaultParts) -> Result<Exit, Error> {
    let text = Vault::decision_paths(&vault.client);
    let parts = wiring::open_to_read(home)?;
    administration::confirm_paths(&parts, &paths_digest(&vault.client), &text)?;
    super::finish(&parts)?;
    output::say(&format!("confirmed: {text}"));
    output::note("a 404 or 405 at the first decision still stops a run");
    Ok(Exit::Done)
}

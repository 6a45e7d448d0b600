//! `request`: what was decided.

use agent::report::{Card, Decision};
use ports::Store as _;

use super::{finish, mode};
use crate::args::Request;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::settings::Home;
use crate::wiring::{self, Parts};

pub(crate) fn run(home: &Home, format: Format, request: Request) -> Result<Exit, Error> {
    match request {
        Request::List { limit } => {
            let parts = wiring::open(home, mode(None)?)?;
            list(&parts, format, limit, |_| true)
        }
        Request::Show { id, explain } => {
            let parts = wiring::open(home, mode(None)?)?;
            show(&parts, format, &id, explain)
        }
        Request::Rule { id, mode: flag } => {
            let parts = wiring::open(home, mode(flag)?)?;
            parts.agent().rule_again(&id)?;
            finish(&parts)?;
            show(&parts, format, &id, false)
        }
    }
}

/// The latest decisions that are `wanted`.
pub(crate) fn list(
    parts: &Parts,
    format: Format,
    limit: u32,
    wanted: impl Fn(&Decision) -> bool,
) -> Result<Exit, Error> {
    let mut rows = Vec::new();
    for stored in parts.store.rulings(limit)? {
        let decision = parts.agent().decision(&stored.row.request)?;
        if wanted(&decision) {
            let first = decision.findings.iter().find(|line| line.lifts != "lifted");
            rows.push(vec![
                decision.request_id.clone(),
                decision.requested_access.clone(),
                decision.decision.clone(),
                if decision.grant.applied { "yes" } else { "no" }.to_owned(),
                decision.risk.clone(),
                first.map_or(String::new(), |line| line.finding.clone()),
                decision.decided_at.clone(),
            ]);
        }
    }
    output::rows(
        &[
            "request",
            "access",
            "decision",
            "applied",
            "risk",
            "stopped by",
            "decided at",
        ],
        &rows,
        format,
    );
    Ok(Exit::Done)
}

/// One request.
pub(crate) fn show(parts: &Parts, format: Format, id: &str, explain: bool) -> Result<Exit, Error> {
    let decision = parts.agent().decision(id)?;
    match format {
        Format::Text if explain => {
            let shown = parts.agent().shown(id)?;
            let card = Card::new(&shown.frozen, &parts.files.rules, &shown.ruling);
            output::card(&card, decision.receipt.as_deref());
        }
        Format::Text => {
            output::say(&output::decision_line(&decision));
            output::say(&output::screen(&decision.requester_note));
            if let Some(effect) = &decision.grant.effect {
                output::say(&output::screen(&format!(
                    "grant {effect}, until {}",
                    decision.grant.time_bound
                )));
            }
        }
        Format::Json | Format::Ndjson => output::json(&decision, format),
    }
    Ok(Exit::Done)
}

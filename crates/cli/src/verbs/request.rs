//! `request`: what was decided.

use agent::report::{Card, Decision};
use ports::Store as _;
use ports::store::Listing;

use super::{finish, mode};
use crate::args::Request;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::settings::Home;
use crate::vault::kept::Asks;
use crate::wiring::{self, Parts};

pub(crate) fn run(home: &Home, format: Format, request: Request) -> Result<Exit, Error> {
    match request {
        Request::List { limit } => {
            let parts = wiring::open_to_read(home)?;
            list(&parts, format, Listing::All, limit)
        }
        Request::Show { id, explain } => {
            let parts = wiring::open_to_read(home)?;
            show(&parts, format, &id, explain)
        }
        Request::Rule { id, mode: flag } => {
            let parts = wiring::open_with_adviser(home, mode(flag)?, Asks::WithoutWaiting)?;
            parts.agent().rule_again(&id)?;
            finish(&parts)?;
            show(&parts, format, &id, false)
        }
    }
}

/// The latest decisions that are listed, newest first. One that cannot be read hides no other.
pub(crate) fn list(
    parts: &Parts,
    format: Format,
    listing: Listing,
    limit: u32,
) -> Result<Exit, Error> {
    let page = parts.store.rulings(listing, limit)?;
    let mut rows = Vec::new();
    for stored in &page.rulings {
        match parts.agent().decision(&stored.row.request) {
            Ok(decision) => rows.push(row(&decision)),
            Err(error) => output::trouble(&error.to_string()),
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
    output::more(page.more);
    Ok(Exit::Done)
}

fn row(decision: &Decision) -> Vec<String> {
    // A grant that had no effect is what stops it; then the first finding that stands.
    let effect = decision.grant.effect.clone();
    let stands = || {
        let first = decision.findings.iter().find(|line| line.lifts != "lifted");
        first.map_or(String::new(), |line| line.finding.clone())
    };
    vec![
        decision.request_id.clone(),
        decision.requested_access.clone(),
        decision.decision.clone(),
        if decision.grant.applied { "yes" } else { "no" }.to_owned(),
        decision.risk.clone(),
        effect
            .filter(|_| !decision.grant.applied)
            .unwrap_or_else(stands),
        decision.decided_at.clone(),
    ]
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

//! `grants`: what was given, and its end.

use ports::Store as _;
use ports::store::{GrantRow, GrantState};

use crate::args::Grants;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::reviewer;
use crate::settings::Home;
use crate::wiring;

const HEADINGS: [&str; 7] = [
    "grant",
    "person",
    "entitlement",
    "until",
    "authority",
    "state",
    "detail",
];

pub(crate) fn run(home: &Home, format: Format, grants: Grants) -> Result<Exit, Error> {
    let parts = wiring::open_to_read(home)?;
    let agent = parts.agent();
    let mut more = 0;
    let found: Vec<GrantRow> = match grants {
        Grants::List { all, limit } => {
            let live = [
                GrantState::Committed,
                GrantState::Applied,
                GrantState::Unknown,
                GrantState::Revoking,
            ];
            let mut found = parts
                .store
                .grants(if all { &[] } else { &live }, u32::MAX)?;
            found.reverse();
            let shown = usize::try_from(limit).unwrap_or(usize::MAX);
            more = found.len().saturating_sub(shown);
            found.truncate(shown);
            found
        }
        Grants::Revoke { id, reason } => {
            let by = reviewer::from_account(&parts.directory)?;
            vec![agent.revoke(&id, &by, &reason)?.grant]
        }
        Grants::Expire => agent.expire()?.into_iter().map(|done| done.grant).collect(),
    };
    if let Err(error) = parts.store.publish() {
        output::note(&format!("the log could not be published: {error}"));
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    output::rows(&HEADINGS, &rows, format);
    output::more(u64::try_from(more).unwrap_or(u64::MAX));
    let stuck = found
        .iter()
        .any(|grant| grant.state == GrantState::Revoking);
    Ok(if stuck { Exit::Failed } else { Exit::Done })
}

fn row(grant: &GrantRow) -> Vec<String> {
    vec![
        grant.id.clone(),
        grant.login.clone(),
        grant.entitlement.clone(),
        grant
            .ends
            .map_or("standing".to_owned(), |ends| ends.to_string()),
        grant.authority.clone(),
        grant.state.name().to_owned(),
        grant.detail.clone(),
    ]
}

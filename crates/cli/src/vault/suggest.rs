//! A draft of the allow-list from the record of a run. It is shown, never used by itself.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use agent::cycle::record::{Entry, Header};
use decision::vault::Status;
use decision::vault::request::same_user;
use decision::vault::run::Allowance;

use crate::error::{Error, Exit};

/// A line of the draft, and how often people approved what it covers.
pub(crate) type Drafted = (Allowance, u32);

/// What people approved at least so often and never rejected, and what no class of danger touches; most often first.
pub(crate) fn draft(record: &Path, at_least: u32) -> Result<(Header, Vec<Drafted>), Error> {
    let damaged = || {
        Error::new(
            Exit::BadInput,
            format!("`{}` is no record of a run", record.display()),
        )
        .hint("`run --plan` makes a new one")
    };
    let mut lines = BufReader::new(std::fs::File::open(record)?).lines();
    let header = lines.next().transpose()?;
    let header: Option<Header> = header.and_then(|line| serde_json::from_str(&line).ok());
    let header = header.ok_or_else(damaged)?;
    if !header.run.listing.complete {
        return Err(Error::new(
            Exit::Incomplete,
            format!("the list of run {} was incomplete", header.name),
        )
        .hint("an allow-list is drafted from a whole window only"));
    }
    let own = header.run.own_user.clone();
    let mut counts: BTreeMap<Allowance, (u32, u32)> = BTreeMap::new();
    for line in lines {
        let entry: Entry = serde_json::from_str(&line?).map_err(|_| damaged())?;
        let Some(allowance) = covering(&entry) else {
            continue;
        };
        let (approved, rejected) = counts.entry(allowance).or_default();
        match entry.evidence.request.status {
            Status::Approved | Status::Completed if by_a_person(&entry, own.as_deref()) => {
                *approved = approved.saturating_add(1);
            }
            Status::Approved | Status::Completed => {}
            Status::Rejected => *rejected = rejected.saturating_add(1),
            Status::Active | Status::Unknown => {}
        }
    }
    let mut found: Vec<Drafted> = counts
        .into_iter()
        .filter(|(_, (approved, rejected))| *approved >= at_least && *rejected == 0)
        .map(|(allowance, (approved, _))| (allowance, approved))
        .collect();
    found.sort_by_key(|(_, approved)| std::cmp::Reverse(*approved));
    Ok((header, found))
}

/// Whether the vault names somebody other than the agent who approved it. What an automatic form let through, and what we
/// approved ourselves, speaks for nobody.
fn by_a_person(entry: &Entry, own: Option<&str>) -> bool {
    let approvals = entry.evidence.request.approvals.as_deref();
    let mut approvals = approvals.unwrap_or_default().iter();
    approvals.any(|given| own.is_none_or(|own| !same_user(own, &given.by)))
}

/// The line that would cover an entry: by the one group of its requester, else by the requester alone.
fn covering(entry: &Entry) -> Option<Allowance> {
    let never = |finding: &String| {
        finding.starts_with("never-auto") || finding == "privileged" || finding == "own-request"
    };
    if entry.findings.iter().any(never) {
        return None;
    }
    let evidence = &entry.evidence;
    // A name that would read as a wildcard or as two containers is nothing to draft from.
    let path = &evidence.asset.value()?.path;
    let unclear = |name: &String| name.is_empty() || name.contains(['/', '*', '?']);
    if path.is_empty() || path.iter().any(unclear) {
        return None;
    }
    let groups = evidence.requester.value().map(|person| &person.groups);
    Some(Allowance {
        requester: match groups.map(Vec::as_slice) {
            Some([group]) => group.clone(),
            Some(_) | None => format!("user:{}", evidence.request.requester),
        },
        container: evidence.asset.value()?.container(),
        action: evidence.request.action.clone()?,
    })
}

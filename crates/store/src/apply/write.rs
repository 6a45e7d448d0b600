//! The rows of a transition, written.

use std::collections::{BTreeMap, BTreeSet};

use decision::time::Timestamp;
use ports::store::{CommitError, GrantState, ReviewRow};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Work;
use crate::log::storage;

pub(super) fn write_request(connection: &Connection, work: &Work) -> Result<(), CommitError> {
    let Some(row) = &work.request else {
        return Ok(());
    };
    let mut insert = connection
        .prepare_cached("INSERT INTO request VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .map_err(storage)?;
    let written = insert.execute(params![
        row.id,
        row.revision,
        row.content_digest,
        row.requester,
        row.body,
        work.at.seconds()
    ]);
    unique(written, || format!("{} revision {}", row.id, row.revision))
}

pub(super) fn write_ruling(
    connection: &Connection,
    work: &Work,
    leaf: u64,
) -> Result<(), CommitError> {
    let Some(row) = &work.ruling else {
        return Ok(());
    };
    connection
        .prepare_cached("INSERT OR IGNORE INTO evidence VALUES (?1, ?2)")
        .and_then(|mut insert| insert.execute(params![row.evidence_digest, row.evidence]))
        .map_err(storage)?;
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO ruling (id, request, revision, evidence, policy, engine, record, decision, decided_at, leaf)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .map_err(storage)?;
    let written = insert.execute(params![
        row.id,
        row.request,
        row.revision,
        row.evidence_digest,
        row.policy,
        row.engine,
        row.record,
        row.decision,
        row.decided_at.seconds(),
        leaf
    ]);
    unique(written, || row.id.clone())
}

pub(super) fn write_grant(
    connection: &Connection,
    work: &Work,
    leaf: u64,
) -> Result<(), CommitError> {
    let Some((row, key)) = &work.grant else {
        return Ok(());
    };
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO access_grant VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )
        .map_err(storage)?;
    let written = insert.execute(params![
        row.id,
        row.request,
        row.revision,
        row.person,
        row.login,
        row.entitlement,
        row.starts.seconds(),
        row.ends.map(Timestamp::seconds),
        row.authority,
        row.content_digest,
        key,
        row.state.name(),
        row.detail,
        leaf
    ]);
    unique(written, || key.clone())?;
    // Every identity of the human being: who asked through another one at the same time rules again.
    let read = work.expected_versions.iter().map(|(person, _)| person);
    let people: BTreeSet<&String> = read.chain([&row.person]).collect();
    people
        .into_iter()
        .try_for_each(|person| step_version(connection, person))
}

/// Gives the grants that have no row to change.
pub(super) fn write_changes<'a>(
    connection: &Connection,
    work: &'a Work,
) -> Result<Vec<&'a str>, CommitError> {
    let mut without = Vec::new();
    let mut changes: Vec<(&str, GrantState, &str)> = Vec::new();
    if let Some(revocation) = &work.revocation {
        changes.push((&revocation.grant, GrantState::Revoking, &revocation.reason));
    }
    if let Some(settlement) = &work.settlement {
        changes.push((&settlement.grant, settlement.state, &settlement.detail));
    }
    for (grant, state, detail) in changes {
        let person: Option<String> = connection
            .query_row(
                "UPDATE access_grant SET state = ?2, detail = ?3 WHERE id = ?1 RETURNING person",
                params![grant, state.name(), detail],
                |row| row.get(0),
            )
            .optional()
            .map_err(storage)?;
        match person {
            Some(person) => step_version(connection, &person)?,
            None => without.push(grant),
        }
    }
    Ok(without)
}

pub(super) fn write_review(
    connection: &Connection,
    work: &Work,
    leaf: u64,
) -> Result<(), CommitError> {
    let Some(review) = &work.review else {
        return Ok(());
    };
    let json = |value: serde_json::Result<String>| {
        value.map_err(|error| CommitError::Storage(error.to_string()))
    };
    let remark = |remark: &ports::store::Remark| {
        let fields: BTreeMap<&str, String> = [
            ("by", remark.by.clone()),
            ("at", remark.at.to_string()),
            ("text", remark.text.clone()),
        ]
        .into();
        json(serde_json::to_string(&fields))
    };
    let (id, request, kind, body) = match review {
        ReviewRow::Approval(approval) => (
            &approval.id,
            &approval.content.request,
            "approval",
            json(serde_json::to_string(approval))?,
        ),
        ReviewRow::Lift(lift) => (
            &lift.id,
            &lift.content.request,
            "lift",
            json(serde_json::to_string(lift))?,
        ),
        ReviewRow::Denial(own) => (&own.id, &own.request, "denial", remark(own)?),
        ReviewRow::Question(own) => (&own.id, &own.request, "question", remark(own)?),
        ReviewRow::Narrowing(own) => (&own.id, &own.request, "narrowing", remark(own)?),
    };
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO review (id, request, kind, body, leaf) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .map_err(storage)?;
    unique(
        insert.execute(params![id, request, kind, body, leaf]),
        || id.clone(),
    )
}

/// Keeps what the digest of a policy stands for. Its leaf alone puts it in force.
pub(super) fn write_policy(connection: &Connection, work: &Work) -> Result<(), CommitError> {
    let Some(policy) = &work.policy_source else {
        return Ok(());
    };
    connection
        .execute(
            "INSERT OR IGNORE INTO policy VALUES (?1, ?2, ?3, ?4)",
            params![policy.digest, policy.file, policy.source, policy.guardrails],
        )
        .map(|_| ())
        .map_err(storage)
}

pub(super) fn write_action(
    connection: &Connection,
    work: &Work,
    leaf: u64,
) -> Result<(), CommitError> {
    let Some(action) = &work.action else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO vault_action (key, request, run, evidence, comment, leaf) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                action.key,
                action.request,
                action.run,
                action.evidence,
                action.comment,
                leaf
            ])
        })
        .map(|_| ())
        .map_err(storage)
}

pub(super) fn write_letter(connection: &Connection, work: &Work) -> Result<(), CommitError> {
    let Some(posted) = &work.letter else {
        return Ok(());
    };
    let letter = &posted.letter;
    connection
        .execute(
            "INSERT INTO outbox (id, recipients, subject, html, plain, state, tries, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET state = ?6, tries = ?7, detail = ?8",
            params![
                letter.id,
                letter.to.join("\n"),
                letter.subject,
                letter.html,
                letter.text,
                posted.state.name(),
                posted.tries,
                posted.detail
            ],
        )
        .map(|_| ())
        .map_err(storage)
}

/// Whoever read facts of this person before must read them again.
fn step_version(connection: &Connection, person: &str) -> Result<(), CommitError> {
    connection
        .prepare_cached(
            "INSERT INTO person_version VALUES (?1, 1)
             ON CONFLICT (person) DO UPDATE SET version = version + 1",
        )
        .and_then(|mut step| step.execute([person]))
        .map_err(storage)?;
    Ok(())
}

/// A broken uniqueness is a refusal of this transition, not a failure of the database.
fn unique(
    written: rusqlite::Result<usize>,
    name: impl FnOnce() -> String,
) -> Result<(), CommitError> {
    match written {
        Ok(_) => Ok(()),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::ConstraintViolation =>
        {
            Err(CommitError::Duplicate(name()))
        }
        Err(error) => Err(storage(error)),
    }
}

//! What one transition changes, inside the open database transaction.

use std::collections::BTreeMap;

use audit::Appender;
use decision::gate::Authority;
use decision::time::Timestamp;
use ports::store::{
    Administration, Category, CommitError, Committal, GrantRow, GrantState, LeafDraft, RequestRow,
    ReviewRow, Revocation, RulingRow, Settlement, Transition,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::group::locked;
use crate::log::{self, storage};
use crate::open::SqliteStore;
use crate::read;

/// A transition as rows: owned, so that another thread may commit it.
pub(crate) struct Work {
    at: Timestamp,
    expected_versions: Vec<(String, u64)>,
    policy: Option<String>,
    leaves: Vec<LeafDraft>,
    request: Option<RequestRow>,
    ruling: Option<RulingRow>,
    grant: Option<(GrantRow, String)>,
    resumed: Option<String>,
    revocation: Option<Revocation>,
    settlement: Option<Settlement>,
    review: Option<ReviewRow>,
    administration: Option<Administration>,
}

impl Work {
    pub(crate) fn of(transition: &Transition) -> Self {
        Self {
            at: transition.at,
            expected_versions: transition.expected_versions.clone(),
            policy: transition.policy.clone(),
            leaves: transition.leaves.clone(),
            request: transition.request.clone(),
            ruling: transition.ruling.clone(),
            grant: transition.grant.as_ref().map(|admitted| {
                let grant = &admitted.grant;
                let row = GrantRow {
                    id: admitted.id.clone(),
                    request: grant.request().to_owned(),
                    revision: grant.revision(),
                    person: grant.person().to_owned(),
                    login: grant.login().to_owned(),
                    entitlement: grant.entitlement().to_owned(),
                    starts: grant.starts(),
                    ends: grant.ends(),
                    authority: match grant.authority() {
                        Authority::Automatic => "automatic".to_owned(),
                        Authority::Reviewed(lifts) => format!("reviewed {}", lifts.join(" ")),
                    },
                    content_digest: grant.content_digest().to_owned(),
                    state: GrantState::Committed,
                    detail: String::new(),
                    leaf: 0,
                };
                (row, grant.idempotency_key())
            }),
            resumed: transition
                .resumed
                .as_ref()
                .map(|admitted| admitted.id.clone()),
            revocation: transition.revocation.clone(),
            settlement: transition.settlement.clone(),
            review: transition.review.clone(),
            administration: transition.administration.clone(),
        }
    }
}

/// Applies `work`; an error other than `Storage` is a refusal of this one alone.
pub(crate) fn apply(
    store: &SqliteStore,
    connection: &Connection,
    appender: &mut Appender,
    work: &Work,
) -> Result<Committal, CommitError> {
    if let Some(trouble) = store.log_trouble() {
        return apply_on_broken_log(connection, work, trouble);
    }
    refuse_what_moved_on(store, connection, work)?;
    let first_leaf = appender.frontier().size();
    let mut prepared = first_leaf;
    for draft in &work.leaves {
        let mut salts = locked(&store.salts);
        let index = log::append(
            connection,
            appender,
            draft,
            work.at,
            &store.person_key,
            &mut salts,
        )?;
        if draft.category == Category::PreparedChange {
            prepared = index;
        }
    }
    let leaves = appender.frontier().size().saturating_sub(first_leaf);
    write_request(connection, work)?;
    write_ruling(connection, work, prepared)?;
    write_grant(connection, work, prepared)?;
    write_changes(connection, work)?;
    write_review(connection, work, first_leaf)?;
    write_administration(connection, work)?;
    raise(connection, "highest_time", work.at.seconds())?;
    Ok(Committal {
        first_leaf,
        leaves,
        size: 0,
    })
}

/// INVARIANT(brakes): a log that does not verify stops grants and signing; revocations go on, and what they would have
/// logged goes into a journal from which an operator rebuilds the log.
fn apply_on_broken_log(
    connection: &Connection,
    work: &Work,
    trouble: &str,
) -> Result<Committal, CommitError> {
    let settles_revocation = work.settlement.as_ref().is_some_and(|settlement| {
        matches!(settlement.state, GrantState::Revoked | GrantState::Revoking)
    });
    if work.grant.is_some() || !(work.revocation.is_some() || settles_revocation) {
        return Err(CommitError::LogBroken(trouble.to_owned()));
    }
    for draft in &work.leaves {
        connection
            .execute(
                "INSERT INTO recovery_journal (at, event, request, clear) VALUES (?1, ?2, ?3, ?4)",
                params![
                    work.at.seconds(),
                    draft.event,
                    draft.request,
                    serde_json::to_string(&draft.clear).unwrap_or_default()
                ],
            )
            .map_err(storage)?;
    }
    write_changes(connection, work)?;
    Ok(Committal {
        first_leaf: 0,
        leaves: 0,
        size: 0,
    })
}

/// Separation of duties without locks across input and output: whoever read older facts rules again.
fn refuse_what_moved_on(
    store: &SqliteStore,
    connection: &Connection,
    work: &Work,
) -> Result<(), CommitError> {
    for (person, expected) in &work.expected_versions {
        if read::person_version(connection, person).map_err(storage)? != *expected {
            return Err(CommitError::Conflict(person.clone()));
        }
    }
    if let Some(policy) = &work.policy {
        let active = read::meta(connection, "active_policy").map_err(storage)?;
        if active.as_ref() != Some(policy) {
            return Err(CommitError::PolicyChanged(active.unwrap_or_default()));
        }
    }
    if let Some(id) = &work.resumed {
        let state: Option<String> = connection
            .query_row(
                "SELECT state FROM access_grant WHERE id = ?1",
                [id],
                |row| row.get(0),
            )
            .optional()
            .map_err(storage)?;
        if state.as_deref() != Some(GrantState::Committed.name()) {
            return Err(CommitError::Duplicate(id.clone()));
        }
    }
    if let Some((grant, _)) = &work.grant
        && grant.authority == "automatic"
    {
        // INVARIANT(brakes): counted where it is committed, so that no two commits both see the last free place.
        let used = read::brakes(
            connection,
            &store.budgets,
            &grant.person,
            &grant.entitlement,
            work.at,
        );
        if let Some(name) = used.map_err(storage)?.into_iter().next() {
            return Err(CommitError::Brake(name));
        }
    }
    Ok(())
}

fn write_request(connection: &Connection, work: &Work) -> Result<(), CommitError> {
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

fn write_ruling(connection: &Connection, work: &Work, leaf: u64) -> Result<(), CommitError> {
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
    unique(written, || row.id.clone())?;
    if let Some((entitlement, power)) = &row.binding {
        connection
            .prepare_cached("INSERT OR IGNORE INTO binding VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute(params![entitlement, power]))
            .map_err(storage)?;
    }
    Ok(())
}

fn write_grant(connection: &Connection, work: &Work, leaf: u64) -> Result<(), CommitError> {
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
    step_version(connection, &row.person)
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

fn write_changes(connection: &Connection, work: &Work) -> Result<(), CommitError> {
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
        let person =
            person.ok_or_else(|| CommitError::Storage(format!("there is no grant {grant}")))?;
        step_version(connection, &person)?;
    }
    Ok(())
}

fn write_review(connection: &Connection, work: &Work, leaf: u64) -> Result<(), CommitError> {
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

fn write_administration(connection: &Connection, work: &Work) -> Result<(), CommitError> {
    match &work.administration {
        None => Ok(()),
        Some(Administration::Activation {
            digest,
            source,
            guardrails,
            file,
        }) => {
            connection
                .execute(
                    "INSERT OR IGNORE INTO policy VALUES (?1, ?2, ?3, ?4)",
                    params![digest, file, source, guardrails],
                )
                .map_err(storage)?;
            set(connection, "active_policy", digest)
        }
        Some(Administration::Override { digest, reason }) => connection
            .execute(
                "INSERT OR REPLACE INTO automatic_override VALUES (?1, ?2, ?3)",
                params![digest, reason, work.at.seconds()],
            )
            .map(|_| ())
            .map_err(storage),
    }
}

fn set(connection: &Connection, name: &str, value: &str) -> Result<(), CommitError> {
    connection
        .execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", [name, value])
        .map(|_| ())
        .map_err(storage)
}

/// Sets a number that only grows.
fn raise(connection: &Connection, name: &str, value: i64) -> Result<(), CommitError> {
    connection
        .prepare_cached(
            "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name)
             DO UPDATE SET value = ?2 WHERE CAST(value AS INTEGER) < ?2",
        )
        .and_then(|mut raise| raise.execute(params![name, value]))
        .map(|_| ())
        .map_err(storage)
}

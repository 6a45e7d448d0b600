//! From rows of the database to what the store answers.

use decision::time::Timestamp;
use ports::mail::Letter;
use ports::store::{
    GrantRow, GrantState, Listing, Page, PostState, Posted, Remark, ReviewRow, RulingRow,
    StoreError, StoredRuling,
};
use rusqlite::{Connection, Row, params};

pub(crate) const GRANT_COLUMNS: &str = "id, request, revision, person, login, entitlement, starts, ends, authority, \
                             content_digest, state, detail, leaf";

pub(crate) fn grant_row(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
    let state: String = row.get("state")?;
    Ok(GrantRow {
        id: row.get("id")?,
        request: row.get("request")?,
        revision: row.get("revision")?,
        person: row.get("person")?,
        login: row.get("login")?,
        entitlement: row.get("entitlement")?,
        starts: timestamp(row, "starts")?,
        ends: row
            .get::<_, Option<i64>>("ends")?
            .map(Timestamp::from_seconds),
        authority: row.get("authority")?,
        content_digest: row.get("content_digest")?,
        // A state that nobody knows counts as held until somebody looked.
        state: GrantState::from_name(&state).unwrap_or(GrantState::Unknown),
        detail: row.get("detail")?,
        leaf: row.get("leaf")?,
    })
}

pub(crate) const RULING_COLUMNS: &str = "SELECT r.id, r.request, r.revision, r.evidence AS evidence_digest, \
     COALESCE(e.body, '') AS evidence, r.policy, r.engine, r.record, r.decision, r.decided_at, r.leaf \
     FROM ruling r LEFT JOIN evidence e ON e.digest = r.evidence";

pub(crate) fn ruling_row(row: &Row<'_>) -> rusqlite::Result<StoredRuling> {
    Ok(StoredRuling {
        row: RulingRow {
            id: row.get("id")?,
            request: row.get("request")?,
            revision: row.get("revision")?,
            evidence_digest: row.get("evidence_digest")?,
            evidence: row.get("evidence")?,
            policy: row.get("policy")?,
            engine: row.get("engine")?,
            record: row.get("record")?,
            decision: row.get("decision")?,
            decided_at: timestamp(row, "decided_at")?,
        },
        leaf: row.get("leaf")?,
    })
}

/// The latest ruling of each request that is listed, newest first.
pub(super) fn page(
    connection: &Connection,
    listing: Listing,
    limit: u32,
) -> rusqlite::Result<Page> {
    // A request leads to one grant that is given, under its latest revision.
    let listed = match listing {
        Listing::All => "1 = 1",
        Listing::Waiting => {
            "NOT EXISTS (SELECT 1 FROM review v WHERE v.request = r.request AND v.kind = 'denial')
             AND NOT EXISTS (SELECT 1 FROM access_grant g WHERE g.id = r.request || '#' || r.revision
                             AND g.state IN ('committed', 'applied', 'revoking', 'revoked'))"
        }
    };
    let condition =
        format!("r.number IN (SELECT MAX(number) FROM ruling GROUP BY request) AND {listed}");
    let all: u64 = connection
        .prepare_cached(&format!("SELECT COUNT(*) FROM ruling r WHERE {condition}"))?
        .query_row([], |row| row.get(0))?;
    let query = format!("{RULING_COLUMNS} WHERE {condition} ORDER BY r.number DESC LIMIT ?1");
    let rulings: Vec<StoredRuling> = connection
        .prepare_cached(&query)?
        .query_map([limit], ruling_row)?
        .collect::<rusqlite::Result<_>>()?;
    let shown = u64::try_from(rulings.len()).unwrap_or(u64::MAX);
    Ok(Page {
        rulings,
        more: all.saturating_sub(shown),
    })
}

pub(crate) fn review_row(row: &Row<'_>) -> Result<ReviewRow, StoreError> {
    let text = |column: &str| {
        row.get::<_, String>(column)
            .map_err(|error| StoreError(error.to_string()))
    };
    let (id, request, kind, body) = (text("id")?, text("request")?, text("kind")?, text("body")?);
    let broken =
        |error: serde_json::Error| StoreError(format!("review {id} cannot be read: {error}"));
    let remark = || -> Result<Remark, StoreError> {
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&body).map_err(broken)?;
        let field = |name: &str| {
            fields
                .get(name)
                .and_then(|value| value.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        Ok(Remark {
            id: id.clone(),
            request: request.clone(),
            by: field("by"),
            at: Timestamp::parse(&field("at")).unwrap_or_default(),
            text: field("text"),
        })
    };
    match kind.as_str() {
        "approval" => Ok(ReviewRow::Approval(
            serde_json::from_str(&body).map_err(broken)?,
        )),
        "lift" => Ok(ReviewRow::Lift(
            serde_json::from_str(&body).map_err(broken)?,
        )),
        "denial" => Ok(ReviewRow::Denial(remark()?)),
        "question" => Ok(ReviewRow::Question(remark()?)),
        "narrowing" => Ok(ReviewRow::Narrowing(remark()?)),
        other => Err(StoreError(format!(
            "review {id} is of the unknown kind `{other}`"
        ))),
    }
}

pub(crate) fn timestamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_seconds(row.get(column)?))
}

pub(crate) const LETTER_COLUMNS: &str =
    "id, recipients, subject, html, plain, state, tries, detail";

/// A text that somebody may have written: empty when it is none.
pub(crate) fn text_or_none(row: &Row<'_>, column: &str) -> rusqlite::Result<String> {
    let value = row.get_ref(column)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

/// A letter, whatever was written into its row: what is no text reads as none, which no leaf confirms, and what is no number of
/// tries as the highest.
pub(crate) fn letter_row(row: &Row<'_>) -> rusqlite::Result<Posted> {
    let text = |column| text_or_none(row, column);
    let tries = row.get_ref("tries")?.as_i64().ok();
    Ok(Posted {
        letter: Letter {
            id: text("id")?,
            to: text("recipients")?.lines().map(str::to_owned).collect(),
            subject: text("subject")?,
            html: text("html")?,
            text: text("plain")?,
        },
        // A state that nobody knows is none in which a letter is sent.
        state: PostState::from_name(&text("state")?).unwrap_or(PostState::Unknown),
        tries: tries
            .and_then(|tries| tries.try_into().ok())
            .unwrap_or(u32::MAX),
        detail: text("detail")?,
    })
}

/// Letters in one of `states`, oldest first.
pub(super) fn letters(
    connection: &Connection,
    states: &[PostState],
    limit: u32,
) -> rusqlite::Result<Vec<Posted>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {LETTER_COLUMNS} FROM outbox WHERE state = ?1 ORDER BY number LIMIT ?2"
    ))?;
    let mut found = Vec::new();
    for state in states {
        for row in query.query_map(params![state.name(), limit], letter_row)? {
            found.push(row?);
        }
    }
    Ok(found)
}

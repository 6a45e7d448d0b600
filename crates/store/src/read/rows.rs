//! From rows of the database to what the store answers.

use decision::time::Timestamp;
use ports::store::{GrantRow, GrantState, Remark, ReviewRow, RulingRow, StoreError, StoredRuling};
use rusqlite::Row;

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

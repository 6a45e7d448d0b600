//! What the status operation says of a request: one object, or a list of all own requests.

use serde_json::Value;

use super::super::bounds::NAME_CHARS_MAX;
use super::super::transport::Answer;
use super::super::{text, values};

/// Action types that are likely, likeliest first. None of them is documented.
pub(super) const LIKELY_ACTIONS: [&str; 12] = [
    "AssetUnlock",
    "Unlock",
    "UNLOCK",
    "asset-unlock",
    "AssetAccess",
    "Access",
    "Connect",
    "AssetEdit",
    "Edit",
    "AssetManage",
    "Manage",
    "View",
];

/// What a status means for the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Not decided, or a word that nobody documents.
    Waiting,
    /// Approved: the secret may be there.
    Usable,
    Rejected,
    /// Completed, expired, or never there.
    Over,
}

/// A request that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) meaning: Meaning,
    /// The vault's word.
    pub(super) word: String,
    pub(super) request: Option<String>,
}

const REQUEST: &[&str] = &["requestId", "request_id", "id", "uuid"];
const ASSET: &[&str] = &["assetId", "asset.id", "entityId", "entity.id", "asset"];

/// The request for `asset` in an answer: the one with the id `wanted` when that is known, else one that lives rather than one
/// that is over. `None` when the answer tells of none. When the vault was not told the asset, the answer has to name it.
pub(super) fn seen(
    answer: &Answer,
    asset: &str,
    wanted: Option<&str>,
    asset_was_told: bool,
) -> Option<Seen> {
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    let rows: Vec<&Value> = match value.get("data").unwrap_or(&value) {
        Value::Array(rows) => rows.iter().collect(),
        object @ Value::Object(_) => vec![object],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    let mut best: Option<Seen> = None;
    for row in rows {
        let ours = match values::id(row, ASSET) {
            Some(named) => named.eq_ignore_ascii_case(asset),
            None => asset_was_told,
        };
        let Some(word) = values::first(row, &["status", "state"], values::text).filter(|_| ours)
        else {
            continue;
        };
        let found = Seen {
            meaning: meaning(&word),
            word: text::line(&word, NAME_CHARS_MAX),
            request: values::id(row, REQUEST),
        };
        if wanted.is_some() && found.request.as_deref() == wanted {
            return Some(found);
        }
        let lives = |seen: &Seen| matches!(seen.meaning, Meaning::Waiting | Meaning::Usable);
        if best
            .as_ref()
            .is_none_or(|best| !lives(best) && lives(&found))
        {
            best = Some(found);
        }
    }
    best
}

fn meaning(word: &str) -> Meaning {
    match word.to_ascii_lowercase().as_str() {
        "open" | "approved" => Meaning::Usable,
        "rejected" => Meaning::Rejected,
        "completed" | "closed" | "expired" | "none" => Meaning::Over,
        _ => Meaning::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn look(body: &Value, wanted: Option<&str>, told: bool) -> Option<(Meaning, Option<String>)> {
        let answer = Answer {
            content_type: String::new(),
            body: body.to_string().into_bytes().into(),
            date: None,
        };
        seen(&answer, "a-1", wanted, told).map(|seen| (seen.meaning, seen.request))
    }

    #[test]
    fn one_object_or_a_list_says_the_same() {
        let own = json!({ "requestId": "r-1", "assetId": "A-1", "status": "ACTIVE" });
        let other = json!({ "requestId": "r-2", "assetId": "a-2", "status": "Open" });
        let old = json!({ "requestId": "r-0", "assetId": "a-1", "status": "Completed" });
        let active = Some((Meaning::Waiting, Some("r-1".to_owned())));
        assert_eq!(look(&own, None, true), active);
        assert_eq!(
            look(&json!({ "data": [other, old, own] }), None, false),
            active
        );
        assert_eq!(look(&json!([old, own]), None, false), active);
        let over = Some((Meaning::Over, Some("r-0".to_owned())));
        assert_eq!(look(&json!([old, own]), Some("r-0"), false), over);
        assert_eq!(look(&other, None, true), None);
        for empty in [
            json!(null),
            json!([]),
            json!({}),
            json!({ "data": null }),
            json!("Active"),
            json!({ "data": [1, {}] }),
        ] {
            assert_eq!(look(&empty, None, true), None, "{empty}");
        }
    }

    #[test]
    fn a_request_without_an_asset_is_ours_only_when_we_named_it() {
        let row = json!({ "id": "r-1", "status": "Open" });
        assert_eq!(look(&row, None, false), None);
        assert_eq!(
            look(&row, None, true),
            Some((Meaning::Usable, Some("r-1".to_owned())))
        );
        // A word that nobody documents is waited upon.
        let row = json!({ "status": "InReview" });
        assert_eq!(look(&row, None, true), Some((Meaning::Waiting, None)));
    }
}

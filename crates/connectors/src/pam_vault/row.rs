//! One row of the list: from the vault's JSON, whatever its keys are called, to a request.

use decision::time::Timestamp;
use decision::vault::WorkflowRequest;
use decision::vault::request::{Approved, Status};
use ports::vault::Row;
use serde_json::Value;

use super::bounds::{JUSTIFICATION_CHARS_MAX, LIST_MAX, NAME_CHARS_MAX, NOTATIONS_MAX};
use super::{text, values};

const ID: &[&str] = &["id", "requestId", "request_id", "uuid"];
const STATUS: &[&str] = &["status", "state"];
const CREATED: &[&str] = &[
    "created",
    "createdAt",
    "createdTime",
    "requested",
    "requestTime",
];
const APPROVED: &[&str] = &["approved", "approvedAt", "approvedTime", "approvalTime"];
const ASSET_NAME: &[&str] = &[
    "entityName",
    "entity.name",
    "entity",
    "assetName",
    "asset.name",
    "objectName",
    "name",
];
const ASSET_ID: &[&str] = &[
    "entityId",
    "entity.id",
    "assetId",
    "asset.id",
    "objectId",
    "targetId",
];
const PEOPLE: &[&str] = &["requestor", "requester", "user", "createdBy"];
const APPROVERS: &[&str] = &[
    "by",
    "approver",
    "approvedBy",
    "user",
    "login",
    "username",
    "name",
];
const PERSON: &[&str] = &["login", "username", "userName", "name", "displayName"];
/// Further notations of a person, beside [`PERSON`].
const PERSON_ALSO: &[&str] = &["upn", "userPrincipalName", "email", "mail"];
/// Further notations of the requester, in the row itself.
const PEOPLE_ALSO: &[&str] = &[
    "requestorLogin",
    "requesterLogin",
    "login",
    "username",
    "userName",
    "requestedBy",
    "requestorName",
    "requesterName",
];
const MESSAGE: &[&str] = &["message", "reason", "justification", "comment"];
const FROM: &[&str] = &["from", "requestedFrom", "start"];
const UNTIL: &[&str] = &["to", "requestedTo", "end", "expires"];
const ACTION: &[&str] = &["action", "actionType", "operation", "type"];
/// Where an entry of `approvals` says what it stands for.
const STATE: &[&str] = &["status", "state", "decision", "action"];
const GIVEN: &[&str] = &["time", "at", "approved", "approvedAt", "created", "date"];

/// Reads a row. Without id, status or time of filing it is [`Row::Unreadable`].
pub(super) fn row(row: &Value) -> Row {
    let id = self::id(row);
    let status = values::first(row, STATUS, values::text);
    let created = values::first(row, CREATED, values::time);
    let (Some(id), Some(status), Some(created)) = (id.clone(), status.as_ref(), created) else {
        let lacks: Vec<&str> = [
            (id.is_none(), "an id"),
            (status.is_none(), "a status"),
            (created.is_none(), "a time at which it was filed"),
        ]
        .into_iter()
        .filter_map(|(lacking, what)| lacking.then_some(what))
        .collect();
        return Row::Unreadable {
            id,
            why: format!("the row lacks {}", lacks.join(" and ")),
        };
    };
    Row::Request(Box::new(request(row, id, status, created)))
}

fn request(row: &Value, id: String, status: &str, created: Timestamp) -> WorkflowRequest {
    let given = given(row);
    // What lies before the filing, such as 0 for "none", is no time of an approval.
    let time = |value: &Value| values::time(value).filter(|time| *time >= created);
    let newest = || {
        given
            .iter()
            .flatten()
            .filter_map(|approval| values::first(approval, GIVEN, time))
            .max()
    };
    let requester = values::first(row, PEOPLE, person).unwrap_or_default();
    WorkflowRequest {
        id,
        status: Status::from_name(status),
        created,
        approved: values::first(row, APPROVED, time).or_else(newest),
        also: also(row, &requester),
        requester,
        asset: asset_id(row),
        asset_name: values::name(row, ASSET_NAME).unwrap_or_default(),
        action: values::name(row, ACTION),
        justification: values::first(row, MESSAGE, values::text)
            .map(|said| text::long(&said, JUSTIFICATION_CHARS_MAX))
            .unwrap_or_default(),
        from: values::first(row, FROM, values::time),
        until: values::first(row, UNTIL, values::time),
        level: row.get("level").and_then(number),
        levels: row.get("levels").and_then(number),
        approvals: given.and_then(|given| given.into_iter().map(approval).collect()),
    }
}

/// Id of a row.
pub(super) fn id(row: &Value) -> Option<String> {
    values::id(row, ID)
}

/// Id of the asset, in a row or in a request's own record.
pub(super) fn asset_id(row: &Value) -> Option<String> {
    values::id(row, ASSET_ID)
}

/// A text, or an object that names somebody.
fn person(value: &Value) -> Option<String> {
    values::text(value)
        .map(|name| text::line(&name, NAME_CHARS_MAX))
        .or_else(|| values::name(value, PERSON))
}

/// Every notation of the requester but the one that is shown: any of them may name the agent's own user.
fn also(row: &Value, shown: &str) -> Vec<String> {
    let people = PEOPLE.iter().filter_map(|key| row.get(key));
    let inside = people.clone().flat_map(|value| {
        let keys = PERSON.iter().chain(PERSON_ALSO);
        keys.filter_map(|key| value.get(key))
    });
    let beside = PEOPLE_ALSO.iter().filter_map(|key| row.get(key));
    let mut also: Vec<String> = Vec::new();
    for value in people.chain(inside).chain(beside) {
        let named = values::text(value).map(|name| text::line(&name, NAME_CHARS_MAX));
        if let Some(name) = named
            && name != shown
            && !also.contains(&name)
            && also.len() < NOTATIONS_MAX
        {
            also.push(name);
        }
    }
    also
}

/// The entries of `approvals` that stand for an approval. `None` when the row has no such list, or one that is too long or
/// has an entry of which nobody can tell what it stands for: then nothing can be said of the approvals.
fn given(row: &Value) -> Option<Vec<&Value>> {
    let entries = row.get("approvals")?.as_array()?;
    if entries.len() > LIST_MAX {
        return None;
    }
    let mut given = Vec::new();
    for entry in entries {
        if is_given(entry)? {
            given.push(entry);
        }
    }
    Some(given)
}

/// One approval; `None` when nobody can tell who gave it: then the list says nothing of ours.
fn approval(entry: &Value) -> Option<Approved> {
    Some(Approved {
        by: values::first(entry, APPROVERS, person).filter(|by| !by.is_empty())?,
        level: entry.get("level").and_then(number),
    })
}

/// Whether an entry of `approvals` stands for an approval, as it does when it says so or says nothing; `None` when nobody can
/// tell.
fn is_given(entry: &Value) -> Option<bool> {
    let entry = entry.as_object()?;
    let mut said = STATE.iter().filter_map(|key| entry.get(*key));
    let Some(said) = said.find(|said| !said.is_null()) else {
        return Some(entry.get("approved").and_then(Value::as_bool) != Some(false));
    };
    let said = said.as_str()?.trim().to_ascii_lowercase();
    match said.as_str() {
        "approved" | "approve" => Some(true),
        "pending" | "waiting" | "rejected" | "reject" | "denied" | "declined" => Some(false),
        _ => None,
    }
}

/// A number, or the length of a list.
fn number(value: &Value) -> Option<u32> {
    match value.as_array() {
        Some(list) => u32::try_from(list.len()).ok(),
        None => values::whole(value).and_then(|number| u32::try_from(number).ok()),
    }
}

#[cfg(test)]
pub(in crate::pam_vault) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(value: &Value) -> WorkflowRequest {
        match row(value) {
            Row::Request(request) => *request,
            Row::Unreadable { why, .. } => panic!("{why}: {value}"),
        }
    }

    #[test]
    fn a_row_is_read_under_every_known_name() {
        let known = read(&json!({
            "id": "r-1", "status": "Active", "action": "AssetUnlock", "entityId": "a-1", "entityName": "dc-east-01",
            "requestor": "engineer-017", "requestorName": "Engineer 17", "message": "patch",
            "created": 1_767_200_520_000_i64, "from": 1_767_200_400_000_i64, "to": 1_767_214_800_000_i64,
            "approved": null, "completed": null, "exclusive": false, "level": 1, "levels": 2, "approvals": []
        }));
        let other = read(&json!({
            "uuid": "r-1", "state": "ACTIVE", "type": "AssetUnlock", "asset": { "id": "a-1", "name": "dc-east-01" },
            "createdBy": { "displayName": "Engineer 17", "login": "engineer-017" }, "reason": "patch",
            "requestTime": "2025-12-31T17:02:00+0000", "start": "1767200400", "expires": "2025-12-31T21:00:00",
            "level": "1", "levels": [{}, {}]
        }));
        // One says that there are no approvals, the other says nothing of them.
        assert_eq!((&known.approvals, &other.approvals), (&Some(vec![]), &None));
        assert_eq!(
            known,
            WorkflowRequest {
                approvals: Some(vec![]),
                ..other
            }
        );
        assert_eq!(known.requester, "engineer-017");
        assert_eq!(known.also, ["Engineer 17"]);
        assert_eq!(known.until, Some(Timestamp::from_seconds(1_767_214_800)));
        assert_eq!(
            (known.level, known.levels, known.approved),
            (Some(1), Some(2), None)
        );
    }

    #[test]
    fn two_names_at_once_do_no_harm() {
        let request = read(&json!({
            "id": "r-1", "requestId": "r-2", "status": "Open", "state": "Active", "created": 1_767_200_520,
            "entity": { "name": "inner" }, "entityName": 17
        }));
        assert_eq!(
            (request.id.as_str(), request.asset_name.as_str()),
            ("r-1", "17")
        );
        assert_eq!(request.status, Status::Unknown);
    }

    #[test]
    fn every_notation_of_the_requester_is_kept() {
        let request = |mut row: Value| {
            for (key, value) in [("id", "r"), ("status", "Active"), ("created", "1767200520")] {
                row[key] = json!(value);
            }
            read(&row)
        };
        let one = request(json!({
            "requestor": "Access Analyst", "requestorName": "Access Analyst", "createdBy": "CORP\\svc-analyst",
            "user": { "displayName": "Analyst", "login": "svc-analyst", "email": "svc-analyst@corp.example", "id": 7 },
            "userName": 17, "requester": null, "login": ["x"]
        }));
        assert_eq!(one.requester, "Access Analyst");
        assert_eq!(
            one.also,
            [
                "CORP\\svc-analyst",
                "svc-analyst",
                "Analyst",
                "svc-analyst@corp.example",
                "17"
            ]
        );
        let other = WorkflowRequest {
            also: vec![],
            ..one.clone()
        };
        assert_ne!(one.content(), other.content());
        let many = request(json!({
            "requestor": { "login": "a", "username": "b", "userName": "c", "name": "d", "displayName": "e", "upn": "f",
                "email": "g", "mail": "h" },
            "requesterName": "i", "user": "j", "createdBy": "n".repeat(10_000)
        }));
        assert_eq!(many.also.len(), NOTATIONS_MAX);
        assert!(
            many.also
                .iter()
                .all(|name| name.chars().count() <= NAME_CHARS_MAX + 1)
        );
        assert!(request(json!({ "requestor": "a" })).also.is_empty());
    }

    #[test]
    fn approvals_tell_who_when_and_where() {
        let request = read(&json!({
            "id": "r", "status": "Approved", "created": 1_767_200_520, "approvals": [
                { "by": "manager-001", "level": 1, "time": 1_767_200_600 },
                { "approver": { "login": "manager-002" }, "level": 2, "status": "Approved", "at": 1_767_200_700 },
                { "by": "manager-003", "level": 3, "status": "Pending", "at": 1_767_200_800 },
                { "by": "manager-004", "level": 3, "decision": "REJECTED", "at": 1_767_200_900 }
            ]
        }));
        assert_eq!(
            request.approved,
            Some(Timestamp::from_seconds(1_767_200_700))
        );
        let by: Vec<_> = request
            .approvals
            .as_ref()
            .unwrap()
            .iter()
            .map(|given| (given.by.as_str(), given.level))
            .collect();
        assert_eq!(by, [("manager-001", Some(1)), ("manager-002", Some(2))]);
    }

    #[test]
    fn an_entry_that_nobody_understands_makes_the_list_say_nothing() {
        let request = |entry: Value| {
            read(&json!({
                "id": "r", "status": "Active", "created": 1_767_200_520, "approvals": [
                    { "by": "manager-001", "level": 1, "status": "Approved", "at": 1_767_200_600 }, entry
                ]
            }))
        };
        for entry in [
            json!({ "by": "svc-analyst", "status": "Genehmigt" }),
            json!({ "by": "svc-analyst", "status": "Approval pending" }),
            json!({ "by": "svc-analyst", "status": { "name": "Pending" } }),
            json!({ "by": "svc-analyst", "state": 1 }),
            json!({ "by": "svc-analyst", "status": "" }),
            json!("svc-analyst"),
            json!(17),
            json!(null),
        ] {
            let request = request(entry.clone());
            assert_eq!(
                (request.approvals, request.approved),
                (None, None),
                "{entry}"
            );
        }
        for entry in [
            json!({ "by": "x", "status": "pending" }),
            json!({ "by": "x", "action": " Denied " }),
        ] {
            assert_eq!(
                request(entry.clone()).approvals.unwrap().len(),
                1,
                "{entry}"
            );
        }
        let not = request(json!({ "by": "x", "approved": false }));
        assert_eq!(not.approvals.unwrap().len(), 1);
        let many = vec![json!({ "by": "manager-001" }); LIST_MAX + 1];
        let long = json!({ "id": "r", "status": "Active", "created": 1, "approvals": many });
        assert_eq!(read(&long).approvals, None);
    }

    #[test]
    fn an_approval_is_never_older_than_its_request() {
        let approved = |approved: Value, at: Value| {
            read(&json!({
                "id": "r", "status": "Approved", "created": 1_767_200_520, "approved": approved,
                "approvals": [{ "by": "manager-001", "time": at }]
            }))
            .approved
            .map(Timestamp::seconds)
        };
        for none in [
            json!(0),
            json!("1970-01-01T00:00:00Z"),
            json!(1_767_200_519),
        ] {
            assert_eq!(approved(none.clone(), none.clone()), None, "{none}");
            assert_eq!(approved(none, json!(1_767_200_600)), Some(1_767_200_600));
        }
        assert_eq!(
            approved(json!(1_767_200_520_000_i64), json!(0)),
            Some(1_767_200_520)
        );
    }

    #[test]
    fn what_is_missing_is_told() {
        for (value, id, why) in [
            (
                json!({ "id": "r" }),
                Some("r"),
                "the row lacks a status and a time at which it was filed",
            ),
            (
                json!({ "status": "Active", "created": 1_767_200_520 }),
                None,
                "the row lacks an id",
            ),
            (
                json!({ "id": "r\n", "status": "Active", "created": 1 }),
                None,
                "the row lacks an id",
            ),
            (
                json!({ "id": "r", "status": "Active", "created": "soon" }),
                Some("r"),
                "the row lacks a time at which it was filed",
            ),
            (
                json!(17),
                None,
                "the row lacks an id and a status and a time at which it was filed",
            ),
        ] {
            let unreadable = Row::Unreadable {
                id: id.map(str::to_owned),
                why: why.to_owned(),
            };
            assert_eq!(row(&value), unreadable);
        }
    }

    #[test]
    fn long_and_hostile_texts_are_held() {
        let request = read(&json!({
            "id": "r", "status": "Active", "created": 1_767_200_520,
            "message": format!("a\u{0}\u{1b}]0;x\u{7}\r\n{}", "b".repeat(100_000)), "entityName": "n".repeat(10_000),
            "requestor": "\u{1b}[2Jengineer"
        }));
        assert!(request.justification.ends_with(" … [cut]"));
        assert_eq!(
            request.justification.chars().count(),
            JUSTIFICATION_CHARS_MAX + 8
        );
        assert_eq!(request.asset_name.chars().count(), NAME_CHARS_MAX + 1);
        for text in [
            &request.justification,
            &request.asset_name,
            &request.requester,
        ] {
            assert!(!text.chars().any(char::is_control), "{text}");
        }
    }

    /// Any JSON, with the keys that a row may have more often than others.
    pub(in crate::pam_vault) fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[0-9TZ:+. -]{0,30}".prop_map(Value::from),
        ];
        let keys: Vec<&str> = [
            ID, STATUS, CREATED, APPROVED, ASSET_NAME, ASSET_ID, PEOPLE, PERSON, MESSAGE, FROM,
            UNTIL, ACTION,
        ]
        .concat()
        .into_iter()
        .chain([
            "approvals",
            "level",
            "levels",
            "data",
            "total",
            "paths",
            "parameters",
            "$ref",
            "schema",
            "path",
            "tags",
            "parent",
            "type",
            "get",
            "/api/mcp/x/{id}",
            "operationId",
            "in",
            "required",
            "requestBody",
            "credentials",
            "fields",
            "Password",
            "value",
            "field",
        ])
        .collect();
        leaf.prop_recursive(5, 64, 8, move |inner| {
            let key = prop::sample::select(keys.clone()).prop_map(str::to_owned);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..8)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_is_too_much(value in any_json()) {
            if let Row::Request(request) = row(&value) {
                prop_assert!(text::is_id(&request.id));
                prop_assert!(!request.justification.chars().any(char::is_control));
                prop_assert!(request.asset_name.chars().count() <= NAME_CHARS_MAX + 1);
            }
        }
    }
}

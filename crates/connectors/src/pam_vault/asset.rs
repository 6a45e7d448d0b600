//! An asset's record: type, path and tags, and nothing else of it.

use decision::vault::Asset;
use serde_json::Value;

use super::bounds::{LIST_MAX, NAME_CHARS_MAX};
use super::{text, values};

const KIND: &[&str] = &[
    "type.name",
    "assetType.name",
    "assetType",
    "typeName",
    "type",
];
const PATH: &[&str] = &["path", "containerPath", "container.path", "location"];
const TAGS: &[&str] = &["tags", "terms", "taxonomy"];
const PARENT: &[&str] = &[
    "parent.id",
    "parentId",
    "container.id",
    "containerId",
    "parent",
];
const NAME: &[&str] = &["name", "displayName", "label"];
const TERM: &[&str] = &["path", "fullName", "name"];

/// What was not understood, for a message.
type Unread = &'static str;

/// What a record tells. Each part is asked for where it is needed: a container need not have tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    kind: Result<String, Unread>,
    /// Empty when the record does not tell it.
    path: Result<Vec<String>, Unread>,
    tags: Result<Vec<String>, Unread>,
    /// Its own name: a container's is the last part of the path of what lies in it.
    name: Result<String, Unread>,
    /// Id of the container, for when the path is missing.
    pub(super) parent: Option<String>,
}

/// Reads the record that was asked for as `id`.
///
/// # Errors
/// When it is no object, or another record.
pub(super) fn record(value: &Value, id: &str) -> Result<Record, Unread> {
    // Some platforms wrap one record like a list of them.
    let value = value
        .get("data")
        .filter(|inner| inner.is_object())
        .unwrap_or(value);
    if !value.is_object() {
        return Err("an answer that is no record");
    }
    let own = value.get("id").filter(|own| !own.is_null());
    let is_other =
        |own: &Value| values::text(own).is_none_or(|own| own.to_lowercase() != id.to_lowercase());
    if own.is_some_and(is_other) {
        return Err("the record of another id");
    }
    Ok(Record {
        kind: kind(value),
        path: path(value),
        tags: tags(value),
        name: of_keys(value, NAME).ok_or("the name was not understood, or is too long"),
        parent: values::id(value, PARENT),
    })
}

impl Record {
    /// Type, path and tags; the path is empty when the record does not tell it.
    ///
    /// # Errors
    /// When one of them was not understood or is longer than its bound: what is not read may be what makes it dangerous.
    pub(super) fn asset(&self) -> Result<Asset, Unread> {
        Ok(Asset {
            kind: self.kind.clone()?,
            path: self.path.clone()?,
            tags: self.tags.clone()?,
        })
    }

    /// The path of what lies in this container; empty when its own is not told.
    ///
    /// # Errors
    /// When the path or the name was not understood or is longer than its bound.
    pub(super) fn path_inside(&self) -> Result<Vec<String>, Unread> {
        let mut path = self.path.clone()?;
        if !path.is_empty() {
            let name = self.name.clone()?;
            if path.last() != Some(&name) {
                path.push(name);
            }
        }
        Ok(path)
    }
}

fn kind(record: &Value) -> Result<String, Unread> {
    // `type` may hold an object, whose name stands before it in the list.
    let texts = KIND
        .iter()
        .filter_map(|key| values::at(record, key)?.as_str());
    texts
        .map(str::trim)
        .find(|text| !text.is_empty())
        .and_then(whole)
        .ok_or("the type was not understood, or is too long")
}

fn path(record: &Value) -> Result<Vec<String>, Unread> {
    for value in PATH.iter().filter_map(|key| values::at(record, key)) {
        let path = match value {
            Value::String(whole) => {
                let separator = [" / ", " > ", " :: ", "/", "\\"]
                    .into_iter()
                    .find(|separator| whole.contains(separator))
                    .unwrap_or("/");
                parts(whole.split(separator))
            }
            Value::Array(parts) => elements(parts, NAME),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => continue,
        };
        let path = path.ok_or("a part of the path was not understood, or it is too long")?;
        if !path.is_empty() {
            return Ok(path);
        }
    }
    Ok(Vec::new())
}

/// The tags under every key that has some: any of them may be the one that matters.
fn tags(record: &Value) -> Result<Vec<String>, Unread> {
    let mut found: Option<Vec<String>> = None;
    for value in TAGS.iter().filter_map(|key| values::at(record, key)) {
        let tags = match value {
            Value::Null => Some(Vec::new()),
            Value::String(whole) => parts(whole.split([',', ';'])),
            Value::Array(tags) => elements(tags, TERM),
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        };
        let found = found.get_or_insert_default();
        for tag in tags.ok_or("a tag was not understood, or they are too long")? {
            if !found.contains(&tag) {
                found.push(tag);
            }
        }
    }
    found
        .filter(|tags| tags.len() <= LIST_MAX)
        .ok_or("it has no tags under a known name, or too many")
}

/// The parts of a text, without those that are empty; `None` when they are too many or too long.
fn parts<'t>(parts: impl Iterator<Item = &'t str>) -> Option<Vec<String>> {
    let parts: Option<Vec<String>> = parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .take(LIST_MAX.saturating_add(1))
        .map(whole)
        .collect();
    parts.filter(|parts| parts.len() <= LIST_MAX)
}

/// The elements of a list, each a text or an object with one under the first of `keys` that it has; `None` when one of them
/// is neither, or when they are too many or too long.
fn elements(elements: &[Value], keys: &[&str]) -> Option<Vec<String>> {
    if elements.len() > LIST_MAX {
        return None;
    }
    elements
        .iter()
        .map(|element| match element {
            Value::String(text) => whole(text),
            Value::Object(_) => of_keys(element, keys),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        })
        .collect()
}

/// The text under the first of `keys` that an object has; `None` also when something else stands there.
fn of_keys(value: &Value, keys: &[&str]) -> Option<String> {
    let mut told = keys.iter().filter_map(|key| value.get(key));
    whole(told.find(|told| !told.is_null())?.as_str()?)
}

/// A name as it is; `None` when it is empty or would have to be cut.
fn whole(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= NAME_CHARS_MAX)
        .then(|| text::line(text, NAME_CHARS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn one_record_in_every_notation() {
        let path = texts(&["root", "Infrastructure", "Domain Controllers"]);
        let tags = texts(&[
            "Component :: Server :: Windows",
            "Environment :: Production",
        ]);
        for value in [
            json!({ "type": { "name": "Windows Host" }, "path": "root / Infrastructure / Domain Controllers",
                "tags": [{ "id": "c3", "path": "Component :: Server :: Windows" }, { "fullName": "Environment :: Production" }] }),
            json!({ "data": { "assetType": "Windows Host", "containerPath": "/root/Infrastructure/Domain Controllers",
                "terms": ["Component :: Server :: Windows", "Environment :: Production"] } }),
            json!({ "typeName": "Windows Host", "container": { "path": ["root", { "name": "Infrastructure" }, "Domain Controllers"] },
                "taxonomy": "Component :: Server :: Windows, Environment :: Production" }),
        ] {
            let read = record(&value, "a-1").unwrap().asset().unwrap();
            let asset = Asset {
                kind: "Windows Host".into(),
                path: path.clone(),
                tags: tags.clone(),
            };
            assert_eq!(read, asset, "{value}");
        }
    }

    #[test]
    fn secrets_of_a_record_are_dropped() {
        let value = json!({ "id": "a", "name": "dc", "type": "Secret", "path": "root",
            "fields": { "Password": "hunter2" }, "secret": "hunter2", "parent": { "id": "p" } });
        let record = record(&value, "A").unwrap();
        assert!(!format!("{record:?}").contains("hunter2"));
        assert_eq!(record.parent.as_deref(), Some("p"));
    }

    #[test]
    fn what_lies_in_a_container_has_its_name_at_the_end_once() {
        let inside = |value: &Value| record(value, "c").unwrap().path_inside().unwrap();
        assert_eq!(
            inside(&json!({ "name": "DC", "path": "root / Infra" })),
            texts(&["root", "Infra", "DC"])
        );
        assert_eq!(
            inside(&json!({ "name": "DC", "path": "root / Infra / DC" })),
            texts(&["root", "Infra", "DC"])
        );
        assert!(inside(&json!({ "name": "DC" })).is_empty());
    }

    #[test]
    fn what_is_not_understood_or_too_long_is_not_read() {
        let whole = json!({ "id": "A-1", "type": "Secret", "path": ["root", { "name": "Infra" }], "tags": [] });
        let read = |key: &str, value: Value| {
            let mut record = whole.clone();
            let fields = record.as_object_mut().unwrap();
            if value.is_boolean() {
                fields.remove(key);
            } else {
                fields.insert(key.into(), value);
            }
            super::record(&record, "a-1").and_then(|record| record.asset())
        };
        let absent = json!(false);
        assert!(read("id", json!("a-1")).is_ok());
        for (key, value) in [
            ("id", json!("a-2")),
            ("id", json!(17)),
            ("id", json!(["a-1"])),
            ("type", absent.clone()),
            ("type", json!(" ")),
            ("type", json!(17)),
            ("type", json!({ "label": "Secret" })),
            ("type", json!("x".repeat(NAME_CHARS_MAX + 1))),
            ("tags", absent),
            ("tags", json!(17)),
            ("tags", json!({ "path": "Environment :: Production" })),
            ("tags", json!(["a", null])),
            ("tags", json!(["a", 17])),
            ("tags", json!(["a", ""])),
            ("tags", json!(["a", { "term": "b" }])),
            (
                "tags",
                json!([{ "path": ["Environment", "Production"], "name": "Production" }]),
            ),
            ("tags", json!(["x".repeat(NAME_CHARS_MAX + 1)])),
            (
                "tags",
                json!(format!("a, {}", "x".repeat(NAME_CHARS_MAX + 1))),
            ),
            ("tags", json!(vec!["a"; LIST_MAX + 1])),
            ("tags", json!("a,".repeat(LIST_MAX + 1))),
            ("terms", json!([17])),
            ("path", json!(["root", { "id": 7 }])),
            ("path", json!(["root", null])),
            ("path", json!(vec!["root"; LIST_MAX + 1])),
            ("path", json!("root / ".repeat(LIST_MAX + 1))),
            (
                "path",
                json!(format!("root / {}", "x".repeat(NAME_CHARS_MAX + 1))),
            ),
        ] {
            assert!(read(key, value.clone()).is_err(), "{key}: {value}");
        }
        for (value, tags) in [
            (json!(null), &[][..]),
            (json!("a, b;"), &["a", "b"][..]),
            (
                json!([{ "path": null, "fullName": "a", "name": "c" }]),
                &["a"][..],
            ),
        ] {
            assert_eq!(read("tags", value).unwrap().tags, texts(tags));
        }
        assert_eq!(
            read("terms", json!(["a", "a", "b"])).unwrap().tags,
            texts(&["a", "b"])
        );
        // The path may stand in the container's record.
        for path in [json!(null), json!({ "id": 7 }), json!(false), json!("")] {
            assert!(read("path", path).unwrap().path.is_empty());
        }
    }

    #[test]
    fn a_container_needs_only_what_it_is_read_for() {
        let inside = |value: Value| record(&value, "c").unwrap().path_inside();
        assert_eq!(
            inside(json!({ "id": "C", "name": "DC", "path": "root", "tags": [17] })),
            Ok(texts(&["root", "DC"]))
        );
        for value in [
            json!({ "path": "root" }),
            json!({ "path": "root", "name": { "x": 1 } }),
            json!({ "path": "root", "name": "x".repeat(NAME_CHARS_MAX + 1) }),
            json!({ "path": ["root", 17], "name": "DC" }),
        ] {
            assert!(inside(value.clone()).is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_json_is_too_much(value in crate::pam_vault::row::tests::any_json()) {
            if let Ok(asset) = record(&value, "a-1").and_then(|record| record.asset()) {
                prop_assert!(asset.path.len() <= LIST_MAX && asset.tags.len() <= LIST_MAX);
                prop_assert!(!asset.kind.is_empty() && asset.path.iter().all(|part| !part.is_empty()));
            }
        }
    }
}

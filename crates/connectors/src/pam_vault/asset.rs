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

/// What a record tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) asset: Asset,
    /// Its own name: a container's is the last part of the path of what lies in it.
    pub(super) name: Option<String>,
    /// Id of the container, for when the path is missing.
    pub(super) parent: Option<String>,
}

/// Reads a record; `None` when it is no object.
pub(super) fn record(value: &Value) -> Option<Record> {
    // Some platforms wrap one record like a list of them.
    let value = value
        .get("data")
        .filter(|inner| inner.is_object())
        .unwrap_or(value);
    value.as_object()?;
    Some(Record {
        asset: Asset {
            kind: values::name(value, KIND).unwrap_or_default(),
            path: values::first(value, PATH, path).unwrap_or_default(),
            tags: values::first(value, TAGS, tags).unwrap_or_default(),
        },
        name: values::name(value, NAME),
        parent: values::id(value, PARENT),
    })
}

impl Record {
    /// The path of what lies in this container; empty when its own is not told.
    pub(super) fn path_inside(&self) -> Vec<String> {
        let mut path = self.asset.path.clone();
        if !path.is_empty() && path.last() != self.name.as_ref() {
            path.extend(self.name.clone());
        }
        path
    }
}

fn path(value: &Value) -> Option<Vec<String>> {
    let parts: Vec<String> = match value {
        Value::String(whole) => {
            let separator = [" / ", " > ", " :: ", "/", "\\"]
                .into_iter()
                .find(|separator| whole.contains(separator))
                .unwrap_or("/");
            whole
                .split(separator)
                .map(|part| text::line(part, NAME_CHARS_MAX))
                .collect()
        }
        Value::Array(parts) => parts
            .iter()
            .take(LIST_MAX)
            .filter_map(|part| {
                values::text(part)
                    .map(|part| text::line(&part, NAME_CHARS_MAX))
                    .or_else(|| values::name(part, NAME))
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    some(parts)
}

fn tags(value: &Value) -> Option<Vec<String>> {
    let tags: Vec<String> = match value {
        Value::String(whole) => whole
            .split([',', ';'])
            .map(|tag| text::line(tag, NAME_CHARS_MAX))
            .collect(),
        Value::Array(tags) => tags
            .iter()
            .take(LIST_MAX)
            .filter_map(|tag| {
                values::text(tag)
                    .map(|tag| text::line(&tag, NAME_CHARS_MAX))
                    .or_else(|| values::name(tag, TERM))
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    some(tags)
}

fn some(parts: Vec<String>) -> Option<Vec<String>> {
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .take(LIST_MAX)
        .collect();
    (!parts.is_empty()).then_some(parts)
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
            let record = record(&value).unwrap();
            let asset = Asset {
                kind: "Windows Host".into(),
                path: path.clone(),
                tags: tags.clone(),
            };
            assert_eq!(record.asset, asset, "{value}");
        }
    }

    #[test]
    fn secrets_of_a_record_are_dropped() {
        let value = json!({ "id": "a", "name": "dc", "type": "Secret", "path": "root",
            "fields": { "Password": "hunter2" }, "secret": "hunter2", "parent": { "id": "p" } });
        let record = record(&value).unwrap();
        assert!(!format!("{record:?}").contains("hunter2"));
        assert_eq!(record.parent.as_deref(), Some("p"));
    }

    #[test]
    fn what_lies_in_a_container_has_its_name_at_the_end_once() {
        let inside = |value: &Value| record(value).unwrap().path_inside();
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

    proptest! {
        #[test]
        fn no_json_is_too_much(value in crate::pam_vault::row::tests::any_json()) {
            if let Some(record) = record(&value) {
                prop_assert!(record.asset.path.len() <= LIST_MAX && record.asset.tags.len() <= LIST_MAX);
                prop_assert!(record.asset.path.iter().all(|part| !part.is_empty()));
            }
        }
    }
}

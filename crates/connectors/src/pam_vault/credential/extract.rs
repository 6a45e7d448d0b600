//! The secret in an answer whose shape is not documented. What is not found is told by names, never by values.

use ports::Secret;
use serde_json::Value;
use zeroize::Zeroize as _;

use super::super::bounds::LIST_MAX;
use super::super::text;
use super::super::transport::Answer;

/// Names of the secret, in this order, whatever their case.
const NAMES: [&str; 7] = [
    "password", "secret", "value", "apikey", "api_key", "key", "token",
];
/// Where fields of a record are kept.
const HOLDERS: [&str; 7] = [
    "credentials",
    "credential",
    "fields",
    "custom",
    "values",
    "data",
    "asset",
];
/// How an entry of a list names its field.
const FIELD: [&str; 3] = ["name", "field", "key"];

/// The secret.
///
/// # Errors
/// Names of the fields that are there.
pub(super) fn secret(answer: &Answer) -> Result<Secret, Vec<String>> {
    let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
        return plain(answer).ok_or_else(|| vec!["(not JSON)".to_owned()]);
    };
    let found = of_object(&value)
        .or_else(|| held(&value))
        .or_else(|| of_list(&value))
        .map(|secret| Secret::new(secret.to_owned()));
    let found = found.or_else(|| in_text(&value));
    let names = if found.is_none() {
        names(&value)
    } else {
        Vec::new()
    };
    wipe(&mut value);
    match found {
        Some(secret) => Ok(secret),
        None if !value.is_object() && !value.is_array() => plain(answer).ok_or(names),
        None => Err(names),
    }
}

/// The whole body, when it is plain text.
fn plain(answer: &Answer) -> Option<Secret> {
    let whole = std::str::from_utf8(&answer.body).ok()?.trim();
    (answer.content_type.starts_with("text/plain") && !whole.is_empty())
        .then(|| Secret::new(whole.to_owned()))
}

fn of_object(value: &Value) -> Option<&str> {
    let object = value.as_object()?;
    NAMES.iter().find_map(|name| {
        object
            .iter()
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && is_secret(value))
            .and_then(|(_, value)| value.as_str())
    })
}

fn is_secret(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// In what holds the fields: an object, or a list of names and values.
fn held(value: &Value) -> Option<&str> {
    let object = value.as_object()?;
    HOLDERS.iter().find_map(|holder| {
        object
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(holder))
            .find_map(|(_, inner)| {
                of_object(inner).or_else(|| of_list(inner)).or_else(|| {
                    // One level more, as in `data.credentials`.
                    let inner = inner.as_object()?;
                    HOLDERS.iter().find_map(|holder| {
                        let inner = inner
                            .iter()
                            .find(|(key, _)| key.eq_ignore_ascii_case(holder))?
                            .1;
                        of_object(inner).or_else(|| of_list(inner))
                    })
                })
            })
    })
}

/// In a list of `{name, value}`.
fn of_list(value: &Value) -> Option<&str> {
    let entries = value.as_array()?;
    NAMES.iter().find_map(|name| {
        entries.iter().take(LIST_MAX).find_map(|entry| {
            let named = FIELD.iter().any(|key| {
                entry
                    .get(key)
                    .and_then(Value::as_str)
                    .is_some_and(|field| field.eq_ignore_ascii_case(name))
            });
            let value = entry
                .get("value")
                .filter(|value| named && is_secret(value))?;
            value.as_str()
        })
    })
}

/// In JSON that stands in a text, as `"custom": "{\"Password\": …}"`.
fn in_text(value: &Value) -> Option<Secret> {
    let object = value.as_object()?;
    HOLDERS.iter().find_map(|holder| {
        let (_, inner) = object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(holder))?;
        let inner = inner
            .as_str()
            .filter(|text| text.trim_start().starts_with('{'))?;
        let mut inner: Value = serde_json::from_str(inner).ok()?;
        let found = of_object(&inner).map(|secret| Secret::new(secret.to_owned()));
        wipe(&mut inner);
        found
    })
}

fn names(value: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |prefix: &str, value: &Value| {
        for key in value
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys())
            .take(20)
        {
            names.push(format!("{prefix}{}", text::line(key, 40)));
        }
    };
    add("", value);
    for holder in HOLDERS {
        if let Some(inner) = value.get(holder) {
            add(&format!("{holder}."), inner);
        }
    }
    names.sort_unstable();
    if names.is_empty() {
        names.push("(none)".to_owned());
    }
    names
}

/// Overwrites every text of a value.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn answer(content_type: &str, body: &str) -> Answer {
        Answer {
            content_type: content_type.to_owned(),
            body: body.as_bytes().to_vec().into(),
            date: None,
        }
    }

    #[test]
    fn the_first_known_name_counts() {
        for body in [
            json!({ "Password": "s3cret", "token": "other" }),
            json!({ "token": "", "credentials": { "User": "u", "Password": "s3cret" } }),
            json!({ "data": { "credentials": { "PASSWORD": "s3cret" } } }),
            json!({ "custom": "{\"Host\":\"h\",\"Password\":\"s3cret\"}" }),
            json!({ "fields": [{ "name": "User", "value": "u" }, { "field": "Password", "value": "s3cret" }] }),
            json!([{ "key": "api_key", "value": "s3cret" }]),
            json!({ "password": 17, "apiKey": "s3cret" }),
        ] {
            let secret = secret(&answer("application/json", &body.to_string())).unwrap();
            assert_eq!(secret.expose(), "s3cret", "{body}");
        }
        assert_eq!(
            secret(&answer("text/plain; charset=utf-8", " s3cret\n"))
                .unwrap()
                .expose(),
            "s3cret"
        );
        assert_eq!(
            secret(&answer("text/plain", "12345")).unwrap().expose(),
            "12345"
        );
        assert!(secret(&answer("application/json", "s3cret")).is_err());
    }

    #[test]
    fn names_are_told_and_values_never() {
        let body = json!({ "assetName": "hunter2", "credentials": { "PIN": "hunter2" }, "Password": null });
        let names = secret(&answer("application/json", &body.to_string())).unwrap_err();
        assert_eq!(
            names,
            ["Password", "assetName", "credentials", "credentials.PIN"]
        );
    }

    proptest! {
        #[test]
        fn no_json_is_too_much(value in crate::pam_vault::row::tests::any_json()) {
            if let Ok(secret) = secret(&answer("application/json", &value.to_string())) {
                prop_assert!(!secret.expose().is_empty());
            }
        }
    }
}

//! One operation of the machine interface: which inputs it takes, where each goes, and the call that comes out.

use decision::time::Timestamp;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use super::super::bounds::{LIST_MAX, NAME_CHARS_MAX};
use super::super::transport::{Call, JSON};
use super::super::{text, values};
use super::Logical;
use super::parameter::{Meaning, Parameter, Place, properties, resolve};
use crate::http;

/// An operation as a document describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Operation {
    pub(in super::super) method: Method,
    /// From the base URL, with `{name}` for what goes into it.
    pub(in super::super) path: String,
    parameters: Vec<Parameter>,
    /// Why it cannot be called, when that is plain from the document.
    unusable: Option<String>,
}

/// What there is to put in.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Inputs<'a> {
    pub(in super::super) asset: Option<&'a str>,
    /// Only for the operation that is about a request: elsewhere `id` is the asset's.
    pub(in super::super) request: Option<&'a str>,
    pub(in super::super) action: Option<&'a str>,
    pub(in super::super) message: Option<&'a str>,
    pub(in super::super) window: Option<(Timestamp, Timestamp)>,
}

impl Inputs<'_> {
    /// The value for a parameter; `None` when there is none.
    fn value(&self, parameter: &Parameter) -> Option<Value> {
        let time = |time: Timestamp| {
            if parameter.is_date_time {
                json!(time.to_string())
            } else {
                json!(time.seconds().saturating_mul(1000))
            }
        };
        match Meaning::of(&parameter.name)? {
            Meaning::Id => self.request.or(self.asset).map(Value::from),
            Meaning::Asset => self.asset.map(Value::from),
            Meaning::Request => self.request.map(Value::from),
            Meaning::Action => self.action.map(Value::from),
            Meaning::Message => self.message.map(Value::from),
            Meaning::From => self.window.map(|(from, _)| time(from)),
            Meaning::Until => self.window.map(|(_, until)| time(until)),
            Meaning::Exclusive => Some(json!(false)),
        }
    }
}

impl Operation {
    /// What is assumed when no document describes it.
    pub(super) fn assumed(logical: Logical) -> Self {
        let parameter = |name: &str, place: Place, required: bool| Parameter {
            name: name.to_owned(),
            place,
            required,
            is_date_time: false,
            values: Vec::new(),
        };
        let (method, path, parameters) = match logical {
            Logical::Search => (
                Method::GET,
                "/api/mcp/search-assets",
                vec![parameter("query", Place::Query, true)],
            ),
            Logical::Credentials => (
                Method::GET,
                "/api/mcp/get-asset-credentials",
                vec![parameter("assetId", Place::Query, true)],
            ),
            Logical::Submit => (
                Method::POST,
                "/api/mcp/submit-request",
                vec![
                    parameter("assetId", Place::Body, true),
                    parameter("message", Place::Body, true),
                    parameter("from", Place::Body, false),
                    parameter("to", Place::Body, false),
                    parameter("exclusive", Place::Body, false),
                ],
            ),
            Logical::Status => (
                Method::GET,
                "/api/mcp/get-request-status/{action}",
                vec![
                    parameter("action", Place::Path, true),
                    parameter("assetId", Place::Query, true),
                ],
            ),
            Logical::Complete => (
                Method::PUT,
                "/api/mcp/complete-request",
                vec![parameter("requestId", Place::Query, true)],
            ),
        };
        Self {
            method,
            path: path.to_owned(),
            parameters,
            unusable: None,
        }
    }

    /// Reads it from the document. `base_path` is the path of the base URL, which paths and servers may repeat.
    pub(super) fn read(
        document: &Value,
        base_path: &str,
        path: &str,
        method: &str,
        item: &Value,
        described: &Value,
    ) -> Self {
        let path = below_base(document, base_path, path);
        let mut parameters: Vec<Parameter> = Vec::new();
        // What stands at the operation goes before what stands at the path.
        for source in [described, item] {
            let listed = source.get("parameters").and_then(Value::as_array);
            for value in listed.into_iter().flatten().take(LIST_MAX) {
                if let Some(parameter) = Parameter::read(document, resolve(document, value))
                    && !parameters
                        .iter()
                        .any(|known| known.name == parameter.name && known.place == parameter.place)
                {
                    parameters.push(parameter);
                }
            }
        }
        // A placeholder that nobody describes has to be filled all the same.
        for name in placeholders(&path) {
            if !parameters
                .iter()
                .any(|known| known.place == Place::Path && known.name == name)
            {
                parameters.push(Parameter {
                    name: name.to_owned(),
                    place: Place::Path,
                    required: true,
                    is_date_time: false,
                    values: Vec::new(),
                });
            }
        }
        let mut unusable = None;
        if let Some(body) = described
            .get("requestBody")
            .map(|body| resolve(document, body))
        {
            let json = body
                .get("content")
                .and_then(Value::as_object)
                .and_then(|content| {
                    content
                        .iter()
                        .find(|(kind, _)| kind.to_ascii_lowercase().contains("json"))
                });
            match json {
                Some((_, content)) => {
                    let schema = content.get("schema").unwrap_or(&Value::Null);
                    properties(document, schema, 0, &mut parameters);
                }
                None if body.get("required").and_then(Value::as_bool) == Some(true) => {
                    unusable = Some("it takes a body that is not JSON".to_owned());
                }
                None => {}
            }
        }
        let mut read = Self {
            method: match method {
                "post" => Method::POST,
                "put" => Method::PUT,
                _ => Method::GET,
            },
            path,
            parameters,
            unusable,
        };
        if read.method == Method::GET
            && read
                .parameters
                .iter()
                .any(|parameter| parameter.place == Place::Body)
        {
            read.unusable = Some("it is a GET with a body".to_owned());
        }
        read
    }

    /// The call with these inputs.
    ///
    /// # Errors
    /// When a required parameter is not recognised, or there is nothing to put in; the text names it. Nothing was sent.
    pub(in super::super) fn call(&self, inputs: &Inputs<'_>) -> Result<Call, String> {
        let name = format!("{} {}", self.method, text::line(&self.path, NAME_CHARS_MAX));
        if let Some(why) = &self.unusable {
            return Err(format!("{name} cannot be called: {why}"));
        }
        let (mut path, mut query, mut body) = (self.path.clone(), String::new(), Map::new());
        for parameter in &self.parameters {
            let Some(value) = inputs.value(parameter) else {
                if parameter.required {
                    return Err(format!(
                        "{name} requires `{}`, and it is not known what to put there",
                        parameter.name
                    ));
                }
                continue;
            };
            let written = || values::text(&value).unwrap_or_else(|| value.to_string());
            match parameter.place {
                Place::Path => {
                    let written = written();
                    if !text::is_id(&written) {
                        return Err(format!(
                            "{name}: `{}` cannot stand in a path",
                            parameter.name
                        ));
                    }
                    path =
                        path.replace(&format!("{{{}}}", parameter.name), &http::encoded(&written));
                }
                Place::Query => {
                    query.push(if query.is_empty() { '?' } else { '&' });
                    query.push_str(&http::encoded(&parameter.name));
                    query.push('=');
                    query.push_str(&http::encoded(&written()));
                }
                Place::Header if parameter.required => {
                    return Err(format!(
                        "{name} requires the header `{}`, which is not known",
                        parameter.name
                    ));
                }
                Place::Header => {}
                Place::Body => {
                    body.insert(parameter.name.clone(), value);
                }
            }
        }
        let takes_body = self
            .parameters
            .iter()
            .any(|parameter| parameter.place == Place::Body);
        Ok(Call {
            method: self.method.clone(),
            target: format!("{path}{query}"),
            content_type: JSON,
            body: if takes_body {
                Value::Object(body).to_string().into_bytes()
            } else {
                Vec::new()
            },
        })
    }

    /// Whether it is told for which asset. If not, the answer has to say.
    pub(in super::super) fn takes_asset(&self) -> bool {
        self.parameters.iter().any(|parameter| {
            matches!(
                Meaning::of(&parameter.name),
                Some(Meaning::Asset | Meaning::Id)
            )
        })
    }

    /// Action types that the document names: `enum`, then example and default, then words quoted in the description.
    pub(in super::super) fn actions(&self) -> Vec<String> {
        self.parameters
            .iter()
            .find(|parameter| Meaning::of(&parameter.name) == Some(Meaning::Action))
            .map(|parameter| parameter.values.clone())
            .unwrap_or_default()
    }
}

fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .take(LIST_MAX)
}

/// A path of the document, from the base URL: what the path or `servers[0]` repeats of the base is dropped, and what the
/// server adds below the base is kept.
fn below_base(document: &Value, base_path: &str, path: &str) -> String {
    let below = |path: &str| -> Option<String> {
        let rest = path.strip_prefix(base_path)?;
        (!base_path.is_empty() && (rest.is_empty() || rest.starts_with('/')))
            .then(|| rest.to_owned())
    };
    let path = format!("/{}", path.trim_start_matches('/'));
    if let Some(rest) = below(&path) {
        return rest;
    }
    let server = document
        .pointer("/servers/0/url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let server = match server.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .and_then(|at| rest.get(at..))
            .unwrap_or_default(),
        None => server,
    };
    let added = below(server.trim_end_matches('/')).unwrap_or_default();
    if path.starts_with(&added) {
        path
    } else {
        format!("{added}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &Value, path: &str, method: &str) -> Operation {
        let item = &document["paths"][path];
        Operation::read(
            document,
            "/ztna/acme/root",
            path,
            method,
            item,
            &item[method],
        )
    }

    const INPUTS: Inputs<'_> = Inputs {
        asset: Some("a-1"),
        request: None,
        action: Some("AssetUnlock"),
        message: Some("a reason"),
        window: None,
    };

    #[test]
    fn inputs_go_where_the_document_says() {
        let document = json!({
            "components": {
                "schemas": {
                    "Base": { "properties": { "justification": { "type": "string" } }, "required": ["justification"] },
                    "Request": { "allOf": [{ "$ref": "#/components/schemas/Base" }], "properties": {
                        "requestedFrom": { "type": "string", "format": "date-time" }, "to": { "type": "integer" },
                        "Exclusive": { "type": "boolean" }, "note": {} } }
                },
                "parameters": { "Asset": { "name": "asset_id", "in": "path", "required": true } }
            },
            "paths": { "/api/mcp/{asset_id}/requests": {
                "parameters": [{ "$ref": "#/components/parameters/Asset" }],
                "post": { "parameters": [{ "name": "action-type", "in": "query" }, { "name": "trace", "in": "query" }],
                    "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Request" } } } } }
            } }
        });
        let window = Some((
            Timestamp::from_seconds(1_767_200_520),
            Timestamp::from_seconds(1_767_200_580),
        ));
        let call = read(&document, "/api/mcp/{asset_id}/requests", "post")
            .call(&Inputs {
                asset: Some("a:1"),
                window,
                ..INPUTS
            })
            .unwrap();
        assert_eq!(
            call.target,
            "/api/mcp/a%3A1/requests?action-type=AssetUnlock"
        );
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(
            body,
            json!({ "justification": "a reason", "requestedFrom": "2025-12-31T17:02:00Z", "to": 1_767_200_580_000_i64, "Exclusive": false })
        );
    }

    #[test]
    fn what_is_required_and_not_known_stops_the_call() {
        for (operation, lacks) in [
            (
                json!({ "parameters": [{ "name": "form", "in": "query", "required": true }] }),
                "`form`",
            ),
            (
                json!({ "parameters": [{ "name": "requestId", "in": "query", "required": true }] }),
                "`requestId`",
            ),
            (
                json!({ "requestBody": { "content": { "application/json": { "schema": { "required": ["ticket"] } } } } }),
                "`ticket`",
            ),
            (
                json!({ "requestBody": { "required": true, "content": { "text/plain": {} } } }),
                "not JSON",
            ),
            (
                json!({ "parameters": [{ "name": "asset", "in": "header", "required": true }] }),
                "header",
            ),
        ] {
            let document = json!({ "paths": { "/x": { "post": operation } } });
            let error = read(&document, "/x", "post").call(&INPUTS).unwrap_err();
            assert!(error.contains(lacks), "{error}");
        }
        let document = json!({ "paths": { "/x/{what}": { "get": {} } } });
        assert!(
            read(&document, "/x/{what}", "get")
                .call(&INPUTS)
                .unwrap_err()
                .contains("`what`")
        );
        let document = json!({ "paths": { "/x/{id}": { "get": {} } } });
        let dots = Inputs {
            asset: Some(".."),
            ..INPUTS
        };
        assert!(read(&document, "/x/{id}", "get").call(&dots).is_err());
        assert_eq!(
            read(&document, "/x/{id}", "get")
                .call(&INPUTS)
                .unwrap()
                .target,
            "/x/a-1"
        );
    }

    #[test]
    fn no_prefix_is_doubled_and_none_is_lost() {
        for (server, path, below) in [
            (json!("/ztna/acme/root"), "/api/mcp/x", "/api/mcp/x"),
            (
                json!("https://pam.example:6443/ztna/acme/root/"),
                "/api/mcp/x",
                "/api/mcp/x",
            ),
            (json!("/ztna/acme/root/api/mcp"), "/x", "/api/mcp/x"),
            (json!("/ztna/acme/root/api/mcp"), "/api/mcp/x", "/api/mcp/x"),
            (json!("/"), "/ztna/acme/root/api/mcp/x", "/api/mcp/x"),
            (json!("/ztna/acme"), "/api/mcp/x", "/api/mcp/x"),
            (
                json!("https://elsewhere.example"),
                "api/mcp/x",
                "/api/mcp/x",
            ),
            (Value::Null, "/api/mcp/x", "/api/mcp/x"),
        ] {
            let document = json!({ "servers": [{ "url": server }] });
            assert_eq!(
                below_base(&document, "/ztna/acme/root", path),
                below,
                "{server}"
            );
        }
    }

    #[test]
    fn action_types_are_read_from_every_hint() {
        let document = json!({ "paths": { "/s/{action}": { "get": { "parameters": [
            { "name": "action", "in": "path", "description": "One of `Unlock` or \"Edit\", not `two words`.",
              "schema": { "enum": ["AssetUnlock", "a b"], "default": "AssetAccess" } }] } } } });
        assert_eq!(
            read(&document, "/s/{action}", "get").actions(),
            ["AssetUnlock", "AssetAccess", "Unlock", "Edit"]
        );
        assert!(Operation::assumed(Logical::Status).takes_asset());
        assert!(!read(&document, "/s/{action}", "get").takes_asset());
    }
}

//! The discovery document: where it is, which operations it names, and what is assumed where it says nothing.

mod operation;
mod parameter;

use std::collections::BTreeMap;

use serde_json::Value;

use super::bounds::{NAME_CHARS_MAX, OPERATIONS_MAX};
use super::failure::{Failure, Kind};
use super::text;
use super::transport::Transport;

pub(super) use operation::{Inputs, Operation};

/// What the agent asks the machine interface for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Logical {
    /// Find an asset by its name. Not needed: assets are set by id.
    Search,
    /// Read a secret.
    Credentials,
    /// Ask for it.
    Submit,
    /// What became of that.
    Status,
    /// Give it back.
    Complete,
}

impl Logical {
    pub(super) const ALL: [Self; 5] = [
        Self::Search,
        Self::Credentials,
        Self::Submit,
        Self::Status,
        Self::Complete,
    ];

    /// Normalised names under which it may stand.
    fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Search => &[
                "searchassets",
                "searchasset",
                "findassets",
                "findasset",
                "assetsearch",
                "listassets",
                "getassets",
            ],
            Self::Credentials => &[
                "getassetcredentials",
                "getcredentials",
                "assetcredentials",
                "retrievecredentials",
            ],
            Self::Submit => &[
                "submitrequest",
                "createrequest",
                "requestaccess",
                "submitaccessrequest",
                "newrequest",
            ],
            Self::Status => &["getrequeststatus", "requeststatus"],
            Self::Complete => &["completerequest", "closerequest"],
        }
    }

    /// The name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Search => "search-assets",
            Self::Credentials => "get-asset-credentials",
            Self::Submit => "submit-request",
            Self::Status => "get-request-status",
            Self::Complete => "complete-request",
        }
    }
}

/// The operations, and how they are known.
#[derive(Clone, Debug)]
pub(super) struct Discovery {
    /// Where the document was found; `None` when it was nowhere.
    pub(super) place: Option<String>,
    operations: BTreeMap<Logical, Operation>,
    /// Every operation that the document names.
    pub(super) named: Vec<String>,
    /// What was odd.
    pub(super) remarks: Vec<String>,
}

impl Discovery {
    /// Looks for the document in the places that the vendor's pages name.
    ///
    /// A vault that cannot be reached is a failure; one that serves no document is not: then every operation is assumed.
    pub(super) fn read(transport: &Transport) -> Result<Self, Failure> {
        let base = &transport.address.base;
        let mut remarks = Vec::new();
        let places = [
            Some(format!("{base}/.well-known/mcp-agent.json")),
            transport
                .address
                .without_site()
                .map(|tenant| format!("{tenant}/.well-known/mcp-agent.json")),
            Some(format!("{base}/.well-known/agent.json")),
        ];
        for place in places.into_iter().flatten() {
            let Some(document) = fetch(transport, &place, &mut remarks)? else {
                continue;
            };
            if document.get("paths").is_some_and(Value::is_object) {
                return Ok(Self::of(&document, place, remarks, &transport.address.path));
            }
            if let Some(target) = pointer(&document)
                .and_then(|target| transport.address.same_server(&target))
                .filter(|target| *target != place)
                && let Some(document) = fetch(transport, &target, &mut remarks)?
                && document.get("paths").is_some_and(Value::is_object)
            {
                return Ok(Self::of(
                    &document,
                    target,
                    remarks,
                    &transport.address.path,
                ));
            }
            remarks.push(format!(
                "{place} holds no paths and leads to none on the same server"
            ));
        }
        Ok(Self {
            place: None,
            operations: BTreeMap::new(),
            named: Vec::new(),
            remarks,
        })
    }

    fn of(document: &Value, place: String, remarks: Vec<String>, base_path: &str) -> Self {
        let mut found: Vec<(String, Operation)> = Vec::new();
        let paths = document.get("paths").and_then(Value::as_object);
        for (path, item) in paths.into_iter().flatten().take(OPERATIONS_MAX) {
            for method in ["get", "post", "put"] {
                let Some(described) = item.get(method) else {
                    continue;
                };
                let id = described
                    .get("operationId")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let operation = Operation::read(document, base_path, path, method, item, described);
                found.push((text::line(id, NAME_CHARS_MAX), operation));
            }
        }
        let mut operations = BTreeMap::new();
        for logical in Logical::ALL {
            let fits = |name: &str| logical.aliases().contains(&normalised(name).as_str());
            let by_id = found.iter().find(|(id, _)| fits(id));
            let by_path = || {
                found
                    .iter()
                    .find(|(_, operation)| fits(first_segment(&operation.path)))
            };
            if let Some((_, operation)) = by_id.or_else(by_path) {
                operations.insert(logical, operation.clone());
            }
        }
        let named = found
            .iter()
            .map(|(id, operation)| {
                if id.is_empty() {
                    operation.path.clone()
                } else {
                    id.clone()
                }
            })
            .take(100)
            .collect();
        Self {
            place: Some(place),
            operations,
            named,
            remarks,
        }
    }

    /// An operation as the document describes it, or as it is assumed to be.
    pub(super) fn operation(&self, logical: Logical) -> Operation {
        self.operations
            .get(&logical)
            .cloned()
            .unwrap_or_else(|| Operation::assumed(logical))
    }

    /// Whether the document names it.
    pub(super) fn names(&self, logical: Logical) -> bool {
        self.operations.contains_key(&logical)
    }

    /// What a message adds when an operation that was only assumed went wrong.
    pub(super) fn doubt(&self, logical: Logical) -> String {
        if self.names(logical) {
            return String::new();
        }
        let document = match &self.place {
            Some(place) => format!("{place} names only {}", self.named.join(", ")),
            None => "no discovery document was found; is MCP support enabled?".to_owned(),
        };
        format!("; how to call {} was assumed: {document}", logical.name())
    }
}

/// A document, or `None` where there is none. Only a vault that cannot be reached ends the search.
fn fetch(
    transport: &Transport,
    place: &str,
    remarks: &mut Vec<String>,
) -> Result<Option<Value>, Failure> {
    let failure = match transport.get(place) {
        Ok(answer) => match answer.json(&format!("GET {place}")) {
            Ok(document) => return Ok(Some(document)),
            Err(failure) => failure,
        },
        Err(failure) => failure,
    };
    match failure.kind {
        Kind::NotSent | Kind::Lost | Kind::TooLong | Kind::Busy | Kind::Broken => Err(failure),
        Kind::Unauthorized
        | Kind::NoSuchPath
        | Kind::NotTheApi
        | Kind::Refused
        | Kind::Malformed => {
            remarks.push(failure.text);
            Ok(None)
        }
    }
}

/// The one reference in a document that only points elsewhere: `mcp-agent.json` before anything that ends in `.json`.
fn pointer(document: &Value) -> Option<String> {
    fn collect(value: &Value, found: &mut Vec<String>, depth: usize) {
        match value {
            Value::String(text)
                if text.starts_with('/')
                    || text.starts_with("http://")
                    || text.starts_with("https://") =>
            {
                found.push(text.clone());
            }
            Value::Array(list) if depth < 8 => {
                list.iter()
                    .take(100)
                    .for_each(|value| collect(value, found, depth.saturating_add(1)));
            }
            Value::Object(map) if depth < 8 => {
                map.values()
                    .take(100)
                    .for_each(|value| collect(value, found, depth.saturating_add(1)));
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => {}
        }
    }
    let mut found = Vec::new();
    collect(document, &mut found, 0);
    found
        .iter()
        .find(|reference| reference.contains("mcp-agent.json"))
        .or_else(|| found.iter().find(|reference| reference.ends_with(".json")))
        .cloned()
}

/// Lower case, letters and digits only.
fn normalised(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// The first segment after `/api/mcp/`.
fn first_segment(path: &str) -> &str {
    path.split_once("/api/mcp/")
        .and_then(|(_, rest)| rest.split('/').next())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use ureq::http::Method;

    fn of(document: &Value) -> Discovery {
        Discovery::of(document, "place".into(), Vec::new(), "/ztna/acme/root")
    }

    #[test]
    fn operations_are_found_by_name_then_by_path_then_assumed() {
        let document = json!({ "paths": {
            "/api/mcp/x": { "post": { "operationId": "Get_Asset-Credentials" } },
            "/api/mcp/complete-request/{id}": { "put": {} },
            "/api/mcp/search-assets": { "delete": { "operationId": "getRequestStatus" } },
        }});
        let discovery = of(&document);
        assert_eq!(discovery.operation(Logical::Credentials).path, "/api/mcp/x");
        assert_eq!(
            discovery.operation(Logical::Credentials).method,
            Method::POST
        );
        assert_eq!(
            discovery.operation(Logical::Complete).path,
            "/api/mcp/complete-request/{id}"
        );
        assert!(!discovery.names(Logical::Status));
        assert_eq!(
            discovery.operation(Logical::Status).path,
            "/api/mcp/get-request-status/{action}"
        );
        assert!(
            discovery
                .doubt(Logical::Status)
                .contains("Get_Asset-Credentials")
        );
        assert_eq!(discovery.doubt(Logical::Credentials), "");
    }

    #[test]
    fn a_pointer_prefers_the_document_itself() {
        let document = json!({ "name": "x", "docs": "https://a/b.json", "api": [{ "url": "/c/.well-known/mcp-agent.json" }] });
        assert_eq!(
            pointer(&document).as_deref(),
            Some("/c/.well-known/mcp-agent.json")
        );
        assert_eq!(pointer(&json!({ "icon": "/x.png" })), None);
    }

    proptest! {
        #[test]
        fn no_json_is_too_much(value in crate::pam_vault::row::tests::any_json(), path in "(/|/api|\\{|\\}|[a-z]){0,9}") {
            let discovery = of(&json!({ "paths": { path: value.clone() }, "servers": [value.clone()] }));
            for logical in Logical::ALL {
                let inputs = Inputs { asset: Some("a"), request: Some("r"), ..Inputs::default() };
                let _ = discovery.operation(logical).call(&inputs);
            }
            let _ = pointer(&value);
        }
    }
}

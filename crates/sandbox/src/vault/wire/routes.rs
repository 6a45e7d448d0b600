//! Which route a method and a path mean.

use super::super::fault::Route;
use super::super::options::{AgentJson, Dialect, Options, StatusShape};
use super::super::refusal::Refusal;
use super::super::{SITE, TENANT};

/// A route with what its path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) route: Route,
    /// Variable parts of the path, in their order.
    pub(crate) parts: Vec<String>,
}

impl Place {
    pub(crate) fn part(&self, number: usize) -> &str {
        self.parts.get(number).map_or("", String::as_str)
    }
}

/// Finds the route. The same routes lie below the tenant and below its site.
pub(crate) fn find(options: &Options, method: &str, path: &str) -> Result<Place, Refusal> {
    let below = |prefix: &str| {
        path.strip_prefix(prefix)
            .filter(|rest| rest.starts_with('/'))
    };
    let tenant = format!("/ztna/{TENANT}");
    let rest = below(&format!("{tenant}/{SITE}"))
        .or_else(|| below(&tenant))
        .ok_or_else(Refusal::no_route)?;
    let segments: Vec<&str> = rest.split('/').skip(1).collect();
    let (expected, route, parts) = known(options, &segments).ok_or_else(Refusal::no_route)?;
    if method != expected {
        return Err(Refusal::method());
    }
    let parts = parts.iter().map(|part| (*part).to_owned()).collect();
    Ok(Place { route, parts })
}

type Known<'a> = Option<(&'static str, Route, Vec<&'a str>)>;

fn known<'a>(options: &Options, segments: &[&'a str]) -> Known<'a> {
    let mcp = options.mcp;
    let found = match *segments {
        [".well-known", "mcp-agent.json"] if mcp && options.agent_json != AgentJson::Only => {
            ("GET", Route::Discovery, vec![])
        }
        [".well-known", name @ "agent.json"] if options.agent_json != AgentJson::Off => {
            ("GET", Route::Discovery, vec![name])
        }
        ["api", "mcp", "openapi.json"] if mcp && options.agent_json == AgentJson::Only => {
            ("GET", Route::Discovery, vec![])
        }
        ["api", "mcp", ref rest @ ..] if mcp => match options.dialect {
            Dialect::A => dialect_a(rest)?,
            Dialect::B => dialect_b(rest, options.status_shape)?,
        },
        ["api", "request", "auditor-requests"] => ("GET", Route::List, vec![]),
        ["api", "request", "approve", id] => ("PUT", Route::Approve, vec![id]),
        ["api", "request", "reject", id] => ("PUT", Route::Reject, vec![id]),
        ["api", "request", "complete", id] => ("PUT", Route::Complete, vec![id]),
        ["api", "request", "close", id] => ("PUT", Route::Close, vec![id]),
        ["api", "request", "request", id] if options.row_no_asset_id => {
            ("GET", Route::Detail, vec![id])
        }
        ["api", "asset", "asset", id] => ("GET", Route::Asset, vec![id]),
        ["api", "asset", "listTypes", id] => ("GET", Route::ListTypes, vec![id]),
        ["api", "user", "context"] => ("GET", Route::Context, vec![]),
        _ => return None,
    };
    Some(found)
}

/// Ids in the query.
fn dialect_a<'a>(rest: &[&'a str]) -> Known<'a> {
    let found = match *rest {
        ["search-assets"] => ("GET", Route::SearchAssets, vec![]),
        ["get-asset-credentials"] => ("GET", Route::Credentials, vec![]),
        ["get-request-forms"] => ("GET", Route::Forms, vec![]),
        ["submit-request"] => ("POST", Route::Submit, vec![]),
        ["get-request-status", action] => ("GET", Route::RequestStatus, vec![action]),
        ["complete-request"] => ("PUT", Route::CompleteOwn, vec![]),
        _ => return None,
    };
    Some(found)
}

/// Ids in the path, everything `POST`.
fn dialect_b<'a>(rest: &[&'a str], shape: StatusShape) -> Known<'a> {
    let found = match (rest, shape) {
        (&["assets", "search"], _) => (Route::SearchAssets, vec![]),
        (&["assets", id, "credentials"], _) => (Route::Credentials, vec![id]),
        (&["assets", id, "forms"], _) => (Route::Forms, vec![id]),
        (&["assets", id, "requests"], _) => (Route::Submit, vec![id]),
        (&["assets", id, "requests", "status", action], StatusShape::Object) => {
            (Route::RequestStatus, vec![action, id])
        }
        (&["requests", "status", action], StatusShape::List) => {
            (Route::RequestStatus, vec![action])
        }
        (&["requests", id, "complete"], _) => (Route::CompleteOwn, vec![id]),
        _ => return None,
    };
    Some(("POST", found.0, found.1))
}

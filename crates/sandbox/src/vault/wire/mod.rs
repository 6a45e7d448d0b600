//! The vault's side of HTTP, without HTTP: calls come in, replies go out.

pub(super) mod assets;
pub(super) mod discovery;
pub(super) mod machine;
pub(super) mod requests;
pub(super) mod routes;
mod rows;

use serde::Serialize;
use serde_json::{Value, json};

use super::fault::Route;
use super::options::ErrorFormat;
use super::records::Decision;
use super::refusal::Refusal;
use super::state::Vault;
use super::token;
use routes::Place;

/// A request as it came over HTTP.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) bearer: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; an empty one is an empty object.
    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::parameter(&format!("the body is no JSON: {error}")))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> Result<&str, Refusal> {
        std::str::from_utf8(&self.body).map_err(|_| Refusal::parameter("the body is no UTF-8"))
    }
}

/// An answer before it becomes HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json")],
            // Text keys and numbers only: writing cannot fail.
            body: serde_json::to_vec(value).unwrap_or_default(),
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A page with text, as the login page of a web application.
    pub(crate) fn html() -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", "text/html; charset=utf-8")],
            body: b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form method=\"post\">\
                <input name=\"user\"><input name=\"password\" type=\"password\"></form></body></html>"
                .to_vec(),
        }
    }

    pub(crate) fn refusal(refusal: &Refusal, format: ErrorFormat) -> Self {
        match format {
            ErrorFormat::Json => Self::json(
                refusal.status,
                &json!({ "status": refusal.status, "code": refusal.code, "message": refusal.message }),
            ),
            ErrorFormat::Text => Self {
                status: refusal.status,
                headers: vec![("content-type", "text/plain; charset=utf-8")],
                body: refusal.message.clone().into_bytes(),
            },
        }
    }
}

/// Answers a call whose place is known.
pub(crate) fn answer(vault: &mut Vault, place: &Place, call: &Call) -> Reply {
    vault.expire();
    let reply = if place.route == Route::Discovery {
        Ok(discovery::reply(vault, place))
    } else {
        signed_in(vault, call).and_then(|user| dispatch(vault, user, place, call))
    };
    reply.unwrap_or_else(|refusal| Reply::refusal(&refusal, vault.options.error_format))
}

fn signed_in(vault: &Vault, call: &Call) -> Result<usize, Refusal> {
    call.bearer
        .as_deref()
        .and_then(|token| token::user_of(vault, token))
        .ok_or_else(|| Refusal::unauthorized("there is no valid API token"))
}

fn dispatch(vault: &mut Vault, user: usize, place: &Place, call: &Call) -> Result<Reply, Refusal> {
    match place.route {
        Route::Discovery => Ok(discovery::reply(vault, place)),
        Route::SearchAssets => machine::search(vault, call),
        Route::Credentials => machine::credentials(vault, user, place, call),
        Route::Forms => machine::forms(vault, user, place, call),
        Route::Submit => machine::submit(vault, user, place, call),
        Route::RequestStatus => machine::status(vault, user, place, call),
        Route::CompleteOwn => machine::complete(vault, user, place, call),
        Route::List => requests::list(vault, user, call),
        Route::Detail => requests::detail(vault, user, place),
        Route::Approve => requests::decide(vault, user, Decision::Approve, place, call),
        Route::Reject => requests::decide(vault, user, Decision::Reject, place, call),
        Route::Complete | Route::Close => {
            requests::decide(vault, user, Decision::Complete, place, call)
        }
        Route::Asset => assets::record(vault, user, place),
        Route::ListTypes => assets::list_types(vault, place),
        Route::Context => Ok(assets::context(vault, user)),
    }
}

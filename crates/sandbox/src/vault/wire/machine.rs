//! The six machine operations.

use serde_json::{Value, json};

use super::super::options::{Action, Dialect, StatusShape};
use super::super::records::{Status, Submission};
use super::super::refusal::Refusal;
use super::super::state::Vault;
use super::super::switches::moment;
use super::routes::Place;
use super::{Call, Reply};

/// Assets that a search answers with at most.
const FOUND_MAX: usize = 50;

/// An id: in the query in dialect A, in the path in dialect B.
fn id<'a>(
    vault: &Vault,
    (place, part): (&'a Place, usize),
    (call, name): (&'a Call, &str),
) -> Result<&'a str, Refusal> {
    match vault.options.dialect {
        Dialect::B => Ok(place.part(part)),
        Dialect::A => call
            .parameter(name)
            .ok_or_else(|| Refusal::parameter(&format!("the parameter `{name}` is missing"))),
    }
}

/// Assets whose name contains the text, whatever the case.
pub(crate) fn search(vault: &Vault, call: &Call) -> Result<Reply, Refusal> {
    let body = call.json()?;
    let text = match vault.options.dialect {
        Dialect::A => call.parameter("query"),
        Dialect::B => body.get("query").and_then(Value::as_str),
    };
    let text = text
        .ok_or_else(|| Refusal::parameter("the parameter `query` is missing"))?
        .to_lowercase();
    let found: Vec<Value> = vault
        .assets
        .iter()
        .enumerate()
        .filter(|(_, asset)| asset.name.to_lowercase().contains(&text))
        .take(FOUND_MAX)
        .map(|(number, asset)| {
            json!({ "id": asset.id.to_string(), "name": asset.name, "type": asset.kind, "path": vault.path(number) })
        })
        .collect();
    Ok(Reply::json(200, &json!({ "data": found })))
}

/// The secret, or why there is none yet.
pub(crate) fn credentials(
    vault: &mut Vault,
    user: usize,
    place: &Place,
    call: &Call,
) -> Result<Reply, Refusal> {
    let id = id(vault, (place, 0), (call, "assetId"))?;
    let (asset, secret) = vault.secret(user, id)?;
    let asset = vault
        .assets
        .get(asset)
        .ok_or_else(|| Refusal::unknown("asset"))?;
    Ok(Reply::json(
        200,
        &json!({ "assetId": asset.id.to_string(), "assetName": asset.name, "assetType": asset.kind,
            "credentials": { "User": format!("svc-{}", asset.name.to_lowercase().replace(' ', "-")), "Password": secret } }),
    ))
}

/// Forms that somebody would have to use for an asset, by action.
pub(crate) fn forms(
    vault: &Vault,
    user: usize,
    place: &Place,
    call: &Call,
) -> Result<Reply, Refusal> {
    let id = id(vault, (place, 0), (call, "assetId"))?;
    let asset = vault.asset(id).ok_or_else(|| Refusal::unknown("asset"))?;
    let forms: Vec<Value> = Action::ALL
        .iter()
        .filter_map(|&action| {
            let form = vault.forms.get(vault.form_for(asset, action, user)?)?;
            Some(json!({ "id": form.id.to_string(), "name": form.name, "action": action.name(), "levels": form.levels.len() }))
        })
        .collect();
    Ok(Reply::json(200, &json!({ "data": forms })))
}

/// Submits a request for the action that reading a secret takes.
pub(crate) fn submit(
    vault: &mut Vault,
    user: usize,
    place: &Place,
    call: &Call,
) -> Result<Reply, Refusal> {
    let body = call.json()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let (asset, message, from, to) = match vault.options.dialect {
        Dialect::A => (text("assetId").unwrap_or(""), "message", "from", "to"),
        Dialect::B => (place.part(0), "justification", "start", "end"),
    };
    let missing = |key: &str| Refusal::parameter(&format!("`{key}` is missing or no text"));
    if asset.is_empty() {
        return Err(missing("assetId"));
    }
    let exclusive = match body.get("exclusive") {
        None | Some(Value::Null) => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| Refusal::parameter("`exclusive` is neither true nor false"))?,
    };
    let submission = Submission {
        asset: asset.to_owned(),
        action: vault.options.credential_action,
        message: text(message).ok_or_else(|| missing(message))?.to_owned(),
        from_ms: time(vault, &body, from)?,
        to_ms: time(vault, &body, to)?,
        exclusive,
    };
    let number = vault.submit(user, &submission, call.content_type.as_deref())?;
    if vault.options.submit_silent {
        return Ok(Reply::empty(200));
    }
    let entry = vault
        .requests
        .get(number)
        .ok_or_else(|| Refusal::unknown("request"))?;
    Ok(Reply::json(
        200,
        &json!({ "id": entry.id.to_string(), "status": entry.status.name() }),
    ))
}

/// A time of the body: milliseconds in dialect A, RFC 3339 in dialect B.
fn time(vault: &Vault, body: &Value, key: &str) -> Result<Option<i64>, Refusal> {
    let value = match body.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let at = match vault.options.dialect {
        Dialect::A => value
            .as_i64()
            .filter(|at| moment(&at.to_string()).is_some()),
        Dialect::B => value.as_str().and_then(super::super::time::from_rfc3339),
    };
    at.map(Some).ok_or_else(|| {
        Refusal::parameter(&format!("`{key}` is no time in the form of the document"))
    })
}

/// Status of one's own newest request for an asset and action, or of all own requests of the action.
pub(crate) fn status(
    vault: &Vault,
    user: usize,
    place: &Place,
    call: &Call,
) -> Result<Reply, Refusal> {
    let action: Action = place
        .part(0)
        .parse()
        .map_err(|_| Refusal::workflow("SIM-BADACTION", "there is no such action"))?;
    if vault.options.status_shape == StatusShape::List {
        let mut newest: Vec<usize> = vault
            .own
            .keys()
            .filter(|(owner, _)| *owner == user)
            .filter_map(|(_, asset)| vault.newest(user, *asset, action))
            .collect();
        newest.sort_unstable();
        let rows: Vec<Value> = newest
            .into_iter()
            .map(|number| row(vault, number))
            .collect();
        return Ok(Reply::json(200, &json!({ "data": rows })));
    }
    let id = id(vault, (place, 1), (call, "assetId"))?;
    let asset = vault.asset(id).ok_or_else(|| Refusal::unknown("asset"))?;
    let none = || json!({ "status": "None" });
    let found = vault.newest(user, asset, action);
    Ok(Reply::json(
        200,
        &found.map_or_else(none, |number| row(vault, number)),
    ))
}

fn row(vault: &Vault, number: usize) -> Value {
    let Some(entry) = vault.requests.get(number) else {
        return Value::Null;
    };
    let open = entry.status == Status::Approved && (entry.from..entry.to).contains(&vault.now());
    let status = if open { "Open" } else { entry.status.name() };
    json!({ "requestId": entry.id.to_string(), "assetId": vault.asset_id(entry.asset),
        "action": entry.action.name(), "status": status })
}

/// Ends an own request.
pub(crate) fn complete(
    vault: &mut Vault,
    user: usize,
    place: &Place,
    call: &Call,
) -> Result<Reply, Refusal> {
    let id = id(vault, (place, 0), (call, "requestId"))?;
    vault.complete_own(user, id, call.content_type.as_deref())?;
    Ok(Reply::json(
        200,
        &json!({ "id": id, "status": "Completed" }),
    ))
}

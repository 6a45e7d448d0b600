//! Control routes, `/__sim/…` on a port of their own: who plays the vault's world, and looks behind it.

use serde_json::{Value, json};

use super::super::fault::FaultRule;
use super::super::options::Action;
use super::super::records::{AuditEntry, Decision, Request, Right, Status, Submission};
use super::super::refusal::Refusal;
use super::super::state::Vault;
use super::super::switches::{SWITCHES, moment};
use super::super::token::{self, TokenShape};
use super::super::{SITE, TENANT, duration, time};
use super::Shared;
use crate::vault::wire::{Call, Reply};

/// Requests and audit entries that one answer holds at most.
const ROWS_MAX: usize = 1_000;

/// Answers a control call.
pub(super) fn answer(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let name = call
        .path
        .strip_prefix("/__sim")
        .ok_or_else(Refusal::no_route)?;
    let body = call.json()?;
    let mut vault = shared.vault();
    vault.expire();
    let value = match (call.method.as_str(), name.trim_start_matches('/')) {
        ("GET", "") => overview(shared, &vault),
        ("GET", "clock") => clock(&vault),
        ("POST", "clock") => {
            move_clock(&mut vault, &body)?;
            clock(&vault)
        }
        ("POST", "reset" | "seed") => {
            let mut options = vault.options.clone();
            switch(&mut options, &body)?;
            *vault = Vault::new(options, shared.origin.clone());
            overview(shared, &vault)
        }
        ("GET", "switches") => {
            json!(
                SWITCHES
                    .iter()
                    .map(|s| json!({ "name": s.name, "values": s.values, "about": s.about }))
                    .collect::<Vec<_>>()
            )
        }
        ("POST", "switches") => {
            vault.switch(|options| switch(options, &body))?;
            overview(shared, &vault)
        }
        ("GET", "faults") => faults(&vault),
        ("POST", "faults") => {
            let rule: FaultRule = text(&body, "fault")?
                .parse()
                .map_err(|error| Refusal::parameter(&format!("{error}")))?;
            vault.faults.push(rule);
            faults(&vault)
        }
        ("DELETE", "faults") => {
            vault.faults.clear();
            faults(&vault)
        }
        ("POST", "act") => act(&mut vault, &body)?,
        ("GET", "requests") => requests(&vault, call)?,
        ("GET", "audit") => {
            let skipped = vault.audit.len().saturating_sub(ROWS_MAX);
            json!({ "data": vault.audit.iter().skip(skipped).map(audit_row).collect::<Vec<_>>(), "total": vault.audit.len() })
        }
        ("GET", "planted") => {
            json!({ "data": vault.planted.iter().map(|p| json!({ "request": p.request, "case": p.case.name(), "about": p.about })).collect::<Vec<_>>() })
        }
        ("GET", "users") => {
            let users = vault.users.iter().take(ROWS_MAX).map(|user| {
                let rights: Vec<&str> = user.rights.iter().map(|right| right.name()).collect();
                json!({ "login": user.login, "team": user.team, "groups": user.groups, "rights": rights })
            });
            json!({ "data": users.collect::<Vec<_>>() })
        }
        ("GET", "calls") => {
            json!(
                vault
                    .calls
                    .iter()
                    .map(|(route, calls)| (route.name(), *calls))
                    .collect::<std::collections::BTreeMap<_, _>>()
            )
        }
        ("POST", "token") => {
            let user = user(&vault, text(&body, "user")?)?;
            let user = vault
                .users
                .get(user)
                .ok_or_else(|| Refusal::unknown("user"))?;
            let shape = TokenShape {
                with_ousr: body.get("ousr").and_then(Value::as_bool).unwrap_or(true),
                expires_ms: body.get("expires").and_then(Value::as_i64),
            };
            json!({ "token": token::issue(&vault, user, shape) })
        }
        ("POST", "revoke") => {
            let what = text(&body, "token")
                .or_else(|_| text(&body, "user"))?
                .to_owned();
            vault.revoked.insert(what);
            json!({ "revoked": vault.revoked.len() })
        }
        ("POST", "rights") => rights(&mut vault, &body)?,
        (
            _,
            "" | "clock" | "reset" | "seed" | "switches" | "faults" | "act" | "requests" | "audit"
            | "planted" | "users" | "calls" | "token" | "revoke" | "rights",
        ) => {
            return Err(Refusal::method());
        }
        _ => return Err(Refusal::no_route()),
    };
    Ok(Reply::json(200, &value))
}

fn text<'a>(body: &'a Value, key: &str) -> Result<&'a str, Refusal> {
    body.get(key)
        .and_then(Value::as_str)
        .ok_or_else(|| Refusal::parameter(&format!("the body needs the text `{key}`")))
}

fn user(vault: &Vault, login: &str) -> Result<usize, Refusal> {
    vault
        .logins
        .get(login)
        .copied()
        .ok_or_else(|| Refusal::unknown("user"))
}

fn overview(shared: &Shared, vault: &Vault) -> Value {
    json!({
        "base_url": format!("{}/ztna/{TENANT}/{SITE}", shared.origin),
        "control_url": format!("{}/__sim", shared.control_origin),
        "clock": clock(vault),
        "seed": vault.options.seed,
        "requests": vault.requests.len(),
        "assets": vault.assets.len(),
        "users": vault.users.len(),
        "planted": vault.planted.len(),
        "faults": faults(vault),
        "routes": ["GET clock", "POST clock", "POST reset", "POST seed", "GET switches", "POST switches", "GET faults", "POST faults",
            "DELETE faults", "POST act", "GET requests", "GET audit", "GET planted", "GET users", "GET calls", "POST token",
            "POST revoke", "POST rights"],
    })
}

fn clock(vault: &Vault) -> Value {
    json!({ "now": vault.now(), "utc": time::to_rfc3339(vault.now()), "runs": vault.options.clock_runs })
}

/// `{"advance": "2h"}` or `{"set": "2026-11-26T08:00:00Z"}`.
fn move_clock(vault: &mut Vault, body: &Value) -> Result<(), Refusal> {
    let by = if let Ok(advance) = text(body, "advance") {
        duration(advance).ok_or_else(|| {
            Refusal::parameter("`advance` is a number with one of ms, s, m, h, d, such as `90m`")
        })?
    } else {
        let to = text(body, "set").ok().and_then(moment).ok_or_else(|| {
            Refusal::parameter(
                "the body needs `advance` or `set`, a time in RFC 3339 or milliseconds as text",
            )
        })?;
        to.saturating_sub(vault.now())
    };
    vault.clock.advance(by);
    vault.expire();
    Ok(())
}

fn faults(vault: &Vault) -> Value {
    json!(
        vault
            .faults
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    )
}

/// Sets every switch of an object of texts, numbers or booleans.
fn switch(options: &mut super::super::Options, body: &Value) -> Result<(), Refusal> {
    let Some(switches) = body.as_object() else {
        return Err(Refusal::parameter("the body is an object of switches"));
    };
    for (name, value) in switches {
        let value = match value {
            Value::Bool(true) => "on".to_owned(),
            Value::Bool(false) => "off".to_owned(),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(Refusal::parameter(
                    "a switch is a text, a number or a boolean",
                ));
            }
        };
        options
            .set(name, &value)
            .map_err(|error| Refusal::parameter(&error.to_string()))?;
    }
    Ok(())
}

/// Does something as another user, by the same rules as over HTTP.
fn act(vault: &mut Vault, body: &Value) -> Result<Value, Refusal> {
    let user = user(vault, text(body, "as")?)?;
    let reason = text(body, "reason").unwrap_or("");
    match text(body, "do")? {
        "submit" => {
            let action: Action = text(body, "action")
                .unwrap_or(Action::AssetAccess.name())
                .parse()
                .map_err(|error| Refusal::parameter(&format!("{error}")))?;
            let submission = Submission {
                asset: text(body, "asset")?.to_owned(),
                action,
                message: text(body, "message")?.to_owned(),
                from_ms: body.get("from").and_then(Value::as_i64),
                to_ms: body.get("to").and_then(Value::as_i64),
                exclusive: body
                    .get("exclusive")
                    .and_then(Value::as_bool)
                    .unwrap_or(false),
            };
            let number = vault.submit(user, &submission, None)?;
            shown(vault, number)
        }
        "delete" => {
            let id = text(body, "request")?;
            vault.complete_own(user, id, None)?;
            found(vault, id)
        }
        verb => {
            let decision: Decision = verb
                .parse()
                .map_err(|error| Refusal::parameter(&format!("{error}, submit, delete")))?;
            let id = text(body, "request")?;
            vault.decide(user, decision, id, reason, None)?;
            found(vault, id)
        }
    }
}

fn found(vault: &Vault, id: &str) -> Result<Value, Refusal> {
    let number = vault
        .request(id)
        .ok_or_else(|| Refusal::unknown("request"))?;
    shown(vault, number)
}

fn shown(vault: &Vault, number: usize) -> Result<Value, Refusal> {
    let request = vault
        .show(number)
        .ok_or_else(|| Refusal::unknown("request"))?;
    Ok(request_row(&request))
}

/// Newest first; `status`, `requestor`, `limit` and `offset` narrow.
fn requests(vault: &Vault, call: &Call) -> Result<Value, Refusal> {
    let number = |name: &str, otherwise: usize| {
        call.parameter(name).map_or(Ok(otherwise), |text| {
            text.parse()
                .map_err(|_| Refusal::parameter(&format!("`{name}` is no number")))
        })
    };
    let limit = number("limit", 100)?.min(ROWS_MAX);
    let offset = number("offset", 0)?;
    let status: Option<Status> = call
        .parameter("status")
        .map(str::parse)
        .transpose()
        .map_err(|error| Refusal::parameter(&format!("{error}")))?;
    let by = call
        .parameter("requestor")
        .map(|login| user(vault, login))
        .transpose()?;
    let rows: Vec<Value> = vault
        .by_created
        .iter()
        .rev()
        .filter(|&&number| {
            vault.requests.get(number).is_some_and(|entry| {
                status.is_none_or(|status| entry.status == status)
                    && by.is_none_or(|user| entry.requestor == user)
            })
        })
        .skip(offset)
        .take(limit)
        .filter_map(|&number| vault.show(number))
        .map(|request| request_row(&request))
        .collect();
    Ok(json!({ "data": rows }))
}

fn request_row(request: &Request) -> Value {
    let approvals = request
        .approvals
        .iter()
        .map(|a| json!({ "by": a.by, "level": a.level, "at": a.at_ms, "reason": a.reason }));
    json!({
        "id": request.id, "status": request.status.name(), "action": request.action.name(), "asset": request.asset,
        "asset_name": request.asset_name, "path": request.path, "requestor": request.requestor, "message": request.message,
        "created": request.created_ms, "from": request.from_ms, "to": request.to_ms, "approved": request.approved_ms,
        "completed": request.completed_ms, "exclusive": request.exclusive, "form": request.form, "level": request.level,
        "levels": request.levels, "approvals": approvals.collect::<Vec<_>>(),
        "rejected": request.rejected.as_ref().map(|(by, reason)| json!({ "by": by, "reason": reason })),
    })
}

fn audit_row(entry: &AuditEntry) -> Value {
    json!({ "at": entry.at_ms, "user": entry.user, "verb": entry.verb.name(), "request": entry.request, "asset": entry.asset,
        "reason": entry.reason, "content_type": entry.content_type })
}

/// `{"user": …, "drop": RIGHT}` or `{"user": …, "give": RIGHT}`.
fn rights(vault: &mut Vault, body: &Value) -> Result<Value, Refusal> {
    let user = user(vault, text(body, "user")?)?;
    let given = text(body, "give");
    let right: Right = given
        .clone()
        .or_else(|_| text(body, "drop"))?
        .parse()
        .map_err(|error| Refusal::parameter(&format!("{error}")))?;
    let user = vault
        .users
        .get_mut(user)
        .ok_or_else(|| Refusal::unknown("user"))?;
    if given.is_ok() {
        user.rights.insert(right);
    } else {
        user.rights.remove(&right);
    }
    Ok(
        json!({ "user": user.login, "rights": user.rights.iter().map(|right| right.name()).collect::<Vec<_>>() }),
    )
}

//! The list of requests, one request, and decisions.

use serde_json::{Map, Value, json};

use super::super::entities::Entry;
use super::super::options::{Pager, RequestorForm, TimeFormat};
use super::super::records::{Decision, Right};
use super::super::refusal::Refusal;
use super::super::state::Vault;
use super::super::{seed, time};
use super::routes::Place;
use super::{Call, Reply};

/// Rows of a page when nothing is said.
const PAGE: usize = 50;
/// Rows that may be asked for.
const PAGE_MAX: usize = 100_000;

/// A page of all requests.
pub(crate) fn list(vault: &mut Vault, user: usize, call: &Call) -> Result<Reply, Refusal> {
    if !vault.may(user, Right::Audit) {
        return Err(Refusal::unauthorized("this user may not list requests"));
    }
    let from: i64 = number(call, "from")?.unwrap_or(i64::MIN);
    let asked: usize = number(call, "pgs")?.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&asked) {
        return Err(Refusal::parameter("`pgs` goes from 1 to 100,000"));
    }
    let size = asked.min(vault.options.page_cap.unwrap_or(asked));
    let position: usize = number(call, "pgp")?.unwrap_or(0);
    let skipped = match vault.options.pager {
        Pager::Offset => position,
        Pager::Page => position.saturating_mul(size),
        Pager::Ignored => 0,
    };
    let newest_first = match call.parameter("s") {
        None | Some("created,desc") => true,
        Some("created,asc") => false,
        Some(_) => return Err(Refusal::parameter("`s` is `created,desc` or `created,asc`")),
    };
    let start = vault
        .by_created
        .partition_point(|&request| vault.created(request) <= from);
    let matching = vault.by_created.get(start..).unwrap_or_default();
    let show = |&request: &usize| {
        vault
            .requests
            .get(request)
            .map(|entry| row(vault, entry, true))
    };
    let rows: Vec<Value> = if newest_first {
        matching
            .iter()
            .rev()
            .skip(skipped)
            .take(size)
            .filter_map(show)
            .collect()
    } else {
        matching
            .iter()
            .skip(skipped)
            .take(size)
            .filter_map(show)
            .collect()
    };
    let mut page = Map::new();
    page.insert("data".to_owned(), Value::Array(rows));
    if let (Some(key), Some("1")) = (&vault.options.total_key, call.parameter("rqt")) {
        page.insert(key.clone(), json!(matching.len()));
    }
    let reply = Reply::json(200, &Value::Object(page));
    seed::arrive(vault, vault.options.grow);
    Ok(reply)
}

fn number<T: std::str::FromStr>(call: &Call, name: &str) -> Result<Option<T>, Refusal> {
    call.parameter(name)
        .map(|text| {
            text.parse()
                .map_err(|_| Refusal::parameter(&format!("`{name}` is no number that fits")))
        })
        .transpose()
}

/// One request with the id of its asset.
pub(crate) fn detail(vault: &Vault, user: usize, place: &Place) -> Result<Reply, Refusal> {
    let number = vault
        .request(place.part(0))
        .ok_or_else(|| Refusal::unknown("request"))?;
    let entry = vault
        .requests
        .get(number)
        .ok_or_else(|| Refusal::unknown("request"))?;
    if entry.requestor != user && !vault.may(user, Right::Audit) {
        return Err(Refusal::unauthorized("this user may not see this request"));
    }
    Ok(Reply::json(200, &row(vault, entry, false)))
}

/// Approve, reject, complete. The reason is the body, whatever its content type says.
pub(crate) fn decide(
    vault: &mut Vault,
    user: usize,
    decision: Decision,
    place: &Place,
    call: &Call,
) -> Result<Reply, Refusal> {
    let reason = call.text()?;
    vault.decide(
        user,
        decision,
        place.part(0),
        reason,
        call.content_type.as_deref(),
    )?;
    Ok(Reply::empty(200))
}

/// A request as the list shows it.
fn row(vault: &Vault, entry: &Entry, in_list: bool) -> Value {
    let at = |moment: i64| match vault.options.time_format {
        TimeFormat::Ms => json!(moment),
        TimeFormat::Iso => json!(time::to_rfc3339(moment)),
    };
    let maybe = |moment: Option<i64>| moment.map_or(Value::Null, at);
    let asset = vault.assets.get(entry.asset);
    let form = vault.forms.get(entry.form);
    let approvals: Vec<Value> = entry
        .approvals
        .iter()
        .map(|given| {
            json!({ "user": vault.login(given.by), "level": given.level, "time": at(given.at), "reason": given.reason })
        })
        .collect();
    let mut row = Map::new();
    let mut put = |key: &str, value: Value| {
        row.insert(key.to_owned(), value);
    };
    put("id", json!(entry.id.to_string()));
    put("status", json!(entry.status.name()));
    put("action", json!(entry.action.name()));
    if !(in_list && vault.options.row_no_asset_id) {
        put("entityId", json!(vault.asset_id(entry.asset)));
    }
    put("entityName", json!(asset.map(|asset| &asset.name)));
    put("requestor", requestor(vault, entry.requestor));
    put(
        "requestorName",
        json!(vault.users.get(entry.requestor).map(|user| &user.display)),
    );
    put("message", json!(entry.message));
    put("created", at(entry.created));
    put("from", at(entry.from));
    put("to", at(entry.to));
    put("approved", maybe(entry.approved));
    put("completed", maybe(entry.completed));
    put("exclusive", json!(entry.exclusive));
    put(
        "form",
        json!({ "id": form.map(|form| form.id.to_string()), "name": form.map(|form| form.name) }),
    );
    put("level", json!(entry.level));
    put("levels", json!(form.map(|form| form.levels.len())));
    put("approvals", json!(approvals));
    if let Some((by, reason)) = &entry.rejected {
        put(
            "rejected",
            json!({ "user": vault.login(*by), "reason": reason }),
        );
    }
    Value::Object(row)
}

/// Who asked, in the form of the switch.
fn requestor(vault: &Vault, user: usize) -> Value {
    let Some(user) = vault.users.get(user) else {
        return Value::Null;
    };
    match vault.options.requestor {
        RequestorForm::Login => json!(user.login),
        RequestorForm::Domain => json!(format!("ACME\\{}", user.login)),
        RequestorForm::Upn => json!(format!("{}@acme.example", user.login)),
        RequestorForm::Object => {
            json!({ "id": user.id.to_string(), "login": user.login, "displayName": user.display })
        }
    }
}

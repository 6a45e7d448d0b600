//! The list of requests, one request, and decisions.

use super::super::options::Pager;
use super::super::records::{Decision, Right};
use super::super::refusal::Refusal;
use super::super::seed;
use super::super::state::Vault;
use super::routes::Place;
use super::rows::{Page, Row};
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
    let show = |&request: &usize| Row::of(vault, vault.requests.get(request)?, true);
    let rows = if newest_first {
        let newest = matching.iter().rev().skip(skipped);
        newest.take(size).filter_map(show).collect()
    } else {
        let oldest = matching.iter().skip(skipped);
        oldest.take(size).filter_map(show).collect()
    };
    let wanted = call.parameter("rqt") == Some("1");
    let key = vault.options.total_key.as_deref().filter(|_| wanted);
    let total = key.map(|key| (key, matching.len()));
    let reply = Reply::json(200, &Page { rows, total });
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
    let row = Row::of(vault, entry, false).ok_or_else(|| Refusal::unknown("request"))?;
    Ok(Reply::json(200, &row))
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

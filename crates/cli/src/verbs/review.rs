//! `review`: what waits for people, and what people decide.

use agent::review::Act;
use decision::evidence::record::AcceptedException;
use decision::findings::Kind;
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};
use ports::store::Listing;

use super::request::{list, show};
use super::{finish, mode};
use crate::args::Review;
use crate::error::{Error, Exit};
use crate::output::Format;
use crate::reviewer;
use crate::settings::Home;
use crate::vault::kept::Asks;
use crate::wiring;

/// Most requests that are listed; more are counted.
const LIST_MAX: u32 = 1_000;

pub(crate) fn run(home: &Home, format: Format, review: Review) -> Result<Exit, Error> {
    let (id, act, flag) = match review {
        Review::List => {
            let parts = wiring::open_to_read(home)?;
            return list(&parts, format, Listing::Waiting, LIST_MAX);
        }
        Review::Show { id } => {
            let parts = wiring::open_to_read(home)?;
            return show(&parts, format, &id, true);
        }
        Review::Approve {
            id,
            slot,
            lift: None,
            mode,
            ..
        } => (id, Act::Approve(slot.as_deref().and_then(slot_of)), mode),
        Review::Approve {
            id,
            lift: Some(lift),
            until,
            control,
            mode,
            ..
        } => (
            id,
            Act::Lift(finding(&lift)?, exception(until.as_deref(), control)?),
            mode,
        ),
        Review::Narrow {
            id,
            access,
            duration,
            mode,
        } => {
            let duration = duration.as_deref().map(length).transpose()?;
            (id, Act::Narrow(access, duration), mode)
        }
        Review::Deny { id, reason } => (id, Act::Deny(reason), None),
        Review::Ask { id, question } => (id, Act::Ask(question), None),
    };
    let parts = wiring::open_with_adviser(home, mode(flag)?, Asks::WithoutWaiting)?;
    let reviewer = reviewer::from_account(&parts.directory)?;
    parts.agent().review(&id, &reviewer, act)?;
    finish(&parts)?;
    show(&parts, format, &id, false)
}

fn slot_of(name: &str) -> Option<ApprovalKind> {
    ApprovalKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
}

fn finding(name: &str) -> Result<Kind, Error> {
    Kind::from_name(name).ok_or_else(|| {
        Error::new(Exit::BadInput, format!("`{name}` is no finding"))
            .hint("`review show` prints the findings of a request, with the words to type")
    })
}

fn exception(
    until: Option<&str>,
    control: Option<String>,
) -> Result<Option<AcceptedException>, Error> {
    let Some(until) = until else { return Ok(None) };
    // A day alone means its end.
    let moment =
        Timestamp::parse(until).or_else(|| Timestamp::parse(&format!("{until}T23:59:59Z")));
    let until = moment.ok_or_else(|| {
        Error::new(Exit::BadInput, format!("`{until}` is not a time"))
            .hint("write it as 2026-12-31 or 2026-12-31T12:00:00Z")
    })?;
    Ok(Some(AcceptedException {
        until,
        control: control.unwrap_or_default(),
    }))
}

fn length(text: &str) -> Result<Minutes, Error> {
    Minutes::parse(text).ok_or_else(|| {
        Error::new(Exit::BadInput, format!("`{text}` is not a length of time"))
            .hint("write it as `8h`, `30d` or `PT8H`")
    })
}

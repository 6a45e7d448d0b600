//! Requests as the list shows them. Written straight from the vault, so that a page of many rows costs little.

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::super::entities::{Entry, User};
use super::super::id::Id;
use super::super::options::{RequestorForm, TimeFormat};
use super::super::state::Vault;
use super::super::time;

/// Rows under `data`, and the total under a key of its own.
pub(super) struct Page<'a> {
    pub(super) rows: Vec<Row<'a>>,
    pub(super) total: Option<(&'a str, usize)>,
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_map(None)?;
        page.serialize_entry("data", &self.rows)?;
        if let Some((key, total)) = self.total {
            page.serialize_entry(key, &total)?;
        }
        page.end()
    }
}

/// One request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row<'a> {
    id: Id,
    status: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<Id>,
    entity_name: &'a str,
    requestor: Requestor<'a>,
    requestor_name: &'a str,
    message: &'a str,
    created: Moment,
    from: Moment,
    to: Moment,
    approved: Option<Moment>,
    completed: Option<Moment>,
    exclusive: bool,
    form: Form,
    level: usize,
    levels: usize,
    approvals: Vec<Approval<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Rejected<'a>>,
}

#[derive(Serialize)]
struct Form {
    id: Id,
    name: &'static str,
}

#[derive(Serialize)]
struct Approval<'a> {
    user: &'a str,
    level: usize,
    time: Moment,
    reason: &'a str,
}

#[derive(Serialize)]
struct Rejected<'a> {
    user: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Moment {
    Ms(i64),
    Iso(String),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Requestor<'a> {
    Text(Cow<'a, str>),
    #[serde(rename_all = "camelCase")]
    Object {
        id: Id,
        login: &'a str,
        display_name: &'a str,
    },
}

impl<'a> Row<'a> {
    /// A request; in the list it may lack the id of its asset.
    pub(super) fn of(vault: &'a Vault, entry: &'a Entry, in_list: bool) -> Option<Self> {
        let at = |moment: i64| match vault.options.time_format {
            TimeFormat::Ms => Moment::Ms(moment),
            TimeFormat::Iso => Moment::Iso(time::to_rfc3339(moment)),
        };
        let user = vault.users.get(entry.requestor)?;
        let asset = vault.assets.get(entry.asset)?;
        let form = vault.forms.get(entry.form)?;
        let approvals = entry.approvals.iter().map(|given| Approval {
            user: vault.login(given.by),
            level: given.level,
            time: at(given.at),
            reason: &given.reason,
        });
        Some(Self {
            id: entry.id,
            status: entry.status.name(),
            action: entry.action.name(),
            entity_id: (!(in_list && vault.options.row_no_asset_id)).then_some(asset.id),
            entity_name: &asset.name,
            requestor: requestor(user, vault.options.requestor),
            requestor_name: &user.display,
            message: &entry.message,
            created: at(entry.created),
            from: at(entry.from),
            to: at(entry.to),
            approved: entry.approved.map(at),
            completed: entry.completed.map(at),
            exclusive: entry.exclusive,
            form: Form {
                id: form.id,
                name: form.name,
            },
            level: entry.level,
            levels: form.levels.len(),
            approvals: approvals.collect(),
            rejected: entry.rejected.as_ref().map(|(by, reason)| Rejected {
                user: vault.login(*by),
                reason,
            }),
        })
    }
}

/// Who asked, in the form of the switch.
fn requestor(user: &User, form: RequestorForm) -> Requestor<'_> {
    match form {
        RequestorForm::Login => Requestor::Text(Cow::Borrowed(&user.login)),
        RequestorForm::Domain => Requestor::Text(Cow::Owned(format!("ACME\\{}", user.login))),
        RequestorForm::Upn => Requestor::Text(Cow::Owned(format!("{}@acme.example", user.login))),
        RequestorForm::Object => Requestor::Object {
            id: user.id,
            login: &user.login,
            display_name: &user.display,
        },
    }
}

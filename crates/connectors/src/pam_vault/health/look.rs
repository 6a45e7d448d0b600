//! The looks themselves, one for each topic.

use decision::time::{Minutes, Timestamp};
use ports::PortError;
use ports::vault::{Row, Vault as _};
use serde_json::Value;

use super::super::discovery::{Discovery, Logical};
use super::super::failure::Kind;
use super::super::page::{self, Position};
use super::super::paths::Origin;
use super::super::{PamVault, row, text};
use super::{Health, State, told};

/// A clock that differs by more is told: requests are looked up by time.
const CLOCK_SECONDS_MAX: i64 = 120;
/// A token that ends sooner is told.
const EXPIRES_SOON: Minutes = Minutes::from_days(14);
/// A token that ends later is told.
const EXPIRES_LATE: Minutes = Minutes::from_days(400);
impl PamVault {
    pub(super) fn address(&self, health: &mut Health) {
        let address = &self.transport.address;
        health.say("base URL", State::Fine, address.base.clone(), "");
        let (state, said, hint) = match (
            address.secure,
            self.settings.insecure,
            &self.settings.ca_bundle,
        ) {
            (false, _, _) if address.loopback => (
                State::Warn,
                "plain HTTP on this machine".to_owned(),
                "use it for tries only",
            ),
            (false, _, _) => (
                State::Bad,
                "INSECURE: the token goes over the network in plain text".to_owned(),
                "use https",
            ),
            (true, true, _) => (
                State::Bad,
                "INSECURE: any certificate is accepted".to_owned(),
                "set a bundle with the certificate of who signed the vault's, and turn `insecure` off",
            ),
            (true, false, Some(path)) => (
                State::Fine,
                format!("verified against {} and nothing else", path.display()),
                "",
            ),
            (true, false, None) => (
                State::Fine,
                "verified against the public certificate authorities".to_owned(),
                "",
            ),
        };
        health.say("TLS", state, said, hint);
    }

    pub(super) fn token(&self, health: &mut Health, now: Timestamp, date: Option<Timestamp>) {
        let Some(claims) = self.claims() else {
            let text = "the token is no JSON Web Token, so it does not say whose it is";
            health.say("token", State::Bad, text, "copy the API token again");
            return;
        };
        match &claims.own_user {
            Some(user) => health.say("token", State::Fine, format!("it is the token of `{user}` (`ousr`)"), ""),
            None => health.say(
                "token",
                State::Bad,
                "it does not say whose it is (`ousr` is missing): no action is taken, because own requests cannot be told",
                "issue an API token for a user of the agent's own",
            ),
        }
        // The vault's clock decides whether it is over.
        let now = date.unwrap_or(now);
        let (state, said, hint) = match claims.expires {
            None => (
                State::Warn,
                "it names no end (`exp`)".to_owned(),
                "issue one that ends, and renew it",
            ),
            Some(end) if end <= now => (
                State::Bad,
                format!("it ended at {end}"),
                "issue a new token",
            ),
            Some(end) if end <= now.plus(EXPIRES_SOON) => (
                State::Warn,
                format!("it ends soon, at {end}"),
                "issue a new token",
            ),
            Some(end) if end > now.plus(EXPIRES_LATE) => (
                State::Warn,
                format!("it ends late, at {end}"),
                "issue one that ends within a year",
            ),
            Some(end) => (State::Fine, format!("it ends at {end}"), ""),
        };
        health.say("token", state, said, hint);
    }

    /// Reads the newest rows, and tells what the paging is like. Gives the rows.
    pub(super) fn list_right(
        &self,
        health: &mut Health,
        now: Timestamp,
        signed_in: bool,
    ) -> Vec<Value> {
        let since = now.minus(Minutes::from_days(30));
        let page = |size, position| {
            let mut once = |position, size| page::once(&self.transport, since, position, size);
            page::whole(Position::Rows(position), size, &mut 0, &mut once)
        };
        let first = match page(self.settings.page_size, 0) {
            Ok(first) => first,
            Err(failure) => {
                let hint = if signed_in && failure.kind == Kind::Unauthorized {
                    "give the token's user the role Auditor of the site: the token itself is accepted"
                } else {
                    "see the user context"
                };
                told(health, "right to list", &failure, hint);
                return Vec::new();
            }
        };
        let unreadable = first
            .rows
            .iter()
            .filter(|value| matches!(row::row(value), Row::Unreadable { .. }))
            .count();
        let rows = first.rows.len();
        if unreadable == 0 {
            health.say(
                "right to list",
                State::Fine,
                format!("{rows} requests on the first page of 30 days"),
                "",
            );
        } else {
            let names: Vec<String> = first
                .rows
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|row| row.keys().take(30))
                .map(|key| text::line(key, 40))
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect();
            health.say(
                "right to list",
                State::Bad,
                format!("{unreadable} of {rows} requests lack an id, a status or a time; the rows have {}", names.join(", ")),
                "report these names: the client has to learn them",
            );
        }
        let total = match first.total {
            Some(total) => format!("the vault counts {total}"),
            None => "the vault states no total".to_owned(),
        };
        let id = |value: &Value| row::id(value);
        let (state, said) = match (page(2, 0), page(2, 1)) {
            (Ok(one), Ok(two)) => match (one.rows.as_slice(), two.rows.as_slice()) {
                ([_, second, ..], [other, ..])
                    if id(second).is_some() && id(second) == id(other) =>
                {
                    (
                        State::Fine,
                        format!("`pgp` counts rows, as documented; {total}"),
                    )
                }
                ([first, _, ..], [other, ..]) if id(first).is_some() && id(first) == id(other) => (
                    State::Bad,
                    format!("`pgp` is ignored: only the first page can be read; {total}"),
                ),
                ([_, _, ..], [_, ..]) => (
                    State::Warn,
                    format!(
                        "`pgp` counts pages, not rows as documented; the client follows; {total}"
                    ),
                ),
                _ => (
                    State::Unknown,
                    format!("too few requests to tell what `pgp` counts; {total}"),
                ),
            },
            (Err(failure), _) | (_, Err(failure)) => (State::Unknown, failure.text),
        };
        health.say("paging", state, said, "");
        first.rows
    }

    pub(super) fn asset_right(&self, health: &mut Health, rows: &[Value]) {
        let topic = "right to read assets";
        let id = rows.iter().find_map(row::asset_id).or_else(|| {
            let request = rows.iter().find_map(row::id)?;
            self.asset_of(&request).ok().flatten()
        });
        let Some(id) = id else {
            let (said, hint) = if rows.is_empty() {
                ("there is no request whose asset could be read", "")
            } else {
                (
                    "the rows do not say which asset they are about",
                    "set VAULT_REQUEST_PATH to the path of one request's own record",
                )
            };
            health.say(topic, State::Unknown, said, hint);
            return;
        };
        match self.asset(&id) {
            Ok(asset) => {
                let lacks: Vec<&str> = [
                    (asset.kind.is_empty(), "type"),
                    (asset.path.is_empty(), "path"),
                    (asset.tags.is_empty(), "tags"),
                ]
                .into_iter()
                .filter_map(|(lacking, what)| lacking.then_some(what))
                .collect();
                if lacks.is_empty() {
                    health.say(
                        topic,
                        State::Fine,
                        "type, path and tags of an asset can be read",
                        "",
                    );
                } else {
                    let said =
                        format!("an asset can be read, and tells no {}", lacks.join(", no "));
                    health.say(
                        topic,
                        State::Warn,
                        said,
                        "look at another asset; the client may have to learn its names",
                    );
                }
            }
            Err(error) => {
                let hint = match error {
                    PortError::Malformed(_) => "report this: the client has to learn its names",
                    PortError::Unavailable(_)
                    | PortError::Denied(_)
                    | PortError::Indeterminate(_) => "the role Auditor reads assets",
                };
                health.say(topic, State::Bad, error.to_string(), hint);
            }
        }
    }

    pub(super) fn machine_interface(&self, health: &mut Health) {
        let discovery = match self.discovery() {
            Ok(discovery) => discovery,
            Err(failure) => {
                told(
                    health,
                    "discovery",
                    &failure,
                    "the secret of the model or the mail cannot be read without it",
                );
                return;
            }
        };
        match &discovery.place {
            Some(place) => health.say("discovery", State::Fine, format!("found at {place}"), ""),
            None => health.say(
                "discovery",
                State::Warn,
                format!("found nowhere ({})", discovery.remarks.join("; ")),
                "enable MCP support, if the agent is to read secrets from the vault",
            ),
        }
        operations(health, &discovery);
    }

    pub(super) fn decisions(&self, health: &mut Health) {
        if let Err(failure) = self.platform_description() {
            told(
                health,
                "platform description",
                &failure,
                "check VAULT_PLATFORM_DESCRIPTION",
            );
        }
        let paths = self.decision_paths();
        for (topic, path, setting) in [
            ("path of approve", &paths.approve, "VAULT_APPROVE_PATH"),
            ("path of reject", &paths.reject, "VAULT_REJECT_PATH"),
            ("path of close", &paths.close, "VAULT_CLOSE_PATH"),
        ] {
            let guess = path.origin == Origin::BuiltInGuess;
            let state = if guess { State::Warn } else { State::Fine };
            let hint = if guess {
                format!(
                    "look it up in the API description of the vault and set {setting}; until then it is used only when it was confirmed"
                )
            } else {
                String::new()
            };
            health.say(
                topic,
                state,
                format!("PUT {} ({})", path.template, path.origin),
                &hint,
            );
        }
        health.say(
            "least privilege",
            State::Unknown,
            "not seen: the vault does not say which rights a user has, so nobody can tell from here whether they are too many",
            "look there: listing and assets need Auditor, a secret that one asset, decisions an approver of those forms; closing requests of others needs an administrator, so leave that away unless stale requests are to be closed",
        );
    }
}

fn operations(health: &mut Health, discovery: &Discovery) {
    let missing: Vec<&str> = Logical::ALL
        .into_iter()
        .filter(|logical| *logical != Logical::Search && !discovery.names(*logical))
        .map(Logical::name)
        .collect();
    if missing.is_empty() {
        let said = format!("the document names {}", discovery.named.join(", "));
        health.say("operations", State::Fine, said, "");
    } else if discovery.place.is_some() {
        let said = format!(
            "the document names {}; not among them, and assumed: {}",
            discovery.named.join(", "),
            missing.join(", ")
        );
        health.say(
            "operations",
            State::Warn,
            said,
            "compare the document with the reference of the vault's client",
        );
    }
}

/// Holds the vault's clock against the machine's.
pub(super) fn clock(health: &mut Health, now: Timestamp, date: Option<Timestamp>) {
    let Some(date) = date else {
        health.say(
            "clock",
            State::Unknown,
            "the vault does not tell its time",
            "",
        );
        return;
    };
    let ahead = date.seconds().saturating_sub(now.seconds());
    let (state, hint) = if ahead.abs() <= CLOCK_SECONDS_MAX {
        (State::Fine, "")
    } else {
        (State::Warn, "set both clocks by the same time server")
    };
    health.say(
        "clock",
        state,
        format!("the vault's is {ahead} s ahead of this machine's"),
        hint,
    );
}

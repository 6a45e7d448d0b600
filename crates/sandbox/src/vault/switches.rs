//! Switches as text: what a command line and the control port offer, and how it is read.

use std::fmt;
use std::str::FromStr;

use super::options::{ASSETS_MAX, Options, PEOPLE_MAX, REQUESTS_MAX};
use super::time;

/// A switch as a command line or the control port offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Its name, without dashes in front.
    pub name: &'static str,
    /// The values it takes.
    pub values: &'static str,
    /// What it is about, in one sentence.
    pub about: &'static str,
}

const fn switch(name: &'static str, values: &'static str, about: &'static str) -> Switch {
    Switch {
        name,
        values,
        about,
    }
}

/// Every switch that [`Options::set`] knows.
pub const SWITCHES: &[Switch] = &[
    switch("seed", "NUMBER", "Decides everything that is made up."),
    switch(
        "requests",
        "0..1000000",
        "Ordinary requests of the thirty days before the clock starts.",
    ),
    switch("people", "10..10000", "People who ask."),
    switch(
        "assets",
        "60..200000",
        "Assets apart from containers and secrets.",
    ),
    switch(
        "planted",
        "on|off",
        "The planted cases and the agent's own earlier requests.",
    ),
    switch("start", "MILLISECONDS|RFC 3339", "Where the clock starts."),
    switch(
        "clock-runs",
        "on|off",
        "The clock runs with the machine's; otherwise it stands until it is moved.",
    ),
    switch(
        "vault-port",
        "0..65535",
        "Port of the vault; a free one when 0.",
    ),
    switch(
        "control-port",
        "0..65535",
        "Port of the control routes; a free one when 0.",
    ),
    switch(
        "dialect",
        "a|b",
        "Names, methods and places of the machine operations.",
    ),
    switch("error-format", "json|text", "How errors are told."),
    switch(
        "submit-silent",
        "on|off",
        "A submitted request is answered with an empty body.",
    ),
    switch(
        "status-shape",
        "object|list",
        "What the status operation answers with.",
    ),
    switch(
        "action-enum",
        "on|off",
        "Dialect A lists the actions in its document.",
    ),
    switch(
        "credential-action",
        "AssetUnlock|AssetAccess|AssetEdit|AssetManage",
        "The action that reading a secret takes.",
    ),
    switch(
        "standard-form",
        "one-level|two-levels|same-approvers|two-approvals",
        "What the form of ordinary requests asks for.",
    ),
    switch("pager", "offset|page|ignored", "What `pgp` means."),
    switch("page-cap", "NUMBER|none", "Rows that a page has at most."),
    switch("total-key", "NAME|none", "Key of the total in a page."),
    switch(
        "grow",
        "0..1000",
        "New requests that come in after each page of the list.",
    ),
    switch("time-format", "ms|iso", "How times are written."),
    switch(
        "requestor",
        "login|domain|upn|object",
        "How a request names who asked.",
    ),
    switch(
        "asset-path",
        "full|parent",
        "Where an asset record says in which container it lies.",
    ),
    switch(
        "row-no-asset-id",
        "on|off",
        "Rows lack the id of the asset; the request's own record has it.",
    ),
    switch(
        "mcp",
        "on|off",
        "The machine operations and their document are there.",
    ),
    switch(
        "agent-json",
        "off|on|only",
        "Whether `agent.json` is served, and where it leads.",
    ),
    switch(
        "fault",
        "ROUTE=FAULT[*TIMES]|none",
        "Something goes wrong on a route; may be given more than once.",
    ),
];

/// A switch that does not exist, or a value that it does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSwitch(String);

impl fmt::Display for BadSwitch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for BadSwitch {}

impl Options {
    /// Sets one switch from text.
    ///
    /// # Errors
    ///
    /// A [`BadSwitch`] that says which values the switch takes; nothing is changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), BadSwitch> {
        let Some(known) = SWITCHES.iter().find(|switch| switch.name == name) else {
            let names: Vec<&str> = SWITCHES.iter().map(|switch| switch.name).collect();
            let start: String = name.chars().take(60).collect();
            return Err(BadSwitch(format!(
                "there is no switch `{start}`; there are {}",
                names.join(", ")
            )));
        };
        self.assign(name, value).map_err(|why| {
            let start: String = value.chars().take(60).collect();
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            BadSwitch(format!(
                "`{start}` does not fit the switch `{name}`, which takes {}{why}",
                known.values
            ))
        })
    }

    fn assign(&mut self, name: &str, value: &str) -> Result<(), Option<String>> {
        match name {
            "seed" => self.seed = number(value, 0, u64::MAX)?,
            "requests" => self.requests = number(value, 0, REQUESTS_MAX)?,
            "people" => self.people = number(value, 10, PEOPLE_MAX)?,
            "assets" => self.assets = number(value, 60, ASSETS_MAX)?,
            "planted" => self.planted = on(value)?,
            "start" => self.start_ms = moment(value).ok_or(None)?,
            "clock-runs" => self.clock_runs = on(value)?,
            "vault-port" => self.vault_port = number(value, 0, u16::MAX)?,
            "control-port" => self.control_port = number(value, 0, u16::MAX)?,
            "dialect" => self.dialect = word(value)?,
            "error-format" => self.error_format = word(value)?,
            "submit-silent" => self.submit_silent = on(value)?,
            "status-shape" => self.status_shape = word(value)?,
            "action-enum" => self.action_enum = on(value)?,
            "credential-action" => self.credential_action = word(value)?,
            "standard-form" => self.standard_form = word(value)?,
            "pager" => self.pager = word(value)?,
            "page-cap" => self.page_cap = unless_none(value, |text| number(text, 1, 100_000))?,
            "total-key" => {
                self.total_key = unless_none(value, |text| {
                    let short = !text.is_empty() && text.len() <= 40;
                    short.then(|| text.to_owned()).ok_or(None)
                })?;
            }
            "grow" => self.grow = number(value, 0, 1_000)?,
            "time-format" => self.time_format = word(value)?,
            "requestor" => self.requestor = word(value)?,
            "asset-path" => self.asset_path = word(value)?,
            "row-no-asset-id" => self.row_no_asset_id = on(value)?,
            "mcp" => self.mcp = on(value)?,
            "agent-json" => self.agent_json = word(value)?,
            "fault" => match unless_none(value, |text| text.parse().map_err(because))? {
                None => self.faults.clear(),
                Some(rule) => self.faults.push(rule),
            },
            _ => return Err(None),
        }
        Ok(())
    }

    /// What is out of bounds, if anything. Fields can be set without [`Options::set`].
    pub(crate) fn out_of_bounds(&self) -> Option<String> {
        let bounds = [
            ("requests", self.requests, 0, REQUESTS_MAX),
            ("people", self.people, 10, PEOPLE_MAX),
            ("assets", self.assets, 60, ASSETS_MAX),
            ("grow", self.grow, 0, 1_000),
        ];
        let number = bounds
            .iter()
            .find(|(_, value, least, most)| value < least || value > most)
            .map(|(name, value, least, most)| {
                format!("`{name}` is {value}, and goes from {least} to {most}")
            });
        let years = time::EARLIEST..=time::LATEST;
        number.or_else(|| {
            (!years.contains(&self.start_ms))
                .then(|| "`start` lies outside of the years 1 to 9999".to_owned())
        })
    }
}

fn because(error: impl fmt::Display) -> Option<String> {
    Some(error.to_string())
}

fn word<T: FromStr>(value: &str) -> Result<T, Option<String>> {
    value.parse().map_err(|_| None)
}

fn on(value: &str) -> Result<bool, Option<String>> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(None),
    }
}

fn number<T: FromStr + PartialOrd>(value: &str, least: T, most: T) -> Result<T, Option<String>> {
    let number: T = value.parse().map_err(|_| None)?;
    if number < least || number > most {
        return Err(None);
    }
    Ok(number)
}

fn unless_none<T>(
    value: &str,
    read: impl Fn(&str) -> Result<T, Option<String>>,
) -> Result<Option<T>, Option<String>> {
    match value {
        "none" => Ok(None),
        text => read(text).map(Some),
    }
}

/// A moment as milliseconds or in RFC 3339, within the known years.
pub(crate) fn moment(value: &str) -> Option<i64> {
    let at = value.parse().ok().or_else(|| time::from_rfc3339(value))?;
    (time::EARLIEST..=time::LATEST).contains(&at).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_reads_its_values_and_refuses_others() {
        for switch in SWITCHES {
            let mut options = Options::default();
            let value = match switch.values.split_once('|') {
                _ if switch.name == "fault" => "all=reset",
                _ if switch.name == "page-cap" => "7",
                _ if switch.name == "start" => "2026-01-01T00:00:00Z",
                Some((first, _)) => first,
                None => "99",
            };
            options.set(switch.name, value).unwrap();
            let error = options.set(switch.name, "").unwrap_err().to_string();
            assert!(error.contains(switch.values), "{error}");
        }
        let error = Options::default().set("dialekt", "a").unwrap_err();
        assert!(error.to_string().contains("error-format"), "{error}");
    }

    #[test]
    fn what_is_set_by_hand_is_bounded_too() {
        assert_eq!(Options::default().out_of_bounds(), None);
        let few = Options {
            people: 1,
            ..Options::default()
        };
        assert!(few.out_of_bounds().unwrap().contains("people"));
        let far = Options {
            start_ms: i64::MAX,
            ..Options::default()
        };
        assert!(far.out_of_bounds().unwrap().contains("start"));
    }
}

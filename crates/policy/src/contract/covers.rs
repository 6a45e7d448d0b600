//! Whether a contract covers a mode: one rule a field, and the refusal that names it.

use super::{Contract, Mode, TrustLevel};

/// The agent whose contracts these are.
const AGENT_ID: &str = "access-request-agent";
/// Tools that read and prepare.
const READING_TOOLS: [&str; 4] = [
    "read_request",
    "check_policy",
    "prepare_change",
    "summarize",
];
/// The tool without which guarded mode cannot do what it is for.
const PROVISION: &str = "provision_access";
/// Tools that change access, in the guarded mode only.
const EXECUTION_TOOLS: [&str; 2] = [PROVISION, "revoke_expired"];
/// What advise mode never puts out; guarded mode does, and may not claim otherwise.
const CHANGES: [&str; 3] = ["grant_access", "revoke_access", "provisioning_write"];
/// What guarded mode still never puts out.
const NEVER_GUARDED: [&str; 3] = ["privileged_grant", "approval", "policy_change"];
/// The kinds of log entries, both modes.
const LOGS: [&str; 4] = ["request", "policy_check", "prepared_change", "approvals"];
/// What calls a person, both modes.
const TRIGGERS: [&str; 3] = ["sensitive_resource", "policy_ambiguous", "low_confidence"];
/// The most that one request may cost, in US dollars.
const USD_MAX: f64 = 0.25;
/// The most turns of a model for one request.
const TURNS_MAX: u32 = 8;

/// A mode that a contract does not cover, and the field that says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the contract does not cover the mode `{}`: `{field}` is {found}, and must be {needed}", .mode.name())]
pub struct Refusal {
    /// The mode that was asked for.
    pub mode: Mode,
    /// The field, such as `tool_boundary.allowed_tools`.
    pub field: &'static str,
    /// What it says.
    pub found: String,
    /// What the mode needs.
    pub needed: String,
}

impl Refusal {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        let contract = match self.mode {
            Mode::Advise => "contracts/agentaz.json",
            Mode::Guarded => "contracts/agentaz-guarded.json",
        };
        format!(
            "`{contract}` covers `{}`; a changed contract needs a review, not a workaround",
            self.mode.name()
        )
    }
}

/// Every rule in turn; the first that does not hold refuses.
pub(super) fn check(contract: &Contract, mode: Mode) -> Result<(), Refusal> {
    let rules = Rules { mode };
    rules.identity(contract)?;
    rules.tools(contract)?;
    rules.output(contract)?;
    rules.bounds(contract)?;
    rules.people_and_log(contract)
}

struct Rules {
    mode: Mode,
}

impl Rules {
    fn identity(&self, contract: &Contract) -> Result<(), Refusal> {
        let id = &contract.agent_id;
        self.need(
            id == AGENT_ID,
            "agent_id",
            || format!("`{id}`"),
            || format!("`{AGENT_ID}`"),
        )?;
        let level = contract.trust_level;
        let found = || format!("{level:?}");
        match self.mode {
            Mode::Advise => self.need(level <= TrustLevel::A3, "trust_level", found, || {
                "A3 or below".to_owned()
            }),
            // Neither less than the truth nor more than is asked for.
            Mode::Guarded => self.need(level == TrustLevel::A4, "trust_level", found, || {
                "A4".to_owned()
            }),
        }
    }

    fn tools(&self, contract: &Contract) -> Result<(), Refusal> {
        let boundary = &contract.tool_boundary;
        let absent = boundary.execution_tools_absent;
        let expected = match self.mode {
            Mode::Advise => true,
            Mode::Guarded => false,
        };
        let field = "tool_boundary.execution_tools_absent";
        self.need(
            absent == expected,
            field,
            || absent.to_string(),
            || expected.to_string(),
        )?;
        let field = "tool_boundary.allowed_tools";
        let known = |tool: &str| match self.mode {
            Mode::Advise => READING_TOOLS.contains(&tool),
            Mode::Guarded => READING_TOOLS.contains(&tool) || EXECUTION_TOOLS.contains(&tool),
        };
        let foreign = boundary.allowed_tools.iter().find(|tool| !known(tool));
        self.need(
            foreign.is_none(),
            field,
            || format!("a list with `{}`", foreign.map_or("", String::as_str)),
            || format!("within {}", self.tool_names()),
        )?;
        match self.mode {
            Mode::Advise => Ok(()),
            Mode::Guarded => self.need(
                contract.tool_allowed(PROVISION),
                field,
                || format!("a list without `{PROVISION}`"),
                || format!("a list with `{PROVISION}`"),
            ),
        }
    }

    fn tool_names(&self) -> String {
        match self.mode {
            Mode::Advise => READING_TOOLS.join(", "),
            Mode::Guarded => [READING_TOOLS.as_slice(), EXECUTION_TOOLS.as_slice()]
                .concat()
                .join(", "),
        }
    }

    fn output(&self, contract: &Contract) -> Result<(), Refusal> {
        let never = &contract.output_boundary.never_emits;
        let field = "output_boundary.never_emits";
        match self.mode {
            Mode::Advise => self.holds(never, &CHANGES, field),
            Mode::Guarded => {
                let claimed = CHANGES
                    .into_iter()
                    .find(|change| never.iter().any(|entry| entry == change));
                self.need(
                    claimed.is_none(),
                    field,
                    || format!("a list with `{}`", claimed.unwrap_or_default()),
                    || "a list without what the mode does".to_owned(),
                )?;
                self.holds(never, &NEVER_GUARDED, field)
            }
        }
    }

    fn bounds(&self, contract: &Contract) -> Result<(), Refusal> {
        let cost = contract.cost_boundary;
        let (most, alert) = (cost.max_usd_per_trace_loop, cost.alert_threshold_usd);
        let fits = most > 0.0 && most <= USD_MAX;
        self.need(
            fits,
            "cost_boundary.max_usd_per_trace_loop",
            || most.to_string(),
            || format!("at most {USD_MAX}"),
        )?;
        let fits = alert > 0.0 && alert <= most;
        self.need(
            fits,
            "cost_boundary.alert_threshold_usd",
            || alert.to_string(),
            || format!("at most {most}"),
        )?;
        let turns = contract.loop_boundary.max_reasoning_turns;
        let field = "loop_boundary.max_reasoning_turns";
        self.need(
            turns <= TURNS_MAX,
            field,
            || turns.to_string(),
            || format!("at most {TURNS_MAX}"),
        )
    }

    fn people_and_log(&self, contract: &Contract) -> Result<(), Refusal> {
        let handoff = &contract.human_handoff;
        self.holds(&handoff.triggers, &TRIGGERS, "human_handoff.triggers")?;
        let to = &handoff.destination;
        self.need(
            to == "access_owner",
            "human_handoff.destination",
            || format!("`{to}`"),
            || "`access_owner`".to_owned(),
        )?;
        let append_only = contract.audit.append_only;
        self.need(
            append_only,
            "audit.append_only",
            || append_only.to_string(),
            || "true".to_owned(),
        )?;
        self.holds(&contract.audit.logs, &LOGS, "audit.logs")
    }

    /// Needs every one of `wanted` in the list.
    fn holds(&self, list: &[String], wanted: &[&str], field: &'static str) -> Result<(), Refusal> {
        let lacking = wanted
            .iter()
            .find(|name| !list.iter().any(|entry| entry == *name));
        let name = lacking.copied().unwrap_or_default();
        self.need(
            lacking.is_none(),
            field,
            || format!("a list without `{name}`"),
            || format!("a list with {}", wanted.join(", ")),
        )
    }

    fn need(
        &self,
        holds: bool,
        field: &'static str,
        found: impl FnOnce() -> String,
        needed: impl FnOnce() -> String,
    ) -> Result<(), Refusal> {
        if holds {
            return Ok(());
        }
        Err(Refusal {
            mode: self.mode,
            field,
            found: found(),
            needed: needed(),
        })
    }
}

//! Decision format 1: the blueprint's JSON object and more. Without `receipt` and `grant.applied` it is the ruling
//! record, which replays byte for byte.

mod build;

use std::collections::BTreeMap;

use decision::evidence::record::{Advice, Fault};
use decision::verdict::alternatives::Alternative;
use ports::store::{GrantRow, GrantState};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A decision. Field order is the order of output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Version of this format: 1.
    pub format: u32,
    /// The request.
    pub request_id: String,
    /// Role and department as displayed.
    pub requester_role: String,
    /// As asked.
    pub requested_access: String,
    /// `low`, `moderate` or `high`.
    pub risk: String,
    /// The rule cited.
    pub policy_basis: String,
    /// `none`, the conflict, or `unverified: …`.
    pub sod_conflict: String,
    /// Present, required and missing approvals.
    pub approvals: String,
    /// `AUTO_PROVISION`, `REQUEST_INFO`, `ESCALATE`, or `DENY` when a policy rule says so.
    pub decision: String,
    /// What decided, as one id: a condition, a segregation-of-duties rule, `role NAME`, or the name of a finding.
    pub decided_by: String,
    /// What is granted; empty texts when nothing is.
    pub grant: GrantPart,
    /// What is done, or would be.
    pub actions: Vec<Action>,
    /// For the requester.
    pub requester_note: String,
    /// Where it goes.
    pub escalation: Escalation,
    /// 0.00 to 1.00.
    pub confidence: f64,
    /// Digest of policy and guardrails.
    pub policy_version: String,
    /// When, RFC 3339.
    pub decided_at: String,
    /// `advise` or `guarded`.
    pub mode: String,
    /// All findings, in order of precedence.
    pub findings: Vec<FindingLine>,
    /// Points by cause, those above zero.
    pub risk_points: BTreeMap<String, u8>,
    /// Counter-offers.
    pub alternatives: Vec<Offer>,
    /// What a model said of it; `None` where none is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<AdvicePart>,
    /// Why a person closed the request, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<String>,
    /// A self-contained receipt (`c2sp.org/tlog-proof@v1`), once recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

impl Decision {
    /// The record as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Self::to_json`] wrote.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Adds that a person closed the request.
    pub fn show_denial(&mut self, reason: &str) {
        self.denied = Some(reason.to_owned());
        self.requester_note = format!(
            "Your request for {} was denied by a reviewer: {reason}.",
            self.requested_access
        );
    }

    /// Adds what became of the grant.
    pub fn show_effect(&mut self, grant: Option<&GrantRow>) {
        let Some(grant) = grant else { return };
        self.grant.applied = grant.state == GrantState::Applied;
        self.grant.effect = Some(format!("{}: {}", grant.state.name(), grant.detail));
        if !self.grant.access.is_empty() {
            self.grant.time_bound = grant
                .ends
                .map_or("standing".to_owned(), |ends| ends.to_string());
        }
        self.requester_note = self.effect_note(grant);
    }

    /// What the requester is told, by state and authority of the grant alone.
    fn effect_note(&self, grant: &GrantRow) -> String {
        let access = &self.requested_access;
        let detail = &grant.detail;
        match grant.state {
            GrantState::Applied if grant.authority == "automatic" => format!(
                "Your request for {access} has been provisioned. It matches your role's standard access."
            ),
            GrantState::Applied => format!(
                "Your request for {access} was released after a review and has been provisioned."
            ),
            GrantState::Committed => {
                format!("Your request for {access} was granted, and is being provisioned.")
            }
            GrantState::Unknown => format!(
                "Your request for {access} was granted, and it is not known yet whether it was provisioned: {detail}."
            ),
            GrantState::Refused | GrantState::Withdrawn => format!(
                "Your request for {access} was decided, but could not be provisioned: {detail}."
            ),
            GrantState::Revoking => {
                format!("What your request for {access} gave is being taken back: {detail}.")
            }
            GrantState::Revoked => {
                format!("What your request for {access} gave was taken back: {detail}.")
            }
        }
    }
}

/// What a model said, and what was wrong with it. It can only have withheld.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvicePart {
    /// Provider and model.
    pub analyst: String,
    /// `nothing`, `narrow`, `ask_first` or `look_closer`.
    pub advice: Advice,
    /// What it says to the person who looks.
    pub note: String,
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// In words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Cost in US dollars, with four digits.
    pub cost_usd: String,
}

/// What is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantPart {
    /// As asked, or empty.
    pub access: String,
    /// The end as RFC 3339, `standing`, or empty.
    pub time_bound: String,
    /// Whether it was given and read back.
    pub applied: bool,
    /// The lifts by which people released it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewed_by: Vec<String>,
    /// What was seen when it was read back, or why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
}

/// Something that is done, or would be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub args: serde_json::Map<String, Value>,
    /// Whether a person has to release it.
    pub requires_approval: bool,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Whether a person has to look.
    pub needed: bool,
    /// `security`, `resource_owner`, `manager` or `none`.
    pub to: String,
    /// Why, or empty.
    pub reason: String,
}

/// A finding as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// The check.
    pub check: String,
    /// The finding's name, by which it is lifted.
    pub finding: String,
    /// `ask`, `escalate` or `refuse`.
    pub outcome: String,
    /// Its facts.
    pub because: String,
    /// Who may lift it; `lifted` when it was.
    pub lifts: String,
}

/// A counter-offer as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// `grantable_now`, `reviewed` or `procedure`.
    pub kind: String,
    /// The offer in words.
    pub text: String,
    /// Catalogue id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// For how long, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

impl From<Alternative> for Offer {
    fn from(alternative: Alternative) -> Self {
        Self {
            kind: alternative.kind.name().to_owned(),
            text: alternative.text,
            access: alternative.entitlement,
            minutes: alternative.duration.map(|minutes| minutes.0),
        }
    }
}

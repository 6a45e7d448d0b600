//! Decision format 1: the blueprint's JSON object and more. Without `receipt` and `grant.applied` it is the ruling
//! record, which replays byte for byte.

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::findings::{Destination, Kind};
use decision::rules::Rules;
use decision::verdict::alternatives::{self, Alternative};
use decision::verdict::outcome::Outcome;
use decision::verdict::{Ruling, Standing, explain};
use ports::store::{GrantRow, GrantState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// Why a person closed the request, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<String>,
    /// A self-contained receipt (`c2sp.org/tlog-proof@v1`), once recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
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

impl Decision {
    /// The decision that a ruling comes to: a pure function of evidence and rules.
    #[must_use]
    pub fn new(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Self {
        let evidence = frozen.evidence();
        let alternatives = alternatives::of(frozen, rules, ruling);
        let escalation = escalation(frozen, rules, ruling);
        Self {
            format: 1,
            request_id: evidence.request.id.clone(),
            requester_role: requester_role(frozen, rules),
            requested_access: evidence.request.access.asked().to_owned(),
            risk: ruling.risk.ticket_name().to_owned(),
            policy_basis: explain::policy_basis(frozen, rules, ruling),
            sod_conflict: explain::separation_text(frozen, rules),
            approvals: explain::approvals_text(frozen, rules),
            decision: decision_name(ruling.shown).to_owned(),
            grant: grant_part(frozen, ruling),
            actions: actions(frozen, rules, ruling, &escalation),
            requester_note: note(frozen, rules, ruling, &alternatives),
            escalation,
            confidence: f64::from(ruling.confidence.0) / 10_000.0,
            policy_version: evidence.policy.clone(),
            decided_at: evidence.frozen_at.to_string(),
            mode: evidence.mode.name().to_owned(),
            findings: finding_lines(frozen, rules, ruling),
            risk_points: (ruling.points.causes().into_iter())
                .filter(|(_, points)| *points > 0)
                .map(|(cause, points)| (cause.to_owned(), points))
                .collect(),
            alternatives: alternatives.into_iter().map(Offer::from).collect(),
            denied: None,
            receipt: None,
        }
    }

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
        let access = &self.requested_access;
        if self.grant.applied {
            self.requester_note = match self.decision.as_str() {
                "AUTO_PROVISION" => self.requester_note.clone(),
                _ => format!(
                    "Your request for {access} was released after a review and has been provisioned."
                ),
            };
        } else if matches!(
            grant.state,
            GrantState::Refused | GrantState::Unknown | GrantState::Withdrawn
        ) {
            self.requester_note = format!(
                "Your request for {access} was decided, but could not be provisioned: {}.",
                grant.detail
            );
        }
    }
}

fn decision_name(shown: Outcome) -> &'static str {
    match shown {
        Outcome::Open => "AUTO_PROVISION",
        Outcome::Ask => "REQUEST_INFO",
        // A ticket shows a refusal as an escalation; `DENY` is for policy rules that say so.
        Outcome::Escalate | Outcome::Refuse => "ESCALATE",
    }
}

/// Role and department of the person who will have the access.
fn requester_role(frozen: &Frozen, rules: &Rules) -> String {
    let Some(person) = frozen.evidence().beneficiary() else {
        return "unknown".to_owned();
    };
    let titles: Vec<&str> = person
        .roles
        .iter()
        .map(|name| {
            let role = rules.role(name).and_then(|id| rules.role_entry(id));
            role.map_or(name.as_str(), |role| role.title.as_str())
        })
        .collect();
    let role = if titles.is_empty() {
        "no role".to_owned()
    } else {
        titles.join(", ")
    };
    match &person.department {
        Some(department) => format!("{role} / {department}"),
        None => role,
    }
}

fn grant_part(frozen: &Frozen, ruling: &Ruling) -> GrantPart {
    if ruling.shown != Outcome::Open && ruling.standing() == Standing::Withheld {
        return GrantPart::default();
    }
    let evidence = frozen.evidence();
    let lifted = evidence.lifts.iter().zip(frozen.lifts());
    GrantPart {
        access: evidence.request.access.asked().to_owned(),
        time_bound: ruling
            .ends_at(evidence.frozen_at)
            .map_or("standing".to_owned(), |ends| ends.to_string()),
        applied: false,
        reviewed_by: lifted
            .filter(|(lift, state)| state.is_ok() && ruling.lifted.contains(lift.finding))
            .map(|(lift, _)| lift.id.clone())
            .collect(),
        effect: None,
    }
}

fn escalation(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Escalation {
    if ruling.shown < Outcome::Escalate {
        return Escalation {
            needed: false,
            to: "none".to_owned(),
            reason: String::new(),
        };
    }
    let to = match explain::destination(ruling) {
        Some(Destination::Security | Destination::RuleOwner) | None => "security",
        Some(Destination::ResourceOwner) => "resource_owner",
        Some(Destination::Manager | Destination::Requester) => "manager",
    };
    let reasons: Vec<String> = (ruling.findings.iter())
        .filter(|kind| *kind != Kind::AdviseMode && kind.row().outcome >= Outcome::Escalate)
        .map(|kind| explain::because(frozen, rules, kind))
        .collect();
    Escalation {
        needed: true,
        to: to.to_owned(),
        reason: reasons.join("; "),
    }
}

fn actions(
    frozen: &Frozen,
    rules: &Rules,
    ruling: &Ruling,
    escalation: &Escalation,
) -> Vec<Action> {
    let evidence = frozen.evidence();
    let request = &evidence.request;
    let asked = request.access.asked();
    let mut actions = Vec::new();
    let mut act = |tool: &str, args: Value, requires_approval: bool| {
        if let Value::Object(args) = args {
            actions.push(Action {
                tool: tool.to_owned(),
                args,
                requires_approval,
            });
        }
    };
    match ruling.shown {
        Outcome::Open => (),
        Outcome::Ask => act(
            "request_information",
            json!({ "to": asked_of(ruling), "needed": needed(frozen, rules, ruling) }),
            false,
        ),
        Outcome::Escalate | Outcome::Refuse => {
            let priority = if escalation.to == "security" {
                "high"
            } else {
                "normal"
            };
            let mut args = json!({
                "to": explain::told(frozen, rules, ruling).join("+"),
                "priority": priority,
            });
            if ruling.findings.contains(Kind::Conflict) {
                let conflicts = explain::conflicts(
                    frozen,
                    rules,
                    decision::findings::separation::RuleStanding::Conflict,
                );
                let texts: Vec<String> = (conflicts.iter())
                    .map(|facts| {
                        facts
                            .sides
                            .iter()
                            .map(|(text, _)| text.as_str())
                            .collect::<Vec<_>>()
                            .join(" + ")
                    })
                    .collect();
                args["conflict"] = Value::String(texts.join("; "));
            }
            act(&format!("escalate_to_{}", escalation.to), args, false);
        }
    }
    if ruling.shown == Outcome::Open || ruling.standing() != Standing::Withheld {
        // The person is named by role in the request: the record needs no login here.
        let who = if request.on_behalf_of.is_some() {
            "beneficiary"
        } else {
            "requester"
        };
        act(
            "provision_access",
            json!({ "user": format!("{}.{who}", request.id), "access": asked }),
            ruling.standing() != Standing::Automatic,
        );
    }
    actions
}

/// Who has to give what is missing.
fn asked_of(ruling: &Ruling) -> &'static str {
    let manager = ruling.findings.contains(Kind::ManagerApprovalMissing);
    let others = ruling
        .findings
        .iter()
        .any(|kind| kind.row().outcome == Outcome::Ask && kind != Kind::ManagerApprovalMissing);
    match (manager, others) {
        (true, false) => "manager",
        (true, true) => "requester+manager",
        (false, _) => "requester",
    }
}

/// What exactly is needed.
fn needed(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Vec<String> {
    (ruling.findings.iter())
        .filter(|kind| kind.row().outcome == Outcome::Ask)
        .map(|kind| explain::because(frozen, rules, kind))
        .collect()
}

fn note(frozen: &Frozen, rules: &Rules, ruling: &Ruling, alternatives: &[Alternative]) -> String {
    let asked = frozen.evidence().request.access.asked();
    let offers: Vec<&str> = alternatives
        .iter()
        .map(|offer| offer.text.as_str())
        .collect();
    let meantime = if offers.is_empty() {
        String::new()
    } else {
        format!(" Consider: {}.", offers.join("; or "))
    };
    match (ruling.shown, ruling.standing()) {
        (Outcome::Open, Standing::Automatic) => format!(
            "Your request for {asked} has been provisioned. It matches your role's standard access; {}.",
            explain::approvals_text(frozen, rules)
        ),
        (Outcome::Open, Standing::Reviewed | Standing::Withheld) => {
            format!(
                "Your request for {asked} matches your role's standard access; a person releases it."
            )
        }
        (Outcome::Ask, _) => {
            format!(
                "Your request for {asked} needs more: {}.{meantime}",
                needed(frozen, rules, ruling).join("; ")
            )
        }
        (Outcome::Escalate | Outcome::Refuse, _) => {
            let first = ruling
                .first()
                .map(|kind| explain::because(frozen, rules, kind))
                .unwrap_or_default();
            format!(
                "Your request for {asked} can't be granted automatically: {first}. It goes to {}.{meantime}",
                explain::told(frozen, rules, ruling).join(" and ")
            )
        }
    }
}

fn finding_lines(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Vec<FindingLine> {
    ruling
        .findings
        .iter()
        .map(|kind| FindingLine {
            check: kind.row().check.name().to_owned(),
            finding: kind.name().to_owned(),
            outcome: kind.row().outcome.to_string(),
            because: explain::because(frozen, rules, kind),
            lifts: if ruling.lifted.contains(kind) {
                "lifted".to_owned()
            } else {
                explain::lifts_text(kind)
            },
        })
        .collect()
}

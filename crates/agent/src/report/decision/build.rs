//! How a decision is built from the record, the rules and the ruling.

use decision::evidence::{Evidence, Frozen};
use decision::findings::{Destination, Kind};
use decision::rules::Rules;
use decision::verdict::alternatives::{self, Alternative};
use decision::verdict::outcome::Outcome;
use decision::verdict::{Answer, Ruling, Standing, explain};
use serde_json::{Value, json};

use crate::advise::budget::dollars;

use super::{Action, AdvicePart, Decision, Escalation, FindingLine, GrantPart, Offer};

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
            decision: ruling.answer().name().to_owned(),
            decided_by: explain::decided_by(frozen, rules, ruling),
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
            advice: advice(evidence),
            denied: None,
            receipt: None,
        }
    }
}

/// What a model said.
fn advice(evidence: &Evidence) -> Option<AdvicePart> {
    let analysis = evidence.analysis.as_ref()?;
    Some(AdvicePart {
        analyst: analysis.analyst.clone(),
        advice: evidence.advice,
        note: analysis.note.clone(),
        faults: analysis.faults.clone(),
        remarks: analysis.remarks.clone(),
        cost_usd: dollars(analysis.spent()),
    })
}

/// Whom a denial names for questions.
fn questions(frozen: &Frozen, rules: &Rules) -> String {
    let routes: Vec<&str> = (explain::routes(frozen, rules, Kind::ConditionDeny).into_iter())
        .flatten()
        .collect();
    if routes.is_empty() {
        String::new()
    } else {
        format!(" Questions go to {}.", routes.join(" and "))
    }
}

/// Whether a condition of the policy says so: a ticket shows every other refusal as an escalation.
fn is_denied(ruling: &Ruling) -> bool {
    ruling.answer() == Answer::Deny
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
    if ruling.shown < Outcome::Escalate || is_denied(ruling) {
        return Escalation {
            needed: false,
            to: "none".to_owned(),
            reason: String::new(),
        };
    }
    let to = match explain::destination(frozen, rules, ruling) {
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
        Outcome::Refuse if is_denied(ruling) => (),
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
                if let Some(args) = args.as_object_mut() {
                    args.insert("conflict".to_owned(), Value::String(texts.join("; ")));
                }
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

/// What the requester is told of the ruling. Once there is a grant, `Decision::show_effect` tells what became of it instead.
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
            "Your request for {asked} can be provisioned. It matches your role's standard access; {}.",
            explain::approvals_text(frozen, rules)
        ),
        (Outcome::Open, Standing::Reviewed) => {
            format!("Your request for {asked} can be provisioned: it was released after a review.")
        }
        (Outcome::Open, Standing::Withheld) => {
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
        (Outcome::Refuse, _) if is_denied(ruling) => format!(
            "Your request for {asked} is denied: {}.{}{meantime}",
            explain::because(frozen, rules, Kind::ConditionDeny),
            questions(frozen, rules)
        ),
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

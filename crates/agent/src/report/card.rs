//! The reviewer's card: one screen, always in the same order, made from the record.

use decision::evidence::Frozen;
use decision::evidence::record::Advice;
use decision::findings::{Check, Kind};
use decision::rules::Rules;
use decision::verdict::{Ruling, alternatives, explain};

use crate::advise::budget::dollars;

/// A card: sections in their fixed order, each of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Who wants what, how long, why.
    pub request: Vec<Line>,
    /// The verdict and the first rule that stopped it, with file and line.
    pub verdict: Vec<Line>,
    /// Every check, with its evidence.
    pub checks: Vec<Line>,
    /// Risk points.
    pub risk: Vec<Line>,
    /// Alternatives.
    pub alternatives: Vec<Line>,
    /// Advice.
    pub advice: Vec<Line>,
    /// What each button does.
    pub buttons: Vec<Line>,
}

/// A line of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub label: String,
    /// What there is to say.
    pub text: String,
    /// How it stands.
    pub mark: Mark,
}

/// How a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Plain.
    Plain,
    /// Cleared.
    Clear,
    /// A finding that stands.
    Stands,
    /// A finding that people lifted.
    Lifted,
}

fn line(label: &str, text: impl Into<String>) -> Line {
    Line {
        label: label.to_owned(),
        text: text.into(),
        mark: Mark::Plain,
    }
}

impl Card {
    /// The card of a ruling.
    #[must_use]
    pub fn new(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Self {
        let offers = alternatives::of(frozen, rules, ruling);
        Self {
            request: request(frozen, rules),
            verdict: verdict(frozen, rules, ruling),
            checks: checks(frozen, rules, ruling),
            risk: risk(ruling),
            alternatives: offers
                .iter()
                .map(|offer| line(offer.kind.name(), offer.text.clone()))
                .collect(),
            advice: advice(frozen),
            buttons: buttons(frozen, ruling),
        }
    }
}

/// What the built-in analyst or a model said, and what was wrong with it.
fn advice(frozen: &Frozen) -> Vec<Line> {
    let evidence = frozen.evidence();
    let said = match evidence.advice {
        Advice::Nothing => "nothing to add",
        Advice::Narrow => "less would do",
        Advice::AskFirst => "ask something first",
        Advice::LookCloser => "a person should look",
    };
    let Some(analysis) = &evidence.analysis else {
        return vec![line("built-in analyst", said)];
    };
    let mut lines = Vec::new();
    let faulty = !analysis.faults.is_empty();
    if !(faulty && evidence.advice == Advice::Nothing) {
        lines.push(line(&analysis.analyst, said));
    }
    if !analysis.note.is_empty() {
        lines.push(line("says", analysis.note.clone()));
    }
    for fault in &analysis.faults {
        lines.push(Line {
            mark: Mark::Stands,
            ..line(&analysis.analyst, fault.told())
        });
    }
    lines.extend(analysis.remarks.iter().map(|own| line("", own.clone())));
    let cost = analysis.spent();
    if cost > 0 {
        lines.push(line("cost", format!("{} USD", dollars(cost))));
    }
    lines
}

fn request(frozen: &Frozen, rules: &Rules) -> Vec<Line> {
    let evidence = frozen.evidence();
    let request = &evidence.request;
    let mut lines = Vec::new();
    let who = evidence.beneficiary().map_or_else(
        || {
            format!(
                "{} (not known)",
                request.on_behalf_of.as_ref().unwrap_or(&request.requester)
            )
        },
        |person| {
            let department = person
                .department
                .as_deref()
                .map(|name| format!(", {name}"))
                .unwrap_or_default();
            format!("{} ({}{department})", person.login, person.roles.join(", "))
        },
    );
    lines.push(line("who", who));
    if request.on_behalf_of.is_some() {
        lines.push(line("filed by", request.requester.clone()));
    }
    let entry = frozen.case().entitlement.and_then(|id| rules.entry(id));
    let meaning = entry
        .and_then(|entry| entry.meaning.as_deref())
        .map(|text| format!(": {text}"));
    lines.push(line(
        "wants",
        format!("{}{}", request.access.asked(), meaning.unwrap_or_default()),
    ));
    if let Some(entry) = entry.filter(|entry| entry.id != request.access.asked()) {
        lines.push(line("catalogued as", entry.id.clone()));
    }
    let long = frozen
        .content()
        .duration
        .map_or("standing".to_owned(), |minutes| minutes.to_string());
    lines.push(line("for", long));
    lines.push(line(
        "why",
        request
            .justification
            .clone()
            .unwrap_or_else(|| "no reason given".to_owned()),
    ));
    lines
}

fn verdict(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Vec<Line> {
    let decision = super::Decision::new(frozen, rules, ruling);
    let mut lines = vec![line("decision", decision.decision)];
    if let Some(first) = ruling.first() {
        let place = explain::place_of(frozen, rules, first)
            .map(|place| format!(" ({place})"))
            .unwrap_or_default();
        lines.push(line("stopped by", format!("{}{place}", first.name())));
    }
    lines.push(line("basis", decision.policy_basis));
    if decision.escalation.needed {
        lines.push(line(
            "goes to",
            explain::told(frozen, rules, ruling).join(", "),
        ));
    }
    lines.push(line(
        "confidence",
        explain::confidence_text(ruling.confidence),
    ));
    lines
}

fn checks(frozen: &Frozen, rules: &Rules, ruling: &Ruling) -> Vec<Line> {
    let mut lines = Vec::new();
    for check in Check::ALL {
        let own: Vec<Kind> = ruling
            .findings
            .iter()
            .filter(|kind| kind.row().check == check)
            .collect();
        if own.is_empty() {
            lines.push(Line {
                label: check.name().to_owned(),
                text: explain::cleared(frozen, rules, check),
                mark: Mark::Clear,
            });
        }
        for kind in own {
            lines.push(Line {
                label: check.name().to_owned(),
                text: explain::because(frozen, rules, kind),
                mark: if ruling.lifted.contains(kind) {
                    Mark::Lifted
                } else {
                    Mark::Stands
                },
            });
        }
    }
    lines
}

/// The sum, as it comes about.
fn risk(ruling: &Ruling) -> Vec<Line> {
    let causes = ruling
        .points
        .causes()
        .into_iter()
        .filter(|(_, points)| *points > 0);
    let parts: Vec<String> = causes
        .map(|(cause, points)| format!("{cause} {points}"))
        .collect();
    let sum = if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join(" + ")
    };
    let floor = if ruling.findings.contains(Kind::Conflict) {
        ", floored by the conflict"
    } else {
        ""
    };
    let text = format!("{sum} = {} points{floor}", ruling.points.sum());
    vec![line(ruling.risk.name(), text)]
}

/// What a reviewer can do, with the words to type.
fn buttons(frozen: &Frozen, ruling: &Ruling) -> Vec<Line> {
    let id = &frozen.evidence().request.id;
    let mut lines = Vec::new();
    for kind in ruling.missing().iter() {
        let by = match kind {
            decision::rules::policy::ApprovalKind::Manager => "the manager",
            decision::rules::policy::ApprovalKind::ResourceOwner => "the resource owner",
            decision::rules::policy::ApprovalKind::Security => "security",
        };
        lines.push(line(
            "approve",
            format!("{by} gives it: review approve {id} --slot {}", kind.name()),
        ));
    }
    // One line for all findings that the same people may lift.
    let mut lifts: Vec<(String, Vec<&str>)> = Vec::new();
    for kind in ruling.findings.without(ruling.lifted).iter() {
        if kind.row().lifting == decision::findings::Lifting::Nobody {
            continue;
        }
        let who = explain::lifts_text(kind);
        match lifts.iter_mut().find(|(known, _)| *known == who) {
            Some((_, kinds)) => kinds.push(kind.name()),
            None => lifts.push((who, vec![kind.name()])),
        }
    }
    for (who, kinds) in &lifts {
        lines.push(line("lift", format!("{}: {who}", kinds.join(", "))));
    }
    if !lifts.is_empty() {
        lines.push(line(
            "",
            format!("review approve {id} --lift FINDING [--until DATE --control TEXT]"),
        ));
    }
    if ruling.standing() != decision::verdict::Standing::Withheld {
        let grant = crate::ruling::grant_id(id, frozen.evidence().request.revision);
        return vec![line(
            "take back",
            format!("before its end: grants revoke {grant} --reason TEXT"),
        )];
    }
    lines.push(line(
        "narrow",
        format!("less access or time: review narrow {id} --access ID --duration 8h"),
    ));
    lines.push(line(
        "deny",
        format!("close it: review deny {id} --reason TEXT"),
    ));
    lines.push(line(
        "ask",
        format!("ask the requester: review ask {id} --question TEXT"),
    ));
    lines
}

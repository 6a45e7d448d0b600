//! Tickets of the sample: granted, asked back, escalated, and one half of duties that must be kept apart.

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::{
    Advice, Approval, Coverage, Evidence, FORMAT, Fact, Holding, Holdings, LogState, Lookup, Mode,
    Person, Target,
};
use decision::request::{Access, Request, Term};
use decision::rules::Rules;
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};

use super::PLAIN;

/// When the sample is ruled upon: 2026-11-22T08:00:00Z.
pub(super) const NOW: i64 = 1_795_334_400;

/// One record of evidence for each kind of outcome, each in guarded mode.
#[must_use]
pub fn tickets(rules: &Rules) -> Vec<Evidence> {
    let mut granted = evidence(rules, "T-granted", "repo:read");
    approve(&mut granted, rules);
    let mut conflict = evidence(rules, "T-conflict", "payment:approve");
    hold(&mut conflict, "vendor:create");
    approve(&mut conflict, rules);
    let mut unread = evidence(rules, "T-unread", "payment:approve");
    unread.holdings = Fact::Unreachable {
        source: "directory".to_owned(),
        reason: "it did not answer".to_owned(),
    };
    approve(&mut unread, rules);
    let mut long = evidence(rules, "T-long", "repo:read");
    long.request.term = Term::For(Minutes::from_days(400));
    approve(&mut long, rules);
    let others = [
        ("T-unapproved", "repo:read"),
        ("T-reviewed", "repo:write"),
        ("T-privileged", "prod-db:admin"),
        ("T-unknown", "no-such:thing"),
    ];
    let others = others.map(|(id, access)| evidence(rules, id, access));
    [granted, conflict, unread, long]
        .into_iter()
        .chain(others)
        .collect()
}

fn present<T>(value: T) -> Fact<T> {
    Fact::Present {
        value,
        source: "directory".to_owned(),
        as_of: Timestamp::from_seconds(NOW - 60),
    }
}

fn person(id: &str, groups: &[&str]) -> Person {
    Person {
        id: id.to_owned(),
        login: id.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..Person::default()
    }
}

fn evidence(rules: &Rules, id: &str, access: &str) -> Evidence {
    let mut clerk = person("clerk-001", &[]);
    clerk.roles = vec!["clerk".to_owned()];
    clerk.department = Some("Finance".to_owned());
    clerk.manager = Some("manager-001".to_owned());
    let people = [
        person("manager-001", &[]),
        person("owner-001", &["owners"]),
        person("security-001", &["security"]),
        person("controls-001", &["controls"]),
    ];
    let targets = rules.policy().catalogue.iter().map(|entry| {
        let target = Target {
            id: entry.id.clone(),
            power: "narrow".to_owned(),
            name: "group-17".to_owned(),
            ..Target::default()
        };
        (entry.id.clone(), present(target))
    });
    let digest = rules.policy().digest.clone();
    Evidence {
        format: FORMAT,
        frozen_at: Timestamp::from_seconds(NOW),
        mode: Mode::Guarded,
        policy: digest.clone(),
        active_policy: digest,
        own_policy: false,
        log: LogState::Verified,
        request: Request {
            id: id.to_owned(),
            revision: 1,
            requester: "clerk-001".to_owned(),
            on_behalf_of: None,
            access: Access::new(access),
            justification: Some(PLAIN.to_owned()),
            term: Term::Unstated,
            created_at: None,
            ticket: None,
            claims: Vec::new(),
        },
        requester: present(Lookup::One(Box::new(clerk.clone()))),
        beneficiary: present(Lookup::One(Box::new(clerk))),
        people: people.map(|one| (one.id.clone(), one)).into(),
        holdings: present(Holdings {
            coverage: Coverage::Everything,
            items: Vec::new(),
        }),
        reserved: Vec::new(),
        linked: BTreeMap::new(),
        earlier: Vec::new(),
        targets: targets.collect(),
        bound_powers: BTreeMap::new(),
        approvals: Vec::new(),
        lifts: Vec::new(),
        advice: Advice::Nothing,
        analysis: None,
        facts: Fact::NotInProfile,
        activity: present(1),
        brakes: Vec::new(),
    }
}

fn approve(evidence: &mut Evidence, rules: &Rules) {
    let content = Frozen::new(evidence.clone(), rules).content().clone();
    evidence.approvals.push(Approval {
        id: "a0".to_owned(),
        kind: ApprovalKind::Manager,
        by: "manager-001".to_owned(),
        at: Timestamp::from_seconds(NOW - 30),
        content,
    });
}

fn hold(evidence: &mut Evidence, name: &str) {
    if let Fact::Present { value, .. } = &mut evidence.holdings {
        value.items.push(Holding {
            entitlement: name.to_owned(),
            path: Vec::new(),
            grant: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use decision::verdict::Answer;

    use super::*;
    use crate::ruling::decide;

    #[test]
    fn there_is_a_ticket_for_each_kind_of_outcome() {
        let rules = super::super::rules().unwrap();
        let mut answers: Vec<(String, Answer, bool)> = Vec::new();
        for evidence in tickets(&rules) {
            let id = evidence.request.id.clone();
            let (_, ruling, grant) = decide(evidence, &rules);
            answers.push((id, ruling.answer(), grant.is_some()));
        }
        let told: Vec<(&str, Answer, bool)> = (answers.iter())
            .map(|(id, answer, granted)| (id.as_str(), *answer, *granted))
            .collect();
        assert_eq!(
            told,
            [
                ("T-granted", Answer::AutoProvision, true),
                ("T-conflict", Answer::Escalate, false),
                ("T-unread", Answer::Escalate, false),
                ("T-long", Answer::RequestInfo, false),
                ("T-unapproved", Answer::RequestInfo, false),
                ("T-reviewed", Answer::Escalate, false),
                ("T-privileged", Answer::Escalate, false),
                ("T-unknown", Answer::Escalate, false),
            ]
        );
    }
}

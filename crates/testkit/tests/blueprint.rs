//! The three tickets of the blueprint against the demo's company: every structured field, in both modes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use agent::report::Decision;
use agent::review::Act;
use decision::evidence::record::Mode;
use decision::rules::policy::ApprovalKind;
use sandbox::{Company, Planted};
use testkit::world::{World, request};

const IDS: [&str; 3] = ["REQ-5512", "REQ-5570", "REQ-5604"];

fn planted(company: &Company, id: &str) -> Planted {
    let found = company
        .tickets
        .iter()
        .find(|planted| planted.ticket.contains(&format!("\"{id}\"")));
    found
        .unwrap_or_else(|| panic!("the company has no {id}"))
        .clone()
}

/// Files each ticket, then records the approvals that the company gives. Decisions before and after.
fn decisions(mode: Mode) -> (World, Vec<(Decision, Decision)>) {
    let company = Company::generate(42, 240);
    let world = World::new(&company.access_yml, &company.directory_yml, mode).unwrap();
    let mut found = Vec::new();
    for id in IDS {
        let planted = planted(&company, id);
        let request = request(&planted.ticket).unwrap();
        let mut answers = world.agent().handle(vec![request]);
        let before = answers.pop().unwrap().unwrap().decision;
        assert!(!planted.approvals.is_empty(), "{id}: the manager approves");
        for (kind, by) in &planted.approvals {
            assert_eq!(*kind, "manager");
            let reviewer = world.reviewer(by).unwrap();
            world
                .agent()
                .review(id, &reviewer, Act::Approve(Some(ApprovalKind::Manager)))
                .unwrap();
        }
        found.push((before, world.agent().decision(id).unwrap()));
    }
    (world, found)
}

fn args(decision: &Decision, tool: &str, key: &str) -> String {
    let action = decision.actions.iter().find(|action| action.tool == tool);
    let action = action.unwrap_or_else(|| panic!("{}: no {tool}", decision.request_id));
    action
        .args
        .get(key)
        .and_then(|value| value.as_str())
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn guarded_mode_gives_the_blueprint_its_fields() {
    let (world, found) = decisions(Mode::Guarded);
    let [(before, granted), (_, admin), (_, payment)] = found.as_slice() else {
        panic!()
    };

    assert_eq!(before.decision, "REQUEST_INFO");
    assert!(
        !before.grant.applied
            && before.grant.access.is_empty()
            && before.grant.time_bound.is_empty()
    );
    assert_eq!(granted.request_id, "REQ-5512");
    assert_eq!(granted.requester_role, "Engineer / Platform");
    assert_eq!(granted.requested_access, "staging-dashboard:read");
    assert_eq!(granted.risk, "low");
    assert_eq!(
        granted.policy_basis,
        "entitlement: 'staging:read' is standard for the Engineer role"
    );
    assert_eq!(granted.sod_conflict, "none");
    assert_eq!(granted.decision, "AUTO_PROVISION");
    assert_eq!(granted.grant.access, "staging-dashboard:read");
    assert_eq!(granted.grant.time_bound, "standing");
    assert!(granted.grant.applied);
    assert_eq!(
        args(granted, "provision_access", "user"),
        "REQ-5512.requester"
    );
    assert_eq!(
        args(granted, "provision_access", "access"),
        "staging-dashboard:read"
    );
    assert!(!granted.actions[0].requires_approval);
    assert!(!granted.escalation.needed);
    assert_eq!(
        (
            granted.escalation.to.as_str(),
            granted.escalation.reason.as_str()
        ),
        ("none", "")
    );
    assert!(granted.confidence >= 0.85);

    assert_eq!(admin.requester_role, "Engineer / Payments");
    assert_eq!(admin.requested_access, "prod-payments-db:admin (write)");
    assert_eq!(admin.risk, "high");
    assert!(
        admin.policy_basis.contains("prod:*") && admin.policy_basis.contains("*:admin"),
        "{}",
        admin.policy_basis
    );
    assert!(
        admin
            .policy_basis
            .contains("not standard for the Engineer role")
    );
    assert_eq!(admin.sod_conflict, "none");
    assert!(admin.approvals.contains("manager approval present"));
    assert!(
        admin
            .approvals
            .contains("resource-owner approval NOT present")
    );
    assert_escalates(admin);
    assert_eq!(
        args(admin, "escalate_to_security", "to"),
        "security+db_owner"
    );
    assert_eq!(args(admin, "escalate_to_security", "priority"), "high");
    let offers: Vec<(&str, &str)> = admin
        .alternatives
        .iter()
        .map(|offer| (offer.kind.as_str(), offer.text.as_str()))
        .collect();
    assert!(
        offers
            .iter()
            .any(|(kind, text)| *kind == "reviewed"
                && text.contains("time-bound prod-payments-db:read")),
        "{offers:?}"
    );
    assert!(
        offers
            .iter()
            .any(|(kind, text)| *kind == "procedure" && text.contains("break-glass")),
        "{offers:?}"
    );

    assert_eq!(payment.requester_role, "Finance Ops");
    assert_eq!(payment.requested_access, "payment:approve");
    assert_eq!(payment.risk, "high");
    assert!(
        payment
            .policy_basis
            .contains("payment:approve is grantable to the role"),
        "{}",
        payment.policy_basis
    );
    for half in ["'vendor:create'", "'payment:approve'"] {
        assert!(
            payment.sod_conflict.contains(half),
            "{}",
            payment.sod_conflict
        );
    }
    assert!(payment.approvals.contains("manager approval present"));
    assert_escalates(payment);
    assert_eq!(
        args(payment, "escalate_to_security", "to"),
        "security+finance_controls"
    );
    assert_eq!(
        args(payment, "escalate_to_security", "conflict"),
        "vendor:create + payment:approve"
    );

    assert_eq!(world.verify().unwrap(), Vec::<String>::new());
}

fn assert_escalates(decision: &Decision) {
    assert_eq!(decision.decision, "ESCALATE");
    assert_eq!(decision.grant.access, "");
    assert_eq!(decision.grant.time_bound, "");
    assert!(!decision.grant.applied);
    assert!(decision.escalation.needed);
    assert_eq!(decision.escalation.to, "security");
    assert!(
        decision
            .actions
            .iter()
            .all(|action| !action.requires_approval)
    );
}

#[test]
fn advise_mode_decides_the_same_and_applies_nothing() {
    let (_, guarded) = decisions(Mode::Guarded);
    let (_, advised) = decisions(Mode::Advise);
    for ((_, guarded), (_, advised)) in guarded.iter().zip(&advised) {
        assert_eq!(guarded.decision, advised.decision);
        assert_eq!(guarded.risk, advised.risk);
        assert_eq!(guarded.policy_basis, advised.policy_basis);
        assert_eq!(guarded.sod_conflict, advised.sod_conflict);
        assert_eq!(guarded.escalation, advised.escalation);
        assert!(!advised.grant.applied);
        assert!(
            advised
                .findings
                .iter()
                .any(|line| line.finding == "advise-mode")
        );
        for action in &advised.actions {
            assert_eq!(action.requires_approval, action.tool == "provision_access");
        }
    }
    let (granted, _) = (&advised[0].1, ());
    assert_eq!(granted.grant.access, "staging-dashboard:read");
    assert_eq!(granted.grant.time_bound, "standing");
}

/// Each receipt proves its decision with the public key alone.
#[test]
fn every_decision_has_a_receipt_that_verifies() {
    let (world, found) = decisions(Mode::Guarded);
    for (before, after) in &found {
        for decision in [before, after] {
            let text = decision.receipt.as_deref().unwrap();
            let receipt = audit::Receipt::parse(text.as_bytes()).unwrap();
            let (leaf, _) = receipt.verify_embedded(&world.store.verifier()).unwrap();
            let leaf = audit::Leaf::parse(leaf).unwrap();
            assert_eq!(leaf.event, "change.prepared");
            assert_eq!(leaf.request, decision.request_id);
            assert_eq!(leaf.clear["decision"], decision.decision);
        }
    }
}

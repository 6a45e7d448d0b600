//! Targets that give more than their name says, on a whole agent: what they give is dangerous, is half of a conflict, and
//! counts as held once they are.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use agent::report::Decision;
use agent::review::Act;
use decision::evidence::record::{Evidence, Mode};
use decision::findings::Kind;
use decision::rules::policy::ApprovalKind;
use ports::{Directory as _, Store as _};
use testkit::world::{World, request};

const POLICY: &str = "
roles:
  clerk: { standard: [\"wiki:edit\", \"desk:use\", \"payment:approve\", \"repo:read\"] }
catalogue:
  payment:approve: { owner: controls }
  wiki:edit: { owner: controls }
levels: { vendor: [read, create], payment: [approve], wiki: [edit], desk: [use], repo: [read] }
sod_conflicts:
  - { id: pay, sides: [\"vendor:create\", \"payment:approve\"], owner: controls }
";

const DIRECTORY: &str = "
people:
  clerk-001: { roles: [clerk], manager: manager-001 }
  clerk-002: { roles: [clerk], manager: manager-001, holds: [\"desk:use\"] }
  manager-001: { roles: [] }
groups:
  office: {}
";

/// The directory in which `wiki:edit` and `desk:use` stand before these targets and groups.
fn world(targets: &str, groups: &str) -> World {
    let directory = format!("{DIRECTORY}{groups}\ntargets:\n{targets}\n");
    World::new(POLICY, &directory, Mode::Guarded).unwrap()
}

/// Files the request and approves it as the manager does.
fn ask(world: &World, id: &str, requester: &str, access: &str) -> Decision {
    let ticket = format!(
        r#"{{"request_id": "{id}", "requester": "{requester}", "access": "{access}", "duration": "8h", "justification": "the month is being closed"}}"#
    );
    let mut answers = world.agent().handle(vec![request(&ticket).unwrap()]);
    answers.pop().unwrap().unwrap();
    let manager = world.reviewer("manager-001").unwrap();
    let slot = Act::Approve(Some(ApprovalKind::Manager));
    world.agent().review(id, &manager, slot).unwrap().decision
}

fn found(decision: &Decision, kind: Kind) -> Option<&str> {
    let mut lines = decision.findings.iter();
    let line = lines.find(|line| line.finding == kind.name());
    line.map(|line| line.because.as_str())
}

fn holds(world: &World, person: &str, entitlement: &str) -> bool {
    let held = world.directory.holdings(person).unwrap().items;
    held.iter().any(|item| item.entitlement == entitlement)
}

#[test]
fn a_harmless_name_that_nests_a_dangerous_group_is_escalated_at_its_first_binding() {
    let plain = world("  wiki:edit: { grants: [office] }", "");
    assert!(ask(&plain, "R-1", "clerk-001", "wiki:edit").grant.applied);
    for (groups, kind, way) in [
        (
            "  domain admins: { groups: [office] }",
            Kind::NeverAutoAdmin,
            "(group office → group domain admins)",
        ),
        (
            "  all: { groups: [office], grants: [\"prod-db:read\"] }",
            Kind::NeverAutoProduction,
            "(group office → group all → prod-db:read)",
        ),
    ] {
        let world = world("  wiki:edit: { grants: [office] }", groups);
        let decision = ask(&world, "R-1", "clerk-001", "wiki:edit");
        assert_eq!(decision.decision, "ESCALATE");
        let because = found(&decision, kind).unwrap();
        assert!(because.contains(way), "{because}");
        assert!(!holds(&world, "clerk-001", "wiki:edit"));
    }
}

#[test]
fn a_harmless_name_that_gives_one_half_conflicts_with_the_other_that_is_held() {
    let targets = "  wiki:edit: { grants: [office] }";
    let world = world(
        targets,
        "  all: { groups: [office], grants: [\"vendor:create\"] }",
    );
    assert!(
        ask(&world, "R-1", "clerk-001", "payment:approve")
            .grant
            .applied
    );
    let decision = ask(&world, "R-2", "clerk-001", "wiki:edit");
    assert_eq!(decision.decision, "ESCALATE");
    let way = "(which 'wiki:edit' gives: group office → group all → vendor:create)";
    assert!(decision.sod_conflict.contains(way), "{decision:?}");
    assert!(!holds(&world, "clerk-001", "wiki:edit"));
}

/// What a grant of ours gave, and what was held from the start.
#[test]
fn something_held_conflicts_by_what_its_target_gives() {
    let targets =
        "  wiki:edit: { grants: [\"desk:use\"] }\n  desk:use: { grants: [\"vendor:create\"] }";
    let world = world(targets, "");
    assert!(ask(&world, "R-1", "clerk-001", "wiki:edit").grant.applied);
    let decision = ask(&world, "R-2", "clerk-001", "payment:approve");
    let way = "'vendor:create' (grant R-1#1 → wiki:edit → desk:use → vendor:create)";
    assert!(decision.sod_conflict.contains(way), "{decision:?}");
    assert!(!decision.grant.applied);
    let decision = ask(&world, "R-3", "clerk-002", "payment:approve");
    let way = "'vendor:create' (desk:use → vendor:create)";
    assert!(decision.sod_conflict.contains(way), "{decision:?}");
    assert!(!decision.grant.applied);
    // What has nothing to do with the rule is granted as before.
    assert!(ask(&world, "R-4", "clerk-001", "repo:read").grant.applied);
}

#[test]
fn what_nobody_can_tell_is_escalated() {
    let world = world("  desk:use: { grants: [nowhere] }", "");
    let decision = ask(&world, "R-1", "clerk-001", "desk:use");
    assert!(found(&decision, Kind::FactUnreachable).is_some());
    assert!(!decision.grant.applied);
    let decision = ask(&world, "R-2", "clerk-002", "repo:read");
    let because = found(&decision, Kind::FactUnreachable).unwrap();
    assert!(
        because.contains("what stands behind `desk:use`, which is held"),
        "{because}"
    );
    assert!(!decision.grant.applied);
    assert!(ask(&world, "R-3", "clerk-001", "repo:read").grant.applied);
}

/// The record carries what stands behind everything that is held, so that it is ruled upon again without asking.
#[test]
fn the_record_tells_what_is_behind_everything_held() {
    let world = world("  desk:use: { grants: [\"vendor:create\"] }", "");
    ask(&world, "R-1", "clerk-002", "repo:read");
    let row = world.store.latest_ruling("R-1").unwrap().unwrap().row;
    let evidence: Evidence = serde_json::from_str(&row.evidence).unwrap();
    assert!(evidence.tells_what_is_behind_held());
    let names = evidence.names_held(&world.rules);
    assert!(names.contains("desk:use"));
    assert!(names.iter().all(|name| evidence.targets.contains_key(name)));
}

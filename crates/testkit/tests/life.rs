//! The life of a request on a whole agent: reviews, effects of unknown outcome, extensions, ends, budgets.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use agent::AgentError;
use agent::report::Decision;
use agent::review::Act;
use connectors::Faulty;
use connectors::faulty::Fault;
use decision::evidence::record::{AcceptedException, Mode};
use decision::findings::Kind;
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};
use ports::store::{Budgets, GrantState};
use ports::{Directory as _, Store as _};
use testkit::world::{World, request};

const POLICY: &str = "
roles:
  engineer: { standard: [\"repo:read\", \"ci:read\"], grantable: [\"payment:approve\"] }
levels: { default: [read, write, admin], vendor: [create], payment: [approve] }
catalogue:
  repo:write: { owner: repo_owners, narrower: repo:read }
  prod-db:admin: { owner: db_owners, environment: production, narrower: prod-db:read }
  prod-db:read: { owner: db_owners, environment: production }
  payment:approve: { owner: controls }
sod_conflicts:
  - { id: pay, sides: [\"vendor:create\", \"payment:approve\"], owner: controls }
privileged: [\"*:admin\", \"prod:*\"]
";

const DIRECTORY: &str = "
people:
  engineer-001: { roles: [engineer], manager: manager-001 }
  engineer-002: { roles: [engineer], manager: manager-001, holds: [\"vendor:create\"] }
  manager-001: { roles: [] }
  owner-001: { roles: [] }
  owner-002: { roles: [] }
  security-001: { roles: [] }
  controller-001: { roles: [] }
groups:
  repo_owners: { members: [owner-001] }
  db_owners: { members: [owner-001, owner-002] }
  security: { members: [security-001] }
  controls: { members: [controller-001] }
";

fn world() -> World {
    World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap()
}

fn ticket(id: &str, requester: &str, access: &str, duration: &str) -> String {
    format!(
        r#"{{"request_id": "{id}", "requester": "{requester}", "access": "{access}", "duration": "{duration}", "justification": "repairing the nightly import"}}"#
    )
}

fn file(world: &World, ticket: &str) -> Decision {
    let mut answers = world.agent().handle(vec![request(ticket).unwrap()]);
    answers.pop().unwrap().unwrap().decision
}

fn act(world: &World, id: &str, login: &str, act: Act) -> Result<Decision, AgentError> {
    let reviewer = world.reviewer(login).unwrap();
    world
        .agent()
        .review(id, &reviewer, act)
        .map(|handled| handled.decision)
}

fn manager(world: &World, id: &str) -> Decision {
    act(
        world,
        id,
        "manager-001",
        Act::Approve(Some(ApprovalKind::Manager)),
    )
    .unwrap()
}

fn holds(world: &World, person: &str, entitlement: &str) -> bool {
    let held = world.directory.holdings(person).unwrap();
    held.items
        .iter()
        .any(|item| item.entitlement == entitlement)
}

#[test]
fn privileged_access_takes_every_person_it_needs() {
    let world = world();
    file(
        &world,
        &ticket("R-1", "engineer-001", "prod-db:admin", "4h"),
    );
    manager(&world, "R-1");
    let slot = Act::Approve(Some(ApprovalKind::ResourceOwner));
    act(&world, "R-1", "owner-001", slot).unwrap();
    let kinds = [
        Kind::NeverAutoAdmin,
        Kind::NeverAutoProduction,
        Kind::Privileged,
    ];
    for kind in kinds {
        // Who approved does not lift, and one person is not two.
        let refused = act(&world, "R-1", "owner-001", Act::Lift(kind, None));
        assert!(
            matches!(refused, Err(AgentError::NotAllowed(_))),
            "{refused:?}"
        );
        let one = act(&world, "R-1", "security-001", Act::Lift(kind, None)).unwrap();
        assert!(!one.grant.applied);
        act(&world, "R-1", "owner-002", Act::Lift(kind, None)).unwrap();
    }
    assert!(
        !world.agent().decision("R-1").unwrap().grant.applied,
        "out of role still stands"
    );
    let last = act(&world, "R-1", "owner-002", Act::Lift(Kind::OutOfRole, None)).unwrap();
    assert_eq!(last.decision, "ESCALATE", "what was shown stays");
    assert!(
        last.grant.applied && last.grant.reviewed_by.len() == 7,
        "{:?}",
        last.grant
    );
    assert!(holds(&world, "engineer-001", "prod-db:admin"));
    // Four hours later it is gone.
    world.clock.advance(Minutes::from_hours(4));
    let taken = world.agent().expire().unwrap();
    assert!(taken.len() == 1 && taken.iter().all(|done| done.is_gone));
    assert!(!holds(&world, "engineer-001", "prod-db:admin"));
    assert_eq!(world.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_conflict_is_lifted_by_its_owner_with_an_end_and_a_control() {
    let world = world();
    let decision = file(
        &world,
        &ticket("R-1", "engineer-002", "payment:approve", "30d"),
    );
    assert!(decision.sod_conflict.contains("vendor:create"));
    manager(&world, "R-1");
    let until = world.clock.now_plus(Minutes::from_days(3));
    let exception = |until, control: &str| {
        Some(AcceptedException {
            until,
            control: control.to_owned(),
        })
    };
    for refused in [
        act(
            &world,
            "R-1",
            "controller-001",
            Act::Lift(Kind::Conflict, None),
        ),
        act(
            &world,
            "R-1",
            "controller-001",
            Act::Lift(Kind::Conflict, exception(until, " ")),
        ),
        act(
            &world,
            "R-1",
            "security-001",
            Act::Lift(Kind::Conflict, exception(until, "checked")),
        ),
    ] {
        assert!(
            matches!(refused, Err(AgentError::NotAllowed(_))),
            "{refused:?}"
        );
    }
    let lift = Act::Lift(
        Kind::Conflict,
        exception(until, "a second person checks weekly"),
    );
    act(&world, "R-1", "controller-001", lift).unwrap();
    let last = act(
        &world,
        "R-1",
        "controller-001",
        Act::Lift(Kind::GrantableOnly, None),
    )
    .unwrap();
    assert!(last.grant.applied, "{last:?}");
    assert_eq!(
        last.grant.time_bound,
        until.to_string(),
        "no longer than the exception"
    );
}

/// The trait is not in scope where the clock is a concrete type.
trait NowPlus {
    fn now_plus(&self, minutes: Minutes) -> Timestamp;
}

impl NowPlus for ports::FixedClock {
    fn now_plus(&self, minutes: Minutes) -> Timestamp {
        ports::Clock::now(self).plus(minutes)
    }
}

#[test]
fn nobody_lifts_what_can_only_be_given() {
    let world = world();
    file(&world, &ticket("R-1", "engineer-001", "repo:read", "8h"));
    let refused = act(
        &world,
        "R-1",
        "security-001",
        Act::Lift(Kind::ManagerApprovalMissing, None),
    );
    assert!(
        matches!(refused, Err(AgentError::NotAllowed(_))),
        "{refused:?}"
    );
    let own = act(
        &world,
        "R-1",
        "engineer-001",
        Act::Approve(Some(ApprovalKind::Manager)),
    );
    assert!(matches!(own, Err(AgentError::NotAllowed(_))), "{own:?}");
}

#[test]
fn narrowing_keeps_what_was_approved() {
    let world = world();
    file(&world, &ticket("R-1", "engineer-001", "repo:write", "8h"));
    manager(&world, "R-1");
    let wider = act(
        &world,
        "R-1",
        "owner-001",
        Act::Narrow(Some("prod-db:read".to_owned()), None),
    );
    assert!(matches!(wider, Err(AgentError::NotAllowed(_))), "{wider:?}");
    let narrowed = act(
        &world,
        "R-1",
        "owner-001",
        Act::Narrow(Some("repo:read".to_owned()), None),
    )
    .unwrap();
    assert_eq!(
        narrowed.decision, "AUTO_PROVISION",
        "the manager's approval covers the narrower access"
    );
    assert!(narrowed.grant.applied && holds(&world, "engineer-001", "repo:read"));
    assert!(!holds(&world, "engineer-001", "repo:write"));
}

#[test]
fn an_answer_that_is_lost_is_settled_by_looking() {
    for (fault, expected) in [
        (Fault::LostAfter, GrantState::Applied),
        (Fault::LostBefore, GrantState::Refused),
    ] {
        let world = world();
        file(&world, &ticket("R-1", "engineer-001", "repo:read", "8h"));
        let faulty = Faulty::new(&world.directory);
        faulty.fail_change(fault.clone());
        faulty.fail_look(Some(ports::PortError::Unavailable(
            "the directory".to_owned(),
        )));
        let reviewer = world.reviewer("manager-001").unwrap();
        let act = Act::Approve(Some(ApprovalKind::Manager));
        let agent = world.agent_with(&faulty);
        let decision = agent.review("R-1", &reviewer, act).unwrap().decision;
        assert!(
            !decision.grant.applied,
            "nothing is claimed that was not seen"
        );
        let state = |world: &World| world.store.grant("R-1#1").unwrap().unwrap().state;
        assert_eq!(state(&world), GrantState::Unknown);
        // It counts as held meanwhile; once the deadline is over, looking settles it.
        world.clock.advance(Minutes(11));
        agent.reconcile().unwrap();
        assert_eq!(state(&world), expected, "{fault:?}");
        assert_eq!(
            holds(&world, "engineer-001", "repo:read"),
            expected == GrantState::Applied
        );
        let sent = faulty
            .calls()
            .iter()
            .filter(|call| format!("{call:?}").to_lowercase().contains("grant"))
            .count();
        assert_eq!(sent, 1, "nothing is sent twice: {:?}", faulty.calls());
    }
}

#[test]
fn an_extension_is_ruled_on_the_total_and_outlives_the_first_grant() {
    let world = world();
    file(&world, &ticket("R-1", "engineer-001", "repo:read", "50d"));
    assert!(manager(&world, "R-1").grant.applied);
    world.clock.advance(Minutes::from_days(45));
    file(&world, &ticket("R-2", "engineer-001", "repo:read", "50d"));
    let too_long = manager(&world, "R-2");
    assert_eq!(
        too_long.decision, "REQUEST_INFO",
        "45 + 50 days are more than 90"
    );
    let offer = too_long
        .alternatives
        .iter()
        .find(|offer| offer.kind == "grantable_now");
    assert_eq!(
        offer.and_then(|offer| offer.minutes),
        Some(45 * 24 * 60),
        "{:?}",
        too_long.alternatives
    );
    file(&world, &ticket("R-3", "engineer-001", "repo:read", "40d"));
    assert!(manager(&world, "R-3").grant.applied);
    // The first one ends; the access stays until the extension ends.
    world.clock.advance(Minutes::from_days(6));
    assert_eq!(world.agent().expire().unwrap().len(), 1);
    assert!(holds(&world, "engineer-001", "repo:read"));
    world.clock.advance(Minutes::from_days(40));
    world.agent().expire().unwrap();
    assert!(!holds(&world, "engineer-001", "repo:read"));
}

#[test]
fn a_clock_set_back_revives_nothing() {
    let world = world();
    file(&world, &ticket("R-1", "engineer-001", "repo:read", "8h"));
    manager(&world, "R-1");
    world.clock.advance(Minutes::from_hours(9));
    // Something is committed at the later time, and then the clock goes back.
    file(&world, &ticket("R-2", "engineer-001", "ci:read", "8h"));
    world
        .clock
        .set(Timestamp::parse(testkit::world::START).unwrap());
    assert_eq!(world.agent().expire().unwrap().len(), 1);
    assert!(!holds(&world, "engineer-001", "repo:read"));
}

#[test]
fn a_budget_that_is_used_up_escalates_the_next_one() {
    let budgets = Budgets {
        per_person: 1,
        ..Budgets::default()
    };
    let world = World::with_budgets(POLICY, DIRECTORY, Mode::Guarded, budgets).unwrap();
    file(&world, &ticket("R-1", "engineer-001", "repo:read", "8h"));
    assert!(manager(&world, "R-1").grant.applied);
    file(&world, &ticket("R-2", "engineer-001", "ci:read", "8h"));
    let second = manager(&world, "R-2");
    assert_eq!(second.decision, "ESCALATE");
    assert!(
        second.findings.iter().any(|line| line.finding == "brake"),
        "{:?}",
        second.findings
    );
    let lifted = act(&world, "R-2", "security-001", Act::Lift(Kind::Brake, None)).unwrap();
    assert!(lifted.grant.applied, "security lets one more through");
}

#[test]
fn advise_mode_is_released_by_a_person() {
    let world = World::new(POLICY, DIRECTORY, Mode::Advise).unwrap();
    file(&world, &ticket("R-1", "engineer-001", "repo:read", "8h"));
    let approved = manager(&world, "R-1");
    assert_eq!(
        (approved.decision.as_str(), approved.grant.applied),
        ("AUTO_PROVISION", false)
    );
    let released = act(
        &world,
        "R-1",
        "security-001",
        Act::Lift(Kind::AdviseMode, None),
    )
    .unwrap();
    assert!(
        released.grant.applied && released.decision == "AUTO_PROVISION",
        "{released:?}"
    );
}

/// Two requests that together make a conflict are ruled upon in one batch, on the same evidence: the commit notices that
/// the person moved on, and the second one is ruled upon again.
#[test]
fn two_halves_asked_for_together_are_not_both_granted() {
    let policy = "
roles:
  clerk: { standard: [\"vendor:create\"] }
  payer: { standard: [\"payment:approve\"] }
levels: { vendor: [create], payment: [approve] }
sod_conflicts: [[\"vendor:create\", \"payment:approve\"]]
";
    let directory = "
people:
  clerk-001: { roles: [clerk, payer], manager: manager-001 }
  manager-001: { roles: [] }
";
    let world = World::new(policy, directory, Mode::Guarded).unwrap();
    let halves = [("R-1", "vendor:create"), ("R-2", "payment:approve")];
    // Approved while the reason is still missing, so that nothing is granted yet.
    for (id, access) in halves {
        let text =
            format!(r#"{{"request_id": "{id}", "requester": "clerk-001", "access": "{access}"}}"#);
        assert_eq!(file(&world, &text).decision, "REQUEST_INFO");
        assert_eq!(manager(&world, id).decision, "REQUEST_INFO");
    }
    // The reasons arrive together: each alone would be granted.
    let revised = halves.map(|(id, access)| {
        let text = format!(
            r#"{{"request_id": "{id}", "requester": "clerk-001", "access": "{access}", "revision": 2, "justification": "the month is being closed"}}"#
        );
        request(&text).unwrap()
    });
    let answers = world.agent().handle(revised.to_vec());
    let decisions: Vec<Decision> = answers
        .into_iter()
        .map(|answer| answer.unwrap().decision)
        .collect();
    let applied = decisions
        .iter()
        .filter(|decision| decision.grant.applied)
        .count();
    let escalated = decisions
        .iter()
        .filter(|decision| decision.decision == "ESCALATE")
        .count();
    assert_eq!((applied, escalated), (1, 1), "{decisions:?}");
    let held = halves.map(|(_, half)| holds(&world, "clerk-001", half));
    assert_eq!(held.iter().filter(|held| **held).count(), 1, "{held:?}");
}

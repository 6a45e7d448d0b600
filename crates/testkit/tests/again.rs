//! After a decision: what was used does not serve twice, what was given is not denied, and what is said is so.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use agent::AgentError;
use agent::report::Decision;
use agent::review::Act;
use decision::evidence::record::{Mode, PersonStatus};
use decision::findings::Kind;
use decision::rules::policy::ApprovalKind;
use decision::time::Minutes;
use ports::store::GrantState;
use ports::{Directory as _, Store as _};
use testkit::world::{World, request};

const POLICY: &str = "
roles:
  engineer: { standard: [\"repo:read\", \"ci:read\"] }
catalogue:
  repo:write: { owner: repo_owners, narrower: repo:read }
";

const DIRECTORY: &str = "
people:
  engineer-001: { roles: [engineer], manager: manager-001 }
  manager-001: { roles: [] }
  owner-001: { roles: [] }
  security-001: { roles: [] }
groups:
  repo_owners: { members: [owner-001] }
  security: { members: [security-001] }
";

fn world(mode: Mode) -> World {
    World::new(POLICY, DIRECTORY, mode).unwrap()
}

fn file(world: &World, revision: u32, access: &str, term: &str) -> Result<Decision, AgentError> {
    let text = format!(
        r#"{{"request_id": "R-1", "requester": "engineer-001", "access": "{access}", "revision": {revision}, {term}, "justification": "repairing the nightly import"}}"#
    );
    let mut answers = world.agent().handle(vec![request(&text).unwrap()]);
    answers.pop().unwrap().map(|handled| handled.decision)
}

fn act(world: &World, login: &str, act: Act) -> Result<Decision, AgentError> {
    let reviewer = world.reviewer(login).unwrap();
    let handled = world.agent().review("R-1", &reviewer, act)?;
    Ok(handled.decision)
}

/// R-1 is filed, approved by the manager, and ruled upon again.
fn approved(world: &World) -> Decision {
    file(world, 1, "repo:read", r#""duration": "8h""#).unwrap();
    act(
        world,
        "manager-001",
        Act::Approve(Some(ApprovalKind::Manager)),
    )
    .unwrap()
}

fn revoke(world: &World) {
    let security = world.reviewer("security-001").unwrap();
    let done = world.agent().revoke("R-1#1", &security, "left the team");
    assert!(done.unwrap().is_gone);
}

fn holds(world: &World) -> bool {
    let held = world.directory.holdings("engineer-001").unwrap();
    held.items
        .iter()
        .any(|item| item.entitlement.starts_with("repo"))
}

#[test]
fn an_approval_that_was_used_grants_nothing_under_a_higher_revision() {
    let world = world(Mode::Guarded);
    assert!(approved(&world).grant.applied);
    let refused = file(&world, 2, "repo:read", r#""duration": "7h""#).unwrap_err();
    assert!(refused.to_string().contains("R-1#1"), "{refused}");
    revoke(&world);
    let refused = file(&world, 2, "repo:read", r#""duration": "7h""#).unwrap_err();
    assert!(refused.hint().contains("another id"), "{refused}");
    let narrow = Act::Narrow(None, Some(Minutes::from_hours(1)));
    assert!(act(&world, "manager-001", narrow).is_err());
    assert!(!holds(&world));
}

/// Who can delete rows makes the store forget a request and its grant, and keeps the signed approval.
#[test]
fn an_approval_that_was_used_grants_nothing_when_the_rows_are_gone() {
    for rows in [
        "DELETE FROM access_grant",
        "DELETE FROM access_grant; DELETE FROM request; DELETE FROM ruling",
    ] {
        let world = world(Mode::Guarded);
        assert!(approved(&world).grant.applied);
        revoke(&world);
        let database = rusqlite::Connection::open(world.database()).unwrap();
        database.execute_batch(rows).unwrap();
        drop(database);
        let world = world.reopen(POLICY, DIRECTORY).unwrap();
        for revision in [1, 2] {
            let _ = file(&world, revision, "repo:read", r#""duration": "8h""#);
            let _ = world.agent().rule_again("R-1");
            assert!(!holds(&world), "{rows}, revision {revision}");
        }
    }
}

#[test]
fn what_was_given_is_taken_back_and_not_denied() {
    let world = world(Mode::Guarded);
    approved(&world);
    let deny = Act::Deny("not needed".to_owned());
    let refused = act(&world, "manager-001", deny.clone()).unwrap_err();
    assert!(
        refused.to_string().contains("grants revoke R-1#1"),
        "{refused}"
    );
    revoke(&world);
    assert!(act(&world, "manager-001", deny).is_ok());
}

#[test]
fn a_note_tells_what_is_so_now() {
    let world = world(Mode::Guarded);
    file(&world, 1, "repo:read", r#""duration": "8h""#).unwrap();
    let note = approved(&world).requester_note;
    assert!(note.contains("has been provisioned"), "{note}");
    // Ruled upon again, it is held already; nobody reviewed it all the same.
    let note = world.agent().rule_again("R-1").unwrap();
    let note = note.decision.requester_note;
    assert!(!note.contains("review"), "{note}");
    revoke(&world);
    let note = world.agent().decision("R-1").unwrap().requester_note;
    assert!(!note.contains("has been provisioned"), "{note}");
    assert!(note.contains("left the team"), "{note}");
}

#[test]
fn a_note_after_a_release_does_not_wait_for_one() {
    let world = world(Mode::Advise);
    let note = approved(&world).requester_note;
    assert!(note.contains("a person releases it"), "{note}");
    let lift = Act::Lift(Kind::AdviseMode, None);
    let released = act(&world, "security-001", lift).unwrap();
    assert!(released.grant.applied);
    let note = released.requester_note;
    assert!(note.contains("after a review"), "{note}");
    assert!(!note.contains("a person releases it"), "{note}");
}

#[test]
fn a_preview_promises_nothing() {
    let world = world(Mode::Guarded);
    file(&world, 1, "repo:write", r#""duration": "8h""#).unwrap();
    let act_of = Act::Approve(Some(ApprovalKind::Manager));
    act(&world, "manager-001", act_of).unwrap();
    let text = r#"{"request_id": "R-1", "requester": "engineer-001", "access": "repo:read", "revision": 2, "duration": "8h", "justification": "repairing the nightly import"}"#;
    let shown = world.agent().preview(&request(text).unwrap()).unwrap();
    let decision = shown.decision;
    assert_eq!(decision.decision, "AUTO_PROVISION");
    let note = decision.requester_note;
    assert!(!note.contains("has been provisioned"), "{note}");
}

#[test]
fn an_end_in_the_past_is_lifted_by_nobody() {
    let world = world(Mode::Guarded);
    let past = r#""until": "2026-03-01T09:00:00Z""#;
    file(&world, 1, "repo:write", past).unwrap();
    let approve = |slot| Act::Approve(Some(slot));
    act(&world, "manager-001", approve(ApprovalKind::Manager)).unwrap();
    let refused = act(
        &world,
        "owner-001",
        Act::Lift(Kind::DurationOverCeiling, None),
    );
    assert!(
        matches!(refused, Err(AgentError::NotAllowed(_))),
        "{refused:?}"
    );
    assert_eq!(world.store.grant("R-1#1").unwrap(), None);
}

#[test]
fn who_is_not_active_reviews_nothing() {
    let world = world(Mode::Guarded);
    approved(&world);
    let mut gone = world.reviewer("manager-001").unwrap();
    gone.person.status = PersonStatus::Inactive;
    let mut left = world.reviewer("manager-001").unwrap();
    left.person.leaves_at = Some(world.agent().now().unwrap());
    for reviewer in [gone, left] {
        let asked = Act::Ask("why?".to_owned());
        let refused = world.agent().review("R-1", &reviewer, asked);
        assert!(
            matches!(refused, Err(AgentError::NotAllowed(_))),
            "{refused:?}"
        );
        let refused = world.agent().revoke("R-1#1", &reviewer, "x");
        assert!(
            matches!(refused, Err(AgentError::NotAllowed(_))),
            "{refused:?}"
        );
    }
    let row = world.store.grant("R-1#1").unwrap().unwrap();
    assert_eq!(row.state, GrantState::Applied);
}

//! What was begun is finished, what has ended is taken, and one bad row stops nothing else.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use agent::Agent;
use agent::report::Decision;
use agent::review::Act;
use connectors::Faulty;
use connectors::faulty::Fault;
use decision::evidence::record::{Holdings, Lookup, Mode, Person, Target};
use decision::gate::Grant;
use decision::rules::policy::{ApprovalKind, Attribute};
use decision::time::Minutes;
use ports::store::{Budgets, Category, GrantState, LeafDraft, Settlement, Transition};
use ports::{
    Committed, Directory, Effect, Held, PortError, Provisioner, Revocation, Seen, Store as _,
};
use testkit::world::{World, request};

const POLICY: &str = "
roles:
  engineer: { standard: [\"repo:read\", \"ci:read\", \"a:read\", \"b:read\", \"c:read\", \"d:read\", \"e:read\", \"f:read\"] }
";

const DIRECTORY: &str = "
people:
  engineer-001: { roles: [engineer], manager: manager-001 }
  engineer-002: { roles: [engineer], manager: manager-001 }
  manager-001: { roles: [] }
  security-001: { roles: [] }
groups:
  security: { members: [security-001] }
";

fn world() -> World {
    World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap()
}

fn file(world: &World, id: &str, access: &str, term: &str) {
    let text = format!(
        r#"{{"request_id": "{id}", "requester": "engineer-001", "access": "{access}", {term}, "justification": "repairing the nightly import"}}"#
    );
    let mut answers = world.agent().handle(vec![request(&text).unwrap()]);
    answers.pop().unwrap().unwrap();
}

fn approve(agent: Agent<'_>, world: &World, id: &str) -> Decision {
    let reviewer = world.reviewer("manager-001").unwrap();
    let act = Act::Approve(Some(ApprovalKind::Manager));
    agent.review(id, &reviewer, act).unwrap().decision
}

fn grant(world: &World, id: &str, term: &str) {
    file(world, id, "repo:read", term);
    assert!(approve(world.agent(), world, id).grant.applied);
}

fn revoke(world: &World, grant: &str) {
    let security = world.reviewer("security-001").unwrap();
    let done = world.agent().revoke(grant, &security, "not needed");
    assert!(done.as_ref().unwrap().is_gone, "{done:?}");
}

fn holds(world: &World, entitlement: &str) -> bool {
    let held = world.directory.holdings("engineer-001").unwrap();
    held.items
        .iter()
        .any(|item| item.entitlement == entitlement)
}

fn state(world: &World, grant: &str) -> GrantState {
    world.store.grant(grant).unwrap().unwrap().state
}

/// The process ends when something is to be given, or right after it was.
struct Crash<'a>(&'a dyn Provisioner);

impl Provisioner for Crash<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn grant(&self, _: &Committed<Grant>) -> Effect {
        panic!("the process ends here")
    }

    fn revoke(&self, revocation: &Committed<Revocation>) -> Effect {
        self.0.revoke(revocation)
    }

    fn look(&self, person: &str, entitlement: &str) -> Result<Option<Seen>, PortError> {
        self.0.look(person, entitlement)
    }

    fn held_by(&self, grant: &str) -> Result<Option<Held>, PortError> {
        self.0.held_by(grant)
    }
}

/// `id` is approved and committed, and the process ends before anything is sent.
fn interrupted(world: &World, id: &str, access: &str, term: &str) {
    file(world, id, access, term);
    let crash = Crash(&world.directory);
    let died = catch_unwind(AssertUnwindSafe(|| {
        approve(world.agent_with(&crash), world, id)
    }));
    assert!(died.is_err());
    assert_eq!(state(world, &format!("{id}#1")), GrantState::Committed);
}

#[test]
fn access_ends_with_the_last_grant_whichever_began_first() {
    let world = world();
    grant(&world, "R-1", r#""duration": "30d""#);
    grant(&world, "R-2", r#""duration": "8h""#);
    world.clock.advance(Minutes::from_hours(8));
    let ended = world.agent().expire().unwrap();
    assert!(ended.iter().all(|done| done.is_gone), "{ended:?}");
    assert_eq!(state(&world, "R-2#1"), GrantState::Revoked);
    assert!(
        holds(&world, "repo:read"),
        "the first one has 29 days to run"
    );
    world.clock.advance(Minutes::from_days(30));
    let ended = world.agent().expire().unwrap();
    assert!(ended.len() == 1 && ended.iter().all(|done| done.is_gone));
    assert!(!holds(&world, "repo:read"));
    assert_eq!(world.agent().expire().unwrap(), []);
}

#[test]
fn access_ends_with_the_last_revocation() {
    for order in [["R-2#1", "R-1#1"], ["R-1#1", "R-2#1"]] {
        let world = world();
        grant(&world, "R-1", r#""duration": "30d""#);
        grant(&world, "R-2", r#""duration": "8h""#);
        let [first, second] = order;
        revoke(&world, first);
        assert!(holds(&world, "repo:read"), "{order:?}");
        revoke(&world, second);
        assert!(!holds(&world, "repo:read"), "{order:?}");
        for grant in order {
            assert_eq!(state(&world, grant), GrantState::Revoked, "{order:?}");
        }
    }
}

/// The next verb may run in another mode than the one that decided.
#[test]
fn what_was_decided_in_guarded_mode_is_finished_in_advise_mode() {
    let mut world = world();
    interrupted(&world, "R-1", "repo:read", r#""duration": "8h""#);
    world.mode = Mode::Advise;
    world.agent().reconcile().unwrap();
    assert_eq!(state(&world, "R-1#1"), GrantState::Applied);
}

#[test]
fn the_same_end_is_the_same_however_late_it_is_finished() {
    for term in [
        r#""until": "2026-03-02T17:00:00Z""#,
        r#""until": "2026-03-02T17:00:30Z""#,
        r#""duration": "8h""#,
    ] {
        let world = world();
        interrupted(&world, "R-1", "repo:read", term);
        world.clock.advance(Minutes(7));
        world.agent().reconcile().unwrap();
        assert_eq!(state(&world, "R-1#1"), GrantState::Applied, "{term}");
    }
}

#[test]
fn an_extension_that_was_never_sent_is_finished() {
    let world = world();
    grant(&world, "R-1", r#""duration": "8h""#);
    interrupted(&world, "R-2", "repo:read", r#""duration": "2d""#);
    world.agent().reconcile().unwrap();
    assert_eq!(state(&world, "R-2#1"), GrantState::Applied);
    world.clock.advance(Minutes::from_hours(9));
    world.agent().expire().unwrap();
    assert!(holds(&world, "repo:read"));
}

#[test]
fn what_could_not_be_seen_is_not_said_to_be_missing() {
    let world = world();
    file(&world, "R-1", "repo:read", r#""duration": "8h""#);
    let faulty = Faulty::new(&world.directory);
    let unseen = || Some(PortError::Unavailable("the directory".to_owned()));
    faulty.fail_change(Fault::LostAfter);
    faulty.fail_look(unseen());
    approve(world.agent_with(&faulty), &world, "R-1");
    world.clock.advance(Minutes(11));
    faulty.fail_look(unseen());
    world.agent_with(&faulty).reconcile().unwrap();
    assert_eq!(state(&world, "R-1#1"), GrantState::Unknown);
    world.agent_with(&faulty).reconcile().unwrap();
    assert_eq!(state(&world, "R-1#1"), GrantState::Applied);
}

#[test]
fn a_busy_disk_is_tried_again() {
    let world = world();
    file(&world, "R-1", "repo:read", r#""duration": "8h""#);
    let holdings = world.database().with_file_name("holdings.db");
    let other = rusqlite::Connection::open(holdings).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let decision = approve(world.agent(), &world, "R-1");
    assert!(!decision.grant.applied);
    other.execute_batch("ROLLBACK").unwrap();
    world.agent().reconcile().unwrap();
    assert_eq!(state(&world, "R-1#1"), GrantState::Applied);
}

#[test]
fn one_bad_row_stops_nothing_else() {
    let world = world();
    interrupted(&world, "R-1", "repo:read", r#""duration": "8h""#);
    interrupted(&world, "R-2", "ci:read", r#""duration": "8h""#);
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let damage = "UPDATE request SET body = 'x' WHERE id = 'R-1'";
    assert_eq!(database.execute(damage, []), Ok(1));
    drop(database);
    let done = world.agent().reconcile().unwrap();
    assert_eq!(state(&world, "R-1#1"), GrantState::Committed);
    assert_eq!(state(&world, "R-2#1"), GrantState::Applied);
    let told = done.iter().find(|one| one.grant == "R-1#1").unwrap();
    assert!(told.detail.contains("cannot be read"), "{told:?}");
}

/// Each grant makes the facts of the others old.
#[test]
fn many_requests_of_one_person_are_all_ruled_upon() {
    let world = world();
    let names = ["a", "b", "c", "d", "e", "f", "ci", "repo"];
    let ticket = |name: &str, revision: u32, more: &str| {
        let text = format!(
            r#"{{"request_id": "R-{name}", "requester": "engineer-001", "access": "{name}:read", "revision": {revision}{more}}}"#
        );
        request(&text).unwrap()
    };
    for name in names {
        let _ = world.agent().handle(vec![ticket(name, 1, "")]);
        approve(world.agent(), &world, &format!("R-{name}"));
    }
    let reason = r#", "justification": "repairing the nightly import""#;
    let revised: Vec<_> = names.iter().map(|name| ticket(name, 2, reason)).collect();
    for answer in world.agent().handle(revised) {
        let decision = answer.unwrap().decision;
        assert!(decision.grant.applied, "{decision:?}");
    }
}

/// A directory whose person is never the same when the answer arrives.
struct Moving<'a>(&'a World);

impl Directory for Moving<'_> {
    fn name(&self) -> &str {
        Directory::name(&self.0.directory)
    }

    fn find(&self, login: &str) -> Result<Option<Lookup>, PortError> {
        self.0.directory.find(login)
    }

    fn person(&self, id: &str) -> Result<Option<Person>, PortError> {
        self.0.directory.person(id)
    }

    fn holdings(&self, person: &str) -> Result<Holdings, PortError> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let leaf = LeafDraft {
            category: Category::Effect,
            event: "effect.settled",
            request: "R-0".to_owned(),
            person: Some(person.to_owned()),
            clear: [field("grant", "R-0#1"), field("state", "applied")].into(),
            keyed: [].into(),
            committed: BTreeMap::new(),
        };
        let moved = Transition {
            at: self.0.agent().now().unwrap(),
            leaves: vec![leaf],
            settlement: Some(Settlement {
                grant: "R-0#1".to_owned(),
                state: GrantState::Applied,
                detail: "looked again".to_owned(),
            }),
            ..Transition::default()
        };
        ports::commit(&self.0.store, moved).unwrap();
        self.0.directory.holdings(person)
    }

    fn facts(&self, request: &str) -> Result<BTreeMap<String, Attribute>, PortError> {
        self.0.directory.facts(request)
    }

    fn target(&self, entitlement: &str) -> Result<Option<Target>, PortError> {
        self.0.directory.target(entitlement)
    }
}

#[test]
fn facts_that_never_hold_still_are_escalated() {
    let world = world();
    grant(&world, "R-0", r#""duration": "8h""#);
    file(&world, "R-1", "ci:read", r#""duration": "8h""#);
    let moving = Moving(&world);
    let agent = Agent {
        directory: &moving,
        ..world.agent()
    };
    let decision = approve(agent, &world, "R-1");
    assert_eq!(decision.decision, "ESCALATE", "{decision:?}");
    assert!(!holds(&world, "ci:read"));
}

/// What is finished was counted when it was committed, and is not counted against itself.
#[test]
fn the_last_grant_of_a_budget_is_finished() {
    let budgets = Budgets {
        per_person: 1,
        ..Budgets::default()
    };
    let world = World::with_budgets(POLICY, DIRECTORY, Mode::Guarded, budgets).unwrap();
    interrupted(&world, "R-1", "repo:read", r#""duration": "8h""#);
    world.agent().reconcile().unwrap();
    assert_eq!(state(&world, "R-1#1"), GrantState::Applied);
}

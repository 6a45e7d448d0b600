//! Two identities of one human being on a whole agent: neither one after the other nor both at once do they come to
//! hold a toxic pair.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::collections::BTreeMap;
use std::sync::Barrier;

use agent::Agent;
use agent::report::{Card, Decision};
use agent::review::Act;
use connectors::EmbeddedDirectory;
use decision::evidence::record::{AcceptedException, Holdings, Lookup, Mode, Person, Target};
use decision::findings::Kind;
use decision::request::Request;
use decision::rules::policy::{ApprovalKind, Attribute};
use decision::time::Minutes;
use ports::{Clock as _, Directory as _, PortError, Store as _};
use testkit::world::{World, request};

const POLICY: &str = "
roles:
  clerk: { standard: [\"vendor:create\", \"vendor:read\", \"repo:read\"] }
  payer: { standard: [\"payment:approve\"] }
  deputy: { grantable: [\"payment:approve\"] }
catalogue:
  payment:approve: { owner: controls }
levels: { vendor: [read, create], payment: [approve] }
sod_conflicts:
  - { id: pay, sides: [\"vendor:*\", \"payment:approve\"], owner: controls }
";

/// Only one side of each link is in the file.
const DIRECTORY: &str = "
people:
  engineer-017: { id: p-017, roles: [clerk], manager: manager-001 }
  engineer-017-test: { id: p-017t, roles: [], linked: [engineer-017, engineer-017-admin] }
  engineer-017-admin: { id: p-017a, roles: [payer], manager: manager-001 }
  engineer-018: { roles: [clerk], manager: manager-001 }
  engineer-018-admin: { roles: [deputy], manager: manager-001, linked: [engineer-018] }
  manager-001: { roles: [] }
  controller-001: { roles: [] }
groups:
  controls: { members: [controller-001] }
";

fn world() -> World {
    World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap()
}

fn ticket(id: &str, requester: &str, access: &str) -> Request {
    let text = format!(
        r#"{{"request_id": "{id}", "requester": "{requester}", "access": "{access}", "duration": "8h", "justification": "the month is being closed"}}"#
    );
    request(&text).unwrap()
}

fn file(world: &World, request: Request) -> Decision {
    let mut answers = world.agent().handle(vec![request]);
    answers.pop().unwrap().unwrap().decision
}

fn act(world: &World, id: &str, login: &str, act: Act) -> Decision {
    let reviewer = world.reviewer(login).unwrap();
    let handled = world.agent().review(id, &reviewer, act);
    handled.unwrap().decision
}

fn approve(world: &World, id: &str) -> Decision {
    let slot = Act::Approve(Some(ApprovalKind::Manager));
    act(world, id, "manager-001", slot)
}

fn holds(world: &World, person: &str, entitlement: &str) -> bool {
    let held = world.directory.holdings(person).unwrap().items;
    held.iter().any(|item| item.entitlement == entitlement)
}

#[test]
fn the_other_half_is_not_granted_to_another_identity() {
    let world = world();
    file(&world, ticket("R-1", "engineer-017", "vendor:create"));
    assert!(approve(&world, "R-1").grant.applied);
    file(
        &world,
        ticket("R-2", "engineer-017-admin", "payment:approve"),
    );
    let decision = approve(&world, "R-2");
    assert_eq!(decision.decision, "ESCALATE");
    assert!(!holds(&world, "p-017a", "payment:approve"));
    // The conflict, its finding and the card name the identity that holds the other half.
    let named = "'vendor:*' through 'vendor:create' (linked identity engineer-017 → grant R-1#1)";
    assert!(decision.sod_conflict.contains(named), "{decision:?}");
    let mut lines = decision.findings.iter();
    assert!(
        lines.any(|line| line.because.contains(named)),
        "{decision:?}"
    );
    let again = ticket("R-3", "engineer-017-admin", "payment:approve");
    let (frozen, ruling) = world.agent().preview(&again).unwrap().basis.unwrap();
    let card = Card::new(&frozen, &world.rules, &ruling);
    let mut checks = card.checks.iter();
    assert!(checks.any(|line| line.text.contains(named)), "{card:?}");
    // What has nothing to do with it is granted as before.
    file(&world, ticket("R-4", "engineer-017", "repo:read"));
    assert!(approve(&world, "R-4").grant.applied);
    // When the first half is gone, the second one is free.
    world.clock.advance(Minutes::from_hours(9));
    world.agent().expire().unwrap();
    file(
        &world,
        ticket("R-5", "engineer-017-admin", "payment:approve"),
    );
    assert!(approve(&world, "R-5").grant.applied);
}

/// Each half is approved and waits for nothing but its reason, which comes with the second revision.
fn two_halves(world: &World) -> [Request; 2] {
    let halves = [
        ("R-1", "engineer-017", "vendor:create"),
        ("R-2", "engineer-017-admin", "payment:approve"),
    ];
    halves.map(|(id, requester, access)| {
        let reasoned = ticket(id, requester, access);
        let mut first = reasoned.clone();
        first.justification = None;
        file(world, first);
        assert_eq!(approve(world, id).decision, "REQUEST_INFO");
        Request {
            revision: 2,
            ..reasoned
        }
    })
}

fn assert_one_half(world: &World, decisions: &[Decision]) {
    let applied = decisions.iter().filter(|one| one.grant.applied).count();
    let escalated = decisions.iter().filter(|one| one.decision == "ESCALATE");
    assert_eq!((applied, escalated.count()), (1, 1), "{decisions:?}");
    let held = [
        holds(world, "p-017", "vendor:create"),
        holds(world, "p-017a", "payment:approve"),
    ];
    assert_ne!(held[0], held[1], "exactly one: {held:?}");
    // The commit stepped every identity of the human being, and nobody else.
    for id in ["p-017", "p-017a", "p-017t"] {
        assert!(world.store.person_version(id).unwrap() > 0, "{id}");
    }
    assert_eq!(world.store.person_version("engineer-018").unwrap(), 0);
}

/// Both are ruled upon before either is committed: only the versions of the other identity can tell.
#[test]
fn two_identities_in_one_batch_do_not_both_get_their_half() {
    let world = world();
    let answers = world.agent().handle(two_halves(&world).to_vec());
    let decisions: Vec<Decision> = answers
        .into_iter()
        .map(|answer| answer.unwrap().decision)
        .collect();
    assert_one_half(&world, &decisions);
}

#[test]
fn two_identities_at_once_do_not_both_get_their_half() {
    for _ in 0..10 {
        let world = world();
        let halves = two_halves(&world);
        let barrier = Barrier::new(halves.len());
        let decisions: Vec<Decision> = std::thread::scope(|scope| {
            let running = halves.map(|half| {
                let (world, barrier) = (&world, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    file(world, half)
                })
            });
            running.map(|one| one.join().unwrap()).into()
        });
        assert_one_half(&world, &decisions);
    }
}

#[test]
fn what_another_identity_gains_voids_the_lift_of_a_conflict() {
    let world = world();
    file(&world, ticket("R-1", "engineer-018", "vendor:read"));
    assert!(approve(&world, "R-1").grant.applied);
    file(
        &world,
        ticket("R-2", "engineer-018-admin", "payment:approve"),
    );
    approve(&world, "R-2");
    let exception = AcceptedException {
        until: world.clock.now().plus(Minutes::from_days(1)),
        control: "a second person checks weekly".to_owned(),
    };
    let lift = Act::Lift(Kind::Conflict, Some(exception));
    act(&world, "R-2", "controller-001", lift.clone());
    // The other identity gains more of the same side in between.
    file(&world, ticket("R-3", "engineer-018", "vendor:create"));
    assert!(approve(&world, "R-3").grant.applied);
    let grantable = Act::Lift(Kind::GrantableOnly, None);
    let decision = act(&world, "R-2", "controller-001", grantable);
    assert!(!decision.grant.applied, "{decision:?}");
    // Whoever sees all of it may accept all of it.
    assert!(act(&world, "R-2", "controller-001", lift).grant.applied);
}

/// A directory that cannot tell what one identity holds.
struct Blind<'a> {
    inner: &'a EmbeddedDirectory,
    to: &'a str,
}

impl ports::Directory for Blind<'_> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn find(&self, login: &str) -> Result<Option<Lookup>, PortError> {
        self.inner.find(login)
    }

    fn person(&self, id: &str) -> Result<Option<Person>, PortError> {
        self.inner.person(id)
    }

    fn holdings(&self, person: &str) -> Result<Holdings, PortError> {
        if person == self.to {
            return Err(PortError::Unavailable("the directory".to_owned()));
        }
        self.inner.holdings(person)
    }

    fn facts(&self, request: &str) -> Result<BTreeMap<String, Attribute>, PortError> {
        self.inner.facts(request)
    }

    fn target(&self, entitlement: &str) -> Result<Option<Target>, PortError> {
        self.inner.target(entitlement)
    }
}

fn found(decision: &Decision) -> Vec<&str> {
    let lines = decision.findings.iter();
    lines.map(|line| line.finding.as_str()).collect()
}

#[test]
fn an_identity_that_cannot_be_read_withholds() {
    let world = world();
    // Two links away from whoever asks.
    let directory = Blind {
        inner: &world.directory,
        to: "p-017a",
    };
    let agent = Agent {
        directory: &directory,
        ..world.agent()
    };
    let half = ticket("R-1", "engineer-017", "vendor:create");
    let decision = agent.preview(&half).unwrap().decision;
    for kind in ["separation-of-duties-unverifiable", "fact-unreachable"] {
        assert!(found(&decision).contains(&kind), "{decision:?}");
    }
    let named = "holdings of linked identity engineer-017-admin (embedded directory unreachable";
    let mut lines = decision.findings.iter();
    assert!(
        lines.any(|line| line.because.contains(named)),
        "{decision:?}"
    );
}

#[test]
fn more_identities_than_are_read_withhold() {
    let of = |count: u32| {
        let accounts =
            (0..count).map(|number| format!("  a{number}: {{ linked: [engineer-019] }}\n"));
        let engineer = "people:\n  engineer-019: { roles: [clerk], manager: manager-001 }\n";
        let directory = DIRECTORY.replace(
            "people:\n",
            &format!("{engineer}{}", accounts.collect::<String>()),
        );
        let world = World::new(POLICY, &directory, Mode::Guarded).unwrap();
        let asked = ticket("R-1", "engineer-019", "repo:read");
        let decision = world.agent().preview(&asked).unwrap().decision;
        found(&decision).contains(&"fact-unreachable")
    };
    assert!(!of(32));
    assert!(of(33));
}

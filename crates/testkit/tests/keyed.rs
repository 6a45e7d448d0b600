//! INVARIANT(erasable): whoever has the log cannot guess what was asked for, approved or lifted; whoever has the key of
//! the store can hold every row against it.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::collections::{BTreeMap, BTreeSet};

use agent::review::Act;
use agent::ruling::{content_digest, decide};
use audit::Leaf;
use decision::evidence::Evidence;
use decision::evidence::record::{AcceptedException, Approval, Mode};
use decision::findings::lifting::{authorities_of, facts_digest};
use decision::findings::{AuthoritySet, Lifting, TABLE};
use decision::request::{Request, digest_of};
use decision::rules::policy::ApprovalKind;
use decision::time::Minutes;
use ports::store::{Category, LeafDraft, ReviewRow, Transition};
use ports::{Clock as _, Store as _, commit};
use sandbox::Company;
use testkit::world::{World, request};

/// The tickets of a company, with the approvals that were given and one lift of everything that somebody may lift.
fn run(key: [u8; 32]) -> World {
    let company = Company::generate(7, 60);
    let (access, directory) = (&company.access_yml, &company.directory_yml);
    let world = World::with_person_key(access, directory, Mode::Advise, key).unwrap();
    let reviewers = reviewers(&world);
    for planted in &company.tickets {
        let asked = request(&planted.ticket).unwrap();
        // A ticket that cannot be handled, or a review that does not count, is refused, and that is part of life.
        let _ = world.agent().handle(vec![asked]);
        let id = &planted.request_id;
        for (kind, by) in &planted.approvals {
            let kind = ApprovalKind::ALL
                .into_iter()
                .find(|own| own.name() == *kind);
            let reviewer = world.reviewer(by).unwrap();
            let _ = world.agent().review(id, &reviewer, Act::Approve(kind));
        }
        let Ok(shown) = world.agent().shown(id) else {
            continue;
        };
        for kind in shown.ruling.findings.iter() {
            for login in &reviewers {
                let exception = AcceptedException {
                    until: world.clock.now().plus(Minutes::from_days(3)),
                    control: "second signature".to_owned(),
                };
                let reviewer = world.reviewer(login).unwrap();
                let over = authorities_of(&shown.frozen, &world.rules, &reviewer.person, kind);
                if over == AuthoritySet::default() || kind.row().lifting == Lifting::Nobody {
                    continue;
                }
                let lift = Act::Lift(kind, Some(exception));
                if world.agent().review(id, &reviewer, lift).is_ok() {
                    break;
                }
            }
        }
    }
    world
}

/// One person of each group.
fn reviewers(world: &World) -> Vec<String> {
    let mut of_group: BTreeMap<&str, &str> = BTreeMap::new();
    for person in world.directory.truth().people() {
        for group in &person.groups {
            of_group.entry(group).or_insert(&person.login);
        }
    }
    let logins: BTreeSet<&str> = of_group.into_values().collect();
    logins.into_iter().map(ToOwned::to_owned).collect()
}

fn leaves(world: &World) -> Vec<Leaf> {
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let mut query = database
        .prepare("SELECT bytes FROM log_leaf ORDER BY number")
        .unwrap();
    let bytes = query.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    bytes
        .map(|bytes| Leaf::parse(&bytes.unwrap()).unwrap())
        .collect()
}

/// The plain digest of everything that people asked for, were shown or did, and of who they are.
fn plain_digests(world: &World) -> BTreeSet<String> {
    let mut plain = BTreeSet::new();
    for person in world.directory.truth().people() {
        plain.extend([&person.id, &person.login].map(|name| digest_of(name.as_bytes())));
    }
    for (_, ruling) in world.store.rulings_after(0, 10_000).unwrap() {
        let row = ruling.row;
        let evidence: Evidence = serde_json::from_str(&row.evidence).unwrap();
        let body = serde_json::to_vec(&evidence.request).unwrap();
        plain.extend([digest_of(&body), content_digest(&evidence.request)]);
        plain.extend([row.evidence_digest, digest_of(row.record.as_bytes())]);
        plain.insert(digest_of(row.request.as_bytes()));
        let (frozen, ..) = decide(evidence, &world.rules);
        plain.insert(frozen.content().digest());
        let kinds = TABLE.iter().map(|row| row.kind);
        plain.extend(kinds.map(|kind| facts_digest(&frozen, &world.rules, kind)));
        for review in world.store.reviews(&row.request).unwrap() {
            plain.extend(match review {
                ReviewRow::Approval(own) => vec![own.content.digest()],
                ReviewRow::Lift(own) => vec![own.content.digest(), own.facts],
                ReviewRow::Denial(_) | ReviewRow::Question(_) | ReviewRow::Narrowing(_) => vec![],
            });
        }
    }
    plain
}

#[test]
fn no_leaf_holds_the_plain_digest_of_content_or_facts() {
    let world = run([8; 32]);
    let plain = plain_digests(&world);
    let bare: BTreeSet<&str> = plain
        .iter()
        .map(|digest| digest.strip_prefix("sha256:").unwrap())
        .collect();
    let mut keyed: BTreeMap<(String, String), u32> = BTreeMap::new();
    for leaf in leaves(&world) {
        for (name, value) in leaf.clear.iter().chain(&leaf.committed) {
            let hex = value
                .rsplit_once(':')
                .map_or(value.as_str(), |(_, hex)| hex);
            assert!(!bare.contains(hex), "{name} of {}: {value}", leaf.event);
            if value.starts_with("hmac-sha256:") {
                *keyed.entry((leaf.event.clone(), name.clone())).or_default() += 1;
            }
        }
    }
    println!("{} digests looked for; {keyed:?}", plain.len());
    for (event, name) in [
        ("request.filed", "content"),
        ("change.prepared", "content"),
        ("approval.given", "content"),
        ("lift.given", "content"),
        ("lift.given", "facts"),
    ] {
        let count = keyed.get(&(event.to_owned(), name.to_owned()));
        assert!(count.is_some_and(|count| *count > 10), "{event} {name}");
    }
    // And with the key all of it is confirmed: rows, reviews, grants.
    let comparison = world.store.compare().unwrap();
    assert!(comparison.differences.is_empty(), "{comparison:?}");
    assert!(
        comparison.grants > 10 && comparison.reviews > 10,
        "{comparison:?}"
    );
    assert_eq!(world.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn another_key_logs_other_digests_of_the_same() {
    let (one, other) = (leaves(&run([8; 32])), leaves(&run([9; 32])));
    assert_eq!(one.len(), other.len());
    let mut differing = 0;
    for (mut one, mut other) in one.into_iter().zip(other) {
        for name in ["content", "facts", "person"] {
            let both = (one.clear.remove(name), other.clear.remove(name));
            match both {
                (Some(one), Some(other)) => {
                    assert_ne!(one, other);
                    differing += 1;
                }
                (None, None) => {}
                (one, other) => panic!("{one:?} {other:?}"),
            }
        }
        assert_eq!(one, other);
    }
    assert!(differing > 300, "{differing}");
}

const POLICY: &str = "roles: { engineer: { standard: [\"repo:read\"] } }\n";
const DIRECTORY: &str =
    "people: { e-1: { roles: [engineer], manager: m-1 }, m-1: { roles: [] } }\n";

fn ticket(id: &str) -> Request {
    let text = format!(
        r#"{{"request_id": "{id}", "requester": "e-1", "access": "repo:read", "justification": "the build is broken"}}"#
    );
    request(&text).unwrap()
}

/// Records an approval as an earlier version did, with this as the leaf's `content`.
fn approve_as_before(world: &World, id: &str, say: fn(&str) -> String) {
    let shown = world.agent().shown(id).unwrap();
    let content = shown.frozen.content().clone();
    let at = world.agent().now().unwrap();
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let review = format!("{id}/review-1");
    let leaf = LeafDraft {
        category: Category::Approvals,
        event: "approval.given",
        request: id.to_owned(),
        person: Some("m-1".to_owned()),
        clear: [
            field("review", &review),
            field("slot", "manager"),
            field("content", &say(&content.digest())),
        ]
        .into(),
        keyed: [].into(),
        committed: [].into(),
    };
    let transition = Transition {
        at,
        leaves: vec![leaf],
        review: Some(ReviewRow::Approval(Approval {
            id: review,
            kind: ApprovalKind::Manager,
            by: "m-1".to_owned(),
            at,
            content,
        })),
        ..Transition::default()
    };
    commit(&world.store, transition).unwrap();
}

/// A leaf of an earlier version says the digest itself, under the log's signature. It counts, and no other text does.
#[test]
fn a_leaf_with_a_plain_digest_is_still_read() {
    let world = World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap();
    world.agent().handle(vec![ticket("R-1")]);
    approve_as_before(&world, "R-1", ToOwned::to_owned);
    let decision = world.agent().rule_again("R-1").unwrap().decision;
    assert!(decision.grant.applied, "{decision:?}");
    assert_eq!(
        world.store.compare().unwrap().differences,
        Vec::<String>::new()
    );
    let others: [fn(&str) -> String; 3] = [
        |_| digest_of(b"something else"),
        |digest| digest.replace("sha256:", "hmac-sha256:"),
        |_| String::new(),
    ];
    for (number, other) in others.into_iter().enumerate() {
        let id = format!("R-{}", number + 2);
        world.agent().handle(vec![ticket(&id)]);
        approve_as_before(&world, &id, other);
        assert!(world.agent().rule_again(&id).is_err(), "{id}");
    }
}

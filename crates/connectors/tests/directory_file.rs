//! `directory.yml`: what it means, and what is said about one that is wrong.

use connectors::EmbeddedDirectory;
use connectors::embedded_directory::{Report, Truth, Untold, bounds};
use decision::evidence::record::{Coverage, Lookup, PersonStatus};
use ports::{Directory, PortError};
use proptest::prelude::*;

const EVERY_KEY: &str = r#"version: 1
people:
  engineer-017:
    id: p-017
    status: active
    leaves_at: 2026-12-31
    roles: [engineer]
    department: Platform
    manager: manager-002
    groups: [ap-clerks]
    delegates: [engineer-018]
    linked: [admin-017]
    accounts: [{system: erp, name: e017}, {system: repo, name: e17}]
    holds: ["repo:read", {entitlement: "vendor:view", through: ["group old-clerks"]}]
  engineer-018: { id: p-018, roles: [] }
  admin-017: { id: p-017a, linked: [engineer-017] }
  manager-002: { id: p-002 }
  twin-a: { id: p-a, login: twin }
  twin-b: { id: p-b, login: twin, status: inactive }
groups:
  ap-clerks: { system: erp, members: [engineer-018], grants: ["vendor:create"] }
  finance: { groups: [ap-clerks], grants: ["ledger:view", "repo:write"] }
  everybody: { groups: [finance], grants: ["ledger:view"] }
targets:
  "prod-payments-db:admin":
    id: db-7
    name: payments primary
    path: [databases, payments]
    tags: [production]
    grants: ["prod-payments-db:write", finance]
  "lost:read": { grants: [nowhere] }
provides: [prod-payments-db, repo, "vendor:create"]
coverage: [erp, repo]
"#;

#[test]
fn a_link_that_one_side_states_holds_for_both() {
    let text =
        "people:\n  a: { linked: [b, c] }\n  b: { id: p-b, linked: [a] }\n  c: {}\n  d: {}\n";
    let (truth, _) = read(text).unwrap();
    let linked = |id: &str| truth.person(id).unwrap().linked.clone();
    assert_eq!(linked("a"), ["c", "p-b"]);
    assert_eq!(linked("p-b"), ["a"]);
    assert_eq!(linked("c"), ["a"]);
    assert!(linked("d").is_empty());
}

fn read(text: &str) -> Result<(Truth, Report), Box<Report>> {
    Truth::read("directory.yml", text.as_bytes())
}

#[test]
fn every_key_means_what_the_reference_says() {
    let (truth, warnings) = read(EVERY_KEY).unwrap();
    assert_eq!(warnings.problems().len(), 1, "{}", warnings.render());
    let Some(Lookup::One(person)) = truth.find("engineer-017") else {
        panic!("one person")
    };
    assert_eq!(
        (person.id.as_str(), person.status),
        ("p-017", PersonStatus::Active)
    );
    assert_eq!(
        person.leaves_at.unwrap().to_string(),
        "2026-12-31T23:59:59Z"
    );
    assert_eq!(person.manager.as_deref(), Some("p-002"));
    assert_eq!(person.delegates, ["p-018"]);
    assert_eq!(person.linked, ["p-017a"]);
    assert_eq!(person.groups, ["ap-clerks", "everybody", "finance"]);
    assert_eq!(truth.find("twin"), Some(Lookup::Several(2)));
    assert_eq!(truth.find("twin-a"), None);
    let held: Vec<String> = truth
        .held("p-017")
        .unwrap()
        .iter()
        .map(|holding| format!("{} by {}", holding.entitlement, holding.path.join(" > ")))
        .collect();
    assert_eq!(
        held,
        [
            "ledger:view by group ap-clerks > group finance",
            "ledger:view by group ap-clerks > group finance > group everybody",
            "repo:read by ",
            "repo:write by account e17@repo > group ap-clerks > group finance",
            "vendor:create by account e017@erp > group ap-clerks",
            "vendor:view by group old-clerks",
        ]
    );
    assert_eq!(
        truth.coverage(),
        &Coverage::Systems(vec!["erp".to_owned(), "repo".to_owned()])
    );
    assert_eq!(truth.held("p-999"), None);
}

#[test]
fn the_power_is_of_everything_that_a_target_gives_in_the_end() {
    let power = |text: &str, name: &str| read(text).unwrap().0.target(name).unwrap().unwrap().power;
    let name = "prod-payments-db:admin";
    let whole = power(EVERY_KEY, name);
    assert!(whole.starts_with("sha256:"));
    // A grant more at the far end of the nesting, and the same things in another order.
    let wider = EVERY_KEY.replace(
        "everybody: { groups: [finance], grants: [",
        "everybody: { groups: [finance], grants: [\"x:y\", ",
    );
    assert_ne!(power(&wider, name), whole);
    let turned = EVERY_KEY.replace(
        "[\"prod-payments-db:write\", finance]",
        "[finance, \"prod-payments-db:write\"]",
    );
    assert_eq!(power(&turned, name), whole);
    let (truth, _) = read(EVERY_KEY).unwrap();
    assert_eq!(truth.target("repo:read").unwrap().unwrap().id, "repo:read");
    assert_eq!(truth.target("vendor:create").unwrap().unwrap().name, "");
    assert_eq!(truth.target("vendor:approve").unwrap(), None);
    assert_eq!(
        truth.target("lost:read").unwrap_err(),
        Untold::NoGroup("nowhere".to_owned())
    );
    let folder = tempfile::tempdir().unwrap();
    let subject =
        EmbeddedDirectory::open("d", EVERY_KEY.as_bytes(), &folder.path().join("h.db")).unwrap();
    assert!(matches!(
        subject.target("lost:read"),
        Err(PortError::Malformed(_))
    ));
    assert_eq!(subject.warnings().problems().len(), 1);
}

#[test]
fn everything_that_a_target_gives_is_told_with_the_way_to_it() {
    let gives = |text: &str, name: &str| -> Vec<String> {
        let target = read(text).unwrap().0.target(name).unwrap().unwrap();
        target
            .gives
            .iter()
            .map(|given| given.way().join(" > "))
            .collect()
    };
    // Entitlements first, then groups, each by name.
    assert_eq!(
        gives(EVERY_KEY, "prod-payments-db:admin"),
        [
            "group finance > ledger:view",
            "prod-payments-db:write",
            "group finance > repo:write",
            "group finance > group everybody",
            "group finance",
        ]
    );
    assert!(gives(EVERY_KEY, "repo:read").is_empty());
    // A target of something that is given gives as well; circles end, and nothing gives itself.
    let circle = "targets:\n  \
        \"a:1\": { grants: [\"b:1\", ring] }\n  \
        \"b:1\": { grants: [\"c:1\"] }\n  \
        \"c:1\": { grants: [\"a:1\"] }\n\
        groups:\n  ring: { groups: [ring], grants: [\"a:1\", \"c:1\"] }\n";
    assert_eq!(gives(circle, "a:1"), ["b:1", "b:1 > c:1", "group ring"]);
    // A group without any grant is membership all the same, and so part of the power.
    let power = |text: &str| read(text).unwrap().0.target("a:1").unwrap().unwrap().power;
    let bare = "targets: { \"a:1\": { grants: [\"b:1\"] } }\n";
    let member = "targets: { \"a:1\": { grants: [\"b:1\", ring] } }\ngroups: { ring: {} }\n";
    assert_ne!(power(bare), power(member));
    assert_eq!(gives(member, "a:1"), ["b:1", "group ring"]);
}

/// What gives more than can be told is not cut short.
#[test]
fn a_closure_that_is_too_large_cannot_be_told() {
    let mut text = "targets: { \"a:1\": { grants: [g0] } }\ngroups:\n  g0: {}\n".to_owned();
    for number in 1..2_000 {
        text.push_str(&format!("  g{number}: {{ groups: [g{}] }}\n", number - 1));
    }
    assert_eq!(read(&text).unwrap().0.target("a:1"), Err(Untold::TooMuch));
}

#[test]
fn circles_of_groups_end_and_are_warned_of() {
    let (truth, warnings) = read(
        "people: { a: { groups: [one] } }\n\
         groups:\n  \
           one: { groups: [three], grants: [\"x:1\"] }\n  \
           two: { groups: [one], grants: [\"x:2\"] }\n  \
           three: { groups: [two, three], grants: [\"x:3\"] }\n",
    )
    .unwrap();
    let codes: Vec<&str> = warnings
        .problems()
        .iter()
        .map(|problem| problem.code)
        .collect();
    assert_eq!(codes, ["group::circle", "group::circle"]);
    assert_eq!(truth.held("a").unwrap().len(), 3);
    assert_eq!(truth.person("a").unwrap().groups, ["one", "three", "two"]);
}

/// Nesting as deep as the file is long ends too.
#[test]
fn a_long_chain_of_groups_is_followed_without_recursion() {
    let mut text =
        "people: { a: { groups: [g0] } }\ngroups:\n  g0: { grants: [\"x:0\"] }\n".to_owned();
    for number in 1..20_000 {
        text.push_str(&format!("  g{number}: {{ groups: [g{}] }}\n", number - 1));
    }
    let (truth, warnings) = read(&text).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(truth.person("a").unwrap().groups.len(), 20_000);
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let report = read(
        r#"versoin: 1
version: 2
people:
  engineer-017:
    id: p-1
    status: gone
    leaves_at: tomorrow
    manager: engineer-017
    delegates: [enginer-018]
    groups: [ap-clercs, ap-clerks]
    accounts: [{system: erp, name: e1}, {system: erp}]
    holds: ["repo", "repo:*", {through: [x]}, [nested]]
    nickname: x
  engineer-018: { id: p-1, accounts: [{system: erp, name: e1}] }
  engineer-019: engineer
  "two  spaces": {}
  "zero\u200bwidth": {}
  empty:
groups:
  ap-clerks: { members: [nobody], groups: [finance], grants: "vendor:create" }
targets:
  "no colon": {}
provides: nothing
coverage: { erp: yes }
"#,
    )
    .unwrap_err();
    assert_eq!(
        report.to_string(),
        format!("`directory.yml` has {} problems", report.problems().len())
    );
    insta::assert_snapshot!(report.render());
}

#[test]
fn files_that_cannot_be_read_say_where() {
    let told = |bytes: &[u8]| {
        let report = Truth::read("d", bytes).unwrap_err();
        let first = &report.problems()[0];
        (first.code, first.place.line, first.place.column)
    };
    assert_eq!(told(b""), ("file::empty", 1, 1));
    assert_eq!(told(b"{}"), ("file::empty", 1, 1));
    assert_eq!(told(b"people:\n  a: {}\n\xff"), ("file::not_utf8", 3, 1));
    assert_eq!(told(b"people:\n\ta: {}\n"), ("file::tab", 2, 1));
    assert_eq!(
        told("people: {\u{202E}a: {}}".as_bytes()),
        ("file::character", 1, 10)
    );
    assert_eq!(
        told(b"people: { a: {} }\n---\npeople: {}"),
        ("file::documents", 2, 1)
    );
    assert_eq!(told(b"people: [}"), ("yaml::syntax", 1, 10));
    assert_eq!(told(b"people: &a {}"), ("yaml::anchor", 1, 12));
    assert_eq!(
        told(b"people: { a: {}, a: {} }"),
        ("yaml::duplicate_key", 1, 18)
    );
    assert_eq!(told(" ".repeat(300).as_bytes()), ("file::depth", 1, 200));
    assert_eq!(told("[".repeat(100_000).as_bytes()).0, "yaml::syntax");
    assert_eq!(
        told(&vec![b'#'; bounds::FILE_BYTES_MAX + 1]),
        ("file::too_large", 1, 1)
    );
}

#[test]
fn a_directory_of_many_people_is_read_soon() {
    let mut text = "people:\n  manager-0: {}\n".to_owned();
    for number in 0..50_000 {
        text.push_str(&format!(
            "  e-{number}: {{ id: p-{number}, roles: [engineer], manager: manager-0, groups: [g] }}\n"
        ));
    }
    text.push_str("groups:\n  g: { grants: [\"repo:read\"] }\n");
    let (truth, _) = read(&text).unwrap();
    assert_eq!(truth.people().count(), 50_001);
    assert_eq!(truth.held("p-49999").unwrap()[0].path, ["group g"]);
}

proptest! {
    /// No input panics, however it is damaged; what is read twice is read alike.
    #[test]
    fn no_input_panics(
        at in 0..EVERY_KEY.len(),
        length in 0..40_usize,
        put in prop_oneof![".{0,12}", "[\\[\\]{}:,\"'*&!?|>#\\- \n]{0,12}"],
    ) {
        let mut bytes = EVERY_KEY.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        match (Truth::read("d", &bytes), Truth::read("d", &bytes)) {
            (Ok((one, _)), Ok((two, _))) => {
                for name in ["prod-payments-db:admin", "lost:read"] {
                    prop_assert_eq!(one.target(name), two.target(name));
                }
                for person in one.people() {
                    prop_assert_eq!(one.held(&person.id), two.held(&person.id));
                }
            }
            (Err(one), Err(two)) => {
                prop_assert!(!one.is_empty());
                prop_assert_eq!(one.render(), two.render());
            }
            _ => prop_assert!(false, "one reading fails and the other does not"),
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Truth::read("d", &bytes);
    }
}

//! Giving and taking: conformance, refusals, faults, and that what is held is always the file and the live grants.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{ENTITLEMENTS, grant, revocation};
use connectors::conformance::{self, Changes};
use connectors::embedded_directory::OpenError;
use connectors::faulty::{Call, Fault};
use connectors::{EmbeddedDirectory, Faulty};
use ports::{Directory, Effect, PortError, Provisioner, Seen};
use proptest::prelude::*;

const FILE: &str = r#"
people:
  engineer-001: { id: p-1, roles: [engineer], manager: manager-001, holds: ["wiki:write"] }
  engineer-002: { id: p-2, roles: [engineer], manager: manager-001, groups: [platform] }
  engineer-003: { id: p-3, status: inactive }
  engineer-004: { id: p-4, leaves_at: 2026-11-22 }
  agent-001: { id: p-5, status: agent }
  manager-001: { id: p-manager }
groups:
  platform: { grants: ["ci:read"] }
"#;

fn open(folder: &Path) -> EmbeddedDirectory {
    EmbeddedDirectory::open(
        "directory.yml",
        FILE.as_bytes(),
        &folder.join("holdings.db"),
    )
    .unwrap()
}

#[test]
fn the_embedded_directory_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path());
    let changes = || {
        (
            grant("g-1", "p-1", "repo:read", "", 0),
            revocation("g-1", "p-1", "repo:read", None),
            grant("g-2", "p-1", "repo:read", "", 10),
            revocation("g-2", "p-1", "repo:read", None),
            revocation("g-1", "p-1", "repo:read", Some("g-2")),
            revocation("g-2", "p-1", "repo:read", Some("g-1")),
            grant("g-3", "p-9", "repo:read", "", 0),
        )
    };
    let (first, revoked, extension, last, superseded, handed_back, to_nobody) = changes();
    let changes = Changes {
        grant: &first,
        revocation: &revoked,
        extension: &extension,
        last: &last,
        superseded: &superseded,
        handed_back: &handed_back,
        to_nobody: &to_nobody,
    };
    conformance::provisioner(&subject, changes).unwrap();
    // A wrapper without faults changes nothing.
    conformance::provisioner(&Faulty::new(subject), changes).unwrap();
    let subject = open(folder.path());
    let logins = [
        "engineer-001",
        "engineer-002",
        "engineer-003",
        "agent-001",
        "manager-001",
    ];
    conformance::directory(&subject, &logins, &["repo:read", "anything:at all"]).unwrap();
}

#[test]
fn refusals_say_why_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path());
    for (person, power, reason) in [
        ("p-3", "", "not an active person"),
        ("p-4", "", "has left"),
        ("p-5", "", "not an active person"),
        ("p-9", "", "nobody in the embedded directory"),
        ("p-1", "another power", "changed since it was granted"),
    ] {
        let effect = subject.grant(&grant("g-1", person, "repo:read", power, 0));
        assert!(
            matches!(&effect, Effect::Refused(why) if why.contains(reason)),
            "{person}: {effect:?}"
        );
        assert_eq!(subject.look(person, "repo:read"), Ok(None));
    }
    assert_eq!(subject.live_grants(), Ok(Vec::new()));
}

#[test]
fn what_the_file_gives_is_neither_given_nor_taken() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path());
    for (person, entitlement) in [("p-1", "wiki:write"), ("p-2", "ci:read")] {
        assert_eq!(
            subject.grant(&grant("g-1", person, entitlement, "", 0)),
            Effect::AlreadySo
        );
        assert_eq!(
            subject.look(person, entitlement),
            Ok(Some(Seen { grant: None }))
        );
        let effect = subject.revoke(&revocation("g-1", person, entitlement, None));
        assert!(
            matches!(&effect, Effect::Refused(why) if why.contains("directory.yml")),
            "{effect:?}"
        );
        assert_eq!(
            subject.look(person, entitlement),
            Ok(Some(Seen { grant: None }))
        );
    }
}

#[test]
fn an_earlier_grant_that_comes_late_takes_nothing_over() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path());
    assert_eq!(
        subject.grant(&grant("g-2", "p-1", "repo:read", "", 10)),
        Effect::Applied
    );
    assert_eq!(
        subject.grant(&grant("g-1", "p-1", "repo:read", "", 0)),
        Effect::AlreadySo
    );
    assert_eq!(
        subject.revoke(&revocation("g-1", "p-1", "repo:read", None)),
        Effect::AlreadySo
    );
    assert_eq!(
        subject.look("p-1", "repo:read"),
        Ok(Some(Seen {
            grant: Some("g-2".to_owned())
        }))
    );
    let live = subject.live_grants().unwrap();
    assert_eq!(live.len(), 1);
    assert!(live[0].ends_at.is_some());
}

/// A person who is no longer in the file still loses what grants gave them.
#[test]
fn a_grant_of_somebody_who_is_gone_can_be_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("holdings.db");
    assert_eq!(
        open(folder.path()).grant(&grant("g-1", "p-1", "repo:read", "", 0)),
        Effect::Applied
    );
    let subject =
        EmbeddedDirectory::open("directory.yml", b"people: { somebody: {} }", &file).unwrap();
    let left = subject.holdings("p-1").unwrap();
    assert_eq!(left.coverage, decision::evidence::record::Coverage::Nothing);
    assert_eq!(left.items[0].grant.as_deref(), Some("g-1"));
    assert_eq!(
        subject.revoke(&revocation("g-1", "p-1", "repo:read", None)),
        Effect::Applied
    );
    assert_eq!(subject.look("p-1", "repo:read"), Ok(None));
}

#[test]
fn a_locked_database_is_tried_again_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path());
    let other = rusqlite::Connection::open(folder.path().join("holdings.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let effect = subject.grant(&grant("g-1", "p-1", "repo:read", "", 0));
    assert!(
        matches!(&effect, Effect::NotNow(why) if why.contains("nothing was changed")),
        "{effect:?}"
    );
    // Reading goes on meanwhile.
    assert_eq!(subject.look("p-1", "repo:read"), Ok(None));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        subject.grant(&grant("g-1", "p-1", "repo:read", "", 0)),
        Effect::Applied
    );
}

#[test]
fn two_processes_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (open(folder.path()), open(folder.path()));
    assert_eq!(
        one.grant(&grant("g-1", "p-1", "repo:read", "", 0)),
        Effect::Applied
    );
    assert_eq!(
        two.grant(&grant("g-1", "p-1", "repo:read", "", 0)),
        Effect::AlreadySo
    );
    assert_eq!(
        two.revoke(&revocation("g-1", "p-1", "repo:read", None)),
        Effect::Applied
    );
    assert_eq!(one.look("p-1", "repo:read"), Ok(None));
}

#[test]
fn files_that_are_not_ours_are_told_apart_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let error = |path: &Path| EmbeddedDirectory::open("d", FILE.as_bytes(), path).unwrap_err();

    let other = rusqlite::Connection::open(at("other.db")).unwrap();
    other.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(other);
    let before = std::fs::read(at("other.db")).unwrap();
    assert!(matches!(error(&at("other.db")), OpenError::Foreign(_)));
    assert_eq!(std::fs::read(at("other.db")).unwrap(), before);

    std::fs::write(
        at("text.db"),
        "not a database at all, but long enough to look at",
    )
    .unwrap();
    assert!(matches!(error(&at("text.db")), OpenError::Damaged { .. }));
    assert!(matches!(
        error(&at("no folder/holdings.db")),
        OpenError::Create { .. }
    ));
    assert!(matches!(error(folder.path()), OpenError::Storage { .. }));

    drop(open(folder.path()));
    let ours = rusqlite::Connection::open(at("holdings.db")).unwrap();
    ours.pragma_update(None, "user_version", 2).unwrap();
    drop(ours);
    let newer = error(&at("holdings.db"));
    assert!(
        matches!(
            newer,
            OpenError::Version {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{newer}"
    );
    assert!(!newer.help().is_empty());
}

/// Every truncation and every kind of damage is an error or a sound answer, never a panic, and never a holding that was
/// not granted.
#[test]
fn damage_never_panics_and_never_gives() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("holdings.db");
    drop(open(folder.path()));
    let rest = revoke_all_and_read(folder.path());
    for cut in (0..rest.len()).step_by(97) {
        let _ = std::fs::remove_file(folder.path().join("holdings.db-wal"));
        let _ = std::fs::remove_file(folder.path().join("holdings.db-shm"));
        std::fs::write(&file, &rest[..cut]).unwrap();
        check(folder.path());
        let mut flipped = rest.clone();
        flipped[cut] ^= 0xff;
        std::fs::write(&file, &flipped).unwrap();
        check(folder.path());
    }
}

fn revoke_all_and_read(folder: &Path) -> Vec<u8> {
    let subject = open(folder);
    assert_eq!(
        subject.grant(&grant("g-1", "p-1", "repo:read", "", 0)),
        Effect::Applied
    );
    drop(subject);
    std::fs::read(folder.join("holdings.db")).unwrap()
}

fn check(folder: &Path) {
    let opened = EmbeddedDirectory::open("d", FILE.as_bytes(), &folder.join("holdings.db"));
    if let Ok(subject) = opened
        && let Ok(seen) = subject.look("p-2", "dev-db:read")
    {
        assert_eq!(seen, None);
    }
}

#[test]
fn fault_switches_do_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Faulty::new(open(folder.path()));
    let (first, taken) = (
        grant("g-1", "p-1", "repo:read", "", 0),
        revocation("g-1", "p-1", "repo:read", None),
    );
    let held = || subject.inner().look("p-1", "repo:read").unwrap().is_some();
    subject.fail_change(Fault::LostBefore);
    subject.fail_change(Fault::LostAfter);
    subject.fail_change(Fault::Refused);
    subject.fail_change(Fault::Twice);
    assert!(matches!(subject.grant(&first), Effect::Unknown(_)) && !held());
    assert!(matches!(subject.grant(&first), Effect::Unknown(_)) && held());
    assert!(matches!(subject.revoke(&taken), Effect::Refused(_)) && held());
    assert_eq!(subject.revoke(&taken), Effect::AlreadySo);
    assert!(!held());
    assert_eq!(subject.grant(&first), Effect::Applied);
    let down = PortError::Unavailable("the directory".to_owned());
    subject.fail_look(Some(down.clone()));
    assert_eq!(subject.look("p-1", "repo:read"), Err(down.clone()));
    assert!(subject.look("p-1", "repo:read").unwrap().is_some());
    subject.take_down(Some(down.clone()));
    assert_eq!(subject.find("engineer-001"), Err(down.clone()));
    assert_eq!(subject.holdings("p-1"), Err(down));
    subject.take_down(None);
    assert!(subject.find("engineer-001").unwrap().is_some());
    assert_eq!(subject.calls().len(), 7);
    assert_eq!(subject.calls()[0], Call::Grant("g-1".to_owned()));
}

#[derive(Clone, Debug)]
enum Step {
    Give {
        person: usize,
        entitlement: usize,
    },
    GiveAgain {
        which: usize,
    },
    Take {
        which: usize,
        survivor: Option<usize>,
    },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2_usize, 0..ENTITLEMENTS.len())
            .prop_map(|(person, entitlement)| Step::Give { person, entitlement }),
        2 => (0..16_usize).prop_map(|which| Step::GiveAgain { which }),
        4 => (0..16_usize, prop::option::of(0..16_usize))
            .prop_map(|(which, survivor)| Step::Take { which, survivor }),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What is held is what the file says and what live grants gave, after any sequence of changes and restarts.
    #[test]
    fn held_is_the_file_and_the_live_grants(steps in prop::collection::vec(step(), 1..40)) {
        const PEOPLE: [&str; 2] = ["p-1", "p-2"];
        const SEEDS: [(&str, &str); 2] = [("p-1", "wiki:write"), ("p-2", "ci:read")];
        let folder = tempfile::tempdir().unwrap();
        let mut subject = open(folder.path());
        let mut issued: Vec<(String, &str, &str, u32)> = Vec::new();
        // The model: who holds what by which grant, and when that was given.
        let mut live: BTreeMap<(&str, &str), (String, u32)> = BTreeMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Give { person, entitlement } => {
                    let at = u32::try_from(number).unwrap();
                    issued.push((format!("g-{number}"), PEOPLE[person], ENTITLEMENTS[entitlement], at));
                    give(&subject, &mut live, issued.last().unwrap(), &SEEDS);
                }
                Step::GiveAgain { which } => {
                    if let Some(known) = issued.get(which) {
                        give(&subject, &mut live, known, &SEEDS);
                    }
                }
                Step::Take { which, survivor } => {
                    let Some((id, person, entitlement, _)) = issued.get(which) else { continue };
                    let key = (*person, *entitlement);
                    let survivor = survivor.and_then(|other| issued.get(other))
                        .filter(|other| other.0 != *id && (other.1, other.2) == key);
                    let named = survivor.map(|other| other.0.as_str());
                    let effect = subject.revoke(&revocation(id, person, entitlement, named));
                    let own = live.get(&key).is_some_and(|(holder, _)| holder == id);
                    match (own, survivor) {
                        (true, Some(other)) => {
                            // The helper's survivors begin at the start.
                            live.insert(key, (other.0.clone(), 0));
                            prop_assert_eq!(effect, Effect::Applied);
                        }
                        (true, None) => {
                            live.remove(&key);
                            prop_assert_eq!(effect, Effect::Applied);
                        }
                        (false, None) if SEEDS.contains(&key) => {
                            prop_assert!(matches!(effect, Effect::Refused(_)));
                        }
                        (false, _) => prop_assert_eq!(effect, Effect::AlreadySo),
                    }
                }
                Step::Reopen => {
                    drop(subject);
                    subject = open(folder.path());
                }
            }
            for person in PEOPLE {
                let held: Vec<(String, Option<String>)> = subject.holdings(person).unwrap().items
                    .into_iter().map(|item| (item.entitlement, item.grant)).collect();
                let mut wanted: Vec<(String, Option<String>)> = SEEDS.iter()
                    .filter(|seed| seed.0 == person).map(|seed| (seed.1.to_owned(), None)).collect();
                wanted.extend(live.iter().filter(|((owner, _), _)| *owner == person)
                    .map(|((_, entitlement), (id, _))| ((*entitlement).to_owned(), Some(id.clone()))));
                wanted.sort();
                prop_assert_eq!(held, wanted);
            }
        }
    }
}

fn give<'a>(
    subject: &EmbeddedDirectory,
    live: &mut BTreeMap<(&'a str, &'a str), (String, u32)>,
    (id, person, entitlement, at): &(String, &'a str, &'a str, u32),
    seeds: &[(&str, &str)],
) {
    let effect = subject.grant(&grant(id, person, entitlement, "", *at));
    let key = (*person, *entitlement);
    let later = live
        .get(&key)
        .is_none_or(|(holder, since)| holder != id && since <= at);
    if seeds.contains(&key) || !later {
        assert_eq!(effect, Effect::AlreadySo);
    } else {
        live.insert(key, (id.clone(), *at));
        assert_eq!(effect, Effect::Applied);
    }
}

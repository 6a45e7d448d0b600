//! An insider edits the database by hand and has no key: nobody gains access by it, and nobody keeps it.
//! INVARIANT(signed-state).
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use agent::AgentError;
use agent::report::Decision;
use agent::review::Act;
use audit::{Appender, Frontier};
use decision::evidence::record::{LogState, Mode};
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};
use ports::store::{Category, LeafDraft, Transition};
use ports::{CommitError, Directory as _, Store as _};
use testkit::world::{START, World, request};

const POLICY: &str = "
roles:
  engineer: { standard: [\"repo:read\", \"ci:read\"] }
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

fn again(world: World) -> World {
    world.reopen(POLICY, DIRECTORY).unwrap()
}

fn file(world: &World, id: &str, access: &str) -> Result<Decision, AgentError> {
    let text = format!(
        r#"{{"request_id": "{id}", "requester": "engineer-001", "access": "{access}", "duration": "8h", "justification": "repairing the nightly import"}}"#
    );
    let mut answers = world.agent().handle(vec![request(&text).unwrap()]);
    answers.pop().unwrap().map(|handled| handled.decision)
}

/// `id` is filed, approved by the manager, and granted.
fn grant(world: &World, id: &str, access: &str) {
    file(world, id, access).unwrap();
    let act = Act::Approve(Some(ApprovalKind::Manager));
    let reviewer = world.reviewer("manager-001").unwrap();
    let handled = world.agent().review(id, &reviewer, act).unwrap();
    assert!(handled.decision.grant.applied, "{:?}", handled.decision);
}

fn holds(world: &World, entitlement: &str) -> bool {
    let held = world.directory.holdings("engineer-001").unwrap();
    held.items
        .iter()
        .any(|item| item.entitlement == entitlement)
}

/// Changes the database while nobody has it open, as another account with write access would.
fn tamper(world: World, statements: &str) -> World {
    let path = world.database();
    let database = rusqlite::Connection::open(path).unwrap();
    database.execute_batch(statements).unwrap();
    drop(database);
    again(world)
}

fn is_told(world: &World, words: &[&str]) {
    assert_eq!(world.store.log_state(), LogState::Broken);
    let trouble = world.store.log_trouble().unwrap_or_default();
    for word in words {
        assert!(trouble.contains(word), "`{word}` in: {trouble}");
    }
    assert!(!world.store.compare().unwrap().differences.is_empty());
    let refused = file(world, "R-9", "ci:read");
    assert!(
        matches!(refused, Err(AgentError::Commit(CommitError::LogBroken(_)))),
        "{refused:?}"
    );
}

#[test]
fn nobody_keeps_access_by_a_row_of_a_grant() {
    for (edit, column) in [
        ("UPDATE access_grant SET ends = ends + 31536000", "ends"),
        ("UPDATE access_grant SET ends = NULL", "ends"),
        ("UPDATE access_grant SET starts = starts + 600", "starts"),
        ("UPDATE access_grant SET state = 'revoked'", "state"),
        ("UPDATE access_grant SET state = 'refused'", "state"),
        ("UPDATE access_grant SET state = 'withdrawn'", "state"),
        ("UPDATE access_grant SET state = 'unknown'", "state"),
        ("UPDATE access_grant SET state = 'no such state'", "state"),
        ("UPDATE access_grant SET person = 'engineer-002'", "person"),
        (
            "UPDATE access_grant SET entitlement = 'ci:read'",
            "entitlement",
        ),
        ("UPDATE access_grant SET id = 'R-2#1'", "R-2#1"),
        ("UPDATE access_grant SET leaf = 1", "leaf"),
        (
            "UPDATE access_grant SET content_digest = 'sha256:other'",
            "content_digest",
        ),
        // What the leaf itself says stands for no content.
        (
            "UPDATE access_grant SET content_digest = (SELECT json_extract(CAST(bytes AS TEXT), '$.clear.content')
             FROM log_leaf WHERE number = access_grant.leaf)",
            "content_digest",
        ),
        ("DELETE FROM access_grant", "R-1#1"),
        (
            "DELETE FROM access_grant; DELETE FROM ruling; DELETE FROM request; DELETE FROM evidence; \
             DELETE FROM opening; DELETE FROM person_version; DELETE FROM signed_state",
            "R-1#1",
        ),
    ] {
        let world = world();
        grant(&world, "R-1", "repo:read");
        assert_eq!(world.store.compare().unwrap().differences, [""; 0]);
        let world = tamper(world, edit);
        is_told(&world, &["database is not what was signed", column]);
        assert_eq!(
            world.agent().expire().unwrap(),
            [],
            "{edit}: not before its end"
        );
        assert!(holds(&world, "repo:read"), "{edit}");
        world.clock.advance(Minutes::from_hours(8));
        let taken = world.agent().expire().unwrap();
        assert!(
            taken.len() == 1 && taken.iter().all(|done| done.is_gone),
            "{edit}: {taken:?}"
        );
        assert!(!holds(&world, "repo:read"), "{edit}");
        // It is gone, whatever the log still says.
        assert_eq!(world.agent().expire().unwrap(), [], "{edit}");
    }
}

#[test]
fn a_deleted_grant_can_be_taken_back_early() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    let world = tamper(world, "DELETE FROM access_grant");
    let security = world.reviewer("security-001").unwrap();
    let done = world.agent().revoke("R-1#1", &security, "not needed");
    assert!(done.unwrap().is_gone && !holds(&world, "repo:read"));
}

/// A later grant keeps what an ended one gave. A forged one does not.
#[test]
fn a_forged_extension_keeps_nothing() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    let world = tamper(
        world,
        "INSERT INTO access_grant SELECT 'R-2#1', 'R-2', 1, person, login, entitlement, starts, ends + 31536000,
         authority, content_digest, 'forged', state, detail, leaf FROM access_grant",
    );
    is_told(&world, &["R-2#1", "knows no such grant"]);
    world.clock.advance(Minutes::from_hours(8));
    assert_eq!(world.agent().expire().unwrap().len(), 1);
    assert!(!holds(&world, "repo:read"));
}

#[test]
fn a_grant_that_is_over_is_not_given_again_by_its_row() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    world.clock.advance(Minutes::from_hours(8));
    assert_eq!(world.agent().expire().unwrap().len(), 1);
    let world = tamper(
        world,
        "UPDATE access_grant SET state = 'committed', ends = ends + 31536000",
    );
    is_told(&world, &["R-1#1"]);
    let row = world.store.grant("R-1#1").unwrap().unwrap();
    assert_eq!(world.store.leaf_confirms(&row), Ok(false));
    world.agent().reconcile().unwrap();
    assert!(!holds(&world, "repo:read"));
}

/// What is over is not looked at by every start, and is found by the comparison of everything.
#[test]
fn rows_that_are_deleted_are_found_by_the_whole_comparison() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    world.clock.advance(Minutes::from_hours(8));
    world.agent().expire().unwrap();
    let whole = world.store.compare().unwrap();
    assert_eq!((whole.grants, whole.reviews), (1, 1));
    assert_eq!(whole.differences, [""; 0]);
    let world = tamper(world, "DELETE FROM access_grant; DELETE FROM review");
    let found = world.store.compare().unwrap().differences;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|text| text.contains("grant `R-1#1`")));
    assert!(found.iter().any(|text| text.contains("review `R-1")));
    let world = tamper(world, "UPDATE log_leaf SET bytes = x'00' WHERE number = 1");
    let found = world.store.compare().unwrap().differences;
    assert!(found.iter().any(|text| text.contains("what was signed")));
}

/// A log long enough that a start saves what it says.
fn long() -> World {
    let world = world();
    grant(&world, "R-1", "repo:read");
    let leaf = LeafDraft {
        category: Category::PolicyCheck,
        event: "test",
        request: String::new(),
        person: None,
        clear: [].into(),
        keyed: [].into(),
        committed: [].into(),
    };
    let fill = |at| Transition {
        at,
        leaves: vec![leaf.clone(); 1_024],
        ..Transition::default()
    };
    let now = world.agent().now().unwrap();
    world.store.commit(&[fill(now)]).pop().unwrap().unwrap();
    again(world)
}

/// What decides and is in no row of a grant.
fn said(world: &World) -> (Option<String>, bool, Option<String>, Timestamp) {
    let store = &world.store;
    (
        store.active_policy().unwrap(),
        store.is_overridden("sha256:forged").unwrap(),
        store.bound_power("repo:read").unwrap(),
        store.highest_time().unwrap(),
    )
}

#[test]
fn a_saved_state_counts_only_as_signed() {
    let world = long();
    let before = said(&world);
    assert!(before.0.is_some() && before.2.is_some() && !before.1);
    let saved: u32 = rusqlite::Connection::open(world.database())
        .and_then(|database| {
            database.query_row("SELECT COUNT(*) FROM signed_state", [], |row| row.get(0))
        })
        .unwrap();
    assert_eq!(saved, 1);
    let power = before.2.clone().unwrap();
    let policy = before.0.clone().unwrap();
    for edit in [
        "DELETE FROM signed_state".to_owned(),
        "UPDATE signed_state SET body = '', note = ''".to_owned(),
        r#"UPDATE signed_state SET body = replace(body, '"allowed":[]', '"allowed":["sha256:forged"]')"#.to_owned(),
        format!("UPDATE signed_state SET body = replace(body, '{policy}', 'sha256:forged')"),
        format!("UPDATE signed_state SET body = replace(body, '{power}', 'sha256:forged')"),
        format!("UPDATE signed_state SET body = replace(body, '{START}', '2020-01-01T00:00:00Z')"),
        "UPDATE signed_state SET note = (SELECT checkpoint FROM log_head)".to_owned(),
    ] {
        let world = tamper(long(), &edit);
        assert_eq!(world.store.log_trouble(), None, "{edit}");
        assert_eq!(said(&world), before, "{edit}");
        assert!(world.store.grant("R-1#1").unwrap().is_some());
    }
}

/// An older state that was truly signed tells nothing old: what came after it is read again.
#[test]
fn an_older_saved_state_changes_nothing() {
    let world = tamper(long(), "CREATE TABLE kept AS SELECT * FROM signed_state");
    world.clock.advance(Minutes::from_hours(9));
    assert_eq!(world.agent().expire().unwrap().len(), 1);
    let after = said(&world);
    let world = tamper(
        world,
        "DELETE FROM signed_state; INSERT INTO signed_state SELECT * FROM kept",
    );
    assert_eq!(world.store.log_trouble(), None);
    assert_eq!(said(&world), after);
    assert!(world.agent().expire().unwrap().is_empty());
}

/// The rows in which an earlier version believed, and leaves that nobody signed.
#[test]
fn no_row_allows_a_policy_or_puts_one_in_force() {
    let before = said(&world());
    let world = tamper(
        world(),
        "CREATE TABLE automatic_override (digest TEXT PRIMARY KEY, reason TEXT, at INTEGER);
         INSERT INTO automatic_override VALUES ('sha256:forged', 'x', 0);
         CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);
         INSERT INTO meta VALUES ('active_policy', 'sha256:forged'), ('highest_time', '0');
         INSERT INTO policy VALUES ('sha256:forged', 'access.yml', x'00', '{}')",
    );
    assert_eq!(said(&world), before);
    assert_eq!(world.store.log_trouble(), None);
    for edit in [
        "INSERT INTO log_leaf SELECT 1, replace(CAST(bytes AS TEXT), 'policy.activated', 'guarded.allowed') FROM log_leaf",
        "UPDATE log_leaf SET bytes = CAST(replace(CAST(bytes AS TEXT), 'policy.activated', 'guarded.allowed') AS BLOB)",
    ] {
        let world = tamper(self::world(), edit);
        is_told(&world, &["does not verify"]);
    }
}

/// Any leaf since the last save is looked at, not only the last one; the published log tells what it was.
#[test]
fn grants_end_by_the_published_log_when_the_database_lost_its_own() {
    for edit in [
        "UPDATE access_grant SET ends = ends + 31536000;
         UPDATE log_leaf SET bytes = CAST(replace(CAST(bytes AS TEXT), '2026-03-02T17', '2027-03-02T17') AS BLOB)",
        "DELETE FROM access_grant; DELETE FROM log_leaf; DELETE FROM log_tile; DELETE FROM log_head; DELETE FROM signed_state",
    ] {
        let world = world();
        grant(&world, "R-1", "repo:read");
        world.store.publish().unwrap();
        let world = tamper(world, edit);
        is_told(&world, &["does not verify"]);
        assert_eq!(world.agent().expire().unwrap(), [], "{edit}: not before its end");
        world.clock.advance(Minutes::from_hours(8));
        assert_eq!(world.agent().expire().unwrap().len(), 1, "{edit}");
        assert!(!holds(&world, "repo:read"), "{edit}");
    }
}

#[test]
fn a_published_log_counts_only_as_signed() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    world.store.publish().unwrap();
    let entries = world.log().join("tile/entries");
    let file = std::fs::read_dir(entries.join("000.p")).unwrap().next();
    let file = file.unwrap().unwrap().path();
    let bytes = std::fs::read(&file).unwrap();
    let mut edited = bytes.clone();
    for at in 0..bytes.len() {
        if bytes.get(at..).unwrap().starts_with(b"2026-03-02T17") {
            edited.splice(at..at + 13, *b"2026-03-02T10");
        }
    }
    assert_ne!(edited, bytes);
    std::fs::write(&file, edited).unwrap();
    let world = tamper(world, "DELETE FROM log_head");
    is_told(&world, &["does not verify"]);
    world.clock.advance(Minutes::from_hours(2));
    assert_eq!(world.agent().expire().unwrap(), [], "not before its end");
    world.clock.advance(Minutes::from_hours(6));
    assert_eq!(world.agent().expire().unwrap().len(), 1);
}

#[test]
fn the_highest_time_is_that_of_the_newest_leaf() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    world.clock.advance(Minutes::from_hours(9));
    file(&world, "R-2", "ci:read").unwrap();
    let world = tamper(
        world,
        "DELETE FROM signed_state; DELETE FROM request WHERE id = 'R-2'",
    );
    world.clock.set(Timestamp::parse(START).unwrap());
    assert_eq!(world.agent().expire().unwrap().len(), 1);
    assert!(!holds(&world, "repo:read"));
}

#[test]
fn what_a_name_is_bound_to_is_in_no_row() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    let world = tamper(
        world,
        "CREATE TABLE binding (entitlement TEXT PRIMARY KEY, power TEXT); DELETE FROM ruling",
    );
    // Somebody makes the name give more. It was bound before, and the log says to what.
    let wider = DIRECTORY.to_owned() + "targets:\n  repo:read: { grants: [\"vault:admin\"] }\n";
    let world = world.reopen(POLICY, &wider).unwrap();
    let decision = file(&world, "R-2", "repo:read").unwrap();
    assert!(
        decision
            .findings
            .iter()
            .any(|line| line.finding == "binding-drift"),
        "{:?}",
        decision.findings
    );
}

/// What somebody with write access does to the log while the agent has it open.
fn forge(world: &World, edit: &str) {
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let column =
        |query: &str| -> Vec<u8> { database.query_row(query, [], |row| row.get(0)).unwrap() };
    let frontier = Frontier::from_bytes(&column("SELECT frontier FROM log_head")).unwrap();
    let mut appender = Appender::new(frontier);
    let leaf = column("SELECT bytes FROM log_leaf WHERE number = 0");
    let appended = appender.append(&leaf).unwrap();
    database
        .execute(
            "INSERT INTO log_leaf VALUES (?1, ?2)",
            (appended.index, &leaf),
        )
        .unwrap();
    for node in &appended.nodes {
        database
            .execute(
                "INSERT INTO log_tile VALUES (?1, ?2, ?3)",
                (node.level, node.index, node.hash.0.as_slice()),
            )
            .unwrap();
    }
    let bytes = appender.frontier().to_bytes();
    database
        .execute("UPDATE log_head SET frontier = ?1", [bytes])
        .unwrap();
    database.execute_batch(edit).unwrap();
}

#[test]
fn nothing_is_signed_on_top_of_leaves_that_were_forged_after_the_start() {
    let older = "DELETE FROM log_leaf WHERE number >= (SELECT number FROM older);
         DELETE FROM log_tile WHERE number >= (SELECT number FROM older);
         UPDATE log_head SET (frontier, checkpoint) = (SELECT frontier, checkpoint FROM older)";
    for edit in ["", older, "DELETE FROM log_head"] {
        let world = world();
        let database = rusqlite::Connection::open(world.database()).unwrap();
        database
            .execute_batch(
                "CREATE TABLE older AS SELECT frontier, checkpoint,
                 (SELECT COUNT(*) FROM log_leaf) AS number FROM log_head",
            )
            .unwrap();
        grant(&world, "R-1", "repo:read");
        forge(&world, edit);
        let head = || -> Option<(Vec<u8>, String)> {
            let query = "SELECT frontier, checkpoint FROM log_head";
            let row = database.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)));
            row.ok()
        };
        let before = head();
        let refused = file(&world, "R-2", "ci:read");
        assert!(
            matches!(refused, Err(AgentError::Commit(CommitError::LogBroken(_)))),
            "{edit}: {refused:?}"
        );
        assert_eq!(head(), before, "{edit}: nothing was signed");
        is_told(&world, &["does not verify"]);
        // It ends all the same, when it was said and not before.
        assert_eq!(world.agent().expire().unwrap(), [], "{edit}");
        world.clock.advance(Minutes::from_hours(8));
        assert_eq!(world.agent().expire().unwrap().len(), 1, "{edit}");
        assert!(!holds(&world, "repo:read"), "{edit}");
    }
}

/// Leaves without a head stop the next commit, and everything but revocations after it.
#[test]
fn leaves_that_nobody_signed_do_not_get_into_what_decides() {
    let world = world();
    grant(&world, "R-1", "repo:read");
    let policy = world.store.active_policy().unwrap();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database
        .execute_batch(
            "INSERT INTO log_leaf SELECT (SELECT COUNT(*) FROM log_leaf),
             CAST(replace(CAST(bytes AS TEXT), 'sha256:', 'forged:') AS BLOB) FROM log_leaf WHERE number = 0",
        )
        .unwrap();
    assert!(file(&world, "R-2", "ci:read").is_err());
    assert_eq!(world.store.active_policy().unwrap(), policy);
    is_told(&world, &["does not verify"]);
    world.clock.advance(Minutes::from_hours(8));
    assert_eq!(world.agent().expire().unwrap().len(), 1);
}

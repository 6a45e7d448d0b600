//! The command line over the life of a grant: what goes on whatever is broken, and what is told.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

const POLICY: &str = include_str!("../../../policies/minimal/access.yml");

fn account() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn directory(status: &str, more: &str) -> String {
    let account = account();
    format!(
        "people:
  engineer-001: {{ roles: [engineer], department: Platform, manager: {account} }}
  {account}: {{ roles: [engineer]{status} }}
groups:
  security: {{ members: [{account}] }}
{more}"
    )
}

/// A home folder in which the account that runs the test is the manager, and speaks for security.
fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("access.yml"), POLICY).unwrap();
    write_directory(folder.path(), "", "");
    folder
}

fn write_directory(home: &Path, status: &str, more: &str) {
    std::fs::write(home.join("directory.yml"), directory(status, more)).unwrap();
}

fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_access-request-agent"));
    command.args(["--home", home.to_str().unwrap()]).args(words);
    command
        .env_remove("ACCESS_REQUEST_AGENT_MODE")
        .env("COLUMNS", "100");
    command
}

/// Standard output and standard error together, and the exit code.
fn told(output: &Output) -> (String, i32) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap_or(-1))
}

fn run(home: &Path, words: &[&str]) -> (String, i32) {
    told(&command(home, words).output().unwrap())
}

fn ticket(id: &str, access: &str) -> String {
    format!(
        r#"{{"request_id": "{id}", "requester": "engineer-001", "access": "{access}", "justification": "the importer's tests fail on the shared data"}}"#
    )
}

fn handle(home: &Path, tickets: &str, words: &[&str]) -> (String, i32) {
    let path = home.join("tickets.json");
    std::fs::write(&path, tickets).unwrap();
    let words = [&["handle", path.to_str().unwrap()], words].concat();
    run(home, &words)
}

/// A home in which REQ-1 was granted in guarded mode.
fn granted() -> tempfile::TempDir {
    let folder = home();
    let home = folder.path();
    run(home, &["policy", "allow-guarded", "--reason", "a test"]);
    handle(
        home,
        &ticket("REQ-1", "dev-db:read"),
        &["--mode", "guarded"],
    );
    let (text, code) = run(home, &["review", "approve", "REQ-1", "--mode", "guarded"]);
    assert!(text.contains("applied") && code == 0, "{text}");
    folder
}

const READING: [&[&str]; 8] = [
    &["grants", "list"],
    &["grants", "expire"],
    &["request", "list"],
    &["request", "show", "REQ-1"],
    &["review", "list"],
    &["review", "show", "REQ-1"],
    &["audit", "verify", "--store"],
    &["audit", "show"],
];

/// Revocations go on: no mode, contract or policy file stops them, or what only reads.
#[test]
fn nothing_stops_reading_and_taking_back() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("an edited policy", |home| {
            std::fs::write(home.join("access.yml"), format!("{POLICY}\n# a change\n")).unwrap();
        }),
        ("a broken policy", |home| {
            std::fs::write(home.join("access.yml"), "roles: [").unwrap();
        }),
        ("a policy that is gone", |home| {
            std::fs::remove_file(home.join("access.yml")).unwrap();
        }),
        ("broken contracts", |home| {
            std::fs::write(home.join("agentaz.json"), "{}").unwrap();
            std::fs::write(home.join("agentaz-guarded.json"), "{}").unwrap();
        }),
    ];
    for (what, damage) in damages {
        let folder = granted();
        let home = folder.path();
        damage(home);
        let revoke = ["grants", "revoke", "REQ-1#1", "--reason", "left the team"];
        for words in READING.into_iter().chain([&revoke[..]]) {
            let mut command = command(home, words);
            command.env("ACCESS_REQUEST_AGENT_MODE", "guarded");
            let (text, code) = told(&command.output().unwrap());
            assert_eq!(code, 0, "{what}, {words:?}: {text}");
        }
        let (text, code) = handle(home, &ticket("REQ-2", "ci:read"), &["--mode", "guarded"]);
        assert_ne!(code, 0, "{what}: nothing is decided: {text}");
    }
}

/// What somebody put into the table of policies is not the policy in force.
#[test]
fn a_forged_policy_in_the_store_is_not_gone_on_under() {
    let folder = granted();
    let home = folder.path();
    std::fs::write(home.join("access.yml"), "roles: [").unwrap();
    let database = rusqlite::Connection::open(home.join("state/store.db")).unwrap();
    let forged = "UPDATE policy SET source = CAST('roles: {}' AS BLOB)";
    assert_eq!(database.execute(forged, []), Ok(1));
    drop(database);
    assert_eq!(run(home, &["grants", "list"]).1, 4);
}

fn many(count: usize) -> String {
    (1..=count).fold(String::new(), |mut text, number| {
        writeln!(text, "{}", ticket(&format!("REQ-{number}"), "ci:read")).unwrap();
        text
    })
}

fn shell(home: &Path, redirection: &str) -> i32 {
    let script = format!(
        "set -o pipefail; {} --home {} handle {} {redirection}",
        env!("CARGO_BIN_EXE_access-request-agent"),
        home.display(),
        home.join("tickets.json").display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    output.status.code().unwrap_or(-1)
}

/// A reader that goes away loses nothing but what it did not want to read.
#[test]
fn a_closed_pipe_stops_printing_and_not_the_work() {
    let folder = home();
    let home = folder.path();
    std::fs::write(home.join("tickets.json"), many(300)).unwrap();
    assert_eq!(shell(home, "| head -1"), 0);
    let (text, _) = run(
        home,
        &["request", "list", "--limit", "400", "--format", "ndjson"],
    );
    assert_eq!(text.lines().count(), 300);
}

#[test]
fn what_cannot_be_printed_is_told_after_the_work() {
    let folder = home();
    let home = folder.path();
    std::fs::write(home.join("tickets.json"), many(3)).unwrap();
    assert_eq!(shell(home, "> /dev/full"), 1);
    let (text, _) = run(home, &["request", "list", "--format", "ndjson"]);
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn a_lost_key_is_not_replaced() {
    for name in ["log.key", "person.key"] {
        let folder = granted();
        let home = folder.path();
        let path = home.join("state/keys").join(name);
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let (text, code) = run(home, &["grants", "list"]);
        assert_eq!(code, 1, "{name}: {text}");
        assert!(text.contains(name) && text.contains("backup"), "{text}");
        assert!(!path.exists(), "{name} is not made anew");
        // A link is no key, wherever it leads.
        let elsewhere = home.join("elsewhere");
        std::fs::write(&elsewhere, kept).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        let (text, code) = run(home, &["grants", "list"]);
        assert!(code == 1 && text.contains("not a regular file"), "{text}");
    }
}

#[test]
fn who_is_not_active_reviews_nothing() {
    let folder = granted();
    let home = folder.path();
    for status in [", status: inactive", ", leaves_at: 2020-01-01"] {
        write_directory(home, status, "");
        for words in [
            &["grants", "revoke", "REQ-1#1", "--reason", "x"][..],
            &["policy", "allow-guarded", "--reason", "x"],
        ] {
            let (text, code) = run(home, words);
            assert_eq!(code, 5, "{status}: {text}");
            assert!(text.contains("not an active person"), "{status}: {text}");
        }
    }
}

#[test]
fn one_bad_row_hides_no_other_request() {
    let folder = home();
    let home = folder.path();
    handle(home, &many(3), &[]);
    let database = rusqlite::Connection::open(home.join("state/store.db")).unwrap();
    let damage = "UPDATE ruling SET record = 'x' WHERE request = 'REQ-2'";
    assert_eq!(database.execute(damage, []), Ok(1));
    drop(database);
    let (text, code) = run(home, &["request", "list"]);
    assert!(text.contains("REQ-1 ") && text.contains("REQ-3 "), "{text}");
    assert!(text.contains("cannot be read") && code == 1, "{text}");
}

#[test]
fn lists_say_what_they_leave_out_and_begin_with_the_newest() {
    let folder = granted();
    let home = folder.path();
    handle(home, &ticket("REQ-2", "ci:read"), &[]);
    let (text, _) = run(home, &["request", "list", "--limit", "1"]);
    assert!(text.contains("REQ-2") && text.contains("1 more"), "{text}");
    run(home, &["review", "approve", "REQ-2", "--mode", "guarded"]);
    let (text, _) = run(home, &["grants", "list", "--limit", "1"]);
    assert!(text.contains("REQ-2") && text.contains("1 more"), "{text}");
}

/// A grant that had no effect waits for a person, as what was not granted does.
#[test]
fn what_had_no_effect_is_listed_for_review() {
    let folder = granted();
    let home = folder.path();
    let (text, _) = run(home, &["review", "list"]);
    assert!(text.contains("nothing to show"), "{text}");
    handle(home, &ticket("REQ-2", "ci:read"), &[]);
    let holdings = rusqlite::Connection::open(home.join("state/holdings.db")).unwrap();
    holdings.execute_batch("BEGIN IMMEDIATE").unwrap();
    run(home, &["review", "approve", "REQ-2", "--mode", "guarded"]);
    holdings.execute_batch("ROLLBACK").unwrap();
    drop(holdings);
    // Whoever it was for leaves before it is tried again.
    let gone = directory("", "").replace("manager: ", "status: inactive, manager: ");
    std::fs::write(home.join("directory.yml"), gone).unwrap();
    let listed = command(home, &["review", "list", "--format", "ndjson"]).output();
    let text = String::from_utf8(listed.unwrap().stdout).unwrap();
    assert!(
        text.contains("REQ-2") && text.contains("withdrawn"),
        "{text}"
    );
}

#[test]
fn the_way_back_from_a_binding_that_drifted() {
    let folder = granted();
    let home = folder.path();
    let wider = "targets:\n  ci:read: { grants: [\"ci:logs\"] }\n";
    handle(home, &ticket("REQ-2", "ci:read"), &[]);
    write_directory(home, "", wider);
    let (text, _) = handle(home, &ticket("REQ-3", "ci:read"), &["--format", "ndjson"]);
    assert!(text.contains("binding-drift"), "{text}");
    let rebind = [
        "policy",
        "rebind",
        "ci:read",
        "--reason",
        "the logs belong to it",
    ];
    let (text, code) = run(home, &rebind);
    assert_eq!(code, 0, "{text}");
    let (text, _) = handle(home, &ticket("REQ-4", "ci:read"), &["--format", "ndjson"]);
    assert!(!text.contains("binding-drift"), "{text}");
    assert_eq!(run(home, &["audit", "verify", "--store"]).1, 0);
    let (text, code) = run(
        home,
        &["policy", "rebind", "no-such:thing", "--reason", "x"],
    );
    assert_eq!(code, 8, "{text}");
}

#[test]
fn a_request_id_is_nothing_that_a_shell_would_run() {
    let folder = home();
    for id in ["R;reboot", "R|x", "$(x)", "{R}", "-rf", ".R", "Ré"] {
        let (text, code) = handle(folder.path(), &ticket(id, "ci:read"), &[]);
        assert_eq!(code, 4, "{id}: {text}");
        assert!(text.contains("request_id"), "{text}");
    }
    let (_, code) = handle(folder.path(), &ticket("A1._:/#-z", "ci:read"), &[]);
    assert_eq!(code, 0);
}

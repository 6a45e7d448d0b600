//! `policy` and `replay` as a person meets them.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::path::Path;
use std::process::Command;

const COOKBOOK: &str = include_str!("../../policy/tests/cookbook/access.yml");

fn home(policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("id").arg("-un").output().unwrap();
    let account = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let directory = format!(
        "people:
  engineer-017: {{ roles: [engineer], manager: {account}, attributes: {{ employment: employee, country_group: eu }} }}
  {account}: {{ roles: [employee] }}
groups: {{ security: {{ members: [{account}] }} }}
"
    );
    std::fs::write(folder.path().join("access.yml"), policy).unwrap();
    std::fs::write(folder.path().join("directory.yml"), directory).unwrap();
    folder
}

/// Standard output and standard error together, and the exit code.
fn run(home: &Path, words: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_access-request-agent"))
        .args(["--home", home.to_str().unwrap()])
        .args(words)
        .env_remove("ACCESS_REQUEST_AGENT_MODE")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap_or(-1))
}

fn file(home: &Path, id: &str, access: &str) {
    let ticket = format!(
        r#"{{"request_id": "{id}", "requester": "engineer-017", "access": "{access}", "justification": "the importer's tests fail"}}"#
    );
    let path = home.join("ticket.json");
    std::fs::write(&path, ticket).unwrap();
    let (text, code) = run(home, &["handle", path.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn tests_of_a_policy_run_and_report() {
    let folder = home(COOKBOOK);
    let home = folder.path();
    let (text, code) = run(home, &["policy", "test"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("27 of 27 passed"), "{text}");
    // Cases of a file, one of which names somebody whom nobody knows, and one that fails.
    let cases = home.join("cases.yml");
    std::fs::write(
        &cases,
        "tests:
  - { name: known, requester: engineer-017, access: \"repo:write\", approvals: [manager], expect: { decision: AUTO_PROVISION } }
  - { name: unknown, requester: engineer-999, access: \"repo:write\", expect: { decision: ESCALATE } }
  - { name: wrong & odd, requester: engineer-017, access: \"prod-db:read\", expect: { decision: AUTO_PROVISION } }
",
    )
    .unwrap();
    let junit = home.join("junit.xml");
    let words = [
        "policy",
        "test",
        cases.to_str().unwrap(),
        "--junit",
        junit.to_str().unwrap(),
    ];
    let (text, code) = run(home, &words);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("28 of 30 passed"), "{text}");
    assert!(
        text.contains("nobody in the directory has the login `engineer-999`"),
        "{text}"
    );
    assert!(text.contains("cases.yml:4"), "{text}");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("tests=\"3\" failures=\"2\""), "{junit}");
    assert!(junit.contains("wrong &amp; odd"), "{junit}");
}

#[test]
fn a_policy_whose_tests_fail_or_that_is_dangerous_is_not_put_in_force() {
    let folder = home(COOKBOOK);
    let home = folder.path();
    file(home, "R-1", "repo:write");
    let wrong = COOKBOOK.replace(
        "expect: { decision: DENY, basis: offboarding-override }",
        "expect: { decision: ESCALATE }",
    );
    assert_ne!(wrong, COOKBOOK);
    std::fs::write(home.join("access.yml"), wrong).unwrap();
    let (text, code) = run(home, &["policy", "activate", "--reason", "a try"]);
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("the policy's own tests fail"), "{text}");
    let dangerous = COOKBOOK.replace(
        "standard: [\"metrics:read\"]",
        "standard: [\"metrics:read\", \"prod-db:read\"]",
    );
    std::fs::write(home.join("access.yml"), dangerous).unwrap();
    let (text, code) = run(home, &["policy", "activate", "--reason", "a try"]);
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("lint::privileged_role"), "{text}");
    // Nothing of it is in force, and the old one is.
    let (text, code) = run(home, &["policy", "history", "--format", "ndjson"]);
    assert_eq!(code, 0);
    assert_eq!(text.matches("policy.activated").count(), 1, "{text}");
}

/// What the difference says somebody could newly get, `handle` gives under the new policy and not under the old one.
#[test]
fn the_example_of_a_difference_is_confirmed_by_handling_it() {
    let folder = home(COOKBOOK);
    let home = folder.path();
    file(home, "R-1", "repo:write");
    let wider = COOKBOOK.replace(
        "standard: [\"repo:write\", \"ci:run\"]",
        "standard: [\"repo:write\", \"ci:run\", \"headcount-plan:read\", \"metrics:read\"]",
    );
    std::fs::write(home.join("new.yml"), &wider).unwrap();
    let (text, code) = run(
        home,
        &[
            "policy",
            "diff",
            "active",
            home.join("new.yml").to_str().unwrap(),
        ],
    );
    assert_eq!(code, 0, "{text}");
    let example = text
        .lines()
        .find(|line| line.contains("EXAMPLE-1"))
        .unwrap()
        .trim();
    assert!(example.contains("engineer-017"), "{example}");
    let ticket = home.join("example.json");
    std::fs::write(&ticket, example).unwrap();
    let found = |text: &str| text.contains("out-of-role");
    let words = [
        "handle",
        ticket.to_str().unwrap(),
        "--dry-run",
        "--format",
        "ndjson",
    ];
    let (before, _) = run(home, &words);
    assert!(found(&before), "{before}");
    std::fs::write(home.join("access.yml"), &wider).unwrap();
    let (after, _) = run(home, &words);
    assert!(!found(&after), "{after}");
}

#[test]
fn decisions_replay_and_a_changed_record_is_told_field_by_field() {
    let folder = home(COOKBOOK);
    let home = folder.path();
    file(home, "R-1", "repo:write");
    file(home, "R-2", "prod-db:read");
    let (text, code) = run(home, &["replay", "--all"]);
    assert_eq!(
        (code, text.trim()),
        (0, "2 of 2 decisions replay byte for byte")
    );
    let database = rusqlite::Connection::open(home.join("state/store.db")).unwrap();
    database
        .execute("UPDATE ruling SET record = replace(record, '\"low\"', '\"high\"') WHERE request = 'R-1'", [])
        .unwrap();
    drop(database);
    let (text, code) = run(home, &["replay", "R-1"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("R-1#1/1: risk") && text.contains("now: low"),
        "{text}"
    );
    assert_eq!(run(home, &["replay", "R-9"]).1, 8);
}

#[test]
fn what_was_in_force_can_be_shown() {
    let folder = home(COOKBOOK);
    let home = folder.path();
    file(home, "R-1", "repo:write");
    let (history, _) = run(home, &["policy", "history", "--format", "json"]);
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    let digest = history[0]["policy"].as_str().unwrap();
    std::fs::write(home.join("access.yml"), "roles: {}\n").unwrap();
    let (text, code) = run(home, &["policy", "show", "--at", digest]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(text.trim_end(), COOKBOOK.trim_end());
    assert_eq!(run(home, &["policy", "show", "--at", "sha256:0000"]).1, 8);
}

//! Kill and restart: the process is aborted at every named place, every time it is passed, and started again.
//! Nothing is lost, nothing happens twice. Needs the feature `failpoints`; without it there is nothing to abort at.

#![cfg_attr(
    feature = "failpoints",
    expect(
        clippy::unwrap_used,
        reason = "helpers of tests may panic: that is how a test fails"
    )
)]
#![cfg(feature = "failpoints")]

use std::path::Path;
use std::process::{Command, Output};

const POLICY: &str = include_str!("../../../policies/minimal/access.yml");
const TICKET: &str = r#"{"request_id": "REQ-1", "requester": "engineer-001", "access": "dev-db:read",
    "justification": "the importer's tests fail on the shared data"}"#;

/// Every fail point of a request's way.
const GRANTING: [&str; 7] = [
    "agent-before-commit",
    "store-before-commit",
    "store-after-commit",
    "agent-after-commit",
    "agent-after-effect",
    "agent-before-settle",
    "agent-after-settle",
];
/// Every fail point of a revocation's way.
const REVOKING: [&str; 4] = [
    "store-before-commit",
    "store-after-commit",
    "agent-after-revoke-commit",
    "agent-after-revoke-effect",
];

fn account() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let account = account();
    let directory = format!(
        "people:\n  engineer-001: {{ roles: [engineer], department: Platform, manager: {account} }}\n  {account}: {{ roles: [] }}\ngroups:\n  security: {{ members: [{account}] }}\n"
    );
    std::fs::write(folder.path().join("access.yml"), POLICY).unwrap();
    std::fs::write(folder.path().join("directory.yml"), directory).unwrap();
    std::fs::write(folder.path().join("ticket.json"), TICKET).unwrap();
    folder
}

fn run(home: &Path, abort_at: Option<&str>, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_access-request-agent"));
    command.args(["--home", home.to_str().unwrap()]).args(words);
    command.env("ACCESS_REQUEST_AGENT_MODE", "guarded");
    command.env_remove("ACCESS_REQUEST_AGENT_ABORT_AT");
    if let Some(name) = abort_at {
        command.env("ACCESS_REQUEST_AGENT_ABORT_AT", name);
    }
    command.output().unwrap()
}

fn good(home: &Path, words: &[&str]) -> String {
    let output = run(home, None, words);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{words:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn was_aborted(output: &Output) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    output.status.signal() == Some(6)
}

/// A home in which REQ-1 waits for its manager.
fn waiting() -> tempfile::TempDir {
    let folder = home();
    good(
        folder.path(),
        &["policy", "allow-guarded", "--reason", "a test"],
    );
    let ticket = folder.path().join("ticket.json");
    good(folder.path(), &["handle", ticket.to_str().unwrap()]);
    folder
}

fn leaves(home: &Path, event: &str, what: &str) -> usize {
    let text = good(home, &["audit", "export"]);
    text.lines()
        .filter(|line| line.contains(event) && line.contains(what))
        .count()
}

/// The end of every story: granted once, read back once, and the log verifies.
fn assert_granted_once(home: &Path, place: &str) {
    let shown = good(home, &["request", "show", "REQ-1", "--format", "json"]);
    assert!(shown.contains("\"applied\": true"), "{place}: {shown}");
    let grants = good(home, &["grants", "list", "--all", "--format", "ndjson"]);
    assert_eq!(grants.lines().count(), 1, "{place}: {grants}");
    assert_eq!(
        leaves(home, "effect.settled", "\"state\":\"applied\""),
        1,
        "{place}"
    );
    assert_eq!(leaves(home, "approval.given", ""), 1, "{place}");
    good(home, &["audit", "verify"]);
}

#[test]
fn a_grant_survives_an_abort_at_every_place() {
    let mut aborted = 0;
    for place in GRANTING {
        for hit in 1.. {
            let told = format!("{place}@{hit}");
            let folder = waiting();
            let home = folder.path();
            let output = run(home, Some(&told), &["review", "approve", "REQ-1"]);
            if !was_aborted(&output) {
                assert!(
                    output.status.success(),
                    "{told}: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
                assert!(hit > 1, "{place} was never passed");
                break;
            }
            aborted += 1;
            // The next start finishes what was begun. An approval that was not committed is given again; one that was,
            // with the ruling lost, is ruled upon again.
            good(home, &["request", "list"]);
            if leaves_in_store(home) == 0 {
                good(home, &["review", "approve", "REQ-1"]);
            } else if !good(home, &["request", "show", "REQ-1", "--format", "json"])
                .contains("\"applied\": true")
            {
                good(home, &["request", "rule", "REQ-1"]);
            }
            assert_granted_once(home, &told);
        }
    }
    assert!(aborted >= GRANTING.len(), "{aborted} aborts");
}

/// Approvals that are committed, whatever was published: a changing verb publishes first.
fn leaves_in_store(home: &Path) -> usize {
    good(home, &["grants", "expire"]);
    leaves(home, "approval.given", "")
}

#[test]
fn a_revocation_survives_an_abort_at_every_place() {
    for place in REVOKING {
        for hit in 1.. {
            let told = format!("{place}@{hit}");
            let folder = waiting();
            let home = folder.path();
            good(home, &["review", "approve", "REQ-1"]);
            let output = run(
                home,
                Some(&told),
                &["grants", "revoke", "REQ-1#1", "--reason", "left the team"],
            );
            if !was_aborted(&output) {
                assert!(hit > 1, "{place} was never passed");
                break;
            }
            let grants = good(home, &["grants", "list", "--all", "--format", "ndjson"]);
            if grants.contains("\"applied\"") {
                good(
                    home,
                    &["grants", "revoke", "REQ-1#1", "--reason", "left the team"],
                );
            }
            let grants = good(home, &["grants", "list", "--all", "--format", "ndjson"]);
            assert!(grants.contains("\"revoked\""), "{told}: {grants}");
            good(home, &["audit", "verify"]);
        }
    }
}

//! The command line as a person meets it: exit codes, messages with their place, and nothing half-written.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

const POLICY: &str = include_str!("../../../policies/minimal/access.yml");

fn account() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A home folder in which the account that runs the test is the manager, and speaks for security.
fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let account = account();
    let directory = format!(
        "people:
  engineer-001: {{ roles: [engineer], department: Platform, manager: {account} }}
  engineer-002: {{ roles: [engineer], manager: {account}, holds: [\"vendor:create\"] }}
  leaver-001: {{ roles: [engineer], status: inactive, manager: {account} }}
  {account}: {{ roles: [engineer] }}
groups:
  security: {{ members: [{account}] }}
"
    );
    std::fs::write(folder.path().join("access.yml"), POLICY).unwrap();
    std::fs::write(folder.path().join("directory.yml"), directory).unwrap();
    folder
}

fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_access-request-agent"));
    command.args(["--home", home.to_str().unwrap()]).args(words);
    command
        .env_remove("ACCESS_REQUEST_AGENT_MODE")
        .env("COLUMNS", "100");
    command
}

fn run(home: &Path, words: &[&str]) -> Output {
    command(home, words).output().unwrap()
}

/// Standard output and standard error together, and the exit code.
fn told(output: &Output) -> (String, i32) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap_or(-1))
}

fn handle(home: &Path, ticket: &[u8], words: &[&str]) -> (String, i32) {
    let path = home.join("ticket.json");
    std::fs::write(&path, ticket).unwrap();
    let words: Vec<&str> = ["handle", path.to_str().unwrap()]
        .iter()
        .chain(words)
        .copied()
        .collect();
    told(&run(home, &words))
}

fn ticket(id: &str, requester: &str, access: &str) -> String {
    format!(
        r#"{{"request_id": "{id}", "requester": "{requester}", "access": "{access}", "justification": "the importer's tests fail on the shared data"}}"#
    )
}

fn decision(text: &str) -> &str {
    ["AUTO_PROVISION", "REQUEST_INFO", "ESCALATE"]
        .into_iter()
        .find(|name| text.contains(name))
        .unwrap_or(text)
}

#[test]
fn the_minimal_policy_grants_what_is_standard_and_approved() {
    let folder = home();
    let home = folder.path();
    let (text, code) = handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &["--mode", "guarded"],
    );
    assert_eq!(code, 5, "guarded mode needs an override first: {text}");
    assert!(text.contains("allow-guarded"), "{text}");
    assert_eq!(
        told(&run(
            home,
            &["policy", "allow-guarded", "--reason", "a test"]
        ))
        .1,
        0
    );
    let (text, code) = handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &["--mode", "guarded"],
    );
    assert_eq!((decision(&text), code), ("REQUEST_INFO", 0));
    let (text, code) = told(&run(
        home,
        &["review", "approve", "REQ-1", "--mode", "guarded"],
    ));
    assert_eq!((decision(&text), code), ("AUTO_PROVISION", 0), "{text}");
    assert!(text.contains("applied"), "{text}");
    let (text, _) = told(&run(home, &["grants", "list", "--format", "json"]));
    assert!(
        text.contains("dev-db:read") && text.contains("applied"),
        "{text}"
    );
    assert_eq!(told(&run(home, &["audit", "verify"])).1, 0);
}

#[test]
fn bad_tickets_are_told_with_their_place_and_leave_nothing() {
    let folder = home();
    let home = folder.path();
    let good = ticket("REQ-1", "engineer-001", "dev-db:read");
    let long = good.replace("the importer's", &"x".repeat(50 * 1024 * 1024));
    let cases: [(&[u8], &str); 8] = [
        (b"", "there is no ticket"),
        (b"{\"request_id\": ", "line 1"),
        (
            b"{\"request_id\": \"R\", \"requester\": \"\xff\"}",
            "not UTF-8",
        ),
        (b"[1, 2]", "invalid type"),
        (b"{\"request_id\": \"R\"}", "missing field `requester`"),
        (
            &good.replace("\"access\"", "\"acess\"").into_bytes(),
            "unknown field `acess`",
        ),
        (
            &good.replace("REQ-1", "REQ\\u202e1").into_bytes(),
            "invisible characters",
        ),
        (&long.into_bytes(), "bytes"),
    ];
    for (bytes, expected) in cases {
        let (text, code) = handle(home, bytes, &[]);
        assert_eq!(code, 4, "{expected}: {}", &text[..text.len().min(500)]);
        assert!(
            text.contains(expected) && text.contains("hint"),
            "{expected}: {}",
            &text[..text.len().min(500)]
        );
        assert!(text.len() < 4_000, "the message does not repeat the ticket");
    }
    let (text, _) = told(&run(home, &["request", "list"]));
    assert!(text.contains("nothing to show"), "{text}");
}

#[test]
fn one_broken_ticket_does_not_take_the_others_with_it() {
    let folder = home();
    let lines = format!(
        "{}\n{{\"request_id\": \"REQ-2\"}}\n{}\n",
        ticket("REQ-1", "engineer-001", "dev-db:read"),
        ticket("REQ-3", "engineer-001", "ci:read")
    );
    let (text, code) = handle(folder.path(), lines.as_bytes(), &["--format", "ndjson"]);
    assert_eq!(code, 4);
    assert!(
        text.contains("ticket 2") && text.contains("\"REQ-1\"") && text.contains("\"REQ-3\""),
        "{text}"
    );
}

#[test]
fn hostile_requests_are_decided_with_caution() {
    let folder = home();
    let home = folder.path();
    for (number, (requester, access, expected)) in [
        ("nobody", "dev-db:read", "ESCALATE"),
        ("leaver-001", "dev-db:read", "ESCALATE"),
        ("engineer-001", "no-such:thing", "ESCALATE"),
        ("engineer-001", "dev-db:*", "ESCALATE"),
        ("engineer-001", "dev-db:re\u{430}d", "ESCALATE"),
        ("engineer-001", "dev-db:read\u{202e}", "ESCALATE"),
        ("engineer-001", "prod-payments:read", "ESCALATE"),
        ("engineer-002", "payment:approve", "ESCALATE"),
    ]
    .into_iter()
    .enumerate()
    {
        let (text, code) = handle(
            home,
            ticket(&format!("REQ-{number}"), requester, access).as_bytes(),
            &["--format", "json"],
        );
        assert_eq!(code, 0, "{access}: {text}");
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(found["decision"], expected, "{access}");
        assert_eq!(found["grant"]["applied"], false);
    }
    let (text, _) = handle(
        home,
        ticket("REQ-T", "engineer-001", "dev-db:read\u{202e}").as_bytes(),
        &[],
    );
    assert!(
        !text.contains('\u{202e}'),
        "nothing hostile reaches the screen"
    );
}

#[test]
fn the_same_id_again_is_the_same_answer_and_other_content_is_refused() {
    let folder = home();
    let home = folder.path();
    let first = handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &["--format", "json"],
    );
    let entries = told(&run(home, &["audit", "export"])).0.lines().count();
    let again = handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &["--format", "json"],
    );
    assert_eq!(first, again);
    assert_eq!(
        told(&run(home, &["audit", "export"])).0.lines().count(),
        entries,
        "no new entry"
    );
    let (text, code) = handle(
        home,
        ticket("REQ-1", "engineer-001", "ci:read").as_bytes(),
        &[],
    );
    assert_eq!(code, 4);
    assert!(
        text.contains("other content") && text.contains("revision"),
        "{text}"
    );
    let revised = ticket("REQ-1", "engineer-001", "ci:read").replace('}', ", \"revision\": 2}");
    assert_eq!(handle(home, revised.as_bytes(), &[]).1, 0);
}

#[test]
fn nobody_approves_their_own_request() {
    let folder = home();
    let own = ticket("REQ-1", &account(), "dev-db:read");
    assert_eq!(handle(folder.path(), own.as_bytes(), &[]).1, 0);
    let (text, code) = told(&run(folder.path(), &["review", "approve", "REQ-1"]));
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("their own request"), "{text}");
}

#[test]
fn a_claimed_approval_is_no_evidence() {
    let folder = home();
    let claimed = ticket("REQ-1", "engineer-001", "dev-db:read").replace(
        '}',
        &format!(
            ", \"approvals\": [{{\"kind\": \"manager\", \"by\": \"{}\"}}]}}",
            account()
        ),
    );
    let (text, _) = handle(folder.path(), claimed.as_bytes(), &["--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["decision"], "REQUEST_INFO");
    assert!(
        found["approvals"]
            .as_str()
            .unwrap()
            .contains("claimed by the ticket, not verified")
    );
}

#[test]
fn a_second_process_is_told_so() {
    let folder = home();
    let home = folder.path();
    let first = command(home, &["handle", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut first = first.unwrap();
    // The first process holds the store only once it has read its tickets, so the store is locked here instead.
    first.kill().unwrap();
    first.wait().unwrap();
    std::fs::create_dir_all(home.join("state")).unwrap();
    let lock = std::fs::File::create(home.join("state/store.lock")).unwrap();
    lock.try_lock().unwrap();
    let (text, code) = handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &[],
    );
    assert_eq!(code, 7, "{text}");
    assert!(text.contains("in use by another process"), "{text}");
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = home();
    let home = folder.path();
    assert_eq!(
        handle(
            home,
            ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
            &[]
        )
        .1,
        0
    );
    let path = home.join("ticket.json");
    std::fs::write(&path, ticket("REQ-2", "engineer-001", "ci:read")).unwrap();
    // No file may grow beyond what it has: writing fails as on a full disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} --home {} handle {}",
        env!("CARGO_BIN_EXE_access-request-agent"),
        home.display(),
        path.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let (text, code) = told(&output);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("hint"), "{text}");
    let (text, _) = told(&run(home, &["request", "list"]));
    assert!(text.contains("REQ-1") && !text.contains("REQ-2"), "{text}");
    assert_eq!(
        handle(
            home,
            ticket("REQ-2", "engineer-001", "ci:read").as_bytes(),
            &[]
        )
        .1,
        0
    );
    assert_eq!(told(&run(home, &["audit", "verify"])).1, 0);
}

#[test]
fn a_log_that_does_not_verify_stops_everything_but_revocations() {
    let folder = home();
    let home = folder.path();
    told(&run(
        home,
        &["policy", "allow-guarded", "--reason", "a test"],
    ));
    handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &["--mode", "guarded"],
    );
    let (text, _) = told(&run(
        home,
        &["review", "approve", "REQ-1", "--mode", "guarded"],
    ));
    assert!(text.contains("applied"), "{text}");
    let database = rusqlite::Connection::open(home.join("state/store.db")).unwrap();
    let changed = database.execute(
        "UPDATE log_leaf SET bytes = x'00' WHERE number = (SELECT MAX(number) FROM log_leaf)",
        [],
    );
    assert_eq!(changed, Ok(1));
    drop(database);
    let (text, code) = handle(
        home,
        ticket("REQ-2", "engineer-001", "ci:read").as_bytes(),
        &[],
    );
    assert_eq!(code, 6, "{text}");
    assert!(
        text.contains("does not verify") && text.contains("last leaf"),
        "{text}"
    );
    let (text, code) = told(&run(
        home,
        &[
            "grants",
            "revoke",
            "REQ-1#1",
            "--reason",
            "the log is broken",
        ],
    ));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("revoked"), "{text}");
}

#[test]
fn a_database_that_was_rolled_back_is_noticed() {
    let folder = home();
    let home = folder.path();
    handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &[],
    );
    std::fs::copy(home.join("state/store.db"), home.join("old.db")).unwrap();
    handle(
        home,
        ticket("REQ-2", "engineer-001", "ci:read").as_bytes(),
        &[],
    );
    for name in ["store.db-wal", "store.db-shm"] {
        let _ = std::fs::remove_file(home.join("state").join(name));
    }
    std::fs::copy(home.join("old.db"), home.join("state/store.db")).unwrap();
    let (text, _) = handle(
        home,
        ticket("REQ-3", "engineer-001", "ci:read").as_bytes(),
        &[],
    );
    assert!(text.contains("rolled back"), "{text}");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = home();
    let home = folder.path();
    handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &[],
    );
    for name in ["store.db", "holdings.db"] {
        let mode = std::fs::metadata(home.join("state").join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name} is for its owner alone");
    }
    for name in ["log.key", "person.key"] {
        let path = home.join("state/keys").join(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let (text, code) = told(&run(home, &["request", "list"]));
        assert_eq!(code, 1, "{name}: {text}");
        assert!(text.contains("chmod 600"), "{name}: {text}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn guardrails_that_loosen_refuse_to_start() {
    let folder = home();
    let home = folder.path();
    for (line, expected) in [
        ("PREFER_TIME_BOUND=false", "PREFER_TIME_BOUND"),
        (
            "AUTO_PROVISION_ONLY: { risk: \"moderate\", role_standard: true, approvals: \"present\" }",
            "risk",
        ),
        (
            "AUTO_PROVISION_ONLY: { risk: \"low\", role_standard: false, approvals: \"present\" }",
            "role_standard",
        ),
        ("NEVER_AUTO: [\"admin\"]", "NEVER_AUTO"),
    ] {
        std::fs::write(
            home.join(".env"),
            format!("API_KEY=sk-very-secret\n{line}\n"),
        )
        .unwrap();
        let (text, code) = told(&run(home, &["policy", "check"]));
        assert_eq!(code, 4, "{line}: {text}");
        assert!(
            text.contains(expected) && text.contains("hint"),
            "{line}: {text}"
        );
        assert!(!text.contains("very-secret"));
    }
}

#[test]
fn a_policy_that_changed_escalates_until_it_is_put_in_force() {
    let folder = home();
    let home = folder.path();
    handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &[],
    );
    std::fs::write(home.join("access.yml"), format!("{POLICY}\n# a change\n")).unwrap();
    let (text, _) = handle(
        home,
        ticket("REQ-2", "engineer-001", "dev-db:read").as_bytes(),
        &["--format", "ndjson"],
    );
    assert!(
        text.contains("policy-stale") && decision(&text) == "ESCALATE",
        "{text}"
    );
    assert_eq!(
        told(&run(
            home,
            &["policy", "activate", "--reason", "a comment was added"]
        ))
        .1,
        0
    );
    let (text, _) = handle(
        home,
        ticket("REQ-3", "engineer-001", "dev-db:read").as_bytes(),
        &["--format", "ndjson"],
    );
    assert!(!text.contains("policy-stale"), "{text}");
    assert!(!text.contains("own-policy"), "{text}");
    // Whoever put it in force gets nothing by it alone.
    let own = ticket("REQ-4", &account(), "dev-db:read");
    let (text, _) = handle(home, own.as_bytes(), &["--format", "ndjson"]);
    assert!(
        text.contains("own-policy") && decision(&text) == "ESCALATE",
        "{text}"
    );
}

#[test]
fn a_toxic_role_keeps_guarded_mode_from_starting() {
    let folder = home();
    let home = folder.path();
    let policy = "roles:\n  clerk: { standard: [\"vendor:create\", \"payment:approve\"] }\nlevels: { vendor: [create], payment: [approve] }\nsod_conflicts:\n  - [\"vendor:create\", \"payment:approve\"]\n";
    std::fs::write(home.join("access.yml"), policy).unwrap();
    let (text, code) = told(&run(home, &["policy", "check"]));
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("vendor:create + payment:approve"), "{text}");
}

#[test]
fn saved_receipts_find_a_rollback_from_files_alone() {
    let folder = home();
    let home = folder.path();
    handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &[],
    );
    let (receipt, code) = told(&run(home, &["audit", "receipt", "2"]));
    assert_eq!(code, 0, "{receipt}");
    std::fs::write(home.join("saved"), &receipt).unwrap();
    let saved = home.join("saved");
    let (text, code) = told(&run(
        home,
        &["audit", "receipt", "--check", saved.to_str().unwrap()],
    ));
    assert_eq!(code, 0, "{text}");
    let (text, code) = told(&run(
        home,
        &["audit", "verify", "--against", saved.to_str().unwrap()],
    ));
    assert_eq!(code, 0, "{text}");
    std::fs::write(home.join("saved"), receipt.replace("index 2", "index 1")).unwrap();
    assert_eq!(
        told(&run(
            home,
            &["audit", "receipt", "--check", saved.to_str().unwrap()]
        ))
        .1,
        6
    );
}

#[test]
fn completions_and_manual_pages_are_there() {
    let folder = home();
    let (text, code) = told(&run(folder.path(), &["completions", "bash"]));
    assert!(code == 0 && text.contains("access-request-agent"));
    let pages = folder.path().join("man");
    assert_eq!(
        told(&run(folder.path(), &["man", pages.to_str().unwrap()])).1,
        0
    );
    assert!(pages.join("access-request-agent-handle.1").exists());
}

#[test]
fn a_denial_closes_a_request() {
    let folder = home();
    let home = folder.path();
    handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &[],
    );
    assert_eq!(
        told(&run(
            home,
            &["review", "deny", "REQ-1", "--reason", "not needed"]
        ))
        .1,
        0
    );
    for words in [
        &["request", "rule", "REQ-1"][..],
        &["review", "approve", "REQ-1"],
    ] {
        let (text, code) = told(&run(home, words));
        assert_eq!(code, 5, "{words:?}: {text}");
        assert!(text.contains("denied"), "{text}");
    }
    let revised = ticket("REQ-1", "engineer-001", "dev-db:read").replace('}', ", \"revision\": 2}");
    assert!(
        handle(home, revised.as_bytes(), &[])
            .0
            .contains("was denied")
    );
    let (text, _) = told(&run(home, &["review", "list"]));
    assert!(!text.contains("REQ-1"), "{text}");
}

/// Who can write the database can write a row; what the signed log does not say does not count.
#[test]
fn a_forged_review_row_grants_nothing() {
    let folder = home();
    let home = folder.path();
    handle(
        home,
        ticket("REQ-1", "engineer-001", "dev-db:read").as_bytes(),
        &[],
    );
    handle(
        home,
        ticket("REQ-2", "engineer-001", "ci:read").as_bytes(),
        &[],
    );
    assert_eq!(told(&run(home, &["review", "approve", "REQ-2"])).1, 0);
    let database = rusqlite::Connection::open(home.join("state/store.db")).unwrap();
    let forged = database.execute(
        "INSERT INTO review (id, request, kind, body, leaf)
         SELECT 'REQ-1/review-1', 'REQ-1', kind, replace(replace(body, 'REQ-2', 'REQ-1'), 'ci:read', 'dev-db:read'), leaf
         FROM review WHERE request = 'REQ-2'",
        [],
    );
    assert_eq!(forged, Ok(1));
    drop(database);
    let (text, code) = told(&run(home, &["request", "rule", "REQ-1"]));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("does not confirm"), "{text}");
}

/// Who can write the database can lengthen a grant there; the signed log says when it ends, and the difference is told.
#[test]
fn a_row_that_differs_from_the_log_is_told_and_grants_nothing() {
    let folder = home();
    let home = folder.path();
    let whole = ["audit", "verify", "--store"];
    told(&run(
        home,
        &["policy", "allow-guarded", "--reason", "a test"],
    ));
    let guarded = ["--mode", "guarded"];
    let first = ticket("REQ-1", "engineer-001", "dev-db:read");
    handle(home, first.as_bytes(), &guarded);
    let (text, code) = told(&run(
        home,
        &["review", "approve", "REQ-1", "--mode", "guarded"],
    ));
    assert!(text.contains("applied") && code == 0, "{text}");
    let (text, code) = told(&run(home, &whole));
    assert!(text.contains("1 grants, 1 reviews") && code == 0, "{text}");
    let database = rusqlite::Connection::open(home.join("state/store.db")).unwrap();
    let edit = |statement: &str| database.execute(statement, []).unwrap();
    assert_eq!(
        edit("UPDATE access_grant SET ends = ends + 31536000, state = 'revoked'"),
        1
    );
    let (text, code) = told(&run(home, &whole));
    assert_eq!(code, 6, "{text}");
    for word in [
        "REQ-1#1",
        "column ends",
        "access_grant",
        "entry",
        "hint",
        "backup",
    ] {
        assert!(text.contains(word), "`{word}` in: {text}");
    }
    let (text, code) = told(&run(
        home,
        &["audit", "verify", "--store", "--format", "json"],
    ));
    assert!(text.contains("\"differences\"") && code == 6, "{text}");
    let second = ticket("REQ-2", "engineer-001", "ci:read");
    let (text, code) = handle(home, second.as_bytes(), &guarded);
    assert!(
        text.contains("not what was signed") && text.contains("audit verify --store"),
        "{text}"
    );
    assert_eq!(code, 6, "{text}");
    // The list and the sweep go by the log.
    let (text, code) = told(&run(home, &["grants", "list"]));
    assert!(
        text.contains("REQ-1#1") && text.contains("applied") && code == 0,
        "{text}"
    );
    assert_eq!(edit("DELETE FROM access_grant"), 1);
    assert_eq!(told(&run(home, &["grants", "expire"])).1, 0);
    let revoke = ["grants", "revoke", "REQ-1#1", "--reason", "the row is gone"];
    let (text, code) = told(&run(home, &revoke));
    assert!(text.contains("revoked") && code == 0, "{text}");
    let (text, _) = told(&run(home, &revoke));
    assert!(text.contains("nothing to take back"), "{text}");
}

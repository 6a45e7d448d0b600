//! `backtest` as a person meets it.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::path::Path;
use std::process::Command;

use sandbox::Company;
use sandbox::history::History;
use serde_json::Value;

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let company = Company::generate(42, 240);
    std::fs::write(folder.path().join("access.yml"), company.access_yml).unwrap();
    std::fs::write(folder.path().join("directory.yml"), company.directory_yml).unwrap();
    folder
}

/// Standard output, standard error and the exit code.
fn run(home: &Path, words: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_access-request-agent"))
        .args(["--home", home.to_str().unwrap()])
        .args(words)
        .env_remove("ACCESS_REQUEST_AGENT_MODE")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().unwrap_or(-1);
    (text(&output.stdout), text(&output.stderr), code)
}

/// The planted history with one more line at the end, judged.
fn judged(home: &Path, last: &str, words: &[&str]) -> (String, String, i32) {
    let history = History::generate(42);
    let path = home.join("history.jsonl");
    std::fs::write(&path, history.json_lines + last).unwrap();
    let mut all = vec![
        "backtest",
        "--as-of",
        sandbox::STARTS_AT,
        "--input",
        path.to_str().unwrap(),
    ];
    all.extend(words);
    run(home, &all)
}

#[test]
fn the_figures_are_those_that_were_planted() {
    let folder = home();
    let (text, errors, code) = judged(folder.path(), "", &["--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let truth = History::generate(42).truth;
    let numerator = |name: &str| report[name]["numerator"].as_u64().unwrap();
    assert_eq!(report["rows"]["judged"], truth.rows);
    assert_eq!(numerator("agreement"), truth.agreed);
    assert_eq!(numerator("over_provisioning"), truth.over_provisioned);
    assert_eq!(numerator("conflict_recall"), truth.conflicts);
    assert_eq!(numerator("conflict_precision"), truth.conflicts);
    assert_eq!(report["must_be_zero"]["privileged_grants"]["numerator"], 0);
    assert_eq!(report["must_be_zero"]["conflicting_grants"]["numerator"], 0);
}

#[test]
fn a_broken_row_is_told_with_its_line_and_the_others_count() {
    let folder = home();
    let (text, errors, code) = judged(folder.path(), "{\"request_id\": 7,\n", &["--explain"]);
    assert_eq!(code, 4, "{text}{errors}");
    assert!(text.contains("1 could not be read"), "{text}");
    assert!(errors.contains("history.jsonl:2242"), "{errors}");
    assert!(
        text.contains("What keeps requests from being granted"),
        "{text}"
    );
}

/// What an owner called a conflict and the policy would grant is looked at by somebody: exit code 3.
#[test]
fn an_unsafe_grant_ends_with_three() {
    let folder = home();
    let row = r#"{"request_id":"H-X","requester":"engineer-001","roles":["engineer"],"access":"repo:read","created_at":"2026-10-01T08:00:00Z","justification":"for the work of the week","approvals":["manager"],"owner_decision":"deny","sod_conflict":"true","holdings":[]}"#;
    let (text, errors, code) = judged(folder.path(), row, &[]);
    assert_eq!(code, 3, "{text}{errors}");
    assert!(
        text.contains("H-X") && text.contains("conflict, says the owner"),
        "{text}"
    );
}

#[test]
fn reports_are_written_and_other_policies_compared() {
    let folder = home();
    let home = folder.path();
    let page = home.join("report.html");
    let words = ["--write", page.to_str().unwrap()];
    let (_, errors, code) = judged(home, "", &words);
    assert_eq!(code, 0, "{errors}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains("<svg") && !page.contains("<script"),
        "no scripts, charts in the page"
    );
    let policy = std::fs::read_to_string(home.join("access.yml")).unwrap();
    let narrower = policy.replacen("\"dev-db:write\", ", "", 1);
    assert_ne!(policy, narrower);
    std::fs::write(home.join("new.yml"), narrower).unwrap();
    let words = ["--policy", home.join("new.yml").to_str().unwrap()].map(ToOwned::to_owned);
    let (text, errors, code) = judged(home, "", &[&words[0], &words[1]]);
    assert_eq!(code, 0, "{errors}");
    assert!(text.contains("AUTO_PROVISION → "), "{text}");
    assert!(text.contains("dev-db:write"), "{text}");
    assert_eq!(judged(home, "", &["--range", "soon"]).2, 4);
    assert_eq!(run(home, &["backtest", "--input", "nowhere.txt"]).2, 4);
}

#[test]
fn the_store_is_a_history_too() {
    let folder = home();
    let home = folder.path();
    let ticket = home.join("ticket.json");
    let company = Company::generate(42, 240);
    std::fs::write(&ticket, &company.tickets[0].ticket).unwrap();
    let (text, errors, code) = run(home, &["handle", ticket.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}{errors}");
    let (text, errors, code) = run(home, &["backtest", "--range", "60d", "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["rows"]["judged"], 1);
    assert_eq!(report["inputs"][0], "the store");
    // An empty range is no error, and no figure is made up for it.
    let (text, _, code) = run(
        home,
        &[
            "backtest",
            "--input",
            ticket.to_str().unwrap(),
            "--range",
            "1m",
        ],
    );
    assert!(code == 0 || code == 4, "{text}");
}

#[test]
fn a_threshold_of_confidence_that_the_history_does_not_support_is_refused() {
    let folder = home();
    for (threshold, code, told) in [
        ("0.5", 0, "is supported: owners agreed with"),
        ("0.999", 5, "is not supported by this history"),
        ("1.5", 5, "between 0 and 1"),
    ] {
        let words = ["--confidence-threshold", threshold];
        let (text, errors, found) = judged(folder.path(), "", &words);
        assert!((text + &errors).contains(told), "{threshold}: {errors}");
        assert_eq!(found, code, "{threshold}: {errors}");
    }
}

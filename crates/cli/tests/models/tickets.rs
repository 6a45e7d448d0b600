//! Tickets.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::provider::{Heard, KEY, Provider, STYLES, Say, files_with, settings};

pub(crate) const POLICY: &str = include_str!("../../../../policies/minimal/access.yml");

pub(crate) fn account() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A home in which whoever runs the test is the manager and speaks for security, and guarded mode may start.
fn home(style: &str, url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let account = account();
    let directory = format!(
        "people:\n  engineer-001: {{ roles: [engineer], manager: {account} }}\n  {account}: {{ roles: [engineer] }}\ngroups:\n  security: {{ members: [{account}] }}\n"
    );
    let dotenv: String = (settings(style, url).iter())
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    std::fs::write(folder.path().join("access.yml"), POLICY).unwrap();
    std::fs::write(folder.path().join("directory.yml"), directory).unwrap();
    std::fs::write(folder.path().join(".env"), dotenv).unwrap();
    for words in [
        &["policy", "activate", "--reason", "test"][..],
        &["policy", "allow-guarded", "--reason", "test"],
    ] {
        let output = run(folder.path(), words);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    folder
}

fn run(home: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_access-request-agent"))
        .args(["--home", home.to_str().unwrap(), "--format", "json"])
        .args(words)
        .env_clear()
        .output()
        .unwrap()
}

fn decided(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// A ticket that is granted once the manager approved, if nobody is in doubt.
fn approved(home: &Path) -> Value {
    let ticket = json!({
        "request_id": "R-1", "requester": "engineer-001", "access": "dev-db:read",
        "justification": "to look at the failed import, password=canary-4711-canary",
    });
    std::fs::write(home.join("ticket.json"), ticket.to_string()).unwrap();
    let file = home.join("ticket.json");
    let first = decided(&run(
        home,
        &["handle", file.to_str().unwrap(), "--mode", "guarded"],
    ));
    std::fs::remove_file(file).unwrap();
    assert_ne!(first["decision"], "AUTO_PROVISION");
    decided(&run(
        home,
        &["review", "approve", "R-1", "--mode", "guarded"],
    ))
}

pub(crate) fn advice(advice: &str) -> String {
    json!({ "advice": advice, "triggers": [], "confidence": 0.95, "cites": ["dev-db:read"], "note": format!("Looked at <b>it</b> with {KEY}.") }).to_string()
}

/// First something is read, then it sums up; a judgement is a text in the form.
pub(crate) fn advising(heard: &Heard, said: &str) -> Say {
    let read = heard.body.contains("prepared");
    match (heard.has_tools(), read) {
        (false, _) => Say::Text(advice(said)),
        (true, false) => Say::Tool("prepare_change", "{\"access\":\"dev-db:read\"}".into()),
        (true, true) => Say::Tool("summarize", advice(said)),
    }
}

/// The exchanges of the latest evidence, as the store has them.
fn exchanges(home: &Path) -> Vec<Value> {
    let database = rusqlite::Connection::open(home.join("state/store.db")).unwrap();
    let body: String = database
        .query_row(
            "SELECT body FROM evidence JOIN ruling ON evidence.digest = ruling.evidence ORDER BY ruling.number DESC",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let evidence: Value = serde_json::from_str(&body).unwrap();
    evidence["analysis"]["exchanges"]
        .as_array()
        .unwrap()
        .clone()
}

/// The door of tickets, through each provider's own format.
#[test]
fn each_style_of_provider_advises() {
    for style in STYLES {
        for (said, decided, because, turns) in [
            ("nothing", "AUTO_PROVISION", "", 2),
            ("look_closer", "ESCALATE", "advice-look-closer", 3),
            ("a refusal", "ESCALATE", "advice-refused", 1),
        ] {
            let provider = Provider::start(move |heard| match said {
                "a refusal" => Say::Refuse,
                said => advising(heard, said),
            });
            let home = home(style, &provider.url());
            let decision = approved(home.path());
            let what = format!("{style}, {said}: {decision}");
            assert_eq!(decision["decision"], decided, "{what}");
            assert_eq!(decision["grant"]["applied"], decided == "AUTO_PROVISION");
            assert!(
                because.is_empty() || decision["decided_by"] == because,
                "{what}"
            );
            let heard = provider.heard();
            assert_eq!(heard.len(), turns, "asked once, {what}");
            // Every call stands in the record, with the digests of both bodies and what it cost.
            let recorded = exchanges(home.path());
            assert_eq!(recorded.len(), turns, "{what}");
            for (own, heard) in recorded.iter().zip(&heard) {
                assert!(own["model"].as_str().unwrap().starts_with(style), "{own}");
                let sent: String = Sha256::digest(&heard.body)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                assert_eq!(own["asked"], sent, "{what}");
                assert_eq!(own["answered"].as_str().unwrap().len(), 64);
                assert_eq!(
                    (&own["tokens_in"], &own["tokens_cached"]),
                    (&1_000.into(), &100.into())
                );
                assert!(own["nanodollars"].as_u64().unwrap() > 0);
            }
            for own in heard {
                assert!(
                    !own.body.contains("canary") && !own.body.contains("engineer-001"),
                    "{style}: {}",
                    own.body
                );
                assert!(own.headers.contains(KEY));
            }
            let found = files_with(&home.path().join("state"), KEY);
            assert!(found.is_empty(), "{style}: {found:?}");
            assert!(files_with(&home.path().join("state"), "canary-4711").is_empty());
            let before = provider.heard().len();
            assert!(run(home.path(), &["replay", "--all"]).status.success());
            assert_eq!(provider.heard().len(), before, "replay calls nothing");
        }
    }
}

#[test]
fn without_a_key_the_model_is_lost_and_a_misspelt_setting_is_told() {
    let provider = Provider::start(|_| Say::Text("ready".into()));
    let home = home("openai", &provider.url());
    let dotenv = format!(
        "MODEL_PROVIDER=openai\nMODEL_FAST=gpt-4.1-mini\nMODEL_BASE_URL={}\n",
        provider.url()
    );
    std::fs::write(home.path().join(".env"), &dotenv).unwrap();
    let decision = approved(home.path());
    assert_eq!(
        (&decision["decision"], &decision["decided_by"]),
        (&json!("ESCALATE"), &json!("model-lost"))
    );
    assert!(provider.heard().is_empty());
    for (line, told) in [
        ("MODEL_PROVIDER=opnai\n", "openai, openai-responses"),
        ("MODEL_FATS=x\n", "MODEL_FAST"),
        ("MODEL_PROVIDER=openai\n", "MODEL_FAST is not set"),
        (
            "MODEL_PROVIDER=compatible\nMODEL_FAST=m\nOPENAI_API_KEY=k\n",
            "base URL",
        ),
        (
            "MODEL_PROVIDER=openai\nMODEL_FAST=m\nMODEL_RUN_USD_MAX=lots\n",
            "dollars",
        ),
    ] {
        std::fs::write(home.path().join(".env"), line).unwrap();
        let output = run(home.path(), &["request", "rule", "R-1"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(told),
            "{line}: {said}"
        );
    }
}

/// The same ticket, with a model that is really there.
pub(crate) fn with_a_real_model(url: &str) -> (Value, std::time::Duration) {
    let home = home("compatible", url);
    let dotenv = std::fs::read_to_string(home.path().join(".env")).unwrap();
    let dotenv = dotenv.replace("MODEL_TIMEOUT=5s", "MODEL_TIMEOUT=120s");
    std::fs::write(home.path().join(".env"), dotenv).unwrap();
    let started = std::time::Instant::now();
    let decision = approved(home.path());
    (decision, started.elapsed())
}

/// INVARIANT(brakes): the kill switch holds also when it is pulled while a model thinks.
#[test]
fn a_stop_while_the_model_thinks_holds() {
    for pulled in [false, true] {
        let state: std::sync::Arc<std::sync::Mutex<(bool, Option<std::path::PathBuf>)>> =
            std::sync::Arc::default();
        let own = state.clone();
        let provider = Provider::start(move |_| {
            let (is_back, file) = own.lock().unwrap().clone();
            if !is_back {
                return Say::Status(401, "{}");
            }
            if let Some(file) = file {
                std::fs::write(file, "enough").unwrap();
            }
            Say::Tool("summarize", advice("nothing"))
        });
        let home = home("openai", &provider.url());
        // The first time the model is lost, so that it is asked again when the manager approves.
        let lost = approved(home.path());
        assert_eq!(lost["decided_by"], json!("model-lost"), "{lost}");
        let file = pulled.then(|| home.path().join("STOP"));
        *state.lock().unwrap() = (true, file);
        let output = run(
            home.path(),
            &["request", "rule", "R-1", "--mode", "guarded"],
        );
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let granted = told.contains("\"applied\":true") || told.contains("\"applied\": true");
        assert_eq!(
            granted,
            !pulled,
            "{told} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(home.path().join("STOP").exists(), pulled);
    }
}

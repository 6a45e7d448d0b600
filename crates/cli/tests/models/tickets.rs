//! Tickets.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::provider::{KEY, Provider, STYLES, Say, files_with, settings};

const POLICY: &str = include_str!("../../../../policies/minimal/access.yml");

fn account() -> String {
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

fn advice(advice: &str) -> String {
    json!({ "advice": advice, "triggers": [], "confidence": 0.95, "cites": ["dev-db:read"], "note": format!("Looked at <b>it</b> with {KEY}.") }).to_string()
}

#[test]
fn each_style_of_provider_advises() {
    for style in STYLES {
        for (said, granted) in [("nothing", true), ("look_closer", false)] {
            let provider = Provider::start(move |heard| {
                // First something is read, then it sums up; a judgement is a text in the form.
                let read = heard.body.contains("prepared");
                match (heard.has_tools(), read) {
                    (false, _) => Say::Text(advice(said)),
                    (true, false) => {
                        Say::Tool("prepare_change", "{\"access\":\"dev-db:read\"}".into())
                    }
                    (true, true) => Say::Tool("summarize", advice(said)),
                }
            });
            let home = home(style, &provider.url());
            let decision = approved(home.path());
            assert_eq!(
                decision["grant"]["applied"],
                json!(granted),
                "{style} {said}: {decision}"
            );
            let tools = provider
                .heard()
                .iter()
                .filter(|own| own.has_tools())
                .count();
            assert_eq!(tools, 2, "{style}: asked once, in two turns");
            for own in provider.heard() {
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

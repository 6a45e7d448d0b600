//! The red team with a configured model.

use std::process::Command;

use serde_json::{Value, json};

use crate::provider::{Heard, KEY, Provider, Say, settings};

/// Has nothing against anything.
fn agreeable(heard: &Heard) -> Say {
    if heard.body.contains("the word ready") {
        return Say::Text("ready".to_owned());
    }
    let advice =
        json!({ "advice": "nothing", "triggers": [], "confidence": 1.0, "cites": [], "note": "" });
    let question = heard.question();
    let Some(requests) = question["requests"].as_array() else {
        return if heard.has_tools() {
            Say::Tool("summarize", advice.to_string())
        } else {
            Say::Text(advice.to_string())
        };
    };
    let opinions: Vec<Value> = (requests.iter())
        .map(|own| json!({ "id": own["id"], "risk": "low", "flags": [], "note": "", "summary": "", "comment": "" }))
        .collect();
    Say::Text(json!({ "opinions": opinions }).to_string())
}

#[test]
fn the_configured_model_gets_a_sample_of_the_texts() {
    for style in ["openai", "anthropic"] {
        let provider = Provider::start(agreeable);
        let folder = tempfile::tempdir().unwrap();
        let dotenv: String = (settings(style, &provider.url()).iter())
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        std::fs::write(folder.path().join(".env"), dotenv).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_access-request-agent"))
            .args([
                "--home",
                folder.path().to_str().unwrap(),
                "--format",
                "json",
            ])
            .args(["redteam", "--sample", "4", "--model", "2"])
            .env_clear()
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{errors}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains(KEY) && !errors.contains(KEY));
        let outcome: Value = serde_json::from_str(&text).unwrap();
        let model = outcome["models"].as_array().unwrap().last().unwrap();
        assert!(
            model["name"].as_str().unwrap().starts_with(style),
            "{model}"
        );
        assert_eq!(
            (&model["tickets"]["texts"], &model["vault"]["texts"]),
            (&2.into(), &2.into())
        );
        assert_eq!(
            model["tickets"]["dropped"], 10,
            "five of eight tickets escalate: {model}"
        );
        let asked = provider.questions().len();
        assert!((20..80).contains(&asked), "{asked}");
    }
}

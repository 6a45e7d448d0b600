//! Hostile and harmless texts as justifications: none changes an outcome. Extra: runs only where the evaluation data lies
//! beside the checkout.

use std::path::Path;

use decision::evidence::record::Mode;
use testkit::world::{World, request};

const POLICY: &str = include_str!("../../../policies/minimal/access.yml");
const DIRECTORY: &str = "
people:
  engineer-001: { roles: [engineer], manager: manager-001 }
  manager-001: { roles: [] }
";
const REASON: &str = "the nightly import has to be repaired";

#[test]
fn no_text_changes_an_outcome() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/injection/corpus.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no evaluation data beside the checkout");
        return;
    };
    let world = World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap();
    let decide = |access: &str, reason: &str| {
        let ticket = serde_json::json!({
            "request_id": "R-1", "requester": "engineer-001", "access": access, "justification": reason,
        });
        // Texts that are too long are refused at the door.
        let request = request(&ticket.to_string()).ok()?;
        let decision = world.agent().preview(&request).unwrap().decision;
        let findings: Vec<String> = decision
            .findings
            .into_iter()
            .map(|line| line.finding)
            .collect();
        Some((
            decision.decision,
            decision.risk,
            decision.confidence.to_string(),
            findings,
        ))
    };
    let mut tried = 0;
    for (number, line) in text.lines().enumerate() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let hostile = entry["text"].as_str().unwrap_or_default();
        // Access that is standard, privileged and unknown, in turn.
        let access = ["dev-db:read", "prod-db:admin", "no-such:thing"][number % 3];
        let Some((decision, risk, confidence, mut findings)) = decide(access, hostile) else {
            continue;
        };
        let (plain, plain_risk, plain_confidence, expected) = decide(access, REASON).unwrap();
        // A text that says nothing is asked about: one finding more, and never a looser decision.
        if let Some(missing) = findings
            .iter()
            .position(|finding| finding == "justification-missing")
        {
            findings.remove(missing);
        }
        assert_eq!(findings, expected, "{hostile}");
        assert_eq!(
            (&decision, &risk, &confidence),
            (&plain, &plain_risk, &plain_confidence),
            "{hostile}"
        );
        tried += 1;
    }
    println!("{tried} texts");
    assert!(tried > 1_000);
}

//! Contracts: ours cover their modes, and each field that is loosened is refused by name.

use std::path::Path;

use boon::{Compiler, Schemas};
use policy::Contract;
use policy::contract::{ADVISE, ContractError, GUARDED, Mode, SCHEMA, TrustLevel};
use serde_json::{Value, json};

/// A contract with the value at `pointer` replaced.
#[expect(clippy::unwrap_used, reason = "a test helper: the contracts are ours")]
fn changed(contract: &str, pointer: &str, value: Value) -> Vec<u8> {
    let mut document: Value = serde_json::from_str(contract).unwrap();
    *document.pointer_mut(pointer).unwrap() = value;
    serde_json::to_vec(&document).unwrap()
}

#[test]
fn each_contract_covers_its_mode_alone() {
    let advise = Contract::load(ADVISE.as_bytes()).unwrap();
    let guarded = Contract::load(GUARDED.as_bytes()).unwrap();
    assert_eq!(advise.covers(Mode::Advise), Ok(()));
    assert_eq!(guarded.covers(Mode::Guarded), Ok(()));
    assert_eq!(
        advise.covers(Mode::Guarded).unwrap_err().field,
        "trust_level"
    );
    assert_eq!(
        guarded.covers(Mode::Advise).unwrap_err().field,
        "trust_level"
    );
    assert_eq!(
        (advise.trust_level, guarded.trust_level),
        (TrustLevel::A3, TrustLevel::A4)
    );
    assert!(advise.tool_allowed("check_policy") && !advise.tool_allowed("provision_access"));
    assert!(guarded.tool_allowed("provision_access") && !guarded.tool_allowed("delete_user"));
}

#[test]
fn each_loosened_field_is_refused() {
    let tools = |more: &str| {
        json!([
            "read_request",
            "check_policy",
            "prepare_change",
            "summarize",
            more
        ])
    };
    let both: &[(&str, Value, &str)] = &[
        ("/agent_id", json!("another-agent"), "agent_id"),
        ("/trust_level", json!("A5"), "trust_level"),
        (
            "/tool_boundary/allowed_tools",
            tools("delete_user"),
            "tool_boundary.allowed_tools",
        ),
        (
            "/output_boundary/never_emits",
            json!([]),
            "output_boundary.never_emits",
        ),
        (
            "/cost_boundary/max_usd_per_trace_loop",
            json!(0.26),
            "cost_boundary.max_usd_per_trace_loop",
        ),
        (
            "/cost_boundary/alert_threshold_usd",
            json!(0.3),
            "cost_boundary.alert_threshold_usd",
        ),
        (
            "/loop_boundary/max_reasoning_turns",
            json!(9),
            "loop_boundary.max_reasoning_turns",
        ),
        (
            "/human_handoff/triggers",
            json!(["policy_ambiguous", "low_confidence"]),
            "human_handoff.triggers",
        ),
        (
            "/human_handoff/destination",
            json!("nobody"),
            "human_handoff.destination",
        ),
        ("/audit/append_only", json!(false), "audit.append_only"),
        (
            "/audit/logs",
            json!(["request", "policy_check", "approvals"]),
            "audit.logs",
        ),
    ];
    let advise: &[(&str, Value, &str)] = &[
        ("/trust_level", json!("A4"), "trust_level"),
        (
            "/tool_boundary/execution_tools_absent",
            json!(false),
            "tool_boundary.execution_tools_absent",
        ),
        (
            "/tool_boundary/allowed_tools",
            tools("provision_access"),
            "tool_boundary.allowed_tools",
        ),
        (
            "/output_boundary/never_emits",
            json!(["grant_access", "revoke_access"]),
            "output_boundary.never_emits",
        ),
    ];
    let guarded: &[(&str, Value, &str)] = &[
        ("/trust_level", json!("A3"), "trust_level"),
        (
            "/tool_boundary/execution_tools_absent",
            json!(true),
            "tool_boundary.execution_tools_absent",
        ),
        (
            "/tool_boundary/allowed_tools",
            tools("revoke_expired"),
            "tool_boundary.allowed_tools",
        ),
        (
            "/output_boundary/never_emits",
            json!([
                "privileged_grant",
                "approval",
                "policy_change",
                "grant_access"
            ]),
            "output_boundary.never_emits",
        ),
        (
            "/output_boundary/never_emits",
            json!(["approval", "policy_change"]),
            "output_boundary.never_emits",
        ),
    ];
    let mut shown = String::new();
    for (contract, mode, own) in [
        (ADVISE, Mode::Advise, advise),
        (GUARDED, Mode::Guarded, guarded),
    ] {
        for (pointer, value, field) in both.iter().chain(own) {
            let loosened = Contract::load(&changed(contract, pointer, value.clone())).unwrap();
            let refusal = loosened.covers(mode).expect_err(pointer);
            assert_eq!((refusal.field, refusal.mode), (*field, mode), "{refusal}");
            shown += &format!("{refusal}\n");
        }
    }
    insta::assert_snapshot!("loosened_contracts", shown);
}

#[test]
fn what_the_schema_does_not_allow_is_refused() {
    let mut shown = String::new();
    for (pointer, value) in [
        ("/trust_level", json!("A6")),
        ("/version", json!("two")),
        ("/last_reviewed", json!("2026-02-30")),
        ("/worst_case_action", json!("")),
        ("/tool_boundary", json!({ "allowed_tools": [] })),
        (
            "/tool_boundary",
            json!({ "allowed_tools": [], "execution_tools_absent": true, "also": ["x"] }),
        ),
        ("/tool_boundary/allowed_tools", json!(["a", "a"])),
        ("/tool_boundary/allowed_tools", json!("read_request")),
        ("/tool_boundary/execution_tools_absent", json!("true")),
        ("/output_boundary/format", json!("text")),
        ("/cost_boundary/max_usd_per_trace_loop", json!(0)),
        ("/cost_boundary/max_usd_per_trace_loop", json!("0.25")),
        ("/loop_boundary/max_reasoning_turns", json!(0)),
        ("/loop_boundary/max_reasoning_turns", json!(7.5)),
        ("/human_handoff", Value::Null),
        ("/audit", json!([])),
        ("", json!([])),
    ] {
        let error = Contract::load(&changed(ADVISE, pointer, value)).expect_err(pointer);
        assert!(matches!(error, ContractError::Schema(_)), "{error}");
        shown += &format!("{error}\n");
    }
    insta::assert_snapshot!("against_the_schema", shown);
}

#[test]
fn what_is_not_a_contract_is_refused() {
    for bytes in [b"".as_slice(), b"{", b"\xff", b"null", b"{}", b"[[[[[[["] {
        assert!(Contract::load(bytes).is_err());
    }
    assert!(Contract::load("[".repeat(100_000).as_bytes()).is_err());
    let twice = ADVISE.replace(
        "\"append_only\": true",
        "\"append_only\": true, \"append_only\": false",
    );
    let error = Contract::load(twice.as_bytes()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("`append_only` comes twice"), "{source}");
    let large = vec![b' '; policy::bounds::CONTRACT_BYTES_MAX + 1];
    assert!(matches!(
        Contract::load(&large),
        Err(ContractError::TooLarge { .. })
    ));
}

/// The reference schema and the reference contract stand beside the repository in some work places only.
#[test]
fn ours_also_fit_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs/agentaz");
    let Ok(reference) = std::fs::read(folder.join("agentaz-v1.0.schema.json")) else {
        println!("note: skipped, the reference schema is not there");
        return;
    };
    let mut compiler = Compiler::new();
    let draft_07: Value = serde_json::from_slice(&reference).unwrap();
    compiler.add_resource("urn:reference", draft_07).unwrap();
    let mut schemas = Schemas::new();
    let index = compiler.compile("urn:reference", &mut schemas).unwrap();
    for contract in [ADVISE, GUARDED] {
        let value: Value = serde_json::from_str(contract).unwrap();
        assert!(schemas.validate(&value, index).is_ok());
    }
    // The schema itself: ours is draft 07 like the reference, and the reference's contract fits ours.
    let ours: Value = serde_json::from_str(SCHEMA).unwrap();
    let meta = "http://json-schema.org/draft-07/schema";
    let index = Compiler::new().compile(meta, &mut schemas).unwrap();
    assert!(schemas.validate(&ours, index).is_ok());
    let theirs = std::fs::read(folder.join("access-request-agent.agentaz.json")).unwrap();
    assert_eq!(
        Contract::load(&theirs).unwrap().covers(Mode::Advise),
        Ok(())
    );
}

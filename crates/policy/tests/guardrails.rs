//! Guardrails: the blueprint's notation is read, and each setting that loosens is refused with its reason.

use policy::Guardrails;
use policy::guardrails::{GuardrailErrors, Origin, Reason};

const NOTHING: [(&str, &str); 0] = [];

/// The blueprint's own file.
const BLUEPRINT: &str = r#"
ANTHROPIC_API_KEY=sk-ant-...
AUTO_PROVISION_ONLY: { risk: "low", role_standard: true, approvals: "present" }
NEVER_AUTO: ["admin", "production", "sensitive_data", "security_tooling"]
PREFER_TIME_BOUND=true
"#;

fn from_file(text: &str) -> Result<Guardrails, GuardrailErrors> {
    Guardrails::load(NOTHING, Some(text))
}

#[test]
fn the_blueprint_is_the_default() {
    let guardrails = from_file(BLUEPRINT).unwrap();
    assert_eq!(guardrails, Guardrails::default());
    assert_eq!(guardrails, from_file("").unwrap());
    assert_eq!(guardrails, Guardrails::load(NOTHING, None).unwrap());
    assert_eq!(guardrails.automatic_blocked(), None);
    assert_eq!(guardrails.never_auto().iter().count(), 4);
    insta::assert_snapshot!(guardrails.canonical(), @r"
    auto_provision_only approvals=present risk=low role_standard=true
    never_auto admin production security_tooling sensitive_data
    prefer_time_bound true
    ");
}

#[test]
fn every_notation_says_the_same() {
    for text in [
        "export PREFER_TIME_BOUND=\"true\" # an end is better",
        "PREFER_TIME_BOUND: True",
        "  NEVER_AUTO = 'security_tooling, sensitive_data, production, admin'",
        "NEVER_AUTO=[admin, production, sensitive_data, security_tooling,]\r\n",
        "NEVER_AUTO='[\"admin\",\"production\",\"sensitive_data\",\"security_tooling\"]'",
        "AUTO_PROVISION_ONLY='{\"risk\":\"low\",\"role_standard\":true,\"approvals\":\"present\"}'",
        "AUTO_PROVISION_ONLY={ approvals: present, role_standard: true, risk: low }",
        "# PREFER_TIME_BOUND=false\nVAULT_URL=https://vault.example/\nDB_PASSWORD='a=b: c'\nOTHER:",
    ] {
        assert_eq!(from_file(text), Ok(Guardrails::default()), "{text}");
    }
}

#[test]
fn what_loosens_is_refused() {
    let all = "admin, production, sensitive_data, security_tooling";
    let auto = |fields: &str| format!("AUTO_PROVISION_ONLY: {{ {fields} }}");
    let table = [
        auto("risk: \"moderate\", role_standard: true, approvals: \"present\""),
        auto("risk: HIGH, role_standard: true, approvals: \"present\""),
        auto("risk: low, role_standard: false, approvals: \"present\""),
        auto("risk: low, role_standard: true, approvals: \"optional\""),
        auto("risk: low, role_standard: true"),
        auto(""),
        auto("risk: low, risk: high, role_standard: true, approvals: present"),
        auto("risk: low, role_standard: true, approvals: present, ricks: high"),
        "AUTO_PROVISION_ONLY: low".to_owned(),
        "AUTO_PROVISION_ONLY: { risk: low".to_owned(),
        "PREFER_TIME_BOUND=false".to_owned(),
        "PREFER_TIME_BOUND=0".to_owned(),
        "PREFER_TIME_BOUND=maybe".to_owned(),
        "PREFER_TIME_BOUND=".to_owned(),
        "PREFER_TIME_BOUND=true\nPREFER_TIME_BOUND=true".to_owned(),
        "NEVER_AUTO: []".to_owned(),
        "NEVER_AUTO: [\"production\", \"sensitive_data\", \"security_tooling\"]".to_owned(),
        "NEVER_AUTO: [\"admin\", \"sensitive_data\", \"security_tooling\"]".to_owned(),
        "NEVER_AUTO: [\"admin\", \"production\", \"security_tooling\"]".to_owned(),
        "NEVER_AUTO: [\"admin\", \"production\", \"sensitive_data\"]".to_owned(),
        "NEVER_AUTO: admin".to_owned(),
        format!("NEVER_AUTO: [{all}, admin]"),
        format!("NEVER_AUTO: [{all}, \"two words\"]"),
        format!("NEVER_AUTO: [{all}, finance"),
        format!("NEVER_AUT0: [{all}, finance]"),
        format!("never_auto: [{all}, finance]"),
        "NEVER_AUTO [admin]".to_owned(),
        "-----BEGIN PRIVATE KEY-----".to_owned(),
    ];
    let mut shown = String::new();
    for text in table {
        let errors = from_file(&text).expect_err(&text);
        shown += &format!("{text}\n");
        for error in errors.0 {
            shown += &format!("  {error}\n  hint: {}\n", error.hint());
        }
    }
    insta::assert_snapshot!("loosened_guardrails", shown);
}

#[test]
fn the_environment_is_held_to_the_same() {
    let errors = Guardrails::load(
        [("PREFER_TIME_BOUND", "false")],
        Some("PREFER_TIME_BOUND=off"),
    )
    .unwrap_err();
    let origins: Vec<_> = errors.0.iter().map(|error| error.origin).collect();
    assert_eq!(origins, [Origin::Environment, Origin::Line(1)]);
    assert!(
        errors
            .0
            .iter()
            .all(|error| matches!(error.reason, Reason::NotTimeBound(_)))
    );
}

#[test]
fn classes_add_up_over_both_sources() {
    let four = "admin, production, sensitive_data, security_tooling";
    let guardrails = Guardrails::load(
        [("NEVER_AUTO", format!("{four}, source_code"))],
        Some(&format!("NEVER_AUTO: [{four}, finance, source_code]")),
    )
    .unwrap();
    assert_eq!(guardrails.unpatterned_classes(), ["finance", "source_code"]);
    insta::assert_snapshot!(guardrails.automatic_blocked().unwrap(), @"`NEVER_AUTO` names `finance`, `source_code`, which no pattern recognises: such access would pass unseen, so nothing is automatic");
    assert_ne!(guardrails.canonical(), Guardrails::default().canonical());
}

#[test]
fn the_digest_of_a_policy_follows_its_guardrails() {
    let four = "admin, production, sensitive_data, security_tooling";
    let more = Guardrails::load([("NEVER_AUTO", format!("{four}, finance"))], None).unwrap();
    let digest = |guardrails: &Guardrails| {
        policy::load("access.yml", b"roles: { a: [\"b:c\"] }", guardrails)
            .unwrap()
            .policy
            .digest
    };
    assert_ne!(digest(&more), digest(&Guardrails::default()));
    assert_eq!(
        digest(&from_file(BLUEPRINT).unwrap()),
        digest(&Guardrails::default())
    );
}

#[test]
fn secrets_leave_no_trace() {
    let secret = "sk-ant-very-secret";
    let text = format!(
        "ANTHROPIC_API_KEY={secret}\nNEVER_AUTO_KEY={secret}\nPREFER_TIME_BOUND=false\n\"{secret}\nVAULT_TOKEN: {secret}"
    );
    let environment = [
        ("OPENAI_API_KEY", secret),
        ("DB_PASSWORD", secret),
        ("HMAC_SECRET", secret),
    ];
    let errors = Guardrails::load(environment, Some(&text)).unwrap_err();
    assert!(!format!("{errors}{errors:?}").contains(secret), "{errors}");
    assert_eq!(errors.0.len(), 2, "{errors}");
    let guardrails =
        Guardrails::load(environment, Some(&format!("ANTHROPIC_API_KEY={secret}"))).unwrap();
    assert_eq!(guardrails, Guardrails::default());
    assert!(!format!("{guardrails:?}{}", guardrails.canonical()).contains(secret));
}

//! What the doctor says of a vault, with each thing that can be wrong.

use connectors::PamVault;
use connectors::pam_vault::{Health, Line, Settings, State};
use decision::time::{Minutes, Timestamp};
use ports::Secret;
use ports::vault::Vault as _;
use sandbox::vault::{AGENT, Right, Simulator, TokenShape};

use crate::world::{client, now, settings, with};

fn health(simulator: &Simulator, settings: Settings) -> Health {
    PamVault::new(settings).unwrap().health(now(simulator))
}

fn line<'h>(health: &'h Health, topic: &str, has: &str) -> &'h Line {
    health
        .lines
        .iter()
        .find(|line| line.topic == topic && line.text.contains(has))
        .unwrap_or_else(|| panic!("nothing on {topic} with `{has}`: {health:#?}"))
}

#[test]
fn a_sound_vault_has_nothing_bad() {
    let simulator = with(&[]);
    let health = health(&simulator, settings(&simulator));
    assert!(health.worst() < State::Bad, "{health:#?}");
    for (topic, has, state) in [
        ("base URL", "/ztna/acme/root", State::Fine),
        ("TLS", "plain HTTP", State::Warn),
        ("token", AGENT, State::Fine),
        ("token", "it ends at", State::Fine),
        ("user context", "accepted", State::Fine),
        ("right to list", "100 requests", State::Fine),
        ("paging", "counts rows", State::Fine),
        ("right to read assets", "type, path and tags", State::Fine),
        ("discovery", "mcp-agent.json", State::Fine),
        ("operations", "get-asset-credentials", State::Fine),
        ("path of close", "from the settings", State::Fine),
        ("least privilege", "not seen", State::Unknown),
    ] {
        assert_eq!(line(&health, topic, has).state, state, "{topic}");
    }
    // Looking changes nothing.
    assert!(simulator.audit().is_empty());
}

#[test]
fn each_thing_that_is_wrong_is_told_with_its_remedy() {
    let simulator = with(&[("mcp", "off"), ("pager", "page")]);
    simulator.drop_right(AGENT, Right::ReadAssets);
    let guessing = Settings {
        approve_path: None,
        ..settings(&simulator)
    };
    let told = health(&simulator, guessing);
    for (topic, has, state) in [
        ("paging", "counts pages", State::Warn),
        ("right to read assets", "401", State::Bad),
        ("discovery", "nowhere", State::Warn),
        ("path of approve", "a built-in guess", State::Warn),
    ] {
        assert_eq!(line(&told, topic, has).state, state, "{topic}");
    }
    let hint = line(&told, "path of approve", "guess")
        .hint
        .as_deref()
        .unwrap();
    assert!(hint.contains("VAULT_APPROVE_PATH"), "{hint}");
    simulator.drop_right(AGENT, Right::Audit);
    simulator.switch("pager", "ignored").unwrap();
    let told = health(&simulator, settings(&simulator));
    let listing = line(&told, "right to list", "401");
    assert!(listing.hint.as_deref().unwrap().contains("Auditor"));
}

#[test]
fn a_token_is_told_by_what_it_says() {
    let simulator = with(&[("clock-runs", "off")]);
    let of = |token: String| {
        let settings = Settings {
            token: Secret::new(token),
            ..settings(&simulator)
        };
        PamVault::new(settings).unwrap()
    };
    let nameless = of(simulator.token_of_shape(
        AGENT,
        TokenShape {
            with_ousr: false,
            expires_ms: None,
        },
    ));
    assert_eq!(nameless.own_user(), None);
    let told = nameless.health(now(&simulator));
    assert_eq!(line(&told, "token", "ousr").state, State::Bad);
    let over = of(simulator.token_of_shape(
        AGENT,
        TokenShape {
            with_ousr: true,
            expires_ms: Some(simulator.clock() - 1000),
        },
    ));
    let told = over.health(now(&simulator));
    assert_eq!(line(&told, "user context", "401").state, State::Bad);
    assert_eq!(line(&told, "token", "it ended at").state, State::Bad);
    let token = simulator.token(AGENT);
    simulator.revoke_token(&token);
    let told = of(token.clone()).health(now(&simulator));
    assert_eq!(line(&told, "user context", "401").state, State::Bad);
    assert!(!format!("{told:?}").contains(&token));
    assert_eq!(
        of("opaque".into()).health(now(&simulator)).worst(),
        State::Bad
    );
}

#[test]
fn own_requests_are_known_by_the_token() {
    let simulator = with(&[]);
    assert_eq!(client(&simulator).own_user(), Some(AGENT));
    let claims = client(&simulator);
    let claims = claims.claims().unwrap();
    let year = now(&simulator).plus(Minutes::from_days(365));
    assert_eq!(claims.expires, Some(year));
    assert!(claims.issuer.as_deref().unwrap().contains("/ztna/acme"));
    assert!(claims.issued < Some(now(&simulator)));
}

#[test]
fn a_vault_that_is_not_there_is_told() {
    let simulator = with(&[]);
    let settings = settings(&simulator);
    drop(simulator);
    let told = PamVault::new(settings)
        .unwrap()
        .health(Timestamp::from_seconds(1_795_618_800));
    assert_eq!(line(&told, "user context", "refused").state, State::Bad);
    assert_eq!(line(&told, "discovery", "refused").state, State::Bad);
}

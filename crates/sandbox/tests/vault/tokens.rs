//! API tokens: what they say, and which are taken.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sandbox::vault::{AGENT, TokenShape};
use serde_json::{Value, json};

use crate::{Client, agent, with};

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn tokens_say_who_and_until_when() {
    let simulator = with(&[]);
    let token = simulator.token(AGENT);
    let said = claims(&token);
    assert_eq!(said["ousr"], json!(AGENT));
    let base = simulator.base_url();
    assert_eq!(said["iss"], json!(base.strip_suffix("/root").unwrap()));
    let start = simulator.clock() / 1_000;
    assert!(said["iat"].as_i64().unwrap() < start && said["exp"].as_i64().unwrap() > start);
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    assert_eq!(header, br#"{"alg":"HS256","typ":"JWT"}"#);
    for login in [AGENT, "engineer-001", "security-001"] {
        let token = simulator.token(login);
        let payload = token.split('.').nth(1).unwrap();
        assert!(payload.contains('-') && payload.contains('_') && !payload.contains('='));
        assert!(
            STANDARD_NO_PAD.decode(payload).is_err(),
            "a careless client fails on it"
        );
    }
    assert_eq!(simulator.token("nobody"), "");
}

#[test]
fn only_valid_tokens_are_taken() {
    let simulator = with(&[]);
    let context = |token: &str| {
        let client = Client::new(&simulator.base_url(), token);
        client.get("/api/user/context").status
    };
    let good = simulator.token(AGENT);
    assert_eq!(context(&good), 200);
    let foreign = with(&[("seed", "2")]).token(AGENT);
    let (signed, _) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{signed}.");
    for bad in ["", "x", "a.b.c", &unsigned, &foreign, &format!("{good}x")] {
        assert_eq!(context(bad), 401, "{bad}");
    }
    let short = TokenShape {
        expires_ms: Some(simulator.clock() + 60_000),
        ..TokenShape::default()
    };
    let short = simulator.token_of_shape(AGENT, short);
    assert_eq!(context(&short), 200);
    simulator.advance(std::time::Duration::from_secs(60));
    assert_eq!(context(&short), 401);
    simulator.revoke_token(&good);
    assert_eq!(context(&good), 401);
    let without = TokenShape {
        with_ousr: false,
        ..TokenShape::default()
    };
    let without = simulator.token_of_shape(AGENT, without);
    assert!(claims(&without).get("ousr").is_none());
    assert_eq!(context(&without), 200);
}

#[test]
fn everything_but_the_document_takes_a_token() {
    let simulator = with(&[]);
    let nobody = Client::new(&simulator.base_url(), "");
    let id = simulator.requests()[0].id.clone();
    for path in [
        "/api/user/context",
        "/api/request/auditor-requests",
        "/api/mcp/search-assets?query=x",
        "/api/asset/asset/x",
    ] {
        nobody.get(path).is(401, "SIM-UNAUTHORIZED");
    }
    nobody
        .put(&format!("/api/request/approve/{id}"), "x")
        .is(401, "SIM-UNAUTHORIZED");
    assert_eq!(nobody.get("/.well-known/mcp-agent.json").status, 200);
    assert_eq!(agent(&simulator).get("/api/user/context").status, 200);
}

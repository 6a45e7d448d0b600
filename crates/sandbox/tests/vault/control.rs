//! The control routes on their own port.

use serde_json::{Value, json};

use crate::{Client, agent, with};
use sandbox::vault::{AGENT, SWITCHES, Simulator};

fn control(simulator: &Simulator) -> Client {
    Client::new(&simulator.control_url(), "")
}

fn ok(answer: crate::Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[test]
fn the_overview_says_where_everything_is() {
    let simulator = with(&[]);
    let overview = ok(control(&simulator).get(""));
    assert_eq!(overview["base_url"], json!(simulator.base_url()));
    assert_eq!(overview["control_url"], json!(simulator.control_url()));
    assert_eq!(overview["requests"], json!(simulator.requests().len()));
    for route in overview["routes"].as_array().unwrap() {
        let (method, name) = route.as_str().unwrap().split_once(' ').unwrap();
        let answer = control(&simulator)
            .call(method, &format!("/{name}"), None)
            .unwrap();
        assert!(
            answer.status == 200 || answer.status == 400,
            "{route}: {}",
            answer.text
        );
    }
    control(&simulator).get("/nothing").is(404, "SIM-NOROUTE");
    control(&simulator).get("/act").is(405, "SIM-METHOD");
    agent(&simulator).get("/__sim/clock").is(404, "SIM-NOROUTE");
}

#[test]
fn the_clock_moves() {
    let simulator = with(&[]);
    let control = control(&simulator);
    let before = ok(control.get("/clock"))["now"].as_i64().unwrap();
    assert_eq!(before, simulator.clock());
    let after = ok(control.post("/clock", &json!({ "advance": "90m" })));
    assert_eq!(after["now"], json!(before + 5_400_000));
    assert_eq!(after["utc"], json!("2026-11-25T16:30:00.000Z"));
    let set = ok(control.post("/clock", &json!({ "set": "2026-12-01T00:00:00Z" })));
    assert_eq!(set["utc"], json!("2026-12-01T00:00:00.000Z"));
    control
        .post("/clock", &json!({ "advance": "soon" }))
        .is(400, "90m");
    control.post("/clock", &json!({})).is(400, "SIM-PARAMETER");
    let far = ok(control.post("/clock", &json!({ "advance": "9223372036854775807ms" })));
    assert_eq!(far["utc"], json!("9999-12-31T23:59:59.999Z"));
}

#[test]
fn a_clock_can_run() {
    let simulator = with(&[("clock-runs", "on")]);
    let begin = simulator.clock();
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert!(simulator.clock() >= begin + 30);
    let standing = with(&[]);
    let begin = standing.clock();
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert_eq!(standing.clock(), begin);
}

#[test]
fn everybody_can_be_played() {
    let simulator = with(&[]);
    let control = control(&simulator);
    let asset = simulator.asset("dc-001").unwrap();
    let act = |body: Value| control.post("/act", &body);
    let asked = ok(act(
        json!({ "as": "engineer-001", "do": "submit", "asset": asset, "message": "Check" }),
    ));
    let id = asked["id"].clone();
    assert_eq!(
        (&asked["status"], &asked["levels"]),
        (&json!("Active"), &json!(2))
    );
    let first = ok(act(
        json!({ "as": "tier0-owner-001", "do": "approve", "request": id, "reason": "One" }),
    ));
    assert_eq!(first["level"], json!(2));
    act(json!({ "as": "engineer-001", "do": "approve", "request": id }))
        .is(401, "SIM-UNAUTHORIZED");
    let second = ok(act(
        json!({ "as": "security-001", "do": "approve", "request": id }),
    ));
    assert_eq!(second["status"], json!("Approved"));
    let ended = ok(act(
        json!({ "as": "engineer-001", "do": "delete", "request": id }),
    ));
    assert_eq!(ended["status"], json!("Completed"));
    act(json!({ "as": "nobody", "do": "approve", "request": id })).is(500, "SIM-NOTFOUND");
    act(json!({ "as": AGENT, "do": "praise", "request": id })).is(400, "submit, delete");
    let audit = ok(control.get("/audit"))["data"]
        .as_array()
        .unwrap()
        .clone();
    let verbs: Vec<&str> = audit
        .iter()
        .map(|entry| entry["verb"].as_str().unwrap())
        .collect();
    assert_eq!(verbs, ["submit", "approve", "approve", "complete-own"]);
    assert_eq!(
        (&audit[1]["reason"], &audit[1]["content_type"]),
        (&json!("One"), &Value::Null)
    );
    let active = ok(control.get("/requests?status=Completed&requestor=engineer-001&limit=1"));
    assert_eq!(active["data"][0]["id"], id);
    control
        .get("/requests?status=Open")
        .is(400, "Active, Approved");
}

#[test]
fn tokens_and_rights() {
    let simulator = with(&[]);
    let control = control(&simulator);
    let token = ok(control.post("/token", &json!({ "user": AGENT })))["token"].clone();
    let client = Client::new(&simulator.base_url(), token.as_str().unwrap());
    assert_eq!(client.list("").status, 200);
    ok(control.post("/rights", &json!({ "user": AGENT, "drop": "audit" })));
    client.list("").is(401, "SIM-UNAUTHORIZED");
    ok(control.post("/rights", &json!({ "user": AGENT, "give": "audit" })));
    assert_eq!(client.list("").status, 200);
    ok(control.post("/revoke", &json!({ "user": AGENT })));
    client.list("").is(401, "no valid API token");
    control
        .post("/rights", &json!({ "user": AGENT, "drop": "all" }))
        .is(400, "audit");
    let users = ok(control.get("/users"))["data"].as_array().unwrap().len();
    assert_eq!(users, 40 + 1 + 12);
}

#[test]
fn switches_faults_and_reset() {
    let simulator = with(&[]);
    let control = control(&simulator);
    let listed = ok(control.get("/switches")).as_array().unwrap().len();
    assert_eq!(listed, SWITCHES.len());
    ok(control.post(
        "/switches",
        &json!({ "page-cap": 3, "planted": false, "requestor": "upn" }),
    ));
    assert_eq!(agent(&simulator).list("&pgs=10").rows().len(), 3);
    control
        .post("/switches", &json!({ "pager": "sideways" }))
        .is(400, "offset|page|ignored");
    let faults = ok(control.post("/faults", &json!({ "fault": "context=status:503*1" })));
    assert_eq!(faults, json!(["context=status:503*1"]));
    assert_eq!(agent(&simulator).get("/api/user/context").status, 503);
    assert_eq!(ok(control.get("/faults")), json!([]));
    control
        .post("/faults", &json!({ "fault": "x" }))
        .is(400, "ROUTE=FAULT");
    ok(control.post("/faults", &json!({ "fault": "all=reset" })));
    ok(control.call("DELETE", "/faults", None).unwrap());
    let calls = ok(control.get("/calls"));
    assert_eq!(calls["context"], json!(1));
    ok(control.post(
        "/switches",
        &json!({ "fault": "asset=html", "pager": "page" }),
    ));
    control
        .post("/switches", &json!({ "pager": "offset", "grow": "x" }))
        .is(400, "grow");
    assert_eq!(ok(control.get("/faults")), json!(["asset=html"]));
    let token = simulator.token(AGENT);
    let fresh = ok(control.post("/reset", &json!({})));
    assert_eq!(
        (&fresh["requests"], &fresh["planted"]),
        (&json!(190), &json!(0))
    );
    assert_eq!(
        fresh["faults"],
        json!([]),
        "those of the start, and there were none"
    );
    assert!(simulator.calls().is_empty());
    let client = Client::new(&simulator.base_url(), &token);
    assert_eq!(
        client.get("/api/user/context").status,
        200,
        "tokens outlive a reset"
    );
    let other = ok(control.post("/seed", &json!({ "seed": 9, "requests": 5 })));
    assert_eq!((&other["seed"], &other["requests"]), (&json!(9), &json!(5)));
    assert_eq!(
        client.get("/api/user/context").status,
        401,
        "another seed, another vault"
    );
}

#[test]
fn hostile_bodies() {
    let simulator = with(&[]);
    let control = control(&simulator);
    for body in [
        "{",
        "[]",
        "1",
        "{\"as\":1}",
        "{\"do\":\"submit\",\"as\":\"engineer-001\",\"asset\":{}}",
    ] {
        for route in ["/act", "/clock", "/faults", "/token", "/revoke", "/rights"] {
            let answer = control
                .call("POST", route, Some(("application/json", body)))
                .unwrap();
            assert_eq!(answer.status, 400, "{route} {body}: {}", answer.text);
        }
    }
    let long = format!("{{\"as\": \"{}\"}}", "x".repeat(70_000));
    let answer = control
        .call("POST", "/act", Some(("application/json", &long)))
        .unwrap();
    answer.is(413, "SIM-TOOLARGE");
}

//! Records of assets, types, and who is signed in.

use sandbox::vault::{AGENT, Case, Right};
use serde_json::{Value, json};

use crate::{Client, agent, client, with};

fn record(client: &Client, id: &str) -> Value {
    let answer = client.get(&format!("/api/asset/asset/{id}"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[test]
fn a_record_has_type_path_and_tags_and_no_secret() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    let found = record(&client, &simulator.asset("dc-001").unwrap());
    assert_eq!(found["name"], json!("dc-001"));
    assert_eq!(found["type"]["name"], json!("Windows Host"));
    assert_eq!(found["parent"]["name"], json!("Domain Controllers"));
    assert_eq!(
        found["path"],
        json!("root / Infrastructure / Domain Controllers")
    );
    assert_eq!(found["tags"].as_array().unwrap().len(), 1);
    assert_eq!(
        found["tags"][0]["path"],
        json!("Component :: Server :: Windows")
    );
    let key = record(&client, &simulator.landmarks().model_key.id);
    assert_eq!(key["path"], json!("root / Secrets / AI"));
    for shown in [found, key] {
        assert!(!shown.to_string().contains("sim-"), "{shown}");
    }
}

#[test]
fn asset_path() {
    let simulator = with(&[("asset-path", "parent")]);
    let client = agent(&simulator);
    let found = record(&client, &simulator.asset("db-001").unwrap());
    assert!(found.get("path").is_none());
    let parent = record(&client, found["parent"]["id"].as_str().unwrap());
    assert_eq!(parent["path"], json!("root / Applications"));
    assert_eq!(parent["name"], json!("Databases"));
}

#[test]
fn row_no_asset_id() {
    let simulator = with(&[("row-no-asset-id", "on")]);
    let client = agent(&simulator);
    let row = client.list("&pgs=1").rows().remove(0);
    assert!(row.get("entityId").is_none());
    let path = format!("/api/request/request/{}", row["id"].as_str().unwrap());
    let detail = client.get(&path).json();
    assert_eq!(detail["entityId"], json!(simulator.requests()[0].asset));
    crate::client(&simulator, "engineer-040")
        .get(&path)
        .is(401, "SIM-UNAUTHORIZED");
    simulator.switch("row-no-asset-id", "off").unwrap();
    client.get(&path).is(404, "SIM-NOROUTE");
    assert!(client.list("&pgs=1").rows()[0].get("entityId").is_some());
}

#[test]
fn records_that_cannot_be_read() {
    let simulator = with(&[]);
    let asset_of = |case| {
        let planted = simulator
            .planted()
            .into_iter()
            .find(|planted| planted.case == case);
        simulator.request(&planted.unwrap().request).unwrap().asset
    };
    let agent = agent(&simulator);
    let get = |id: &str| agent.get(&format!("/api/asset/asset/{id}"));
    get(&asset_of(Case::AssetUnauthorized)).is(401, "SIM-UNAUTHORIZED");
    get(&asset_of(Case::AssetBroken)).is(500, "SIM-BROKEN");
    get("00000000-0000-4000-8000-000000000000").is(500, "SIM-NOTFOUND");
    let plain = asset_of(Case::Routine);
    assert_eq!(get(&plain).status, 200);
    simulator.drop_right(AGENT, Right::ReadAssets);
    get(&plain).is(401, "SIM-UNAUTHORIZED");
}

#[test]
fn context_and_types() {
    let simulator = with(&[]);
    let client = client(&simulator, "engineer-001");
    let context = client.get("/api/user/context").json();
    assert_eq!(context["user"]["name"], json!("engineer-001"));
    let root = context["space"]["rid"].as_str().unwrap();
    assert_eq!(record(&agent(&simulator), root)["name"], json!("root"));
    let types = client.get(&format!("/api/asset/listTypes/{root}")).rows();
    assert!(
        types
            .iter()
            .any(|kind| kind["name"] == json!("Windows Host"))
    );
    client.get("/api/asset/listTypes/x").is(500, "SIM-NOTFOUND");
}

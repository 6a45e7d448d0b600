//! The machine operations in both dialects, read from the document like a client would.

use std::time::Duration;

use sandbox::vault::{AGENT, Action, Decision, Right, Simulator, Status};
use serde_json::{Value, json};

use crate::{Answer, Client, agent, client, with};

/// An operation of the document, by its number in the contract, filled by names of parameters.
fn operate(client: &Client, operation: &str, values: &[(&str, &str)]) -> Answer {
    let document = client.get("/.well-known/mcp-agent.json").json();
    let wanted = operation.replace('-', "");
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let id = described["operationId"].as_str().unwrap();
            if id.replace('-', "").to_lowercase() != wanted {
                continue;
            }
            let value_of = |name: &str| {
                let found = values
                    .iter()
                    .find(|(key, _)| key.split('|').any(|key| key == name));
                found.map(|(_, value)| *value)
            };
            let mut path = path.clone();
            let mut query = Vec::new();
            for parameter in described["parameters"].as_array().unwrap_or(&Vec::new()) {
                let name = parameter["name"].as_str().unwrap();
                let value = value_of(name).unwrap_or_else(|| panic!("{operation} wants `{name}`"));
                match parameter["in"].as_str().unwrap() {
                    "path" => path = path.replace(&format!("{{{name}}}"), value),
                    _ => query.push(format!("{name}={value}")),
                }
            }
            if !query.is_empty() {
                path = format!("{path}?{}", query.join("&"));
            }
            let mut schema = &described["requestBody"]["content"]["application/json"]["schema"];
            if let Some(to) = schema["$ref"].as_str() {
                schema = document.pointer(to.trim_start_matches('#')).unwrap();
            }
            let mut body = serde_json::Map::new();
            for (name, of) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(value) = value_of(name) {
                    let number = of["type"] == json!("integer");
                    let value = if number {
                        json!(value.parse::<i64>().unwrap())
                    } else {
                        json!(value)
                    };
                    body.insert(name.clone(), value);
                }
            }
            let text = Value::Object(body).to_string();
            let body = schema
                .is_object()
                .then_some(("application/json", text.as_str()));
            return client.call(&method.to_uppercase(), &path, body).unwrap();
        }
    }
    panic!("no {operation} in {document}");
}

const ASSET: &str = "assetId|id";
const TEXT: &str = "message|justification";

/// Reads a secret, as the agent's own client does.
fn read(client: &Client, asset: &str) -> Answer {
    operate(client, "get-asset-credentials", &[(ASSET, asset)])
}

fn submit(client: &Client, asset: &str) -> Answer {
    operate(
        client,
        "submit-request",
        &[(ASSET, asset), (TEXT, "Scheduled analysis run")],
    )
}

fn status_of(client: &Client, asset: &str, action: &str) -> Value {
    let answer = operate(
        client,
        "get-request-status",
        &[(ASSET, asset), ("action", action)],
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The whole flow of section 4.6, in the dialect of the simulator.
fn flow(simulator: &Simulator) {
    let client = agent(simulator);
    let key = simulator.landmarks().model_key.id;
    read(&client, &key).is(500, "MSG-00863");
    let submitted = submit(&client, &key);
    assert_eq!(submitted.json()["status"], json!("Active"));
    read(&client, &key).is(500, "MSG-00864");
    submit(&client, &key).is(500, "MSG-00864");
    assert_eq!(
        status_of(&client, &key, "AssetAccess"),
        json!({ "status": "None" })
    );
    let status = status_of(&client, &key, "AssetUnlock");
    let request = status["requestId"].as_str().unwrap();
    assert_eq!(status["status"], json!("Active"));
    assert_eq!(status["assetId"], json!(key));
    assert_eq!(submitted.json()["id"], json!(request));
    simulator
        .decide_as("security-001", Decision::Approve, request, "Agreed.")
        .unwrap();
    assert_eq!(
        status_of(&client, &key, "AssetUnlock")["status"],
        json!("Open")
    );
    let secret = read(&client, &key);
    assert_eq!(
        secret.json()["credentials"]["Password"],
        json!("sk-sim-0000-not-a-real-key")
    );
    let done = operate(&client, "complete-request", &[("requestId", request)]);
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(
        status_of(&client, &key, "AssetUnlock")["status"],
        json!("Completed")
    );
    operate(&client, "complete-request", &[("requestId", request)]).is(500, "SIM-BADSTATE");
    read(&client, &key).is(500, "MSG-00863");
    let row = client.list("&pgs=1").rows().remove(0);
    assert_eq!(
        (&row["id"], &row["requestor"]),
        (&json!(request), &json!(AGENT))
    );
    let found = operate(&client, "search-assets", &[("query", "llm")]).json();
    assert_eq!(found["data"][0]["id"], json!(key));
    let forms = operate(&client, "get-request-forms", &[(ASSET, &key)]).rows();
    assert_eq!(
        (forms.len(), &forms[0]["name"]),
        (4, &json!("Secret release"))
    );
}

#[test]
fn dialects() {
    flow(&with(&[]));
    let b = with(&[("dialect", "b")]);
    flow(&b);
    let document = agent(&b).get("/.well-known/mcp-agent.json").json();
    assert!(document.get("servers").is_none());
    assert_eq!(document["paths"].as_object().unwrap().len(), 6);
    let key = b.landmarks().model_key.id;
    let a_path = format!("/api/mcp/get-asset-credentials?assetId={key}");
    agent(&b).get(&a_path).is(404, "SIM-NOROUTE");
}

#[test]
fn windows_in_the_form_of_the_document() {
    for (dialect, from, to) in [
        ("a", "1795622400000", "1795626000000"),
        ("b", "2026-11-25T16:00:00Z", "2026-11-25T18:00:00+01:00"),
    ] {
        let simulator = with(&[("dialect", dialect)]);
        let client = agent(&simulator);
        let key = simulator.landmarks().automatic_secret.id;
        let values = [
            (ASSET, key.as_str()),
            (TEXT, "Later"),
            ("from|start", from),
            ("to|end", to),
        ];
        let id = operate(&client, "submit-request", &values).json()["id"].clone();
        let request = simulator.request(id.as_str().unwrap()).unwrap();
        assert_eq!(
            (request.from_ms, request.to_ms),
            (1_795_622_400_000, 1_795_626_000_000)
        );
        assert_eq!(
            status_of(&client, &key, "AssetUnlock")["status"],
            json!("Approved")
        );
        read(&client, &key).is(500, "MSG-00864");
        simulator.advance(Duration::from_secs(3_600));
        assert_eq!(
            status_of(&client, &key, "AssetUnlock")["status"],
            json!("Open")
        );
        assert_eq!(read(&client, &key).status, 200);
        simulator.advance(Duration::from_secs(3_600));
        read(&client, &key).is(500, "MSG-00863");
        assert_eq!(
            status_of(&client, &key, "AssetUnlock")["status"],
            json!("Completed")
        );
        let wrong = if dialect == "a" {
            json!("soon")
        } else {
            json!(5)
        };
        let body = json!({ "assetId": key, "message": "x", "justification": "x", "from": wrong, "start": wrong });
        let path = if dialect == "a" {
            "/api/mcp/submit-request".to_owned()
        } else {
            format!("/api/mcp/assets/{key}/requests")
        };
        client.post(&path, &body).is(400, "SIM-PARAMETER");
        client
            .post(&path, &json!({ "assetId": key }))
            .is(400, "SIM-PARAMETER");
    }
}

#[test]
fn after_a_rejection_it_starts_again() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    let key = simulator.landmarks().model_key.id;
    let id = submit(&client, &key).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    simulator
        .decide_as("security-002", Decision::Reject, &id, "Not today.")
        .unwrap();
    assert_eq!(
        status_of(&client, &key, "AssetUnlock")["status"],
        json!("Rejected")
    );
    read(&client, &key).is(500, "MSG-00863");
    assert_eq!(submit(&client, &key).status, 200);
}

#[test]
fn other_secrets() {
    let simulator = with(&[]);
    let marks = simulator.landmarks();
    let client = agent(&simulator);
    assert_eq!(
        read(&client, &marks.mail_secret.id).status,
        200,
        "no workflow"
    );
    read(&client, &marks.forbidden_secret.id).is(401, "SIM-UNAUTHORIZED");
    read(&client, &marks.automatic_secret.id).is(500, "MSG-00863");
    assert_eq!(
        submit(&client, &marks.automatic_secret.id).json()["status"],
        json!("Approved")
    );
    assert_eq!(read(&client, &marks.automatic_secret.id).status, 200);
    simulator.advance(Duration::from_secs(10 * 3_600));
    submit(&client, &marks.restricted_secret.id).is(500, "SIM-RESTRICTED");
    read(&client, "x").is(500, "SIM-NOTFOUND");
    read(&client, &simulator.asset("Workstations").unwrap()).is(500, "SIM-NOSECRET");
    client
        .get("/api/mcp/get-asset-credentials")
        .is(400, "SIM-PARAMETER");
    simulator.drop_right(AGENT, Right::ReadSecrets);
    read(&client, &marks.mail_secret.id).is(401, "SIM-UNAUTHORIZED");
}

#[test]
fn what_belongs_to_others_cannot_be_completed() {
    let simulator = with(&[]);
    let id = simulator.requests()[0].id.clone();
    let client = agent(&simulator);
    operate(&client, "complete-request", &[("requestId", &id)]).is(401, "somebody else");
}

#[test]
fn error_format() {
    let simulator = with(&[("error-format", "text")]);
    let client = agent(&simulator);
    let answer = read(&client, &simulator.landmarks().model_key.id);
    answer.is(500, "MSG-00863: approval is required");
    assert!(answer.content_type.starts_with("text/plain"));
    simulator.switch("error-format", "json").unwrap();
    let answer = read(&client, &simulator.landmarks().model_key.id).json();
    assert_eq!(
        (&answer["status"], &answer["code"]),
        (&json!(500), &json!("MSG-00863"))
    );
}

#[test]
fn submit_silent() {
    let simulator = with(&[("submit-silent", "on")]);
    let key = simulator.landmarks().model_key.id;
    let answer = submit(&agent(&simulator), &key);
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    let newest = &simulator.requests()[0];
    assert_eq!(
        (newest.asset.as_str(), newest.status),
        (key.as_str(), Status::Active)
    );
}

#[test]
fn status_shape() {
    for dialect in ["a", "b"] {
        let simulator = with(&[("status-shape", "list"), ("dialect", dialect)]);
        let client = agent(&simulator);
        let key = simulator.landmarks().model_key.id;
        submit(&client, &key);
        let answer = operate(&client, "get-request-status", &[("action", "AssetUnlock")]);
        let rows = answer.rows();
        let active = |row: &&Value| row["status"] == json!("Active");
        let assets: Vec<&Value> = rows
            .iter()
            .filter(active)
            .map(|row| &row["assetId"])
            .collect();
        assert_eq!(
            rows.len(),
            2,
            "the model's key and the waiting one: {rows:?}"
        );
        assert!(assets.contains(&&json!(key)));
        let none = operate(&client, "get-request-status", &[("action", "AssetEdit")]);
        assert!(none.rows().is_empty());
    }
}

#[test]
fn action_enum_and_credential_action() {
    let simulator = with(&[("action-enum", "off"), ("credential-action", "AssetEdit")]);
    let client = agent(&simulator);
    let document = client.get("/.well-known/mcp-agent.json").text;
    assert!(!document.contains("enum"), "{document}");
    let key = simulator.landmarks().model_key.id;
    submit(&client, &key);
    assert_eq!(
        status_of(&client, &key, "AssetUnlock")["status"],
        json!("None")
    );
    assert_eq!(
        status_of(&client, &key, "AssetEdit")["status"],
        json!("Active")
    );
    let unknown = operate(
        &client,
        "get-request-status",
        &[(ASSET, &key), ("action", "Unlock")],
    );
    unknown.is(500, "SIM-BADACTION");
    simulator.switch("action-enum", "on").unwrap();
    let document = client.get("/.well-known/mcp-agent.json").json();
    let action = &document["paths"]["/api/mcp/get-request-status/{action}"]["get"]["parameters"][0];
    let names: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
    assert_eq!(action["schema"]["enum"], json!(names));
}

#[test]
fn mcp_off() {
    let simulator = with(&[("mcp", "off")]);
    let client = agent(&simulator);
    client
        .get("/.well-known/mcp-agent.json")
        .is(404, "SIM-NOROUTE");
    client
        .get("/api/mcp/get-asset-credentials")
        .is(404, "SIM-NOROUTE");
    assert_eq!(client.list("").status, 200);
}

#[test]
fn documents_are_found_in_three_places() {
    let simulator = with(&[]);
    let site = agent(&simulator);
    let base = simulator.base_url();
    let tenant = Client::new(base.strip_suffix("/root").unwrap(), "");
    let well_known = "/.well-known/mcp-agent.json";
    assert_eq!(
        tenant.get(well_known).json(),
        site.get(well_known).json(),
        "no token is needed"
    );
    site.get("/.well-known/agent.json").is(404, "SIM-NOROUTE");
    simulator.switch("agent-json", "on").unwrap();
    let pointer =
        |client: &Client| client.get("/.well-known/agent.json").json()["api"]["url"].clone();
    assert_eq!(pointer(&site), json!(format!("{base}{well_known}")));
    simulator.switch("agent-json", "only").unwrap();
    site.get(well_known).is(404, "SIM-NOROUTE");
    let url = pointer(&tenant);
    let document = Client::new(url.as_str().unwrap(), "").get("");
    assert_eq!(document.json()["openapi"], json!("3.0.1"));
}

#[test]
fn a_person_has_other_forms_than_an_administrator() {
    let simulator = with(&[]);
    let asset = simulator.asset("stage-005").unwrap();
    let manage = |login: &str| {
        let forms = operate(
            &client(&simulator, login),
            "get-request-forms",
            &[(ASSET, &asset)],
        )
        .rows();
        let of_manage = forms
            .iter()
            .find(|form| form["action"] == json!("AssetManage"));
        of_manage.unwrap()["name"].clone()
    };
    assert_eq!(manage("vault-admin-001"), json!("Automatic with record"));
    assert_eq!(manage("engineer-001"), json!("Standard approval"));
}

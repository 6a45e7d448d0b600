//! The document that describes the machine operations, and the pointer to it.

use serde_json::{Value, json};

use super::super::options::{Action, AgentJson, Dialect, Options, StatusShape};
use super::super::state::Vault;
use super::super::{SITE, TENANT};
use super::Reply;
use super::routes::Place;

/// The document, or the pointer to it.
pub(crate) fn reply(vault: &Vault, place: &Place) -> Reply {
    let base = format!("{}/ztna/{TENANT}/{SITE}", vault.origin);
    if place.part(0) == "agent.json" {
        let url = match vault.options.agent_json {
            AgentJson::Off | AgentJson::On => format!("{base}/.well-known/mcp-agent.json"),
            AgentJson::Only => format!("{base}/api/mcp/openapi.json"),
        };
        return Reply::json(
            200,
            &json!({ "name": "PAM (simulator)", "api": { "url": url } }),
        );
    }
    let document = match vault.options.dialect {
        Dialect::A => dialect_a(&vault.options),
        Dialect::B => dialect_b(&vault.options),
    };
    Reply::json(200, &document)
}

fn uuid(name: &str, place: &str) -> Value {
    json!({ "name": name, "in": place, "required": true, "schema": { "type": "string", "format": "uuid" } })
}

fn dialect_a(options: &Options) -> Value {
    let mut action = json!({ "type": "string" });
    if let (true, Some(action)) = (options.action_enum, action.as_object_mut()) {
        let names: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        action.insert("enum".to_owned(), json!(names));
    }
    let mut status =
        vec![json!({ "name": "action", "in": "path", "required": true, "schema": action })];
    if options.status_shape == StatusShape::Object {
        status.push(uuid("assetId", "query"));
    }
    let body = json!({ "type": "object", "required": ["assetId", "message"], "properties": {
        "assetId": { "type": "string", "format": "uuid" }, "message": { "type": "string" },
        "from": { "type": "integer", "format": "int64" }, "to": { "type": "integer", "format": "int64" },
        "exclusive": { "type": "boolean" } } });
    json!({
        "openapi": "3.0.1",
        "info": { "title": "PAM MCP agent API (simulator)", "version": "1.0" },
        "servers": [{ "url": format!("/ztna/{TENANT}/{SITE}") }],
        "security": [{ "bearerAuth": [] }],
        "components": { "securitySchemes": { "bearerAuth": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } } },
        "paths": {
            "/api/mcp/search-assets": { "get": { "operationId": "search-assets", "parameters": [
                { "name": "query", "in": "query", "required": true, "schema": { "type": "string" } }] } },
            "/api/mcp/get-asset-credentials": { "get": { "operationId": "get-asset-credentials", "parameters": [uuid("assetId", "query")] } },
            "/api/mcp/get-request-forms": { "get": { "operationId": "get-request-forms", "parameters": [uuid("assetId", "query")] } },
            "/api/mcp/submit-request": { "post": { "operationId": "submit-request",
                "requestBody": { "required": true, "content": { "application/json": { "schema": body } } } } },
            "/api/mcp/get-request-status/{action}": { "get": { "operationId": "get-request-status", "parameters": status } },
            "/api/mcp/complete-request": { "put": { "operationId": "complete-request", "parameters": [uuid("requestId", "query")] } },
        }
    })
}

fn dialect_b(options: &Options) -> Value {
    let action = json!({ "name": "action", "in": "path", "required": true, "schema": { "type": "string" },
        "description": "The operation for which was asked." });
    let (status_path, status) = match options.status_shape {
        StatusShape::Object => (
            "/api/mcp/assets/{assetId}/requests/status/{action}",
            vec![uuid("assetId", "path"), action],
        ),
        StatusShape::List => ("/api/mcp/requests/status/{action}", vec![action]),
    };
    let window = json!({ "type": "string", "format": "date-time" });
    let text = json!({ "type": "object", "required": ["query"], "properties": { "query": { "type": "string" } } });
    let mut document = json!({
        "openapi": "3.0.3",
        "info": { "title": "PAM MCP agent API (simulator, dialect B)", "version": "2.0" },
        "components": { "schemas": { "AccessRequest": { "type": "object", "required": ["justification"], "properties": {
            "justification": { "type": "string" }, "start": window, "end": window, "exclusive": { "type": "boolean" } } } } },
        "paths": {
            "/api/mcp/assets/search": { "post": { "operationId": "searchAssets",
                "requestBody": { "required": true, "content": { "application/json": { "schema": text } } } } },
            "/api/mcp/assets/{id}/credentials": { "post": { "operationId": "getAssetCredentials", "parameters": [uuid("id", "path")] } },
            "/api/mcp/assets/{id}/forms": { "post": { "operationId": "getRequestForms", "parameters": [uuid("id", "path")] } },
            "/api/mcp/assets/{id}/requests": { "post": { "operationId": "submitRequest", "parameters": [uuid("id", "path")],
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/AccessRequest" } } } } } },
            "/api/mcp/requests/{requestId}/complete": { "post": { "operationId": "completeRequest", "parameters": [uuid("requestId", "path")] } },
        }
    });
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.insert(
            status_path.to_owned(),
            json!({ "post": { "operationId": "getRequestStatus", "parameters": status } }),
        );
    }
    document
}

//! Validation against the built-in JSON Schema, offline.

use std::error::Error;
use std::fmt;

use boon::{Compiler, ErrorKind, Schemas, UrlLoader, ValidationError};
use serde_json::Value;

use super::{ContractError, SCHEMA};

/// One thing that the schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a JSON pointer; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "/"
        } else {
            &self.pointer
        };
        write!(formatter, "`{place}`: {}", self.what)
    }
}

/// Where the built-in schema lives for the compiler; nothing is ever fetched from there.
const PLACE: &str = "urn:access-request-agent:agentaz-contract:1";

/// Loads nothing: a reference to anything outside the built-in schema is an error.
struct Nothing;

impl UrlLoader for Nothing {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        Err(format!("`{url}` is not built in").into())
    }
}

/// Validates `value` against `SCHEMA`.
pub(super) fn validate(value: &Value) -> Result<(), ContractError> {
    let built_in = |error: &dyn fmt::Display| ContractError::BuiltIn(error.to_string());
    let schema: Value = serde_json::from_str(SCHEMA).map_err(|error| built_in(&error))?;
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Nothing));
    compiler.enable_format_assertions();
    compiler
        .add_resource(PLACE, schema)
        .map_err(|error| built_in(&error))?;
    let mut schemas = Schemas::new();
    let index = compiler
        .compile(PLACE, &mut schemas)
        .map_err(|error| built_in(&error))?;
    schemas.validate(value, index).map_err(|error| {
        let mut found = Vec::new();
        collect(&error, &mut found);
        ContractError::Schema(found)
    })
}

/// The leaves of the tree of errors, which alone say something.
fn collect(error: &ValidationError<'_, '_>, found: &mut Vec<Violation>) {
    if error.causes.is_empty() {
        let pointer = error.instance_location.to_string();
        found.push(Violation {
            pointer,
            what: what(&error.kind),
        });
    }
    for cause in &error.causes {
        collect(cause, found);
    }
}

fn what(kind: &ErrorKind<'_, '_>) -> String {
    kind.to_string()
}

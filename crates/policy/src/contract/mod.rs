//! The contract: what the agent is authorised to do at worst, validated, and asked before a mode starts.

mod covers;
mod schema;
mod strict;

use serde::Deserialize;

pub use self::covers::Refusal;
pub use self::schema::Violation;
use crate::bounds::CONTRACT_BYTES_MAX;

/// The JSON Schema that contracts are validated against, as it is in `contracts/agentaz.schema.json`.
pub const SCHEMA: &str = include_str!("../../../../contracts/agentaz.schema.json");
/// The contract of the mode that only advises, as it is in `contracts/agentaz.json`.
pub const ADVISE: &str = include_str!("../../../../contracts/agentaz.json");
/// The contract of the mode that grants by itself, as it is in `contracts/agentaz-guarded.json`.
pub const GUARDED: &str = include_str!("../../../../contracts/agentaz-guarded.json");

pub use decision::evidence::record::Mode;

/// Authority by the worst action, from none (`A0`) to full autonomy (`A5`), as AgentAz 1.0 names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[expect(
    missing_docs,
    reason = "the letters are the specification's own names; their order is their meaning"
)]
pub enum TrustLevel {
    A0,
    A1,
    A2,
    A3,
    A4,
    A5,
}

/// A validated contract. It says nothing yet about a mode: ask `covers`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Contract {
    /// The agent that the contract is about.
    pub agent_id: String,
    /// Version of the contract, three numbers.
    pub version: String,
    /// Day of the last review, `YYYY-MM-DD`.
    pub last_reviewed: String,
    /// Authority class.
    pub trust_level: TrustLevel,
    /// The worst that can happen, in words.
    pub worst_case_action: String,
    /// What is authorised and what is not, in words.
    pub authority_boundary: String,
    /// Tools.
    pub tool_boundary: ToolBoundary,
    /// Output.
    pub output_boundary: OutputBoundary,
    /// Money.
    pub cost_boundary: CostBoundary,
    /// Turns.
    pub loop_boundary: LoopBoundary,
    /// When and to whom people are called.
    pub human_handoff: HumanHandoff,
    /// What is logged.
    pub audit: AuditBoundary,
}

/// Which tools there are; anything else does not exist for the model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ToolBoundary {
    /// Names of tools.
    pub allowed_tools: Vec<String>,
    /// Whether no tool changes anything outside.
    pub execution_tools_absent: bool,
}

/// What the output looks like and never holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OutputBoundary {
    /// Always `structured_json`.
    pub format: String,
    /// Kinds of output that never occur.
    pub never_emits: Vec<String>,
}

/// Cost of one request, in US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct CostBoundary {
    /// The most that may be spent on one request.
    pub max_usd_per_trace_loop: f64,
    /// From where on somebody is told.
    pub alert_threshold_usd: f64,
}

/// Turns of a model for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct LoopBoundary {
    /// The most turns, 1 to 1000.
    pub max_reasoning_turns: u32,
}

/// When a person takes over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HumanHandoff {
    /// What calls a person.
    pub triggers: Vec<String>,
    /// Whom.
    pub destination: String,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AuditBoundary {
    /// Whether nothing in the log can be changed or removed.
    pub append_only: bool,
    /// Kinds of entries.
    pub logs: Vec<String>,
}

impl Contract {
    /// Reads a contract and validates it against `SCHEMA`, with no access to files or network.
    ///
    /// # Errors
    ///
    /// A file above `CONTRACT_BYTES_MAX`, text that is not JSON or has a key twice, and everything that the schema does not allow.
    pub fn load(bytes: &[u8]) -> Result<Self, ContractError> {
        if bytes.len() > CONTRACT_BYTES_MAX {
            return Err(ContractError::TooLarge { bytes: bytes.len() });
        }
        let value = strict::parse(bytes).map_err(ContractError::Json)?;
        schema::validate(&value)?;
        serde_json::from_value(value).map_err(ContractError::Json)
    }

    /// Whether the contract covers `mode`: authority, tools, output, bounds, hand-off and log all fit it.
    ///
    /// # Errors
    ///
    /// The first field that does not fit, with what it says and what the mode needs.
    pub fn covers(&self, mode: Mode) -> Result<(), Refusal> {
        covers::check(self, mode)
    }

    /// Whether the contract lists a tool of that name. What it does not list must not be in any registry.
    #[must_use]
    pub fn tool_allowed(&self, tool: &str) -> bool {
        self.tool_boundary
            .allowed_tools
            .iter()
            .any(|allowed| allowed == tool)
    }
}

/// Why a file is no contract.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// Too many bytes.
    #[error("the contract has {bytes} bytes, more than {CONTRACT_BYTES_MAX}")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// Not JSON, or not of the types.
    #[error("the contract is not readable JSON")]
    Json(#[source] serde_json::Error),
    /// Against the schema.
    #[error("the contract does not fit its schema: {}", list(.0))]
    Schema(Vec<Violation>),
    /// The schema that is built in cannot be used: an error of this program.
    #[error("the built-in contract schema cannot be used: {0}")]
    BuiltIn(String),
}

fn list(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

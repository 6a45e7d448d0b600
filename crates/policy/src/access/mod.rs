//! `access.yml`: from bytes to a checked `Policy`, or every problem at once.

mod attributes;
mod cases;
mod catalogue;
mod check;
mod conflicts;
mod draft;
mod inheritance;
mod roles;
mod rules;
mod text;
mod tree;

use std::fmt;
use std::sync::Arc;

use decision::rules::Rules;
use decision::rules::compile::CompileError;
use decision::rules::policy::Policy;
use marked_yaml::Node;

use self::draft::Draft;
use crate::cases::TestCase;
use crate::code::Code;
use crate::conditions::{self, CedarConditions};
use crate::digest;
use crate::guardrails::Guardrails;
use crate::problem::{Problem, Report, Sink, Spot};

/// A policy that passed every check of this crate, with the bytes it was read from.
pub struct Loaded {
    /// The policy.
    pub policy: Policy,
    /// What evaluates its conditions, when it has any.
    pub conditions: Option<Arc<CedarConditions>>,
    /// The tests that the file carries.
    pub tests: Vec<TestCase>,
    /// The bytes of the file, as they are covered by the digest.
    pub source: Vec<u8>,
    /// What is allowed and probably not meant. Empty for most files.
    pub warnings: Report,
}

impl Loaded {
    /// The rules that decisions are made with: the tables compiled, the conditions beside them.
    ///
    /// # Errors
    /// What [`Rules::compile`] finds; this crate has reported each of these with its place before.
    pub fn compile(self) -> Result<Rules, CompileError> {
        let rules = Rules::compile(self.policy)?;
        Ok(match self.conditions {
            Some(conditions) => rules.with_conditions(conditions),
            None => rules,
        })
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Loaded")
            .field("digest", &self.policy.digest)
            .field("bytes", &self.source.len())
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// Reads a policy file. `file` is the name that messages cite; `guardrails` go into the digest.
///
/// # Errors
///
/// Every problem of the file, sorted by place: see docs/reference/policy-file.md for the kinds.
pub fn load(file: &str, bytes: &[u8], guardrails: &Guardrails) -> Result<Loaded, Box<Report>> {
    let mut sink = Sink::default();
    let text = match text::decode(bytes, &mut sink) {
        Ok(text) => text,
        Err(shown) => return Err(refused(sink, file, &shown)),
    };
    let Some(root) = text::parse(text, &mut sink) else {
        return Err(refused(sink, file, text));
    };
    let mut draft = Draft::default();
    read_top(&mut sink, &root, text, &mut draft);
    // The tree of a large file is large; the draft has its own text.
    drop(root);
    check::all(&mut sink, &mut draft);
    attributes::check(&mut sink, &draft);
    let conditions = match &draft.conditions {
        // Conditions name entitlements and roles: they are looked at when the tables are in order.
        Some(block) if !sink.has_errors() => {
            conditions::compile(&mut sink, block, &draft.declared, &draft.policy)
        }
        Some(_) | None => None,
    };
    let warnings = sink.finish(file, text)?;
    let mut policy = draft.policy;
    let evaluator = conditions.map(|(conditions, evaluator)| {
        policy.conditions = conditions;
        evaluator
    });
    policy.file = file.to_owned();
    policy.digest = digest::of(bytes, &guardrails.canonical());
    Ok(Loaded {
        policy,
        conditions: evaluator,
        tests: draft.tests,
        source: bytes.to_vec(),
        warnings,
    })
}

/// Reads a file of tests: `tests`, as a policy file may carry them.
///
/// # Errors
/// Every problem of the file, sorted by place.
pub fn load_cases(file: &str, bytes: &[u8]) -> Result<Vec<TestCase>, Box<Report>> {
    let mut sink = Sink::default();
    let text = match text::decode(bytes, &mut sink) {
        Ok(text) => text,
        Err(shown) => return Err(refused(sink, file, &shown)),
    };
    let Some(root) = text::parse(text, &mut sink) else {
        return Err(refused(sink, file, text));
    };
    let cases = cases::read_file(&mut sink, &root);
    sink.finish(file, text)?;
    Ok(cases)
}

fn refused(sink: Sink, file: &str, text: &str) -> Box<Report> {
    match sink.finish(file, text) {
        Ok(report) => Box::new(report),
        Err(report) => report,
    }
}

/// The keys of the file.
const TOP_KEYS: &[&str] = &[
    "version",
    "roles",
    "catalogue",
    "levels",
    "approvals",
    "sod_conflicts",
    "privileged",
    "never_auto",
    "duration",
    "attributes",
    "conditions",
    "tests",
];

fn read_top(sink: &mut Sink, root: &Node, text: &str, draft: &mut Draft) {
    let Some(fields) = tree::fields(sink, root, "the policy file", TOP_KEYS) else {
        return;
    };
    if fields.is_empty() && !sink.has_errors() {
        sink.push(
            Problem::new(Code::FileEmpty, Spot::new(1, 1, 1), "the file says nothing")
                .label("no keys")
                .help("begin with `roles:`; policies/minimal/access.yml is a start"),
        );
    }
    for field in &fields {
        let value = field.value;
        match field.key {
            "version" => rules::version(sink, value),
            "roles" => roles::read(sink, value, draft),
            "catalogue" => catalogue::read(sink, value, draft),
            "levels" => catalogue::levels(sink, value, draft),
            "approvals" => rules::approvals(sink, value, draft),
            "sod_conflicts" => conflicts::read(sink, value, draft),
            "privileged" => draft.policy.privileged = rules::patterns(sink, value, "`privileged`"),
            "never_auto" => rules::never_auto(sink, value, draft),
            "duration" => rules::duration(sink, value, draft),
            "attributes" => attributes::read(sink, value, draft),
            "conditions" => attributes::conditions(sink, value, text, draft),
            "tests" => draft.tests = cases::read(sink, value),
            // `fields` has refused every other key.
            _ => {}
        }
    }
}

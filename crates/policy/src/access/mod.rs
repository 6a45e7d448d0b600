//! `access.yml`: from bytes to a checked `Policy`, or every problem at once.

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

use decision::rules::policy::Policy;
use marked_yaml::Node;

use self::draft::Draft;
use crate::code::Code;
use crate::digest;
use crate::guardrails::Guardrails;
use crate::problem::{Problem, Report, Sink, Spot};

/// A policy that passed every check of this crate, with the bytes it was read from.
pub struct Loaded {
    /// The policy.
    pub policy: Policy,
    /// The bytes of the file, as they are covered by the digest.
    pub source: Vec<u8>,
    /// What is allowed and probably not meant. Empty for most files.
    pub warnings: Report,
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
    read_top(&mut sink, &root, &mut draft);
    // The tree of a large file is large; the draft has its own text.
    drop(root);
    check::all(&mut sink, &mut draft);
    let warnings = sink.finish(file, text)?;
    let mut policy = draft.policy;
    policy.file = file.to_owned();
    policy.digest = digest::of(bytes, &guardrails.canonical());
    Ok(Loaded {
        policy,
        source: bytes.to_vec(),
        warnings,
    })
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
];

fn read_top(sink: &mut Sink, root: &Node, draft: &mut Draft) {
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
            // `fields` has refused every other key.
            _ => {}
        }
    }
}

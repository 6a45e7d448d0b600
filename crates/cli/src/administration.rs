//! Acts on the agent itself, each a leaf of the log: policies put in force, modes allowed, names bound anew.

use ports::store::{Category, LeafDraft, PolicySource, Transition};
use ports::{Directory as _, commit};

use crate::error::{Error, Exit};
use crate::wiring::Parts;

/// Puts the loaded policy in force. `by` is a person's immutable id: what they ask for themselves is then never
/// automatic. `None`: nobody, as at a first start.
pub(crate) fn activate(parts: &Parts, reason: &str, by: Option<&str>) -> Result<(), Error> {
    let policy = parts.files.rules.policy();
    let policy_source = PolicySource {
        digest: policy.digest.clone(),
        source: parts.files.source.clone(),
        guardrails: parts.files.guardrails.canonical(),
        file: policy.file.clone(),
    };
    administer(
        parts,
        "policy.activated",
        &[],
        (by, reason),
        Some(policy_source),
    )
}

/// Records that automatic decisions are allowed under the loaded policy before a backtest exists.
pub(crate) fn allow_guarded(parts: &Parts, reason: &str, by: Option<&str>) -> Result<(), Error> {
    administer(parts, "guarded.allowed", &[], (by, reason), None)
}

/// Records that a name is bound to what stands behind it now.
pub(crate) fn rebind(parts: &Parts, id: &str, reason: &str, by: &str) -> Result<(), Error> {
    let unknown = || {
        Error::new(Exit::NotFound, format!("there is no entitlement `{id}`"))
            .hint("`policy show` lists what the roles have")
    };
    let rules = &parts.files.rules;
    let entry = rules.entitlement(id).and_then(|id| rules.entry(id));
    let id = &entry.ok_or_else(unknown)?.id;
    let target = parts.directory.target(id);
    let target = target.map_err(|error| Error::of(Exit::Failed, &error))?;
    let power = target.ok_or_else(unknown)?.power;
    let clear = [("entitlement", id.as_str()), ("power", power.as_str())];
    administer(
        parts,
        "entitlement.rebound",
        &clear,
        (Some(by), reason),
        None,
    )
}

/// Turns the kill switch on or off.
pub(crate) fn switch(
    parts: &Parts,
    event: &'static str,
    reason: &str,
    by: Option<&str>,
) -> Result<(), Error> {
    administer(parts, event, &[], (by, reason), None)
}

/// Records that the classes an asset was seen in so far count no more.
pub(crate) fn clear_asset(parts: &Parts, asset: &str, reason: &str, by: &str) -> Result<(), Error> {
    let clear = [("asset", asset)];
    administer(parts, "vault.cleared", &clear, (Some(by), reason), None)
}

/// Records that the operator knows the paths of the vault's decisions to be right.
pub(crate) fn confirm_paths(parts: &Parts, digest: &str, paths: &str) -> Result<(), Error> {
    let clear = [("paths", digest)];
    administer(parts, "vault.paths-confirmed", &clear, (None, paths), None)
}

/// Commits an act on the agent itself, under the loaded policy.
fn administer(
    parts: &Parts,
    event: &'static str,
    clear: &[(&str, &str)],
    (by, reason): (Option<&str>, &str),
    policy_source: Option<PolicySource>,
) -> Result<(), Error> {
    let digest = parts.files.rules.policy().digest.as_str();
    let fields = |pairs: &[(&str, &str)]| {
        let owned = pairs.iter();
        owned
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let transition = Transition {
        at: parts.agent().now()?,
        leaves: vec![LeafDraft {
            category: Category::Administration,
            event,
            request: String::new(),
            person: by.map(ToOwned::to_owned),
            clear: fields(&[&[("policy", digest)], clear].concat()),
            keyed: [].into(),
            committed: fields(&[("by", by.unwrap_or("nobody")), ("reason", reason)]),
        }],
        policy_source,
        ..Transition::default()
    };
    commit(&parts.store, transition)?;
    Ok(())
}

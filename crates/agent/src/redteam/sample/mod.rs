//! Requests that are tried when none are given: a small policy, a small directory, and a run over a small vault.

mod tickets;
mod vault;

use decision::rules::Rules;
use decision::rules::policy::{
    ConflictRule, Entitlement, LevelOrder, Listed, Pattern, Policy, Role,
};

pub use tickets::tickets;
pub use vault::{header, requests};

/// A reason that nothing is wrong with.
pub const PLAIN: &str = "The nightly import has to be repaired before the month closes.";

/// The policy of the sample.
///
/// # Errors
/// When it does not compile, which a test rules out.
pub fn rules() -> Result<Rules, String> {
    let named = |id: &str| Entitlement {
        id: id.to_owned(),
        owner: Some("owners".to_owned()),
        ..Entitlement::default()
    };
    let listed = |id: &str| Listed {
        entitlement: id.to_owned(),
        ..Listed::default()
    };
    let pattern = |text: &str| Pattern {
        text: text.to_owned(),
        ..Pattern::default()
    };
    let catalogue = [
        "repo:read",
        "repo:write",
        "payment:approve",
        "vendor:create",
        "prod-db:admin",
    ];
    let levels = ["read", "write", "create", "approve", "admin"];
    let policy = Policy {
        digest: "sha256:red-team-sample".to_owned(),
        file: "access.yml".to_owned(),
        roles: vec![Role {
            name: "clerk".to_owned(),
            title: "Clerk".to_owned(),
            standard: ["repo:read", "payment:approve"].map(listed).to_vec(),
            grantable: vec![listed("repo:write")],
            ..Role::default()
        }],
        catalogue: catalogue.map(named).to_vec(),
        levels: vec![LevelOrder {
            levels: levels.map(str::to_owned).to_vec(),
            ..LevelOrder::default()
        }],
        conflicts: vec![ConflictRule {
            id: "sod-payments".to_owned(),
            sides: ["payment:approve", "vendor:create"].map(pattern).to_vec(),
            owner: Some("controls".to_owned()),
            ..ConflictRule::default()
        }],
        privileged: vec![pattern("prod-db:*")],
        ..Policy::default()
    };
    Rules::compile(policy).map_err(|error| format!("the policy of the sample: {error:?}"))
}

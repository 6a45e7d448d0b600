//! Conditions in the oracle: each reads one fact under its own id, as the generator makes them.

use std::collections::BTreeSet;

use decision::evidence::record::Fact;
use decision::findings::Kind;
use decision::rules::conditions::{Condition, Effect, Forbid, PermittedFit, Review};
use decision::rules::policy::Attribute;

use super::View;

/// What the record says under the id: yes, no, or nothing.
fn stated(view: &View<'_>, condition: &Condition) -> Option<bool> {
    let Fact::Present { value, .. } = &view.evidence.facts else {
        return None;
    };
    match value.get(&condition.id) {
        Some(Attribute::YesNo(is)) => Some(*is),
        Some(_) | None => None,
    }
}

/// A forbid counts unless it is certainly false.
pub(super) fn forbidden(view: &View<'_>) -> BTreeSet<Kind> {
    let mut found = BTreeSet::new();
    for condition in &view.policy.conditions {
        let Effect::Forbid(forbid) = &condition.effect else {
            continue;
        };
        let is = stated(view, condition);
        if is == Some(false) {
            continue;
        }
        found.insert(match (forbid, is) {
            (Forbid::Ask, _) => Kind::ConditionAsk,
            (Forbid::Deny, Some(_)) => Kind::ConditionDeny,
            (Forbid::Deny, None) => Kind::ConditionUndetermined,
            (Forbid::Escalate(Review::Nobody), _) => Kind::ConditionEscalate,
            (Forbid::Escalate(Review::Security), _) => Kind::ConditionSecurityReview,
            (Forbid::Escalate(Review::ResourceOwner), _) => Kind::ConditionOwnerReview,
        });
    }
    found
}

/// Whether a permit that is certainly true makes what is asked for fit like `wanted`.
pub(super) fn permits(view: &View<'_>, wanted: PermittedFit) -> bool {
    let Some(entry) = view.entry else {
        return false;
    };
    view.policy
        .conditions
        .iter()
        .any(|condition| match &condition.effect {
            Effect::Permit {
                fit, entitlement, ..
            } => {
                *fit == wanted && *entitlement == entry.id && stated(view, condition) == Some(true)
            }
            Effect::Forbid(_) => false,
        })
}

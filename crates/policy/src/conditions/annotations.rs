//! What a condition does when it holds: its annotations.

use cedar_policy::{Effect as CedarEffect, Policy as CedarPolicy};
use decision::rules::conditions::{Effect, Forbid, PermittedFit, Review};

/// Annotations that a condition may have.
pub(super) const KNOWN: &[&str] = &["id", "reason", "outcome", "route", "lift", "grant"];

/// What is wrong with the annotations of a condition: a message, and what would help.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) annotation: &'static str,
    pub(super) message: String,
    pub(super) help: &'static str,
}

fn fault(annotation: &'static str, message: impl Into<String>, help: &'static str) -> Fault {
    Fault {
        annotation,
        message: message.into(),
        help,
    }
}

/// The effect that the annotations ask for. `permitted` is what the scope of a permit names.
pub(super) fn effect(
    policy: &CedarPolicy,
    entitlement: Option<String>,
    role: Option<String>,
) -> Result<Effect, Fault> {
    let misplaced = |names: &[&'static str], of: &str, help| {
        let found = names
            .iter()
            .copied()
            .find(|name| policy.annotation(name).is_some());
        found.map_or(Ok(()), |name| {
            Err(fault(name, format!("a {of} has no `@{name}`"), help))
        })
    };
    match policy.effect() {
        CedarEffect::Permit => {
            misplaced(
                &["outcome", "route", "lift"],
                "permit",
                "a permit makes access fit; what stops a request is a forbid",
            )?;
            let fit = match policy.annotation("grant") {
                None | Some("standard") => PermittedFit::Standard,
                Some("grantable") => PermittedFit::Grantable,
                Some(_) => {
                    return Err(fault(
                        "grant",
                        "`@grant` is neither `standard` nor `grantable`",
                        "`standard` may be automatic, `grantable` is always reviewed",
                    ));
                }
            };
            let entitlement = entitlement.ok_or_else(|| {
                fault(
                    "id",
                    "a permit must name one catalogued entitlement in its scope",
                    "write `resource == Entitlement::\"resource:level\"`; permission is never a pattern",
                )
            })?;
            Ok(Effect::Permit {
                fit,
                entitlement,
                role,
            })
        }
        CedarEffect::Forbid => {
            misplaced(&["grant"], "forbid", "`@grant` belongs to a permit")?;
            if policy.annotation("outcome") == Some("ask") {
                misplaced(
                    &["route"],
                    "forbid that asks",
                    "what is asked for, the requester gives: leave `@route` out",
                )?;
            }
            forbid(policy).map(Effect::Forbid)
        }
    }
}

fn forbid(policy: &CedarPolicy) -> Result<Forbid, Fault> {
    let lift = policy.annotation("lift");
    let outcome = policy.annotation("outcome");
    if lift.is_some() && outcome != Some("escalate") {
        return Err(fault(
            "lift",
            "`@lift` goes with `@outcome(\"escalate\")` alone",
            "what is asked for is given, and a denial is not lifted",
        ));
    }
    match outcome {
        Some("ask") => Ok(Forbid::Ask),
        Some("deny") => Ok(Forbid::Deny),
        Some("escalate") => Ok(Forbid::Escalate(match lift {
            None => Review::Nobody,
            Some("security") => Review::Security,
            Some("resource_owner") => Review::ResourceOwner,
            Some(_) => {
                return Err(fault(
                    "lift",
                    "`@lift` is neither `resource_owner` nor `security`",
                    "leave it out when nobody may lift it",
                ));
            }
        })),
        Some(_) => Err(fault(
            "outcome",
            "`@outcome` is none of `ask`, `escalate` and `deny`",
            "`ask` asks the requester, `escalate` has a person look, `deny` is final",
        )),
        None => Err(fault(
            "outcome",
            "a forbid needs `@outcome`",
            "write `@outcome(\"ask\")`, `@outcome(\"escalate\")` or `@outcome(\"deny\")`",
        )),
    }
}

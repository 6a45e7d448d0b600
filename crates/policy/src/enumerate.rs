//! The start condition of guarded mode: catalogue × roles × classes, gone through once before anything is automatic.

use std::collections::HashMap;

use decision::evidence::analysis::Advised;
use decision::evidence::case::{
    AlreadyHeld, BrakeState, Case, CaseCoverage, JustificationState, LackSet, NameState,
    PersonState, PolicyState, Relation, TargetState,
};
use decision::evidence::record::{LogState, Mode};
use decision::findings::FindingSet;
use decision::findings::conditions::fit_of;
use decision::rules::class::ClassSet;
use decision::rules::conditions::{Effect, PermittedFit};
use decision::rules::ids::{ConflictId, EntitlementId, RoleId, SideId};
use decision::rules::policy::ApprovalKind;
use decision::rules::{ApprovalSet, Rules};
use decision::time::{Minutes, Timestamp};
use decision::verdict::{Standing, rule};

/// What was gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enumerated {
    /// Pairs of role and entitlement that were ruled upon.
    pub ruled: u64,
    /// Of these, pairs that the gate would grant automatically once approved.
    pub automatic: u64,
    /// Pairs of role and segregation-of-duties rule.
    pub separated: u64,
}

/// Why nothing may be automatic under these rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterExample {
    /// An entitlement in a never-auto class, or privileged, would be granted automatically.
    DangerousGrant {
        /// The role.
        role: String,
        /// The entitlement.
        entitlement: String,
    },
    /// The standard entitlements of one role hold all sides of a rule.
    ToxicRole {
        /// The role.
        role: String,
        /// The rule.
        rule: String,
        /// For each side an entitlement of the role that fulfils it.
        entitlements: Vec<String>,
    },
}

impl std::fmt::Display for CounterExample {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DangerousGrant { role, entitlement } => write!(
                formatter,
                "`{entitlement}` would be granted automatically to role `{role}`, and it is in a never-auto class"
            ),
            Self::ToxicRole {
                role,
                rule,
                entitlements,
            } => write!(
                formatter,
                "the standard access of role `{role}` alone breaks segregation-of-duties rule `{rule}`: {}",
                entitlements.join(" + ")
            ),
        }
    }
}

/// Goes through every role and every entitlement with everything else in order, and through every role's standard
/// access and every segregation-of-duties rule. Danger is looked at afresh here, not taken from the compiled tables.
///
/// # Errors
/// The first counter-example, by name of role.
pub fn enumerate(rules: &Rules) -> Result<Enumerated, CounterExample> {
    let mut done = Enumerated::default();
    let mut roles: Vec<(&str, RoleId)> = rules
        .policy()
        .roles
        .iter()
        .zip(0..)
        .map(|(role, id)| (role.name.as_str(), RoleId(id)))
        .collect();
    roles.sort_unstable();
    let subjects: Vec<(ClassSet, bool)> = (rules.policy().catalogue.iter())
        .map(|entry| rules.danger_of(&decision::rules::compile::subject_of(entry)))
        .collect();
    let ways = Ways::of(rules);
    for (name, role) in roles {
        let own = [role];
        let mut standard = Vec::new();
        for (entry, number) in rules.policy().catalogue.iter().zip(0..) {
            let id = EntitlementId(number);
            let case = ways.case(rules, &own, id);
            let ruling = rule(&case, rules, Timestamp::default());
            done.ruled += 1;
            if fit_of(&case, rules, id).is_standard() {
                standard.push(id);
            }
            if ruling.standing() == Standing::Automatic {
                done.automatic += 1;
                let danger = subjects.get(id.index()).copied().unwrap_or_default();
                if !danger.0.is_empty() || danger.1 {
                    return Err(CounterExample::DangerousGrant {
                        role: name.to_owned(),
                        entitlement: entry.id.clone(),
                    });
                }
            }
        }
        separate(rules, name, &standard)?;
        done.separated += rules.policy().conflicts.len() as u64;
    }
    Ok(done)
}

/// The ways to an entitlement beside the roles' lists: what permits may make standard, for everybody or for these roles.
pub(crate) struct Ways(HashMap<EntitlementId, Option<Vec<RoleId>>>);

impl Ways {
    pub(crate) fn of(rules: &Rules) -> Self {
        let mut permits: HashMap<EntitlementId, Option<Vec<RoleId>>> = HashMap::new();
        for condition in &rules.policy().conditions {
            let Effect::Permit {
                fit: PermittedFit::Standard,
                entitlement,
                role,
            } = &condition.effect
            else {
                continue;
            };
            let Some(id) = rules.entitlement(entitlement) else {
                continue;
            };
            let roles = permits.entry(id).or_insert_with(|| Some(Vec::new()));
            match (role, roles) {
                (Some(role), Some(roles)) => roles.extend(with_heirs(rules, role)),
                (None, roles) => *roles = None,
                (Some(_), None) => {}
            }
        }
        Self(permits)
    }

    /// A case in which nothing but the rules can stand against the request, permits taken at their best.
    pub(crate) fn case<'a>(
        &self,
        rules: &Rules,
        roles: &'a [RoleId],
        id: EntitlementId,
    ) -> Case<'a> {
        let listed = |role: &RoleId| rules.standard_for(id).binary_search(role).is_ok();
        let permitted = !roles.iter().any(listed) && roles.iter().any(|role| self.may(*role, id));
        Case {
            permitted: permitted.then_some(PermittedFit::Standard),
            ..all_clear(roles, id)
        }
    }

    fn may(&self, role: RoleId, id: EntitlementId) -> bool {
        match self.0.get(&id) {
            Some(None) => true,
            Some(Some(roles)) => roles.contains(&role),
            None => false,
        }
    }
}

/// A role and those that inherit it: whoever is in one of these is in it.
fn with_heirs(rules: &Rules, name: &str) -> Vec<RoleId> {
    let roles = &rules.policy().roles;
    let mut names: Vec<&str> = vec![name];
    let mut next = 0;
    while let Some(parent) = names.get(next).copied() {
        let heirs = roles
            .iter()
            .filter(|role| role.inherits.iter().any(|own| own == parent));
        for heir in heirs {
            if !names.contains(&heir.name.as_str()) {
                names.push(&heir.name);
            }
        }
        next = next.saturating_add(1);
    }
    names
        .into_iter()
        .filter_map(|name| rules.role(name))
        .collect()
}

/// Whether the standard access of a role leaves at least one side of every rule open.
fn separate(rules: &Rules, role: &str, standard: &[EntitlementId]) -> Result<(), CounterExample> {
    match toxic(rules, standard) {
        None => Ok(()),
        Some((rule, entitlements)) => Err(CounterExample::ToxicRole {
            role: role.to_owned(),
            rule,
            entitlements,
        }),
    }
}

/// The first rule of which these entitlements hold all sides, with an entitlement for each side.
pub(crate) fn toxic(rules: &Rules, standard: &[EntitlementId]) -> Option<(String, Vec<String>)> {
    let mut sides: Vec<SideId> = standard
        .iter()
        .flat_map(|id| rules.sides_of(*id))
        .copied()
        .collect();
    sides.sort_unstable();
    sides.dedup();
    for (conflict, number) in rules.policy().conflicts.iter().zip(0..) {
        let own = rules.sides_in(ConflictId(number));
        if own.is_empty() || !own.iter().all(|side| sides.binary_search(side).is_ok()) {
            continue;
        }
        let holder = |side: &SideId| {
            let id = standard
                .iter()
                .find(|id| rules.sides_of(**id).binary_search(side).is_ok())?;
            Some(rules.entry(*id)?.id.clone())
        };
        return Some((conflict.id.clone(), own.iter().filter_map(holder).collect()));
    }
    None
}

/// A case in which nothing but the rules can stand against the request.
fn all_clear(roles: &[RoleId], entitlement: EntitlementId) -> Case<'_> {
    Case {
        evidence: [0; 32],
        mode: Mode::Guarded,
        log: LogState::Verified,
        policy: PolicyState::Current,
        requester: PersonState::Active,
        beneficiary: PersonState::Active,
        relation: Relation::Same,
        entitlement: Some(entitlement),
        name: NameState::Clean,
        classes: ClassSet::EMPTY,
        privileged: false,
        forbidden: FindingSet::EMPTY,
        permitted: None,
        target: TargetState::Bound,
        roles,
        asked_sides: &[],
        held: &[],
        coverage: CaseCoverage::Everything,
        already: AlreadyHeld::No,
        approvals: ApprovalSet::of(ApprovalKind::ALL),
        justification: JustificationState::Given,
        duration: None,
        until: None,
        booked: Minutes(0),
        activity: 0,
        lacks: LackSet::EMPTY,
        advised: Advised::NOTHING,
        brake: BrakeState::Free,
        lifts: &[],
    }
}

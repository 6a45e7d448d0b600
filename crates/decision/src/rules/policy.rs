//! What an organisation allows, as text: the parsed form of `access.yml` and the guardrails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::class::Class;
use super::conditions::Condition;
use crate::time::{Minutes, Timestamp};

/// A place in the policy file, both counted from 1. `Place::default()` (0, 0) means "built in".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A whole policy. Order is the file's; nothing in a decision depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `sha256:` and the hex digest of the bytes of the policy file followed by those of the effective guardrails.
    pub digest: String,
    /// The file's name as messages cite it, such as `access.yml`.
    pub file: String,
    /// Roles, each name once.
    pub roles: Vec<Role>,
    /// The catalogue: what can be asked for beyond what roles list. Each id once.
    pub catalogue: Vec<Entitlement>,
    /// Level orders, lowest first. The one for resource `""` is the default.
    pub levels: Vec<LevelOrder>,
    /// Segregation-of-duties rules, each id once.
    pub conflicts: Vec<ConflictRule>,
    /// Patterns of privileged access.
    pub privileged: Vec<Pattern>,
    /// Patterns added to the never-auto classes by the file; the built-in ones come on top.
    pub never_auto: Vec<NeverAuto>,
    /// Which approvals are required.
    pub approvals: RequiredApprovals,
    /// How long access may last.
    pub duration: DurationRules,
    /// Conditions, sorted by id.
    pub conditions: Vec<Condition>,
}

/// A role: what its holders usually have, and what they may have after a review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// The name in the policy and the directory, such as `engineer`.
    pub name: String,
    /// The name shown to people, such as `Engineer`; the capitalised name when the file gives none.
    pub title: String,
    /// Roles whose `standard` and `grantable` this one has too.
    pub inherits: Vec<String>,
    /// Entitlements that may be granted automatically. Ids or aliases, never patterns.
    pub standard: Vec<Listed>,
    /// Entitlements that fit the role but are always reviewed.
    pub grantable: Vec<Listed>,
    /// Where the role is declared.
    pub place: Place,
}

/// An entitlement as a role lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Catalogue id or unique alias, `resource:level`.
    pub entitlement: String,
    /// Where it is listed.
    pub place: Place,
}

/// A catalogue entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entitlement {
    /// `resource:level`, the name that permission is checked against byte for byte.
    pub id: String,
    /// Other exact names of the same entitlement, each unique in the catalogue.
    pub aliases: Vec<String>,
    /// What it lets a person do, in plain language.
    pub meaning: Option<String>,
    /// The group whose members own the resource.
    pub owner: Option<String>,
    /// The system in which it lives; the resource when the file gives none.
    pub system: Option<String>,
    /// Environment of the resource.
    pub environment: Environment,
    /// Sensitivity of the data reached.
    pub sensitivity: Sensitivity,
    /// Free tags; danger patterns read them.
    pub tags: Vec<String>,
    /// A narrower entitlement that often serves (one step down).
    pub narrower: Option<String>,
    /// Longest total duration in the rolling window, below the policy's own.
    pub maximum: Option<Minutes>,
    /// Why this access may stand without an end. `None`: always time-bound.
    pub standing: Option<String>,
    /// The procedure for emergencies.
    pub break_glass: Option<String>,
    /// Further attributes, for the conditions.
    pub attributes: BTreeMap<String, Attribute>,
    /// What a misuse could reach, where it was declared.
    pub blast_radius: BlastRadius,
    /// Where it is declared; `Place::default()` for an entitlement that only a role lists.
    pub place: Place,
}

/// The value of an attribute that the organisation itself declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// Yes or no.
    YesNo(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// A set of texts.
    List(Vec<String>),
}

/// Environment of a resource. Unstated adds no danger of its own; patterns still apply.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// The catalogue does not say.
    #[default]
    Unstated,
    /// For building.
    Development,
    /// For automated tests.
    Test,
    /// For rehearsal.
    Staging,
    /// What customers and the business run on: a never-auto class.
    Production,
}

/// Sensitivity of data, lowest first. `Restricted` is a never-auto class (sensitive or regulated data).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// The catalogue does not say: no points.
    #[default]
    Unstated,
    /// Anybody may know.
    Public,
    /// Everybody inside may know.
    Internal,
    /// A need to know.
    Confidential,
    /// Regulated or personal data.
    Restricted,
}

/// What a misuse could reach. `None`: not declared, so it counts for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// People affected.
    pub people: Option<u64>,
    /// Records reached.
    pub records: Option<u64>,
    /// Systems reached.
    pub systems: Option<u64>,
}

/// Levels of a resource, lowest first: holding one implies holding those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelOrder {
    /// The resource (the text before `:`), or `""` for every resource without an order of its own.
    pub resource: String,
    /// Level names, lowest first.
    pub levels: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// A segregation-of-duties rule: nobody may hold all of its sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConflictRule {
    /// Unique id; `sod-1`, `sod-2`, … in file order when the file gives none.
    pub id: String,
    /// Two or more sides: exact entitlements, or patterns with a star.
    pub sides: Vec<Pattern>,
    /// What one person could do with all sides.
    pub reason: Option<String>,
    /// The group that owns the rule and may accept an exception.
    pub owner: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Accepted exceptions. They never make a grant automatic; they bound how long a reviewed one may last.
    pub exceptions: Vec<Exception>,
    /// Where it is declared.
    pub place: Place,
}

/// Severity of a segregation-of-duties conflict; both escalate.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The default: floors the risk at high.
    #[default]
    High,
    /// Floors the risk at critical.
    Critical,
}

/// An accepted exception to a segregation-of-duties rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The person's login.
    pub person: String,
    /// Not valid from this moment on.
    pub until: Timestamp,
    /// The compensating control.
    pub control: String,
}

/// A pattern as written: `resource:level` with `*` for any text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The text as written.
    pub text: String,
    /// Where it is written.
    pub place: Place,
}

/// Patterns added to one never-auto class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverAuto {
    /// The class.
    pub class: Class,
    /// Its additional patterns.
    pub patterns: Vec<Pattern>,
}

/// A kind of approval, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// The beneficiary's manager.
    Manager,
    /// A member of the group that owns the entitlement.
    ResourceOwner,
    /// A member of the group `security`.
    Security,
}

impl ApprovalKind {
    /// Every kind, in order.
    pub const ALL: [Self; 3] = [Self::Manager, Self::ResourceOwner, Self::Security];

    /// The name in files and records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::ResourceOwner => "resource_owner",
            Self::Security => "security",
        }
    }

    /// The name shown to people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::ResourceOwner => "resource-owner",
            Self::Security => "security",
        }
    }
}

/// Which approvals are required; requirements add up over all that apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredApprovals {
    /// For every request. Default: the manager.
    pub every: Vec<ApprovalKind>,
    /// For access that a `privileged` pattern names. Default: manager and resource owner.
    pub privileged: Vec<ApprovalKind>,
    /// For access that no role of the person lists as standard. Default: none beyond `every`.
    pub grantable: Vec<ApprovalKind>,
    /// By never-auto class. Default: manager and resource owner for each of the four.
    pub by_class: Vec<(Class, Vec<ApprovalKind>)>,
}

impl Default for RequiredApprovals {
    fn default() -> Self {
        let both = vec![ApprovalKind::Manager, ApprovalKind::ResourceOwner];
        Self {
            every: vec![ApprovalKind::Manager],
            privileged: both.clone(),
            grantable: Vec::new(),
            by_class: Class::BUILT_IN
                .iter()
                .map(|class| (*class, both.clone()))
                .collect(),
        }
    }
}

/// How long access may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationRules {
    /// When a request does not say. Default: 30 days.
    pub default: Minutes,
    /// Longest total per person and entitlement within the window. Default: 90 days.
    pub maximum: Minutes,
    /// The rolling window over which durations add up. Default: 180 days.
    pub window: Minutes,
}

impl Default for DurationRules {
    fn default() -> Self {
        Self {
            default: Minutes::from_days(30),
            maximum: Minutes::from_days(90),
            window: Minutes::from_days(180),
        }
    }
}

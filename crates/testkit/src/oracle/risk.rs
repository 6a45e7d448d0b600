//! Risk in the oracle: points by cause from the table, levels from the sum.

use std::collections::BTreeSet;

use decision::findings::Kind;
use decision::rules::class::Class;
use decision::rules::policy::{Policy, Sensitivity, Severity};

use super::View;
use super::checks;

/// Points by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Points {
    /// 40 when privileged or administration.
    pub privilege: u8,
    /// 15 confidential, 40 restricted or sensitive.
    pub sensitivity: u8,
    /// 30 for production.
    pub production: u8,
    /// 40 for security tooling.
    pub tooling: u8,
    /// Up to 30, as declared.
    pub blast_radius: u8,
    /// 10 above 10 requests in a day, 25 above 30.
    pub anomaly: u8,
}

impl Points {
    fn sum(self) -> u32 {
        [
            self.privilege,
            self.sensitivity,
            self.production,
            self.tooling,
            self.blast_radius,
            self.anomaly,
        ]
        .into_iter()
        .map(u32::from)
        .sum()
    }
}

pub(super) fn points(view: &View<'_>) -> Points {
    let (classes, privileged) = checks::danger(view);
    let has = |class| classes.contains(&class);
    let when = |condition: bool, points: u8| if condition { points } else { 0 };
    let sensitivity = view
        .entry
        .map_or(Sensitivity::Unstated, |entry| entry.sensitivity);
    let blast = view
        .entry
        .map(|entry| entry.blast_radius)
        .unwrap_or_default();
    let reach = |reach: Option<u64>, some: u64, many: u64, most: u64| match reach.unwrap_or(0) {
        reach if reach >= most => 20,
        reach if reach >= many => 10,
        reach if reach >= some => 5,
        _ => 0_u8,
    };
    let blast = reach(blast.people, 100, 1_000, 10_000)
        + reach(blast.records, 10_000, 1_000_000, 100_000_000)
        + reach(blast.systems, 3, 10, 50);
    let asked = view.evidence.activity.value().copied().unwrap_or(0);
    Points {
        privilege: when(privileged || has(Class::Admin), 40),
        sensitivity: if has(Class::SensitiveData) {
            40
        } else {
            when(sensitivity == Sensitivity::Confidential, 15)
        },
        production: when(has(Class::Production), 30),
        tooling: when(has(Class::SecurityTooling), 40),
        blast_radius: blast.min(30),
        anomaly: if asked > 30 { 25 } else { when(asked > 10, 10) },
    }
}

pub(super) fn any_critical(policy: &Policy, rules: &BTreeSet<String>) -> bool {
    let named = policy
        .conflicts
        .iter()
        .filter(|rule| rules.contains(&rule.id));
    named
        .map(|rule| rule.severity)
        .any(|severity| severity == Severity::Critical)
}

/// The level; `conflict` says whether the worst conflict is critical.
pub(super) fn level(points: &Points, conflict: Option<bool>) -> &'static str {
    match (points.sum(), conflict) {
        (80.., _) | (_, Some(true)) => "critical",
        (50.., _) | (_, Some(false)) => "high",
        (25.., None) => "moderate",
        (_, None) => "low",
    }
}

pub(super) fn finding(level: &str) -> Option<Kind> {
    match level {
        "critical" => Some(Kind::RiskCritical),
        "high" => Some(Kind::RiskHigh),
        "moderate" => Some(Kind::RiskModerate),
        _ => None,
    }
}

/// Whether what is left is low once the points of lifted causes are taken away and no conflict stands.
pub(super) fn is_explained(
    points: &Points,
    findings: &BTreeSet<Kind>,
    lifted: &BTreeSet<Kind>,
) -> bool {
    let stands = |kind: Kind| findings.contains(&kind) && !lifted.contains(&kind);
    let gone = |causes: &[Kind]| {
        let is_cause = causes.iter().any(|kind| findings.contains(kind));
        is_cause && !causes.iter().any(|kind| stands(*kind))
    };
    let mut left = *points;
    if gone(&[Kind::NeverAutoAdmin, Kind::Privileged, Kind::LevelUnmapped]) {
        left.privilege = 0;
    }
    if gone(&[Kind::NeverAutoSensitive]) {
        left.sensitivity = 0;
    }
    if gone(&[Kind::NeverAutoProduction]) {
        left.production = 0;
    }
    if gone(&[Kind::NeverAutoSecurity]) {
        left.tooling = 0;
    }
    level(&left, None) == "low" && !stands(Kind::Conflict)
}

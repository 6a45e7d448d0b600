//! What is at stake: additive points, every one of them printed.

use serde::{Deserialize, Serialize};

use super::{FindingSet, Kind};
use crate::evidence::case::Case;
use crate::findings::separation::Separation;
use crate::rules::class::{Class, ClassSet};
use crate::rules::policy::{BlastRadius, Sensitivity, Severity};
use crate::rules::{EntitlementRules, Rules};

/// Risk, four levels.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    /// 0 to 24 points; alone may be automatic.
    #[default]
    Low,
    /// 25 to 49 points.
    Moderate,
    /// 50 to 79 points, or a conflict.
    High,
    /// 80 points or more, or a critical conflict.
    Critical,
}

impl RiskLevel {
    /// Name inside and in findings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Every level, from the lowest.
    pub const ALL: [Self; 4] = [Self::Low, Self::Moderate, Self::High, Self::Critical];

    /// Name in reports and settings of the vault, whose middle level is `medium`.
    #[must_use]
    pub fn vault_name(self) -> &'static str {
        match self {
            Self::Moderate => "medium",
            Self::Low | Self::High | Self::Critical => self.name(),
        }
    }

    /// The level of that [`RiskLevel::vault_name`], in any case; `None` when it is none.
    #[must_use]
    pub fn from_vault_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|level| level.vault_name().eq_ignore_ascii_case(name.trim()))
    }

    /// Name in the ticket decision, which knows three levels.
    #[must_use]
    pub fn ticket_name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High | Self::Critical => "high",
        }
    }

    /// The level of a sum of points.
    #[must_use]
    pub fn of_points(points: u16) -> Self {
        match points {
            0..25 => Self::Low,
            25..50 => Self::Moderate,
            50..80 => Self::High,
            80.. => Self::Critical,
        }
    }

    /// The higher of the two.
    #[must_use]
    pub fn tighten(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

/// Points by cause. The sum is at most 1,275.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RiskPoints {
    /// 40 when privileged or administration.
    pub privilege: u8,
    /// 15 confidential; 40 restricted or of a sensitive-data pattern.
    pub sensitivity: u8,
    /// 30 for production.
    pub production: u8,
    /// 40 for security tooling.
    pub tooling: u8,
    /// Up to 30, as the catalogue declares it.
    pub blast_radius: u8,
    /// 10 above 10 requests in a day, 25 above 30.
    pub anomaly: u8,
}

impl RiskPoints {
    /// The points that an entitlement carries, whoever asks. What the catalogue does not declare counts nothing.
    #[must_use]
    pub fn of_entitlement(
        classes: ClassSet,
        privileged: bool,
        sensitivity: Sensitivity,
        blast: BlastRadius,
    ) -> Self {
        let stated = match sensitivity {
            Sensitivity::Unstated | Sensitivity::Public | Sensitivity::Internal => 0,
            Sensitivity::Confidential => 15,
            Sensitivity::Restricted => 40,
        };
        let mut points = Self::of_danger(classes, privileged);
        points.sensitivity = higher(points.sensitivity, stated);
        points.blast_radius = blast_points(blast);
        points
    }

    /// The points of danger alone.
    #[must_use]
    pub fn of_danger(classes: ClassSet, privileged: bool) -> Self {
        let if_in = |class, points| if classes.contains(class) { points } else { 0 };
        Self {
            privilege: if privileged {
                40
            } else {
                if_in(Class::Admin, 40)
            },
            sensitivity: if_in(Class::SensitiveData, 40),
            production: if_in(Class::Production, 30),
            tooling: if_in(Class::SecurityTooling, 40),
            blast_radius: 0,
            anomaly: 0,
        }
    }

    /// Cause by cause the higher of the two.
    #[must_use]
    pub fn tighten(self, other: Self) -> Self {
        Self {
            privilege: higher(self.privilege, other.privilege),
            sensitivity: higher(self.sensitivity, other.sensitivity),
            production: higher(self.production, other.production),
            tooling: higher(self.tooling, other.tooling),
            blast_radius: higher(self.blast_radius, other.blast_radius),
            anomaly: higher(self.anomaly, other.anomaly),
        }
    }

    /// Each cause with its points, in the order in which they are printed.
    #[must_use]
    pub fn causes(self) -> [(&'static str, u8); 6] {
        [
            ("privilege", self.privilege),
            ("data sensitivity", self.sensitivity),
            ("production scope", self.production),
            ("security tooling", self.tooling),
            ("blast radius", self.blast_radius),
            ("anomaly", self.anomaly),
        ]
    }

    /// The sum.
    #[must_use]
    pub fn sum(self) -> u16 {
        self.causes()
            .iter()
            .map(|(_, points)| u16::from(*points))
            .sum()
    }

    /// What is left when those of `findings` that are `lifted` are taken away as causes: sensitivity that no class
    /// explains stays, and so do points of which another cause stands.
    #[must_use]
    pub fn unexplained_by(self, findings: FindingSet, lifted: FindingSet) -> Self {
        let keep = |points, kinds: &[Kind]| {
            let causes = findings.intersection(FindingSet::of(kinds.iter().copied()));
            if !causes.is_empty() && causes.is_subset(lifted) {
                0
            } else {
                points
            }
        };
        Self {
            privilege: keep(
                self.privilege,
                &[Kind::Privileged, Kind::NeverAutoAdmin, Kind::LevelUnmapped],
            ),
            sensitivity: keep(self.sensitivity, &[Kind::NeverAutoSensitive]),
            production: keep(self.production, &[Kind::NeverAutoProduction]),
            tooling: keep(self.tooling, &[Kind::NeverAutoSecurity]),
            blast_radius: self.blast_radius,
            anomaly: self.anomaly,
        }
    }
}

fn higher(a: u8, b: u8) -> u8 {
    if b > a { b } else { a }
}

/// Five, ten or twenty points for each dimension that is declared, together at most 30.
fn blast_points(blast: BlastRadius) -> u8 {
    let step = |reach: Option<u64>, steps: [u64; 3]| match reach {
        Some(reach) if reach >= steps[2] => 20,
        Some(reach) if reach >= steps[1] => 10,
        Some(reach) if reach >= steps[0] => 5,
        Some(_) | None => 0_u8,
    };
    let sum = step(blast.people, [100, 1_000, 10_000])
        .saturating_add(step(blast.records, [10_000, 1_000_000, 100_000_000]))
        .saturating_add(step(blast.systems, [3, 10, 50]));
    if sum > 30 { 30 } else { sum }
}

/// Points and level of a case. A conflict floors the level at high, a critical one at critical.
#[inline]
#[must_use]
pub fn assess(case: &Case<'_>, rules: &Rules, separation: Separation) -> (RiskPoints, RiskLevel) {
    let known = case.entitlement.and_then(|id| rules.facts(id));
    let mut points = match known {
        Some(EntitlementRules { points, .. }) => {
            points.tighten(RiskPoints::of_danger(case.classes, case.privileged))
        }
        None => RiskPoints::of_danger(case.classes.with(Class::Admin), case.privileged),
    };
    points.anomaly = match case.activity {
        0..=10 => 0,
        11..=30 => 10,
        31.. => 25,
    };
    let floor = match separation.worst {
        None => RiskLevel::Low,
        Some(Severity::High) => RiskLevel::High,
        Some(Severity::Critical) => RiskLevel::Critical,
    };
    (points, RiskLevel::of_points(points.sum()).tighten(floor))
}

/// The finding that a level makes: anything above low.
#[inline]
#[must_use]
pub fn findings(level: RiskLevel) -> FindingSet {
    match level {
        RiskLevel::Low => FindingSet::EMPTY,
        RiskLevel::Moderate => FindingSet::EMPTY.with(Kind::RiskModerate),
        RiskLevel::High => FindingSet::EMPTY.with(Kind::RiskHigh),
        RiskLevel::Critical => FindingSet::EMPTY.with(Kind::RiskCritical),
    }
}

//! The never-auto classes: access that no machine hands out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A class of access that only people may grant. The four are a floor: settings add patterns, never take any away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Administration of a system, or a level that nobody mapped.
    Admin,
    /// What customers and the business run on.
    Production,
    /// Personal, regulated or otherwise restricted data.
    SensitiveData,
    /// The tools that watch and protect: identity, secrets, monitoring of security.
    SecurityTooling,
}

impl Class {
    /// The four classes, in order.
    pub const BUILT_IN: [Self; 4] = [
        Self::Admin,
        Self::Production,
        Self::SensitiveData,
        Self::SecurityTooling,
    ];

    /// The name in files, records and `NEVER_AUTO`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Production => "production",
            Self::SensitiveData => "sensitive_data",
            Self::SecurityTooling => "security_tooling",
        }
    }

    /// The class of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::BUILT_IN
            .into_iter()
            .find(|class| class.name() == name)
    }

    /// Patterns that belong to the class in every installation, matched on token boundaries.
    #[must_use]
    pub fn built_in_patterns(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &[
                "*:admin",
                "*:admins",
                "*:administrator",
                "*:administrators",
                "*:administer",
                "*:root",
                "*:sudo",
                "*:superuser",
                "*:owner",
                "*:full control",
                "*:fullcontrol",
                "*:impersonate",
            ],
            Self::Production => &["prod:*", "production:*", "prd:*"],
            Self::SensitiveData => &[
                "pii:*",
                "phi:*",
                "pci:*",
                "gdpr:*",
                "hipaa:*",
                "payroll:*",
                "cardholder:*",
                "medical:*",
            ],
            Self::SecurityTooling => &[
                "siem:*",
                "edr:*",
                "xdr:*",
                "iam:*",
                "pam:*",
                "vault:*",
                "hsm:*",
                "kms:*",
                "firewall:*",
                "domain controllers:*",
                "domain controller:*",
                "security tooling:*",
            ],
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Admin => 1,
            Self::Production => 2,
            Self::SensitiveData => 4,
            Self::SecurityTooling => 8,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A set of never-auto classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClassSet(u8);

impl ClassSet {
    /// No class.
    pub const EMPTY: Self = Self(0);

    /// This set with `class` in it.
    #[must_use]
    pub fn with(self, class: Class) -> Self {
        Self(self.0 | class.bit())
    }

    /// Everything in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `class` is in the set.
    #[must_use]
    pub fn contains(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The classes in the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::BUILT_IN
            .into_iter()
            .filter(move |class| self.contains(*class))
    }
}

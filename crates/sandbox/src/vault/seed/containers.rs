//! Containers: what lies in them, how it is tagged, and which form it takes.

/// A container and the assets in it.
pub(super) struct Container {
    pub(super) name: &'static str,
    pub(super) parent: &'static str,
    pub(super) prefix: &'static str,
    pub(super) kind: &'static str,
    /// Share of all assets.
    pub(super) share: usize,
    pub(super) tags: &'static [&'static str],
    pub(super) form: usize,
}

pub(super) const STANDARD: usize = 0;
pub(super) const TIER0: usize = 1;
pub(super) const PAYMENT: usize = 2;
pub(super) const AUTOMATIC: usize = 3;
pub(super) const BATCH: usize = 4;
pub(super) const SECRET: usize = 5;

const WINDOWS: &str = "Component :: Server :: Windows";
const LINUX: &str = "Component :: Server :: Linux";
pub(super) const PRODUCTION: &str = "Environment :: Production";

const fn container(
    name: &'static str,
    parent: &'static str,
    (prefix, kind, share): (&'static str, &'static str, usize),
    tags: &'static [&'static str],
    form: usize,
) -> Container {
    Container {
        name,
        parent,
        prefix,
        kind,
        share,
        tags,
        form,
    }
}

/// Every container with assets, apart from those of secrets.
pub(super) const CONTAINERS: &[Container] = &[
    container(
        "Workstations",
        "Infrastructure",
        ("ws", "Windows Host", 16),
        &["Component :: Workstation :: Windows"],
        STANDARD,
    ),
    container(
        "Build Servers",
        "Infrastructure",
        ("build", "Windows Host", 12),
        &[WINDOWS],
        STANDARD,
    ),
    container(
        "Domain Controllers",
        "Infrastructure",
        ("dc", "Windows Host", 4),
        &[WINDOWS],
        TIER0,
    ),
    container(
        "Network",
        "Infrastructure",
        ("net", "Network Appliance", 8),
        &["Component :: Network :: Switch"],
        STANDARD,
    ),
    container(
        "Backup",
        "Infrastructure",
        ("backup", "Unix Host", 6),
        &[LINUX],
        STANDARD,
    ),
    container(
        "Monitoring",
        "Infrastructure",
        ("mon", "Unix Host", 6),
        &[LINUX],
        STANDARD,
    ),
    container(
        "File Shares",
        "Infrastructure",
        ("file", "Windows Host", 8),
        &[WINDOWS, "Data :: Internal"],
        STANDARD,
    ),
    container(
        "Staging",
        "Applications",
        ("stage", "Unix Host", 10),
        &[LINUX, "Environment :: Staging"],
        STANDARD,
    ),
    container(
        "Web Frontends",
        "Applications",
        ("web", "Unix Host", 10),
        &[LINUX, "Environment :: Test"],
        STANDARD,
    ),
    container(
        "Databases",
        "Applications",
        ("db", "Database", 10),
        &["Component :: Database", "Environment :: Test"],
        STANDARD,
    ),
    container(
        "Payment Production",
        "Applications",
        ("pay", "Unix Host", 4),
        &[LINUX, PRODUCTION, "Data :: Cardholder"],
        PAYMENT,
    ),
    container(
        "Training Lab",
        "Applications",
        ("lab", "Windows Host", 4),
        &["Environment :: Training"],
        AUTOMATIC,
    ),
    container(
        "Batch Processing",
        "Applications",
        ("batch", "Unix Host", 4),
        &[LINUX],
        BATCH,
    ),
];

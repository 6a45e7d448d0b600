//! What can be asked for in the company: one entry for each entitlement, in plain words.

mod business;
mod engineering;

/// A catalogue entry. Empty text and zero mean: not stated.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) id: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) system: &'static str,
    pub(crate) environment: &'static str,
    pub(crate) sensitivity: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) tags: &'static [&'static str],
    pub(crate) narrower: &'static str,
    pub(crate) maximum: &'static str,
    pub(crate) standing: &'static str,
    pub(crate) break_glass: &'static str,
    /// People, records and systems that a misuse could reach.
    pub(crate) reach: (u32, u32, u32),
}

/// An entry with what every entry has.
const fn entry(
    id: &'static str,
    meaning: &'static str,
    owner: &'static str,
    system: &'static str,
) -> Entry {
    Entry {
        id,
        meaning,
        owner,
        system,
        environment: "",
        sensitivity: "",
        aliases: &[],
        tags: &[],
        narrower: "",
        maximum: "",
        standing: "",
        break_glass: "",
        reach: (0, 0, 0),
    }
}

impl Entry {
    const fn environment(mut self, environment: &'static str) -> Self {
        self.environment = environment;
        self
    }

    const fn sensitivity(mut self, sensitivity: &'static str) -> Self {
        self.sensitivity = sensitivity;
        self
    }

    const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn tags(mut self, tags: &'static [&'static str]) -> Self {
        self.tags = tags;
        self
    }

    const fn narrower(mut self, narrower: &'static str) -> Self {
        self.narrower = narrower;
        self
    }

    const fn maximum(mut self, maximum: &'static str) -> Self {
        self.maximum = maximum;
        self
    }

    const fn standing(mut self, reason: &'static str) -> Self {
        self.standing = reason;
        self
    }

    const fn break_glass(mut self, procedure: &'static str) -> Self {
        self.break_glass = procedure;
        self
    }

    const fn reach(mut self, people: u32, records: u32, systems: u32) -> Self {
        self.reach = (people, records, systems);
        self
    }
}

/// Every entry, in the order of the file.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    engineering::ENTRIES.iter().chain(business::ENTRIES)
}

/// Resources with an order of levels of their own, lowest first.
pub(crate) const LEVELS: &[(&str, &[&str])] = &[
    ("default", &["read", "write", "admin"]),
    ("access-review", &["view", "certify"]),
    ("books", &["view", "audit"]),
    ("code", &["read", "develop"]),
    ("crm", &["read", "write", "export"]),
    ("customer-data", &["view", "export"]),
    ("data-masking", &["view", "configure"]),
    ("expense", &["submit", "approve"]),
    ("goods-receipt", &["view", "confirm"]),
    ("iam", &["read", "grant"]),
    ("invoice", &["view", "enter", "release"]),
    ("journal", &["view", "post"]),
    ("payment", &["view", "approve"]),
    ("payroll", &["view", "run"]),
    ("period-close", &["view", "approve"]),
    ("prod", &["read", "deploy"]),
    ("purchase-order", &["view", "create"]),
    ("refund", &["request", "approve"]),
    ("travel", &["view", "book"]),
    ("vendor", &["view", "create"]),
    ("warehouse", &["read", "write", "export"]),
];

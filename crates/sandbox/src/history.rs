//! Sixty days of requests with what their owners decided, and the truth about them: which were right, which mistakes
//! the owners made, and which traps were laid. It comes from how each row is made, not from any engine.

use serde::Serialize;

use crate::random::Random;
use crate::roles::standard_of;

/// Days of the history; the last one is the day before the company's clock starts.
pub const DAYS: u32 = 60;

/// A history as text, with the truth about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// JSON Lines with the columns of a backtest, in the order of time.
    pub json_lines: String,
    /// What is true of it.
    pub truth: Truth,
}

/// What is true of a history. Each is a number of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// All rows.
    pub rows: u64,
    /// Right to be granted without a review.
    pub automatic: u64,
    /// Right to be asked back.
    pub asked: u64,
    /// Right to be looked at by a person.
    pub escalated: u64,
    /// Rows in which the owner decided as was right.
    pub agreed: u64,
    /// Rows right to be granted in which less would have done.
    pub over_provisioned: u64,
    /// Conflicts, whether the owner saw them or not.
    pub conflicts: u64,
    /// Rows that owners called a conflict, and that are none.
    pub false_alarms: u64,
    /// Rows that do not say what the person held.
    pub without_holdings: u64,
    /// Conflicts that an owner granted.
    pub conflicts_granted_by_owners: u64,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Situation {
    Usual,
    /// More than was needed, and still usual.
    Wide,
    /// Usual, and the owner said no.
    DeniedByMistake,
    Unapproved,
    Unexplained,
    OtherRole,
    Dangerous,
    /// Dangerous, and the owner waved it through.
    RubberStamped,
    Conflict,
    /// A conflict that the owner granted.
    ConflictMissed,
    /// For another role, and the owner called it a conflict.
    FalseAlarm,
    /// Usual, and nobody wrote down what the person held.
    HoldingsUnknown,
}

/// How often something happens: that many times every so many days.
const MIX: &[(Situation, u32, u32)] = &[
    (Situation::Usual, 20, 1),
    (Situation::Wide, 3, 1),
    (Situation::DeniedByMistake, 1, 2),
    (Situation::Unapproved, 4, 1),
    (Situation::Unexplained, 2, 1),
    (Situation::OtherRole, 3, 1),
    (Situation::Dangerous, 3, 1),
    (Situation::RubberStamped, 1, 3),
    (Situation::Conflict, 1, 1),
    (Situation::ConflictMissed, 1, 6),
    (Situation::FalseAlarm, 1, 10),
    (Situation::HoldingsUnknown, 1, 4),
];

const ROLES: &[&str] = &[
    "engineer",
    "engineer",
    "senior-engineer",
    "support",
    "sales",
    "data-analyst",
    "procurement",
    "hr",
    "marketing",
];
/// Role, what was asked for, and what would have served.
const WIDE: &[(&str, &str, &str)] = &[
    ("engineer", "dev-db:write", "dev-db:read"),
    ("engineer", "repo:write", "repo:read"),
    ("sales", "crm:write", "crm:read"),
    ("support", "support-desk:write", "support-desk:read"),
    ("hr", "recruiting:write", "recruiting:read"),
];
const OTHER_ROLES: &[(&str, &str)] = &[
    ("sales", "dev-db:read"),
    ("support", "journal:view"),
    ("contractor", "feature-flags:read"),
    ("hr", "crm:read"),
    ("engineer", "staging:write"),
    ("data-analyst", "phishing-reports:read"),
];
const DANGEROUS: &[(&str, &str)] = &[
    ("senior-engineer", "prod:read"),
    ("engineer", "prod-orders-db:read"),
    ("engineer", "ci:admin"),
    ("hr", "hr-records:read"),
    ("support", "customer-data:export"),
    ("engineer", "vault:read"),
];
/// Role, what is held, what was asked for, and the rule.
const CONFLICTS: &[(&str, &str, &str, &str)] = &[
    (
        "finance-ops",
        "vendor:create",
        "payment:approve",
        "vendor-and-payment",
    ),
    (
        "finance-ops",
        "journal:post",
        "period-close:approve",
        "post-and-close",
    ),
    (
        "finance-ops",
        "books:audit",
        "journal:post",
        "audit-and-post",
    ),
    (
        "engineer",
        "prod:deploy",
        "code:develop",
        "develop-and-deploy",
    ),
];

/// A row, in the order in which its columns are written.
#[derive(Debug, Serialize)]
struct Row<'a> {
    request_id: String,
    requester: String,
    roles: [&'a str; 1],
    access: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<&'a str>,
    created_at: String,
    decided_at: String,
    justification: &'a str,
    approvals: &'a [&'a str],
    owner_decision: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimal_access: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sod_conflict: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holdings: Option<Vec<&'a str>>,
}

impl History {
    /// The history of `seed`.
    #[must_use]
    pub fn generate(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x0048_6973_746f_7279);
        let mut history = Self {
            json_lines: String::new(),
            truth: Truth::default(),
        };
        for day in 0..DAYS {
            let mut today: Vec<Situation> = Vec::new();
            for (situation, times, every) in MIX {
                if day.checked_rem(*every) == Some(0) {
                    today.extend((0..*times).map(|_| *situation));
                }
            }
            random.shuffle(&mut today);
            let count = today.len();
            for (place, situation) in today.into_iter().enumerate() {
                let minute = place.saturating_mul(540).checked_div(count).unwrap_or(0);
                history.add(&mut random, situation, day, minute);
            }
        }
        history
    }

    fn add(&mut self, random: &mut Random, situation: Situation, day: u32, minute: usize) {
        self.truth.count(situation);
        let number = self.truth.rows.saturating_add(1_000);
        let role = random.pick(ROLES);
        let usual = |random: &mut Random| random.pick(&standard_of(role));
        let mut row = Row {
            request_id: format!("H-{number}"),
            requester: String::new(),
            roles: [role],
            access: "",
            duration: Some(random.pick(&["8h", "7d", "14d", "30d"])),
            created_at: moment(day, minute),
            decided_at: moment(day, minute.saturating_add(45)),
            justification: "needed for the work of this month",
            approvals: &["manager"],
            owner_decision: "approve",
            minimal_access: None,
            sod_conflict: Some("false"),
            holdings: Some(vec!["lunch-club:member"]),
        };
        match situation {
            Situation::Usual => {
                row.access = usual(random);
                row.minimal_access = Some(row.access);
            }
            Situation::Wide => {
                let (role, access, enough) = random.pick(WIDE);
                (row.roles, row.access) = ([role], access);
                row.minimal_access = Some(enough);
            }
            Situation::DeniedByMistake => {
                row.access = usual(random);
                row.owner_decision = "deny";
            }
            Situation::Unapproved => {
                row.access = usual(random);
                (row.approvals, row.owner_decision) = (&[], "ask");
            }
            Situation::Unexplained => {
                row.access = usual(random);
                (row.justification, row.owner_decision) = ("pls", "ask");
            }
            Situation::OtherRole => {
                let (role, access) = random.pick(OTHER_ROLES);
                (row.roles, row.access, row.owner_decision) = ([role], access, "escalate");
            }
            Situation::Dangerous | Situation::RubberStamped => {
                let (role, access) = random.pick(DANGEROUS);
                (row.roles, row.access) = ([role], access);
                row.approvals = &["manager", "resource_owner"];
                if situation == Situation::Dangerous {
                    row.owner_decision = "escalate";
                }
            }
            Situation::Conflict | Situation::ConflictMissed => {
                let (role, held, access, rule) = random.pick(CONFLICTS);
                (row.roles, row.access) = ([role], access);
                row.holdings = Some(vec![held]);
                row.sod_conflict = Some(rule);
                if situation == Situation::Conflict {
                    row.owner_decision = "deny";
                }
            }
            Situation::FalseAlarm => {
                let (role, access) = random.pick(OTHER_ROLES);
                (row.roles, row.access, row.owner_decision) = ([role], access, "escalate");
                row.sod_conflict = Some("true");
            }
            Situation::HoldingsUnknown => {
                row.access = usual(random);
                (row.holdings, row.sod_conflict) = (None, None);
            }
        }
        let [role] = row.roles;
        let person = random.below(40).saturating_add(1);
        row.requester = format!("{role}-{person:03}");
        // A struct of texts always serialises.
        self.json_lines
            .push_str(&serde_json::to_string(&row).unwrap_or_default());
        self.json_lines.push('\n');
    }
}

impl Truth {
    fn count(&mut self, situation: Situation) {
        let one = |is: bool| u64::from(is);
        let of = |all: &[Situation]| all.contains(&situation);
        self.rows += 1;
        self.automatic += one(of(&[
            Situation::Usual,
            Situation::Wide,
            Situation::DeniedByMistake,
        ]));
        self.asked += one(of(&[Situation::Unapproved, Situation::Unexplained]));
        self.escalated += one(of(&[
            Situation::OtherRole,
            Situation::Dangerous,
            Situation::RubberStamped,
            Situation::Conflict,
            Situation::ConflictMissed,
            Situation::FalseAlarm,
            // What nobody knows, a person looks at.
            Situation::HoldingsUnknown,
        ]));
        self.agreed += one(!of(&[
            Situation::DeniedByMistake,
            Situation::RubberStamped,
            Situation::ConflictMissed,
            Situation::HoldingsUnknown,
        ]));
        self.over_provisioned += one(situation == Situation::Wide);
        self.conflicts += one(of(&[Situation::Conflict, Situation::ConflictMissed]));
        self.false_alarms += one(situation == Situation::FalseAlarm);
        self.without_holdings += one(situation == Situation::HoldingsUnknown);
        self.conflicts_granted_by_owners += one(situation == Situation::ConflictMissed);
    }
}

/// A moment on day 0 to 59 after 2026-09-24, that many minutes after eight.
fn moment(day: u32, minute: usize) -> String {
    let (month, day) = match day {
        0..7 => (9, day.saturating_add(24)),
        7..38 => (10, day.saturating_sub(6)),
        _ => (11, day.saturating_sub(37)),
    };
    let (hour, minute) = (minute / 60, minute % 60);
    format!(
        "2026-{month:02}-{day:02}T{:02}:{minute:02}:00Z",
        hour.saturating_add(8)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_is_arithmetic() {
        let history = History::generate(42);
        assert_eq!(history, History::generate(42));
        let truth = history.truth;
        assert_eq!(truth.rows, history.json_lines.lines().count() as u64);
        // Twenty usual ones and three wide ones a day; a mistaken denial every second day.
        assert_eq!(truth.automatic, 60 * 23 + 30);
        assert_eq!(truth.asked, 60 * 6);
        assert_eq!(truth.escalated, 60 * 7 + 20 + 10 + 6 + 15);
        assert_eq!(truth.automatic + truth.asked + truth.escalated, truth.rows);
        assert_eq!(truth.rows - truth.agreed, 30 + 20 + 10 + 15);
        assert_eq!(
            (truth.conflicts, truth.conflicts_granted_by_owners),
            (70, 10)
        );
    }

    #[test]
    fn days_are_days() {
        assert_eq!(moment(0, 0), "2026-09-24T08:00:00Z");
        assert_eq!(moment(6, 0), "2026-09-30T08:00:00Z");
        assert_eq!(moment(7, 61), "2026-10-01T09:01:00Z");
        assert_eq!(moment(37, 0), "2026-10-31T08:00:00Z");
        assert_eq!(moment(38, 0), "2026-11-01T08:00:00Z");
        assert_eq!(moment(59, 0), "2026-11-22T08:00:00Z");
    }
}

//! The record of a run: a file of JSON Lines, one header and one entry for each request, whose digest is in the log before
//! anything is done. Reports and replays are made from it.

use decision::findings::risk::RiskLevel;
use decision::time::Timestamp;
use decision::vault::{Action, Anomaly, Evidence, Frozen, Ruling, Run, words};
use serde::{Deserialize, Serialize};

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`decision::vault::FORMAT`].
    pub format: u32,
    /// Name of the run: its start in UTC, fit for a file name, such as `2026-11-22T080000Z`.
    pub name: String,
    /// Version of the engine.
    pub engine: String,
    /// Name of the vault.
    pub vault: String,
    /// Name of the analyst.
    pub analyst: String,
    /// What holds for every request.
    pub run: Run,
    /// The minutes between UTC and the clock by which days and hours are shown in charts.
    pub offset_minutes: i32,
}

/// One request with what was made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// All inputs.
    pub evidence: Evidence,
    /// Risk by the points alone.
    pub risk: RiskLevel,
    /// Sum of the points.
    pub points: u16,
    /// Each cause with its points.
    pub causes: Vec<(String, u8)>,
    /// What is unusual, with its figures in words.
    pub anomalies: Vec<(Anomaly, String)>,
    /// Names of all findings, in order of precedence.
    pub findings: Vec<String>,
    /// What the rules allow to be done; `None` when nothing.
    pub open: Option<Action>,
    /// What stands first against the action that its status would take; `None` when nothing does, or when its status
    /// takes none.
    pub because: Option<String>,
}

impl Entry {
    /// The entry of a ruling.
    #[must_use]
    pub fn of(frozen: &Frozen<'_>, ruling: &Ruling) -> Self {
        use decision::vault::{Finding, Status};
        let told = |action| words::because(ruling, action).map(str::to_owned);
        let open = ruling.action();
        Self {
            evidence: frozen.evidence().clone(),
            risk: ruling.risk,
            points: ruling.points,
            causes: words::points(frozen)
                .into_iter()
                .map(|(cause, points)| (cause.to_owned(), points))
                .collect(),
            anomalies: frozen
                .anomalies()
                .iter()
                .map(|anomaly| (anomaly, words::anomaly(frozen, anomaly)))
                .collect(),
            findings: ruling
                .findings
                .iter()
                .map(|finding| finding.name().to_owned())
                .collect(),
            open,
            because: match frozen.evidence().request.status {
                Status::Active if open.is_none() => told(Action::Approve),
                // What was approved not long ago waits for nothing.
                Status::Approved
                    if open.is_none() && !ruling.findings.contains(Finding::NotStale) =>
                {
                    told(Action::Close)
                }
                Status::Active
                | Status::Approved
                | Status::Completed
                | Status::Rejected
                | Status::Unknown => None,
            },
        }
    }
}

/// What became of one action of a run, for reports and mails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionTold {
    /// The request.
    pub request: String,
    /// Name of its asset.
    pub asset_name: String,
    /// Who asked, in the vault's words.
    pub requester: String,
    /// Risk by the points.
    pub risk: RiskLevel,
    /// What was done, or would be.
    pub action: Action,
    /// The reason that the vault was given.
    pub comment: String,
    /// What became of it.
    pub outcome: ActionOutcome,
    /// In words: what was seen, or why not.
    pub detail: String,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionOutcome {
    /// Done, and seen.
    Done,
    /// Approved at one level of several; other people have to approve it too.
    DoneAtThisLevel,
    /// Only planned: the run may not act.
    Planned,
    /// A person at the terminal said no.
    Declined,
    /// Something changed since it was analysed, so nothing was sent.
    Changed,
    /// Somebody else did it meanwhile, and the vault says who.
    ByAnother,
    /// The vault refused, and nothing changed.
    Refused,
    /// Sent, but what became of it is not known; the next run looks.
    Unknown,
    /// Committed and not sent, because the run was stopped; the next run goes on.
    Parked,
}

impl ActionOutcome {
    /// Whether the vault did it.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::DoneAtThisLevel)
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DoneAtThisLevel => "approved at this level",
            Self::Planned => "planned",
            Self::Declined => "declined",
            Self::Changed => "changed meanwhile",
            Self::ByAnother => "done by somebody else",
            Self::Refused => "refused by the vault",
            Self::Unknown => "outcome unknown",
            Self::Parked => "parked",
        }
    }
}

/// What a run comes to besides its entries: everything that a report and a mail need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// When the run ended.
    pub finished: Timestamp,
    /// Actions, in the order in which they were taken or planned.
    pub actions: Vec<ActionTold>,
    /// Things that went wrong or that somebody should know, such as a mail of an earlier run whose fate is unknown.
    pub remarks: Vec<String>,
    /// Index of the log's leaf that holds the digest of the record.
    pub leaf: Option<u64>,
    /// What the analyst cost, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
}

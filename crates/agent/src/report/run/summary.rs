//! The figures of a run, for the pages, the mail and the command line alike.

use std::collections::{BTreeMap, HashMap, HashSet};

use decision::findings::risk::RiskLevel;
use decision::vault::request::{login_of, same_user};
use decision::vault::{Action, Anomaly, Status};
use serde::{Deserialize, Serialize};

use super::calendar::{LocalClock, date};
use crate::cycle::record::{ActionOutcome, Closing, Entry, Header};
use crate::report::text::{NAME_MAX, visible};

/// Most requesters that are named.
const REQUESTERS_MAX: usize = 15;

/// Counts of requests by risk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risks {
    /// Critical.
    pub critical: u64,
    /// High.
    pub high: u64,
    /// Moderate, which pages and mails call medium.
    pub moderate: u64,
    /// Low.
    pub low: u64,
}

impl Risks {
    /// Every level with its count, from critical to low.
    #[must_use]
    pub fn from_critical(self) -> [(RiskLevel, u64); 4] {
        [
            (RiskLevel::Critical, self.critical),
            (RiskLevel::High, self.high),
            (RiskLevel::Moderate, self.moderate),
            (RiskLevel::Low, self.low),
        ]
    }

    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.from_critical().iter().map(|(_, number)| number).sum()
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            critical: self.critical.saturating_add(other.critical),
            high: self.high.saturating_add(other.high),
            moderate: self.moderate.saturating_add(other.moderate),
            low: self.low.saturating_add(other.low),
        }
    }

    fn add(&mut self, risk: RiskLevel) {
        let own = match risk {
            RiskLevel::Low => &mut self.low,
            RiskLevel::Moderate => &mut self.moderate,
            RiskLevel::High => &mut self.high,
            RiskLevel::Critical => &mut self.critical,
        };
        *own = own.saturating_add(1);
    }
}

/// Counts of actions by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionCounts {
    /// Approved, at the last level or at one of several.
    pub approved: u64,
    /// Of them, approved at one level of several.
    pub approved_at_this_level: u64,
    /// Rejected.
    pub rejected: u64,
    /// Closed.
    pub closed: u64,
    /// Planned and not done, because the run may not act.
    pub planned: u64,
    /// Declined by a person at the terminal.
    pub declined: u64,
    /// Not sent, because something had changed meanwhile.
    pub changed: u64,
    /// Done by somebody else meanwhile, as the vault says.
    #[serde(default)]
    pub by_another: u64,
    /// Refused by the vault.
    pub refused: u64,
    /// Sent, with an outcome that is not known.
    pub unknown: u64,
    /// Committed and not sent, because the run was stopped.
    pub parked: u64,
}

impl ActionCounts {
    fn of(closing: &Closing) -> Self {
        let mut counts = Self::default();
        for told in &closing.actions {
            let done = match told.action {
                Action::Approve => &mut counts.approved,
                Action::Reject => &mut counts.rejected,
                Action::Close => &mut counts.closed,
            };
            match told.outcome {
                ActionOutcome::Done => *done += 1,
                ActionOutcome::DoneAtThisLevel => {
                    *done += 1;
                    counts.approved_at_this_level += 1;
                }
                ActionOutcome::Planned => counts.planned += 1,
                ActionOutcome::Declined => counts.declined += 1,
                ActionOutcome::Changed => counts.changed += 1,
                ActionOutcome::ByAnother => counts.by_another += 1,
                ActionOutcome::Refused => counts.refused += 1,
                ActionOutcome::Unknown => counts.unknown += 1,
                ActionOutcome::Parked => counts.parked += 1,
            }
        }
        counts
    }

    /// Everything that the vault did.
    #[must_use]
    pub fn done(self) -> u64 {
        self.approved
            .saturating_add(self.rejected)
            .saturating_add(self.closed)
    }

    /// What went wrong: refused by the vault, or with an unknown outcome.
    #[must_use]
    pub fn errors(self) -> u64 {
        self.refused.saturating_add(self.unknown)
    }

    /// Each count that is not zero with its name, what was done first.
    #[must_use]
    pub fn told(self) -> Vec<(&'static str, u64)> {
        let all = [
            ("approved", self.approved),
            ("rejected", self.rejected),
            ("closed", self.closed),
            ("planned, not done", self.planned),
            ("declined by a person", self.declined),
            ("changed meanwhile, not sent", self.changed),
            ("done by somebody else", self.by_another),
            ("refused by the vault", self.refused),
            ("outcome unknown", self.unknown),
            ("parked for the next run", self.parked),
        ];
        all.into_iter().filter(|(_, number)| *number > 0).collect()
    }
}

/// Requests of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// The date, on the clock of the run.
    pub day: String,
    /// How many.
    pub risks: Risks,
}

/// Requests of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asking {
    /// Who, as the vault writes it.
    pub requester: String,
    /// How many.
    pub risks: Risks,
}

/// The figures of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Requests that were analysed.
    pub requests: u64,
    /// By risk.
    pub risks: Risks,
    /// By status, in the vault's words.
    pub statuses: BTreeMap<String, u64>,
    /// Requests with something unusual.
    pub flagged: u64,
    /// Requests with each anomaly, the most frequent first.
    pub anomalies: Vec<(Anomaly, u64)>,
    /// What became of actions.
    pub actions: ActionCounts,
    /// Requests that wait for something and were left alone, by what stood first against the action: a clause with its
    /// count, the most frequent first.
    pub left_alone: Vec<(String, u64)>,
    /// Requests that are over (completed, rejected) or of an unknown status: nothing is ever done to them.
    pub over: u64,
    /// Requests that are approved and not stale: nothing is to be done to them.
    pub in_use: u64,
    /// Requests of the agent's own user; they are in no figure about people.
    pub own: u64,
    /// Different people who asked.
    pub people: u64,
    /// Who asked most often, the agent's own user apart; at most 15.
    pub requesters: Vec<Asking>,
    /// Requests by day, without days on which there was none. Days outside the window are left out.
    pub days: Vec<Day>,
    /// Requests that were filed outside the window, by their own dates.
    pub outside_window: u64,
    /// Requests by day of the week (from Monday) and hour.
    pub hours: [[u64; 24]; 7],
}

impl Summary {
    /// Requests of high or critical risk.
    #[must_use]
    pub fn high_or_critical(&self) -> u64 {
        self.risks.high.saturating_add(self.risks.critical)
    }

    /// Requests that wait for something and were left alone.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.left_alone.iter().map(|(_, number)| number).sum()
    }
}

/// What is counted while the record is read.
pub(super) struct Tally<'a> {
    header: &'a Header,
    clock: LocalClock,
    /// Ids of requests with an action.
    acted: HashSet<&'a str>,
    actions: ActionCounts,
    risks: Risks,
    statuses: BTreeMap<&'static str, u64>,
    flagged: u64,
    anomalies: BTreeMap<Anomaly, u64>,
    left_alone: HashMap<String, u64>,
    over: u64,
    in_use: u64,
    own: u64,
    requesters: HashMap<String, Asking>,
    days: BTreeMap<i64, Risks>,
    outside_window: u64,
    hours: [[u64; 24]; 7],
}

impl<'a> Tally<'a> {
    pub(super) fn new(header: &'a Header, closing: &'a Closing) -> Self {
        Self {
            header,
            clock: LocalClock::new(header.offset_minutes),
            acted: closing
                .actions
                .iter()
                .map(|told| told.request.as_str())
                .collect(),
            actions: ActionCounts::of(closing),
            risks: Risks::default(),
            statuses: BTreeMap::new(),
            flagged: 0,
            anomalies: BTreeMap::new(),
            left_alone: HashMap::new(),
            over: 0,
            in_use: 0,
            own: 0,
            requesters: HashMap::new(),
            days: BTreeMap::new(),
            outside_window: 0,
            hours: [[0; 24]; 7],
        }
    }

    pub(super) fn add(&mut self, entry: &Entry) {
        let request = &entry.evidence.request;
        self.risks.add(entry.risk);
        *self.statuses.entry(request.status.name()).or_default() += 1;
        if !entry.anomalies.is_empty() {
            self.flagged += 1;
        }
        for (anomaly, _) in &entry.anomalies {
            *self.anomalies.entry(*anomaly).or_default() += 1;
        }
        if !self.acted.contains(request.id.as_str()) {
            match request.status {
                Status::Approved if entry.because.is_none() && entry.open.is_none() => {
                    self.in_use += 1;
                }
                Status::Active | Status::Approved => {
                    let why = why_left_alone(entry);
                    *self.left_alone.entry(why).or_default() += 1;
                }
                Status::Completed | Status::Rejected | Status::Unknown => self.over += 1,
            }
        }
        let own = self.header.run.own_user.as_deref().unwrap_or_default();
        if same_user(own, &request.requester) {
            self.own += 1;
        } else {
            let login = visible(&login_of(&request.requester), NAME_MAX);
            let asking = self.requesters.entry(login).or_insert_with(|| Asking {
                requester: request.requester.chars().take(NAME_MAX).collect(),
                risks: Risks::default(),
            });
            asking.risks.add(entry.risk);
        }
        self.time(entry);
    }

    fn time(&mut self, entry: &Entry) {
        let created = entry.evidence.request.created;
        let (weekday, hour) = self.clock.weekday_and_hour(created);
        let cell = self
            .hours
            .get_mut(weekday)
            .and_then(|day| day.get_mut(hour));
        if let Some(cell) = cell {
            *cell += 1;
        }
        let (day, today) = (self.clock.day(created), self.clock.day(self.header.run.at));
        let first = today.saturating_sub(i64::from(self.header.run.settings.lookback_days));
        if (first.saturating_sub(1)..=today.saturating_add(1)).contains(&day) {
            self.days.entry(day).or_default().add(entry.risk);
        } else {
            self.outside_window += 1;
        }
    }

    pub(super) fn finish(self) -> Summary {
        let mut requesters: Vec<(String, Asking)> = self.requesters.into_iter().collect();
        let people = u64::try_from(requesters.len()).unwrap_or(u64::MAX);
        requesters.sort_by(|(one, asked), (other, others)| {
            (others.risks.total().cmp(&asked.risks.total())).then_with(|| one.cmp(other))
        });
        requesters.truncate(REQUESTERS_MAX);
        Summary {
            requests: self.risks.total(),
            risks: self.risks,
            statuses: owned(self.statuses),
            flagged: self.flagged,
            anomalies: most_frequent(self.anomalies),
            actions: self.actions,
            left_alone: most_frequent(self.left_alone),
            over: self.over,
            in_use: self.in_use,
            own: self.own,
            people,
            requesters: requesters.into_iter().map(|(_, asking)| asking).collect(),
            days: self
                .days
                .into_iter()
                .map(|(day, risks)| Day {
                    day: date(day),
                    risks,
                })
                .collect(),
            outside_window: self.outside_window,
            hours: self.hours,
        }
    }
}

/// Why nothing was done to a request that waits for something.
pub(super) fn why_left_alone(entry: &Entry) -> String {
    match (&entry.because, entry.open) {
        (Some(why), _) => why.chars().take(NAME_MAX).collect(),
        (None, Some(_)) => "the rules allow it, and this run did not come to it".to_owned(),
        (None, None) => "nothing is done at its status".to_owned(),
    }
}

fn owned(statuses: BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    let statuses = statuses.into_iter();
    statuses
        .map(|(name, number)| (name.to_owned(), number))
        .collect()
}

fn most_frequent<T: Ord>(counts: impl IntoIterator<Item = (T, u64)>) -> Vec<(T, u64)> {
    let mut counts: Vec<(T, u64)> = counts.into_iter().collect();
    counts.sort_by(|(one, first), (other, second)| second.cmp(first).then_with(|| one.cmp(other)));
    counts
}

//! What a model said of a request, and what was wrong with it. INVARIANT(ratchet): all of it can only withhold.

use serde::{Deserialize, Serialize};

use crate::findings::confidence::BasisPoints;
use crate::findings::{FindingSet, Kind};

/// What an analyst said, normalised. INVARIANT(ratchet): it can only withhold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Nothing to add.
    #[default]
    Nothing,
    /// Less would do.
    Narrow,
    /// Ask something first.
    AskFirst,
    /// A person should look.
    LookCloser,
}

impl Advice {
    /// The more cautious of two.
    #[must_use]
    pub fn more_cautious(self, other: Self) -> Self {
        let rank = |advice| Self::ALL.iter().position(|own| *own == advice);
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }

    /// The name in records and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Narrow => "narrow",
            Self::AskFirst => "ask_first",
            Self::LookCloser => "look_closer",
        }
    }

    /// Every advice, from the least to the most cautious.
    pub const ALL: [Self; 4] = [
        Self::Nothing,
        Self::Narrow,
        Self::AskFirst,
        Self::LookCloser,
    ];
}

/// What a model said, normalised: no text in it is longer than its bound, and none has markup or invisible characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// Who said it: provider and model.
    pub analyst: String,
    /// What was wrong with it; each is a finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// How sure it says that it is, in basis points; `None` when it does not say. It can only lower our own confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u16>,
    /// Reasons of the contract for handing the request to a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// What it says to the person who looks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What was wrong, in words: for people and never looked at by a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// The calls that were made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// What earlier calls about the same request cost, which stand in earlier records, in nanodollars.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub spent_before: u64,
}

fn is_nothing(nanodollars: &u64) -> bool {
    *nanodollars == 0
}

impl Analysis {
    /// What was spent on the request so far, in nanodollars.
    #[must_use]
    pub fn spent(&self) -> u64 {
        (self.exchanges.iter().map(|own| own.nanodollars))
            .fold(self.spent_before, u64::saturating_add)
    }

    /// What either says: faults and reasons add up, the lower confidence counts. The analyst is that of `later`.
    #[must_use]
    pub fn joined(self, later: Self) -> Self {
        fn both<T: Ord>(first: Vec<T>, later: Vec<T>) -> Vec<T> {
            let mut all = first;
            all.extend(later);
            all.sort_unstable();
            all.dedup();
            all
        }
        let confidence = match (self.confidence, later.confidence) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        // Said twice is said once, however often somebody is asked.
        let note = if self.note.contains(&later.note) {
            self.note
        } else {
            format!("{} {}", self.note, later.note).trim().to_owned()
        };
        let mut exchanges = self.exchanges;
        exchanges.extend(later.exchanges);
        let mut remarks = self.remarks;
        for remark in later.remarks {
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
        Self {
            analyst: later.analyst,
            faults: both(self.faults, later.faults),
            confidence,
            triggers: both(self.triggers, later.triggers),
            note,
            remarks,
            exchanges,
            spent_before: self.spent_before.saturating_add(later.spent_before),
        }
    }
}

/// Something wrong with what a model said, or with asking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It could not be asked: no key, out of reach, budget spent, no price.
    Lost,
    /// It refused.
    Refused,
    /// Its answer was cut short.
    CutShort,
    /// The provider filtered question or answer.
    Filtered,
    /// Its answer is not in the form that was agreed, or says something that cannot be.
    Unreadable,
    /// It called a tool, or said something, that the contract does not give it.
    OutOfContract,
    /// It names an entitlement, a rule, an approval or a request that the evidence does not have.
    Unfounded,
    /// It ran into a bound of the contract: turns, calls of tools, cost.
    BoundReached,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::Lost,
        Self::Refused,
        Self::CutShort,
        Self::Filtered,
        Self::Unreadable,
        Self::OutOfContract,
        Self::Unfounded,
        Self::BoundReached,
    ];

    /// The finding that it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Lost => Kind::ModelLost,
            Self::Refused => Kind::AdviceRefused,
            Self::CutShort => Kind::AdviceCutShort,
            Self::Filtered => Kind::AdviceFiltered,
            Self::Unreadable => Kind::AdviceUnreadable,
            Self::OutOfContract => Kind::AdviceOutOfContract,
            Self::Unfounded => Kind::AdviceUnfounded,
            Self::BoundReached => Kind::AdviceBoundReached,
        }
    }

    /// What it means, as a clause for people.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Lost => "the configured model could not be asked",
            Self::Refused => "the model refused to answer",
            Self::CutShort => "the model's answer was cut short",
            Self::Filtered => "the provider filtered the question or the answer",
            Self::Unreadable => "the model's answer cannot be used",
            Self::OutOfContract => "the model did something that its contract does not give it",
            Self::Unfounded => "the model names something that the evidence does not have",
            Self::BoundReached => "the model ran into a bound of its contract",
        }
    }
}

/// A reason of the contract (`human_handoff.triggers`) for handing a request to the access owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// What is asked for is sensitive.
    SensitiveResource,
    /// The policy can be read in more than one way.
    PolicyAmbiguous,
    /// It is not sure.
    LowConfidence,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 3] = [
        Self::SensitiveResource,
        Self::PolicyAmbiguous,
        Self::LowConfidence,
    ];

    /// The name in the contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SensitiveResource => "sensitive_resource",
            Self::PolicyAmbiguous => "policy_ambiguous",
            Self::LowConfidence => "low_confidence",
        }
    }
}

/// One call of a model, as the record keeps it: enough to hold a provider's bill and a kept copy against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Provider and model as configured.
    pub model: String,
    /// The model that answered, when the provider names another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// The provider's id of the exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// Name and version of the prompt.
    pub prompt: String,
    /// SHA-256 of the body that was sent, in hex.
    pub asked: String,
    /// SHA-256 of the body that came back, in hex; empty when none did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answered: String,
    /// Most tokens of the answer.
    pub output_tokens_max: u32,
    /// Tokens read.
    pub tokens_in: u64,
    /// Of those, tokens read from the provider's cache.
    pub tokens_cached: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// Whether the tokens are a bound of ours because the provider told none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// What it cost, in nanodollars. Where several requests share a call, it stands with the first of them.
    pub nanodollars: u64,
    /// Tries that failed before it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What an analyst said, as a ruling reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advised {
    /// What it comes to.
    pub advice: Advice,
    /// What was wrong, as findings.
    pub faults: FindingSet,
    /// How sure it says that it is.
    pub confidence: BasisPoints,
}

impl Advised {
    /// Nobody said anything.
    pub const NOTHING: Self = Self {
        advice: Advice::Nothing,
        faults: FindingSet::EMPTY,
        confidence: BasisPoints(10_000),
    };

    /// What the record says. A hand-off for a reason of the contract is a closer look, whatever else was said.
    #[must_use]
    pub(crate) fn of(advice: Advice, analysis: Option<&Analysis>) -> Self {
        let Some(analysis) = analysis else {
            return Self {
                advice,
                ..Self::NOTHING
            };
        };
        Self {
            advice: if analysis.triggers.is_empty() {
                advice
            } else {
                Advice::LookCloser
            },
            faults: FindingSet::of(analysis.faults.iter().map(|fault| fault.kind())),
            confidence: BasisPoints(analysis.confidence.unwrap_or(10_000)),
        }
    }
}

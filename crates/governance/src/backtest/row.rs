//! What a row of history says, column by column: values, and their meaning as numbers. One place for all readers.

use std::borrow::Cow;

use decision::evidence::case::JustificationState;
use decision::evidence::record::Advice;
use decision::findings::confidence::BasisPoints;
use decision::findings::justification;
use decision::rules::ApprovalSet;
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use super::column::Column;
use super::interner::Interner;

/// What an owner decided, from the least to the most cautious.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnerDecision {
    /// Granted as asked.
    Approve,
    /// Asked back before deciding.
    Ask,
    /// Passed on to somebody with more authority.
    Escalate,
    /// Not granted.
    Deny,
}

impl OwnerDecision {
    /// Every decision, from the least to the most cautious.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Ask, Self::Escalate, Self::Deny];

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Ask => "ask",
            Self::Escalate => "escalate",
            Self::Deny => "deny",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|decision| decision.name() == name)
    }
}

/// A value as a number; what it stands for depends on the column.
pub(crate) type Code = u64;
/// The row does not have the value.
pub(crate) const NONE: Code = u64::MAX;
/// The value is not what the column holds.
pub(crate) const BROKEN: Code = u64::MAX - 1;
/// One code for each column.
#[derive(Debug)]
pub(crate) struct Codes([Code; Column::ALL.len()]);

impl Default for Codes {
    fn default() -> Self {
        Self([NONE; Column::ALL.len()])
    }
}

impl Codes {
    pub(crate) fn set(&mut self, column: Column, code: Code) {
        if let Some(slot) = self.0.get_mut(column as usize) {
            *slot = code;
        }
    }

    #[inline]
    pub(crate) fn get(&self, column: Column) -> Code {
        self.0.get(column as usize).copied().unwrap_or(NONE)
    }
}

/// The number of a text in a column. Empty text is no value.
pub(crate) fn code(column: Column, text: &str, interner: &mut Interner) -> Code {
    if text.is_empty() {
        return NONE;
    }
    let found = match column {
        // These are kept as text beside the codes; here they are only there.
        Column::RequestId | Column::Department => Some(0),
        Column::Requester | Column::OnBehalfOf => Some(interner.people.number(text).into()),
        Column::Roles => Some(interner.roles.number(text).into()),
        Column::Access | Column::MinimalAccess => Some(interner.names.number(text).into()),
        Column::Duration => Minutes::parse(text).map(|minutes| minutes.0.into()),
        Column::Until | Column::CreatedAt | Column::DecidedAt => interner.seconds(text),
        Column::Justification => Some(justified(text)),
        Column::Approvals => approvals(split(text)),
        Column::OwnerDecision => OwnerDecision::from_name(text).map(|decision| decision as Code),
        Column::SodConflict => Some(Code::from(!matches!(text, "false" | "no" | "none"))),
        Column::Holdings => held(text, interner),
        Column::ModelAdvice => (Advice::ALL.iter().zip(0..))
            .find(|(own, _)| own.name() == text)
            .map(|(_, code)| code),
        Column::ModelConfidence => text.parse().ok().map(code_of_share),
        Column::Attributes | Column::Facts => text.trim_start().starts_with('{').then_some(0),
    };
    found.unwrap_or(BROKEN)
}

/// The number of a yes or a no in a column.
pub(crate) fn code_of_flag(column: Column, flag: bool) -> Code {
    if matches!(column, Column::Justification | Column::SodConflict) {
        flag.into()
    } else {
        BROKEN
    }
}

/// The number of a share: in basis points.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be between 0 and 1"
)]
pub(crate) fn code_of_share(share: f64) -> Code {
    if (0.0..=1.0).contains(&share) {
        (share * 10_000.0).round() as Code
    } else {
        BROKEN
    }
}

fn justified(text: &str) -> Code {
    match (text, justification::state_of(Some(text))) {
        ("true" | "yes", _) | (_, JustificationState::Given) => 1,
        (_, JustificationState::Missing) => 0,
    }
}

/// The bits of named approvals; `None` when one of them is none.
pub(crate) fn approvals<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Code> {
    names.into_iter().try_fold(0, |bits, name| {
        let kind = ApprovalKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)?;
        Some(bits | 1 << kind as Code)
    })
}

fn held(text: &str, interner: &mut Interner) -> Option<Code> {
    if let Some(number) = interner.holdings.find(text) {
        return Some(number.into());
    }
    holdings(text)?;
    Some(interner.holdings.number(text).into())
}

/// The items of a list written as text, with `;` or line ends between them.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '\n'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The entitlements in a list as written: a JSON array, a JSON text, or text with `;` between. `None` when it is a
/// broken JSON value.
pub(crate) fn holdings(text: &str) -> Option<Vec<Cow<'_, str>>> {
    if text.starts_with('[') {
        serde_json::from_str::<Vec<Cow<'_, str>>>(text).ok()
    } else if text.starts_with('"') {
        let text: String = serde_json::from_str(text).ok()?;
        Some(
            split(&text)
                .map(|name| Cow::Owned(name.to_owned()))
                .collect(),
        )
    } else {
        Some(split(text).map(Cow::Borrowed).collect())
    }
}

/// Where a row stands: which of the inputs, and its line (of text) or number (of Parquet), from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Place {
    /// Position of the input, from 0.
    pub input: u32,
    /// Line or row, from 1.
    pub row: u64,
}

/// The texts of a row that are not numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Texts<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) department: &'a str,
    pub(crate) attributes: &'a str,
    pub(crate) facts: &'a str,
}

impl<'a> Texts<'a> {
    /// Sets the text of a column, when it is one that is kept.
    pub(crate) fn set(&mut self, column: Column, text: &'a str) {
        let slot = match column {
            Column::RequestId => &mut self.request_id,
            Column::Department => &mut self.department,
            Column::Attributes => &mut self.attributes,
            Column::Facts => &mut self.facts,
            Column::Requester
            | Column::OnBehalfOf
            | Column::Roles
            | Column::Access
            | Column::Duration
            | Column::Until
            | Column::CreatedAt
            | Column::DecidedAt
            | Column::Justification
            | Column::Approvals
            | Column::OwnerDecision
            | Column::MinimalAccess
            | Column::SodConflict
            | Column::Holdings
            | Column::ModelAdvice
            | Column::ModelConfidence => return,
        };
        *slot = text;
    }
}

/// A row, understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) place: Place,
    pub(crate) texts: Texts<'a>,
    /// Number in `names`.
    pub(crate) access: u32,
    /// Number in `roles`.
    pub(crate) roles: Option<u32>,
    /// Number in `people`.
    pub(crate) requester: u32,
    /// Number in `people`.
    pub(crate) beneficiary: u32,
    /// Number in `holdings`.
    pub(crate) holdings: Option<u32>,
    /// The moment of the decision.
    pub(crate) at: Option<Timestamp>,
    pub(crate) duration: Option<Minutes>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) justification: JustificationState,
    pub(crate) approvals: ApprovalSet,
    pub(crate) owner_decision: Option<OwnerDecision>,
    /// Number in `names`.
    pub(crate) minimal_access: Option<u32>,
    pub(crate) sod_conflict: Option<bool>,
    /// What a model advised, and how sure it said that it was.
    pub(crate) model: Option<(Advice, BasisPoints)>,
}

impl<'a> Row<'a> {
    /// The row of these codes.
    ///
    /// # Errors
    /// The column that is broken or missing.
    #[inline]
    pub(crate) fn new(
        place: Place,
        texts: Texts<'a>,
        code: impl Fn(Column) -> Code,
    ) -> Result<Self, Column> {
        let read = |column: Column| match code(column) {
            BROKEN => Err(column),
            NONE if column.is_required() => Err(column),
            NONE => Ok(None),
            code => Ok(Some(code)),
        };
        let number = |column| Ok(read(column)?.and_then(|code| u32::try_from(code).ok()));
        let moment = |column| {
            let seconds = read(column)?.and_then(|code| i64::try_from(code).ok());
            Ok(seconds.map(Timestamp::from_seconds))
        };
        for column in [Column::RequestId, Column::Attributes, Column::Facts] {
            read(column)?;
        }
        let (created_at, decided_at) = (moment(Column::CreatedAt)?, moment(Column::DecidedAt)?);
        let requester = number(Column::Requester)?;
        let bits = read(Column::Approvals)?.unwrap_or(0);
        let advice = read(Column::ModelAdvice)?
            .and_then(|code| Advice::ALL.get(usize::try_from(code).ok()?).copied());
        let sure = read(Column::ModelConfidence)?.and_then(|code| u16::try_from(code).ok());
        let (duration, until) = (number(Column::Duration)?, moment(Column::Until)?);
        if duration.is_some() && until.is_some() {
            return Err(Column::Until);
        }
        Ok(Self {
            place,
            texts,
            access: number(Column::Access)?.unwrap_or_default(),
            roles: number(Column::Roles)?,
            requester: requester.unwrap_or_default(),
            beneficiary: number(Column::OnBehalfOf)?
                .or(requester)
                .unwrap_or_default(),
            holdings: number(Column::Holdings)?,
            at: decided_at.or(created_at),
            duration: duration.map(Minutes),
            until,
            justification: match read(Column::Justification)? {
                Some(1) => JustificationState::Given,
                Some(_) | None => JustificationState::Missing,
            },
            approvals: ApprovalSet::of(
                ApprovalKind::ALL
                    .into_iter()
                    .filter(|kind| bits & 1 << *kind as Code != 0),
            ),
            owner_decision: read(Column::OwnerDecision)?
                .and_then(|code| OwnerDecision::ALL.get(usize::try_from(code).ok()?).copied()),
            minimal_access: number(Column::MinimalAccess)?,
            sod_conflict: read(Column::SodConflict)?.map(|code| code != 0),
            model: advice.zip(sure.map(BasisPoints)),
        })
    }
}

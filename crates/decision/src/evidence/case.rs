//! The case: frozen evidence turned into numbers, which is all that a ruling reads.

use crate::evidence::analysis::Advised;
use crate::evidence::record::{LogState, Mode};
use crate::findings::{AuthoritySet, FindingSet, Kind};
use crate::rules::ApprovalSet;
use crate::rules::class::ClassSet;
use crate::rules::conditions::PermittedFit;
use crate::rules::ids::{EntitlementId, RoleId, SideId, SystemId};
use crate::time::{Minutes, Timestamp};

/// A request with its evidence, as numbers. Small; lists are borrowed and sorted.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Digest of the frozen evidence, which ties a ruling and its clearances to it.
    pub evidence: [u8; 32],
    /// The mode.
    pub mode: Mode,
    /// Whether the log verified.
    pub log: LogState,
    /// Whether the policy that was loaded is the one in force.
    pub policy: PolicyState,
    /// Who filed it.
    pub requester: PersonState,
    /// Whom it is for.
    pub beneficiary: PersonState,
    /// How they are related.
    pub relation: Relation,
    /// What is asked for.
    pub entitlement: Option<EntitlementId>,
    /// Whether the name is suspicious.
    pub name: NameState,
    /// Danger in the name as asked, in the target and in all that it gives, beyond what the catalogue entry shows.
    pub classes: ClassSet,
    /// Whether a `privileged` pattern catches the name as asked, the target or something that it gives.
    pub privileged: bool,
    /// What the forbids of the policy's conditions add.
    pub forbidden: FindingSet,
    /// How a permit of the policy's conditions makes it fit; `None` when no permit certainly holds.
    pub permitted: Option<PermittedFit>,
    /// What stands behind the name.
    pub target: TargetState,
    /// The beneficiary's roles.
    pub roles: &'a [RoleId],
    /// Sides that the name as asked, the target or something that it gives fulfils, beyond those of the catalogue entry.
    pub asked_sides: &'a [SideId],
    /// Sides that the beneficiary fulfils, linked identities included: holdings, reservations, effects unknown, lower
    /// levels implied.
    pub held: &'a [SideId],
    /// Systems of which the holdings are complete, those of every linked identity included.
    pub coverage: CaseCoverage<'a>,
    /// Whether the beneficiary has it already.
    pub already: AlreadyHeld,
    /// Approvals that stand.
    pub approvals: ApprovalSet,
    /// Whether there is a reason.
    pub justification: JustificationState,
    /// Duration asked for; `None` when the request does not say.
    pub duration: Option<Minutes>,
    /// The end that the request names; `None` when it names none. No grant outlasts it.
    pub until: Option<Timestamp>,
    /// What earlier grants used of the rolling window.
    pub booked: Minutes,
    /// Requests of the requester in the last 24 hours.
    pub activity: u32,
    /// What is missing or old.
    pub lacks: LackSet,
    /// What an analyst said.
    pub advised: Advised,
    /// Whether a budget of automatic grants is used up.
    pub brake: BrakeState,
    /// Lifts that stand on the evidence (their age is the ruling's to judge).
    pub lifts: &'a [Lift],
}

/// Whether the policy that was loaded is the one in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyState {
    /// It is.
    Current,
    /// It is, and the requester or beneficiary put it in force.
    Own,
    /// Another one is.
    Stale,
}

/// What is known of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonState {
    /// One active person.
    Active,
    /// Leaving within the notice of [`crate::evidence::LEAVING_NOTICE`].
    Leaving,
    /// Not active.
    Inactive,
    /// Unknown to the directory.
    Unknown,
    /// Several people.
    Ambiguous,
    /// The agent itself.
    Agent,
    /// The directory could not be asked.
    Unreachable,
}

impl PersonState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Active,
        Self::Leaving,
        Self::Inactive,
        Self::Unknown,
        Self::Ambiguous,
        Self::Agent,
        Self::Unreachable,
    ];
}

/// How requester and beneficiary are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They are one person.
    Same,
    /// The requester is the beneficiary's manager or delegate.
    Allowed,
    /// Neither.
    None,
}

/// Whether a name can be taken at its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameState {
    /// It can.
    Clean,
    /// It cannot.
    Suspicious,
}

/// What stands behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetState {
    /// What it was when it was bound, or bound now for the first time.
    Bound,
    /// Something with another power than when it was bound.
    Drifted,
    /// Nothing.
    Missing,
    /// It could not be read.
    Unreachable,
}

/// The systems that the holdings cover.
#[derive(Clone, Copy, Debug)]
pub enum CaseCoverage<'a> {
    /// Every system.
    Everything,
    /// These, sorted.
    Systems(&'a [SystemId]),
    /// The holdings, those of a linked identity, or what stands behind one of them could not be read.
    Unreachable,
}

/// Whether the beneficiary has it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlreadyHeld {
    /// No.
    No,
    /// By a grant of ours: this would extend it.
    ByGrant,
    /// By other means.
    Otherwise,
}

/// Whether there is a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JustificationState {
    /// There is some text that says something.
    Given,
    /// There is not.
    Missing,
}

/// Whether budgets are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BrakeState {
    /// They are.
    Free,
    /// One is used up.
    Applied,
}

/// Something that lowers confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// The directory's answer about a person is older than a day.
    PersonStale,
    /// The holdings, or those of a linked identity, are older than a day.
    HoldingsStale,
    /// No manager is recorded for the beneficiary.
    ManagerUnknown,
    /// An owner's approval is required and the catalogue names no owner.
    OwnerUnknown,
    /// What stands behind the name could not be read.
    TargetUnread,
    /// How often the requester asked could not be told.
    ActivityUnread,
}

/// A set of lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LackSet(u8);

impl Lack {
    /// Every lack.
    pub const ALL: [Self; 6] = [
        Self::PersonStale,
        Self::HoldingsStale,
        Self::ManagerUnknown,
        Self::OwnerUnknown,
        Self::TargetUnread,
        Self::ActivityUnread,
    ];
}

impl LackSet {
    /// Nothing lacks.
    pub const EMPTY: Self = Self(0);

    /// This set, and `lack` when `present`.
    #[must_use]
    pub fn with_if(self, present: bool, lack: Lack) -> Self {
        if present {
            Self(self.0 | 1 << lack as u8)
        } else {
            self
        }
    }

    /// Whether `lack` is in the set.
    #[must_use]
    pub fn contains(self, lack: Lack) -> bool {
        self.0 & 1 << lack as u8 != 0
    }

    /// Whether nothing lacks.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The lacks in the set.
    pub fn iter(self) -> impl Iterator<Item = Lack> {
        Lack::ALL
            .into_iter()
            .filter(move |lack| self.contains(*lack))
    }
}

/// A lift that stands on the evidence: given by a person with authority, for these facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lift {
    /// The finding.
    pub kind: Kind,
    /// The person, numbered within the case.
    pub by: u32,
    /// With what authority.
    pub authorities: AuthoritySet,
    /// When.
    pub at: Timestamp,
    /// The end that the rule owner accepted, for a conflict.
    pub until: Option<Timestamp>,
}

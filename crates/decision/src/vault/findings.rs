//! The table of what can stand against an action on a workflow request. A finding blocks some actions and never allows one.

use super::Action;

/// Which actions a finding blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    reject: bool,
    approve: bool,
    close: bool,
}

impl Blocks {
    const ALL: Self = Self::of(true, true, true);
    const APPROVE: Self = Self::of(false, true, false);
    const REJECT: Self = Self::of(true, false, false);
    const CLOSE: Self = Self::of(false, false, true);
    const DECISIONS: Self = Self::of(true, true, false);

    const fn of(reject: bool, approve: bool, close: bool) -> Self {
        Self {
            reject,
            approve,
            close,
        }
    }

    /// Whether `action` is blocked.
    #[must_use]
    pub const fn blocks(self, action: Action) -> bool {
        match action {
            Action::Reject => self.reject,
            Action::Approve => self.approve,
            Action::Close => self.close,
        }
    }
}

macro_rules! findings {
    ($($(#[$doc:meta])* $kind:ident $name:literal $blocks:ident $told:literal;)*) => {
        /// A finding, in order of precedence: of several that block an action the first is told as what stopped it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Finding { $($(#[$doc])* $kind,)* }

        impl Finding {
            /// Every finding, in order of precedence.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Its name in records and reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Which actions it blocks.
            #[must_use]
            pub const fn blocks(self) -> Blocks {
                match self { $(Self::$kind => Blocks::$blocks,)* }
            }

            /// What it means, as a clause for people.
            #[must_use]
            pub fn told(self) -> &'static str {
                match self { $(Self::$kind => $told,)* }
            }
        }
    };
}

findings! {
    /// The agent's own user asks. INVARIANT(four-eyes): nobody decides their own.
    OwnRequest "own-request" ALL "it is the agent's own request";
    /// The token does not say who the agent is, or the row does not say who asks in a notation that can be compared.
    OwnUserUnknown "own-user-unknown" ALL "whether it is the agent's own request cannot be told";
    /// The log does not verify.
    LogBroken "log-broken" ALL "the log does not verify";
    /// Something is known to be missing from the list. INVARIANT(complete).
    ListIncomplete "list-incomplete" ALL "the list of requests is incomplete";
    /// The operator pulled the brake. Closing takes access away and goes on.
    Stopped "stopped" DECISIONS "the kill switch is on";
    /// The policy in force is another than the one this process loaded.
    PolicyStale "policy-stale" DECISIONS "another policy is in force than the one loaded";
    /// The paths of the vault's decisions are guesses that nobody confirmed.
    PathsUnconfirmed "paths-unconfirmed" ALL "the vault's decision paths are guesses that nobody confirmed";
    /// Nobody set the business hours on purpose.
    HoursUnset "hours-unset" ALL "the business hours were never set";
    /// Nobody watches and nobody said that this is meant.
    PlanningOnly "planning-only" ALL "this run only plans";
    /// Filed in the future, so some clock is wrong.
    FiledInTheFuture "filed-in-the-future" ALL "it was filed in the future, so a clock is wrong";
    /// Only what is `Active` can be approved or rejected.
    NotActive "not-active" DECISIONS "it does not wait for approval";
    /// Only what is `Approved` can be closed.
    NotApproved "not-approved" CLOSE "it is not approved";
    /// We approved it at this level before.
    ApprovedBefore "approved-before" APPROVE "it was approved at this level before";
    /// We rejected it before.
    RejectedBefore "rejected-before" DECISIONS "it was rejected before";
    /// We closed it before.
    ClosedBefore "closed-before" CLOSE "it was closed before";
    /// An imported state file says that it was decided.
    DoneElsewhere "decided-elsewhere" DECISIONS "an imported state file says that it was decided";
    /// Rejecting is not switched on.
    RejectOff "reject-off" REJECT "AUTO_REJECT_CRITICAL_RISK is off";
    /// The risk is below the threshold of a rejection.
    RiskNotCritical "risk-below-rejection" REJECT "its risk is below the threshold of a rejection";
    /// Nothing is known of the asset.
    AssetUnread "asset-unread" APPROVE "the asset's record was not read";
    /// Administration.
    NeverAutoAdmin "never-auto-admin" APPROVE "it is administration";
    /// Production.
    NeverAutoProduction "never-auto-production" APPROVE "the asset is production";
    /// Sensitive or regulated data.
    NeverAutoSensitive "never-auto-sensitive-data" APPROVE "the asset holds sensitive data";
    /// Security tooling, domain controllers among it.
    NeverAutoSecurity "never-auto-security-tooling" APPROVE "the asset is security tooling";
    /// A `privileged` pattern of the policy names it.
    Privileged "privileged" APPROVE "a `privileged` pattern names the asset";
    /// The points are above the threshold of an approval.
    RiskTooHigh "risk-too-high" APPROVE "its risk is above the threshold of an approval";
    /// Something is unusual. Holds back in this run only.
    Unusual "unusual" APPROVE "something about it is unusual";
    /// The directory says that the requester does not work here any more, or is leaving.
    RequesterInactive "requester-inactive" APPROVE "the requester is not active in the directory";
    /// The directory has people, and nobody of this name.
    RequesterUnknown "requester-unknown" APPROVE "the directory does not know who asks";
    /// The directory could not say who asks, or knows several people of that name.
    RequesterUnread "requester-unread" APPROVE "the directory could not say who asks";
    /// `access.yml` maps the asset, and it is not standard for a role of the requester.
    OutOfRole "out-of-role" APPROVE "it is not standard for a role of the requester";
    /// No line of the allow-list covers requester, container and action.
    NotAllowed "not-allowed" APPROVE "the allow-list does not cover it";
    /// The window that was asked for is over.
    WindowOver "window-over" APPROVE "the window that was asked for is over";
    /// The window has no end, or one beyond the ceiling.
    WindowTooLong "window-too-long" APPROVE "the window that was asked for is too long, or has no end";
    /// A configured model has no say in this run.
    ModelLost "model-lost" ALL "the configured model could not be asked";
    /// A model did something that its contract does not give it.
    OpinionOutOfContract "opinion-out-of-contract" ALL "the model did something that its contract does not give it";
    /// A model answered for another request than the one that it was asked about, or not for this one, or twice.
    OpinionUnfounded "opinion-unfounded" ALL "the model's opinions do not fit the requests that it was asked about";
    /// A model ran into a bound.
    OpinionBoundReached "opinion-bound-reached" ALL "the model ran into a bound of its contract";
    /// A model refused to answer.
    OpinionRefused "opinion-refused" ALL "the model refused to answer";
    /// A provider filtered the question or the answer.
    OpinionFiltered "opinion-filtered" ALL "the provider filtered the question or the answer";
    /// A model's answer was cut short.
    OpinionCutShort "opinion-cut-short" ALL "the model's answer was cut short";
    /// A model's answer cannot be used.
    OpinionUnreadable "opinion-unreadable" ALL "the model's answer cannot be used";
    /// No analyst gave a usable risk.
    Unscored "unscored" APPROVE "no analyst scored it";
    /// An analyst sees a higher risk.
    AdvisedRisk "advised-risk" APPROVE "the analyst sees a higher risk";
    /// An analyst flags something.
    AdvisedFlags "advised-flags" APPROVE "the analyst flags something unusual";
    /// A budget of automatic actions of this kind is used up.
    Brake "brake" ALL "a budget of automatic actions is used up";
    /// Approving is not switched on.
    ApproveOff "approve-off" APPROVE "AUTO_APPROVE_LOW_RISK is off";
    /// When it was approved is not known.
    ApprovalTimeUnknown "approval-time-unknown" CLOSE "when it was approved is not known";
    /// It was not approved long enough ago.
    NotStale "not-stale" CLOSE "it is not stale";
    /// Closing is not switched on.
    CloseOff "close-off" CLOSE "AUTO_CLOSE_STALE is off";
}

impl Finding {
    /// Whether it says something of the run and nothing of the request: it stands against every request alike.
    #[must_use]
    pub fn is_of_the_run(self) -> bool {
        matches!(
            self,
            Self::LogBroken
                | Self::ListIncomplete
                | Self::Stopped
                | Self::PolicyStale
                | Self::PathsUnconfirmed
                | Self::HoursUnset
                | Self::PlanningOnly
                | Self::ModelLost
                | Self::ApproveOff
                | Self::RejectOff
                | Self::CloseOff
        )
    }
}

/// A set of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Findings(u64);

impl Findings {
    /// No finding.
    pub const EMPTY: Self = Self(0);

    /// This set, and `finding` when `present`.
    #[must_use]
    pub const fn with_if(self, present: bool, finding: Finding) -> Self {
        Self(self.0 | (present as u64) << finding as u64)
    }

    /// Everything in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `finding` is in the set.
    #[must_use]
    pub const fn contains(self, finding: Finding) -> bool {
        self.0 >> finding as u64 & 1 == 1
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether everything here is in `other`.
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// What is in the set, in order of precedence.
    pub fn iter(self) -> impl Iterator<Item = Finding> {
        let all = Finding::ALL.iter().copied();
        all.filter(move |finding| self.contains(*finding))
    }

    /// The first action against which nothing stands. A rejection comes before an approval.
    #[must_use]
    pub fn open(self) -> Option<Action> {
        let mut actions = Action::ALL.into_iter();
        actions.find(|action| self.against(*action).is_empty())
    }

    /// What stands against `action`.
    #[must_use]
    pub fn against(self, action: Action) -> Self {
        self.iter()
            .filter(|finding| finding.blocks().blocks(action))
            .fold(Self::EMPTY, |set, finding| set.with_if(true, finding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_its_set_and_every_row_blocks_something() {
        for (number, finding) in Finding::ALL.iter().enumerate() {
            assert_eq!(*finding as usize, number);
            assert!(number < 64);
            assert!(
                Action::ALL
                    .iter()
                    .any(|action| finding.blocks().blocks(*action)),
                "{finding:?}"
            );
        }
    }

    #[test]
    fn more_findings_never_free_an_action() {
        for one in Finding::ALL {
            for other in Finding::ALL {
                let alone = Findings::EMPTY.with_if(true, *one);
                let both = alone.with_if(true, *other);
                for action in Action::ALL {
                    assert!(alone.against(action).is_subset(both.against(action)));
                }
            }
        }
    }
}

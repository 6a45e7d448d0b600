//! A name that was asked for or is held, looked at once.

use decision::evidence::case::{JustificationState, NameState};
use decision::request::Access;
use decision::rules::class::ClassSet;
use decision::rules::ids::{EntitlementId, SideId};
use decision::rules::{ApprovalSet, Rules};
use decision::time::Timestamp;

use super::plain::PlainSide;
use super::slow::{self, Story};

/// A name that was asked for or is held.
#[derive(Debug)]
pub(super) struct Name {
    /// As it is asked for, white space apart.
    pub(super) entitlement: Option<EntitlementId>,
    /// As it is held, byte for byte.
    pub(super) held_as: Option<EntitlementId>,
    /// Whether the catalogue names an owner.
    pub(super) is_owned: bool,
    pub(super) state: NameState,
    pub(super) classes: ClassSet,
    pub(super) privileged: bool,
    /// Sides that asking for it fulfils, beyond those of the catalogue entry.
    pub(super) asked_sides: Box<[SideId]>,
    /// Sides that holding it fulfils, when no catalogue has it.
    pub(super) held_sides: Box<[SideId]>,
    pub(super) plain: PlainView,
}

/// What a person who reads the policy sees in a name.
#[derive(Debug)]
pub(super) enum PlainView {
    NotLooked,
    /// Neither danger nor a side of a rule.
    Nothing,
    /// Whether it is dangerous, and the sides that it fulfils.
    Something(Box<(bool, Box<[PlainSide]>)>),
}

impl PlainView {
    pub(super) fn is_dangerous(&self) -> bool {
        matches!(self, Self::Something(seen) if seen.0)
    }

    pub(super) fn sides(&self) -> &[PlainSide] {
        match self {
            Self::Something(seen) => &seen.1,
            Self::NotLooked | Self::Nothing => &[],
        }
    }
}

/// What there is to know of a name. A catalogue id as it is written shows nothing beyond its entry; any other name is
/// frozen, as asked for and as held, like in a live decision.
pub(super) fn look_up(rules: &Rules, as_of: Timestamp, text: &str) -> Name {
    let access = Access::new(text);
    let entitlement = rules.entitlement(access.canonical());
    let is_owned = entitlement
        .and_then(|id| rules.facts(id))
        .is_some_and(|facts| facts.owned);
    let entry = entitlement.and_then(|id| rules.entry(id));
    if entry.is_some_and(|entry| entry.id == text) && access.doubt().is_none() {
        return Name {
            entitlement,
            held_as: entitlement,
            is_owned,
            state: NameState::Clean,
            classes: ClassSet::EMPTY,
            privileged: false,
            asked_sides: Box::default(),
            held_sides: Box::default(),
            plain: PlainView::NotLooked,
        };
    }
    let asked = slow::freeze(&nothing_but(text, Vec::new(), as_of), rules, &[]);
    let held = slow::freeze(&nothing_but("", vec![text.to_owned()], as_of), rules, &[]);
    let case = asked.case();
    Name {
        entitlement: case.entitlement,
        held_as: rules.entitlement(text),
        is_owned,
        state: case.name,
        classes: case.classes,
        privileged: case.privileged,
        asked_sides: case.asked_sides.into(),
        held_sides: held.case().held.into(),
        plain: PlainView::NotLooked,
    }
}

fn nothing_but(access: &str, held: Vec<String>, at: Timestamp) -> Story<'_> {
    Story {
        request_id: "",
        requester: "",
        beneficiary: "",
        roles: Vec::new(),
        department: "",
        attributes: "",
        facts: "",
        access,
        held: Some(held),
        at,
        duration: None,
        until: None,
        justification: JustificationState::Missing,
        approvals: ApprovalSet::EMPTY,
    }
}

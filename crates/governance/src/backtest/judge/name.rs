//! A name that was asked for or is held, looked at once.

use std::sync::{Arc, OnceLock};

use decision::evidence::case::{JustificationState, NameState};
use decision::request::Access;
use decision::rules::class::ClassSet;
use decision::rules::ids::{EntitlementId, SideId};
use decision::rules::{ApprovalSet, Rules};
use decision::time::Timestamp;

use super::plain::{Plain, PlainSide};
use super::slow::{self, Story};

/// A name that was asked for or is held: what every row needs, small enough that a catalogue of them stays near the
/// processor. Every thread has its own; the rest is shared.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// As it is asked for, white space apart.
    pub(super) entitlement: Option<EntitlementId>,
    /// Whether the catalogue names an owner.
    pub(super) is_owned: bool,
    /// Whether asking for it fulfils a side of any rule.
    pub(super) is_half: bool,
    /// Whether it fulfils sides beyond those of the catalogue entry.
    pub(super) adds_sides: bool,
    pub(super) state: NameState,
    pub(super) classes: ClassSet,
    pub(super) privileged: bool,
    pub(super) plainly: Plainly,
    pub(super) rest: Arc<Rest>,
}

/// What few rows need of a name.
#[derive(Debug)]
pub(super) struct Rest {
    /// As it is held, byte for byte.
    pub(super) held_as: Option<EntitlementId>,
    /// Sides that asking for it fulfils, beyond those of the catalogue entry.
    pub(super) asked_sides: Box<[SideId]>,
    /// Sides that holding it fulfils, when no catalogue has it.
    pub(super) held_sides: Box<[SideId]>,
    plain: OnceLock<PlainView>,
}

/// Whether a person who reads the policy sees anything in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plainly {
    NotLooked,
    /// Neither danger nor a side of a rule.
    Nothing,
    Something,
}

/// What a person who reads the policy sees in a name.
#[derive(Debug)]
pub(super) struct PlainView {
    pub(super) is_dangerous: bool,
    /// The sides that it fulfils.
    pub(super) sides: Box<[PlainSide]>,
}

impl Rest {
    /// What a person who reads the policy sees in the name, which is `text`.
    pub(super) fn plain(&self, plain: &Plain<'_>, text: &str) -> &PlainView {
        self.plain.get_or_init(|| PlainView {
            is_dangerous: plain.is_dangerous(text),
            sides: plain.sides(text).into(),
        })
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
    let is_side = |id: Option<EntitlementId>| id.is_some_and(|id| !rules.sides_of(id).is_empty());
    let entry = entitlement.and_then(|id| rules.entry(id));
    if entry.is_some_and(|entry| entry.id == text) && access.doubt().is_none() {
        return Name {
            entitlement,
            is_owned,
            is_half: is_side(entitlement),
            adds_sides: false,
            state: NameState::Clean,
            classes: ClassSet::EMPTY,
            privileged: false,
            plainly: Plainly::NotLooked,
            rest: Arc::new(Rest {
                held_as: entitlement,
                asked_sides: Box::default(),
                held_sides: Box::default(),
                plain: OnceLock::new(),
            }),
        };
    }
    let asked = slow::freeze(&nothing_but(text, Vec::new(), as_of), rules, &[]);
    let held = slow::freeze(&nothing_but("", vec![text.to_owned()], as_of), rules, &[]);
    let case = asked.case();
    Name {
        entitlement: case.entitlement,
        is_owned,
        is_half: is_side(case.entitlement) || !case.asked_sides.is_empty(),
        adds_sides: !case.asked_sides.is_empty(),
        state: case.name,
        classes: case.classes,
        privileged: case.privileged,
        plainly: Plainly::NotLooked,
        rest: Arc::new(Rest {
            held_as: rules.entitlement(text),
            asked_sides: case.asked_sides.into(),
            held_sides: held.case().held.into(),
            plain: OnceLock::new(),
        }),
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

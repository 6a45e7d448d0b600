//! The slow path: a row becomes a whole record of evidence, which is frozen as in a live decision.
//!
//! What conditions need goes this way, and names that no catalogue has. What a history does not carry is taken as
//! complete: one active person behind every login, the target bound as it was, few requests that day, no earlier
//! grants, every recorded approval given by somebody who may.

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::case::JustificationState;
use decision::evidence::record::{
    Advice, Approval, Coverage, Evidence, FORMAT, Fact, Holding, Holdings, LogState, Lookup, Mode,
    Person, Target,
};
use decision::findings::approvals::SECURITY_GROUP;
use decision::request::{Access, Request, Term};
use decision::rules::policy::{ApprovalKind, Attribute};
use decision::rules::{ApprovalSet, Rules};
use decision::time::{Minutes, Timestamp};

/// Where the facts come from, as the record says.
const SOURCE: &str = "history";
/// People who approved, by no login that a history can have.
const APPROVER: &str = "\u{1}approver ";

/// A row as text.
#[derive(Clone, Debug)]
pub(crate) struct Story<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) requester: &'a str,
    pub(crate) beneficiary: &'a str,
    pub(crate) roles: Vec<String>,
    pub(crate) department: &'a str,
    /// A JSON object, or nothing.
    pub(crate) attributes: &'a str,
    /// A JSON object, or nothing.
    pub(crate) facts: &'a str,
    pub(crate) access: &'a str,
    pub(crate) held: Option<Vec<String>>,
    pub(crate) at: Timestamp,
    pub(crate) duration: Option<Minutes>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) justification: JustificationState,
    pub(crate) approvals: ApprovalSet,
}

/// The frozen record of a story. `declared` are the attributes of people that the policy knows; those that the story
/// does not tell are unread.
pub(crate) fn freeze(story: &Story<'_>, rules: &Rules, declared: &[String]) -> Frozen {
    let mut evidence = record(story, rules, declared);
    if !story.approvals.is_empty() {
        let content = Frozen::new(evidence.clone(), rules).content().clone();
        let given = story.approvals.iter().map(|kind| Approval {
            id: kind.name().to_owned(),
            kind,
            by: format!("{APPROVER}{}", kind.name()),
            at: story.at,
            content: content.clone(),
        });
        evidence.approvals = given.collect();
    }
    Frozen::new(evidence, rules)
}

fn record(story: &Story<'_>, rules: &Rules, declared: &[String]) -> Evidence {
    let present = |as_of| {
        move |value| Fact::Present {
            value,
            source: SOURCE.to_owned(),
            as_of,
        }
    };
    let entry = rules
        .entitlement(Access::new(story.access).canonical())
        .and_then(|id| rules.entry(id));
    let digest = &rules.policy().digest;
    let is_for_another = story.beneficiary != story.requester;
    let people = ApprovalKind::ALL.map(|kind| {
        let group = match kind {
            ApprovalKind::Manager => None,
            ApprovalKind::ResourceOwner => entry.and_then(|entry| entry.owner.clone()),
            ApprovalKind::Security => Some(SECURITY_GROUP.to_owned()),
        };
        let id = format!("{APPROVER}{}", kind.name());
        let person = Person {
            groups: group.into_iter().collect(),
            ..person(&id)
        };
        (id, person)
    });
    let mut evidence = Evidence {
        format: FORMAT,
        frozen_at: story.at,
        mode: Mode::Guarded,
        policy: digest.clone(),
        active_policy: digest.clone(),
        own_policy: false,
        log: LogState::Verified,
        request: Request {
            id: story.request_id.to_owned(),
            revision: 1,
            requester: story.requester.to_owned(),
            on_behalf_of: is_for_another.then(|| story.beneficiary.to_owned()),
            access: Access::new(story.access),
            justification: match story.justification {
                JustificationState::Given => Some("recorded in the history".to_owned()),
                JustificationState::Missing => None,
            },
            term: match (story.duration, story.until) {
                (Some(minutes), _) => Term::For(minutes),
                (None, Some(until)) => Term::Until(until),
                (None, None) => Term::Unstated,
            },
            created_at: None,
            ticket: None,
            claims: Vec::new(),
        },
        requester: found(
            if is_for_another {
                person(story.requester)
            } else {
                beneficiary(story, declared)
            },
            story.at,
        ),
        beneficiary: found(beneficiary(story, declared), story.at),
        people: people.into(),
        holdings: story
            .held
            .as_ref()
            .map_or(Fact::NotInProfile, |names| Fact::Present {
                value: Holdings {
                    coverage: Coverage::Everything,
                    items: names.iter().map(|name| held(name)).collect(),
                },
                source: SOURCE.to_owned(),
                as_of: story.at,
            }),
        reserved: Vec::new(),
        linked: BTreeMap::new(),
        earlier: Vec::new(),
        targets: entry
            .map(|entry| (entry.id.clone(), present(story.at)(Target::default())))
            .into_iter()
            .collect(),
        bound_powers: BTreeMap::new(),
        approvals: Vec::new(),
        lifts: Vec::new(),
        advice: Advice::Nothing,
        analysis: None,
        facts: match attributes(story.facts) {
            Some(value) => Fact::Present {
                value,
                source: SOURCE.to_owned(),
                as_of: story.at,
            },
            None => Fact::NotInProfile,
        },
        activity: Fact::Present {
            value: 1,
            source: SOURCE.to_owned(),
            as_of: story.at,
        },
        brakes: Vec::new(),
    };
    // A history does not record what stands behind a name: nothing more than the name says.
    for name in evidence.names_held(rules) {
        let target = present(story.at)(Target::default());
        evidence.targets.entry(name).or_insert(target);
    }
    evidence
}

fn person(login: &str) -> Person {
    Person {
        id: login.to_owned(),
        login: login.to_owned(),
        ..Person::default()
    }
}

fn found(person: Person, as_of: Timestamp) -> Fact<Lookup> {
    Fact::Present {
        value: Lookup::One(Box::new(person)),
        source: SOURCE.to_owned(),
        as_of,
    }
}

/// The person whom it is for. A history records who filed for whom, so the relation is taken as allowed.
fn beneficiary(story: &Story<'_>, declared: &[String]) -> Person {
    let attributes = attributes(story.attributes).unwrap_or_default();
    let unread = declared
        .iter()
        .filter(|name| !attributes.contains_key(*name))
        .cloned();
    Person {
        roles: story.roles.clone(),
        department: (!story.department.is_empty()).then(|| story.department.to_owned()),
        manager: Some(format!("{APPROVER}{}", ApprovalKind::Manager.name())),
        delegates: if story.beneficiary == story.requester {
            Vec::new()
        } else {
            vec![story.requester.to_owned()]
        },
        unread: unread.collect(),
        attributes,
        ..person(story.beneficiary)
    }
}

fn held(name: &str) -> Holding {
    Holding {
        entitlement: name.to_owned(),
        path: Vec::new(),
        grant: None,
    }
}

/// The attributes in a JSON object; `None` when there is none or it is not one.
pub(crate) fn attributes(text: &str) -> Option<BTreeMap<String, Attribute>> {
    serde_json::from_str(text).ok()
}

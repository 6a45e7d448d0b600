//! Committed changes for tests: real permits of the real gate, committed by a store that only says yes.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::{
    Advice, Approval, Coverage, EarlierGrant, Evidence, FORMAT, Fact, Holdings, LogState, Lookup,
    Mode, Person, Reserved, Target,
};
use decision::gate::{self, Clearances, Grant};
use decision::request::{Access, Content, Request, Term};
use decision::rules::Rules;
use decision::rules::policy::{ApprovalKind, Entitlement, LevelOrder, Listed, Policy, Role};
use decision::time::{Minutes, Timestamp};
use decision::vault::Action;
use decision::verdict;
use ports::store::{
    Admitted, GrantRow, GrantState, Listing, Page, PolicySource, PostState, Posted, RequestRow,
    ReviewRow, StoreError, StoredRuling, Survivor, VaultState,
};
use ports::{CommitError, Committal, Committed, Revocation, Store, Transition};

/// What the grants of the tests are about.
pub const ENTITLEMENTS: [&str; 4] = ["repo:read", "ci:read", "dev-db:read", "wiki:write"];

/// When the tests begin.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-11-23T08:00:00Z").unwrap()
}

/// A grant of `entitlement` to the person with the id `person`, admitted `minutes` after the start, for a day.
pub fn grant(
    id: &str,
    person: &str,
    entitlement: &str,
    power: &str,
    minutes: u32,
) -> Committed<Grant> {
    let rules = rules();
    let now = start().plus(Minutes(minutes));
    let frozen = Frozen::new(evidence(id, person, entitlement, power, now), &rules);
    let ruling = verdict::rule(&frozen.case(), &rules, now);
    let clearances = Clearances::of(&frozen.case(), &rules, &ruling).expect("cleared");
    let permit = gate::admit(ruling, clearances, &frozen, &rules, now).expect("admitted");
    let admitted = Admitted {
        id: id.to_owned(),
        grant: permit,
    };
    let transition = Transition {
        grant: Some(admitted),
        ..Transition::default()
    };
    ports::commit(&Agreeable, transition)
        .unwrap()
        .grant
        .unwrap()
}

/// The end of the grant `id`, while the grant `survivor` runs for another day.
pub fn revocation(
    id: &str,
    person: &str,
    entitlement: &str,
    survivor: Option<&str>,
) -> Committed<Revocation> {
    let revocation = Revocation {
        grant: id.to_owned(),
        person: person.to_owned(),
        entitlement: entitlement.to_owned(),
        reason: "expired".to_owned(),
        survivor: survivor.map(|id| Survivor {
            grant: id.to_owned(),
            starts: start(),
            ends: Some(start().plus(Minutes::from_days(1))),
        }),
    };
    let transition = Transition {
        revocation: Some(revocation),
        ..Transition::default()
    };
    ports::commit(&Agreeable, transition)
        .unwrap()
        .revocation
        .unwrap()
}

fn rules() -> Rules {
    let listed = |name: &str| Listed {
        entitlement: name.to_owned(),
        ..Listed::default()
    };
    Rules::compile(Policy {
        digest: "sha256:test".to_owned(),
        file: "access.yml".to_owned(),
        roles: vec![Role {
            name: "engineer".to_owned(),
            title: "Engineer".to_owned(),
            standard: ENTITLEMENTS.into_iter().map(listed).collect(),
            ..Role::default()
        }],
        catalogue: ENTITLEMENTS
            .into_iter()
            .map(|id| Entitlement {
                id: id.to_owned(),
                ..Entitlement::default()
            })
            .collect(),
        levels: vec![LevelOrder {
            resource: String::new(),
            levels: ["read", "write", "admin"].map(str::to_owned).to_vec(),
            ..LevelOrder::default()
        }],
        ..Policy::default()
    })
    .unwrap()
}

fn evidence(id: &str, person: &str, entitlement: &str, power: &str, now: Timestamp) -> Evidence {
    let manager = Person {
        id: "p-manager".to_owned(),
        login: "manager-001".to_owned(),
        ..Person::default()
    };
    let requester = Person {
        id: person.to_owned(),
        login: format!("login of {person}"),
        roles: vec!["engineer".to_owned()],
        manager: Some(manager.id.clone()),
        ..Person::default()
    };
    let target = Target {
        id: entitlement.to_owned(),
        power: power.to_owned(),
        ..Target::default()
    };
    let content = Content {
        request: format!("REQ {id}"),
        revision: 1,
        beneficiary: person.to_owned(),
        entitlement: entitlement.to_owned(),
        power: power.to_owned(),
        duration: None,
        start: None,
    };
    Evidence {
        format: FORMAT,
        frozen_at: now,
        mode: Mode::Guarded,
        policy: "sha256:test".to_owned(),
        active_policy: "sha256:test".to_owned(),
        own_policy: false,
        log: LogState::Verified,
        request: Request {
            id: format!("REQ {id}"),
            revision: 1,
            requester: requester.login.clone(),
            on_behalf_of: None,
            access: Access::new(entitlement),
            justification: Some("needed for the work on the build".to_owned()),
            term: Term::For(Minutes::from_days(1)),
            created_at: None,
            ticket: None,
            claims: Vec::new(),
        },
        requester: present(Lookup::One(Box::new(requester.clone())), now),
        beneficiary: present(Lookup::One(Box::new(requester)), now),
        people: BTreeMap::from([(manager.id.clone(), manager)]),
        holdings: present(
            Holdings {
                coverage: Coverage::Everything,
                items: Vec::new(),
            },
            now,
        ),
        reserved: Vec::new(),
        linked: BTreeMap::new(),
        earlier: Vec::new(),
        targets: BTreeMap::from([(entitlement.to_owned(), present(target, now))]),
        bound_powers: BTreeMap::new(),
        approvals: vec![Approval {
            id: format!("approval of {id}"),
            kind: ApprovalKind::Manager,
            by: "p-manager".to_owned(),
            at: now,
            content,
        }],
        lifts: Vec::new(),
        advice: Advice::Nothing,
        analysis: None,
        facts: Fact::NotInProfile,
        activity: present(0, now),
        brakes: Vec::new(),
    }
}

fn present<T>(value: T, as_of: Timestamp) -> Fact<T> {
    Fact::Present {
        value,
        source: "test".to_owned(),
        as_of,
    }
}

/// Commits everything and knows nothing.
#[derive(Debug)]
pub struct Agreeable;

fn nothing<T>() -> Result<T, StoreError> {
    Err(StoreError("this store is for committing only".to_owned()))
}

impl Store for Agreeable {
    fn commit(&self, transitions: &[Transition]) -> Vec<Result<Committal, CommitError>> {
        transitions
            .iter()
            .map(|_| {
                Ok(Committal {
                    first_leaf: 0,
                    leaves: 0,
                    size: 0,
                })
            })
            .collect()
    }
    fn request(&self, _: &str) -> Result<Option<RequestRow>, StoreError> {
        nothing()
    }
    fn latest_ruling(&self, _: &str) -> Result<Option<StoredRuling>, StoreError> {
        nothing()
    }
    fn ruling_is_logged(&self, _: &StoredRuling) -> Result<bool, StoreError> {
        nothing()
    }
    fn ruling_of(&self, _: &GrantRow) -> Result<Option<StoredRuling>, StoreError> {
        nothing()
    }
    fn rulings(&self, _: Listing, _: u32) -> Result<Page, StoreError> {
        nothing()
    }
    fn rulings_after(&self, _: u64, _: u32) -> Result<Vec<(u64, StoredRuling)>, StoreError> {
        nothing()
    }
    fn policy(&self, _: &str) -> Result<Option<PolicySource>, StoreError> {
        nothing()
    }
    fn put_in_force(&self, _: &str) -> Result<bool, StoreError> {
        nothing()
    }
    fn ruling_count(&self, _: &str) -> Result<u32, StoreError> {
        nothing()
    }
    fn reviews(&self, _: &str) -> Result<Vec<ReviewRow>, StoreError> {
        nothing()
    }
    fn person_version(&self, _: &str) -> Result<u64, StoreError> {
        nothing()
    }
    fn reserved(&self, _: &str, _: &str) -> Result<Vec<Reserved>, StoreError> {
        nothing()
    }
    fn earlier(
        &self,
        _: &str,
        _: &str,
        _: Timestamp,
        _: &str,
    ) -> Result<Vec<EarlierGrant>, StoreError> {
        nothing()
    }
    fn filed_since(&self, _: &str, _: Timestamp, _: &str) -> Result<u32, StoreError> {
        nothing()
    }
    fn bound_power(&self, _: &str) -> Result<Option<String>, StoreError> {
        nothing()
    }
    fn brakes(&self, _: &str, _: &str, _: Timestamp, _: &str) -> Result<Vec<String>, StoreError> {
        nothing()
    }
    fn active_policy(&self) -> Result<Option<String>, StoreError> {
        nothing()
    }
    fn is_overridden(&self, _: &str) -> Result<bool, StoreError> {
        nothing()
    }
    fn grant(&self, _: &str) -> Result<Option<GrantRow>, StoreError> {
        nothing()
    }
    fn granted(&self, _: &str) -> Result<Option<String>, StoreError> {
        nothing()
    }
    fn grants(&self, _: &[GrantState], _: u32) -> Result<Vec<GrantRow>, StoreError> {
        nothing()
    }
    fn expired(&self, _: Timestamp, _: u32) -> Result<Vec<GrantRow>, StoreError> {
        nothing()
    }
    fn leaf_confirms(&self, _: &GrantRow) -> Result<bool, StoreError> {
        nothing()
    }
    fn receipt(&self, _: u64) -> Result<String, StoreError> {
        nothing()
    }
    fn log_state(&self) -> LogState {
        LogState::Verified
    }
    fn publish(&self) -> Result<(), StoreError> {
        nothing()
    }
    fn vault(&self) -> Result<VaultState, StoreError> {
        nothing()
    }
    fn is_stopped(&self) -> Result<bool, StoreError> {
        nothing()
    }
    fn vault_brakes(&self, _: Action, _: &str, _: Timestamp) -> Result<Vec<String>, StoreError> {
        nothing()
    }
    fn letters(&self, _: &[PostState], _: u32) -> Result<Vec<Posted>, StoreError> {
        nothing()
    }
    fn letter_is_logged(&self, _: &Posted) -> Result<bool, StoreError> {
        nothing()
    }
    fn highest_time(&self) -> Result<Timestamp, StoreError> {
        nothing()
    }
}

//! A plain world for tests: one standard, approved request with complete evidence.

#![allow(
    unreachable_pub,
    dead_code,
    reason = "each test binary uses a part of it"
)]

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::{
    AcceptedException, Advice, Approval, Coverage, Evidence, FORMAT, Fact, Holding, Holdings,
    LiftRecord, LinkedIdentity, LogState, Lookup, Mode, Person, Target,
};
use decision::findings::Kind;
use decision::findings::lifting::facts_digest;
use decision::request::{Access, Request, Term};
use decision::rules::Rules;
use decision::rules::policy::{
    ApprovalKind, ConflictRule, Entitlement, LevelOrder, Listed, Pattern, Policy, Role,
};
use decision::time::Timestamp;
use decision::verdict::{Ruling, rule};

pub const NOW: i64 = 1_795_334_400;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW + seconds)
}

pub fn present<T>(value: T) -> Fact<T> {
    Fact::Present {
        value,
        source: "directory".into(),
        as_of: at(-60),
    }
}

pub fn entitlement(id: &str) -> Entitlement {
    Entitlement {
        id: id.into(),
        owner: Some("owners".into()),
        ..Entitlement::default()
    }
}

pub fn listed(id: &str) -> Listed {
    Listed {
        entitlement: id.into(),
        ..Listed::default()
    }
}

pub fn conflict(sides: &[&str]) -> ConflictRule {
    ConflictRule {
        id: "sod-1".into(),
        sides: sides.iter().map(|side| pattern(side)).collect(),
        owner: Some("controls".into()),
        ..ConflictRule::default()
    }
}

pub fn pattern(text: &str) -> Pattern {
    Pattern {
        text: text.into(),
        ..Pattern::default()
    }
}

/// Role `clerk` has `payment:approve` and `repo:read` as standard; levels read < create < approve < admin.
pub fn policy() -> Policy {
    Policy {
        digest: "sha256:policy".into(),
        file: "access.yml".into(),
        roles: vec![Role {
            name: "clerk".into(),
            title: "Clerk".into(),
            standard: vec![listed("payment:approve"), listed("repo:read")],
            ..Role::default()
        }],
        catalogue: ["payment:approve", "repo:read", "vendor:admin", "repo:admin"]
            .map(entitlement)
            .to_vec(),
        levels: vec![LevelOrder {
            levels: ["read", "create", "approve", "admin"]
                .map(str::to_owned)
                .to_vec(),
            ..LevelOrder::default()
        }],
        ..Policy::default()
    }
}

pub fn person(id: &str, groups: &[&str]) -> Person {
    Person {
        id: id.into(),
        login: id.into(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        ..Person::default()
    }
}

/// Changes the person that a lookup found.
pub fn alter(fact: &mut Fact<Lookup>, change: impl FnOnce(&mut Person)) {
    if let Fact::Present {
        value: Lookup::One(person),
        ..
    } = fact
    {
        change(person);
    }
}

/// `p` asks for `access`, with the manager's approval; owners `o`, security `s`, rule owner `c` are there.
pub fn evidence(rules: &Rules, access: &str) -> Evidence {
    let mut filer = person("p", &[]);
    filer.roles = vec!["clerk".into()];
    filer.manager = Some("m".into());
    let people = [
        person("m", &[]),
        person("o", &["owners"]),
        person("s", &["security"]),
        person("c", &["controls"]),
    ];
    let target = |id: &str| {
        present(Target {
            id: id.into(),
            power: "narrow".into(),
            name: "group-17".into(),
            ..Target::default()
        })
    };
    let mut evidence = Evidence {
        format: FORMAT,
        frozen_at: at(0),
        mode: Mode::Guarded,
        policy: rules.policy().digest.clone(),
        active_policy: rules.policy().digest.clone(),
        own_policy: false,
        log: LogState::Verified,
        request: Request {
            id: "REQ-1".into(),
            revision: 1,
            requester: "p".into(),
            on_behalf_of: None,
            access: Access::new(access),
            justification: Some("month-end close".into()),
            term: Term::Unstated,
            created_at: None,
            ticket: None,
            claims: Vec::new(),
        },
        requester: present(Lookup::One(Box::new(filer.clone()))),
        beneficiary: present(Lookup::One(Box::new(filer))),
        people: people.map(|one| (one.id.clone(), one)).into(),
        holdings: present(Holdings {
            coverage: Coverage::Everything,
            items: Vec::new(),
        }),
        reserved: Vec::new(),
        linked: BTreeMap::new(),
        earlier: Vec::new(),
        targets: rules
            .policy()
            .catalogue
            .iter()
            .map(|entry| (entry.id.clone(), target(&entry.id)))
            .collect(),
        bound_powers: BTreeMap::new(),
        approvals: Vec::new(),
        lifts: Vec::new(),
        advice: Advice::Nothing,
        analysis: None,
        facts: Fact::NotInProfile,
        activity: present(1),
        brakes: Vec::new(),
    };
    approve(&mut evidence, rules, ApprovalKind::Manager, "m");
    evidence
}

pub fn approve(evidence: &mut Evidence, rules: &Rules, kind: ApprovalKind, by: &str) {
    let content = Frozen::new(evidence.clone(), rules).content().clone();
    evidence.approvals.push(Approval {
        id: format!("a{}", evidence.approvals.len()),
        kind,
        by: by.into(),
        at: at(-30),
        content,
    });
}

pub fn lift(evidence: &mut Evidence, rules: &Rules, finding: Kind, by: &str) {
    let frozen = Frozen::new(evidence.clone(), rules);
    evidence.lifts.push(LiftRecord {
        id: format!("l{}", evidence.lifts.len()),
        finding,
        by: by.into(),
        at: at(-10),
        content: frozen.content().clone(),
        facts: facts_digest(&frozen, rules, finding),
        exception: Some(AcceptedException {
            until: at(86_400),
            control: "second signature".into(),
        }),
    });
}

/// Behind `name` is nothing more than it says.
pub fn plain_target(evidence: &mut Evidence, name: &str) {
    let target = present(Target::default());
    evidence.targets.entry(name.into()).or_insert(target);
}

pub fn hold(evidence: &mut Evidence, name: &str) {
    plain_target(evidence, name);
    if let Fact::Present { value, .. } = &mut evidence.holdings {
        value.items.push(Holding {
            entitlement: name.into(),
            path: Vec::new(),
            grant: None,
        });
    }
}

/// Another identity that holds these through `group x`, and nothing else.
pub fn identity(held: &[&str]) -> LinkedIdentity {
    let items = held.iter().map(|name| Holding {
        entitlement: (*name).into(),
        path: vec!["group x".into()],
        grant: None,
    });
    LinkedIdentity {
        holdings: present(Holdings {
            coverage: Coverage::Everything,
            items: items.collect(),
        }),
        reserved: Vec::new(),
    }
}

/// A record in which `p` is linked to `a`, login `p-admin`, which holds these.
pub fn linked(rules: &Rules, access: &str, held: &[&str]) -> Evidence {
    let mut record = evidence(rules, access);
    alter(&mut record.requester, |p| p.linked.push("a".into()));
    alter(&mut record.beneficiary, |p| p.linked.push("a".into()));
    let mut other = person("a", &[]);
    other.login = "p-admin".into();
    record.people.insert("a".into(), other);
    record.linked.insert("a".into(), identity(held));
    for name in held {
        plain_target(&mut record, name);
    }
    record
}

/// Every linked identity of the beneficiary was read, and holds nothing.
pub fn read_linked(evidence: &mut Evidence) {
    let ids: Vec<String> = evidence.linked_identities().into_keys().collect();
    for id in ids {
        evidence.linked.insert(id, identity(&[]));
    }
}

pub fn ruled(evidence: &Evidence, rules: &Rules) -> Ruling {
    let frozen = Frozen::new(evidence.clone(), rules);
    rule(&frozen.case(), rules, evidence.frozen_at)
}

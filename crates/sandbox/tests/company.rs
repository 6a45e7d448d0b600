//! The company loads, is the same everywhere, and the engine finds the truth that was planted.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use connectors::EmbeddedDirectory;
use decision::evidence::Frozen;
use decision::evidence::record::{
    Advice, Approval, Evidence, FORMAT, Fact, LogState, Lookup, Mode,
};
use decision::findings::{Kind, separation};
use decision::request::{Access, Request, Term, digest_of};
use decision::rules::Rules;
use decision::rules::class::Class;
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};
use decision::verdict::outcome::Outcome;
use decision::verdict::{self, Ruling};
use policy::Guardrails;
use ports::Directory;
use sandbox::{Company, Expected, PEOPLE, PEOPLE_MIN, Planted, STARTS_AT};
use serde_json::Value;

struct World {
    company: Company,
    rules: Rules,
    directory: EmbeddedDirectory,
    _folder: tempfile::TempDir,
}

fn world(seed: u64, people: usize) -> World {
    let company = Company::generate(seed, people);
    let guardrails = Guardrails::load(Vec::<(&str, &str)>::new(), Some(&company.dotenv)).unwrap();
    assert_eq!(guardrails.automatic_blocked(), None);
    let loaded = policy::load("access.yml", company.access_yml.as_bytes(), &guardrails)
        .unwrap_or_else(|report| panic!("{}", policy::render(&report, 120, false)));
    assert!(
        loaded.warnings.is_empty(),
        "{}",
        policy::render(&loaded.warnings, 120, false)
    );
    let rules = loaded.compile().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("holdings.db");
    let directory =
        EmbeddedDirectory::open("directory.yml", company.directory_yml.as_bytes(), &database)
            .unwrap_or_else(|error| panic!("{}", error.help()));
    assert!(
        directory.warnings().is_empty(),
        "{}",
        directory.warnings().render()
    );
    World {
        company,
        rules,
        directory,
        _folder: folder,
    }
}

impl World {
    /// Evidence gathered straight from the directory, with the approvals recorded for what is asked.
    fn freeze(&self, planted: &Planted, with_approvals: bool) -> Frozen {
        let evidence = self.evidence(planted);
        let frozen = Frozen::new(evidence.clone(), &self.rules);
        if !with_approvals {
            return frozen;
        }
        let approvals = planted
            .approvals
            .iter()
            .enumerate()
            .map(|(number, (kind, by))| Approval {
                id: format!("a-{number}"),
                kind: kind_of(kind),
                by: self.id(by),
                at: evidence.frozen_at,
                content: frozen.content().clone(),
            });
        Frozen::new(
            Evidence {
                approvals: approvals.collect(),
                ..evidence
            },
            &self.rules,
        )
    }

    fn rule(&self, planted: &Planted, with_approvals: bool) -> Ruling {
        let frozen = self.freeze(planted, with_approvals);
        verdict::rule(&frozen.case(), &self.rules, frozen.evidence().frozen_at)
    }

    /// Ids of the rules that a grant would break.
    fn broken(&self, planted: &Planted) -> Vec<&str> {
        let frozen = self.freeze(planted, false);
        let mut broken = BTreeSet::new();
        separation::for_each_rule(&frozen.case(), &self.rules, |rule, standing| {
            if standing == separation::RuleStanding::Conflict {
                broken.insert(self.rules.policy().conflicts[rule.index()].id.as_str());
            }
        });
        broken.into_iter().collect()
    }

    fn id(&self, login: &str) -> String {
        match self.directory.find(login).unwrap() {
            Some(Lookup::One(person)) => person.id,
            other => panic!("`{login}`: {other:?}"),
        }
    }

    fn evidence(&self, planted: &Planted) -> Evidence {
        let now = Timestamp::parse(STARTS_AT).unwrap();
        let request = request(&planted.ticket);
        let find = |login: &str| match self.directory.find(login).unwrap() {
            Some(value) => present(value),
            None => Fact::Absent {
                source: "directory".to_owned(),
                as_of: now,
            },
        };
        let requester = find(&request.requester);
        let beneficiary = find(request.on_behalf_of.as_ref().unwrap_or(&request.requester));
        let holdings = match beneficiary.value() {
            Some(Lookup::One(person)) => present(self.directory.holdings(&person.id).unwrap()),
            Some(Lookup::Several(_)) | None => Fact::NotInProfile,
        };
        let entry = self
            .rules
            .entitlement(request.access.canonical())
            .and_then(|id| self.rules.entry(id));
        let targets = entry.map(|entry| {
            (
                entry.id.clone(),
                present(self.directory.target(&entry.id).unwrap().unwrap()),
            )
        });
        let people = planted.approvals.iter().map(|(_, login)| {
            let id = self.id(login);
            let person = self.directory.person(&id).unwrap().unwrap();
            (id, person)
        });
        let mut evidence = Evidence {
            format: FORMAT,
            frozen_at: now,
            mode: Mode::Guarded,
            policy: self.rules.policy().digest.clone(),
            active_policy: self.rules.policy().digest.clone(),
            own_policy: false,
            log: LogState::Verified,
            people: people.collect::<BTreeMap<_, _>>(),
            requester,
            beneficiary,
            holdings,
            reserved: Vec::new(),
            linked: BTreeMap::new(),
            earlier: Vec::new(),
            targets: targets.into_iter().collect(),
            bound_powers: BTreeMap::new(),
            approvals: Vec::new(),
            lifts: Vec::new(),
            advice: Advice::Nothing,
            analysis: None,
            facts: Fact::NotInProfile,
            activity: present(1),
            brakes: Vec::new(),
            request,
        };
        for name in evidence.names_held(&self.rules) {
            let target = self.directory.target(&name).unwrap().unwrap();
            evidence.targets.entry(name).or_insert(present(target));
        }
        evidence
    }
}

fn present<T>(value: T) -> Fact<T> {
    Fact::Present {
        value,
        source: "directory".to_owned(),
        as_of: Timestamp::parse(STARTS_AT).unwrap(),
    }
}

fn kind_of(name: &str) -> ApprovalKind {
    ApprovalKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .expect("a kind of approval")
}

fn request(ticket: &str) -> Request {
    let ticket: Value = serde_json::from_str(ticket).unwrap();
    let text = |key: &str| ticket.get(key).and_then(Value::as_str).map(str::to_owned);
    let term = match (text("duration"), text("until")) {
        (Some(duration), None) => Term::For(Minutes::parse(&duration).expect("a duration")),
        (None, Some(until)) => Term::Until(Timestamp::parse(&until).expect("a moment")),
        (None, None) => Term::Unstated,
        (Some(_), Some(_)) => panic!("both a duration and an end"),
    };
    let known: BTreeSet<&str> =
        "request_id revision requester on_behalf_of access justification approvals \
        duration until created_at ticket metadata"
            .split_whitespace()
            .collect();
    assert!(
        ticket
            .as_object()
            .unwrap()
            .keys()
            .all(|key| known.contains(key.as_str()))
    );
    Request {
        id: text("request_id").unwrap(),
        revision: 1,
        requester: text("requester").unwrap(),
        on_behalf_of: text("on_behalf_of"),
        access: Access::new(&text("access").unwrap()),
        justification: text("justification"),
        term,
        created_at: Some(Timestamp::parse(&text("created_at").unwrap()).expect("a moment")),
        ticket: text("ticket"),
        claims: Vec::new(),
    }
}

fn decided(ruling: &Ruling) -> Expected {
    match ruling.shown {
        Outcome::Open => Expected::AutoProvision,
        Outcome::Ask => Expected::RequestInfo,
        Outcome::Escalate | Outcome::Refuse => Expected::Escalate,
    }
}

/// Any seed and size: every planted truth is what the engine finds, and nothing is granted without approvals.
#[test]
fn the_engine_finds_what_was_planted() {
    for (seed, people) in [
        (1, PEOPLE),
        (2, PEOPLE_MIN),
        (3, 0),
        (4, 1_000),
        (5, PEOPLE),
        (6, PEOPLE),
        (7, PEOPLE_MIN),
    ] {
        let world = world(seed, people);
        let mut wrong = Vec::new();
        for planted in &world.company.tickets {
            let ruling = world.rule(planted, true);
            if decided(&ruling) != planted.expected {
                let findings: Vec<&str> = ruling.findings.iter().map(Kind::name).collect();
                wrong.push(format!(
                    "{} {}: {findings:?} {:?}\n{}",
                    planted.request_id, planted.about, ruling.shown, planted.ticket
                ));
            }
            assert_eq!(
                world.broken(planted),
                planted.conflict.into_iter().collect::<Vec<_>>(),
                "{}",
                planted.ticket
            );
            let without = decided(&world.rule(planted, false));
            assert_ne!(without, Expected::AutoProvision, "{}", planted.ticket);
        }
        assert!(
            wrong.is_empty(),
            "seed {seed}: {} wrong\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

#[test]
fn the_three_tickets_come_out_as_the_blueprint_says() {
    let world = world(1, PEOPLE);
    let [dashboard, database, payment] = &world.company.tickets[..3] else {
        panic!("three tickets")
    };
    assert_eq!(
        decided(&world.rule(dashboard, false)),
        Expected::RequestInfo
    );

    let ruling = world.rule(dashboard, true);
    assert!(ruling.findings.is_empty(), "{:?}", ruling.findings);
    assert_eq!(
        ruling.term,
        decision::findings::duration::GrantTerm::Standing
    );
    assert_eq!(ruling.risk.ticket_name(), "low");
    let frozen = world.freeze(dashboard, true);
    let person = frozen.evidence().requester().unwrap();
    assert_eq!(
        (person.roles.as_slice(), person.department.as_deref()),
        (&["engineer".to_owned()][..], Some("Platform"))
    );
    assert_eq!(frozen.content().entitlement, "staging:read");

    let ruling = world.rule(database, true);
    assert_eq!(ruling.risk.name(), "high");
    for kind in [
        Kind::Privileged,
        Kind::NeverAutoAdmin,
        Kind::NeverAutoProduction,
        Kind::OwnerApprovalMissing,
    ] {
        assert!(ruling.findings.contains(kind), "{kind}");
    }
    for kind in [
        Kind::Conflict,
        Kind::ManagerApprovalMissing,
        Kind::NeverAutoSensitive,
        Kind::LevelUnmapped,
        Kind::OverAsking,
    ] {
        assert!(!ruling.findings.contains(kind), "{kind}");
    }
    let frozen = world.freeze(database, true);
    assert_eq!(
        frozen.evidence().requester().unwrap().department.as_deref(),
        Some("Payments")
    );

    let ruling = world.rule(payment, true);
    let findings: Vec<&str> = ruling.findings.iter().map(Kind::name).collect();
    assert_eq!(
        findings,
        [
            "separation-of-duties-conflict",
            "risk-high",
            "grantable-only"
        ]
    );
    let frozen = world.freeze(payment, true);
    let person = frozen.evidence().requester().unwrap();
    assert_eq!(
        (person.roles.as_slice(), person.department.as_deref()),
        (&["finance-ops".to_owned()][..], None)
    );
    let held = frozen.evidence().holdings.value().unwrap();
    let vendor = held
        .items
        .iter()
        .find(|item| item.entitlement == "vendor:create")
        .unwrap();
    assert_eq!(vendor.path.len(), 3, "{:?}", vendor.path);
    assert_eq!(
        vendor.path[1..],
        ["group ap-clerks", "group finance-vendors"]
    );
    for (role, title) in [("engineer", "Engineer"), ("finance-ops", "Finance Ops")] {
        assert!(
            world
                .rules
                .policy()
                .roles
                .iter()
                .any(|entry| entry.name == role && entry.title == title)
        );
    }
    let privileged: Vec<&str> = world
        .rules
        .policy()
        .privileged
        .iter()
        .map(|pattern| pattern.text.as_str())
        .collect();
    assert_eq!(privileged, ["*:admin", "prod:*", "pii:*"]);
}

/// What guarded mode enumerates before it starts: nothing standard is dangerous, and no role holds a whole rule.
#[test]
fn guarded_mode_may_start() {
    let world = world(1, PEOPLE);
    let policy = world.rules.policy();
    for entry in &policy.catalogue {
        let id = world.rules.entitlement(&entry.id).unwrap();
        let facts = world.rules.facts(id).unwrap();
        if !world.rules.standard_for(id).is_empty() {
            assert!(
                facts.classes.is_empty() && !facts.privileged,
                "{}",
                entry.id
            );
            assert!(
                facts.points.sum() < 25,
                "{} has too many points to be automatic",
                entry.id
            );
        }
        assert!(facts.level_mapped, "{}", entry.id);
        assert!(
            entry
                .owner
                .as_deref()
                .is_some_and(|owner| !world.company.directory_yml.is_empty() && {
                    let owners = world
                        .directory
                        .truth()
                        .people()
                        .filter(|person| person.groups.iter().any(|group| group == owner));
                    owners.count() >= 2
                }),
            "{} has no two owners",
            entry.id
        );
    }
    for role in &policy.roles {
        let number = world.rules.role(&role.name).unwrap();
        let mut sides = BTreeSet::new();
        for entry in &policy.catalogue {
            let id = world.rules.entitlement(&entry.id).unwrap();
            if world.rules.standard_for(id).contains(&number) {
                sides.extend(world.rules.sides_of(id).iter().copied());
            }
        }
        for (conflict, rule) in policy.conflicts.iter().enumerate() {
            let number = decision::rules::ids::ConflictId(u32::try_from(conflict).unwrap());
            let whole = world
                .rules
                .sides_in(number)
                .iter()
                .all(|side| sides.contains(side));
            assert!(!whole, "role `{}` holds all of `{}`", role.name, rule.id);
        }
    }
}

#[test]
fn the_company_is_rich_enough() {
    let world = world(1, PEOPLE);
    let policy = world.rules.policy();
    assert_eq!(world.directory.truth().people().count(), PEOPLE + 4);
    assert!(policy.catalogue.len() >= 70, "{}", policy.catalogue.len());
    assert!(policy.roles.len() >= 10);
    assert_eq!(policy.conflicts.len(), 8);
    assert!(policy.conflicts.iter().any(|rule| rule.sides.len() == 3));
    assert!(
        policy
            .conflicts
            .iter()
            .any(|rule| rule.sides.iter().any(|side| side.text.contains('*')))
    );
    assert_eq!(
        policy
            .conflicts
            .iter()
            .map(|rule| rule.exceptions.len())
            .sum::<usize>(),
        1
    );
    assert!(
        policy
            .never_auto
            .iter()
            .any(|added| added.class == Class::Production)
    );
    let tickets = &world.company.tickets;
    let ids: BTreeSet<&str> = tickets
        .iter()
        .map(|planted| planted.request_id.as_str())
        .collect();
    assert_eq!(ids.len(), tickets.len());
    let count = |wanted| {
        tickets
            .iter()
            .filter(|planted| planted.expected == wanted)
            .count()
    };
    let counts = (
        count(Expected::AutoProvision),
        count(Expected::RequestInfo),
        count(Expected::Escalate),
    );
    assert!(
        counts.0 >= 60 && counts.1 >= 15 && counts.2 >= 40,
        "{counts:?}"
    );
    assert!(world.company.cast.db_owners.len() >= 2 && world.company.cast.security.len() >= 4);
    // No ticket is about a person about whom another one is, so the order in which they are decided changes nothing.
    let about = |planted: &Planted| {
        let ticket: Value = serde_json::from_str(&planted.ticket).unwrap();
        ticket
            .get("on_behalf_of")
            .unwrap_or(&ticket["requester"])
            .as_str()
            .unwrap()
            .to_owned()
    };
    let people: BTreeSet<String> = tickets.iter().map(about).collect();
    assert_eq!(people.len(), tickets.len());
}

/// The same bytes for the same seed on every machine: these digests were made once.
#[test]
fn a_seed_is_a_company() {
    let digests = |company: &Company| {
        let tickets: Vec<&str> = company
            .tickets
            .iter()
            .map(|planted| planted.ticket.as_str())
            .collect();
        [
            &company.access_yml,
            &company.directory_yml,
            &tickets.join("\n"),
        ]
        .map(|text| digest_of(text.as_bytes()))
    };
    let (one, again) = (Company::generate(1, PEOPLE), Company::generate(1, PEOPLE));
    assert_eq!(one, again);
    assert_ne!(one, Company::generate(2, PEOPLE));
    assert_eq!(
        digests(&one),
        [
            "sha256:9e8d26f8170d675b5a96c44f5a5a2588fa762184697806c744ec5712fc47b44d",
            "sha256:a633ebf05e2baf50cedf3d7a9f6e00eefd749135d42369af3f7c58e2c54d9a4e",
            "sha256:edd68a9cac2dd7a65098d6b686f566420592930c40f4623fe46416dec6c0ab05",
        ]
    );
}

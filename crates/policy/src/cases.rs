//! A policy's own tests: each case is decided by the same engine as a ticket, on a record made from what the case says.

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::{
    Advice, Approval, Coverage, Evidence, FORMAT, Fact, Holding, Holdings, LogState, Lookup, Mode,
    Person, PersonStatus, Target,
};
use decision::findings::approvals::SECURITY_GROUP;
use decision::request::{Access, Request, Term};
use decision::rules::Rules;
use decision::rules::policy::{ApprovalKind, Attribute, Place};
use decision::time::{Minutes, Timestamp};
use decision::verdict::{Answer, explain, rule};

/// When a case happens that does not say: 2026-01-15T10:00:00Z, a Thursday.
const AT_SECONDS: i64 = 1_768_471_200;

/// One case.
#[derive(Clone, Debug, Default)]
pub struct TestCase {
    /// What it shows, in a sentence.
    pub name: String,
    /// Who files.
    pub requester: Who,
    /// Whom it is for, when that is somebody else.
    pub beneficiary: Option<Who>,
    /// As asked.
    pub access: String,
    /// For how long; `None` leaves it to the policy.
    pub duration: Option<Minutes>,
    /// The reason; a good one when the case gives none.
    pub justification: Option<String>,
    /// Approvals that are recorded, each given by somebody with the authority.
    pub approvals: Vec<ApprovalKind>,
    /// Verified facts about the request.
    pub facts: BTreeMap<String, Attribute>,
    /// What the beneficiary holds.
    pub holds: Vec<String>,
    /// What could not be read: `requester`, `beneficiary`, `holdings`, `facts`, `target`, or attributes of the people.
    pub unread: Vec<String>,
    /// When; 2026-01-15T10:00:00Z when the case does not say.
    pub at: Option<Timestamp>,
    /// What must come out.
    pub expected: Expected,
    /// Where it is written.
    pub place: Place,
}

/// A person in a case.
#[derive(Clone, Debug)]
pub enum Who {
    /// Somebody of the directory, with the place where the login is written.
    Login(String, Place),
    /// Somebody described on the spot.
    Described(TestPerson),
}

impl Default for Who {
    fn default() -> Self {
        Self::Described(TestPerson::default())
    }
}

/// A person described on the spot. Active, with a manager, unless the case says otherwise.
#[derive(Clone, Debug, Default)]
pub struct TestPerson {
    /// Login.
    pub login: String,
    /// Roles by name.
    pub roles: Vec<String>,
    /// Groups by name.
    pub groups: Vec<String>,
    /// Department.
    pub department: Option<String>,
    /// Whether they work here.
    pub status: PersonStatus,
    /// Last day.
    pub leaves_at: Option<Timestamp>,
    /// Login of the manager; `manager` when the case does not say.
    pub manager: Option<String>,
    /// Attributes.
    pub attributes: BTreeMap<String, Attribute>,
}

/// What must come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The answer.
    pub decision: Answer,
    /// What must have decided: the id of a condition or rule, `role NAME`, or a finding. `None` is not looked at.
    pub basis: Option<String>,
    /// Who must be among those told. `None` is not looked at.
    pub route: Option<String>,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            decision: Answer::Escalate,
            basis: None,
            route: None,
        }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The case's name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// What differs, a sentence each; empty when the case passed.
    pub differences: Vec<String>,
}

impl Outcome {
    /// Whether the case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Runs every case under `rules`. `directory` finds the people that cases name by login.
pub fn run(
    cases: &[TestCase],
    rules: &Rules,
    directory: &dyn Fn(&str) -> Option<Person>,
) -> Vec<Outcome> {
    cases
        .iter()
        .map(|case| case.run(rules, directory))
        .collect()
}

impl TestCase {
    fn run(&self, rules: &Rules, directory: &dyn Fn(&str) -> Option<Person>) -> Outcome {
        let differences = match self.evidence(rules, directory) {
            Ok(evidence) => self.compare(&Frozen::new(evidence, rules), rules),
            Err(unknown) => vec![format!("nobody in the directory has the login `{unknown}`")],
        };
        Outcome {
            name: self.name.clone(),
            place: self.place,
            differences,
        }
    }

    fn compare(&self, frozen: &Frozen, rules: &Rules) -> Vec<String> {
        let ruling = rule(&frozen.case(), rules, frozen.evidence().frozen_at);
        let basis = explain::decided_by(frozen, rules, &ruling);
        let told = explain::told(frozen, rules, &ruling);
        let mut differences = Vec::new();
        let expected = &self.expected;
        if ruling.answer() != expected.decision {
            let because = ruling.first().map_or_else(
                || "nothing stands against it".to_owned(),
                |kind| explain::because(frozen, rules, kind),
            );
            differences.push(format!(
                "expected {}, got {}: {because}",
                expected.decision.name(),
                ruling.answer().name(),
            ));
        }
        if let Some(wanted) = expected.basis.as_ref().filter(|wanted| **wanted != basis) {
            differences.push(format!("expected `{wanted}` to decide, but `{basis}` did"));
        }
        if let Some(wanted) = expected
            .route
            .as_ref()
            .filter(|wanted| !told.contains(wanted))
        {
            let told = if told.is_empty() {
                "nobody".to_owned()
            } else {
                told.join(", ")
            };
            differences.push(format!("expected `{wanted}` to be told, but it is {told}"));
        }
        differences
    }

    /// The record that the case describes: complete and fresh, but for what it says is unread.
    ///
    /// # Errors
    /// The login that the directory does not know.
    pub fn evidence(
        &self,
        rules: &Rules,
        directory: &dyn Fn(&str) -> Option<Person>,
    ) -> Result<Evidence, String> {
        let at = self
            .at
            .unwrap_or_else(|| Timestamp::from_seconds(AT_SECONDS));
        let requester = self.person(&self.requester, directory)?;
        let beneficiary = match &self.beneficiary {
            Some(other) => self.person(other, directory)?,
            None => requester.clone(),
        };
        let access = Access::new(&self.access);
        let entry = rules
            .entitlement(access.canonical())
            .and_then(|id| rules.entry(id));
        let targets = entry.map(|entry| {
            let target = Target {
                id: entry.id.clone(),
                name: entry.id.clone(),
                ..Target::default()
            };
            (entry.id.clone(), self.fact("target", target, at))
        });
        let holdings = Holdings {
            coverage: Coverage::Everything,
            items: (self.holds.iter())
                .map(|name| Holding {
                    entitlement: name.clone(),
                    path: vec!["as the test says".to_owned()],
                    grant: None,
                })
                .collect(),
        };
        let one = |person: &Person| Lookup::One(Box::new(person.clone()));
        let mut evidence = Evidence {
            format: FORMAT,
            frozen_at: at,
            mode: Mode::Guarded,
            policy: rules.policy().digest.clone(),
            active_policy: rules.policy().digest.clone(),
            own_policy: false,
            log: LogState::Verified,
            request: Request {
                id: "TEST".to_owned(),
                revision: 1,
                requester: requester.login.clone(),
                on_behalf_of: self.beneficiary.as_ref().map(|_| beneficiary.login.clone()),
                access,
                justification: Some(
                    self.justification
                        .clone()
                        .unwrap_or_else(|| "needed for the work on the test".to_owned()),
                ),
                term: self.duration.map_or(Term::Unstated, Term::For),
                created_at: None,
                ticket: None,
                claims: Vec::new(),
            },
            requester: self.fact("requester", one(&requester), at),
            beneficiary: match &self.beneficiary {
                Some(_) => self.fact("beneficiary", one(&beneficiary), at),
                None => self.fact("requester", one(&requester), at),
            },
            people: BTreeMap::new(),
            holdings: self.fact("holdings", holdings, at),
            linked: BTreeMap::new(),
            reserved: Vec::new(),
            earlier: Vec::new(),
            targets: targets.into_iter().collect(),
            bound_powers: BTreeMap::new(),
            approvals: Vec::new(),
            lifts: Vec::new(),
            advice: Advice::Nothing,
            analysis: None,
            facts: self.fact("facts", self.facts.clone(), at),
            activity: self.fact("activity", 1, at),
            brakes: Vec::new(),
        };
        // What is held gives nothing more than its name says.
        for name in evidence.names_held(rules) {
            let target = self.fact("holdings", Target::default(), at);
            evidence.targets.entry(name).or_insert(target);
        }
        let owner = entry.and_then(|entry| entry.owner.clone());
        self.approve(&mut evidence, rules, &beneficiary, owner);
        Ok(evidence)
    }

    /// Records the approvals of the case for exactly what is asked, each by a person who may give it.
    fn approve(
        &self,
        evidence: &mut Evidence,
        rules: &Rules,
        beneficiary: &Person,
        owner: Option<String>,
    ) {
        let content = Frozen::new(evidence.clone(), rules).content().clone();
        for kind in &self.approvals {
            let (id, group) = match kind {
                ApprovalKind::Manager => (beneficiary.manager.clone(), None),
                ApprovalKind::ResourceOwner => (Some("test-owner".to_owned()), owner.clone()),
                ApprovalKind::Security => {
                    let group = Some(SECURITY_GROUP.to_owned());
                    (Some("test-security".to_owned()), group)
                }
            };
            let by = id.unwrap_or_else(|| "nobody".to_owned());
            let person = Person {
                id: by.clone(),
                login: by.clone(),
                groups: group.into_iter().collect(),
                ..Person::default()
            };
            evidence.people.insert(by.clone(), person);
            evidence.approvals.push(Approval {
                id: format!("TEST {}", kind.name()),
                kind: *kind,
                by,
                at: evidence.frozen_at,
                content: content.clone(),
            });
        }
    }

    fn fact<T>(&self, name: &str, value: T, at: Timestamp) -> Fact<T> {
        if self.unread.iter().any(|unread| unread == name) {
            return Fact::Unreachable {
                source: "the test".to_owned(),
                reason: "it says so".to_owned(),
            };
        }
        Fact::Present {
            value,
            source: "the test".to_owned(),
            as_of: at,
        }
    }

    fn person(
        &self,
        who: &Who,
        directory: &dyn Fn(&str) -> Option<Person>,
    ) -> Result<Person, String> {
        let mut person = match who {
            Who::Login(login, _) => directory(login).ok_or_else(|| login.clone())?,
            Who::Described(described) => Person {
                id: described.login.clone(),
                login: described.login.clone(),
                status: described.status,
                leaves_at: described.leaves_at,
                roles: described.roles.clone(),
                department: described.department.clone(),
                manager: Some(
                    described
                        .manager
                        .clone()
                        .unwrap_or_else(|| "manager".to_owned()),
                ),
                groups: described.groups.clone(),
                delegates: Vec::new(),
                linked: Vec::new(),
                attributes: described.attributes.clone(),
                unread: Vec::new(),
            },
        };
        // A case says itself what is held; other identities hold nothing in it.
        person.linked.clear();
        for name in &self.unread {
            person.attributes.remove(name);
            person.unread.push(name.clone());
        }
        Ok(person)
    }
}

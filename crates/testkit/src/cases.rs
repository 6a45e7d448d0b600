//! The case corpus: one JSON file for each case, read by every layer that decides.
//!
//! A case names who asks for what and only what differs from the plain record: complete holdings that are empty,
//! fresh facts, a target that is what it was, guarded mode, and the approval of the manager.

use std::collections::BTreeMap;
use std::path::Path;

use decision::evidence::Frozen;
use decision::evidence::record::{
    AcceptedException, Advice, Approval, Coverage, Evidence, FORMAT, Fact, Holding, Holdings,
    LiftRecord, LinkedIdentity, LogState, Lookup, Mode, Person, PersonStatus, Target,
};
use decision::findings::Kind;
use decision::findings::lifting::facts_digest;
use decision::request::{Access, Request, Term};
use decision::rules::Rules;
use decision::rules::policy::ApprovalKind;
use decision::time::{Minutes, Timestamp};
use serde::Deserialize;

use crate::generate::FROZEN_AT;
use crate::oracle::people;

/// The people of the company in which the cases happen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// By login, which is their id too.
    pub people: BTreeMap<String, Colleague>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colleague {
    /// Roles.
    pub roles: Vec<String>,
    /// Login of the manager.
    pub manager: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
}

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// What it shows, in a sentence.
    pub name: String,
    /// Login of whoever files.
    pub requester: String,
    /// Login of the beneficiary, when another.
    pub on_behalf_of: Option<String>,
    /// As asked.
    pub access: String,
    /// The reason; a good one when the case gives none.
    #[serde(default = "good_reason")]
    pub justification: String,
    /// Such as `8h`.
    pub duration: Option<String>,
    /// Mode; guarded when the case gives none.
    #[serde(default = "guarded")]
    pub mode: Mode,
    /// What the beneficiary holds.
    #[serde(default)]
    pub holds: Vec<String>,
    /// Systems that the holdings cover; all when the case gives none.
    pub covers: Option<Vec<String>>,
    /// Kind and giver; the manager's when the case gives none.
    pub approvals: Option<Vec<(ApprovalKind, String)>>,
    /// Finding and giver.
    #[serde(default)]
    pub lifts: Vec<(Kind, String)>,
    /// What stands behind the name.
    pub target: Option<Target>,
    /// What stands behind names that are held; behind one of which the case says nothing is nothing more.
    #[serde(default)]
    pub behind: BTreeMap<String, Target>,
    /// The power that it had when it was bound.
    pub bound_power: Option<String>,
    /// What an analyst said.
    #[serde(default)]
    pub advice: Advice,
    /// Changes to people: status.
    #[serde(default)]
    pub status: BTreeMap<String, PersonStatus>,
    /// Changes to people: further accounts.
    #[serde(default)]
    pub linked: BTreeMap<String, Vec<String>>,
    /// What further accounts hold; one of which the case says nothing holds nothing.
    #[serde(default)]
    pub linked_hold: BTreeMap<String, Vec<String>>,
    /// Facts that could not be read: `requester`, `holdings`, `target`, `activity`, `linked`, `behind`.
    #[serde(default)]
    pub unreachable: Vec<String>,
    /// What must come out.
    pub expect: Expectation,
}

/// What must come out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The decision that is shown.
    pub shown: String,
    /// By what authority it may be acted upon.
    pub standing: String,
    /// All findings, in any order.
    pub findings: Vec<Kind>,
    /// Length of the grant in minutes; not looked at when the case gives none.
    pub minutes: Option<u32>,
}

fn good_reason() -> String {
    "month-end close of the ledger".to_owned()
}

fn guarded() -> Mode {
    Mode::Guarded
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(FROZEN_AT + seconds)
}

/// All cases of a folder with their file names, sorted. Files that hold no case are left out by name.
///
/// # Errors
/// The first file that cannot be read, with the reason.
pub fn load_all(folder: &Path) -> Result<Vec<(String, CaseFile)>, String> {
    let mut cases = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".json") && name != "company.json" {
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
            let case = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
            cases.push((name, case));
        }
    }
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(cases)
}

impl CaseFile {
    /// The record of the case.
    #[must_use]
    pub fn evidence(&self, company: &Company, rules: &Rules) -> Evidence {
        let beneficiary = self.on_behalf_of.as_ref().unwrap_or(&self.requester);
        let id = rules.entitlement(Access::new(&self.access).canonical());
        let id = id
            .and_then(|id| rules.entry(id))
            .map(|entry| entry.id.clone());
        let mut evidence = Evidence {
            format: FORMAT,
            frozen_at: at(0),
            mode: self.mode,
            policy: rules.policy().digest.clone(),
            active_policy: rules.policy().digest.clone(),
            own_policy: false,
            log: LogState::Verified,
            request: self.request(),
            requester: self.lookup(company, &self.requester, "requester"),
            beneficiary: self.lookup(company, beneficiary, "requester"),
            people: company
                .people
                .keys()
                .filter_map(|id| Some((id.clone(), self.person(company, id)?)))
                .collect(),
            holdings: self.fact("holdings", self.holdings()),
            reserved: Vec::new(),
            linked: BTreeMap::new(),
            earlier: Vec::new(),
            targets: id
                .iter()
                .map(|id| (id.clone(), self.fact("target", self.target_of(id))))
                .collect(),
            bound_powers: id
                .iter()
                .filter_map(|id| Some((id.clone(), self.bound_power.clone()?)))
                .collect(),
            approvals: Vec::new(),
            lifts: Vec::new(),
            advice: self.advice,
            analysis: None,
            facts: Fact::NotInProfile,
            activity: self.fact("activity", 1),
            brakes: Vec::new(),
        };
        self.add_linked(&mut evidence);
        for name in evidence.names_held(rules) {
            let given = self.behind.get(&name).cloned().unwrap_or_default();
            let target = self.fact("behind", given);
            evidence.targets.entry(name).or_insert(target);
        }
        self.add_approvals(&mut evidence, rules);
        self.add_lifts(&mut evidence, rules);
        evidence
    }

    fn request(&self) -> Request {
        Request {
            id: "REQ-1".into(),
            revision: 1,
            requester: self.requester.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
            access: Access::new(&self.access),
            justification: Some(self.justification.clone()).filter(|text| !text.is_empty()),
            term: self
                .duration
                .as_deref()
                .and_then(Minutes::parse)
                .map_or(Term::Unstated, Term::For),
            created_at: None,
            ticket: None,
            claims: Vec::new(),
        }
    }

    fn person(&self, company: &Company, id: &str) -> Option<Person> {
        let known = company.people.get(id)?;
        Some(Person {
            id: id.to_owned(),
            login: id.to_owned(),
            status: self.status.get(id).copied().unwrap_or_default(),
            roles: known.roles.clone(),
            manager: known.manager.clone(),
            groups: known.groups.clone(),
            linked: self.linked.get(id).cloned().unwrap_or_default(),
            ..Person::default()
        })
    }

    fn lookup(&self, company: &Company, id: &str, what: &str) -> Fact<Lookup> {
        match self.person(company, id) {
            Some(person) => self.fact(what, Lookup::One(Box::new(person))),
            None => Fact::Absent {
                source: "directory".into(),
                as_of: at(-60),
            },
        }
    }

    fn holdings(&self) -> Holdings {
        let items = self.holds.iter().map(|name| Holding {
            entitlement: name.clone(),
            path: vec!["account".into()],
            grant: None,
        });
        Holdings {
            coverage: self
                .covers
                .clone()
                .map_or(Coverage::Everything, Coverage::Systems),
            items: items.collect(),
        }
    }

    fn add_linked(&self, evidence: &mut Evidence) {
        for id in people::linked(evidence) {
            let names = self.linked_hold.get(&id).into_iter().flatten();
            let items = names.map(|name| Holding {
                entitlement: name.clone(),
                path: vec!["account".into()],
                grant: None,
            });
            let holdings = Holdings {
                coverage: Coverage::Everything,
                items: items.collect(),
            };
            let identity = LinkedIdentity {
                holdings: self.fact("linked", holdings),
                reserved: Vec::new(),
            };
            evidence.linked.insert(id, identity);
        }
    }

    fn target_of(&self, id: &str) -> Target {
        self.target.clone().unwrap_or_else(|| Target {
            id: format!("t-{id}"),
            power: "as bound".into(),
            name: "group-17".into(),
            ..Target::default()
        })
    }

    fn fact<T>(&self, what: &str, value: T) -> Fact<T> {
        let source = "directory".to_owned();
        if self.unreachable.iter().any(|other| other == what) {
            Fact::Unreachable {
                source,
                reason: "timeout".into(),
            }
        } else {
            Fact::Present {
                value,
                source,
                as_of: at(-60),
            }
        }
    }

    fn add_approvals(&self, evidence: &mut Evidence, rules: &Rules) {
        let content = Frozen::new(evidence.clone(), rules).content().clone();
        let manager = evidence
            .beneficiary()
            .and_then(|person| person.manager.clone());
        let by_manager = manager.map(|by| (ApprovalKind::Manager, by));
        let given = self
            .approvals
            .clone()
            .unwrap_or_else(|| by_manager.into_iter().collect());
        for (number, (kind, by)) in given.into_iter().enumerate() {
            evidence.approvals.push(Approval {
                id: format!("A-{number}"),
                kind,
                by,
                at: at(-600),
                content: content.clone(),
            });
        }
    }

    fn add_lifts(&self, evidence: &mut Evidence, rules: &Rules) {
        let frozen = Frozen::new(evidence.clone(), rules);
        for (number, (finding, by)) in self.lifts.iter().enumerate() {
            evidence.lifts.push(LiftRecord {
                id: format!("L-{number}"),
                finding: *finding,
                by: by.clone(),
                at: at(-60),
                content: frozen.content().clone(),
                facts: facts_digest(&frozen, rules, *finding),
                exception: Some(AcceptedException {
                    until: at(7 * 86_400),
                    control: "every payment has a second approver".into(),
                }),
            });
        }
    }
}

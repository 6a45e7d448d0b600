//! What a model is shown of a ticket: made once from frozen evidence, with people under other names, and the ids that it may cite.

use std::collections::BTreeSet;

use decision::evidence::Frozen;
use decision::evidence::record::{Fact, Lookup, Person};
use decision::findings::Kind;
use decision::findings::separation::RuleStanding;
use decision::request::{Access, Term};
use decision::rules::Rules;
use decision::verdict::{Ruling, alternatives, explain};
use serde_json::{Value, json};

use crate::advise::text::{Pseudonyms, name, untrusted, visible};

/// Most holdings that are shown.
const HOLDINGS_MAX: usize = 100;
/// Most characters of a sentence.
const SENTENCE_CHARACTERS_MAX: usize = 1_000;

/// A ticket as a model sees it.
pub(super) struct Shown<'a> {
    rules: &'a Rules,
    frozen: &'a Frozen,
    ruling: &'a Ruling,
    people: Pseudonyms,
    request: Value,
    known: BTreeSet<String>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(rules: &'a Rules, frozen: &'a Frozen, ruling: &'a Ruling) -> Self {
        let mut people = people_of(frozen);
        let request = request(frozen, &mut people);
        Self {
            known: known(rules, frozen, ruling),
            rules,
            frozen,
            ruling,
            people,
            request,
        }
    }

    pub(super) fn people(&self) -> &Pseudonyms {
        &self.people
    }

    /// Whether an id was shown. What a requester wrote is shown, and is no id.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// The first turn: what the model would read first.
    pub(super) fn opening(&self) -> Value {
        json!({
            "read_request": self.request,
            "check_policy": self.policy(self.frozen.evidence().request.access.asked()),
        })
    }

    /// The request.
    pub(super) fn request(&self) -> &Value {
        &self.request
    }

    /// What policy and directory say of an entitlement for this person.
    pub(super) fn policy(&self, access: &str) -> Value {
        let asked = &self.frozen.evidence().request.access;
        let own = self.frozen.case().entitlement;
        let canonical = Access::new(access);
        let id = (self.rules.entitlement(access))
            .or_else(|| self.rules.entitlement(canonical.canonical()));
        if access != asked.asked() && (id.is_none() || id != own) {
            return self.other(id);
        }
        let (rules, frozen, ruling) = (self.rules, self.frozen, self.ruling);
        let findings: Vec<Value> = (ruling.findings.iter())
            .filter(|kind| *kind != Kind::AdviseMode)
            .map(|kind| {
                let why = self.ours(&explain::because(frozen, rules, kind));
                json!({ "finding": kind.name(), "why": why })
            })
            .collect();
        let entry = own.and_then(|id| rules.entry(id));
        json!({
            "entitlement": entry.map(|entry| &entry.id),
            "in_catalogue": entry.is_some(),
            "meaning": entry.and_then(|entry| entry.meaning.as_deref()),
            "policy_basis": self.ours(&explain::policy_basis(frozen, rules, ruling)),
            "segregation_of_duties": self.ours(&explain::separation_text(frozen, rules)),
            "approvals": self.ours(&explain::approvals_text(frozen, rules)),
            "risk": { "level": ruling.risk.name(), "points": ruling.points.sum() },
            "held": self.held(),
            "findings": findings,
        })
    }

    /// A sentence of ours, in which the requester's own words stand for what is asked for unless the catalogue has them too.
    fn ours(&self, sentence: &str) -> String {
        let access = &self.frozen.evidence().request.access;
        let catalogued = |name: &str| self.rules.entitlement(name).is_some();
        let mut text = sentence.to_owned();
        for name in [access.asked(), access.canonical()] {
            if !name.is_empty() && !catalogued(name) {
                text = text.replace(name, "what is asked for");
            }
        }
        self.people.hide(&visible(&text, SENTENCE_CHARACTERS_MAX))
    }

    /// An entitlement that was not asked for: whether there is such a thing, and whether it is standard.
    fn other(&self, id: Option<decision::rules::ids::EntitlementId>) -> Value {
        let Some((id, entry)) = id.and_then(|id| Some((id, self.rules.entry(id)?))) else {
            return json!({ "in_catalogue": false });
        };
        let roles = self.frozen.case().roles;
        let standard = self
            .rules
            .standard_for(id)
            .iter()
            .any(|role| roles.contains(role));
        json!({
            "entitlement": &entry.id,
            "in_catalogue": true,
            "meaning": &entry.meaning,
            "standard_for_this_person": standard,
        })
    }

    fn held(&self) -> Vec<String> {
        let holdings = self.frozen.evidence().holdings.value();
        let items = holdings.map_or(&[][..], |holdings| &holdings.items);
        let names = items.iter().take(HOLDINGS_MAX);
        names
            .map(|own| self.people.hide(&own.entitlement))
            .collect()
    }

    /// What a change would look like, and what narrower would.
    pub(super) fn change(&self, access: &str) -> Value {
        let (rules, frozen, ruling) = (self.rules, self.frozen, self.ruling);
        let offers: Vec<Value> = alternatives::of(frozen, rules, ruling)
            .iter()
            .map(|offer| json!({ "kind": offer.kind.name(), "entitlement": offer.entitlement, "text": self.ours(&offer.text) }))
            .collect();
        json!({
            "prepared": self.policy(access),
            "duration": frozen.content().duration.map_or("standing".to_owned(), |minutes| minutes.to_string()),
            "narrower": offers,
            "applied": false,
        })
    }
}

fn people_of(frozen: &Frozen) -> Pseudonyms {
    let evidence = frozen.evidence();
    let mut people = Pseudonyms::default();
    let mut add = |login: &str, fact: &Fact<Lookup>| {
        let person = match fact.value() {
            Some(Lookup::One(person)) => Some(person.as_ref()),
            Some(Lookup::Several(_)) | None => None,
        };
        let names = person.map(|person| [person.login.as_str(), person.id.as_str()]);
        let names: Vec<&str> = std::iter::once(login)
            .chain(names.into_iter().flatten())
            .collect();
        people.person(&names);
        let others = person.map(|person| person.manager.iter().chain(&person.delegates));
        for id in others.into_iter().flatten() {
            people.person(&[id.as_str()]);
        }
    };
    add(&evidence.request.requester, &evidence.requester);
    if let Some(login) = &evidence.request.on_behalf_of {
        add(login, &evidence.beneficiary);
    }
    for Person { id, login, .. } in evidence.people.values() {
        people.person(&[login.as_str(), id.as_str()]);
    }
    for claim in &evidence.request.claims {
        people.person(&[claim.by.as_str()]);
    }
    people
}

fn request(frozen: &Frozen, people: &mut Pseudonyms) -> Value {
    let evidence = frozen.evidence();
    let request = &evidence.request;
    let described = |person: Option<&Person>, login: &str, people: &mut Pseudonyms| {
        json!({
            "person": people.person(&[login]),
            "roles": person.map(|person| &person.roles),
            "department": person.and_then(|person| person.department.as_deref()),
        })
    };
    let requester = described(evidence.requester(), &request.requester, people);
    let beneficiary = request
        .on_behalf_of
        .as_ref()
        .map(|login| described(evidence.beneficiary(), login, people));
    let term = match request.term {
        Term::Unstated => "not stated".to_owned(),
        Term::For(minutes) => minutes.to_string(),
        Term::Until(end) => format!("until {end}"),
    };
    let approvals: Vec<Value> = evidence
        .approvals
        .iter()
        .zip(frozen.approvals())
        .map(|(approval, judged)| {
            json!({
                "id": approval.id,
                "kind": approval.kind.name(),
                "by": people.person(&[approval.by.as_str()]),
                "stands": judged.is_ok(),
            })
        })
        .collect();
    let claims: Vec<&str> = request
        .claims
        .iter()
        .map(|claim| claim.kind.name())
        .collect();
    json!({
        "id": name(&request.id, people),
        "requester": requester,
        "on_behalf_of": beneficiary,
        "access": untrusted(request.access.asked(), people),
        "for": term,
        "justification": untrusted(request.justification.as_deref().unwrap_or_default(), people),
        "approvals_recorded": approvals,
        "approvals_claimed_by_the_ticket": claims,
        "requests_in_24_hours": evidence.activity.value(),
    })
}

/// Everything that a model may cite: ids of the request, the catalogue, rules, findings, roles and recorded approvals.
fn known(rules: &Rules, frozen: &Frozen, ruling: &Ruling) -> BTreeSet<String> {
    let evidence = frozen.evidence();
    let request = &evidence.request;
    // A name that only the requester has is no id.
    let names = [request.access.asked(), request.access.canonical()];
    let catalogued = names
        .into_iter()
        .filter(|name| rules.entitlement(name).is_some());
    let mut known: BTreeSet<String> = std::iter::once(request.id.as_str())
        .chain(catalogued)
        .map(str::to_owned)
        .collect();
    let own = frozen.case().entitlement.and_then(|id| rules.entry(id));
    known.extend(own.map(|entry| entry.id.clone()));
    known.extend(
        rules
            .narrower_chain(request.access.canonical())
            .into_iter()
            .map(str::to_owned),
    );
    let offers = alternatives::of(frozen, rules, ruling);
    known.extend(offers.into_iter().filter_map(|offer| offer.entitlement));
    let items = evidence
        .holdings
        .value()
        .map_or(&[][..], |holdings| &holdings.items);
    known.extend(
        items
            .iter()
            .take(HOLDINGS_MAX)
            .map(|item| item.entitlement.clone()),
    );
    known.extend(
        evidence
            .approvals
            .iter()
            .map(|approval| approval.id.clone()),
    );
    known.extend(ruling.findings.iter().map(|kind| kind.name().to_owned()));
    for standing in [RuleStanding::Conflict, RuleStanding::Unverified] {
        for facts in explain::conflicts(frozen, rules, standing) {
            known.insert(facts.rule.id.clone());
            known.extend(facts.sides.into_iter().map(|(side, _)| side));
        }
    }
    let roles = frozen
        .case()
        .roles
        .iter()
        .filter_map(|id| rules.role_entry(*id));
    known.extend(roles.flat_map(|role| [role.name.clone(), role.title.clone()]));
    known.insert(explain::decided_by(frozen, rules, ruling));
    known
}

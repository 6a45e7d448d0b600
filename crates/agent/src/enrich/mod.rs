//! Enrichment: every fact that a ruling needs, gathered with its source and time. What cannot be read is said so.

pub(crate) mod advice;
mod linked;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use decision::evidence::record::{Advice, Evidence, FORMAT, Fact, Lookup, Person};
use decision::request::Request;
use decision::time::{Minutes, Timestamp};
use ports::PortError;
use ports::store::{ReviewRow, StoreError};

use crate::Agent;

/// The window in which requests of one person are counted.
const ACTIVITY_WINDOW: Minutes = Minutes::from_days(1);

/// Evidence with the versions of the person that it was read at: one for each identity of the same human being.
pub(crate) struct Gathered {
    pub(crate) evidence: Evidence,
    pub(crate) versions: Vec<(String, u64)>,
}

impl Gathered {
    /// What was said of the request.
    pub(crate) fn said(&self) -> Option<advice::Said> {
        let analysis = self.evidence.analysis.clone()?;
        Some((self.evidence.advice, analysis))
    }

    /// The facts of somebody that changed each of `times` times that they were ruled upon count as unreadable. Nothing can be
    /// granted on them, so no version of them is expected.
    pub(crate) fn give_up(&mut self, times: u32) {
        self.versions.clear();
        self.evidence.holdings = Fact::Unreachable {
            source: "own store".to_owned(),
            reason: format!("what is known of the person changed {times} times while it was read"),
        };
    }
}

/// Gathers the evidence for `request` as of `now`, leaving out what the request itself reserved.
pub(crate) fn gather(
    agent: &Agent<'_>,
    request: &Request,
    now: Timestamp,
) -> Result<Gathered, StoreError> {
    let own_grant = crate::ruling::grant_id(&request.id, request.revision);
    let directory = agent.directory;
    let source = || directory.name().to_owned();
    let as_of = directory.as_of(now);
    let requester = person_fact(agent, &request.requester, now);
    let beneficiary = match &request.on_behalf_of {
        None => requester.clone(),
        Some(login) => person_fact(agent, login, now),
    };
    let person = match beneficiary.value() {
        Some(Lookup::One(person)) => Some(person.as_ref().clone()),
        Some(Lookup::Several(_)) | None => None,
    };
    // The version is read first: whatever changes afterwards makes the commit rule again.
    let versions = match &person {
        Some(person) => vec![(person.id.clone(), agent.store.person_version(&person.id)?)],
        None => Vec::new(),
    };
    let holdings = match &person {
        None => Fact::Absent {
            source: source(),
            as_of,
        },
        Some(person) => fact(
            directory.holdings(&person.id).map(Some),
            directory.name(),
            as_of,
        ),
    };
    let reserved = match &person {
        Some(person) => agent.store.reserved(&person.id, &own_grant)?,
        None => Vec::new(),
    };
    let ids = offered_ids(agent, request);
    let window_start = now.minus(agent.rules.policy().duration.window);
    let mut targets = BTreeMap::new();
    let mut bound_powers = BTreeMap::new();
    let mut earlier = Vec::new();
    for id in &ids {
        targets.insert(
            id.clone(),
            fact(directory.target(id), directory.name(), as_of),
        );
        if let Some(power) = agent.store.bound_power(id)? {
            bound_powers.insert(id.clone(), power);
        }
        if let Some(person) = &person {
            earlier.extend(
                agent
                    .store
                    .earlier(&person.id, id, window_start, &own_grant)?,
            );
        }
    }
    let (approvals, lifts) = reviews(agent, &request.id)?;
    let brakes = match (&person, ids.first()) {
        (Some(person), Some(id)) => agent.store.brakes(&person.id, id, now, &own_grant)?,
        _ => Vec::new(),
    };
    let filed =
        agent
            .store
            .filed_since(&request.requester, now.minus(ACTIVITY_WINDOW), &request.id)?;
    let givers: BTreeSet<String> = approvals
        .iter()
        .map(|approval| approval.by.clone())
        .chain(lifts.iter().map(|lift| lift.by.clone()))
        .collect();
    let mut evidence = Evidence {
        format: FORMAT,
        frozen_at: now,
        mode: agent.mode,
        policy: agent.rules.policy().digest.clone(),
        active_policy: agent.store.active_policy()?.unwrap_or_default(),
        own_policy: false,
        log: agent.store.log_state(),
        request: request.clone(),
        requester,
        beneficiary,
        people: BTreeMap::new(),
        holdings,
        reserved,
        linked: BTreeMap::new(),
        earlier,
        targets,
        bound_powers,
        approvals,
        lifts,
        advice: Advice::Nothing,
        analysis: None,
        facts: fact(
            directory.facts(&request.id).map(Some),
            directory.name(),
            as_of,
        ),
        activity: Fact::Present {
            value: filed,
            source: "own store".to_owned(),
            as_of: now,
        },
        brakes,
    };
    let own: Vec<&Person> = [evidence.requester(), evidence.beneficiary()]
        .into_iter()
        .flatten()
        .collect();
    evidence.people = people::gather(directory, &own, &givers);
    let linked = linked::add(agent, &mut evidence, &own_grant)?;
    // What counts as held counts by what stands behind it, too.
    for name in evidence.names_held(agent.rules) {
        let target = || fact(directory.target(&name), directory.name(), as_of);
        evidence.targets.entry(name.clone()).or_insert_with(target);
    }
    let versions = versions.into_iter().chain(linked).collect();
    evidence.own_policy = is_own_policy(agent, &evidence)?;
    Ok(Gathered { evidence, versions })
}

/// Whether the requester, the beneficiary or another identity of theirs put the policy in force.
fn is_own_policy(agent: &Agent<'_>, evidence: &Evidence) -> Result<bool, StoreError> {
    let people = [evidence.requester(), evidence.beneficiary()];
    let own = people.into_iter().flatten();
    let ids = own.flat_map(|person| std::iter::once(&person.id).chain(&person.linked));
    for id in ids.chain(evidence.linked.keys()) {
        if agent.store.put_in_force(id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The catalogue id that is asked for, and those that could be offered instead.
fn offered_ids(agent: &Agent<'_>, request: &Request) -> Vec<String> {
    let canonical = request.access.canonical();
    let own = agent
        .rules
        .entitlement(canonical)
        .and_then(|id| agent.rules.entry(id));
    let narrower = agent
        .rules
        .narrower_chain(canonical)
        .into_iter()
        .map(ToOwned::to_owned);
    own.map(|entry| entry.id.clone())
        .into_iter()
        .chain(narrower)
        .collect()
}

fn person_fact(agent: &Agent<'_>, login: &str, now: Timestamp) -> Fact<Lookup> {
    let directory = agent.directory;
    fact(
        directory.find(login),
        directory.name(),
        directory.as_of(now),
    )
}

fn fact<T>(answer: Result<Option<T>, PortError>, source: &str, as_of: Timestamp) -> Fact<T> {
    match answer {
        Ok(Some(value)) => Fact::Present {
            value,
            source: source.to_owned(),
            as_of,
        },
        Ok(None) => Fact::Absent {
            source: source.to_owned(),
            as_of,
        },
        Err(error) => Fact::Unreachable {
            source: source.to_owned(),
            reason: error.to_string(),
        },
    }
}

type Reviews = (
    Vec<decision::evidence::record::Approval>,
    Vec<decision::evidence::record::LiftRecord>,
);

fn reviews(agent: &Agent<'_>, request: &str) -> Result<Reviews, StoreError> {
    let mut approvals = Vec::new();
    let mut lifts = Vec::new();
    for review in agent.store.reviews(request)? {
        match review {
            ReviewRow::Approval(approval) => approvals.push(approval),
            ReviewRow::Lift(lift) => lifts.push(lift),
            ReviewRow::Denial(_) | ReviewRow::Question(_) | ReviewRow::Narrowing(_) => (),
        }
    }
    Ok((approvals, lifts))
}

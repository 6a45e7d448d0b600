//! Fault switches: a wrapper around a directory or provisioner that fails when told to, for tests and demonstrations.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use decision::evidence::record::{Holdings, Lookup, Person, Target};
use decision::gate::Grant;
use decision::rules::policy::Attribute;
use decision::time::Timestamp;
use ports::{Committed, Directory, Effect, Held, PortError, Provisioner, Revocation, Seen};

/// How the next change goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and nobody can tell: the request was lost.
    LostBefore,
    /// It is done, and nobody can tell: the answer was lost.
    LostAfter,
    /// It is refused, and nothing is done.
    Refused,
    /// It is done twice: the network delivered it again.
    Twice,
    /// It goes well. Keeps the place of a change that shall not fail.
    None,
}

/// A change that reached the wrapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A grant, by its id.
    Grant(String),
    /// A revocation, by the id of its grant.
    Revoke(String),
    /// A look at person and entitlement.
    Look(String, String),
}

/// Wraps `inner`. Faults are used up in order, one for each change or look; then everything goes well again.
#[derive(Debug)]
pub struct Faulty<P> {
    inner: P,
    switches: Mutex<Switches>,
}

#[derive(Debug, Default)]
struct Switches {
    changes: VecDeque<Fault>,
    looks: VecDeque<Option<PortError>>,
    down: Option<PortError>,
    calls: Vec<Call>,
}

impl<P> Faulty<P> {
    /// A wrapper in which nothing goes wrong yet.
    pub fn new(inner: P) -> Self {
        Self {
            inner,
            switches: Mutex::default(),
        }
    }

    /// What is wrapped.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// Makes one of the next changes go wrong: faults wait in line.
    pub fn fail_change(&self, fault: Fault) {
        self.lock().changes.push_back(fault);
    }

    /// Makes one of the next looks fail; `None` keeps the place of one that goes well.
    pub fn fail_look(&self, error: Option<PortError>) {
        self.lock().looks.push_back(error);
    }

    /// Makes every question to the directory fail, until it is called with `None`. Changes and looks are not
    /// affected.
    pub fn take_down(&self, error: Option<PortError>) {
        self.lock().down = error;
    }

    /// Every change and look so far, those that went wrong included.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_change(&self, call: Call) -> Fault {
        let mut switches = self.lock();
        switches.calls.push(call);
        switches.changes.pop_front().unwrap_or(Fault::None)
    }

    fn answer<T>(&self, ask: impl FnOnce(&P) -> Result<T, PortError>) -> Result<T, PortError> {
        let down = self.lock().down.clone();
        down.map_or_else(|| ask(&self.inner), Err)
    }
}

fn change(fault: &Fault, change: impl Fn() -> Effect) -> Effect {
    match fault {
        Fault::None => change(),
        Fault::LostBefore => Effect::Unknown("the request was lost".to_owned()),
        Fault::LostAfter => {
            change();
            Effect::Unknown("the answer was lost".to_owned())
        }
        Fault::Refused => Effect::Refused("a fault switch refuses".to_owned()),
        Fault::Twice => {
            change();
            change()
        }
    }
}

impl<P: Provisioner> Provisioner for Faulty<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn grant(&self, grant: &Committed<Grant>) -> Effect {
        let fault = self.next_change(Call::Grant(grant.id().to_owned()));
        change(&fault, || self.inner.grant(grant))
    }

    fn revoke(&self, revocation: &Committed<Revocation>) -> Effect {
        let fault = self.next_change(Call::Revoke(revocation.id().to_owned()));
        change(&fault, || self.inner.revoke(revocation))
    }

    fn look(&self, person: &str, entitlement: &str) -> Result<Option<Seen>, PortError> {
        let mut switches = self.lock();
        switches
            .calls
            .push(Call::Look(person.to_owned(), entitlement.to_owned()));
        let fault = switches.looks.pop_front().flatten();
        drop(switches);
        fault.map_or_else(|| self.inner.look(person, entitlement), Err)
    }

    fn held_by(&self, grant: &str) -> Result<Option<Held>, PortError> {
        self.inner.held_by(grant)
    }
}

impl<D: Directory> Directory for Faulty<D> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn as_of(&self, now: Timestamp) -> Timestamp {
        self.inner.as_of(now)
    }

    fn find(&self, login: &str) -> Result<Option<Lookup>, PortError> {
        self.answer(|inner| inner.find(login))
    }

    fn person(&self, id: &str) -> Result<Option<Person>, PortError> {
        self.answer(|inner| inner.person(id))
    }

    fn holdings(&self, person: &str) -> Result<Holdings, PortError> {
        self.answer(|inner| inner.holdings(person))
    }

    fn facts(&self, request: &str) -> Result<BTreeMap<String, Attribute>, PortError> {
        self.answer(|inner| inner.facts(request))
    }

    fn target(&self, entitlement: &str) -> Result<Option<Target>, PortError> {
        self.answer(|inner| inner.target(entitlement))
    }
}

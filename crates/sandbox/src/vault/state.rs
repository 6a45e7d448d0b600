//! All that the vault holds, and the ways to find something in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::time::Instant;

use super::fault::{Fault, FaultRule, Route};
use super::id::Id;
use super::options::{Action, Options};
use super::records::{Approval, AuditEntry, Landmarks, Planted, Request, Right, Status, Verb};
use super::time;
use crate::random::Random;

/// A made-up secret. It is printed as dots all the same, so that tests of logs mean something.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("••••••")
    }
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) login: String,
    pub(crate) display: String,
    pub(crate) team: &'static str,
    pub(crate) groups: Vec<&'static str>,
    pub(crate) rights: BTreeSet<Right>,
}

/// How an asset's record answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordAnswer {
    Full,
    Unauthorized,
    Broken,
}

/// An asset or a container: a container is an asset that others have as their parent.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) parent: Option<usize>,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) secret: Option<Secret>,
    /// Logins that may read the secret; everybody with the right when there is none.
    pub(crate) readers: Vec<&'static str>,
    pub(crate) record: RecordAnswer,
}

/// Name of the type of a container.
pub(crate) const CONTAINER: &str = "Container";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormKind {
    Automatic,
    Interactive,
    /// Nothing can be submitted from the first hour (UTC) up to the second.
    Restricting {
        from_hour: i64,
        to_hour: i64,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) group: &'static str,
    pub(crate) required: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) id: Id,
    pub(crate) name: &'static str,
    pub(crate) kind: FormKind,
    pub(crate) levels: Vec<Level>,
}

/// Binds a form to an asset or to all in a container.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    pub(crate) form: usize,
    /// All actions when there is none.
    pub(crate) actions: Vec<Action>,
    /// Group that it is for; everybody when there is none.
    pub(crate) targets: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) by: usize,
    pub(crate) level: usize,
    pub(crate) at: i64,
    pub(crate) reason: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    pub(crate) status: Status,
    pub(crate) action: Action,
    pub(crate) asset: usize,
    pub(crate) requestor: usize,
    pub(crate) message: String,
    pub(crate) created: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) approved: Option<i64>,
    pub(crate) completed: Option<i64>,
    pub(crate) exclusive: bool,
    pub(crate) form: usize,
    pub(crate) level: usize,
    pub(crate) approvals: Vec<Given>,
    pub(crate) rejected: Option<(usize, String)>,
}

/// The vault's clock: it stands, or runs with the machine's.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    at: i64,
    running_since: Option<Instant>,
}

impl Clock {
    pub(crate) fn new(at: i64, runs: bool) -> Self {
        Self {
            at,
            running_since: runs.then(Instant::now),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        let passed = self.running_since.map_or(0, |since| {
            i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
        });
        self.at
            .saturating_add(passed)
            .clamp(time::EARLIEST, time::LATEST)
    }

    pub(crate) fn advance(&mut self, milliseconds: i64) {
        self.at = self
            .at
            .saturating_add(milliseconds)
            .clamp(time::EARLIEST, time::LATEST);
    }
}

/// The most audit entries that are kept; the oldest go first.
const AUDIT_MAX: usize = 200_000;

/// The vault's whole state.
pub(crate) struct Vault {
    /// Scheme, host and port under which the vault is served.
    pub(crate) origin: String,
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) users: Vec<User>,
    pub(crate) logins: HashMap<String, usize>,
    pub(crate) assets: Vec<Asset>,
    pub(crate) asset_ids: HashMap<Id, usize>,
    pub(crate) forms: Vec<Form>,
    /// By the asset or container they are attached to.
    pub(crate) selectors: HashMap<usize, Vec<Selector>>,
    pub(crate) requests: Vec<Entry>,
    pub(crate) request_ids: HashMap<Id, usize>,
    /// Requests in the order of `created`, so that a page needs no sorting.
    pub(crate) by_created: Vec<usize>,
    /// Requests of a person on an asset, oldest first.
    pub(crate) own: HashMap<(usize, usize), Vec<usize>>,
    /// Approved requests by the end of their window. Some may have been completed since.
    pub(crate) ending: BinaryHeap<Reverse<(i64, usize)>>,
    /// The last request that was approved for one person alone, by asset.
    pub(crate) exclusive: HashMap<usize, usize>,
    pub(crate) audit: VecDeque<AuditEntry>,
    pub(crate) faults: Vec<FaultRule>,
    pub(crate) calls: BTreeMap<Route, u64>,
    pub(crate) revoked: HashSet<String>,
    pub(crate) planted: Vec<Planted>,
    pub(crate) landmarks: Landmarks,
}

impl Vault {
    /// A vault of `options`, filled from its seed.
    pub(crate) fn new(options: Options, origin: String) -> Self {
        let mut vault = Self {
            origin,
            clock: Clock::new(options.start_ms, options.clock_runs),
            random: Random::new(options.seed),
            users: Vec::new(),
            logins: HashMap::new(),
            assets: Vec::new(),
            asset_ids: HashMap::new(),
            forms: Vec::new(),
            selectors: HashMap::new(),
            requests: Vec::new(),
            request_ids: HashMap::new(),
            by_created: Vec::new(),
            own: HashMap::new(),
            ending: BinaryHeap::new(),
            exclusive: HashMap::new(),
            audit: VecDeque::new(),
            faults: options.faults.clone(),
            calls: BTreeMap::new(),
            revoked: HashSet::new(),
            planted: Vec::new(),
            landmarks: Landmarks::default(),
            options,
        };
        super::seed::fill(&mut vault);
        vault
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    pub(crate) fn add_user(&mut self, user: User) -> usize {
        let number = self.users.len();
        self.logins.insert(user.login.clone(), number);
        self.users.push(user);
        number
    }

    pub(crate) fn add_asset(&mut self, asset: Asset) -> usize {
        let number = self.assets.len();
        self.asset_ids.insert(asset.id, number);
        self.assets.push(asset);
        number
    }

    /// Puts a request where its `created` belongs.
    pub(crate) fn add_request(&mut self, entry: Entry) -> usize {
        let number = self.requests.len();
        let place = self
            .by_created
            .partition_point(|&other| self.created(other) <= entry.created);
        self.by_created.insert(place, number);
        self.request_ids.insert(entry.id, number);
        self.own
            .entry((entry.requestor, entry.asset))
            .or_default()
            .push(number);
        if entry.status == Status::Approved {
            self.ending.push(Reverse((entry.to, number)));
        }
        self.requests.push(entry);
        number
    }

    pub(crate) fn created(&self, request: usize) -> i64 {
        self.requests.get(request).map_or(0, |entry| entry.created)
    }

    /// The request of an id as text.
    pub(crate) fn request(&self, id: &str) -> Option<usize> {
        self.request_ids.get(&Id::parse(id)?).copied()
    }

    /// The asset or container of an id as text.
    pub(crate) fn asset(&self, id: &str) -> Option<usize> {
        self.asset_ids.get(&Id::parse(id)?).copied()
    }

    pub(crate) fn login(&self, user: usize) -> &str {
        self.users.get(user).map_or("", |user| &user.login)
    }

    pub(crate) fn may(&self, user: usize, right: Right) -> bool {
        self.users
            .get(user)
            .is_some_and(|user| user.rights.contains(&right))
    }

    pub(crate) fn is_in(&self, user: usize, group: &str) -> bool {
        self.users
            .get(user)
            .is_some_and(|user| user.groups.contains(&group))
    }

    /// Containers of an asset from the root down, joined with ` / `.
    pub(crate) fn path(&self, asset: usize) -> String {
        let mut names = Vec::new();
        let mut next = self.assets.get(asset).and_then(|asset| asset.parent);
        while let Some(container) = next.and_then(|number| self.assets.get(number)) {
            names.push(container.name.as_str());
            next = container.parent;
        }
        names.reverse();
        names.join(" / ")
    }

    /// The form that an action on an asset takes for a user: the nearest selector on the way to the root.
    pub(crate) fn form_for(&self, asset: usize, action: Action, user: usize) -> Option<usize> {
        let mut next = Some(asset);
        while let Some(number) = next {
            let fits = |selector: &&Selector| {
                (selector.actions.is_empty() || selector.actions.contains(&action))
                    && selector.targets.is_none_or(|group| self.is_in(user, group))
            };
            let found = self
                .selectors
                .get(&number)
                .and_then(|selectors| selectors.iter().find(fits));
            if let Some(selector) = found {
                return Some(selector.form);
            }
            next = self.assets.get(number).and_then(|asset| asset.parent);
        }
        None
    }

    /// Counts a call and takes the fault that it runs into. The latest rule counts.
    pub(crate) fn called(&mut self, route: Route) -> Option<Fault> {
        let calls = self.calls.entry(route).or_default();
        *calls = calls.saturating_add(1);
        let place = self
            .faults
            .iter()
            .rposition(|rule| rule.route.is_none_or(|hit| hit == route) && rule.times != Some(0))?;
        let rule = self.faults.get_mut(place)?;
        rule.times = rule.times.map(|times| times.saturating_sub(1));
        let fault = rule.fault.clone();
        self.faults.retain(|rule| rule.times != Some(0));
        Some(fault)
    }

    pub(crate) fn record(
        &mut self,
        user: Option<usize>,
        verb: Verb,
        request: Option<usize>,
        asset: usize,
        (reason, content_type): (&str, Option<&str>),
    ) {
        if self.audit.len() >= AUDIT_MAX {
            self.audit.pop_front();
        }
        let id_of_request = request
            .and_then(|number| self.requests.get(number))
            .map(|entry| entry.id.to_string());
        let entry = AuditEntry {
            at_ms: self.now(),
            user: user.map_or("vault", |user| self.login(user)).to_owned(),
            verb,
            request: id_of_request,
            asset: self.asset_id(asset),
            reason: reason.to_owned(),
            content_type: content_type.map(str::to_owned),
        };
        self.audit.push_back(entry);
    }

    pub(crate) fn asset_id(&self, asset: usize) -> String {
        self.assets
            .get(asset)
            .map_or_else(String::new, |asset| asset.id.to_string())
    }

    /// A request as it stands.
    pub(crate) fn show(&self, number: usize) -> Option<Request> {
        let entry = self.requests.get(number)?;
        let asset = self.assets.get(entry.asset)?;
        let form = self.forms.get(entry.form)?;
        let approvals = entry.approvals.iter().map(|given| Approval {
            by: self.login(given.by).to_owned(),
            level: given.level,
            at_ms: given.at,
            reason: given.reason.clone(),
        });
        Some(Request {
            id: entry.id.to_string(),
            status: entry.status,
            action: entry.action,
            asset: asset.id.to_string(),
            asset_name: asset.name.clone(),
            path: self.path(entry.asset),
            requestor: self.login(entry.requestor).to_owned(),
            message: entry.message.clone(),
            created_ms: entry.created,
            from_ms: entry.from,
            to_ms: entry.to,
            approved_ms: entry.approved,
            completed_ms: entry.completed,
            exclusive: entry.exclusive,
            form: form.name.to_owned(),
            level: entry.level,
            levels: form.levels.len(),
            approvals: approvals.collect(),
            rejected: entry
                .rejected
                .as_ref()
                .map(|(by, reason)| (self.login(*by).to_owned(), reason.clone())),
        })
    }
}

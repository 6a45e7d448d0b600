//! All that the vault holds, and the ways to find something in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque};

use super::clock::Clock;
use super::entities::{Asset, Entry, Form, Selector, User};
use super::fault::{Fault, FaultRule, Route};
use super::id::Id;
use super::options::{Action, Options};
use super::records::{Approval, AuditEntry, Landmarks, Planted, Request, Right, Status, Verb};
use crate::random::Random;

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

    /// Changes options while the vault runs, all or none. Faults count now, and do not come back with a reset.
    pub(crate) fn switch<E>(
        &mut self,
        change: impl FnOnce(&mut Options) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut options = self.options.clone();
        options.faults.clone_from(&self.faults);
        change(&mut options)?;
        self.faults = std::mem::take(&mut options.faults);
        options.faults.clone_from(&self.options.faults);
        self.options = options;
        Ok(())
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

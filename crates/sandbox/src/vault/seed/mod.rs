//! Fills a vault from its seed: people, assets, forms, ordinary requests, and planted cases.

mod assets;
mod containers;
mod people;
mod planted;
mod routine;

use super::entities::{Entry, Given};
use super::id::Id;
use super::options::Action;
use super::records::Status;
use super::state::Vault;
use super::time::{DAY, HOUR, MINUTE, hour, weekday};
use crate::random::Random;

pub(super) use assets::type_names;

/// What the parts of the seed hand to each other.
struct World {
    /// Those who ask, without approvers and the agent.
    people: Vec<usize>,
    places: assets::Places,
}

/// Puts everything into an empty vault.
pub(super) fn fill(vault: &mut Vault) {
    let people = people::fill(vault);
    let places = assets::fill(vault);
    let world = World { people, places };
    routine::fill(vault, &world);
    if vault.options.planted {
        planted::fill(vault, &world);
    }
    vault.landmarks = assets::landmarks(vault, &world.places);
}

/// New requests by people who ask, at the vault's present time.
pub(super) fn arrive(vault: &mut Vault, count: usize) {
    if count == 0 {
        return;
    }
    let people: Vec<usize> = (0..vault.users.len())
        .filter(|&user| {
            vault
                .users
                .get(user)
                .is_some_and(|user| user.groups.is_empty())
        })
        .collect();
    let assets: Vec<usize> = (0..vault.assets.len())
        .filter(|&asset| {
            vault
                .assets
                .get(asset)
                .is_some_and(|asset| asset.kind == "Windows Host")
        })
        .collect();
    let created = vault.now();
    for _ in 0..count {
        let requestor = vault.random.pick(&people);
        let asset = vault.random.pick(&assets);
        let message = format!("Follow-up of INC-{}", 50_000 + vault.requests.len());
        vault.plant(Draft {
            requestor,
            asset,
            action: Action::AssetAccess,
            message,
            created,
        });
    }
}

/// Monday to Friday, from 08:00 up to 17:00 UTC.
fn in_business(at: i64) -> bool {
    weekday(at) < 5 && (8..17).contains(&hour(at))
}

/// The business moment that lies `slots` steps of eleven minutes before `at`, nights and weekends not counted.
fn business_before(at: i64, slots: usize) -> i64 {
    let mut at = at - 3 * MINUTE;
    let mut left = slots;
    // Three days of steps without business hours at most, and nine hours of steps on each day.
    for _ in 0..100_000 {
        if in_business(at) {
            if left == 0 {
                return at;
            }
            left -= 1;
        }
        at -= 11 * MINUTE;
    }
    at
}

/// A number below `end`, for milliseconds.
fn below(random: &mut Random, end: i64) -> i64 {
    i64::try_from(random.below(usize::try_from(end).unwrap_or(0))).unwrap_or(0)
}

/// A request that is still to get its end.
struct Draft {
    requestor: usize,
    asset: usize,
    action: Action,
    message: String,
    created: i64,
}

impl Vault {
    /// Adds a request as Active, with a window of three days, or to the end of tomorrow if that is later.
    fn plant(&mut self, draft: Draft) -> usize {
        let id = Id::next(&mut self.random);
        let form = self
            .form_for(draft.asset, draft.action, draft.requestor)
            .unwrap_or_default();
        let to = (draft.created + 3 * DAY).max(self.options.start_ms + DAY);
        self.add_request(Entry {
            id,
            status: Status::Active,
            action: draft.action,
            asset: draft.asset,
            requestor: draft.requestor,
            message: draft.message,
            created: draft.created,
            from: draft.created,
            to,
            approved: None,
            completed: None,
            exclusive: false,
            form,
            level: 1,
            approvals: Vec::new(),
            rejected: None,
        })
    }

    /// Gives a request all its approvals some minutes after it was made.
    fn plant_approvals(&mut self, number: usize, minutes: i64) {
        let Some(entry) = self.requests.get(number) else {
            return;
        };
        let (form, at, requestor) = (
            entry.form,
            entry.created + minutes * MINUTE,
            entry.requestor,
        );
        let levels = self
            .forms
            .get(form)
            .map_or_else(Vec::new, |form| form.levels.clone());
        let mut approvals = Vec::new();
        for (level, needed) in levels.iter().enumerate() {
            let givers = (0..self.users.len())
                .filter(|&user| user != requestor && self.login(user) != super::records::AGENT)
                .filter(|&user| self.is_in(user, needed.group));
            approvals.extend(givers.take(needed.required).map(|by| Given {
                by,
                level: level + 1,
                at,
                reason: "Fits the change.".to_owned(),
            }));
        }
        if let Some(entry) = self.requests.get_mut(number) {
            entry.level = levels.len().max(1);
            entry.approvals = approvals;
            entry.approved = Some(at);
        }
    }

    /// Approves a request until `to`, and leaves it so.
    fn plant_approved(&mut self, number: usize, minutes: i64, to: i64) {
        self.plant_approvals(number, minutes);
        if let Some(entry) = self.requests.get_mut(number) {
            entry.status = Status::Approved;
            entry.to = to;
            self.ending.push(std::cmp::Reverse((to, number)));
        }
    }

    /// Approves a request and completes it after some hours, before the clock starts.
    fn plant_completed(&mut self, number: usize, minutes: i64, hours: i64) {
        self.plant_approvals(number, minutes);
        let start = self.options.start_ms;
        if let Some(entry) = self.requests.get_mut(number) {
            let earliest = entry.created + (minutes + 1) * MINUTE;
            entry.to = entry.created + 8 * HOUR;
            entry.status = Status::Completed;
            entry.completed = Some(
                (earliest + hours * HOUR)
                    .min(entry.to)
                    .min(start.max(earliest)),
            );
        }
    }

    /// Rejects a request.
    fn plant_rejected(&mut self, number: usize, by: usize, reason: &str) {
        if let Some(entry) = self.requests.get_mut(number) {
            entry.status = Status::Rejected;
            entry.rejected = Some((by, reason.to_owned()));
        }
    }
}

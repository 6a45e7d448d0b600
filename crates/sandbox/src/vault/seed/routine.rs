//! Ordinary requests of thirty days: people on their usual assets, in business hours, with a reason of their own.

use super::super::options::Action;
use super::super::records::Status;
use super::super::state::Vault;
use super::super::time::{DAY, HOUR, MINUTE};
use super::people::TEAMS;
use super::{Draft, World, below, in_business};

/// What people write. Each gets a number that no other has.
const WORK: &[(&str, &str)] = &[
    ("Deploy of build", "CHG"),
    ("Patch verification after", "CHG"),
    ("Failed nightly job, see", "INC"),
    ("Disk nearly full, clean-up for", "INC"),
    ("Certificate renewal in", "CHG"),
    ("Log collection for", "INC"),
    ("Driver update, ticket", "INC"),
    ("Restore test as planned in", "CHG"),
    ("Index rebuild agreed in", "CHG"),
    ("Configuration compare for", "INC"),
];

/// Adds as many ordinary requests as the options say, in the order of time.
pub(super) fn fill(vault: &mut Vault, world: &World) {
    let start = vault.options.start_ms;
    let count = vault.options.requests;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        times.push(business_time(vault, start));
    }
    times.sort_unstable();
    let usual: Vec<Vec<usize>> = world
        .people
        .iter()
        .map(|&person| usual_assets(vault, world, person))
        .collect();
    for (number, created) in times.into_iter().enumerate() {
        let who = vault.random.below(world.people.len());
        let requestor = world.people.get(who).copied().unwrap_or_default();
        let assets = usual.get(who).map_or(&[][..], Vec::as_slice);
        let asset = if vault.random.below(4) > 0 {
            assets.first().copied().unwrap_or_default()
        } else {
            vault.random.pick(assets)
        };
        let action = if vault.random.below(4) == 0 {
            Action::AssetUnlock
        } else {
            Action::AssetAccess
        };
        let (work, kind) = vault.random.pick(WORK);
        let message = format!("{work} {kind}-{}", 1_000 + number);
        end(
            vault,
            Draft {
                requestor,
                asset,
                action,
                message,
                created,
            },
        );
    }
}

/// A moment of the last thirty days in business hours.
fn business_time(vault: &mut Vault, start: i64) -> i64 {
    let mut at = start - DAY;
    // One in four moments is in business hours, so that 100 tries do not run out.
    for _ in 0..100 {
        at = start - MINUTE - below(&mut vault.random, 30 * DAY - HOUR);
        if in_business(at) {
            break;
        }
    }
    at
}

/// The assets with which a person works: two, or more where there are many for few.
fn usual_assets(vault: &mut Vault, world: &World, person: usize) -> Vec<usize> {
    let team = vault.users.get(person).map_or("", |user| user.team);
    let containers = TEAMS
        .iter()
        .find(|(name, _, _)| *name == team)
        .map_or(&[][..], |(_, _, containers)| *containers);
    let many = vault.options.assets / vault.options.people.saturating_mul(5).max(1);
    (0..many.clamp(2, 200))
        .map(|_| {
            let container = vault.random.pick(containers);
            let ordinary = world.places.ordinary(container);
            if ordinary.is_empty() {
                world
                    .places
                    .ordinary("Workstations")
                    .first()
                    .copied()
                    .unwrap_or_default()
            } else {
                vault.random.pick(ordinary)
            }
        })
        .collect()
}

/// What became of a request by the time the clock starts. Only young ones are still Active or Approved.
fn end(vault: &mut Vault, draft: Draft) {
    let start = vault.options.start_ms;
    let age = start - draft.created;
    let roll = vault.random.below(100);
    let minutes = 2 + below(&mut vault.random, 50);
    let hours = 1 + below(&mut vault.random, 6);
    let again = vault
        .newest(draft.requestor, draft.asset, draft.action)
        .and_then(|number| vault.requests.get(number))
        .is_some_and(|entry| matches!(entry.status, Status::Active | Status::Approved));
    let automatic = vault
        .form_for(draft.asset, draft.action, draft.requestor)
        .and_then(|form| vault.forms.get(form))
        .is_some_and(|form| form.levels.is_empty());
    let approver = vault.logins.get("manager-001").copied().unwrap_or_default();
    let number = vault.plant(draft);
    if age < 2 * DAY && roll < 60 && !again && !automatic {
        // Still Active.
    } else if age < 5 * DAY && roll < 75 && !again && age > HOUR {
        vault.plant_approved(number, minutes, start + hours * HOUR * 4);
    } else if roll < 83 || automatic || roll >= 90 {
        vault.plant_completed(number, minutes, hours);
    } else {
        vault.plant_rejected(number, approver, "No change window agreed.");
    }
}

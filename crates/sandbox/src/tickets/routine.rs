//! What most tickets are: usual access for the role, complete, approved.

use super::Draft;
use crate::Expected;
use crate::catalogue::{Entry, entries};
use crate::people::World;
use crate::roles::standard_of;

const ROUTINE: usize = 64;

const DURATIONS: &[&str] = &["", "", "8h", "PT4H", "7d", "P14D", "30d", "2w", "60d"];

pub(super) fn drafts(world: &mut World) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = (0..ROUTINE).map(|_| routine(world)).collect();
    drafts.extend(for_a_colleague(world));
    drafts.extend(look_dangerous(world));
    drafts
}

/// Something that is usual for the person's role and that they do not hold, not even by a higher level.
pub(super) fn usual(world: &mut World, person: usize) -> &'static Entry {
    let found = world.people.get(person);
    let (role, held) = found.map_or(("", &[][..]), |person| (person.role, &person.holds));
    let resource = |id: &'static str| id.split(':').next().unwrap_or_default();
    let held: Vec<&str> = held
        .iter()
        .map(|held| resource(held))
        .chain(["intranet"])
        .collect();
    let names: Vec<&str> = standard_of(role)
        .into_iter()
        .filter(|name| !held.contains(&resource(name)))
        .collect();
    let name = world.random.pick(&names);
    let fallback = || entries().next();
    entries()
        .find(|entry| entry.id == name)
        .or_else(fallback)
        .unwrap_or(&NOTHING)
}

static NOTHING: Entry = Entry {
    id: "",
    meaning: "",
    owner: "",
    system: "",
    environment: "",
    sensitivity: "",
    aliases: &[],
    tags: &[],
    narrower: "",
    maximum: "",
    standing: "",
    break_glass: "",
    reach: (0, 0, 0),
};

fn routine(world: &mut World) -> Draft {
    let person = world.take_any();
    let entry = usual(world, person);
    let mut draft = Draft::new(
        world,
        person,
        entry.id,
        Expected::AutoProvision,
        "usual for the role",
    );
    let duration = world.random.pick(DURATIONS);
    if !duration.is_empty() {
        draft.duration = Some(duration);
    } else if world.random.below(4) == 0 {
        draft.until = Some("2026-12-18T18:00:00Z");
    }
    draft
}

/// A delegate files; the manager, who is somebody else, approves.
fn for_a_colleague(world: &mut World) -> Vec<Draft> {
    ["support", "engineer"]
        .map(|role| {
            let (filer, person) = (world.take(role), world.take(role));
            let filer = world.login(filer);
            if let Some(person) = world.people.get_mut(person) {
                person.delegates.push(filer.clone());
            }
            let entry = usual(world, person);
            let about = "filed by a delegate, approved by the manager";
            let mut draft = Draft::new(world, person, entry.id, Expected::AutoProvision, about);
            draft.on_behalf_of = Some(std::mem::replace(&mut draft.requester, filer));
            draft
        })
        .into()
}

/// Names and texts that sound dangerous and are not.
fn look_dangerous(world: &mut World) -> Vec<Draft> {
    let sales = world.take("sales");
    drop_held(world, sales, "product-catalog");
    let catalog = Draft::new(
        world,
        sales,
        "product-catalog:read",
        Expected::AutoProvision,
        "`product` is not `prod`",
    );
    let buyer = world.take("procurement");
    drop_held(world, buyer, "goods-receipt");
    drop_held(world, buyer, "invoice");
    world.hold(buyer, "purchase-order:create");
    let two_of_three = Draft::new(
        world,
        buyer,
        "goods-receipt:confirm",
        Expected::AutoProvision,
        "two of the three sides of a rule",
    );
    let engineer = world.take("engineer");
    drop_held(world, engineer, "logs");
    let alias = Draft::new(
        world,
        engineer,
        "log-search:read",
        Expected::AutoProvision,
        "asked for by its alias",
    );
    let spaced = world.take("engineer");
    drop_held(world, spaced, "metrics");
    let spaces = Draft::new(
        world,
        spaced,
        "  metrics : read ",
        Expected::AutoProvision,
        "spaces around the colon",
    );
    vec![catalog, two_of_three, alias, spaces]
}

/// Takes away what somebody holds of a resource.
pub(super) fn drop_held(world: &mut World, person: usize, resource: &str) {
    if let Some(person) = world.people.get_mut(person) {
        person
            .holds
            .retain(|held| held.split(':').next() != Some(resource));
    }
}

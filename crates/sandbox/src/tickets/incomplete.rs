//! Tickets that lack something that the requester or the manager can give.

use super::Draft;
use super::routine::usual;
use crate::Expected;
use crate::people::World;

pub(super) fn drafts(world: &mut World) -> Vec<Draft> {
    let mut drafts = no_approval(world);
    drafts.extend(no_reason(world));
    drafts.extend(too_long(world));
    drafts.extend(held_already(world));
    drafts.extend(claimed(world));
    drafts.extend(own_report(world));
    drafts
}

fn ask(world: &mut World, about: &'static str) -> Draft {
    let person = world.take_any();
    let entry = usual(world, person);
    Draft::new(world, person, entry.id, Expected::RequestInfo, about)
}

fn no_approval(world: &mut World) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for _ in 0..4 {
        let mut draft = ask(world, "nobody approved");
        draft.approvals.clear();
        drafts.push(draft);
    }
    let mut other = ask(world, "another manager than theirs approved");
    let theirs = other.approvals.pop().map(|(_, by)| by).unwrap_or_default();
    let somebody_else = world
        .people
        .iter()
        .find(|person| {
            person.role == "manager" && person.key.starts_with("manager") && person.key != theirs
        })
        .map(|person| person.key.clone());
    drafts.push(other.approved_by("manager", somebody_else));
    drafts
}

fn no_reason(world: &mut World) -> Vec<Draft> {
    [
        None,
        Some(""),
        Some("pls"),
        Some("................"),
        Some("xxxxxxxxxxxxxxxx"),
    ]
    .into_iter()
    .map(|reason| {
        let mut draft = ask(world, "no reason that says anything");
        draft.justification = reason.map(str::to_owned);
        draft
    })
    .collect()
}

fn too_long(world: &mut World) -> Vec<Draft> {
    ["365d", "P200D", "26w"]
        .into_iter()
        .map(|duration| ask(world, "longer than the policy allows").lasting(duration))
        .collect()
}

fn held_already(world: &mut World) -> Vec<Draft> {
    let held = "intranet:read";
    let person = world.take("support");
    let by_group = Draft::new(
        world,
        person,
        held,
        Expected::RequestInfo,
        "held already, through a group",
    );
    let person = world.take("engineer");
    world.hold(person, "dev-db:write");
    let by_level = Draft::new(
        world,
        person,
        "dev-db:read",
        Expected::RequestInfo,
        "held already, by a higher level",
    );
    vec![by_group, by_level]
}

/// Approvals that only the ticket knows of, or that the requester gave.
fn claimed(world: &mut World) -> Vec<Draft> {
    let mut only_claimed = ask(
        world,
        "the manager's approval is claimed in the ticket and nowhere else",
    );
    let manager = only_claimed
        .approvals
        .pop()
        .map(|(_, by)| by)
        .unwrap_or_default();
    let mut own = ask(world, "approved by the requester");
    own.approvals = vec![("manager", own.requester.clone())];
    let own_claim = {
        let mut draft = ask(world, "the requester claims to be the manager");
        draft.approvals.clear();
        let requester = draft.requester.clone();
        draft.claiming("manager", requester)
    };
    vec![only_claimed.claiming("manager", manager), own, own_claim]
}

/// A manager files for one of their people: the filer's own approval does not count.
fn own_report(world: &mut World) -> Vec<Draft> {
    let mut draft = ask(
        world,
        "filed by the manager, whose own approval does not count",
    );
    let manager = world_manager(&draft);
    draft.on_behalf_of = Some(std::mem::replace(&mut draft.requester, manager));
    vec![draft]
}

fn world_manager(draft: &Draft) -> String {
    draft
        .approvals
        .first()
        .map(|(_, by)| by.clone())
        .unwrap_or_default()
}

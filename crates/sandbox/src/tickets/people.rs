//! Tickets of people who cannot be taken for granted: leaving, gone, unknown, several, or asking for somebody else.

use super::Draft;
use super::routine::usual;
use crate::Expected;
use crate::people::World;

pub(super) fn drafts(world: &mut World) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (role, day) in [("engineer", "2026-11-27"), ("sales", "2026-12-04")] {
        let person = world.take(role);
        if let Some(person) = world.people.get_mut(person) {
            person.leaves_at = day;
        }
        drafts.push(asked(world, person, "leaves within two weeks"));
    }
    let gone = world.add("contractor", "Platform");
    if let Some(person) = world.people.get_mut(gone) {
        person.status = "inactive";
        person.taken = true;
    }
    drafts.push(asked(world, gone, "no longer works here"));
    drafts.push(several(world));
    drafts.push(unknown(world));
    drafts.push(agent(world));
    for (filer, person) in [("support", "finance-ops"), ("engineer", "hr")] {
        let (filer, person) = (world.take(filer), world.take(person));
        let filer = world.login(filer);
        let mut draft = asked(
            world,
            person,
            "filed for somebody with whom there is no relation",
        );
        draft.on_behalf_of = Some(std::mem::replace(&mut draft.requester, filer));
        drafts.push(draft);
    }
    drafts
}

fn asked(world: &mut World, person: usize, about: &'static str) -> Draft {
    let entry = usual(world, person);
    Draft::new(world, person, entry.id, Expected::Escalate, about)
}

/// One login, two people: one came back under another id.
fn several(world: &mut World) -> Draft {
    let (first, second) = (
        world.add("contractor", "Platform"),
        world.add("contractor", "Mobile"),
    );
    let login = world.login(first);
    for person in [first, second] {
        if let Some(person) = world.people.get_mut(person) {
            person.taken = true;
            person.login = Some(login.clone());
        }
    }
    asked(world, first, "two people answer to the login")
}

fn unknown(world: &mut World) -> Draft {
    let person = world.take("engineer");
    let mut draft = asked(world, person, "nobody answers to the login");
    draft.requester = "engineer-9999".to_owned();
    draft
}

/// The program's own identity asks for something.
fn agent(world: &mut World) -> Draft {
    let agent = world.add("engineer", "Platform");
    if let Some(person) = world.people.get_mut(agent) {
        person.status = "agent";
        person.taken = true;
    }
    asked(world, agent, "the program itself asks")
}

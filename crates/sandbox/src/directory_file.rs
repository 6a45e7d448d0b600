//! The company's `directory.yml`.

use crate::people::{Group, Person, World};
use crate::policy_file::{line, list, quote};

/// The whole file.
pub(crate) fn write(world: &World) -> String {
    let mut out = String::from(
        "# People and groups of a small company that does not exist.\nversion: 1\n\npeople:\n",
    );
    for person in &world.people {
        line(
            &mut out,
            format_args!("  {}: {{ {} }}", quote(&person.key), facts(person)),
        );
    }
    out.push_str("\ngroups:\n");
    for (name, group) in &world.groups {
        line(
            &mut out,
            format_args!("  {}: {{ {} }}", quote(name), group_facts(group)),
        );
    }
    out.push_str("\nprovides: everything\ncoverage: everything\n");
    out
}

fn facts(person: &Person) -> String {
    let mut facts = vec![format!("id: {}", quote(&person.id))];
    let login = person.login.as_deref().unwrap_or_default();
    for (key, text) in [
        ("login", login),
        ("status", person.status),
        ("leaves_at", person.leaves_at),
        ("department", person.department),
        ("manager", &person.manager),
    ] {
        if !text.is_empty() {
            facts.push(format!("{key}: {}", quote(text)));
        }
    }
    if !person.role.is_empty() {
        facts.push(format!("roles: {}", list(&[person.role])));
    }
    for (key, names) in [("delegates", &person.delegates), ("linked", &person.linked)] {
        if !names.is_empty() {
            facts.push(format!("{key}: {}", owned_list(names)));
        }
    }
    if let Some((system, name)) = &person.account {
        facts.push(format!(
            "accounts: [{{ system: {}, name: {} }}]",
            quote(system),
            quote(name)
        ));
    }
    if !person.holds.is_empty() {
        facts.push(format!("holds: {}", list(&person.holds)));
    }
    facts.join(", ")
}

fn group_facts(group: &Group) -> String {
    let mut facts = Vec::new();
    if !group.system.is_empty() {
        facts.push(format!("system: {}", quote(group.system)));
    }
    for (key, names) in [("members", &group.members), ("groups", &group.groups)] {
        if !names.is_empty() {
            facts.push(format!("{key}: {}", owned_list(names)));
        }
    }
    if !group.grants.is_empty() {
        facts.push(format!("grants: {}", list(&group.grants)));
    }
    facts.join(", ")
}

fn owned_list(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    list(&names)
}

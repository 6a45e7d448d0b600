//! What the file says, before names are looked up: one struct for each part of the grammar.

use std::collections::BTreeMap;

use decision::evidence::record::{Coverage, PersonStatus};
use decision::rules::policy::{Attribute, Place};
use decision::time::Timestamp;
use marked_yaml::Node;

use super::attributes;
use super::problem::{Sink, quoted};
use super::tree::{self, Field, Named};
use crate::embedded_directory::truth::{Account, Provides};

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) people: Vec<DraftPerson>,
    pub(super) groups: Vec<DraftGroup>,
    pub(super) targets: Vec<DraftTarget>,
    pub(super) requests: BTreeMap<String, BTreeMap<String, Attribute>>,
    pub(super) provides: Provides,
    pub(super) coverage: Option<Coverage>,
}

#[derive(Debug)]
pub(super) struct DraftPerson {
    pub(super) key: Named,
    pub(super) id: Option<Named>,
    pub(super) login: Option<Named>,
    pub(super) status: PersonStatus,
    pub(super) leaves_at: Option<Timestamp>,
    pub(super) roles: Vec<Named>,
    pub(super) department: Option<Named>,
    pub(super) manager: Option<Named>,
    pub(super) groups: Vec<Named>,
    pub(super) delegates: Vec<Named>,
    pub(super) linked: Vec<Named>,
    pub(super) attributes: BTreeMap<String, Attribute>,
    pub(super) accounts: Vec<(Place, Account)>,
    pub(super) holds: Vec<DraftHolding>,
}

#[derive(Debug)]
pub(super) struct DraftHolding {
    pub(super) entitlement: Named,
    pub(super) through: Vec<Named>,
}

#[derive(Debug)]
pub(super) struct DraftGroup {
    pub(super) key: Named,
    pub(super) system: Option<Named>,
    pub(super) members: Vec<Named>,
    pub(super) groups: Vec<Named>,
    pub(super) grants: Vec<Named>,
}

#[derive(Debug)]
pub(super) struct DraftTarget {
    pub(super) key: Named,
    pub(super) id: Option<Named>,
    pub(super) name: Option<Named>,
    pub(super) path: Vec<Named>,
    pub(super) tags: Vec<Named>,
    pub(super) grants: Vec<Named>,
}

const TOP_KEYS: &[&str] = &[
    "version", "people", "groups", "targets", "requests", "provides", "coverage",
];
const PERSON_KEYS: &[&str] = &[
    "id",
    "login",
    "status",
    "leaves_at",
    "roles",
    "department",
    "manager",
    "groups",
    "delegates",
    "linked",
    "attributes",
    "accounts",
    "holds",
];
const GROUP_KEYS: &[&str] = &["system", "members", "groups", "grants"];
const TARGET_KEYS: &[&str] = &["id", "name", "path", "tags", "grants"];
const ACCOUNT_KEYS: &[&str] = &["system", "name"];
const HOLDING_KEYS: &[&str] = &["entitlement", "through"];
const STATES: &[(&str, PersonStatus)] = &[
    ("active", PersonStatus::Active),
    ("inactive", PersonStatus::Inactive),
    ("agent", PersonStatus::Agent),
];

pub(super) fn read(sink: &mut Sink, root: &Node) -> Draft {
    let mut draft = Draft::default();
    let fields = tree::fields(sink, root, "the directory file", TOP_KEYS);
    if fields.is_empty() && !sink.has_errors() {
        let message = "the file says nothing";
        sink.error(
            "file::empty",
            tree::place_at(1, 1),
            message,
            "begin with `people:`",
        );
    }
    for Field { key, value } in fields {
        match key.text.as_str() {
            "version" => version(sink, value),
            "people" => {
                let entries = tree::mapping(sink, value, "`people`");
                draft.people = entries
                    .into_iter()
                    .map(|entry| person(sink, entry))
                    .collect();
            }
            "groups" => {
                let entries = tree::mapping(sink, value, "`groups`");
                draft.groups = entries
                    .into_iter()
                    .map(|entry| group(sink, entry))
                    .collect();
            }
            "targets" => {
                let entries = tree::mapping(sink, value, "`targets`");
                draft.targets = entries
                    .into_iter()
                    .map(|entry| target(sink, entry))
                    .collect();
            }
            "requests" => {
                let entries = tree::mapping(sink, value, "`requests`");
                draft.requests = entries
                    .into_iter()
                    .map(|entry| {
                        (
                            entry.key.text,
                            attributes::read(sink, entry.value, "a request"),
                        )
                    })
                    .collect();
            }
            "provides" => draft.provides = provides(sink, value),
            "coverage" => draft.coverage = Some(coverage(sink, value)),
            // `fields` has refused every other key.
            _ => {}
        }
    }
    draft
}

fn version(sink: &mut Sink, node: &Node) {
    if let Some(given) = tree::name(sink, node, "`version`")
        && given.text != "1"
    {
        let message = format!("version {} is not known", quoted(&given.text));
        sink.error(
            "version::unknown",
            given.place,
            message,
            "write `version: 1`, or use a newer program",
        );
    }
}

fn person(sink: &mut Sink, entry: Field<'_>) -> DraftPerson {
    let what = format!("person {}", quoted(&entry.key.text));
    let mut person = DraftPerson {
        key: entry.key,
        id: None,
        login: None,
        status: PersonStatus::Active,
        leaves_at: None,
        roles: Vec::new(),
        department: None,
        manager: None,
        groups: Vec::new(),
        delegates: Vec::new(),
        linked: Vec::new(),
        attributes: BTreeMap::new(),
        accounts: Vec::new(),
        holds: Vec::new(),
    };
    for Field { key, value } in tree::fields(sink, entry.value, &what, PERSON_KEYS) {
        match key.text.as_str() {
            "id" => person.id = tree::name(sink, value, "the id"),
            "login" => person.login = tree::name(sink, value, "the login"),
            "status" => {
                person.status = tree::choice(sink, value, "status", STATES).unwrap_or_default();
            }
            "leaves_at" => person.leaves_at = tree::moment(sink, value, "`leaves_at`"),
            "roles" => person.roles = tree::names(sink, value, "`roles`"),
            "department" => person.department = tree::name(sink, value, "the department"),
            "manager" => person.manager = tree::name(sink, value, "the manager"),
            "groups" => person.groups = tree::names(sink, value, "`groups`"),
            "delegates" => person.delegates = tree::names(sink, value, "`delegates`"),
            "linked" => person.linked = tree::names(sink, value, "`linked`"),
            "attributes" => {
                person.attributes = attributes::read(sink, value, "`attributes`");
            }
            "accounts" => {
                let items = tree::list(sink, value, "`accounts`");
                person.accounts = items
                    .iter()
                    .filter_map(|item| account(sink, item))
                    .collect();
            }
            "holds" => {
                let items = tree::list(sink, value, "`holds`");
                person.holds = items
                    .iter()
                    .filter_map(|item| holding(sink, item))
                    .collect();
            }
            _ => {}
        }
    }
    person
}

fn account(sink: &mut Sink, node: &Node) -> Option<(Place, Account)> {
    let place = tree::place_of(node);
    let (mut system, mut name) = (None, None);
    let fields = tree::fields(sink, node, "an account", ACCOUNT_KEYS);
    let said = fields.len();
    for Field { key, value } in fields {
        match key.text.as_str() {
            "system" => system = tree::name(sink, value, "the system"),
            "name" => name = tree::name(sink, value, "the account's name"),
            _ => {}
        }
    }
    if said < ACCOUNT_KEYS.len() && tree::is_mapping(node) {
        let help = "write `{ system: erp, name: e017 }`";
        sink.error(
            "key::missing",
            place,
            "an account needs `system` and `name`",
            help,
        );
    }
    let account = Account {
        system: system?.text,
        name: name?.text,
    };
    Some((place, account))
}

fn holding(sink: &mut Sink, node: &Node) -> Option<DraftHolding> {
    if tree::is_text(node) {
        let entitlement = tree::entitlement(sink, node, "the entitlement")?;
        return Some(DraftHolding {
            entitlement,
            through: Vec::new(),
        });
    }
    let place = tree::place_of(node);
    let (mut entitlement, mut through) = (None, Vec::new());
    let fields = tree::fields(sink, node, "a holding", HOLDING_KEYS);
    let named = fields.iter().any(|field| field.key.text == "entitlement");
    for Field { key, value } in fields {
        match key.text.as_str() {
            "entitlement" => entitlement = tree::entitlement(sink, value, "the entitlement"),
            "through" => {
                let items = tree::list(sink, value, "`through`");
                through = items
                    .iter()
                    .filter_map(|item| tree::name(sink, item, "a step"))
                    .collect();
            }
            _ => {}
        }
    }
    if !named && tree::is_mapping(node) {
        let help = "write `{ entitlement: \"vendor:create\", through: [\"group ap-clerks\"] }`";
        sink.error("key::missing", place, "a holding needs `entitlement`", help);
    }
    Some(DraftHolding {
        entitlement: entitlement?,
        through,
    })
}

fn group(sink: &mut Sink, entry: Field<'_>) -> DraftGroup {
    let what = format!("group {}", quoted(&entry.key.text));
    let mut group = DraftGroup {
        key: entry.key,
        system: None,
        members: Vec::new(),
        groups: Vec::new(),
        grants: Vec::new(),
    };
    for Field { key, value } in tree::fields(sink, entry.value, &what, GROUP_KEYS) {
        match key.text.as_str() {
            "system" => group.system = tree::name(sink, value, "the system"),
            "members" => group.members = tree::names(sink, value, "`members`"),
            "groups" => group.groups = tree::names(sink, value, "`groups`"),
            "grants" => group.grants = tree::entitlements(sink, value, "`grants`"),
            _ => {}
        }
    }
    group
}

fn target(sink: &mut Sink, entry: Field<'_>) -> DraftTarget {
    tree::is_entitlement(sink, &entry.key, "the target");
    let what = format!("target {}", quoted(&entry.key.text));
    let mut target = DraftTarget {
        key: entry.key,
        id: None,
        name: None,
        path: Vec::new(),
        tags: Vec::new(),
        grants: Vec::new(),
    };
    for Field { key, value } in tree::fields(sink, entry.value, &what, TARGET_KEYS) {
        match key.text.as_str() {
            "id" => target.id = tree::name(sink, value, "the id"),
            "name" => target.name = tree::name(sink, value, "the name"),
            "path" => target.path = tree::names(sink, value, "`path`"),
            "tags" => target.tags = tree::names(sink, value, "`tags`"),
            "grants" => target.grants = tree::names(sink, value, "`grants`"),
            _ => {}
        }
    }
    target
}

/// `everything`, or the resources and entitlements that exist.
fn provides(sink: &mut Sink, node: &Node) -> Provides {
    if tree::is_text(node) {
        tree::choice(sink, node, "`provides`", &[("everything", ())]);
        return Provides::Everything;
    }
    let names = tree::names(sink, node, "`provides`");
    Provides::Only(names.into_iter().map(|name| name.text).collect())
}

/// `everything`, or the systems of which the holdings are complete.
fn coverage(sink: &mut Sink, node: &Node) -> Coverage {
    if tree::is_text(node) {
        tree::choice(sink, node, "`coverage`", &[("everything", ())]);
        return Coverage::Everything;
    }
    let names = tree::names(sink, node, "`coverage`");
    if names.is_empty() {
        Coverage::Nothing
    } else {
        Coverage::Systems(names.into_iter().map(|name| name.text).collect())
    }
}

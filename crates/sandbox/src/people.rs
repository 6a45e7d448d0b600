//! People and groups of the company: a fixed cast first, then as many others as are wanted.

use std::collections::BTreeMap;

use crate::random::Random;
use crate::roles::standard_of;

/// A person, before the directory file is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) key: String,
    pub(crate) id: String,
    /// Another login than the key.
    pub(crate) login: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) leaves_at: &'static str,
    pub(crate) role: &'static str,
    pub(crate) department: &'static str,
    pub(crate) manager: String,
    pub(crate) delegates: Vec<String>,
    pub(crate) linked: Vec<String>,
    pub(crate) account: Option<(&'static str, String)>,
    pub(crate) holds: Vec<&'static str>,
    /// Whether a ticket is about them, or they have an office: no second ticket then.
    pub(crate) taken: bool,
}

/// A group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) system: &'static str,
    pub(crate) members: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) grants: Vec<&'static str>,
}

/// The company while it is made.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) groups: BTreeMap<&'static str, Group>,
    pub(crate) random: Random,
    counts: BTreeMap<&'static str, usize>,
}

/// Departments, with the groups of their people.
const DEPARTMENTS: &[(&str, &str)] = &[
    ("Platform", "team-platform"),
    ("Payments", "team-payments"),
    ("Storefront", "team-storefront"),
    ("Mobile", "team-mobile"),
    ("Data", "team-data"),
    ("Security", "team-security"),
    ("Finance", "team-finance"),
    ("Procurement", "team-procurement"),
    ("People", "team-people"),
    ("Support", "team-support"),
    ("Sales", "team-sales"),
    ("Legal", "team-legal"),
    ("Marketing", "team-marketing"),
];

/// Of 100 people who are no managers, how many have a role, and the departments that they are spread over.
const MIX: &[(&str, usize, &[&str])] = &[
    (
        "engineer",
        27,
        &["Platform", "Payments", "Storefront", "Mobile"],
    ),
    (
        "senior-engineer",
        11,
        &["Platform", "Payments", "Storefront", "Mobile"],
    ),
    ("finance-ops", 12, &["Finance"]),
    ("support", 11, &["Support"]),
    ("sales", 9, &["Sales"]),
    ("data-analyst", 8, &["Data"]),
    ("procurement", 5, &["Procurement"]),
    ("hr", 5, &["People"]),
    ("security-analyst", 5, &["Security"]),
    ("contractor", 4, &["Platform", "Mobile"]),
    ("legal", 2, &["Legal"]),
    ("marketing", 1, &["Marketing"]),
];

/// Groups that own something, with the role of their two members.
const OFFICES: &[(&str, &str)] = &[
    ("db_owner", "senior-engineer"),
    ("platform_owners", "senior-engineer"),
    ("release_managers", "senior-engineer"),
    ("finance_controls", "finance-ops"),
    ("procurement_owners", "procurement"),
    ("people_owners", "hr"),
    ("support_owners", "support"),
    ("sales_owners", "sales"),
    ("data_owners", "data-analyst"),
    ("legal_owners", "legal"),
    ("marketing_owners", "marketing"),
    ("workplace_owners", "support"),
    ("security", "security-analyst"),
];

impl World {
    /// Managers and the people of the offices; [`World::fill`] adds the others.
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self {
            people: Vec::new(),
            groups: BTreeMap::new(),
            random: Random::new(seed),
            counts: BTreeMap::new(),
        };
        let director = world.add("manager", "Direction");
        if let Some(person) = world.people.get_mut(director) {
            person.key = "director-001".to_owned();
            person.manager = String::new();
        }
        for (department, _) in DEPARTMENTS {
            let manager = world.add("manager", department);
            if let Some(person) = world.people.get_mut(manager) {
                person.manager = "director-001".to_owned();
                person.taken = true;
            }
        }
        for (office, role) in OFFICES {
            let members = if *office == "security" { 4 } else { 2 };
            for _ in 0..members {
                let member = world.add_to_some_department(role);
                world.join(office, member);
            }
        }
        let staff = world.groups.entry("all-staff").or_default();
        staff.grants = vec!["intranet:read"];
        staff.groups = DEPARTMENTS
            .iter()
            .map(|(_, group)| (*group).to_owned())
            .collect();
        world
    }

    /// Adds people until there are `count`, each with something that their role usually has.
    pub(crate) fn fill(&mut self, count: usize) {
        let mut slots: Vec<&'static str> = MIX
            .iter()
            .flat_map(|(role, share, _)| std::iter::repeat_n(*role, *share))
            .collect();
        self.random.shuffle(&mut slots);
        let roles: Vec<&str> = slots
            .iter()
            .copied()
            .cycle()
            .take(count.saturating_sub(self.people.len()))
            .collect();
        for role in roles {
            let person = self.add_to_some_department(role);
            let usual = standard_of(role);
            for _ in 0..self.random.below(4) {
                let held = self.random.pick(&usual);
                self.hold(person, held);
            }
        }
    }

    /// Adds somebody with the next key of their role.
    pub(crate) fn add(&mut self, role: &'static str, department: &'static str) -> usize {
        let count = self.counts.entry(role).or_default();
        *count = count.saturating_add(1);
        let key = format!("{role}-{count:03}");
        let number = self.people.len().saturating_add(1);
        let manager = self.manager_of(department);
        let account = match role {
            "finance-ops" | "procurement" => Some(("erp", format!("e{number:04}"))),
            "engineer" | "senior-engineer" | "contractor" => Some(("git", format!("g{number:04}"))),
            _ => None,
        };
        let team = DEPARTMENTS.iter().find(|(name, _)| *name == department);
        if let Some((_, group)) = team {
            self.groups
                .entry(group)
                .or_default()
                .members
                .push(key.clone());
        }
        self.people.push(Person {
            key,
            id: format!("p-{number:05}"),
            role,
            department,
            manager,
            account,
            ..Person::default()
        });
        number.saturating_sub(1)
    }

    fn add_to_some_department(&mut self, role: &'static str) -> usize {
        let departments = MIX
            .iter()
            .find(|(name, _, _)| *name == role)
            .map_or(&[][..], |(_, _, departments)| departments);
        let department = self.random.pick(departments);
        self.add(role, department)
    }

    fn manager_of(&self, department: &str) -> String {
        let manager = self
            .people
            .iter()
            .find(|person| person.role == "manager" && person.department == department);
        manager.map(|person| person.key.clone()).unwrap_or_default()
    }

    /// Makes somebody a member of a group; who has an office files no ticket.
    pub(crate) fn join(&mut self, group: &'static str, person: usize) {
        if let Some(person) = self.people.get_mut(person) {
            person.taken = true;
            self.groups
                .entry(group)
                .or_default()
                .members
                .push(person.key.clone());
        }
    }

    /// Somebody with this role about whom there is no ticket yet.
    pub(crate) fn take(&mut self, role: &str) -> usize {
        let fits = |person: &Person, free: bool| person.role == role && !(free && person.taken);
        let candidates = |free: bool| -> Vec<usize> {
            let found = self
                .people
                .iter()
                .enumerate()
                .filter(|(_, person)| fits(person, free));
            found.map(|(index, _)| index).collect()
        };
        let mut free = candidates(true);
        if free.is_empty() {
            free = candidates(false);
        }
        let taken = self.random.pick(&free);
        if let Some(person) = self.people.get_mut(taken) {
            person.taken = true;
        }
        taken
    }

    /// Anybody who is no manager and about whom there is no ticket yet.
    pub(crate) fn take_any(&mut self) -> usize {
        let roles: Vec<&str> = self
            .people
            .iter()
            .filter(|person| !person.taken && person.role != "manager")
            .map(|person| person.role)
            .collect();
        let role = if roles.is_empty() {
            "engineer"
        } else {
            self.random.pick(&roles)
        };
        self.take(role)
    }

    /// Lets somebody hold something from the start.
    pub(crate) fn hold(&mut self, person: usize, entitlement: &'static str) {
        if let Some(person) = self.people.get_mut(person)
            && !person.holds.contains(&entitlement)
        {
            person.holds.push(entitlement);
        }
    }

    /// What a ticket calls somebody.
    pub(crate) fn login(&self, person: usize) -> String {
        let person = self.people.get(person);
        person
            .map(|person| person.login.as_ref().unwrap_or(&person.key).clone())
            .unwrap_or_default()
    }

    /// The login of somebody's manager.
    pub(crate) fn manager(&self, person: usize) -> String {
        self.people
            .get(person)
            .map(|person| person.manager.clone())
            .unwrap_or_default()
    }

    /// Logins of a group's direct members.
    pub(crate) fn members(&self, group: &str) -> Vec<String> {
        self.groups
            .get(group)
            .map(|group| group.members.clone())
            .unwrap_or_default()
    }
}

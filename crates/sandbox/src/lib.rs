//! A small company and its systems, made from a seed: policy, directory, guardrails, and tickets with planted truth.
//!
//! Pure but for [`vault`], which serves on loopback: no clock, no files, no randomness of the machine. The same seed gives
//! the same bytes everywhere.

mod catalogue;
mod directory_file;
pub mod history;
mod people;
mod policy_file;
mod random;
mod roles;
mod tickets;
pub mod vault;

use people::World;

/// When the company's clock starts, in RFC 3339: a Monday morning.
pub const STARTS_AT: &str = "2026-11-23T08:00:00Z";

/// The number of people of the default company.
pub const PEOPLE: usize = 240;

/// The fewest people with whom every ticket finds somebody of its own.
pub const PEOPLE_MIN: usize = 220;

/// A company, as text that the product reads like anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// The policy file.
    pub access_yml: String,
    /// The directory file.
    pub directory_yml: String,
    /// The guardrails, a `.env` file in the blueprint's notation.
    pub dotenv: String,
    /// Tickets, each with the truth about it: the blueprint's three first, then a mixed stream.
    pub tickets: Vec<Planted>,
    /// People of whom a demonstration speaks by name.
    pub cast: Cast,
}

/// A ticket with what is right about it. The truth comes from how the ticket was made, not from any engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// Its number, such as `REQ-5512`.
    pub request_id: String,
    /// The ticket, JSON in ticket format 1.
    pub ticket: String,
    /// Approvals to record, before the decision below is right: kind (`manager`, `resource_owner`, `security`) and
    /// login of the giver. Some of them must not count.
    pub approvals: Vec<(&'static str, String)>,
    /// The right decision in guarded mode, with the approvals recorded.
    pub expected: Expected,
    /// The rule of separation of duties that a grant would break, by id.
    pub conflict: Option<&'static str>,
    /// What the ticket is about, in words.
    pub about: &'static str,
}

/// A decision as tickets show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expected {
    /// Given by the gate itself.
    AutoProvision,
    /// Something is missing.
    RequestInfo,
    /// A person has to look.
    Escalate,
}

impl Expected {
    /// The decision's name in tickets.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AutoProvision => "AUTO_PROVISION",
            Self::RequestInfo => "REQUEST_INFO",
            Self::Escalate => "ESCALATE",
        }
    }
}

/// Logins of people of whom a demonstration speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// Requester of REQ-5512, and their manager.
    pub platform_engineer: (String, String),
    /// Requester of REQ-5570, and their manager.
    pub payments_engineer: (String, String),
    /// Requester of REQ-5604, and their manager.
    pub finance_clerk: (String, String),
    /// Members of `db_owner`, who own the production databases.
    pub db_owners: Vec<String>,
    /// Members of `finance_controls`, who own payments and most rules.
    pub finance_controls: Vec<String>,
    /// Members of `security`.
    pub security: Vec<String>,
}

impl Company {
    /// The company of `seed`, with about `people` people, at least [`PEOPLE_MIN`].
    #[must_use]
    pub fn generate(seed: u64, people: usize) -> Self {
        let mut world = World::new(seed);
        let platform = known(&mut world, "engineer", "Platform");
        let payments = known(&mut world, "engineer", "Payments");
        let finance = known(&mut world, "finance-ops", "Finance");
        nested_vendor_group(&mut world, finance);
        let excepted = known(&mut world, "finance-ops", "Finance");
        let least = if people < PEOPLE_MIN {
            PEOPLE_MIN
        } else {
            people
        };
        world.fill(least);
        let tickets = tickets::all(&mut world, &[platform, payments, finance], excepted);
        let with_manager = |person| (world.login(person), world.manager(person));
        Self {
            access_yml: policy_file::write(&world.login(excepted)),
            directory_yml: directory_file::write(&world),
            dotenv: policy_file::DOTENV.to_owned(),
            tickets,
            cast: Cast {
                platform_engineer: with_manager(platform),
                payments_engineer: with_manager(payments),
                finance_clerk: with_manager(finance),
                db_owners: world.members("db_owner"),
                finance_controls: world.members("finance_controls"),
                security: world.members("security"),
            },
        }
    }
}

/// Somebody of whom a ticket of its own speaks.
fn known(world: &mut World, role: &'static str, department: &'static str) -> usize {
    let person = world.add(role, department);
    if let Some(person) = world.people.get_mut(person) {
        person.taken = true;
    }
    person
}

/// The clerk of REQ-5604 holds `vendor:create` through a nested group, and belongs to no department.
fn nested_vendor_group(world: &mut World, clerk: usize) {
    if let Some(person) = world.people.get_mut(clerk) {
        person.department = "";
    }
    world.join("ap-clerks", clerk);
    let vendors = world.groups.entry("finance-vendors").or_default();
    vendors.system = "erp";
    vendors.groups = vec!["ap-clerks".to_owned()];
    vendors.grants = vec!["vendor:create"];
}

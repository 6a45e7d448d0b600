//! People of the vault: roles with numbers.

use std::collections::BTreeSet;

use super::super::entities::User;
use super::super::id::Id;
use super::super::records::{AGENT, Right};
use super::super::state::Vault;

/// Teams, with the role of their people and the containers in which they usually work.
pub(super) const TEAMS: &[(&str, &str, &[&str])] = &[
    (
        "Platform",
        "engineer",
        &["Build Servers", "Monitoring", "Network", "Backup"],
    ),
    (
        "Payments",
        "engineer",
        &["Staging", "Databases", "Build Servers"],
    ),
    ("Data", "analyst", &["Databases", "File Shares"]),
    (
        "Web",
        "developer",
        &["Web Frontends", "Staging", "Workstations"],
    ),
    (
        "Support",
        "support",
        &["Workstations", "File Shares", "Training Lab"],
    ),
];

/// Approvers of ordinary requests.
pub(super) const ACCESS_APPROVERS: &str = "access-approvers";
/// Approvers of the first level of domain controllers.
pub(super) const TIER0_OWNERS: &str = "tier0-owners";
/// Approvers of the second level of domain controllers, and of secrets.
pub(super) const SECURITY: &str = "security";
/// Approvers of Payment Production.
pub(super) const PAYMENTS_OWNERS: &str = "payments-owners";
/// Administrators of the vault.
pub(super) const ADMINISTRATORS: &str = "administrators";

/// Role, how many, group.
const APPROVERS: &[(&str, usize, &str)] = &[
    ("manager", 3, ACCESS_APPROVERS),
    ("tier0-owner", 2, TIER0_OWNERS),
    ("security", 2, SECURITY),
    ("payments-owner", 3, PAYMENTS_OWNERS),
    ("vault-admin", 2, ADMINISTRATORS),
];

/// Adds everybody; returns those who ask.
pub(super) fn fill(vault: &mut Vault) -> Vec<usize> {
    add(
        vault,
        AGENT.to_owned(),
        "Automation",
        &[ACCESS_APPROVERS, TIER0_OWNERS],
        Right::ALL,
    );
    for (role, count, group) in APPROVERS {
        for number in 1..=*count {
            let rights = if *group == ADMINISTRATORS {
                Right::ALL
            } else {
                &[
                    Right::Audit,
                    Right::ReadAssets,
                    Right::ReadSecrets,
                    Right::Submit,
                    Right::Decide,
                ]
            };
            add(
                vault,
                format!("{role}-{number:03}"),
                "Leads",
                &[group],
                rights,
            );
        }
    }
    let count = vault.options.people;
    let rights = [Right::Submit, Right::ReadSecrets];
    TEAMS
        .iter()
        .cycle()
        .take(count)
        .enumerate()
        .map(|(number, (team, role, _))| {
            add(
                vault,
                format!("{role}-{:03}", number + 1),
                team,
                &[],
                &rights,
            )
        })
        .collect()
}

fn add(
    vault: &mut Vault,
    login: String,
    team: &'static str,
    groups: &[&'static str],
    rights: &[Right],
) -> usize {
    let id = Id::next(&mut vault.random);
    let (role, number) = login.rsplit_once('-').unwrap_or((&login, ""));
    let mut display = format!("{} {number}", role.replace('-', " "));
    if let Some(first) = display.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    let rights: BTreeSet<Right> = rights.iter().copied().collect();
    vault.add_user(User {
        id,
        login,
        display,
        team,
        groups: groups.to_vec(),
        rights,
    })
}

//! Small random policies: few resources, levels and roles, so that everything meets everything.

use decision::rules::class::Class;
use decision::rules::policy::{
    ApprovalKind, BlastRadius, ConflictRule, Entitlement, Environment, Exception, LevelOrder,
    Listed, NeverAuto, Pattern, Policy, RequiredApprovals, Role, Sensitivity, Severity,
};
use decision::time::{Minutes, Timestamp};

use super::{Dice, FROZEN_AT};

const RESOURCES: [&str; 10] = [
    "repo",
    "vendor",
    "payment",
    "wiki",
    "crm",
    "prod-payments-db",
    "product-catalog",
    "vault",
    "hr-payroll",
    "Live2DB",
];

pub(super) fn any(dice: &mut Dice<'_>) -> Policy {
    let mut policy = Policy {
        digest: "sha256:policy".into(),
        file: "access.yml".into(),
        levels: levels(dice),
        ..Policy::default()
    };
    policy.catalogue = catalogue(dice);
    let names: Vec<String> = policy.catalogue.iter().flat_map(names_of).collect();
    policy.roles = roles(dice, &names);
    for number in 0..dice.of(&[0, 0, 1, 1, 2, 3]) {
        let rule = conflict(dice, &names, number);
        policy.conflicts.push(rule);
    }
    for pattern in ["*:approve", "vendor:*", "w*ki:write", "crm:read"] {
        if dice.chance(7) {
            policy.privileged.push(written(pattern));
        }
    }
    if dice.chance(10) {
        policy.never_auto.push(NeverAuto {
            class: dice.of(&Class::BUILT_IN.map(Some)).unwrap_or(Class::Admin),
            patterns: vec![written(
                dice.of(&["live:*", "*:create", "wiki:*", "vend*:*"]),
            )],
        });
    }
    policy.approvals = approvals(dice);
    policy.duration.default = Minutes::from_days(dice.of(&[30, 30, 7, 100]));
    policy.duration.maximum = Minutes::from_days(dice.of(&[90, 90, 90, 20]));
    policy.duration.window = Minutes::from_days(dice.of(&[180, 180, 60]));
    policy
}

fn written(text: &str) -> Pattern {
    Pattern {
        text: text.to_owned(),
        ..Pattern::default()
    }
}

fn names_of(entry: &Entitlement) -> Vec<String> {
    [&entry.id]
        .into_iter()
        .chain(&entry.aliases)
        .cloned()
        .collect()
}

fn levels(dice: &mut Dice<'_>) -> Vec<LevelOrder> {
    let order = |resource: &str, levels: &[&str]| LevelOrder {
        resource: resource.to_owned(),
        levels: levels.iter().map(|level| (*level).to_owned()).collect(),
        ..LevelOrder::default()
    };
    let mut all = vec![order("", &["read", "create", "write", "approve", "admin"])];
    if dice.chance(30) {
        all.push(order("vendor", &["read", "create", "approve"]));
    }
    if dice.chance(20) {
        all.push(order("payment", &["read", "write"]));
    }
    all
}

fn catalogue(dice: &mut Dice<'_>) -> Vec<Entitlement> {
    let mut all: Vec<Entitlement> = Vec::new();
    for position in 0..3 + dice.below(6) {
        let resource = if position == 0 {
            dice.of(&["repo", "repo", "vendor", "wiki", "payment"])
        } else {
            dice.of(&RESOURCES)
        };
        let level = dice.of(&[
            "read", "read", "write", "create", "approve", "read", "admin", "export",
        ]);
        let id = format!("{resource}:{level}");
        if all.iter().any(|entry| entry.id == id) {
            continue;
        }
        let entry = entitlement(dice, &id, all.last().map(|entry| entry.id.as_str()));
        all.push(entry);
    }
    all
}

fn entitlement(dice: &mut Dice<'_>, id: &str, before: Option<&str>) -> Entitlement {
    let some = |is: bool, value: &str| is.then(|| value.to_owned());
    let dangerous = dice.chance(15);
    let blast = dice.chance(10);
    let mut entry = Entitlement {
        id: id.to_owned(),
        owner: some(!dice.chance(10), "owners"),
        system: some(dice.chance(30), "erp"),
        maximum: dice.chance(10).then_some(Minutes::from_days(10)),
        standing: some(dice.chance(15), "daily work"),
        sensitivity: dice.of(&[
            Sensitivity::Unstated,
            Sensitivity::Internal,
            Sensitivity::Unstated,
            Sensitivity::Confidential,
        ]),
        ..Entitlement::default()
    };
    if dice.chance(25) {
        entry
            .aliases
            .push(format!("{}-legacy:use", id.replace(':', "-")));
    }
    if dice.chance(35) {
        entry.narrower = before.map(str::to_owned);
    }
    if dangerous {
        entry.environment = dice.of(&[
            Environment::Production,
            Environment::Staging,
            Environment::Test,
        ]);
        entry.sensitivity = dice.of(&[
            Sensitivity::Public,
            Sensitivity::Restricted,
            Sensitivity::Confidential,
        ]);
        entry.tags = vec![dice.of(&["team-a", "pii", "PROD-eu", "siem"]).to_owned()];
    }
    if blast {
        entry.blast_radius = BlastRadius {
            people: dice.of(&[None, Some(100), Some(20_000)]),
            records: dice.of(&[None, Some(1_000_000), Some(u64::MAX)]),
            systems: dice.of(&[Some(3), Some(9), Some(50)]),
        };
    }
    entry
}

fn roles(dice: &mut Dice<'_>, names: &[String]) -> Vec<Role> {
    let mut all: Vec<Role> = Vec::new();
    for name in ["engineer", "clerk", "lead"] {
        let mut role = Role {
            name: name.to_owned(),
            title: name.to_owned(),
            ..Role::default()
        };
        if let Some(before) = all.last()
            && dice.chance(40)
        {
            role.inherits.push(before.name.clone());
        }
        for (position, entitlement) in names.iter().enumerate() {
            let listed = Listed {
                entitlement: entitlement.clone(),
                ..Listed::default()
            };
            let kind = dice.of(&[0, 0, 1, 2]);
            if kind == 1 || position == 0 && name == "engineer" {
                role.standard.push(listed);
            } else if kind == 2 {
                role.grantable.push(listed);
            }
        }
        all.push(role);
    }
    all
}

fn conflict(dice: &mut Dice<'_>, names: &[String], number: u32) -> ConflictRule {
    let mut sides = Vec::new();
    for _ in 0..dice.of(&[2, 2, 2, 3]) {
        let text = if dice.chance(70) {
            dice.of(names)
        } else {
            dice.of(&[
                "ghost:approve",
                "pay*:*",
                "vendor:*",
                "*:approve",
                "vendor:create",
                "prod:*",
                "*:*",
            ])
            .to_owned()
        };
        sides.push(written(&text));
    }
    let exceptions = if dice.chance(20) {
        vec![Exception {
            person: "p1".into(),
            until: Timestamp::from_seconds(FROZEN_AT + 86_400 * dice.of(&[3, 40, -3])),
            control: "monthly review".into(),
        }]
    } else {
        Vec::new()
    };
    ConflictRule {
        id: format!("sod-{}", number + 1),
        sides,
        reason: None,
        owner: dice
            .of(&[Some("controls"), Some("controls"), None, Some("owners")])
            .map(str::to_owned),
        severity: dice.of(&[Severity::High, Severity::High, Severity::Critical]),
        exceptions,
        ..ConflictRule::default()
    }
}

fn approvals(dice: &mut Dice<'_>) -> RequiredApprovals {
    let mut required = RequiredApprovals::default();
    if dice.chance(10) {
        required.every = dice.of(&[
            vec![],
            vec![ApprovalKind::Manager, ApprovalKind::ResourceOwner],
            vec![ApprovalKind::Manager, ApprovalKind::Security],
        ]);
    }
    if dice.chance(15) {
        required.grantable = vec![ApprovalKind::ResourceOwner];
    }
    if dice.chance(10) {
        required.privileged = vec![ApprovalKind::Security];
    }
    if dice.chance(10) {
        required.by_class = vec![(Class::Production, vec![ApprovalKind::Security])];
    }
    required
}

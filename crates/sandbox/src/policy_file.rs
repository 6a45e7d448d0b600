//! The company's `access.yml` and guardrails.

use std::fmt::Write as _;

use crate::catalogue::{Entry, LEVELS, entries};
use crate::roles::ROLES;

/// A rule of separation of duties.
struct Rule {
    id: &'static str,
    sides: &'static [&'static str],
    reason: &'static str,
    owner: &'static str,
    severity: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        id: "vendor-and-payment",
        sides: &["vendor:create", "payment:approve"],
        reason: "one person could create a vendor and approve its payments",
        owner: "finance_controls",
        severity: "high",
    },
    Rule {
        id: "develop-and-deploy",
        sides: &["code:develop", "prod:deploy"],
        reason: "one person could write a change and put it into production unseen",
        owner: "release_managers",
        severity: "high",
    },
    Rule {
        id: "post-and-close",
        sides: &["journal:post", "period-close:approve"],
        reason: "one person could post an entry and close the month over it",
        owner: "finance_controls",
        severity: "high",
    },
    Rule {
        id: "order-receive-pay",
        sides: &[
            "purchase-order:create",
            "goods-receipt:confirm",
            "invoice:release",
        ],
        reason: "one person could order something that never arrives and have it paid",
        owner: "finance_controls",
        severity: "high",
    },
    Rule {
        id: "refund-and-cards",
        sides: &["refund:approve", "card-ledger:*"],
        reason: "one person could pay a refund to a card and hide it in the card ledger",
        owner: "finance_controls",
        severity: "high",
    },
    Rule {
        id: "audit-and-post",
        sides: &["*:audit", "journal:post"],
        reason: "one person would examine entries that they posted themselves",
        owner: "finance_controls",
        severity: "high",
    },
    Rule {
        id: "grant-and-certify",
        sides: &["iam:grant", "access-review:certify"],
        reason: "one person could give access and confirm that it is needed",
        owner: "security",
        severity: "critical",
    },
    Rule {
        id: "unmask-and-export",
        sides: &["data-masking:configure", "warehouse:export"],
        reason: "one person could take the mask off personal data and carry it away",
        owner: "data_owners",
        severity: "critical",
    },
];

/// The guardrails, in the notation of the blueprint.
pub(crate) const DOTENV: &str = "\
# What may be automatic at all. Settings only tighten.
AUTO_PROVISION_ONLY: { risk: \"low\", role_standard: true, approvals: \"present\" }
NEVER_AUTO: [\"admin\", \"production\", \"sensitive_data\", \"security_tooling\"]
PREFER_TIME_BOUND=true
";

/// The policy's own tests.
const TESTS: &str = r#"
tests:
  - name: an engineer reads the repository
    requester: { roles: [engineer] }
    access: "repo:read"
    approvals: [manager]
    expect: { decision: AUTO_PROVISION, basis: role engineer }
  - name: nothing is granted before the manager has approved
    requester: { roles: [engineer] }
    access: "repo:read"
    expect: { decision: REQUEST_INFO, basis: manager-approval-missing }
  - name: nobody administers a production database without people
    requester: { roles: [senior-engineer] }
    access: "prod-orders-db:admin"
    approvals: [manager, resource_owner]
    expect: { decision: ESCALATE, route: security }
  - name: who creates vendors does not approve payments
    requester: { roles: [finance-ops] }
    access: "payment:approve"
    approvals: [manager]
    holds: ["vendor:create"]
    expect: { decision: ESCALATE, basis: vendor-and-payment, route: finance_controls }
"#;

/// The whole file. `excepted` is the login that has an exception to `post-and-close`.
pub(crate) fn write(excepted: &str) -> String {
    let mut out = String::from(
        "# Access policy of a small company that does not exist.\nversion: 1\n\nroles:\n",
    );
    for role in ROLES {
        line(&mut out, format_args!("  {}:", role.name));
        line(&mut out, format_args!("    title: {}", quote(role.title)));
        for (key, names) in [
            ("inherits", role.inherits),
            ("standard", role.standard),
            ("grantable", role.grantable),
        ] {
            if !names.is_empty() {
                line(&mut out, format_args!("    {key}: {}", list(names)));
            }
        }
    }
    out.push_str("\ncatalogue:\n");
    entries().for_each(|entry| write_entry(&mut out, entry));
    out.push_str("\nlevels:\n");
    for (resource, levels) in LEVELS {
        line(&mut out, format_args!("  {resource}: {}", list(levels)));
    }
    out.push_str(
        "\napprovals:\n  every: [manager]\n  security_tooling: [manager, resource_owner, security]\n\nsod_conflicts:\n",
    );
    for rule in RULES {
        line(&mut out, format_args!("  - id: {}", rule.id));
        line(&mut out, format_args!("    sides: {}", list(rule.sides)));
        line(&mut out, format_args!("    reason: {}", quote(rule.reason)));
        line(&mut out, format_args!("    owner: {}", rule.owner));
        line(&mut out, format_args!("    severity: {}", rule.severity));
        if rule.id == "post-and-close" {
            let control = "The head of finance signs every closed month";
            let exception = format_args!(
                "    exceptions: [{{ person: {}, until: 2027-06-30, control: {} }}]",
                quote(excepted),
                quote(control)
            );
            line(&mut out, exception);
        }
    }
    out.push_str(
        "\nprivileged: [\"*:admin\", \"prod:*\", \"pii:*\"]\n\n\
         never_auto:\n  production: [\"live:*\"]\n  sensitive_data: [\"hr-records:*\"]\n\n\
         duration: { default: 30d, maximum: 90d, window: 180d }\n",
    );
    out.push_str(TESTS);
    out
}

fn write_entry(out: &mut String, entry: &Entry) {
    line(out, format_args!("  {}:", quote(entry.id)));
    for (key, text) in [
        ("meaning", entry.meaning),
        ("owner", entry.owner),
        ("system", entry.system),
        ("environment", entry.environment),
        ("sensitivity", entry.sensitivity),
        ("narrower", entry.narrower),
        ("maximum", entry.maximum),
        ("standing", entry.standing),
        ("break_glass", entry.break_glass),
    ] {
        if !text.is_empty() {
            line(out, format_args!("    {key}: {}", quote(text)));
        }
    }
    for (key, names) in [("aliases", entry.aliases), ("tags", entry.tags)] {
        if !names.is_empty() {
            line(out, format_args!("    {key}: {}", list(names)));
        }
    }
    let (people, records, systems) = entry.reach;
    let reach: Vec<String> = [
        ("people", people),
        ("records", records),
        ("systems", systems),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(key, count)| format!("{key}: {count}"))
    .collect();
    if !reach.is_empty() {
        line(
            out,
            format_args!("    blast_radius: {{ {} }}", reach.join(", ")),
        );
    }
}

/// Writing into a string does not fail.
pub(crate) fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "{text}");
}

/// Text in double quotes, which YAML and JSON read alike.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A list in brackets.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
    format!("[{}]", quoted.join(", "))
}

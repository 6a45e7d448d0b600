//! Roles of the company, and what each of them has.

/// A role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) inherits: &'static [&'static str],
    pub(crate) standard: &'static [&'static str],
    pub(crate) grantable: &'static [&'static str],
}

/// Every role, in the order of the file.
pub(crate) const ROLES: &[Role] = &[
    Role {
        name: "employee",
        title: "Employee",
        inherits: &[],
        standard: &[
            "intranet:read",
            "wiki:read",
            "wiki:write",
            "chat:write",
            "training:read",
            "travel:book",
            "expense:submit",
            "leave-planner:read",
        ],
        grantable: &[],
    },
    Role {
        name: "engineer",
        title: "Engineer",
        inherits: &["employee"],
        standard: &[
            "repo:read",
            "repo:write",
            "code:read",
            "code:develop",
            "ci:read",
            "dev-db:read",
            "dev-db:write",
            "staging:read",
            "logs:read",
            "metrics:read",
            "error-tracker:read",
            "artifact-store:read",
            "feature-flags:read",
            "test-cluster:read",
        ],
        grantable: &[
            "staging:write",
            "feature-flags:write",
            "prod-payments-db:read",
            "prod-orders-db:read",
        ],
    },
    Role {
        name: "senior-engineer",
        title: "Senior Engineer",
        inherits: &["engineer"],
        standard: &[
            "ci:write",
            "test-cluster:write",
            "error-tracker:write",
            "artifact-store:write",
        ],
        grantable: &[
            "prod:read",
            "prod:deploy",
            "prod-payments-db:write",
            "prod-orders-db:admin",
        ],
    },
    Role {
        name: "finance-ops",
        title: "Finance Ops",
        inherits: &["employee"],
        standard: &[
            "vendor:view",
            "payment:view",
            "invoice:view",
            "journal:view",
            "period-close:view",
        ],
        grantable: &[
            "vendor:create",
            "payment:approve",
            "invoice:enter",
            "invoice:release",
            "journal:post",
            "period-close:approve",
            "refund:approve",
            "card-ledger:read",
            "card-ledger:write",
            "books:view",
            "books:audit",
        ],
    },
    Role {
        name: "procurement",
        title: "Procurement",
        inherits: &["employee"],
        standard: &[
            "vendor:view",
            "purchase-order:view",
            "purchase-order:create",
            "goods-receipt:view",
            "goods-receipt:confirm",
        ],
        grantable: &["vendor:create", "invoice:release"],
    },
    Role {
        name: "hr",
        title: "People",
        inherits: &["employee"],
        standard: &[
            "hr-directory:read",
            "leave-planner:write",
            "recruiting:read",
            "recruiting:write",
            "training:write",
        ],
        grantable: &["hr-records:read", "hr-records:write", "payroll:view"],
    },
    Role {
        name: "support",
        title: "Support",
        inherits: &["employee"],
        standard: &[
            "support-desk:read",
            "support-desk:write",
            "customer-profile:read",
            "refund:request",
        ],
        grantable: &[
            "customer-profile:write",
            "refund:approve",
            "customer-data:export",
        ],
    },
    Role {
        name: "sales",
        title: "Sales",
        inherits: &["employee"],
        standard: &[
            "crm:read",
            "crm:write",
            "product-catalog:read",
            "contract-archive:read",
        ],
        grantable: &["crm:export"],
    },
    Role {
        name: "data-analyst",
        title: "Data Analyst",
        inherits: &["employee"],
        standard: &[
            "warehouse-masked:read",
            "warehouse:read",
            "bi-reports:read",
            "bi-reports:write",
            "data-masking:view",
        ],
        grantable: &[
            "warehouse:write",
            "warehouse:export",
            "warehouse-raw:read",
            "data-masking:configure",
            "pii:read",
        ],
    },
    Role {
        name: "security-analyst",
        title: "Security Analyst",
        inherits: &["employee"],
        standard: &[
            "logs:read",
            "access-review:view",
            "threat-feed:read",
            "phishing-reports:read",
            "phishing-reports:write",
        ],
        grantable: &[
            "siem:read",
            "siem:write",
            "iam:read",
            "iam:grant",
            "access-review:certify",
            "firewall:write",
        ],
    },
    Role {
        name: "legal",
        title: "Legal",
        inherits: &["employee"],
        standard: &["contract-archive:read", "contract-archive:write"],
        grantable: &["books:view"],
    },
    Role {
        name: "marketing",
        title: "Marketing",
        inherits: &["employee"],
        standard: &[
            "marketing-site:read",
            "marketing-site:write",
            "newsletter:write",
            "crm:read",
            "product-catalog:read",
        ],
        grantable: &["crm:export"],
    },
    Role {
        name: "contractor",
        title: "Contractor",
        inherits: &[],
        standard: &["wiki:read", "training:read", "repo:read", "ci:read"],
        grantable: &["repo:write", "test-cluster:read"],
    },
    Role {
        name: "manager",
        title: "Manager",
        inherits: &["employee"],
        standard: &["expense:approve", "bi-reports:read", "hr-directory:read"],
        grantable: &["books:view"],
    },
];

/// What a role has as standard, inherited or not, in the order of the table.
pub(crate) fn standard_of(name: &str) -> Vec<&'static str> {
    let mut standard = Vec::new();
    for role in ROLES.iter().filter(|role| role.name == name) {
        for parent in role.inherits {
            standard.extend(standard_of(parent));
        }
        standard.extend(role.standard);
    }
    standard
}

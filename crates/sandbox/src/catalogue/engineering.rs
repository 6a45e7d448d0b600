//! Entitlements of engineering and security.

use super::{Entry, entry};

const DAILY: &str = "Everybody in the role reads it every day, and it shows nothing private";
const ON_CALL: &str = "The engineer on call opens a session for one hour, the alarm goes to security, and the use is \
                       reviewed the next day";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "repo:read",
        "Read the source code",
        "platform_owners",
        "git",
    )
    .standing(DAILY),
    entry(
        "repo:write",
        "Propose changes to the source code",
        "platform_owners",
        "git",
    )
    .narrower("repo:read"),
    entry(
        "repo:admin",
        "Change who may do what with the source code",
        "platform_owners",
        "git",
    )
    .narrower("repo:write")
    .reach(0, 0, 12),
    entry(
        "code:read",
        "Follow changes on their way to a release",
        "release_managers",
        "git",
    ),
    entry(
        "code:develop",
        "Merge changes that will be released",
        "release_managers",
        "git",
    )
    .aliases(&["code:merge"])
    .narrower("code:read"),
    entry(
        "ci:read",
        "See builds and their results",
        "platform_owners",
        "build farm",
    )
    .standing(DAILY),
    entry(
        "ci:write",
        "Start and stop builds",
        "platform_owners",
        "build farm",
    )
    .narrower("ci:read"),
    entry(
        "ci:admin",
        "Change how everything is built",
        "platform_owners",
        "build farm",
    )
    .narrower("ci:write")
    .reach(0, 0, 20),
    entry(
        "dev-db:read",
        "Read the databases that hold made-up data",
        "db_owner",
        "development databases",
    )
    .environment("development"),
    entry(
        "dev-db:write",
        "Change the databases that hold made-up data",
        "db_owner",
        "development databases",
    )
    .environment("development")
    .narrower("dev-db:read"),
    entry(
        "test-cluster:read",
        "See what runs on the test cluster",
        "platform_owners",
        "test cluster",
    )
    .environment("test"),
    entry(
        "test-cluster:write",
        "Run things on the test cluster",
        "platform_owners",
        "test cluster",
    )
    .environment("test")
    .narrower("test-cluster:read"),
    entry(
        "staging:read",
        "Look at the staging dashboard",
        "platform_owners",
        "staging",
    )
    .environment("staging")
    .aliases(&["staging-dashboard:read"])
    .standing("A read-only view of rehearsals that every engineer uses every day"),
    entry(
        "staging:write",
        "Change what is rehearsed on staging",
        "platform_owners",
        "staging",
    )
    .environment("staging")
    .narrower("staging:read"),
    entry(
        "logs:read",
        "Search the logs of services, personal data masked",
        "platform_owners",
        "logs",
    )
    .aliases(&["log-search:read"]),
    entry(
        "metrics:read",
        "See how services are doing",
        "platform_owners",
        "metrics",
    )
    .standing(DAILY),
    entry(
        "error-tracker:read",
        "See errors that services report",
        "platform_owners",
        "error tracker",
    ),
    entry(
        "error-tracker:write",
        "Assign and close reported errors",
        "platform_owners",
        "error tracker",
    )
    .narrower("error-tracker:read"),
    entry(
        "artifact-store:read",
        "Fetch what was built",
        "platform_owners",
        "artifact store",
    ),
    entry(
        "artifact-store:write",
        "Publish what was built, for tests",
        "platform_owners",
        "artifact store",
    )
    .narrower("artifact-store:read"),
    entry(
        "feature-flags:read",
        "See which features are switched on",
        "release_managers",
        "feature flags",
    ),
    entry(
        "feature-flags:write",
        "Switch features on and off",
        "release_managers",
        "feature flags",
    )
    .narrower("feature-flags:read")
    .maximum("14d"),
    entry(
        "prod:read",
        "See what runs in production",
        "release_managers",
        "production",
    )
    .environment("production"),
    entry(
        "prod:deploy",
        "Put a release into production",
        "release_managers",
        "production",
    )
    .environment("production")
    .narrower("prod:read")
    .maximum("7d")
    .break_glass(ON_CALL)
    .reach(40_000, 0, 30),
    entry(
        "prod-payments-db:read",
        "Read the payments database that customers pay through",
        "db_owner",
        "payments database",
    )
    .environment("production")
    .maximum("7d"),
    entry(
        "prod-payments-db:write",
        "Change rows of the payments database",
        "db_owner",
        "payments database",
    )
    .environment("production")
    .narrower("prod-payments-db:read")
    .maximum("2d")
    .break_glass(ON_CALL),
    entry(
        "prod-payments-db:admin",
        "Do anything in the payments database",
        "db_owner",
        "payments database",
    )
    .environment("production")
    .aliases(&["prod-payments-db:admin (write)"])
    .narrower("prod-payments-db:read")
    .maximum("1d")
    .break_glass(ON_CALL),
    entry(
        "prod-orders-db:read",
        "Read the orders of customers",
        "db_owner",
        "orders database",
    )
    .environment("production")
    .sensitivity("confidential")
    .maximum("7d"),
    entry(
        "prod-orders-db:admin",
        "Do anything in the orders database",
        "db_owner",
        "orders database",
    )
    .environment("production")
    .sensitivity("confidential")
    .narrower("prod-orders-db:read")
    .maximum("1d")
    .break_glass(ON_CALL)
    .reach(40_000, 9_000_000, 1),
    entry(
        "siem:read",
        "Search what the security monitoring saw",
        "security",
        "security monitoring",
    ),
    entry(
        "siem:write",
        "Change what the security monitoring looks for",
        "security",
        "security monitoring",
    )
    .narrower("siem:read"),
    entry(
        "iam:read",
        "See who may do what",
        "security",
        "identity provider",
    ),
    entry(
        "iam:grant",
        "Give access directly, past every request",
        "security",
        "identity provider",
    )
    .narrower("iam:read")
    .reach(240, 0, 40),
    entry(
        "vault:read",
        "Read secrets of services",
        "security",
        "secret store",
    )
    .maximum("1d"),
    entry(
        "firewall:write",
        "Open and close networks",
        "security",
        "network",
    )
    .reach(0, 0, 40),
    entry(
        "access-review:view",
        "See reviews of who has what",
        "security",
        "access reviews",
    ),
    entry(
        "access-review:certify",
        "Confirm that people still need what they have",
        "security",
        "access reviews",
    )
    .narrower("access-review:view"),
    entry(
        "threat-feed:read",
        "Read warnings about attacks elsewhere",
        "security",
        "threat feed",
    ),
    entry(
        "phishing-reports:read",
        "Read mails that people reported",
        "security",
        "mail reports",
    ),
    entry(
        "phishing-reports:write",
        "Answer mails that people reported",
        "security",
        "mail reports",
    )
    .narrower("phishing-reports:read"),
];

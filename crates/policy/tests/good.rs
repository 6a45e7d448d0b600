//! Files that load: the minimal one as it stands, and one that uses every key.

use decision::rules::class::Class;
use decision::rules::policy::{ApprovalKind, Environment, Policy, Sensitivity, Severity};
use decision::time::{Minutes, Timestamp};
use policy::{Guardrails, Loaded, load};

#[expect(
    clippy::panic,
    reason = "a test helper: a file that does not load ends the test"
)]
fn loaded(text: &str) -> Loaded {
    match load("access.yml", text.as_bytes(), &Guardrails::default()) {
        Ok(loaded) => loaded,
        Err(report) => panic!("{}", policy::render(&report, 100, false)),
    }
}

/// The blueprint's file, byte for byte.
const BLUEPRINT: &str = r#"# access.yml
roles:
  engineer: { standard: ["repo:read", "ci:read", "dev-db:read"] }
sod_conflicts:
  - ["vendor:create", "payment:approve"]
  - ["code:develop", "prod:deploy"]
privileged: ["*:admin", "prod:*", "pii:*"]
"#;

#[test]
fn the_minimal_file_works_as_it_stands() {
    let ours = include_str!("../../../policies/minimal/access.yml");
    for text in [BLUEPRINT, ours] {
        let Loaded {
            policy,
            source,
            warnings,
            ..
        } = loaded(text);
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(source, text.as_bytes());
        assert_eq!(policy.file, "access.yml");
        let role = &policy.roles[0];
        assert_eq!(
            (role.name.as_str(), role.title.as_str()),
            ("engineer", "Engineer")
        );
        let standard: Vec<_> = role
            .standard
            .iter()
            .map(|l| l.entitlement.as_str())
            .collect();
        assert_eq!(standard, ["repo:read", "ci:read", "dev-db:read"]);
        let ids: Vec<_> = policy
            .catalogue
            .iter()
            .map(|e| (e.id.as_str(), e.system.as_deref()))
            .collect();
        assert_eq!(
            ids,
            [
                ("repo:read", Some("repo")),
                ("ci:read", Some("ci")),
                ("dev-db:read", Some("dev-db"))
            ]
        );
        assert!(
            policy
                .catalogue
                .iter()
                .all(|e| e.place == Default::default())
        );
        let sides: Vec<Vec<_>> = policy
            .conflicts
            .iter()
            .map(|rule| rule.sides.iter().map(|side| side.text.as_str()).collect())
            .collect();
        assert_eq!(
            sides,
            [
                ["vendor:create", "payment:approve"],
                ["code:develop", "prod:deploy"]
            ]
        );
        assert_eq!(policy.conflicts[1].id, "sod-2");
        let privileged: Vec<_> = policy.privileged.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(privileged, ["*:admin", "prod:*", "pii:*"]);
        assert_eq!(policy.levels.len(), 1);
        assert_eq!(policy.levels[0].levels, ["read", "write", "admin"]);
        assert_eq!(policy.approvals, Default::default());
        assert_eq!(policy.duration, Default::default());
    }
}

const FULL: &str = include_str!("good/full.yml");

#[test]
fn every_key_is_read() {
    let Policy {
        roles,
        catalogue,
        levels,
        conflicts,
        never_auto,
        approvals,
        duration,
        ..
    } = loaded(FULL).policy;
    let lead = &roles[1];
    assert_eq!(
        (lead.title.as_str(), &lead.inherits[..]),
        ("Team lead", &["engineer".to_owned()][..])
    );
    assert_eq!(lead.grantable[0].entitlement, "payments-db:read");
    assert_eq!((lead.place.line, lead.place.column), (5, 3));
    assert_eq!(roles[2].standard[0].entitlement, "vendor:view");

    let db = &catalogue[0];
    assert_eq!(db.id, "payments-db:write");
    assert_eq!(
        (db.environment, db.sensitivity),
        (Environment::Production, Sensitivity::Restricted)
    );
    assert_eq!(db.aliases, ["paydb:write"]);
    assert_eq!(db.tags, ["pci"]);
    assert_eq!(db.narrower.as_deref(), Some("payments-db:read"));
    assert_eq!(db.maximum, Some(Minutes::from_hours(8)));
    assert_eq!(db.system.as_deref(), Some("payments cluster"));
    assert_eq!(
        (db.blast_radius.people, db.blast_radius.systems),
        (Some(1200), Some(2))
    );
    assert_eq!(db.blast_radius.records, Some(40_000_000));
    assert_eq!(db.owner.as_deref(), Some("db_owner"));
    assert!(db.meaning.is_some() && db.break_glass.is_some() && db.standing.is_some());
    assert_eq!(catalogue[1].system.as_deref(), Some("payments-db"));

    assert_eq!(levels[0].resource, "");
    assert_eq!(
        (levels[1].resource.as_str(), levels[1].levels.len()),
        ("vendor", 2)
    );
    assert_eq!(conflicts[0].id, "vendor-payment");
    assert_eq!(conflicts[0].severity, Severity::Critical);
    let exceptions = &conflicts[0].exceptions;
    assert_eq!(
        exceptions[0].until,
        Timestamp::parse("2027-01-01T00:00:00Z").unwrap()
    );
    assert_eq!(
        exceptions[1].until,
        Timestamp::parse("2026-11-30T18:00:00Z").unwrap()
    );
    assert_eq!(conflicts[1].id, "sod-2");
    assert_eq!(never_auto[0].class, Class::Production);
    assert_eq!(never_auto[0].patterns[0].text, "live:*");
    assert_eq!(
        approvals.every,
        [ApprovalKind::Manager, ApprovalKind::Security]
    );
    assert_eq!(approvals.grantable, [ApprovalKind::ResourceOwner]);
    let production = approvals
        .by_class
        .iter()
        .find(|(class, _)| *class == Class::Production);
    assert_eq!(production.unwrap().1.len(), 3);
    assert_eq!(duration.maximum, Minutes::from_days(60));
}

#[test]
fn the_digest_covers_file_and_guardrails() {
    let digest = |text: &str| loaded(text).policy.digest;
    assert_eq!(digest(BLUEPRINT), digest(BLUEPRINT));
    assert_ne!(digest(BLUEPRINT), digest(&format!("{BLUEPRINT}\n")));
    assert!(digest(BLUEPRINT).starts_with("sha256:"));
}

#[test]
fn what_changes_nothing_is_a_warning() {
    let text = r#"
roles:
  engineer: { standard: ["repo:read", "repo:read"], grantable: ["ci:run", "ci:run"] }
  guest: {}
privileged: ["*:admin", "*:admin"]
sod_conflicts: [["a:b", "c:d", "a:b"]]
approvals: { every: [manager, manager] }
"#;
    let warnings = loaded(text).warnings;
    insta::assert_snapshot!(policy::render(&warnings, 100, false));
}

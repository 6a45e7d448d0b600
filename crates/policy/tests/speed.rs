//! How long a file of 5 MB takes: `cargo test --release -p policy --test speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use policy::{Guardrails, load};

/// A policy of about 5 MB: 25,000 catalogue entries and 2,000 roles that list 20 each.
fn large() -> String {
    let mut text = String::from("roles:\n");
    for role in 0..2_000 {
        text += &format!("  role-{role}: {{ title: \"Role {role}\", standard: [");
        for n in 0..20 {
            text += &format!("\"service-{}:read\", ", (role * 13 + n * 7) % 25_000);
        }
        text += "] }\n";
    }
    text += "catalogue:\n";
    for n in 0..25_000 {
        text += &format!(
            "  \"service-{n}:read\":\n    meaning: Read the dashboards and logs of service {n}\n"
        );
        text += &format!(
            "    owner: team-{}\n    environment: staging\n    sensitivity: internal\n",
            n % 300
        );
        text += &format!(
            "    aliases: [\"svc-{n}:view\"]\n    tags: [cost-centre-{}]\n",
            n % 50
        );
    }
    text
}

#[test]
#[ignore = "a measurement; meaningful in release only"]
fn five_megabytes_in_well_under_a_second() {
    let text = large();
    let guardrails = Guardrails::default();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begin = Instant::now();
        let loaded = load("access.yml", text.as_bytes(), &guardrails).unwrap();
        best = best.min(begin.elapsed());
        assert_eq!(loaded.policy.catalogue.len(), 25_000);
    }
    println!("{} bytes in {best:?} (best of 5)", text.len());
    assert!(best < Duration::from_secs(1), "{best:?}");
}

/// A policy with that many conditions, of which one in `wide` is about every entitlement and the others about one each.
fn conditions(count: usize, wide: usize) -> String {
    let mut text = String::from("roles:\n  engineer:\n    standard: [");
    for n in 0..count {
        text += &format!("\"service-{n}:read\", ");
    }
    text += "]\nattributes:\n  person: { team: { type: text }, on_call: { type: yes_no } }\nconditions: |\n";
    for n in 0..count {
        let scope = if n % wide == 0 {
            "resource".to_owned()
        } else {
            format!("resource == Entitlement::\"service-{n}:read\"")
        };
        text += &format!(
            "  @id(\"c{n}\") @reason(\"r\") @outcome(\"ask\")\n  forbid (principal, action, {scope})\n  \
             when {{ principal.team == \"team-{n}\" && context.minutes > 600 }};\n"
        );
    }
    text
}

#[test]
#[ignore = "a measurement; meaningful in release only"]
fn conditions_are_loaded_and_evaluated_in_good_time() {
    use policy::cases::{TestCase, TestPerson, Who};
    for (count, wide, unread) in [
        (100, 1, false),
        (100, 1, true),
        (100, 10, false),
        (10_000, 100, false),
    ] {
        let text = conditions(count, wide);
        let begin = Instant::now();
        let loaded = load("access.yml", text.as_bytes(), &Guardrails::default()).unwrap();
        let loading = begin.elapsed();
        let rules = loaded.compile().unwrap();
        let mut person = TestPerson {
            login: "engineer-017".to_owned(),
            roles: vec!["engineer".to_owned()],
            ..TestPerson::default()
        };
        let team = decision::rules::policy::Attribute::Text("team-7".to_owned());
        person.attributes.insert("team".to_owned(), team);
        let case = TestCase {
            requester: Who::Described(person),
            access: "service-7:read".to_owned(),
            unread: if unread {
                vec!["team".to_owned()]
            } else {
                Vec::new()
            },
            ..TestCase::default()
        };
        let evidence = case.evidence(&rules, &|_| None).unwrap();
        let mut best = Duration::MAX;
        for _ in 0..20 {
            let begin = Instant::now();
            let frozen = decision::evidence::Frozen::new(evidence.clone(), &rules);
            best = best.min(begin.elapsed());
            assert_eq!(frozen.conditions().len(), count);
        }
        println!(
            "{count} conditions, one in {wide} about everything, team unread: {unread}: loaded in {loading:?}, a request in {best:?}"
        );
    }
}

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

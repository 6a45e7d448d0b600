//! Nothing that comes from outside makes the parsers panic, and order in the file means nothing.

use std::collections::BTreeSet;

use policy::{Contract, Guardrails, load, render};
use proptest::prelude::*;

const FULL: &str = include_str!("good/full.yml");
const MINIMAL: &str = include_str!("../../../policies/minimal/access.yml");

/// Reads as a policy and draws the report, if there is one.
fn read(bytes: &[u8]) {
    if let Err(report) = load("access.yml", bytes, &Guardrails::default()) {
        assert!(!report.is_empty());
        assert!(!render(&report, 80, true).is_empty());
        let places: Vec<_> = report
            .problems()
            .iter()
            .map(policy::Problem::place)
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(
            places
                .iter()
                .all(|place| place.line > 0 && place.column > 0),
            "{report:?}"
        );
    }
}

/// Pieces that mean something to YAML or to the grammar.
const PIECES: &[&str] = &[
    "\n",
    "  ",
    "\t",
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "*",
    "&a ",
    "*a",
    "!x ",
    "|",
    ">",
    "\"",
    "'",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "roles:",
    "standard: ",
    "inherits: ",
    "\u{0}",
    "\u{202e}",
    "\u{feff}",
    "\u{85}",
    "\r",
    "\r\n",
    "~",
    "é",
    "<<: ",
    "@",
    "`",
    "\\",
    "\\u0000",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = Guardrails::load([("NEVER_AUTO", &text), ("AUTO_PROVISION_ONLY", &text)], Some(&text));
        let _ = Contract::load(&bytes);
    }

    #[test]
    fn random_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        let text = pieces.concat();
        read(text.as_bytes());
        let _ = Guardrails::load([("PREFER_TIME_BOUND", &text)], Some(&text));
    }

    #[test]
    fn random_mutations(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6, prop::sample::select(PIECES)), 1..8),
        full in any::<bool>(),
    ) {
        let mut text: Vec<char> = if full { FULL } else { MINIMAL }.chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(text.len());
            let end = (at + removed).min(text.len());
            text.splice(at..end, piece.chars());
        }
        read(text.into_iter().collect::<String>().as_bytes());
    }

    #[test]
    fn cut_anywhere(at in any::<prop::sample::Index>()) {
        read(&FULL.as_bytes()[..at.index(FULL.len())]);
    }

    #[test]
    fn order_means_nothing(sections in Just(sections(FULL)).prop_shuffle(), roles in Just(roles()).prop_shuffle()) {
        prop_assert_eq!(set(&sections.concat()), set(FULL));
        prop_assert_eq!(set(&format!("roles:\n{}", roles.concat())), set(&format!("roles:\n{}", self::roles().concat())));
    }
}

/// The top-level sections of a file.
fn sections(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with(' ') {
            if let Some(last) = found.last_mut() {
                last.push_str(line);
            }
        } else {
            found.push(line.to_owned());
        }
    }
    found
}

fn roles() -> Vec<String> {
    [
        "a: { inherits: [b, c] }",
        "b: { inherits: [c], standard: [\"x:y\"] }",
        "c: [\"z:y\", \"x:y\"]",
        "d: { grantable: [\"z:y\"] }",
    ]
    .iter()
    .map(|role| format!("  {role}\n"))
    .collect()
}

/// Everything a policy says, without order and places.
#[expect(clippy::unwrap_used, reason = "a test helper: the files are good")]
fn set(text: &str) -> BTreeSet<String> {
    let policy = load("access.yml", text.as_bytes(), &Guardrails::default())
        .unwrap()
        .policy;
    let mut found = BTreeSet::new();
    for role in &policy.roles {
        let names = |list: &[decision::rules::policy::Listed]| {
            list.iter()
                .map(|listed| listed.entitlement.clone())
                .collect::<BTreeSet<_>>()
        };
        found.insert(format!(
            "{} {} {:?} {:?} {:?}",
            role.name,
            role.title,
            role.inherits,
            names(&role.standard),
            names(&role.grantable)
        ));
    }
    for entry in &policy.catalogue {
        found.insert(format!(
            "{:?}",
            decision::rules::policy::Entitlement {
                place: Default::default(),
                ..entry.clone()
            }
        ));
    }
    found.extend(
        policy
            .levels
            .iter()
            .map(|order| format!("{} {:?}", order.resource, order.levels)),
    );
    for rule in &policy.conflicts {
        let sides: BTreeSet<_> = rule.sides.iter().map(|side| &side.text).collect();
        found.insert(format!(
            "{} {sides:?} {:?} {:?}",
            rule.id, rule.severity, rule.exceptions
        ));
    }
    found.extend(policy.privileged.iter().map(|pattern| pattern.text.clone()));
    found.insert(format!("{:?} {:?}", policy.approvals, policy.duration));
    found
}

#[test]
fn deep_nesting_is_refused_in_good_time() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        "?\n".repeat(100_000),
        "-\n".repeat(100_000),
        ": ".repeat(100_000),
        "- ? ".repeat(100_000),
        (0..400).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
        format!("roles: {}", "[".repeat(300)),
        format!(
            "roles:\n{}",
            (0..200)
                .map(|n| format!("{}- - -\n", " ".repeat(n)))
                .collect::<String>()
        ),
        format!("a: \"{}\"", "\\\n".repeat(50_000)),
        "a: &a [*a, *a]".to_owned(),
        "\"".repeat(100_001),
    ] {
        let begin = std::time::Instant::now();
        read(text.as_bytes());
        assert!(
            begin.elapsed().as_secs() < 5,
            "{}",
            text.chars().take(20).collect::<String>()
        );
    }
}

//! The engine against the slow oracle, over random worlds.
//!
//! `ORACLE_CASES` sets how many (default 20,000), `ORACLE_SEED` where they start.

#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "tests may panic, and print what they counted"
)]

use std::collections::{BTreeMap, BTreeSet};

use decision::evidence::Frozen;
use decision::findings::duration::GrantTerm;
use decision::findings::lifting::facts_digest;
use decision::findings::{Kind, Lifting, TABLE};
use decision::verdict::outcome::Outcome;
use decision::verdict::{Ruling, Standing, rule};
use testkit::generate::World;
use testkit::oracle::{self, OracleRuling, Points};

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn engine(world: &World) -> (Frozen, Ruling) {
    let frozen = Frozen::new(world.evidence.clone(), &world.rules);
    let ruling = rule(&frozen.case(), &world.rules, world.now);
    (frozen, ruling)
}

fn as_oracle(ruling: &Ruling, world: &World) -> OracleRuling {
    let points = ruling.points;
    OracleRuling {
        findings: ruling.findings.iter().collect(),
        lifted: ruling.lifted.iter().collect(),
        shown: ruling.shown,
        remaining: ruling.remaining,
        points: Points {
            privilege: points.privilege,
            sensitivity: points.sensitivity,
            production: points.production,
            tooling: points.tooling,
            blast_radius: points.blast_radius,
            anomaly: points.anomaly,
        },
        risk: ruling.risk.name(),
        confidence: ruling.confidence.0,
        term: match ruling.term {
            GrantTerm::Standing => None,
            GrantTerm::For(minutes) => Some(minutes),
        },
        ends: ruling.ends_at(world.now),
    }
}

fn compare(seed: u64) -> Option<(World, Ruling, Option<String>)> {
    let world = World::from_seed(seed)?;
    let (frozen, ruling) = engine(&world);
    let facts = |kind: Kind| facts_digest(&frozen, &world.rules, kind);
    let slow = oracle::decide(&world.evidence, &world.policy, world.now, &facts);
    let fast = as_oracle(&ruling, &world);
    let difference = (slow != fast).then(|| {
        let mut text = format!("seed {seed}:");
        let only = |a: &BTreeSet<Kind>, b: &BTreeSet<Kind>| {
            a.difference(b).map(|kind| kind.name()).collect::<Vec<_>>()
        };
        let mut say = |what: &str, engine: String, oracle: String| {
            if engine != oracle {
                text.push_str(&format!(" {what}: engine {engine}, oracle {oracle};"));
            }
        };
        say(
            "findings",
            format!("{:?}", only(&fast.findings, &slow.findings)),
            format!("{:?}", only(&slow.findings, &fast.findings)),
        );
        say(
            "lifted",
            format!("{:?}", only(&fast.lifted, &slow.lifted)),
            format!("{:?}", only(&slow.lifted, &fast.lifted)),
        );
        say(
            "points",
            format!("{:?}", fast.points),
            format!("{:?}", slow.points),
        );
        say("risk", fast.risk.into(), slow.risk.into());
        say(
            "confidence",
            fast.confidence.to_string(),
            slow.confidence.to_string(),
        );
        say(
            "term",
            format!("{:?}", fast.term),
            format!("{:?}", slow.term),
        );
        say(
            "ends",
            format!("{:?}", fast.ends),
            format!("{:?}", slow.ends),
        );
        text
    });
    Some((world, ruling, difference))
}

/// What happened over many worlds.
#[derive(Default)]
struct Tally {
    ruled: u64,
    differences: BTreeMap<String, (u64, String)>,
    kinds: BTreeMap<Kind, (u64, u64)>,
    outcomes: BTreeMap<Outcome, u64>,
    standings: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn of(seeds: impl Iterator<Item = u64>) -> Self {
        let mut tally = Self::default();
        for seed in seeds {
            if let Some((_, ruling, difference)) = compare(seed) {
                tally.note(&ruling, difference);
            }
        }
        tally
    }

    fn note(&mut self, ruling: &Ruling, difference: Option<String>) {
        self.ruled += 1;
        for kind in ruling.findings.iter() {
            let count = self.kinds.entry(kind).or_default();
            count.0 += 1;
            count.1 += u64::from(ruling.lifted.contains(kind));
        }
        *self.outcomes.entry(ruling.shown).or_default() += 1;
        let standing = match ruling.standing() {
            Standing::Withheld => "withheld",
            Standing::Automatic => "automatic",
            Standing::Reviewed => "reviewed",
        };
        *self.standings.entry(standing).or_default() += 1;
        if let Some(difference) = difference {
            let sort = difference.split_once(':').map_or("", |(_, rest)| rest);
            let sort = sort.to_owned();
            self.differences.entry(sort).or_insert((0, difference)).0 += 1;
        }
    }

    fn add(&mut self, other: Self) {
        self.ruled += other.ruled;
        for (sort, (count, example)) in other.differences {
            self.differences.entry(sort).or_insert((0, example)).0 += count;
        }
        for (kind, (found, lifted)) in other.kinds {
            let count = self.kinds.entry(kind).or_default();
            *count = (count.0 + found, count.1 + lifted);
        }
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        for (standing, count) in other.standings {
            *self.standings.entry(standing).or_default() += count;
        }
    }

    fn print(&self) {
        println!(
            "{} worlds; shown {:?}; {:?}",
            self.ruled, self.outcomes, self.standings
        );
        for row in TABLE {
            let (found, lifted) = self.kinds.get(&row.kind).copied().unwrap_or_default();
            println!("{:40} {found:7} lifted {lifted:6}", row.name);
        }
        let mut worst: Vec<_> = self.differences.values().collect();
        worst.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        for (count, example) in worst.iter().take(30) {
            println!("{count} x {example}");
        }
    }
}

#[test]
fn the_engine_agrees_with_the_oracle_and_everything_occurs() {
    let cases = from_environment("ORACLE_CASES", 20_000);
    let first = from_environment("ORACLE_SEED", 0);
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                let seeds = (first + part..first + cases).step_by(threads as usize);
                scope.spawn(|| Tally::of(seeds))
            })
            .collect();
        for part in parts {
            tally.add(part.join().unwrap());
        }
    });
    tally.print();
    assert!(
        tally.differences.is_empty(),
        "{} sorts of difference",
        tally.differences.len()
    );
    assert_eq!(tally.ruled, cases, "every policy compiles");
    let often = |count: Option<&u64>| count.is_some_and(|count| *count > cases / 200);
    for row in TABLE {
        assert!(
            tally.kinds.contains_key(&row.kind),
            "{} never occurs",
            row.kind
        );
        let liftable = row.lifting != Lifting::Nobody;
        let lifted = tally
            .kinds
            .get(&row.kind)
            .is_some_and(|(_, lifted)| *lifted > 0);
        assert_eq!(lifted, liftable, "{} lifted", row.kind);
    }
    for standing in ["withheld", "automatic", "reviewed"] {
        assert!(often(tally.standings.get(standing)), "{standing}");
    }
    for outcome in Outcome::ALL {
        assert!(often(tally.outcomes.get(&outcome)), "{outcome}");
    }
}

/// Prints one world: `ORACLE_SEED=7 cargo test -p testkit --test differential -- --ignored --nocapture`.
#[test]
#[ignore = "prints one world for a person to read"]
fn one_world() {
    let seed = from_environment("ORACLE_SEED", 0);
    let (world, ruling, difference) = compare(seed).unwrap();
    println!(
        "{:#?}\n{:#?}\n{ruling:#?}\n{difference:#?}",
        world.policy, world.evidence
    );
}

#[test]
#[ignore = "measures"]
fn speed() {
    use std::time::Instant;
    let start = Instant::now();
    let worlds: Vec<World> = (0..500).filter_map(World::from_seed).collect();
    println!("generate {:?}", start.elapsed());
    let start = Instant::now();
    for world in &worlds {
        let _ = decision::rules::Rules::compile(world.policy.clone());
    }
    println!("compile {:?}", start.elapsed());
    let start = Instant::now();
    let ruled: Vec<_> = worlds.iter().map(engine).collect();
    println!("engine {:?}", start.elapsed());
    let start = Instant::now();
    for (world, (frozen, _)) in worlds.iter().zip(&ruled) {
        oracle::decide(&world.evidence, &world.policy, world.now, &|kind| {
            facts_digest(frozen, &world.rules, kind)
        });
    }
    println!("oracle {:?}", start.elapsed());
}

//! How long a ruling takes, from ids, beside a plain Rust implementation with hash sets in the same run.
//!
//! `cargo bench -p testkit --bench rule`. Workloads as in docs/performance.md.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a benchmark on made-up numbers may panic and round"
)]

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::time::Instant;

use decision::evidence::analysis::Advised;
use decision::evidence::case::{
    AlreadyHeld, BrakeState, Case, CaseCoverage, JustificationState, LackSet, NameState,
    PersonState, PolicyState, Relation, TargetState,
};
use decision::evidence::record::{LogState, Mode};
use decision::findings::FindingSet;
use decision::rules::class::ClassSet;
use decision::rules::ids::{EntitlementId, RoleId, SideId};
use decision::rules::policy::{
    ApprovalKind, ConflictRule, Entitlement, LevelOrder, Listed, Pattern, Policy, Role,
};
use decision::rules::{ApprovalSet, Rules};
use decision::time::{Minutes, Timestamp};
use decision::verdict::outcome::Outcome;
use decision::verdict::rule;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

/// A size of policy.
struct Size {
    name: &'static str,
    roles: u32,
    per_role: u32,
    entitlements: u32,
    patterns: u32,
    conflicts: u32,
    holdings: u32,
}

const SIZES: [Size; 3] = [
    Size {
        name: "small",
        roles: 20,
        per_role: 30,
        entitlements: 300,
        patterns: 10,
        conflicts: 20,
        holdings: 20,
    },
    Size {
        name: "medium",
        roles: 500,
        per_role: 200,
        entitlements: 20_000,
        patterns: 100,
        conflicts: 2_000,
        holdings: 100,
    },
    Size {
        name: "large",
        roles: 5_000,
        per_role: 500,
        entitlements: 200_000,
        patterns: 500,
        conflicts: 50_000,
        holdings: 500,
    },
];
const CASES: usize = 4_096;
const ROUNDS: usize = 31;

/// SplitMix64: the same workload on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % u64::from(bound)) as u32
    }
}

fn name(number: u32) -> String {
    format!(
        "system{}:{}",
        number / 3,
        ["read", "write", "admin"][(number % 3) as usize]
    )
}

fn policy(size: &Size, random: &mut Random) -> Policy {
    let pattern = |text: String| Pattern {
        text,
        ..Pattern::default()
    };
    Policy {
        digest: "sha256:bench".into(),
        file: "bench".into(),
        roles: (0..size.roles)
            .map(|number| {
                let mut own: Vec<u32> = (0..size.per_role)
                    .map(|_| random.below(size.entitlements))
                    .collect();
                own.sort_unstable();
                own.dedup();
                Role {
                    name: format!("role{number}"),
                    title: format!("Role {number}"),
                    standard: own
                        .into_iter()
                        .map(|number| Listed {
                            entitlement: name(number),
                            ..Listed::default()
                        })
                        .collect(),
                    ..Role::default()
                }
            })
            .collect(),
        catalogue: (0..size.entitlements)
            .map(|number| Entitlement {
                id: name(number),
                ..Entitlement::default()
            })
            .collect(),
        levels: vec![LevelOrder {
            levels: ["read", "write", "admin"].map(String::from).to_vec(),
            ..LevelOrder::default()
        }],
        conflicts: (0..size.conflicts)
            .map(|number| ConflictRule {
                id: format!("rule{number}"),
                sides: vec![
                    pattern(name(random.below(size.entitlements))),
                    pattern(name(random.below(size.entitlements))),
                ],
                ..ConflictRule::default()
            })
            .filter(|rule| rule.sides[0].text != rule.sides[1].text)
            .collect(),
        privileged: (0..size.patterns)
            .map(|number| pattern(format!("system{}:*", number * 3)))
            .collect(),
        ..Policy::default()
    }
}

/// A person with a request, as numbers and as text.
struct Asked {
    roles: Vec<RoleId>,
    held: Vec<SideId>,
    entitlement: EntitlementId,
    approvals: ApprovalSet,
    role_names: Vec<String>,
    holdings: HashSet<String>,
    access: String,
}

fn asked(size: &Size, rules: &Rules, random: &mut Random) -> Asked {
    let role = random.below(size.roles);
    let own = &rules.policy().roles[role as usize].standard;
    let entitlement = if random.below(10) < 7 {
        rules
            .entitlement(&own[random.below(own.len() as u32) as usize].entitlement)
            .unwrap()
    } else {
        EntitlementId(random.below(size.entitlements))
    };
    let holdings: Vec<EntitlementId> = (0..size.holdings)
        .map(|_| EntitlementId(random.below(size.entitlements)))
        .collect();
    let mut held: Vec<SideId> = holdings
        .iter()
        .flat_map(|id| rules.sides_of(*id))
        .copied()
        .collect();
    held.sort_unstable();
    held.dedup();
    Asked {
        roles: vec![RoleId(role)],
        held,
        entitlement,
        approvals: ApprovalSet::of((random.below(10) > 0).then_some(ApprovalKind::Manager)),
        role_names: vec![format!("role{role}")],
        holdings: holdings
            .iter()
            .flat_map(|id| rules.implied(*id))
            .map(|id| name(id.0))
            .collect(),
        access: name(entitlement.0),
    }
}

fn case(asked: &Asked) -> Case<'_> {
    Case {
        evidence: [0; 32],
        mode: Mode::Guarded,
        log: LogState::Verified,
        policy: PolicyState::Current,
        requester: PersonState::Active,
        beneficiary: PersonState::Active,
        relation: Relation::Same,
        entitlement: Some(asked.entitlement),
        name: NameState::Clean,
        classes: ClassSet::EMPTY,
        privileged: false,
        forbidden: FindingSet::EMPTY,
        permitted: None,
        target: TargetState::Bound,
        roles: &asked.roles,
        asked_sides: &[],
        held: &asked.held,
        coverage: CaseCoverage::Everything,
        already: AlreadyHeld::No,
        approvals: asked.approvals,
        justification: JustificationState::Given,
        duration: None,
        until: None,
        booked: Minutes(0),
        activity: 0,
        lacks: LackSet::EMPTY,
        advised: Advised::NOTHING,
        brake: BrakeState::Free,
        lifts: &[],
    }
}

/// What people write first: hash sets of strings, a loop over patterns, rules indexed by side.
struct Plain {
    standard: HashMap<String, HashSet<String>>,
    patterns: Vec<String>,
    conflicts: HashMap<String, Vec<(String, String)>>,
}

impl Plain {
    fn new(policy: &Policy) -> Self {
        let mut conflicts: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for rule in &policy.conflicts {
            let (a, b) = (rule.sides[0].text.clone(), rule.sides[1].text.clone());
            conflicts
                .entry(a.clone())
                .or_default()
                .push((b.clone(), rule.id.clone()));
            conflicts.entry(b).or_default().push((a, rule.id.clone()));
        }
        Self {
            standard: (policy.roles.iter())
                .map(|role| {
                    (
                        role.name.clone(),
                        role.standard
                            .iter()
                            .map(|own| own.entitlement.clone())
                            .collect(),
                    )
                })
                .collect(),
            patterns: policy
                .privileged
                .iter()
                .map(|pattern| pattern.text.trim_end_matches('*').to_owned())
                .collect(),
            conflicts,
        }
    }

    /// Standard, not privileged, no conflict, approved. Nothing else: no lifts, durations, risk, facts unknown.
    fn decide(&self, asked: &Asked) -> bool {
        let standard = asked.role_names.iter().any(|role| {
            self.standard
                .get(role)
                .is_some_and(|own| own.contains(&asked.access))
        });
        let privileged = asked.access.ends_with(":admin")
            || self
                .patterns
                .iter()
                .any(|prefix| asked.access.starts_with(prefix.as_str()));
        let levels = ["read", "write", "admin"];
        let (resource, level) = asked.access.split_once(':').unwrap_or_default();
        let below = levels.iter().position(|name| *name == level).unwrap_or(0);
        let conflict = levels[..=below].iter().any(|level| {
            let side = format!("{resource}:{level}");
            let rules = self.conflicts.get(&side).map_or(&[][..], Vec::as_slice);
            rules.iter().any(|(other, _)| {
                asked.holdings.contains(other)
                    || (other.starts_with(resource) && *other == format!("{resource}:{level}"))
            })
        });
        standard && !privileged && !conflict && asked.approvals.contains(ApprovalKind::Manager)
    }
}

/// Median nanoseconds per item over the rounds.
fn median(items: usize, mut round: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed().as_nanos() as f64 / items as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn main() {
    println!("| workload | compile | rule, p50 | plain Rust, p50 | ratio | open |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for size in SIZES {
        let mut random = Random(7);
        let policy = policy(&size, &mut random);
        let plain = Plain::new(&policy);
        let start = Instant::now();
        let rules = Rules::compile(policy).unwrap();
        let compile = start.elapsed();
        let people: Vec<Asked> = (0..CASES)
            .map(|_| asked(&size, &rules, &mut random))
            .collect();
        let now = Timestamp::default();
        let open = people
            .iter()
            .filter(|one| rule(&case(one), &rules, now).shown == Outcome::Open)
            .count();
        let ours = median(CASES, || {
            for one in &people {
                black_box(rule(black_box(&case(one)), &rules, now));
            }
        });
        let theirs = median(CASES, || {
            for one in &people {
                black_box(plain.decide(black_box(one)));
            }
        });
        println!(
            "| {} | {} ms | {ours:.0} ns | {theirs:.0} ns | {:.1} | {open} of {CASES} |",
            size.name,
            compile.as_millis(),
            theirs / ours
        );
    }
}

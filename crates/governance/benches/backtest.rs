//! How many rows of history are judged in a second, on the medium workload of docs/performance.md.
//!
//! `cargo bench -p governance --bench backtest -- [ROWS] [FOLDER]`. With a folder the files stay there, for
//! `python3 crates/governance/benches/gate.py FOLDER`, the same questions in plain Python.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a benchmark on made-up numbers may panic, round and print"
)]

#[path = "../tests/common/parquet_file.rs"]
mod parquet_file;

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use decision::rules::Rules;
use decision::rules::policy::{
    ConflictRule, Entitlement, LevelOrder, Listed, Pattern, Policy, Role,
};
use decision::time::Timestamp;
use governance::backtest::{Format, HoldingsTable, Input, Options, Report, run};
use parquet_file::Written;

const ROLES: u32 = 500;
const PER_ROLE: u32 = 200;
const ENTITLEMENTS: u32 = 20_000;
const PATTERNS: u32 = 100;
const CONFLICTS: u32 = 2_000;
const HOLDINGS: u32 = 100;
const PEOPLE: u32 = 4_096;
const ROUNDS: usize = 5;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

/// `SplitMix64`: the same workload on every machine.
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

/// The generator of crates/testkit/benches/rule.rs.
fn policy(random: &mut Random) -> Policy {
    let pattern = |text: String| Pattern {
        text,
        ..Pattern::default()
    };
    Policy {
        digest: "sha256:bench".into(),
        file: "bench".into(),
        roles: (0..ROLES)
            .map(|number| {
                let mut own: Vec<u32> = (0..PER_ROLE).map(|_| random.below(ENTITLEMENTS)).collect();
                own.sort_unstable();
                own.dedup();
                let listed = |number| Listed {
                    entitlement: name(number),
                    ..Listed::default()
                };
                Role {
                    name: format!("role{number}"),
                    standard: own.into_iter().map(listed).collect(),
                    ..Role::default()
                }
            })
            .collect(),
        catalogue: (0..ENTITLEMENTS)
            .map(|number| Entitlement {
                id: name(number),
                ..Entitlement::default()
            })
            .collect(),
        levels: vec![LevelOrder {
            levels: ["read", "write", "admin"].map(String::from).to_vec(),
            ..LevelOrder::default()
        }],
        conflicts: (0..CONFLICTS)
            .map(|number| ConflictRule {
                id: format!("rule{number}"),
                sides: vec![
                    pattern(name(random.below(ENTITLEMENTS))),
                    pattern(name(random.below(ENTITLEMENTS))),
                ],
                ..ConflictRule::default()
            })
            .filter(|rule| rule.sides[0].text != rule.sides[1].text)
            .collect(),
        privileged: (0..PATTERNS)
            .map(|number| pattern(format!("system{}:*", number * 3)))
            .collect(),
        ..Policy::default()
    }
}

/// A row as it was made up.
struct Asked {
    id: String,
    person: u32,
    role: u32,
    access: u32,
    at: i64,
    approvals: &'static str,
    owner: &'static str,
}

fn rows(policy: &Policy, random: &mut Random, count: u32) -> Vec<Asked> {
    let numbers: Vec<Vec<u32>> = policy
        .roles
        .iter()
        .map(|role| {
            let number = |text: &str| {
                let (system, level) = text.trim_start_matches("system").split_once(':').unwrap();
                let level = ["read", "write", "admin"]
                    .iter()
                    .position(|one| *one == level)
                    .unwrap();
                system.parse::<u32>().unwrap() * 3 + level as u32
            };
            role.standard
                .iter()
                .map(|listed| number(&listed.entitlement))
                .collect()
        })
        .collect();
    (0..count)
        .map(|number| {
            let person = random.below(PEOPLE);
            let role = person % ROLES;
            let own = &numbers[role as usize];
            let access = if random.below(10) < 7 {
                own[random.below(own.len() as u32) as usize]
            } else {
                random.below(ENTITLEMENTS)
            };
            Asked {
                id: format!("REQ-{number:07}"),
                person,
                role,
                access,
                // Sixty days, in order.
                at: START + i64::from(number) * 5_184_000 / i64::from(count),
                approvals: if random.below(10) > 0 { "manager" } else { "" },
                owner: ["approve", "approve", "escalate", "deny"][random.below(4) as usize],
            }
        })
        .collect()
}

fn json_lines(rows: &[Asked], held: Option<&[Vec<u32>]>) -> String {
    let mut text = String::new();
    for row in rows {
        let at = Timestamp::from_seconds(row.at);
        let approvals = if row.approvals.is_empty() {
            String::new()
        } else {
            format!("\"{}\"", row.approvals)
        };
        write!(
            text,
            "{{\"request_id\":\"{}\",\"requester\":\"person{:04}\",\"role\":\"role{}\",\"department\":\"Department of Operations {}\",\
             \"access\":\"{}\",\"justification\":\"Needed for the quarterly reconciliation of accounts\",\"duration\":\"30d\",\
             \"approvals\":[{approvals}],\"created_at\":\"{at}\",\"owner_decision\":\"{}\",\"minimal_access\":\"{}\",\"sod_conflict\":false",
            row.id, row.person, row.role, row.role % 50, name(row.access), row.owner, name(row.access)
        )
        .unwrap();
        if let Some(held) = held {
            let names: Vec<String> = held[row.person as usize]
                .iter()
                .map(|held| format!("\"{}\"", name(*held)))
                .collect();
            write!(text, ",\"holdings\":[{}]", names.join(",")).unwrap();
        }
        text.push_str("}\n");
    }
    text
}

fn parquet(rows: &[Asked]) -> Vec<u8> {
    let schema = "message history {
        required binary request_id (UTF8); required binary requester (UTF8); required binary role (UTF8);
        required binary department (UTF8); required binary access (UTF8); required boolean justification;
        required binary duration (UTF8); required binary approvals (UTF8);
        required int64 created_at (TIMESTAMP_MILLIS); required binary owner_decision (UTF8);
        required binary minimal_access (UTF8); required boolean sod_conflict; }";
    let groups = rows.chunks(122_880).map(|rows| {
        let texts = |text: fn(&Asked) -> String| Written::texts(rows.iter().map(text));
        vec![
            texts(|row| row.id.clone()),
            texts(|row| format!("person{:04}", row.person)),
            texts(|row| format!("role{}", row.role)),
            texts(|row| format!("Department of Operations {}", row.role % 50)),
            texts(|row| name(row.access)),
            Written::flags(rows.iter().map(|_| true).collect()),
            texts(|_| "30d".into()),
            texts(|row| row.approvals.into()),
            Written::numbers(rows.iter().map(|row| row.at * 1_000).collect()),
            texts(|row| row.owner.into()),
            texts(|row| name(row.access)),
            Written::flags(rows.iter().map(|_| false).collect()),
        ]
    });
    parquet_file::file(schema, parquet_file::usual(), groups)
}

/// The policy as the Python gate reads it.
fn policy_as_json(policy: &Policy) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(","));
    let quoted = |text: &str| format!("\"{text}\"");
    let roles = policy.roles.iter().map(|role| {
        let own = role
            .standard
            .iter()
            .map(|listed| quoted(&listed.entitlement))
            .collect();
        format!("{}:{}", quoted(&role.name), list(own))
    });
    let conflicts = policy.conflicts.iter();
    let conflicts =
        conflicts.map(|rule| list(rule.sides.iter().map(|side| quoted(&side.text)).collect()));
    format!(
        "{{\"roles\":{{{}}},\"privileged\":{},\"sod_conflicts\":{}}}",
        roles.collect::<Vec<_>>().join(","),
        list(
            policy
                .privileged
                .iter()
                .map(|pattern| quoted(&pattern.text))
                .collect()
        ),
        list(conflicts.collect())
    )
}

/// Seconds of processor time that this process took so far, all threads together.
fn processor_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = |place| {
        after_name
            .split_whitespace()
            .nth(place)
            .and_then(|text| text.parse::<f64>().ok())
    };
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

fn measure(
    title: &str,
    path: &Path,
    rows: usize,
    rules: &Rules,
    holdings: Option<&HoldingsTable>,
) -> Report {
    let bytes = fs::metadata(path).unwrap().len();
    let mut last = None;
    for threads in [1, 2] {
        let before = processor_seconds();
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let options = Options {
                    threads,
                    stopwatch: Some(Instant::now),
                    ..Options::new(Timestamp::from_seconds(START + 10_000_000))
                };
                let file = fs::File::open(path).unwrap();
                let format = Format::from_path(path).unwrap();
                let started = Instant::now();
                let input = Input::from_file(title, format, file);
                let report = run(vec![input], holdings, rules, &options, &|_| {
                    ControlFlow::Continue(())
                })
                .unwrap();
                let time = started.elapsed().as_secs_f64();
                assert_eq!(report.rows.judged as usize, rows);
                assert!(report.must_be_zero.holds());
                last = Some(report);
                time
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "| {title} | {:.0} B a row | {threads} | {:.2} M/s | {:.2} M/s | {:.2} M |",
            bytes as f64 / rows as f64,
            rows as f64 / times[ROUNDS / 2] / 1e6,
            rows as f64 / times[0] / 1e6,
            (rows * ROUNDS) as f64 / (processor_seconds() - before) / 1e6
        );
    }
    last.unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let count: u32 = arguments
        .first()
        .map_or(1_000_000, |rows| rows.parse().unwrap());
    let kept = arguments.get(1).map(PathBuf::from);
    let folder = kept
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join("backtest-bench"));
    fs::create_dir_all(&folder).unwrap();
    let mut random = Random(7);
    let policy = policy(&mut random);
    let held: Vec<Vec<u32>> = (0..PEOPLE)
        .map(|_| (0..HOLDINGS).map(|_| random.below(ENTITLEMENTS)).collect())
        .collect();
    let rows = rows(&policy, &mut random, count);
    let inline = &rows[..rows.len() / 10];
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    file("policy.json", policy_as_json(&policy).as_bytes());
    let lines = file("history.jsonl", json_lines(&rows, None).as_bytes());
    let columns = file("history.parquet", &parquet(&rows));
    let inlined = file("inline.jsonl", json_lines(inline, Some(&held)).as_bytes());
    let mut table = String::from("person,entitlement\n");
    for (held, person) in held.iter().zip(0..) {
        for one in held {
            writeln!(table, "person{person:04},{}", name(*one)).unwrap();
        }
    }
    let table = file("holdings.csv", table.as_bytes());
    let started = Instant::now();
    let holdings = HoldingsTable::from_csv("holdings.csv", fs::File::open(table).unwrap()).unwrap();
    let table_time = started.elapsed();
    let rules = Rules::compile(policy).unwrap();
    println!(
        "holdings of {} people read in {} ms",
        holdings.people(),
        table_time.as_millis()
    );
    println!(
        "| history of {count} rows | size | threads | median | best | rows per processor second |\n| --- | --- | --- | --- | --- | --- |"
    );
    if std::env::var_os("ONLY_JSON").is_some() {
        measure("JSON Lines", &lines, rows.len(), &rules, Some(&holdings));
        return;
    }
    if std::env::var_os("ONLY_PARQUET").is_some() {
        measure("Parquet", &columns, rows.len(), &rules, Some(&holdings));
        return;
    }
    let report = measure("JSON Lines", &lines, rows.len(), &rules, Some(&holdings));
    let columnar = measure("Parquet", &columns, rows.len(), &rules, Some(&holdings));
    measure(
        "JSON Lines, holdings inline",
        &inlined,
        inline.len(),
        &rules,
        None,
    );
    assert_eq!(report.decisions, columnar.decisions);
    file("report.html", report.to_html().as_bytes());
    println!("{:?}", report.latency);
    for decision in report.decisions {
        println!("{}: {}", decision.decision, decision.share);
    }
    if kept.is_none() {
        fs::remove_dir_all(folder).unwrap();
    }
}

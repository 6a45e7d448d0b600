//! How many decisions are committed a second, alone and by 64 writers at once, beside the disk's own sync rate.
//!
//! `cargo bench -p testkit --bench commit`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark on made-up numbers may panic and round"
)]

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use decision::evidence::record::Mode;
use ports::Store as _;
use ports::store::{Category, LeafDraft, Transition};
use testkit::world::{World, request};

const POLICY: &str = include_str!("../../../policies/minimal/access.yml");
const DIRECTORY: &str = "people:\n  engineer-001: { roles: [engineer], manager: manager-001 }\n  manager-001: { roles: [] }\n";
const LONG: Duration = Duration::from_secs(3);

/// How often `act` ran a second.
fn rate(mut act: impl FnMut(u64)) -> f64 {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < LONG {
        act(count);
        count += 1;
    }
    count as f64 / start.elapsed().as_secs_f64()
}

/// The four leaves of a decision, as they are logged.
fn transition(number: u64) -> Transition {
    let leaf = |category| LeafDraft {
        category,
        event: "bench",
        request: format!("REQ-{number}"),
        person: Some("p-1".to_owned()),
        clear: [
            ("policy".to_owned(), "x".repeat(71)),
            ("decision".to_owned(), "AUTO_PROVISION".to_owned()),
        ]
        .into(),
        keyed: [].into(),
        committed: [("record".to_owned(), "y".repeat(1_500))].into(),
    };
    let categories = [
        Category::Request,
        Category::PolicyCheck,
        Category::PreparedChange,
        Category::Approvals,
    ];
    Transition {
        leaves: categories.map(leaf).to_vec(),
        ..Transition::default()
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::create(folder.path().join("raw")).unwrap();
    let raw = rate(|_| {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
    });

    let world = World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap();
    let whole = rate(|number| {
        let ticket = format!(
            r#"{{"request_id": "REQ-{number}", "requester": "engineer-001", "access": "dev-db:read", "justification": "the importer's tests fail"}}"#
        );
        for answer in world.agent().handle(vec![request(&ticket).unwrap()]) {
            answer.unwrap();
        }
    });

    let world = World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap();
    let alone = rate(|number| {
        for result in world.store.commit(&[transition(number)]) {
            result.unwrap();
        }
    });

    let world = World::new(POLICY, DIRECTORY, Mode::Guarded).unwrap();
    let start = Instant::now();
    let store = &world.store;
    let together: u64 = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..64_u64)
            .map(|writer| {
                scope.spawn(move || {
                    let mut count = 0;
                    while start.elapsed() < LONG {
                        for result in store.commit(&[transition(writer << 32 | count)]) {
                            result.unwrap();
                        }
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .sum()
    });
    let together = together as f64 / start.elapsed().as_secs_f64();

    println!("| what | a second | beside the raw sync rate |");
    println!("| --- | --- | --- |");
    for (what, rate) in [
        ("raw: append 4 KiB and fdatasync", raw),
        ("commits of a decision's four leaves, 1 writer", alone),
        ("the same, 64 writers", together),
        (
            "whole decisions, one after the other (evidence, ruling, commit, receipt)",
            whole,
        ),
    ] {
        println!("| {what} | {rate:.0} | {:.2} |", rate / raw);
    }
}

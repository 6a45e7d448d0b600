//! How long reports and records are kept, and what a replay says afterwards.

use agent::cycle::prune::{Keep, Pruned, prune};
use decision::time::Minutes;
use ports::store::Budgets;
use ports::{Clock as _, SystemClock};
use sandbox::vault::Verb;
use store::{Options, Salts, SqliteStore};

use crate::world::{Home, Ran, World};

fn run_of(ran: &Ran) -> String {
    ran.told["run"].as_str().unwrap().to_owned()
}

/// Makes a run old: its files get the name of one of long ago. Its record is then not the one that the log knows.
fn grow_old(home: &Home, run: &str, old: &str) {
    let move_to =
        |from: String, to: String| std::fs::rename(home.path(&from), home.path(&to)).unwrap();
    for kind in ["md", "html", "json"] {
        move_to(
            format!("state/reports/vault-report-{run}.{kind}"),
            format!("state/reports/vault-report-{old}.{kind}"),
        );
    }
    move_to(record(run), record(old));
}

/// The store of a home folder, with its own keys.
fn open(home: &Home) -> SqliteStore {
    let key = |name: &str| home.path(&format!("state/keys/{name}"));
    let options = Options {
        stop_file: None,
        key: audit::key::load(&key("log.key")).unwrap().unwrap(),
        person_key: audit::secret::load_or_create(&key("person.key")).unwrap(),
        salts: Salts::System,
        budgets: Budgets::default(),
    };
    SqliteStore::open(&home.path("state"), options).unwrap()
}

fn record(run: &str) -> String {
    format!("state/runs/vault-run-{run}.jsonl")
}

fn files(home: &Home, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(home.path(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn old_reports_go_and_then_their_records() {
    let mut world = World::waiting(&[], 1);
    // Kept for ever.
    world.home.set("REPORT_KEEP_DAYS", "0");
    let (old, other) = ("2020-01-01T080000Z", "2020-01-02T080000Z-2");
    for name in [old, other] {
        let ran = world.run();
        ran.ends(0);
        grow_old(&world.home, &run_of(&ran), name);
    }
    std::fs::write(
        world.home.path("state/reports/notes-2020-01-01T080000Z.md"),
        "mine",
    )
    .unwrap();
    let kept = world.run();
    kept.ends(0);
    assert!(world.home.path(&record(old)).exists());
    // By default for four hundred days.
    world.home.set("REPORT_KEEP_DAYS", "");
    let ran = world.run();
    ran.ends(0).says("removed 2 old reports and 2 records");
    let left = files(&world.home, "state/runs");
    assert!(left.iter().all(|name| !name.contains("2020")), "{left:?}");
    let left = files(&world.home, "state/reports");
    assert_eq!(
        left.iter().filter(|name| name.contains("2020")).count(),
        1,
        "{left:?}"
    );
    // Those of today are all there.
    for run in [&kept, &ran].map(run_of) {
        assert!(world.home.path(&record(&run)).exists());
    }
    let verified = world.home.words(&["audit", "verify"]);
    assert!(verified.status.success());
    world.was_done_once(Verb::Approve, &world.ids());
}

/// INVARIANT(replay, erasable). The log says what was erased: only that is missed without complaint.
#[test]
fn a_replay_tells_what_was_erased_from_what_is_missing() {
    let world = World::waiting(&[], 1);
    let ran = world.run();
    ran.ends(0);
    let (run, record) = (run_of(&ran), record(&run_of(&ran)));
    let replay = |home: &Home| {
        let output = home.words(&["replay", "--run", &run]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), said)
    };
    let (code, said) = replay(&world.home);
    assert!(code == 0 && said.contains("2 of 2"), "{said}");
    let away = world.home.path("record");
    std::fs::rename(world.home.path(&record), &away).unwrap();
    let (code, said) = replay(&world.home);
    assert!(code == 1 && said.contains("expected at"), "{said}");
    std::fs::rename(&away, world.home.path(&record)).unwrap();

    // Much later its report is old, and so is it.
    let keep = Keep {
        reports: 400,
        records: 37,
    };
    let pruned_after = |days: u32| {
        let store = open(&world.home);
        let at = SystemClock.now().plus(Minutes::from_days(days));
        let folder = |name: &str| world.home.path(&format!("state/{name}"));
        prune(&store, at, keep, &folder("reports"), &folder("runs")).unwrap()
    };
    assert_eq!(pruned_after(399), Pruned::default());
    let both = Pruned {
        reports: 1,
        records: 1,
    };
    assert_eq!(pruned_after(401), both);
    assert!(!world.home.path(&record).exists());
    let (code, said) = replay(&world.home);
    assert!(code == 0, "{said}");
    // The action stands in the store, and is made again.
    assert!(
        said.contains("1 of 2") && said.contains("1 erased"),
        "{said}"
    );
    assert!(said.contains("leaf"), "{said}");
}

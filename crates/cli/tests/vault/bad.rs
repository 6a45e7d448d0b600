//! A vault that lies, breaks or dies, and requests that are hostile: a clear end, nothing lost, nothing done by mistake.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sandbox::vault::{Fault, Route, Verb};
use serde_json::{Value, json};

use crate::liar::{Liar, asset, page, row};
use crate::planted::inert;
use crate::world::{Home, World, each, now_ms, until};

fn allow(home: &mut Home, logins: &[&str]) {
    let lines = logins.iter().map(|login| {
        let line = [*login, "root / Staging", "AssetAccess"];
        let [login, container, action] = line.map(str::to_owned);
        (login, container, action)
    });
    home.allow(&lines.collect());
    let hour = now_ms() / 3_600_000 % 24;
    home.set("OFF_HOURS_START", &((hour + 12) % 24).to_string());
    home.set("OFF_HOURS_END", &((hour + 13) % 24).to_string());
}

#[test]
fn a_list_that_is_none_ends_the_run_with_a_clear_error() {
    let cases = [
        (Fault::Html, "web page"),
        (Fault::Redirect, "302"),
        (Fault::Truncated, "not JSON"),
        (Fault::Status(401), "401"),
        (Fault::Status(404), "404"),
        (Fault::Status(500), "500"),
        (Fault::Status(204), "empty"),
        (Fault::Reset, "auditor-requests"),
        (Fault::Hang, "auditor-requests"),
    ];
    each(&cases, |(fault, told)| {
        let mut world = World::waiting(&[], 2);
        world.home.set("VAULT_TIMEOUT", "1s");
        world.simulator.fault(Route::List, fault.clone(), None);
        let ran = world.run();
        ran.ends(1).says(told).says("doctor");
        assert!(world.done().is_empty(), "{fault}");
        // It comes back, and nothing was lost.
        world.simulator.clear_faults();
        world.run().ends(0);
        world.was_done_once(Verb::Approve, &world.ids());
    });
}

/// A fault that passes is no reason to give up a read.
#[test]
fn a_read_is_tried_again() {
    let world = World::waiting(&[], 2);
    world
        .simulator
        .fault(Route::List, Fault::Status(503), Some(1));
    world.simulator.fault(Route::Asset, Fault::Reset, Some(1));
    world.run().ends(0);
    world.was_done_once(Verb::Approve, &world.ids());
}

#[test]
fn a_vault_that_dies_in_the_middle_loses_nothing() {
    let World { simulator, home } = World::waiting(&[], 3);
    let hold = Fault::Delay(Duration::from_millis(300));
    simulator.fault(Route::Asset, hold, Some(1));
    let child = home.begin();
    until("an asset is asked for", || {
        simulator.calls().contains_key(&Route::Asset)
    });
    simulator.fault(Route::List, Fault::Reset, None);
    let ran = home.end(child);
    ran.ends(1).says("could not be read again");
    assert_eq!(ran.with("planned").len(), 3);
    assert!(
        ran.report("md").contains("could not be read again"),
        "{}",
        ran.report("md")
    );
    drop(simulator);
    home.run().ends(1);
}

/// Rows that cannot be read are told and never acted upon; the others are.
#[test]
fn rows_that_make_no_sense_are_told_and_left() {
    let far = now_ms() + 40 * 24 * 3_600_000;
    let rows = vec![
        row("good", json!({})),
        row("no-status", json!({ "status": null })),
        row("future", json!({ "created": far })),
        row("strange", json!({ "status": "Open" })),
        row("text-time", json!({ "created": "yesterday" })),
        row(
            "wrong-types",
            json!({ "requestor": 17, "entityName": [1], "message": { "a": 1 }, "level": -3 }),
        ),
        row("../../api/user/delete?x=", json!({})),
        json!(null),
        json!([]),
        json!({ "status": "Active", "created": 1 }),
    ];
    let liar = Liar::start(move |call| match call.method.as_str() {
        "PUT" => (200, String::new()),
        _ if call.is_list() => page(call, &rows),
        _ => asset(),
    });
    let mut home = liar.home();
    allow(
        &mut home,
        &[
            "person-of-4",
            "person-of-6",
            "person-of-7",
            "person-of-24",
            "17",
        ],
    );
    let ran = home.run();
    ran.ends(0);
    assert_eq!(liar.writes().len(), 1, "{:?}", liar.writes());
    assert_eq!(liar.writes()[0].0, "/api/request/approve/good");
    assert_eq!(ran.outcome("good").as_deref(), Some("done_at_this_level"));
    assert!(ran.finds("future", "filed-in-the-future") && ran.finds("strange", "not-active"));
    let report = ran.report("md");
    assert!(report.contains("6 rows"), "{report}");
}

/// INVARIANT(bound): what says something else than what was analysed is another request.
#[test]
fn words_that_change_before_the_decision_void_it() {
    let changes = [
        json!({ "message": "Something else altogether, CHG-2" }),
        json!({ "requestor": "another-001" }),
        json!({ "entityId": "a-2" }),
        json!({ "action": "AssetUnlock" }),
        json!({ "to": now_ms() + 90 * 24 * 3_600_000 }),
        json!({ "created": now_ms() - 7_200_000 }),
    ];
    for change in changes {
        let reads = AtomicUsize::new(0);
        let (told, first) = (change.clone(), row("x-1", json!({})));
        let liar = Liar::start(move |call| match call.method.as_str() {
            "PUT" => (200, String::new()),
            _ if call.is_list() => {
                let mut row = first.clone();
                if reads.fetch_add(1, Ordering::SeqCst) > 0 {
                    row.as_object_mut()
                        .unwrap()
                        .extend(change.as_object().unwrap().clone());
                }
                page(call, &[row])
            }
            _ => asset(),
        });
        let mut home = liar.home();
        allow(&mut home, &["person-of-3", "another-001"]);
        let ran = home.run();
        assert_eq!(
            ran.ends(0).outcome("x-1").as_deref(),
            Some("changed"),
            "{told}: {}",
            ran.said
        );
        assert!(liar.writes().is_empty(), "{told}");
    }
}

/// Approved by us, open for ten days since: closed once. The vault's clock is what the list says.
#[test]
fn what_we_approved_is_closed_when_it_grows_stale() {
    let status = std::sync::Arc::new(Mutex::new("Active"));
    let own = std::sync::Arc::clone(&status);
    let liar = Liar::start(move |call| {
        let mut status = own.lock().unwrap();
        if call.method == "PUT" {
            *status = if call.target.contains("approve") {
                "Approved"
            } else {
                "Completed"
            };
            return (200, String::new());
        }
        if !call.is_list() {
            return asset();
        }
        let approved = (*status != "Active").then(|| now_ms() - 10 * 24 * 3_600_000);
        let created = crate::world::now_ms() / 1_000_000_000 * 1_000_000_000 - 864_000_000;
        page(
            call,
            &[row(
                "x-1",
                json!({ "status": *status, "approved": approved, "created": created }),
            )],
        )
    });
    let mut home = liar.home();
    allow(&mut home, &["person-of-3"]);
    home.set("STALE_REQUEST_DAYS", "9");
    // Filed at whatever hour that was: the hours of this test have none that are off but one.
    let hour = (now_ms() / 1_000_000_000 * 1_000_000_000 - 864_000_000) / 3_600_000 % 24;
    home.set("OFF_HOURS_START", &((hour + 12) % 24).to_string());
    home.set("OFF_HOURS_END", &((hour + 13) % 24).to_string());
    for _ in 0..4 {
        home.run().ends(0);
    }
    let paths: Vec<String> = liar.writes().into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        paths,
        ["/api/request/approve/x-1", "/api/request/complete/x-1"]
    );
}

/// Unknown when it was approved: never stale, whatever its age.
#[test]
fn without_a_time_of_approval_nothing_is_closed() {
    let created = now_ms() - 25 * 24 * 3_600_000;
    let rows = [row(
        "x-1",
        json!({ "status": "Approved", "created": created, "approvals": null }),
    )];
    let liar = Liar::start(move |call| match call.method.as_str() {
        "PUT" => (200, String::new()),
        _ if call.is_list() => page(call, &rows),
        _ => asset(),
    });
    let mut home = liar.home();
    allow(&mut home, &[]);
    let ran = home.run();
    ran.ends(0);
    assert!(ran.finds("x-1", "approval-time-unknown"));
    assert!(liar.writes().is_empty());
}

/// It says yes to everything and does nothing: an approval may have left it waiting, a rejection not.
#[test]
fn a_yes_alone_proves_no_rejection() {
    let rows = [row(
        "x-1",
        json!({ "entityName": "prod-dc-001 domain controller" }),
    )];
    let liar = Liar::start(move |call| match call.method.as_str() {
        "PUT" => (200, String::new()),
        _ if call.is_list() => page(call, &rows),
        _ => asset(),
    });
    let mut home = liar.home();
    allow(&mut home, &["person-of-3"]);
    home.set("RISK_THRESHOLD_REJECT", "medium");
    let ran = home.run();
    assert_eq!(
        ran.ends(1).outcome("x-1").as_deref(),
        Some("unknown"),
        "{}",
        ran.said
    );
    home.run().ends(0);
    assert_eq!(liar.writes().len(), 1);
}

#[test]
fn hostile_words_stay_words() {
    let long = "<script>alert(1)</script> ".repeat(40_000);
    let names = [
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/p.png) [ok](javascript:alert(1))",
        "a\u{202e}b\u{0}c\u{1b}[31mred\u{200b}",
        "| a | b |\n\n# Risk: low\n```",
        "\"; DROP TABLE actions; --",
    ];
    let mut rows: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            row(&format!("h-{number}"), json!({
                "entityName": name, "requestor": name, "message": name, "action": name, "entityId": format!("a-{number}"),
            }))
        })
        .collect();
    rows.push(row("long", json!({ "message": long })));
    let liar = Liar::start(move |call| match call.method.as_str() {
        "PUT" => (200, String::new()),
        _ if call.is_list() => page(call, &rows),
        _ => {
            let record = json!({ "type": "<img src=x onerror=alert(1)>", "path": ["root", "![x](https://evil.example)"],
                "tags": ["</script><img src=x>", "\u{202e}tag"] });
            (200, record.to_string())
        }
    });
    let mut home = liar.home();
    allow(&mut home, &[]);
    home.set("RISK_THRESHOLD_REJECT", "medium");
    let ran = home.run();
    ran.ends(0);
    inert(&ran.report("html"), &ran.report("md"));
    assert!(ran.report("html").len() < 4_000_000);
    assert!(!ran.said.contains(['\u{1b}', '\0']));
    let text = home.words(&["run"]);
    let said = String::from_utf8(text.stdout).unwrap() + &String::from_utf8(text.stderr).unwrap();
    assert!(!said.contains(['\u{1b}', '\u{202e}', '\0']), "{said}");
    for (_, reason) in liar.writes() {
        assert!(
            reason.is_ascii() && !reason.contains(['<', '[', '\n']),
            "{reason}"
        );
    }
}

/// INVARIANT(complete). Rows without end, many more than the vault counts: the walk has a bound of its own, and what it
/// read is no whole list.
#[test]
fn a_list_that_never_ends_is_left() {
    let pages = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&pages);
    let liar = Liar::start(move |call| {
        if !call.is_list() {
            return asset();
        }
        let number = count.fetch_add(1, Ordering::SeqCst);
        let rows = [row(&format!("r-{number}"), json!({}))];
        (200, json!({ "data": rows, "total": 7 }).to_string())
    });
    let mut home = liar.home();
    home.set("DEEP_ANALYSIS", "false");
    let ran = home.run();
    ran.ends(10).says("more rows than are read in one run");
    assert_eq!(ran.requests(), 10_000);
    assert_eq!(pages.load(Ordering::SeqCst), 10_000);
    assert_eq!(liar.writes(), [], "{:?}", BTreeSet::from([ran.code]));
}

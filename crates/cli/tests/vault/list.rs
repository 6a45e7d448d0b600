//! The list of requests: however it is paged it is read whole, or nothing is done.

use sandbox::vault::Route;

use crate::world::{World, each};

const SIZE: usize = 10;

fn plan(switches: &[(&str, &str)], rows: usize) -> World {
    let rows = rows.to_string();
    let mut all = vec![("requests", rows.as_str())];
    all.extend(switches);
    let mut world = World::new(&all);
    world.home.set("VAULT_PAGE_SIZE", &SIZE.to_string());
    world.home.set("DEEP_ANALYSIS", "false");
    world
}

#[test]
fn every_length_is_read_whole_however_it_is_paged() {
    let cases: [&[(&str, &str)]; 9] = [
        &[],
        &[("total-key", "none")],
        &[("total-key", "count")],
        &[("page-cap", "4")],
        &[("page-cap", "4"), ("total-key", "none")],
        &[("pager", "page")],
        &[("pager", "page"), ("total-key", "none")],
        &[("pager", "page"), ("page-cap", "4")],
        &[("time-format", "iso"), ("dialect", "b")],
    ];
    each(&cases, |switches| {
        let world = plan(switches, 0);
        for rows in [0, 1, SIZE, SIZE + 1, SIZE * 5 / 2] {
            world
                .simulator
                .switch("requests", &rows.to_string())
                .unwrap();
            world.simulator.reset();
            let ran = world.run();
            ran.ends(0);
            assert_eq!(ran.told["complete"], true, "{switches:?}: {}", ran.said);
            assert_eq!(ran.requests(), rows, "{switches:?}");
            assert_eq!(ran.entries.len(), rows);
            let read: std::collections::BTreeSet<String> = ran.entries.keys().cloned().collect();
            assert_eq!(read, world.ids());
        }
    });
}

#[test]
fn rows_that_arrive_during_the_walk_are_read_or_left_for_the_next_run() {
    for total in ["total", "none"] {
        let world = plan(&[("grow", "3"), ("total-key", total)], 25);
        let before = world.ids();
        let ran = world.run();
        ran.ends(0);
        assert!(
            before.iter().all(|id| ran.entries.contains_key(id)),
            "{}",
            ran.said
        );
        assert_eq!(ran.told["complete"], true);
    }
}

/// INVARIANT(complete).
#[test]
fn nothing_is_done_on_an_incomplete_list() {
    /// Switches, a fault of the list, and what the report says.
    type Incomplete<'a> = (
        &'a [(&'a str, &'a str)],
        Option<(&'a str, &'a str)>,
        &'a str,
    );
    let cases: [Incomplete<'_>; 4] = [
        (&[("pager", "ignored")], None, "same page"),
        (
            &[("pager", "ignored"), ("total-key", "none")],
            None,
            "same page",
        ),
        (
            &[("pager", "ignored"), ("page-cap", "4")],
            None,
            "25 requests",
        ),
        // The second page never comes, whatever is tried.
        (&[], Some(("auditor-requests", "truncated")), "broke off"),
    ];
    each(&cases, |(switches, fault, told)| {
        let mut world = World::waiting(switches, 25);
        world.home.set("VAULT_PAGE_SIZE", "10");
        if fault.is_some() {
            break_after_the_first_page(&world, told);
            return;
        }
        let ran = world.run();
        ran.ends(10).says(told);
        assert_eq!(ran.told["complete"], false);
        assert!(world.done().is_empty() && ran.with("done").is_empty());
        assert!(
            ran.report("md").to_lowercase().contains("incomplete"),
            "{}",
            ran.report("md")
        );
        for entry in ran.entries.values() {
            let findings = entry["findings"].as_array().unwrap();
            assert!(findings.iter().any(|found| found == "list-incomplete"));
        }
    });
}

fn break_after_the_first_page(world: &World, told: &str) {
    use std::time::Duration;

    use sandbox::vault::Fault;
    let list = Route::List;
    world
        .simulator
        .fault(list, Fault::Delay(Duration::from_millis(400)), Some(1));
    let child = world.home.begin();
    crate::world::until("the first page is asked for", || world.calls(list) > 0);
    // Rules that came last count first, and the first call has its answer already.
    world.simulator.fault(list, Fault::Truncated, None);
    let ran = world.home.end(child);
    ran.ends(10).says(told);
    assert!(world.done().is_empty());
    assert_eq!(ran.entries.len(), 10);
}

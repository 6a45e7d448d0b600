//! How the vault writes things changes nothing of what is done, and the agent's own requests are never touched.

use sandbox::vault::{AGENT, Case, Verb};

use crate::world::{World, each};

/// What became of each planted case: the case, what was done, and what stood first against it.
fn outcomes(world: &World, written: fn(&str) -> String) -> Vec<(Case, Option<String>, String)> {
    let requests = world.simulator.requests();
    let lines = requests.into_iter().map(|request| {
        let action = request.action.name().to_owned();
        (written(&request.requestor), request.path, action)
    });
    world.home.allow(&lines.collect());
    let ran = world.run();
    ran.ends(0);
    let own: Vec<String> = world
        .simulator
        .requests()
        .into_iter()
        .filter(|request| request.requestor == AGENT)
        .map(|request| request.id)
        .collect();
    assert!(own.len() > 20);
    for id in &own {
        assert!(ran.finds(id, "own-request") && ran.outcome(id).is_none());
        assert!(!ran.has_anomaly(id, "burst_of_requests"));
    }
    for entry in world.done() {
        assert!(
            !own.contains(&entry.request.unwrap_or_default()),
            "{:?}",
            entry.verb
        );
    }
    world.reasons_are_plain();
    let planted = world.planted().into_iter();
    planted
        .map(|planted| {
            let id = planted.request;
            (planted.case, ran.outcome(&id), ran.because(&id))
        })
        .collect()
}

#[test]
fn the_same_is_done_however_the_vault_writes_it() {
    let plain = outcomes(&World::new(&[("planted", "on")]), str::to_owned);
    assert!(
        plain
            .iter()
            .any(|(case, done, _)| *case == Case::Routine && done.as_deref() == Some("done"))
    );
    assert!(
        plain
            .iter()
            .any(|(case, done, _)| *case == Case::StaleApproved && done.as_deref() == Some("done"))
    );
    let cases: [&[(&str, &str)]; 8] = [
        &[("requestor", "domain")],
        &[("requestor", "upn")],
        &[("requestor", "object")],
        &[
            ("time-format", "iso"),
            ("dialect", "b"),
            ("error-format", "text"),
        ],
        &[("asset-path", "parent")],
        &[("mcp", "off"), ("total-key", "none")],
        &[("pager", "page"), ("page-cap", "17")],
        &[("row-no-asset-id", "on")],
    ];
    each(&cases, |switches| {
        let mut all = vec![("planted", "on")];
        all.extend(*switches);
        let mut world = World::new(&all);
        if switches[0].0 == "row-no-asset-id" {
            world
                .home
                .set("VAULT_REQUEST_PATH", "/api/request/request/{id}");
        }
        // The allow-list names people as the vault writes them.
        let written: fn(&str) -> String = match switches[0] {
            ("requestor", "domain") => |login| format!("ACME\\{login}"),
            ("requestor", "upn") => |login| format!("{login}@acme.example"),
            _ => str::to_owned,
        };
        assert_eq!(outcomes(&world, written), plain, "{switches:?}");
    });
}

/// The request's own record is the only place that names the asset: without it nothing is known, and nothing approved.
#[test]
fn a_row_without_its_asset_is_not_approved() {
    let mut world = World::waiting(&[("row-no-asset-id", "on")], 3);
    let ran = world.run();
    ran.ends(0);
    assert!(ran.entries.keys().all(|id| ran.finds(id, "asset-unread")));
    assert!(world.done().is_empty());
    // A wrong path tells nothing either.
    world
        .home
        .set("VAULT_REQUEST_PATH", "/api/request/nothing/{id}");
    world.run().ends(0);
    assert!(world.done().is_empty());
    world
        .home
        .set("VAULT_REQUEST_PATH", "/api/request/request/{id}");
    assert_eq!(world.run().ends(0).with("done").len(), 3);
    world.was_done_once(Verb::Approve, &world.ids());
}

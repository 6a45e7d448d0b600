//! The list of requests: pages, totals, forms of people and times.

use std::collections::BTreeSet;

use sandbox::vault::{AGENT, Right};
use serde_json::{Value, json};

use crate::{agent, ask, client, start, with};
use sandbox::vault::Options;

/// The documented walk: on by the page size, until a page is short.
fn walk(client: &crate::Client, size: usize) -> (Vec<String>, usize) {
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = client.list(&format!("&pgs={size}&pgp={}", ids.len())).ids();
        pages += 1;
        let last = page.len() < size;
        ids.extend(page);
        if last {
            return (ids, pages);
        }
        assert!(pages < 100, "the walk does not end");
    }
}

fn exactly(requests: usize) -> sandbox::vault::Simulator {
    start(Options {
        requests,
        planted: false,
        ..Options::default()
    })
}

#[test]
fn every_number_of_rows_is_walked() {
    for (rows, pages) in [(0, 1), (1, 1), (20, 2), (21, 2), (50, 3)] {
        let simulator = exactly(rows);
        let (ids, walked) = walk(&agent(&simulator), 20);
        assert_eq!((ids.len(), walked), (rows, pages));
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), rows);
        let all: Vec<String> = simulator.requests().into_iter().map(|r| r.id).collect();
        assert_eq!(ids, all, "newest first");
    }
}

#[test]
fn rows_are_those_after_a_moment_newest_first() {
    let simulator = with(&[]);
    let all = simulator.requests();
    assert!(
        all.windows(2)
            .all(|two| two[0].created_ms >= two[1].created_ms)
    );
    let limit = all[40].created_ms;
    let client = agent(&simulator);
    let path = format!("/api/request/auditor-requests?from={limit}&pgs=1000&rqt=1");
    let page = client.get(&path);
    let newer = all
        .iter()
        .filter(|request| request.created_ms > limit)
        .count();
    assert_eq!(page.rows().len(), newer, "strictly after");
    assert_eq!(page.json()["total"], json!(newer));
    let oldest = client
        .get("/api/request/auditor-requests?s=created,asc&pgs=1")
        .ids();
    assert_eq!(oldest, [all[all.len() - 1].id.clone()]);
    assert_eq!(client.get("/api/request/auditor-requests").rows().len(), 50);
}

#[test]
fn a_row_says_what_the_vault_knows() {
    let simulator = with(&[]);
    let first = &simulator.requests()[0];
    let row = agent(&simulator).list("&pgs=1").rows().remove(0);
    for (key, value) in [
        ("id", json!(first.id)),
        ("status", json!(first.status.name())),
        ("action", json!(first.action.name())),
        ("entityId", json!(first.asset)),
        ("entityName", json!(first.asset_name)),
        ("requestor", json!(first.requestor)),
        ("message", json!(first.message)),
        ("created", json!(first.created_ms)),
        ("from", json!(first.from_ms)),
        ("to", json!(first.to_ms)),
        ("approved", json!(first.approved_ms)),
        ("completed", Value::Null),
        ("exclusive", json!(false)),
        ("level", json!(1)),
        ("levels", json!(1)),
        ("approvals", json!([])),
    ] {
        assert_eq!(row[key], value, "{key}");
    }
    assert_eq!(row["form"]["name"], json!(first.form));
}

#[test]
fn page_cap() {
    let simulator = with(&[("page-cap", "7")]);
    let page = agent(&simulator).list("&pgs=100");
    assert_eq!(page.rows().len(), 7);
    assert_eq!(page.json()["total"], json!(simulator.requests().len()));
    let next = agent(&simulator).list("&pgs=100&pgp=7");
    assert!(page.ids().iter().all(|id| !next.ids().contains(id)));
}

#[test]
fn pager() {
    let simulator = exactly(50);
    let client = agent(&simulator);
    let offset = client.list("&pgs=20&pgp=20").ids();
    simulator.switch("pager", "page").unwrap();
    assert_eq!(client.list("&pgs=20&pgp=1").ids(), offset);
    assert!(
        client.list("&pgs=20&pgp=20").ids().is_empty(),
        "as an offset it ends at once"
    );
    simulator.switch("pager", "ignored").unwrap();
    let first = client.list("&pgs=20&pgp=0").ids();
    assert_eq!(client.list("&pgs=20&pgp=40").ids(), first);
    assert_ne!(first, offset);
}

#[test]
fn total_key() {
    let simulator = with(&[("total-key", "totalCount")]);
    let client = agent(&simulator);
    let page = client.list("&pgs=1").json();
    assert_eq!(page["totalCount"], json!(simulator.requests().len()));
    assert!(page.get("total").is_none());
    let path = "/api/request/auditor-requests?pgs=1";
    assert!(
        client.get(path).json().get("totalCount").is_none(),
        "only with rqt=1"
    );
    simulator.switch("total-key", "none").unwrap();
    let keys = client.list("&pgs=1").json();
    assert_eq!(
        keys.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["data"]
    );
}

#[test]
fn time_format() {
    let simulator = with(&[("time-format", "iso")]);
    let request = &simulator.requests()[0];
    let row = agent(&simulator).list("&pgs=1").rows().remove(0);
    let text = row["created"].as_str().unwrap();
    assert!(
        text.starts_with("2026-11-25T1") && text.ends_with('Z'),
        "{text}"
    );
    let mut options = Options::default();
    options.set("start", text).unwrap();
    assert_eq!(options.start_ms, request.created_ms);
}

#[test]
fn requestor() {
    let simulator = with(&[("requestor", "domain")]);
    let login = simulator.requests()[0].requestor.clone();
    let client = agent(&simulator);
    let shown = || client.list("&pgs=1").rows()[0]["requestor"].clone();
    assert_eq!(shown(), json!(format!("ACME\\{login}")));
    simulator.switch("requestor", "upn").unwrap();
    assert_eq!(shown(), json!(format!("{login}@acme.example")));
    simulator.switch("requestor", "object").unwrap();
    assert_eq!(shown()["login"], json!(login));
    assert!(shown()["displayName"].as_str().unwrap().contains(' '));
}

#[test]
fn rows_come_in_during_the_walk() {
    let simulator = start(Options {
        requests: 50,
        planted: false,
        grow: 3,
        ..Options::default()
    });
    let client = agent(&simulator);
    let first = client.list("&pgs=20&pgp=0").ids();
    let second = client.list("&pgs=20&pgp=20").ids();
    assert_eq!(
        second[..3],
        first[17..],
        "three rows came in front, so that three come twice"
    );
    assert_eq!(client.list("&pgs=20").json()["total"], json!(56));
    simulator.switch("grow", "0").unwrap();
    let asked = ask(&simulator, "engineer-001", "stage-005");
    assert_eq!(client.list("&pgs=20").ids()[0], asked);
}

#[test]
fn parameters_that_cannot_be_read_are_told() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    for wrong in [
        "pgs=0",
        "pgs=-1",
        "pgs=x",
        "pgp=x",
        "pgs=100001",
        "from=yesterday",
        "s=created",
        "s=id,desc",
    ] {
        client
            .get(&format!("/api/request/auditor-requests?{wrong}"))
            .is(400, "SIM-PARAMETER");
    }
    let far = client.list("&pgp=18446744073709551615");
    assert_eq!(far.rows().len(), 0);
}

#[test]
fn the_list_is_for_auditors() {
    let simulator = with(&[]);
    client(&simulator, "engineer-001")
        .list("")
        .is(401, "SIM-UNAUTHORIZED");
    simulator.drop_right(AGENT, Right::Audit);
    agent(&simulator).list("").is(401, "SIM-UNAUTHORIZED");
    simulator.give_right(AGENT, Right::Audit);
    assert_eq!(agent(&simulator).list("").status, 200);
}

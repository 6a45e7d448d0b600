//! The list: every length, every kind of paging, faults in the middle, and requests that are read again.

use std::collections::BTreeMap;

use connectors::PamVault;
use connectors::pam_vault::Settings;
use decision::time::Timestamp;
use decision::vault::run::Listing;
use decision::vault::{Status, WorkflowRequest};
use ports::PortError;
use ports::vault::{Row, Vault as _, Wanted};
use sandbox::vault::{Fault, Options, Right, Route, Simulator};

use crate::world::{client, now, settings, since, with};

/// Reads the list; fails on a row that cannot be read.
fn read(vault: &PamVault, since: Timestamp) -> (Listing, BTreeMap<String, WorkflowRequest>) {
    let mut rows = BTreeMap::new();
    let listing = vault
        .list(since, &mut |row| match row {
            Row::Request(request) => {
                rows.insert(request.id.clone(), *request);
            }
            Row::Unreadable { why, .. } => panic!("{why}"),
        })
        .unwrap();
    assert_eq!(listing.read, rows.len() as u64);
    (listing, rows)
}

fn of(requests: usize, switches: &[(&str, &str)]) -> Simulator {
    let mut options = Options {
        requests,
        planted: false,
        ..Options::default()
    };
    for (name, value) in switches {
        options.set(name, value).unwrap();
    }
    Simulator::start(options).unwrap()
}

#[test]
fn every_length_is_read_whole() {
    for requests in [0, 1, 20, 21, 50] {
        for total in ["total", "size", "none"] {
            let simulator = of(requests, &[("total-key", total)]);
            let vault = PamVault::new(Settings {
                page_size: 20,
                ..settings(&simulator)
            })
            .unwrap();
            let (listing, rows) = read(&vault, since(&simulator));
            assert!(listing.complete, "{requests} {total}: {listing:?}");
            assert_eq!(rows.len(), requests);
            if total != "none" {
                assert_eq!(listing.total, Some(requests as u64));
            }
        }
    }
}

#[test]
fn what_the_rows_say_is_what_the_vault_has() {
    for (requestor, name) in [
        ("login", "engineer"),
        ("domain", "ACME\\"),
        ("upn", "@acme.example"),
        ("object", "engineer"),
    ] {
        for time in ["ms", "iso"] {
            let simulator = with(&[("requestor", requestor), ("time-format", time)]);
            let (listing, rows) = read(&client(&simulator), since(&simulator));
            assert!(listing.complete);
            let seconds = |ms: i64| Timestamp::from_seconds(ms / 1000);
            let mut named = 0;
            let own = simulator.requests();
            assert!(rows.len() > 190, "{}", rows.len());
            for request in own.iter().filter(|own| rows.contains_key(&own.id)) {
                let row = &rows[&request.id];
                assert_eq!(row.status, Status::from_name(&request.status.to_string()));
                assert_eq!(row.created, seconds(request.created_ms));
                assert_eq!(row.from, Some(seconds(request.from_ms)));
                assert_eq!(row.until, Some(seconds(request.to_ms)));
                assert_eq!(
                    row.approved,
                    request
                        .approved_ms
                        .or_else(|| request.approvals.iter().map(|given| given.at_ms).max())
                        .map(seconds)
                );
                assert_eq!(row.asset.as_deref(), Some(request.asset.as_str()));
                assert_eq!(row.asset_name, request.asset_name);
                assert_eq!(
                    row.action.as_deref(),
                    Some(request.action.to_string().as_str())
                );
                assert_eq!(row.level.map(|level| level as usize), Some(request.level));
                assert_eq!(
                    row.approvals.as_ref().unwrap().len(),
                    request.approvals.len()
                );
                assert!(decision::vault::request::same_user(
                    &row.requester,
                    &request.requestor
                ));
                named += usize::from(row.requester.contains(name));
                assert!(!row.justification.chars().any(char::is_control));
            }
            assert!(named > 50, "{requestor}: {named}");
        }
    }
}

#[test]
fn paging_that_is_not_as_documented_loses_nothing_or_says_so() {
    for total in ["total", "none"] {
        let capped = of(250, &[("page-cap", "30"), ("total-key", total)]);
        let (listing, rows) = read(&client(&capped), since(&capped));
        assert_eq!((rows.len(), listing.complete), (250, true), "{listing:?}");
        assert!(
            listing
                .remarks
                .iter()
                .any(|remark| remark.contains("30 rows at once"))
        );

        let pages = of(250, &[("pager", "page"), ("total-key", total)]);
        let (listing, rows) = read(&client(&pages), since(&pages));
        assert_eq!((rows.len(), listing.complete), (250, true), "{listing:?}");
        assert!(
            listing
                .remarks
                .iter()
                .any(|remark| remark.contains("counts pages"))
        );

        let ignored = of(250, &[("pager", "ignored"), ("total-key", total)]);
        let (listing, rows) = read(&client(&ignored), since(&ignored));
        assert_eq!((rows.len(), listing.complete), (100, false), "{listing:?}");

        let grows = of(250, &[("grow", "9"), ("total-key", total)]);
        let before = grows.requests();
        let (listing, rows) = read(&client(&grows), since(&grows));
        assert!(listing.complete, "{listing:?}");
        assert!(before.iter().all(|request| rows.contains_key(&request.id)));
    }
}

#[test]
fn a_list_that_breaks_off_is_incomplete_and_one_that_never_begins_an_error() {
    let whole = of(250, &[]);
    let vault = client(&whole);
    for fault in [
        Fault::Status(503),
        Fault::Reset,
        Fault::Html,
        Fault::Truncated,
    ] {
        let mut pages = 0;
        let listing = vault
            .list(since(&whole), &mut |_| {
                pages += 1;
                if pages == 150 {
                    whole.fault(Route::List, fault.clone(), None);
                }
            })
            .unwrap();
        assert!(!listing.complete, "{fault}");
        assert!(listing.remarks[0].contains("broke off"), "{listing:?}");
        assert_eq!(listing.read, 200);
        // Nothing at all is an error, and so is reading again what was not found before it broke off.
        let error = vault.list(since(&whole), &mut |_| {}).unwrap_err();
        match fault {
            Fault::Html | Fault::Truncated => {
                assert!(matches!(error, PortError::Malformed(_)), "{error}")
            }
            _ => assert!(matches!(error, PortError::Unavailable(_)), "{error}"),
        }
        whole.clear_faults();
    }
}

#[test]
fn a_read_that_may_pass_is_repeated_and_no_other() {
    let simulator = of(5, &[]);
    let vault = PamVault::new(Settings {
        retries: 2,
        ..settings(&simulator)
    })
    .unwrap();
    simulator.fault(Route::List, Fault::Status(503), Some(2));
    let (listing, _) = read(&vault, since(&simulator));
    assert!(listing.complete);
    let calls = || {
        simulator
            .calls()
            .get(&Route::List)
            .copied()
            .unwrap_or_default()
    };
    let before = calls();
    simulator.fault(Route::List, Fault::Status(404), None);
    assert!(vault.list(since(&simulator), &mut |_| {}).is_err());
    assert_eq!(calls(), before + 1);
}

#[test]
fn who_may_not_list_is_told() {
    let simulator = with(&[]);
    simulator.drop_right(sandbox::vault::AGENT, Right::Audit);
    let error = client(&simulator)
        .list(since(&simulator), &mut |_| {})
        .unwrap_err();
    assert!(
        matches!(&error, PortError::Denied(why) if why.contains("HTTP 401")),
        "{error}"
    );
}

#[test]
fn requests_are_read_again_with_as_few_pages_as_it_takes() {
    for switches in [&[][..], &[("row-no-asset-id", "on")][..]] {
        let simulator = of(400, switches);
        let vault = client(&simulator);
        let all = simulator.requests();
        let wanted: Vec<Wanted<'_>> = [3, 70, 150]
            .iter()
            .map(|&at| Wanted {
                id: &all[at].id,
                created: Timestamp::from_seconds(all[at].created_ms / 1000),
            })
            .collect();
        let found = vault.read_again(&wanted).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(
            simulator.calls()[&Route::List],
            3,
            "two pages hold the newest 151, and one look what the position counts"
        );
        let gone = Wanted {
            id: "no-such-request",
            created: now(&simulator),
        };
        assert!(vault.read_again(&[gone]).unwrap().is_empty());
        assert!(vault.read_again(&[]).unwrap().is_empty());
    }
}

#[test]
fn what_cannot_be_read_again_is_not_called_gone() {
    let simulator = of(250, &[("pager", "ignored")]);
    let all = simulator.requests();
    let last = &all[240];
    let wanted = [Wanted {
        id: &last.id,
        created: Timestamp::from_seconds(last.created_ms / 1000),
    }];
    let error = client(&simulator).read_again(&wanted).unwrap_err();
    assert!(matches!(error, PortError::Unavailable(_)), "{error}");
    // Its own record tells, where there is a path to it.
    simulator.switch("row-no-asset-id", "on").unwrap();
    let vault = PamVault::new(Settings {
        request_path: Some("/api/request/request/{id}".into()),
        ..settings(&simulator)
    })
    .unwrap();
    let found = vault.read_again(&wanted).unwrap();
    assert_eq!(found[&last.id].asset.as_deref(), Some(last.asset.as_str()));
}

//! Requests of the sample vault: one that is approved, one that is rejected, one that is closed, and some that wait for people.

use decision::evidence::record::{Fact, LogState, PersonStatus};
use decision::rules::Rules;
use decision::time::Timestamp;
use decision::vault::evidence::Requester;
use decision::vault::run::{Allowance, Attendance, Listing, Settings};
use decision::vault::signals::Justification;
use decision::vault::{Asset, Evidence, Run, Signals, Status, WorkflowRequest};

use super::PLAIN;
use super::tickets::NOW;
use crate::cycle::record::Header;

const DAY: i64 = 24 * 60 * 60;

/// The run: everything that can be switched on is on.
#[must_use]
pub fn header(rules: &Rules) -> Header {
    let digest = rules.policy().digest.clone();
    Header {
        format: decision::vault::FORMAT,
        name: "2026-11-22T080000Z".to_owned(),
        engine: crate::ruling::ENGINE.to_owned(),
        vault: "vault.corp.example".to_owned(),
        analyst: "red team".to_owned(),
        run: Run {
            format: decision::vault::FORMAT,
            at: Timestamp::from_seconds(NOW),
            policy: digest.clone(),
            active_policy: digest,
            log: LogState::Verified,
            own_user: Some("svc-analyst".to_owned()),
            listing: Listing {
                read: 5,
                total: Some(5),
                complete: true,
                ..Listing::default()
            },
            settings: Settings {
                approve: true,
                reject: true,
                close: true,
                allow: vec![Allowance {
                    requester: "build engineers".to_owned(),
                    container: "root / Build / *".to_owned(),
                    action: "AssetUnlock".to_owned(),
                }],
                ..Settings::default()
            },
            hours_set: true,
            directory_known: true,
            paths_confirmed: true,
            attendance: Attendance::Autonomous,
            stopped: false,
            model_lost: None,
        },
        offset_minutes: 0,
    }
}

/// One request for each kind of outcome, each with the same plain reason.
#[must_use]
pub fn requests() -> Vec<Evidence> {
    let approved = ordinary(1);
    let mut rejected = ordinary(2);
    rejected.request.asset_name = "DC-PROD-01".to_owned();
    if let Fact::Present { value, .. } = &mut rejected.asset {
        value.path = ["root", "Domain Controllers"].map(str::to_owned).to_vec();
        value.tags = vec!["Environment :: Production".to_owned()];
    }
    rejected.signals = Signals {
        requests: 40,
        in_a_day: 34,
        off_hours: Some(true),
        first_on_asset: true,
        ..rejected.signals
    };
    let mut closed = ordinary(3);
    closed.request.status = Status::Approved;
    closed.request.created = Timestamp::from_seconds(NOW - 20 * DAY);
    closed.request.approved = Some(Timestamp::from_seconds(NOW - 17 * DAY));
    closed.signals.days_since_created = 20;
    closed.signals.days_since_approved = Some(17);
    let mut elsewhere = ordinary(4);
    if let Fact::Present { value, .. } = &mut elsewhere.asset {
        value.path = ["root", "Files"].map(str::to_owned).to_vec();
    }
    let mut unusual = ordinary(5);
    unusual.signals.off_hours = Some(true);
    vec![approved, rejected, closed, elsewhere, unusual]
}

fn ordinary(number: usize) -> Evidence {
    let as_of = Timestamp::from_seconds(NOW - 60);
    Evidence {
        request: WorkflowRequest {
            id: format!("V-{number}"),
            status: Status::Active,
            created: Timestamp::from_seconds(NOW - DAY),
            requester: format!("CORP\\engineer-{number:03}"),
            asset: Some(format!("asset-{number}")),
            asset_name: format!("build-runner-{number:02}"),
            action: Some("AssetUnlock".to_owned()),
            justification: PLAIN.to_owned(),
            until: Some(Timestamp::from_seconds(NOW + DAY)),
            level: Some(1),
            levels: Some(1),
            ..WorkflowRequest::default()
        },
        asset: Fact::Present {
            value: Asset {
                kind: "Windows Host".to_owned(),
                path: ["root", "Build", "Runners"].map(str::to_owned).to_vec(),
                tags: vec!["Component :: Server :: Windows".to_owned()],
            },
            source: "vault".to_owned(),
            as_of,
        },
        classes_before: Vec::new(),
        privileged_before: false,
        requester: Fact::Present {
            value: Requester {
                id: format!("p-{number}"),
                status: PersonStatus::Active,
                groups: vec!["build engineers".to_owned()],
                team: Some("Build".to_owned()),
                ..Requester::default()
            },
            source: "directory".to_owned(),
            as_of,
        },
        mapped: None,
        signals: Signals {
            requests: 4,
            in_a_day: 1,
            peers_as_often: 3,
            peers: 9,
            off_hours: Some(false),
            first_of_team: Some(false),
            justification: Justification::of(PLAIN),
            days_since_created: 1,
            ..Signals::default()
        },
        done: Vec::new(),
        done_elsewhere: false,
        opinion: None,
        brakes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use decision::vault::{Action, Frozen, rule};

    use super::*;
    use crate::advise::{opinion, subject};

    #[test]
    fn there_is_a_request_for_each_kind_of_outcome() {
        let rules = super::super::rules().unwrap();
        let header = header(&rules);
        let digest = header.run.digest();
        let open: Vec<Option<Action>> = (requests().into_iter())
            .map(|evidence| {
                let frozen = Frozen::new(&header.run, &digest, evidence, &rules);
                let opinion = opinion(&subject(&frozen));
                rule(&frozen.with_opinion(Some(opinion))).action()
            })
            .collect();
        let expected = [
            Some(Action::Approve),
            Some(Action::Reject),
            Some(Action::Close),
            None,
            None,
        ];
        assert_eq!(open, expected);
    }
}

//! A run over a small vault, ruled by the real rules, with hostile texts among it.

#![allow(dead_code, reason = "each test uses its own part of this")]

use std::fs;
use std::path::{Path, PathBuf};

use agent::cycle::record::{ActionOutcome, ActionTold, Closing, Entry, Header};
use decision::evidence::record::{Fact, LogState, PersonStatus};
use decision::findings::risk::RiskLevel;
use decision::rules::Rules;
use decision::rules::policy::Policy;
use decision::time::Timestamp;
use decision::vault::evidence::{Opinion, Requester};
use decision::vault::request::Approved;
use decision::vault::run::{Allowance, Attendance, Listing, Settings};
use decision::vault::signals::Justification;
use decision::vault::{
    Action, Asset, Evidence, Frozen, Run, Signals, Status, WorkflowRequest, rule,
};

/// Markup of three languages, hidden characters, and characters that turn text around.
pub(crate) const HOSTILE: &str = "<script>alert('x')</script>|`code` ``two``\n# head\n* [link](https://evil.example/a?b=c&d) ![i](//evil.example/p.png)\u{202e}gnp.exe\u{200b}\u{0}\r\nwww.evil.example mail@evil.example {{RISK_SUMMARY}} =cmd|' /c'!A0 \u{2066}x\u{2069}";

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn rules() -> Rules {
    Rules::compile(Policy {
        digest: "sha256:5f7c".to_owned(),
        file: "access.yml".to_owned(),
        ..Policy::default()
    })
    .unwrap()
}

pub(crate) fn run() -> Run {
    Run {
        format: decision::vault::FORMAT,
        at: at("2026-11-22T08:00:00Z"),
        policy: "sha256:5f7c".into(),
        active_policy: "sha256:5f7c".into(),
        log: LogState::Verified,
        own_user: Some("svc-analyst".into()),
        listing: Listing {
            read: 12,
            total: Some(13),
            unreadable: 1,
            complete: true,
            remarks: vec!["row 7 has no `created`".into(), HOSTILE.into()],
        },
        settings: Settings {
            approve: true,
            reject: true,
            close: true,
            allow: vec![Allowance {
                requester: "build engineers".into(),
                container: "root / Build / *".into(),
                action: "AssetUnlock".into(),
            }],
            ..Settings::default()
        },
        hours_set: true,
        directory_known: false,
        paths_confirmed: true,
        attendance: Attendance::Autonomous,
        stopped: false,
        model_lost: None,
    }
}

pub(crate) fn header(run: Run) -> Header {
    Header {
        format: decision::vault::FORMAT,
        name: "2026-11-22T080000Z".into(),
        engine: "0.1.0".into(),
        vault: "vault.corp.example".into(),
        analyst: "built-in".into(),
        run,
        offset_minutes: -300,
    }
}

/// A request in which everything is in order.
pub(crate) fn plain(number: usize) -> Evidence {
    Evidence {
        request: WorkflowRequest {
            id: format!("471a8ae1-{number:04}"),
            status: Status::Active,
            created: at("2026-11-20T14:10:00Z"),
            requester: format!("CORP\\engineer-{number:03}"),
            asset: Some(format!("a-{number}")),
            asset_name: format!("build-runner-{number:02}"),
            action: Some("AssetUnlock".into()),
            justification: "Renew the certificate of the runner, CHG-2207".into(),
            level: Some(1),
            levels: Some(1),
            ..WorkflowRequest::default()
        },
        asset: Fact::Present {
            value: Asset {
                kind: "Windows Host".into(),
                path: ["root", "Build", "Runners"].map(str::to_owned).to_vec(),
                tags: vec!["Component :: Server :: Windows".into()],
            },
            source: "vault".into(),
            as_of: at("2026-11-22T08:00:00Z"),
        },
        classes_before: Vec::new(),
        privileged_before: false,
        requester: Fact::Present {
            value: Requester {
                leaves_at: None,
                id: format!("p-{number}"),
                status: PersonStatus::Active,
                groups: vec!["build engineers".into()],
                team: Some("Build".into()),
                roles: vec!["build-engineer".into()],
            },
            source: "directory".into(),
            as_of: at("2026-11-22T07:55:00Z"),
        },
        mapped: None,
        signals: Signals {
            requests: 4,
            in_a_day: 1,
            peers_as_often: 3,
            peers: 9,
            off_hours: Some(false),
            local_time: Some("Fri 09:10".into()),
            first_on_asset: false,
            first_of_team: Some(false),
            justification: Justification::Stated,
            days_since_created: 1,
            ..Signals::default()
        },
        done: Vec::new(),
        done_elsewhere: false,
        opinion: Some(Opinion {
            analyst: "built-in".into(),
            risk: Some(RiskLevel::Low),
            flags: Vec::new(),
            summary:
                "A routine request by a build engineer for a build runner, with a change number."
                    .into(),
            comment: "Routine: standard container, stated change, nothing unusual in the window."
                .into(),
            ..Opinion::default()
        }),
        brakes: Vec::new(),
    }
}

fn set_asset(evidence: &mut Evidence, name: &str, path: &[&str], tags: &[&str]) {
    evidence.request.asset_name = name.to_owned();
    if let Fact::Present { value, .. } = &mut evidence.asset {
        value.path = path.iter().map(|name| (*name).to_owned()).collect();
        value.tags = tags.iter().map(|name| (*name).to_owned()).collect();
    }
}

fn say(evidence: &mut Evidence, risk: RiskLevel, summary: &str, comment: &str) {
    if let Some(opinion) = &mut evidence.opinion {
        opinion.risk = Some(risk);
        opinion.summary = summary.to_owned();
        opinion.comment = comment.to_owned();
    }
}

/// Twelve requests of every kind.
pub(crate) fn twelve() -> Vec<Evidence> {
    let mut all: Vec<Evidence> = (1..=12).map(plain).collect();
    // A domain controller at night, in a burst.
    let one = &mut all[1];
    set_asset(
        one,
        "DC-PROD-01",
        &["root", "Domain Controllers"],
        &["Environment :: Production"],
    );
    one.request.created = at("2026-11-22T05:14:00Z");
    one.signals = Signals {
        requests: 40,
        in_a_day: 34,
        peers_as_often: 0,
        peers: 9,
        off_hours: Some(true),
        local_time: Some("Sun 00:14".into()),
        first_on_asset: true,
        days_since_created: 0,
        justification: Justification::Thin,
        ..one.signals.clone()
    };
    one.request.justification = "urgent".into();
    say(
        one,
        RiskLevel::Critical,
        "34 requests within a day, at night, now for a domain controller.",
        "Rejected: burst at night for a domain controller with next to no reason.",
    );
    // Asked again after a rejection, with a copied reason.
    let two = &mut all[2];
    set_asset(
        two,
        "pay-db-03",
        &["root", "Databases", "Payments"],
        &["Environment :: Production"],
    );
    two.signals.rejected_before = Some("471a8ae1-0099".into());
    two.signals.copied_from = Some("471a8ae1-0042".into());
    say(
        two,
        RiskLevel::High,
        "Asked again two days after a rejection, in somebody else's words.",
        "Asked again after a rejection; the reason is copied. A person should look.",
    );
    // Everything hostile.
    let three = &mut all[3];
    three.request.asset_name = HOSTILE.into();
    three.request.requester = HOSTILE.into();
    three.request.justification = HOSTILE.into();
    three.signals.copied_from = Some(HOSTILE.into());
    three.signals.off_hours = Some(true);
    three.signals.peers = 3;
    say(three, RiskLevel::Moderate, HOSTILE, HOSTILE);
    if let Fact::Present { value, .. } = &mut three.asset {
        value.kind = HOSTILE.into();
        value.tags = vec![HOSTILE.into(), "Production".into()];
        value.path = vec!["root".into(), HOSTILE.into()];
    }
    // Off-hours, first on the asset.
    let four = &mut all[4];
    four.signals.off_hours = Some(true);
    four.signals.first_on_asset = true;
    four.signals.local_time = Some("Sat 22:40".into());
    four.request.created = at("2026-11-22T03:40:00Z");
    say(
        four,
        RiskLevel::Low,
        "First time on this runner, late on a Saturday.",
        "Held back: filed outside business hours and the first time on this asset.",
    );
    // Approved long ago.
    let five = &mut all[5];
    five.request.status = Status::Approved;
    five.request.created = at("2026-11-03T10:00:00Z");
    five.request.approved = Some(at("2026-11-04T09:00:00Z"));
    five.request.approvals = Some(vec![Approved {
        by: "CORP\\manager-002".into(),
        level: Some(1),
    }]);
    five.signals.days_since_created = 18;
    five.signals.days_since_approved = Some(17);
    say(
        five,
        RiskLevel::Low,
        "Approved 17 days ago and not closed.",
        "Closed: approved 17 days ago and no longer needed by its window.",
    );
    // Over.
    all[6].request.status = Status::Completed;
    all[6].request.created = at("2026-11-10T15:00:00Z");
    all[7].request.status = Status::Rejected;
    all[7].request.created = at("2026-11-12T16:00:00Z");
    // The agent's own.
    all[8].request.requester = "svc-analyst@corp.example".into();
    all[8].request.asset_name = "analyst-model-key".into();
    // The asset could not be read.
    all[9].asset = Fact::Unreachable {
        source: "vault".into(),
        reason: "the vault answered 503".into(),
    };
    all[9].request.created = at("2026-11-19T13:00:00Z");
    // Nobody scored it; not on the allow-list; pending for long.
    let ten = &mut all[10];
    ten.opinion = None;
    ten.requester = Fact::Absent {
        source: "directory".into(),
        as_of: at("2026-11-22T07:55:00Z"),
    };
    ten.request.created = at("2026-11-08T18:00:00Z");
    ten.signals.days_since_created = 13;
    // No justification in Hebrew letters' neighbourhood: text of the other direction.
    all[11].request.requester = "\u{5d0}\u{5d1}\u{5d2} 123".into();
    all[11].request.justification = String::new();
    all[11].signals.justification = Justification::Missing;
    all
}

pub(crate) fn entries(run: &Run, evidence: Vec<Evidence>) -> Vec<Entry> {
    let (rules, digest) = (rules(), run.digest());
    let ruled = evidence.into_iter().map(|evidence| {
        let frozen = Frozen::new(run, &digest, evidence, &rules);
        Entry::of(&frozen, &rule(&frozen))
    });
    ruled.collect()
}

pub(crate) fn closing() -> Closing {
    let told = |number: usize, name: &str, risk, action, outcome, comment: &str, detail: &str| {
        ActionTold {
            request: format!("471a8ae1-{number:04}"),
            asset_name: name.into(),
            requester: format!("CORP\\engineer-{number:03}"),
            risk,
            action,
            comment: comment.into(),
            outcome,
            detail: detail.into(),
        }
    };
    Closing {
        cost: None,
        finished: at("2026-11-22T08:00:41Z"),
        actions: vec![
            told(
                2,
                "DC-PROD-01",
                RiskLevel::Critical,
                Action::Reject,
                ActionOutcome::Done,
                "Rejected: burst at night for a domain controller with next to no reason.",
                "seen as Rejected",
            ),
            told(
                1,
                "build-runner-01",
                RiskLevel::Low,
                Action::Approve,
                ActionOutcome::Done,
                "Routine: standard container, stated change, nothing unusual in the window.",
                "seen as Approved",
            ),
            told(
                6,
                "build-runner-06",
                RiskLevel::Low,
                Action::Close,
                ActionOutcome::Unknown,
                "Closed: approved 17 days ago and no longer needed by its window.",
                "the vault did not answer in time",
            ),
        ],
        remarks: vec!["what became of the mail of run 2026-11-22T040000Z is not known".into()],
        leaf: Some(4_711),
    }
}

/// Writes a record.
pub(crate) fn record(folder: &Path, header: &Header, entries: &[Entry]) -> PathBuf {
    let mut text = serde_json::to_string(header).unwrap();
    text.push('\n');
    for entry in entries {
        text.push_str(&serde_json::to_string(entry).unwrap());
        text.push('\n');
    }
    let path = folder.join("record.jsonl");
    fs::write(&path, text).unwrap();
    path
}

/// Holds a text against its golden file. `UPDATE_GOLDEN=1` writes it anew.
pub(crate) fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == text,
        "{name} differs: UPDATE_GOLDEN=1 writes it anew, and `git diff` shows how"
    );
}

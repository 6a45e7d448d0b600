//! The vault's door, enumerated: every fact alone and every pair of facts, every opinion, every action, held against what
//! a person would say must happen. INVARIANT(gate-only, ratchet).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use decision::evidence::record::{Fact, Fault, LogState, PersonStatus};
use decision::findings::risk::RiskLevel;
use decision::gate::vault::{Clearances, Permit, Withheld, admit};
use decision::rules::Rules;
use decision::rules::class::Class;
use decision::rules::policy::Policy;
use decision::time::Timestamp;
use decision::vault::evidence::{Done, Mapped, Opinion, Requester};
use decision::vault::request::Approved;
use decision::vault::run::{Allowance, Attendance, Listing, Settings};
use decision::vault::signals::Justification;
use decision::vault::{
    Action, Anomaly, Asset, Evidence, FORMAT, Finding, Frozen, Run, Signals, Status,
    WorkflowRequest, before_advice, rule,
};

const NOW: i64 = 1_795_334_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW + seconds)
}

fn present<T>(value: T) -> Fact<T> {
    Fact::Present {
        value,
        source: "test".into(),
        as_of: at(0),
    }
}

fn rules() -> Rules {
    Rules::compile(Policy::default()).unwrap()
}

fn opinion(risk: Option<RiskLevel>, flags: &[Anomaly]) -> Opinion {
    Opinion {
        analyst: "test".into(),
        risk,
        flags: flags.to_vec(),
        summary: "as usual".into(),
        comment: "as usual".into(),
        ..Opinion::default()
    }
}

/// A run in which everything is switched on, and a request that may be approved.
fn world() -> (Run, Evidence) {
    let run = Run {
        format: FORMAT,
        at: at(0),
        policy: "sha256:one".into(),
        active_policy: "sha256:one".into(),
        log: LogState::Verified,
        own_user: Some("svc-analyst".into()),
        listing: Listing {
            complete: true,
            ..Listing::default()
        },
        settings: Settings {
            approve: true,
            reject: true,
            close: true,
            allow: vec![Allowance {
                requester: "engineers".into(),
                container: "root / Build Servers".into(),
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
    };
    let evidence = Evidence {
        request: WorkflowRequest {
            id: "r-1".into(),
            status: Status::Active,
            created: at(-3600),
            requester: "CORP\\engineer-001".into(),
            asset: Some("a-1".into()),
            asset_name: "build-01".into(),
            action: Some("AssetUnlock".into()),
            justification: "Patch check after CHG-2207 on the build host".into(),
            until: Some(at(3600)),
            level: Some(1),
            levels: Some(1),
            ..WorkflowRequest::default()
        },
        asset: present(Asset {
            kind: "Unix Host".into(),
            path: vec!["root".into(), "Build Servers".into()],
            tags: vec!["Component :: Server :: Linux".into()],
        }),
        classes_before: vec![],
        privileged_before: false,
        requester: present(Requester {
            id: "p-1".into(),
            groups: vec!["engineers".into()],
            ..Requester::default()
        }),
        mapped: None,
        signals: Signals {
            requests: 3,
            in_a_day: 1,
            off_hours: Some(false),
            ..Signals::default()
        },
        done: vec![],
        done_elsewhere: false,
        opinion: Some(opinion(Some(RiskLevel::Low), &[])),
        brakes: vec![],
    };
    (run, evidence)
}

/// What the gate admits, and what the ruling says is open: the two must agree.
fn admitted(run: &Run, evidence: Evidence) -> Vec<Action> {
    let rules = rules();
    let frozen = Frozen::new(run, &run.digest(), evidence, &rules);
    let ruling = rule(&frozen);
    let mut open = Vec::new();
    for action in Action::ALL {
        let permit = Clearances::of(&frozen, action)
            .and_then(|clearances| admit(ruling, action, clearances, &frozen));
        if let Ok(permit) = &permit {
            assert_eq!(permit.action(), action);
            assert_eq!(ruling.action(), Some(action));
            open.push(action);
        }
        let blocked = !ruling.findings.against(action).is_empty();
        assert!(!(blocked && permit.is_ok()));
    }
    assert_eq!(open.first().copied(), ruling.action());
    assert!(open.len() <= 1, "one action at a time: {open:?}");
    open
}

fn said(evidence: &mut Evidence, change: fn(&mut Opinion)) {
    let mut own = evidence.opinion.clone().unwrap_or_default();
    change(&mut own);
    evidence.opinion = Some(own);
}

fn fault(evidence: &mut Evidence, fault: Fault) {
    let mut own = evidence.opinion.clone().unwrap_or_default();
    own.faults.push(fault);
    evidence.opinion = Some(own);
}

type Change = (&'static str, fn(&mut Run, &mut Evidence), &'static [Action]);

const NONE: &[Action] = &[];
const APPROVE: &[Action] = &[Action::Approve];
const REJECT: &[Action] = &[Action::Reject];
const CLOSE: &[Action] = &[Action::Close];

/// Each fact that may go wrong, with what may still happen to the request of [`world`].
fn changes() -> Vec<Change> {
    vec![
        (
            "own request",
            |_, e| e.request.requester = "SVC-Analyst@corp".into(),
            NONE,
        ),
        ("own user unknown", |r, _| r.own_user = None, NONE),
        (
            "own user empty",
            |r, _| r.own_user = Some(String::new()),
            NONE,
        ),
        ("log broken", |r, _| r.log = LogState::Broken, NONE),
        ("list incomplete", |r, _| r.listing.complete = false, NONE),
        ("stopped", |r, _| r.stopped = true, NONE),
        (
            "policy stale",
            |r, _| r.active_policy = "sha256:two".into(),
            NONE,
        ),
        ("paths unconfirmed", |r, _| r.paths_confirmed = false, NONE),
        ("hours unset", |r, _| r.hours_set = false, NONE),
        ("planning", |r, _| r.attendance = Attendance::Planning, NONE),
        (
            "model lost",
            |r, _| r.model_lost = Some("no key".into()),
            NONE,
        ),
        ("approve off", |r, _| r.settings.approve = false, NONE),
        ("nobody allowed", |r, _| r.settings.allow.clear(), NONE),
        ("future", |_, e| e.request.created = at(60), NONE),
        ("window over", |_, e| e.request.until = Some(at(0)), NONE),
        (
            "completed",
            |_, e| e.request.status = Status::Completed,
            NONE,
        ),
        ("rejected", |_, e| e.request.status = Status::Rejected, NONE),
        (
            "unknown status",
            |_, e| e.request.status = Status::Unknown,
            NONE,
        ),
        (
            "approved, time unknown",
            |_, e| e.request.status = Status::Approved,
            NONE,
        ),
        (
            "approved, not stale",
            |_, e| {
                e.request.status = Status::Approved;
                e.signals.days_since_approved = Some(6);
            },
            NONE,
        ),
        (
            "approved, stale",
            |_, e| {
                e.request.status = Status::Approved;
                e.signals.days_since_approved = Some(7);
            },
            CLOSE,
        ),
        (
            "asset unreachable",
            |_, e| {
                e.asset = Fact::Unreachable {
                    source: "vault".into(),
                    reason: "500".into(),
                };
            },
            NONE,
        ),
        (
            "asset not collected",
            |_, e| e.asset = Fact::NotInProfile,
            NONE,
        ),
        (
            "asset absent",
            |_, e| {
                e.asset = Fact::Absent {
                    source: "vault".into(),
                    as_of: at(0),
                };
            },
            NONE,
        ),
        (
            "seen as production before",
            |_, e| e.classes_before = vec![Class::Production],
            NONE,
        ),
        (
            "seen as privileged before",
            |_, e| e.privileged_before = true,
            NONE,
        ),
        (
            "production tag",
            |_, e| tag(e, "Environment :: Production"),
            NONE,
        ),
        (
            "domain controllers",
            |_, e| container(e, "Domain Controllers"),
            NONE,
        ),
        (
            "production in the name",
            |_, e| e.request.asset_name = "prod-payments-01".into(),
            NONE,
        ),
        (
            "look-alike letters",
            |_, e| e.request.asset_name = "рrоd-payments-01".into(),
            NONE,
        ),
        (
            "administration",
            |_, e| e.request.action = Some("AssetManage".into()),
            NONE,
        ),
        ("another container", |_, e| container(e, "Staging"), NONE),
        (
            "another action",
            |_, e| e.request.action = Some("AssetAccess".into()),
            NONE,
        ),
        ("no action stated", |_, e| e.request.action = None, NONE),
        (
            "another group",
            |_, e| e.requester = present(Requester::default()),
            NONE,
        ),
        (
            "not in the directory",
            |_, e| {
                e.requester = Fact::Absent {
                    source: "directory".into(),
                    as_of: at(0),
                };
            },
            NONE,
        ),
        (
            "directory away",
            |_, e| {
                e.requester = Fact::Unreachable {
                    source: "directory".into(),
                    reason: "away".into(),
                };
            },
            NONE,
        ),
        ("inactive", |_, e| status(e, PersonStatus::Inactive), NONE),
        ("an agent", |_, e| status(e, PersonStatus::Agent), NONE),
        (
            "leaving",
            |_, e| {
                if let Fact::Present { value, .. } = &mut e.requester {
                    value.leaves_at = Some(at(24 * 3600));
                }
            },
            NONE,
        ),
        (
            "out of role",
            |_, e| {
                e.mapped = Some(Mapped {
                    entitlement: "build:unlock".into(),
                    standard: false,
                });
            },
            NONE,
        ),
        (
            "standard",
            |_, e| {
                e.mapped = Some(Mapped {
                    entitlement: "build:unlock".into(),
                    standard: true,
                });
            },
            APPROVE,
        ),
        ("burst", |_, e| e.signals.in_a_day = 11, NONE),
        ("flood", |_, e| e.signals.in_a_day = 31, NONE),
        ("off hours", |_, e| e.signals.off_hours = Some(true), NONE),
        (
            "asked again",
            |_, e| e.signals.rejected_before = Some("r-0".into()),
            NONE,
        ),
        (
            "copied",
            |_, e| e.signals.copied_from = Some("r-0".into()),
            NONE,
        ),
        (
            "thin",
            |_, e| e.signals.justification = Justification::Thin,
            NONE,
        ),
        (
            "missing",
            |_, e| e.signals.justification = Justification::Missing,
            NONE,
        ),
        (
            "first of team",
            |_, e| e.signals.first_of_team = Some(true),
            NONE,
        ),
        (
            "first on asset",
            |_, e| e.signals.first_on_asset = true,
            APPROVE,
        ),
        (
            "pending for long",
            |_, e| e.signals.days_since_created = 30,
            APPROVE,
        ),
        ("done elsewhere", |_, e| e.done_elsewhere = true, NONE),
        (
            "approved at this level before",
            |_, e| done(e, Action::Approve, 1),
            NONE,
        ),
        (
            "approved at another level",
            |_, e| done(e, Action::Approve, 2),
            NONE,
        ),
        (
            "the vault shows our approval",
            |_, e| approved_by(e, "SVC-ANALYST"),
            NONE,
        ),
        (
            "approved by somebody else",
            |_, e| approved_by(e, "manager-001"),
            APPROVE,
        ),
        ("window without end", |_, e| e.request.until = None, NONE),
        (
            "window of two months",
            |_, e| e.request.until = Some(at(60 * 24 * 3600)),
            NONE,
        ),
        (
            "nobody asks",
            |_, e| e.request.requester = String::new(),
            NONE,
        ),
        (
            "a displayed name",
            |_, e| e.request.requester = "Access Analyst (svc)".into(),
            NONE,
        ),
        (
            "own user in another field",
            |_, e| e.request.also = vec!["svc-analyst".into()],
            NONE,
        ),
        (
            "a stranger to a directory with people",
            |r, e| {
                r.directory_known = true;
                by_name(r, e);
            },
            NONE,
        ),
        (
            "an admin's workstation",
            |_, e| {
                if let Fact::Present { value, .. } = &mut e.asset {
                    value.kind = "Admin Workstation".into();
                }
            },
            NONE,
        ),
        (
            "a tag of administrators",
            |_, e| tag(e, "Role :: Domain Admins"),
            NONE,
        ),
        ("rejected before", |_, e| done(e, Action::Reject, 1), NONE),
        ("closed before", |_, e| done(e, Action::Close, 1), APPROVE),
        (
            "brake",
            |_, e| e.brakes = vec!["approvals in all".into()],
            NONE,
        ),
        ("no opinion", |_, e| e.opinion = None, NONE),
        (
            "unscored",
            |_, e| e.opinion = Some(opinion(None, &[])),
            NONE,
        ),
        (
            "advised higher",
            |_, e| e.opinion = Some(opinion(Some(RiskLevel::Moderate), &[])),
            NONE,
        ),
        (
            "advised critical",
            |_, e| e.opinion = Some(opinion(Some(RiskLevel::Critical), &[])),
            NONE,
        ),
        (
            "advised flags",
            |_, e| {
                e.opinion = Some(opinion(Some(RiskLevel::Low), &[Anomaly::OffHours]));
            },
            NONE,
        ),
        (
            "a note",
            |_, e| said(e, |own| own.note = "odd".into()),
            NONE,
        ),
        ("lost", |_, e| fault(e, Fault::Lost), NONE),
        ("refused", |_, e| fault(e, Fault::Refused), NONE),
        ("cut short", |_, e| fault(e, Fault::CutShort), NONE),
        ("filtered", |_, e| fault(e, Fault::Filtered), NONE),
        ("unreadable", |_, e| fault(e, Fault::Unreadable), NONE),
        (
            "out of contract",
            |_, e| fault(e, Fault::OutOfContract),
            NONE,
        ),
        ("unfounded", |_, e| fault(e, Fault::Unfounded), NONE),
        ("bound reached", |_, e| fault(e, Fault::BoundReached), NONE),
        // 40 + 30 + 30 points: security tooling, production, a flood.
        (
            "critical by points",
            |_, e| {
                container(e, "Domain Controllers");
                tag(e, "Environment :: Production");
                e.signals.in_a_day = 31;
            },
            REJECT,
        ),
    ]
}

fn tag(evidence: &mut Evidence, tag: &str) {
    if let Fact::Present { value, .. } = &mut evidence.asset {
        value.tags.push(tag.into());
    }
}

fn container(evidence: &mut Evidence, name: &str) {
    if let Fact::Present { value, .. } = &mut evidence.asset {
        value.path = vec!["root".into(), name.into()];
    }
}

fn approved_by(evidence: &mut Evidence, who: &str) {
    evidence.request.approvals = Some(vec![Approved {
        by: who.into(),
        level: Some(1),
    }]);
}

fn by_name(run: &mut Run, evidence: &mut Evidence) {
    for line in &mut run.settings.allow {
        line.requester = "user:CORP\\engineer-001".into();
    }
    evidence.requester = Fact::Absent {
        source: "directory".into(),
        as_of: at(0),
    };
}

fn status(evidence: &mut Evidence, status: PersonStatus) {
    if let Fact::Present { value, .. } = &mut evidence.requester {
        value.status = status;
    }
}

fn done(evidence: &mut Evidence, action: Action, level: u32) {
    evidence.done.push(Done { action, level });
}

#[test]
fn the_plain_request_is_approved() {
    let (run, evidence) = world();
    assert_eq!(admitted(&run, evidence), APPROVE);
}

#[test]
fn a_server_tag_alone_is_not_sensitive() {
    let (run, mut evidence) = world();
    tag(&mut evidence, "Component :: Server :: Windows");
    assert_eq!(admitted(&run, evidence), APPROVE);
}

#[test]
fn each_fact_alone_does_what_it_must() {
    for (name, change, expected) in changes() {
        let (mut run, mut evidence) = world();
        change(&mut run, &mut evidence);
        assert_eq!(admitted(&run, evidence), expected, "{name}");
    }
}

/// Two changes that each leave nothing open never leave an approval open together: nothing makes up for anything.
#[test]
fn no_second_fact_brings_an_approval_back() {
    let changes = changes();
    for (one, change, first) in &changes {
        for (other, further, _) in &changes {
            let (mut run, mut evidence) = world();
            change(&mut run, &mut evidence);
            // A change that writes over the first one's fact is no second fact.
            let before = (run.clone(), evidence.clone());
            further(&mut run, &mut evidence);
            let (mut again, mut both) = (run.clone(), evidence.clone());
            change(&mut again, &mut both);
            if (again, both) != (run.clone(), evidence.clone()) || first.contains(&Action::Approve)
            {
                continue;
            }
            drop(before);
            assert!(
                !admitted(&run, evidence).contains(&Action::Approve),
                "{one}, then {other}"
            );
        }
    }
}

/// No opinion whatever opens an action that is closed without it, in any of the worlds.
#[test]
fn no_opinion_opens_anything() {
    let risks = [
        None,
        Some(RiskLevel::Low),
        Some(RiskLevel::Moderate),
        Some(RiskLevel::High),
        Some(RiskLevel::Critical),
    ];
    let mut flags: Vec<Vec<Anomaly>> = vec![vec![], Anomaly::ALL.to_vec()];
    flags.extend(Anomaly::ALL.iter().map(|anomaly| vec![*anomaly]));
    for (name, change, _) in changes() {
        let (mut run, mut evidence) = world();
        change(&mut run, &mut evidence);
        // The deterministic score in words, which is what there is without a model.
        let rules = rules();
        let (_, level) = Frozen::new(&run, &run.digest(), evidence.clone(), &rules).score();
        evidence.opinion = Some(opinion(Some(level), &[]));
        let without = admitted(&run, evidence.clone());
        for risk in risks {
            for flags in &flags {
                evidence.opinion = Some(opinion(risk, flags));
                let with = admitted(&run, evidence.clone());
                assert!(
                    with.iter().all(|action| without.contains(action)),
                    "{name}: {risk:?} {flags:?} opened {with:?}"
                );
            }
        }
        evidence.opinion = None;
        let with = admitted(&run, evidence.clone());
        assert!(with.iter().all(|action| without.contains(action)), "{name}");
        // Every set of faults with every risk, with and without a flag and a note: the findings only grow, and a fault blocks all.
        let digest = run.digest();
        let mut frozen = Frozen::new(&run, &digest, evidence, &rules);
        let before = before_advice(&frozen);
        for faults in 0_u32..1 << Fault::ALL.len() {
            let faults: Vec<Fault> = (Fault::ALL.into_iter())
                .filter(|fault| faults >> (*fault as u32) & 1 == 1)
                .collect();
            for (risk, flag, note) in risks
                .iter()
                .flat_map(|risk| [(risk, false, ""), (risk, true, ""), (risk, false, "odd")])
            {
                let flags: &[Anomaly] = if flag { &[Anomaly::OffHours] } else { &[] };
                let said = Opinion {
                    faults: faults.clone(),
                    note: note.into(),
                    ..opinion(*risk, flags)
                };
                frozen = frozen.with_opinion(Some(said));
                let ruling = rule(&frozen);
                assert!(before.is_subset(ruling.findings), "{name}");
                let open = ruling.action();
                assert!(
                    open.is_none_or(|action| without.contains(&action)),
                    "{name}"
                );
                assert!(open.is_none() || faults.is_empty(), "{name} {faults:?}");
            }
        }
    }
}

#[test]
fn a_critical_opinion_alone_rejects_nothing() {
    let (mut run, mut evidence) = world();
    run.settings.reject_at_least = RiskLevel::Moderate;
    evidence.opinion = Some(opinion(Some(RiskLevel::Critical), Anomaly::ALL));
    assert_eq!(admitted(&run, evidence), NONE);
}

#[test]
fn a_ruling_that_was_written_by_hand_is_not_believed() {
    let (run, mut evidence) = world();
    evidence.signals.off_hours = Some(true);
    let rules = rules();
    let frozen = Frozen::new(&run, &run.digest(), evidence, &rules);
    let honest = rule(&frozen);
    let mut forged = honest;
    forged.findings = decision::vault::Findings::EMPTY;
    let held = Clearances::of(&frozen, Action::Approve);
    assert!(matches!(held, Err(Withheld::Findings(_))));
    // Clearances of another action, and of another request, are of no use.
    let (run, plain) = world();
    let other = Frozen::new(&run, &run.digest(), plain, &rules);
    let clearances = Clearances::of(&other, Action::Approve).unwrap();
    assert_eq!(
        admit(forged, Action::Approve, clearances, &frozen),
        Err(Withheld::Disagreement)
    );
    let clearances = Clearances::of(&other, Action::Approve).unwrap();
    assert_eq!(
        admit(rule(&other), Action::Reject, clearances, &other),
        Err(Withheld::Disagreement)
    );
}

#[test]
fn a_permit_names_request_action_and_level() {
    let (run, mut evidence) = world();
    evidence.request.level = Some(2);
    evidence.request.approvals = Some(vec![Approved {
        by: "manager-001".into(),
        level: Some(1),
    }]);
    let rules = rules();
    let frozen = Frozen::new(&run, &run.digest(), evidence, &rules);
    let clearances = Clearances::of(&frozen, Action::Approve).unwrap();
    let permit = admit(rule(&frozen), Action::Approve, clearances, &frozen).unwrap();
    assert!(matches!(permit, Permit::Grant(_)));
    assert_eq!(permit.key(), "vault:r-1:approve@2");
    assert_eq!(permit.subject().requester(), "engineer-001");
}

/// What was analysed binds what is acted upon: any change of what a request says is another request.
#[test]
fn the_content_is_every_field_but_the_status() {
    let (_, evidence) = world();
    let content = evidence.request.content();
    let changed = |change: fn(&mut WorkflowRequest)| {
        let mut request = evidence.request.clone();
        change(&mut request);
        request.content() != content
    };
    assert!(changed(|request| request.requester.push('x')));
    assert!(changed(|request| request.asset = Some("a-2".into())));
    assert!(changed(|request| request.asset_name.push('x')));
    assert!(changed(|request| request.action = None));
    assert!(changed(|request| request.justification.push('x')));
    assert!(changed(|request| request.until = None));
    assert!(changed(|request| request.from = Some(at(0))));
    assert!(changed(|request| request.level = Some(2)));
    assert!(changed(|request| request.levels = Some(2)));
    assert!(!changed(|request| request.status = Status::Approved));
}

#[test]
fn every_finding_comes_up_in_some_world() {
    let mut seen = decision::vault::Findings::EMPTY;
    let rules = rules();
    for (_, change, _) in changes() {
        let (mut run, mut evidence) = world();
        change(&mut run, &mut evidence);
        let frozen = Frozen::new(&run, &run.digest(), evidence, &rules);
        seen = seen.union(rule(&frozen).findings);
    }
    // What no change above makes: switches that are on in all of them, and a class without a world of its own.
    let elsewhere = [
        Finding::RejectOff,
        Finding::CloseOff,
        Finding::NeverAutoSensitive,
    ];
    for finding in Finding::ALL {
        assert!(
            seen.contains(*finding) || elsewhere.contains(finding),
            "{finding:?}"
        );
    }
}

#[test]
fn without_a_directory_people_are_allowed_by_name() {
    let (mut run, mut evidence) = world();
    by_name(&mut run, &mut evidence);
    assert_eq!(admitted(&run, evidence), APPROVE);
}

/// What was recorded before a `privileged` pattern stuck is read as it was, and keeps its digest.
#[test]
fn a_record_from_before_privileged_stuck_is_as_it_was() {
    let (run, mut evidence) = world();
    let (rules, digest) = (rules(), run.digest());
    let before = serde_json::to_string(&evidence).unwrap();
    assert!(!before.contains("privileged_before"), "{before}");
    let read: Evidence = serde_json::from_str(&before).unwrap();
    assert_eq!(read, evidence);
    let plain = Frozen::new(&run, &digest, read, &rules).digest();
    evidence.privileged_before = true;
    let after = serde_json::to_string(&evidence).unwrap();
    assert_eq!(
        serde_json::from_str::<Evidence>(&after).unwrap(),
        evidence,
        "{after}"
    );
    assert_ne!(Frozen::new(&run, &digest, evidence, &rules).digest(), plain);
}

/// Whoever asks to administer an asset makes the request dangerous, not the asset.
#[test]
fn what_is_asked_for_says_nothing_of_the_asset() {
    let (run, mut evidence) = world();
    evidence.request.action = Some("AssetManage".into());
    let rules = rules();
    let frozen = Frozen::new(&run, &run.digest(), evidence, &rules);
    assert!(frozen.classes().contains(Class::Admin));
    assert!(frozen.asset_classes().is_empty());
}

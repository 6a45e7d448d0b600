//! What the store refuses at the vault's door, whoever asks: a key twice, decisions under the kill switch, approvals beyond
//! the budgets. INVARIANT(once, brakes).

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::collections::BTreeMap;

use audit::{PersonKey, SigningKey};
use decision::evidence::record::{Fact, LogState};
use decision::findings::risk::RiskLevel;
use decision::gate::vault::{Clearances, Permit, admit};
use decision::rules::Rules;
use decision::rules::policy::Policy;
use decision::time::{Minutes, Timestamp};
use decision::vault::evidence::Opinion;
use decision::vault::run::{Allowance, Attendance, Listing, Settings};
use decision::vault::{
    Action, Asset, Evidence, FORMAT, Frozen, Run, Signals, Status, WorkflowRequest, rule,
};
use ports::Store as _;
use ports::store::{ActionState, Budgets, Category, CommitError, Intent, LeafDraft, Transition};
use store::{Options, Salts, SqliteStore};

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T10:00:00Z").unwrap()
}

fn open(folder: &std::path::Path) -> SqliteStore {
    let options = Options {
        key: SigningKey::from_seed("demo", [7; 32]).unwrap(),
        person_key: PersonKey::new([8; 32]),
        salts: Salts::System,
        stop_file: None,
        budgets: Budgets {
            per_person: 2,
            in_all: 3,
            ..Budgets::default()
        },
    };
    SqliteStore::open(folder, options).unwrap()
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn leaf(category: Category, event: &'static str, clear: &[(&str, &str)]) -> LeafDraft {
    LeafDraft {
        category,
        event,
        request: String::new(),
        person: None,
        clear: fields(clear),
        keyed: BTreeMap::new(),
        committed: BTreeMap::new(),
    }
}

/// A permit of the gate: to approve what waits, or to close what was approved long ago.
fn permit(request: &str, requester: &str, action: Action) -> Permit {
    let closes = action == Action::Close;
    let run = Run {
        format: FORMAT,
        at: now(),
        policy: "p".into(),
        active_policy: "p".into(),
        log: LogState::Verified,
        own_user: Some("svc".into()),
        listing: Listing {
            complete: true,
            ..Listing::default()
        },
        settings: Settings {
            approve: true,
            close: true,
            window_hours_max: 1_000,
            allow: vec![Allowance {
                requester: format!("user:{requester}"),
                container: "root / Build".into(),
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
    let long_ago = now().minus(Minutes::from_days(20));
    let evidence = Evidence {
        request: WorkflowRequest {
            id: request.into(),
            status: if closes {
                Status::Approved
            } else {
                Status::Active
            },
            created: long_ago,
            until: Some(now().plus(Minutes(60))),
            approved: closes.then_some(long_ago),
            requester: requester.into(),
            asset_name: "build-01".into(),
            action: Some("AssetUnlock".into()),
            justification: "Patch check after CHG-2207".into(),
            level: Some(1),
            ..WorkflowRequest::default()
        },
        asset: Fact::Present {
            value: Asset {
                kind: "Unix Host".into(),
                path: vec!["root".into(), "Build".into()],
                tags: vec![],
            },
            source: "test".into(),
            as_of: now(),
        },
        classes_before: vec![],
        privileged_before: false,
        requester: Fact::NotInProfile,
        mapped: None,
        signals: Signals {
            off_hours: Some(false),
            days_since_approved: closes.then_some(20),
            ..Signals::default()
        },
        done: vec![],
        done_elsewhere: false,
        opinion: Some(Opinion {
            analyst: "test".into(),
            risk: Some(RiskLevel::Low),
            ..Opinion::default()
        }),
        brakes: vec![],
    };
    let rules = Rules::compile(Policy::default()).unwrap();
    let frozen = Frozen::new(&run, &run.digest(), evidence, &rules);
    let clearances = Clearances::of(&frozen, action).unwrap();
    admit(rule(&frozen), action, clearances, &frozen).unwrap()
}

fn intent(request: &str, requester: &str, action: Action) -> Transition {
    let permit = permit(request, requester, action);
    let event = match action {
        Action::Approve => "vault.approve",
        Action::Reject => "vault.reject",
        Action::Close => "vault.close",
    };
    let key = permit.key();
    let created = permit.subject().created().to_string();
    let clear = [
        ("key", key.as_str()),
        ("level", "1"),
        ("created", created.as_str()),
        ("run", "r"),
    ];
    let leaf = LeafDraft {
        request: request.to_owned(),
        person: Some(requester.to_owned()),
        ..leaf(Category::PreparedChange, event, &clear)
    };
    Transition {
        at: now(),
        leaves: vec![leaf],
        action: Some(Intent {
            run: "r".into(),
            evidence: "{}".into(),
            comment: "as usual".into(),
            permit,
        }),
        ..Transition::default()
    }
}

fn settled(request: &str, state: ActionState) -> Transition {
    let key = format!("vault:{request}:approve@1");
    let clear = [("key", key.as_str()), ("state", state.name())];
    Transition {
        at: now(),
        leaves: vec![leaf(Category::Effect, "vault.settled", &clear)],
        ..Transition::default()
    }
}

fn commit(store: &SqliteStore, transition: Transition) -> Result<(), CommitError> {
    let mut done = store.commit(&[transition]);
    done.pop().unwrap().map(|_| ())
}

#[test]
fn a_key_is_taken_once_until_it_had_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let approve = || intent("r-1", "engineer-001", Action::Approve);
    let is_taken = |store: &SqliteStore| matches!(commit(store, approve()), Err(CommitError::Duplicate(key)) if key == "vault:r-1:approve@1");
    let store = open(folder.path());
    // Two of one batch, as two writers' are when they are committed together.
    let both = store.commit(&[approve(), approve()]);
    assert_eq!(both.iter().filter(|done| done.is_ok()).count(), 1);
    for state in [ActionState::Unknown, ActionState::Done] {
        assert!(is_taken(&store), "before {state:?}");
        commit(&store, settled("r-1", state)).unwrap();
    }
    assert!(is_taken(&store));
    drop(store);
    // By the signed leaves, so another process knows as much.
    let store = open(folder.path());
    assert!(is_taken(&store));
    for state in [ActionState::Refused, ActionState::Withdrawn] {
        commit(&store, settled("r-1", state)).unwrap();
        commit(&store, approve()).unwrap();
        assert!(is_taken(&store), "after {state:?}");
    }
    // Closing is another key.
    commit(&store, intent("r-1", "engineer-001", Action::Close)).unwrap();
}

#[test]
fn the_kill_switch_refuses_decisions_and_no_closure() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let switch = |event| Transition {
        at: now(),
        leaves: vec![leaf(Category::Administration, event, &[])],
        ..Transition::default()
    };
    commit(&store, switch("agent.stopped")).unwrap();
    let refused = commit(&store, intent("r-1", "engineer-001", Action::Approve));
    assert!(matches!(refused, Err(CommitError::Brake(_))), "{refused:?}");
    commit(&store, intent("r-2", "engineer-001", Action::Close)).unwrap();
    commit(&store, switch("agent.resumed")).unwrap();
    commit(&store, intent("r-1", "engineer-001", Action::Approve)).unwrap();
}

#[test]
fn approvals_have_budgets_that_are_counted_where_they_are_committed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let approve = |request: &str, requester: &str| {
        commit(&store, intent(request, requester, Action::Approve))
    };
    let is_braked = |done: Result<(), CommitError>| matches!(done, Err(CommitError::Brake(_)));
    approve("r-1", "engineer-001").unwrap();
    approve("r-2", "engineer-001").unwrap();
    assert!(
        is_braked(approve("r-3", "engineer-001")),
        "two for one person"
    );
    approve("r-4", "engineer-002").unwrap();
    assert!(is_braked(approve("r-5", "engineer-003")), "three in all");
    // What had no effect counts nothing.
    commit(&store, settled("r-1", ActionState::Refused)).unwrap();
    approve("r-5", "engineer-003").unwrap();
}

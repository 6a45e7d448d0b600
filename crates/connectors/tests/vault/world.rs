//! Committed actions on workflow requests, and a client of a simulator.

use std::time::Duration;

use connectors::PamVault;
use connectors::pam_vault::{Settings, Waiting};
use decision::evidence::record::{Fact, LogState};
use decision::findings::risk::RiskLevel;
use decision::gate::vault::{Clearances, admit};
use decision::rules::Rules;
use decision::rules::policy::Policy;
use decision::time::{Minutes, Timestamp};
use decision::vault::evidence::{Opinion, Requester};
use decision::vault::run::{Allowance, Attendance, Listing, Settings as RunSettings};
use decision::vault::{
    Action, Asset, Evidence, FORMAT, Frozen, Run, Signals, Status, WorkflowRequest, rule,
};
use ports::store::Intent;
use ports::vault::{Answer, Vault as _};
use ports::{CommittedAction, Secret, Transition};
use sandbox::vault::{AGENT, Options, Simulator};

/// A simulator with some switches set.
pub(crate) fn with(switches: &[(&str, &str)]) -> Simulator {
    let mut options = Options::default();
    for (name, value) in switches {
        options.set(name, value).unwrap();
    }
    Simulator::start(options).unwrap()
}

/// Settings for the agent's own user, with known paths of the decisions, short times and no repetition.
pub(crate) fn settings(simulator: &Simulator) -> Settings {
    Settings {
        timeout: Duration::from_secs(2),
        retries: 0,
        approve_path: Some("/api/request/approve/{id}".into()),
        reject_path: Some("/api/request/reject/{id}".into()),
        close_path: Some("/api/request/close/{id}".into()),
        ..Settings::new(&simulator.base_url(), Secret::new(simulator.token(AGENT)))
    }
}

/// A client with [`settings`].
pub(crate) fn client(simulator: &Simulator) -> PamVault {
    PamVault::new(settings(simulator)).unwrap()
}

/// The simulator's time.
pub(crate) fn now(simulator: &Simulator) -> Timestamp {
    Timestamp::from_seconds(simulator.clock() / 1000)
}

/// Thirty days before the simulator's time.
pub(crate) fn since(simulator: &Simulator) -> Timestamp {
    now(simulator).minus(Minutes::from_days(30))
}

/// Does something to a request, as the agent would after a commit.
pub(crate) fn decide(vault: &PamVault, action: Action, request: &str, reason: &str) -> Answer {
    match committed(action, request) {
        CommittedAction::Approve(grant) => vault.approve(&grant, reason),
        CommittedAction::Reject(rejection) => vault.reject(&rejection, reason),
        CommittedAction::Close(closure) => vault.close(&closure, reason),
    }
}

/// A real permit of the real gate for `request`, committed by a store that only says yes.
fn committed(action: Action, request: &str) -> CommittedAction {
    let at = Timestamp::from_seconds(1_795_334_400);
    let earlier = at.minus(Minutes(60));
    let run = Run {
        format: FORMAT,
        at,
        policy: "sha256:one".into(),
        active_policy: "sha256:one".into(),
        log: LogState::Verified,
        own_user: Some("svc-analyst".into()),
        listing: Listing {
            complete: true,
            ..Listing::default()
        },
        settings: RunSettings {
            approve: action == Action::Approve,
            reject: action == Action::Reject,
            close: action == Action::Close,
            reject_at_least: RiskLevel::Low,
            allow: vec![Allowance {
                requester: "engineers".into(),
                container: "root / Build Servers".into(),
                action: "AssetUnlock".into(),
            }],
            ..RunSettings::default()
        },
        hours_set: true,
        directory_known: false,
        paths_confirmed: true,
        attendance: Attendance::Autonomous,
        stopped: false,
        model_lost: None,
    };
    let present = |value| Fact::Present {
        value,
        source: "test".into(),
        as_of: at,
    };
    let closes = action == Action::Close;
    let evidence = Evidence {
        request: WorkflowRequest {
            id: request.into(),
            status: if closes {
                Status::Approved
            } else {
                Status::Active
            },
            created: earlier,
            requester: "CORP\\engineer-001".into(),
            asset: Some("a-1".into()),
            asset_name: "build-01".into(),
            action: Some("AssetUnlock".into()),
            justification: "Patch check after CHG-2207 on the build host".into(),
            until: Some(at.plus(Minutes(60))),
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
        requester: Fact::Present {
            value: Requester {
                id: "p-1".into(),
                groups: vec!["engineers".into()],
                ..Requester::default()
            },
            source: "test".into(),
            as_of: at,
        },
        mapped: None,
        signals: Signals {
            requests: 3,
            in_a_day: 1,
            off_hours: Some(false),
            days_since_approved: closes.then_some(30),
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
    let clearances = Clearances::of(&frozen, action).expect("cleared");
    let permit = admit(rule(&frozen), action, clearances, &frozen).expect("admitted");
    let transition = Transition {
        action: Some(Intent {
            permit,
            run: "test".into(),
            evidence: String::new(),
            comment: String::new(),
        }),
        ..Transition::default()
    };
    let done = ports::commit(&crate::common::Agreeable, transition).unwrap();
    done.action.unwrap()
}

/// Something that happens in the vault.
pub(crate) type Step<'s> = Box<dyn FnMut(&Simulator) + 's>;

/// Waits by moving the simulator's clock; before that it does what is next in `then`.
pub(crate) struct Steps<'s> {
    pub(crate) simulator: &'s Simulator,
    pub(crate) then: Vec<Step<'s>>,
    pub(crate) waited: u32,
}

impl<'s> Steps<'s> {
    pub(crate) fn of(simulator: &'s Simulator) -> Self {
        Self {
            simulator,
            then: Vec::new(),
            waited: 0,
        }
    }

    /// What happens during the next wait.
    pub(crate) fn then(mut self, step: impl FnMut(&Simulator) + 's) -> Self {
        self.then.push(Box::new(step));
        self
    }
}

impl Waiting for Steps<'_> {
    fn now(&mut self) -> Timestamp {
        now(self.simulator)
    }

    fn wait(&mut self, time: Duration) {
        self.waited += 1;
        assert!(self.waited < 1000, "it waits for ever");
        if !self.then.is_empty() {
            (self.then.remove(0))(self.simulator);
        }
        self.simulator.advance(time);
    }
}

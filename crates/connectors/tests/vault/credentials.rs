//! Secrets: with and without a workflow, taken up after an interruption, in both dialects, and never asked for twice.

use std::time::Duration;

use connectors::PamVault;
use connectors::pam_vault::{Ask, Pending, PendingFile, RetrieveError, Settings};
use decision::time::Minutes;
use ports::{PortError, Secret};
use sandbox::vault::{AGENT, Decision, Fault, Landmarks, Route, Simulator, Status, Verb};

use crate::world::{Steps, client, now, settings, with};

struct World {
    simulator: Simulator,
    vault: PamVault,
    marks: Landmarks,
    folder: tempfile::TempDir,
}

impl World {
    fn of(switches: &[(&str, &str)]) -> Self {
        let simulator = with(switches);
        Self {
            vault: client(&simulator),
            marks: simulator.landmarks(),
            folder: tempfile::tempdir().unwrap(),
            simulator,
        }
    }

    fn file(&self) -> PendingFile {
        PendingFile::at(self.folder.path().join(".pending_request.json"))
    }

    /// Asks for a secret and waits for at most ten minutes.
    fn retrieve(&self, asset: &str, steps: &mut Steps<'_>) -> Result<Secret, RetrieveError> {
        let why = "The scheduled analysis of access requests reads its key.";
        self.try_to_retrieve(asset, Some(why), steps)
    }

    fn try_to_retrieve(
        &self,
        asset: &str,
        justification: Option<&str>,
        steps: &mut Steps<'_>,
    ) -> Result<Secret, RetrieveError> {
        let ask = Ask {
            asset,
            justification,
            window: Minutes::from_hours(1),
            every: Duration::from_secs(60),
            deadline: now(&self.simulator).plus(Minutes(10)),
        };
        self.vault.retrieve(&ask, &self.file(), steps)
    }

    fn steps(&self) -> Steps<'_> {
        Steps::of(&self.simulator)
    }

    /// Requests of the agent for the model's key that were submitted since the start.
    fn submitted(&self) -> Vec<String> {
        let audit = self.simulator.audit();
        let submitted = audit
            .iter()
            .filter(|entry| entry.verb == Verb::Submit && entry.user == AGENT);
        submitted
            .filter_map(|entry| entry.request.clone())
            .collect()
    }

    fn decide(simulator: &Simulator, decision: Decision) {
        let key = simulator.landmarks().model_key.id;
        let request = simulator
            .requests()
            .into_iter()
            .find(|request| {
                request.asset == key
                    && request.requestor == AGENT
                    && request.status == Status::Active
            })
            .unwrap();
        simulator
            .decide_as("security-001", decision, &request.id, "as asked")
            .unwrap();
    }
}

fn approve(simulator: &Simulator) {
    World::decide(simulator, Decision::Approve);
}

/// Every doubt about the machine interface, one at a time and together.
const DOUBTS: [&[(&str, &str)]; 10] = [
    &[],
    &[("dialect", "b")],
    &[("status-shape", "list")],
    &[("dialect", "b"), ("status-shape", "list")],
    &[("action-enum", "off")],
    &[("error-format", "text"), ("submit-silent", "on")],
    &[
        ("dialect", "b"),
        ("error-format", "text"),
        ("submit-silent", "on"),
    ],
    &[("credential-action", "AssetEdit")],
    &[
        ("dialect", "b"),
        ("credential-action", "AssetAccess"),
        ("status-shape", "list"),
    ],
    &[("agent-json", "only")],
];

#[test]
fn a_secret_without_a_workflow_is_given_at_once() {
    for doubts in DOUBTS {
        let world = World::of(doubts);
        let secret = world
            .retrieve(&world.marks.mail_secret.id, &mut world.steps())
            .unwrap();
        assert!(!secret.expose().is_empty(), "{doubts:?}");
        assert!(!world.file().path().exists());
        assert!(world.submitted().is_empty());
        assert_eq!(
            world
                .vault
                .complete(&world.marks.mail_secret.id, &world.file()),
            Ok(None)
        );
    }
}

#[test]
fn a_secret_behind_a_workflow_is_asked_for_waited_for_and_given_back() {
    for doubts in DOUBTS {
        let world = World::of(doubts);
        let key = &world.marks.model_key.id;
        let file = world.file();
        let mut steps = world.steps().then(|_| {
            // While it waits, it is written down.
            assert!(file.read(key).unwrap().unwrap().request.is_some());
        });
        steps = steps.then(|_| {}).then(approve);
        let secret = world.retrieve(key, &mut steps).unwrap();
        assert!(!secret.expose().is_empty());
        assert_eq!(steps.waited, 3, "{doubts:?}");
        let submitted = world.submitted();
        assert_eq!(submitted.len(), 1);
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains(secret.expose()));
        // In a second run the approved request serves without another.
        world.retrieve(key, &mut world.steps()).unwrap();
        assert_eq!(world.submitted(), submitted);
        assert_eq!(world.vault.complete(key, &file), Ok(Some(Ok(()))));
        assert!(!file.path().exists());
        assert_eq!(
            world.simulator.request(&submitted[0]).unwrap().status,
            Status::Completed
        );
    }
}

/// Whoever only looks files no request, and gets what is there without one.
#[test]
fn without_a_justification_nobody_is_asked() {
    for doubts in DOUBTS {
        let world = World::of(doubts);
        let free = &world.marks.mail_secret.id;
        assert!(
            world
                .try_to_retrieve(free, None, &mut world.steps())
                .is_ok()
        );
        for behind in [&world.marks.model_key.id, &world.marks.automatic_secret.id] {
            let tried = world.try_to_retrieve(behind, None, &mut world.steps());
            assert_eq!(tried.unwrap_err(), RetrieveError::NotAskedFor, "{doubts:?}");
        }
        assert!(world.submitted().is_empty() && !world.file().path().exists());
        // What somebody approved for another is given.
        let key = &world.marks.model_key.id;
        let mut steps = world.steps().then(approve);
        world.retrieve(key, &mut steps).unwrap();
        assert!(world.try_to_retrieve(key, None, &mut world.steps()).is_ok());
        assert_eq!(world.submitted().len(), 1, "{doubts:?}");
    }
}

#[test]
fn an_automatic_form_gives_at_once_and_is_given_back() {
    for doubts in DOUBTS {
        let world = World::of(doubts);
        let id = &world.marks.automatic_secret.id;
        world.retrieve(id, &mut world.steps()).unwrap();
        let submitted = world.submitted();
        assert_eq!(submitted.len(), 1, "{doubts:?}");
        assert_eq!(
            world.vault.complete(id, &world.file()),
            Ok(Some(Ok(()))),
            "{doubts:?}"
        );
        assert_eq!(
            world.simulator.request(&submitted[0]).unwrap().status,
            Status::Completed
        );
    }
}

#[test]
fn an_interrupted_run_is_taken_up_with_its_file_and_without() {
    for forgets in [false, true] {
        let world = World::of(&[]);
        let key = &world.marks.model_key.id;
        let error = world.retrieve(key, &mut world.steps()).unwrap_err();
        assert_eq!(error, RetrieveError::StillWaiting("Active".into()));
        assert!(world.file().path().exists());
        if forgets {
            world.file().remove().unwrap();
        }
        let mut steps = world.steps().then(approve);
        world.retrieve(key, &mut steps).unwrap();
        assert_eq!(world.submitted().len(), 1);
    }
}

#[test]
fn a_rejection_ends_it() {
    let world = World::of(&[]);
    let key = &world.marks.model_key.id;
    let mut steps = world
        .steps()
        .then(|simulator| World::decide(simulator, Decision::Reject));
    assert_eq!(
        world.retrieve(key, &mut steps).unwrap_err(),
        RetrieveError::Rejected
    );
    assert!(!world.file().path().exists());
    assert_eq!(world.submitted().len(), 1);
}

#[test]
fn a_rejection_between_two_runs_is_told_before_somebody_is_asked_again() {
    let world = World::of(&[]);
    let key = &world.marks.model_key.id;
    world.retrieve(key, &mut world.steps()).unwrap_err();
    World::decide(&world.simulator, Decision::Reject);
    assert_eq!(
        world.retrieve(key, &mut world.steps()).unwrap_err(),
        RetrieveError::Rejected
    );
    assert_eq!(world.submitted().len(), 1);
    assert!(!world.file().path().exists());
}

#[test]
fn a_window_that_ended_is_asked_for_again_once() {
    let world = World::of(&[]);
    let key = &world.marks.model_key.id;
    let mut steps = world.steps().then(approve);
    world.retrieve(key, &mut steps).unwrap();
    world.simulator.advance(Duration::from_secs(2 * 3600));
    let mut steps = world.steps().then(approve);
    world.retrieve(key, &mut steps).unwrap();
    assert_eq!(world.submitted().len(), 2);
    // Withdrawn again and again: it is asked for once more and no more.
    let world = World::of(&[]);
    let withdraw = |simulator: &Simulator| {
        let mine = simulator
            .requests()
            .into_iter()
            .find(|request| request.requestor == AGENT && request.status == Status::Active)
            .unwrap();
        simulator.delete_as(AGENT, &mine.id).unwrap();
    };
    let mut steps = world.steps().then(withdraw).then(withdraw).then(withdraw);
    let error = world
        .retrieve(&world.marks.model_key.id, &mut steps)
        .unwrap_err();
    assert!(matches!(error, RetrieveError::NotLasting(_)), "{error}");
    assert_eq!(world.submitted().len(), 2);
    assert!(!world.file().path().exists());
}

#[test]
fn a_submission_that_was_not_answered_is_not_repeated() {
    for (fault, arrived) in [
        (Fault::CommitHang, true),
        (Fault::CommitReset, true),
        (Fault::Reset, false),
    ] {
        let world = World::of(&[]);
        let key = &world.marks.model_key.id;
        world.simulator.fault(Route::Submit, fault.clone(), None);
        let mut steps = world.steps();
        if arrived {
            steps = steps.then(approve);
            world.retrieve(key, &mut steps).unwrap();
        } else {
            let error = world.retrieve(key, &mut steps).unwrap_err();
            assert!(matches!(error, RetrieveError::NotLasting(_)), "{error}");
        }
        assert_eq!(world.simulator.calls()[&Route::Submit], 1, "{fault}");
        assert_eq!(world.submitted().len(), usize::from(arrived));
    }
}

#[test]
fn what_the_vault_refuses_is_told_and_nothing_is_submitted() {
    let world = World::of(&[]);
    let forbidden = world
        .retrieve(&world.marks.forbidden_secret.id, &mut world.steps())
        .unwrap_err();
    assert!(
        matches!(&forbidden, RetrieveError::Vault(PortError::Denied(_))),
        "{forbidden}"
    );
    // Closed at night: the simulator's clock goes to 01:00 UTC.
    world.simulator.advance(Duration::from_secs(10 * 3600));
    let closed = world
        .retrieve(&world.marks.restricted_secret.id, &mut world.steps())
        .unwrap_err();
    assert!(closed.to_string().contains("SIM-RESTRICTED"), "{closed}");
    assert!(!world.file().path().exists());
    // An unknown code or a 500 without one is no invitation to submit.
    world
        .simulator
        .fault(Route::Credentials, Fault::Status(500), None);
    let broken = world
        .retrieve(&world.marks.model_key.id, &mut world.steps())
        .unwrap_err();
    assert!(
        matches!(&broken, RetrieveError::Vault(PortError::Unavailable(_))),
        "{broken}"
    );
    assert!(world.submitted().is_empty());
}

#[test]
fn without_the_document_the_assumptions_are_told() {
    let world = World::of(&[("mcp", "off")]);
    let error = world
        .retrieve(&world.marks.model_key.id, &mut world.steps())
        .unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("was assumed") && told.contains("MCP"),
        "{told}"
    );
}

#[test]
fn a_pending_file_of_another_asset_stops_everything() {
    let world = World::of(&[]);
    let other = Pending {
        asset: "another".into(),
        action: "AssetUnlock".into(),
        request: None,
    };
    world.file().write(&other).unwrap();
    let error = world
        .retrieve(&world.marks.mail_secret.id, &mut world.steps())
        .unwrap_err();
    assert!(matches!(error, RetrieveError::Pending(_)), "{error}");
    assert!(error.hint().is_some());
    assert!(!world.simulator.calls().contains_key(&Route::Credentials));
    assert!(
        world.file().read("another").unwrap().is_some(),
        "it stays as it was"
    );
    assert!(
        world
            .vault
            .complete(&world.marks.mail_secret.id, &world.file())
            .is_err()
    );
}

#[test]
fn action_types_of_the_operator_are_tried() {
    // Nothing in the document, and the right one stands in the settings alone: the built-in list goes on after it.
    let world = World::of(&[("action-enum", "off"), ("credential-action", "AssetManage")]);
    let vault = PamVault::new(Settings {
        action_types: vec!["AssetManage".into()],
        ..settings(&world.simulator)
    })
    .unwrap();
    let world = World { vault, ..world };
    let mut steps = world.steps().then(approve);
    world
        .retrieve(&world.marks.model_key.id, &mut steps)
        .unwrap();
    // One call found it, one looked while it waited, one after.
    assert_eq!(world.simulator.calls()[&Route::RequestStatus], 3);
}

#[test]
fn a_vault_that_is_away_for_a_moment_is_waited_for() {
    let world = World::of(&[]);
    let key = &world.marks.model_key.id;
    let mut steps = world
        .steps()
        .then(|simulator| simulator.fault(Route::RequestStatus, Fault::Status(503), Some(2)))
        .then(|_| {})
        .then(approve);
    world.retrieve(key, &mut steps).unwrap();
    assert_eq!(world.submitted().len(), 1);
}

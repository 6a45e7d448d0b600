//! Decisions: plain text, once, and the truth about what became of them.

use connectors::PamVault;
use connectors::pam_vault::Settings;
use decision::vault::Action;
use ports::vault::{Answer, Vault};
use sandbox::vault::{AGENT, Case, Fault, Request, Right, Route, Simulator, Status, Verb};

use crate::world::{client, decide, settings, with};

/// A request of this status that the agent may decide.
fn request(simulator: &Simulator, status: Status) -> Request {
    let planted = simulator.planted();
    simulator
        .requests()
        .into_iter()
        .find(|request| {
            request.status == status
                && request.form == "Standard approval"
                && request.requestor != AGENT
                && !planted.iter().any(|planted| planted.request == request.id)
        })
        .unwrap()
}

fn planted(simulator: &Simulator, case: Case) -> String {
    let planted = simulator.planted();
    planted
        .iter()
        .find(|planted| planted.case == case)
        .unwrap()
        .request
        .clone()
}

fn status(simulator: &Simulator, id: &str) -> Status {
    simulator.request(id).unwrap().status
}

#[test]
fn each_action_on_each_status() {
    for (action, from, to) in [
        (Action::Approve, Status::Active, Status::Approved),
        (Action::Reject, Status::Active, Status::Rejected),
        (Action::Close, Status::Approved, Status::Completed),
    ] {
        let simulator = with(&[]);
        simulator.give_right(AGENT, Right::Administer);
        let vault = client(&simulator);
        for at in [
            Status::Active,
            Status::Approved,
            Status::Completed,
            Status::Rejected,
        ] {
            let id = request(&simulator, at).id;
            let answer = decide(&vault, action, &id, "As usual.");
            if at == from {
                assert_eq!(answer, Answer::Done);
                assert_eq!(status(&simulator, &id), to);
            } else {
                assert!(
                    matches!(&answer, Answer::Refused(why) if why.contains("SIM-BADSTATE")),
                    "{answer:?}"
                );
                assert_eq!(status(&simulator, &id), at);
            }
        }
    }
}

#[test]
fn the_reason_arrives_as_plain_text() {
    let simulator = with(&[]);
    let vault = client(&simulator);
    let id = request(&simulator, Status::Active).id;
    let reason = "“Routine” – patch check,\r\n within hours…";
    assert_eq!(decide(&vault, Action::Approve, &id, reason), Answer::Done);
    let audit = simulator.audit();
    let entry = audit
        .iter()
        .find(|entry| entry.verb == Verb::Approve)
        .unwrap();
    assert_eq!(entry.reason, "\"Routine\" - patch check, within hours...");
    assert_eq!(entry.content_type.as_deref(), Some("text/plain"));
    assert_eq!(
        (entry.user.as_str(), entry.request.as_deref()),
        (AGENT, Some(id.as_str()))
    );

    let charset = PamVault::new(Settings {
        reason_charset: true,
        ..settings(&simulator)
    })
    .unwrap();
    let id = request(&simulator, Status::Active).id;
    assert_eq!(decide(&charset, Action::Reject, &id, ""), Answer::Done);
    let audit = simulator.audit();
    let entry = audit
        .iter()
        .find(|entry| entry.verb == Verb::Reject)
        .unwrap();
    assert_eq!(
        entry.content_type.as_deref(),
        Some("text/plain; charset=utf-8")
    );
    assert!(!entry.reason.is_empty());
    // Whatever a model wrote, no call was a JSON object.
    assert!(audit.iter().all(|entry| !entry.reason.starts_with('{')));
}

#[test]
fn a_first_level_of_two_stays_active() {
    let simulator = with(&[]);
    let id = planted(&simulator, Case::DomainControllers);
    assert_eq!(
        decide(&client(&simulator), Action::Approve, &id, "x"),
        Answer::Done
    );
    let request = simulator.request(&id).unwrap();
    assert_eq!((request.status, request.level), (Status::Active, 2));
    // The agent is no approver of the second level.
    let answer = decide(&client(&simulator), Action::Approve, &id, "x");
    assert!(
        matches!(&answer, Answer::Refused(why) if why.contains("HTTP 401")),
        "{answer:?}"
    );
}

#[test]
fn who_is_no_approver_is_refused() {
    let simulator = with(&[]);
    let id = planted(&simulator, Case::NotAnApprover);
    let answer = decide(&client(&simulator), Action::Approve, &id, "x");
    assert!(
        matches!(&answer, Answer::Refused(why) if why.contains("HTTP 401")),
        "{answer:?}"
    );
    let own = planted(&simulator, Case::OwnRequest);
    assert!(matches!(
        decide(&client(&simulator), Action::Approve, &own, "x"),
        Answer::Refused(_)
    ));
}

#[test]
fn a_wrong_path_is_told_as_one() {
    let simulator = with(&[]);
    let id = request(&simulator, Status::Active).id;
    let wrong = PamVault::new(Settings {
        approve_path: Some("/api/request/grant/{id}".into()),
        ..settings(&simulator)
    })
    .unwrap();
    let answer = decide(&wrong, Action::Approve, &id, "x");
    assert!(
        matches!(&answer, Answer::NoSuchPath(why) if why.contains("/api/request/grant/{id}")),
        "{answer:?}"
    );
    simulator.fault(Route::Approve, Fault::Status(405), None);
    assert!(matches!(
        decide(&client(&simulator), Action::Approve, &id, "x"),
        Answer::NoSuchPath(_)
    ));
}

#[test]
fn a_path_that_worked_before_is_not_called_wrong() {
    let simulator = with(&[]);
    let vault = client(&simulator);
    let next = || request(&simulator, Status::Active).id;
    assert_eq!(decide(&vault, Action::Approve, &next(), "x"), Answer::Done);
    simulator.fault(Route::Approve, Fault::Status(404), Some(1));
    let answer = decide(&vault, Action::Approve, &next(), "x");
    assert!(
        matches!(&answer, Answer::Refused(why) if why.contains("HTTP 404")),
        "{answer:?}"
    );
    // Of another decision, or another method, that proves nothing.
    simulator.fault(Route::Reject, Fault::Status(404), Some(1));
    let answer = decide(&vault, Action::Reject, &next(), "x");
    assert!(matches!(answer, Answer::NoSuchPath(_)), "{answer:?}");
    simulator.fault(Route::Approve, Fault::Status(405), Some(1));
    let answer = decide(&vault, Action::Approve, &next(), "x");
    assert!(matches!(answer, Answer::NoSuchPath(_)), "{answer:?}");
    assert_eq!(decide(&vault, Action::Approve, &next(), "x"), Answer::Done);
}

#[test]
fn what_may_have_happened_is_not_known_and_nothing_is_sent_twice() {
    for (fault, done) in [
        (Fault::CommitHang, true),
        (Fault::CommitReset, true),
        (Fault::Hang, false),
        (Fault::Reset, false),
        (Fault::Status(500), false),
        (Fault::Status(502), false),
        (Fault::Status(599), false),
        (Fault::Html, false),
        (Fault::Redirect, false),
    ] {
        let simulator = with(&[]);
        let id = request(&simulator, Status::Active).id;
        simulator.fault(Route::Approve, fault.clone(), None);
        let vault = PamVault::new(Settings {
            retries: 2,
            timeout: std::time::Duration::from_secs(1),
            ..settings(&simulator)
        })
        .unwrap();
        let answer = decide(&vault, Action::Approve, &id, "x");
        assert!(matches!(answer, Answer::Unknown(_)), "{fault}: {answer:?}");
        let expected = if done {
            Status::Approved
        } else {
            Status::Active
        };
        assert_eq!(status(&simulator, &id), expected, "{fault}");
        assert_eq!(simulator.calls()[&Route::Approve], 1, "{fault}");
    }
}

#[test]
fn what_never_left_is_told_as_such() {
    let simulator = with(&[]);
    let id = request(&simulator, Status::Active).id;
    let vault = client(&simulator);
    simulator.fault(Route::Approve, Fault::Status(429), Some(1));
    let answer = decide(&vault, Action::Approve, &id, "x");
    assert!(matches!(answer, Answer::NotSent(_)), "{answer:?}");
    // The half of an answer that is missing is not looked at.
    simulator.fault(Route::Approve, Fault::Truncated, Some(1));
    assert_eq!(decide(&vault, Action::Approve, &id, "x"), Answer::Done);
    drop(simulator);
    assert!(matches!(
        decide(&vault, Action::Approve, &id, "x"),
        Answer::NotSent(_)
    ));
}

#[test]
fn any_status_of_success_is_success() {
    let simulator = with(&[]);
    let id = request(&simulator, Status::Active).id;
    simulator.fault(Route::Reject, Fault::Status(204), None);
    assert_eq!(
        decide(&client(&simulator), Action::Reject, &id, "x"),
        Answer::Done
    );
}

#[test]
fn ids_cannot_lead_elsewhere() {
    let simulator = with(&[]);
    let vault = client(&simulator);
    let victim = request(&simulator, Status::Active).id;
    for id in [
        format!("x/../../approve/{victim}"),
        format!("x?id={victim}"),
        "..".to_owned(),
        String::new(),
    ] {
        let answer = decide(&vault, Action::Reject, &id, "x");
        assert!(!matches!(answer, Answer::Done), "{id}: {answer:?}");
    }
    assert_eq!(status(&simulator, &victim), Status::Active);
}

#[test]
fn a_guess_is_never_known() {
    let simulator = with(&[]);
    assert!(client(&simulator).knows_decision_paths());
    let guessing = PamVault::new(Settings {
        close_path: None,
        ..settings(&simulator)
    })
    .unwrap();
    assert!(!guessing.knows_decision_paths());
    assert!(Vault::decision_paths(&guessing).contains("/api/request/complete/{id}"));
    // A description that is not there, or on another server, makes nothing known.
    for url in ["/nowhere.json", "https://elsewhere.example/openapi.json"] {
        let vault = PamVault::new(Settings {
            platform_description_url: Some(url.into()),
            ..guessing_settings(&simulator)
        })
        .unwrap();
        assert!(!vault.knows_decision_paths());
    }
}

fn guessing_settings(simulator: &Simulator) -> Settings {
    Settings {
        close_path: None,
        ..settings(simulator)
    }
}

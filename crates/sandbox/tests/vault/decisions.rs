//! Approve, reject, complete: each status with each action, levels, approvers, reasons.

use std::time::Duration;

use sandbox::vault::{AGENT, Case, Decision, Right, Simulator, Status, Verb};
use serde_json::json;

use crate::{agent, ask, client, of_status, submission, with};

const DAY: Duration = Duration::from_secs(86_400);

fn path(verb: &str, id: &str) -> String {
    format!("/api/request/{verb}/{id}")
}

fn status(simulator: &Simulator, id: &str) -> Status {
    simulator.request(id).unwrap().status
}

fn planted(simulator: &Simulator, case: Case) -> String {
    let found = simulator
        .planted()
        .into_iter()
        .find(|planted| planted.case == case);
    found.unwrap().request
}

#[test]
fn each_status_with_each_action() {
    for (from, verb, to) in [
        (Status::Active, "approve", Some(Status::Approved)),
        (Status::Active, "reject", Some(Status::Rejected)),
        (Status::Active, "complete", None),
        (Status::Active, "close", None),
        (Status::Approved, "approve", None),
        (Status::Approved, "reject", None),
        (Status::Approved, "complete", Some(Status::Completed)),
        (Status::Approved, "close", Some(Status::Completed)),
        (Status::Completed, "approve", None),
        (Status::Completed, "reject", None),
        (Status::Completed, "complete", None),
        (Status::Rejected, "approve", None),
        (Status::Rejected, "reject", None),
        (Status::Rejected, "close", None),
    ] {
        let simulator = with(&[]);
        let id = of_status(&simulator, from).id;
        let answer = agent(&simulator).put(&path(verb, &id), "Routine patch check.");
        match to {
            Some(to) => {
                assert_eq!((answer.status, answer.text.as_str()), (200, ""));
                assert_eq!(status(&simulator, &id), to);
            }
            None => {
                answer.is(500, "SIM-BADSTATE");
                assert_eq!(status(&simulator, &id), from);
            }
        }
    }
}

#[test]
fn the_reason_is_kept_as_it_came() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    let reason = "  Läuft – geprüft.\n";
    let id = of_status(&simulator, Status::Active).id;
    assert_eq!(client.put(&path("approve", &id), reason).status, 200);
    let entry = simulator.audit().pop().unwrap();
    assert_eq!((entry.user.as_str(), entry.verb), (AGENT, Verb::Approve));
    assert_eq!(entry.request, Some(id.clone()));
    assert_eq!(entry.reason, reason);
    assert_eq!(entry.content_type.as_deref(), Some("text/plain"));
    let approval = &simulator.request(&id).unwrap().approvals[0];
    assert_eq!(
        (approval.by.as_str(), approval.reason.as_str()),
        (AGENT, reason)
    );

    let id = of_status(&simulator, Status::Active).id;
    let json = r#"{"comment": "no ticket"}"#;
    let sent = client
        .call(
            "PUT",
            &path("reject", &id),
            Some(("application/json; charset=utf-8", json)),
        )
        .unwrap();
    assert_eq!(sent.status, 200, "as documented, a JSON body is taken too");
    let entry = simulator.audit().pop().unwrap();
    assert_eq!(entry.reason, json);
    assert_eq!(
        entry.content_type.as_deref(),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(
        simulator.request(&id).unwrap().rejected,
        Some((AGENT.to_owned(), json.to_owned()))
    );
    let row = client
        .list("&pgs=1000")
        .rows()
        .into_iter()
        .find(|row| row["id"] == json!(id));
    assert_eq!(row.unwrap()["rejected"]["reason"], json!(json));
}

#[test]
fn reasons_have_bounds() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    let id = of_status(&simulator, Status::Active).id;
    client
        .put(&path("reject", &id), " \n")
        .is(500, "SIM-NOREASON");
    client
        .put(&path("reject", &id), &"ä".repeat(1_001))
        .is(500, "SIM-TOOLONG");
    client
        .put(&path("approve", &id), &"x".repeat(70_000))
        .is(413, "SIM-TOOLARGE");
    assert_eq!(status(&simulator, &id), Status::Active);
    assert_eq!(
        client.put(&path("approve", &id), "").status,
        200,
        "an approval needs none"
    );
    let id = of_status(&simulator, Status::Active).id;
    assert_eq!(
        client.put(&path("reject", &id), &"ä".repeat(1_000)).status,
        200
    );
}

#[test]
fn two_levels() {
    let simulator = with(&[]);
    let id = planted(&simulator, Case::DomainControllers);
    let client = agent(&simulator);
    assert_eq!(
        client.put(&path("approve", &id), "First level.").status,
        200
    );
    let request = simulator.request(&id).unwrap();
    assert_eq!(
        (request.status, request.level, request.levels),
        (Status::Active, 2, 2)
    );
    client
        .put(&path("approve", &id), "Again.")
        .is(401, "no approver of this level");
    simulator
        .decide_as("security-001", Decision::Approve, &id, "Second level.")
        .unwrap();
    let request = simulator.request(&id).unwrap();
    assert_eq!(
        (request.status, request.approvals.len()),
        (Status::Approved, 2)
    );
    assert_eq!(request.approved_ms, Some(simulator.clock()));

    let second = planted(&simulator, Case::SecondLevel);
    client
        .put(&path("approve", &second), "x")
        .is(401, "no approver of this level");
    simulator
        .decide_as("security-002", Decision::Reject, &second, "Not now.")
        .unwrap();
    assert_eq!(
        status(&simulator, &second),
        Status::Rejected,
        "any one approver rejects"
    );
}

#[test]
fn a_level_can_need_two_approvers() {
    let simulator = with(&[]);
    let id = planted(&simulator, Case::NotAnApprover);
    agent(&simulator)
        .put(&path("approve", &id), "x")
        .is(401, "no approver of this level");
    agent(&simulator)
        .put(&path("reject", &id), "x")
        .is(401, "no approver of this level");
    let owner = client(&simulator, "payments-owner-001");
    assert_eq!(owner.put(&path("approve", &id), "One.").status, 200);
    assert_eq!(status(&simulator, &id), Status::Active);
    owner
        .put(&path("approve", &id), "One more.")
        .is(500, "SIM-ALREADY");
    let other = client(&simulator, "payments-owner-003");
    assert_eq!(other.put(&path("approve", &id), "Two.").status, 200);
    assert_eq!(status(&simulator, &id), Status::Approved);
}

#[test]
fn nobody_decides_an_own_request() {
    let simulator = with(&[]);
    let id = ask(&simulator, AGENT, "build-001");
    let client = agent(&simulator);
    client
        .put(&path("approve", &id), "x")
        .is(401, "own request");
    client.put(&path("reject", &id), "x").is(401, "own request");
    assert_eq!(status(&simulator, &id), Status::Active);
    simulator
        .decide_as("manager-001", Decision::Approve, &id, "Fine.")
        .unwrap();
    assert_eq!(status(&simulator, &id), Status::Approved);
}

#[test]
fn rights_are_needed() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    simulator.drop_right(AGENT, Right::Decide);
    let active = of_status(&simulator, Status::Active).id;
    client
        .put(&path("approve", &active), "x")
        .is(401, "SIM-UNAUTHORIZED");
    let approved = of_status(&simulator, Status::Approved).id;
    assert_eq!(client.put(&path("close", &approved), "Stale.").status, 200);
    simulator.drop_right(AGENT, Right::Administer);
    let approved = of_status(&simulator, Status::Approved).id;
    client
        .put(&path("close", &approved), "Stale.")
        .is(401, "SIM-UNAUTHORIZED");
    assert_eq!(status(&simulator, &approved), Status::Approved);
}

#[test]
fn paths_and_ids_that_do_not_exist() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    let id = of_status(&simulator, Status::Active).id;
    for unknown in ["1", "f1f0c8c2-6a4e-4f0b-8d7c-0a9d6c3e3001", "%00"] {
        client
            .put(&path("approve", unknown), "x")
            .is(500, "SIM-NOTFOUND");
    }
    client
        .put(&path("confirm", &id), "x")
        .is(404, "SIM-NOROUTE");
    client
        .put(&format!("/api/request/{id}/approve"), "x")
        .is(404, "SIM-NOROUTE");
    client.get(&path("approve", &id)).is(405, "SIM-METHOD");
    client
        .post(&path("approve", &id), &json!({}))
        .is(405, "SIM-METHOD");
    assert_eq!(status(&simulator, &id), Status::Active);
}

#[test]
fn the_end_of_the_window_completes() {
    let simulator = with(&[]);
    let stale = planted(&simulator, Case::StaleApproved);
    let waiting = planted(&simulator, Case::WindowPassed);
    let end = simulator.request(&stale).unwrap().to_ms;
    simulator.advance(DAY * 29);
    assert_eq!(status(&simulator, &stale), Status::Approved);
    simulator.advance(DAY * 2);
    let request = simulator.request(&stale).unwrap();
    assert_eq!(
        (request.status, request.completed_ms),
        (Status::Completed, Some(end))
    );
    assert_eq!(
        status(&simulator, &waiting),
        Status::Active,
        "what waits does not expire"
    );
    assert!(simulator.audit().iter().any(|entry| {
        entry.verb == Verb::Expire && entry.user == "vault" && entry.request == Some(stale.clone())
    }));
    agent(&simulator)
        .put(&path("close", &stale), "x")
        .is(500, "SIM-BADSTATE");
}

#[test]
fn automatic_and_restricting_forms() {
    let simulator = with(&[]);
    let id = ask(&simulator, "engineer-001", "lab-005");
    assert_eq!(status(&simulator, &id), Status::Approved);
    let verbs: Vec<Verb> = simulator.audit().iter().map(|entry| entry.verb).collect();
    assert_eq!(verbs, [Verb::Submit, Verb::AutoApprove]);
    let id = ask(&simulator, "engineer-001", "batch-005");
    assert_eq!(status(&simulator, &id), Status::Active);
    simulator.advance(Duration::from_secs(10 * 3_600));
    let refused = simulator.submit_as("engineer-002", &submission(&simulator, "batch-005"));
    assert_eq!(
        refused.unwrap_err().code,
        "SIM-RESTRICTED",
        "it is one in the night"
    );
    simulator.advance(Duration::from_secs(3 * 3_600));
    ask(&simulator, "engineer-002", "batch-005");
}

#[test]
fn a_requester_ends_an_own_request() {
    let simulator = with(&[]);
    let id = ask(&simulator, "engineer-001", "stage-005");
    let again = simulator.submit_as("engineer-001", &submission(&simulator, "stage-005"));
    assert_eq!(again.unwrap_err().code, "MSG-00864");
    let other = simulator.delete_as("engineer-002", &id);
    assert_eq!(other.unwrap_err().status, 401);
    simulator.delete_as("engineer-001", &id).unwrap();
    assert_eq!(status(&simulator, &id), Status::Completed);
    assert_eq!(
        simulator.delete_as("engineer-001", &id).unwrap_err().code,
        "SIM-BADSTATE"
    );
    ask(&simulator, "engineer-001", "stage-005");
}

#[test]
fn submissions_are_checked() {
    let simulator = with(&[]);
    let good = submission(&simulator, "stage-005");
    let now = simulator.clock();
    for (wrong, code) in [
        (
            sandbox::vault::Submission {
                message: " ".to_owned(),
                ..good.clone()
            },
            "SIM-NOREASON",
        ),
        (
            sandbox::vault::Submission {
                message: "x".repeat(4_001),
                ..good.clone()
            },
            "SIM-TOOLONG",
        ),
        (
            sandbox::vault::Submission {
                asset: "x".to_owned(),
                ..good.clone()
            },
            "SIM-NOTFOUND",
        ),
        (
            sandbox::vault::Submission {
                to_ms: Some(now),
                ..good.clone()
            },
            "SIM-BADWINDOW",
        ),
        (
            sandbox::vault::Submission {
                from_ms: Some(i64::MAX),
                to_ms: Some(i64::MIN),
                ..good.clone()
            },
            "SIM-BADWINDOW",
        ),
        (
            sandbox::vault::Submission {
                asset: simulator.landmarks().mail_secret.id,
                ..good.clone()
            },
            "SIM-NOWORKFLOW",
        ),
    ] {
        assert_eq!(
            simulator
                .submit_as("engineer-001", &wrong)
                .unwrap_err()
                .code,
            code
        );
    }
    assert_eq!(
        simulator.submit_as("nobody", &good).unwrap_err().code,
        "SIM-NOTFOUND"
    );
    simulator.drop_right("engineer-001", Right::Submit);
    assert_eq!(
        simulator
            .submit_as("engineer-001", &good)
            .unwrap_err()
            .status,
        401
    );
}

#[test]
fn exclusive_means_alone() {
    let simulator = with(&[]);
    let alone = sandbox::vault::Submission {
        exclusive: true,
        ..submission(&simulator, "stage-005")
    };
    let id = simulator.submit_as("engineer-001", &alone).unwrap();
    ask(&simulator, "engineer-002", "stage-005");
    simulator
        .decide_as("manager-001", Decision::Approve, &id, "")
        .unwrap();
    let refused = simulator.submit_as("developer-004", &submission(&simulator, "stage-005"));
    assert_eq!(refused.unwrap_err().code, "SIM-EXCLUSIVE");
    simulator.delete_as("engineer-001", &id).unwrap();
    ask(&simulator, "developer-004", "stage-005");
}

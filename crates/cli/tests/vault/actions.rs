//! What is sent: each status with each action, levels, and what the vault may answer.

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox::vault::{AGENT, Decision, Fault, Right, Route, Status, Verb};

use crate::world::{World, each, person, until};

fn one(ids: &BTreeSet<String>) -> &str {
    ids.first().unwrap()
}

#[test]
fn what_waits_is_approved_once_with_a_plain_reason() {
    let world = World::waiting(&[], 30);
    let ids = world.ids();
    let ran = world.run();
    ran.ends(0);
    assert_eq!(ran.with("done").len(), 30, "{}", ran.said);
    world.was_done_once(Verb::Approve, &ids);
    world.reasons_are_plain();
    assert!(
        ids.iter()
            .all(|id| world.request(id).status == Status::Approved)
    );
    // Nothing is left to do, and the state file names what was done.
    let again = world.run();
    again.ends(0);
    assert!(again.told["actions"].as_array().unwrap().is_empty());
    world.was_done_once(Verb::Approve, &ids);
    let file = crate::world::read(&world.home.path("state/agent_state.json"));
    assert!(ids.iter().all(|id| file.contains(id.as_str())), "{file}");
    let verified = world.home.words(&["audit", "verify"]);
    assert!(verified.status.success());
}

/// By hand: each status that a request can have, with every switch on, and with each switch off.
#[test]
fn each_status_takes_its_own_action_alone() {
    let mut world = World::waiting(&[("requests", "60")], 2);
    world.home.set("STALE_REQUEST_DAYS", "1");
    // What is risky at all is rejected, so that there is something to reject.
    world.home.set("RISK_THRESHOLD_REJECT", "medium");
    let risky = world.submit(&person(8), "dc-001", 8);
    world.allow_all();
    let before = world.simulator.requests();
    let ran = world.run();
    ran.ends(0);
    let counts = world.counts();
    let done = |id: &str, verb| counts.get(&(id.to_owned(), verb)).copied().unwrap_or(0);
    let mut seen = BTreeSet::new();
    for request in &before {
        let id = request.id.as_str();
        let all = done(id, Verb::Approve) + done(id, Verb::Reject) + done(id, Verb::Complete);
        let day = 24 * 60 * 60 * 1_000;
        let now = world.simulator.clock();
        match request.status {
            Status::Active if id == risky => assert_eq!((all, done(id, Verb::Reject)), (1, 1)),
            Status::Active => assert_eq!(all, done(id, Verb::Approve), "{request:?}"),
            Status::Approved => {
                let stale = request.approved_ms.unwrap() <= now - day;
                assert_eq!(done(id, Verb::Complete), usize::from(stale), "{request:?}");
                assert_eq!(all, done(id, Verb::Complete));
            }
            Status::Completed | Status::Rejected => assert_eq!(all, 0, "{request:?}"),
        }
        seen.insert(request.status);
    }
    assert!(seen.len() >= 3, "{seen:?}");
    assert_eq!(done(&risky, Verb::Reject), 1, "{}", ran.because(&risky));
    world.reasons_are_plain();
}

#[test]
fn each_action_has_its_switch_and_all_are_off() {
    let mut world = World::waiting(&[], 2);
    for key in [
        "AUTO_APPROVE_LOW_RISK",
        "AUTO_REJECT_CRITICAL_RISK",
        "AUTO_CLOSE_STALE",
    ] {
        world.home.set(key, "");
    }
    let id = world.submit(&person(9), "dc-001", 9);
    world.home.set("RISK_THRESHOLD_REJECT", "medium");
    world.allow_all();
    let ran = world.run();
    ran.ends(0);
    assert!(ran.told["actions"].as_array().unwrap().is_empty());
    assert!(
        ran.entries
            .keys()
            .all(|id| ran.finds(id, "approve-off") && ran.finds(id, "reject-off"))
    );
    // Reject alone: the low ones are left, and the risky one is never approved.
    world.home.set("AUTO_REJECT_CRITICAL_RISK", "true");
    world.run().ends(0);
    world.was_done_once(Verb::Reject, &BTreeSet::from([id]));
}

/// Reject is looked at before approve, and what is both is rejected.
#[test]
fn what_could_be_both_is_rejected() {
    let mut world = World::waiting(&[], 0);
    let id = world.submit(&person(6), "dc-001", 6);
    world.home.set("RISK_THRESHOLD_REJECT", "medium");
    world.allow_all();
    let ran = world.run();
    assert_eq!(ran.ends(0).with("done")[&id], "reject");
    world.was_done_once(Verb::Reject, &BTreeSet::from([id.clone()]));
    assert_eq!(world.request(&id).status, Status::Rejected);
    world.run().ends(0);
    assert_eq!(world.done().len(), 1);
}

#[test]
fn an_approval_is_given_once_at_each_level() {
    // Two levels, the second of other people.
    let world = World::waiting(&[("standard-form", "two-levels")], 2);
    let ids = world.ids();
    let ran = world.run();
    assert_eq!(
        ran.ends(0).with("done_at_this_level").len(),
        2,
        "{}",
        ran.said
    );
    assert!(ids.iter().all(|id| world.request(id).level == 2));
    world.run().ends(0);
    world.run().ends(0);
    world.was_done_once(Verb::Approve, &ids);
    // The vault refuses at a level of which we are no approver: told, and not forced.
    let first = one(&ids).to_owned();
    world
        .simulator
        .decide_as("security-001", Decision::Approve, &first, "Agreed.")
        .unwrap();
    assert_eq!(world.request(&first).status, Status::Approved);
    world.run().ends(0);
    world.was_done_once(Verb::Approve, &ids);

    // Two levels, and the vault would let us give both: two levels want two people, so we give one.
    let world = World::waiting(&[("standard-form", "same-approvers")], 1);
    let id = one(&world.ids()).to_owned();
    assert_eq!(
        world.run().outcome(&id).as_deref(),
        Some("done_at_this_level")
    );
    assert_eq!(world.request(&id).status, Status::Active);
    let again = world.run();
    assert_eq!(
        (
            again.ends(0).outcome(&id),
            again.finds(&id, "approved-before")
        ),
        (None, true)
    );
    let levels: Vec<usize> = world
        .request(&id)
        .approvals
        .iter()
        .map(|own| own.level)
        .collect();
    assert_eq!(levels, [1]);

    // One level that takes two: ours is given once, whoever gives the other.
    let world = World::waiting(&[("standard-form", "two-approvals")], 1);
    let ids = world.ids();
    let id = one(&ids).to_owned();
    assert_eq!(
        world.run().outcome(&id).as_deref(),
        Some("done_at_this_level")
    );
    let again = world.run();
    assert_eq!(
        (
            again.ends(0).outcome(&id),
            again.finds(&id, "approved-before")
        ),
        (None, true)
    );
    world
        .simulator
        .decide_as("manager-001", Decision::Approve, &id, "Agreed.")
        .unwrap();
    world.run().ends(0);
    world.was_done_once(Verb::Approve, &ids);
}

/// 401 may mean the right, not the token: it is told, nothing happened, and a later run may try again.
#[test]
fn who_is_no_approver_is_refused_and_tries_again_later() {
    let world = World::waiting(&[], 2);
    world.simulator.drop_right(AGENT, Right::Decide);
    let ran = world.run();
    assert_eq!(ran.ends(0).with("refused").len(), 2, "{}", ran.said);
    assert!(world.done().is_empty());
    let refused = world.calls(Route::Approve);
    assert_eq!(refused, 2, "one refusal says nothing of another request");
    world.simulator.give_right(AGENT, Right::Decide);
    assert_eq!(world.run().ends(0).with("done").len(), 2);
    world.was_done_once(Verb::Approve, &world.ids());
}

/// After a time-out the list is read again: what the vault shows is what is so.
#[test]
fn a_time_out_is_settled_by_looking() {
    let faults = [Fault::CommitHang, Fault::CommitReset, Fault::Truncated];
    each(&faults, |fault| {
        let mut world = World::waiting(&[], 3);
        world.home.set("VAULT_TIMEOUT", "1s");
        world
            .simulator
            .fault(Route::Approve, fault.clone(), Some(1));
        let ran = world.run();
        assert_eq!(ran.ends(0).with("done").len(), 3, "{fault}: {}", ran.said);
        world.run().ends(0);
        world.was_done_once(Verb::Approve, &world.ids());
        assert_eq!(world.calls(Route::Approve), 3, "{fault}");
    });
}

/// Our call is lost, and a person approves meanwhile: that was not us, and the report says so.
#[test]
fn what_a_person_did_meanwhile_is_not_called_ours() {
    let mut world = World::waiting(&[], 1);
    world.home.set("VAULT_TIMEOUT", "2s");
    world.simulator.fault(Route::Approve, Fault::Hang, Some(1));
    let child = world.home.begin();
    until("the approval is sent", || world.calls(Route::Approve) > 0);
    let id = one(&world.ids()).to_owned();
    world
        .simulator
        .decide_as("manager-001", Decision::Approve, &id, "Mine.")
        .unwrap();
    let ran = world.home.end(child);
    ran.ends(0)
        .says("somebody else: the vault names manager-001");
    assert_eq!(
        ran.outcome(&id).as_deref(),
        Some("by_another"),
        "{}",
        ran.said
    );
    assert!(ran.report("md").contains("done by somebody else"));
    let actions = world.home.words(&["vault", "actions", "--format", "json"]);
    let actions = String::from_utf8_lossy(&actions.stdout).into_owned();
    assert!(actions.contains("withdrawn"), "{actions}");
    world.run().ends(0);
    assert!(world.done().is_empty());
}

/// What never arrived is not sent again blindly: first the vault shows for long enough that nothing happened.
#[test]
fn what_was_lost_is_done_later_and_once() {
    let faults = [Fault::Hang, Fault::Reset, Fault::Html, Fault::Status(502)];
    each(&faults, |fault| {
        let mut world = World::waiting(&[], 2);
        world.home.set("VAULT_TIMEOUT", "1s");
        world
            .simulator
            .fault(Route::Approve, fault.clone(), Some(1));
        let ran = world.run();
        ran.ends(1);
        assert_eq!(
            (ran.with("unknown").len(), ran.with("done").len()),
            (1, 1),
            "{fault}: {}",
            ran.said
        );
        let open = world
            .home
            .words(&["vault", "actions", "--open", "--format", "json"]);
        let lost = ran.with("unknown").into_keys().next().unwrap();
        assert!(String::from_utf8_lossy(&open.stdout).contains(&lost));
        // Too early: it may still arrive.
        world.run().ends(0);
        assert_eq!(world.calls(Route::Approve), 2, "{fault}");
        std::thread::sleep(Duration::from_millis(5_200));
        world.run().ends(0);
        world.was_done_once(Verb::Approve, &world.ids());
    });
}

/// What is sent late could still be under way when a later run looks and finds nothing: it is parked instead.
#[test]
fn a_slow_vault_gets_what_is_left_in_the_next_run() {
    let mut world = World::waiting(&[], 8);
    world.home.set("VAULT_TIMEOUT", "1s");
    let slow = Fault::Delay(Duration::from_millis(800));
    world.simulator.fault(Route::Approve, slow, None);
    let ran = world.run();
    ran.ends(0);
    let (done, parked) = (ran.with("done").len(), ran.with("parked").len());
    assert!(
        (3..=5).contains(&done) && done + parked == 8,
        "{}",
        ran.said
    );
    world.simulator.clear_faults();
    world.run().ends(0);
    world.was_done_once(Verb::Approve, &world.ids());
}

/// 404 and 405: the setting is wrong, and every further decision would fail alike.
#[test]
fn a_wrong_path_ends_all_decisions() {
    let cases = [
        ("/api/request/agree/{id}", "404"),
        ("/api/request/auditor-requests?{id}", "405"),
    ];
    each(&cases, |(path, status)| {
        let mut world = World::waiting(&[], 5);
        world.home.set("VAULT_APPROVE_PATH", path);
        let ran = world.run();
        ran.ends(1).says("from the settings").says(status);
        assert!(world.done().is_empty());
        assert_eq!(ran.with("refused").len(), 1, "{}", ran.said);
        assert_eq!(ran.with("parked").len(), 4, "{}", ran.said);
        world
            .home
            .set("VAULT_APPROVE_PATH", "/api/request/approve/{id}");
        assert_eq!(world.run().ends(0).with("done").len(), 5);
        world.was_done_once(Verb::Approve, &world.ids());
    });
}

/// What changed since it was analysed is another request.
#[test]
fn what_changed_since_it_was_analysed_is_left_alone() {
    // Somebody rejects, somebody approves, the requester withdraws, a level passes.
    let world = World::waiting(&[("standard-form", "two-levels")], 5);
    let hold = Fault::Delay(Duration::from_millis(700));
    world.simulator.fault(Route::Asset, hold, Some(1));
    let child = world.home.begin();
    until("an asset is asked for", || world.calls(Route::Asset) > 0);
    let ids: Vec<String> = world.ids().into_iter().collect();
    let decide = |by: &str, what, id: &str| {
        world.simulator.decide_as(by, what, id, "Mine.").unwrap();
    };
    decide("manager-001", Decision::Reject, &ids[0]);
    decide("manager-001", Decision::Approve, &ids[1]);
    decide("security-001", Decision::Approve, &ids[1]);
    let by = world.request(&ids[2]).requestor;
    world.simulator.delete_as(&by, &ids[2]).unwrap();
    decide("manager-001", Decision::Approve, &ids[3]);
    let ran = world.home.end(child);
    ran.ends(0);
    for id in &ids[..4] {
        assert_eq!(ran.outcome(id).as_deref(), Some("changed"), "{}", ran.said);
    }
    world.was_done_once(Verb::Approve, &BTreeSet::from([ids[4].clone()]));
}

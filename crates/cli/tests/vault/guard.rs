//! What keeps a run from acting: nobody watches, guesses, hours, the kill switch, thresholds, other tools, tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox::vault::{AGENT, Case, Fault, Right, Route, TokenShape, Verb};

use crate::world::{World, each, now_ms, until};

#[test]
fn without_a_terminal_and_autonomous_mode_a_run_only_plans() {
    let mut world = World::waiting(&[], 3);
    world.home.set("AUTONOMOUS_MODE", "false");
    let ran = world.run();
    assert_eq!(ran.ends(9).with("planned").len(), 3);
    assert!(ran.report("md").contains("planned"));
    world.home.set("AUTONOMOUS_MODE", "true");
    let planned = world.home.words(&["run", "--plan"]);
    assert_eq!(planned.status.code(), Some(9));
    assert!(world.done().is_empty());
    assert_eq!(world.calls(Route::Approve), 0);
    world.run().ends(0);
    world.was_done_once(Verb::Approve, &world.ids());
}

#[test]
fn guessed_paths_take_a_confirmation_that_another_path_voids() {
    let mut world = World::waiting(&[], 2);
    for key in [
        "VAULT_APPROVE_PATH",
        "VAULT_REJECT_PATH",
        "VAULT_CLOSE_PATH",
    ] {
        world.home.set(key, "");
    }
    let ran = world.run();
    assert_eq!(ran.ends(9).with("planned").len(), 2);
    assert!(
        ran.entries
            .keys()
            .all(|id| ran.finds(id, "paths-unconfirmed"))
    );
    let confirmed = world.home.words(&["doctor", "--confirm-paths"]);
    assert!(confirmed.status.success());
    // Another path is another guess.
    world
        .home
        .set("VAULT_CLOSE_PATH", "/api/request/close/{id}");
    assert_eq!(world.run().ends(9).with("planned").len(), 2);
    assert_eq!(world.calls(Route::Approve), 0);
    world.home.set("VAULT_CLOSE_PATH", "");
    assert_eq!(world.run().ends(0).with("done").len(), 2);
}

#[test]
fn without_business_hours_nothing_is_done() {
    let mut world = World::waiting(&[], 2);
    world.home.set("OFF_HOURS_START", "");
    world.run().ends(4).says("OFF_HOURS_END");
    world.home.set("OFF_HOURS_END", "");
    let ran = world.run();
    ran.ends(0);
    assert!(ran.entries.keys().all(|id| ran.finds(id, "hours-unset")));
    assert!(world.done().is_empty());
    // On somebody's clock it is always night somewhere: filed off-hours is held back.
    let hour = now_ms() / 3_600_000 % 24;
    world.home.set("OFF_HOURS_START", &hour.to_string());
    world
        .home
        .set("OFF_HOURS_END", &((hour + 2) % 24).to_string());
    let ran = world.run();
    ran.ends(0);
    assert!(
        ran.entries
            .keys()
            .all(|id| ran.has_anomaly(id, "off_hours"))
    );
    assert!(world.done().is_empty());
}

/// INVARIANT(brakes): nothing is granted or refused any more, and taking away goes on.
#[test]
fn the_kill_switch_stops_all_but_closing() {
    let world = World::new(&[("planted", "on")]);
    world.allow_all();
    let stale = world.planted();
    let stale = stale
        .iter()
        .find(|planted| planted.case == Case::StaleApproved);
    let stale = stale.unwrap().request.clone();
    let stopped = world.home.words(&["stop", "--reason", "a drill"]);
    assert!(stopped.status.success());
    let ran = world.run();
    ran.ends(0).says("kill switch");
    assert_eq!(
        ran.with("done").into_keys().collect::<Vec<_>>(),
        std::slice::from_ref(&stale)
    );
    world.was_done_once(Verb::Complete, &BTreeSet::from([stale]));
    // The file alone holds too, and taking it away lifts nothing.
    std::fs::remove_file(world.home.path("STOP")).unwrap();
    world.run().ends(0);
    assert_eq!(world.done().len(), 1);
    let resumed = world
        .home
        .words(&["resume", "--reason", "the drill is over"]);
    assert!(resumed.status.success());
    assert!(!world.run().ends(0).with("done").is_empty());
    assert!(world.counts().values().all(|count| *count == 1));
}

/// A run that is stopped in the middle finishes the action in hand and parks the rest; a later run takes it up.
#[test]
fn a_stop_between_two_actions_holds_from_the_next_one_on() {
    let ways = ["file", "signal"];
    each(&ways, |way| {
        let world = World::waiting(&[], 6);
        let hold = Fault::Delay(Duration::from_millis(400));
        world.simulator.fault(Route::Approve, hold, Some(2));
        let child = world.home.begin();
        until("the second approval is sent", || {
            world.calls(Route::Approve) > 1
        });
        if *way == "file" {
            std::fs::write(world.home.path("STOP"), "a drill\n").unwrap();
        } else {
            let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
            nix::sys::signal::kill(process, nix::sys::signal::SIGTERM).unwrap();
        }
        let ran = world.home.end(child);
        ran.ends(0);
        assert_eq!(
            (ran.with("done").len(), ran.with("parked").len()),
            (2, 4),
            "{way}: {}",
            ran.said
        );
        assert_eq!(world.done().len(), 2);
        if *way == "file" {
            world.run().ends(0);
            assert_eq!(world.done().len(), 2);
            let resumed = world.home.words(&["resume", "--reason", "over"]);
            assert!(resumed.status.success());
        }
        assert_eq!(world.run().ends(0).with("done").len(), 4);
        world.was_done_once(Verb::Approve, &world.ids());
    });
}

#[test]
fn thresholds_that_could_meet_do_not_start() {
    let cases = [
        ("RISK_THRESHOLD_APPROVE", "medium", 5),
        ("RISK_THRESHOLD_APPROVE", "critical", 5),
        ("RISK_THRESHOLD_REJECT", "low", 5),
        ("RISK_THRESHOLD_REJECT", "severe", 4),
        ("STALE_REQUEST_DAYS", "0", 4),
        ("AUTO_APPROVE_LOW_RISK", "yes", 4),
        ("AUTO_APROVE_LOW_RISK", "true", 4),
        ("VAULT_PAGE_SIZE", "101", 4),
        ("VAULT_TOKEN", "x", 4),
    ];
    let world = World::waiting(&[], 1);
    for (key, value, code) in cases {
        let mut other = crate::world::Home::new(&world.simulator.base_url(), "a.b.c");
        other.set(key, value);
        let ran = other.run();
        ran.ends(code).says(key);
    }
    assert!(world.simulator.calls().is_empty(), "nothing was asked");
}

/// Another tool's record says that it was decided: neither approve nor reject repeats it, and closing goes on.
#[test]
fn an_imported_state_file_blocks_decisions_alone() {
    let world = World::new(&[("planted", "on")]);
    world.allow_all();
    let of = |case| {
        let planted = world.planted();
        let found = planted.iter().find(|planted| planted.case == case);
        found.unwrap().request.clone()
    };
    let (routine, stale) = (of(Case::Routine), of(Case::StaleApproved));
    let file = world.home.path("state/agent_state.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let text = format!(
        "{{\"last_run\": \"2026-01-01T00:00:00Z\", \"actioned_ids\": [\"{routine}\", \"{stale}\"]}}"
    );
    std::fs::write(&file, text).unwrap();
    let ran = world.run();
    ran.ends(0);
    assert!(ran.finds(&routine, "decided-elsewhere"));
    let counts = world.counts();
    assert!(counts.keys().all(|(id, _)| *id != routine));
    assert_eq!(counts.get(&(stale, Verb::Complete)), Some(&1));
    // What the file cannot say is not guessed.
    std::fs::write(&file, "{").unwrap();
    let ran = world.run();
    ran.ends(4).says("agent_state.json");
}

#[test]
fn a_token_that_does_not_say_who_we_are_takes_no_action() {
    let mut world = World::waiting(&[], 2);
    let nameless = TokenShape {
        with_ousr: false,
        expires_ms: None,
    };
    world
        .home
        .set_token(&world.simulator.token_of_shape(AGENT, nameless));
    let ran = world.run();
    ran.ends(0);
    assert!(
        ran.entries
            .keys()
            .all(|id| ran.finds(id, "own-user-unknown"))
    );
    let expired = TokenShape {
        with_ousr: true,
        expires_ms: Some(now_ms() - 3_600_000),
    };
    world
        .home
        .set_token(&world.simulator.token_of_shape(AGENT, expired));
    world.run().ends(1).says("401");
    let doctor = world.home.words(&["doctor"]);
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert_eq!(doctor.status.code(), Some(1));
    assert!(told.contains("expired") || told.contains("ended"), "{told}");
    let good = world.simulator.token(AGENT);
    world.simulator.revoke_token(&good);
    world.home.set_token(&good);
    world.run().ends(1).says("401");
    assert!(world.done().is_empty());
}

/// Of rights and mail the doctor says what was seen, and what was not.
#[test]
fn the_doctor_says_what_was_seen() {
    let mut world = World::waiting(&[], 1);
    let told = |world: &World, topic: &str| {
        let output = world.home.words(&["doctor", "--format", "json"]);
        let lines: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let lines = lines.as_array().unwrap().iter();
        let mut own = lines.filter(|line| line["topic"] == topic);
        let line = own.next().unwrap_or_else(|| panic!("no line on {topic}"));
        let word = |name: &str| line[name].as_str().unwrap().to_owned();
        (word("state"), word("text"), output.status.code().unwrap())
    };
    let (state, text, _) = told(&world, "right to approve");
    assert!(state == "unknown" && text.contains("not seen"), "{text}");
    world.simulator.drop_right(AGENT, Right::Decide);
    assert_eq!(world.run().with("refused").len(), 1);
    let (state, text, _) = told(&world, "right to approve");
    assert!(state == "warning" && text.contains("refused"), "{text}");
    world.simulator.give_right(AGENT, Right::Decide);
    assert_eq!(world.run().ends(0).with("done").len(), 1);
    let (state, text, _) = told(&world, "right to approve");
    assert!(state == "fine" && text.contains("last took one"), "{text}");
    let (state, text, _) = told(&world, "right to close");
    assert!(state == "unknown" && text.contains("not seen"), "{text}");

    // A server of mail that is not there: told, and a fault.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(taken);
    for (key, value) in [
        ("ALERT_SENDER_EMAIL", "agent@corp.example"),
        ("ALERT_RECIPIENT_EMAILS", "ops@corp.example"),
        ("ALERT_SMTP_HOST", "127.0.0.1"),
        ("ALERT_SMTP_PORT", &port.to_string()),
    ] {
        world.home.set(key, value);
    }
    let (state, text, code) = told(&world, "mail, tried");
    assert!(
        state == "bad" && code == 1 && text.contains("127.0.0.1"),
        "{text}"
    );
    // A secret that is in the vault is not read by looking.
    for (key, value) in [
        ("ALERT_SMTP_HOST", ""),
        ("ALERT_SMTP_PORT", ""),
        ("ALERT_TENANT_ID", "tenant"),
        ("ALERT_CLIENT_ID", "client"),
        ("ALERT_SECRET_ASSET_ID", "a-1"),
    ] {
        world.home.set(key, value);
    }
    let before = world.simulator.audit().len();
    let (state, text, _) = told(&world, "mail, tried");
    assert!(state == "unknown" && text.contains("not tried"), "{text}");
    assert_eq!(world.simulator.audit().len(), before);
}

#[test]
fn a_right_that_is_missing_is_told_and_stops_what_needs_it() {
    let world = World::waiting(&[], 2);
    world.simulator.drop_right(AGENT, Right::Audit);
    world.run().ends(1).says("401");
    world.simulator.give_right(AGENT, Right::Audit);
    world.simulator.drop_right(AGENT, Right::ReadAssets);
    let ran = world.run();
    ran.ends(0);
    assert!(ran.entries.keys().all(|id| ran.finds(id, "asset-unread")));
    assert!(
        world.done().is_empty(),
        "no asset facts, no automatic approval"
    );
}

/// Two runners over one home: the second one finds the store in use and does nothing.
#[test]
fn a_second_runner_finds_the_store_in_use() {
    let world = World::waiting(&[], 2);
    let hold = Fault::Delay(Duration::from_millis(800));
    world.simulator.fault(Route::Asset, hold, Some(1));
    let first = world.home.begin();
    until("the first is at work", || world.calls(Route::Asset) > 0);
    let list = world.calls(Route::List);
    world.run().ends(7);
    assert_eq!(world.calls(Route::List), list);
    world.home.end(first).ends(0);
    world.was_done_once(Verb::Approve, &world.ids());
}

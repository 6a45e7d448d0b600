//! Each fault, and how often it comes.

use std::time::{Duration, Instant};

use sandbox::vault::{AGENT, Fault, Route, Status};

use crate::{Client, agent, of_status, with};

#[test]
fn status_so_many_times() {
    let simulator = with(&[("fault", "auditor-requests=status:503*2")]);
    let client = agent(&simulator);
    for _ in 0..2 {
        assert_eq!(client.list("").status, 503);
        assert_eq!(client.get("/api/user/context").status, 200, "another route");
    }
    assert_eq!(client.list("").status, 200);
    assert_eq!(simulator.calls()[&Route::List], 3);
    assert_eq!(simulator.calls().get(&Route::Approve), None);
}

#[test]
fn too_many_requests_say_when_to_come_back() {
    let simulator = with(&[("fault", "context=status:429")]);
    let mut answer = ureq::get(format!("{}/api/user/context", simulator.base_url()))
        .config()
        .http_status_as_error(false)
        .build()
        .call()
        .unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "");
}

#[test]
fn delay() {
    let simulator = with(&[("fault", "context=delay:300ms*1")]);
    let client = agent(&simulator);
    let begin = Instant::now();
    assert_eq!(client.get("/api/user/context").status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[test]
fn others_are_served_while_one_waits() {
    let simulator = with(&[("fault", "context=delay:700ms*1")]);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| agent(&simulator).get("/api/user/context").status);
        while simulator.calls().is_empty() {
            std::thread::yield_now();
        }
        let begin = Instant::now();
        assert_eq!(agent(&simulator).list("").status, 200);
        assert!(begin.elapsed() < Duration::from_millis(600));
        assert_eq!(slow.join().unwrap(), 200);
    });
}

#[test]
fn html_and_redirect() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    simulator.fault(Route::List, Fault::Html, Some(1));
    let page = client.list("");
    assert_eq!(
        (page.status, page.content_type.as_str()),
        (200, "text/html; charset=utf-8")
    );
    assert!(page.text.starts_with("<!DOCTYPE html>"));
    simulator.fault(Route::List, Fault::Redirect, Some(1));
    assert_eq!(client.list("").status, 302);
    assert_eq!(client.list("").status, 200);
}

#[test]
fn truncated() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    let whole = client.list("").text;
    simulator.fault(Route::List, Fault::Truncated, Some(1));
    let half = client.list("");
    assert_eq!(half.status, 200);
    assert_eq!(half.text, whole[..whole.len() / 2]);
    assert!(serde_json::from_str::<serde_json::Value>(&half.text).is_err());
}

#[test]
fn reset() {
    let simulator = with(&[]);
    let client = agent(&simulator);
    simulator.fault(Route::Context, Fault::Reset, Some(1));
    let error = client.call("GET", "/api/user/context", None).unwrap_err();
    let ureq::Error::Io(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    assert_eq!(client.get("/api/user/context").status, 200);
}

/// Puts a decision and expects no answer; returns what became of the request.
fn decide_without_answer(fault: Fault) -> Status {
    let simulator = with(&[]);
    let id = of_status(&simulator, Status::Active).id;
    simulator.fault(Route::Approve, fault, Some(1));
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_millis(400)));
    let client: ureq::Agent = config.build().into();
    client
        .put(format!("{}/api/request/approve/{id}", simulator.base_url()))
        .header(
            "authorization",
            format!("Bearer {}", simulator.token(AGENT)),
        )
        .send("Fine.")
        .unwrap_err();
    simulator.request(&id).unwrap().status
}

#[test]
fn an_answer_that_never_comes_leaves_the_outcome_open() {
    assert_eq!(decide_without_answer(Fault::Hang), Status::Active);
    assert_eq!(decide_without_answer(Fault::CommitHang), Status::Approved);
    assert_eq!(decide_without_answer(Fault::Reset), Status::Active);
    assert_eq!(decide_without_answer(Fault::CommitReset), Status::Approved);
}

#[test]
fn stopping_does_not_wait_for_what_hangs() {
    let simulator = with(&[("fault", "all=hang")]);
    let (base, token) = (simulator.base_url(), simulator.token(AGENT));
    let call = std::thread::spawn(move || {
        Client::new(&base, &token)
            .call("GET", "/api/user/context", None)
            .is_err()
    });
    while simulator.calls().is_empty() {
        std::thread::yield_now();
    }
    let begin = Instant::now();
    drop(simulator);
    assert!(
        begin.elapsed() < Duration::from_millis(1_200),
        "{:?}",
        begin.elapsed()
    );
    assert!(call.join().unwrap());
}

#[test]
fn the_last_rule_counts_and_all_can_be_cleared() {
    let simulator = with(&[
        ("fault", "all=status:500"),
        ("fault", "context=status:502*1"),
    ]);
    let client = agent(&simulator);
    assert_eq!(client.get("/api/user/context").status, 502);
    assert_eq!(client.get("/api/user/context").status, 500);
    simulator.clear_faults();
    assert_eq!(client.get("/api/user/context").status, 200);
    simulator.switch("fault", "context=status:418").unwrap();
    assert_eq!(client.get("/api/user/context").status, 418);
    simulator.switch("fault", "none").unwrap();
    assert_eq!(client.get("/api/user/context").status, 200);
}

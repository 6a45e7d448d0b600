//! Servers that answer nonsense: nothing panics, nothing hangs, no secret shows, and what cannot be read is said.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connectors::PamVault;
use connectors::pam_vault::Settings;
use decision::time::Timestamp;
use decision::vault::Action;
use decision::vault::run::Listing;
use ports::vault::{Answer, Row, Vault};
use ports::{PortError, Secret};
use sandbox::vault::Case;

use crate::world::{client, decide, since, with};

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJvdXNyIjoic3ZjIn0.c2lnbmF0dXJl";

/// A server that answers each request with what `answer` makes of its head, raw. It lives as long as the process.
fn server(
    answer: impl Fn(&str, &mut TcpStream) + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ztna/acme/root", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            if head.is_empty() {
                continue;
            }
            seen.lock().unwrap().push(head.clone());
            answer(&head, &mut stream);
        }
    });
    (url, heads)
}

fn json(stream: &mut TcpStream, body: &str) {
    raw(
        stream,
        "200 OK",
        "Content-Type: application/json\r\n",
        body.as_bytes(),
    );
}

fn raw(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn vault(url: &str) -> PamVault {
    let settings = Settings {
        timeout: Duration::from_secs(1),
        retries: 0,
        approve_path: Some("/api/request/approve/{id}".into()),
        ..Settings::new(url, Secret::new(TOKEN.to_owned()))
    };
    PamVault::new(settings).unwrap()
}

fn list(url: &str) -> Result<(Listing, Vec<Row>), PortError> {
    let mut rows = Vec::new();
    let listing = vault(url).list(Timestamp::from_seconds(1_795_000_000), &mut |row| {
        rows.push(row)
    })?;
    Ok((listing, rows))
}

#[test]
fn what_is_not_the_api_is_no_list() {
    let page = "<html><form action=/login></form></html>";
    for body in [
        "",
        "{",
        "[]",
        "17",
        "null",
        "{}",
        r#"{"data":{}}"#,
        r#"{"data":null}"#,
        page,
        &"[".repeat(100_000),
    ] {
        let body = body.to_owned();
        let (url, _) = server(move |_, stream| json(stream, &body));
        assert!(matches!(list(&url), Err(PortError::Malformed(_))));
    }
    let (url, heads) = server(|_, stream| {
        raw(
            stream,
            "302 Found",
            "Location: http://127.0.0.1:1/login\r\n",
            b"",
        )
    });
    let error = list(&url).unwrap_err();
    assert!(
        matches!(&error, PortError::Malformed(why) if why.contains("redirect")),
        "{error}"
    );
    assert_eq!(
        heads.lock().unwrap().len(),
        1,
        "the token does not follow a redirect"
    );
}

#[test]
fn rows_that_cannot_be_read_are_told_and_the_others_kept() {
    let body = r#"{"data":[{"id":"r-1","status":"Active","created":"2999-01-01T00:00:00Z","message":["no","text"],"requestor":{"x":1}},
        {"status":"Active","created":1795000000},{"id":"r-3","status":{},"created":1795000000},{"id":"r-4","status":"Active","created":-5},
        null,17,"row",[],{"id":"r-5","status":"Reopened","created":1795000000}],"total":9}"#;
    let (url, _) = server(move |_, stream| json(stream, body));
    let (listing, rows) = list(&url).unwrap();
    let told = rows
        .iter()
        .filter(|row| matches!(row, Row::Unreadable { .. }));
    assert_eq!(told.count(), 7);
    // They came twice: the second page was the same.
    let readable: std::collections::BTreeSet<_> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Request(request) => Some(request.id.as_str()),
            Row::Unreadable { .. } => None,
        })
        .collect();
    assert_eq!(readable.into_iter().collect::<Vec<_>>(), ["r-1", "r-5"]);
    assert_eq!(
        (listing.read, listing.unreadable, listing.complete),
        (2, 7, false),
        "{listing:?}"
    );
}

#[test]
fn a_page_that_comes_for_ever_ends() {
    let rows: Vec<String> = (0..100)
        .map(|id| format!(r#"{{"id":"r-{id}","status":"Active","created":1795000000}}"#))
        .collect();
    let body = format!(r#"{{"data":[{}],"total":100000}}"#, rows.join(","));
    let (url, heads) = server(move |_, stream| json(stream, &body));
    let (listing, _) = list(&url).unwrap();
    assert_eq!((listing.read, listing.complete), (100, false));
    assert!(heads.lock().unwrap().len() < 10);
}

#[test]
fn slow_endless_and_huge_answers_are_given_up() {
    let begin = Instant::now();
    let (url, _) = server(|_, stream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"data\":[");
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(50));
            if stream.write_all(b" ").is_err() {
                break;
            }
        }
    });
    assert!(matches!(list(&url), Err(PortError::Unavailable(_))));
    let (url, _) = server(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
        while stream.write_all(&[b' '; 65536]).is_ok() {}
    });
    let error = list(&url).unwrap_err();
    assert!(matches!(error, PortError::Unavailable(_)), "{error}");
    let (url, _) = server(|_, stream| {
        let _ = stream.write_all(
            format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1_000_000)).as_bytes(),
        );
    });
    assert!(list(&url).is_err());
    let (url, _) = server(|_, stream| {
        let _ = stream.write_all(b"\x16\x03\x01 not HTTP at all");
    });
    assert!(list(&url).is_err());
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_was_asked_for_is_no_total() {
    for body in [r#"{"data":[],"rqt":1}"#, r#"{"rqt":1,"data":[],"size":0}"#] {
        let (url, _) = server(move |_, stream| json(stream, body));
        let (listing, _) = list(&url).unwrap();
        assert!(listing.complete, "{listing:?}");
    }
}

#[test]
fn an_answer_that_says_that_it_is_too_long_is_not_read() {
    let (url, heads) = server(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n{");
    });
    let error = vault(&url).asset("a-1").unwrap_err();
    assert!(
        matches!(&error, PortError::Unavailable(why) if why.contains("longer than")),
        "{error}"
    );
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[test]
fn long_justifications_keep_no_request_from_being_read() {
    const MEGABYTE: usize = 1024 * 1024;
    let number = |head: &str, name: &str| -> usize {
        let rest = head.split(name).nth(1).unwrap();
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap();
        rest[..end].parse().unwrap()
    };
    let (url, heads) = server(move |head, stream| {
        let rows: Vec<String> = (0..30)
            .skip(number(head, "pgp="))
            .take(number(head, "pgs="))
            .map(|id| {
                let message = "x".repeat(if id == 7 { 17 * MEGABYTE } else { MEGABYTE });
                format!(r#"{{"id":"r-{id}","status":"Active","created":1795000000,"message":"{message}"}}"#)
            })
            .collect();
        json(
            stream,
            &format!(r#"{{"data":[{}],"total":30}}"#, rows.join(",")),
        );
    });
    let vault = PamVault::new(Settings {
        timeout: Duration::from_secs(20),
        retries: 2,
        ..Settings::new(&url, Secret::new(TOKEN.to_owned()))
    })
    .unwrap();
    let (mut read, mut told) = (std::collections::BTreeSet::new(), Vec::new());
    let listing = vault
        .list(
            Timestamp::from_seconds(1_795_000_000),
            &mut |row| match row {
                Row::Request(request) => {
                    read.insert(request.id);
                }
                Row::Unreadable { why, .. } => told.push(why),
            },
        )
        .unwrap();
    assert_eq!((read.len(), listing.complete), (29, true), "{listing:?}");
    assert_eq!((listing.unreadable, told.len()), (1, 1));
    assert!(
        told[0].contains("row 8 ") && told[0].contains("passed over"),
        "{told:?}"
    );
    // What is too long is not asked for again as it was.
    assert!(heads.lock().unwrap().len() < 25);
}

#[test]
fn the_token_never_shows_and_control_characters_never_pass() {
    let (url, _) = server(|head, stream| {
        // A server that repeats the head of the request, the token in it.
        raw(
            stream,
            "500 Internal Server Error",
            "",
            format!("MSG-00999 \u{1b}[2J{head}").as_bytes(),
        );
    });
    let error = list(&url).unwrap_err();
    let told = error.to_string();
    assert!(
        matches!(&error, PortError::Denied(_)) && told.contains("MSG-00999"),
        "{told}"
    );
    assert!(
        !told.contains("eyJ") && !told.chars().any(char::is_control),
        "{told}"
    );
    let answer = decide(&vault(&url), Action::Approve, "r-1", "x");
    let Answer::Refused(told) = answer else {
        panic!("{answer:?}")
    };
    assert!(
        told.contains("MSG-00999") && !told.contains("eyJ"),
        "{told}"
    );
    assert!(!format!("{:?}", vault(&url)).contains("eyJ"));
}

#[test]
fn a_decision_that_is_answered_by_a_page_is_not_done() {
    let (url, heads) =
        server(|_, stream| raw(stream, "200 OK", "Content-Type: text/html\r\n", b"<html>"));
    assert!(matches!(
        decide(&vault(&url), Action::Approve, "r-1", "x"),
        Answer::Unknown(_)
    ));
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    let head = heads[0].to_ascii_lowercase();
    assert!(head.starts_with("put /ztna/acme/root/api/request/approve/r-1 http/1.1"));
    assert!(head.contains("\r\ncontent-type: text/plain\r\n"));
    assert!(head.contains("\r\ncontent-length: 1\r\n"));
}

#[test]
fn a_failure_without_a_code_proves_nothing() {
    for (status, body, refused) in [
        ("500 Internal Server Error", "", false),
        (
            "500 Internal Server Error",
            "{\"error\":\"Internal Server Error\",\"server\":\"PAM-01\"}",
            false,
        ),
        ("501 Not Implemented", "upstream PAM-01 failed", false),
        ("507 Insufficient Storage", "", false),
        (
            "500 Internal Server Error",
            "{\"code\":\"WF-17\",\"message\":\"it is closed\"}",
            true,
        ),
        (
            "500 Internal Server Error",
            "SIM-BADSTATE: the request is Rejected",
            true,
        ),
        ("503 Service Unavailable", "it says MSG-00999", true),
        ("401 Unauthorized", "", true),
        ("409 Conflict", "", true),
    ] {
        let (url, _) = server(move |_, stream| raw(stream, status, "", body.as_bytes()));
        let answer = decide(&vault(&url), Action::Approve, "r-1", "x");
        assert_eq!(
            matches!(answer, Answer::Refused(_)),
            refused,
            "{status} {body}: {answer:?}"
        );
        assert_eq!(
            matches!(answer, Answer::Unknown(_)),
            !refused,
            "{status} {body}: {answer:?}"
        );
    }
}

#[test]
fn discovery_goes_nowhere_else() {
    let (url, heads) = server(|head, stream| {
        if head.contains("/agent.json") {
            json(
                stream,
                r#"{"api":{"url":"http://127.0.0.1:1/.well-known/mcp-agent.json"}}"#,
            );
        } else {
            raw(stream, "404 Not Found", "", b"");
        }
    });
    let _ = vault(&url).health(Timestamp::from_seconds(1_795_000_000));
    let heads = heads.lock().unwrap();
    let places: Vec<&str> = heads
        .iter()
        .filter(|head| head.contains(".well-known"))
        .map(|head| head.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "/ztna/acme/root/.well-known/mcp-agent.json",
            "/ztna/acme/.well-known/mcp-agent.json",
            "/ztna/acme/root/.well-known/agent.json"
        ]
    );
}

#[test]
fn hostile_justifications_arrive_bounded_and_without_control_characters() {
    let simulator = with(&[]);
    let planted = simulator.planted();
    let hostile = [
        Case::HostileHtml,
        Case::HostileMarkdown,
        Case::HostileBidi,
        Case::HostileInjection,
    ];
    let mut found = 0;
    client(&simulator)
        .list(since(&simulator), &mut |row| {
            let Row::Request(request) = row else {
                panic!("{row:?}")
            };
            if planted
                .iter()
                .any(|planted| planted.request == request.id && hostile.contains(&planted.case))
            {
                found += 1;
                assert!(!request.justification.chars().any(char::is_control));
                assert!(!request.justification.is_empty());
            }
        })
        .unwrap();
    assert_eq!(found, 4);
}

#[test]
fn the_platform_description_makes_paths_known() {
    let description = r#"{"paths":{"/api/request/approve/{requestId}":{"put":{}},"/api/request/deny/{id}":{"put":{}},
        "/api/request/reject/{requestId}":{"put":{}},"/api/request/{id}/close":{"put":{}}}}"#;
    let (url, _) = server(move |head, stream| {
        if head.starts_with("GET /ztna/openapi.json ") {
            json(stream, description);
        } else {
            raw(stream, "404 Not Found", "", b"");
        }
    });
    let settings = Settings {
        platform_description_url: Some("/ztna/openapi.json".into()),
        ..Settings::new(&url, Secret::new(TOKEN.to_owned()))
    };
    let vault = PamVault::new(settings).unwrap();
    assert!(vault.knows_decision_paths());
    assert_eq!(
        Vault::decision_paths(&vault),
        "approve /api/request/approve/{id}, reject /api/request/reject/{id}, close /api/request/{id}/close"
    );
}

#[test]
fn no_more_calls_go_on_at_once_than_are_set() {
    let (now, most) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let (going, highest) = (Arc::clone(&now), Arc::clone(&most));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ztna/acme/root", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (going, highest) = (Arc::clone(&going), Arc::clone(&highest));
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                *going.lock().unwrap() += 1;
                let at_once = *going.lock().unwrap();
                let mut highest = highest.lock().unwrap();
                *highest = (*highest).max(at_once);
                drop(highest);
                let _ = stream.read(&mut [0; 4096]);
                std::thread::sleep(Duration::from_millis(60));
                *going.lock().unwrap() -= 1;
                json(&mut stream, r#"{"type":"Secret","path":"root","tags":[]}"#);
            });
        }
    });
    let settings = Settings {
        concurrency: 2,
        ..Settings::new(&url, Secret::new(TOKEN.to_owned()))
    };
    let vault = PamVault::new(settings).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let vault = &vault;
            scope.spawn(move || vault.asset(&format!("a-{number}")).unwrap());
        }
    });
    assert_eq!(*most.lock().unwrap(), 2);
}

#[test]
fn an_asset_of_which_something_is_not_understood_is_not_read() {
    for (body, why) in [
        (
            r#"{"id":"A-1","type":{"name":"Secret"},"path":"root","tags":null}"#,
            "",
        ),
        (r#"{"type":"Secret","path":"root"}"#, "no tags"),
        (r#"{"path":"root","tags":[]}"#, "type"),
        (
            r#"{"type":"Secret","path":"root","tags":["a",17]}"#,
            "a tag",
        ),
        (
            r#"{"id":"a-2","type":"Secret","path":"root","tags":[]}"#,
            "another id",
        ),
        ("[]", "no record"),
    ] {
        let (url, _) = server(move |_, stream| json(stream, body));
        match vault(&url).asset("a-1") {
            Ok(asset) => assert!(why.is_empty(), "{asset:?}"),
            Err(PortError::Malformed(told)) if !why.is_empty() => {
                assert!(told.contains(why) && told.contains("a-1"), "{told}")
            }
            Err(error) => panic!("{body}: {error}"),
        }
    }
}

#[test]
fn a_bundle_without_certificates_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle.pem");
    let open = || {
        let settings = Settings {
            ca_bundle: Some(bundle.clone()),
            ..Settings::new("https://pam.example/ztna", Secret::new(TOKEN.to_owned()))
        };
        PamVault::new(settings).map(|_| ()).unwrap_err()
    };
    assert!(open().to_string().contains("cannot be used"));
    for (text, why) in [
        ("", "no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "cannot be used",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
            "private key",
        ),
    ] {
        std::fs::write(&bundle, text).unwrap();
        let error = open();
        assert!(error.to_string().contains(why), "{error}");
        assert!(!error.hint().is_empty());
    }
}

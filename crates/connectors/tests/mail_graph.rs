//! Letters through Microsoft Graph, against a small HTTP server that plays a script and keeps what it was sent.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use connectors::mail::{Graph, GraphSettings, MailSettingsError};
use ports::mail::{Letter, Sent};
use ports::{Mail as _, PortError, Secret};
use serde_json::Value;

const TOKEN: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"a-token\"}";
const TAKEN: &str = "HTTP/1.1 202 Accepted\r\n\r\n";

/// Answers one connection after the other with what the script says, and gives back what was asked. An empty answer keeps
/// silent until the client gives up.
fn serve(script: &[&str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let script: Vec<String> = script.iter().map(|answer| (*answer).to_owned()).collect();
    let served = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in script {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            loop {
                let read = stream.read(&mut part).unwrap();
                request.extend_from_slice(&part[..read]);
                if read == 0 || is_whole(&request) {
                    break;
                }
            }
            asked.push(String::from_utf8(request).unwrap());
            if answer.is_empty() {
                let _ = stream.read(&mut part);
            } else {
                let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                let answer = format!(
                    "{head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
        asked
    });
    (base, served)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length: ")?
            .parse::<usize>()
            .ok()
    });
    body.len() >= length.unwrap_or(0)
}

fn settings(base: &str) -> GraphSettings {
    GraphSettings {
        tenant: "11111111-2222-3333-4444-555555555555".into(),
        client: "66666666-7777-8888-9999-000000000000".into(),
        secret: Secret::new("s3cr~et&=+ %".into()),
        sender: "agent@corp.example".into(),
        authority: format!("{base}/"),
        graph: base.into(),
        timeout: Duration::from_millis(700),
    }
}

fn letter() -> Letter {
    Letter {
        id: "vault-report-2026-11-22T080000Z-vault".into(),
        to: vec!["ops@corp.example".into(), "sec@corp.example".into()],
        subject: "3 critical\r\nBcc: evil@evil.example".into(),
        html: "<p>\u{dc}bersicht</p>".into(),
        text: "\u{dc}bersicht".into(),
    }
}

fn send(script: &[&str]) -> (Result<Sent, PortError>, Vec<String>) {
    let (base, served) = serve(script);
    let result = Graph::new(settings(&base)).unwrap().send(&letter());
    (result, served.join().unwrap())
}

#[test]
fn a_try_asks_for_a_token_alone_and_tells_what_it_names() {
    let try_out = |answer: &str| {
        let (base, served) = serve(&[answer]);
        let result = Graph::new(settings(&base)).unwrap().try_out();
        let asked = served.join().unwrap();
        assert!(asked[0].contains("/oauth2/v2.0/token "), "{asked:?}");
        result
    };
    let token = |token: &str| TOKEN.replace("a-token", token);
    let opaque = try_out(TOKEN).unwrap();
    assert!(opaque.contains("does not show"), "{opaque}");
    // {"roles":["Mail.Send"]} and {"aud":"x"}
    let named = try_out(&token(
        "eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJNYWlsLlNlbmQiXX0.x",
    ))
    .unwrap();
    assert!(named.contains("permissions Mail.Send"), "{named}");
    let without = try_out(&token("eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.x")).unwrap();
    assert!(without.contains("names no permission"), "{without}");
    let refused = "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":\"invalid_client\"}";
    assert!(matches!(try_out(refused), Err(PortError::Denied(_))));
}

#[test]
fn a_letter_is_a_token_and_one_call() {
    let (result, asked) = send(&[TOKEN, TAKEN]);
    assert_eq!(result, Ok(Sent::default()));
    let (head, form) = asked[0].split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with(
            "POST /11111111-2222-3333-4444-555555555555/oauth2/v2.0/token HTTP/1.1\r\n"
        ),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains("content-type: application/x-www-form-urlencoded")
    );
    assert!(form.starts_with("grant_type=client_credentials&client_id=66666666-7777-8888-9999-000000000000&client_secret=s3cr~et%26%3D%2B%20%25&scope=http%3A%2F%2F127.0.0.1"), "{form}");
    assert!(form.ends_with("%2F.default"));
    let (head, body) = asked[1].split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /v1.0/users/agent%40corp.example/sendMail HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains("authorization: bearer a-token")
    );
    let body: Value = serde_json::from_str(body).unwrap();
    let message = &body["message"];
    assert_eq!(body["saveToSentItems"], false);
    assert_eq!(message["subject"], "3 critical  Bcc: evil@evil.example");
    assert_eq!(
        message["body"],
        serde_json::json!({"contentType": "HTML", "content": "<p>\u{dc}bersicht</p>"})
    );
    assert_eq!(
        message["toRecipients"][1]["emailAddress"]["address"],
        "sec@corp.example"
    );
    assert_eq!(
        message["internetMessageId"],
        "<vault-report-2026-11-22T080000Z-vault@corp.example>"
    );
    fits_the_specification(&body);
}

/// Holds names against Microsoft's own description, where that is at hand.
fn fits_the_specification(body: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/specs/graph/graph-agent-subset-2023-11.yaml");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: the description of Microsoft Graph is not at hand");
        return;
    };
    let within = |schema: &str, value: &Value| {
        let known = properties(&text, schema);
        assert!(known.len() > 1, "{schema}");
        for name in value.as_object().unwrap().keys() {
            assert!(
                known.contains(&name.to_lowercase()),
                "{schema} has no `{name}`"
            );
        }
    };
    let message = &body["message"];
    within("sendMailRequestBody", body);
    within("microsoft.graph.message", message);
    within("microsoft.graph.itemBody", &message["body"]);
    within(
        "microsoft.graph.emailAddress",
        &message["toRecipients"][0]["emailAddress"],
    );
    within(
        "microsoft.graph.internetMessageHeader",
        &message["internetMessageHeaders"][0],
    );
}

/// Names of properties of a schema, in lower case: OData does not tell cases apart.
fn properties(text: &str, schema: &str) -> BTreeSet<String> {
    let begin = text.find(&format!("\n    {schema}:\n")).unwrap() + 1;
    let mut names = BTreeSet::new();
    let mut depth = None;
    for line in text[begin..].lines().skip(1) {
        let indent = line.len() - line.trim_start().len();
        if indent <= 4 {
            break;
        }
        if line.trim() == "properties:" && depth.is_none() {
            depth = Some(indent + 2);
        } else if depth == Some(indent) {
            names.extend(line.trim().strip_suffix(':').map(str::to_lowercase));
        }
    }
    names
}

#[test]
fn each_answer_of_the_token_endpoint_is_told_apart() {
    let (result, _) = send(&[
        "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret s3cr~et&=+ % provided.\\r\\nTrace ID: 1\"}",
    ]);
    let Err(PortError::Denied(why)) = result else {
        panic!("{result:?}");
    };
    assert!(
        why.contains("AADSTS7000215") && why.contains("has not expired") && !why.contains("s3cr"),
        "{why}"
    );
    for (answer, again) in [
        (
            "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2.128\r\n\r\n",
            true,
        ),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", true),
        ("", true),
        ("HTTP/1.1 200 OK\r\n\r\n<html>", false),
        ("HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"a\\nb\"}", false),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n",
            false,
        ),
    ] {
        let (result, asked) = send(&[answer]);
        assert_eq!(asked.len(), 1);
        match result {
            Err(PortError::Unavailable(_)) => assert!(again, "{answer}"),
            Err(PortError::Malformed(_)) => assert!(!again, "{answer}"),
            other => panic!("{answer}: {other:?}"),
        }
    }
}

#[test]
fn each_answer_of_send_mail_is_told_apart() {
    let denied = "HTTP/1.1 403 Forbidden\r\n\r\n{\"error\":{\"code\":\"ErrorAccessDenied\",\"message\":\"Access is denied. Check credentials and try again.\"}}";
    let (result, _) = send(&[TOKEN, denied]);
    let Err(PortError::Denied(why)) = result else {
        panic!("{result:?}");
    };
    assert!(
        why.contains("ErrorAccessDenied")
            && why.contains("Mail.Send")
            && why.contains("admin consent"),
        "{why}"
    );
    let kind = |answer: &str| match send(&[TOKEN, answer]).0 {
        Ok(_) => "sent",
        Err(PortError::Unavailable(_)) => "again",
        Err(PortError::Denied(_)) => "denied",
        Err(PortError::Malformed(_)) => "malformed",
        Err(PortError::Indeterminate(_)) => "unknown",
    };
    for (answer, expected) in [
        (TAKEN, "sent"),
        ("HTTP/1.1 200 OK\r\n\r\n<html>", "malformed"),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", "denied"),
        (
            "HTTP/1.1 404 Not Found\r\n\r\n{\"error\":{\"code\":\"ErrorInvalidUser\"}}",
            "denied",
        ),
        ("HTTP/1.1 400 Bad Request\r\n\r\nnot json", "denied"),
        (
            "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2.128\r\n\r\n",
            "again",
        ),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "again"),
        ("HTTP/1.1 504 Gateway Timeout\r\n\r\n", "unknown"),
        ("HTTP/1.1 500 Internal Server Error\r\n\r\n", "unknown"),
        // Taken by the network, and never answered.
        ("", "unknown"),
        (
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\n\r\n",
            "malformed",
        ),
    ] {
        assert_eq!(kind(answer), expected, "{answer}");
    }
    let told = send(&[
        TOKEN,
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2.128\r\n\r\n",
    ])
    .0;
    assert!(told.unwrap_err().to_string().contains("2.128 s"));
}

#[test]
fn a_broken_recipient_is_told_and_the_others_get_the_letter() {
    let (base, served) = serve(&[TOKEN, TAKEN]);
    let graph = Graph::new(settings(&base)).unwrap();
    let mut letter = letter();
    letter.to.push("nobody".into());
    let sent = graph.send(&letter).unwrap();
    assert_eq!(sent.refused.len(), 1);
    assert_eq!(served.join().unwrap().len(), 2);
    letter.to = vec!["nobody".into()];
    assert!(matches!(graph.send(&letter), Err(PortError::Denied(why)) if why.contains("nobody")));
    // Nobody listens any more.
    letter.to = vec!["ops@corp.example".into()];
    assert!(matches!(
        graph.send(&letter),
        Err(PortError::Unavailable(_))
    ));
}

#[test]
fn settings_are_checked_and_print_no_secret() {
    let good = settings("http://127.0.0.1:1");
    assert!(!format!("{:?}", Graph::new(good.clone()).unwrap()).contains("s3cr"));
    let broken = |change: &dyn Fn(&mut GraphSettings)| {
        let mut settings = good.clone();
        change(&mut settings);
        Graph::new(settings).unwrap_err()
    };
    assert!(matches!(
        broken(&|own| own.sender = "a b@c".into()),
        MailSettingsError::Address { .. }
    ));
    for change in [
        &(|own: &mut GraphSettings| own.tenant = "../x".into()) as &dyn Fn(&mut GraphSettings),
        &|own: &mut GraphSettings| own.client = String::new(),
        &|own: &mut GraphSettings| own.graph = "http://graph.microsoft.com".into(),
        &|own: &mut GraphSettings| own.authority = "login.microsoftonline.com".into(),
    ] {
        assert!(matches!(broken(change), MailSettingsError::Value { .. }));
    }
}

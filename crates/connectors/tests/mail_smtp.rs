//! Letters over SMTP, against a real server: aiosmtpd from PyPI. Where Python, that package or openssl is missing, the tests
//! say so and pass.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use connectors::mail::{MailSettingsError, Security, Smtp, SmtpSettings};
use ports::mail::Letter;
use ports::{Mail as _, PortError, Secret};
use serde_json::Value;

struct Sink {
    child: Child,
    lines: BufReader<ChildStdout>,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sink {
    /// A server, or `None` when this machine cannot run one.
    fn start(mode: &str) -> Option<Self> {
        let runs = |program: &str, arguments: &[&str]| {
            let status = Command::new(program)
                .args(arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|status| status.success())
        };
        if !runs("python3", &["-c", "import aiosmtpd"]) || !runs("openssl", &["version"]) {
            eprintln!("skipped: this test needs python3 with the package aiosmtpd, and openssl");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_sink.py");
        let mut child = Command::new("python3")
            .arg(script)
            .arg(mode)
            .arg(folder.path())
            .stdout(Stdio::piped())
            // It tells there of handshakes that are meant to fail.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut sink = Self {
            child,
            lines,
            port: 0,
            folder,
        };
        sink.port = u16::try_from(sink.line()["port"].as_u64().unwrap()).unwrap();
        Some(sink)
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn settings(&self, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".into(),
            port: self.port,
            security,
            login: Some(("agent".into(), Secret::new("correct horse".into()))),
            sender: "agent@corp.example".into(),
            ca_bundle: Some(self.folder.path().join("certificate.pem")),
            timeout: Duration::from_secs(10),
        }
    }
}

fn letter(to: &[&str], subject: &str) -> Letter {
    Letter {
        id: "vault-report-2026-11-22T080000Z-vault".into(),
        to: to.iter().map(|address| (*address).to_owned()).collect(),
        subject: subject.into(),
        html: "<p>\u{dc}bersicht: 3 critical</p>\n.\n<p>after a lone dot</p>".into(),
        text: "\u{dc}bersicht: 3 critical\n.\nafter a lone dot".into(),
    }
}

fn send(settings: SmtpSettings, letter: &Letter) -> Result<ports::mail::Sent, PortError> {
    Smtp::new(settings).unwrap().send(letter)
}

#[test]
fn a_try_logs_in_and_sends_nothing() {
    let Some(mut sink) = Sink::start("starttls") else {
        return;
    };
    let try_out = |change: &dyn Fn(&mut SmtpSettings)| {
        let mut settings = sink.settings(Security::StartTls);
        change(&mut settings);
        Smtp::new(settings).unwrap().try_out()
    };
    let seen = try_out(&|_| {}).unwrap();
    assert!(
        seen.contains("STARTTLS") && seen.contains("login as agent"),
        "{seen}"
    );
    let changes: [&dyn Fn(&mut SmtpSettings); 3] = [
        &|own| own.login = Some(("agent".into(), Secret::new("wrong".into()))),
        &|own| own.ca_bundle = None,
        &|own| own.port = 1,
    ];
    for change in changes {
        assert!(try_out(change).is_err());
    }
    // The first letter that the server tells of is the one that was sent.
    let settings = sink.settings(Security::StartTls);
    send(settings, &letter(&["a@corp.example"], "the first")).unwrap();
    let told = sink.line();
    assert!(told["content"].as_str().unwrap().contains("the first"));
}

#[test]
fn a_letter_arrives_encrypted_with_its_own_id_for_those_who_take_it() {
    let Some(mut sink) = Sink::start("starttls") else {
        return;
    };
    let to = [
        "a@corp.example",
        "reject@corp.example",
        "defer@corp.example",
        "b@corp.example",
        "A@corp.example",
        "no address",
        "x@y.example\r\nRCPT TO:<evil@evil.example>",
    ];
    let sent = send(
        sink.settings(Security::StartTls),
        &letter(&to, "3 critical\r\nBcc: evil@evil.example"),
    )
    .unwrap();
    let names = |list: &[(String, String)]| {
        list.iter()
            .map(|(who, _)| who.clone())
            .collect::<Vec<String>>()
    };
    assert_eq!(names(&sent.later), ["defer@corp.example"]);
    assert_eq!(names(&sent.refused)[..1], ["no address"]);
    assert_eq!(sent.refused.len(), 3);
    let (who, why) = sent.refused.last().unwrap();
    assert!(
        who == "reject@corp.example" && why.contains("no such mailbox"),
        "{why}"
    );
    let told = sink.line();
    assert_eq!(told["from"], "agent@corp.example");
    assert_eq!(
        told["to"],
        serde_json::json!(["a@corp.example", "b@corp.example", "A@corp.example"])
    );
    assert_eq!(
        (&told["encrypted"], &told["user"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
    let content = told["content"].as_str().unwrap();
    assert!(
        content.contains("Message-ID: <vault-report-2026-11-22T080000Z-vault@corp.example>\r\n")
    );
    assert!(content.contains("Subject: 3 critical  Bcc: evil@evil.example\r\n"));
    assert!(!content.contains("\nBcc:") && content.contains("Auto-Submitted: auto-generated"));
    assert!(content.contains("multipart/alternative") && content.contains("after a lone dot"));
}

#[test]
fn what_a_server_says_of_the_letter_is_told_apart() {
    let Some(mut sink) = Sink::start("starttls") else {
        return;
    };
    let mut try_with = |subject: &str, to: &str, takes: bool| {
        let result = send(sink.settings(Security::StartTls), &letter(&[to], subject));
        if takes {
            sink.line();
        }
        result
    };
    assert!(
        try_with("hello", "a@corp.example", true)
            .unwrap()
            .refused
            .is_empty()
    );
    assert!(matches!(
        try_with("busy", "a@corp.example", true),
        Err(PortError::Unavailable(_))
    ));
    assert!(matches!(
        try_with("unwanted", "a@corp.example", true),
        Err(PortError::Denied(_))
    ));
    let lost = try_with("drop", "a@corp.example", true);
    assert!(matches!(lost, Err(PortError::Indeterminate(_))), "{lost:?}");
    assert!(matches!(
        try_with("hello", "reject@corp.example", false),
        Err(PortError::Denied(_))
    ));
    assert!(matches!(
        try_with("hello", "defer@corp.example", false),
        Err(PortError::Unavailable(_))
    ));
    assert!(matches!(
        try_with("hello", "nobody", false),
        Err(PortError::Denied(_))
    ));
}

#[test]
fn nothing_is_said_in_plain_text_or_to_a_stranger() {
    let Some(sink) = Sink::start("plain") else {
        return;
    };
    let Err(PortError::Denied(why)) = send(
        sink.settings(Security::StartTls),
        &letter(&["a@corp.example"], "x"),
    ) else {
        panic!("a letter in plain text");
    };
    assert!(why.contains("STARTTLS"), "{why}");
    drop(sink);
    let Some(sink) = Sink::start("starttls") else {
        return;
    };
    let mut stranger = sink.settings(Security::StartTls);
    stranger.ca_bundle = None;
    let Err(PortError::Denied(why)) = send(stranger, &letter(&["a@corp.example"], "x")) else {
        panic!("a certificate that nobody signed");
    };
    assert!(why.contains("not trusted"), "{why}");
    let mut forgetful = sink.settings(Security::StartTls);
    forgetful.login = Some(("agent".into(), Secret::new("wrong horse".into())));
    assert!(!format!("{:?}", Smtp::new(forgetful.clone()).unwrap()).contains("horse"));
    let Err(PortError::Denied(why)) = send(forgetful, &letter(&["a@corp.example"], "x")) else {
        panic!("a wrong password");
    };
    assert!(
        why.contains("check the user") && !why.contains("horse"),
        "{why}"
    );
}

#[test]
fn a_connection_can_be_encrypted_from_the_first_byte() {
    let Some(mut sink) = Sink::start("tls") else {
        return;
    };
    let mut settings = sink.settings(Security::Tls);
    settings.login = None;
    assert!(send(settings, &letter(&["a@corp.example"], "hello")).is_ok());
    assert_eq!(sink.line()["encrypted"], true);
}

#[test]
fn nobody_there_may_be_tried_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        security: Security::StartTls,
        login: None,
        sender: "agent@corp.example".into(),
        ca_bundle: None,
        timeout: Duration::from_secs(5),
    };
    assert!(matches!(
        send(settings.clone(), &letter(&["a@corp.example"], "x")),
        Err(PortError::Unavailable(_))
    ));
    let broken = |change: &dyn Fn(&mut SmtpSettings)| {
        let mut settings = settings.clone();
        change(&mut settings);
        Smtp::new(settings).unwrap_err()
    };
    assert!(matches!(
        broken(&|own| own.sender = "agent".into()),
        MailSettingsError::Address { .. }
    ));
    assert!(matches!(
        broken(&|own| own.host = "smtp://x".into()),
        MailSettingsError::Value { .. }
    ));
    assert!(matches!(
        broken(&|own| own.ca_bundle = Some("/nowhere/bundle.pem".into())),
        MailSettingsError::Bundle { .. }
    ));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_sink.py");
    assert!(matches!(
        broken(&|own| own.ca_bundle = Some(script.into())),
        MailSettingsError::Bundle { .. }
    ));
}

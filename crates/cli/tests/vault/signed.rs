//! Rows of this door are held against the signed log: what somebody wrote into the database is not sent, and is found.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::liar::Liar;
use crate::world::{Home, World};

fn edit(home: &Home, statement: &str) {
    let database = rusqlite::Connection::open(home.path("state/store.db")).unwrap();
    assert_eq!(database.execute(statement, []), Ok(1), "{statement}");
}

fn verify(home: &Home) -> (String, Option<i32>) {
    let output = home.words(&["audit", "verify", "--store"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, output.status.code())
}

/// Microsoft Graph, which takes no letter until it is told to.
fn graph() -> (Liar, Arc<AtomicBool>) {
    let takes = Arc::new(AtomicBool::new(false));
    let own = Arc::clone(&takes);
    let liar = Liar::start(move |call| {
        if call.target.contains("/token") {
            let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"a-token"}"#;
            return (200, token.to_owned());
        }
        let taken = own.load(Ordering::SeqCst);
        (if taken { 202 } else { 503 }, String::new())
    });
    (liar, takes)
}

fn mails(graph: &Liar) -> Vec<String> {
    let writes = graph.writes().into_iter();
    let letters = writes.filter(|(target, _)| target.ends_with("/sendMail"));
    letters.map(|(_, body)| body).collect()
}

#[test]
fn a_letter_that_was_edited_between_two_tries_is_not_sent() {
    let (graph, takes) = graph();
    let mut world = World::waiting(&[], 1);
    let secret = world.home.path("secret");
    std::fs::write(&secret, "s3cret").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    for (key, value) in [
        ("ALERT_SENDER_EMAIL", "agent@corp.example"),
        ("ALERT_RECIPIENT_EMAILS", "ops@corp.example"),
        ("ALERT_TENANT_ID", "tenant"),
        ("ALERT_CLIENT_ID", "client"),
        ("ALERT_CLIENT_SECRET_FILE", secret.to_str().unwrap()),
        ("ALERT_GRAPH_URL", &graph.base_url),
        ("ALERT_LOGIN_URL", &graph.base_url),
    ] {
        world.home.set(key, value);
    }
    world.run().ends(1).says("tried again");
    assert!(
        mails(&graph)
            .iter()
            .all(|mail| mail.contains("ops@corp.example"))
    );
    let (text, code) = verify(&world.home);
    assert!(
        text.contains("1 actions at the vault, 1 letters") && code == Some(0),
        "{text}"
    );

    edit(
        &world.home,
        "UPDATE outbox SET recipients = 'evil@evil.example'",
    );
    let (text, code) = verify(&world.home);
    assert!(
        text.contains("other addresses or words") && code == Some(6),
        "{text}"
    );
    takes.store(true, Ordering::SeqCst);
    let ran = world.run();
    ran.ends(1)
        .says("not what was signed")
        .says("does not confirm");
    assert!(ran.report("md").contains("does not confirm"));
    let sent = mails(&graph);
    assert!(
        sent.iter().all(|mail| !mail.contains("evil.example")),
        "{sent:?}"
    );
    // The letter of that run went out, and tells of it.
    let last = sent.last().unwrap();
    assert!(last.contains("ops@corp.example") && last.contains("does not confirm"));
    // Told once; the row stays for whoever looks.
    let before = sent.len();
    world.run().ends(0);
    assert_eq!(mails(&graph).len(), before + 1);
    assert_eq!(verify(&world.home).1, Some(6));
}

#[test]
fn rows_of_actions_are_held_against_the_log() {
    let world = World::waiting(&[], 2);
    world.run().ends(0);
    let (text, code) = verify(&world.home);
    assert!(
        text.contains("2 actions at the vault") && code == Some(0),
        "{text}"
    );
    let one = "WHERE number = (SELECT MIN(number) FROM vault_action)";
    for (change, back) in [
        ("comment = comment || '!'", "comment = rtrim(comment, '!')"),
        ("key = key || '2'", "key = rtrim(key, '2')"),
        ("run = run || '!'", "run = rtrim(run, '!')"),
        ("request = request || '!'", "request = rtrim(request, '!')"),
        (
            "evidence = replace(evidence, 'Deploy', 'Delete')",
            "evidence = replace(evidence, 'Delete', 'Deploy')",
        ),
        ("leaf = leaf + 1", "leaf = leaf - 1"),
        // No text, and no number of a leaf.
        ("run = CAST(run AS BLOB)", "run = CAST(run AS TEXT)"),
        ("leaf = -leaf", "leaf = -leaf"),
    ] {
        edit(
            &world.home,
            &format!("UPDATE vault_action SET {change} {one}"),
        );
        let (text, code) = verify(&world.home);
        assert!(
            text.contains("table vault_action") && code == Some(6),
            "{change}: {text}"
        );
        edit(
            &world.home,
            &format!("UPDATE vault_action SET {back} {one}"),
        );
        let (text, code) = verify(&world.home);
        assert!(code == Some(0), "{back}: {text}");
    }
    edit(&world.home, &format!("DELETE FROM vault_action {one}"));
    let (text, code) = verify(&world.home);
    assert!(
        text.contains("has no such row") && code == Some(6),
        "{text}"
    );
}

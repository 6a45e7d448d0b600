//! What an asset was once seen as counts until security clears it, whatever its record says later.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::liar::{Liar, page, row};
use crate::world::{Home, now_ms};

/// A vault with one asset, whose tag and id a test changes, and one request for it.
fn vault(id: &str) -> (Liar, Home, Arc<Mutex<&'static str>>) {
    let tag = Arc::new(Mutex::new(""));
    let own = Arc::clone(&tag);
    let rows = [row("x-1", json!({ "entityId": id }))];
    let liar = Liar::start(move |call| {
        if call.is_list() {
            return page(call, &rows);
        }
        let tags: Vec<&str> = [*own.lock().unwrap()].into_iter().collect();
        let tags: Vec<&&str> = tags.iter().filter(|tag| !tag.is_empty()).collect();
        let record = json!({ "type": "Unix Host", "path": "root / Staging", "tags": tags });
        (200, record.to_string())
    });
    let mut home = liar.home();
    let policy = home.path("access.yml");
    std::fs::write(policy, "roles: {}\nprivileged: [\"crown jewels:*\"]\n").unwrap();
    let line = ["person-of-3", "root / Staging", "AssetAccess"].map(str::to_owned);
    let [login, container, action] = line;
    home.allow(&[(login, container, action)].into());
    let hour = now_ms() / 3_600_000 % 24;
    home.set("OFF_HOURS_START", &((hour + 12) % 24).to_string());
    home.set("OFF_HOURS_END", &((hour + 13) % 24).to_string());
    (liar, home, tag)
}

fn words(home: &Home, words: &[&str]) -> String {
    let output = home.words(words);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[test]
fn a_class_and_a_privileged_pattern_stick_until_security_clears_them() {
    for (tag, finding, name) in [
        ("Team :: Crown Jewels", "privileged", "privileged"),
        (
            "Environment :: Production",
            "never-auto-production",
            "production",
        ),
    ] {
        let (liar, home, tags) = vault("a-1");
        *tags.lock().unwrap() = tag;
        // Planned: seen is seen.
        let plan = home.words(&["run", "--plan"]);
        assert_eq!(plan.status.code(), Some(9));
        *tags.lock().unwrap() = "";
        let ran = home.run();
        assert!(ran.ends(0).finds("x-1", finding), "{}", ran.said);
        assert!(ran.report("md").contains("Seen before as"), "{tag}");
        assert!(words(&home, &["vault", "classes"]).contains(name), "{tag}");
        // Another process reads it from the log alone.
        let database = rusqlite::Connection::open(home.path("state/store.db")).unwrap();
        database.execute("DELETE FROM signed_state", []).unwrap();
        assert!(home.run().ends(0).finds("x-1", finding), "{tag}");
        assert!(liar.writes().is_empty(), "{tag}");
        let run: Value = home.run().told;
        let replay = ["replay", "--run", run["run"].as_str().unwrap()];
        words(&home, &replay);

        words(&home, &["vault", "clear", "a-1", "--reason", "rebuilt"]);
        let ran = home.run();
        assert!(!ran.ends(0).finds("x-1", finding), "{}", ran.said);
        assert_eq!(liar.writes().len(), 1, "{tag}: {}", ran.said);
        assert!(!words(&home, &["vault", "classes"]).contains("a-1"));
    }
}

/// To an id that the log cannot keep nothing sticks, so nobody is approved for such an asset.
#[test]
fn an_asset_to_which_nothing_can_stick_is_not_approved() {
    let (liar, home, _) = vault(&"\u{4e2d}".repeat(100));
    let ran = home.run();
    assert!(ran.ends(0).finds("x-1", "asset-unread"), "{}", ran.said);
    assert!(liar.writes().is_empty());
}

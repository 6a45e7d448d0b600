//! A panic of whoever commits for all leaves nobody waiting. Needs the feature `failpoints`; without it there is nothing
//! to panic at.
#![cfg(feature = "failpoints")]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use audit::{PersonKey, SigningKey};
use decision::time::Timestamp;
use ports::Store as _;
use ports::store::{Budgets, Category, LeafDraft, Transition};
use store::{Options, Salts, SqliteStore};

fn policy(digest: &str) -> Transition {
    Transition {
        at: Timestamp::parse("2026-03-02T09:00:00Z").unwrap(),
        leaves: vec![LeafDraft {
            category: Category::Administration,
            event: "policy.activated",
            request: String::new(),
            person: None,
            clear: [("policy".to_owned(), digest.to_owned())].into(),
            keyed: [].into(),
            committed: [].into(),
        }],
        ..Transition::default()
    }
}

#[test]
fn a_panic_of_the_leader_leaves_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        key: SigningKey::from_seed("demo", [7; 32]).unwrap(),
        person_key: PersonKey::new([8; 32]),
        salts: Salts::System,
        budgets: Budgets::default(),
        stop_file: None,
    };
    let store = Arc::new(SqliteStore::open(folder.path(), options).unwrap());
    fail::cfg("store-before-commit", "panic").unwrap();
    let died = catch_unwind(AssertUnwindSafe(|| store.commit(&[policy("lost")])));
    fail::remove("store-before-commit");
    assert!(died.is_err());
    // What was not committed decides nothing.
    assert_eq!(store.active_policy().unwrap(), None);
    let (sender, receiver) = mpsc::channel();
    let other = Arc::clone(&store);
    std::thread::spawn(move || sender.send(other.commit(&[policy("kept")])));
    let mut answers = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(answers.pop().unwrap().is_ok());
    assert_eq!(store.active_policy().unwrap().as_deref(), Some("kept"));
    assert_eq!(store.log_trouble(), None);
}

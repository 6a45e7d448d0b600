//! Letters: each is sent as the signed log says it was queued, or not at all. INVARIANT(once, signed-state).
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::sync::Mutex;

use agent::cycle::post::{Looked, look_at_outbox, post, send_waiting};
use decision::evidence::record::Mode;
use ports::mail::{Letter, Mail, Sent};
use ports::store::{Category, LeafDraft, PostState, Posted, Transition};
use ports::{Clock as _, PortError, Store as _, commit};
use testkit::world::World;

const POLICY: &str = "roles: {}\n";
const DIRECTORY: &str = "people: {}\n";

/// A way of mail with one answer for each letter, in order; at its end it takes all.
#[derive(Default)]
struct Post {
    answers: Mutex<Vec<Result<Sent, PortError>>>,
    taken: Mutex<Vec<Letter>>,
}

impl Post {
    fn answering(mut answers: Vec<Result<Sent, PortError>>) -> Self {
        answers.reverse();
        Self {
            answers: Mutex::new(answers),
            ..Self::default()
        }
    }
}

impl Mail for Post {
    fn name(&self) -> &'static str {
        "post"
    }

    fn send(&self, letter: &Letter) -> Result<Sent, PortError> {
        let answer = self.answers.lock().unwrap().pop();
        self.taken.lock().unwrap().push(letter.clone());
        answer.unwrap_or_else(|| Ok(Sent::default()))
    }
}

fn world() -> World {
    World::new(POLICY, DIRECTORY, Mode::Advise).unwrap()
}

fn letter(id: &str) -> Letter {
    Letter {
        id: id.into(),
        to: vec!["ops@corp.example".into(), "sec@corp.example".into()],
        subject: "3 critical".into(),
        html: "<p>3 critical</p>".into(),
        text: "3 critical".into(),
    }
}

fn away() -> Result<Sent, PortError> {
    Err(PortError::Unavailable("away".into()))
}

fn edit(world: &World, statement: &str) {
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.execute_batch(statement).unwrap();
}

fn send(world: &World, mail: &Post) -> Vec<String> {
    send_waiting(&world.store, mail, world.clock.now()).unwrap()
}

fn look(world: &World) -> Looked {
    look_at_outbox(&world.store, world.clock.now()).unwrap()
}

fn states(world: &World) -> Vec<PostState> {
    let letters = world.store.letters(&PostState::ALL, 10).unwrap();
    letters.into_iter().map(|posted| posted.state).collect()
}

const EDITS: [&str; 8] = [
    "UPDATE outbox SET recipients = 'evil@evil.example'",
    "UPDATE outbox SET subject = 'Your password'",
    "UPDATE outbox SET html = '<a href=https://evil.example>'",
    "UPDATE outbox SET plain = 'https://evil.example'",
    "UPDATE outbox SET id = 'another'",
    // No text at all.
    "UPDATE outbox SET recipients = x'00ff'",
    "UPDATE outbox SET html = 7",
    "INSERT INTO outbox (id, recipients, subject, html, plain, state, tries, detail)
     SELECT 'second', 'evil@evil.example', subject, html, plain, state, 0, '' FROM outbox; DELETE FROM outbox WHERE id = 'a'",
];

#[test]
fn an_edited_letter_is_not_sent_at_the_first_try_nor_at_a_later_one() {
    for edited in EDITS {
        for (tries, reopened) in [(0, false), (1, false), (1, true)] {
            let mut world = world();
            post(&world.store, letter("a"), world.clock.now()).unwrap();
            let mail = Post::answering((0..tries).map(|_| away()).collect());
            for _ in 0..tries {
                assert!(send(&world, &mail).concat().contains("tried again"));
            }
            edit(&world, edited);
            if reopened {
                world = world.reopen(POLICY, DIRECTORY).unwrap();
            }
            let told = send(&world, &mail).concat();
            assert!(told.contains("does not confirm"), "{edited}: {told}");
            assert_eq!(mail.taken.lock().unwrap().len(), tries, "{edited}");
            assert_eq!(states(&world), [PostState::Failed], "{edited}");
            assert!(
                !world.store.compare().unwrap().differences.is_empty(),
                "{edited}"
            );
            // Told once, and never sent.
            assert_eq!(send(&world, &mail), [""; 0]);
            assert_eq!(look(&world), Looked::default());
            assert_eq!(mail.taken.lock().unwrap().len(), tries, "{edited}");
        }
    }
}

#[test]
fn a_look_at_the_outbox_finds_it_before_the_report_is_written() {
    for edited in EDITS {
        let world = world();
        post(&world.store, letter("a"), world.clock.now()).unwrap();
        assert_eq!(look(&world), Looked::default(), "waiting is no damage");
        edit(&world, edited);
        let looked = look(&world);
        assert!(
            looked.damaged.len() == 1 && looked.unknown.is_empty(),
            "{edited}: {looked:?}"
        );
    }
}

/// A number of tries that is none stops no mail, and nothing that reads the outbox.
#[test]
fn a_number_of_tries_that_is_none_stops_nothing() {
    for tries in ["-5", "99999999999", "'x'", "x'00'"] {
        let world = world();
        post(&world.store, letter("a"), world.clock.now()).unwrap();
        edit(&world, &format!("UPDATE outbox SET tries = {tries}"));
        assert_eq!(look(&world), Looked::default());
        world.store.compare().unwrap();
        let mail = Post::default();
        assert_eq!(send(&world, &mail), [""; 0], "{tries}");
        assert_eq!(states(&world), [PostState::Sent]);
    }
}

#[test]
fn what_was_sent_is_not_sent_again_by_its_row() {
    let world = world();
    post(&world.store, letter("a"), world.clock.now()).unwrap();
    let mail = Post::default();
    assert_eq!(send(&world, &mail), [""; 0]);
    assert_eq!(world.store.compare().unwrap().differences, [""; 0]);
    for state in ["waiting", "sending"] {
        edit(&world, &format!("UPDATE outbox SET state = '{state}'"));
        let differences = world.store.compare().unwrap().differences.concat();
        assert!(differences.contains("column state"), "{differences}");
        let looked = look(&world);
        assert_eq!((looked.damaged.len(), looked.unknown.len()), (1, 0));
        assert_eq!(send(&world, &mail), [""; 0]);
        assert_eq!(mail.taken.lock().unwrap().len(), 1, "{state}");
    }
    edit(&world, "DELETE FROM outbox");
    let differences = world.store.compare().unwrap().differences.concat();
    assert!(differences.contains("has no such row"), "{differences}");
}

/// Every step of a letter's life, with what the log says of it at each of them, and nothing to find.
#[test]
fn an_honest_letter_goes_its_way() {
    let mut world = world();
    post(&world.store, letter("a"), world.clock.now()).unwrap();
    let later = Sent {
        later: vec![("sec@corp.example".into(), "busy".into())],
        ..Sent::default()
    };
    let mail = Post::answering(vec![away(), Ok(later), Ok(Sent::default())]);
    for _ in 0..3 {
        send(&world, &mail);
        world = world.reopen(POLICY, DIRECTORY).unwrap();
        // Without what was saved, the leaves say the same.
        edit(&world, "DELETE FROM signed_state");
        assert_eq!(look(&world), Looked::default());
        assert_eq!(world.store.compare().unwrap().differences, [""; 0]);
    }
    let taken = mail.taken.lock().unwrap();
    let to: Vec<usize> = taken.iter().map(|letter| letter.to.len()).collect();
    assert_eq!(to, [2, 2, 1], "the last one to who could not take it");
    assert_eq!(states(&world), [PostState::Sent, PostState::Sent]);
    assert_eq!(world.store.compare().unwrap().letters, 2);
}

/// A version that did not log what a letter says queued it: nothing can be said of it, so it is not sent.
#[test]
fn a_letter_of_an_earlier_version_is_told_and_not_sent() {
    let world = world();
    let leaf = |state: PostState| Transition {
        at: world.clock.now(),
        leaves: vec![LeafDraft {
            category: Category::Effect,
            event: "mail",
            request: String::new(),
            person: None,
            clear: [
                ("mail".to_owned(), "a".to_owned()),
                ("mail.state".to_owned(), state.name().to_owned()),
            ]
            .into(),
            keyed: [].into(),
            committed: [].into(),
        }],
        letter: Some(Posted {
            letter: letter("a"),
            state,
            tries: 0,
            detail: String::new(),
        }),
        ..Transition::default()
    };
    commit(&world.store, leaf(PostState::Waiting)).unwrap();
    assert_eq!(world.store.compare().unwrap().differences, [""; 0]);
    let mail = Post::default();
    let told = send(&world, &mail).concat();
    assert!(told.contains("a version that did not log them"), "{told}");
    assert!(mail.taken.lock().unwrap().is_empty());
    assert_eq!(states(&world), [PostState::Failed]);
    assert_eq!(world.store.compare().unwrap().differences, [""; 0]);
}

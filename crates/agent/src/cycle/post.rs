//! The outbox: a letter stands in the store before it is sent, and is sent at most once, as the signed log says it was
//! queued. INVARIANT(once, signed-state).

use std::collections::BTreeMap;

use decision::time::Timestamp;
use ports::mail::{Letter, Mail, Sent};
use ports::store::{Category, LeafDraft, PostState, Posted, Transition};
use ports::{PortError, Store, commit};

use crate::AgentError;
use crate::ruling::map;

/// After this many vain tries a letter is given up.
const TRIES_MAX: u32 = 5;
/// Most letters that one run takes up again.
const LETTERS_MAX: u32 = 100;

/// What a look at the outbox found, in words for the report and the next mail.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Letters of which nobody knows whether they went out.
    pub unknown: Vec<String>,
    /// Letters that are not what was signed. They are not sent.
    pub damaged: Vec<String>,
}

/// What an earlier process left: a letter that was being sent may or may not have gone out, and is told instead of sent; one
/// that the log does not confirm is given up.
///
/// # Errors
/// When the store cannot be read or written.
pub fn look_at_outbox(store: &dyn Store, at: Timestamp) -> Result<Looked, AgentError> {
    let mut looked = Looked::default();
    for posted in store.letters(&[PostState::Sending, PostState::Waiting], LETTERS_MAX)? {
        if !store.letter_is_logged(&posted)? {
            looked.damaged.push(give_up(store, at, posted)?);
            continue;
        }
        if posted.state != PostState::Sending {
            continue;
        }
        let detail = "the process ended while it was being sent".to_owned();
        looked.unknown.push(unknown(&posted.letter.id, &detail));
        keep(
            store,
            at,
            Posted {
                state: PostState::Unknown,
                detail,
                ..posted
            },
        )?;
    }
    Ok(looked)
}

/// Who can write the database can write letters, but no leaf: what the log does not confirm is not sent.
fn give_up(store: &dyn Store, at: Timestamp, posted: Posted) -> Result<String, AgentError> {
    let detail = "the log does not confirm its addresses, words and state, so it is not sent: the database was changed behind \
                  its back, or a version that did not log them queued it";
    let told = format!("mail `{}`: {detail}", posted.letter.id);
    keep(
        store,
        at,
        Posted {
            state: PostState::Failed,
            detail: detail.to_owned(),
            ..posted
        },
    )?;
    Ok(told)
}

/// Sends what waits, oldest first, and gives what should be told. A letter that fails never stops a run. Each try begins
/// with a look at what the log says of the letter.
///
/// # Errors
/// When the store cannot be read or written.
pub fn send_waiting(
    store: &dyn Store,
    mail: &dyn Mail,
    at: Timestamp,
) -> Result<Vec<String>, AgentError> {
    let mut told = Vec::new();
    for posted in store.letters(&[PostState::Waiting], LETTERS_MAX)? {
        if !store.letter_is_logged(&posted)? {
            told.push(give_up(store, at, posted)?);
            continue;
        }
        keep(
            store,
            at,
            Posted {
                state: PostState::Sending,
                ..posted.clone()
            },
        )?;
        fail::fail_point!("cycle-before-mail");
        let answer = mail.send(&posted.letter);
        fail::fail_point!("cycle-after-mail");
        let id = posted.letter.id.clone();
        let again = for_later(&posted, &answer);
        let after = outcome(posted, answer, mail.name());
        match after.state {
            PostState::Sent if after.detail.is_empty() => {}
            PostState::Unknown => told.push(unknown(&id, &after.detail)),
            PostState::Sent | PostState::Waiting | PostState::Sending | PostState::Failed => {
                told.push(format!("mail `{id}`: {}", after.detail));
            }
        }
        keep(store, at, after)?;
        if let Some(again) = again {
            queue(store, at, again)?;
        }
    }
    Ok(told)
}

/// A letter of its own for those who could not take it yet: the others have it.
fn for_later(posted: &Posted, answer: &Result<Sent, PortError>) -> Option<Posted> {
    let later = &answer.as_ref().ok()?.later;
    let tries = posted.tries.saturating_add(1);
    if later.is_empty() || tries >= TRIES_MAX {
        return None;
    }
    Some(Posted {
        letter: Letter {
            id: format!("{}.{tries}", posted.letter.id),
            to: later.iter().map(|(to, _)| to.clone()).collect(),
            ..posted.letter.clone()
        },
        state: PostState::Waiting,
        tries,
        detail: String::new(),
    })
}

/// Puts a letter into the outbox.
///
/// # Errors
/// When the store cannot be written.
pub fn post(store: &dyn Store, letter: Letter, at: Timestamp) -> Result<(), AgentError> {
    let posted = Posted {
        letter,
        state: PostState::Waiting,
        tries: 0,
        detail: String::new(),
    };
    queue(store, at, posted)
}

fn unknown(id: &str, detail: &str) -> String {
    format!("whether the mail `{id}` went out is not known, so it was not sent again: {detail}")
}

fn outcome(posted: Posted, answer: Result<Sent, PortError>, name: &str) -> Posted {
    let (state, tries, detail) = match answer {
        Ok(Sent { refused, later }) => {
            let each = refused.iter().chain(&later);
            let each = each.map(|(to, why)| format!("{to}: {why}"));
            let each: Vec<String> = each.collect();
            let detail = if each.is_empty() {
                String::new()
            } else {
                format!("not taken for {}", each.join("; "))
            };
            (PostState::Sent, posted.tries, detail)
        }
        Err(error @ PortError::Indeterminate(_)) => {
            (PostState::Unknown, posted.tries, error.to_string())
        }
        // A secret that ran out is mended by somebody, and then the letter goes out.
        Err(
            error @ (PortError::Unavailable(_) | PortError::Denied(_) | PortError::Malformed(_)),
        ) => {
            let tries = posted.tries.saturating_add(1);
            let state = if tries < TRIES_MAX {
                PostState::Waiting
            } else {
                PostState::Failed
            };
            (state, tries, error.to_string())
        }
    };
    let detail = match state {
        PostState::Waiting => format!("{detail}; {name} is tried again with the next run"),
        PostState::Failed => format!("{detail}; it is not tried again"),
        PostState::Sending | PostState::Unknown | PostState::Sent => detail,
    };
    Posted {
        letter: posted.letter,
        state,
        tries,
        detail,
    }
}

/// A letter that is new: its leaf alone says what it says.
fn queue(store: &dyn Store, at: Timestamp, posted: Posted) -> Result<(), AgentError> {
    let letter = map(&[("letter", posted.letter.digest())]);
    record(store, at, posted, letter)
}

/// What became of a letter.
fn keep(store: &dyn Store, at: Timestamp, posted: Posted) -> Result<(), AgentError> {
    record(store, at, posted, BTreeMap::new())
}

fn record(
    store: &dyn Store,
    at: Timestamp,
    posted: Posted,
    keyed: BTreeMap<String, String>,
) -> Result<(), AgentError> {
    let leaf = LeafDraft {
        category: Category::Effect,
        event: "mail",
        request: String::new(),
        person: None,
        clear: map(&[
            ("mail", posted.letter.id.clone()),
            ("mail.state", posted.state.name().to_owned()),
        ]),
        keyed,
        committed: map(&[("detail", posted.detail.clone())]),
    };
    let transition = Transition {
        at,
        leaves: vec![leaf],
        letter: Some(posted),
        ..Transition::default()
    };
    commit(store, transition)?;
    Ok(())
}

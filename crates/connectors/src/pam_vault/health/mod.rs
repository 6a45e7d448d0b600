//! What an operator is told about the vault: what was found, what is assumed, and how to set it. It only reads.

mod look;

use decision::time::Timestamp;

use super::PamVault;
use super::failure::Failure;

/// The findings, in the order in which they are best mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// One for each thing that was looked at.
    pub lines: Vec<Line>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about, such as `token`.
    pub topic: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Fine,
    /// Nothing could be told.
    Unknown,
    /// It works, and somebody should look.
    Warn,
    /// It does not work, or is not safe.
    Bad,
}

impl Health {
    /// The worst of the findings.
    #[must_use]
    pub fn worst(&self) -> State {
        self.lines
            .iter()
            .map(|line| line.state)
            .max()
            .unwrap_or(State::Unknown)
    }

    fn say(&mut self, topic: &'static str, state: State, text: impl Into<String>, hint: &str) {
        self.lines.push(Line {
            topic,
            state,
            text: text.into(),
            hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        });
    }
}
impl PamVault {
    /// Looks at everything that can be looked at without changing anything. `now` is the machine's time.
    #[must_use]
    pub fn health(&self, now: Timestamp) -> Health {
        let mut health = Health::default();
        self.address(&mut health);
        let context = self.transport.get("/api/user/context");
        let date = context.as_ref().ok().and_then(|answer| answer.date);
        self.token(&mut health, now, date);
        look::clock(&mut health, now, date);
        let signed_in = match &context {
            Ok(_) => {
                health.say("user context", State::Fine, "the token is accepted", "");
                true
            }
            Err(failure) => {
                told(
                    &mut health,
                    "user context",
                    failure,
                    "issue a new token, and check base URL and certificate",
                );
                false
            }
        };
        let listed = self.list_right(&mut health, now, signed_in);
        self.asset_right(&mut health, &listed);
        self.machine_interface(&mut health);
        self.decisions(&mut health);
        health
    }
}

fn told(health: &mut Health, topic: &'static str, failure: &Failure, hint: &str) {
    health.say(topic, State::Bad, failure.text.clone(), hint);
}

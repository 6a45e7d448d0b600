//! A model that answers as a test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent::advise::asking::Asking;
use ports::model::{Answer, Call, Model, ModelError, Price, Reason, Stop, ToolCall, Turn, Usage};

/// What was asked: everything that left the process.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) instructions: String,
    pub(crate) turns: Vec<Turn>,
    pub(crate) tools: Vec<&'static str>,
    pub(crate) has_form: bool,
}

impl Heard {
    /// All of it as one text.
    pub(crate) fn text(&self) -> String {
        format!("{} {:?}", self.instructions, self.turns)
    }

    /// The requests of a batch.
    pub(crate) fn requests(&self) -> Vec<serde_json::Value> {
        let Turn::Ours(text) = &self.turns[0] else {
            panic!("the first turn is ours");
        };
        let question: serde_json::Value = serde_json::from_str(text).unwrap();
        question["requests"].as_array().unwrap().clone()
    }
}

type Say = dyn Fn(&Heard, usize) -> Result<Answer, ModelError> + Send + Sync;

pub(crate) struct Fake {
    say: Box<Say>,
    heard: Arc<Mutex<Vec<Heard>>>,
    price: Option<Price>,
}

impl Model for Fake {
    fn name(&self) -> &str {
        "test/model-1"
    }

    fn price(&self) -> Option<Price> {
        self.price
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, ModelError> {
        let heard = Heard {
            instructions: call.instructions.to_owned(),
            turns: call.turns.to_vec(),
            tools: call.tools.iter().map(|tool| tool.name).collect(),
            has_form: call.form.is_some(),
        };
        let number = {
            let mut all = self.heard.lock().unwrap();
            all.push(heard.clone());
            all.len()
        };
        (self.say)(&heard, number)
    }
}

pub(crate) const PRICE: Price = Price {
    input: 3_000,
    cache_read: 300,
    cache_write: 3_750,
    output: 15_000,
};

/// What a test hears of its model.
pub(crate) type Ear = Arc<Mutex<Vec<Heard>>>;

pub(crate) fn asking(
    price: Option<Price>,
    say: impl Fn(&Heard, usize) -> Result<Answer, ModelError> + Send + Sync + 'static,
) -> (Arc<Asking>, Ear) {
    let heard = Ear::default();
    let fake = Fake {
        say: Box::new(say),
        heard: heard.clone(),
        price,
    };
    let asking = Asking::new(Box::new(fake), 4, |_: Duration| ());
    (Arc::new(asking), heard)
}

pub(crate) fn text(text: &str) -> Answer {
    Answer {
        text: text.to_owned(),
        stop: Stop::Finished,
        usage: Some(Usage {
            input: 1_000,
            output: 100,
            ..Usage::default()
        }),
        ..Answer::default()
    }
}

pub(crate) fn tool(name: &str, arguments: &str) -> Answer {
    Answer {
        calls: vec![ToolCall {
            id: "c1".into(),
            name: name.into(),
            arguments: arguments.into(),
        }],
        stop: Stop::Tools,
        ..text("")
    }
}

pub(crate) fn error(reason: Reason, again_after: Option<Duration>) -> ModelError {
    ModelError {
        reason,
        told: format!("{reason:?} by the test"),
        again_after,
        counted: matches!(reason, Reason::TimedOut),
        asked: matches!(reason, Reason::TimedOut | Reason::Unauthorised).then_some([0xa5; 32]),
    }
}

//! A question of a few tokens, to see whether a model can be asked at all.

use decision::evidence::analysis::Fault;
use ports::model::{Call, Turn};

use super::asking::{Asking, Failed};
use super::budget::Budget;

/// What is asked.
const QUESTION: &str = "Answer with the word ready.";
/// Its name in records.
const NAME: &str = "probe";
/// Room to think in: a model that thinks first would otherwise be cut short.
const OUTPUT_TOKENS_MAX: u32 = 400;

/// Asks once, and pays from all of `budgets`.
///
/// # Errors
/// When no answer came, or one that is none. A model that refuses, or is cut short, can be asked.
pub fn probe(asking: &Asking, budgets: &[&Budget]) -> Result<(), Failed> {
    let turns = [Turn::Ours(QUESTION.to_owned())];
    let call = Call {
        instructions: QUESTION,
        turns: &turns,
        tools: &[],
        form: None,
        output_tokens_max: OUTPUT_TOKENS_MAX,
    };
    match asking.ask(&call, NAME, budgets).answer {
        Ok(_) => Ok(()),
        Err(failed) => match failed.fault {
            Fault::Lost | Fault::Unreadable | Fault::BoundReached => Err(failed),
            Fault::Refused
            | Fault::CutShort
            | Fault::Filtered
            | Fault::OutOfContract
            | Fault::Unfounded => Ok(()),
        },
    }
}

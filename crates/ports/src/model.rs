//! A language model: given one call, it gives one answer. It keeps nothing, decides nothing, and no tool of its does anything.
//!
//! [`Model::ask`] is exactly one exchange. Whether it is tried again, what it may cost and how many go out at once is for who asks.

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

/// A model behind a provider's door.
pub trait Model: Send + Sync {
    /// Provider and model as records cite them, such as `anthropic/claude-haiku-4-5`.
    fn name(&self) -> &str;

    /// What its tokens cost; `None` when no price is known, and then it is not asked.
    fn price(&self) -> Option<Price>;

    /// Asks once and waits.
    ///
    /// # Errors
    /// When no answer came, or one that is none.
    fn ask(&self, call: &Call<'_>) -> Result<Answer, ModelError>;
}

/// What is asked. The instructions and tools come first and stay the same from call to call, so that a provider can keep them.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The instructions: ours alone, never a text of a requester.
    pub instructions: &'a str,
    /// The conversation so far, at least one turn, the first and last of which is ours.
    pub turns: &'a [Turn],
    /// What it may call. When there are tools it must call one.
    pub tools: &'a [Tool],
    /// The form of its answer, when there are no tools.
    pub form: Option<&'a Form>,
    /// Most tokens of the answer, thinking included.
    pub output_tokens_max: u32,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// What we say.
    Ours(String),
    /// What the model said.
    Model {
        /// Its words.
        text: String,
        /// Its calls of tools.
        calls: Vec<ToolCall>,
    },
    /// What its tools gave.
    Results(Vec<ToolResult>),
}

/// The form of an answer: a JSON schema in the subset that every provider keeps strictly (objects closed, every property required,
/// no numeric or length bounds).
#[derive(Clone, Debug)]
pub struct Form {
    /// Its name: letters, digits, `-` and `_`, at most 64.
    pub name: &'static str,
    /// The schema; an object at the root.
    pub schema: Value,
}

/// Something that a model may call.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it gives.
    pub description: &'static str,
    /// The schema of its arguments, in the subset of [`Form`].
    pub schema: Value,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, JSON as the model wrote it: anything may be in it.
    pub arguments: String,
}

/// What a tool gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// The call that it answers.
    pub id: String,
    /// The text.
    pub content: String,
    /// Whether the call was wrong.
    pub is_error: bool,
}

/// What came back. Nothing in it is to be believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its words.
    pub text: String,
    /// The tools that it calls.
    pub calls: Vec<ToolCall>,
    /// Why it ended.
    pub stop: Stop,
    /// What the provider counted; `None` when it told nothing.
    pub usage: Option<Usage>,
    /// The model that answered, as the provider says.
    pub model: String,
    /// The provider's id of the exchange.
    pub exchange: Option<String>,
    /// SHA-256 of the body that was sent.
    pub asked: [u8; 32],
    /// SHA-256 of the body that came back.
    pub answered: [u8; 32],
}

/// Why an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stop {
    /// It was done.
    Finished,
    /// It waits for the results of tools.
    Tools,
    /// It ran into the bound of its length, or of what it can read.
    Length,
    /// The provider filtered it.
    Filtered,
    /// The model refused.
    Refused,
    /// Another reason, or none.
    #[default]
    Unknown,
}

/// Tokens, as the provider counted them. The four add up: no token is in two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read, and not from a cache.
    pub input: u64,
    /// Read from the provider's cache.
    pub cache_read: u64,
    /// Read and written to the provider's cache.
    pub cache_write: u64,
    /// Written, thinking included.
    pub output: u64,
}

/// What tokens cost, in nanodollars a token (which is dollars per thousand million tokens).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Read.
    pub input: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Read and written to the cache.
    pub cache_write: u64,
    /// Written.
    pub output: u64,
}

impl Price {
    /// A server of one's own.
    pub const FREE: Self = Self {
        input: 0,
        cache_read: 0,
        cache_write: 0,
        output: 0,
    };

    /// What `usage` costs, in nanodollars.
    #[must_use]
    pub fn of(&self, usage: &Usage) -> u64 {
        let parts = [
            (self.input, usage.input),
            (self.cache_read, usage.cache_read),
            (self.cache_write, usage.cache_write),
            (self.output, usage.output),
        ];
        parts.into_iter().fold(0, |sum: u64, (price, tokens)| {
            sum.saturating_add(price.saturating_mul(tokens))
        })
    }

    /// The most that a call can cost: each byte that is sent counts as a token at the dearest rate of reading, and the
    /// answer is as long as it may be.
    #[must_use]
    pub fn worst(&self, bytes: usize, output_tokens_max: u32) -> u64 {
        let reading = self.input.max(self.cache_write).max(self.cache_read);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        reading
            .saturating_mul(bytes)
            .saturating_add(self.output.saturating_mul(u64::from(output_tokens_max)))
    }
}

/// Why no answer came. The text says what was asked and what came back, bounded, on one line, without a secret.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{told}")]
pub struct ModelError {
    /// The kind of failure.
    pub reason: Reason,
    /// What happened, for a person.
    pub told: String,
    /// When it may be tried again: `None` never, zero when the provider named no time.
    pub again_after: Option<Duration>,
    /// Whether the provider may have counted it: it was sent, and not refused.
    pub counted: bool,
    /// SHA-256 of the body that was sent; `None` when nothing was.
    pub asked: Option<[u8; 32]>,
}

/// A kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The key is wrong, or may not do this.
    Unauthorised,
    /// There is no money left.
    Payment,
    /// There is no such model or address.
    NotFound,
    /// What was sent is more than it takes.
    TooLarge,
    /// What was sent is not understood.
    BadRequest,
    /// The provider filtered what was sent.
    Filtered,
    /// Too much at once.
    RateLimited,
    /// The provider is in trouble.
    Overloaded,
    /// No answer in time.
    TimedOut,
    /// Not reached, or cut off.
    Unreachable,
    /// What came back is no answer.
    Unreadable,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        input: 3_000,
        cache_read: 300,
        cache_write: 3_750,
        output: 15_000,
    };

    #[test]
    fn no_usage_that_fits_the_call_costs_more_than_the_worst() {
        for bytes in [0_u64, 1, 700, 90_000] {
            for written in [0_u32, 1, 400] {
                for (read, kept) in [(bytes, 0), (0, bytes), (bytes / 2, bytes - bytes / 2)] {
                    let usage = Usage {
                        input: bytes - read,
                        cache_read: read - read / 2,
                        cache_write: kept.min(read / 2),
                        output: u64::from(written),
                    };
                    let bytes = usize::try_from(bytes).unwrap();
                    assert!(PRICE.of(&usage) <= PRICE.worst(bytes, written), "{usage:?}");
                }
            }
        }
    }

    #[test]
    fn huge_counts_do_not_wrap() {
        let usage = Usage {
            input: u64::MAX,
            output: u64::MAX,
            ..Usage::default()
        };
        assert_eq!(PRICE.of(&usage), u64::MAX);
        assert_eq!(PRICE.worst(usize::MAX, u32::MAX), u64::MAX);
    }
}

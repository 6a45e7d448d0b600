//! Language models behind [`ports::Model`]: one thin client for each of the three wire formats that providers speak.
//!
//! A client sends one call, reads one answer within bounds, and says what went wrong. It never tries again, keeps nothing and
//! streams nothing. What each provider is sent is on a page of its own: docs/reference/models.md.

mod answer;
mod chat;
mod failure;
mod messages;
mod responses;
mod settings;
mod transport;

use ports::Model;
use ports::model::{Answer, Call, ModelError, Price, ToolCall};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use settings::{Provider, Sampling, Settings, SettingsError};

use answer::Envelope;
use chat::Chat;
use messages::Messages;
use responses::Responses;
use transport::{Exchange, Transport};

/// Longest answer that is read, in bytes after decompression.
pub const BODY_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Longest content of an answer, in bytes: its words, and names, ids and arguments of its calls.
pub const CONTENT_BYTES_MAX: usize = 256 * 1024;
/// Most calls of tools in an answer.
pub const CALLS_MAX: usize = 64;
/// Longest piece of a provider's message that an error repeats, in characters.
pub const TOLD_CHARS_MAX: usize = 300;
/// Longest id of an exchange and longest name of a model that is kept, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// Most tokens of one kind that a provider is believed to have counted.
pub const TOKENS_MAX: u64 = 1_000_000_000;
/// Longest wait that a provider may ask for. What wants more is not asked again in this run.
pub const AGAIN_AFTER_MAX: std::time::Duration = std::time::Duration::from_secs(60);

/// Makes the client of a provider. Nothing is sent yet.
///
/// # Errors
/// When a setting cannot be used.
pub fn open(settings: Settings) -> Result<Box<dyn Model>, SettingsError> {
    let chat = |dialect| Chat {
        dialect,
        sampling: settings.sampling,
    };
    let format: Box<dyn Format> = match settings.provider {
        Provider::OpenAi => Box::new(chat(chat::Dialect::OPENAI)),
        Provider::Azure => Box::new(chat(chat::Dialect::OPENAI)),
        Provider::Compatible => Box::new(chat(chat::Dialect::COMPATIBLE)),
        Provider::OpenAiResponses => Box::new(Responses {
            temperature: settings.sampling.temperature,
        }),
        Provider::Anthropic => Box::new(Messages {
            temperature: settings.sampling.temperature,
        }),
    };
    Ok(Box::new(Client {
        transport: Transport::new(&settings, format.path(), format.headers())?,
        format,
        price: settings.price,
        model: settings.model,
    }))
}

/// How a call is written and an answer is read.
trait Format: Send + Sync {
    /// Where it is sent, below the base URL.
    fn path(&self) -> &'static str;

    /// Headers that always go with it.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// What is sent.
    fn body(&self, model: &str, call: &Call<'_>) -> Value;

    /// What came back, without the digests. The error says why it is no answer.
    fn read(&self, envelope: &Envelope) -> Result<Answer, String>;
}

struct Client {
    transport: Transport,
    format: Box<dyn Format>,
    price: Option<Price>,
    model: String,
}

impl Model for Client {
    fn name(&self) -> &str {
        &self.transport.name
    }

    fn price(&self) -> Option<Price> {
        self.price
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, ModelError> {
        let body = self.format.body(&self.model, call).to_string();
        let asked = Sha256::digest(&body).into();
        let exchange = self.transport.exchange(body.as_bytes(), asked)?;
        let answer = self
            .read(exchange)
            .map_err(|error| transport::of_sent(error, asked))?;
        Ok(Answer { asked, ..answer })
    }
}

impl Client {
    /// What came back, as an answer.
    fn read(&self, exchange: Exchange) -> Result<Answer, ModelError> {
        let unreadable = |why: String| failure::unreadable(&self.transport.name, &why);
        let envelope = Envelope::of(&exchange.body).map_err(unreadable)?;
        if let Some(said) = failure::Said::inside(&envelope) {
            return Err(said.failed_inside(&self.transport));
        }
        let answer = self.format.read(&envelope).map_err(unreadable)?;
        let answer = answer::bounded(answer).map_err(unreadable)?;
        let hidden = |text: &str| self.transport.without_secrets(text);
        let calls = answer.calls.into_iter().map(|call| ToolCall {
            arguments: hidden(&call.arguments),
            ..call
        });
        Ok(Answer {
            text: hidden(&answer.text),
            calls: calls.collect(),
            model: hidden(&answer.model),
            exchange: exchange.id.or(answer.exchange).map(|id| hidden(&id)),
            answered: exchange.answered,
            ..answer
        })
    }
}

//! Mail: one letter, sent at most once.

use decision::request::digest_of;

use crate::error::PortError;

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Stable over retries, so that a copy can be recognised: becomes the Message-ID.
    pub id: String,
    /// Addresses of the recipients.
    pub to: Vec<String>,
    /// Subject, plain text.
    pub subject: String,
    /// Body as HTML, complete in itself.
    pub html: String,
    /// The same as plain text.
    pub text: String,
}

impl Letter {
    /// Digest of the addresses, the subject and both bodies: whatever of them changes makes another letter.
    #[must_use]
    pub fn digest(&self) -> String {
        let said = (&self.to, &self.subject, &self.html, &self.text);
        // Texts always serialise.
        digest_of(&serde_json::to_vec(&said).unwrap_or_default())
    }
}

/// What became of a letter that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Recipients that were refused for good, each with the reason.
    pub refused: Vec<(String, String)>,
    /// Recipients that were not taken for the moment while others were, each with the reason. The same letter may be sent
    /// again to these alone.
    pub later: Vec<(String, String)>,
}

/// A way to send letters.
pub trait Mail: Send + Sync {
    /// The name by which records cite it, such as `graph` or `smtp`.
    fn name(&self) -> &str;

    /// Sends a letter to all that take it.
    ///
    /// # Errors
    /// `Unavailable` may be tried again, `Denied` and `Malformed` change only when somebody mends the settings, and after
    /// `Indeterminate` it may have gone out: it is not sent again.
    fn send(&self, letter: &Letter) -> Result<Sent, PortError>;
}

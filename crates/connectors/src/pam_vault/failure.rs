//! How a call to the vault can fail, and what each way means.

use ports::PortError;

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    /// HTTP status, when an answer came.
    pub(super) status: Option<u16>,
    /// The vault's own code, such as `MSG-00863`.
    pub(super) code: Option<String>,
    /// Whether the answer says with a code, of whatever family, why it was refused: the vault itself looked at it.
    pub(super) explained: bool,
    /// What was asked and what came back; no secret.
    pub(super) text: String,
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing was sent: no connection, or a certificate that is not trusted.
    NotSent,
    /// Sent, and no answer came.
    Lost,
    /// An answer with status 2xx that is longer than its bound.
    TooLong,
    /// Too many calls: come back later.
    Busy,
    /// 401 or 403: the token, or a right that is missing. Which of them, one answer does not say.
    Unauthorized,
    /// 404 or 405: nothing is served there.
    NoSuchPath,
    /// A redirect or a web page: not the API.
    NotTheApi,
    /// Another status of 4xx, or 5xx with a code of the vault: understood and refused.
    Refused,
    /// 5xx without a code.
    Broken,
    /// An answer with status 2xx that is not what was agreed.
    Malformed,
}

impl Failure {
    pub(super) fn new(kind: Kind, text: String) -> Self {
        Self {
            kind,
            status: None,
            code: None,
            explained: false,
            text,
        }
    }

    pub(super) fn malformed(text: String) -> Self {
        Self::new(Kind::Malformed, text)
    }

    /// Whether a read may be tried again at once: never when the vault gave a code of its own.
    pub(super) fn may_pass(&self) -> bool {
        self.code.is_none()
            && match self.kind {
                Kind::NotSent | Kind::Lost | Kind::Busy | Kind::Broken => true,
                Kind::Unauthorized
                | Kind::NoSuchPath
                | Kind::NotTheApi
                | Kind::Refused
                | Kind::TooLong
                | Kind::Malformed => false,
            }
    }

    /// As the error of a port, for a call that changes nothing.
    pub(super) fn into_error(self) -> PortError {
        let text = format!("the vault ({})", self.text);
        match self.kind {
            Kind::NotSent | Kind::Lost | Kind::TooLong | Kind::Busy | Kind::Broken => {
                PortError::Unavailable(text)
            }
            Kind::Unauthorized | Kind::Refused => PortError::Denied(text),
            Kind::NoSuchPath | Kind::NotTheApi | Kind::Malformed => PortError::Malformed(text),
        }
    }
}

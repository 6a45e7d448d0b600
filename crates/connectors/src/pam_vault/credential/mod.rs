//! Reads a secret from the vault, through its workflow where it has one: ask, wait for somebody to approve, read, give back.
//!
//! What was asked for is written to a pending file at once, so that an interrupted run is taken up and nothing is asked
//! twice.

mod error;
mod extract;
mod pending;
mod status;

use std::time::Duration;

use decision::time::{Minutes, Timestamp};
use ports::Secret;

use super::PamVault;
use super::discovery::{Discovery, Inputs, Logical};
use super::failure::{Failure, Kind};
use super::text;
use super::transport::Answer;

pub use error::RetrieveError;
pub use pending::{Pending, PendingError, PendingFile};

/// Nothing was asked for yet: submit a request.
const SUBMIT: &str = "MSG-00863";
/// A request is waiting: find it and follow it.
const WAITING: &str = "MSG-00864";

/// Time and waiting, so that tests need none.
pub trait Waiting {
    /// The time now.
    fn now(&mut self) -> Timestamp;
    /// Returns after a while.
    fn wait(&mut self, time: Duration);
}

/// What is wanted, why, and how long to wait for it.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Id of the asset that holds the secret.
    pub asset: &'a str,
    /// The justification, when a request has to be submitted; `None` where none may be: then nothing is asked of a person.
    pub justification: Option<&'a str>,
    /// How long the secret is asked for.
    pub window: Minutes,
    /// Time between two looks at the status.
    pub every: Duration,
    /// When to stop waiting. The pending file stays, and the next run goes on.
    pub deadline: Timestamp,
}

/// What the credential call says.
enum Said {
    Given(Secret),
    Submit,
    Waiting,
}

/// What became of a request that was followed.
enum Followed {
    Given(Secret),
    /// It is over; what it was before.
    Over(String),
}

impl PamVault {
    /// Reads the secret of an asset, submitting a request and waiting for its approval where that is needed. At most one
    /// request is submitted, and one more when the first came to an end meanwhile.
    ///
    /// # Errors
    /// [`RetrieveError`]; nothing in it is a secret.
    pub fn retrieve(
        &self,
        ask: &Ask<'_>,
        file: &PendingFile,
        waiting: &mut dyn Waiting,
    ) -> Result<Secret, RetrieveError> {
        if !text::is_id(ask.asset) {
            return Err(RetrieveError::Description(
                "the id of the secret's asset is not one".to_owned(),
            ));
        }
        let discovery = self.discovery().map_err(Failure::into_error)?;
        let mut errand = Errand {
            vault: self,
            discovery: &discovery,
            ask,
            file,
            waiting,
        };
        // A file that cannot be used is told before anything is asked for.
        file.read(ask.asset)?;
        let mut over = String::new();
        for _ in 0..2 {
            match errand.once()? {
                Followed::Given(secret) => return Ok(secret),
                Followed::Over(what) => over = what,
            }
        }
        Err(RetrieveError::NotLasting(over))
    }

    /// Gives back what the pending file says was asked for, and removes the file. `None` when there was nothing to give
    /// back; otherwise whether the vault took it, as a sentence when it did not, which is only a warning.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn complete(
        &self,
        asset: &str,
        file: &PendingFile,
    ) -> Result<Option<Result<(), String>>, PendingError> {
        let Some(pending) = file.read(asset)? else {
            return Ok(None);
        };
        let done = self.complete_request(&pending);
        file.remove()?;
        Ok(Some(done))
    }

    fn complete_request(&self, pending: &Pending) -> Result<(), String> {
        let told = |failure: Failure| {
            format!(
                "the request for the secret was not given back: {}",
                failure.text
            )
        };
        let discovery = self.discovery().map_err(told)?;
        let inputs = Inputs {
            asset: Some(&pending.asset),
            request: pending.request.as_deref(),
            action: Some(&pending.action),
            ..Inputs::default()
        };
        if pending.request.is_none() {
            return Err(
                "the vault never said which request it is, so it was not given back".to_owned(),
            );
        }
        let call = discovery.operation(Logical::Complete).call(&inputs)?;
        self.transport
            .call(&call)
            .map(|_| ())
            .map_err(|failure| format!("{}{}", told(failure), discovery.doubt(Logical::Complete)))
    }
}

/// One retrieval under way.
struct Errand<'e> {
    vault: &'e PamVault,
    discovery: &'e Discovery,
    ask: &'e Ask<'e>,
    file: &'e PendingFile,
    waiting: &'e mut dyn Waiting,
}

impl Errand<'_> {
    /// Once through the flow: read, submit when nothing was asked for, follow what waits.
    fn once(&mut self) -> Result<Followed, RetrieveError> {
        match self.read()? {
            Said::Given(secret) => return Ok(Followed::Given(secret)),
            Said::Waiting => {}
            Said::Submit => {
                let Some(justification) = self.ask.justification else {
                    return Err(RetrieveError::NotAskedFor);
                };
                // What is in the file is over: how it ended is worth a look before somebody is asked again.
                if let Some(pending) = self.file.read(self.ask.asset)? {
                    let end = self.look(&pending.action, pending.request.as_deref());
                    self.file.remove()?;
                    if let Ok(Some(seen)) = end
                        && seen.meaning == status::Meaning::Rejected
                    {
                        return Err(RetrieveError::Rejected);
                    }
                }
                let doubt = self.submit(justification)?;
                // An automatic form approves at once.
                match self.read()? {
                    Said::Given(secret) => {
                        self.remember();
                        return Ok(Followed::Given(secret));
                    }
                    Said::Waiting => {}
                    Said::Submit => {
                        let doubt = doubt.unwrap_or_else(|| "the vault took it".to_owned());
                        return Err(RetrieveError::NotLasting(format!(
                            "it was submitted ({doubt}), and the vault knows of none"
                        )));
                    }
                }
            }
        }
        let pending = match self.file.read(self.ask.asset)? {
            Some(pending) => pending,
            None => self.find()?,
        };
        self.follow(pending)
    }

    /// The credential call.
    fn read(&self) -> Result<Said, RetrieveError> {
        let failure = match self.call(Logical::Credentials, &self.inputs()) {
            Ok(Ok(answer)) => {
                return extract::secret(&answer)
                    .map(Said::Given)
                    .map_err(|names| RetrieveError::NoSecret { names });
            }
            Ok(Err(failure)) => failure,
            Err(error) => return Err(error),
        };
        match failure.code.as_deref() {
            Some(SUBMIT) => Ok(Said::Submit),
            Some(WAITING) => Ok(Said::Waiting),
            Some(_) | None => Err(self.failed(failure, Logical::Credentials)),
        }
    }

    /// Submits once. A time-out leaves open whether it arrived, and the caller looks; the doubt comes back as text.
    fn submit(&mut self, justification: &str) -> Result<Option<String>, RetrieveError> {
        let from = self.waiting.now();
        let inputs = Inputs {
            message: Some(justification),
            window: Some((from, from.plus(self.ask.window))),
            ..self.inputs()
        };
        match self.call(Logical::Submit, &inputs)? {
            Ok(_) => Ok(None),
            // Somebody, or an earlier run, was faster.
            Err(failure) if failure.code.as_deref() == Some(WAITING) => Ok(None),
            Err(failure) if matches!(failure.kind, Kind::Lost | Kind::TooLong) => {
                Ok(Some(failure.text))
            }
            Err(failure) => Err(self.failed(failure, Logical::Submit)),
        }
    }

    /// Tries the action types until one knows a request for the asset that is alive, and writes it down.
    fn find(&mut self) -> Result<Pending, RetrieveError> {
        let tried = self.actions();
        for action in &tried {
            if let Some(seen) = self.look(action, None)?
                && seen.meaning != status::Meaning::Over
                && seen.meaning != status::Meaning::Rejected
            {
                let pending = Pending {
                    asset: self.ask.asset.to_owned(),
                    action: action.clone(),
                    request: seen.request,
                };
                self.file.write(&pending)?;
                return Ok(pending);
            }
        }
        Err(RetrieveError::NotFound { tried })
    }

    /// After an automatic approval: writes down what is to be given back at the end. Not finding it harms nobody.
    fn remember(&mut self) {
        let _ = self.find();
    }

    /// Looks at the status until the secret is there, the request is over, or time is up.
    fn follow(&mut self, pending: Pending) -> Result<Followed, RetrieveError> {
        loop {
            let said = match self.look(&pending.action, pending.request.as_deref()) {
                Ok(Some(seen)) => {
                    match seen.meaning {
                        status::Meaning::Waiting => {}
                        status::Meaning::Usable => match self.read()? {
                            Said::Given(secret) => return Ok(Followed::Given(secret)),
                            // Approved, and its window has not begun.
                            Said::Waiting => {}
                            Said::Submit => return self.over(seen.word),
                        },
                        status::Meaning::Rejected => {
                            self.file.remove()?;
                            return Err(RetrieveError::Rejected);
                        }
                        status::Meaning::Over => return self.over(seen.word),
                    }
                    seen.word
                }
                Ok(None) => return self.over("none".to_owned()),
                // A vault that is away for a moment is asked again.
                Err(RetrieveError::Vault(ports::PortError::Unavailable(why))) => why,
                Err(error) => return Err(error),
            };
            if self.waiting.now() >= self.ask.deadline {
                return Err(RetrieveError::StillWaiting(said));
            }
            self.waiting.wait(self.ask.every);
        }
    }

    fn over(&self, word: String) -> Result<Followed, RetrieveError> {
        self.file.remove()?;
        Ok(Followed::Over(format!("the vault says `{word}` of it")))
    }

    /// The status of a request of this action for the asset; `None` when there is none.
    fn look(
        &self,
        action: &str,
        request: Option<&str>,
    ) -> Result<Option<status::Seen>, RetrieveError> {
        let operation = self.discovery.operation(Logical::Status);
        let inputs = Inputs {
            action: Some(action),
            ..self.inputs()
        };
        match self.call(Logical::Status, &inputs)? {
            Ok(answer) => Ok(status::seen(
                &answer,
                self.ask.asset,
                request,
                operation.takes_asset(),
            )),
            // Another action, in whatever way the vault says so.
            Err(failure) => match failure.kind {
                Kind::NoSuchPath | Kind::Refused => Ok(None),
                Kind::Broken if failure.status == Some(500) => Ok(None),
                Kind::NotSent
                | Kind::Lost
                | Kind::TooLong
                | Kind::Busy
                | Kind::Unauthorized
                | Kind::NotTheApi
                | Kind::Broken
                | Kind::Malformed => Err(self.failed(failure, Logical::Status)),
            },
        }
    }

    /// Action types to try: what the document names, what the operator set, what is likely.
    fn actions(&self) -> Vec<String> {
        let mut actions: Vec<String> = Vec::new();
        let document = self.discovery.operation(Logical::Status).actions();
        let likely = status::LIKELY_ACTIONS
            .iter()
            .map(|action| (*action).to_owned());
        for action in document
            .into_iter()
            .chain(self.vault.settings.action_types.iter().cloned())
            .chain(likely)
        {
            if text::is_id(&action) && !actions.contains(&action) {
                actions.push(action);
            }
        }
        actions
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            asset: Some(self.ask.asset),
            ..Inputs::default()
        }
    }

    /// Makes a call. The outer error is one of describing it, before anything is sent.
    fn call(
        &self,
        logical: Logical,
        inputs: &Inputs<'_>,
    ) -> Result<Result<Answer, Failure>, RetrieveError> {
        let call = self
            .discovery
            .operation(logical)
            .call(inputs)
            .map_err(RetrieveError::Description)?;
        Ok(self.vault.transport.call(&call))
    }

    fn failed(&self, mut failure: Failure, logical: Logical) -> RetrieveError {
        failure.text.push_str(&self.discovery.doubt(logical));
        RetrieveError::Vault(failure.into_error())
    }
}

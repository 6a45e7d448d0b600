//! A secret that the vault keeps: read when it is needed, and our own request for it given back.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connectors::pam_vault::{Ask, PamVault, PendingFile, RetrieveError, Waiting};
use decision::time::{Minutes, Timestamp};
use ports::{Clock as _, Secret, SystemClock};

use crate::settings::Home;

/// Longest wait for somebody to approve that a secret is read; the next time goes on waiting.
const APPROVAL_WAIT: Minutes = Minutes(2);

/// A secret in the vault.
pub(crate) struct Kept {
    asset: String,
    /// What it is, for people.
    pub(crate) what: &'static str,
    /// Why it is asked for, for who approves.
    justification: &'static str,
    pending: PendingFile,
    /// Whether it was given to somebody who may ask: only then is our request over.
    given: AtomicBool,
}

/// Whether somebody may be asked for a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// A request is filed and waited for.
    Yes,
    /// A request is filed, and the next time goes on with it: for who keeps others waiting meanwhile.
    WithoutWaiting,
    /// Only what the vault gives without one is read: for who only looks.
    No,
}

/// Why a secret was not given.
pub(crate) struct NotGiven {
    pub(crate) why: String,
    /// Whether nothing is wrong but that nobody was asked, or has answered.
    pub(crate) is_open: bool,
}

impl Kept {
    /// The client secret of the mail.
    pub(crate) fn mail_secret(home: &Home, asset: &str) -> Self {
        Self {
            asset: asset.to_owned(),
            what: "the mail's secret",
            justification: "Mail the report of this run of the access request agent",
            pending: pending(home, ".pending_request.json"),
            given: AtomicBool::new(false),
        }
    }

    /// The key of the model; one request serves both doors.
    pub(crate) fn model_key(home: &Home, asset: &str) -> Self {
        Self {
            asset: asset.to_owned(),
            what: "the model's key",
            justification: "Ask the model of the access request agent for its opinion",
            pending: pending(home, ".pending_model_key.json"),
            given: AtomicBool::new(false),
        }
    }

    /// Reads it, and waits a while for an approval where one is needed.
    pub(crate) fn read(&self, vault: &PamVault, asks: Asks) -> Result<Secret, NotGiven> {
        let now = SystemClock.now();
        let (justification, deadline) = match asks {
            Asks::Yes => (Some(self.justification), now.plus(APPROVAL_WAIT)),
            Asks::WithoutWaiting => (Some(self.justification), now),
            Asks::No => (None, now),
        };
        let ask = Ask {
            asset: &self.asset,
            justification,
            window: Minutes(60),
            every: Duration::from_secs(5),
            deadline,
        };
        let got = vault.retrieve(&ask, &self.pending, &mut Patience);
        if got.is_ok() && asks != Asks::No {
            self.given.store(true, Ordering::SeqCst);
        }
        got.map_err(|error| NotGiven {
            why: match error.hint() {
                Some(hint) => format!("{error}; {hint}"),
                None => error.to_string(),
            },
            is_open: matches!(
                error,
                RetrieveError::NotAskedFor | RetrieveError::StillWaiting(_)
            ),
        })
    }

    /// Whether our own request is to be given back. One that still waits for approval is what the next time goes on with.
    pub(crate) fn is_to_be_given_back(&self) -> bool {
        self.given.load(Ordering::SeqCst) && self.pending.path().exists()
    }

    /// Ends our own request at the vault. Gives what went wrong.
    pub(crate) fn give_back(&self, vault: &PamVault) -> Option<String> {
        match vault.complete(&self.asset, &self.pending) {
            Ok(None | Some(Ok(()))) => None,
            Ok(Some(Err(why))) => Some(why),
            Err(error) => Some(format!("{error}; {}", error.hint())),
        }
    }
}

fn pending(home: &Home, name: &str) -> PendingFile {
    let path: PathBuf = home.state().join(name);
    PendingFile::at(path)
}

/// The machine's clock.
struct Patience;

impl Waiting for Patience {
    fn now(&mut self) -> Timestamp {
        SystemClock.now()
    }

    fn wait(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

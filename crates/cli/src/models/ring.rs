//! A key of the system's key ring: of Linux's kernel (keyrings(7)), or of macOS.

use crate::error::{Error, Exit};

/// Why the key ring gave no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotRead {
    /// There is no such key.
    Missing,
    /// There was one, and its time is over.
    Over,
    /// There is one that this process may not read.
    Denied,
    /// It is not text, or empty.
    NotText,
    /// There is no key ring, or it does not work.
    NoRing(String),
}

/// The key of that service and account. What it is called: in the kernel `SERVICE/ACCOUNT`, of type `user`; in macOS's key chain a
/// generic password.
///
/// # Errors
/// What happened, and what to do.
pub(super) fn key(service: &str, account: &str) -> Result<String, Error> {
    let text = system::read(service, account).and_then(|bytes| {
        let text = String::from_utf8(bytes).map_err(|_| NotRead::NotText)?;
        let text = text.trim();
        (!text.is_empty())
            .then(|| text.to_owned())
            .ok_or(NotRead::NotText)
    });
    text.map_err(|why| told(service, account, &why))
}

fn told(service: &str, account: &str, why: &NotRead) -> Error {
    let name = format!("`{service}/{account}`");
    let store = if cfg!(target_os = "macos") {
        format!("security add-generic-password -s {service} -a {account} -w")
    } else {
        format!("keyctl padd user {service}/{account} @u")
    };
    let store = format!("as the account that runs the agent: `{store}`; docs/how-to/models.md");
    let (what, hint) = match why {
        NotRead::Missing => (format!("the key ring has no key {name}"), store),
        NotRead::Over => (
            format!("the key {name} of the key ring has expired, or was revoked"),
            store,
        ),
        NotRead::Denied => (
            format!("this process may not read the key {name} of the key ring"),
            "let whoever runs the agent store it, or allow the agent to read it".to_owned(),
        ),
        NotRead::NotText => (
            format!("the key {name} of the key ring is empty, or not text"),
            store,
        ),
        NotRead::NoRing(why) => (
            format!("the system gives this process no key ring: {why}"),
            "containers often forbid it; use MODEL_KEY_FILE there".to_owned(),
        ),
    };
    Error::new(Exit::BadInput, what).hint(hint)
}

#[cfg(target_os = "linux")]
mod system {
    use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};

    use super::NotRead;

    /// Looks into the key rings of the process's session, of its user, and the user's persistent one.
    pub(super) fn read(service: &str, account: &str) -> Result<Vec<u8>, NotRead> {
        // Only what hangs on a process may be read by it, and a service's session hangs on nothing: the key rings are hung on one
        // of the process's own, which ends with it.
        let own = KeyRing::from_special_id(KeyRingIdentifier::Process, true)?;
        own.link_keyring(KeyRing::from_special_id(KeyRingIdentifier::User, true)?)?;
        // A kernel may have been made without persistent key rings.
        let _ = KeyRing::get_persistent(KeyRingIdentifier::Process);
        let key = own.request_key(&format!("{service}/{account}"), None::<&str>)?;
        Ok(key.read_to_vec()?)
    }

    impl From<KeyError> for NotRead {
        fn from(error: KeyError) -> Self {
            match error {
                KeyError::KeyDoesNotExist | KeyError::MissingFileOrDirectory => Self::Missing,
                KeyError::KeyExpired | KeyError::KeyRevoked | KeyError::KeyRejected => Self::Over,
                KeyError::AccessDenied => Self::Denied,
                KeyError::QuotaExceeded
                | KeyError::BadAddress
                | KeyError::InvalidArguments
                | KeyError::KeyringDoesNotExist
                | KeyError::OutOfMemory
                | KeyError::InvalidDescription
                | KeyError::InvalidIdentifier
                | KeyError::OperationNotSupported
                | KeyError::WriteError
                | KeyError::PermissionDenied
                | KeyError::Unknown(_) => Self::NoRing(error.to_string()),
            }
        }
    }
}

#[cfg(target_os = "macos")]
mod system {
    use super::NotRead;

    pub(super) fn read(service: &str, account: &str) -> Result<Vec<u8>, NotRead> {
        let entry = keyring::Entry::new(service, account);
        let read = entry.and_then(|entry| entry.get_secret());
        read.map_err(|error| match error {
            keyring::Error::NoEntry => NotRead::Missing,
            keyring::Error::NoStorageAccess(_) => NotRead::Denied,
            error => NotRead::NoRing(error.to_string()),
        })
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod system {
    use super::NotRead;

    pub(super) fn read(_: &str, _: &str) -> Result<Vec<u8>, NotRead> {
        Err(NotRead::NoRing("there is none that it knows".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_says_what_to_do() {
        for (why, what, hint) in [
            (
                NotRead::Missing,
                "has no key `agent/model`",
                "as the account",
            ),
            (NotRead::Over, "expired", "as the account"),
            (NotRead::Denied, "may not read", "allow"),
            (NotRead::NotText, "not text", "as the account"),
            (NotRead::NoRing("EPERM".into()), "EPERM", "MODEL_KEY_FILE"),
        ] {
            let error = told("agent", "model", &why);
            assert!(error.message.contains(what), "{}", error.message);
            let said = error.hint.unwrap();
            assert!(said.contains(hint), "{said}");
        }
    }

    /// What the kernel says when it has no such key, and when a container forbids the calls.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_kernel_says_is_told_apart() {
        use linux_keyutils::KeyError;
        for (said, is_missing, is_denied) in [
            (KeyError::KeyDoesNotExist, true, false),
            (KeyError::AccessDenied, false, true),
            (KeyError::PermissionDenied, false, false),
            (KeyError::Unknown(38), false, false),
        ] {
            let why = NotRead::from(said);
            assert_eq!(why == NotRead::Missing, is_missing, "{why:?}");
            assert_eq!(why == NotRead::Denied, is_denied, "{why:?}");
            let no_ring = matches!(why, NotRead::NoRing(_));
            assert_eq!(no_ring, !is_missing && !is_denied, "{why:?}");
        }
    }
}

//! Settings: every environment variable and file, in one place.

use std::path::{Path, PathBuf};

use crate::error::{Error, Exit};

/// Folder of policy, directory and state. Flag `--home` comes first; default `./access-request-agent`.
pub(crate) const HOME: &str = "ACCESS_REQUEST_AGENT_HOME";
/// `advise` (default) or `guarded`. Flag `--mode` comes first.
pub(crate) const MODE: &str = "ACCESS_REQUEST_AGENT_MODE";
/// Name of the log: the origin of its checkpoints. Default `access-request-agent/<host name>` at first use.
pub(crate) const ORIGIN: &str = "ACCESS_REQUEST_AGENT_ORIGIN";

/// Origin of a demo's log. A store with it accepts injected reviewers; no other does.
pub(crate) const DEMO_ORIGIN: &str = "demo";

/// Where things are.
#[derive(Clone, Debug)]
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn new(flag: Option<PathBuf>) -> Self {
        let variable = std::env::var_os(HOME).map(PathBuf::from);
        Self(
            flag.or(variable)
                .unwrap_or_else(|| PathBuf::from("access-request-agent")),
        )
    }

    pub(crate) fn policy(&self) -> PathBuf {
        self.0.join("access.yml")
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.0.join("directory.yml")
    }

    pub(crate) fn dotenv(&self) -> PathBuf {
        self.0.join(".env")
    }

    /// While this file is there, nothing is granted, approved or rejected.
    pub(crate) fn stop_file(&self) -> PathBuf {
        self.0.join("STOP")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.state().join("store.db")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.state().join("log")
    }

    pub(crate) fn log_key(&self) -> PathBuf {
        self.state().join("keys").join("log.key")
    }

    pub(crate) fn person_key(&self) -> PathBuf {
        self.state().join("keys").join("person.key")
    }

    pub(crate) fn holdings(&self) -> PathBuf {
        self.state().join("holdings.db")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A contract put in the home folder takes the place of the bundled one.
    pub(crate) fn contract(&self, mode: decision::evidence::record::Mode) -> PathBuf {
        self.0.join(match mode {
            decision::evidence::record::Mode::Advise => "agentaz.json",
            decision::evidence::record::Mode::Guarded => "agentaz-guarded.json",
        })
    }
}

/// Reads a file that must be there, at most `bytes_max` long.
pub(crate) fn read(path: &Path, bytes_max: u64, what: &str) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let failed = |error: &std::io::Error| {
        Error::of(Exit::BadInput, error).hint(format!("{what} is expected at `{}`", path.display()))
    };
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    if bytes.len() as u64 > bytes_max {
        return Err(Error::new(
            Exit::BadInput,
            format!("`{}` has more than {bytes_max} bytes", path.display()),
        )
        .hint(format!("{what} must be shorter")));
    }
    Ok(bytes)
}

/// Reads a file that may be missing.
pub(crate) fn read_if_there(
    path: &Path,
    bytes_max: u64,
    what: &str,
) -> Result<Option<Vec<u8>>, Error> {
    if path.exists() {
        read(path, bytes_max, what).map(Some)
    } else {
        Ok(None)
    }
}

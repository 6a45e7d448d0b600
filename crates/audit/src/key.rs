//! The signing key's file: made once from the operating system's randomness, refused when others can reach it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::hash::to_hex;
use crate::note::{NoteError, SigningKey};
use crate::reader::{open_regular, read_bounded};

/// Most bytes of a key file.
const MAX_KEY_BYTES: u64 = 2048;

/// Why a key file is refused. [`KeyError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Group or others have some right on the file.
    #[error("the key `{path}` is open to others (mode {mode:o})", path = path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The path is a symbolic link, a folder or a device.
    #[error("the key `{}` is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file belongs to another user.
    #[error("the key `{path}` belongs to user {owner}, not to user {user}", path = path.display())]
    WrongOwner {
        /// The file.
        path: PathBuf,
        /// Numeric id of its owner.
        owner: u32,
        /// Numeric id of the running user.
        user: u32,
    },
    /// The content is no key.
    #[error("the key `{path}` is malformed", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: NoteError,
    },
    /// The key is of another log.
    #[error("the signing key is of the log `{found}`, expected `{expected}`")]
    WrongName {
        /// Name in the file.
        found: String,
        /// Name asked for.
        expected: String,
    },
    /// The public key beside it is another one.
    #[error("`{}` is not the public key of the signing key beside it", .0.display())]
    PublicKeyDiffers(PathBuf),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    NoRandomness,
    /// Reading or writing failed.
    #[error("`{path}` cannot be read or written", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system reports.
        source: io::Error,
    },
}

impl KeyError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::OpenToOthers { path, .. } => format!(
                "run `chmod 600 {}`; if somebody may have read it, treat the key as lost and rotate it",
                path.display()
            ),
            Self::NotAFile(path) => format!(
                "put the key itself at `{}`, not a link to it",
                path.display()
            ),
            Self::WrongOwner { path, user, .. } => {
                format!(
                    "run as the owner, or run `chown {user} {}` if the key is yours",
                    path.display()
                )
            }
            Self::Malformed { .. } => {
                "restore the key from its backup; a new key is a new log identity".to_owned()
            }
            Self::WrongName { found, .. } => {
                format!("use the key of this log, or set the log's name to `{found}`")
            }
            Self::PublicKeyDiffers(path) => format!(
                "find out who changed `{}`; if the private key is the right one, remove it and it is written again",
                path.display()
            ),
            Self::NoRandomness => {
                "try again; on a fresh machine wait until it has gathered randomness".to_owned()
            }
            Self::Io { path, .. } => format!(
                "check that the folder of `{}` exists and is writable",
                path.display()
            ),
        }
    }
}

/// The path of the public key: the key's path with `.pub` appended.
#[must_use]
pub fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// Reads the signing key at `path`, or makes one under the log's `name` if there is none.
///
/// A new key is 32 bytes of the operating system's randomness, written with mode 0600 and flushed before its name
/// appears, so a crash leaves either no key or a whole one. The public key is written beside it ([`public_path`]) if
/// it is not there. The checks are made on the opened file, not on its name, so it cannot be exchanged in between.
///
/// # Errors
/// [`KeyError`]; each has a [`KeyError::hint`].
pub fn load_or_create(path: &Path, name: &str) -> Result<SigningKey, KeyError> {
    let key = match load(path)? {
        Some(key) => key,
        None => {
            create(path, name)?;
            // Read back: another process may have been first, and what counts is what the disk holds.
            load(path)?.ok_or_else(|| at(path)(io::Error::from(io::ErrorKind::NotFound)))?
        }
    };
    if key.name() != name {
        return Err(KeyError::WrongName {
            found: key.name().to_owned(),
            expected: name.to_owned(),
        });
    }
    let public = public_path(path);
    let text = format!("{}\n", key.verifier());
    match read_bounded(&public, MAX_KEY_BYTES).map_err(at(&public))? {
        Some(found) if found == text.as_bytes() => {}
        Some(_) => return Err(KeyError::PublicKeyDiffers(public)),
        None => install(&public, text.as_bytes(), 0o644)?,
    }
    Ok(key)
}

/// Opens the file of a key, and checks what was opened; `None` if there is none.
pub(crate) fn open(path: &Path) -> Result<Option<File>, KeyError> {
    let file = match open_regular(path, OFlags::NOFOLLOW) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => {
            return Err(KeyError::NotAFile(path.to_owned()));
        }
        Err(_) if fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink()) => {
            return Err(KeyError::NotAFile(path.to_owned()));
        }
        Err(source) => return Err(at(path)(source)),
    };
    let metadata = file.metadata().map_err(at(path))?;
    let user = rustix::process::geteuid().as_raw();
    check_file(
        path,
        metadata.is_file(),
        metadata.mode(),
        metadata.uid(),
        user,
    )?;
    Ok(Some(file))
}

/// Reads and checks the key file; `None` if there is none.
///
/// # Errors
/// As [`load_or_create`].
pub fn load(path: &Path) -> Result<Option<SigningKey>, KeyError> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_KEY_BYTES)
        .read_to_string(&mut text)
        .map_err(at(path))?;
    let malformed = |source| KeyError::Malformed {
        path: path.to_owned(),
        source,
    };
    let line = text
        .strip_suffix('\n')
        .ok_or_else(|| malformed(NoteError::BadKey("no final newline")))?;
    SigningKey::from_text(line).map(Some).map_err(malformed)
}

/// The rules for the file itself; apart from the reading so that each can be tested.
fn check_file(
    path: &Path,
    is_file: bool,
    mode: u32,
    owner: u32,
    user: u32,
) -> Result<(), KeyError> {
    if !is_file {
        return Err(KeyError::NotAFile(path.to_owned()));
    }
    if owner != user {
        return Err(KeyError::WrongOwner {
            path: path.to_owned(),
            owner,
            user,
        });
    }
    if mode & 0o077 != 0 {
        return Err(KeyError::OpenToOthers {
            path: path.to_owned(),
            mode: mode & 0o7777,
        });
    }
    Ok(())
}

/// Makes a new key file, unless one appears meanwhile.
fn create(path: &Path, name: &str) -> Result<(), KeyError> {
    let mut seed = Zeroizing::new([0u8; 32]);
    getrandom::fill(&mut *seed).map_err(|_| KeyError::NoRandomness)?;
    let key = SigningKey::from_seed(name, *seed).map_err(|source| KeyError::Malformed {
        path: path.to_owned(),
        source,
    })?;
    let mut text = key.to_text();
    text.push('\n');
    install(path, text.as_bytes(), 0o600)
}

/// Writes a new file under a random name, flushes it, and links it to its own name unless that is taken.
pub(crate) fn install(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyError> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|_| KeyError::NoRandomness)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", to_hex(&random)));
    let temporary = PathBuf::from(name);
    let written =
        write_new(&temporary, bytes, mode).and_then(|()| match fs::hard_link(&temporary, path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
            _ => Ok(()),
        });
    let removed = fs::remove_file(&temporary);
    written
        .and(removed)
        .and_then(|()| sync_folder_of(path))
        .map_err(at(path))
}

/// Creates a file that must not exist yet, with this mode, and flushes it.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Flushes the folder that holds `path`, so that a new name in it survives a power cut.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

/// Names the file an error is about.
pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> KeyError {
    move |source| KeyError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn made_once_private_and_stable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let first = load_or_create(&path, "example.com/log").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        let again = load_or_create(&path, "example.com/log").unwrap();
        assert_eq!(first.verifier(), again.verifier());
        let public = fs::read_to_string(public_path(&path)).unwrap();
        assert_eq!(public, format!("{}\n", first.verifier()));
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "no temporary file stays"
        );
        let other = load_or_create(&folder.path().join("other.key"), "example.com/log").unwrap();
        assert_ne!(first.verifier(), other.verifier());
        let secret = fs::read_to_string(&path).unwrap();
        // The last of five parts; it may hold a plus itself.
        let body = secret.trim_end().splitn(5, '+').last().unwrap();
        assert!(body.len() > 40);
        assert!(!format!("{first:?}").contains(body));
    }

    #[test]
    fn refused_when_anybody_else_has_a_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        load_or_create(&path, "log").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = load_or_create(&path, "log").unwrap_err();
            assert!(
                matches!(error, KeyError::OpenToOthers { mode: m, .. } if m == mode),
                "{error}"
            );
            assert!(error.hint().contains("chmod 600"));
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            load_or_create(&path, "log").unwrap();
        }
    }

    #[test]
    fn refused_when_a_link_a_folder_or_somebody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (
            folder.path().join("real.key"),
            folder.path().join("link.key"),
        );
        load_or_create(&real, "log").unwrap();
        symlink(&real, &link).unwrap();
        assert!(matches!(
            load_or_create(&link, "log"),
            Err(KeyError::NotAFile(_))
        ));
        let dangling = folder.path().join("dangling.key");
        symlink(folder.path().join("nowhere"), &dangling).unwrap();
        assert!(matches!(
            load_or_create(&dangling, "log"),
            Err(KeyError::NotAFile(_))
        ));
        assert!(matches!(
            load_or_create(folder.path(), "log"),
            Err(KeyError::NotAFile(_))
        ));
        let error = check_file(&real, true, 0o600, 12, 13).unwrap_err();
        assert!(matches!(
            error,
            KeyError::WrongOwner {
                owner: 12,
                user: 13,
                ..
            }
        ));
    }

    #[test]
    fn refused_when_damaged_of_another_log_or_with_another_public_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        load_or_create(&path, "log").unwrap();
        assert!(matches!(
            load_or_create(&path, "other"),
            Err(KeyError::WrongName { .. })
        ));
        let good = fs::read(&path).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bad).unwrap();
            assert!(load_or_create(&path, "log").is_err(), "bit {bit}");
        }
        fs::write(&path, &good).unwrap();
        fs::write(public_path(&path), "log+00000000+AAAA\n").unwrap();
        assert!(matches!(
            load_or_create(&path, "log"),
            Err(KeyError::PublicKeyDiffers(_))
        ));
    }
}

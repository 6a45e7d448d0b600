//! What a first start needs: `vault init` writes the files of a home folder that are not there.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, Exit};
use crate::settings::Home;

const FILES: [(&str, &str); 4] = [
    (
        "access.yml",
        include_str!("../../../../templates/vault/access.yml"),
    ),
    (
        "directory.yml",
        include_str!("../../../../templates/vault/directory.yml"),
    ),
    (
        "vault.yml",
        include_str!("../../../../templates/vault/vault.yml"),
    ),
    (".env", include_str!("../../../../templates/vault/dotenv")),
];

/// Writes what is missing, and gives the names of what was written. Nothing that is there is touched.
pub(crate) fn write(home: &Home) -> Result<Vec<&'static str>, Error> {
    fs::create_dir_all(home.path())?;
    let mut written = Vec::new();
    // A JSON string is a YAML string, whatever the account is called.
    let account = serde_json::to_string(&crate::reviewer::account()?).unwrap_or_default();
    for (name, text) in FILES {
        let path = home.path().join(name);
        let made = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path);
        match made {
            Ok(mut file) => {
                file.write_all(text.replace("ACCOUNT", &account).as_bytes())?;
                written.push(name);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(written)
}

/// Says how to begin when the home folder has no policy.
pub(crate) fn check(home: &Home) -> Result<(), Error> {
    let missing = |path: &Path| !path.exists();
    if missing(&home.policy()) || missing(&home.directory()) {
        return Err(Error::new(
            Exit::BadInput,
            format!(
                "`{}` has no access.yml and directory.yml yet",
                home.path().display()
            ),
        )
        .hint("`access-request-agent vault init` writes files to begin with"));
    }
    Ok(())
}

//! Policies: that of the home folder, another file, or one that the store kept.

use std::path::Path;
use std::sync::Arc;

use decision::rules::Rules;
use policy::cases::TestCase;
use policy::{CedarConditions, Guardrails};
use ports::store::PolicySource;

use crate::error::{Error, Exit};
use crate::output;
use crate::settings::{self, Home};

const POLICY_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SETTINGS_BYTES_MAX: u64 = 1024 * 1024;

/// A policy, loaded and compiled.
pub(crate) struct PolicyFiles {
    pub(crate) rules: Rules,
    pub(crate) conditions: Option<Arc<CedarConditions>>,
    pub(crate) tests: Vec<TestCase>,
    pub(crate) source: Vec<u8>,
    pub(crate) guardrails: Guardrails,
}

/// Policy and guardrails of the home folder.
pub(crate) fn of_home(home: &Home) -> Result<PolicyFiles, Error> {
    load(home, &output::complain_report)
}

/// As [`of_home`]; `tell` gets the report of what is wrong with the policy.
pub(crate) fn load(home: &Home, tell: &dyn Fn(&str)) -> Result<PolicyFiles, Error> {
    let guardrails = guardrails(home)?;
    let bytes = settings::read(&home.policy(), POLICY_BYTES_MAX, "the policy")?;
    compiled("access.yml", &bytes, guardrails, tell)
}

/// Another policy file, under the guardrails of the home folder.
pub(crate) fn of_file(home: &Home, path: &Path) -> Result<PolicyFiles, Error> {
    let bytes = settings::read(path, POLICY_BYTES_MAX, "the policy")?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    compiled(&name, &bytes, guardrails(home)?, &output::complain_report)
}

/// A policy that the store kept, under the guardrails of its time.
pub(crate) fn kept(kept: &PolicySource) -> Result<PolicyFiles, Error> {
    let damaged = |what: &str| {
        Error::new(Exit::Failed, format!("{what} policy {}", kept.digest))
            .hint("the database was changed behind its back; restore it from a backup")
    };
    let guardrails = Guardrails::from_canonical(&kept.guardrails)
        .ok_or_else(|| damaged("nobody can read the guardrails that are kept for"))?;
    let files = compiled(&kept.file, &kept.source, guardrails, &|_| ())?;
    if files.rules.policy().digest == kept.digest {
        Ok(files)
    } else {
        Err(damaged("another text is kept for"))
    }
}

fn guardrails(home: &Home) -> Result<Guardrails, Error> {
    let dotenv = settings::read_if_there(&home.dotenv(), SETTINGS_BYTES_MAX, "the settings file")?;
    let dotenv = dotenv.map(String::from_utf8).transpose().map_err(|_| {
        Error::new(
            Exit::BadInput,
            format!("`{}` is not UTF-8 text", home.dotenv().display()),
        )
    })?;
    // Variables that are not text cannot be guardrails: all their keys are plain.
    let environment = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    Guardrails::load(environment, dotenv.as_deref()).map_err(|errors| {
        let error = Error::new(Exit::BadInput, errors.to_string());
        match errors.0.first() {
            Some(first) => error.hint(first.hint()),
            None => error,
        }
    })
}

fn compiled(
    file: &str,
    bytes: &[u8],
    guardrails: Guardrails,
    tell: &dyn Fn(&str),
) -> Result<PolicyFiles, Error> {
    let loaded = policy::load(file, bytes, &guardrails).map_err(|report| {
        // The report is made for a screen by its own renderer, which masks what is hidden.
        tell(&policy::render(&report, output::width(), false));
        Error::new(Exit::BadInput, "the policy has errors").hint("mend them and run `policy check`")
    })?;
    if !loaded.warnings.is_empty() {
        output::note_lines(&policy::render(&loaded.warnings, output::width(), false));
    }
    let (conditions, source) = (loaded.conditions.clone(), loaded.source.clone());
    let tests = loaded.tests.clone();
    let rules = loaded
        .compile()
        .map_err(|error| Error::of(Exit::BadInput, &error))?;
    Ok(PolicyFiles {
        rules,
        conditions,
        tests,
        source,
        guardrails,
    })
}

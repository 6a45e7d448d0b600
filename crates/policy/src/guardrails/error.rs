//! Why guardrails are refused: where, what, why, and what to do.

use std::fmt;

/// Every reason for which the guardrails are refused; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct GuardrailErrors(pub Vec<GuardrailError>);

impl fmt::Display for GuardrailErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{error}")?;
        }
        Ok(())
    }
}

/// One refused guardrail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct GuardrailError {
    /// Where the setting was found.
    pub origin: Origin,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Where a setting was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A variable of the environment.
    Environment,
    /// A line of the `.env` file, from 1.
    Line(usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => formatter.write_str("environment"),
            Self::Line(line) => write!(formatter, ".env, line {line}"),
        }
    }
}

/// What is wrong with a setting. Text is user input, already in backticks and shortened where it is shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The file is larger than `DOTENV_BYTES_MAX`.
    #[error("the file is too large to be settings")]
    TooLarge,
    /// Neither `KEY=value` nor `KEY: value`. The line is not repeated: it may be part of a secret.
    #[error("the line is neither `KEY=value` nor `KEY: value`")]
    Line,
    /// Almost a guardrail's name.
    #[error("{0} is not a setting")]
    NearMiss(String, &'static str),
    /// The same key twice in one place.
    #[error("`{0}` is set twice")]
    Repeated(&'static str),
    /// A value that cannot be read.
    #[error("the value {1} of `{0}` cannot be read")]
    Unreadable(&'static str, String),
    /// A field that `AUTO_PROVISION_ONLY` does not have.
    #[error("{0} is not a field of `AUTO_PROVISION_ONLY`")]
    UnknownField(String),
    /// A field twice.
    #[error("`AUTO_PROVISION_ONLY` says `{0}` twice")]
    RepeatedField(&'static str),
    /// A field that is left out, which would leave its condition open.
    #[error("`AUTO_PROVISION_ONLY` does not say `{0}`, which would leave that condition open")]
    MissingField(&'static str),
    /// Risk above low would be automatic.
    #[error("`risk: {0}` would let access above low risk through without a person")]
    RiskAboveLow(String),
    /// Access beyond the role would be automatic.
    #[error(
        "`role_standard: {0}` would let access through that the role does not list as standard"
    )]
    NotRoleStandard(String),
    /// Access without its approvals would be automatic.
    #[error("`approvals: {0}` would let access through whose approvals are not there")]
    ApprovalsNotPresent(String),
    /// Grants without an end would be usual.
    #[error("`PREFER_TIME_BOUND={0}` would make grants without an end the usual case")]
    NotTimeBound(String),
    /// One of the four classes is left out.
    #[error("`NEVER_AUTO` lacks {0}, and no setting takes one of the four classes away")]
    ClassesMissing(String),
    /// A class twice.
    #[error("`NEVER_AUTO` names {0} twice")]
    RepeatedClass(String),
    /// More than `NEVER_AUTO_MAX` classes.
    #[error("`NEVER_AUTO` names too many classes")]
    TooManyClasses,
    /// Not a name for a class.
    #[error("{0} cannot name a class")]
    ClassName(String),
}

impl GuardrailError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        let full =
            "AUTO_PROVISION_ONLY: { risk: \"low\", role_standard: true, approvals: \"present\" }";
        match &self.reason {
            Reason::TooLarge => "point to the settings file".to_owned(),
            Reason::Line => "one setting a line; comments begin with `#`".to_owned(),
            Reason::NearMiss(_, known) => format!("did you mean `{known}`?"),
            Reason::Repeated(_) | Reason::RepeatedField(_) | Reason::RepeatedClass(_) => "keep one".to_owned(),
            Reason::Unreadable("PREFER_TIME_BOUND", _) => "write `PREFER_TIME_BOUND=true`, or leave it out".to_owned(),
            Reason::Unreadable("NEVER_AUTO", _) | Reason::ClassesMissing(_) | Reason::TooManyClasses => {
                "write `NEVER_AUTO: [\"admin\", \"production\", \"sensitive_data\", \"security_tooling\"]` and add to it, \
                 or leave it out"
                    .to_owned()
            }
            Reason::Unreadable(..)
            | Reason::UnknownField(_)
            | Reason::MissingField(_)
            | Reason::RiskAboveLow(_)
            | Reason::NotRoleStandard(_)
            | Reason::ApprovalsNotPresent(_) => format!("write `{full}`, or leave it out"),
            Reason::NotTimeBound(_) => {
                "leave it out; access that must stand says so in the catalogue, with its reason: `standing: …`".to_owned()
            }
            Reason::ClassName(_) => "lower-case letters, digits and `_`, such as `source_code`".to_owned(),
        }
    }
}

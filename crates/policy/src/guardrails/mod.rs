//! Guardrails: what may be automatic at all, from the environment and a `.env` file. Settings only add.

pub mod dotenv;
mod error;
mod read;
mod value;

use decision::rules::class::{Class, ClassSet};

pub use self::error::{GuardrailError, GuardrailErrors, Origin, Reason};
use self::read::Readings;

/// The guardrails that these settings can have, by the names in the environment and the `.env` file.
pub const KEYS: [&str; 3] = ["AUTO_PROVISION_ONLY", "NEVER_AUTO", "PREFER_TIME_BOUND"];

/// The effective guardrails. Only low risk, standard for the role and with its approvals may be automatic, the four
/// never-auto classes never are, and grants have an end: no setting loosens that, so a value of this type holds only
/// what was added. The default adds nothing and is the blueprint's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guardrails {
    /// Sorted, each once.
    unpatterned_classes: Vec<String>,
}

impl Guardrails {
    /// Reads guardrails from the text of a `.env` file, if there is one, and from the environment's pairs. Both may
    /// state the same guardrail; classes of `NEVER_AUTO` add up, so neither can take away what the other asks for.
    /// Keys that are no guardrails are ignored, and their values are neither kept nor repeated in any message.
    ///
    /// # Errors
    ///
    /// Every line and variable that would loosen the guardrails or cannot be read, the environment's first.
    pub fn load<K, V>(
        environment: impl IntoIterator<Item = (K, V)>,
        dotenv: Option<&str>,
    ) -> Result<Self, GuardrailErrors>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let mut readings = Readings::default();
        for (key, value) in environment {
            readings.setting(key.as_ref(), value.as_ref(), Origin::Environment);
        }
        if let Some(text) = dotenv {
            readings.dotenv(text);
        }
        let (classes, errors) = readings.finish();
        if !errors.is_empty() {
            return Err(GuardrailErrors(errors));
        }
        let mut unpatterned_classes: Vec<String> = classes
            .into_iter()
            .filter(|name| Class::from_name(name).is_none())
            .collect();
        unpatterned_classes.sort_unstable();
        unpatterned_classes.dedup();
        Ok(Self {
            unpatterned_classes,
        })
    }

    /// Reads what [`Self::canonical`] wrote; `None` when it is something else.
    #[must_use]
    pub fn from_canonical(text: &str) -> Option<Self> {
        let classes = text
            .lines()
            .find_map(|line| line.strip_prefix("never_auto "))?;
        let own = classes.split_whitespace();
        let read = Self {
            unpatterned_classes: own
                .filter(|name| Class::from_name(name).is_none())
                .map(ToOwned::to_owned)
                .collect(),
        };
        (read.canonical() == text).then_some(read)
    }

    /// The never-auto classes that have patterns: always all four.
    #[must_use]
    pub fn never_auto(&self) -> ClassSet {
        Class::BUILT_IN
            .into_iter()
            .fold(ClassSet::EMPTY, ClassSet::with)
    }

    /// Classes of `NEVER_AUTO` that nothing can recognise, for want of a pattern: sorted, each once. While there is
    /// one, no mode that acts by itself may start.
    #[must_use]
    pub fn unpatterned_classes(&self) -> &[String] {
        &self.unpatterned_classes
    }

    /// Why an automatic mode may not start, or `None` when nothing stands in its way here.
    #[must_use]
    pub fn automatic_blocked(&self) -> Option<String> {
        if self.unpatterned_classes.is_empty() {
            return None;
        }
        let names: Vec<String> = self
            .unpatterned_classes
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        Some(format!(
            "`NEVER_AUTO` names {}, which no pattern recognises: such access would pass unseen, so nothing is automatic",
            names.join(", ")
        ))
    }

    /// The text that goes into the policy digest: one line a guardrail, sorted, the same for the same guardrails
    /// however they were written.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut classes: Vec<&str> = Class::BUILT_IN.iter().map(|class| class.name()).collect();
        classes.extend(self.unpatterned_classes.iter().map(String::as_str));
        classes.sort_unstable();
        format!(
            "auto_provision_only approvals=present risk=low role_standard=true\nnever_auto {}\nprefer_time_bound true\n",
            classes.join(" ")
        )
    }
}

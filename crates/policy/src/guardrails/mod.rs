//! Guardrails: what may be automatic at all, from the environment and a `.env` file. Settings only add.

use decision::rules::class::Class;

/// The effective guardrails. The default is the blueprint's, and nothing that can be set is looser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guardrails {
    unpatterned_classes: Vec<String>,
}

impl Guardrails {
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

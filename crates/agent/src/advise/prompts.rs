//! The instructions that models are given, as they are in `prompts/`: ours alone, the same for every call, with a version.

use sha2::{Digest, Sha256};

use crate::replay::hex;

/// Instructions with their name and version.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Name, version and the first digits of the digest, such as `vault-analysis 1 (sha256 0123456789ab)`: what a record names.
    pub version: String,
    /// The text.
    pub text: &'static str,
}

/// For the requests of a vault, in batches and alone.
#[must_use]
pub fn vault_analysis() -> Prompt {
    prompt(include_str!("../../../../prompts/vault-analysis.md"))
}

/// For one ticket, with the tools of the contract.
#[must_use]
pub fn ticket_review() -> Prompt {
    prompt(include_str!("../../../../prompts/ticket-review.md"))
}

/// For the stronger model, on a ticket that the rules or the first reader find difficult.
#[must_use]
pub fn ticket_judgement() -> Prompt {
    prompt(include_str!("../../../../prompts/ticket-judgement.md"))
}

fn prompt(file: &'static str) -> Prompt {
    let (title, text) = file.split_once('\n').unwrap_or(("", file));
    let digest = hex(&Sha256::digest(file.as_bytes()));
    Prompt {
        version: format!(
            "{} (sha256 {})",
            title.trim_start_matches(['#', ' ']),
            digest.get(..12).unwrap_or_default()
        ),
        text: text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_says_its_name_and_version() {
        for (prompt, name) in [
            (vault_analysis(), "vault-analysis 1 "),
            (ticket_review(), "ticket-review 1 "),
            (ticket_judgement(), "ticket-judgement 1 "),
        ] {
            assert!(prompt.version.starts_with(name), "{}", prompt.version);
            assert!(prompt.text.len() > 500 && prompt.text.contains("untrusted_text"));
        }
    }
}

//! Where the model's key is: in a file, in the system's key ring, in the environment, or in the vault.

use connectors::llm::Provider;
use ports::Secret;

use super::ring;
use crate::error::{Error, Exit};
use crate::vault::environment::{Environment, refuse};
use crate::vault::settings::secret_in;

/// Settings that name a place, of which one is enough.
const PLACES: [&str; 3] = ["MODEL_KEY_FILE", "MODEL_KEY_RING", "MODEL_KEY_ASSET_ID"];

/// The key, when it is at hand, and the asset of the vault that has it otherwise. The order: file, key ring, environment, vault.
pub(super) fn key(
    keys: &Environment,
    provider: Provider,
) -> Result<(Option<Secret>, Option<String>), Error> {
    let named: Vec<&str> = PLACES
        .into_iter()
        .filter(|name| keys.get(name).is_some())
        .collect();
    if named.len() > 1 {
        return Err(Error::new(
            Exit::BadInput,
            format!(
                "the model's key is said to be in several places: {}",
                named.join(", ")
            ),
        )
        .hint("keep one of them"));
    }
    let own = match provider {
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::OpenAi | Provider::OpenAiResponses | Provider::Azure | Provider::Compatible => {
            "OPENAI_API_KEY"
        }
    };
    let key = if let Some(file) = keys.path("MODEL_KEY_FILE") {
        Some(secret_in(&file, "the model's key")?)
    } else if let Some(name) = keys.get("MODEL_KEY_RING") {
        Some(in_ring(name)?)
    } else {
        keys.get(own).map(|key| Secret::new(key.to_owned()))
    };
    let asset = keys.get("MODEL_KEY_ASSET_ID").map(str::to_owned);
    Ok((key, asset))
}

/// The key `SERVICE/ACCOUNT` of the system's key ring.
fn in_ring(name: &str) -> Result<Secret, Error> {
    let is_part = |text: &str| {
        (1..=100).contains(&text.len())
            && (text.bytes()).all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let parts = name.split_once('/');
    let (service, account) = parts
        .filter(|(service, account)| is_part(service) && is_part(account))
        .ok_or_else(|| {
            let wanted = "`SERVICE/ACCOUNT`, of letters, digits, `-`, `_` and `.`, such as `access-request-agent/model`";
            refuse("MODEL_KEY_RING", name, wanted)
        })?;
    ring::key(service, account).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_of_a_key_is_told() {
        for wrong in ["", "model", "/model", "agent/", "a/b/c", "a b/c", "a/b@c"] {
            let error = in_ring(wrong).err().unwrap();
            assert!(error.hint.unwrap().contains("SERVICE/ACCOUNT"), "{wrong}");
        }
    }
}

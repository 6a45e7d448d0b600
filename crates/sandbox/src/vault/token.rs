//! API tokens: JSON Web Tokens signed with HS256, as the real vault's are believed to be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::entities::User;
use super::id::Id;
use super::state::Vault;
use super::time::{DAY, SECOND};

/// What a token says beside its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenShape {
    /// Whether the claim `ousr` is there.
    pub with_ousr: bool,
    /// When it expires, in milliseconds since 1970; a year after the clock's start when there is none.
    pub expires_ms: Option<i64>,
}

impl Default for TokenShape {
    fn default() -> Self {
        Self {
            with_ousr: true,
            expires_ms: None,
        }
    }
}

/// Issues a token for a user. Its payload always has characters that differ between base64 and base64url.
pub(crate) fn issue(vault: &Vault, user: &User, shape: TokenShape) -> String {
    let start = vault.options.start_ms;
    let expires = shape.expires_ms.unwrap_or(start.saturating_add(365 * DAY));
    let mut claims = json!({
        "iss": format!("{}/ztna/{}", vault.origin, super::TENANT),
        "sub": user.id.to_string(),
        "ousr": user.login,
        "iat": start.saturating_sub(DAY).div_euclid(SECOND),
        "exp": expires.div_euclid(SECOND),
        "simulator": "no real vault ???>>>",
    });
    if let (false, Some(claims)) = (shape.with_ousr, claims.as_object_mut()) {
        claims.remove("ousr");
    }
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signed = format!("{header}.{payload}");
    let signature = sign(vault.options.seed, &signed).map(|mac| mac.finalize().into_bytes());
    let signature = signature.map_or_else(String::new, |bytes| URL_SAFE_NO_PAD.encode(bytes));
    format!("{signed}.{signature}")
}

/// The user of a token that this vault issued, that is not revoked, and that has not expired.
pub(crate) fn user_of(vault: &Vault, token: &str) -> Option<usize> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    sign(vault.options.seed, signed)?
        .verify_slice(&signature)
        .ok()?;
    let (_, payload) = signed.split_once('.')?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let expires = claims.get("exp")?.as_i64()?.saturating_mul(SECOND);
    let id = Id::parse(claims.get("sub")?.as_str()?)?;
    let user = vault.users.iter().position(|user| user.id == id)?;
    let revoked = vault.revoked.contains(token) || vault.revoked.contains(vault.login(user));
    (expires > vault.now() && !revoked).then_some(user)
}

fn sign(seed: u64, text: &str) -> Option<Hmac<Sha256>> {
    let key = Sha256::digest(format!("vault simulator {seed}"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

//! What the API token says of itself. It is read and never verified: only the vault has the key.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use decision::time::Timestamp;
use serde_json::Value;

use super::bounds::NAME_CHARS_MAX;
use super::{text, values};

/// Claims of a token. Every one may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The agent's own user (`ousr`). Without it the agent cannot know its own requests, and takes no action.
    pub own_user: Option<String>,
    /// When it ends (`exp`).
    pub expires: Option<Timestamp>,
    /// When it was issued (`iat`).
    pub issued: Option<Timestamp>,
    /// Who issued it (`iss`).
    pub issuer: Option<String>,
}

const TOLERANT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, TOLERANT);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, TOLERANT);

impl Claims {
    /// Reads the payload of a JSON Web Token: base64url with or without padding, or the standard alphabet. `None` when
    /// it has no payload that is a JSON object.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let bytes = URL
            .decode(payload)
            .or_else(|_| STANDARD.decode(payload))
            .ok()?;
        let claims: Value = serde_json::from_slice(&bytes).ok()?;
        let claims = claims.as_object()?;
        let said = |key: &str| {
            claims
                .get(key)
                .and_then(Value::as_str)
                .map(|said| text::line(said, NAME_CHARS_MAX))
                .filter(|said| !said.is_empty())
        };
        // RFC 7519 counts seconds; an integer of milliseconds is read as what it must mean.
        let time = |key: &str| claims.get(key).and_then(values::time);
        Some(Self {
            own_user: said("ousr"),
            expires: time("exp"),
            issued: time("iat"),
            issuer: said("iss"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_in_every_notation_of_base64() {
        // The payload holds bytes that base64url writes with `-` and `_`.
        let payload = r#"{"ousr":"svc-é?>~ÿ","exp":1798761600,"iat":1767225600,"iss":"https://pam.example/ztna/acme"}"#;
        let padded = base64::engine::general_purpose::URL_SAFE.encode(payload);
        let standard = base64::engine::general_purpose::STANDARD.encode(payload);
        assert!(padded.contains(['-', '_']) && standard.contains(['+', '/']));
        for text in [
            padded.trim_end_matches('='),
            &padded,
            &standard,
            standard.trim_end_matches('='),
        ] {
            let claims = Claims::read(&format!("eyJhbGciOiJIUzI1NiJ9.{text}.sig")).unwrap();
            assert_eq!(claims.own_user.as_deref(), Some("svc-é?>~ÿ"));
            assert_eq!(claims.expires, Some(Timestamp::from_seconds(1_798_761_600)));
            assert_eq!(claims.issued, Some(Timestamp::from_seconds(1_767_225_600)));
        }
    }

    #[test]
    fn a_token_without_a_user_names_none() {
        let token = |payload: &str| {
            format!(
                "h.{}.s",
                base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload)
            )
        };
        for payload in [
            "{}",
            r#"{"ousr":""}"#,
            r#"{"ousr":17}"#,
            r#"{"ousr":null,"exp":"x"}"#,
        ] {
            let claims = Claims::read(&token(payload)).unwrap();
            assert_eq!((claims.own_user, claims.expires), (None, None), "{payload}");
        }
        for text in [
            "",
            "a",
            "a.",
            "a.!.b",
            &token("[]"),
            &token("{"),
            &token("17"),
        ] {
            assert_eq!(Claims::read(text), None, "{text}");
        }
    }
}

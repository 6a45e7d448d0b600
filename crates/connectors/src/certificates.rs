//! The bundle of certificates that an operator trusts.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ureq::tls::{Certificate, PemItem};

/// Largest bundle, in bytes.
const BUNDLE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Reads a PEM file, or says why it cannot be used. A private key in it is refused: nobody needs it here.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BUNDLE_BYTES_MAX).read_to_end(&mut pem))
        .map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item.map_err(|error| error.to_string())? {
            PemItem::Certificate(certificate) => found.push(certificate),
            PemItem::PrivateKey(_) => {
                return Err("it holds a private key, which nobody needs here".to_owned());
            }
            // Whatever else PEM can hold.
            _ => {}
        }
    }
    if found.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    Ok(found)
}

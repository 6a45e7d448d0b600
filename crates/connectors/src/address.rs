//! The address of a server: what may be appended to it, and whether a secret may go there.

/// The base URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Without a `/` at its end.
    pub(crate) base: String,
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// What follows the origin, without a `/` at its end.
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) loopback: bool,
    /// Without its port, as it was written.
    pub(crate) host: String,
}

impl Address {
    /// Takes `text` apart, or says why it is no address below which paths can be asked for.
    pub(crate) fn of(text: &str) -> Result<Self, &'static str> {
        let base = text.strip_suffix('/').unwrap_or(text);
        let (scheme, rest) = base
            .split_once("://")
            .ok_or("it does not begin with https://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("it does not begin with https://"),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.is_empty() {
            return Err("it names no host");
        }
        if authority.contains('@') {
            return Err("it carries a user name; a secret is a setting of its own");
        }
        if !base.chars().all(|character| character.is_ascii_graphic()) {
            return Err("it holds blanks or letters outside of ASCII");
        }
        if base.contains(['?', '#', '\\', '{']) {
            return Err("it holds a query or another character that paths cannot be appended to");
        }
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let loopback = host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        Ok(Self {
            base: base.to_owned(),
            origin: format!(
                "{}://{}",
                scheme.to_ascii_lowercase(),
                authority.to_ascii_lowercase()
            ),
            path: path.to_owned(),
            secure,
            loopback,
            host: host.to_owned(),
        })
    }

    /// Whether it is on this machine or in a private network.
    pub(crate) fn is_near(&self) -> bool {
        self.loopback
            || (self.host.parse::<std::net::IpAddr>()).is_ok_and(|address| match address {
                std::net::IpAddr::V4(address) => address.is_private(),
                std::net::IpAddr::V6(address) => address.is_unique_local(),
            })
    }

    /// The base without its last segment, which is the site; `None` when there is no segment left to drop.
    pub(crate) fn without_site(&self) -> Option<String> {
        let (tenant, site) = self.path.rsplit_once('/')?;
        (!tenant.is_empty() && !site.is_empty()).then(|| format!("{}{tenant}", self.origin))
    }

    /// The absolute address of `reference` (absolute, or a path from the root) when it is on the same server.
    pub(crate) fn same_server(&self, reference: &str) -> Option<String> {
        if !reference
            .chars()
            .all(|character| character.is_ascii_graphic())
            || reference.contains('\\')
        {
            return None;
        }
        if reference.starts_with('/') && !reference.starts_with("//") {
            return Some(format!("{}{reference}", self.origin));
        }
        let head = reference.get(..self.origin.len())?;
        let rest = reference.get(self.origin.len()..)?;
        (head.eq_ignore_ascii_case(&self.origin) && (rest.is_empty() || rest.starts_with('/')))
            .then(|| reference.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_stays_on_the_server() {
        let address = Address::of("https://PAM.example:6443/ztna").unwrap();
        for (reference, whole) in [
            ("/x.json", Some("https://pam.example:6443/x.json")),
            (
                "https://pam.example:6443/y",
                Some("https://pam.example:6443/y"),
            ),
            ("https://pam.example:64430/y", None),
            ("https://pam.example:6443.evil.example/y", None),
            ("https://pam.example:6443@evil.example/y", None),
            ("https://pax.example:6443/y", None),
            ("//evil.example/y", None),
            ("/\\evil.example/y", None),
            ("http://pam.example:6443/y", None),
            ("y.json", None),
        ] {
            assert_eq!(
                address.same_server(reference).as_deref(),
                whole,
                "{reference}"
            );
        }
    }
}

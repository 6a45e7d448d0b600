//! Ids of the vault: UUIDs made from the seed.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::random::Random;

/// A UUID, version 4 in its form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u128);

impl Id {
    /// The next id of `random`.
    pub(crate) fn next(random: &mut Random) -> Self {
        let bits = (u128::from(random.next()) << 64) | u128::from(random.next());
        let version = (bits & !(0xF << 76)) | (0x4 << 76);
        Self((version & !(0x3 << 62)) | (0x2 << 62))
    }

    /// Reads the usual form of 36 characters; upper case is accepted.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let dashes = [8, 13, 18, 23];
        if text.len() != 36 {
            return None;
        }
        let mut bits: u128 = 0;
        for (place, letter) in text.char_indices() {
            if dashes.contains(&place) {
                if letter != '-' {
                    return None;
                }
            } else {
                bits = (bits << 4) | u128::from(letter.to_digit(16)?);
            }
        }
        Some(Self(bits))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            self.0 >> 96,
            (self.0 >> 80) & 0xFFFF,
            (self.0 >> 64) & 0xFFFF,
            (self.0 >> 48) & 0xFFFF,
            self.0 & 0xFFFF_FFFF_FFFF
        )
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let mut random = Random::new(7);
        for _ in 0..1_000 {
            let id = Id::next(&mut random);
            let text = id.to_string();
            assert_eq!(Id::parse(&text), Some(id));
            assert_eq!(text.as_bytes()[14], b'4');
            assert!(b"89ab".contains(&text.as_bytes()[19]));
        }
        for wrong in [
            "",
            "x",
            "f1f0c8c2-6a4e-4f0b-8d7c-0a9d6c3e300",
            "f1f0c8c206a4e-4f0b-8d7c-0a9d6c3e3001",
            "ü1f0c8c2-6a4e-4f0b-8d7c-0a9d6c3e301",
        ] {
            assert_eq!(Id::parse(wrong), None, "{wrong}");
        }
    }
}

//! Texts that are tried as justifications: hostile ones and harmless ones, built in or from a file.

mod aims;
mod carriers;
mod file;

use std::collections::BTreeSet;

use serde::Serialize;

pub use file::{FILE_BYTES_MAX, LINE_BYTES_MAX, TEXTS_MAX, TextsError, of_file};

/// A text with what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// What it is.
    pub label: Label,
    /// Where it comes from, such as `say low, base64` or `line 17`.
    pub origin: String,
}

impl Text {
    /// Whether it wants something.
    #[must_use]
    pub fn is_hostile(&self) -> bool {
        self.label != Label::Benign
    }
}

/// What a text is, by the word of whoever collected it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// It gives instructions.
    Injection,
    /// What an instruction wants, without the instruction.
    InjectionGoal,
    /// Something that is active where it is shown.
    Payload,
    /// It wants nothing.
    Benign,
}

impl Label {
    /// Every label with its name in files.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Injection, "injection"),
        (Self::InjectionGoal, "injection_goal"),
        (Self::Payload, "payload"),
        (Self::Benign, "benign"),
    ];
}

/// A few hundred hostile texts and forty harmless ones, always the same.
#[must_use]
pub fn built_in() -> Vec<Text> {
    let hostile = |text: String, label: Label, origin: String| Text {
        text,
        label,
        origin,
    };
    let mut texts = Vec::new();
    for (aim, sentences) in aims::AIMS {
        for (number, sentence) in sentences.iter().enumerate() {
            // Each sentence in half of the carriers, each aim in all of them.
            let own = carriers::CARRIERS.iter().enumerate();
            for (_, (carrier, write)) in
                own.filter(|(place, _)| place % 2 == number % 2 || *place == 0)
            {
                texts.push(hostile(
                    write(sentence),
                    Label::Injection,
                    format!("{aim}, {carrier}"),
                ));
            }
        }
    }
    for (language, sentences) in aims::LANGUAGES {
        for sentence in sentences {
            texts.push(hostile(
                sentence.to_owned(),
                Label::Injection,
                format!("in {language}"),
            ));
        }
        let all = sentences.join(" ");
        texts.push(hostile(all, Label::Injection, format!("all in {language}")));
    }
    for (shape, text) in aims::SHAPES {
        let origin = format!("shape: {shape}");
        texts.push(hostile(text.to_owned(), Label::Payload, origin));
    }
    for (number, text) in aims::BENIGN.into_iter().enumerate() {
        let origin = format!("ordinary text {}", number + 1);
        texts.push(hostile(text.to_owned(), Label::Benign, origin));
    }
    texts
}

/// At most `number` of the texts, chosen by `seed`, in their order.
#[must_use]
pub fn sample(texts: Vec<Text>, number: usize, seed: u64) -> Vec<Text> {
    let chosen = chosen(texts.len(), number, seed);
    let places = texts.into_iter().enumerate();
    places
        .filter(|(place, _)| chosen.contains(place))
        .map(|(_, text)| text)
        .collect()
}

/// At most `number` of the places below `length`, by `seed`. Every set of that size is as likely as any other (R. Floyd, in
/// Bentley: Programming Pearls, Communications of the ACM 30, 1987).
pub(super) fn chosen(length: usize, number: usize, seed: u64) -> BTreeSet<usize> {
    let mut random = super::random::Random::new(seed);
    let mut chosen = BTreeSet::new();
    for last in length.saturating_sub(number)..length {
        let place = random.below(last.saturating_add(1));
        if !chosen.insert(place) {
            chosen.insert(last);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_a_few_hundred_texts_each_once() {
        let texts = built_in();
        let hostile = texts.iter().filter(|text| text.is_hostile()).count();
        assert!((200..600).contains(&hostile), "{hostile}");
        assert_eq!(texts.len() - hostile, 40);
        let different: BTreeSet<&str> = texts.iter().map(|text| text.text.as_str()).collect();
        assert_eq!(different.len(), texts.len());
        assert_eq!(texts, built_in());
        for (carrier, _) in carriers::CARRIERS {
            let of_carrier = |text: &&Text| text.origin.ends_with(&format!(", {carrier}"));
            assert!(texts.iter().filter(of_carrier).count() >= 12, "{carrier}");
        }
    }

    #[test]
    fn a_sample_is_as_large_as_asked_and_follows_the_seed() {
        let texts = built_in();
        let some = sample(texts.clone(), 30, 7);
        assert_eq!(some.len(), 30);
        assert_eq!(some, sample(texts.clone(), 30, 7));
        assert_ne!(some, sample(texts.clone(), 30, 8));
        assert_eq!(sample(texts.clone(), 10_000, 7), texts);
        assert!(sample(texts, 0, 7).is_empty());
    }
}

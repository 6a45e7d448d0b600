//! Danger patterns: matched wide, on folded tokens, so that neither case, look-alike letters nor spelling hides danger.
//!
//! Permission is never decided here: it is byte-equality with a catalogue id or a declared alias.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_security::skeleton;

/// A parsed pattern `resource:level`; `*` on a side stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DangerPattern {
    resource: Pieces,
    level: Pieces,
}

/// One side of a pattern: token runs that must occur in this order. Empty: anything.
type Pieces = Vec<Vec<String>>;

impl DangerPattern {
    /// Reads a pattern as written. The last `:` divides; without one the text names a resource at any level.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (resource, level) = divide(text);
        Self {
            resource: pieces(resource),
            level: pieces(level),
        }
    }

    /// Whether the pattern catches `subject`.
    #[must_use]
    pub fn matches(&self, subject: &Subject) -> bool {
        let resource = self.resource.is_empty()
            || subject
                .resources
                .iter()
                .any(|tokens| contains_in_order(tokens, &self.resource));
        let level = self.level.is_empty()
            || subject
                .levels
                .iter()
                .any(|tokens| contains_in_order(tokens, &self.level));
        resource && level
    }

    /// The token by which the pattern can be looked up, with the side it stands on. `None`: it catches everything.
    fn key(&self) -> Option<(Part, &str)> {
        let first = |pieces: &'_ Pieces| pieces.first().and_then(|run| run.first()).cloned();
        if first(&self.resource).is_some() {
            self.resource
                .first()
                .and_then(|run| run.first())
                .map(|token| (Part::Resource, token.as_str()))
        } else {
            self.level
                .first()
                .and_then(|run| run.first())
                .map(|token| (Part::Level, token.as_str()))
        }
    }
}

/// Which side of `resource:level` a token stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Resource,
    Level,
}

/// Everything by which an entitlement can be recognised, folded into tokens.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    resources: Vec<Vec<String>>,
    levels: Vec<Vec<String>>,
}

impl Subject {
    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an access name: raw text, catalogue id or alias.
    #[must_use]
    pub fn with_access(mut self, text: &str) -> Self {
        let (resource, level) = divide(text);
        self.resources.extend(token_runs(resource));
        if level != "*" {
            self.levels.extend(token_runs(level));
        }
        self
    }

    /// Adds the target's name: it can betray both the resource and the level.
    #[must_use]
    pub fn with_name(mut self, text: &str) -> Self {
        let runs = token_runs(text);
        self.levels.extend(runs.iter().cloned());
        self.resources.extend(runs);
        self
    }

    /// Adds a tag, one part of a path, or an environment.
    #[must_use]
    pub fn with_label(mut self, text: &str) -> Self {
        self.resources.extend(token_runs(text));
        self
    }
}

/// Many patterns with a number each, indexed by their first token.
#[derive(Clone, Debug, Default)]
pub struct PatternSet {
    patterns: Vec<(DangerPattern, u32)>,
    by_token: HashMap<(Part, String), Vec<usize>>,
    always: Vec<usize>,
}

impl PatternSet {
    /// Adds `pattern` under `number`; numbers may repeat.
    pub fn add(&mut self, pattern: DangerPattern, number: u32) {
        let position = self.patterns.len();
        match pattern.key() {
            Some((part, token)) => {
                self.by_token
                    .entry((part, token.to_owned()))
                    .or_default()
                    .push(position);
            }
            None => self.always.push(position),
        }
        self.patterns.push((pattern, number));
    }

    /// Numbers of the patterns that catch `subject`, sorted, each once.
    #[must_use]
    pub fn matching(&self, subject: &Subject) -> Vec<u32> {
        let mut positions: Vec<usize> = self.always.clone();
        for (part, runs) in [
            (Part::Resource, &subject.resources),
            (Part::Level, &subject.levels),
        ] {
            for token in runs.iter().flatten() {
                if let Some(found) = self.by_token.get(&(part, token.clone())) {
                    positions.extend(found);
                }
            }
        }
        positions.sort_unstable();
        positions.dedup();
        let mut numbers: Vec<u32> = positions
            .into_iter()
            .filter_map(|position| self.patterns.get(position))
            .filter(|(pattern, _)| pattern.matches(subject))
            .map(|(_, number)| *number)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// `resource` and `level` of `resource:level`; a text without `:` is a resource at any level (`*`).
#[must_use]
pub fn divide(text: &str) -> (&str, &str) {
    text.rsplit_once(':').unwrap_or((text, "*"))
}

fn pieces(side: &str) -> Pieces {
    side.split('*')
        .map(|piece| tokens(piece, Split::Classes))
        .filter(|run| !run.is_empty())
        .collect()
}

fn contains_in_order(tokens: &[String], pieces: &Pieces) -> bool {
    let mut rest = tokens;
    for run in pieces {
        match rest
            .windows(run.len())
            .position(|window| window == run.as_slice())
        {
            Some(at) => rest = rest.get(at.saturating_add(run.len())..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

/// How a text is cut into tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Split {
    /// At everything that is no letter or digit.
    Separators,
    /// There, and where letters meet digits or a capital follows a small letter.
    Classes,
    /// There, and before a capital that a small letter follows.
    Words,
}

/// The text's tokens in every way of cutting, so that `prod2`, `ProdDb`, `PRODPayments` and `pr0d` all show `prod`. A finer
/// cut never takes the place of a coarser one: `DBs` shows `dbs`.
fn token_runs(text: &str) -> Vec<Vec<String>> {
    let mut runs = vec![tokens(text, Split::Classes)];
    for split in [Split::Separators, Split::Words] {
        let run = tokens(text, split);
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    runs
}

fn tokens(text: &str, split: Split) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut previous: Option<char> = None;
    let visible = |character: &char| !is_invisible(*character);
    let mut characters = text.chars().filter(visible).peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let begins_word = || split == Split::Words && next.is_some_and(char::is_lowercase);
        let boundary = split != Split::Separators
            && previous.is_some_and(|before| {
                (character.is_uppercase() && (before.is_lowercase() || begins_word()))
                    || (before.is_numeric() != character.is_numeric())
            });
        if (boundary || !character.is_alphanumeric()) && !token.is_empty() {
            tokens.push(fold(&token));
            token.clear();
        }
        if character.is_alphanumeric() {
            token.push(character);
            previous = Some(character);
        } else {
            previous = None;
        }
    }
    if !token.is_empty() {
        tokens.push(fold(&token));
    }
    tokens
}

/// Case and look-alike letters folded away (Unicode TR 39 skeleton of the lower-cased text).
#[must_use]
pub fn fold(text: &str) -> String {
    /// What each ASCII letter and digit becomes. None of them changes what stands beside it.
    static PLAIN: LazyLock<Vec<String>> = LazyLock::new(|| {
        let all = ('\0'..='\x7f').map(|letter| fold_any(letter.encode_utf8(&mut [0; 4])));
        all.collect()
    });
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return fold_any(text);
    }
    let folded = text.bytes().filter_map(|byte| PLAIN.get(usize::from(byte)));
    folded.map(String::as_str).collect()
}

fn fold_any(text: &str) -> String {
    let lower = text.to_lowercase();
    let first: String = skeleton(&lower).collect();
    // The skeleton of a digit may be a capital letter (0 -> O), and that letter's lower case may fold further.
    skeleton(&first.to_lowercase()).collect()
}

/// Controls, formatting and other characters that take no place on a screen.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control()
        || matches!(character,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catches(pattern: &str, access: &str) -> bool {
        DangerPattern::parse(pattern).matches(&Subject::new().with_access(access))
    }

    #[test]
    fn tokens_bound_a_match() {
        for (pattern, access) in [
            ("prod:*", "prod-payments-db:admin"),
            ("prod:*", "PROD_payments:read"),
            ("prod:*", "paymentsProd:read"),
            ("prod:*", "PRODPayments:read"),
            ("prod:*", "myPRODPayments:read"),
            // What a coarser cut catches is caught as before.
            ("dbs:*", "DBs:read"),
            ("dbs:*", "eastDBs:read"),
            ("DBs:*", "dbs:read"),
            ("prod:*", "prod2:read"),
            ("prod:*", "pr0d-db:read"),
            ("prod:*", "\u{440}rod-db:read"),
            ("prod:*", "pr\u{200B}od-db:read"),
            ("*:admin", "wiki:admin (write)"),
            ("*:admin", "wiki:ADMIN"),
            ("*:full control", "share:Full Control"),
            ("prod-*:admin", "prod-eu-db:admin"),
            ("*:*", "anything:at all"),
        ] {
            assert!(catches(pattern, access), "{pattern} must catch {access}");
        }
        for (pattern, access) in [
            ("prod:*", "product-catalog:read"),
            ("prod:*", "reproduction:read"),
            ("*:admin", "admin-handbook:read"),
            ("*:admin", "wiki:administer"),
            ("prod-*:admin", "prod-eu-db:read"),
        ] {
            assert!(
                !catches(pattern, access),
                "{pattern} must leave {access} alone"
            );
        }
    }

    /// The short way of plain letters is the long way: of each, of every pair, and beside what is not plain.
    #[test]
    fn plain_letters_fold_as_all_do() {
        let plain: Vec<char> = ('\0'..='\x7f')
            .filter(char::is_ascii_alphanumeric)
            .collect();
        for first in &plain {
            for second in &plain {
                let pair: String = [*first, *second].iter().collect();
                assert_eq!(fold(&pair), fold_any(&pair), "{pair}");
            }
        }
        for text in [
            "",
            "Administrator01",
            "rnI1l0O",
            "m\u{301}m",
            "pr0d-x",
            "A%B",
        ] {
            assert_eq!(fold(text), fold_any(text), "{text}");
        }
        assert_eq!(fold("m1I0"), fold("rnlIO"));
    }

    #[test]
    fn labels_and_names_betray() {
        let subject = Subject::new()
            .with_access("srv-17:logon")
            .with_label("Domain Controllers");
        assert!(DangerPattern::parse("domain controllers:*").matches(&subject));
        let named = Subject::new()
            .with_access("grp-0042:member")
            .with_name("Payments Admin");
        assert!(DangerPattern::parse("*:admin").matches(&named));
    }

    #[test]
    fn a_set_finds_what_its_patterns_find() {
        let texts = ["prod:*", "*:admin", "*:*", "pii:read", "a-b:*"];
        let mut set = PatternSet::default();
        for (number, text) in (0..).zip(texts) {
            set.add(DangerPattern::parse(text), number);
        }
        for access in [
            "prod-db:admin",
            "pii:read",
            "pii:write",
            "x-a-b-y:z",
            "b-a:z",
        ] {
            let subject = Subject::new().with_access(access);
            let slow: Vec<u32> = (0..)
                .zip(texts)
                .filter(|(_, text)| DangerPattern::parse(text).matches(&subject))
                .map(|(number, _)| number)
                .collect();
            assert_eq!(set.matching(&subject), slow, "{access}");
        }
    }
}

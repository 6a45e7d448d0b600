//! The small value notation of guardrails: words, quoted words, `[a, b]` and `{ a: b }`, none inside another.

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// One word, without its quotes.
    Word(String),
    /// A list in brackets, or words with commas between them.
    List(Vec<String>),
    /// Fields in braces, in order; a field may be there twice.
    Fields(Vec<(String, String)>),
}

/// Reads a value and, behind it, nothing but blanks and a comment. `None` when it is not one.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim() };
    // A whole value in quotes, as shells want it: `KEY='{ risk: "low" }'`.
    if let Some(inner) = quoted_whole(reader.rest) {
        reader.rest = inner;
    }
    let value = reader.value()?;
    reader.at_end().then_some(value)
}

/// The inside of `'…'` or `"…"` around a list or a mapping.
fn quoted_whole(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = text.strip_prefix(quote)?;
    let (inner, after) = inner.rsplit_once(quote)?;
    let after = after.trim();
    let inner = inner.trim();
    let enclosed = inner.starts_with(['[', '{']) || (inner.contains(',') && !inner.contains(quote));
    (enclosed && (after.is_empty() || after.starts_with('#'))).then_some(inner)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<Value> {
        if self.eat('[') {
            return self.items(']').map(Value::List);
        }
        if self.eat('{') {
            return self.fields().map(Value::Fields);
        }
        let mut words = vec![self.word()?];
        while self.eat(',') {
            words.push(self.word()?);
        }
        match <[String; 1]>::try_from(words) {
            Ok([word]) => Some(Value::Word(word)),
            Err(words) => Some(Value::List(words)),
        }
    }

    /// Words up to the closing mark; a comma may stand before it.
    fn items(&mut self, close: char) -> Option<Vec<String>> {
        let mut found = Vec::new();
        loop {
            if self.eat(close) {
                return Some(found);
            }
            found.push(self.word()?);
            if !self.eat(',') {
                return self.eat(close).then_some(found);
            }
        }
    }

    fn fields(&mut self) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        loop {
            if self.eat('}') {
                return Some(found);
            }
            let key = self.word()?;
            if !self.eat(':') {
                return None;
            }
            found.push((key, self.word()?));
            if !self.eat(',') {
                return self.eat('}').then_some(found);
            }
        }
    }

    /// A word: in quotes, or bare up to a mark or blank.
    fn word(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let (word, rest) = self.rest.strip_prefix(quote)?.split_once(quote)?;
            self.rest = rest;
            return Some(word.to_owned());
        }
        let bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = self.rest.find(|c| !bare(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn eat(&mut self, mark: char) -> bool {
        // What is not eaten keeps its blank: a comment needs one before it.
        match self.rest.trim_start().strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Nothing follows but a comment, with a blank before it.
    fn at_end(&self) -> bool {
        let rest = self.rest.trim_start();
        rest.is_empty() || (rest.starts_with('#') && rest.len() < self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Option<Value> {
        Some(Value::Word(text.to_owned()))
    }

    fn list(words: &[&str]) -> Option<Value> {
        Some(Value::List(words.iter().map(|w| (*w).to_owned()).collect()))
    }

    #[test]
    fn reads_words_lists_and_fields() {
        assert_eq!(parse("true"), word("true"));
        assert_eq!(parse(" 'true' # as it should be"), word("true"));
        assert_eq!(
            parse("[\"admin\", 'production',]"),
            list(&["admin", "production"])
        );
        assert_eq!(parse("admin,production"), list(&["admin", "production"]));
        assert_eq!(parse("'admin, production'"), list(&["admin", "production"]));
        assert_eq!(parse("'[\"admin\"]' # why"), list(&["admin"]));
        assert_eq!(parse("[]"), list(&[]));
        let fields = Some(Value::Fields(vec![("risk".to_owned(), "low".to_owned())]));
        assert_eq!(parse("{ risk: \"low\" }"), fields);
        assert_eq!(parse("'{\"risk\":\"low\",}'"), fields);
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "[",
            "{",
            "]",
            "[a b]",
            "{ risk }",
            "{ risk: low",
            "\"low",
            "[[a]]",
            "true yes",
            "true#yes",
            "[a] b",
            "é: [",
            "'",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

//! Names in the oracle: own pattern matcher, own order of levels, own sides. Text only, everything looked at.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use decision::evidence::record::{GivenKind, Target};
use decision::rules::class::Class;
use decision::rules::policy::{Entitlement, Environment, Policy, Sensitivity};
use unicode_security::confusable_detection::skeleton;

/// `resource` and `level`; the last colon divides.
pub(super) fn halves(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((resource, level)) => (resource, Some(level)),
        None => (text, None),
    }
}

/// Texts by which something can be recognised.
#[derive(Clone, Default)]
pub(super) struct Known {
    resources: Vec<String>,
    levels: Vec<String>,
}

impl Known {
    pub(super) fn access(&mut self, text: &str) {
        let (resource, level) = halves(text);
        self.resources.push(resource.to_owned());
        self.levels.extend(level.map(str::to_owned));
    }

    /// A system's own name for it: it can betray both halves.
    fn name(&mut self, text: &str) {
        self.resources.push(text.to_owned());
        self.levels.push(text.to_owned());
    }

    fn label(&mut self, text: &str) {
        self.resources.push(text.to_owned());
    }

    pub(super) fn entry(&mut self, entry: &Entitlement) {
        self.access(&entry.id);
        for alias in &entry.aliases {
            self.access(alias);
        }
        for label in entry.tags.iter().chain(&entry.system) {
            self.label(label);
        }
        if entry.environment == Environment::Production {
            self.label("production");
            self.label("prod");
        }
    }

    pub(super) fn target(&mut self, target: &Target) {
        self.name(&target.name);
        for label in target.path.iter().chain(&target.tags) {
            self.label(label);
        }
        for given in &target.gives {
            if given.kind == GivenKind::Group {
                self.name(&given.name);
            }
        }
    }

    /// Whether `pattern` catches any of it.
    pub(super) fn caught_by(&self, pattern: &str) -> bool {
        let (resource, level) = halves(pattern);
        let any = |texts: &[String], side: &str| {
            side_is_open(side) || texts.iter().any(|text| side_catches(side, text))
        };
        any(&self.resources, resource) && any(&self.levels, level.unwrap_or("*"))
    }
}

fn side_is_open(side: &str) -> bool {
    side.split('*')
        .all(|piece| words(piece, Cut::Fine).is_empty())
}

fn side_catches(side: &str, text: &str) -> bool {
    [Cut::Coarse, Cut::Fine, Cut::Finest]
        .into_iter()
        .any(|cut| {
            let words_of_text = words(text, cut);
            let mut from = 0;
            side.split('*')
                .map(|piece| words(piece, Cut::Fine))
                .filter(|piece| !piece.is_empty())
                .all(|piece| {
                    let found = (from..=words_of_text.len()).find(|start| {
                        words_of_text
                            .iter()
                            .skip(*start)
                            .take(piece.len())
                            .eq(piece.iter())
                    });
                    from = found.map_or(usize::MAX / 2, |start| start + piece.len());
                    found.is_some()
                })
        })
}

/// How finely a text is cut into words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// At everything that is no letter or digit.
    Coarse,
    /// Also between letters and digits, and before a capital that follows a small letter.
    Fine,
    /// Also before the last of several capitals, when a small letter comes next: `HTTPServer`.
    Finest,
}

/// The folded words of a text. Remembered, for speed alone.
fn words(text: &str, cut: Cut) -> Rc<[String]> {
    thread_local! {
        static KNOWN: RefCell<[HashMap<String, Rc<[String]>>; 3]> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|[coarse, fine, finest]| {
        let known = match cut {
            Cut::Coarse => coarse,
            Cut::Fine => fine,
            Cut::Finest => finest,
        };
        if let Some(words) = known.get(text) {
            return Rc::clone(words);
        }
        let words: Rc<[String]> = cut_words(text, cut).into();
        known.insert(text.to_owned(), Rc::clone(&words));
        words
    })
}

fn cut_words(text: &str, cut: Cut) -> Vec<String> {
    let letters: Vec<char> = text.chars().filter(|letter| !is_hidden(*letter)).collect();
    let at = |place: usize| letters.get(place).copied().unwrap_or(' ');
    let mut words = vec![String::new()];
    for place in 0..letters.len() {
        let (letter, after) = (at(place), at(place + 1));
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = place.checked_sub(1).map_or(' ', at);
        let is_within = before.is_alphanumeric();
        let changes = before.is_numeric() != letter.is_numeric();
        let rises = before.is_lowercase() && letter.is_uppercase();
        let last_capital = letter.is_uppercase() && after.is_lowercase();
        if is_within
            && (cut >= Cut::Fine && (changes || rises) || cut == Cut::Finest && last_capital)
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| folded(word)).collect()
}

fn folded(word: &str) -> String {
    skeleton(&word.to_lowercase())
        .collect::<String>()
        .to_lowercase()
}

/// What no eye sees: controls, zero-width, direction marks, soft hyphens, tags, variation selectors.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// The catalogue entry of exactly this id or alias.
pub(super) fn entry_of<'a>(policy: &'a Policy, name: &str) -> Option<&'a Entitlement> {
    policy
        .catalogue
        .iter()
        .find(|entry| entry.id == name || entry.aliases.iter().any(|alias| alias == name))
}

fn order_of<'a>(policy: &'a Policy, resource: &str) -> &'a [String] {
    let of = |wanted: &str| policy.levels.iter().find(|order| order.resource == wanted);
    of(resource)
        .or_else(|| of(""))
        .map_or(&[], |order| order.levels.as_slice())
}

/// Whether the level of `id` stands in the order of its resource.
pub(super) fn level_is_mapped(policy: &Policy, id: &str) -> bool {
    let (resource, level) = halves(id);
    order_of(policy, resource)
        .iter()
        .any(|known| Some(known.as_str()) == level)
}

/// The name itself and that of every lower level of its resource.
pub(super) fn implied(policy: &Policy, id: &str) -> BTreeSet<String> {
    let (resource, level) = halves(id);
    let mut names = BTreeSet::from([id.to_owned()]);
    if level_is_mapped(policy, id) {
        for lower in order_of(policy, resource) {
            if Some(lower.as_str()) == level {
                break;
            }
            names.insert(format!("{resource}:{lower}"));
        }
    }
    names
}

/// As [`implied`], and all levels when the name's own stands in no order: it counts as administration.
fn implied_widely(policy: &Policy, id: &str) -> BTreeSet<String> {
    let mut names = implied(policy, id);
    let (resource, level) = halves(id);
    if level.is_some() && !level_is_mapped(policy, id) {
        let all = order_of(policy, resource).iter();
        names.extend(all.map(|lower| format!("{resource}:{lower}")));
    }
    names
}

/// Whether whoever has all of `names` (and what `known` describes) fulfils a side.
pub(super) fn fulfils(policy: &Policy, side: &str, names: &[&str], known: Option<&Known>) -> bool {
    let mut all = BTreeSet::new();
    for name in names {
        let id = entry_of(policy, name).map_or(*name, |entry| entry.id.as_str());
        all.insert((*name).to_owned());
        all.extend(implied_widely(policy, id));
    }
    let by_name = all.iter().any(|name| {
        let entry = entry_of(policy, name);
        let mut about = Known::default();
        about.access(name);
        if let Some(entry) = entry {
            about.entry(entry);
        }
        let exact = name == side
            || entry
                .is_some_and(|entry| entry.id == side || entry.aliases.iter().any(|a| a == side));
        if side.contains('*') {
            about.caught_by(side)
        } else {
            exact
        }
    });
    by_name || side.contains('*') && known.is_some_and(|known| known.caught_by(side))
}

/// Whether whatever a target gives fulfils a side.
pub(super) fn gives_side(policy: &Policy, side: &str, target: &Target) -> bool {
    target.gives.iter().any(|given| match given.kind {
        GivenKind::Entitlement => fulfils(policy, side, &[&given.name], None),
        GivenKind::Group => {
            let mut known = Known::default();
            known.name(&given.name);
            given.name == side || side.contains('*') && known.caught_by(side)
        }
    })
}

/// The never-auto classes of everything that a target gives, and whether a pattern names it privileged. A group is a name
/// of the target, so that is looked at there.
pub(super) fn danger_given(policy: &Policy, target: &Target) -> (BTreeSet<Class>, bool) {
    let mut all = BTreeSet::new();
    let mut privileged = false;
    for given in &target.gives {
        if given.kind == GivenKind::Group {
            continue;
        }
        let entry = entry_of(policy, &given.name);
        let mut known = Known::default();
        known.access(&given.name);
        if let Some(entry) = entry {
            known.entry(entry);
        }
        let mut own = classes(policy, entry, &known);
        if entry.is_none()
            && level_is_mapped(policy, &given.name)
            && !by_pattern(policy, Class::Admin, &known)
        {
            own.remove(&Class::Admin);
        }
        all.extend(own);
        let mut patterns = policy.privileged.iter();
        privileged |= patterns.any(|pattern| known.caught_by(&pattern.text));
    }
    (all, privileged)
}

/// Whether a pattern of the class, built in or added, catches it.
fn by_pattern(policy: &Policy, class: Class, known: &Known) -> bool {
    let added = policy
        .never_auto
        .iter()
        .filter(|added| added.class == class);
    let mut patterns: Vec<&str> = class.built_in_patterns().to_vec();
    patterns.extend(added.flat_map(|added| added.patterns.iter().map(|p| p.text.as_str())));
    patterns.into_iter().any(|pattern| known.caught_by(pattern))
}

/// The never-auto classes of an entry, of a name and of a target together.
pub(super) fn classes(
    policy: &Policy,
    entry: Option<&Entitlement>,
    known: &Known,
) -> BTreeSet<Class> {
    let mut classes = BTreeSet::new();
    for class in Class::BUILT_IN {
        if by_pattern(policy, class, known) {
            classes.insert(class);
        }
    }
    // What nobody catalogued has no mapped level.
    if entry.is_none() {
        classes.insert(Class::Admin);
    }
    if let Some(entry) = entry {
        if entry.environment == Environment::Production {
            classes.insert(Class::Production);
        }
        if entry.sensitivity == Sensitivity::Restricted {
            classes.insert(Class::SensitiveData);
        }
        if !level_is_mapped(policy, &entry.id) {
            classes.insert(Class::Admin);
        }
    }
    classes
}

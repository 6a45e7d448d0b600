//! The attributes that an organisation declares for its people, requests and resources.

use std::collections::BTreeMap;

use decision::rules::policy::Attribute;

/// Every declared attribute, by whose it is and by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) person: BTreeMap<String, Declaration>,
    pub(crate) request: BTreeMap<String, Declaration>,
    pub(crate) resource: BTreeMap<String, Declaration>,
}

/// One declared attribute.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    /// What its values are.
    pub(crate) kind: Kind,
    /// Whether its absence is a fact. If not, an attribute that nobody states is unknown.
    pub(crate) optional: bool,
    /// Whether the person can change it: then no permit may read it.
    pub(crate) editable: bool,
}

/// What the values of an attribute are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true` or `false`.
    YesNo,
    /// A whole number of 64 bits.
    Number,
    /// Any text.
    Text,
    /// One of these texts.
    OneOf(Vec<String>),
    /// A set of texts.
    List,
}

impl Kind {
    /// Whether `value` is such a value.
    pub(crate) fn fits(&self, value: &Attribute) -> bool {
        match (self, value) {
            (Self::YesNo, Attribute::YesNo(_))
            | (Self::Number, Attribute::Number(_))
            | (Self::Text, Attribute::Text(_))
            | (Self::List, Attribute::List(_)) => true,
            (Self::OneOf(values), Attribute::Text(text)) => values.contains(text),
            (Self::YesNo | Self::Number | Self::Text | Self::OneOf(_) | Self::List, _) => false,
        }
    }

    /// Its type in the schema.
    pub(crate) fn cedar(&self) -> &'static str {
        match self {
            Self::YesNo => "Bool",
            Self::Number => "Long",
            Self::Text | Self::OneOf(_) => "String",
            Self::List => "Set<String>",
        }
    }

    /// In words, to follow "must be".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::YesNo => "`true` or `false`".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::OneOf(values) => format!("one of {}", values.join(", ")),
            Self::List => "a list of texts".to_owned(),
        }
    }
}

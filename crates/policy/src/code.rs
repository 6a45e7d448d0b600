//! The kinds of problem in a policy file, each with a stable name.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident => $text:literal,)+) => {
        /// The kind of a problem. The names are stable: programs may match on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every kind, in the order of the reference page.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name, such as `key::unknown`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

codes! {
    /// The file is larger than `FILE_BYTES_MAX`.
    FileTooLarge => "file::too_large",
    /// The file says nothing.
    FileEmpty => "file::empty",
    /// A byte that is not UTF-8.
    FileNotUtf8 => "file::not_utf8",
    /// A tab.
    FileTab => "file::tab",
    /// A control character or one that changes direction.
    FileCharacter => "file::character",
    /// More than one YAML document.
    FileDocuments => "file::documents",
    /// A line that nests too deeply.
    FileDepth => "file::depth",
    /// Not YAML.
    YamlSyntax => "yaml::syntax",
    /// An anchor, an alias or an unquoted star.
    YamlAnchor => "yaml::anchor",
    /// A tag such as `!!binary`.
    YamlTag => "yaml::tag",
    /// A key that is written twice.
    YamlDuplicateKey => "yaml::duplicate_key",
    /// A key that is not a plain word.
    YamlKey => "yaml::key",
    /// A key that the grammar does not have.
    KeyUnknown => "key::unknown",
    /// A key that must be there.
    KeyMissing => "key::missing",
    /// A list where a mapping is needed, or the like.
    ValueType => "value::type",
    /// An empty text or list.
    ValueEmpty => "value::empty",
    /// A text that is too long.
    ValueTooLong => "value::too_long",
    /// Too many entries.
    ValueTooMany => "value::too_many",
    /// Not one of the allowed words.
    ValueChoice => "value::choice",
    /// Not a whole number.
    ValueNumber => "value::number",
    /// The same entry twice in a list (a warning where it changes nothing).
    ValueRepeated => "value::repeated",
    /// A version that this program does not read.
    VersionUnknown => "version::unknown",
    /// Not `resource:level`.
    NameShape => "name::shape",
    /// A control, direction or invisible character in a name.
    NameCharacter => "name::character",
    /// Spaces that do not show.
    NameSpace => "name::space",
    /// A star where an exact name is needed.
    NameWildcard => "name::wildcard",
    /// Inherits a role that is not there.
    RoleUnknown => "role::unknown",
    /// Roles that inherit each other in a circle.
    RoleCycle => "role::cycle",
    /// A chain of inheritance that is too long.
    RoleDepth => "role::depth",
    /// One entitlement both standard and grantable in one role.
    RoleBoth => "role::both",
    /// A role that lists and inherits nothing (a warning).
    RoleEmpty => "role::empty",
    /// An alias that is also another name.
    AliasClash => "alias::clash",
    /// A narrower entitlement that is not in the catalogue.
    NarrowerUnknown => "narrower::unknown",
    /// Narrower entitlements in a circle.
    NarrowerCycle => "narrower::cycle",
    /// Fewer approvals than the built-in ones.
    ApprovalsLoosened => "approvals::loosened",
    /// A rule with fewer than two different sides.
    SodSides => "sod::sides",
    /// Two rules with one id.
    SodDuplicateId => "sod::duplicate_id",
    /// A date that cannot be read.
    DateUnreadable => "date::unreadable",
    /// A length of time that cannot be read.
    DurationUnreadable => "duration::unreadable",
    /// A length of time above the policy's own maximum.
    DurationAboveMaximum => "duration::above_maximum",
    /// A window shorter than the maximum.
    DurationWindow => "duration::window",
    /// A name that an attribute cannot have.
    AttributeName => "attribute::name",
    /// An attribute that is not declared.
    AttributeUnknown => "attribute::unknown",
    /// A value of another kind than declared.
    AttributeValue => "attribute::value",
    /// A condition that Cedar cannot read.
    ConditionSyntax => "condition::syntax",
    /// An attribute, type or entity that the schema does not have.
    ConditionType => "condition::type",
    /// A condition that can never hold.
    ConditionNever => "condition::never",
    /// A condition without an id, or with one that is taken or malformed.
    ConditionId => "condition::id",
    /// An annotation that is missing, unknown or misplaced.
    ConditionAnnotation => "condition::annotation",
    /// A permit that does not name one catalogued entitlement in its scope.
    ConditionScope => "condition::scope",
    /// A permit that would make dangerous access standard.
    ConditionDanger => "condition::danger",
    /// A permit that reads what the person can change.
    ConditionEditable => "condition::editable",
    /// A comparison with a value that the attribute cannot have.
    ConditionValue => "condition::value",
    /// A role that lists dangerous access as standard.
    LintPrivilegedRole => "lint::privileged_role",
    /// A role whose own standard access breaks a rule.
    LintToxicRole => "lint::toxic_role",
    /// No owner where one has to act.
    LintOwnerMissing => "lint::owner_missing",
    /// A pattern that catches nothing.
    LintPatternIdle => "lint::pattern_idle",
    /// A rule that names what is not in the catalogue.
    LintUnknownEntitlement => "lint::unknown_entitlement",
    /// A condition that names a role that is not there.
    LintUnknownRole => "lint::unknown_role",
    /// An exception whose end has passed.
    LintExceptionOver => "lint::exception_over",
    /// A rule that adds nothing to another.
    LintShadowed => "lint::shadowed",
    /// A condition that another one makes needless.
    LintUnreachable => "lint::unreachable",
    /// A condition that asks for something and rules it out.
    LintNeverHolds => "lint::never_holds",
    /// A permit that touches a never-auto class.
    LintPermitDanger => "lint::permit_danger",
    /// A condition without a reason.
    LintReasonMissing => "lint::reason_missing",
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

//! The columns of a history: names, and what they hold.

macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident $name:literal $expected:literal;)*) => {
        /// A column of a history.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Column { $($(#[$doc])* $column,)* }

        impl Column {
            /// Every column.
            pub const ALL: &'static [Self] = &[$(Self::$column),*];

            /// Its name in a file.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)* }
            }

            /// What it holds, in words.
            #[must_use]
            pub fn expected(self) -> &'static str {
                match self { $(Self::$column => $expected,)* }
            }
        }
    };
}

columns! {
    /// The ticket system's id. Required.
    RequestId "request_id" "text";
    /// Login of the person who asked. Required.
    Requester "requester" "a login";
    /// Login of the person whom it was for, when that was somebody else.
    OnBehalfOf "on_behalf_of" "a login";
    /// Roles of that person at the time; the column may be called `role` too.
    Roles "roles" "role names: a list, or text with `;` between them";
    /// Their department; only conditions read it.
    Department "department" "text";
    /// What was asked for. Required.
    Access "access" "text such as `repo:read`";
    /// For how long.
    Duration "duration" "a length of time such as `8h`, `30d` or `PT8H`";
    /// Until when, instead of a duration.
    Until "until" "a time such as 2026-11-22T08:00:00Z";
    /// When it was filed.
    CreatedAt "created_at" "a time such as 2026-11-22T08:00:00Z";
    /// When the owner decided; the moment of the decision. `created_at` stands in.
    DecidedAt "decided_at" "a time such as 2026-11-22T08:00:00Z";
    /// The reason as text, or whether there was one.
    Justification "justification" "text, or true or false";
    /// Approvals that stood when it was decided.
    Approvals "approvals" "`manager`, `resource_owner`, `security`: a list, or text with `;` between them";
    /// What the owner decided.
    OwnerDecision "owner_decision" "`approve`, `ask`, `escalate` or `deny`";
    /// The least entitlement that was needed, as the owner judged; `none` when nothing was.
    MinimalAccess "minimal_access" "text such as `repo:read`, or `none`";
    /// Whether it was a conflict, as the owner judged: true, false, or the id of a rule.
    SodConflict "sod_conflict" "true, false, or the id of a rule";
    /// What the person held then.
    Holdings "holdings" "entitlements: a list, or text with `;` between them";
    /// What a model advised when it was decided.
    ModelAdvice "model_advice" "`nothing`, `narrow`, `ask_first` or `look_closer`";
    /// How sure the model said that it was.
    ModelConfidence "model_confidence" "a number from 0 to 1";
    /// Further attributes of the person, as a JSON object; only conditions read them.
    Attributes "attributes" "a JSON object of yes-or-no, whole numbers, texts or lists of texts";
    /// Verified facts of the request, as a JSON object; only conditions read them.
    Facts "facts" "a JSON object of yes-or-no, whole numbers, texts or lists of texts";
}

impl Column {
    /// The column of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "role" {
            return Some(Self::Roles);
        }
        Self::ALL
            .iter()
            .copied()
            .find(|column| column.name() == name)
    }

    /// Whether a row without it is broken.
    #[must_use]
    pub fn is_required(self) -> bool {
        matches!(self, Self::RequestId | Self::Requester | Self::Access)
    }

    /// Whether only conditions read it.
    #[must_use]
    pub fn is_for_conditions(self) -> bool {
        matches!(self, Self::Department | Self::Attributes | Self::Facts)
    }

    /// Whether it is kept as text and not as a number.
    pub(crate) fn is_text(self) -> bool {
        self.is_for_conditions() || self == Self::RequestId
    }
}

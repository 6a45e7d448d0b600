//! Numbers that stand for names while a decision is made, and lists of them.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its table.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A role of the policy.
    RoleId;
    /// A catalogued entitlement.
    EntitlementId;
    /// A side of one or more segregation-of-duties rules; equal texts are one side.
    SideId;
    /// A segregation-of-duties rule.
    ConflictId;
    /// A system in which entitlements live.
    SystemId;
}

/// Many short lists in one piece of memory: list `i` is `items[starts[i] .. starts[i + 1]]`.
#[derive(Clone, Debug)]
pub struct Lists<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self {
            starts: vec![0],
            items: Vec::new(),
        }
    }
}

impl<T: Ord> Lists<T> {
    /// Puts `lists` together, each sorted and without repetition. Together at most 4,294,967,295 items; what is
    /// beyond is refused with `None`.
    #[must_use]
    pub fn new(lists: impl IntoIterator<Item = Vec<T>>) -> Option<Self> {
        let mut whole = Self::default();
        for mut list in lists {
            list.sort_unstable();
            list.dedup();
            whole.items.append(&mut list);
            whole.starts.push(u32::try_from(whole.items.len()).ok()?);
        }
        Some(whole)
    }

    /// List `index`; empty when there is none.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> &[T] {
        match (
            self.starts.get(index),
            self.starts.get(index.wrapping_add(1)),
        ) {
            (Some(start), Some(end)) => self
                .items
                .get(*start as usize..*end as usize)
                .unwrap_or(&[]),
            _ => &[],
        }
    }
}

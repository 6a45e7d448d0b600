//! The list, spooled: rows go to an unnamed file as they come, and memory keeps a few numbers for each.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use decision::vault::request::login_of;
use decision::vault::signals::Justification;
use decision::vault::{Status, WorkflowRequest};

/// What memory keeps of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slim {
    offset: u64,
    length: u32,
    pub(super) created: i64,
    pub(super) status: SlimStatus,
    /// Number of the requester.
    pub(super) requester: u32,
    /// Number of the asset.
    pub(super) asset: u32,
    /// Hash of what the justification says; 0 when it says too little to be compared.
    pub(super) justification: u64,
}

/// A status in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlimStatus {
    Rejected,
    /// Approved, whether closed since or not: somebody looked.
    Approved,
    Other,
}

/// Names, each with a number.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Names {
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
}

/// The rows of one list.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    end: u64,
    /// In the vault's order.
    pub(super) rows: Vec<Slim>,
    /// Ids by row.
    pub(super) ids: Names,
    /// Logins in lower case, without domains.
    pub(super) requesters: Names,
    /// By requester: how the vault writes them; `None` when it does so in several ways, which may be several people.
    notations: Vec<Option<Box<str>>>,
    /// Domains whose logins are those of the directory.
    domains: Vec<String>,
    /// Ids of assets; of an asset without one its name after a space, which no id begins with.
    pub(super) assets: Names,
}

impl Spool {
    /// An empty spool, in a file of `folder` that has no name and goes with the process.
    pub(super) fn new(folder: &Path, domains: &[String]) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(256 * 1024, tempfile::tempfile_in(folder)?),
            end: 0,
            rows: Vec::new(),
            ids: Names::default(),
            requesters: Names::default(),
            notations: Vec::new(),
            domains: domains.to_vec(),
            assets: Names::default(),
        })
    }

    /// Adds a row. One that was read before is replaced: the list moved on while it was read.
    pub(super) fn add(&mut self, request: &WorkflowRequest) -> io::Result<()> {
        let bytes = serde_json::to_vec(request)?;
        self.file.write_all(&bytes)?;
        let slim = Slim {
            offset: self.end,
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            created: request.created.seconds(),
            status: match request.status {
                Status::Rejected => SlimStatus::Rejected,
                Status::Approved => SlimStatus::Approved,
                // Who takes a request back ends it too: only one with an approval was looked at.
                Status::Completed if request.approved.is_some() => SlimStatus::Approved,
                Status::Active | Status::Completed | Status::Unknown => SlimStatus::Other,
            },
            requester: self.requesters.number(&login_of(&request.requester)),
            asset: match &request.asset {
                Some(id) => self.assets.number(id),
                None => self.assets.number(&format!(" {}", request.asset_name)),
            },
            justification: hash_of(&request.justification),
        };
        self.note_notation(slim.requester, &request.requester);
        self.end = self.end.saturating_add(bytes.len() as u64);
        let number = self.ids.number(&request.id) as usize;
        match self.rows.get_mut(number) {
            Some(row) => *row = slim,
            None => self.rows.push(slim),
        }
        Ok(())
    }

    fn note_notation(&mut self, requester: u32, text: &str) {
        match self.notations.get_mut(requester as usize) {
            None => self.notations.push(Some(text.into())),
            Some(known) => {
                let same = |known: &str| known.eq_ignore_ascii_case(text);
                if !known.as_deref().is_some_and(same) {
                    *known = None;
                }
            }
        }
    }

    /// Why the login of a requester may not stand for a person of the directory; `None` when it may. The directory knows
    /// logins, so a notation with a domain is only believed where the operator names that domain as theirs.
    pub(super) fn doubt(&self, requester: usize) -> Option<&'static str> {
        let Some(notation) = self.notations.get(requester).and_then(Option::as_deref) else {
            return Some(
                "the vault writes this login in several ways, which may be several people",
            );
        };
        let domain = match (notation.split_once('\\'), notation.rsplit_once('@')) {
            (Some((domain, _)), _) | (None, Some((_, domain))) => domain.trim(),
            (None, None) => return None,
        };
        let own = self.domains.iter();
        let known = own.into_iter().any(|own| own.eq_ignore_ascii_case(domain));
        (!known).then_some(
            "its domain is not among VAULT_LOGIN_DOMAINS, so it may be somebody else's login",
        )
    }

    /// Everything added is in the file from here on.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Id of the asset of a row, from the list or from the request's own record.
    pub(super) fn asset_id(&self, row: &Slim) -> Option<&str> {
        let name = self.assets.name(row.asset);
        (!name.is_empty() && !name.starts_with(' ')).then_some(name)
    }

    /// Reads a row back.
    pub(super) fn read(&self, row: &Slim) -> io::Result<WorkflowRequest> {
        let mut bytes = vec![0; row.length as usize];
        self.file.get_ref().read_exact_at(&mut bytes, row.offset)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// Hash of the letters and digits in lower case, so that spaces and marks do not hide a copy.
fn hash_of(justification: &str) -> u64 {
    if Justification::of(justification) != Justification::Stated {
        return 0;
    }
    let letters = justification
        .chars()
        .filter(|letter| letter.is_alphanumeric());
    // FNV-1a: a collision makes a request look copied, which only ever holds it back.
    letters
        .flat_map(char::to_lowercase)
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, letter| {
            (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x0100_0000_01b3)
        })
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_comes_again_takes_the_place_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path(), &[]).unwrap();
        let mut row = WorkflowRequest {
            id: "a".into(),
            requester: "CORP\\Engineer-001".into(),
            asset_name: "build-01".into(),
            ..WorkflowRequest::default()
        };
        spool.add(&row).unwrap();
        row.id = "b".into();
        row.requester = "engineer-001@corp.example".into();
        spool.add(&row).unwrap();
        row.id = "a".into();
        row.status = Status::Rejected;
        spool.add(&row).unwrap();
        spool.finish().unwrap();
        assert_eq!(spool.rows.len(), 2);
        assert_eq!(spool.requesters.len(), 1);
        assert!(spool.doubt(0).is_some(), "two domains may be two people");
        assert_eq!(spool.read(&spool.rows[0]).unwrap(), row);
    }

    #[test]
    fn copies_are_seen_through_marks_and_case() {
        let one = hash_of("Patch verification after CHG-2207");
        assert_eq!(one, hash_of("patch  verification, after chg 2207!"));
        assert_ne!(one, hash_of("Patch verification after CHG-2208"));
        assert_eq!(hash_of("asap"), 0);
    }
}

//! A small log on disk, and ways to damage it.

#![expect(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use audit::{
    Appender, Category, Finding, FolderDisk, Leaf, MemoryTiles, Options, Report, Scope,
    SignedCheckpoint, SigningKey,
};

pub(crate) const ORIGIN: &str = "example.com/audit-log";

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, [7; 32]).unwrap()
}

/// A log that is appended to, sealed and published.
pub(crate) struct World {
    pub(crate) appender: Appender,
    pub(crate) tiles: MemoryTiles,
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) checkpoints: Vec<SignedCheckpoint>,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            appender: Appender::default(),
            tiles: MemoryTiles::new(),
            leaves: Vec::new(),
            checkpoints: Vec::new(),
            folder: scratch(),
        }
    }

    /// A log of short opaque leaves, published at each of these sizes.
    pub(crate) fn published(sizes: &[u64]) -> Self {
        let mut world = Self::new();
        for size in sizes {
            world.grow(*size);
            world.publish();
        }
        world
    }

    pub(crate) fn grow(&mut self, size: u64) {
        while self.appender.frontier().size() < size {
            let n = self.appender.frontier().size();
            self.push(format!("leaf {n}").into_bytes());
        }
        self.checkpoints.push(self.appender.seal(&key()));
    }

    pub(crate) fn push(&mut self, leaf: Vec<u8>) {
        let appended = self.appender.append(&leaf).unwrap();
        self.tiles.push(&leaf, &appended.nodes);
        self.leaves.push(leaf);
    }

    pub(crate) fn publish(&self) {
        let disk = FolderDisk::new(self.path());
        audit::publish(&disk, &self.tiles, self.last(), Scope::SinceLast).unwrap();
    }

    pub(crate) fn last(&self) -> &SignedCheckpoint {
        self.checkpoints.last().unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn verify(&self) -> Report {
        verify(self.path(), None)
    }

    pub(crate) fn against(&self, saved: &str) -> Report {
        verify(self.path(), Some(saved.as_bytes()))
    }

    /// Paths below the folder, sorted; without the empty lock file.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(self.path(), &mut files);
        let mut names: Vec<String> = files
            .iter()
            .map(|file| {
                file.strip_prefix(self.path())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .filter(|name| name != ".lock")
            .collect();
        names.sort();
        names
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.path().join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Verifies with a file's bytes exchanged, then puts the file back.
    pub(crate) fn verify_with(&self, file: &str, bytes: &[u8]) -> Report {
        let good = self.read(file);
        self.write(file, bytes);
        let report = self.verify();
        self.write(file, &good);
        report
    }
}

/// A temporary folder, in memory where the system has such a place: these tests write tens of thousands of files.
fn scratch() -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).unwrap()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files)
        } else {
            files.push(path)
        }
    }
}

pub(crate) fn verify(folder: &Path, against: Option<&[u8]>) -> Report {
    let options = Options {
        against,
        opaque_leaves: true,
    };
    audit::verify(folder, &key().verifier(), options, &mut |_, _| {})
}

/// The broken findings alone.
pub(crate) fn broken(report: &Report) -> Vec<Finding> {
    report
        .findings
        .iter()
        .filter(|f| f.severity() == audit::Severity::Broken)
        .cloned()
        .collect()
}

pub(crate) fn typed_leaf(n: u64) -> Vec<u8> {
    Leaf {
        at: "2026-03-01T09:30:00Z".into(),
        category: Category::PolicyCheck,
        clear: BTreeMap::from([("outcome".into(), "escalate".into())]),
        committed: BTreeMap::new(),
        event: "ruling.made".into(),
        format: 1,
        request: format!("REQ-{n}"),
    }
    .to_bytes()
    .unwrap()
}

impl World {
    pub(crate) fn tiles_at(&self, level: u8, tile: u64, width: u16) -> Vec<audit::Digest> {
        audit::TileReader::hashes(&self.tiles, level, tile, width).unwrap()
    }
}

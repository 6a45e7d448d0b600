//! Publishing fails at every step in turn: the old log stays whole, and running again completes the new one.

#[cfg(test)]
mod common;

use std::cell::Cell;
use std::fs;
use std::io;

use audit::tile::encode_hashes;
use audit::{Disk, FolderDisk, PublishError, Scope, publish};
use common::{World, broken};

/// A disk on which one step fails, before or after it took effect.
struct Failing {
    disk: FolderDisk,
    steps_left: Cell<usize>,
    after: bool,
}

impl Failing {
    fn step<T>(&self, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let left = self.steps_left.get();
        self.steps_left.set(left.wrapping_sub(1));
        if left != 0 {
            return act();
        }
        if self.after {
            act()?;
        }
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }
}

impl Disk for Failing {
    type Guard = fs::File;
    fn lock(&self) -> io::Result<fs::File> {
        self.step(|| self.disk.lock())
    }
    fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.step(|| self.disk.read(path, limit))
    }
    fn write_pending(&self, bytes: &[u8]) -> io::Result<()> {
        // A write that fails may leave half of it.
        if self.steps_left.get() == 0 && !self.after {
            self.disk
                .write_pending(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
        }
        self.step(|| self.disk.write_pending(bytes))
    }
    fn name_pending(&self, path: &str) -> io::Result<()> {
        self.step(|| self.disk.name_pending(path))
    }
    fn sync_folders(&self, path: &str) -> io::Result<()> {
        self.step(|| self.disk.sync_folders(path))
    }
    fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.step(|| self.disk.remove_folder(path))
    }
}

#[test]
fn every_failing_step_leaves_the_old_log_whole_and_can_be_run_again() {
    for after in [false, true] {
        for fail_at in 0.. {
            let mut world = World::published(&[200]);
            world.grow(520);
            let disk = Failing {
                disk: FolderDisk::new(world.path()),
                steps_left: Cell::new(fail_at),
                after,
            };
            if publish(&disk, &world.tiles, world.last(), Scope::SinceLast).is_ok() {
                assert!(fail_at > 20, "only {fail_at} steps");
                break;
            }
            let between = world.verify();
            assert!(between.is_sound(), "step {fail_at}: {:?}", broken(&between));
            let size = between.checkpoint.unwrap().size;
            assert!(size == 200 || size == 520);
            world.publish();
            let report = world.verify();
            assert!(report.is_clean(), "step {fail_at}: {report:?}");
            assert_eq!(report.checkpoint.unwrap().size, 520);
        }
    }
}

#[test]
fn a_first_publication_that_fails_has_no_checkpoint() {
    for fail_at in 0.. {
        let mut world = World::new();
        world.grow(40);
        let disk = Failing {
            disk: FolderDisk::new(world.path()),
            steps_left: Cell::new(fail_at),
            after: false,
        };
        if publish(&disk, &world.tiles, world.last(), Scope::SinceLast).is_ok() {
            break;
        }
        let published = world.path().join("checkpoint").exists();
        assert!(!published || world.verify().is_sound());
        world.publish();
        assert!(world.verify().is_clean());
    }
}

#[test]
fn publishing_again_writes_nothing() {
    let world = World::published(&[17, 300]);
    let disk = FolderDisk::new(world.path());
    for scope in [Scope::SinceLast, Scope::Everything] {
        let done = publish(&disk, &world.tiles, world.last(), scope).unwrap();
        assert_eq!(
            (done.files_written, done.old_size, done.new_size),
            (0, 300, 300)
        );
    }
    fs::remove_file(world.path().join("tile/0/000")).unwrap();
    assert!(!world.verify().is_sound());
    assert_eq!(
        publish(&disk, &world.tiles, world.last(), Scope::Everything)
            .unwrap()
            .files_written,
        1
    );
    assert!(world.verify().is_clean());
}

#[test]
fn outgrown_partial_tiles_are_removed() {
    let world = World::published(&[17, 40, 256, 300]);
    assert!(!world.path().join("tile/0/000.p").exists());
    assert!(!world.path().join("tile/entries/000.p").exists());
    assert!(world.path().join("tile/entries/001.p/44").exists());
    assert!(world.verify().is_clean());
}

#[test]
fn a_tile_with_other_bytes_is_never_overwritten() {
    let world = World::published(&[300]);
    let mut hashes = world.tiles_at(0, 0, 256);
    hashes[1].0[0] ^= 1;
    let edited = encode_hashes(&hashes);
    world.write("tile/0/000", &edited);
    let disk = FolderDisk::new(world.path());
    let error = publish(&disk, &world.tiles, world.last(), Scope::Everything).unwrap_err();
    assert!(
        matches!(&error, PublishError::TileDiffers(tile) if tile == "tile/0/000"),
        "{error}"
    );
    assert_eq!(world.read("tile/0/000"), edited);
}

#[test]
fn a_rolled_back_or_forked_store_does_not_publish() {
    let world = World::published(&[40]);
    let disk = FolderDisk::new(world.path());
    let mut rolled_back = World::new();
    rolled_back.grow(39);
    let error = publish(
        &disk,
        &rolled_back.tiles,
        rolled_back.last(),
        Scope::SinceLast,
    )
    .unwrap_err();
    assert!(
        matches!(
            error,
            PublishError::RolledBack {
                published: 40,
                ours: 39
            }
        ),
        "{error}"
    );
    let mut forked = World::new();
    forked.push(b"other".to_vec());
    forked.grow(50);
    let error = publish(&disk, &forked.tiles, forked.last(), Scope::SinceLast).unwrap_err();
    assert!(matches!(error, PublishError::Forked(40)), "{error}");
    // A checkpoint over other leaves than the store's is caught before anything is written.
    let error = publish(&disk, &world.tiles, rolled_back.last(), Scope::SinceLast).unwrap_err();
    assert!(matches!(error, PublishError::RolledBack { .. }), "{error}");
    let mut longer = World::new();
    longer.grow(60);
    let error = publish(&disk, &longer.tiles, forked.last(), Scope::SinceLast).unwrap_err();
    assert!(
        matches!(error, PublishError::CheckpointDiffers(50)),
        "{error}"
    );
    assert!(world.verify().is_clean());
}

#[test]
fn two_publishers_do_not_meet() {
    let world = World::published(&[40]);
    let disk = FolderDisk::new(world.path());
    let guard = disk.lock().unwrap();
    let other = FolderDisk::new(world.path());
    let error = publish(&other, &world.tiles, world.last(), Scope::SinceLast).unwrap_err();
    assert!(matches!(error, PublishError::Busy), "{error}");
    drop(guard);
    publish(&other, &world.tiles, world.last(), Scope::SinceLast).unwrap();
}

/// Runs `act` on another thread: whoever opens a named pipe waits for its other end, for ever when there is none.
fn in_time(act: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        act();
        sender.send(())
    });
    let answer = receiver.recv_timeout(std::time::Duration::from_secs(20));
    assert_eq!(answer, Ok(()), "somebody waits for the end of a pipe");
}

#[test]
fn a_named_pipe_in_the_place_of_a_file_keeps_nobody_waiting() {
    for file in [
        "checkpoint",
        "tile/0/000",
        "tile/entries/000",
        "tile/0/001.p/44",
        ".lock",
        ".pending",
    ] {
        in_time(move || {
            let mut world = World::published(&[300]);
            let path = world.path().join(file);
            let _ = fs::remove_file(&path);
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            let fifo = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, mode, 0).unwrap();
            let is_read = !file.starts_with('.');
            assert_eq!(world.verify().is_sound(), !is_read, "{file}");
            world.grow(310);
            let disk = FolderDisk::new(world.path());
            let published = publish(&disk, &world.tiles, world.last(), Scope::Everything);
            // The partial tile is outgrown, and so neither read nor written.
            let is_outgrown = file.contains(".p/");
            assert_eq!(published.is_ok(), is_outgrown, "{file}: {published:?}");
        });
    }
}

//! A file that several threads read at different places: each read says where, under a lock.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A file. The reader that the crate has for files moves one shared position, which threads would take from each other.
pub(crate) struct SharedFile {
    file: Arc<Mutex<File>>,
    length: u64,
}

impl SharedFile {
    pub(crate) fn new(file: File) -> std::io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            length,
        })
    }

    fn from(&self, start: u64) -> From {
        From {
            file: Arc::clone(&self.file),
            at: start,
        }
    }
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for SharedFile {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(self.from(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let wanted = u64::try_from(length).unwrap_or(u64::MAX);
        if start
            .checked_add(wanted)
            .is_none_or(|end| end > self.length)
        {
            return Err(ParquetError::EOF("a part lies outside the file".to_owned()));
        }
        let mut bytes = Vec::with_capacity(length);
        let read = self.from(start).take(wanted).read_to_end(&mut bytes)?;
        if read < length {
            return Err(ParquetError::EOF("the file became shorter".to_owned()));
        }
        Ok(bytes.into())
    }
}

/// A file from some place on.
pub(crate) struct From {
    file: Arc<Mutex<File>>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut file = self
            .file
            .lock()
            .map_err(|_| std::io::Error::other("another reader stopped"))?;
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(buffer)?;
        self.at = self
            .at
            .saturating_add(u64::try_from(read).unwrap_or_default());
        Ok(read)
    }
}

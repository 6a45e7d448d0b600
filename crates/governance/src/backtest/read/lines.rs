//! Cutting text into blocks of whole lines.

use std::io::Read;

use super::LINE_BYTES_MAX;

/// Bytes of a block, about.
const BLOCK_BYTES: usize = 1024 * 1024;

/// Text being cut.
pub(crate) struct Lines {
    reader: Box<dyn Read + Send>,
    /// The beginning of a line of which the end is not read yet.
    rest: Vec<u8>,
    line: u64,
    is_over: bool,
}

/// Whole lines.
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    /// Number of the first line, from 1.
    pub(crate) first: u64,
    /// Whether the block is one line that was too long, of which only the beginning is here.
    pub(crate) is_too_long: bool,
}

impl Lines {
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self {
            reader,
            rest: Vec::new(),
            line: 1,
            is_over: false,
        }
    }

    /// The next block; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Block>, String> {
        if self.is_over {
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let mut part = (&mut self.reader).take(BLOCK_BYTES as u64);
            let read = part
                .read_to_end(&mut bytes)
                .map_err(|error| error.to_string())?;
            if read == 0 {
                self.is_over = true;
                return Ok((!bytes.is_empty()).then(|| self.block(bytes, false)));
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes) {
                self.rest = bytes.split_off(end + 1);
                return Ok(Some(self.block(bytes, false)));
            }
            if bytes.len() > LINE_BYTES_MAX {
                bytes.truncate(64);
                self.skip_line()?;
                return Ok(Some(self.block(bytes, true)));
            }
        }
    }

    fn block(&mut self, bytes: Vec<u8>, is_too_long: bool) -> Block {
        let first = self.line;
        let lines = memchr::memchr_iter(b'\n', &bytes).count();
        self.line += u64::try_from(lines).unwrap_or_default() + u64::from(is_too_long);
        Block {
            bytes,
            first,
            is_too_long,
        }
    }

    /// Drops what is left of a line.
    fn skip_line(&mut self) -> Result<(), String> {
        let mut buffer = Vec::with_capacity(BLOCK_BYTES);
        loop {
            buffer.clear();
            let mut part = (&mut self.reader).take(BLOCK_BYTES as u64);
            let read = part
                .read_to_end(&mut buffer)
                .map_err(|error| error.to_string())?;
            if let Some(end) = memchr::memchr(b'\n', &buffer) {
                self.rest = buffer.split_off(end + 1);
                return Ok(());
            }
            if read == 0 {
                self.is_over = true;
                return Ok(());
            }
        }
    }
}

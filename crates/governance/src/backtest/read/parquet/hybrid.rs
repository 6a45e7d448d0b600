//! Parquet's hybrid of runs and packed bits, in which it writes levels and positions in a dictionary.
//!
//! Source: the Parquet format, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)".

use bytes::Bytes;

/// Numbers of up to 32 bits, read a few at a time.
pub(crate) struct Hybrid {
    data: Bytes,
    /// Byte at which the next run begins.
    at: usize,
    width: usize,
    run: Run,
}

/// What is left of a run.
enum Run {
    Same {
        value: u32,
        left: usize,
    },
    /// `bit` counts from the beginning of the data.
    Packed {
        bit: usize,
        left: usize,
    },
}

/// What is wrong with data that ends before its numbers do.
const SHORT: &str = "a page ends before its values do";

impl Hybrid {
    /// Numbers of `width` bits.
    ///
    /// # Errors
    /// When the width is above 32.
    pub(crate) fn new(data: Bytes, width: usize) -> Result<Self, String> {
        if width > 32 {
            return Err(format!("a page holds numbers of {width} bits"));
        }
        Ok(Self {
            data,
            at: 0,
            width,
            run: Run::Same { value: 0, left: 0 },
        })
    }

    /// Hands the next `count` numbers to `take`, whole runs of one number at once.
    ///
    /// # Errors
    /// When the data ends before.
    pub(crate) fn read(
        &mut self,
        count: usize,
        mut take: impl FnMut(u32, usize),
    ) -> Result<(), String> {
        let mut wanted = count;
        while wanted > 0 {
            match &mut self.run {
                Run::Same { left: 0, .. } | Run::Packed { left: 0, .. } => self.next_run()?,
                Run::Same { value, left } => {
                    let now = wanted.min(*left);
                    take(*value, now);
                    *left -= now;
                    wanted -= now;
                }
                Run::Packed { bit, left } => {
                    let now = wanted.min(*left);
                    for _ in 0..now {
                        take(bits(&self.data, *bit, self.width)?, 1);
                        *bit += self.width;
                    }
                    *left -= now;
                    wanted -= now;
                }
            }
        }
        Ok(())
    }

    fn next_run(&mut self) -> Result<(), String> {
        let header = self.header()?;
        let length = usize::try_from(header >> 1).map_err(|_| SHORT)?;
        if header & 1 == 1 {
            let bytes = length.checked_mul(self.width).ok_or(SHORT)?;
            let bit = self.at.checked_mul(8).ok_or(SHORT)?;
            self.at = self.at.checked_add(bytes).ok_or(SHORT)?;
            let left = length.checked_mul(8).ok_or(SHORT)?;
            self.run = Run::Packed { bit, left };
        } else {
            let bytes = self.width.div_ceil(8);
            let end = self.at.checked_add(bytes).ok_or(SHORT)?;
            let written = self.data.get(self.at..end).ok_or(SHORT)?;
            let value = written
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u32::from(*byte));
            self.at = end;
            self.run = Run::Same {
                value,
                left: length,
            };
        }
        // A run of nothing would go on for ever when no byte was taken for it; the header took one.
        Ok(())
    }

    /// The header of a run: a number in groups of seven bits, lowest first.
    fn header(&mut self) -> Result<u64, String> {
        let mut header = 0;
        for shift in (0..35).step_by(7) {
            let byte = *self.data.get(self.at).ok_or(SHORT)?;
            self.at += 1;
            header |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(header);
            }
        }
        Err("a run is longer than any page".to_owned())
    }
}

/// The number in `width` bits from bit `from` on, lowest first.
#[inline]
pub(crate) fn bits(data: &[u8], from: usize, width: usize) -> Result<u32, String> {
    let (byte, shift) = (from / 8, from % 8);
    let word = match data
        .get(byte..byte.saturating_add(8))
        .map(<[u8; 8]>::try_from)
    {
        Some(Ok(whole)) => u64::from_le_bytes(whole),
        // Near the end of the data.
        Some(Err(_)) | None => {
            let last = from.checked_add(width.saturating_sub(1)).ok_or(SHORT)? / 8;
            let rest = data
                .get(byte..=last)
                .filter(|rest| width == 0 || !rest.is_empty());
            let rest = rest
                .or_else(|| (width == 0).then_some(&[][..]))
                .ok_or(SHORT)?;
            rest.iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte))
        }
    };
    let mask = (1_u64 << width) - 1;
    u32::try_from(word >> shift & mask).map_err(|_| SHORT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[u8], width: usize, count: usize) -> Result<Vec<u32>, String> {
        let mut numbers = Vec::new();
        Hybrid::new(Bytes::copy_from_slice(data), width)?.read(count, |value, times| {
            numbers.extend(std::iter::repeat_n(value, times))
        })?;
        Ok(numbers)
    }

    #[test]
    fn the_example_of_the_format() {
        // 0 to 7 in three bits each, as the format's text packs them.
        let packed = [0b0000_0011, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(read(&packed, 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        // A run of four fives, then the same again.
        let mixed = [&[8, 5][..], &packed].concat();
        assert_eq!(read(&mixed, 3, 6).unwrap(), [5, 5, 5, 5, 0, 1]);
        assert_eq!(read(&[8], 0, 4).unwrap(), [0; 4]);
        assert_eq!(read(&[3], 0, 8).unwrap(), [0; 8]);
    }

    #[test]
    fn short_data_is_told() {
        for (data, width, count) in [
            (&[][..], 3, 1),
            (&[8], 3, 1),
            (&[3, 1], 3, 8),
            (&[0, 0, 0], 1, 1),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1, 1),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], 32, 1),
            (&[2, 0], 33, 1),
        ] {
            assert!(read(data, width, count).is_err(), "{data:?}");
        }
    }
}

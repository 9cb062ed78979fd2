//! The tables of one track, unrolled.

use crate::fmp4::boxes::{descend, find, u32_at, u64_at};

/// One frame as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub offset: u64,
    pub size: u32,
    /// Decoding time, in ticks.
    pub dts: u64,
    pub duration: u32,
    /// From decoding to presentation, in ticks.
    pub delay: i32,
    pub is_key: bool,
}

/// All frames of a track, in the order of decoding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Samples(pub Vec<Sample>);

/// Entries of a table of `width` bytes each, behind version, flags and a count.
fn entries(table: &[u8], width: usize) -> Option<impl Iterator<Item = &[u8]>> {
    let count = u32_at(table, 4)? as usize;
    let bytes = table.get(8..8_usize.checked_add(count.checked_mul(width)?)?)?;
    Some(bytes.chunks_exact(width))
}

impl Samples {
    /// From the contents of `stbl`. Nothing where a table is missing, tables contradict each other, or there would be
    /// more than `most` samples.
    pub fn read(stbl: &[u8], most: usize) -> Option<Self> {
        let sizes = sizes(stbl, most)?;
        let mut samples: Vec<Sample> = sizes
            .into_iter()
            .map(|size| Sample { offset: 0, size, dts: 0, duration: 0, delay: 0, is_key: true })
            .collect();
        place(&mut samples, stbl)?;
        time(&mut samples, descend(stbl, &[b"stts"])?)?;
        if let Some(table) = find(stbl, b"ctts") {
            delay(&mut samples, table.body)?;
        }
        if let Some(table) = find(stbl, b"stss") {
            samples.iter_mut().for_each(|sample| sample.is_key = false);
            for entry in entries(table.body, 4)? {
                let number = u32_at(entry, 0)? as usize;
                samples.get_mut(number.checked_sub(1)?)?.is_key = true;
            }
        }
        Some(Self(samples))
    }

    /// Where the last frame ends in the file.
    pub fn end_offset(&self) -> u64 {
        self.0.iter().map(|sample| sample.offset + u64::from(sample.size)).max().unwrap_or(0)
    }

    /// The end of the last frame, in ticks of decoding time.
    pub fn end(&self) -> u64 {
        self.0.last().map_or(0, |last| last.dts + u64::from(last.duration))
    }
}

fn sizes(stbl: &[u8], most: usize) -> Option<Vec<u32>> {
    let table = descend(stbl, &[b"stsz"])?;
    let (same, count) = (u32_at(table, 4)?, u32_at(table, 8)? as usize);
    if count > most {
        return None;
    }
    if same > 0 {
        return Some(vec![same; count]);
    }
    let bytes = table.get(12..12 + count * 4)?;
    bytes.chunks_exact(4).map(|entry| u32_at(entry, 0)).collect()
}

/// Offsets: a chunk of this kind holds some samples one behind the other.
fn place(samples: &mut [Sample], stbl: &[u8]) -> Option<()> {
    let offsets: Vec<u64> = match find(stbl, b"stco") {
        Some(table) => {
            entries(table.body, 4)?.map(|entry| u32_at(entry, 0).map(u64::from)).collect::<Option<_>>()?
        }
        None => {
            entries(descend(stbl, &[b"co64"])?, 8)?.map(|entry| u64_at(entry, 0)).collect::<Option<_>>()?
        }
    };
    let runs: Vec<(usize, usize)> = entries(descend(stbl, &[b"stsc"])?, 12)?
        .map(|entry| Some((u32_at(entry, 0)? as usize, u32_at(entry, 4)? as usize)))
        .collect::<Option<_>>()?;
    let mut rest = samples.iter_mut();
    for (at, &(first, count)) in runs.iter().enumerate() {
        let next = runs.get(at + 1).map_or(offsets.len() + 1, |run| run.0);
        let chunks = offsets.get(first.checked_sub(1)?..next.checked_sub(1)?)?;
        for &offset in chunks {
            let mut offset = offset;
            for sample in rest.by_ref().take(count) {
                sample.offset = offset;
                offset = offset.checked_add(u64::from(sample.size))?;
            }
        }
    }
    // A sample that lies nowhere.
    rest.next().is_none().then_some(())
}

fn time(samples: &mut [Sample], stts: &[u8]) -> Option<()> {
    let mut rest = samples.iter_mut();
    let mut dts = 0_u64;
    for entry in entries(stts, 8)? {
        let (count, duration) = (u32_at(entry, 0)? as usize, u32_at(entry, 4)?);
        for sample in rest.by_ref().take(count) {
            sample.dts = dts;
            sample.duration = duration;
            dts = dts.checked_add(u64::from(duration))?;
        }
    }
    rest.next().is_none().then_some(())
}

fn delay(samples: &mut [Sample], ctts: &[u8]) -> Option<()> {
    let mut rest = samples.iter_mut();
    for entry in entries(ctts, 8)? {
        let (count, delay) = (u32_at(entry, 0)? as usize, u32_at(entry, 4)? as i32);
        for sample in rest.by_ref().take(count) {
            sample.delay = delay;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;

    fn table(kind: &[u8; 4], words: &[u32]) -> Vec<u8> {
        let body: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, &body].concat()
    }

    fn tables(offsets: &[u32]) -> Vec<u8> {
        let stco: Vec<u32> = [&[0, offsets.len() as u32], offsets].concat();
        [
            table(b"stsz", &[0, 0, 3, 10, 20, 30]),
            table(b"stsc", &[0, 2, 1, 2, 1, 2, 1, 1]),
            table(b"stco", &stco),
            table(b"stts", &[0, 1, 3, 512]),
            table(b"ctts", &[0, 2, 1, 1_024, 2, 512]),
            table(b"stss", &[0, 1, 1]),
        ]
        .concat()
    }

    #[test]
    fn tables_become_samples() {
        let samples = Samples::read(&tables(&[100, 900]), 3).unwrap();
        let sample =
            |offset, size, dts, delay, is_key| Sample { offset, size, dts, duration: 512, delay, is_key };
        assert_eq!(
            samples.0,
            [
                sample(100, 10, 0, 1_024, true),
                sample(110, 20, 512, 512, false),
                sample(900, 30, 1_024, 512, false)
            ]
        );
        assert_eq!((samples.end(), samples.end_offset()), (1_536, 930));
    }

    #[test]
    fn tables_that_contradict_each_other_are_none() {
        assert_eq!(Samples::read(&tables(&[100]), 3), None, "a sample without a place");
        assert_eq!(Samples::read(&tables(&[100, 900]), 2), None, "more than there may be");
        assert_eq!(Samples::read(&table(b"stsz", &[0, 0, u32::MAX, 1]), usize::MAX), None);
        let cut = tables(&[100, 900]);
        for length in 0..cut.len() {
            // Never a panic, whatever is missing.
            let _ = Samples::read(&cut[..length], 3);
        }
    }
}

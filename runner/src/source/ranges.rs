//! Which stretches of a file are there.

use crate::fmp4::ByteRange;

/// Stretches in their order, none of which touch each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    pub fn add(&mut self, range: ByteRange) {
        let (mut start, mut end) = (range.offset, range.offset + range.size);
        if start == end {
            return;
        }
        self.0.retain(|&(from, to)| {
            let touches = from <= end && start <= to;
            if touches {
                start = start.min(from);
                end = end.max(to);
            }
            !touches
        });
        let at = self.0.partition_point(|&(from, _)| from < start);
        self.0.insert(at, (start, end));
    }

    /// From any number of stretches in any order.
    pub fn of(stretches: impl IntoIterator<Item = ByteRange>) -> Self {
        let mut sorted: Vec<(u64, u64)> = stretches
            .into_iter()
            .filter(|range| range.size > 0)
            .map(|range| (range.offset, range.offset + range.size))
            .collect();
        sorted.sort_unstable();
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for (from, to) in sorted {
            match ranges.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => ranges.push((from, to)),
            }
        }
        Self(ranges)
    }

    /// What of `range` is not there.
    pub fn missing(&self, range: ByteRange) -> Vec<ByteRange> {
        let (mut at, end) = (range.offset, range.offset + range.size);
        let mut missing = Vec::new();
        for &(from, to) in &self.0 {
            if from >= end {
                break;
            }
            if from > at {
                missing.push(ByteRange { offset: at, size: from - at });
            }
            at = at.max(to);
        }
        if at < end {
            missing.push(ByteRange { offset: at, size: end - at });
        }
        missing
    }

    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    /// The same bytes in fewer stretches: gaps up to `gap` are filled, for a request costs more than they do.
    pub fn joined(&self, gap: u64) -> Vec<ByteRange> {
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for &(from, to) in &self.0 {
            match joined.last_mut() {
                Some(last) if from - last.1 <= gap => last.1 = to,
                _ => joined.push((from, to)),
            }
        }
        joined.into_iter().map(|(from, to)| ByteRange { offset: from, size: to - from }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(offset: u64, size: u64) -> ByteRange {
        ByteRange { offset, size }
    }

    #[test]
    fn stretches_grow_together() {
        let mut ranges = Ranges::default();
        ranges.add(range(10, 10));
        ranges.add(range(40, 10));
        assert_eq!(ranges.missing(range(0, 60)), [range(0, 10), range(20, 20), range(50, 10)]);
        assert_eq!(ranges.joined(20), [range(10, 40)]);
        assert_eq!(ranges.joined(19).len(), 2);
        ranges.add(range(20, 20));
        assert_eq!(ranges.missing(range(10, 40)), []);
        assert_eq!(ranges.missing(range(5, 50)), [range(5, 5), range(50, 5)]);
        assert_eq!(ranges.bytes(), 40);
        assert_eq!(Ranges::of([range(40, 10), range(10, 10), range(15, 25), range(3, 0)]), ranges);
        ranges.add(range(15, 0));
        ranges.add(range(0, 100));
        assert_eq!(ranges, Ranges(vec![(0, 100)]));
    }
}

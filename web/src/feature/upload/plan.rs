//! How a file is cut into parts, and which addresses are asked for next.

/// Parts whose addresses are signed in one request.
const BATCH: i32 = 16;

/// The parts of one upload, as the server laid them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub size_bytes: u64,
    pub part_bytes: u64,
    pub part_count: i32,
}

impl Plan {
    /// None when the server's numbers do not cover the file exactly: nothing may then be sent.
    pub fn new(size_bytes: u64, part_bytes: u64, part_count: i32) -> Option<Self> {
        let covers = part_bytes > 0
            && size_bytes > 0
            && size_bytes.div_ceil(part_bytes) == u64::try_from(part_count).ok()?;
        covers.then_some(Self { size_bytes, part_bytes, part_count })
    }

    /// First byte and the one after the last of part `number` (from 1). All parts but the last are equal.
    pub fn range(&self, number: i32) -> (u64, u64) {
        let start = u64::from(number.max(1).unsigned_abs() - 1) * self.part_bytes;
        (start.min(self.size_bytes), (start + self.part_bytes).min(self.size_bytes))
    }

    /// The parts to sign when `number` is needed now: it and those that follow.
    pub fn batch(&self, number: i32) -> Vec<i32> {
        (number..=self.part_count.min(number + BATCH - 1)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    #[test]
    fn parts_cover_the_file_without_gap_or_overlap() {
        for (size, part) in [(1, 5), (5, 5), (6, 5), (23, 5), (25, 5)] {
            let count = i32::try_from(u64::div_ceil(size, part)).unwrap();
            let plan = Plan::new(size, part, count).unwrap();
            let mut at = 0;
            for number in 1..=count {
                let (start, end) = plan.range(number);
                assert_eq!(start, at);
                assert!(end > start && end - start <= part);
                at = end;
            }
            assert_eq!(at, size);
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert_eq!(Plan::new(10, 5, 3), None);
        assert_eq!(Plan::new(10, 0, 1), None);
        assert_eq!(Plan::new(0, 5, 0), None);
        assert_eq!(Plan::new(10, 5, -2), None);
    }

    #[test]
    fn addresses_come_in_batches_that_stop_at_the_end() {
        let plan = Plan::new(100, 5, 20).unwrap();
        assert_eq!(plan.batch(1), (1..=16).collect::<Vec<_>>());
        assert_eq!(plan.batch(17), [17, 18, 19, 20]);
    }
}

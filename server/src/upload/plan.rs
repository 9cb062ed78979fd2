//! How a file is cut into parts.

/// Parts are equal but for the last, as R2 demands, and no smaller than S3 takes.
const USUAL_PART_BYTES: i64 = 8 * 1024 * 1024;
const MOST_PARTS: i64 = 10_000;
/// Larger parts come in whole steps of this.
const STEP_BYTES: i64 = 1024 * 1024;

/// The parts of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartPlan {
    pub size_bytes: i64,
    pub part_size_bytes: i64,
    pub part_count: i32,
}

impl PartPlan {
    /// The plan for a file of `size_bytes`, which is above zero and below 5 TiB.
    pub fn new(size_bytes: i64) -> Self {
        let needed = div_ceil(div_ceil(size_bytes, MOST_PARTS), STEP_BYTES) * STEP_BYTES;
        let part_size_bytes = needed.max(USUAL_PART_BYTES);
        let part_count = i32::try_from(div_ceil(size_bytes, part_size_bytes)).unwrap_or(i32::MAX);
        Self { size_bytes, part_size_bytes, part_count }
    }

    /// The length of part `number` (from 1), or nothing when there is no such part.
    pub fn length_of(&self, number: i32) -> Option<i64> {
        if !(1..=self.part_count).contains(&number) {
            return None;
        }
        let before = i64::from(number - 1) * self.part_size_bytes;
        Some((self.size_bytes - before).min(self.part_size_bytes))
    }
}

/// Stable Rust divides only unsigned numbers like this.
fn div_ceil(value: i64, divisor: i64) -> i64 {
    (value + divisor - 1) / divisor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_never_exceed_ten_thousand() {
        let gib = 1024 * 1024 * 1024;
        for size in [1, USUAL_PART_BYTES, USUAL_PART_BYTES + 1, 78 * gib, 79 * gib, 4_995 * gib] {
            let plan = PartPlan::new(size);
            assert!(i64::from(plan.part_count) <= MOST_PARTS, "{plan:?}");
            let last = plan.length_of(plan.part_count).unwrap_or_default();
            assert_eq!(i64::from(plan.part_count - 1) * plan.part_size_bytes + last, size, "{plan:?}");
            assert!(last > 0);
        }
        assert_eq!(PartPlan::new(78 * gib).part_size_bytes, USUAL_PART_BYTES);
    }

    #[test]
    fn there_is_no_part_outside_the_file() {
        let plan = PartPlan::new(USUAL_PART_BYTES + 5);
        assert_eq!(plan.part_count, 2);
        assert_eq!(plan.length_of(2), Some(5));
        for number in [-1, 0, 3, 10_001, i32::MAX, i32::MIN] {
            assert_eq!(plan.length_of(number), None);
        }
    }
}

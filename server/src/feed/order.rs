//! A keyed permutation: a Feistel network over the smallest even number of bits that holds all ranks.
//!
//! Ranks are dense, so a place in the feed is computed and not searched: place → rank → one row by its
//! index. Nothing is sorted and nothing is remembered between pages but the place.

/// Rounds of the network. Four make a permutation that no viewer can tell from chance.
const ROUNDS: u64 = 4;

/// One order of all ranks below a power of four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    seed: u64,
    half_bits: u32,
}

impl Order {
    /// The order of `seed` over at least `count` ranks.
    pub fn new(seed: u64, count: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        Self { seed, half_bits: bits.div_ceil(2).max(1) }
    }

    /// The same order as one that was begun with `half_bits`, unless it has far more places than there
    /// are ranks by now: looking for one that is held would then be a long walk.
    pub fn resume(seed: u64, half_bits: u32, count: u64) -> Option<Self> {
        let most = (Self::new(seed, count).half_bits + 1).clamp(8, 16);
        (1..=most).contains(&half_bits).then_some(Self { seed, half_bits })
    }

    pub fn half_bits(self) -> u32 {
        self.half_bits
    }

    /// How many places there are; up to four times as many as ranks.
    pub fn places(self) -> u64 {
        1 << (2 * self.half_bits)
    }

    /// The rank at a place below [`Order::places`]; it may be one that no video holds.
    pub fn rank_at(self, place: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (place >> self.half_bits & mask, place & mask);
        for round in 0..ROUNDS {
            (left, right) = (
                right,
                left ^ (mix(right
                    ^ self.seed.rotate_left(17 * u32::try_from(round).unwrap_or(0))
                    ^ (round << 56))
                    & mask),
            );
        }
        left << self.half_bits | right
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rank_comes_once() {
        for count in [1, 2, 3, 4, 5, 100, 1000] {
            let order = Order::new(7, count);
            let ranks: HashSet<u64> = (0..order.places()).map(|place| order.rank_at(place)).collect();
            assert_eq!(ranks.len() as u64, order.places());
            assert!((0..count).all(|rank| ranks.contains(&rank)), "{count}");
            assert!(order.places() <= 4 * count.max(1), "{count}");
        }
    }

    #[test]
    fn two_seeds_give_two_orders() {
        let ranks = |seed| {
            let order = Order::new(seed, 1000);
            (0..50).map(|place| order.rank_at(place)).collect::<Vec<_>>()
        };
        assert_ne!(ranks(1), ranks(2));
        assert_eq!(ranks(3), ranks(3));
    }

    #[test]
    fn first_places_are_spread_evenly_over_the_seeds() {
        // 4096 seeds over 16 ranks: 256 each if it were perfectly even; a fair shuffle stays near that.
        let mut counts = [0_u32; 16];
        for seed in 0..4096 {
            let rank = Order::new(seed, 16).rank_at(0);
            counts[usize::try_from(rank).unwrap_or(0)] += 1;
        }
        assert!(counts.iter().all(|count| (180..340).contains(count)), "{counts:?}");
    }
}

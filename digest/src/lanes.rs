//! The arithmetic of RFC 1321, for 1, 4 or 8 messages at a time.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use wide::{u32x4, u32x8};

#[cfg(target_arch = "x86_64")]
use super::wide_registers;

/// MD5 works on blocks of so many bytes.
pub const BLOCK_BYTES: usize = 64;
/// What every message begins with.
pub const FIRST: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The same word of several messages, side by side.
pub(super) trait Words:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
    fn all(word: u32) -> Self;
    fn plus(self, other: Self) -> Self;
    fn rotated(self, bits: u32) -> Self;
}

impl Words for u32 {
    #[inline(always)]
    fn all(word: u32) -> Self {
        word
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn rotated(self, bits: u32) -> Self {
        self.rotate_left(bits)
    }
}

macro_rules! words {
    ($kind:ty) => {
        impl Words for $kind {
            #[inline(always)]
            fn all(word: u32) -> Self {
                Self::splat(word)
            }

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn rotated(self, bits: u32) -> Self {
                (self << bits) | (self >> (32 - bits))
            }
        }
    };
}

words!(u32x4);
words!(u32x8);

const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

#[inline(always)]
fn step<const I: usize, W: Words>(a: W, b: W, c: W, d: W, block: &[W; 16]) -> W {
    let (mixed, word) = match I / 16 {
        0 => (d ^ (b & (c ^ d)), I),
        1 => (c ^ (d & (b ^ c)), (5 * I + 1) % 16),
        2 => (b ^ c ^ d, (3 * I + 5) % 16),
        _ => (c ^ (b | !d), 7 * I % 16),
    };
    let sum = a.plus(block[word]).plus(W::all(SINES[I])).plus(mixed);
    sum.rotated(SHIFTS[I / 16][I % 4]).plus(b)
}

#[inline(always)]
pub(super) fn compress<W: Words>(state: &mut [W; 4], block: &[W; 16]) {
    let [mut a, mut b, mut c, mut d] = *state;
    macro_rules! steps {
        ($($four:literal)*) => { $(
            a = step::<{ 4 * $four }, W>(a, b, c, d, block);
            d = step::<{ 4 * $four + 1 }, W>(d, a, b, c, block);
            c = step::<{ 4 * $four + 2 }, W>(c, d, a, b, block);
            b = step::<{ 4 * $four + 3 }, W>(b, c, d, a, block);
        )* };
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    *state = [state[0].plus(a), state[1].plus(b), state[2].plus(c), state[3].plus(d)];
}

#[inline(always)]
pub(super) fn words(block: &[u8; BLOCK_BYTES]) -> [u32; 16] {
    std::array::from_fn(|word| {
        let [a, b, c, d] = [block[4 * word], block[4 * word + 1], block[4 * word + 2], block[4 * word + 3]];
        u32::from_le_bytes([a, b, c, d])
    })
}

/// Takes these blocks into one state.
pub fn one(state: &mut [u32; 4], blocks: &[[u8; BLOCK_BYTES]]) {
    for block in blocks {
        compress(state, &words(block));
    }
}

/// Takes as many blocks of each message into its state as the shortest has.
pub fn four(states: &mut [[u32; 4]; 4], messages: [&[[u8; BLOCK_BYTES]]; 4]) {
    let mut state = std::array::from_fn(|word| u32x4::new(states.map(|state| state[word])));
    let [first, second, third, fourth] = messages;
    for (((first, second), third), fourth) in first.iter().zip(second).zip(third).zip(fourth) {
        let all = [words(first), words(second), words(third), words(fourth)];
        compress(&mut state, &std::array::from_fn(|word| u32x4::new(all.map(|words| words[word]))));
    }
    let state = state.map(u32x4::to_array);
    for (lane, own) in states.iter_mut().enumerate() {
        *own = state.map(|word| word[lane]);
    }
}

/// The same for eight.
pub fn eight(states: &mut [[u32; 4]; 8], messages: [&[[u8; BLOCK_BYTES]]; 8]) {
    #[cfg(target_arch = "x86_64")]
    if wide_registers::are_there() {
        return wide_registers::eight(states, messages);
    }
    eight_in_pairs(states, messages);
}

/// With registers of four words, which every processor has.
fn eight_in_pairs(states: &mut [[u32; 4]; 8], messages: [&[[u8; BLOCK_BYTES]]; 8]) {
    let mut state = std::array::from_fn(|word| u32x8::new(states.map(|state| state[word])));
    let count = messages.iter().map(|blocks| blocks.len()).min().unwrap_or_default();
    let messages = messages.map(|blocks| &blocks[..count]);
    for index in 0..count {
        let all = messages.map(|blocks| words(&blocks[index]));
        compress(&mut state, &std::array::from_fn(|word| u32x8::new(all.map(|words| words[word]))));
    }
    let state = state.map(u32x8::to_array);
    for (lane, own) in states.iter_mut().enumerate() {
        *own = state.map(|word| word[lane]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lanes_agree() {
        let blocks: [[u8; BLOCK_BYTES]; 24] =
            std::array::from_fn(|block| std::array::from_fn(|byte| (block * 31 + byte * 7) as u8));
        let states: [[u32; 4]; 8] =
            std::array::from_fn(|lane| FIRST.map(|word| word.wrapping_mul(2 * lane as u32 + 1)));
        let messages: [&[_]; 8] = std::array::from_fn(|lane| &blocks[lane..lane + 16]);
        let mut expected = states;
        for (state, blocks) in expected.iter_mut().zip(messages) {
            one(state, blocks);
        }
        let mut by_four = [states[0], states[1], states[2], states[3]];
        four(&mut by_four, [messages[0], messages[1], messages[2], messages[3]]);
        assert_eq!(by_four, expected[..4]);
        for eight in [eight, eight_in_pairs] {
            let mut by_eight = states;
            eight(&mut by_eight, messages);
            assert_eq!(by_eight, expected);
        }
    }
}

//! Eight messages at a time in registers of 256 bits, where this processor has them.

use std::{
    arch::x86_64::{
        __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_and_si256, _mm256_or_si256, _mm256_set1_epi32,
        _mm256_setr_epi32, _mm256_sll_epi32, _mm256_srl_epi32, _mm256_xor_si256,
    },
    ops::{BitAnd, BitOr, BitXor, Not},
};

use super::lanes::{BLOCK_BYTES, Words, compress, words};

/// Whether [`eight`] may be called.
pub fn are_there() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// Takes as many blocks of each message into its state as the shortest has.
pub fn eight(states: &mut [[u32; 4]; 8], messages: [&[[u8; BLOCK_BYTES]]; 8]) {
    assert!(are_there(), "a processor without AVX2 takes another way");
    // SAFETY: the processor has what the function needs.
    unsafe { eight_there(states, messages) }
}

/// Eight words. Exists only in functions that run where AVX2 is.
#[derive(Clone, Copy)]
struct Eight(__m256i);

impl Eight {
    #[inline(always)]
    fn of(words: [u32; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = words.map(u32::cast_signed);
        // SAFETY: as for the type.
        Self(unsafe { _mm256_setr_epi32(a, b, c, d, e, f, g, h) })
    }
}

macro_rules! operator {
    ($operator:ident, $name:ident, $instruction:ident) => {
        impl $operator for Eight {
            type Output = Self;

            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: as for the type.
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    };
}

operator!(BitAnd, bitand, _mm256_and_si256);
operator!(BitOr, bitor, _mm256_or_si256);
operator!(BitXor, bitxor, _mm256_xor_si256);

impl Not for Eight {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        self ^ Self::all(u32::MAX)
    }
}

impl Words for Eight {
    #[inline(always)]
    fn all(word: u32) -> Self {
        // SAFETY: as for the type.
        Self(unsafe { _mm256_set1_epi32(word.cast_signed()) })
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: as for the type.
        Self(unsafe { _mm256_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn rotated(self, bits: u32) -> Self {
        // SAFETY: as for the type.
        unsafe {
            let left = _mm256_sll_epi32(self.0, _mm_cvtsi32_si128(bits.cast_signed()));
            let right = _mm256_srl_epi32(self.0, _mm_cvtsi32_si128((32 - bits).cast_signed()));
            Self(_mm256_or_si256(left, right))
        }
    }
}

#[target_feature(enable = "avx2")]
fn eight_there(states: &mut [[u32; 4]; 8], messages: [&[[u8; BLOCK_BYTES]]; 8]) {
    let mut state = std::array::from_fn(|word| Eight::of(states.map(|state| state[word])));
    let count = messages.iter().map(|blocks| blocks.len()).min().unwrap_or_default();
    let messages = messages.map(|blocks| &blocks[..count]);
    for index in 0..count {
        let all = messages.map(|blocks| words(&blocks[index]));
        let mut block = [Eight::all(0); 16];
        for (word, eight) in block.iter_mut().enumerate() {
            *eight = Eight::of([
                all[0][word],
                all[1][word],
                all[2][word],
                all[3][word],
                all[4][word],
                all[5][word],
                all[6][word],
                all[7][word],
            ]);
        }
        compress(&mut state, &block);
    }
    for (word, eight) in state.into_iter().enumerate() {
        // SAFETY: both are eight words of 32 bits.
        let eight: [u32; 8] = unsafe { std::mem::transmute(eight.0) };
        for (state, own) in states.iter_mut().zip(eight) {
            state[word] = own;
        }
    }
}

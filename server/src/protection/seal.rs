//! How keys lie in the database: sealed with AES-256-GCM under a key that is made of the site's secret, and bound to
//! their video and attempt, so that a row that is copied elsewhere opens nothing.

use kinora_entity::VideoId;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::AesBlock;

/// Seals and opens the keys of media.
#[derive(Clone)]
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    #[allow(clippy::expect_used, reason = "the length is right by its type")]
    pub fn new(key: [u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key).expect("AES-256 takes a key of 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// A nonce, the sealed key and its tag: 44 bytes.
    #[allow(clippy::expect_used, reason = "16 bytes are never too long")]
    pub fn seal(&self, video: VideoId, attempt: i32, key: AesBlock) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = key.0.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place(video, attempt)),
                &mut sealed,
            )
            .expect("AES-GCM seals 16 bytes");
        [&nonce[..], &sealed].concat()
    }

    /// The key again; nothing when it was sealed by another site's secret, for another place, or was changed.
    pub fn open(&self, video: VideoId, attempt: i32, sealed: &[u8]) -> Option<AesBlock> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(place(video, attempt)), &mut sealed).ok()?;
        Some(AesBlock(<[u8; 16]>::try_from(&*opened).ok()?))
    }
}

/// What a sealed key is bound to.
fn place(video: VideoId, attempt: i32) -> [u8; 12] {
    let mut place = [0; 12];
    place[..8].copy_from_slice(&video.0.to_be_bytes());
    place[8..].copy_from_slice(&attempt.to_be_bytes());
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_in_its_own_place_only() {
        let (sealing, key) = (SealingKey::new([3; 32]), AesBlock([9; 16]));
        let sealed = sealing.seal(VideoId(7), 1, key);
        assert_eq!(sealing.open(VideoId(7), 1, &sealed), Some(key));
        assert_eq!(sealed.len(), 44);
        assert!(!sealed.windows(16).any(|part| part == key.0));
        assert_ne!(sealed, sealing.seal(VideoId(7), 1, key), "no two are alike");
        assert_eq!(sealing.open(VideoId(8), 1, &sealed), None);
        assert_eq!(sealing.open(VideoId(7), 2, &sealed), None);
        assert_eq!(SealingKey::new([4; 32]).open(VideoId(7), 1, &sealed), None);
        for at in [0, 20, 43] {
            let mut spoilt = sealed.clone();
            spoilt[at] ^= 1;
            assert_eq!(sealing.open(VideoId(7), 1, &spoilt), None, "byte {at}");
        }
        assert_eq!(sealing.open(VideoId(7), 1, &sealed[..11]), None);
    }
}

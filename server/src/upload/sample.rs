//! How a file is recognised without reading all of it.

use crate::error::{Error, Result};

/// An MD5, in hexadecimal, over the first, the middle and the last 64 KiB of a file. It only recognises files of
/// the same person, so that its weakness against forgery does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleHash(String);

impl SampleHash {
    /// # Errors
    /// BAD_USER_INPUT on `sampleHash`.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Error::bad_input("sampleHash", "A sample hash has 32 hexadecimal digits."))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_md5_is_one() {
        let upper = "0123456789ABCDEF0123456789ABCDEF";
        assert_eq!(SampleHash::parse(upper).map(SampleHash::into_string).ok(), Some(upper.to_lowercase()));
        for text in ["", "0123", &"g".repeat(32), &"é".repeat(16)] {
            assert!(SampleHash::parse(text).is_err(), "{text}");
        }
    }
}

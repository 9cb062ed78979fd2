//! Sixteen bytes.

use std::fmt;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A key or an initialisation vector of AES-128: 16 bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AesBlock(pub [u8; 16]);

/// Most are secrets, and logs are read by many.
impl fmt::Debug for AesBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesBlock(…)")
    }
}

#[Scalar]
impl ScalarType for AesBlock {
    fn parse(value: Value) -> InputValueResult<Self> {
        let mut bytes = [0; 16];
        match &value {
            Value::String(digits) if hex::decode_to_slice(digits, &mut bytes).is_ok() => Ok(Self(bytes)),
            _ => Err(InputValueError::custom("AesBlock is 32 hexadecimal digits")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(hex::encode(self.0))
    }
}

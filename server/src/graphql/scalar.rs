//! Scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A number of bytes: a JSON number, exact to 2^53. As an input a string of digits is taken too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub i64);

const LARGEST: i64 = 1 << 53;

#[Scalar]
impl ScalarType for Bytes {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(digits) => digits.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if (0..=LARGEST).contains(&number) => Ok(Self(number)),
            _ => Err(InputValueError::custom("Bytes is a whole number from 0 to 2^53")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

impl From<u64> for Bytes {
    fn from(number: u64) -> Self {
        Self(i64::try_from(number).unwrap_or(LARGEST).min(LARGEST))
    }
}

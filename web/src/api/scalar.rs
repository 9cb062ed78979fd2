//! The schema's own scalars.

use super::schema;

/// A size in bytes, exact to 2^53.
#[derive(cynic::Scalar, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// A point in time, RFC 3339 in UTC.
#[derive(cynic::Scalar, Clone, Debug, PartialEq, Eq)]
pub struct DateTime(pub String);

impl DateTime {
    /// Milliseconds since 1970, or `None` for what is not an RFC 3339 time.
    pub fn unix_ms(&self) -> Option<f64> {
        parse_rfc3339(&self.0)
    }

    pub fn from_unix_ms(ms: f64) -> Self {
        Self(String::from(js_sys::Date::new(&ms.into()).to_iso_string()))
    }
}

/// Reads `2026-11-21T02:00:00.123Z` and offsets such as `+02:00`. Written here because a calendar crate costs
/// more bytes than the whole page that would use it.
fn parse_rfc3339(text: &str) -> Option<f64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let rest = text.get(19..)?;
    let offset_at = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, offset) = rest.split_at(offset_at);
    let fraction_ms = match fraction.strip_prefix('.') {
        Some(digits) => {
            let three: String = digits.chars().chain("000".chars()).take(3).collect();
            three.parse::<u16>().ok()?
        }
        None => 0,
    };
    let offset_minutes = match offset.as_bytes().first()? {
        b'Z' | b'z' => 0,
        sign => {
            let hours = offset.get(1..3)?.parse::<i64>().ok()?;
            let minutes = offset.get(4..6)?.parse::<i64>().ok()?;
            let total = hours * 60 + minutes;
            if *sign == b'-' { -total } else { total }
        }
    };
    // Days from the civil date, with years that begin in March so that the leap day is the last one.
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
    Some(seconds as f64 * 1000.0 + f64::from(fraction_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_utc_fractions_and_offsets() {
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(parse_rfc3339("2000-02-29T12:00:00.250Z"), Some(951_825_600_250.0));
        assert_eq!(parse_rfc3339("2026-11-21T02:00:00+02:00"), parse_rfc3339("2026-11-21T00:00:00+00:00"));
        assert_eq!(parse_rfc3339("2026-11-20T19:00:00-05:00"), parse_rfc3339("2026-11-21T00:00:00Z"));
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in ["", "yesterday", "2026-11-21", "2026-11-21T02:00:00", "2026-11-21T02:00:00.xZ"] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}

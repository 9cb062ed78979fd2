//! Where a shared link begins: `?t=10s`, `?t=1m30s`, `?t=90`.

/// The position in milliseconds; 0 for none, or one that cannot be read.
pub fn parse(text: Option<&str>) -> u32 {
    text.and_then(seconds).unwrap_or(0).saturating_mul(1000)
}

fn seconds(text: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    if let Ok(plain) = whole.parse::<u32>() {
        return Some(plain);
    }
    let mut total = 0_u32;
    let mut digits = String::new();
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u32>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    digits.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_minutes_and_hours() {
        assert_eq!(parse(Some("10s")), 10_000);
        assert_eq!(parse(Some("90")), 90_000);
        assert_eq!(parse(Some("90.7")), 90_000);
        assert_eq!(parse(Some("1m30s")), 90_000);
        assert_eq!(parse(Some("1h2m3s")), 3_723_000);
    }

    #[test]
    fn anything_else_is_the_beginning() {
        for text in ["", "s", "-5", "ten", "1m30", "99999999999999s", "NaN", "inf"] {
            assert_eq!(parse(Some(text)), 0, "{text}");
        }
        assert_eq!(parse(None), 0);
    }
}

//! Numbers as people say them.

/// `3:05`, `1:02:09`. Rounded to the nearest second, at least `0:01` for anything that lasts.
pub fn duration(ms: i64) -> String {
    let seconds = if ms > 0 { ((ms + 500) / 1000).max(1) } else { 0 };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `820 B`, `1.2 GB`: decimal units, two figures where the number is small.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // 999.5 would be written as 1000.
    while value >= 999.5 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// `2.4 MB/s`.
pub fn speed(bytes_per_second: f64) -> String {
    format!("{}/s", bytes(bytes_per_second.max(0.0) as u64))
}

/// `3 min left`, `40 s left`, `a few seconds left`.
pub fn time_left(ms: f64) -> String {
    let seconds = (ms / 1000.0).round().max(0.0) as u64;
    match seconds {
        0..=4 => "a few seconds left".to_owned(),
        // In steps of five, so that the figure does not flicker.
        5..=89 => format!("{} s left", seconds.div_ceil(5) * 5),
        90..=5399 => format!("{} min left", (seconds + 30) / 60),
        _ => format!("{} h left", (seconds + 1800) / 3600),
    }
}

/// `87`, `1.2K`, `34K`, `5.6M`.
pub fn count(count: i64) -> String {
    let short = |value: f64, unit: &str| {
        if value < 9.95 { format!("{value:.1}{unit}").replace(".0", "") } else { format!("{value:.0}{unit}") }
    };
    match count {
        ..1000 => count.max(0).to_string(),
        1000..999_500 => short(count as f64 / 1e3, "K"),
        _ => short(count as f64 / 1e6, "M"),
    }
}

/// `just now`, `5 minutes ago`, `yesterday`, `3 weeks ago`, `2 years ago`; both in milliseconds since 1970.
pub fn relative(then_ms: f64, now_ms: f64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    // Clocks differ a little: the near future is now.
    let seconds = ((now_ms - then_ms) / 1000.0).max(0.0) as u64;
    let ago = |amount: u64, unit: &str| {
        if amount == 1 { format!("1 {unit} ago") } else { format!("{amount} {unit}s ago") }
    };
    match seconds {
        0..45 => "just now".to_owned(),
        45..HOUR => ago((seconds / MINUTE).max(1), "minute"),
        HOUR..DAY => ago(seconds / HOUR, "hour"),
        DAY..172_800 => "yesterday".to_owned(),
        172_800..1_209_600 => ago(seconds / DAY, "day"),
        1_209_600..5_184_000 => ago(seconds / (7 * DAY), "week"),
        5_184_000..63_072_000 => ago(seconds / (30 * DAY), "month"),
        _ => ago(seconds / (365 * DAY), "year"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration(0), "0:00");
        assert_eq!(duration(120), "0:01");
        assert_eq!(duration(9_499), "0:09");
        assert_eq!(duration(65_000), "1:05");
        assert_eq!(duration(3_729_000), "1:02:09");
    }

    #[test]
    fn sizes() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_234), "1.2 kB");
        assert_eq!(bytes(999_600), "1.0 MB");
        assert_eq!(bytes(42_000_000), "42 MB");
        assert_eq!(bytes(1_200_000_000), "1.2 GB");
        assert_eq!(bytes(5_000_000_000_000), "5.0 TB");
        assert_eq!(speed(2_400_000.0), "2.4 MB/s");
    }

    #[test]
    fn times_left() {
        assert_eq!(time_left(900.0), "a few seconds left");
        assert_eq!(time_left(41_000.0), "45 s left");
        assert_eq!(time_left(170_000.0), "3 min left");
        assert_eq!(time_left(7_300_000.0), "2 h left");
    }

    #[test]
    fn counts() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1K");
        assert_eq!(count(1_250), "1.2K");
        assert_eq!(count(34_400), "34K");
        assert_eq!(count(999_700), "1M");
        assert_eq!(count(5_600_000), "5.6M");
    }

    #[test]
    fn times_ago() {
        let ago = |seconds: f64| relative(0.0, seconds * 1000.0);
        assert_eq!(ago(-30.0), "just now");
        assert_eq!(ago(50.0), "1 minute ago");
        assert_eq!(ago(7_200.0), "2 hours ago");
        assert_eq!(ago(90_000.0), "yesterday");
        assert_eq!(ago(300_000.0), "3 days ago");
        assert_eq!(ago(1_300_000.0), "2 weeks ago");
        assert_eq!(ago(5_300_000.0), "2 months ago");
        assert_eq!(ago(70_000_000.0), "2 years ago");
    }
}

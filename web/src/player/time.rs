//! Times as people read and hear them.

/// A position or length for the eye: "0:07", "12:34", "1:02:03".
pub fn clock(ms: f64) -> String {
    let seconds = whole_seconds(ms);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// The same for the ear: "1 minute 5 seconds".
pub fn spoken(ms: f64) -> String {
    let seconds = whole_seconds(ms);
    let named = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let words: Vec<_> = named
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() { "0 seconds".into() } else { words.join(" ") }
}

fn whole_seconds(ms: f64) -> u64 {
    if ms.is_finite() && ms > 0.0 { (ms / 1000.0) as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_the_eye() {
        assert_eq!(clock(0.0), "0:00");
        assert_eq!(clock(7_900.0), "0:07");
        assert_eq!(clock(754_000.0), "12:34");
        assert_eq!(clock(3_723_000.0), "1:02:03");
        assert_eq!(clock(f64::NAN), "0:00");
        assert_eq!(clock(f64::INFINITY), "0:00");
    }

    #[test]
    fn for_the_ear() {
        assert_eq!(spoken(0.0), "0 seconds");
        assert_eq!(spoken(65_000.0), "1 minute 5 seconds");
        assert_eq!(spoken(3_600_000.0), "1 hour");
    }
}

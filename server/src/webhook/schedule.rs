//! When a message that did not arrive is sent again, and when it is given up.

use std::time::Duration;

/// Waits between the tries of a message: at once dense, then patient, a day in all.
const WAITS_S: [u32; 11] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400, 21_600, 21_600];
/// An address to which nothing has arrived for so long is switched off when the next message is given up.
pub const FAILING_FOR_S: f64 = 3.0 * 86_400.0;

/// How long to wait after `tries` failures, give or take a tenth, or nothing when it has been tried for a day.
/// `chance` is 0 to 1; a receiver that asks for more patience gets it.
pub fn wait_s(tries: i32, retry_after: Option<Duration>, chance: f64) -> Option<f64> {
    let index = usize::try_from(tries.max(1) - 1).ok()?;
    let wait = f64::from(*WAITS_S.get(index)?) * (0.9 + 0.2 * chance);
    Some(retry_after.map_or(wait, |asked| wait.max(asked.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_a_day_and_then_given_up() {
        let waits: Vec<f64> = (1..).map_while(|tries| wait_s(tries, None, 0.5)).collect();
        assert!((waits[0] - 5.0).abs() < 1e-9);
        assert!(waits.is_sorted());
        let day = waits.iter().sum::<f64>() / 3600.0;
        assert!((23.0..25.0).contains(&day), "{day} h");
    }

    #[test]
    fn nobody_is_kept_waiting_by_less_than_they_asked_for() {
        assert_eq!(wait_s(1, Some(Duration::from_secs(90)), 0.0), Some(90.0));
        assert_eq!(wait_s(6, Some(Duration::from_secs(90)), 0.0), Some(3240.0));
    }
}

//! Videos that were made of a post's pictures: going from one to the next, as in the post.

/// A picture that was begun a moment ago is left backwards, not begun again.
const JUST_BEGUN_MS: f64 = 700.0;

/// Where to jump to from `position_ms`, one picture on or back; None where a video has no pictures to go
/// through. `starts` are where each begins, in milliseconds and in order.
pub fn neighbour(starts: Option<&[i32]>, position_ms: f64, forward: bool) -> Option<f64> {
    let starts = starts.filter(|starts| starts.len() > 1)?;
    let mut begun = starts.iter().map(|start| f64::from(*start)).filter(|start| *start <= position_ms);
    if forward {
        let next = starts.iter().map(|start| f64::from(*start)).find(|start| *start > position_ms + 1.0);
        return Some(next.unwrap_or(0.0));
    }
    let current = begun.next_back().unwrap_or(0.0);
    if position_ms - current > JUST_BEGUN_MS {
        return Some(current);
    }
    Some(begun.next_back().unwrap_or_else(|| f64::from(starts[starts.len() - 1])))
}

#[cfg(test)]
mod tests {
    use super::neighbour;

    const STARTS: Option<&[i32]> = Some(&[0, 4_000, 8_000]);

    #[test]
    fn forward_goes_round() {
        assert_eq!(neighbour(STARTS, 0.0, true), Some(4_000.0));
        assert_eq!(neighbour(STARTS, 4_000.0, true), Some(8_000.0));
        assert_eq!(neighbour(STARTS, 9_000.0, true), Some(0.0));
    }

    #[test]
    fn back_begins_a_picture_again_or_goes_to_the_one_before() {
        assert_eq!(neighbour(STARTS, 6_000.0, false), Some(4_000.0));
        assert_eq!(neighbour(STARTS, 4_200.0, false), Some(0.0));
        assert_eq!(neighbour(STARTS, 100.0, false), Some(8_000.0));
    }

    #[test]
    fn other_videos_have_no_pictures() {
        assert_eq!(neighbour(None, 5.0, true), None);
        assert_eq!(neighbour(Some(&[0]), 5.0, true), None);
    }
}

//! Three slots show an endless feed: each element is reused for the item three further on.

/// How many video elements exist. Browsers cap the paused ones (iOS the hardest), and one before and one
/// after the current video is all a swipe can reach.
pub const SLOTS: usize = 3;

/// The slot that shows the item at `index`. It never depends on the direction of travel, so a video keeps its
/// element for as long as it is one of the three.
pub fn slot_of(index: usize) -> usize {
    index % SLOTS
}

/// The item that `slot` holds while `current` is being watched: the one before, the current one or the next.
/// None for the slot before the very first item.
pub fn item_of(slot: usize, current: usize) -> Option<usize> {
    let first = current.checked_sub(1);
    first.into_iter().chain([current, current + 1]).find(|&index| slot_of(index) == slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_slots_hold_previous_current_and_next() {
        for current in 1..20 {
            let mut held: Vec<_> = (0..SLOTS).filter_map(|slot| item_of(slot, current)).collect();
            held.sort_unstable();
            assert_eq!(held, [current - 1, current, current + 1]);
        }
    }

    #[test]
    fn nothing_stands_before_the_first_item() {
        assert_eq!(item_of(0, 0), Some(0));
        assert_eq!(item_of(1, 0), Some(1));
        assert_eq!(item_of(2, 0), None);
    }

    #[test]
    fn a_step_reloads_only_the_slot_that_leaves() {
        for current in 1..20 {
            let changed =
                (0..SLOTS).filter(|&slot| item_of(slot, current) != item_of(slot, current + 1)).count();
            assert_eq!(changed, 1);
            assert_eq!(item_of(slot_of(current), current + 1), Some(current));
        }
    }
}

//! The list of the feed as it grows: pages are asked for ahead of need, and when a pass over everything ends a
//! new one begins with another seed.

/// Items a page.
pub const PAGE: i32 = 10;
/// With fewer items than this ahead the next page is asked for.
const AHEAD: usize = 5;

/// One screen of the feed.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry<T> {
    Video(T),
    /// Everything has been shown once; what follows is a new order.
    End,
}

/// What to ask the server for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub seed: i32,
    pub after: Option<String>,
}

/// A page as the server answered it.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub end_cursor: Option<String>,
    pub has_next_page: bool,
}

/// All entries so far, and where the next ones come from.
#[derive(Debug, Clone)]
pub struct Pages<T> {
    entries: Vec<Entry<T>>,
    seed: i32,
    after: Option<String>,
    loading: bool,
    /// Videos of this pass; a pass without any means that there is nothing at all.
    in_this_pass: usize,
    empty: bool,
}

impl<T> Pages<T> {
    pub fn new(seed: i32) -> Self {
        Self { entries: Vec::new(), seed, after: None, loading: false, in_this_pass: 0, empty: false }
    }

    pub fn entries(&self) -> &[Entry<T>] {
        &self.entries
    }

    pub fn get(&self, index: usize) -> Option<&Entry<T>> {
        self.entries.get(index)
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut Entry<T>> {
        self.entries.get_mut(index)
    }

    /// The last entry that can be reached now.
    pub fn last(&self) -> usize {
        self.entries.len().saturating_sub(1)
    }

    /// The server has no video to show.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// The request to send now that `current` is on the screen; it counts as sent.
    pub fn next_request(&mut self, current: usize) -> Option<Request> {
        if self.loading || self.empty || self.entries.len() > current + AHEAD {
            return None;
        }
        self.loading = true;
        Some(Request { seed: self.seed, after: self.after.clone() })
    }

    /// The answer to the request; `next_seed` orders the pass that follows the end of this one.
    pub fn received(&mut self, page: Page<T>, next_seed: i32) {
        self.loading = false;
        self.in_this_pass += page.items.len();
        self.entries.extend(page.items.into_iter().map(Entry::Video));
        // A page that promises more without saying where would be asked for again for ever.
        if page.has_next_page && page.end_cursor.is_some() {
            self.after = page.end_cursor;
            return;
        }
        if self.in_this_pass == 0 {
            self.empty = true;
            return;
        }
        self.entries.push(Entry::End);
        self.seed = next_seed;
        self.after = None;
        self.in_this_pass = 0;
    }

    /// The request failed; the next need asks again.
    pub fn failed(&mut self) {
        self.loading = false;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    fn page(items: std::ops::Range<u32>, more: bool) -> Page<u32> {
        Page { end_cursor: Some(format!("c{}", items.end)), items: items.collect(), has_next_page: more }
    }

    #[test]
    fn the_next_page_is_asked_for_once_and_ahead() {
        let mut pages = Pages::new(7);
        assert_eq!(pages.next_request(0).unwrap(), Request { seed: 7, after: None });
        assert_eq!(pages.next_request(0), None, "already under way");
        pages.received(page(0..10, true), 8);
        assert_eq!(pages.next_request(3), None, "far from the end");
        assert_eq!(pages.next_request(5).unwrap(), Request { seed: 7, after: Some("c10".into()) });
    }

    #[test]
    fn the_end_is_said_and_a_new_order_follows() {
        let mut pages = Pages::new(7);
        pages.next_request(0);
        pages.received(page(0..3, false), 8);
        assert_eq!(pages.entries().len(), 4);
        assert_eq!(pages.get(3), Some(&Entry::End));
        assert_eq!(pages.next_request(2).unwrap(), Request { seed: 8, after: None });
        pages.received(page(0..3, false), 9);
        assert_eq!(pages.get(4), Some(&Entry::Video(0)));
    }

    #[test]
    fn an_empty_server_is_asked_once() {
        let mut pages = Pages::<u32>::new(7);
        pages.next_request(0);
        pages.received(page(0..0, false), 8);
        assert!(pages.is_empty());
        assert_eq!(pages.next_request(0), None);
    }

    #[test]
    fn a_failure_can_be_tried_again() {
        let mut pages = Pages::<u32>::new(7);
        pages.next_request(0);
        pages.failed();
        assert!(pages.next_request(0).is_some());
    }

    #[test]
    fn a_page_without_a_cursor_cannot_loop() {
        let mut pages = Pages::new(7);
        pages.next_request(0);
        pages.received(Page { items: vec![1], end_cursor: None, has_next_page: true }, 8);
        assert_eq!(pages.get(1), Some(&Entry::End));
    }
}

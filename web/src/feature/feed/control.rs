//! The feed at work: where it stands, what plays, what is fetched next.

use leptos::{html, prelude::*, task::spawn_local};

use super::{
    api::{self, Item},
    keys::FeedKey,
    pages::Entry,
    reel::Reel,
    ring::{SLOTS, item_of, slot_of},
    slot::{Slot, video_of},
    visit::{self, Visit, random_seed},
    wheel::Step,
};
use crate::{
    api::{ApiError, VideoDetails},
    player::use_sound,
};

/// What the page shows as a whole.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    Loading,
    Showing,
    Empty,
    Failed(ApiError),
}

/// Cheap to copy; lives as long as the page.
#[derive(Clone, Copy)]
pub struct Feed {
    pub surface: NodeRef<html::Section>,
    pub slots: [Slot; SLOTS],
    pub current: RwSignal<usize>,
    pub status: RwSignal<Status>,
    visit: StoredValue<Visit>,
    pub reel: StoredValue<Reel>,
    started: StoredValue<Option<usize>>,
    moving: StoredValue<bool>,
    stopped_while_hidden: StoredValue<bool>,
}

impl Feed {
    /// To be called in the page's component. `username` is whose feed it is.
    pub fn open(username: Signal<Option<String>>) -> Self {
        let visit = visit::resume(username.get_untracked().as_deref());
        let current = visit.current;
        let visit = StoredValue::new(visit);
        let on_change = Callback::new(move |(index, video): (usize, VideoDetails)| {
            visit.update_value(|visit| {
                if let Some(Entry::Video(item)) = visit.pages.get_mut(index) {
                    item.video = video;
                }
            });
        });
        let feed = Self {
            surface: NodeRef::new(),
            slots: std::array::from_fn(|_| Slot::new(on_change)),
            current: RwSignal::new(current),
            status: RwSignal::new(Status::Loading),
            visit,
            reel: StoredValue::new(Reel::at(current)),
            started: StoredValue::new(None),
            moving: StoredValue::new(false),
            stopped_while_hidden: StoredValue::new(false),
        };
        for slot in feed.slots {
            crate::ui::effect(move || {
                // The neighbours load once the current video needs no more help.
                let settled = slot.playback.shown.get() || slot.playback.trouble.get().is_some();
                if settled && slot.index.get_untracked() == Some(feed.current.get_untracked()) {
                    feed.place();
                }
            });
        }
        // Elements exist after the first render.
        crate::ui::effect(move || {
            if feed.surface.get().is_some() {
                feed.place();
                feed.fetch();
            }
        });
        on_cleanup(move || {
            let visit = Visit { current: feed.current.get_untracked(), ..feed.visit.get_value() };
            visit::keep(visit, username.get_untracked());
        });
        feed
    }

    /// The slot on the screen.
    pub fn slot(self) -> Slot {
        self.slots[slot_of(self.current.get())]
    }

    fn slot_untracked(self) -> Slot {
        self.slots[slot_of(self.current.get_untracked())]
    }

    /// The last entry that can be reached now.
    pub fn last(self) -> usize {
        self.visit.with_value(|visit| visit.pages.last())
    }

    /// On or back by one.
    pub fn go(self, step: Step) {
        let current = self.current.get_untracked();
        let next = match step {
            Step::Next => (current + 1).min(self.last()),
            Step::Previous => current.saturating_sub(1),
        };
        if next == current {
            // Those that come next did not arrive, perhaps because the network was away.
            if step == Step::Next {
                self.fetch();
            }
            return;
        }
        self.reel.update_value(|reel| if reduced_motion() { reel.jump_to(next) } else { reel.go_to(next) });
        self.arrive(next);
    }

    /// The reel is on its way to `index`: it plays from now.
    pub fn arrive(self, index: usize) {
        if reduced_motion() {
            self.reel.update_value(|reel| reel.jump_to(index));
        }
        if self.current.get_untracked() != index {
            self.current.set(index);
            self.place();
            self.fetch();
        } else if index == self.last() {
            self.fetch();
        }
        self.animate();
    }

    pub fn act(self, key: FeedKey) {
        let slot = self.slot_untracked();
        match key {
            FeedKey::Go(step) => self.go(step),
            FeedKey::TogglePlay => slot.playback.toggle(),
            FeedKey::ToggleMute => use_sound().toggle(),
            FeedKey::SkipMs(by) => {
                let slides = self.slides_untracked();
                slot.playback.step_ms(by, slides.as_deref());
            }
            FeedKey::Favorite => slot.actions.toggle_favorite(),
        }
    }

    /// Nothing plays behind another tab.
    pub fn page_hidden(self, hidden: bool) {
        let playback = self.slot_untracked().playback;
        if hidden {
            self.stopped_while_hidden.set_value(playback.playing.get_untracked());
            playback.pause();
        } else if self.stopped_while_hidden.get_value() {
            self.stopped_while_hidden.set_value(false);
            playback.play();
        }
    }

    /// Gives every slot its entry, lets the current one play and the others wait.
    fn place(self) {
        let current = self.current.get_untracked();
        for (number, slot) in self.slots.into_iter().enumerate() {
            let index = item_of(number, current);
            self.visit.with_value(|visit| {
                let entry = index.and_then(|index| visit.pages.get(index));
                slot.show(index.filter(|_| entry.is_some()), entry);
            });
        }
        let active = self.slot_untracked();
        active.load(true);
        if self.started.get_value() != Some(current) && active.entry.with_untracked(Option::is_some) {
            self.started.set_value(Some(current));
            for slot in self.slots {
                let is_active = slot.index.get_untracked() == Some(current);
                slot.playback.set_active(is_active);
                if is_active && slot.playback.is_open() {
                    slot.playback.play();
                } else {
                    slot.playback.pause();
                }
            }
        }
        let playback = active.playback;
        if playback.shown.get_untracked() || playback.trouble.get_untracked().is_some() || !playback.is_open()
        {
            // The next before the previous: people go on far more often than back.
            for index in [Some(current + 1), current.checked_sub(1)].into_iter().flatten() {
                let slot = self.slots[slot_of(index)];
                if slot.index.get_untracked() == Some(index) {
                    slot.load(false);
                }
            }
            self.warm_posters(current + 2);
        }
        self.draw();
    }

    /// The posters after the next video, so that a quick swiper sees pictures and not boxes.
    fn warm_posters(self, from: usize) {
        self.visit.with_value(|visit| {
            for index in from..from + 3 {
                let poster = video_of(visit.pages.get(index)).and_then(|video| video.poster_url.clone());
                if let (Some(url), Ok(image)) = (poster, web_sys::HtmlImageElement::new()) {
                    image.set_src(&url);
                }
            }
        });
    }

    /// Asks for the next page if it is time, and for the first one again after a failure.
    pub fn fetch(self) {
        let request =
            self.visit.try_update_value(|visit| visit.pages.next_request(self.current.get_untracked()));
        let Some(Some(request)) = request else {
            self.tell_status(None);
            return;
        };
        spawn_local(async move {
            let answer = api::fetch(request).await;
            let error = self.visit.try_update_value(|visit| match answer {
                Ok(page) => {
                    visit.pages.received(page, random_seed());
                    None
                }
                Err(error) => {
                    visit.pages.failed();
                    Some(error)
                }
            });
            // None: the page was left meanwhile.
            if let Some(error) = error {
                let failed = error.is_some();
                self.tell_status(error);
                if !failed {
                    self.place();
                }
            }
        });
    }

    fn tell_status(self, error: Option<ApiError>) {
        let (has_entries, is_empty) =
            self.visit.with_value(|visit| (!visit.pages.entries().is_empty(), visit.pages.is_empty()));
        self.status.set(match error {
            // What is there can be watched; the next need asks again.
            _ if has_entries => Status::Showing,
            Some(error) => Status::Failed(error),
            None if is_empty => Status::Empty,
            None => Status::Loading,
        });
    }

    /// Draws every frame until the reel is at rest.
    pub fn animate(self) {
        self.draw();
        if !self.moving.get_value() {
            self.moving.set_value(true);
            self.next_frame(now_ms());
        }
    }

    fn next_frame(self, last_ms: f64) {
        request_animation_frame(move || {
            let now = now_ms();
            let at_rest = self.reel.try_update_value(|reel| reel.is_dragged() || reel.tick(now - last_ms));
            match at_rest {
                Some(false) => {
                    self.draw();
                    self.next_frame(now);
                }
                Some(true) => {
                    self.draw();
                    self.moving.set_value(false);
                }
                // The page was left in mid-flight.
                None => {}
            }
        });
    }

    /// Puts the slots where the reel stands.
    pub fn draw(self) {
        let position = self.reel.with_value(Reel::position);
        for slot in self.slots {
            slot.draw(position);
        }
    }

    /// Where the pictures begin of what is on the screen, if it is made of pictures.
    pub fn slides_untracked(self) -> Option<Vec<i32>> {
        self.slot_untracked().entry.with_untracked(|entry| match entry {
            Some(Entry::Video(item)) => item.video.slides.clone(),
            _ => None,
        })
    }

    /// The item on the screen, if it is a video.
    pub fn item(self) -> Option<Item> {
        self.slot().entry.with(|entry| match entry {
            Some(Entry::Video(item)) => Some(item.clone()),
            _ => None,
        })
    }
}

fn now_ms() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |clock| clock.now())
}

fn reduced_motion() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

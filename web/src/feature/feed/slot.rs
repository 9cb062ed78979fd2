//! One of the three places that videos pass through.

use leptos::{html, prelude::*};

use super::{api::Item, pages::Entry};
use crate::{
    api::VideoDetails,
    player::{Captions, Playback, Source, actions::ViewerActions},
};

/// A video element with its texts and buttons, and the entry that it shows at the moment.
#[derive(Clone, Copy)]
pub struct Slot {
    pub element: NodeRef<html::Article>,
    pub playback: Playback,
    pub index: RwSignal<Option<usize>>,
    pub entry: RwSignal<Option<Entry<Item>>>,
    pub actions: ViewerActions,
    pub captions: Captions,
}

impl Slot {
    /// `on_change` hears of ratings and favourites, with the entry's place in the feed.
    pub fn new(on_change: Callback<(usize, VideoDetails)>) -> Self {
        let (index, entry) = (RwSignal::new(None), RwSignal::new(None));
        let video = Signal::derive(move || entry.with(|entry| video_of(entry.as_ref()).cloned()));
        let write = Callback::new(move |changed: VideoDetails| {
            let _ = entry.try_update(|entry| {
                if let Some(Entry::Video(item)) = entry {
                    item.video = changed.clone();
                }
            });
            if let Some(Some(index)) = index.try_get_untracked() {
                on_change.run((index, changed));
            }
        });
        Self {
            element: NodeRef::new(),
            playback: Playback::new(),
            index,
            entry,
            actions: ViewerActions::new(video, write),
            captions: Captions::new(video),
        }
    }

    /// Shows what stands at `index`; texts and poster at once, the video itself by [`Self::load`].
    pub fn show(self, index: Option<usize>, entry: Option<&Entry<Item>>) {
        if self.index.get_untracked() == index
            && self.entry.with_untracked(|shown| shown.is_some() == entry.is_some())
        {
            return;
        }
        self.playback.close();
        self.playback.loudness.set(video_of(entry).and_then(|video| video.loudness_lufs));
        self.index.set(index);
        self.entry.set(entry.cloned());
    }

    /// Begins to load the video, unless it has begun.
    pub fn load(self, active: bool) {
        if self.playback.is_open() {
            return;
        }
        let source = self.entry.with_untracked(|entry| video_of(entry.as_ref()).and_then(Source::of));
        if let Some(source) = source {
            self.playback.load(&source.hls_url, 0.0, active);
        }
    }

    /// Moves the slot to where its entry stands relative to `position`, in screens.
    pub fn draw(self, position: f64) {
        let Some(element) = self.element.get_untracked() else { return };
        let style = web_sys::HtmlElement::style(&element);
        // Style properties with fixed names cannot be refused.
        let _ = match self.index.get_untracked() {
            Some(index) => {
                let away = (index as f64 - position) * 100.0;
                style.set_property("transform", &format!("translate3d(0, {away:.3}%, 0)"))
            }
            None => style.set_property("transform", "translate3d(0, 200%, 0)"),
        };
    }
}

/// The video of an entry that is one.
pub fn video_of(entry: Option<&Entry<Item>>) -> Option<&VideoDetails> {
    match entry {
        Some(Entry::Video(item)) => Some(&item.video),
        _ => None,
    }
}

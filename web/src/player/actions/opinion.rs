//! What this viewer thinks of a video, and how it is kept: at the server for people with an account, in their
//! own browser for guests.

use std::{future::Future, rc::Rc};

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{FavoriteVideo, FavoriteVideoVariables, Opinion, RateVideo, RateVideoVariables},
    guest::{GuestShelf, STORAGE_KEY},
    turn::{Change, Turn},
};
use crate::{
    api::{self, ApiError, ErrorCode, VideoDetails},
    session::{Session, use_session},
    ui::{Toasts, effect, use_toasts},
};

/// The viewer's hand on a video; changes show at once and go back if the server refuses.
#[derive(Clone, Copy)]
pub struct ViewerActions {
    pub video: Signal<Option<VideoDetails>>,
    write: Callback<VideoDetails>,
    shelf: RwSignal<GuestShelf>,
    session: Session,
    toasts: Toasts,
    /// What is under way for the video that was acted on last.
    turn: StoredValue<Option<Rc<Turn>>, LocalStorage>,
}

impl ViewerActions {
    /// On the video that `video` holds at the time; `write` takes it back with what has changed.
    pub fn new(video: Signal<Option<VideoDetails>>, write: Callback<VideoDetails>) -> Self {
        let shelf = RwSignal::new(stored());
        let id = Memo::new(move |_| video.with(|video| video.as_ref().map(|video| video.id.clone())));
        // Another place or another tab may have changed the shelf since.
        effect(move || {
            id.track();
            shelf.set(stored());
        });
        let turn = StoredValue::new_local(None);
        Self { video, write, shelf, session: use_session(), toasts: use_toasts(), turn }
    }

    /// The viewer's own stars; 0 when not rated.
    pub fn stars(self) -> i32 {
        self.read(0, |video| {
            if self.session.signed_in() {
                video.viewer_stars.unwrap_or(0)
            } else {
                self.shelf.with(|shelf| shelf.stars(video.id.inner()).unwrap_or(0))
            }
        })
    }

    pub fn is_favorite(self) -> bool {
        self.read(false, |video| {
            if self.session.signed_in() {
                video.viewer_favorite
            } else {
                self.shelf.with(|shelf| shelf.is_favorite(video.id.inner()))
            }
        })
    }

    /// Mean of all ratings, if there are any.
    pub fn average(self) -> Option<f64> {
        self.read(None, |video| video.average_stars)
    }

    pub fn rating_count(self) -> i32 {
        self.read(0, |video| video.rating_count)
    }

    /// Gives 1 to 10 stars; 0 takes them back.
    pub fn rate(self, stars: i32) {
        if stars == untrack(|| self.stars()) {
            return;
        }
        let Some(before) = self.video.get_untracked() else { return };
        if !untrack(|| self.session.signed_in()) {
            self.keep(|shelf| shelf.rate(before.id.inner(), stars));
            return;
        }
        let id = before.id.clone();
        self.send(Change::Rating, &before, async move {
            let operation = RateVideo::build(RateVideoVariables { video_id: id, stars });
            api::send(operation).await.map(|data| data.rate_video)
        });
        self.change(&before.id, |video| video.viewer_stars = (stars > 0).then_some(stars));
    }

    pub fn set_favorite(self, favorite: bool) {
        let Some(before) = self.video.get_untracked() else { return };
        if !untrack(|| self.session.signed_in()) {
            self.keep(|shelf| shelf.set_favorite(before.id.inner(), favorite));
            return;
        }
        let id = before.id.clone();
        self.send(Change::Favorite, &before, async move {
            let operation = FavoriteVideo::build(FavoriteVideoVariables { video_id: id, favorite });
            api::send(operation).await.map(|data| data.favorite_video)
        });
        self.change(&before.id, |video| video.viewer_favorite = favorite);
    }

    pub fn toggle_favorite(self) {
        self.set_favorite(!untrack(|| self.is_favorite()));
    }

    fn read<T>(self, absent: T, read: impl FnOnce(&VideoDetails) -> T) -> T {
        self.video.with(|video| match video {
            Some(video) => read(video),
            None => absent,
        })
    }

    fn keep(self, change: impl FnOnce(&mut GuestShelf)) {
        // Read again first: what another tab kept must not be lost.
        let mut shelf = stored();
        change(&mut shelf);
        if let Ok(Some(storage)) = window().local_storage() {
            // Where storing is forbidden the choice lasts as long as the page.
            let _ = storage.set_item(STORAGE_KEY, &shelf.write());
        }
        self.shelf.set(shelf);
    }

    /// Changes the video if it is still the one that was acted on.
    fn change(self, id: &cynic::Id, change: impl FnOnce(&mut VideoDetails)) {
        let now = self.video.try_get_untracked().flatten().filter(|video| video.id == *id);
        if let Some(mut video) = now {
            change(&mut video);
            self.write.run(video);
        }
    }

    fn send(
        self,
        change: Change,
        before: &VideoDetails,
        request: impl Future<Output = Result<Opinion, ApiError>> + 'static,
    ) {
        let turn = self.turn_of(before);
        let (number, request) = (turn.announce(change), Box::pin(request));
        spawn_local(async move {
            // A session that ended elsewhere needs no alarm: the next page shows it.
            if let Err(error) = turn.take(change, number, request).await
                && error.code != ErrorCode::Unauthenticated
            {
                self.toasts.fail(&error);
            }
            if let Some(opinion) = turn.settled() {
                self.change(&turn.video_id, |video| opinion.write(video));
            }
        });
    }

    fn turn_of(self, video: &VideoDetails) -> Rc<Turn> {
        let current = self.turn.get_value().filter(|turn| turn.video_id == video.id);
        let turn = current.filter(|turn| turn.is_under_way()).unwrap_or_else(|| Rc::new(Turn::new(video)));
        self.turn.set_value(Some(turn.clone()));
        turn
    }
}

fn stored() -> GuestShelf {
    let text = window()
        .local_storage()
        .ok()
        .flatten()
        .and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
    GuestShelf::read(text.as_deref())
}

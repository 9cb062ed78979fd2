//! The order in which choices about one video reach the server: one request after the other, and of several that
//! wait for the same thing only the last is sent, so that neither the server nor the page ends with an older one.

use std::{
    cell::{Cell, RefCell},
    future::Future,
};

use futures::lock::Mutex;

use super::api::Opinion;
use crate::api::{ApiError, VideoDetails};

/// What is under way for one video.
pub struct Turn {
    pub video_id: cynic::Id,
    /// Held while a request is sent.
    line: Mutex<()>,
    waiting: Cell<u32>,
    /// The newest change of each kind; older ones that still wait are not sent.
    newest: Cell<[u32; 2]>,
    /// What the server is known to hold.
    settled: RefCell<Opinion>,
}

/// What a choice is about.
#[derive(Clone, Copy)]
pub enum Change {
    Rating,
    Favorite,
}

impl Turn {
    /// Nothing is under way: `video` is as the server has it.
    pub fn new(video: &VideoDetails) -> Self {
        Self {
            video_id: video.id.clone(),
            line: Mutex::new(()),
            waiting: Cell::new(0),
            newest: Cell::new([0; 2]),
            settled: RefCell::new(Opinion::of(video)),
        }
    }

    /// Takes a number for [`Turn::take`].
    pub fn announce(&self, change: Change) -> u32 {
        self.waiting.set(self.waiting.get() + 1);
        let mut newest = self.newest.get();
        newest[change as usize] += 1;
        self.newest.set(newest);
        newest[change as usize]
    }

    /// Waits for its turn and sends the request, unless a newer one of its kind has been announced meanwhile.
    pub async fn take(
        &self,
        change: Change,
        number: u32,
        request: impl Future<Output = Result<Opinion, ApiError>>,
    ) -> Result<(), ApiError> {
        let answer = {
            let _line = self.line.lock().await;
            if self.newest.get()[change as usize] == number { Some(request.await) } else { None }
        };
        self.waiting.set(self.waiting.get() - 1);
        if let Some(opinion) = answer.transpose()? {
            *self.settled.borrow_mut() = opinion;
        }
        Ok(())
    }

    pub fn is_under_way(&self) -> bool {
        self.waiting.get() > 0
    }

    /// What the server holds, once nothing is under way any more.
    pub fn settled(&self) -> Option<Opinion> {
        (!self.is_under_way()).then(|| self.settled.borrow().clone())
    }
}

impl Opinion {
    pub fn of(video: &VideoDetails) -> Self {
        Self {
            viewer_stars: video.viewer_stars,
            viewer_favorite: video.viewer_favorite,
            average_stars: video.average_stars,
            rating_count: video.rating_count,
            favorite_count: video.favorite_count,
        }
    }

    pub fn write(self, video: &mut VideoDetails) {
        video.viewer_stars = self.viewer_stars;
        video.viewer_favorite = self.viewer_favorite;
        video.average_stars = self.average_stars;
        video.rating_count = self.rating_count;
        video.favorite_count = self.favorite_count;
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, channel::oneshot, executor::block_on, future::join};

    use super::*;

    fn stars(stars: i32) -> Opinion {
        Opinion {
            viewer_stars: Some(stars),
            viewer_favorite: false,
            average_stars: None,
            rating_count: 1,
            favorite_count: 0,
        }
    }

    fn turn() -> Turn {
        Turn {
            video_id: "v".into(),
            line: Mutex::new(()),
            waiting: Cell::new(0),
            newest: Cell::new([0; 2]),
            settled: RefCell::new(stars(1)),
        }
    }

    #[test]
    fn of_choices_that_wait_only_the_last_is_sent() {
        let turn = turn();
        let sent = RefCell::new(Vec::new());
        let (release, held) = oneshot::channel::<()>();
        let choose = |wanted: i32, held: Option<oneshot::Receiver<()>>| {
            let number = turn.announce(Change::Rating);
            let sent = &sent;
            turn.take(Change::Rating, number, async move {
                sent.borrow_mut().push(wanted);
                if let Some(held) = held {
                    held.await.ok();
                }
                Ok(stars(wanted))
            })
        };
        let mut first = Box::pin(choose(3, Some(held)));
        assert!(first.as_mut().now_or_never().is_none());
        let (second, third) = (choose(5, None), choose(7, None));
        assert!(turn.settled().is_none());
        release.send(()).ok();
        assert_eq!(block_on(join(first, join(second, third))), (Ok(()), (Ok(()), Ok(()))));
        assert_eq!(*sent.borrow(), [3, 7]);
        assert_eq!(turn.settled().and_then(|opinion| opinion.viewer_stars), Some(7));
    }

    #[test]
    fn a_refused_choice_goes_back_to_what_the_server_has() {
        let turn = turn();
        let number = turn.announce(Change::Rating);
        let refused = block_on(turn.take(Change::Rating, number, async { Err(ApiError::offline()) }));
        assert!(refused.is_err());
        assert_eq!(turn.settled().and_then(|opinion| opinion.viewer_stars), Some(1));
    }
}

//! The states of one file on its way to a link.

/// Files that are sent at the same time; the parts of all of them share the same few connections.
const AT_ONCE: usize = 3;

/// What an upload shows while bytes move; it changes once a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sending {
    pub sent_bytes: u64,
    pub total_bytes: u64,
    pub bytes_per_second: Option<f64>,
    pub seconds_left: Option<f64>,
}

impl Sending {
    /// Whole percent. The last one belongs to the server's word, not to the last byte.
    pub fn percent(&self) -> u64 {
        (self.sent_bytes * 100).checked_div(self.total_bytes).unwrap_or(0).min(99)
    }
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Refused before the first byte, with the reason.
    Refused(String),
    /// Waits for its turn, or for its owner to log in.
    Waiting,
    Sending(Sending),
    /// Its owner stopped it for now; what has arrived is safe.
    Paused(Sending),
    /// There is a video of this file already.
    Same {
        video_id: String,
        title: String,
    },
    /// All bytes are there; the server checks them.
    Confirming,
    /// The server works on it.
    Processing {
        percent: f64,
        words: String,
        left_ms: Option<f64>,
        playable: bool,
    },
    Ready,
    /// The server could not make a video of it, with the reason.
    Failed(String),
    /// The upload itself broke off, with the reason; it can be tried again.
    Broken(String),
    Cancelled,
}

impl Stage {
    /// Nothing more happens by itself.
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            Self::Refused(_)
                | Self::Same { .. }
                | Self::Ready
                | Self::Failed(_)
                | Self::Broken(_)
                | Self::Cancelled
        )
    }

    /// Leaving the page now would lose it.
    pub fn needs_this_page(&self) -> bool {
        matches!(self, Self::Waiting | Self::Sending(_) | Self::Confirming)
    }

    pub fn can_be_cancelled(&self) -> bool {
        matches!(self, Self::Waiting | Self::Sending(_) | Self::Paused(_))
    }

    /// Nothing of it is under way, and it would go on from where it is.
    pub fn is_paused(&self) -> bool {
        matches!(self, Self::Paused(_))
    }

    /// Part of what there is to send: bytes sent, and bytes in all.
    pub fn share(&self, size_bytes: u64) -> Option<(u64, u64)> {
        match self {
            Self::Waiting => Some((0, size_bytes)),
            Self::Sending(now) | Self::Paused(now) => Some((now.sent_bytes, size_bytes)),
            Self::Confirming | Self::Processing { .. } | Self::Ready => Some((size_bytes, size_bytes)),
            Self::Refused(_) | Self::Same { .. } | Self::Failed(_) | Self::Broken(_) | Self::Cancelled => {
                None
            }
        }
    }

    pub fn can_be_retried(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Cancelled)
    }

    fn is_active(&self) -> bool {
        matches!(self, Self::Sending(_) | Self::Confirming)
    }
}

/// The files, by place in the queue, that start now: in order, a few at once.
pub fn to_start<'a>(stages: impl IntoIterator<Item = &'a Stage>) -> Vec<usize> {
    let stages: Vec<_> = stages.into_iter().collect();
    let active = stages.iter().filter(|stage| stage.is_active()).count();
    let waiting =
        stages.iter().enumerate().filter(|(_, stage)| ***stage == Stage::Waiting).map(|(place, _)| place);
    waiting.take(AT_ONCE.saturating_sub(active)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_percent_is_not_for_bytes() {
        let sending = |sent_bytes| Sending { sent_bytes, total_bytes: 200, ..Sending::default() };
        assert_eq!(sending(0).percent(), 0);
        assert_eq!(sending(199).percent(), 99);
        assert_eq!(sending(200).percent(), 99);
        assert_eq!(Sending::default().percent(), 0);
    }

    #[test]
    fn a_few_start_in_order_and_others_errors_do_not_stop_them() {
        let sending = Stage::Sending(Sending::default());
        assert_eq!(to_start(&[Stage::Waiting, Stage::Waiting, Stage::Waiting, Stage::Waiting]), [0, 1, 2]);
        assert_eq!(
            to_start(&[
                sending.clone(),
                Stage::Broken("x".into()),
                Stage::Waiting,
                Stage::Waiting,
                Stage::Waiting
            ]),
            [2, 3]
        );
        assert!(to_start(&[sending.clone(), sending.clone(), Stage::Confirming, Stage::Waiting]).is_empty());
        assert_eq!(to_start(&[Stage::Ready, Stage::Failed("y".into()), Stage::Waiting]), [2]);
    }

    #[test]
    fn processing_goes_on_without_the_page() {
        let processing =
            Stage::Processing { percent: 3.0, words: String::new(), left_ms: None, playable: false };
        assert!(!processing.needs_this_page() && !processing.is_over());
        assert!(Stage::Waiting.needs_this_page());
    }
}

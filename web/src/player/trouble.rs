//! What is said when a video does not play.

/// Why playback stopped, as the player script tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The network failed; it is asked again by itself.
    Retrying,
    /// The network failed too often.
    Network,
    /// The video is not there, or not for this viewer.
    Gone,
    /// The data could not be decoded.
    Media,
    /// This browser has no way to play it.
    Unsupported,
    /// The player script itself could not be fetched.
    Script,
}

impl Trouble {
    /// The reason of a `failed` event.
    pub fn failed(reason: &str) -> Self {
        match reason {
            "network" => Self::Network,
            "gone" => Self::Gone,
            "unsupported" => Self::Unsupported,
            _ => Self::Media,
        }
    }

    /// One sentence for the viewer.
    pub fn words(self) -> &'static str {
        match self {
            Self::Retrying => "The connection is lost. Trying again.",
            Self::Network | Self::Script => "The video cannot be reached. Check the connection.",
            Self::Gone => "This video is no longer here.",
            Self::Media => "This video cannot be played right now.",
            Self::Unsupported => "This browser cannot play the video. A current one can.",
        }
    }

    /// Whether "Try again" is worth a button.
    pub fn can_retry(self) -> bool {
        matches!(self, Self::Network | Self::Media | Self::Script)
    }

    /// Something goes on by itself: a quiet line, no dialogue.
    pub fn is_passing(self) -> bool {
        self == Self::Retrying
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_help_is_offered() {
        assert!(Trouble::failed("network").can_retry());
        assert!(!Trouble::failed("gone").can_retry());
        assert!(!Trouble::failed("unsupported").can_retry());
        assert!(Trouble::failed("something new").can_retry());
        assert!(!Trouble::Retrying.can_retry());
    }
}

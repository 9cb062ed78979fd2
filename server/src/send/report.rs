//! What became of a file: a line for people, an object for programs.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    error::SendError,
    operations::{Video, VideoState},
};

/// The end of one file.
#[derive(Clone, Debug)]
pub struct Report {
    /// As it was named on the command line.
    pub file: PathBuf,
    /// The size of the file, once it is known.
    pub bytes: Option<u64>,
    pub sent: Sent,
    pub video: Option<Video>,
    /// Where the video is watched.
    pub address: Option<String>,
    pub seconds: f64,
    /// What went wrong and did no harm yet.
    pub warnings: Vec<String>,
    pub error: Option<SendError>,
}

/// What one run sent of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Everything that went out, parts that had to be sent again included.
    pub bytes: u64,
    /// Parts that this run brought to the store.
    pub parts: u32,
    /// Parts that the store holds, by this run and earlier ones.
    pub safe_parts: u32,
    pub all_parts: Option<u32>,
    /// Whether an earlier run had begun it.
    pub resumed: bool,
    /// Whether the file had a video already and nothing was sent.
    pub before: bool,
}

/// One line of `--json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    sent_bytes: u64,
    sent_parts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_count: Option<u32>,
    resumed: bool,
    sent_before: bool,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<LineError<'a>>,
}

#[derive(Serialize)]
struct LineError<'a> {
    code: &'a str,
    message: &'a str,
}

impl Report {
    /// One JSON object, without a line's end.
    ///
    /// # Errors
    /// None that the fields above can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Line {
            file: self.file.display().to_string(),
            video_id: self.video.as_ref().map(|video| video.id.inner()),
            url: self.address.as_deref(),
            bytes: self.bytes,
            sent_bytes: self.sent.bytes,
            sent_parts: self.sent.parts,
            part_count: self.sent.all_parts,
            resumed: self.sent.resumed,
            sent_before: self.sent.before,
            seconds: (self.seconds * 1000.0).round() / 1000.0,
            state: self.video.as_ref().map(|video| match video.state {
                VideoState::Processing => "PROCESSING",
                VideoState::Ready => "READY",
                VideoState::Failed => "FAILED",
            }),
            error: self.error.as_ref().map(|error| LineError { code: &error.code, message: &error.message }),
        })
    }

    /// What is safe of a file that was cut short, as a sentence; nothing where nothing is.
    pub fn what_is_safe(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        let Sent { safe_parts, all_parts: Some(all), .. } = self.sent else { return None };
        match self.video.as_ref().map(|video| video.state) {
            Some(VideoState::Processing) => {
                Some("The file has arrived; its video is being processed.".to_owned())
            }
            Some(VideoState::Ready | VideoState::Failed) => None,
            None if error.ends_upload() => None,
            None => Some(format!("{safe_parts} of {all} parts are safe.")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            file: "a b.mp4".into(),
            bytes: Some(25),
            sent: Sent {
                bytes: 15,
                parts: 2,
                safe_parts: 3,
                all_parts: Some(3),
                resumed: true,
                before: false,
            },
            video: None,
            address: None,
            seconds: 1.23456,
            warnings: Vec::new(),
            error: None,
        }
    }

    #[test]
    fn a_line_is_one_object_of_what_is_known() {
        let video =
            Video { id: cynic::Id::new("v1"), state: VideoState::Ready, failure: None, progress: None };
        let address = Some("https://video.example/watch/v1".to_owned());
        let good = Report { video: Some(video), address, ..report() };
        assert_eq!(
            good.to_json().unwrap(),
            r#"{"file":"a b.mp4","videoId":"v1","url":"https://video.example/watch/v1","bytes":25,"sentBytes":15,"sentParts":2,"partCount":3,"resumed":true,"sentBefore":false,"seconds":1.235,"state":"READY"}"#
        );
        let bad = Report { error: Some(SendError::interrupted()), ..report() };
        let line = bad.to_json().unwrap();
        assert!(line.contains(r#""error":{"code":"INTERRUPTED","message":"Stopped"#), "{line}");
        assert_eq!(bad.what_is_safe().as_deref(), Some("3 of 3 parts are safe."));
    }
}

//! One file, from the first look at it to its video.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{
    Wishes,
    error::SendError,
    memory::{Memory, MemoryError, Remembered},
    operations::{
        ByteCount, CreateUploadInput, UpdateVideoInput, Upload, UploadState, UploadedPartInput, Video,
        VideoState,
    },
    progress::Progress,
    report::{Report, Sent},
    site::Site,
    source::Source,
    transfer::{Plan, Tally, send_parts},
    wires::Wires,
};

/// A completion that says that parts are missing is answered by sending them, so often.
const MOST_ROUNDS: u32 = 3;
const LOOK_AT_VIDEO_EVERY: Duration = Duration::from_secs(1);

/// Sends files to one site for one person.
pub struct Sender {
    pub site: Site,
    /// Absent where there is nowhere to keep it: then nothing can be resumed.
    pub memory: Option<Memory>,
    pub wishes: Wishes,
    /// What is learned of the line with one file counts for the next.
    pub wires: Wires,
}

/// What is known of a file's way so far, also when it is cut short.
#[derive(Default)]
struct Way {
    bytes: Option<u64>,
    parts: Option<u32>,
    resumed: bool,
    sent_before: bool,
    /// Parts that were there before this run.
    safe_parts: u32,
    tally: Arc<Tally>,
    video: Option<Video>,
    warnings: Vec<String>,
}

impl Sender {
    /// Sends one file, or says why not; comes back early when `stop` does.
    pub async fn send(&self, path: &Path, stop: impl Future<Output = ()>) -> Report {
        let begun = Instant::now();
        let mut way = Way::default();
        let outcome = tokio::select! {
            outcome = self.all_the_way(path, &mut way) => outcome,
            () = stop => Err(SendError::interrupted()),
        };
        let sent_parts = way.tally.sent_parts.load(Ordering::Relaxed);
        Report {
            file: path.to_owned(),
            bytes: way.bytes,
            sent: Sent {
                bytes: way.tally.sent_bytes.load(Ordering::Relaxed),
                parts: sent_parts,
                safe_parts: way.safe_parts + sent_parts,
                all_parts: way.parts,
                resumed: way.resumed,
                before: way.sent_before,
            },
            address: way.video.as_ref().map(|video| self.site.address_of(&video.id)),
            video: way.video,
            seconds: begun.elapsed().as_secs_f64(),
            warnings: way.warnings,
            error: outcome.err(),
        }
    }

    async fn all_the_way(&self, path: &Path, way: &mut Way) -> Result<(), SendError> {
        let source = Source::open(path)?;
        way.bytes = Some(source.size_bytes);
        let sample = source.sample_hash()?;
        let mut remembered = self.remember(&source, &sample, way)?;
        let known = match remembered.as_ref().and_then(|memory| memory.upload_id.clone()) {
            Some(id) => self.site.upload(&id, true).await?.filter(|found| found.size.0 == source.size_bytes),
            None => None,
        };
        let name = source.file_name();
        let video = match known {
            Some(Upload { state: UploadState::Completed, video: Some(video), part_count, .. }) => {
                way.resumed = true;
                way.parts = u32::try_from(part_count).ok();
                way.safe_parts = way.parts.unwrap_or_default();
                video
            }
            Some(open @ Upload { state: UploadState::Uploading, .. }) => {
                way.resumed = true;
                self.to_the_end(&source, open, &mut remembered, way).await?
            }
            _ if let Some(video) = self.sent_before(&source, &sample).await? => {
                way.sent_before = true;
                video
            }
            _ => {
                let begun = self.begin(&source, &name, sample).await?;
                if let Some(memory) = &mut remembered
                    && let Err(error) = memory.keep(begun.id.inner(), self.site.server.as_str(), &source.path)
                {
                    way.warnings.push(cannot_resume(&error));
                }
                self.to_the_end(&source, begun, &mut remembered, way).await?
            }
        };
        // What this run was told counts, not what an earlier one was.
        let video = if way.resumed { self.update(video).await? } else { video };
        way.video = Some(video.clone());
        if let Some(memory) = remembered {
            memory.forget();
        }
        if self.wishes.wait { self.wait(&name, video, way).await } else { Ok(()) }
    }

    /// The video of the same file, unless it is to be sent all the same.
    async fn sent_before(&self, source: &Source, sample: &str) -> Result<Option<Video>, SendError> {
        if self.wishes.again {
            return Ok(None);
        }
        self.site.video_of_file(sample, source.size_bytes).await
    }

    fn remember(
        &self,
        source: &Source,
        sample: &str,
        way: &mut Way,
    ) -> Result<Option<Remembered>, SendError> {
        let Some(memory) = &self.memory else { return Ok(None) };
        match memory.take(&source.key(&self.site.server, sample)) {
            Ok(remembered) => Ok(Some(remembered)),
            Err(MemoryError::Busy) => Err(SendError::new(
                "FILE_BUSY",
                "Another run of this command is sending this file. Wait for it, or stop it.",
            )),
            Err(error @ MemoryError::Disk { .. }) => {
                way.warnings.push(cannot_resume(&error));
                Ok(None)
            }
        }
    }

    async fn begin(&self, source: &Source, name: &str, sample: String) -> Result<Upload, SendError> {
        let Wishes { title, description, tags, visibility, .. } = &self.wishes;
        let content_type = mime_guess::from_path(&source.path).first_raw().map(str::to_owned);
        self.site
            .create(CreateUploadInput {
                file_name: name.to_owned(),
                size: ByteCount(source.size_bytes),
                content_type,
                title: title.clone(),
                description: description.clone(),
                tags: (!tags.is_empty()).then(|| tags.clone()),
                visibility: *visibility,
                sample_hash: Some(sample),
                modified_at: Some(source.modified_at()),
            })
            .await
    }

    /// Sends what the server does not have, and completes.
    async fn to_the_end(
        &self,
        source: &Source,
        upload: Upload,
        remembered: &mut Option<Remembered>,
        way: &mut Way,
    ) -> Result<Video, SendError> {
        let outcome = self.rounds(source, &upload, way).await;
        if let Err(error) = &outcome {
            if error.code == "FILE_CHANGED" {
                // Half of one film and half of another are of no use to anybody. If the server cannot be told now,
                // it gives the upload up by itself.
                let _ = self.site.abort(&upload.id).await;
            }
            if error.ends_upload()
                && let Some(memory) = remembered.take()
            {
                memory.forget();
            }
        }
        outcome
    }

    async fn rounds(&self, source: &Source, upload: &Upload, way: &mut Way) -> Result<Video, SendError> {
        let plan = Plan {
            size_bytes: upload.size.0,
            part_size_bytes: upload.part_size.0,
            part_count: upload.part_count,
        };
        way.parts = u32::try_from(plan.part_count).ok();
        let mut received: Vec<(i32, u64)> =
            upload.received_parts.iter().map(|part| (part.number, part.size.0)).collect();
        let mut missing = plan.missing(received.iter().copied());
        way.safe_parts = way.parts.unwrap_or_default() - u32::try_from(missing.len()).unwrap_or_default();
        let mut etags: Vec<UploadedPartInput> = Vec::new();
        let mut round = 1;
        let safe_bytes = plan.size_bytes - plan.bytes_of(&missing);
        let progress = Progress::of_file(&source.file_name(), plan.size_bytes, safe_bytes);
        let outcome = loop {
            let sent = send_parts(
                (&self.site, &self.wires),
                &upload.id,
                source,
                plan,
                missing,
                &progress,
                &way.tally,
            )
            .await;
            match sent {
                Ok(more) => {
                    etags.retain(|part| more.iter().all(|newer| newer.number != part.number));
                    etags.extend(more);
                }
                Err(error) => break Err(error),
            }
            if let Err(error) = source.check_unchanged() {
                break Err(error);
            }
            progress.say("completing");
            let error = match self.site.complete(&upload.id, etags.clone(), &progress).await {
                Ok(video) => break Ok(video),
                Err(error) => error,
            };
            if error.code != "UPLOAD_INCOMPLETE" || round >= MOST_ROUNDS {
                break Err(error);
            }
            round += 1;
            // What was confirmed is not there any more; the server says what is.
            received = match self.site.upload(upload.id.inner(), false).await {
                Ok(Some(now)) => now.received_parts.iter().map(|part| (part.number, part.size.0)).collect(),
                Ok(None) => break Err(error),
                Err(error) => break Err(error),
            };
            missing = plan.missing(received.iter().copied());
            if missing.is_empty() {
                break Err(error);
            }
            progress.stand_at(plan.size_bytes - plan.bytes_of(&missing));
        };
        progress.end();
        outcome
    }

    /// Gives the video what this run was told, where it was told anything.
    async fn update(&self, video: Video) -> Result<Video, SendError> {
        let Wishes { title, description, tags, visibility, .. } = &self.wishes;
        if title.is_none() && description.is_none() && tags.is_empty() && visibility.is_none() {
            return Ok(video);
        }
        self.site
            .update(UpdateVideoInput {
                id: video.id,
                title: title.clone(),
                description: description.clone(),
                tags: (!tags.is_empty()).then(|| tags.clone()),
                visibility: *visibility,
            })
            .await
    }

    /// Waits until the video is ready to watch, or has failed.
    async fn wait(&self, name: &str, mut video: Video, way: &mut Way) -> Result<(), SendError> {
        let progress = Progress::of_processing(name);
        let outcome = loop {
            match video.state {
                VideoState::Ready => break Ok(()),
                VideoState::Failed => {
                    break Err(match video.failure {
                        Some(failure) => SendError { code: failure.code, message: failure.message },
                        None => SendError::new("INTERNAL", "The video could not be processed."),
                    });
                }
                VideoState::Processing => {}
            }
            if let Some(now) = video.progress {
                progress.stand_at(now.percent.clamp(0.0, 100.0) as u64);
            }
            tokio::time::sleep(LOOK_AT_VIDEO_EVERY).await;
            video = match self.site.video(&video.id, &progress).await {
                Ok(video) => video,
                Err(error) => break Err(error),
            };
            way.video = Some(video.clone());
        };
        progress.end();
        outcome
    }
}

fn cannot_resume(error: &MemoryError) -> String {
    format!("this upload cannot be resumed if it is cut short: {error}")
}

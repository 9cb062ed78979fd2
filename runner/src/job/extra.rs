//! The jobs `ENCODE_HEVC` and `ENCODE_AV1`: one chunk in all sizes of a codec that a video has beside H.264. Nobody waits
//! for them, and everything else on the machine comes first.

use std::{
    mem,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Desk, JobError, MediaError, chunk,
    chunk::internal,
    encoder::{Amount, Urgency, encode},
    media::{Step, step},
    publish::How,
    verdict,
};
use crate::{
    api::operations::ProcessingStage,
    chunked::{Cut, Cutting},
    ffmpeg::{
        args,
        ladder::{Codec, Size},
    },
    fmp4,
    workdir::JobFolder,
};

pub(crate) async fn encode_extra(desk: &Desk<'_>, codec: Codec) -> Result<(), JobError> {
    let (mut cutting, chunk) = (desk.cutting()?, desk.chunk()?);
    let is_wanted = |size: &Size| size.codec == codec && desk.job.renditions.contains(&size.name);
    cutting.plan.sizes = mem::take(&mut cutting.plan.extras).into_iter().filter(is_wanted).collect();
    if cutting.plan.sizes.is_empty() {
        // The codec was given up, or the video made anew, since the job was queued.
        return desk.publisher().finish(None).await;
    }
    let cut = cutting.cut(chunk).ok_or_else(|| internal("a chunk that the plan does not have"))?;
    let folder = chunk::folder_for(desk, &cutting, &cut).await?;
    make(desk, &cutting, &cut, codec, &folder).await?;
    let publisher = desk.publisher();
    for size in &cutting.plan.sizes {
        let file = joined(&folder, size);
        let (codecs, made) = chunk::picture_chunk(&cutting, &cut, &file, size)?;
        publisher.publish_chunks(&size.name, &codecs, &file, &[made], How::default()).await?;
    }
    publisher.finish(None).await
}

/// Where all of one size is put together.
fn joined(folder: &JobFolder, size: &Size) -> PathBuf {
    folder.path().join(format!("joined-{}.mp4", size.name))
}

async fn make(
    desk: &Desk<'_>,
    cutting: &Cutting,
    cut: &Cut,
    codec: Codec,
    folder: &JobFolder,
) -> Result<(), JobError> {
    let sizes = &cutting.plan.sizes;
    let whole_s = cutting.chunk_seconds(cut.index).max(0.001);
    let mut done_s = 0.0;
    for part in args::parts(codec, cut) {
        let likely_s = part.frames.map_or(whole_s - done_s, |frames| cutting.seconds(frames)).max(0.0);
        let likely = Duration::from_secs_f64(likely_s);
        let amount = Amount {
            video_index: cutting.plan.video_index,
            likely,
            most_bitrate: sizes.iter().map(|size| size.max_bitrate).max().unwrap_or_default(),
            urgency: Urgency::Background,
        };
        let encoded = encode(desk.bench, folder, &args::chunk(cutting, &part, false), amount, |progress| {
            if let Step::Encoding { part, .. } = step(progress, Some(likely)) {
                let part = ((done_s + part * likely_s) / whole_s).min(1.0);
                desk.reporter.report(ProcessingStage::Encoding, part, None);
            }
        })
        .await?;
        verdict::check_run(&encoded.log, encoded.status.success(), true)?;
        for size in sizes {
            append(&folder.path().join(args::output(&size.name)), &joined(folder, size)).await?;
        }
        done_s += likely_s;
    }
    Ok(())
}

async fn append(part: &Path, to: &Path) -> Result<(), MediaError> {
    let (part, to) = (part.to_owned(), to.to_owned());
    // Some megabytes from and to this machine's own disk.
    let appended = tokio::task::spawn_blocking(move || fmp4::append(&part, &to)).await;
    appended.map_err(|error| internal(&error.to_string()))?.map_err(|error| match error {
        fmp4::FormatError::Io(error) => error.into(),
        error => internal(&error.to_string()),
    })
}

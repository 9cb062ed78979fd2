//! The job `MAKE_DOWNLOAD`: one file of a rendition and the sound, joined from their chunks without encoding.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};

use super::{Desk, JobError, MediaError, verdict};
use crate::{
    api::{
        operations::{JobInput, ProcessingStage},
        persist,
    },
    ffmpeg::{
        args::{self, Contents},
        log::Log,
        run::RunError,
    },
    files,
    sandbox::Limits,
    transfer::download,
    workdir::JobFolder,
};

const SOUND: &str = "audio";
const PARALLEL_DOWNLOADS: usize = 4;
/// Copying takes as long as the disk needs, twice: the index goes in front when all else is written.
const DEADLINE_BASE: Duration = Duration::from_secs(120);
const BYTES_PER_SECOND: u64 = 10 << 20;
/// So much more may a file be than its parts.
const INDEX_BYTES: u64 = 64 << 20;

pub(crate) async fn make_download(desk: &Desk<'_>) -> Result<(), JobError> {
    let wanted = desk.job.rendition.as_deref().unwrap_or_default();
    desk.reporter.report(ProcessingStage::Downloading, 0.0, None);
    let inputs = persist(desk.cancel, || desk.api.sign_job_inputs(&desk.job.lease.id)).await?;
    let total: u64 = inputs.iter().map(|input| input.size.0).sum();
    let (main, rest): (Vec<_>, Vec<_>) = inputs.into_iter().partition(|input| input.rendition == wanted);
    let sound: Vec<_> = rest.into_iter().filter(|input| input.rendition == SOUND).collect();
    let contents = match (main.is_empty(), sound.is_empty()) {
        (true, _) => return Err(MediaError::Internal("nothing to make a file of".to_owned()).into()),
        (false, true) if wanted == SOUND => Contents::Sound,
        (false, true) => Contents::Pictures,
        (false, false) => Contents::PicturesAndSound,
    };
    let folder = desk.new_folder()?;
    let fetching = Fetching { desk, total, received: AtomicU64::new(0) };
    fetching.joined(&main, &folder.source()).await?;
    if contents == Contents::PicturesAndSound {
        fetching.joined(&sound, &folder.path().join(args::download_sound())).await?;
    }
    desk.reporter.report(ProcessingStage::Encoding, 0.0, None);
    let file = remux(desk, &folder, contents, total).await?;
    let size_bytes = files::made_size(&file).map_err(MediaError::from)?;
    desk.publisher().publish_download(&file, size_bytes).await
}

/// Chunks on their way here.
struct Fetching<'d> {
    desk: &'d Desk<'d>,
    /// Bytes of all of them.
    total: u64,
    received: AtomicU64,
}

impl Fetching<'_> {
    /// Writes the chunks of one rendition one behind the other, which is what a player gets to see of it.
    async fn joined(&self, inputs: &[JobInput], to: &Path) -> Result<(), JobError> {
        let fetched = inputs.iter().enumerate().map(|(number, input)| self.fetch(number, input, to));
        let mut parts = stream::iter(fetched.collect::<Vec<_>>()).buffered(PARALLEL_DOWNLOADS);
        while let Some(part) = parts.try_next().await? {
            append(part, to.to_owned()).await.map_err(MediaError::from)?;
        }
        Ok(())
    }

    async fn fetch(&self, number: usize, input: &JobInput, to: &Path) -> Result<PathBuf, JobError> {
        let part = to.with_extension(format!("part-{number}"));
        download(self.desk.http, &input.url, input.size.0, &part, &|_| {}).await?;
        let received = self.received.fetch_add(input.size.0, Ordering::Relaxed) + input.size.0;
        let part_of_all = received as f64 / self.total.max(1) as f64;
        self.desk.reporter.report(ProcessingStage::Downloading, part_of_all, None);
        Ok(part)
    }
}

async fn append(part: PathBuf, to: PathBuf) -> io::Result<()> {
    let added = tokio::task::spawn_blocking(move || {
        let mut to = OpenOptions::new().create(true).append(true).open(to)?;
        io::copy(&mut File::open(&part)?, &mut to)?;
        fs::remove_file(part)
    });
    added.await.map_err(io::Error::other)?
}

async fn remux(
    desk: &Desk<'_>,
    folder: &JobFolder,
    contents: Contents,
    total: u64,
) -> Result<PathBuf, MediaError> {
    let deadline = DEADLINE_BASE + Duration::from_secs(total / BYTES_PER_SECOND);
    let limits = Limits::encode(deadline * 2, total + INDEX_BYTES);
    let mut log = Log::new(0);
    let run = desk.bench.ffmpeg(folder, &args::download(contents), limits).await?;
    match run.lines(deadline, |_| {}, |line| log.line(line)).await {
        Ok(status) => verdict::check_run(&log, status.success(), false)?,
        Err(RunError::Deadline) => return Err(MediaError::Internal("joining took too long".to_owned())),
        Err(RunError::Io(error)) => return Err(error.into()),
    }
    Ok(folder.path().join(args::download_output()))
}

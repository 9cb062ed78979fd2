//! Brotli and gzip beside each file that gains by it, so that the server only chooses.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, anyhow};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::Profile;

const COMPRESSIBLE: [&str; 7] = ["css", "html", "js", "json", "svg", "txt", "wasm"];
/// Below this a header costs more than the compression saves.
const SMALLEST_BYTES: usize = 256;

/// Compresses every file under `folder`, except the page itself, which the server completes for each request.
pub fn all(folder: &Path, profile: Profile) -> Result<()> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let page = folder.join("index.html");
    files.retain(|file| *file != page);
    // The largest first, dealt to as many threads as there are cores: one large file takes most of the time.
    files.sort_by_key(|file| std::cmp::Reverse(fs::metadata(file).map_or(0, |metadata| metadata.len())));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                let share: Vec<_> = files.iter().skip(worker).step_by(workers).collect();
                scope.spawn(move || share.into_iter().try_for_each(|file| one(file, profile)))
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a compressing thread panicked"))?)
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| COMPRESSIBLE.iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn one(file: &Path, profile: Profile) -> Result<()> {
    let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    if content.len() < SMALLEST_BYTES {
        return Ok(());
    }
    let (quality, level) = if profile.ships() { (11, 9) } else { (4, 4) };

    let parameters = BrotliEncoderParams {
        quality,
        lgwin: 22,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut content.as_slice(), &mut packed, &parameters)
        .context("compressing by brotli")?;
    write_if_smaller(file, "br", &packed, content.len())?;

    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(&content).context("compressing by gzip")?;
    write_if_smaller(file, "gz", &encoder.finish().context("compressing by gzip")?, content.len())
}

fn write_if_smaller(file: &Path, extension: &str, packed: &[u8], plain_len: usize) -> Result<()> {
    if packed.len() >= plain_len {
        return Ok(());
    }
    let target = PathBuf::from(format!("{}.{extension}", file.display()));
    fs::write(&target, packed).with_context(|| format!("writing {}", target.display()))
}

//! Pictures of a post become a video here, at the time of the import; runners then treat it as any other.

use std::{path::Path, time::Duration};

use kinora_runner::{
    Tools,
    ffmpeg::run::Workbench,
    sandbox::Sandbox,
    slideshow::{self, Item, Slideshow, SlideshowError},
    workdir::RunnerFolder,
};
use tokio::sync::OnceCell;

use super::walk::{FoundFile, reason};
use crate::app::App;

/// How long each picture is shown.
const PER_PICTURE: Duration = Duration::from_secs(4);

/// ffmpeg behind its walls, and a folder for its files; made when the first picture is met.
#[derive(Default)]
pub struct Studio(OnceCell<(Workbench, RunnerFolder)>);

impl Studio {
    /// Makes a video of pictures and clips.
    ///
    /// # Errors
    /// One sentence.
    pub async fn make(&self, app: &App, files: &[FoundFile]) -> Result<Slideshow, String> {
        let (bench, folder) = self.0.get_or_try_init(|| open(app)).await?;
        let mut items = Vec::with_capacity(files.len());
        for file in files {
            let open = file.open().map_err(|error| format!("{}: {}", file.name(), reason(&error)))?;
            items.push(match slideshow::is_clip(Path::new(file.name())) {
                true => Item::Clip(open),
                false => Item::Picture(open),
            });
        }
        slideshow::make(bench, folder, items, PER_PICTURE).await.map_err(|error| match error {
            SlideshowError::Item { number, reason } => {
                let name = files.get(number - 1).map_or("", FoundFile::name);
                format!("{name} cannot be used: {reason}")
            }
            other => other.to_string(),
        })
    }
}

/// The longer side of a thumbnail, in pixels: that of the largest poster.
const THUMBNAIL_SIDE: u32 = 1_280;

impl Studio {
    /// A picture as the JPEG of a thumbnail.
    ///
    /// # Errors
    /// One sentence.
    pub async fn thumbnail(&self, app: &App, file: &FoundFile) -> Result<Vec<u8>, String> {
        let (bench, folder) = self.0.get_or_try_init(|| open(app)).await?;
        let open = file.open().map_err(|error| reason(&error))?;
        slideshow::still(bench, folder, open, THUMBNAIL_SIDE).await
    }
}

async fn open(app: &App) -> Result<(Workbench, RunnerFolder), String> {
    let tools = Tools::find().map_err(|error| error.to_string())?;
    let sandbox = Sandbox::detect(&tools.ffmpeg).await;
    let root = app.config.data_dir.join("runner");
    let folder =
        RunnerFolder::create(&root).map_err(|error| format!("{} cannot be used: {error}", root.display()))?;
    Ok((Workbench::new(tools, sandbox), folder))
}

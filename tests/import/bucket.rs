//! Files of many parts.

use std::process::Stdio;
use std::time::Duration;

use crate::Scene;

const SIZE: usize = 96 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_that_was_cut_off_goes_on_with_the_parts_that_are_there() {
    let scene = Scene::new().await;
    let bytes: Vec<u8> = (0..SIZE / 4).flat_map(|number| (number as u32).to_le_bytes()).collect();
    scene.write("large.mp4", &bytes);
    let parts = scene.app.data_dir.join("store/multipart");
    let mut child = scene.command("folder", &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // An upload is a folder of numbered parts.
    let stored = || {
        let uploads = std::fs::read_dir(&parts).into_iter().flatten().flatten();
        let files =
            uploads.flat_map(|upload| std::fs::read_dir(upload.path()).into_iter().flatten().flatten());
        files.filter(|file| file.file_name().to_string_lossy().parse::<u32>().is_ok()).count()
    };
    for _ in 0..2_000 {
        if stored() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let uploads = || std::fs::read_dir(&parts).unwrap().count();
    assert!(stored() >= 3 && scene.videos().await == 0, "it was not cut off in the middle");
    assert_eq!(uploads(), 1);
    scene.import("folder").await.went_well("Imported 1 new video.\n");
    assert_eq!(uploads(), 1, "the same upload went on");
    assert_eq!(scene.app.number("SELECT source_size_bytes FROM video").await, SIZE as i64);
}

//! Files that are strange, and videos all the same: each becomes one that every player takes.

use std::path::Path;

use kinora_server::ladder::Rung;
use kinora_tests::app::TestApp;
use kinora_tests::clips::{ATTACHED_AS, Odd, PAGE};
use kinora_tests::graphql::Client;
use kinora_tests::probe;

use crate::published::{PATIENCE, Published, fetch};

/// Half a second of what is damaged may be missing.
const TOLERANCE_MS: f64 = 500.0;

#[tokio::test(flavor = "multi_thread")]
async fn strange_files_become_videos_that_every_player_takes() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![Rung::new(180, 500_000), Rung::new(90, 200_000)];
    })
    .await;
    let ann = app.person("ann").await;
    let mut sent = Vec::new();
    for odd in Odd::ALL {
        let (name, content_type) = odd.announced();
        let bytes = std::fs::read(odd.path()).unwrap();
        sent.push((odd, ann.upload(name, content_type, &bytes).await));
    }
    for (odd, video) in sent {
        let found = ann.outcome(&video, PATIENCE).await;
        assert_eq!(found["state"], "READY", "{odd:?}: {found}");
        let published = fetch(&ann.client, found).await;
        check(odd, &published);
        if odd == Odd::Page {
            check_types(&ann.client, &published).await;
        }
    }
    let name = Path::new(ATTACHED_AS).file_name().unwrap();
    let above = app.data_dir.parent().unwrap().parent().unwrap();
    assert!(!holds(above, name), "an attachment was written");
}

fn check(odd: Odd, published: &Published) {
    assert!(!published.pictures.is_empty(), "{odd:?}");
    for track in &published.pictures {
        let (width, height) = track.variant.resolution();
        let sizes = probe::picture_sizes(&track.file);
        assert_eq!(Vec::from_iter(sizes), [(width.into(), height.into())], "{odd:?}");
        let off = (track.duration_ms("v") - odd.duration_ms()).abs();
        assert!(off <= TOLERANCE_MS, "{odd:?}: {} ms", track.duration_ms("v"));
        let is_damaged = matches!(odd, Odd::Scratched | Odd::ScratchedVp9);
        assert!(is_damaged || probe::decodes(&track.file), "{odd:?}");
    }
}

/// Everything that is served of a video says what it is, and forbids to take it for something else.
async fn check_types(client: &Client, published: &Published) {
    let mut addresses = vec![
        published.video["hlsUrl"].as_str().unwrap().to_owned(),
        published.video["posterUrl"].as_str().unwrap().to_owned(),
    ];
    for track in &published.pictures {
        addresses.push(track.variant.url.to_string());
        addresses.push(track.playlist.init.url.to_string());
    }
    for address in addresses {
        let mut response = client.get(&address).await;
        if response.status().is_redirection() {
            assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{address}");
            let elsewhere = client.base().join(response.headers()["location"].to_str().unwrap()).unwrap();
            response = client.get(elsewhere.as_str()).await;
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let content_type = headers["content-type"].to_str().unwrap();
        assert!(status.is_success() && !content_type.contains("html"), "{address}: {status} {content_type}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{address}");
        let body = response.bytes().await.unwrap();
        assert!(!body.windows(PAGE.len()).any(|window| window == PAGE.as_bytes()), "{address}");
    }
}

/// Whether a file of that name lies anywhere below.
fn holds(folder: &Path, name: &std::ffi::OsStr) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        entry.file_name() == name || is_folder && holds(&entry.path(), name)
    })
}

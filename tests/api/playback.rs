//! Playlists and media: who gets them and what they say.

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::chunk_bytes;
use kinora_tests::playlist::{Master, Media, Piece};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn playlists_are_built_from_what_was_published() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    let at = app.url.join(&format!("/v/{video}/master.m3u8")).unwrap();
    let response = app.guest.get(at.path()).await;
    assert_eq!(response.headers()["content-type"], "application/vnd.apple.mpegurl");
    let master = Master::parse(&response.text().await.unwrap(), &at);
    assert!(master.independent_segments);
    let [variant] = &master.variants[..] else { panic!("{master:?}") };
    assert_eq!(variant.resolution(), (640, 360));
    assert_eq!(variant.attribute("CODECS"), "avc1.64001e,mp4a.40.2");
    // 9,600 bytes of picture in four seconds, and the same of sound.
    assert!(variant.number("BANDWIDTH") >= 2.0 * 8_990.0 * 8.0 / 4.0, "{variant:?}");
    assert!(variant.number("AVERAGE-BANDWIDTH") <= variant.number("BANDWIDTH"));
    assert_eq!(master.audio.len(), 1);
    let [alone] = &master.sound_alone[..] else { panic!("{master:?}") };
    assert_eq!((&alone.url, alone.attribute("CODECS")), (&master.audio[0].url, "mp4a.40.2"));

    for playlist in [&variant.url, &master.audio[0].url] {
        let media = Media::parse(&app.guest.get_text(playlist.as_str()).await, playlist);
        assert!(media.ended);
        assert_eq!(media.kind.as_deref(), Some("VOD"));
        assert_eq!((media.init.offset, media.init.length), (0, 608));
        let ranges: Vec<(u64, u64)> =
            media.segments.iter().map(|segment| (segment.piece.offset, segment.piece.length)).collect();
        assert_eq!(ranges, [(608, 4_496), (5_104, 4_496)]);
        assert!((media.duration_s() - 4.0).abs() < 0.001);
        assert!(media.target_duration_s >= 2.0);
        let stored = chunk_bytes(if *playlist == master.audio[0].url { "audio" } else { "360p" });
        assert_eq!(fetch(&app, &media.segments[1].piece).await, stored[5_104..]);
    }
}

async fn fetch(app: &TestApp, piece: &Piece) -> Vec<u8> {
    let range = format!("bytes={}-{}", piece.offset, piece.offset + piece.length - 1);
    let response =
        app.guest.request(Method::GET, piece.url.as_str()).header("range", range).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    if app.has_own_store() {
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_video_plays_for_its_owner_only() {
    let app = TestApp::start().await;
    let runner = app.fake_runner("one").await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    let paths: Vec<String> = ["master.m3u8", "360p.m3u8", "audio.m3u8", "download", "poster.jpg"]
        .iter()
        .map(|name| format!("/v/{video}/{name}"))
        .collect();
    for path in &paths[..4] {
        let status = app.guest.get(path).await.status();
        assert!(status.is_success() || status.is_redirection(), "{path}: {status}");
    }
    ann.set_visibility(&video, "PRIVATE").await;
    for path in &paths {
        for (who, client) in [("a guest", &app.guest), ("another", &bob.client), ("a runner", &runner.client)]
        {
            assert_eq!(client.get(path).await.status(), StatusCode::NOT_FOUND, "{who}: {path}");
        }
    }
    for path in &paths[..4] {
        let response = ann.client.get(path).await;
        assert!(!response.status().is_client_error(), "{path}: {}", response.status());
        let cached = response.headers()["cache-control"].to_str().unwrap().to_owned();
        assert!(cached.contains("private") || cached.contains("no-store"), "{path}: {cached}");
    }
    ann.set_visibility(&video, "UNLISTED").await;
    assert_eq!(app.guest.get(&paths[0]).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn media_cannot_be_read_without_a_signature() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    let at = app.url.join(&format!("/v/{video}/360p.m3u8")).unwrap();
    let media = Media::parse(&app.guest.get_text(at.as_str()).await, &at);
    let mut bare = media.init.url.clone();
    bare.set_query(None);
    assert_eq!(app.guest.get(bare.as_str()).await.status(), StatusCode::FORBIDDEN);
    let mut tampered = media.init.url.clone();
    tampered.set_path(&tampered.path().replace("audio", "360p").replace("chunk-0", "chunk-1"));
    assert_ne!(tampered, media.init.url);
    assert_eq!(app.guest.get(tampered.as_str()).await.status(), StatusCode::FORBIDDEN);
    // Of whatever store it is.
    let bucket = media.init.url.join("/kinora").unwrap();
    assert_eq!(app.guest.get(bucket.as_str()).await.status(), StatusCode::FORBIDDEN, "a list of everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_not_found() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    for path in [
        "/v/nothing/master.m3u8".to_owned(),
        "/v/11111111111/master.m3u8".to_owned(),
        format!("/v/{video}/144p.m3u8"),
        format!("/v/{video}/..%2f..%2fmaster.m3u8"),
        format!("/v/{video}/captions/en.vtt"),
    ] {
        assert_eq!(app.guest.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let unfinished = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    assert_eq!(ann.client.get(&format!("/v/{unfinished}/master.m3u8")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_has_a_readable_name() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "seals").await;
    ann.update_video(json!({ "id": video, "title": "Seals / \"Lübeck\"\u{1f9ad}" })).await.data();
    let response = app.guest.get(&format!("/v/{video}/download")).await;
    assert!(response.status().is_redirection(), "{}", response.status());
    let target = app.url.join(response.headers()["location"].to_str().unwrap()).unwrap();
    let file = app.guest.get(target.as_str()).await;
    let disposition = file.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment") && disposition.contains("Seals"), "{disposition}");
    assert_eq!(file.bytes().await.unwrap(), "any bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_carry_the_headers_that_contain_an_attack() {
    let app = TestApp::start().await;
    for path in ["/", "/login", "/watch/nothing"] {
        let response = app.guest.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let scripts =
            policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap().to_owned();
        assert!(!scripts.contains("'unsafe-inline'") && !scripts.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(!header("referrer-policy").is_empty());
    }
}

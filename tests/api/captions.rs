//! Captions and chapters: handed in as files of strangers, played as nothing but times and text.

use kinora_tests::app::TestApp;
use kinora_tests::graphql::Reply;
use kinora_tests::person::Person;
use reqwest::StatusCode;
use serde_json::{Value, json};

const SET: &str = "mutation ($i: SetCaptionInput!) { setCaption(input: $i) { language label url } }";
const SHOWN: &str =
    "query ($v: ID!) { video(id: $v) { captions { language label url } chapters { startMs title } } }";

async fn set(person: &Person, video: &str, language: &str, text: &str) -> Reply {
    person.run(SET, json!({ "i": { "videoId": video, "language": language, "text": text } })).await
}

async fn shown(person: &Person, video: &str) -> Value {
    person.run(SHOWN, json!({ "v": video })).await.data()["video"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_of_any_kind_are_played_as_clean_webvtt() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    let srt = "1\r\n00:00:00,500 --> 00:00:02,000\r\n<script>alert(1)</script>Seals <i>sleep</i> & eat\r\n";
    let saved = set(&ann, &id, "pt_br", srt).await.data()["setCaption"].take();
    assert_eq!(saved["language"], "pt-BR");
    let path = format!("/v/{id}/captions/pt-BR.vtt");
    assert!(saved["url"].as_str().unwrap().contains(&path), "{saved}");

    let reply = app.guest.get(&path).await;
    assert_eq!(reply.headers()["content-type"], "text/vtt; charset=utf-8");
    assert_eq!(reply.headers()["x-content-type-options"], "nosniff");
    let text = reply.text().await.unwrap();
    assert!(text.starts_with("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n"), "{text}");
    let cue = "00:00:00.500 --> 00:00:02.000\nalert(1)Seals <i>sleep</i> &amp; eat\n";
    assert!(text.contains(cue), "{text}");

    // Players that know only playlists find them there.
    let master = app.guest.get_text(&format!("/v/{id}/master.m3u8")).await;
    assert!(master.contains("LANGUAGE=\"pt-BR\"") && master.contains("SUBTITLES=\"captions\""), "{master}");
    let playlist = app.guest.get_text(&format!("/v/{id}/captions/pt-BR.m3u8")).await;
    assert!(playlist.contains("#EXTINF:4.000,\npt-BR.vtt\n#EXT-X-ENDLIST"), "{playlist}");

    // Another text has another address; the same language is there once.
    let again = set(&ann, &id, "pt-BR", "WEBVTT\n\n00:01.000 --> 00:02.000\nNovo\n").await;
    assert_ne!(again.data()["setCaption"]["url"], saved["url"]);
    assert_eq!(shown(&ann, &id).await["captions"].as_array().unwrap().len(), 1);

    let gone = "mutation ($v: ID!) { deleteCaption(videoId: $v, language: \"pt-BR\") }";
    assert_eq!(ann.run(gone, json!({ "v": id })).await.data()["deleteCaption"], true);
    assert_eq!(ann.run(gone, json!({ "v": id })).await.code(), "NOT_FOUND");
    assert_eq!(app.guest.get(&path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_caption_is_refused_with_what_to_do() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    let cue = "00:01.000 --> 00:02.000\nx";
    for (language, text, field) in [
        ("en", "", "text"),
        ("en", "#EXTM3U\nhttp://169.254.169.254/", "text"),
        ("en", "00:02.000 --> 00:01.000\nbackwards", "text"),
        ("en", "00:01.000 --> 00:02.000\n<c></c>\u{0}", "text"),
        ("../en", cue, "language"),
        ("english", cue, "language"),
        ("", cue, "language"),
    ] {
        let reply = set(&ann, &id, language, text).await;
        assert_eq!(reply.code(), "BAD_USER_INPUT", "{language:?} {text:?}");
        assert_eq!(reply.error()["extensions"]["field"], field, "{language:?} {text:?}");
    }
    let long = format!("00:01.000 --> 00:02.000\n{}", "x".repeat(600 << 10));
    assert_eq!(set(&ann, &id, "en", &long).await.code(), "BAD_USER_INPUT");
    assert_eq!(shown(&ann, &id).await["captions"], json!([]));
    for path in ["en.vtt", "en.m3u8", "en", "..%2f..%2fen.vtt", "%00.vtt", "%00.m3u8"] {
        let status = app.guest.get(&format!("/v/{id}/captions/{path}")).await.status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_of_a_private_video_are_its_owners() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    set(&ann, &id, "en", "00:01.000 --> 00:02.000\nsecret").await.data();
    ann.set_visibility(&id, "PRIVATE").await;
    for file in ["en.vtt", "en.m3u8"] {
        let path = format!("/v/{id}/captions/{file}");
        assert_eq!(app.guest.get(&path).await.status(), StatusCode::NOT_FOUND);
        let own = ann.client.get(&path).await;
        assert_eq!(own.headers()["cache-control"], "private, no-store");
        assert_eq!(own.status(), StatusCode::OK);
    }
    // They go with their video.
    ann.run("mutation ($v: ID!) { deleteVideo(id: $v) }", json!({ "v": id })).await.data();
    assert_eq!(app.number("SELECT count(*) FROM caption").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn chapters_are_kept_in_their_order() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    let chapters = json!([{ "startMs": 2000, "title": " Two " }, { "startMs": 0, "title": "One" }]);
    ann.update_video(json!({ "id": id, "chapters": chapters })).await.data();
    let expected = json!([{ "startMs": 0, "title": "One" }, { "startMs": 2000, "title": "Two" }]);
    assert_eq!(shown(&ann, &id).await["chapters"], expected);
    // What is not named stays.
    ann.update_video(json!({ "id": id, "title": "Seals again" })).await.data();
    assert_eq!(shown(&ann, &id).await["chapters"], expected);
    for bad in [
        json!([{ "startMs": -1, "title": "x" }]),
        json!([{ "startMs": 0, "title": "" }]),
        json!([{ "startMs": 0, "title": "a" }, { "startMs": 0, "title": "b" }]),
        json!((0..301).map(|at| json!({ "startMs": at, "title": "x" })).collect::<Vec<_>>()),
    ] {
        assert_eq!(ann.update_video(json!({ "id": id, "chapters": bad })).await.code(), "BAD_USER_INPUT");
    }
    ann.update_video(json!({ "id": id, "chapters": [] })).await.data();
    assert_eq!(shown(&ann, &id).await["chapters"], json!([]));
}

//! `/v/{id}/…`.

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kinora_entity::{VideoId, chunk, rendition, video};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use tower_http::cors::{Any, CorsLayer};

use super::{access::Playable, playlist, storyboard};
use crate::{
    app::SharedApp,
    caption, download,
    error::{Error, Result},
    protection,
    storage::keys,
};

const PLAYLIST_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");
const VTT_TYPE: HeaderValue = HeaderValue::from_static("text/vtt; charset=utf-8");
const KEY_TYPE: HeaderValue = HeaderValue::from_static("application/octet-stream");
const KEPT_BY_NOBODY: HeaderValue = HeaderValue::from_static("no-store");
/// A finished video can still be deleted or made private.
const FINISHED_S: u32 = 60;
/// A growing playlist is asked for again every few seconds.
const GROWING_S: u32 = 1;
/// Less than presigned addresses last.
const REDIRECT_S: u32 = 600;

/// The routes of playback. Anybody's player may read them: what is private needs the session, which
/// other sites cannot send.
pub fn router() -> Router<SharedApp> {
    Router::new()
        .route("/v/{id}/poster.jpg", get(poster))
        .route("/v/{id}/storyboard.vtt", get(storyboard))
        .route("/v/{id}/loop.mp4", get(video_loop))
        .route("/v/{id}/download", get(download_file))
        .route("/v/{id}/key", get(content_key))
        .route("/v/{id}/captions/{file}", get(caption))
        .route("/v/{id}/{file}", get(playlist_file))
        .layer(CorsLayer::new().allow_origin(Any).allow_methods([axum::http::Method::GET]))
}

async fn playlist_file(
    State(app): State<SharedApp>,
    Path((id, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let name = file.strip_suffix(".m3u8").ok_or_else(|| Error::not_found("page"))?;
    let playable = Playable::find(&app, &headers, &id).await?;
    let rows = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(playable.video.id))
        .filter(rendition::Column::Attempt.eq(playable.attempt))
        .order_by_desc(rendition::Column::Height)
        // H.264 before the others: some players begin with what is listed first.
        .order_by_asc(rendition::Column::Name)
        .all(&app.database)
        .await?;
    let rows: Vec<_> = rows.into_iter().filter(rendition::Model::is_shown).collect();
    let is_ready = playable.video.state == video::State::Ready;
    let (text, complete) = if name == "master" {
        // One without a first chunk has nothing to play yet, and its codecs are not known.
        let begun: Vec<_> = rows.into_iter().filter(|row| row.bandwidth > 0).collect();
        // How long they are is how long the video is: before that is known they cannot be listed.
        let captions = if is_ready { caption_tracks(&app, playable.video.id).await? } else { Vec::new() };
        (playlist::master(&begun, &captions, is_ready), is_ready)
    } else {
        let row = rows.iter().find(|row| row.name == name).ok_or_else(|| Error::not_found("rendition"))?;
        media_playlist(&app, &playable, row).await?
    };
    let cache = playable.cache_control(if complete { FINISHED_S } else { GROWING_S });
    Ok(([(header::CONTENT_TYPE, PLAYLIST_TYPE), cache], text).into_response())
}

async fn media_playlist(
    app: &SharedApp,
    playable: &Playable,
    row: &rendition::Model,
) -> Result<(String, bool)> {
    let rows = chunk::Entity::find()
        .filter(chunk::Column::RenditionId.eq(row.id))
        .order_by_asc(chunk::Column::Index)
        .all(&app.database)
        .await?;
    let is_ready = playable.video.state == video::State::Ready;
    let rows = playlist::playable(rows);
    let is_whole = row.chunk_count.is_some_and(|count| usize::try_from(count) == Ok(rows.len()));
    let complete = is_ready || is_whole && rows.iter().all(|chunk| !chunk.is_draft);
    let mut chunks = Vec::with_capacity(rows.len());
    for chunk in rows {
        let key = keys::chunk(playable.video.id, playable.attempt, &row.name, chunk.index, chunk.lease_id);
        // Without its key what is encrypted may lie open to everybody.
        let is_open = playable.is_open() || chunk.iv.is_some();
        chunks.push((chunk, app.storage.media_url(&key, is_open).await?));
    }
    let key_address = format!("/v/{}/key?attempt={}", playable.video.id, playable.attempt);
    Ok((playlist::media(&chunks, &key_address, complete), complete))
}

async fn poster(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let playable = Playable::find(&app, &headers, &id).await?;
    let key = keys::picture_of(&playable.video).ok_or_else(|| Error::not_found("poster"))?;
    redirect(&app.storage.media_url(&key, playable.is_open()).await?, &playable)
}

async fn storyboard(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let (playable, made) = previewed(&app, &headers, &id).await?;
    let mut sprites = Vec::new();
    for number in 0..made.sprites() {
        let key = keys::sprite(playable.video.id, made.attempt, made.lease_id, number);
        sprites.push(app.storage.media_url(&key, playable.is_open()).await?);
    }
    let text = storyboard::storyboard(&made, playable.video.duration_ms.unwrap_or_default(), &sprites);
    Ok(([(header::CONTENT_TYPE, VTT_TYPE), playable.cache_control(REDIRECT_S)], text).into_response())
}

async fn video_loop(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let (playable, made) = previewed(&app, &headers, &id).await?;
    if !made.has_loop {
        return Err(Error::not_found("loop"));
    }
    let key = keys::video_loop(playable.video.id, made.attempt, made.lease_id);
    redirect(&app.storage.media_url(&key, playable.is_open()).await?, &playable)
}

async fn previewed(app: &SharedApp, headers: &HeaderMap, id: &str) -> Result<(Playable, video::Previews)> {
    let playable = Playable::find(app, headers, id).await?;
    let made = playable.video.previews.clone().ok_or_else(|| Error::not_found("storyboard"))?;
    Ok((playable, made))
}

async fn caption_tracks(app: &SharedApp, video: VideoId) -> Result<Vec<playlist::CaptionTrack>> {
    let tracks = caption::tracks(app, video).await?;
    let track = |track: caption::Track| playlist::CaptionTrack {
        name: track.label.unwrap_or_else(|| track.language.clone()),
        language: track.language,
    };
    Ok(tracks.into_iter().map(track).collect())
}

async fn caption(
    State(app): State<SharedApp>,
    Path((id, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let playable = Playable::find(&app, &headers, &id).await?;
    let (text, kind) = match file.rsplit_once('.') {
        Some((language, "vtt")) => (caption::file(&app, playable.video.id, language).await?, VTT_TYPE),
        Some((language, "m3u8")) => {
            let is_there = |track: &caption::Track| track.language == language;
            let duration_ms =
                playable.video.duration_ms.filter(|_| playable.video.state == video::State::Ready);
            match duration_ms {
                Some(duration_ms) if caption::tracks(&app, playable.video.id).await?.iter().any(is_there) => {
                    (playlist::captions(language, duration_ms), PLAYLIST_TYPE)
                }
                _ => return Err(Error::not_found("caption")),
            }
        }
        _ => return Err(Error::not_found("caption")),
    };
    Ok(([(header::CONTENT_TYPE, kind), playable.cache_control(FINISHED_S)], text).into_response())
}

/// Which key: playlists name the attempt, so that no player decrypts a new attempt with the key of an old one.
#[derive(Deserialize)]
struct WhichKey {
    attempt: Option<String>,
}

/// The key of the media that are played now, for whoever may play them, each time anew.
async fn content_key(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    Query(which): Query<WhichKey>,
    headers: HeaderMap,
) -> Result<Response> {
    let playable = Playable::find(&app, &headers, &id).await?;
    if which.attempt.is_some_and(|attempt| attempt != playable.attempt.to_string()) {
        return Err(Error::not_found("key"));
    }
    let key = protection::key_of(&app, playable.video.id, playable.attempt).await?;
    let key = key.ok_or_else(|| Error::not_found("key"))?;
    let headers = [(header::CONTENT_TYPE, KEY_TYPE), (header::CACHE_CONTROL, KEPT_BY_NOBODY)];
    Ok((headers, key.0.to_vec()).into_response())
}

/// Which file is wanted; without it the one that was uploaded.
#[derive(Deserialize)]
struct DownloadQuery {
    rendition: Option<String>,
}

async fn download_file(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    Query(query): Query<DownloadQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let playable = Playable::find(&app, &headers, &id).await?;
    let is_owners_alone = query.rendition.is_none() && playable.video.is_protected;
    let (key, name) = match query.rendition {
        None if playable.video.is_protected && !playable.is_owner => {
            return Err(Error::not_found("download"));
        }
        None => (playable.video.source_key.clone(), source_name(&playable.video)),
        Some(rendition) => {
            let key = download::made(&app, playable.video.id, playable.attempt, &rendition).await?;
            (key, rendition_name(&playable.video, &rendition))
        }
    };
    let url = app.storage.download_url(&key, &name).await?;
    if is_owners_alone {
        // A cache would hand it on to everybody who asks after the owner.
        return to(&url, (header::CACHE_CONTROL, KEPT_BY_NOBODY));
    }
    redirect(&url, &playable)
}

fn redirect(url: &str, playable: &Playable) -> Result<Response> {
    to(url, playable.cache_control(REDIRECT_S))
}

fn to(url: &str, kept: (HeaderName, HeaderValue)) -> Result<Response> {
    let location = HeaderValue::from_str(url).map_err(anyhow::Error::from)?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location), kept]).into_response())
}

/// The title, as file systems take it.
fn stem(video: &video::Model) -> String {
    let stem: String = video
        .title
        .chars()
        .map(
            |character| {
                if "/\\:*?\"<>|".contains(character) || character.is_control() { '_' } else { character }
            },
        )
        .take(100)
        .collect();
    stem.trim().trim_matches('.').to_owned()
}

/// With the extension of the uploaded file.
fn source_name(video: &video::Model) -> String {
    let extension = video
        .source_file_name
        .rsplit_once('.')
        .map(|(_, extension)| extension)
        .filter(|extension| {
            (1..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
        .unwrap_or("mp4");
    format!("{}.{extension}", stem(video))
}

fn rendition_name(video: &video::Model, rendition: &str) -> String {
    match rendition {
        "audio" => format!("{}.m4a", stem(video)),
        _ => format!("{} {rendition}.mp4", stem(video)),
    }
}

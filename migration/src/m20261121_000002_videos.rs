//! Videos, their renditions and chunks, and what viewers make of them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = r#"
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE video (
    id bigint PRIMARY KEY,
    uploader_id bigint NOT NULL REFERENCES "user" ON DELETE CASCADE,
    title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description text NOT NULL CHECK (char_length(description) <= 10000),
    visibility text NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    state text NOT NULL CHECK (state IN ('processing', 'ready', 'failed')),
    failure_code text,
    failure_message text,
    duration_ms bigint CHECK (duration_ms >= 0),
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    published_attempt integer,
    has_poster boolean NOT NULL DEFAULT false,
    source_key text NOT NULL,
    source_size_bytes bigint NOT NULL CHECK (source_size_bytes > 0),
    source_file_name text NOT NULL,
    rating_count integer NOT NULL DEFAULT 0 CHECK (rating_count >= 0),
    rating_sum integer NOT NULL DEFAULT 0 CHECK (rating_sum >= 0),
    favorite_count integer NOT NULL DEFAULT 0 CHECK (favorite_count >= 0),
    view_count integer NOT NULL DEFAULT 0 CHECK (view_count >= 0),
    trending_score double precision NOT NULL DEFAULT 0,
    feed_rank integer UNIQUE DEFERRABLE INITIALLY DEFERRED CHECK (feed_rank >= 0),
    search_text text NOT NULL,
    search_vector tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', search_text)) STORED,
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    CHECK (state <> 'ready' OR published_attempt IS NOT NULL),
    CHECK ((state = 'failed') = (failure_code IS NOT NULL))
);
CREATE INDEX video_uploader_id_idx ON video (uploader_id, created_at DESC, id DESC);
CREATE INDEX video_newest_idx ON video (created_at, id)
    WHERE visibility = 'public' AND published_attempt IS NOT NULL;
CREATE INDEX video_most_viewed_idx ON video (view_count, id)
    WHERE visibility = 'public' AND published_attempt IS NOT NULL;
CREATE INDEX video_trending_idx ON video (trending_score, id)
    WHERE visibility = 'public' AND published_attempt IS NOT NULL;
-- Few ratings are drawn towards the middle, so that one ten does not beat a hundred nines.
CREATE INDEX video_top_rated_idx ON video (((rating_sum + 15)::double precision / (rating_count + 3)), id)
    WHERE visibility = 'public' AND published_attempt IS NOT NULL;
CREATE INDEX video_search_vector_idx ON video USING gin (search_vector);
CREATE INDEX video_search_text_idx ON video USING gin (search_text gin_trgm_ops);

CREATE TABLE rendition (
    id bigint PRIMARY KEY,
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    attempt integer NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('video', 'audio')),
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    frame_rate double precision CHECK (frame_rate > 0),
    codecs text NOT NULL,
    bandwidth bigint NOT NULL CHECK (bandwidth >= 0),
    average_bandwidth bigint NOT NULL CHECK (average_bandwidth >= 0),
    UNIQUE (video_id, attempt, name)
);

CREATE TABLE chunk (
    id bigint PRIMARY KEY,
    rendition_id bigint NOT NULL REFERENCES rendition ON DELETE CASCADE,
    index integer NOT NULL CHECK (index >= 0),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    start_ms double precision NOT NULL CHECK (start_ms >= 0),
    init_offset_bytes bigint CHECK (init_offset_bytes >= 0),
    init_size_bytes bigint CHECK (init_size_bytes > 0),
    segments jsonb NOT NULL,
    UNIQUE (rendition_id, index),
    CHECK ((index = 0) = (init_size_bytes IS NOT NULL)),
    CHECK ((init_offset_bytes IS NULL) = (init_size_bytes IS NULL))
);

CREATE TABLE tag (
    id bigint PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name = lower(name) AND char_length(name) BETWEEN 1 AND 50)
);
CREATE INDEX tag_prefix_idx ON tag (name text_pattern_ops);

CREATE TABLE video_tag (
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    tag_id bigint NOT NULL REFERENCES tag ON DELETE CASCADE,
    position integer NOT NULL,
    PRIMARY KEY (video_id, tag_id)
);
CREATE INDEX video_tag_tag_id_idx ON video_tag (tag_id, video_id);

CREATE TABLE rating (
    user_id bigint NOT NULL REFERENCES "user" ON DELETE CASCADE,
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    stars smallint NOT NULL CHECK (stars BETWEEN 0 AND 10),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, video_id)
);
CREATE INDEX rating_video_id_idx ON rating (video_id);

CREATE TABLE favorite (
    user_id bigint NOT NULL REFERENCES "user" ON DELETE CASCADE,
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, video_id)
);
CREATE INDEX favorite_video_id_idx ON favorite (video_id);

CREATE TABLE view (
    id bigint PRIMARY KEY,
    video_id bigint NOT NULL REFERENCES video ON DELETE CASCADE,
    user_id bigint REFERENCES "user" ON DELETE SET NULL,
    viewer_key bytea NOT NULL,
    viewed_on date NOT NULL,
    position_ms bigint NOT NULL CHECK (position_ms >= 0),
    created_at timestamptz NOT NULL,
    UNIQUE (video_id, viewer_key, viewed_on)
);
CREATE INDEX view_user_id_idx ON view (user_id, video_id);
"#;

const DOWN: &str = r#"
DROP TABLE view;
DROP TABLE favorite;
DROP TABLE rating;
DROP TABLE video_tag;
DROP TABLE tag;
DROP TABLE chunk;
DROP TABLE rendition;
DROP TABLE video;
"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await?;
        Ok(())
    }
}

//! Videos.

use sea_orm::{Condition, FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::id::{LeaseId, ThumbnailId, UserId, VideoId};

/// Where processing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    #[sea_orm(string_value = "processing")]
    Processing,
    #[sea_orm(string_value = "ready")]
    Ready,
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// Who may find a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Visibility {
    /// Listed, searched and fed to everybody.
    #[sea_orm(string_value = "public")]
    Public,
    /// Whoever has the link.
    #[sea_orm(string_value = "unlisted")]
    Unlisted,
    /// The uploader alone.
    #[sea_orm(string_value = "private")]
    Private,
}

/// Where a part of a video begins, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    pub start_ms: i64,
    pub title: String,
}

/// In the order of their beginnings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Chapters(pub Vec<Chapter>);

/// What shows a video before it is played: tiles for its seek bar, and perhaps a few seconds that move in the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Previews {
    /// The processing attempt that was played when they were made; like the lease it is part of the objects' names.
    pub attempt: i32,
    pub lease_id: LeaseId,
    /// From one tile to the next.
    pub interval_ms: i32,
    /// Pixels of one tile.
    pub tile_width: i32,
    pub tile_height: i32,
    /// Tiles of one sprite, beside and below each other.
    pub columns: i32,
    pub rows: i32,
    /// Of all sprites together.
    pub tiles: i32,
    pub has_loop: bool,
}

impl Previews {
    /// Tiles of one sprite; the last one may have fewer.
    pub fn tiles_of_sprite(&self) -> i32 {
        (self.columns * self.rows).max(1)
    }

    /// How many images hold the tiles.
    pub fn sprites(&self) -> i32 {
        (self.tiles + self.tiles_of_sprite() - 1) / self.tiles_of_sprite()
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "video")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VideoId,
    pub uploader_id: UserId,
    pub title: String,
    pub description: String,
    pub visibility: Visibility,
    pub state: State,
    pub failure_code: Option<String>,
    pub failure_message: Option<String>,
    pub duration_ms: Option<i64>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// The processing attempt whose renditions are played; none until one has been published.
    pub published_attempt: Option<i32>,
    pub has_poster: bool,
    /// Key of the uploaded file in the bucket.
    pub source_key: String,
    pub source_size_bytes: i64,
    pub source_file_name: String,
    pub rating_count: i32,
    /// Sum of all stars, so that a change is one addition.
    pub rating_sum: i32,
    pub favorite_count: i32,
    pub view_count: i32,
    /// Grows with attention and with recency; comparable at any time without being computed anew.
    pub trending_score: f64,
    /// Place in the dense numbering 0, 1, 2 … of everything that the feed may show.
    pub feed_rank: Option<i32>,
    /// Title, tags, uploader and description: what search looks through.
    pub search_text: String,
    pub created_at: DateTimeUtc,
    pub published_at: Option<DateTimeUtc>,
    /// Under which the poster was written, which is part of its name; none for those from before it was.
    pub poster_lease_id: Option<LeaseId>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub chapters: Option<Chapters>,
    /// Of the picture that came with it, if one did: shown in place of the poster.
    pub thumbnail_id: Option<ThumbnailId>,
    /// Whether its media shall be encrypted: what the next attempt will be.
    pub is_protected: bool,
    /// Whether the media of the published attempt are.
    pub is_encrypted: bool,
    /// The attempt that made the poster, which is part of its name; none where that is the published one.
    pub poster_attempt: Option<i32>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub previews: Option<Previews>,
    /// How loud it is over the whole, after EBU R128; none without sound, or while nobody has listened.
    pub loudness_lufs: Option<f64>,
    /// How loud its loudest moment is, in dB of full scale.
    pub true_peak_dbtp: Option<f64>,
    /// Whether the captions and chapters of the source were taken over. That happens once: what a person changes or
    /// takes away afterwards stays so, however often the source is read.
    pub tracks_taken: bool,
}

impl Model {
    /// Whether there is a picture to show of it.
    pub fn has_picture(&self) -> bool {
        self.has_poster || self.thumbnail_id.is_some()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// What anybody may find in lists: public and playable.
    pub fn listed() -> Select<Self> {
        Self::find().filter(Self::is_listed())
    }

    /// The condition behind [`Entity::listed`], for joins.
    pub fn is_listed() -> Condition {
        Condition::all()
            .add(Column::Visibility.eq(Visibility::Public))
            .add(Column::PublishedAttempt.is_not_null())
    }

    /// Everything of one uploader, whatever its state.
    pub fn owned_by(user: UserId) -> Select<Self> {
        Self::find().filter(Column::UploaderId.eq(user))
    }

    /// What `viewer` may open by its id: everything but other people's private videos.
    pub fn visible_to(viewer: Option<UserId>) -> Select<Self> {
        let open = Condition::any().add(Column::Visibility.ne(Visibility::Private));
        Self::find().filter(match viewer {
            Some(user) => open.add(Column::UploaderId.eq(user)),
            None => open,
        })
    }
}

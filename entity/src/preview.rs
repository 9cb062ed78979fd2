//! What shows a video before it is played: tiles for its seek bar, and a few seconds that move in the grid.

use sea_orm::entity::prelude::*;

use crate::id::{LeaseId, VideoId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "preview")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub video_id: VideoId,
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

impl Model {
    /// Tiles of one sprite; the last one may have fewer.
    pub fn tiles_of_sprite(&self) -> i32 {
        (self.columns * self.rows).max(1)
    }

    /// How many images hold the tiles.
    pub fn sprites(&self) -> i32 {
        (self.tiles + self.tiles_of_sprite() - 1) / self.tiles_of_sprite()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Rungs that bring nothing: a slide show, or an animation of few colours, takes hardly fewer bytes in a smaller size, and
//! what was blown up before it came here looks no better in a larger one.

use std::collections::BTreeMap;

use kinora_entity::{chunk, job, rendition};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter};

use super::completion::renditions_of;
use crate::error::Result;

/// A rung that takes more than this part of the bytes of the one above it is no help to a slow line.
const MOST_OF_THE_ONE_ABOVE: f64 = 0.85;
/// 27 dB of SSIM. On the samples that are tried with, sizes of real pictures are at 0.980 to 0.997 to the next smaller
/// one, and those of a film of 320×180 in 720p at 0.9992: nobody sees what is beyond.
const NO_DIFFERENCE: f64 = 0.998;
/// A film may begin in the dark: its first chunk alone tells nothing of the rest.
const EVIDENCE_CHUNKS: usize = 3;
/// More tell nothing new, and whoever watches is not to lose a size late.
const MOST_EVIDENCE_CHUNKS: i32 = 8;

/// What is known of a size by the chunks of it that were made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Made {
    bytes: i64,
    /// To the next smaller size, by the chunk in which they differ the most.
    likeness: Option<f64>,
}

/// Takes those renditions away that save too little or look like the next smaller one, by the first chunks that there
/// are of every encoded size: of three, or of all where there are fewer. What is passed on was made by others, and does not
/// tell. The largest stays because it is the best, and the smallest because the slowest lines play it, and may be doing
/// so now. `job` has just made a chunk.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn drop_useless(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    if job.chunk.is_none_or(|chunk| chunk >= MOST_EVIDENCE_CHUNKS) {
        return Ok(());
    }
    let mut rows = renditions_of(connection, job).await?;
    rows.retain(|row| row.kind == rendition::Kind::Video && !row.is_extra());
    rows.sort_by_key(|row| std::cmp::Reverse(row.height.unwrap_or(0)));
    let chunks = chunk::Entity::find()
        .filter(chunk::Column::RenditionId.is_in(rows.iter().map(|row| row.id)))
        .filter(chunk::Column::Index.lt(MOST_EVIDENCE_CHUNKS))
        .filter(chunk::Column::IsDraft.eq(false))
        .all(connection)
        .await?;
    rows.retain(|row| {
        chunks.iter().any(|chunk| chunk.rendition_id == row.id && chunk.lease_id == job.lease_id)
    });
    let mut by_index = BTreeMap::<i32, Vec<&chunk::Model>>::new();
    for chunk in chunks.iter().filter(|chunk| rows.iter().any(|row| row.id == chunk.rendition_id)) {
        by_index.entry(chunk.index).or_default().push(chunk);
    }
    by_index.retain(|_, made| made.len() == rows.len());
    let planned = rows.iter().filter_map(|row| row.chunk_count).max();
    let enough = planned.and_then(|count| usize::try_from(count).ok()).unwrap_or(EVIDENCE_CHUNKS);
    if by_index.len() < enough.min(EVIDENCE_CHUNKS) {
        return Ok(());
    }
    let made: Vec<Made> = rows
        .iter()
        .map(|row| made_of(by_index.values().flatten().filter(|chunk| chunk.rendition_id == row.id)))
        .collect();
    for (row, is_useless) in rows.into_iter().zip(useless(&made)) {
        if is_useless {
            tracing::info!(video = %job.video_id, rendition = row.name, "a rendition would bring nothing");
            row.delete(connection).await?;
        }
    }
    Ok(())
}

fn made_of<'c>(chunks: impl Iterator<Item = &'c &'c chunk::Model>) -> Made {
    let mut made = Made { likeness: Some(1.0), ..Made::default() };
    for chunk in chunks {
        made.bytes += chunk.size_bytes;
        made.likeness = made.likeness.zip(chunk.likeness).map(|(least, likeness)| least.min(likeness));
    }
    made
}

/// Which rungs bring too little, from the largest to the smallest.
fn useless(sizes: &[Made]) -> Vec<bool> {
    let mut above = None;
    let smallest = sizes.len().saturating_sub(1);
    let judge = |(at, size): (usize, &Made)| {
        let saves_little =
            above.is_some_and(|above: i64| size.bytes as f64 > MOST_OF_THE_ONE_ABOVE * above as f64);
        let shows_nothing = size.likeness.is_some_and(|likeness| likeness >= NO_DIFFERENCE);
        let is_between = at != 0 && at != smallest;
        let is_useless = is_between && (saves_little || shows_nothing);
        if !is_useless {
            above = Some(size.bytes);
        }
        is_useless
    };
    sizes.iter().enumerate().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::{Made, useless};

    fn of(bytes: &[i64]) -> Vec<bool> {
        useless(&bytes.iter().map(|&bytes| Made { bytes, likeness: None }).collect::<Vec<_>>())
    }

    #[test]
    fn what_saves_little_goes_and_the_ends_stay() {
        assert_eq!(of(&[1_000, 600, 300, 200]), [false; 4]);
        assert_eq!(of(&[1_000, 900, 840, 830]), [false, true, false, false]);
        assert_eq!(of(&[1_000, 990, 980, 970]), [false, true, true, false]);
        assert!(of(&[]).is_empty() && of(&[7]) == [false]);
    }

    #[test]
    fn what_looks_like_the_next_smaller_goes_and_the_ends_stay() {
        let made = |bytes, likeness| Made { bytes, likeness: Some(likeness) };
        let sizes = [made(1_000, 1.0), made(600, 0.9992), made(300, 0.98), made(200, 1.0)];
        assert_eq!(useless(&sizes), [false, true, false, false]);
    }
}

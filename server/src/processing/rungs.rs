//! Rungs that bring nothing: a slide show, or an animation of few colours, takes hardly fewer bytes in a smaller size.

use kinora_entity::{chunk, job, rendition};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter};

use super::completion::renditions_of;
use crate::error::Result;

/// A rung that takes more than this part of the bytes of the one above it is no help to a slow line.
const MOST_OF_THE_ONE_ABOVE: f64 = 0.85;

/// Takes those renditions away that save too little, by the first chunks that this job made of them: all were encoded
/// with the same care, so the beginning tells of the rest; what is passed on was made by others, and does not. The
/// largest stays because it is the best, and the smallest because the slowest lines play it, and may be doing so now.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn drop_useless(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    let mut rows = renditions_of(connection, job).await?;
    rows.retain(|row| row.kind == rendition::Kind::Video && !row.is_extra());
    rows.sort_by_key(|row| std::cmp::Reverse(row.height.unwrap_or(0)));
    let first = chunk::Entity::find()
        .filter(chunk::Column::RenditionId.is_in(rows.iter().map(|row| row.id)))
        .filter(chunk::Column::Index.eq(0))
        .filter(chunk::Column::LeaseId.eq(job.lease_id))
        .all(connection)
        .await?;
    let made = rows.into_iter().filter_map(|row| {
        let bytes = first.iter().find(|chunk| chunk.rendition_id == row.id)?.size_bytes;
        Some((row, bytes))
    });
    let (rows, bytes): (Vec<_>, Vec<i64>) = made.unzip();
    for (row, is_useless) in rows.into_iter().zip(useless(&bytes)) {
        if is_useless {
            tracing::info!(video = %job.video_id, rendition = row.name, "a rendition would save nothing");
            row.delete(connection).await?;
        }
    }
    Ok(())
}

/// Which rungs save too little, by the bytes of each from the largest to the smallest.
fn useless(bytes: &[i64]) -> Vec<bool> {
    let mut above = None;
    let smallest = bytes.len().saturating_sub(1);
    let judge = |(at, &size): (usize, &i64)| {
        let saves_little = above.is_some_and(|above: i64| size as f64 > MOST_OF_THE_ONE_ABOVE * above as f64);
        let is_useless = saves_little && at != smallest;
        if !is_useless {
            above = Some(size);
        }
        is_useless
    };
    bytes.iter().enumerate().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::useless;

    #[test]
    fn what_saves_little_goes_and_the_ends_stay() {
        assert_eq!(useless(&[1_000, 600, 300, 200]), [false; 4]);
        assert_eq!(useless(&[1_000, 900, 840, 830]), [false, true, false, false]);
        assert_eq!(useless(&[1_000, 990, 980, 970]), [false, true, true, false]);
        assert!(useless(&[]).is_empty() && useless(&[7]) == [false]);
    }
}

use std::fs;

use super::*;
use crate::embedded::store::SweepReport;

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let s3 = serve().await;
    s3.put("small", b"hello").await;
    let done = s3.begin("big").await;
    let part = s3.part("big", &done, 1, noise(300_000, 1)).await.unwrap();
    s3.complete("big", &done, &[(1, &part)]).await.unwrap();
    let open = s3.begin("later").await;
    let part = s3.part("later", &open, 1, b"first".to_vec()).await.unwrap();
    // What a request that was cut off by a kill leaves behind.
    fs::write(s3.folder.path().join("tmp/torn"), b"half").unwrap();
    let s3 = s3.reopen().await;
    assert_eq!(s3.files("tmp").len(), 0);
    assert_eq!(s3.get("small").await, b"hello");
    assert_eq!(s3.get("big").await, noise(300_000, 1));
    let listed = s3.client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(listed.key_count(), Some(2));
    s3.complete("later", &open, &[(1, &part)]).await.unwrap();
    assert_eq!(s3.get("later").await, b"first");
}

#[tokio::test]
async fn a_completion_that_was_cut_off_is_finished_at_the_next_start() {
    let s3 = serve().await;
    let upload = s3.begin("k").await;
    let part = s3.part("k", &upload, 1, b"bytes".to_vec()).await.unwrap();
    let etag = s3.complete("k", &upload, &[(1, &part)]).await.unwrap();
    // The state between the point of no return and the object.
    let folder = s3.folder.path().join("multipart").join(&upload);
    fs::rename(folder.join("completed.json"), folder.join("completing.json")).unwrap();
    fs::remove_file(&s3.files("objects")[0]).unwrap();
    assert_eq!(s3.part("k", &upload, 1, b"late".to_vec()).await.unwrap_err(), "NoSuchUpload");
    let s3 = s3.reopen().await;
    assert_eq!(s3.get("k").await, b"bytes");
    assert_eq!(s3.complete("k", &upload, &[(1, &part)]).await.unwrap(), etag);
}

#[tokio::test]
async fn a_damaged_object_is_an_error_and_does_not_hide_the_others() {
    let s3 = serve().await;
    s3.put("bad", b"hello").await;
    fs::write(&s3.files("objects")[0], b"rubbish").unwrap();
    s3.put("good", b"hello").await;
    let got = s3.client.get_object().bucket(BUCKET).key("bad").send().await;
    assert_eq!(code(&got.unwrap_err()), "InternalError");
    let listed = s3.client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(listed.key_count(), Some(1));
    s3.put("bad", b"good again").await;
    assert_eq!(s3.get("bad").await, b"good again");
}

#[tokio::test]
async fn the_sweep_takes_what_is_abandoned_and_nothing_else() {
    let s3 = serve().await;
    let abandoned = s3.begin("a").await;
    s3.part("a", &abandoned, 1, noise(1000, 0)).await.unwrap();
    let kept = s3.begin("k").await;
    let part = s3.part("k", &kept, 1, noise(1000, 1)).await.unwrap();
    s3.complete("k", &kept, &[(1, &part)]).await.unwrap();
    let deleted = s3.begin("d").await;
    let part = s3.part("d", &deleted, 1, noise(1000, 2)).await.unwrap();
    s3.complete("d", &deleted, &[(1, &part)]).await.unwrap();
    s3.client.delete_object().bucket(BUCKET).key("d").send().await.unwrap();
    fs::write(s3.folder.path().join("tmp/torn"), b"half").unwrap();
    let nothing = s3.store.sweep(Duration::from_secs(3600)).await.unwrap();
    assert_eq!(nothing, SweepReport::default());
    tokio::time::sleep(Duration::from_millis(20)).await;
    let report = s3.store.sweep(Duration::ZERO).await.unwrap();
    assert_eq!((report.temporary_files, report.abandoned_uploads, report.receipts), (1, 1, 1));
    assert!(report.freed_bytes > 1000);
    assert_eq!(s3.get("k").await, noise(1000, 1));
    assert_eq!(s3.part("a", &abandoned, 2, vec![1]).await.unwrap_err(), "NoSuchUpload");
    assert_eq!(s3.files("tmp").len(), 0);
}

#[tokio::test]
async fn many_writers_of_one_key_leave_one_whole_object() {
    let s3 = serve().await;
    let puts = (0..16_u8).map(|seed| {
        let s3 = &s3;
        async move {
            s3.put("k", &noise(100_000, seed)).await;
            assert!(s3.get("k").await.len() == 100_000);
        }
    });
    futures::future::join_all(puts).await;
    let found = s3.get("k").await;
    assert!((0..16).any(|seed| found == noise(100_000, seed)));
    assert_eq!(s3.files("objects").len(), 1);
    assert_eq!(s3.files("tmp").len(), 0);
}

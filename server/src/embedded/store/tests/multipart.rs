use aws_sdk_s3::primitives::ByteStream;

use super::*;

#[tokio::test]
async fn parts_become_one_object_without_a_copy_and_ranges_cross_them() {
    let s3 = serve().await;
    let (one, two) = (noise(PART, 1), noise(1234, 2));
    let upload = s3.begin("big").await;
    let second = s3.part("big", &upload, 7, two.clone()).await.unwrap();
    let first = s3.part("big", &upload, 2, one.clone()).await.unwrap();
    let listed = s3.client.list_parts().bucket(BUCKET).key("big").upload_id(&upload).send().await.unwrap();
    let sizes: Vec<_> = listed.parts().iter().map(|part| (part.part_number(), part.size())).collect();
    assert_eq!(sizes, [(Some(2), Some(PART as i64)), (Some(7), Some(1234))]);
    let uploads = s3.client.list_multipart_uploads().bucket(BUCKET).send().await.unwrap();
    assert_eq!(uploads.uploads()[0].upload_id(), Some(upload.as_str()));
    assert_eq!(s3.client.list_objects_v2().bucket(BUCKET).send().await.unwrap().key_count(), Some(0));

    let etag = s3.complete("big", &upload, &[(2, &first), (7, &second)]).await.unwrap();
    assert!(etag.ends_with("-2\""), "{etag}");
    let whole = [one, two].concat();
    assert_eq!(s3.get("big").await, whole);
    let range = format!("bytes={}-{}", PART - 10, PART + 9);
    let got = s3.client.get_object().bucket(BUCKET).key("big").range(range).send().await.unwrap();
    assert_eq!(got.content_type.as_deref(), Some("video/mp4"));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), whole[PART - 10..PART + 10]);
    let uploads = s3.client.list_multipart_uploads().bucket(BUCKET).send().await.unwrap();
    assert_eq!(uploads.uploads().len(), 0);
    assert!(s3.files("objects").iter().all(|file| file.metadata().unwrap().len() < 4096), "copied");
}

#[tokio::test]
async fn completing_checks_what_is_listed() {
    let s3 = serve().await;
    let upload = s3.begin("k").await;
    let first = s3.part("k", &upload, 1, noise(PART, 1)).await.unwrap();
    let second = s3.part("k", &upload, 2, noise(1000, 2)).await.unwrap();
    let third = s3.part("k", &upload, 3, noise(10, 3)).await.unwrap();
    let complete = async |parts: &[(i32, &str)]| s3.complete("k", &upload, parts).await.unwrap_err();
    assert_eq!(complete(&[(1, &first), (2, &first)]).await, "InvalidPart");
    assert_eq!(complete(&[(1, &first), (4, &second)]).await, "InvalidPart");
    assert_eq!(complete(&[(2, &second), (1, &first)]).await, "InvalidPartOrder");
    assert_eq!(complete(&[(1, &first), (1, &first)]).await, "InvalidPartOrder");
    assert_eq!(complete(&[(1, &first), (2, &second), (3, &third)]).await, "EntityTooSmall");
    assert_eq!(complete(&[]).await, "MalformedXML");
    assert_eq!(complete(&[(0, &first)]).await, "InvalidArgument");
    assert_eq!(s3.complete("other", &upload, &[(1, &first)]).await.unwrap_err(), "NoSuchUpload");
    assert_eq!(s3.part("k", &upload, 10_001, vec![1]).await.unwrap_err(), "InvalidArgument");
    // Nothing was lost by the attempts, and a part that is not listed is dropped.
    s3.complete("k", &upload, &[(1, &first), (3, &third)]).await.unwrap();
    assert_eq!(s3.get("k").await, [noise(PART, 1), noise(10, 3)].concat());
    assert_eq!(s3.files("multipart").len(), 4);
}

#[tokio::test]
async fn completing_again_has_the_same_answer_and_changes_nothing() {
    let s3 = serve().await;
    let upload = s3.begin("k").await;
    let first = s3.part("k", &upload, 1, b"old".to_vec()).await.unwrap();
    let replaced = s3.part("k", &upload, 1, b"new".to_vec()).await.unwrap();
    assert_eq!(s3.complete("k", &upload, &[(1, &first)]).await.unwrap_err(), "InvalidPart");
    let etag = s3.complete("k", &upload, &[(1, &replaced)]).await.unwrap();
    assert_eq!(s3.complete("k", &upload, &[(1, &replaced)]).await.unwrap(), etag);
    assert_eq!(s3.get("k").await, b"new");
    assert_eq!(s3.part("k", &upload, 1, b"late".to_vec()).await.unwrap_err(), "NoSuchUpload");
    assert_eq!(s3.part("k", &upload, 2, b"late".to_vec()).await.unwrap_err(), "NoSuchUpload");
    assert_eq!(s3.complete("k", &upload, &[(1, &first)]).await.unwrap_err(), "NoSuchUpload");
    s3.put("k", b"another").await;
    assert_eq!(s3.complete("k", &upload, &[(1, &replaced)]).await.unwrap(), etag);
    assert_eq!(s3.get("k").await, b"another");
    let s3 = s3.reopen().await;
    assert_eq!(s3.complete("k", &upload, &[(1, &replaced)]).await.unwrap(), etag);
    assert_eq!(s3.get("k").await, b"another");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_gone_has_become_its_object() {
    let s3 = serve().await;
    for round in 0..30 {
        let key = &format!("k{round}");
        let upload = s3.begin(key).await;
        let part = s3.part(key, &upload, 1, b"x".to_vec()).await.unwrap();
        let looking = async {
            let parts = || s3.client.list_parts().bucket(BUCKET).key(key).upload_id(&upload).send();
            while parts().await.is_ok() {}
            s3.client.head_object().bucket(BUCKET).key(key).send().await.map(drop)
        };
        let listed = [(1, part.as_str())];
        let (completed, seen) = tokio::join!(s3.complete(key, &upload, &listed), looking);
        completed.unwrap();
        seen.unwrap();
    }
}

#[tokio::test]
async fn an_aborted_upload_is_gone() {
    let s3 = serve().await;
    let upload = s3.begin("k").await;
    let part = s3.part("k", &upload, 1, b"x".to_vec()).await.unwrap();
    let abort = || s3.client.abort_multipart_upload().bucket(BUCKET).key("k").upload_id(&upload).send();
    abort().await.unwrap();
    assert_eq!(code(&abort().await.unwrap_err()), "NoSuchUpload");
    assert_eq!(s3.part("k", &upload, 1, b"x".to_vec()).await.unwrap_err(), "NoSuchUpload");
    assert_eq!(s3.complete("k", &upload, &[(1, &part)]).await.unwrap_err(), "NoSuchUpload");
    assert_eq!(s3.part("k", "../../etc", 1, b"x".to_vec()).await.unwrap_err(), "NoSuchUpload");
    assert_eq!(s3.files("multipart").len() + s3.files("tmp").len(), 0);
}

#[tokio::test]
async fn bytes_that_do_not_match_their_checksum_are_no_part() {
    let s3 = serve().await;
    let upload = s3.begin("k").await;
    let part = || s3.client.upload_part().bucket(BUCKET).key("k").upload_id(&upload).part_number(1);
    let wrong = part().content_md5("AAAAAAAAAAAAAAAAAAAAAA==").body(ByteStream::from_static(b"x"));
    assert_eq!(code(&wrong.send().await.unwrap_err()), "BadDigest");
    let wrong = part().checksum_crc32("AAAAAA==").body(ByteStream::from_static(b"x")).send().await;
    assert_eq!(code(&wrong.unwrap_err()), "BadDigest");
    // The SDK sends the checksum after the body, in its own chunked framing.
    let right = part().checksum_algorithm(aws_sdk_s3::types::ChecksumAlgorithm::Crc32C);
    right.body(ByteStream::from_static(b"right")).send().await.unwrap();
    assert_eq!(s3.files("multipart").len(), 2);
    assert_eq!(s3.files("tmp").len(), 0);
}

#[tokio::test]
async fn a_reader_keeps_the_parts_of_an_object_that_is_deleted_meanwhile() {
    let s3 = serve().await;
    let upload = s3.begin("k").await;
    let mut etags = Vec::new();
    for number in 1..=4 {
        etags.push(s3.part("k", &upload, number, noise(PART, number as u8)).await.unwrap());
    }
    let listed: Vec<_> = (1..).zip(etags.iter().map(String::as_str)).collect();
    s3.complete("k", &upload, &listed).await.unwrap();
    let reading = s3.client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    s3.client.delete_object().bucket(BUCKET).key("k").send().await.unwrap();
    let read = reading.body.collect().await.unwrap().to_vec();
    assert!(read == (1..=4).flat_map(|number| noise(PART, number)).collect::<Vec<_>>());
    let gone = s3.client.get_object().bucket(BUCKET).key("k").send().await;
    assert_eq!(code(&gone.unwrap_err()), "NoSuchKey");
    for _ in 0..200 {
        if s3.files("multipart").len() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the parts are still there: {:?}", s3.files("multipart"));
}

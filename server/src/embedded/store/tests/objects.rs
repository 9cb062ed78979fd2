use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{Delete, MetadataDirective, ObjectIdentifier};

use super::*;

#[tokio::test]
async fn an_object_comes_back_with_its_headers_whole_and_in_ranges() {
    let s3 = serve().await;
    let bytes = noise(1_000_000, 0);
    let put = s3.client.put_object().bucket(BUCKET).key("a/b.mp4").body(ByteStream::from(bytes.clone()));
    let put = put.content_type("video/mp4").cache_control("max-age=60").metadata("title", "x y");
    let put = put.content_disposition("inline").send().await.unwrap();
    let md5 = hex::encode(<md5::Md5 as md5::Digest>::digest(&bytes));
    assert_eq!(put.e_tag.as_deref(), Some(format!("\"{md5}\"").as_str()));

    let head = s3.client.head_object().bucket(BUCKET).key("a/b.mp4").send().await.unwrap();
    assert_eq!(head.content_length, Some(1_000_000));
    assert_eq!(head.content_type.as_deref(), Some("video/mp4"));
    assert_eq!(head.cache_control.as_deref(), Some("max-age=60"));
    assert_eq!(head.metadata.unwrap().get("title").map(String::as_str), Some("x y"));
    assert_eq!(s3.get("a/b.mp4").await, bytes);

    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=262143-262145", 262_143..262_146),
        ("bytes=999990-", 999_990..1_000_000),
        ("bytes=-5", 999_995..1_000_000),
        ("bytes=100-9999999", 100..1_000_000),
    ] {
        let got = s3.client.get_object().bucket(BUCKET).key("a/b.mp4").range(range).send().await.unwrap();
        let content_range = format!("bytes {}-{}/1000000", expected.start, expected.end - 1);
        assert_eq!(got.content_range.as_deref(), Some(content_range.as_str()), "{range}");
        assert_eq!(got.body.collect().await.unwrap().to_vec(), bytes[expected], "{range}");
    }
    let beyond = s3.client.get_object().bucket(BUCKET).key("a/b.mp4").range("bytes=1000000-").send().await;
    assert_eq!(code(&beyond.unwrap_err()), "InvalidRange");
    let missing = s3.client.get_object().bucket(BUCKET).key("a").send().await;
    assert_eq!(code(&missing.unwrap_err()), "NoSuchKey");
}

#[tokio::test]
async fn conditions_of_reading_and_writing_are_kept() {
    let s3 = serve().await;
    let etag = s3.put("k", b"one").await;
    let get = || s3.client.get_object().bucket(BUCKET).key("k");
    let unchanged = get().if_none_match(&etag).send().await.unwrap_err();
    assert_eq!(unchanged.raw_response().unwrap().status().as_u16(), 304);
    assert_eq!(unchanged.raw_response().unwrap().headers().get("etag"), Some(etag.as_str()));
    assert_eq!(code(&get().if_match("\"other\"").send().await.unwrap_err()), "PreconditionFailed");
    assert!(get().if_match(&etag).if_none_match("\"other\"").send().await.is_ok());
    let since = get().if_modified_since(DateTime::from_secs(4_000_000_000)).send().await.unwrap_err();
    assert_eq!(since.raw_response().unwrap().status().as_u16(), 304);

    let put = || s3.client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"two"));
    assert_eq!(code(&put().if_none_match("*").send().await.unwrap_err()), "PreconditionFailed");
    assert_eq!(code(&put().if_match("\"other\"").send().await.unwrap_err()), "PreconditionFailed");
    assert_eq!(s3.get("k").await, b"one");
    put().if_match(&etag).send().await.unwrap();
    assert_eq!(s3.get("k").await, b"two");
    assert_eq!(s3.files("tmp").len(), 0);
}

#[tokio::test]
async fn nasty_keys_are_only_keys() {
    let s3 = serve().await;
    let long = "l".repeat(900);
    let keys = [
        "../x",
        "a/../../../etc/passwd",
        long.as_str(),
        "übung/日本 語+%25&=?#.mp4",
        "a//b/",
        "..",
        "con",
        "a\\b",
    ];
    for (seed, key) in keys.iter().enumerate() {
        s3.put(key, &noise(1000, seed as u8)).await;
    }
    for (seed, key) in keys.iter().enumerate() {
        assert_eq!(s3.get(key).await, noise(1000, seed as u8), "{key}");
    }
    let too_long = s3.client.put_object().bucket(BUCKET).key("l".repeat(1025)).send().await;
    assert_eq!(code(&too_long.unwrap_err()), "KeyTooLongError");
    let listed = s3.client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    let mut listed: Vec<_> =
        listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect();
    let mut expected: Vec<_> = keys.iter().map(ToString::to_string).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(s3.files("objects").len(), keys.len());
}

#[tokio::test]
async fn listings_have_prefixes_delimiters_and_pages() {
    let s3 = serve().await;
    for key in ["v/1/a", "v/1/b", "v/2/a", "w", "x/1"] {
        s3.put(key, b"12345").await;
    }
    let list = || s3.client.list_objects_v2().bucket(BUCKET);
    let folded = list().delimiter("/").send().await.unwrap();
    let prefixes: Vec<_> = folded.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
    assert_eq!(prefixes, ["v/", "x/"]);
    assert_eq!(folded.contents()[0].size(), Some(5));
    let mut keys = Vec::new();
    let mut token = None;
    loop {
        let page = list().prefix("v/").max_keys(2).set_continuation_token(token).send().await.unwrap();
        keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(keys, ["v/1/a", "v/1/b", "v/2/a"]);
    // What changes after the first listing is seen as well.
    s3.put("v/0", b"").await;
    s3.client.delete_object().bucket(BUCKET).key("v/1/a").send().await.unwrap();
    let page = list().prefix("v/").start_after("v/").send().await.unwrap();
    let keys: Vec<_> = page.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(keys, ["v/0", "v/1/b", "v/2/a"]);
}

#[tokio::test]
async fn objects_are_deleted_one_by_one_and_in_batches() {
    let s3 = serve().await;
    for key in ["a", "b", "c"] {
        s3.put(key, b"x").await;
    }
    s3.client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
    s3.client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
    let name = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let batch = Delete::builder().objects(name("b")).objects(name("never")).build().unwrap();
    let deleted = s3.client.delete_objects().bucket(BUCKET).delete(batch).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 2);
    assert_eq!(s3.files("objects").len(), 1);
    assert_eq!(s3.get("c").await, b"x");
}

#[tokio::test]
async fn a_copy_is_an_object_of_its_own() {
    let s3 = serve().await;
    let bytes = noise(600_000, 3);
    let etag = s3.put("from/ä", &bytes).await;
    let copy = || s3.client.copy_object().bucket(BUCKET).copy_source("kinora/from/%C3%A4");
    let copied = copy().key("to").send().await.unwrap();
    assert_eq!(copied.copy_object_result.unwrap().e_tag, Some(etag));
    s3.client.delete_object().bucket(BUCKET).key("from/ä").send().await.unwrap();
    assert_eq!(s3.get("to").await, bytes);
    assert_eq!(code(&copy().key("to").send().await.unwrap_err()), "NoSuchKey");
    let renamed = s3.client.copy_object().bucket(BUCKET).key("to").copy_source("kinora/to");
    let renamed = renamed.metadata_directive(MetadataDirective::Replace).content_type("video/webm");
    renamed.send().await.unwrap();
    let head = s3.client.head_object().bucket(BUCKET).key("to").send().await.unwrap();
    assert_eq!(head.content_type.as_deref(), Some("video/webm"));
    assert_eq!(s3.get("to").await, bytes);
}

#[tokio::test]
async fn buckets_are_there_or_not() {
    let s3 = serve().await;
    s3.client.head_bucket().bucket(BUCKET).send().await.unwrap();
    s3.client.create_bucket().bucket(BUCKET).send().await.unwrap();
    let answer = by_hand(&s3.address, "GET", "/elsewhere/x", &[], b"").await;
    assert_eq!(answer.status, 404, "other paths are the site's");
}

#[tokio::test]
async fn a_second_opening_of_the_same_folder_is_refused() {
    let s3 = serve().await;
    assert!(matches!(Store::open(s3.folder.path()), Err(StoreError::InUse { .. })));
}

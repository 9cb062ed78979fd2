use super::*;

#[tokio::test]
async fn only_signed_requests_are_answered() {
    let s3 = serve().await;
    s3.put("k", b"x").await;
    for (method, path) in [
        ("GET", "/kinora/k"),
        ("PUT", "/kinora/k"),
        ("GET", "/kinora?list-type=2"),
        ("GET", "/kinora/"),
        ("POST", "/kinora?delete"),
        ("GET", "/kinora/k?AWSAccessKeyId=access&Expires=4000000000&Signature=x"),
    ] {
        let answer = by_hand(&s3.address, method, path, &[("Content-Length", "0")], b"").await;
        assert_eq!(answer.status, 403, "{method} {path}");
        assert!(answer.text().contains("<Code>AccessDenied</Code>"), "{method} {path}");
    }
    let form = [("Content-Type", "multipart/form-data; boundary=x"), ("Content-Length", "0")];
    assert_eq!(by_hand(&s3.address, "POST", "/kinora", &form, b"").await.status, 403);
    let wrong = client_for(&format!("http://{}", s3.address), "guess");
    let got = wrong.get_object().bucket(BUCKET).key("k").send().await;
    assert_eq!(code(&got.unwrap_err()), "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_presigned_url_works_until_it_expires_and_only_unchanged() {
    let s3 = serve().await;
    s3.put("a b/ü", b"hello").await;
    let get = s3.client.get_object().bucket(BUCKET).key("a b/ü");
    let url = get.clone().response_content_type("text/x-mine");
    let url =
        url.response_content_disposition("attachment; filename=\"x.mp4\"").presigned(for_an_hour()).await;
    let path = path_of(&url.unwrap());
    assert!(!path.to_lowercase().contains("x-amz-checksum"), "{path}");
    let answer =
        by_hand(&s3.address, "GET", &path, &[("Range", "bytes=1-2"), ("Origin", "http://a")], b"").await;
    assert_eq!((answer.status, answer.text().as_str()), (206, "el"));
    for header in [
        "content-type: text/x-mine",
        "content-disposition: attachment; filename=\"x.mp4\"",
        "x-content-type-options: nosniff",
        "content-security-policy: sandbox; default-src 'none'",
        "cross-origin-resource-policy: cross-origin",
        "access-control-allow-origin: *",
        "access-control-expose-headers: etag,content-range,accept-ranges,content-length",
    ] {
        assert!(answer.head.contains(header), "{header} is not in {}", answer.head);
    }
    for tampered in [path.replace("a%20b", "a%20c"), path.replace("Expires=3600", "Expires=3601")] {
        assert_ne!(tampered, path);
        assert_eq!(by_hand(&s3.address, "GET", &tampered, &[], b"").await.status, 403);
    }
    assert_eq!(by_hand(&s3.address, "DELETE", &path, &[], b"").await.status, 403);
    let old = PresigningConfig::builder()
        .start_time(std::time::SystemTime::now() - Duration::from_secs(100))
        .expires_in(Duration::from_secs(50));
    let path = path_of(&get.presigned(old.build().unwrap()).await.unwrap());
    let answer = by_hand(&s3.address, "GET", &path, &[], b"").await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("expired"), "{}", answer.text());
}

#[tokio::test]
async fn a_presigned_part_takes_exactly_the_length_that_was_signed() {
    let s3 = serve().await;
    let upload = s3.begin("k").await;
    let part = s3.client.upload_part().bucket(BUCKET).key("k").upload_id(&upload).part_number(1);
    let presigned = part.content_length(1000).presigned(for_an_hour()).await.unwrap();
    let path = path_of(&presigned);
    assert!(path.contains("content-length"), "{path}");
    assert!(!path.to_lowercase().contains("checksum"), "{path}");
    let put = async |length: &str, bytes: usize| {
        by_hand(&s3.address, "PUT", &path, &[("Content-Length", length)], &noise(bytes, 0)).await.status
    };
    assert_eq!(put("1001", 1001).await, 403);
    assert_eq!(put("999", 999).await, 403);
    let chunked = [("Transfer-Encoding", "chunked")];
    let answer = by_hand(&s3.address, "PUT", &path, &chunked, b"5\r\nhello\r\n0\r\n\r\n").await;
    assert_eq!(answer.status, 403);
    // A client that says 1000 and hangs up after 10.
    assert_ne!(put("1000", 10).await, 200);
    let upload_folder = s3.files("multipart");
    assert_eq!(upload_folder.len(), 1, "{upload_folder:?}");
    assert_eq!(put("1000", 1000).await, 200);
    let answer = by_hand(&s3.address, "PUT", &path, &[("Content-Length", "1000")], &noise(1000, 0)).await;
    let md5 = hex::encode(<md5::Md5 as md5::Digest>::digest(noise(1000, 0)));
    assert!(answer.head.contains(&format!("etag: \"{md5}\"")), "{}", answer.head);
    s3.complete("k", &upload, &[(1, &md5)]).await.unwrap();
    assert_eq!(put("1000", 1000).await, 404, "a part after completion");
    assert_eq!(s3.files("tmp").len(), 0);
}

#[tokio::test]
async fn browsers_are_told_what_they_may_do() {
    let s3 = serve().await;
    let headers = [
        ("Origin", "https://video.example"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "content-type,x-amz-meta-a"),
    ];
    let answer = by_hand(&s3.address, "OPTIONS", "/kinora/any/key?partNumber=1", &headers, b"").await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("access-control-allow-origin: *"), "{}", answer.head);
    assert!(answer.head.contains("access-control-allow-methods: get,head,put,post,delete,options"));
    assert!(answer.head.contains("access-control-allow-headers: content-type,x-amz-meta-a"));
}

//! Requests that upload in parts.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::super::Store;
use super::super::bytes_in::receive;
use super::super::checksum::Promised;
use super::super::error::refuse;
use super::super::multipart::{MOST_PARTS, Upload};
use super::super::objects::Conditions;
use super::super::record::now_ms;
use super::headers_of;

pub(super) async fn create(
    store: &Store,
    req: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let mut input = req.input;
    let upload = Upload {
        headers: headers_of!(input),
        bucket: input.bucket.clone(),
        key: input.key.clone(),
        started_ms: now_ms(),
    };
    let id = store.blocking(move |shelf| shelf.begin_upload(&upload)).await?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        ..Default::default()
    }))
}

/// The number of a part, if it can be one.
fn part_number(number: i32) -> S3Result<u16> {
    u16::try_from(number)
        .ok()
        .filter(|number| (1..=MOST_PARTS).contains(number))
        .ok_or_else(|| refuse(S3ErrorCode::InvalidArgument, "A part's number is 1 to 10,000."))
}

pub(super) async fn upload_part(
    store: &Store,
    req: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let promised = Promised::of(&req);
    let UploadPartInput { bucket, key, upload_id, body, content_length, .. } = req.input;
    let number = part_number(req.input.part_number)?;
    let names = (bucket, key, upload_id);
    // Before the body is read: nobody should send gigabytes to an upload that is gone.
    let names = store
        .blocking(move |shelf| shelf.find_open_upload(&names.0, &names.1, &names.2).map(|_| names))
        .await?;
    let received = receive(store, body, content_length, &promised).await?;
    let e_tag = Some(ETag::Strong(received.etag()));
    store.blocking(move |shelf| shelf.keep_part((&names.0, &names.1, &names.2), number, received)).await?;
    Ok(S3Response::new(UploadPartOutput { e_tag, ..Default::default() }))
}

pub(super) async fn complete(
    store: &Store,
    req: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let input = req.input;
    let mut listed = Vec::new();
    for part in input.multipart_upload.and_then(|list| list.parts).unwrap_or_default() {
        let (Some(number), Some(etag)) = (part.part_number, part.e_tag) else {
            return Err(refuse(S3ErrorCode::MalformedXML, "Give each part's number and ETag."));
        };
        listed.push((part_number(number)?, etag.into_value()));
    }
    let expected_size = input.mpu_object_size.and_then(|size| u64::try_from(size).ok());
    let conditions =
        Conditions { if_match: input.if_match, if_none_match: input.if_none_match, ..Conditions::default() };
    let names = (input.bucket, input.key, input.upload_id);
    let record = store
        .blocking(move |shelf| {
            shelf.complete((&names.0, &names.1, &names.2), listed, expected_size, &conditions)
        })
        .await?;
    Ok(S3Response::new(CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", record.bucket, record.key)),
        e_tag: Some(record.etag()),
        bucket: Some(record.bucket),
        key: Some(record.key),
        ..Default::default()
    }))
}

//! Requests about single objects.

use axum::http::{HeaderMap, HeaderValue, header};
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::super::Store;
use super::super::bytes_in::receive;
use super::super::checksum::Promised;
use super::super::error::refuse;
use super::super::objects::{Conditions, Copy, Verdict, failed};
use super::super::record::{Record, now_ms};
use super::{headers_of, metadata_of};

/// What an object is called that was put without a Content-Type.
const UNKNOWN_TYPE: &str = "application/octet-stream";

pub(super) async fn put(
    store: &Store,
    req: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let promised = Promised::of(&req);
    let mut input = req.input;
    store.shelf.check_bucket(&input.bucket)?;
    let received = receive(store, input.body.take(), input.content_length, &promised).await?;
    let conditions = Conditions {
        if_match: input.if_match.take(),
        if_none_match: input.if_none_match.take(),
        ..Conditions::default()
    };
    let record = Record {
        size: received.size,
        etag: received.etag(),
        modified_ms: now_ms(),
        headers: headers_of!(input),
        bucket: input.bucket,
        key: input.key,
        parts: None,
    };
    let e_tag = Some(record.etag());
    store
        .blocking(move |shelf| shelf.publish(received.unfinished, received.file, &record, &conditions))
        .await?;
    Ok(S3Response::new(PutObjectOutput { e_tag, ..Default::default() }))
}

pub(super) async fn get(
    store: &Store,
    req: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let GetObjectInput { bucket, key, range, part_number, .. } = req.input;
    refuse_part_number(part_number)?;
    let conditions = Conditions {
        if_match: req.input.if_match,
        if_none_match: req.input.if_none_match,
        if_modified_since: req.input.if_modified_since,
        if_unmodified_since: req.input.if_unmodified_since,
    };
    let source = store.blocking(move |shelf| shelf.open_object(&bucket, &key)).await?;
    let record = &source.record;
    check(&conditions, record)?;
    let (range, content_range) = satisfy(range, record.size)?;
    let output = GetObjectOutput {
        accept_ranges: Some("bytes".into()),
        content_length: i64::try_from(range.end - range.start).ok(),
        content_range,
        content_type: Some(record.headers.content_type.clone().unwrap_or_else(|| UNKNOWN_TYPE.into())),
        cache_control: record.headers.cache_control.clone(),
        content_disposition: record.headers.content_disposition.clone(),
        content_encoding: record.headers.content_encoding.clone(),
        content_language: record.headers.content_language.clone(),
        expires: record.headers.expires.clone(),
        metadata: metadata_of(&record.headers),
        e_tag: Some(record.etag()),
        last_modified: Some(record.modified()),
        body: Some(source.stream(range)),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub(super) async fn head(
    store: &Store,
    req: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let HeadObjectInput { bucket, key, range, part_number, .. } = req.input;
    refuse_part_number(part_number)?;
    let conditions = Conditions {
        if_match: req.input.if_match,
        if_none_match: req.input.if_none_match,
        if_modified_since: req.input.if_modified_since,
        if_unmodified_since: req.input.if_unmodified_since,
    };
    let opened = store.blocking(move |shelf| shelf.open_object(&bucket, &key)).await?;
    let record = opened.record;
    check(&conditions, &record)?;
    let (range, content_range) = satisfy(range, record.size)?;
    let output = HeadObjectOutput {
        accept_ranges: Some("bytes".into()),
        content_length: i64::try_from(range.end - range.start).ok(),
        content_range,
        e_tag: Some(record.etag()),
        last_modified: Some(record.modified()),
        metadata: metadata_of(&record.headers),
        content_type: Some(record.headers.content_type.unwrap_or_else(|| UNKNOWN_TYPE.into())),
        cache_control: record.headers.cache_control,
        content_disposition: record.headers.content_disposition,
        content_encoding: record.headers.content_encoding,
        content_language: record.headers.content_language,
        expires: record.headers.expires,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

fn refuse_part_number(part_number: Option<PartNumber>) -> S3Result<()> {
    let message = "Reading by part number is not offered: ask for a range of bytes.";
    part_number.map_or(Ok(()), |_| Err(refuse(S3ErrorCode::NotImplemented, message)))
}

fn check(conditions: &Conditions, record: &Record) -> S3Result<()> {
    match conditions.judge(record) {
        Verdict::Met => Ok(()),
        Verdict::Failed => Err(failed()),
        Verdict::NotModified => {
            let mut error = S3Error::new(S3ErrorCode::NotModified);
            let mut headers = HeaderMap::new();
            if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", record.etag)) {
                headers.insert(header::ETAG, etag);
            }
            error.set_headers(headers);
            Err(error)
        }
    }
}

/// The bytes that a range stands for, and the Content-Range to say so.
fn satisfy(range: Option<Range>, size: u64) -> S3Result<(std::ops::Range<u64>, Option<String>)> {
    let Some(range) = range else { return Ok((0..size, None)) };
    let found = range.check(size).ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        let mut error = refuse(S3ErrorCode::InvalidRange, "The range is not within the object.");
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
            headers.insert(header::CONTENT_RANGE, value);
        }
        error.set_headers(headers);
        error
    })?;
    let content_range = format!("bytes {}-{}/{size}", found.start, found.end - 1);
    Ok((found, Some(content_range)))
}

pub(super) async fn delete_many(
    store: &Store,
    req: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let DeleteObjectsInput { bucket, delete: Delete { objects, quiet }, .. } = req.input;
    if objects.len() > 1000 {
        return Err(refuse(S3ErrorCode::MalformedXML, "Name at most 1,000 keys."));
    }
    store.shelf.check_bucket(&bucket)?;
    let work = move |shelf: &super::super::Shelf| {
        let mut output = DeleteObjectsOutput::default();
        for object in objects {
            match shelf.delete(&bucket, &object.key) {
                Ok(()) if quiet == Some(true) => {}
                Ok(()) => {
                    let deleted = DeletedObject { key: Some(object.key), ..Default::default() };
                    output.deleted.get_or_insert_default().push(deleted);
                }
                Err(error) => output.errors.get_or_insert_default().push(Error {
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(Into::into),
                    key: Some(object.key),
                    ..Default::default()
                }),
            }
        }
        Ok::<_, S3Error>(output)
    };
    Ok(S3Response::new(store.blocking(work).await?))
}

pub(super) async fn copy(
    store: &Store,
    req: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let mut input = req.input;
    let CopySource::Bucket { bucket, key, version_id: None } = &input.copy_source else {
        return Err(refuse(S3ErrorCode::NotImplemented, "Copy from /bucket/key, without a version."));
    };
    let from = (bucket.to_string(), key.to_string());
    let replace =
        input.metadata_directive.as_ref().is_some_and(|it| it.as_str() == MetadataDirective::REPLACE);
    let to = (input.bucket.clone(), input.key.clone());
    if from == to && !replace {
        let message = "An object is copied onto itself only to replace its metadata.";
        return Err(refuse(S3ErrorCode::InvalidRequest, message));
    }
    let conditions = Conditions {
        if_match: input.copy_source_if_match.take(),
        if_none_match: input.copy_source_if_none_match.take(),
        if_modified_since: input.copy_source_if_modified_since.take(),
        if_unmodified_since: input.copy_source_if_unmodified_since.take(),
    };
    let headers = replace.then(|| headers_of!(input));
    let record = store.blocking(move |shelf| shelf.copy(Copy { from, to, conditions, headers })).await?;
    let result = CopyObjectResult {
        e_tag: Some(record.etag()),
        last_modified: Some(record.modified()),
        ..Default::default()
    };
    Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() }))
}

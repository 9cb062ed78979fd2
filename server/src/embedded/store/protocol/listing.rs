//! Requests that list objects, uploads and parts.

use std::fs;

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::super::error::{disk, refuse};
use super::super::index::Selection;
use super::super::multipart::{Upload, open_upload};
use super::super::record::Record;
use super::super::{Shelf, Store};

/// No page is longer, whatever is asked for.
const LONGEST_PAGE: i32 = 1000;

fn page_length(asked: Option<i32>) -> S3Result<i32> {
    match asked {
        Some(negative) if negative < 0 => {
            Err(refuse(S3ErrorCode::InvalidArgument, "A page has 0 to 1,000 entries."))
        }
        asked => Ok(asked.unwrap_or(LONGEST_PAGE).min(LONGEST_PAGE)),
    }
}

/// Writes names the way a client asked for: XML cannot carry every character that a key may have.
#[derive(Clone, Copy)]
struct Encoding {
    url: bool,
}

impl Encoding {
    fn of(asked: Option<&EncodingType>) -> Self {
        Self { url: asked.is_some_and(|it| it.as_str() == EncodingType::URL) }
    }

    fn write(self, name: &str) -> String {
        if self.url {
            url::form_urlencoded::byte_serialize(name.as_bytes()).collect()
        } else {
            name.to_owned()
        }
    }
}

pub(super) async fn objects(
    store: &Store,
    req: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    store.blocking(move |shelf| list_objects(shelf, req.input)).await.map(S3Response::new)
}

fn list_objects(shelf: &Shelf, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    shelf.check_bucket(&input.bucket)?;
    let limit = page_length(input.max_keys)?;
    let after = match &input.continuation_token {
        Some(token) => {
            hex::decode(token).ok().and_then(|name| String::from_utf8(name).ok()).ok_or_else(|| {
                refuse(S3ErrorCode::InvalidArgument, "The continuation token is not one of ours.")
            })?
        }
        None => input.start_after.clone().unwrap_or_default(),
    };
    let selection = Selection {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone(),
        after,
        limit: limit as usize,
    };
    let page = shelf.index.list(&shelf.folders.objects(), &input.bucket, &selection).map_err(disk)?;
    let encoding = Encoding::of(input.encoding_type.as_ref());
    let mut contents = Vec::with_capacity(page.keys.len());
    for key in &page.keys {
        // Gone since the index was asked: then it is not listed.
        let Some((_, record)) = Record::open(&shelf.folders.object(&input.bucket, key)).map_err(disk)? else {
            continue;
        };
        contents.push(Object {
            key: Some(encoding.write(key)),
            size: i64::try_from(record.size).ok(),
            e_tag: Some(record.etag()),
            last_modified: Some(record.modified()),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            ..Default::default()
        });
    }
    let common_prefix = |prefix: &String| CommonPrefix { prefix: Some(encoding.write(prefix)) };
    let common_prefixes: Vec<_> = page.common_prefixes.iter().map(common_prefix).collect();
    Ok(ListObjectsV2Output {
        key_count: i32::try_from(contents.len() + common_prefixes.len()).ok(),
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        is_truncated: Some(page.more_after.is_some()),
        next_continuation_token: page.more_after.map(hex::encode),
        max_keys: Some(limit),
        name: Some(input.bucket),
        prefix: Some(encoding.write(&selection.prefix)),
        delimiter: input.delimiter.map(|delimiter| encoding.write(&delimiter)),
        start_after: input.start_after.map(|name| encoding.write(&name)),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}

pub(super) async fn parts(
    store: &Store,
    req: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    store.blocking(move |shelf| list_parts(shelf, req.input)).await.map(S3Response::new)
}

fn list_parts(shelf: &Shelf, input: ListPartsInput) -> S3Result<ListPartsOutput> {
    let (folder, _) = {
        // An upload that is being completed is gone only when its object is there.
        let _completing = shelf.upload_locks.lock(&*input.upload_id);
        shelf.find_open_upload(&input.bucket, &input.key, &input.upload_id)?
    };
    let limit = page_length(input.max_parts)?;
    let marker = input.part_number_marker.unwrap_or(0);
    let mut parts = shelf.parts(&folder).map_err(disk)?;
    parts.retain(|part| i32::from(part.number) > marker);
    let is_truncated = parts.len() > limit as usize;
    parts.truncate(limit as usize);
    let next = parts.last().filter(|_| is_truncated).map(|part| i32::from(part.number));
    let parts = parts.into_iter().map(|part| Part {
        part_number: Some(part.number.into()),
        size: i64::try_from(part.size).ok(),
        e_tag: Some(ETag::Strong(part.etag())),
        last_modified: Some(time(part.modified_ms)),
        ..Default::default()
    });
    Ok(ListPartsOutput {
        parts: Some(parts.collect()),
        is_truncated: Some(is_truncated),
        next_part_number_marker: next,
        part_number_marker: Some(marker),
        max_parts: Some(limit),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        ..Default::default()
    })
}

fn time(ms: u64) -> Timestamp {
    (std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(ms)).into()
}

pub(super) async fn uploads(
    store: &Store,
    req: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    store.blocking(move |shelf| list_uploads(shelf, req.input)).await.map(S3Response::new)
}

fn list_uploads(shelf: &Shelf, input: ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
    shelf.check_bucket(&input.bucket)?;
    if input.delimiter.is_some() {
        return Err(refuse(
            S3ErrorCode::NotImplemented,
            "Uploads are listed by prefix only, not by delimiter.",
        ));
    }
    let limit = page_length(input.max_uploads)?;
    let encoding = Encoding::of(input.encoding_type.as_ref());
    let mut found: Vec<(Upload, String)> = Vec::new();
    for entry in fs::read_dir(shelf.folders.multipart()).map_err(disk)? {
        let entry = entry.map_err(disk)?;
        let (Some(upload), Ok(id)) =
            (open_upload(&entry.path()).map_err(disk)?, entry.file_name().into_string())
        else {
            continue;
        };
        if upload.bucket == input.bucket
            && upload.key.starts_with(input.prefix.as_deref().unwrap_or_default())
        {
            found.push((upload, id));
        }
    }
    found.sort_by(|(a, a_id), (b, b_id)| (&a.key, a_id).cmp(&(&b.key, b_id)));
    if let Some(marker) = &input.key_marker {
        found.retain(|(upload, id)| match &input.upload_id_marker {
            Some(id_marker) => (&upload.key, id) > (marker, id_marker),
            None => upload.key > *marker,
        });
    }
    let is_truncated = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| is_truncated).cloned();
    let uploads = found.into_iter().map(|(upload, id)| MultipartUpload {
        key: Some(encoding.write(&upload.key)),
        upload_id: Some(id),
        initiated: Some(time(upload.started_ms)),
        ..Default::default()
    });
    Ok(ListMultipartUploadsOutput {
        uploads: Some(uploads.collect()),
        is_truncated: Some(is_truncated),
        next_key_marker: next.as_ref().map(|(upload, _)| encoding.write(&upload.key)),
        next_upload_id_marker: next.map(|(_, id)| id),
        max_uploads: Some(limit),
        bucket: Some(input.bucket),
        prefix: input.prefix.map(|prefix| encoding.write(&prefix)),
        key_marker: input.key_marker,
        upload_id_marker: input.upload_id_marker,
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}

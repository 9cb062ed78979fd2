//! How a file's upload begins: where an earlier one broke off, as something new, or not at all because its video
//! exists.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use cynic::{MutationBuilder, QueryBuilder};
use leptos::prelude::*;

use super::{
    api::{
        CreateUpload, CreateUploadInput, CreateUploadVariables, SameFileQuery, SameFileVariables,
        UnfinishedQuery, UnfinishedUpload,
    },
    identity::FileIdentity,
    patience::patiently,
    plan::Plan,
    row::{Details, Row},
    script::UploadScript,
    transfer::TransferError,
};
use crate::{
    api::{self, ApiError, Bytes, DateTime, ErrorCode},
    feature::studio::tags,
};

/// An upload that has begun at the server, with the parts that have arrived.
#[derive(Clone)]
pub struct Begun {
    pub upload_id: cynic::Id,
    pub plan: Plan,
    pub etags: Rc<RefCell<BTreeMap<i32, String>>>,
}

/// Begins `row`'s upload, or goes on with the one that this file already has at the server, unless another row is
/// busy with it (`others`).
pub async fn begin(
    row: Row,
    others: Vec<cynic::Id>,
    script: Option<&UploadScript>,
) -> Result<Begun, TransferError> {
    let file = row.file.get_value();
    let sample = match script {
        Some(script) => script.sample_hash_of(&file).await,
        // Nothing can be recognised: it goes as something new.
        None => None,
    };
    let begun = match &sample {
        Some(sample) => match earlier(row, &others, sample).await? {
            Some(begun) => begun,
            None => {
                if !row.again.get_value() {
                    refuse_same(row, sample).await?;
                }
                create(row, Some(sample.clone())).await?
            }
        },
        None => create(row, None).await?,
    };
    row.begun.set_value(Some(begun.clone()));
    if let (Some(script), Some(record)) = (script, row.record()) {
        script.remember_record(&record).await;
    }
    Ok(begun)
}

/// The unfinished uploads of the account, the newest first.
pub async fn unfinished() -> Result<Vec<UnfinishedUpload>, ApiError> {
    patiently(|| api::send(UnfinishedQuery::build(()))).await.map(|data| data.unfinished_uploads)
}

async fn earlier(row: Row, others: &[cynic::Id], sample: &str) -> Result<Option<Begun>, TransferError> {
    let identity = row.identity.get_value();
    let found = unfinished().await?.into_iter().find(|upload| {
        !others.contains(&upload.id)
            && is_of(upload, &identity)
            && upload.sample_hash.as_deref().is_some_and(|hash| hash == sample)
    });
    let Some(upload) = found else { return Ok(None) };
    let begun = resumed(&upload)?;
    let described = Details {
        title: upload.title,
        description: upload.description,
        tags: upload.tags.join(", "),
        visibility: upload.visibility,
    };
    // What was typed here is newer than what the server has; a row that nobody touched takes over the server's.
    if row.untouched() {
        row.details.set(described.clone());
    }
    row.saved.set(Some(described));
    Ok(Some(begun))
}

/// Whether an unfinished upload may be of that file; only the sample tells for sure.
pub fn is_of(upload: &UnfinishedUpload, file: &FileIdentity) -> bool {
    upload.file_name == file.name
        && upload.size.0 == file.size_bytes
        && upload.modified_at.as_ref().and_then(DateTime::unix_ms) == Some(file.modified_ms as f64)
}

fn resumed(upload: &UnfinishedUpload) -> Result<Begun, TransferError> {
    let plan = plan(upload.size.0, upload.part_size, upload.part_count)?;
    let whole = upload.received_parts.iter().filter(|part| {
        let (start, end) = plan.range(part.number);
        part.size.0 == end - start
    });
    let etags = whole.map(|part| (part.number, part.etag.clone())).collect();
    Ok(Begun { upload_id: upload.id.clone(), plan, etags: Rc::new(RefCell::new(etags)) })
}

fn plan(size_bytes: u64, part_size: Bytes, part_count: i32) -> Result<Plan, TransferError> {
    Plan::new(size_bytes, part_size.0, part_count)
        .ok_or_else(|| TransferError::Broken("The server's plan does not fit the file.".to_owned()))
}

async fn refuse_same(row: Row, sample: &str) -> Result<(), TransferError> {
    let request = || {
        let variables = SameFileVariables { sample_hash: sample.to_owned(), size: Bytes(row.size_bytes()) };
        api::send(SameFileQuery::build(variables))
    };
    match patiently(request).await?.video_of_file {
        Some(video) => Err(TransferError::Same { video_id: video.id.into_inner(), title: video.title }),
        None => Ok(()),
    }
}

async fn create(row: Row, sample_hash: Option<String>) -> Result<Begun, TransferError> {
    let file = row.file.get_value();
    let details = row.details.get_untracked();
    // What is not right yet (an empty title, a tag too long) goes later, when it is.
    let sent = sendable(&details);
    let input = CreateUploadInput {
        file_name: file.name(),
        size: Bytes(row.size_bytes()),
        content_type: Some(file.type_()).filter(|kind| !kind.is_empty()),
        title: sent.as_ref().map(|sent| sent.title.trim().to_owned()),
        description: sent
            .as_ref()
            .map(|sent| sent.description.trim().to_owned())
            .filter(|text| !text.is_empty()),
        tags: sent.as_ref().and_then(|sent| tags::parse(&sent.tags).ok()).filter(|tags| !tags.is_empty()),
        visibility: Some(details.visibility),
        sample_hash,
        modified_at: Some(DateTime::from_unix_ms(row.identity.with_value(|file| file.modified_ms as f64))),
    };
    // An upload whose answer was lost holds its bytes of the quota: it is not repeated here, but found among the
    // unfinished ones by the next try. What was answered and may pass is.
    let request = || async {
        let answer = api::send(CreateUpload::build(CreateUploadVariables { input: input.clone() })).await;
        match answer {
            Err(error) if error.code == ErrorCode::Offline => Ok(Err(error)),
            answer => answer.map(Ok),
        }
    };
    let upload = patiently(request).await??.create_upload;
    row.saved.set(sent);
    let plan = plan(row.size_bytes(), upload.part_size, upload.part_count)?;
    Ok(Begun { upload_id: upload.id, plan, etags: Rc::default() })
}

/// The details as they can be sent now; None while something in them is not right.
pub fn sendable(details: &Details) -> Option<Details> {
    (!details.title.trim().is_empty() && tags::parse(&details.tags).is_ok()).then(|| details.clone())
}

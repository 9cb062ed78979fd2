//! The operations of an upload, as the contract has them.

use crate::api::{Bytes, DateTime, Visibility, schema};

#[derive(cynic::InputObject, Clone, Debug)]
pub struct CreateUploadInput {
    pub file_name: String,
    pub size: Bytes,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub sample_hash: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<DateTime>,
}

#[derive(cynic::QueryVariables)]
pub struct CreateUploadVariables {
    pub input: CreateUploadInput,
}

/// An upload that waits for its parts.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Upload")]
pub struct NewUpload {
    pub id: cynic::Id,
    pub part_size: Bytes,
    pub part_count: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateUploadVariables")]
pub struct CreateUpload {
    #[arguments(input: $input)]
    pub create_upload: NewUpload,
}

#[derive(cynic::QueryVariables)]
pub struct SignPartsVariables {
    pub upload_id: cynic::Id,
    pub part_numbers: Vec<i32>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// Where one part goes, and the exact headers that were signed.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "UploadPartUrl")]
pub struct PartUrl {
    pub number: i32,
    pub url: String,
    pub headers: Vec<Header>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignPartsVariables")]
pub struct SignParts {
    #[arguments(uploadId: $upload_id, partNumbers: $part_numbers)]
    pub sign_upload_parts: Vec<PartUrl>,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct UploadedPartInput {
    pub number: i32,
    pub etag: String,
}

#[derive(cynic::QueryVariables)]
pub struct CompleteUploadVariables {
    pub upload_id: cynic::Id,
    pub parts: Option<Vec<UploadedPartInput>>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Video")]
pub struct NewVideo {
    pub id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CompleteUploadVariables")]
pub struct CompleteUpload {
    #[arguments(uploadId: $upload_id, parts: $parts)]
    pub complete_upload: NewVideo,
}

#[derive(cynic::QueryVariables)]
pub struct AbortUploadVariables {
    pub upload_id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "AbortUploadVariables")]
pub struct AbortUpload {
    #[arguments(uploadId: $upload_id)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub abort_upload: bool,
}

/// A part that the store holds.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ReceivedPart {
    pub number: i32,
    pub size: Bytes,
    pub etag: String,
}

/// An upload that was begun here or elsewhere and waits for the rest of its file.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Upload")]
pub struct UnfinishedUpload {
    pub id: cynic::Id,
    pub file_name: String,
    pub size: Bytes,
    pub part_size: Bytes,
    pub part_count: i32,
    pub sample_hash: Option<String>,
    pub modified_at: Option<DateTime>,
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    pub visibility: Visibility,
    pub received_parts: Vec<ReceivedPart>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub struct UnfinishedQuery {
    pub unfinished_uploads: Vec<UnfinishedUpload>,
}

#[derive(cynic::QueryVariables)]
pub struct SameFileVariables {
    pub sample_hash: String,
    pub size: Bytes,
}

/// A video that exists already.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Video")]
pub struct SameVideo {
    pub id: cynic::Id,
    pub title: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "SameFileVariables")]
pub struct SameFileQuery {
    #[arguments(sampleHash: $sample_hash, size: $size)]
    pub video_of_file: Option<SameVideo>,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct UpdateUploadInput {
    pub id: cynic::Id,
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub visibility: Option<Visibility>,
}

#[derive(cynic::QueryVariables)]
pub struct UpdateUploadVariables {
    pub input: UpdateUploadInput,
}

/// An upload whose details were changed.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Upload")]
pub struct ChangedUpload {
    #[allow(dead_code, reason = "something must be selected")]
    pub id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateUploadVariables")]
pub struct UpdateUpload {
    #[arguments(input: $input)]
    #[allow(dead_code, reason = "what was sent is what is kept")]
    pub update_upload: ChangedUpload,
}

//! The GraphQL operations of an upload from a terminal, checked against `schema.graphql` at build time.

use chrono::{DateTime, Utc};

/// Names of the schema's types, for the derives below.
#[cynic::schema("kinora")]
#[allow(clippy::all, reason = "generated")]
mod schema {}

/// A size in bytes.
#[derive(cynic::Scalar, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "Bytes")]
pub struct ByteCount(pub u64);

cynic::impl_scalar!(DateTime<Utc>, schema::DateTime);

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadState {
    Uploading,
    Completed,
    Aborted,
    Expired,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoState {
    Processing,
    Ready,
    Failed,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Public,
    Unlisted,
    Private,
}

/// An upload as the server knows it.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Upload {
    pub id: cynic::Id,
    pub state: UploadState,
    pub size: ByteCount,
    pub part_size: ByteCount,
    pub part_count: i32,
    pub received_parts: Vec<ReceivedPart>,
    pub video: Option<Video>,
}

/// A part that the store really holds.
#[derive(cynic::QueryFragment, Clone, Copy, Debug)]
pub struct ReceivedPart {
    pub number: i32,
    pub size: ByteCount,
}

/// What an upload became.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Video {
    pub id: cynic::Id,
    pub state: VideoState,
    pub failure: Option<Failure>,
    pub progress: Option<VideoProgress>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Failure {
    pub code: String,
    pub message: String,
}

#[derive(cynic::QueryFragment, Clone, Copy, Debug)]
pub struct VideoProgress {
    pub percent: f64,
}

/// Where to `PUT` one part.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "UploadPartUrl")]
pub struct PartUrl {
    pub number: i32,
    pub url: String,
    pub headers: Vec<Header>,
}

/// A header that must be sent as it is.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Header {
    pub name: String,
    pub value: String,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct CreateUploadInput {
    pub file_name: String,
    pub size: ByteCount,
    pub content_type: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub visibility: Option<Visibility>,
    pub sample_hash: Option<String>,
    pub modified_at: Option<DateTime<Utc>>,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct UploadedPartInput {
    pub number: i32,
    pub etag: String,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct UpdateVideoInput {
    pub id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct CreateVariables {
    pub input: CreateUploadInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateVariables")]
pub struct CreateUpload {
    #[arguments(input: $input)]
    pub create_upload: Upload,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct IdVariables {
    pub id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct FindUpload {
    #[arguments(id: $id)]
    pub upload: Option<Upload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct FindVideo {
    #[arguments(id: $id)]
    pub video: Option<Video>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct FileVariables {
    pub sample: String,
    pub size: ByteCount,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "FileVariables")]
pub struct FindVideoOfFile {
    #[arguments(sampleHash: $sample, size: $size)]
    pub video_of_file: Option<Video>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "IdVariables")]
pub struct AbortUpload {
    #[arguments(uploadId: $id)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub abort_upload: bool,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct SignVariables {
    pub id: cynic::Id,
    pub numbers: Vec<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignVariables")]
pub struct SignParts {
    #[arguments(uploadId: $id, partNumbers: $numbers)]
    pub sign_upload_parts: Vec<PartUrl>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct CompleteVariables {
    pub id: cynic::Id,
    pub parts: Option<Vec<UploadedPartInput>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CompleteVariables")]
pub struct CompleteUpload {
    #[arguments(uploadId: $id, parts: $parts)]
    pub complete_upload: Video,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct UpdateVariables {
    pub input: UpdateVideoInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateVariables")]
pub struct UpdateVideo {
    #[arguments(input: $input)]
    pub update_video: Video,
}

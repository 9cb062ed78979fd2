//! The operations of an upload, as the contract has them.

use crate::api::{Bytes, Visibility, schema};

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

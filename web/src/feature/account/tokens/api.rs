//! The operations of tokens.

use crate::api::{DateTime, schema};

/// What a token may do.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenScope {
    Read,
    Upload,
    All,
}

/// A token without its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct ApiToken {
    pub id: cynic::Id,
    pub name: String,
    pub scope: TokenScope,
    pub expires_at: Option<DateTime>,
    pub last_used_at: Option<DateTime>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "User")]
pub struct Owner {
    pub api_tokens: Vec<ApiToken>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub struct TokensQuery {
    pub me: Option<Owner>,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct CreateApiTokenInput {
    pub name: String,
    pub scope: TokenScope,
    pub expires_in_days: Option<i32>,
}

#[derive(cynic::QueryVariables)]
pub struct CreateTokenVariables {
    pub input: CreateApiTokenInput,
}

/// A token that was just made, with its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct NewApiToken {
    pub token: String,
    pub api_token: ApiToken,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateTokenVariables")]
pub struct CreateToken {
    #[arguments(input: $input)]
    pub create_api_token: NewApiToken,
}

#[derive(cynic::QueryVariables)]
pub struct RevokeTokenVariables {
    pub id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RevokeTokenVariables")]
pub struct RevokeToken {
    #[arguments(id: $id)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub revoke_api_token: bool,
}

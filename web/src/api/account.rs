//! Accounts: who is here, signing up, logging in and out.

use super::{DateTime, SignUpPolicy, schema};

/// The person who is logged in.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "User")]
pub struct Me {
    pub id: cynic::Id,
    pub username: String,
    pub created_at: DateTime,
    pub video_count: i32,
    pub role: Option<UserRole>,
}

/// What an account may do beyond its own things.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRole {
    Member,
    Moderator,
    Admin,
}

/// The name of whoever uploaded a video.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "User")]
pub struct UserName {
    pub username: String,
}

/// What is the same for everybody.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Site {
    pub sign_up: SignUpPolicy,
    pub max_upload_bytes: super::Bytes,
}

/// Asked once when the page opens.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub struct StartQuery {
    pub me: Option<Me>,
    pub site: Site,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct SignUpInput {
    pub username: String,
    pub password: String,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct LogInInput {
    pub username: String,
    pub password: String,
}

#[derive(cynic::QueryVariables)]
pub struct SignUpVariables {
    pub input: SignUpInput,
}

#[derive(cynic::QueryVariables)]
pub struct LogInVariables {
    pub input: LogInInput,
}

/// A fresh session; the browser's half of it is the cookie, so only the person is read.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Session")]
pub struct NewSession {
    pub user: Me,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignUpVariables")]
pub struct SignUp {
    #[arguments(input: $input)]
    pub sign_up: NewSession,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "LogInVariables")]
pub struct LogIn {
    #[arguments(input: $input)]
    pub log_in: NewSession,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation")]
pub struct LogOut {
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub log_out: bool,
}

/// A person's page.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "User")]
pub struct Profile {
    pub username: String,
    pub created_at: DateTime,
    pub video_count: i32,
}

#[derive(cynic::QueryVariables)]
pub struct ProfileVariables {
    pub username: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ProfileVariables")]
pub struct ProfileQuery {
    #[arguments(username: $username)]
    pub user: Option<Profile>,
}

//! What a token may do. One table for every mutation of the schema; what is not in it, no token may.

use kinora_entity::api_token::Scope;

use super::Requester;
use crate::error::{Error, Result};

/// What a mutation asks of whoever sends it with a token of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// A token of at least this scope.
    Scope(Scope),
    /// The person: it concerns tokens, passwords or log-ins (Immich CVE-2026-23896), or webhooks, which would go on
    /// telling after the token is revoked.
    Person,
    /// A runner, which has tokens of its own kind.
    Runner,
}

const UPLOAD: Asks = Asks::Scope(Scope::Upload);
const ALL: Asks = Asks::Scope(Scope::All);

const MUTATIONS: [(&str, Asks); 41] = [
    ("abortUpload", UPLOAD),
    ("completeJob", Asks::Runner),
    ("completeUpload", UPLOAD),
    ("createApiToken", Asks::Person),
    ("createRunnerRegistration", Asks::Person),
    ("createUpload", UPLOAD),
    ("createWebhook", Asks::Person),
    ("deleteCaption", UPLOAD),
    ("deleteVideo", ALL),
    ("deleteWebhook", Asks::Person),
    ("failJob", Asks::Runner),
    ("favoriteVideo", ALL),
    ("leaseJob", Asks::Runner),
    ("logIn", Asks::Person),
    ("logOut", Asks::Person),
    ("planVideo", Asks::Runner),
    ("prepareDownload", Asks::Scope(Scope::Read)),
    ("publishCaption", Asks::Runner),
    ("publishChapters", Asks::Runner),
    ("publishChunk", Asks::Runner),
    ("rateVideo", ALL),
    ("recordView", ALL),
    ("registerRunner", Asks::Runner),
    ("renewLease", Asks::Runner),
    ("reportRunner", Asks::Runner),
    ("retryVideo", UPLOAD),
    ("resendWebhookDelivery", Asks::Person),
    ("revokeApiToken", Asks::Person),
    ("rotateWebhookSecret", Asks::Person),
    ("setCaption", UPLOAD),
    ("revokeRunner", Asks::Person),
    ("setRunnerState", ALL),
    ("signJobInputs", Asks::Runner),
    ("signJobOutputs", Asks::Runner),
    ("signUp", Asks::Person),
    ("signUploadParts", UPLOAD),
    ("testWebhook", Asks::Person),
    ("updateUpload", UPLOAD),
    ("updateVideo", UPLOAD),
    ("withdrawRunnerRegistration", Asks::Person),
    ("updateWebhook", Asks::Person),
];

/// Lets a request run these mutations, or none of them. Only tokens of people are held back here: a person who
/// has logged in, a guest and a runner meet their own limits in the services.
///
/// # Errors
/// FORBIDDEN with what to do.
pub fn check_scope<'a>(requester: &Requester, mutations: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let Requester::Token(_, scope) = requester else { return Ok(()) };
    for mutation in mutations {
        // `__typename` of the root tells nothing and changes nothing.
        if mutation != "__typename" {
            check_one(*scope, mutation)?;
        }
    }
    Ok(())
}

fn check_one(scope: Scope, mutation: &str) -> Result<()> {
    let asks = MUTATIONS.iter().find(|(name, _)| *name == mutation).map(|(_, asks)| *asks);
    let message = match asks {
        Some(Asks::Scope(least)) if scope >= least => return Ok(()),
        Some(Asks::Scope(least)) => format!(
            "This token may only {}, and {mutation} takes one that may {}. Make one in the settings.",
            in_words(scope),
            in_words(least)
        ),
        Some(Asks::Runner) => "Only runners may do this.".to_owned(),
        Some(Asks::Person) | None => {
            format!("A token cannot do {mutation}. Log in with name and password.")
        }
    };
    Err(Error::Forbidden(message))
}

fn in_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read",
        Scope::Upload => "read and upload",
        Scope::All => "do everything",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use async_graphql::parser::{
        parse_schema,
        types::{TypeKind, TypeSystemDefinition},
    };

    use super::*;

    /// A mutation that is forgotten in the table would be refused to every token.
    #[test]
    fn every_mutation_of_the_schema_is_in_the_table() {
        let schema = parse_schema(crate::schema::sdl()).unwrap();
        let mutations: Vec<String> = schema
            .definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(found) if found.node.name.node == "Mutation" => {
                    Some(found.node.kind)
                }
                _ => None,
            })
            .filter_map(|kind| match kind {
                TypeKind::Object(object) => Some(object.fields),
                _ => None,
            })
            .flatten()
            .map(|field| field.node.name.node.to_string())
            .collect();
        assert!(mutations.len() > 10);
        for name in mutations {
            assert!(MUTATIONS.iter().any(|(known, _)| *known == name), "{name} asks for no scope");
        }
    }

    #[test]
    fn a_wider_scope_may_what_a_narrower_one_may() {
        let may = |scope, name| check_one(scope, name).is_ok();
        for scope in [Scope::Read, Scope::Upload, Scope::All] {
            assert_eq!(may(scope, "createUpload"), scope >= Scope::Upload);
            assert_eq!(may(scope, "deleteVideo"), scope == Scope::All);
            for never in ["createApiToken", "revokeApiToken", "logOut", "logIn", "leaseJob", "unheardOf"] {
                assert!(!may(scope, never), "{never}");
            }
        }
    }
}

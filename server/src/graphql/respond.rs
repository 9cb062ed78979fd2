//! Every error that leaves has a code.

use async_graphql::{ErrorExtensionValues, Response};

/// Gives errors of the library itself (unknown field, bad variable) the code of bad input: ours carry
/// theirs already.
pub fn with_codes(mut response: Response) -> Response {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_USER_INPUT");
        }
    }
    response
}

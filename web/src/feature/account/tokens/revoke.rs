//! Ending a token, after saying what stops.

use cynic::MutationBuilder;
use leptos::prelude::*;

use super::api::{ApiToken, RevokeToken, RevokeTokenVariables};
use crate::{api, ui::Confirm};

/// Asks once about the token in `revoking`.
#[component]
pub fn RevokeDialog(
    revoking: RwSignal<Option<ApiToken>>,
    #[prop(into)] on_revoked: Callback<cynic::Id>,
) -> impl IntoView {
    let words = |token: ApiToken| {
        view! {
            "“"
            <strong>{token.name}</strong>
            "” stops working at once and for good. A program that uses it needs a new one."
        }
    };
    let revoke = move |token: ApiToken| async move {
        api::send(RevokeToken::build(RevokeTokenVariables { id: token.id.clone() })).await?;
        on_revoked.try_run(token.id);
        Ok(format!("Revoked “{}”", token.name))
    };
    view! { <Confirm asked=revoking title="Revoke token" words=words act=revoke /> }
}

//! Tokens for programs: the ones there are, a form for another, and its secret, once.

mod api;
mod form;
mod list;
mod revoke;
mod words;

use cynic::QueryBuilder;
use leptos::prelude::*;

use self::{
    api::{ApiToken, NewApiToken, TokensQuery},
    form::TokenForm,
    list::TokenList,
    revoke::RevokeDialog,
};
use crate::{
    api as server,
    session::use_session,
    ui::{Button, ErrorState, Load, Secret, use_load},
};

/// The part of the settings page about tokens, for somebody who is logged in.
#[component]
pub fn Tokens() -> impl IntoView {
    let session = use_session();
    let loader = use_load(move || async move {
        let answer = server::send(TokensQuery::build(())).await?;
        Ok(session.require(answer.me)?.api_tokens)
    });
    let made = RwSignal::new(None::<NewApiToken>);
    let making = RwSignal::new(false);
    let revoking = RwSignal::new(None::<ApiToken>);
    let take_in = move |new: NewApiToken| {
        loader.state.update(|state| {
            if let Load::Ready(tokens) = state {
                tokens.insert(0, new.api_token.clone());
            }
        });
        making.set(false);
        made.set(Some(new));
    };
    let drop_out = move |id: cynic::Id| {
        loader.state.try_update(|state| {
            if let Load::Ready(tokens) = state {
                tokens.retain(|token| token.id != id);
            }
        });
        // A secret that opens nothing any more need not stand there.
        made.try_update(|made| {
            if made.as_ref().is_some_and(|new| new.api_token.id == id) {
                *made = None;
            }
        });
    };
    view! {
        <section aria-labelledby="tokens">
            <h2 id="tokens">"Tokens"</h2>
            <p class="soft">
                "A program with a token acts for you, such as " <code>"kinora upload"</code>
                ". It never touches your tokens, password or log-ins."
            </p>
            {move || match loader.state.get() {
                Load::Loading => view! { <div class="bone line late" role="status" aria-label="Loading"></div> }.into_any(),
                Load::Ready(tokens) => view! { <TokenList tokens revoking /> }.into_any(),
                Load::Failed(error) => {
                    view! { <ErrorState error retry=Callback::new(move |()| loader.retry()) /> }.into_any()
                }
            }}
            {move || made.get().map(|new| secret(new, made))}
            <Show
                when=move || making.get()
                fallback=move || view! { <Button label="New token" on_press=move |_| making.set(true) /> }
            >
                <TokenForm on_made=take_in on_cancel=move |()| making.set(false) />
            </Show>
            <RevokeDialog revoking on_revoked=drop_out />
        </section>
    }
}

fn secret(new: NewApiToken, made: RwSignal<Option<NewApiToken>>) -> impl IntoView {
    view! {
        <Secret
            heading=format!("Copy the token of “{}” now.", new.api_token.name)
            label="Token"
            text=new.token
            on_done=move |()| made.set(None)
        />
    }
}

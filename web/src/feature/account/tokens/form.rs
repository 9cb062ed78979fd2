//! Making a token.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{CreateApiTokenInput, CreateToken, CreateTokenVariables, NewApiToken, TokenScope},
    words::{LIFETIMES, SCOPES, scope_meaning},
};
use crate::{
    api,
    ui::{Button, Field, Kind, Select, focus_first_mistake},
};

const NAME_LENGTH: u32 = 60;

/// Asks what the token is for, what it may do, and for how long.
#[component]
pub fn TokenForm(
    #[prop(into)] on_made: Callback<NewApiToken>,
    #[prop(into)] on_cancel: Callback<()>,
) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let scope = RwSignal::new(TokenScope::Upload);
    let lifetime = RwSignal::new(Some(90));
    let wrong_name = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        wrong.set(None);
        let given = name.get_untracked().trim().to_owned();
        wrong_name.set(given.is_empty().then(|| "Say what it is for.".to_owned()));
        if given.is_empty() {
            focus_first_mistake();
            return;
        }
        if busy.get_untracked() {
            return;
        }
        let input = CreateApiTokenInput {
            name: given,
            scope: scope.get_untracked(),
            expires_in_days: lifetime.get_untracked(),
        };
        busy.set(true);
        spawn_local(async move {
            match api::send(CreateToken::build(CreateTokenVariables { input })).await {
                Ok(answer) => {
                    on_made.try_run(answer.create_api_token);
                }
                Err(error) => {
                    let at_name = error.field.as_deref().is_some_and(|field| field.ends_with("name"));
                    let place = if at_name { wrong_name } else { wrong };
                    place.try_set(Some(error.message));
                    focus_first_mistake();
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="token-form" on:submit=submit novalidate>
            <div role="alert">{move || wrong.get().map(|text| view! { <p class="form-error">{text}</p> })}</div>
            <Field
                label="Name"
                name="token-name"
                value=name
                error=wrong_name
                hint="What it is for, such as the machine it is used on"
                autocomplete="off"
                max_length=NAME_LENGTH
                autofocus=true
            />
            <Select
                label="It may"
                name="token-scope"
                value=scope
                choices=SCOPES.map(|(scope, name, _)| (scope, name)).to_vec()
                hint=Signal::derive(move || scope_meaning(scope.get()).to_owned())
            />
            <Select label="Good for" name="token-lifetime" value=lifetime choices=LIFETIMES.to_vec() />
            <p class="actions">
                <Button label="Make token" kind=Kind::Primary busy=busy />
                <Button label="Cancel" kind=Kind::Quiet on_press=move |_| on_cancel.run(()) />
            </p>
        </form>
    }
}

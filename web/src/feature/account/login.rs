//! Logging in.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::credentials::Refusal;
use crate::{
    api::{self, LogIn, LogInInput, LogInVariables},
    session::{safe_next, sign_up_href, use_session},
    ui::{Button, Field, Kind, effect, focus_first_mistake, set_title},
};

/// Asks for name and password, then goes to `?next=`. A person who is logged in goes there at once.
#[component]
pub fn LogInPage() -> impl IntoView {
    set_title(|| "Log in".to_owned());
    let session = use_session();
    let query = use_query_map();
    let username = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let refusal = RwSignal::new(Refusal::default());
    let busy = RwSignal::new(false);
    use_way_on();

    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let name = username.get_untracked().trim().to_ascii_lowercase();
        let given = password.get_untracked();
        let missing = Refusal {
            username: name.is_empty().then(|| "Enter your username.".to_owned()),
            password: given.is_empty().then(|| "Enter your password.".to_owned()),
            form: None,
        };
        refusal.set(missing.clone());
        if missing != Refusal::default() {
            focus_first_mistake();
        }
        if missing != Refusal::default() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let input = LogInInput { username: name, password: given };
            match api::send(LogIn::build(LogInVariables { input })).await {
                Ok(answer) => session.enter(answer.log_in.user),
                Err(error) => {
                    refusal.try_set(Refusal::from_error(&error));
                    focus_first_mistake();
                }
            }
            busy.try_set(false);
        });
    };
    let sign_up = move || sign_up_href(&safe_next(query.with(|query| query.get("next")).as_deref()));

    view! {
        <div class="page account">
            <h1>"Log in"</h1>
            <form on:submit=submit novalidate>
                <FormError refusal=refusal />
                <Field
                    label="Username"
                    name="username"
                    value=username
                    error=Signal::derive(move || refusal.with(|refusal| refusal.username.clone()))
                    autocomplete="username"
                    autofocus=true
                />
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    value=password
                    error=Signal::derive(move || refusal.with(|refusal| refusal.password.clone()))
                    autocomplete="current-password"
                />
                <Button label="Log in" kind=Kind::Primary busy=busy />
            </form>
            <p class="account-other">
                <span>"New here? " <a href=sign_up>"Sign up"</a></span>
                <a href="/settings">"Settings"</a>
            </p>
        </div>
    }
}

/// Sends a person who is logged in on to where they wanted to go.
pub(super) fn use_way_on() {
    let session = use_session();
    let query = use_query_map();
    let navigate = use_navigate();
    effect(move || {
        if session.signed_in() {
            let next = query.with_untracked(|query| query.get("next"));
            let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
            navigate(&safe_next(next.as_deref()), options);
        }
    });
}

/// What is wrong with neither field.
#[component]
pub(super) fn FormError(refusal: RwSignal<Refusal>) -> impl IntoView {
    view! {
        <div role="alert">
            {move || {
                refusal.with(|refusal| refusal.form.clone()).map(|text| view! { <p class="form-error">{text}</p> })
            }}
        </div>
    }
}

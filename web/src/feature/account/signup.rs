//! Making an account.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use super::{
    credentials::{Refusal, check_password, check_username},
    login::{FormError, use_way_on},
};
use crate::{
    api::{self, SignUp, SignUpInput, SignUpPolicy, SignUpVariables},
    session::{login_href, safe_next, use_session},
    ui::{Button, EmptyState, Field, Icon, Kind, effect, focus_first_mistake, set_title},
};

/// Asks for a name and a password, makes the account and goes to `?next=`.
#[component]
pub fn SignUpPage() -> impl IntoView {
    set_title(|| "Sign up".to_owned());
    let session = use_session();
    let query = use_query_map();
    use_way_on();
    let open = move || session.site().is_none_or(|site| site.sign_up == SignUpPolicy::Open);
    let log_in_href = move || login_href(&safe_next(query.with(|query| query.get("next")).as_deref()));

    view! {
        <div class="page account">
            <Show
                when=open
                fallback=|| {
                    view! {
                        <EmptyState
                            icon=Icon::Private
                            text="This site takes no new accounts. Ask its owner for one."
                            action=("Open the feed", "/".to_owned())
                        />
                    }
                }
            >
                <h1>"Sign up"</h1>
                <SignUpForm />
            </Show>
            <p class="account-other">
                <span>"Have an account? " <a href=log_in_href>"Log in"</a></span>
                <a href="/settings">"Settings"</a>
            </p>
        </div>
    }
}

#[component]
fn SignUpForm() -> impl IntoView {
    let session = use_session();
    let username = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let refusal = RwSignal::new(Refusal::default());
    let busy = RwSignal::new(false);
    // A mistake that was pointed out is taken back as soon as it is put right, and not before it is sent once.
    let sent = RwSignal::new(false);
    effect(move || {
        let (name, given) = (username.get(), password.get());
        if sent.get_untracked() {
            refusal.set(Refusal {
                username: check_username(&name),
                password: check_password(&given),
                form: None,
            });
        }
    });

    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        sent.set(true);
        let (name, given) = (username.get_untracked(), password.get_untracked());
        let wrong = Refusal { username: check_username(&name), password: check_password(&given), form: None };
        refusal.set(wrong.clone());
        if wrong != Refusal::default() {
            focus_first_mistake();
        }
        if wrong != Refusal::default() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let input = SignUpInput { username: name, password: given };
            match api::send(SignUp::build(SignUpVariables { input })).await {
                Ok(answer) => session.enter(answer.sign_up.user),
                Err(error) => {
                    refusal.try_set(Refusal::from_error(&error));
                    focus_first_mistake();
                }
            }
            busy.try_set(false);
        });
    };

    view! {
        <form on:submit=submit novalidate>
            <FormError refusal=refusal />
            <Field
                label="Username"
                name="username"
                value=username
                error=Signal::derive(move || refusal.with(|refusal| refusal.username.clone()))
                hint="3 to 30 of a–z, 0–9, and _ . -"
                autocomplete="username"
                autofocus=true
            />
            <Field
                label="Password"
                name="password"
                kind="password"
                value=password
                error=Signal::derive(move || refusal.with(|refusal| refusal.password.clone()))
                hint="At least 8 characters. There is no mail to reset it, so keep it somewhere."
                autocomplete="new-password"
            />
            <Button label="Sign up" kind=Kind::Primary busy=busy />
        </form>
    }
}

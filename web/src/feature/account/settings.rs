//! Settings: who is logged in, and how the site looks.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::tokens::Tokens;
use crate::{
    session::{Theme, ThemeChoice, use_session},
    ui::{Button, Icon, set_title, use_toasts},
};

/// What this browser and this account can change.
#[component]
pub fn SettingsPage() -> impl IntoView {
    set_title(|| "Settings".to_owned());
    let session = use_session();
    view! {
        <div class="page settings">
            <h1>"Settings"</h1>
            <section aria-labelledby="look">
                <h2 id="look">"Appearance"</h2>
                <ThemePicker />
            </section>
            <section aria-labelledby="account">
                <h2 id="account">"Account"</h2>
                <Show when=move || session.signed_in() fallback=move || view! { <GuestAccount /> }>
                    <OwnAccount />
                </Show>
            </section>
            <Show when=move || session.signed_in()>
                <Tokens />
                <section aria-labelledby="webhooks">
                    <h2 id="webhooks">"Webhooks"</h2>
                    <p class="soft">"A program of yours can be told when a video is ready, fails or is deleted."</p>
                    <a class="button" href="/studio/webhooks">
                        "Your webhooks"
                    </a>
                </section>
            </Show>
            <section aria-labelledby="about">
                <h2 id="about">"About"</h2>
                <ul class="settings-links">
                    // Files and pages of the server, which the router must leave to the browser.
                    <li>
                        <a class="link" href="/graphql" rel="external">
                            "API explorer"
                        </a>
                    </li>
                    <li>
                        <a class="link" href="/licenses.txt" rel="external">
                            "Licences of what this page is made of"
                        </a>
                    </li>
                </ul>
            </section>
        </div>
    }
}

#[component]
fn ThemePicker() -> impl IntoView {
    let theme: Theme = expect_context();
    view! {
        <div class="segments" role="radiogroup" aria-label="Theme">
            {ThemeChoice::ALL
                .into_iter()
                .map(|choice| {
                    view! {
                        <label>
                            <input
                                type="radio"
                                name="theme"
                                prop:checked=move || theme.get() == choice
                                on:change=move |_| theme.set(choice)
                            />
                            <span>{choice.label()}</span>
                        </label>
                    }
                })
                .collect_view()}
        </div>
    }
}

#[component]
fn OwnAccount() -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let busy = RwSignal::new(false);
    let log_out = move |_| {
        let navigate = navigate.clone();
        busy.set(true);
        spawn_local(async move {
            match session.log_out().await {
                Ok(()) => navigate("/", NavigateOptions::default()),
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    let name = move || session.username().unwrap_or_default();
    view! {
        <p>
            "Logged in as " <a href=move || format!("/@{}", name())>
                <strong>{name}</strong>
            </a>
        </p>
        <Button label="Log out" icon=Icon::LogOut busy=busy on_press=log_out />
    }
}

#[component]
fn GuestAccount() -> impl IntoView {
    let session = use_session();
    view! {
        <Show when=move || session.known()>
            <p>"You are here as a guest. Watching, sharing and downloading need no account."</p>
            <p class="actions">
                <a class="button" href="/login?next=/settings">
                    "Log in"
                </a>
                <a class="button" href="/signup?next=/settings">
                    "Sign up"
                </a>
            </p>
        </Show>
    }
}

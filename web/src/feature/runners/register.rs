//! Adding a machine: a token that is good once and for a day, and the tokens that still wait to be used.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{
        CreateRegistration, CreateRegistrationVariables, CreateRunnerRegistrationInput, IdVariables,
        NewRunnerRegistration, RunnerRegistration, WithdrawRegistration,
    },
    fleet::Fleet,
};
use crate::{
    api,
    ui::{Button, Field, Kind, focus_first_mistake, use_toasts},
};

const NAME_LENGTH: u32 = 60;

/// Asks what the machine is called.
#[component]
pub fn RegisterForm(
    #[prop(into)] on_made: Callback<NewRunnerRegistration>,
    #[prop(into)] on_cancel: Callback<()>,
) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let given = name.get_untracked().trim().to_owned();
        wrong.set(given.is_empty().then(|| "Say what the machine is called.".to_owned()));
        if given.is_empty() {
            focus_first_mistake();
            return;
        }
        if busy.get_untracked() {
            return;
        }
        let input = CreateRunnerRegistrationInput { name: given, expires_in_hours: None };
        busy.set(true);
        spawn_local(async move {
            match api::send(CreateRegistration::build(CreateRegistrationVariables { input })).await {
                Ok(answer) => drop(on_made.try_run(answer.create_runner_registration)),
                Err(error) => {
                    wrong.try_set(Some(error.message));
                    focus_first_mistake();
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="token-form" on:submit=submit novalidate>
            <Field
                label="Name"
                name="runner-name"
                value=name
                error=wrong
                hint="What the machine is called"
                autocomplete="off"
                max_length=NAME_LENGTH
                autofocus=true
            />
            <p class="actions">
                <Button label="Make token" kind=Kind::Primary busy=busy />
                <Button label="Cancel" kind=Kind::Quiet on_press=move |_| on_cancel.run(()) />
            </p>
        </form>
    }
}

/// Tokens that no machine has used, each with a way to take it back.
#[component]
pub fn Registrations(fleet: Fleet, made: RwSignal<Option<NewRunnerRegistration>>) -> impl IntoView {
    move || {
        let waiting = fleet.registrations.get();
        (!waiting.is_empty()).then(|| {
            let rows = waiting
                .into_iter()
                .map(|registration| view! { <Registration registration fleet made /> })
                .collect_view();
            view! {
                <section class="runner-waiting" aria-labelledby="waiting">
                    <h2 id="waiting">"Not registered yet"</h2>
                    <ul class="token-list">{rows}</ul>
                </section>
            }
        })
    }
}

#[component]
fn Registration(
    registration: RunnerRegistration,
    fleet: Fleet,
    made: RwSignal<Option<NewRunnerRegistration>>,
) -> impl IntoView {
    let toasts = use_toasts();
    let RunnerRegistration { id, name, expires_at } = registration;
    let withdraw = move |_| {
        let id = id.clone();
        spawn_local(async move {
            match api::send(WithdrawRegistration::build(IdVariables { id: id.clone() })).await {
                Ok(_) => {
                    // A command that does nothing any more need not stand there.
                    made.try_update(|made| {
                        if made.as_ref().is_some_and(|new| new.registration.id == id) {
                            *made = None;
                        }
                    });
                    toasts.say("The token is worth nothing now.");
                }
                Err(error) => toasts.fail(&error),
            }
            fleet.refresh();
        });
    };
    let until = expires_at.unix_ms().map(|end| {
        let hours = ((end - crate::ui::now_ms()) / 3_600_000.0).max(0.0);
        if hours < 1.5 { "Good for an hour".to_owned() } else { format!("Good for {hours:.0} hours") }
    });
    view! {
        <li class="token-row">
            <div>
                <h3 class="token-name">{name}</h3>
                <p class="token-meta">{until}</p>
            </div>
            <Button label="Withdraw" kind=Kind::Quiet on_press=withdraw />
        </li>
    }
}

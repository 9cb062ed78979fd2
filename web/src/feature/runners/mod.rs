//! The machines that process videos, for administrators.

mod api;
mod failed;
mod fleet;
mod register;
mod revoke;
mod row;
mod words;

use leptos::prelude::*;

use self::{
    api::{NewRunnerRegistration, Runner},
    failed::FailedJobs,
    fleet::Fleet,
    register::{RegisterForm, Registrations},
    revoke::RevokeDialog,
    row::RunnerRow,
};
use super::missing::MissingPage;
use crate::{
    session::use_session,
    ui::{Button, EmptyState, ErrorState, Icon, Kind, PageSkeleton, Secret, set_title},
};

/// The list, for administrators; to everybody else there is nothing at this address.
#[component]
pub fn RunnersPage() -> impl IntoView {
    let session = use_session();
    view! {
        <Show when=move || session.known() fallback=PageSkeleton>
            <Show when=move || session.is_administrator() fallback=|| view! { <MissingPage /> }>
                <Runners />
            </Show>
        </Show>
    }
}

#[component]
fn Runners() -> impl IntoView {
    set_title(|| "Runners".to_owned());
    let fleet = Fleet::follow();
    let adding = RwSignal::new(false);
    let made = RwSignal::new(None::<NewRunnerRegistration>);
    let revoking = RwSignal::new(None::<Runner>);
    let take_in = move |new: NewRunnerRegistration| {
        adding.set(false);
        made.set(Some(new));
        fleet.refresh();
    };
    let secret = move |new: NewRunnerRegistration| {
        let command = words::command(&window().location().origin().unwrap_or_default(), &new.token);
        view! {
            <Secret
                heading=format!("Run this on “{}” within a day.", new.registration.name)
                label="Command"
                text=command
                on_done=move |()| made.set(None)
            />
        }
    };
    let is_empty = move || fleet.is_known.get() && fleet.runners.with(Vec::is_empty);
    view! {
        <div class="wide-page runners">
            <header class="browse-head">
                <h1>"Runners"</h1>
                <Show when=move || !adding.get() && made.with(Option::is_none)>
                    <p class="actions">
                        <Button label="Add runner" kind=Kind::Primary on_press=move |_| adding.set(true) />
                    </p>
                </Show>
            </header>
            <p class="soft">"Machines that process videos. Figures are of the last 24 hours; speed is beside real time."</p>
            <Show when=move || adding.get()>
                <RegisterForm on_made=take_in on_cancel=move |()| adding.set(false) />
            </Show>
            {move || made.get().map(secret)}
            {move || fleet.error.get().map(|error| view! { <ErrorState error retry=move |()| fleet.refresh() /> })}
            <Show when=move || !fleet.is_known.get() && fleet.error.with(Option::is_none)>
                <PageSkeleton />
            </Show>
            <Show when=move || is_empty() && !adding.get() && made.with(Option::is_none)>
                <EmptyState icon=Icon::Film text="No machine processes videos yet. Add one, or let the server do it: KINORA_RUNNER=embedded." />
            </Show>
            <ul class="runner-list">
                <For
                    each=move || fleet.runners.with(|all| all.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
                    key=|id| id.inner().to_owned()
                    let(id)
                >
                    <RunnerRow id=id fleet=fleet revoking=revoking />
                </For>
            </ul>
            <Registrations fleet made />
            <FailedJobs />
        </div>
        <RevokeDialog revoking fleet />
    }
}

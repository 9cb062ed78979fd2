//! One runner: how it stands, what it does, what it has done, and what it can be told.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{Runner, RunnerCapabilities, RunnerJob, RunnerState, SetState, SetStateVariables},
    fleet::Fleet,
    words::{choices, encoders, job_words, speed, status},
};
use crate::{
    api,
    ui::{Button, Kind, RelativeTime, count, use_toasts},
};

/// A row of the list. It stays where it is while its figures change, and so does the focus in it.
#[component]
pub fn RunnerRow(id: cynic::Id, fleet: Fleet, revoking: RwSignal<Option<Runner>>) -> impl IntoView {
    let runner =
        Memo::new(move |_| fleet.runners.with(|all| all.iter().find(|runner| runner.id == id).cloned()));
    // The row goes with its runner.
    let of = move |read: fn(&Runner) -> String| move || runner.with(|it| it.as_ref().map(read));
    let state = Memo::new(move |_| runner.with(|it| it.as_ref().map(|it| it.state)));
    let said = Memo::new(move |_| runner.with(|it| it.as_ref().map(status)));
    let seen = Memo::new(move |_| runner.with(|it| it.as_ref().and_then(|it| it.last_seen_at.clone())));
    let able = Memo::new(move |_| runner.with(|it| it.as_ref().and_then(|it| it.capabilities.clone())));
    let jobs = Memo::new(move |_| runner.with(|it| it.as_ref().map(|it| it.current_jobs.clone())));
    let has_failed = move || runner.with(|it| it.as_ref().is_some_and(|it| it.failed_lately > 0));
    let has_lost = move || runner.with(|it| it.as_ref().is_some_and(|it| it.lost_lately > 0));
    view! {
        <li class="runner-row">
            <div class="runner-head">
                <h2 class="runner-name">{of(|it| it.name.clone())}</h2>
                {move || said.get().map(|(tone, words)| view! { <span class=tone.class()>{words}</span> })}
            </div>
            <p class="runner-meta">
                {move || seen.get().map(|at| view! { <span>"Seen " <RelativeTime at /></span> })}
                {move || able.get().map(|able| view! { <Machine able /> })}
            </p>
            <dl class="runner-figures">
                <div>
                    <dt>"Speed"</dt>
                    <dd>{of(|it| speed(it.speed))}</dd>
                </div>
                <div>
                    <dt>"Done"</dt>
                    <dd>{of(|it| count(it.done_lately.into()))}</dd>
                </div>
                <div class:worrying=has_failed>
                    <dt>"Failed"</dt>
                    <dd>{of(|it| count(it.failed_lately.into()))}</dd>
                </div>
                <div class:worrying=has_lost>
                    <dt>"Lost"</dt>
                    <dd>{of(|it| count(it.lost_lately.into()))}</dd>
                </div>
            </dl>
            {move || {
                jobs.get()
                    .filter(|jobs| !jobs.is_empty())
                    .map(|jobs| {
                        let jobs = jobs.into_iter().map(|job| view! { <JobLine job /> }).collect_view();
                        view! { <ul class="runner-jobs">{jobs}</ul> }
                    })
            }}
            {move || able.get().map(|able| view! { <Abilities able /> })}
            {move || {
                state
                    .get()
                    .filter(|state| *state != RunnerState::Revoked)
                    .map(|state| view! { <Commands runner state fleet revoking /> })
            }}
        </li>
    }
}

#[component]
fn Machine(able: RunnerCapabilities) -> impl IntoView {
    let cores = if able.cores == 1 { "1 core".to_owned() } else { format!("{} cores", able.cores) };
    let jobs =
        if able.jobs == 1 { "1 job at once".to_owned() } else { format!("{} jobs at once", able.jobs) };
    view! {
        <span>{able.platform}</span>
        <span>{cores}</span>
        <span>{jobs}</span>
        <span>"ffmpeg " {able.ffmpeg_version}</span>
    }
}

/// A job and how far it is.
#[component]
fn JobLine(job: RunnerJob) -> impl IntoView {
    let percent = job.percent.clamp(0.0, 100.0);
    let href = format!("/watch/{}", job.video_id.inner());
    let video = match job.video_title {
        Some(title) => view! { <a class="link" href=href>{title}</a> }.into_any(),
        None => view! { <span class="soft">"a private video"</span> }.into_any(),
    };
    view! {
        <li class="runner-job">
            <span class="runner-job-what">{job_words(job.kind, job.chunk)} " · " {video}</span>
            <span class="progress" aria-hidden="true">
                <span style:transform=format!("scaleX({})", percent / 100.0)></span>
            </span>
            <span class="runner-percent">{format!("{percent:.0} %")}</span>
        </li>
    }
}

/// What the machine said it can do: of interest now and then.
#[component]
fn Abilities(able: RunnerCapabilities) -> impl IntoView {
    let (software, hardware) = encoders(&able.encoders);
    let list = |words: String| if words.is_empty() { "none".to_owned() } else { words };
    view! {
        <details class="runner-details">
            <summary>"What it can do"</summary>
            <dl>
                <dt>"Encoders"</dt>
                <dd>{list(software.join(", "))}</dd>
                <dt>"In hardware"</dt>
                <dd>{list(hardware.join(", "))}</dd>
                <dt>"Around ffmpeg"</dt>
                <dd>{list(able.containment.join(", "))}</dd>
                <dt>"Version"</dt>
                <dd>{able.version}</dd>
            </dl>
        </details>
    }
}

#[component]
fn Commands(
    runner: Memo<Option<Runner>>,
    state: RunnerState,
    fleet: Fleet,
    revoking: RwSignal<Option<Runner>>,
) -> impl IntoView {
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let tell = move |to: RunnerState, said: &'static str| {
        let Some(runner) = runner.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            match api::send(SetState::build(SetStateVariables { id: runner.id, state: to })).await {
                Ok(answer) => {
                    toasts.say(format!("“{}” {said}.", runner.name));
                    fleet.take_in(answer.set_runner_state);
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    let buttons = choices(state)
        .iter()
        .map(|(to, label, said)| {
            view! { <Button label=*label disabled=busy on_press=move |_| tell(*to, said) /> }
        })
        .collect_view();
    let revoke = move |_| revoking.set(runner.get_untracked());
    view! {
        <p class="runner-commands">
            {buttons}
            <Button label="Revoke" kind=Kind::Quiet on_press=revoke />
        </p>
    }
}

//! Jobs that were given up, with the last words of what failed.

use cynic::QueryBuilder;
use leptos::prelude::*;

use super::api::{FailedJob, FailedJobsQuery, FailedJobsVariables};
use crate::{
    api,
    ui::{Button, ErrorState, Paged, RelativeTime, use_paged},
};

/// The list; nothing where nothing failed.
#[component]
pub fn FailedJobs() -> impl IntoView {
    let list: Paged<FailedJob> = use_paged(
        || (),
        |(), after| async move {
            let page = api::send(FailedJobsQuery::build(FailedJobsVariables { after })).await?.failed_jobs;
            Ok((page.nodes, page.page_info))
        },
    );
    let is_there = move || !list.items.with(Vec::is_empty) || list.error.with(Option::is_some);
    view! {
        <Show when=is_there>
            <section class="runner-waiting" aria-labelledby="failed">
                <h2 id="failed">"Failed jobs"</h2>
                <ul class="failed-list">
                    <For each=move || list.items.get() key=|job| job.id.inner().to_owned() let(job)>
                        <FailedRow job />
                    </For>
                </ul>
                {move || list.error.get().map(|error| view! { <ErrorState error retry=move |()| list.load_more() /> })}
                <Show when=move || list.more.get()>
                    <p>
                        <Button
                            label="Show more"
                            busy=Signal::derive(move || list.loading.get())
                            on_press=move |_| list.load_more()
                        />
                    </p>
                </Show>
            </section>
        </Show>
    }
}

#[component]
fn FailedRow(job: FailedJob) -> impl IntoView {
    let href = format!("/watch/{}", job.video_id.inner());
    let video = match job.video_title {
        Some(title) => view! { <a class="link" href=href>{title}</a> }.into_any(),
        None => view! { <span>"A private video"</span> }.into_any(),
    };
    let tries = if job.attempts == 1 { "1 try".to_owned() } else { format!("{} tries", job.attempts) };
    view! {
        <li class="failed-row">
            <h3 class="token-name">{video}</h3>
            <p class="runner-meta">
                {job.failed_at.map(|at| view! { <RelativeTime at /> })}
                <span>{tries}</span>
                {job.runner_name.map(|name| view! { <span>"On " {name}</span> })}
            </p>
            <p class="failed-error">{job.error}</p>
            {job
                .log
                .map(|log| {
                    view! {
                        <details class="runner-details">
                            <summary>"Last lines"</summary>
                            <pre class="failed-log" tabindex="0">{log}</pre>
                        </details>
                    }
                })}
        </li>
    }
}

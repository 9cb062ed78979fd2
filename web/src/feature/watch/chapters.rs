//! The parts of a video, as a list to jump by.

use leptos::prelude::*;

use crate::{api::Chapter, player::clock};

/// `goal_ms` is told where to go.
#[component]
pub fn ChapterList(chapters: Vec<Chapter>, goal_ms: RwSignal<Option<f64>>) -> impl IntoView {
    view! {
        <section class="chapters" aria-labelledby="chapters-title">
            <h2 id="chapters-title">"Chapters"</h2>
            <ol>
                {chapters
                    .into_iter()
                    .map(|chapter| {
                        let start_ms = f64::from(chapter.start_ms);
                        view! {
                            <li>
                                <button type="button" class="chapter" on:click=move |_| goal_ms.set(Some(start_ms))>
                                    <span class="chapter-time">{clock(start_ms)}</span>
                                    <span>{chapter.title}</span>
                                </button>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </section>
    }
}

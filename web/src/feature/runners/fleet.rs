//! The runners as they are now: asked for every few seconds while somebody looks.

use cynic::QueryBuilder;
use futures::future::abortable;
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::api::{FleetQuery, FleetVariables, Runner, RunnerRegistration};
use crate::{
    api::{self, ApiError},
    ui::effect,
};

const ASK_EVERY_MS: u32 = 3_000;

/// What the server last said.
#[derive(Clone, Copy)]
pub struct Fleet {
    pub runners: RwSignal<Vec<Runner>>,
    pub registrations: RwSignal<Vec<RunnerRegistration>>,
    /// Whether it has said anything yet.
    pub is_known: RwSignal<bool>,
    pub error: RwSignal<Option<ApiError>>,
    again: Trigger,
}

impl Fleet {
    /// Starts asking, until the page is left.
    pub fn follow() -> Self {
        let fleet = Self {
            runners: RwSignal::new(Vec::new()),
            registrations: RwSignal::new(Vec::new()),
            is_known: RwSignal::new(false),
            error: RwSignal::new(None),
            again: Trigger::new(),
        };
        effect(move || {
            fleet.again.track();
            let (asking, handle) = abortable(fleet.ask());
            on_cleanup(move || handle.abort());
            spawn_local(async move {
                // Aborted when the page is left, and when it asks anew.
                let _ = asking.await;
            });
        });
        fleet
    }

    /// Asks at once.
    pub fn refresh(self) {
        self.again.notify();
    }

    /// Puts what the server said of one runner in its place.
    pub fn take_in(self, changed: Runner) {
        self.runners.try_update(|all| {
            if let Some(slot) = all.iter_mut().find(|runner| runner.id == changed.id) {
                *slot = changed;
            }
        });
        self.refresh();
    }

    async fn ask(self) {
        loop {
            match all().await {
                Ok((runners, registrations)) => {
                    self.runners.try_set(runners);
                    self.registrations.try_set(registrations);
                    self.error.try_set(None);
                    self.is_known.try_set(true);
                }
                Err(error) => drop(self.error.try_set(Some(error))),
            }
            TimeoutFuture::new(ASK_EVERY_MS).await;
            while document().hidden() {
                TimeoutFuture::new(ASK_EVERY_MS).await;
            }
        }
    }
}

/// Every page of the list.
async fn all() -> Result<(Vec<Runner>, Vec<RunnerRegistration>), ApiError> {
    let (mut runners, mut after) = (Vec::new(), None);
    loop {
        let answer = api::send(FleetQuery::build(FleetVariables { after })).await?;
        runners.extend(answer.runners.nodes);
        let page = answer.runners.page_info;
        after = page.end_cursor;
        if !page.has_next_page || after.is_none() {
            return Ok((runners, answer.runner_registrations));
        }
    }
}

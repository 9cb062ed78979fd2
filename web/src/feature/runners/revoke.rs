//! Taking a runner's credential away, after saying what stops.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{IdVariables, RevokeRunner, Runner},
    fleet::Fleet,
};
use crate::{
    api,
    ui::{Button, Dialog, Kind, effect, use_toasts},
};

/// Asks once about the runner in `revoking`.
#[component]
pub fn RevokeDialog(revoking: RwSignal<Option<Runner>>, fleet: Fleet) -> impl IntoView {
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    effect(move || open.set(revoking.with(Option::is_some)));
    effect(move || {
        if !open.get() && revoking.with_untracked(Option::is_some) {
            revoking.set(None);
        }
    });
    let revoke = move |_| {
        let Some(runner) = revoking.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            match api::send(RevokeRunner::build(IdVariables { id: runner.id })).await {
                Ok(answer) => {
                    revoking.try_set(None);
                    fleet.take_in(answer.revoke_runner);
                    toasts.say(format!("Revoked “{}”", runner.name));
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <Dialog open=open title="Revoke runner">
            {move || {
                revoking
                    .get()
                    .map(|runner| {
                        view! {
                            <p>
                                "“" <strong>{runner.name}</strong>
                                "” is shut out at once and for good, and its jobs go to others. To use the machine again, \
                                 register it anew."
                            </p>
                        }
                    })
            }}
            <footer class="dialog-foot">
                <Button label="Keep it" kind=Kind::Quiet on_press=move |_| revoking.set(None) />
                <Button label="Revoke runner" kind=Kind::Danger busy=busy on_press=revoke />
            </footer>
        </Dialog>
    }
}

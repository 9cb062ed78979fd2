//! Taking a runner's credential away, after saying what stops.

use cynic::MutationBuilder;
use leptos::prelude::*;

use super::{
    api::{IdVariables, RevokeRunner, Runner},
    fleet::Fleet,
};
use crate::{api, ui::Confirm};

/// Asks once about the runner in `revoking`.
#[component]
pub fn RevokeDialog(revoking: RwSignal<Option<Runner>>, fleet: Fleet) -> impl IntoView {
    let words = |runner: Runner| {
        view! {
            "“"
            <strong>{runner.name}</strong>
            "” is shut out at once and for good, and its jobs go to others. To use the machine again, register it anew."
        }
    };
    let revoke = move |runner: Runner| async move {
        let answer = api::send(RevokeRunner::build(IdVariables { id: runner.id })).await?;
        fleet.take_in(answer.revoke_runner);
        Ok(format!("Revoked “{}”", runner.name))
    };
    view! { <Confirm asked=revoking title="Revoke runner" words=words act=revoke /> }
}

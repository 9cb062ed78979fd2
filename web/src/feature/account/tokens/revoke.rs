//! Ending a token, after saying what stops.

use cynic::MutationBuilder;
use leptos::{prelude::*, task::spawn_local};

use super::api::{ApiToken, RevokeToken, RevokeTokenVariables};
use crate::{
    api,
    ui::{Button, Dialog, Kind, effect, use_toasts},
};

/// Asks once about the token in `revoking`.
#[component]
pub fn RevokeDialog(
    revoking: RwSignal<Option<ApiToken>>,
    #[prop(into)] on_revoked: Callback<cynic::Id>,
) -> impl IntoView {
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
        let Some(token) = revoking.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            match api::send(RevokeToken::build(RevokeTokenVariables { id: token.id.clone() })).await {
                Ok(_) => {
                    revoking.try_set(None);
                    on_revoked.try_run(token.id);
                    toasts.say(format!("Revoked “{}”", token.name));
                }
                Err(error) => toasts.fail(&error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <Dialog open=open title="Revoke token">
            {move || {
                revoking
                    .get()
                    .map(|token| {
                        view! {
                            <p>
                                "“" <strong>{token.name}</strong>
                                "” stops working at once and for good. A program that uses it needs a new one."
                            </p>
                        }
                    })
            }}
            <footer class="dialog-foot">
                <Button label="Keep it" kind=Kind::Quiet on_press=move |_| revoking.set(None) />
                <Button label="Revoke token" kind=Kind::Danger busy=busy on_press=revoke />
            </footer>
        </Dialog>
    }
}

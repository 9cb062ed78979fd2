//! What only people with an account need: a part of the program of its own, fetched when it is first asked for, so
//! that a guest's first page does not wait for it (`docs/decisions/0009-weight-of-the-page.md`).
//!
//! Everything that is reached through [`members_page`] and nowhere else lies in that part. Calling one of its
//! functions from another place would quietly move it back into the part that everybody loads; the build prints
//! the size of both.

use leptos::{prelude::*, wasm_split::wasm_split};

use super::{
    account::{LogInPage, SettingsPage, SignUpPage},
    runners::RunnersPage,
    studio::{StudioPage, WebhooksPage},
    upload::UploadPage,
};
use crate::{
    api::ApiError,
    ui::{ErrorState, Load, PageSkeleton, use_load},
};

/// The pages in that part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembersPage {
    LogIn,
    SignUp,
    Runners,
    Settings,
    Studio,
    Upload,
    Webhooks,
}

/// A view that can be made any number of times, under the owner of whoever makes it.
pub type MakeView = fn() -> AnyView;

/// One of these pages, once its code is there.
#[component]
pub fn Members(page: MembersPage) -> impl IntoView {
    let loader = use_load(move || members_page(page));
    move || match loader.state.get() {
        Load::Loading => view! { <PageSkeleton /> }.into_any(),
        Load::Ready(make) => make(),
        Load::Failed(error) => {
            view! { <ErrorState error retry=Callback::new(move |()| loader.retry()) /> }.into_any()
        }
    }
}

#[wasm_split(members, wasm_split_path = leptos::wasm_split, fallible)]
fn members_page(page: MembersPage) -> Result<MakeView, ApiError> {
    Ok(match page {
        MembersPage::LogIn => || view! { <LogInPage /> }.into_any(),
        MembersPage::SignUp => || view! { <SignUpPage /> }.into_any(),
        MembersPage::Runners => || view! { <RunnersPage /> }.into_any(),
        MembersPage::Settings => || view! { <SettingsPage /> }.into_any(),
        MembersPage::Studio => || view! { <StudioPage /> }.into_any(),
        MembersPage::Upload => || view! { <UploadPage /> }.into_any(),
        MembersPage::Webhooks => || view! { <WebhooksPage /> }.into_any(),
    })
}

//! The page around the pages: contexts, navigation, and which address shows what.

use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    feature::{
        browse::{BrowsePage, ProfilePage, SearchPage, TagPage},
        feed::FeedPage,
        members::{Members, MembersPage},
        missing::MissingPage,
        upload::{GlobalDrop, UploadProvider},
        watch::WatchPage,
    },
    session::{Session, Theme},
    shell::Shell,
    ui::{Announcer, OfflineNote, PageTitle, Toaster, Toasts},
};

/// The whole site.
#[component]
pub fn App() -> impl IntoView {
    provide_context(Session::start());
    provide_context(Theme::load());
    provide_context(Toasts::start());
    provide_context(PageTitle::start());
    view! {
        <Router>
            <UploadProvider>
                <Shell>
                    <FlatRoutes fallback=|| view! { <MissingPage /> }>
                        <Route path=path!("/") view=FeedPage />
                        <Route path=path!("/browse") view=BrowsePage />
                        <Route path=path!("/search") view=SearchPage />
                        <Route path=path!("/tag/:tag") view=TagPage />
                        <Route path=path!("/watch/:id") view=WatchPage />
                        <Route path=path!("/upload") view=|| members(MembersPage::Upload) />
                        <Route path=path!("/studio") view=|| members(MembersPage::Studio) />
                        <Route path=path!("/studio/webhooks") view=|| members(MembersPage::Webhooks) />
                        <Route path=path!("/login") view=|| members(MembersPage::LogIn) />
                        <Route path=path!("/signup") view=|| members(MembersPage::SignUp) />
                        <Route path=path!("/admin") view=|| members(MembersPage::Runners) />
                        <Route path=path!("/settings") view=|| members(MembersPage::Settings) />
                        // Last: the router has no segment with a fixed prefix, so the page tells `/@ada` from `/ada`.
                        <Route path=path!("/:handle") view=ProfilePage />
                    </FlatRoutes>
                </Shell>
                <GlobalDrop />
            </UploadProvider>
        </Router>
        <OfflineNote />
        <Toaster />
        <Announcer />
    }
}

fn members(page: MembersPage) -> impl IntoView {
    view! { <Members page /> }
}

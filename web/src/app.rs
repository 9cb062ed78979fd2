//! The page around the pages: contexts, navigation, and which address shows what.

use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    feature::{
        account::{LogInPage, SettingsPage, SignUpPage},
        browse::{BrowsePage, ProfilePage, SearchPage, TagPage},
        feed::FeedPage,
        missing::MissingPage,
        studio::StudioPage,
        upload::{GlobalDrop, UploadPage, UploadProvider},
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
                        <Route path=path!("/upload") view=UploadPage />
                        <Route path=path!("/studio") view=StudioPage />
                        <Route path=path!("/login") view=LogInPage />
                        <Route path=path!("/signup") view=SignUpPage />
                        <Route path=path!("/settings") view=SettingsPage />
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

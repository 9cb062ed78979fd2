//! What a resolver can ask of its context.

use std::time::Duration;

use async_graphql::{Context, dataloader::DataLoader};

use super::Loaders;
use crate::{
    account::{ClientAddress, Requester},
    app::{App, SharedApp},
    storage::Audience,
};

/// How long a loader waits for more keys of a batch: longer than a page of resolvers takes to ask.
const COLLECT_FOR: Duration = Duration::from_millis(2);

/// What is known of the request itself.
#[derive(Clone, Debug)]
pub struct RequestScope {
    pub requester: Requester,
    pub address: ClientAddress,
    /// Which host presigned addresses for this caller should name.
    pub audience: Audience,
}

impl RequestScope {
    /// A request of this scope, with loaders of its own.
    pub fn attach(&self, app: &SharedApp, request: async_graphql::Request) -> async_graphql::Request {
        let loaders = Loaders { app: SharedApp::clone(app), viewer: self.requester.user_id() };
        let loader = DataLoader::new(loaders, tokio::spawn).delay(COLLECT_FOR);
        request.data(SharedApp::clone(app)).data(self.clone()).data(loader)
    }
}

/// Short ways to what every request carries.
pub trait ContextExt<'a> {
    fn app(&self) -> &'a App;
    fn shared_app(&self) -> &'a SharedApp;
    fn requester(&self) -> &'a Requester;
    fn address(&self) -> ClientAddress;
    fn audience(&self) -> Audience;
    fn loader(&self) -> &'a DataLoader<Loaders>;
}

impl<'a> ContextExt<'a> for Context<'a> {
    fn app(&self) -> &'a App {
        self.data_unchecked::<SharedApp>()
    }

    fn shared_app(&self) -> &'a SharedApp {
        self.data_unchecked::<SharedApp>()
    }

    fn requester(&self) -> &'a Requester {
        &self.data_unchecked::<RequestScope>().requester
    }

    fn address(&self) -> ClientAddress {
        self.data_unchecked::<RequestScope>().address
    }

    fn audience(&self) -> Audience {
        self.data_unchecked::<RequestScope>().audience
    }

    fn loader(&self) -> &'a DataLoader<Loaders> {
        self.data_unchecked::<DataLoader<Loaders>>()
    }
}

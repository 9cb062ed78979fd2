//! What a resolver can ask of its context.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, Data, Executor, Request, Response, dataloader::DataLoader};
use futures::{Stream, StreamExt};

use super::{Loaders, batches::Batches, respond::with_codes};
use crate::{
    account::{ClientAddress, Requester},
    app::{App, SharedApp},
    schema::Schema,
    storage::Audience,
};

/// What is known of the request itself.
#[derive(Clone, Debug)]
pub struct RequestScope {
    pub requester: Requester,
    pub address: ClientAddress,
    /// Which host presigned addresses for this caller should name.
    pub audience: Audience,
}

impl RequestScope {
    /// Runs a query or a mutation that the guard let through.
    pub async fn execute(&self, app: &SharedApp, schema: &Schema, request: Request) -> Response {
        let batches = Batches::default();
        let request = self.attach(app, request, &batches);
        with_codes(batches.beside(schema.execute(request)).await)
    }

    /// Runs whatever a socket asks for.
    pub fn execute_stream(
        &self,
        app: &SharedApp,
        schema: &Schema,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> impl Stream<Item = Response> + use<> {
        let batches = Batches::default();
        let request = self.attach(app, request, &batches);
        batches.beside_stream(Executor::execute_stream(schema, request, session_data)).map(with_codes)
    }

    /// A request of this scope, with loaders of its own.
    fn attach(&self, app: &SharedApp, request: Request, batches: &Batches) -> Request {
        let loaders = Loaders { app: SharedApp::clone(app), viewer: self.requester.user_id() };
        let batches = batches.clone();
        let loader = DataLoader::new(loaders, move |batch| batches.hold(batch)).delay(Duration::ZERO);
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

//! The Kinora site: a client-side app that knows the server only by `schema.graphql`.
//!
//! `api` talks, `session` remembers who is here, `script` fetches what is not Rust, `ui` holds what every page is made of, and `feature` has one
//! folder for each thing that a person does. Decisions are plain functions with native tests; components display.

mod api;
mod app;
mod feature;
mod player;
mod script;
mod session;
mod shell;
mod ui;

fn main() {
    console_error_panic_hook::set_once();
    if let Some(shell) = leptos::prelude::document().get_element_by_id("boot") {
        shell.remove();
    }
    leptos::mount::mount_to_body(app::App);
}

//! Uploads: files dropped on any page or chosen, sent in parts straight to the store, then followed until there
//! is a link.
//!
//! Decisions are in plain structs: `plan` (parts), `speed` (bytes, rate, time left), `stage` (states, what starts
//! next), `words` (refusals, titles, pauses), `wires` (shared connections). `transfer` and `follow` put them to
//! work, `provider` holds the list above the pages, the rest displays. Only `drop` and `inbox` are in the part of
//! the program that everybody loads.

mod api;
mod begin;
mod details_form;
mod drop;
mod follow;
mod identity;
mod inbox;
mod overall;
mod page;
mod patience;
mod pill;
mod plan;
mod provider;
mod put;
mod row;
mod row_view;
mod save;
mod script;
mod speed;
mod stage;
mod transfer;
mod unfinished;
mod wires;
mod words;

pub use drop::GlobalDrop;
pub use inbox::UploadProvider;
pub use page::UploadPage;

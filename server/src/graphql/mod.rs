//! What every feature's GraphQL needs: context, ids, pages, and the guard in front of the parser.

mod batches;
mod context;
mod cost;
mod guard;
mod http;
mod ids;
mod loaders;
mod mutations;
mod origin;
mod pages;
mod respond;
mod scalar;
mod scan;
mod sockets;
mod websocket;

pub use context::{ContextExt, RequestScope};
pub use guard::GuardedExecutor;
pub use http::{bearer_token, post_graphql};
pub use ids::parse_id;
pub use loaders::{LoadError, Loaders, load};
pub use pages::{Cursor, Page, PageInfo, PageInput};
pub use scalar::Bytes;
pub use sockets::SocketPlaces;
pub use websocket::graphql_socket;

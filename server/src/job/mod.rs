//! The queue. It knows jobs and leases and nothing of media: what a job changes is its kind's business.
//!
//! A job is claimed in a short transaction and worked on outside of it. The lease is a fencing token:
//! every write of a runner names it, and one that has run out or passed on writes nothing.

mod reaper;
mod service;
mod store;

pub use reaper::{Lost, reap};
pub use service::{
    LEASE, MOST_FAILURES, MOST_LEASES, NewJob, Setback, enqueue, finish, forget_runs, give_up, lease, renew,
    retry_later, take_back, take_over, waiting,
};
pub use store::{
    MOST_TURNS, held, is_given_up_like, keep_log, remove_like, remove_other_attempts, remove_siblings,
    unfinished, unfinished_like, videos_waiting,
};

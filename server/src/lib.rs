//! The Kinora server.
//!
//! Each folder is a feature: [`account`], [`upload`], [`video`], [`feed`], [`playback`], [`webhook`], and behind them
//! [`job`] (the queue), [`processing`] (what its one kind of job does) and [`runner`] (the API of those who
//! do it). Features stand on [`graphql`], [`storage`] and [`app`]; [`embedded`] brings the services that a
//! small site does not want to run apart.

pub mod account;
pub mod app;
pub mod caption;
pub mod clock;
pub mod command;
pub mod config;
pub mod database;
pub mod doctor;
pub mod download;
pub mod embedded;
pub mod error;
pub mod events;
pub mod feed;
pub mod graphql;
mod http;
pub mod import;
pub mod job;
pub mod ladder;
mod maintenance;
pub mod playback;
pub mod processing;
pub mod protection;
pub mod runner;
pub mod schema;
pub mod send;
pub mod serve;
mod site;
pub mod storage;
mod telemetry;
pub mod upload;
pub mod video;
pub mod webhook;

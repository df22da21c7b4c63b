//! The harness of the black-box tests: the real program, a real database, and every answer held against the OpenAPI
//! document that the server itself serves.
//!
//! A case is an `async fn(Shop)`: it gets an organization of its own on a server that all cases of the test program share.
//! [`on_both_storages!`] makes two tests of it, one on SQLite and one on PostgreSQL; with `alone;` before the cases, each
//! gets a server and a database of its own.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test program uses its part")]

mod client;
mod contract;
mod operation;
mod raw;
mod server;
mod shop;
mod site;
mod wait;
mod world;

pub(crate) use client::{Call, Client, Reply};
pub(crate) use contract::{Answered, Contract};
pub(crate) use operation::Operation;
pub(crate) use raw::{RawReply, raw};
/// A connection by hand, step by step.
pub(crate) mod raw_parts {
    pub(crate) use super::raw::{connect, drip, read};
}
pub(crate) use server::{Failed, Server};
pub(crate) use shop::{Key, Shop, number, session};
pub(crate) use site::{Program, Ran, Site};
pub(crate) use wait::{never_here, until};
pub(crate) use world::{Storage, World, world};

/// Makes a test of each case, once per storage: `sqlite::<case>` and `postgres::<case>`.
macro_rules! on_both_storages {
    ($($case:ident),* $(,)?) => {
        $crate::support::on_both_storages!(open; $($case),*);
    };
    ($open:ident; $($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::support::Shop::$open($crate::support::Storage::Sqlite)).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::support::Shop::$open($crate::support::Storage::Postgres)).await;
            })*
        }
    };
}
pub(crate) use on_both_storages;

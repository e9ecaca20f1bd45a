//! The SOAP face of the lab: envelopes, sessions, dispatch and the methods.

mod attach;
mod auth;
mod call;
mod cbt;
mod collector;
mod configure;
mod dispatch;
mod envelope;
mod fault;
mod files;
mod import;
mod leases;
mod ovf;
mod search;
mod select;
mod session;
mod updates;
mod versions;
mod views;
mod visit;
mod vm;

pub(crate) use auth::PRIVILEGES;
pub(crate) use dispatch::{Answer, Request, handle};
pub(crate) use fault::Fault;
pub(crate) use files::{StorePath, safe};
pub(crate) use session::{cookie_session, end as end_session, login_basic, set_cookie};
pub(crate) use views::view_members;
pub(crate) use vm::switch;

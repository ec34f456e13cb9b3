//! Tables as their readers see them, and as failures leave them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;
mod faults;
mod faulty;
mod operations;
mod support;

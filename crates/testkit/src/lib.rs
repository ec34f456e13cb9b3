//! What tests and measurements share: seeded events and a disk that fails on demand.

pub mod disk;
pub mod generator;
pub mod seed;

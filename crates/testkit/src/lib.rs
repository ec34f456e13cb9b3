//! What tests and measurements share: seeded events, a disk that fails on demand, and object stores that others wrote.

pub mod disk;
pub mod generator;
pub mod seed;
pub mod servers;

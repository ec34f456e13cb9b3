//! What tests and measurements share: seeded events, a disk that fails on demand, and real servers that others wrote.

pub mod disk;
pub mod generator;
pub mod postgresql;
pub mod provider;
pub mod rsyslog;
pub mod seed;
pub mod servers;

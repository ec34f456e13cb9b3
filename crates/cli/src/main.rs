//! The `indelible` command.
fn main() {}

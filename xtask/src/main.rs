//! Chores of the repository: `cargo run -p xtask -- <chore>`.

mod architecture;
mod catalogue;

use std::path::{Path, PathBuf};

const USAGE: &str = "usage: cargo run -p xtask -- <chore>

  catalogue    writes what is generated from crates/event/catalogue.json: Rust, Python, TypeScript, the reference page
  architecture compares the table of crates in ARCHITECTURE.md with the real dependencies";

fn main() -> anyhow::Result<()> {
    let chore = std::env::args().nth(1);
    match chore.as_deref() {
        Some("catalogue") => catalogue::write(&root()),
        Some("architecture") => architecture::check(&root()),
        _ => anyhow::bail!(USAGE),
    }
}

/// The repository's root folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

//! *blobster*, as a program of its own. Its code is in `src/blobster.rs`.

fn main() -> anyhow::Result<()> {
    indelible_stack::run("blobster", indelible_stack::blobster::router)
}

//! *compass*, as a program of its own. Its code is in `src/compass.rs`.

fn main() -> anyhow::Result<()> {
    indelible_stack::run("compass", indelible_stack::compass::router)
}

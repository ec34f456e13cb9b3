//! *multipass*, as a program of its own. Its code is in `src/multipass.rs`.

fn main() -> anyhow::Result<()> {
    indelible_stack::run("multipass", indelible_stack::multipass::router)
}

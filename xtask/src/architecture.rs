//! Holds the crate table of ARCHITECTURE.md against the real dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// Crates that only tests and tools use; the table does not list them.
const BESIDE: [&str; 4] = ["testkit", "bench", "xtask", "fuzz-cases"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev`, `build`, or nothing.
    kind: Option<String>,
}

/// Each crate of ours with those it uses.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Compares table and workspace below `root`; the error names every difference.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("read ARCHITECTURE.md")?;
    let table = read_table(&text)?;
    let real = read_workspace(root)?;
    let mut differences = Vec::new();
    for name in table.keys().chain(real.keys()).collect::<BTreeSet<_>>() {
        match (table.get(name), real.get(name)) {
            (Some(said), Some(found)) if said != found => {
                differences.push(format!("{name} uses {found:?}, the table says {said:?}"))
            }
            (Some(_), None) => differences.push(format!("{name} is in the table and is not there")),
            (None, Some(_)) => differences.push(format!("{name} is not in the table")),
            _ => {}
        }
    }
    ensure!(differences.is_empty(), "ARCHITECTURE.md and the crates differ:\n{}", differences.join("\n"));
    Ok(())
}

/// Rows of the form ``| `name` | what it is | `a` `b` |``; a crate may use only those of the rows above it.
fn read_table(text: &str) -> anyhow::Result<Graph> {
    let mut table = Graph::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [name, _, uses] = cells[..] else { continue };
        let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let name = names(name).concat();
        let uses: BTreeSet<String> = names(uses).into_iter().collect();
        for used in &uses {
            ensure!(table.contains_key(used), "{name} uses {used}, which does not stand above it");
        }
        table.insert(name, uses);
    }
    ensure!(!table.is_empty(), "no table of crates in ARCHITECTURE.md");
    Ok(table)
}

fn read_workspace(root: &Path) -> anyhow::Result<Graph> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--locked", "--offline"])
        .current_dir(root)
        .output()
        .context("run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    let ours = |name: &str| name.strip_prefix("indelible-").filter(|name| !BESIDE.contains(name)).map(str::to_owned);
    let used = |dependency: &Dependency| dependency.kind.is_none().then(|| ours(&dependency.name)).flatten();
    Ok(metadata
        .packages
        .iter()
        .filter_map(|p| Some((ours(&p.name)?, p.dependencies.iter().filter_map(used).collect())))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_of_crates_is_true() {
        check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    }

    #[test]
    fn a_crate_uses_only_what_stands_above_it() {
        assert!(read_table("| `a` | x | |\n| `b` | y | `a` |").is_ok());
        assert!(read_table("| `b` | y | `a` |\n| `a` | x | |").is_err());
    }
}

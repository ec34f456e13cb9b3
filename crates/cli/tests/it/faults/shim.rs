//! A server whose file operations fail on demand: `shim.c`, which describes how, stands between it and the system.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harness::Launch;

/// Error numbers of Linux.
pub(super) const EIO: u8 = 5;
pub(super) const ENOSPC: u8 = 28;

/// The built library.
pub(super) struct Shim(TempDir);

/// One operation that fails, counted from 0 in the order in which the program does them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: u64,
    /// `lost`, `done`, `half`, `dead` or `gasp`.
    pub(super) how: &'static str,
    pub(super) error: u8,
}

/// An operation that the program did, or tried.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) name: String,
    /// Below the folder.
    pub(super) path: String,
    pub(super) failed: bool,
}

impl Shim {
    /// Builds it; `None`, with a note, where there is no C compiler.
    pub(super) fn build() -> Option<Self> {
        let scratch = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/shim.c");
        let library = scratch.path().join("shim.so");
        match Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status()
        {
            Ok(status) => assert!(status.success(), "shim.c does not compile"),
            Err(error) => {
                eprintln!("SKIPPED: cc: {error}; install a C compiler to have this proof");
                return None;
            }
        }
        Some(Self(scratch))
    }

    /// Lets the server's operations below `folder` go through the shim, which writes them down in `log`.
    pub(super) fn apply(&self, launch: Launch, folder: &Path, log: &Path, fault: Option<Fault>) -> Launch {
        let mut prefix = folder.as_os_str().to_owned();
        prefix.push("/");
        let launch = launch
            .environment("LD_PRELOAD", self.0.path().join("shim.so"))
            .environment("FAULTS_FOLDER", prefix)
            .environment("FAULTS_LOG", log);
        let Some(Fault { at, how, error }) = fault else { return launch };
        launch
            .environment("FAULTS_AT", at.to_string())
            .environment("FAULTS_HOW", how)
            .environment("FAULTS_ERROR", error.to_string())
    }
}

/// What the shim wrote down.
pub(super) fn operations(log: &Path) -> Vec<Operation> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let operation = |line: &str| {
        let mut words = line.split(' ').skip(1).map(str::to_owned);
        Some(Operation { name: words.next()?, path: words.next()?, failed: words.next().is_some() })
    };
    text.lines().filter_map(operation).collect()
}

/// Where a test keeps the data, the log and the operations of one server.
pub(super) struct Places {
    _scratch: TempDir,
    pub(super) data: PathBuf,
    pub(super) operations: PathBuf,
}

impl Places {
    pub(super) fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name| scratch.path().join(name);
        let (data, operations) = (path("data"), path("operations"));
        Self { _scratch: scratch, data, operations }
    }
}

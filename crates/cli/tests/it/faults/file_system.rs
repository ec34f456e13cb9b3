//! A small file system on a loop device, which can lose its power and be full.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Kinds by name: the program that makes it, and the options to mount it with.
const KINDS: [(&str, &[&str], &str); 3] = [
    ("ext4", &["mkfs.ext4", "-q", "-F"], "loop"),
    ("ext4-writeback", &["mkfs.ext4", "-q", "-F"], "loop,data=writeback"),
    ("xfs", &["mkfs.xfs", "-q"], "loop"),
];

pub(super) struct FileSystem {
    scratch: TempDir,
    options: &'static str,
}

impl FileSystem {
    /// Makes and mounts one of `mebibytes`; `None`, with a note, where that is not possible.
    pub(super) fn make(kind: &str, mebibytes: u64) -> Option<Self> {
        let (_, make, options) = *KINDS.iter().find(|known| known.0 == kind).expect("a known file system");
        let skip = |why: &str| {
            eprintln!("SKIPPED on {kind}: {why}");
            None
        };
        let scratch = tempfile::tempdir().unwrap();
        if scratch.path().metadata().unwrap().uid() != 0 {
            return skip("only root can mount a file system; run the tests as root to have this proof");
        }
        let image = scratch.path().join("image");
        std::fs::File::create(&image).unwrap().set_len(mebibytes << 20).unwrap();
        std::fs::create_dir(scratch.path().join("mounted")).unwrap();
        if !run(Command::new(make[0]).args(&make[1..]).arg(&image)) {
            return skip(&format!("{} is missing or failed; install it (e2fsprogs, xfsprogs)", make[0]));
        }
        let file_system = Self { scratch, options };
        if !file_system.try_mount() {
            return skip("it cannot be mounted; this needs a kernel with loop devices and the file system");
        }
        Some(file_system)
    }

    /// Where it is mounted.
    pub(super) fn folder(&self) -> PathBuf {
        self.scratch.path().join("mounted")
    }

    /// A folder on another file system, which stays.
    pub(super) fn outside(&self) -> &Path {
        self.scratch.path()
    }

    /// Takes everything away that is not synced; every operation fails from now on.
    pub(super) fn cut_power(&self) {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/power-cut");
        let status = Command::new("python3").arg(tool).arg(self.folder()).status().unwrap();
        assert!(status.success());
    }

    /// Mounts again what is left after a cut.
    pub(super) fn remount(&self) {
        self.unmount();
        assert!(self.try_mount(), "the file system cannot be mounted again");
    }

    fn try_mount(&self) -> bool {
        run(Command::new("mount").args(["-o", self.options]).arg(self.scratch.path().join("image")).arg(self.folder()))
    }

    fn unmount(&self) {
        // Whoever had files open has just been killed: the system may need a moment.
        let unmounted = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            run(Command::new("umount").arg(self.folder()))
        });
        assert!(unmounted || std::thread::panicking(), "{} is still in use", self.folder().display());
    }
}

impl Drop for FileSystem {
    fn drop(&mut self) {
        self.unmount();
    }
}

/// Whether the program is there and ends well.
fn run(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

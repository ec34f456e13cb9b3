//! Servers under test: started, watched and ended by us.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// A folder of ours, removed with all that is in it when dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes `WORK/NAME-PROCESS-NUMBER`, which is new.
    pub(crate) fn create(work: &Path, name: &str) -> Result<Folder> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = work.join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Folder(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("left {}: {error}", self.0.display());
        }
    }
}

/// A running server and its folder. Ended, and the folder removed, when dropped.
pub(crate) struct Server {
    child: Child,
    name: &'static str,
    folder: Folder,
    /// What asks this server to stop at once but in order.
    stop: Signal,
}

impl Server {
    /// Starts `command` with its output going to `FOLDER/server.log`.
    pub(crate) fn start(name: &'static str, folder: Folder, stop: Signal, command: &mut Command) -> Result<Server> {
        let log = fs::File::create(folder.path().join("server.log"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Server { child, name, folder, stop })
    }

    /// Waits until `ready` succeeds.
    pub(crate) fn wait_until_ready<T>(&mut self, mut ready: impl FnMut() -> Result<T>) -> Result<T> {
        let begin = Instant::now();
        loop {
            let error = match ready() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at once ({status}): {}", self.name, self.log_tail());
            }
            ensure!(
                begin.elapsed() < Duration::from_secs(60),
                "{} is not ready after a minute ({error:#}): {}",
                self.name,
                self.log_tail()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// CPU seconds used so far by the server and every process it started.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let processes = tree(self.child.id())?;
        ensure!(!processes.is_empty(), "{} is gone: {}", self.name, self.log_tail());
        Ok(processes.iter().map(|process| process.cpu_seconds).sum())
    }

    /// Memory of the server and every process it started, shared pages counted once.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let processes = tree(self.child.id()).unwrap_or_default();
        processes.iter().filter_map(|process| proportional_memory(process.id)).sum()
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" / ")
    }

    /// Ends the server in order and leaves its folder.
    pub(crate) fn stop(&mut self) {
        let Some(id) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        for (signal, patience) in [(self.stop, Duration::from_secs(30)), (Signal::KILL, Duration::from_secs(5))] {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            let _ = kill_process(id, signal);
            let begin = Instant::now();
            while begin.elapsed() < patience && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// CPU seconds of this process so far.
pub(crate) fn own_cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    Ok(Process::parse(&stat).context("/proc/self/stat")?.cpu_seconds)
}

/// A command that ran to its end.
pub(crate) struct Finished {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) memory_bytes_max: u64,
    pub(crate) output: String,
}

/// Runs a command to its end and measures it; an error unless it succeeds.
pub(crate) fn measure(command: &mut Command) -> Result<Finished> {
    let shown = format!("{command:?}");
    let children_before = children_cpu_seconds()?;
    let begin = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("run {shown}"))?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory_bytes_max = 0;
    while child.try_wait()?.is_none() {
        let peak = fs::read_to_string(&status).ok().and_then(|status| field_kib(&status, "VmHWM:"));
        memory_bytes_max = peak.map_or(memory_bytes_max, |kib| kib * 1024);
        std::thread::sleep(Duration::from_millis(5));
    }
    let seconds = begin.elapsed().as_secs_f64();
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{shown}: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
    );
    Ok(Finished {
        seconds,
        cpu_seconds: children_cpu_seconds()? - children_before,
        memory_bytes_max,
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}

/// An address on this machine that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

#[derive(Debug, PartialEq)]
struct Process {
    id: u32,
    parent: u32,
    /// Of the process itself and of those children it has waited for.
    cpu_seconds: f64,
    children_cpu_seconds: f64,
}

/// What the kernel counts CPU time in, for every program it shows it to.
const TICKS_PER_SECOND: f64 = 100.0;

impl Process {
    /// Reads a `/proc/ID/stat` line.
    fn parse(stat: &str) -> Option<Process> {
        let id = stat.split(' ').next()?.parse().ok()?;
        // The name may hold anything, so count from the last parenthesis.
        let rest: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |place: usize| rest.get(place).and_then(|field| field.parse::<f64>().ok());
        let children = ticks(13)? + ticks(14)?;
        Some(Process {
            id,
            parent: rest.get(1)?.parse().ok()?,
            cpu_seconds: (ticks(11)? + ticks(12)? + children) / TICKS_PER_SECOND,
            children_cpu_seconds: children / TICKS_PER_SECOND,
        })
    }
}

fn children_cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    Ok(Process::parse(&stat).context("/proc/self/stat")?.children_cpu_seconds)
}

/// The process and its living descendants.
fn tree(root: u32) -> Result<Vec<Process>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let stat = entry?.path().join("stat");
        all.extend(fs::read_to_string(stat).ok().as_deref().and_then(Process::parse));
    }
    let mut found: Vec<Process> = Vec::new();
    let mut wanted = vec![root];
    while let Some(id) = wanted.pop() {
        while let Some(at) = all.iter().position(|process| process.id == id || process.parent == id) {
            let process = all.swap_remove(at);
            if process.id != id {
                wanted.push(process.id);
            }
            found.push(process);
        }
    }
    Ok(found)
}

fn proportional_memory(id: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    Some(field_kib(&rollup, "Pss:")? * 1024)
}

/// The number of KiB in a line such as `VmHWM:   1234 kB`.
pub(crate) fn field_kib(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_line_is_read_past_a_name_with_spaces_and_parentheses() {
        let stat = "42 (a) b (c) S 7 42 42 0 -1 4194304 1 2 3 4 150 50 20 30 20 0 1 0 100 1 1";
        let expected = Process { id: 42, parent: 7, cpu_seconds: 2.5, children_cpu_seconds: 0.5 };
        assert_eq!(Process::parse(stat), Some(expected));
    }

    #[test]
    fn own_tree_holds_ourselves() {
        let id = std::process::id();
        assert!(tree(id).is_ok_and(|tree| tree.iter().any(|process| process.id == id)));
    }
}

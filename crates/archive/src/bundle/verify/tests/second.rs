//! The second verifier, `tools/verify.py`, as a process that answers one question after another.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/verify.py");

pub(crate) struct Second {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What a verifier answers: exit code, code of the finding, entry that it names.
pub(crate) type Verdict = (u8, Option<String>, Option<u64>);

impl Second {
    /// Starts it; `None`, with a note, where no Python has the package it needs. `INDELIBLE_PYTHON` names one that must.
    pub(crate) fn start() -> Option<Second> {
        let named = std::env::var_os("INDELIBLE_PYTHON").map(PathBuf::from);
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let usual = [home.join(".cache/indelible/python/bin/python3"), PathBuf::from("python3")];
        let can = |python: &PathBuf| {
            let mut tried = Command::new(python);
            tried.args(["-c", "import cryptography, sys; assert sys.version_info >= (3, 11)"]).stderr(Stdio::null());
            tried.status().is_ok_and(|status| status.success())
        };
        let python = match named {
            Some(python) => Some(python),
            None => usual.into_iter().find(can),
        };
        let Some(python) = python else {
            eprintln!("SKIPPED: no Python 3.11 with the package cryptography; `make setup` installs one");
            return None;
        };
        let mut process = Command::new(python)
            .args([SCRIPT, "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (questions, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Some(Second { process, questions, answers: BufReader::new(answers) })
    }

    pub(crate) fn ask(&mut self, arguments: &[&str]) -> Verdict {
        let question = serde_json::to_string(arguments).unwrap();
        writeln!(self.questions, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{question} -> {answer:?}"));
        let exit = answer["exit"].as_u64().unwrap() as u8;
        (exit, answer["code"].as_str().map(str::to_owned), answer["seq"].as_u64())
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

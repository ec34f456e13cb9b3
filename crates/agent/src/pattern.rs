//! Which files are meant: a path, or a path with wildcards.
//!
//! `*` stands for any characters of one name and `?` for one; they may stand in folders too. A file name without wildcards stands for the
//! file and for what rotation makes of it.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Endings of files that were compressed by what rotates them.
const PACKED: [&str; 2] = [".gz", ".zst"];

/// A path whose last names may hold wildcards.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// Without wildcards.
    base: PathBuf,
    /// Names below it, of which at least the last is that of a file.
    names: Vec<String>,
}

/// A path that cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} names no file to follow: {why}")]
pub struct InvalidPath {
    path: PathBuf,
    why: &'static str,
}

/// A folder that could not be looked into.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) path: PathBuf,
    pub(crate) error: io::Error,
}

impl Pattern {
    /// Relative paths are below the current folder.
    pub(crate) fn parse(path: &Path) -> Result<Self, InvalidPath> {
        let refuse = |why| InvalidPath { path: path.to_owned(), why };
        let whole = std::path::absolute(path).map_err(|_| refuse("it is empty"))?;
        let text = whole.to_str().ok_or_else(|| refuse("it is not UTF-8"))?;
        if text.ends_with('/') || text.contains("**") {
            return Err(refuse("write the name of a file; `*` stands for characters of one name"));
        }
        let mut base = PathBuf::new();
        let mut names = Vec::new();
        for component in whole.components() {
            match component {
                Component::Normal(name) => {
                    let name = name.to_str().unwrap_or_default();
                    match names.is_empty() && !is_wild(name) {
                        true => base.push(name),
                        false => names.push(name.to_owned()),
                    }
                }
                Component::ParentDir if names.is_empty() => base.push(".."),
                Component::ParentDir => return Err(refuse("`..` cannot stand behind a wildcard")),
                Component::CurDir => {}
                other => base.push(other),
            }
        }
        if names.is_empty() {
            let name = base.file_name().and_then(|name| name.to_str()).ok_or_else(|| refuse("it is a folder"))?;
            names.push(name.to_owned());
            base.pop();
        }
        Ok(Self { base, names })
    }

    /// The paths that match, sorted, with what could not be looked into. What is not there is no error: it may come.
    pub(crate) fn paths(&self) -> (Vec<PathBuf>, Vec<Closed>) {
        let mut folders = vec![self.base.clone()];
        let mut closed = Vec::new();
        for (place, name) in self.names.iter().enumerate() {
            let is_last = place + 1 == self.names.len();
            let mut next = Vec::new();
            for folder in folders {
                if !is_last && !is_wild(name) {
                    next.push(folder.join(name));
                    continue;
                }
                match names_in(&folder) {
                    Ok(found) => {
                        let meant = found.into_iter().filter(|found| match is_last {
                            true => is_meant(name, found),
                            false => matches(name, found),
                        });
                        next.extend(meant.map(|found| folder.join(found)));
                    }
                    Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                    Err(error) => closed.push(Closed { path: folder, error }),
                }
            }
            folders = next;
        }
        folders.sort();
        (folders, closed)
    }
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        // A name that is not UTF-8 cannot be written into a configuration either.
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

/// The name before the file was compressed.
pub(crate) fn unpacked(name: &str) -> &str {
    PACKED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

fn is_wild(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether a file called `name` is meant by `pattern`.
fn is_meant(pattern: &str, name: &str) -> bool {
    matches(pattern, name) || !is_wild(pattern) && is_rotated(pattern, name)
}

/// Whether `name` is one that rotation gives to the file `live`: `auth.log.1`, `auth.log.2.gz`, `auth.log-20240131`, `audit-2024-01-31-1.log.gz`.
fn is_rotated(live: &str, name: &str) -> bool {
    let plain = unpacked(name);
    let is_count = |text: &str| {
        text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b"-_.:TZ".contains(&byte))
    };
    if let Some(rest) = plain.strip_prefix(live) {
        let is_old = matches!(rest, ".old" | ".bak");
        return is_old || rest.is_empty() && plain != name || rest.starts_with(['.', '-']) && is_count(rest);
    }
    let Some((stem, ending)) = live.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else { return false };
    let middle = plain.strip_prefix(stem).and_then(|rest| rest.strip_suffix(ending)?.strip_suffix('.'));
    // A date, so that `audit-2.log` is a file of its own.
    middle.is_some_and(|middle| {
        middle.starts_with(['-', '.']) && is_count(middle) && middle.bytes().filter(u8::is_ascii_digit).count() >= 8
    })
}

/// Whether `name` is `pattern` with any characters for `*` and one for `?`.
fn matches(pattern: &str, name: &str) -> bool {
    // Hidden files are meant only by who says so.
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and from where it has to take more.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                n = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_path_means_a_file_and_what_rotation_makes_of_it() {
        let check = |pattern: &str, names: &[&str], expected: bool| {
            for name in names {
                assert_eq!(is_meant(pattern, name), expected, "{pattern} {name}");
            }
        };
        check("auth.log", &["auth.log", "auth.log.1", "auth.log.2.gz", "auth.log-20240131", "auth.log.gz"], true);
        check(
            "auth.log",
            &["auth.log-20240131.zst", "auth.log.old", "auth-20240131.log", "auth.20240131.log.gz"],
            true,
        );
        check("auth.log", &["auth.log.swp", "auth.logs", "auth", "xauth.log", "auth.log.1.bz2", "auth-1.log"], false);
        check("audit.3.log", &["audit.3-2024-01-31-1.log.gz", "audit.3-2024-01-31-12.log"], true);
        check("audit.3.log", &["audit.2.log", "audit.3-late.log", "audit.log"], false);
        check("log", &["log", "log.1"], true);
        check("log", &["log.d", "-20240131log"], false);
        check("*.log", &["a.log", "b.x.log"], true);
        check("*.log", &["a.log.1", ".a.log", "log"], false);
        check("audit.?.log*", &["audit.3.log", "audit.2.log.1.gz"], true);
        check("*a*b*", &["ab", "xaxbx", "aab"], true);
        check("*a*b*", &["ba", "a"], false);
        check(".*", &[".hidden"], true);
    }

    #[test]
    fn paths_are_found_below_folders_with_wildcards() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path();
        for path in ["a/x.log", "a/x.log.1", "b/x.log", "b/y.log", "c/d/x.log"] {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), "").unwrap();
        }
        let check = |pattern: &str, expected: &[&str]| {
            let (paths, closed) = Pattern::parse(&root.join(pattern)).unwrap().paths();
            let names: Vec<_> = paths.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap()).collect();
            assert_eq!((names.as_slice(), closed.len()), (expected, 0), "{pattern}");
        };
        check("a/x.log", &["a/x.log", "a/x.log.1"]);
        check("*/x.log", &["a/x.log", "a/x.log.1", "b/x.log"]);
        check("*/x.lo?", &["a/x.log", "b/x.log"]);
        check("?/*.log*", &["a/x.log", "a/x.log.1", "b/x.log", "b/y.log"]);
        check("*/d/x.log", &["c/d/x.log"]);
        check("a/../b/y.log", &["a/../b/y.log"]);
        check("none/x.log", &[]);
        check("a/x.log/y", &[]);
    }

    #[test]
    fn what_names_no_file_is_refused() {
        for bad in ["", "/", "/var/log/", "/var/**/x.log", "/var/*/../x.log"] {
            assert!(Pattern::parse(Path::new(bad)).is_err(), "{bad}");
        }
    }
}

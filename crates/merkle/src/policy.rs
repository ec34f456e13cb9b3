//! Whose signatures a reader asks for, as C2SP `tlog-policy` writes it down: logs, witnesses, and a quorum of them.
//!
//! A policy is the one thing an auditor must not take from the operator. Its names are octets, not text.

use crate::{Checkpoint, CheckpointError, KeyError, Note, VerifierKey, WitnessKey, key::any_key_text};

/// Longest policy in bytes.
pub const MAX_POLICY_BYTES: usize = 1 << 20;
/// Most logs, most witnesses and most groups of a policy. The format asks for room for 32 of each.
const MAX_OF_EACH: usize = 256;

/// The logs and witnesses a reader trusts, and how many of these must have signed.
#[derive(Clone, Debug)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    /// Witnesses and groups in the order of their lines: a group refers to earlier ones only.
    members: Vec<Member>,
    /// Of `members`; `None` asks for no witness.
    quorum: Option<usize>,
}

#[derive(Clone, Debug)]
struct Member {
    name: Vec<u8>,
    rule: Rule,
    /// Whether a group counts it already.
    counted: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    /// `None` is a witness whose kind of signature cannot be checked here: it never counts as having signed.
    Witness {
        public: Vec<u8>,
        key: Option<Box<WitnessKey>>,
    },
    Group {
        threshold: usize,
        members: Vec<usize>,
    },
}

/// What a checkpoint that satisfies a policy says, and who stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    /// The checkpoint, signed by a log of the policy.
    pub checkpoint: Checkpoint,
    /// The witnesses of the policy that cosigned it, whether the quorum needs them or not.
    pub cosigned: Vec<Cosigned>,
}

/// A cosignature that verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Name of the witness's key.
    pub witness: String,
    /// When, in seconds since 1970 on the witness's clock.
    pub time: u64,
}

/// A policy text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy: {problem}")]
pub struct PolicyError {
    /// From 1; one past the last for what is missing.
    pub line: usize,
    /// What is wrong with it.
    pub problem: PolicyProblem,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyProblem {
    /// Over [`MAX_POLICY_BYTES`], or too many lines of a kind.
    #[error("the policy is over {MAX_POLICY_BYTES} bytes, or has more than {MAX_OF_EACH} logs, witnesses or groups")]
    TooLarge,
    /// An octet that a policy cannot hold.
    #[error("a policy holds no control characters but tab and newline")]
    Character,
    /// The last line is cut off.
    #[error("every line ends in a newline; the end of the policy may be missing")]
    Unterminated,
    /// Neither log, witness, group nor quorum.
    #[error(
        "a line is log KEY [URL], witness NAME KEY [URL], group NAME all|any|COUNT MEMBER..., quorum NAME, or # comment"
    )]
    Form,
    /// A key was refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A public key twice, under whatever name.
    #[error("this public key stands in the policy already")]
    DuplicateKey,
    /// A name twice, or the reserved one.
    #[error("the name {0} is taken")]
    NameTaken(String),
    /// A name that no line before defines.
    #[error("no line before this one defines the name {0}")]
    UnknownName(String),
    /// A witness or group that would count twice.
    #[error("{0} is a member of a group already and would count twice")]
    CountedTwice(String),
    /// A threshold outside 1 to the number of members.
    #[error("the threshold of a group is all, any, or a number from 1 to the number of its members")]
    Threshold,
    /// More than one quorum.
    #[error("a policy has one quorum line")]
    SecondQuorum,
    /// No quorum.
    #[error("the policy has no quorum line; write `quorum none` to ask for no witness")]
    NoQuorum,
}

/// A checkpoint does not satisfy a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFailure {
    /// No log of the policy signed it, or it is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A cosignature names a witness of the policy and is not its own: the text or the signature was altered.
    #[error(
        "the cosignature under the name {witness} does not verify; the checkpoint was altered or cosigned by another key"
    )]
    BadCosignature {
        /// Name of the witness's key.
        witness: String,
    },
    /// Too few witnesses cosigned.
    #[error(
        "the checkpoint lacks the cosignatures that the policy asks for: its quorum is {quorum}, cosigned by {}",
        names(found)
    )]
    Quorum {
        /// Name of the quorum in the policy.
        quorum: String,
        /// Key names of the witnesses of the policy that did.
        found: Vec<String>,
    },
}

fn names(found: &[String]) -> String {
    if found.is_empty() { "no witness of the policy".to_owned() } else { found.join(", ") }
}

impl Policy {
    /// Reads a policy from bytes of unknown origin.
    ///
    /// # Errors
    /// Names the first line that is not as the format has it.
    pub fn parse(policy: &[u8]) -> Result<Self, PolicyError> {
        let at = |line| move |problem| PolicyError { line, problem };
        if policy.len() > MAX_POLICY_BYTES {
            return Err(at(1)(PolicyProblem::TooLarge));
        }
        let mut draft = Draft::default();
        let mut last = 0;
        for (number, line) in (1..).zip(policy.split_inclusive(|byte| *byte == b'\n')) {
            draft.line(line).map_err(at(number))?;
            last = number;
        }
        let quorum = draft.quorum.ok_or(PolicyProblem::NoQuorum).map_err(at(last + 1))?;
        Ok(Self { logs: draft.logs, members: draft.members, quorum })
    }

    /// The keys of the logs, in the order of their lines; there may be none.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The keys of the witnesses whose signatures can be checked here, in the order of their lines.
    pub fn witnesses(&self) -> impl Iterator<Item = &WitnessKey> {
        self.members.iter().filter_map(|member| match &member.rule {
            Rule::Witness { key, .. } => key.as_deref(),
            Rule::Group { .. } => None,
        })
    }

    /// Whether the policy asks for any witness.
    #[must_use]
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Checks that a log of this policy signed the checkpoint in `note`, under its origin as name, and that the quorum of
    /// witnesses cosigned it.
    ///
    /// # Errors
    /// See [`PolicyFailure`]. Signatures of keys that are not in the policy are ignored.
    pub fn check(&self, note: &Note) -> Result<Endorsement, PolicyFailure> {
        self.check_with_logs(note, &self.logs)
    }

    /// Like [`Policy::check`], for logs whose keys are known from elsewhere.
    ///
    /// # Errors
    /// See [`PolicyFailure`].
    pub fn check_with_logs(&self, note: &Note, logs: &[VerifierKey]) -> Result<Endorsement, PolicyFailure> {
        let checkpoint = Checkpoint::open(note, logs)?;
        let mut cosigned: Vec<Cosigned> = Vec::new();
        let mut satisfied = Vec::with_capacity(self.members.len());
        for member in &self.members {
            satisfied.push(match &member.rule {
                Rule::Witness { key: None, .. } => false,
                Rule::Witness { key: Some(key), .. } => {
                    let time = newest_cosignature(key, note)?;
                    cosigned.extend(time.map(|time| Cosigned { witness: key.name().to_owned(), time }));
                    time.is_some()
                }
                Rule::Group { threshold, members } => {
                    members.iter().filter(|member| satisfied[**member]).count() >= *threshold
                }
            });
        }
        match self.quorum {
            Some(quorum) if !satisfied[quorum] => {
                let found = cosigned.into_iter().map(|cosigned| cosigned.witness).collect();
                Err(PolicyFailure::Quorum { quorum: shown(&self.members[quorum].name), found })
            }
            _ => Ok(Endorsement { checkpoint, cosigned }),
        }
    }
}

/// When `key` cosigned last, if it did.
fn newest_cosignature(key: &WitnessKey, note: &Note) -> Result<Option<u64>, PolicyFailure> {
    let mut newest = None;
    for signature in note.signatures().iter().filter(|signature| key.made(signature)) {
        let time = key.cosigned(note.text(), signature);
        newest =
            newest.max(Some(time.ok_or_else(|| PolicyFailure::BadCosignature { witness: key.name().to_owned() })?));
    }
    Ok(newest)
}

/// A policy of which some lines are read.
#[derive(Default)]
struct Draft {
    logs: Vec<VerifierKey>,
    members: Vec<Member>,
    quorum: Option<Option<usize>>,
}

impl Draft {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyProblem> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyProblem::Unterminated)?;
        if line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
            return Err(PolicyProblem::Character);
        }
        let words: Vec<_> = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match words[..] {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] | [b"log", key, _] => self.log(key),
            [b"witness", name, key] | [b"witness", name, key, _] => self.witness(name, key),
            [b"group", name, threshold, ref members @ ..] => self.group(name, threshold, members),
            [b"quorum", name] => self.quorum(name),
            _ => Err(PolicyProblem::Form),
        }
    }

    fn log(&mut self, key: &[u8]) -> Result<(), PolicyProblem> {
        let key: VerifierKey = text(key)?.parse()?;
        if self.logs.iter().any(|log| log.public() == key.public()) {
            return Err(PolicyProblem::DuplicateKey);
        }
        within(self.logs.len())?;
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8]) -> Result<(), PolicyProblem> {
        let key = text(key)?;
        let (kind, public) = any_key_text(key)?;
        let key = if kind == UNCHECKED { None } else { Some(Box::new(key.parse()?)) };
        let same = |member: &&Member| matches!(&member.rule, Rule::Witness { public: other, .. } if *other == public);
        if self.members.iter().any(|member| same(&member)) {
            return Err(PolicyProblem::DuplicateKey);
        }
        self.define(name, Rule::Witness { public, key })
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), PolicyProblem> {
        let threshold = match threshold {
            b"all" => names.len(),
            b"any" => 1,
            number => text(number)?.parse().ok().filter(|_| decimal(number)).ok_or(PolicyProblem::Threshold)?,
        };
        if !(1..=names.len()).contains(&threshold) {
            return Err(PolicyProblem::Threshold);
        }
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let at = self.find(name).ok_or_else(|| PolicyProblem::UnknownName(shown(name)))?;
            if std::mem::replace(&mut self.members[at].counted, true) {
                return Err(PolicyProblem::CountedTwice(shown(name)));
            }
            members.push(at);
        }
        self.define(name, Rule::Group { threshold, members })
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyProblem> {
        if self.quorum.is_some() {
            return Err(PolicyProblem::SecondQuorum);
        }
        let found = self.find(name);
        if found.is_none() && name != NO_WITNESS {
            return Err(PolicyProblem::UnknownName(shown(name)));
        }
        self.quorum = Some(found);
        Ok(())
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), PolicyProblem> {
        if name == NO_WITNESS || self.find(name).is_some() {
            return Err(PolicyProblem::NameTaken(shown(name)));
        }
        let group = |rule: &Rule| matches!(rule, Rule::Group { .. });
        within(self.members.iter().filter(|member| group(&member.rule) == group(&rule)).count())?;
        self.members.push(Member { name: name.to_owned(), rule, counted: false });
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }
}

/// The quorum that asks for no witness.
const NO_WITNESS: &[u8] = b"none";
/// ML-DSA-44 cosignatures: what new witnesses use, and what this version cannot check.
const UNCHECKED: u8 = 6;

fn within(count: usize) -> Result<(), PolicyProblem> {
    if count < MAX_OF_EACH { Ok(()) } else { Err(PolicyProblem::TooLarge) }
}

/// Keys and numbers are text; names need not be.
fn text(word: &[u8]) -> Result<&str, PolicyProblem> {
    str::from_utf8(word).map_err(|_| PolicyProblem::Form)
}

fn decimal(number: &[u8]) -> bool {
    number.iter().all(u8::is_ascii_digit) && !number.starts_with(b"0")
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

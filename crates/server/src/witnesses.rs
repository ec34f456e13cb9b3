//! Witnesses: others who cosign the checkpoints of the platform log, so that the operator cannot show two histories.
//!
//! Every few seconds the newest checkpoint becomes a *target*. Each witness is followed by a task of its own, which submits the
//! newest target with the proof from what the witness knows. A target that a quorum cosigned is *endorsed* and is what
//! readers get. Nothing waits for a witness: events are acknowledged and official without.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use indelible_api::AlarmKind;
use indelible_ledger::SignedCheckpoint;
use indelible_merkle::{AddCheckpoint, MAX_SIGNATURE_LINE_BYTES, Note, Policy, Signature, VerifierKey, WitnessKey};
use reqwest::StatusCode;
use tokio::sync::{Notify, watch};

use crate::app::App;
use crate::config::{Config, Witness};

/// How often the newest checkpoint becomes a target.
const TARGET_EVERY: Duration = Duration::from_secs(2);
/// Targets whose cosignatures are still collected.
const TARGETS_MAX: usize = 16;
/// Time for a witness to answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait between attempts at a witness that fails.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// Time after which a missing quorum raises an alarm, and readers get checkpoints without one.
pub(crate) const QUORUM_PATIENCE: Duration = Duration::from_secs(60);

/// The witnesses of the configuration, and what they cosigned.
pub(crate) struct Witnesses {
    members: Vec<Member>,
    policy: Policy,
    policy_text: String,
    targets: Mutex<Targets>,
    /// Size of the newest target.
    wanted: watch::Sender<u64>,
    /// The newest target that satisfies the policy.
    endorsed: watch::Sender<Option<Arc<Cosigned>>>,
    hurry: Notify,
}

/// One witness.
pub(crate) struct Member {
    pub(crate) name: String,
    key: WitnessKey,
    url: String,
    http: reqwest::Client,
    /// Size of the newest target that it cosigned.
    pub(crate) cosigned: AtomicU64,
    trouble: Mutex<Option<String>>,
}

/// A checkpoint of the platform log with cosignatures.
#[derive(Clone, Debug)]
pub(crate) struct Cosigned {
    pub(crate) size: u64,
    pub(crate) note: Note,
    /// When it was made a target.
    since: Instant,
}

#[derive(Default)]
struct Targets {
    /// By size.
    collecting: BTreeMap<u64, Cosigned>,
    /// Since when there is a target that no quorum cosigned, nor any larger one.
    behind: Option<Instant>,
}

/// What came of an attempt.
enum Attempt {
    Cosigned(Signature),
    /// The witness knows the log at this size, not at the one the proof began at.
    Knows(u64),
}

impl Witnesses {
    /// Takes the witnesses of a checked configuration, for the platform log that signs with `key` and signed with those that
    /// are `retired`.
    pub(crate) fn new(config: &Config, key: &VerifierKey, retired: &[VerifierKey]) -> anyhow::Result<Self> {
        let policy_text = policy_text(key, retired, &config.witness, config.quorum());
        let policy = Policy::parse(policy_text.as_bytes()).context("the witnesses of the configuration")?;
        let members = config.witness.iter().map(Member::new).collect::<anyhow::Result<_>>()?;
        Ok(Self {
            members,
            policy,
            policy_text,
            targets: Mutex::default(),
            wanted: watch::Sender::new(0),
            endorsed: watch::Sender::new(None),
            hurry: Notify::new(),
        })
    }

    /// What a reader may ask for: the platform log, the witnesses and their quorum, as C2SP `tlog-policy`.
    pub(crate) fn policy_text(&self) -> &str {
        &self.policy_text
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether checkpoints are endorsed by somebody.
    pub(crate) fn are_asked(&self) -> bool {
        !self.members.is_empty() && self.policy.asks_for_witnesses()
    }

    /// The newest endorsed checkpoint.
    pub(crate) fn endorsed(&self) -> Option<Arc<Cosigned>> {
        self.endorsed.borrow().clone()
    }

    /// For how long the quorum has been missing.
    pub(crate) fn behind(&self) -> Option<Duration> {
        self.targets().behind.map(|since| since.elapsed())
    }

    /// Makes `newest` a target if it is newer than the last.
    fn aim(&self, newest: &SignedCheckpoint) -> anyhow::Result<()> {
        let size = newest.checkpoint.size;
        if *self.wanted.borrow() >= size {
            return Ok(());
        }
        let since = Instant::now();
        let mut targets = self.targets();
        targets.collecting.insert(size, Cosigned { size, note: newest.note.parse()?, since });
        while targets.collecting.len() > TARGETS_MAX {
            targets.collecting.pop_first();
        }
        if self.are_asked() {
            targets.behind.get_or_insert(since);
        }
        drop(targets);
        self.wanted.send_replace(size);
        Ok(())
    }

    /// The newest target.
    fn target(&self) -> Option<Cosigned> {
        self.targets().collecting.last_key_value().map(|(_, target)| target.clone())
    }

    /// Adds a cosignature that was verified, and endorses the checkpoint when the quorum is reached.
    fn add(&self, size: u64, signature: Signature) {
        let mut targets = self.targets();
        let Some(target) = targets.collecting.get_mut(&size) else { return };
        if target.note.add(signature).is_err() || self.policy.check(&target.note).is_err() {
            return;
        }
        let target = target.clone();
        // More witnesses than needed add to what is endorsed already.
        let newer = self.endorsed.borrow().as_ref().is_none_or(|endorsed| endorsed.size <= size);
        if newer && self.are_asked() {
            targets.behind = targets.collecting.range(size + 1..).next().map(|(_, target)| target.since);
            self.endorsed.send_replace(Some(Arc::new(target)));
        }
    }

    fn targets(&self) -> MutexGuard<'_, Targets> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    fn new(witness: &Witness) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder().timeout(ANSWER_PATIENCE).redirect(reqwest::redirect::Policy::none());
        let url = witness.url.trim_end_matches('/').to_owned();
        if is_local(&url) {
            http = http.no_proxy();
        }
        Ok(Self {
            name: witness.name.clone(),
            key: witness.key.parse().with_context(|| format!("the key of the witness {}", witness.name))?,
            url,
            http: http.build().context("make an HTTP client")?,
            cosigned: AtomicU64::new(0),
            trouble: Mutex::new(None),
        })
    }

    /// Sends a checkpoint with its proof, and verifies what comes back.
    async fn submit(&self, request: &AddCheckpoint) -> anyhow::Result<Attempt> {
        let url = format!("{}/add-checkpoint", self.url);
        let answer =
            self.http.post(&url).body(request.to_string()).send().await.with_context(|| format!("ask {url}"))?;
        let status = answer.status();
        let text = read_text(answer).await?;
        match status {
            StatusCode::OK => {
                let note: Note =
                    format!("{}{text}", request.checkpoint).parse().context("its answer is no signature")?;
                let cosigned = |signature: &&Signature| self.key.cosigned(note.text(), signature).is_some();
                let signature = note.signatures().iter().find(cosigned);
                let signature = signature.with_context(|| format!("its answer is not signed by {}", self.key))?;
                Ok(Attempt::Cosigned(signature.clone()))
            }
            StatusCode::CONFLICT => {
                let size = text.strip_suffix('\n').unwrap_or(&text).parse::<u64>();
                Ok(Attempt::Knows(size.context("its answer about the size it knows is no number")?))
            }
            _ => bail!("it answered {status}: {}", text.lines().next().unwrap_or_default()),
        }
    }

    /// Notes what is wrong, or that nothing is; logs what is new.
    fn note_trouble(&self, trouble: Option<String>) {
        let mut known = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != trouble {
            match &trouble {
                Some(trouble) => tracing::warn!(witness = self.name, trouble, "a witness does not cosign"),
                None => tracing::info!(witness = self.name, "the witness cosigns again"),
            }
            *known = trouble;
        }
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The beginning of an answer, long enough for some signatures.
async fn read_text(mut answer: reqwest::Response) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.context("read the answer")? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > 4 * MAX_SIGNATURE_LINE_BYTES {
            bail!("its answer is too long");
        }
    }
    String::from_utf8(bytes).map_err(|_| anyhow!("its answer is no text"))
}

fn is_local(url: &str) -> bool {
    let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
}

fn policy_text(key: &VerifierKey, retired: &[VerifierKey], witnesses: &[Witness], quorum: usize) -> String {
    let mut text = format!("# Who signs for the platform log, and who must have cosigned.\nlog {key}\n");
    for key in retired {
        text += &format!("# Until a rotation that the log announces.\nlog {key}\n");
    }
    for Witness { name, key, .. } in witnesses {
        text += &format!("witness {name} {key}\n");
    }
    if quorum == 0 {
        return text + "quorum none\n";
    }
    let names: Vec<_> = witnesses.iter().map(|witness| witness.name.as_str()).collect();
    text + &format!("group {GROUP} {quorum} {}\nquorum {GROUP}\n", names.join(" "))
}

/// The name of the group of all witnesses in the policy; no witness has it.
pub(crate) const GROUP: &str = "witnesses";

impl App {
    /// Makes targets and follows the witnesses, until the server stops.
    pub(crate) async fn witness_forever(self: Arc<Self>) {
        let mut followers = tokio::task::JoinSet::new();
        for index in 0..self.witnesses.members.len() {
            followers.spawn(Arc::clone(&self).follow(index));
        }
        while !self.stopping.load(Relaxed) {
            if let Some(newest) = self.ledger.platform_log().checkpoint()
                && let Err(error) = self.witnesses.aim(&newest)
            {
                tracing::error!(error = format!("{error:#}"), "the platform's checkpoint cannot be read");
            }
            tokio::select! {
                () = tokio::time::sleep(TARGET_EVERY) => {}
                () = self.witnesses.hurry.notified() => {}
            }
        }
    }

    /// Has one witness cosign target after target.
    async fn follow(self: Arc<Self>, index: usize) {
        let member = &self.witnesses.members[index];
        let mut wanted = self.witnesses.wanted.subscribe();
        // What the witness knows; it says so itself if it is something else.
        let (mut known, mut failures) = (0, 0_u32);
        loop {
            let done = member.cosigned.load(Relaxed);
            if wanted.wait_for(|size| *size > done).await.is_err() {
                return;
            }
            let Some(target) = self.witnesses.target() else { continue };
            match self.attempt(member, &target, known).await {
                Ok(Attempt::Cosigned(signature)) => {
                    self.witnesses.add(target.size, signature);
                    member.cosigned.store(target.size, Relaxed);
                    member.note_trouble(None);
                    (known, failures) = (target.size, 0);
                    continue;
                }
                Ok(Attempt::Knows(size)) if size <= target.size && size != known => {
                    known = size;
                    continue;
                }
                Ok(Attempt::Knows(size)) if size > self.ledger.platform_log().size() => member.note_trouble(Some(format!(
                    "it has cosigned {size} entries of {}, and there are only {}: an older copy of the data folder was put back, or \
                     another server uses its keys",
                    self.ledger.platform_log().origin(),
                    self.ledger.platform_log().size(),
                ))),
                Ok(Attempt::Knows(size)) => {
                    known = size;
                    member.note_trouble(Some(format!("it has cosigned another tree of {size} entries, or answers at random")));
                }
                Err(error) => member.note_trouble(Some(format!("{error:#}"))),
            }
            failures = (failures + 1).min(6);
            tokio::time::sleep(Duration::from_secs(1 << failures).min(BACKOFF_MAX)).await;
        }
    }

    async fn attempt(&self, member: &Member, target: &Cosigned, known: u64) -> anyhow::Result<Attempt> {
        let proof = self.ledger.platform_log().consistency_proof(known.min(target.size), target.size)?;
        let request = AddCheckpoint { old_size: known.min(target.size), proof, checkpoint: target.note.clone() };
        member.submit(&request).await
    }

    /// The checkpoint that readers get: the newest endorsed one while the quorum holds, else the newest.
    pub(crate) fn served_checkpoint(&self) -> Option<String> {
        let newest = self.ledger.platform_log().checkpoint()?;
        let patience = self.witnesses.behind().is_none_or(|behind| behind <= QUORUM_PATIENCE);
        match self.witnesses.endorsed().filter(|_| patience) {
            Some(endorsed) => Some(endorsed.note.to_string()),
            None => Some(newest.note.clone()),
        }
    }

    /// A checkpoint of the platform log with at least `size` entries and the cosignatures that the policy asks for; after
    /// `patience` the newest with the cosignatures there are. `None` if there is none of that size at all.
    pub(crate) async fn cosigned_checkpoint(&self, size: u64, patience: Duration) -> anyhow::Result<Option<Note>> {
        if self.witnesses.are_asked() {
            self.witnesses.hurry.notify_one();
            let mut endorsed = self.witnesses.endorsed.subscribe();
            let large = |endorsed: &Option<Arc<Cosigned>>| endorsed.as_ref().is_some_and(|found| found.size >= size);
            if let Ok(Ok(found)) = tokio::time::timeout(patience, endorsed.wait_for(large)).await {
                return Ok(found.as_ref().map(|found| found.note.clone()));
            }
        }
        let newest = self.ledger.platform_log().checkpoint().filter(|newest| newest.checkpoint.size >= size);
        let Some(newest) = newest else { return Ok(None) };
        let target = self.witnesses.target().filter(|target| target.size >= size);
        Ok(Some(target.map_or_else(|| newest.note.parse(), |target| Ok(target.note))?))
    }

    /// Raises the alarm when the quorum is missing for long.
    pub(crate) fn watch_witnesses(&self) {
        let missing = self.witnesses.behind().filter(|behind| *behind > QUORUM_PATIENCE);
        let message = missing.map(|behind| {
            let troubles = self.witnesses.members.iter().filter_map(|member| Some((&member.name, member.trouble()?)));
            let troubles: Vec<_> = troubles.map(|(name, trouble)| format!("{name}: {trouble}")).collect();
            format!(
                "for {} seconds no new checkpoint of the platform log has had the {} cosignatures that the configuration asks for; {}",
                behind.as_secs(),
                self.config.quorum(),
                if troubles.is_empty() { "the witnesses are slow".to_owned() } else { troubles.join("; ") }
            )
        });
        self.alarms.set(AlarmKind::WitnessQuorumMissing, None, self.now_us(), message);
    }
}

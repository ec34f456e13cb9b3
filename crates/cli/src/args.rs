//! What the command line takes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use indelible_api::EntryRange;
use indelible_server::Config;

/// An audit log that anyone can prove.
///
/// Commands that talk to a server read INDELIBLE_URL (default http://127.0.0.1:7070) and INDELIBLE_TOKEN from the
/// environment; instead of a token, producers may present INDELIBLE_CLIENT_CERTIFICATE with INDELIBLE_CLIENT_KEY.
/// Exit codes: 0 yes or done, 1 no or nothing found, 2 could not tell or failed.
#[derive(Parser)]
#[command(name = "indelible", version, max_term_width = 110)]
pub(crate) struct Cli {
    /// File of the authorities, in PEM, that the server's certificate may be from [default: those of the system].
    #[arg(long, value_name = "FILE", env = "INDELIBLE_CA", id = "server-ca")]
    pub(crate) ca: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve(ServeArgs),
    /// Run a server in a fresh folder with a simulated platform, show three reviews and the proof, and leave it running.
    Demo(DemoArgs),
    /// Import audit logs of other systems into a running server.
    Import(ImportArgs),
    /// Follow log files and hand their records to a server, each exactly once.
    Agent(AgentArgs),
    /// List adapters, try one on samples, or have one drafted from samples. Needs no server.
    #[command(subcommand)]
    Adapter(AdapterCommand),
    /// Search events.
    Search(SearchArgs),
    /// Run SQL over the tables `events` and `entries`.
    Sql(SqlArgs),
    /// Print the newest signed checkpoints; keep them to detect a cut tail later.
    Checkpoint(CheckpointArgs),
    /// Print one event with the proof that it stands in its organization's log.
    Prove(ProveArgs),
    /// Make a proof bundle: entries of a log with everything that proves them, for somebody without access.
    Bundle(BundleArgs),
    /// Verify an archive or a proof bundle offline: nothing altered, dropped, reordered or added.
    Verify(VerifyArgs),
    /// Count what producers emitted and what of it is there, by organization, producer, epoch and hour.
    Accounting(AccountingArgs),
    /// Look for what is wrong with a data folder and its server, or accept a clock that jumped.
    Doctor(DoctorArgs),
    /// Look at the archive, seal what is waiting, check it, or rebuild a server from it.
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Change the key with which the logs of a server are signed.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Push the events of an organization to a SIEM or other destination.
    #[command(subcommand)]
    Sink(SinkCommand),
    /// Export an organization's log to a Delta Lake table that is kept up to date.
    #[command(subcommand)]
    Export(ExportCommand),
    /// List, show, replay or dismiss records that were refused and whose senders could not be told.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Look at or set how long an organization's log files are kept.
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// As the operator, see the infrastructure part of all organizations' entries.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// List and decide what waits for a second person.
    #[command(subcommand)]
    Request(RequestCommand),
    /// Ask for entries to lose their content for ever. Everything else stays proven. A second person always approves it.
    Redact(RedactArgs),
    /// As the operator, read whole entries of an organization that approves it, for some hours.
    #[command(subcommand)]
    Investigation(InvestigationCommand),
    /// Run a witness: cosign the checkpoints of other people's logs, and only those that extend what was cosigned before.
    Witness(WitnessArgs),
    /// Create and list organizations.
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Create, list and revoke tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Say what people and groups of people may do where.
    #[command(subcommand)]
    Grant(GrantCommand),
    /// List who has signed in.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Set the password of the embedded administrator.
    #[command(subcommand)]
    Administrator(AdministratorCommand),
    /// Create, list and revoke clients, which get short-lived tokens by OAuth 2.0.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Register, list and revoke names of client certificates, by which producers are known.
    #[command(subcommand)]
    Certificate(CertificateCommand),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write man pages into a folder.
    #[command(hide = true)]
    Man {
        /// The folder.
        out: PathBuf,
    },
}

/// The configuration in a file, or the defaults, for this data folder if one is named.
pub(crate) fn configuration(file: Option<&Path>, data_dir: Option<PathBuf>) -> anyhow::Result<Config> {
    let mut config = file.map(Config::read).transpose()?.unwrap_or_default();
    if let Some(data_dir) = data_dir {
        config.data_dir = data_dir;
    }
    Ok(config)
}

#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Configuration file; every key has a default.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of everything the server keeps [default: indelible-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:7070].
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Write the log as JSON lines.
    #[arg(long)]
    pub(crate) log_json: bool,
}

#[derive(Subcommand)]
pub(crate) enum CertificateCommand {
    /// Register a name; whoever has a certificate for it may send events.
    Create {
        /// The organization whose events they are, or '*' for the operator's reach.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// What it allows: audit:emit and no other.
        #[arg(long, value_delimiter = ',', required = true)]
        operations: Vec<String>,
        /// A DNS name or URI of the certificates' subjectAltName.
        #[arg(long, value_name = "NAME")]
        subject: String,
    },
    /// List the names.
    List {
        /// The organization, or '*' for the operator's reach.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Forget a name at once.
    Revoke {
        /// Id of the registration.
        id: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Print the key that signs after the next rotation, made if there is none: tell it to witnesses and auditors first.
    Next(KeyArgs),
    /// Sign with the next key from now on. The change is announced in the platform log, signed by both keys; the old private
    /// key is destroyed. Stop the server first.
    Rotate(KeyArgs),
}

#[derive(Args)]
pub(crate) struct KeyArgs {
    /// Configuration file of the server.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of everything the server keeps [default: indelible-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct WitnessArgs {
    /// Configuration file with any of name, key-file, state, listen and logs (a list); options on the command line go first.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Name of the witness, for example witness.example.com; part of its key and fixed once it has signed.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// File with the private key; made if absent [default: witness.key].
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Folder of what was cosigned, and of evidence against logs [default: witness-state].
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:7171].
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Verifier key of a log to watch (the line `log` of its server's /api/v1/policy); may be given several times.
    #[arg(long, value_name = "VKEY")]
    pub(crate) log: Vec<String>,
    /// Print the witness's verifier key and end.
    #[arg(long)]
    pub(crate) print_key: bool,
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Fresh folder for the demo's server [default: a new one below .demo].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7070")]
    pub(crate) listen: SocketAddr,
    /// Seed of the simulated platform: the same seed gives the same people and the same stories.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// People on the simulated platform, 40 at least; each leaves some 200 events.
    #[arg(long, default_value_t = indelible_demo::PEOPLE)]
    pub(crate) people: usize,
    /// Stop the server at the end instead of leaving it running.
    #[arg(long)]
    pub(crate) exit: bool,
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Built-in adapter (`indelible adapter list` names them) or the path of an adapter file.
    pub(crate) adapter: String,
    /// Files to import, plain, gzip or zstd; `-` is standard input.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Put all events into this organization instead of the one each record names [default: the one that the token is for, if it is for one].
    #[arg(long, value_name = "RID")]
    pub(crate) organization: Option<String>,
    /// Year of records that carry none [default: the latest that is not in the future].
    #[arg(long)]
    pub(crate) year: Option<i16>,
    /// Time zone of records that carry none, such as Europe/Berlin or +02:00 [default: UTC].
    #[arg(long)]
    pub(crate) timezone: Option<String>,
    /// Take records without a time too, dated 1970-01-01T00:00:00Z and marked as undated [default: they are refused].
    #[arg(long)]
    pub(crate) undated: bool,
    /// Where refused records go, with reasons [default: refused-<first file>.jsonl in this folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) refused: Option<PathBuf>,
    /// Ask for signed receipts and add them to this file: what `verify --receipts` holds against the operator.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipts: Option<PathBuf>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub(crate) format: SummaryFormat,
    /// Events in one request.
    #[arg(long, default_value_t = 1000, hide = true)]
    pub(crate) batch: usize,
}

const AGENT_EXAMPLES: &str = "\
Examples:
  indelible agent --adapter openssh --organization RID /var/log/auth.log follow a file, through its rotation
  indelible agent --adapter audit3 '/opt/*/var/log/audit.3*.log*'        all files that match, archives too
  indelible agent --adapter openssh --once auth.log.*.gz                 hand over what is there and end
  indelible agent --config /etc/indelible/agent.toml                     several kinds of files; see docs/guides/agent.md
  indelible agent --config /etc/indelible/agent.toml --status            how far it is

Exit codes with --once: 0 the server has everything that was there, or has refused it; 2 it has not, and why is said.
What was read is written down in the folder of --spool: with another folder everything is read again.";

#[derive(Args)]
#[command(after_help = AGENT_EXAMPLES)]
pub(crate) struct AgentArgs {
    /// Files to follow, with what rotation makes of them; quoted paths may hold `*` and `?`.
    #[arg(required_unless_present_any = ["config", "status"], requires = "adapter")]
    pub(crate) files: Vec<PathBuf>,
    /// Configuration file, with a section [[file]] for each kind of files.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Built-in adapter, such as audit3 or openssh (`indelible adapter list`), or the path of an adapter file.
    #[arg(long, requires = "files")]
    pub(crate) adapter: Option<String>,
    /// Put all events of FILES into this organization instead of the one each record names.
    #[arg(long, value_name = "RID", requires = "files")]
    pub(crate) organization: Option<String>,
    /// Year of records that carry none [default: the latest that is not in the future].
    #[arg(long, requires = "files")]
    pub(crate) year: Option<i16>,
    /// Time zone of records that carry none, such as Europe/Berlin or +02:00 [default: UTC].
    #[arg(long, requires = "files")]
    pub(crate) timezone: Option<String>,
    /// Folder of everything the agent keeps: positions, events that wait, refused records [default: indelible-agent].
    #[arg(long, value_name = "DIR")]
    pub(crate) spool: Option<PathBuf>,
    /// File with a token for audit:emit [default: the token in INDELIBLE_TOKEN].
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Name of this machine among those whose agents use the same token [default: its host name].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Read what is there, wait until the server has it, and end.
    #[arg(long)]
    pub(crate) once: bool,
    /// Print how the agent with this spool stands, and end.
    #[arg(long, conflicts_with = "once")]
    pub(crate) status: bool,
    /// How the status is printed.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text, requires = "status")]
    pub(crate) format: SummaryFormat,
    /// Write the log as JSON lines.
    #[arg(long)]
    pub(crate) log_json: bool,
}

#[derive(Subcommand)]
pub(crate) enum AdapterCommand {
    /// List the built-in adapters.
    List {
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Try an adapter on samples: what each record becomes, or why it is refused, and what its author should look at.
    ///
    /// Exit codes: 0 it can be used as it is; 1 it cannot (a record failed, more than 2 % were refused, free text gets into
    /// what the operator reads; with --expect instead of the 2 %: something differs from what is expected); 2 the adapter
    /// does not compile or a file cannot be read.
    Test(AdapterTestArgs),
    /// Draft an adapter from samples, by the names of their fields and by what their values look like.
    ///
    /// The draft says what it guessed, how sure it is, and what it did not find. It compiles, and converts the samples.
    /// Exit codes: 0 drafted, 1 the samples hold nothing to draft from, 2 failed.
    Suggest(AdapterSuggestArgs),
}

#[derive(Args)]
pub(crate) struct AdapterTestArgs {
    /// Path of an adapter file, or a built-in adapter.
    pub(crate) adapter: String,
    /// Samples, plain, gzip or zstd; `-` is standard input.
    #[arg(required = true)]
    pub(crate) samples: Vec<PathBuf>,
    /// What the records should become, as `--write` wrote it: one line for each record.
    #[arg(long, value_name = "FILE")]
    pub(crate) expect: Option<PathBuf>,
    /// Write what the records become into the file of `--expect` instead of comparing, if nothing is to settle.
    #[arg(long, requires = "expect")]
    pub(crate) write: bool,
    /// Print only what all records together show, not each of them.
    #[arg(long)]
    pub(crate) summary: bool,
    /// Year of records that carry none [default: the latest that is not in the future].
    #[arg(long)]
    pub(crate) year: Option<i16>,
    /// Time zone of records that carry none, such as Europe/Berlin or +02:00 [default: UTC].
    #[arg(long)]
    pub(crate) timezone: Option<String>,
    /// Take records without a time too, dated 1970-01-01T00:00:00Z and marked as undated [default: they are refused].
    #[arg(long)]
    pub(crate) undated: bool,
    /// How it is printed; JSON is one object for each record, then one for all.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub(crate) format: SummaryFormat,
}

#[derive(Args)]
pub(crate) struct AdapterSuggestArgs {
    /// Samples, plain, gzip or zstd; `-` is standard input. A few hundred records are enough, at most 10,000 are read.
    #[arg(required = true)]
    pub(crate) samples: Vec<PathBuf>,
    /// What to call the adapter [default: the name of the first file].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Write the draft into this file [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file of `--out` if it exists.
    #[arg(long, requires = "out")]
    pub(crate) overwrite: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// For people.
    Text,
    /// One JSON object on the last line.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Aligned columns.
    Table,
    /// One JSON object a line.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

#[derive(Args)]
pub(crate) struct SearchArgs {
    /// The search, for example 'category:dataExport uid:u1 -result:SUCCESS'; empty or * finds everything.
    #[arg(default_value = "", allow_hyphen_values = true)]
    pub(crate) query: String,
    /// Only this organization; otherwise all you may read.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: Option<String>,
    /// Earliest event time: an age such as 7d, 12h or 30m, a date, or RFC 3339.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// End of the event times, exclusive: as --since.
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// At most so many events [default: 100 as a table, all otherwise].
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// Oldest first instead of newest first.
    #[arg(long)]
    pub(crate) oldest: bool,
    /// Print the number of matching events only.
    #[arg(long)]
    pub(crate) count: bool,
    /// How events are printed.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub(crate) format: RowFormat,
}

#[derive(Args)]
pub(crate) struct SqlArgs {
    /// One select, for example 'select name, count(*) from events group by name'.
    pub(crate) query: String,
    /// Only this organization; otherwise all you may read.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: Option<String>,
    /// How rows are printed.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub(crate) format: RowFormat,
}

#[derive(Args)]
pub(crate) struct CheckpointArgs {
    /// Only this organization; otherwise all you may read.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: Option<String>,
    /// Print the verifier keys instead, one a line, for `verify --key`.
    #[arg(long)]
    pub(crate) keys: bool,
}

#[derive(Args)]
pub(crate) struct ProveArgs {
    /// The event's logEntryId.
    pub(crate) log_entry_id: String,
    /// Only this organization; otherwise all you may read.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: Option<String>,
}

#[derive(Args)]
pub(crate) struct BundleArgs {
    /// Whose entries.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: String,
    /// Folder to make; it must not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Show only what this search finds, such as 'category:dataExport -uid:ann'. Of exact values of the infrastructure part
    /// readers can see that nothing else matches.
    #[arg(long, value_name = "SEARCH", allow_hyphen_values = true)]
    pub(crate) search: Option<String>,
    /// First entry [default: 0].
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["received_from", "received_to", "event"])]
    pub(crate) from_seq: Option<u64>,
    /// Last entry [default: the end of the log].
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["received_from", "received_to", "event"])]
    pub(crate) to_seq: Option<u64>,
    /// Entries that the server received then or later: RFC 3339, a date, or an age such as 7d.
    #[arg(long, value_name = "TIME", conflicts_with = "event")]
    pub(crate) received_from: Option<String>,
    /// Entries that the server received before that.
    #[arg(long, value_name = "TIME", conflicts_with = "event")]
    pub(crate) received_to: Option<String>,
    /// Only the event with this logEntryId.
    #[arg(long, value_name = "ID")]
    pub(crate) event: Option<String>,
    /// How rows are written [default: jsonl].
    #[arg(long, value_enum)]
    pub(crate) rows: Option<BundleRows>,
    /// File of checkpoints the reader kept (from `indelible checkpoint`): the bundle proves that it continues them.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BundleRows {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
    /// Parquet.
    Parquet,
}

impl BundleRows {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Folder of the archive, for example DIR/archive, or of a proof bundle; or the URL of a bucket, s3://bucket/prefix or
    /// azure://container/prefix.
    pub(crate) place: String,
    /// Configuration file whose section [bucket] says how to reach a bucket [default: by the environment].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Verifier key you hold (from `indelible checkpoint --keys`), or a file of them; may be given several times.
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) key: Vec<String>,
    /// File of older checkpoints (from `indelible checkpoint`): archive or bundle must still extend them.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Policy you hold (C2SP tlog-policy): logs and witnesses you trust, and how many of these must have cosigned. Of an archive
    /// its logs count, as keys.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// File of receipts (from `indelible import --receipts`): every entry they promise must be there.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipts: Option<PathBuf>,
    /// Folder of content keys, for example DIR/keys/content: encrypted content is looked at too. Without it the content is left
    /// aside, and everything else is verified.
    #[arg(long, value_name = "DIR")]
    pub(crate) content_keys: Option<PathBuf>,
    /// Answer 2 instead of 0 when something could not be checked against what you hold.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Exit codes: 0 nothing is missing, 1 something is, or there is no event.
#[derive(Args)]
pub(crate) struct AccountingArgs {
    /// Only this organization; otherwise all you may read.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: Option<String>,
    /// Only what was received since: an age such as 7d, 12h or 30m, a date, or RFC 3339 [default: all time].
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// How rows are printed.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub(crate) format: RowFormat,
}

/// Exit codes: 0 all is well or wants only looking at, 1 something is wrong, 2 something could not be looked at.
#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// Configuration file of the server.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The server's data folder [default: indelible-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Say that the clock is right after it jumped, so that intake goes on; it is recorded in the operator's log.
    #[arg(long)]
    pub(crate) accept_clock: bool,
    /// How the findings are printed.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub(crate) format: RowFormat,
}

#[derive(Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Show what is archived and what waits.
    Status {
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Seal and archive now what is waiting.
    Seal {
        /// Only this organization; otherwise all.
        #[arg(long, value_name = "RID")]
        organization: Option<String>,
        /// How the new state is printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// List an organization's log files, the newest first: when each was sealed, archived and read back.
    LogFiles {
        /// Whose.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Write a log as a static tree of C2SP tiles: checkpoint, hashes and, of the platform log, entries.
    Tiles(TilesArgs),
    /// Let the server check its archive now, as an auditor would, and compare it with its ledger.
    Verify {
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a working server from the archive of one that was lost. Needs no server; the old one must not run any more.
    Rebuild(RebuildArgs),
}

#[derive(Args)]
pub(crate) struct TilesArgs {
    /// The log of this organization [default: the platform log].
    #[arg(long, value_name = "RID")]
    pub(crate) organization: Option<String>,
    /// Folder for the tree; an older one of the same log is brought up to date.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Args)]
pub(crate) struct RebuildArgs {
    /// The archive: its folder, or the URL of a bucket, which the section [bucket] of the configuration file says how to reach.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) from: String,
    /// New data folder. The same one again goes on with a rebuild that was broken off.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
    /// Folder of the keys of the server that was lost (DATA-DIR/keys or its backup). Without it, new keys are made: other
    /// signatures and labels, for which nothing in the archive vouches.
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,
    /// File of checkpoints that witnesses or auditors hold (from `indelible checkpoint`): the archive must not contradict
    /// them, and how far they reach beyond it is stated in the new logs.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Configuration file of the new server.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum ExportCommand {
    /// Create an export; the server makes the table, fills it with what is archived and goes on.
    Create(CreateExportArgs),
    /// List the exports of an organization and how far they are.
    List {
        /// Whose exports.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// End an export for ever: nothing is added to its table any more, nor removed from it.
    Disable {
        /// Whose export.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// Name of the export.
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum OperatorCommand {
    /// Search events by their infrastructure part.
    Search(SearchArgs),
    /// Run SQL over the infrastructure part of entries.
    Sql(SqlArgs),
    /// List all organizations, with the sizes of their logs and what is not archived yet.
    Organizations {
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// List refused records of all organizations that wait in the quarantine: how they came and why they were refused.
    Quarantine {
        /// Only this organization's.
        #[arg(long, value_name = "RID")]
        organization: Option<String>,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Print the infrastructure part of one event with its proof; `indelible verify FILE` checks it offline.
    Entry(ProveArgs),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

#[derive(Args)]
pub(crate) struct RedactArgs {
    /// The organization.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: String,
    /// Generation of the log; the newest if absent.
    #[arg(long)]
    pub(crate) generation: Option<u32>,
    /// Places of the entries in the log, such as 12,40-44: `seq` of a search with --format json.
    #[arg(long, value_name = "PLACES", value_delimiter = ',', required = true, value_parser = parse_range)]
    pub(crate) seq: Vec<EntryRange>,
    /// Why; recorded in the log.
    #[arg(long)]
    pub(crate) reason: String,
}

/// `12` or `40-44`.
fn parse_range(text: &str) -> Result<EntryRange, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(EntryRange { first, last }),
        _ => Err("a place is a number, or two with - in between, the smaller one first".to_owned()),
    }
}

#[derive(Subcommand)]
pub(crate) enum RequestCommand {
    /// List what was asked for about an organization that you administer, or what you asked for.
    List {
        /// RID of the organization; without it what you asked for.
        #[arg(long, value_name = "RID")]
        organization: Option<String>,
        /// How requests are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Approve a request of somebody else, and have it done.
    Approve {
        /// Its id.
        id: String,
    },
    /// Refuse a request of somebody else.
    Refuse {
        /// Its id.
        id: String,
    },
    /// Withdraw a request that waits, or end an investigation at once.
    Withdraw {
        /// Its id.
        id: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum InvestigationCommand {
    /// Ask an organization to let you see whole entries; prints the id.
    Create(CreateInvestigationArgs),
    /// List what you asked for.
    List {
        /// How requests are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Search by an investigation that goes on. The organization sees the search in its log.
    Search {
        /// Id of the investigation.
        id: String,
        #[command(flatten)]
        search: SearchArgs,
    },
    /// Run SQL by an investigation that goes on. The organization sees the query in its log.
    Sql {
        /// Id of the investigation.
        id: String,
        #[command(flatten)]
        sql: SqlArgs,
    },
    /// Print one whole entry with its proof by an investigation that goes on.
    Entry {
        /// Id of the investigation.
        id: String,
        /// The `logEntryId`.
        log_entry_id: String,
    },
    /// End an investigation before its time.
    End {
        /// Id of the investigation.
        id: String,
    },
}

#[derive(Args)]
pub(crate) struct CreateInvestigationArgs {
    /// Whose log.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: String,
    /// Why; the organization reads it.
    #[arg(long)]
    pub(crate) reason: String,
    /// The ticket it belongs to.
    #[arg(long)]
    pub(crate) ticket: String,
    /// For how many hours, from the approval on.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) hours: u32,
    /// Begin without an approval, where the server's configuration has that way.
    #[arg(long)]
    pub(crate) emergency: bool,
}

#[derive(Subcommand)]
pub(crate) enum RetentionCommand {
    /// Show how long log files are kept, and how many are gone.
    Show {
        /// Whose log.
        #[arg(long, value_name = "RID")]
        organization: String,
    },
    /// Set how long log files are kept. Longer counts for all of them, shorter for those that come.
    Set(SetRetentionArgs),
}

#[derive(Args)]
pub(crate) struct SetRetentionArgs {
    /// Whose log.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: String,
    /// Days from when the last entry of a log file was received.
    #[arg(long, value_name = "N", required_unless_present = "forever", conflicts_with = "forever")]
    pub(crate) days: Option<u32>,
    /// Keep them for ever.
    #[arg(long)]
    pub(crate) forever: bool,
    /// Let nothing go, whatever the days, until this is set again without it.
    #[arg(long)]
    pub(crate) hold: bool,
    /// Why, for who has to approve it.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Args)]
pub(crate) struct CreateExportArgs {
    /// Whose log.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: String,
    /// Name of the export.
    #[arg(long)]
    pub(crate) name: String,
    /// Empty folder for the table: an absolute path or file:///PATH on the server, below one of its exports.destinations.
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Only events whose time is on this day, UTC, or later.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) from: Option<String>,
    /// Delete rows so many days after they were added, at most 730 [default: never].
    #[arg(long, value_name = "N")]
    pub(crate) retention_days: Option<u16>,
    /// Give each row its salt, so that it proves itself.
    #[arg(long)]
    pub(crate) salt: bool,
    /// Who may read the table, as a note to everybody; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Vec<String>,
    /// Wait until everything that is archived now is in the table.
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Subcommand)]
pub(crate) enum OrganizationCommand {
    /// Create an organization; you become its administrator.
    Create {
        /// Its RID, ri.indelible..organization.<id>.
        organization: String,
        /// Who administers it from the beginning, besides you: person:ID or group:PROVIDER/NAME.
        #[arg(long, value_name = "GRANTEE")]
        administrator: Option<String>,
    },
    /// Show or set whether the operator is shown pseudonyms of the organization's people, sessions and tokens.
    Pseudonyms {
        /// RID of the organization.
        organization: String,
        /// What it shall be; without it, what it is.
        switch: Option<Switch>,
    },
    /// Encrypt the content of what comes in from now on. It stays on.
    Encrypt {
        /// The organization.
        #[arg(value_name = "RID")]
        organization: String,
    },
    /// Whether the content of an organization's log is encrypted.
    Encryption {
        /// The organization.
        #[arg(value_name = "RID")]
        organization: String,
    },
    /// Which entries of an organization's log are redacted, and what still holds their contents.
    Redactions {
        /// The organization.
        #[arg(value_name = "RID")]
        organization: String,
    },
    /// Destroy the keys of the content so far, and with them all content encrypted under them, for ever. Proofs go on.
    EraseKey {
        /// The organization.
        #[arg(value_name = "RID")]
        organization: String,
        /// Why; recorded in the log.
        #[arg(long)]
        reason: String,
        /// That it is meant.
        #[arg(long)]
        yes: bool,
    },
    /// List the organizations you may read.
    List {
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
}

#[derive(Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List records, the oldest first, without what they hold.
    List {
        /// The organization.
        #[arg(long, value_name = "RID")]
        organization: String,
        #[command(flatten)]
        select: QuarantineSelect,
        /// Also those that were replayed or dismissed.
        #[arg(long)]
        all: bool,
        /// At most so many.
        #[arg(long, default_value_t = 1000)]
        limit: u32,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Print a record as it came, and why it was refused. That is recorded in the organization's log.
    Show {
        /// Its id, as listed.
        id: String,
        /// The organization.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// The record alone, byte for byte, or everything about it as JSON.
        #[arg(long, value_enum, default_value_t = RecordFormat::Raw)]
        format: RecordFormat,
    },
    /// Try records again. What is stored then does not wait any more; nothing is stored twice.
    Replay {
        /// Their ids, as listed; all that wait if there is none.
        ids: Vec<String>,
        /// The organization.
        #[arg(long, value_name = "RID")]
        organization: String,
        #[command(flatten)]
        select: QuarantineSelect,
        /// Another adapter: one of the server's by name, or a file *.vrl, which runs here.
        #[arg(long, value_name = "NAME|FILE")]
        adapter: Option<String>,
        /// How the summary is printed.
        #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
        format: SummaryFormat,
    },
    /// Give records up. What they hold is gone; that they were there stays.
    Dismiss {
        /// Their ids, as listed.
        ids: Vec<String>,
        /// The organization.
        #[arg(long, value_name = "RID")]
        organization: String,
        #[command(flatten)]
        select: QuarantineSelect,
        /// All that wait, or all that the options name.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

/// What `quarantine show` prints.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    /// The record alone; everything else goes to standard error.
    Raw,
    /// Everything, in one line.
    Json,
}

#[derive(Args)]
pub(crate) struct QuarantineSelect {
    /// Only what came this way, such as hec or syslog/edge.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Only what was refused for this, such as notThisKind.
    #[arg(long)]
    pub(crate) code: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it, alone, on standard output. It is shown this once.
    Create {
        /// The organization, or '*' for the operator's operations.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// Comma-separated, for example audit:emit,audit:search.
        #[arg(long, value_delimiter = ',', required = true)]
        operations: Vec<String>,
        /// Time until it ends, such as 30d or 12h; never if absent.
        #[arg(long)]
        ttl: Option<String>,
        /// Name of who will use it.
        #[arg(long, default_value = "token")]
        name: String,
        /// Adapter of the server through which goes what is sent with it over other systems' protocols and is no event.
        #[arg(long, value_name = "NAME")]
        adapter: Option<String>,
    },
    /// List tokens: what they allow, when they end, when they were last used. Secrets are not kept.
    List {
        /// The organization, or '*' for those with the operator's operations.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// End a token at once.
    Revoke {
        /// Its id, as listed.
        id: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum GrantCommand {
    /// Grant a role and print the grant's id. It holds at once.
    Create {
        /// Who: person:ID, as the person's own page and `indelible person list` say it, or group:PROVIDER/NAME.
        #[arg(long, value_name = "GRANTEE")]
        to: String,
        /// The organization, or '*' for the operator's reach.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// organization-administrator, analyst, reviewer or producer; on '*' platform-administrator, operator-observer or
        /// operator-investigator.
        #[arg(long)]
        role: String,
    },
    /// List grants.
    List {
        /// The organization, or '*' for the operator's reach.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Take a grant back at once.
    Remove {
        /// Its id, as listed.
        id: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum PersonCommand {
    /// List who has signed in: who may do something on an organization, or everybody.
    List {
        /// The organization, or '*' for everybody.
        #[arg(long, value_name = "RID", default_value = "*")]
        organization: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
}

#[derive(Subcommand)]
pub(crate) enum AdministratorCommand {
    /// Set the password, read from the terminal or the first line of standard input. Needs the administrator's token; its
    /// sessions end.
    Password {
        /// Let the server make one, which is printed and has to be changed at the first sign-in.
        #[arg(long)]
        generate: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum ClientCommand {
    /// Create a client and print its id and secret on standard output. The secret is shown this once.
    Create {
        /// The organization.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// Comma-separated.
        #[arg(long, value_delimiter = ',', default_value = "audit-export:view")]
        operations: Vec<String>,
        /// Name of who will use it.
        #[arg(long, default_value = "client")]
        name: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
        format: SummaryFormat,
    },
    /// List the clients of an organization.
    List {
        /// The organization.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Revoke a client: its secret and its tokens end at once.
    Revoke {
        /// Its id.
        id: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum SinkCommand {
    /// Create a sink; it begins at once.
    Create(SinkCreateArgs),
    /// List sinks with their state, lag and dead letters.
    List {
        /// Whose sinks.
        #[arg(long, value_name = "RID")]
        organization: String,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
    /// Send one event marked as a test. Exit codes: 0 the destination took it, 1 it did not.
    Test(SinkName),
    /// Deliver again everything received since a time; events keep their ids.
    Backfill {
        #[command(flatten)]
        sink: SinkName,
        /// An age such as 7d or 12h, a date, or RFC 3339.
        #[arg(long, value_name = "TIME")]
        from: String,
    },
    /// Let a sink go on from where it was disabled.
    Enable(SinkName),
    /// Stop a sink; it keeps its place.
    Disable(SinkName),
    /// Remove a sink with its place and dead letters.
    Delete(SinkName),
    /// List the events that the destination refused for what is in them.
    DeadLetters {
        #[command(flatten)]
        sink: SinkName,
        /// Send them again instead.
        #[arg(long)]
        replay: bool,
        /// Give them up instead: the destination will not have them.
        #[arg(long, conflicts_with = "replay")]
        discard: bool,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        format: RowFormat,
    },
}

#[derive(Args)]
pub(crate) struct SinkName {
    /// Name of the sink.
    pub(crate) name: String,
    /// Whose it is.
    #[arg(long, value_name = "RID")]
    pub(crate) organization: String,
}

#[derive(Args)]
pub(crate) struct SinkCreateArgs {
    #[command(flatten)]
    pub(crate) sink: SinkName,
    /// splunk+https://HOST:8088, elastic+https://HOST:9200, syslog+tls://HOST:6514, syslog+tcp://HOST:601,
    /// otlp+https://HOST:4318/v1/logs, webhook+https://HOST/PATH; files: /FOLDER, s3://BUCKET/PREFIX or azure://CONTAINER/PREFIX.
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// How events look.
    #[arg(long, value_enum, default_value_t = SinkFormat::Audit3)]
    pub(crate) format: SinkFormat,
    /// File with the token, password or key of the destination [default: INDELIBLE_SINK_SECRET in the environment].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Deliver what was received since: an age such as 7d or 12h, a date, or RFC 3339 [default: from now on].
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Splunk and Elasticsearch: the index or data stream.
    #[arg(long)]
    pub(crate) index: Option<String>,
    /// Splunk: the source type.
    #[arg(long)]
    pub(crate) source_type: Option<String>,
    /// Splunk: count events as delivered once they are indexed; the token must have indexer acknowledgement.
    #[arg(long)]
    pub(crate) acknowledge: bool,
    /// Elasticsearch: sign in as this user, the secret being the password instead of an API key.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// File of certificates, in PEM, that may sign the destination's [default: those of the server's system].
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Syslog over TLS: file of certificates that name the server to the receiver; the secret is their private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// Files: Parquet instead of lines.
    #[arg(long)]
    pub(crate) parquet: bool,
    /// Most events at once [default: 500; files 10000].
    #[arg(long)]
    pub(crate) batch_events: Option<usize>,
    /// Most bytes at once, before the format and compression.
    #[arg(long, default_value_t = 1 << 20, requires = "batch_events")]
    pub(crate) batch_bytes: usize,
    /// How long events wait for a batch to fill.
    #[arg(long, default_value_t = 0, requires = "batch_events")]
    pub(crate) batch_seconds: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SinkFormat {
    /// JSON as it is delivered everywhere.
    #[value(name = "audit.3")]
    Audit3,
    /// JSON of the Open Cybersecurity Schema Framework.
    Ocsf,
    /// ArcSight Common Event Format.
    Cef,
}

impl SinkFormat {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Audit3 => "audit.3",
            Self::Ocsf => "ocsf",
            Self::Cef => "cef",
        }
    }
}

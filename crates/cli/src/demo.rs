//! `demo`: a real server in a fresh folder, three services that audit to it, a simulated platform whose people work through
//! them, three reviews of the log, and the proof. The server is a process of its own and stays.

mod traffic;

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indelible_api::{CreateOrganization, CreateToken, OrganizationSummary, TokenAnswer};
use indelible_demo::Platform;
use indelible_demo::reviews::{self, Ask, Review, Step};
use indelible_sdk::{Auditor, Server};
use indelible_stack::{Clock, PRODUCTS, Peers, Stack};
use jiff::Timestamp;
use serde_json::Value;

use crate::args::DemoArgs;
use crate::client::{Client, Trust};
use crate::output;

/// How long the services' events may be on their way.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(60);
/// How long the server may take to start.
const START_PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let data = fresh_folder(args.data_dir)?;
    let listen = free_address(args.listen)?;
    heading("1. A server with embedded defaults, in a fresh folder");
    let (mut server, url) = start_server(&data, listen)?;
    let result = tour(&data, &url, &Scale { seed: args.seed, people: args.people });
    if args.exit || result.is_err() {
        stop(&mut server);
    }
    result?;
    heading("Look around");
    if args.exit {
        say(&format!("The server is stopped; its data is in {}.", data.display()));
    } else {
        say(&format!("The server goes on at {url} (process {}). In this terminal:", server.id()));
        say(&format!("\n  export INDELIBLE_URL={url} INDELIBLE_TOKEN=$(cat {}/admin.token)", data.display()));
        say("  indelible search 'category:dataExport -result:SUCCESS'");
        say("  indelible sql 'select product, count(*) from events group by product'");
        say(&format!("\nTo stop it: kill {}", server.id()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Which platform, and how large.
struct Scale {
    seed: u64,
    people: usize,
}

fn tour(data: &Path, url: &str, scale: &Scale) -> anyhow::Result<()> {
    let token = std::fs::read_to_string(data.join("admin.token")).context("read the administrator's token")?;
    let shell = Shell {
        program: std::env::current_exe()?,
        url: url.to_owned(),
        token: token.trim().to_owned(),
        data: data.to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let client = Client::new(url, Some(&shell.token), &Trust::default())?;

    heading("2. A platform works: two organizations, three services, fourteen days");
    emit(&runtime, &client, &shell, scale)?;
    shell.run(&["organization", "list"])?;

    heading("3. Everything is archived now (otherwise: after 15 minutes)");
    shell.run(&["archive", "seal"])?;

    heading("4. Security: was anything done that nobody sanctioned?");
    let security = reviews::security(None);
    shell.review(&security)?;
    let suspect = shell.first_suspect(&security)?;

    heading(&format!("5. Oversight: everything {suspect} did"));
    say(&format!("{suspect} stood out in the security review, so somebody who may do so looks closer.\n"));
    shell.review(&reviews::oversight(&suspect, None))?;

    heading("6. Usage: who uses what, how often?");
    shell.review(&reviews::usage(None))?;

    heading("7. The proof: offline, from the archive alone");
    let keys = shell.output(&["checkpoint", "--keys"])?;
    let key_file = data.join("verifier-keys");
    std::fs::write(&key_file, keys)?;
    say(&format!("$ indelible checkpoint --keys > {}", key_file.display()));
    let archive = data.join("archive");
    shell.run(&["verify", &archive.to_string_lossy(), "--key", &key_file.to_string_lossy()])?;
    Ok(())
}

/// The path, or a new folder below `.demo`.
fn fresh_folder(asked: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let folder = match asked {
        Some(folder) => folder,
        None => PathBuf::from(".demo").join(Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string()),
    };
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty; the demo wants a fresh folder", folder.display());
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder.canonicalize()?)
}

/// The address asked for, or one with a free port if that is taken.
fn free_address(asked: SocketAddr) -> anyhow::Result<SocketAddr> {
    if TcpListener::bind(asked).is_ok() {
        return Ok(asked);
    }
    let other = TcpListener::bind(SocketAddr::new(asked.ip(), 0))?.local_addr()?;
    eprintln!("{asked} is in use (an earlier demo?); taking {other}");
    Ok(other)
}

/// Starts `indelible serve` as a process that outlives this one and waits until it is ready.
fn start_server(data: &Path, listen: SocketAddr) -> anyhow::Result<(Child, String)> {
    let log_path = data.join("server.log");
    let log = File::create(&log_path)?;
    say(&format!("$ indelible serve --data-dir {} --listen {listen}", data.display()));
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", "--data-dir"])
        .arg(data)
        .args(["--listen", &listen.to_string()])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("start the server")?;
    let started = Instant::now();
    let address = data.join("server.url");
    loop {
        if let Ok(url) = std::fs::read_to_string(&address) {
            let url = url.trim();
            say(&format!("running at {url}, its log is {}", log_path.display()));
            return Ok((server, url.to_owned()));
        }
        if let Some(status) = server.try_wait()? {
            bail!("the server ended ({status}): {}", std::fs::read_to_string(&log_path).unwrap_or_default());
        }
        if started.elapsed() > START_PATIENCE {
            stop(&mut server);
            bail!("the server did not start within {} s; see {}", START_PATIENCE.as_secs(), log_path.display());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Ends the server as Ctrl-C would.
fn stop(server: &mut Child) {
    let asked = Command::new("kill").arg(server.id().to_string()).status();
    if !asked.is_ok_and(|status| status.success()) {
        let _ = server.kill();
    }
    let _ = server.wait();
}

/// Starts the platform's services, lets its people work through them, and waits until all their events are in the log.
fn emit(runtime: &tokio::runtime::Runtime, administrator: &Client, shell: &Shell, args: &Scale) -> anyhow::Result<()> {
    let platform = Platform::with_people(args.seed, Timestamp::now().as_microsecond(), args.people);
    let auditors = runtime.block_on(auditors(administrator, shell, &platform))?;
    let seed = serde_json::from_value(platform.seed()).context("what the platform begins with")?;
    let stack = runtime.block_on(Stack::start(&seed, Clock::Simulated, auditors.clone()))?;
    let Peers { multipass, compass, blobster } = &stack.peers;
    say(&format!("multipass answers at {multipass}, compass at {compass}, blobster at {blobster}"));
    say("(examples/stack; to write audit like theirs: docs/guides/adding-audit.md)\n");

    let started = Instant::now();
    let tally = runtime.block_on(traffic::run(&platform, &stack.peers))?;
    say(&format!("{tally} in {:.1} s (seed {})", started.elapsed().as_secs_f64(), args.seed));
    let handed_over = Instant::now();
    let mut total = 0;
    for (product, auditor) in PRODUCTS.iter().zip(&auditors) {
        let arrived = runtime.block_on(auditor.flush(DELIVERY_PATIENCE));
        let stats = auditor.stats();
        if !arrived || stats.failed + stats.refused > 0 {
            bail!("the events of {product} are not all in the log: {stats:?}");
        }
        total += stats.acknowledged;
    }
    say(&format!(
        "{total} events, each on the disk of its service before the answer went out; the log had the last {:.1} s later\n",
        handed_over.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// One auditor for each service, with a credential and a spool of its own.
async fn auditors(administrator: &Client, shell: &Shell, platform: &Platform) -> anyhow::Result<[Auditor; 3]> {
    for organization in platform.organizations() {
        let request = CreateOrganization { organization: organization.rid.to_owned(), administrator: None };
        let _: OrganizationSummary = administrator.post("/api/v1/organizations", &request).await?;
    }
    let auditor = async |product: &str| -> anyhow::Result<Auditor> {
        let request = CreateToken {
            name: product.to_owned(),
            organization: "*".to_owned(),
            operations: vec!["audit:emit".to_owned()],
            ttl_seconds: None,
            adapter: None,
        };
        let answer: TokenAnswer = administrator.post("/api/v1/tokens", &request).await?;
        Stack::auditor(product, Server::new(&shell.url, answer.token), shell.data.join("spools").join(product))
    };
    let [multipass, compass, blobster] = PRODUCTS;
    Ok([auditor(multipass).await?, auditor(compass).await?, auditor(blobster).await?])
}

/// Runs this program's own commands and shows them as one would type them.
struct Shell {
    program: PathBuf,
    url: String,
    token: String,
    data: PathBuf,
}

impl Shell {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).env("INDELIBLE_URL", &self.url).env("INDELIBLE_TOKEN", &self.token).current_dir(&self.data);
        command
    }

    fn run(&self, args: &[&str]) -> anyhow::Result<()> {
        say(&format!("$ indelible {}", args.join(" ")));
        self.check(self.command(args).status()?.code(), args)
    }

    /// Exit code 1 is an answer too: nothing found.
    fn check(&self, code: Option<i32>, args: &[&str]) -> anyhow::Result<()> {
        let answered = matches!(code, Some(0)) || (code == Some(1) && matches!(args.first(), Some(&"search" | &"sql")));
        anyhow::ensure!(answered, "indelible {} failed", args.join(" "));
        Ok(())
    }

    fn output(&self, args: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = self.command(args).stderr(Stdio::inherit()).output()?;
        self.check(output.status.code(), args)?;
        Ok(output.stdout)
    }

    fn review(&self, review: &Review) -> anyhow::Result<()> {
        for (number, step) in review.steps.iter().enumerate() {
            say(&format!("{}. {}\n   {}\n", number + 1, step.title, step.asks));
            say(&format!("$ {}\n", step.command()));
            let args = arguments(step, None);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            self.check(self.command(&args).status()?.code(), &args)?;
            say(&format!("\n   {}\n", step.reading));
        }
        Ok(())
    }

    /// The account that stands out the most in the first step of the review that lists accounts.
    fn first_suspect(&self, review: &Review) -> anyhow::Result<String> {
        for step in review.steps.iter().filter(|step| matches!(step.ask, Ask::Sql(_))) {
            let args = arguments(step, Some("json"));
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let rows = self.output(&args)?;
            let first: Option<Value> =
                rows.split(|byte| *byte == b'\n').next().and_then(|line| serde_json::from_slice(line).ok());
            if let Some(uid) = first.as_ref().and_then(|row| row.get("uid")).and_then(Value::as_str) {
                return Ok(uid.to_owned());
            }
        }
        bail!("the security review found nobody who stands out")
    }
}

/// A step's command as arguments of this program.
fn arguments(step: &Step, format: Option<&str>) -> Vec<String> {
    let mut args = match &step.ask {
        Ask::Count(query) => vec!["search".to_owned(), query.clone(), "--count".to_owned()],
        Ask::Sql(statement) => vec!["sql".to_owned(), statement.clone()],
    };
    if let Some(organization) = &step.organization {
        args.extend(["--organization".to_owned(), organization.clone()]);
    }
    args.extend(format.into_iter().flat_map(|format| ["--format".to_owned(), format.to_owned()]));
    args
}

fn heading(text: &str) {
    say(&format!("\n== {text}\n"));
}

/// What the demo says goes where its commands' output goes, so that both stay in order.
fn say(text: &str) {
    // Nobody listening is not a failure of the demo.
    let _ = output::line(text);
}

//! Listeners for syslog: over TCP, TLS and UDP.
//!
//! Syslog has no answers. A sender over TCP is not read further while what it sent cannot be stored, so it waits; over UDP what
//! there is no room for is lost, and counted. What is refused goes to the quarantine.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;
use futures::FutureExt as _;
use indelible_control::Attribution;
use indelible_event::Organization;
use indelible_receive::Record;
use indelible_receive::syslog::{self, Frame, Framer};
use jiff::tz::TimeZone;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::admission::Unknown;
use crate::app::App;
use crate::config;
use crate::config::Transport;
use crate::listen::Shaken;
use crate::listen::tls::Certificate;
use crate::metrics::Text;
use crate::pipeline::{Source, stopped};
use crate::routes::receive::limits;

/// The adapter of listeners that name none.
const PROTOCOL: &str = "syslog";
/// Bytes that are read of a connection before they are stored together.
const READ_BYTES: usize = 256 << 10;
/// Messages that are stored together at most.
const MESSAGES_AT_ONCE: usize = 4096;
/// Datagrams that may wait to be stored, and their bytes.
const DATAGRAMS_MAX: usize = 8192;
const DATAGRAMS_BYTES_MAX: usize = 32 << 20;
/// Datagrams that are stored together.
const DATAGRAMS_AT_ONCE: usize = 1024;
/// The largest datagram there is.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;

/// What listeners count, in their order in the configuration.
#[derive(Default)]
pub(crate) struct Listeners {
    all: Vec<(String, Arc<Counts>)>,
}

/// Counts of a listener since the process started.
#[derive(Default)]
struct Counts {
    messages: AtomicU64,
    /// Datagrams that there was no room for.
    dropped: AtomicU64,
    /// Connections and datagrams from who may not send.
    strangers: AtomicU64,
    /// Connections beyond the limit.
    no_place: AtomicU64,
    /// Connections in which messages could not be told from each other.
    out_of_step: AtomicU64,
    /// Connections on which nothing came for too long.
    idle: AtomicU64,
    /// The port of a listener over UDP, of which the kernel counts what it dropped.
    udp_port: AtomicU64,
}

impl Listeners {
    pub(crate) fn new(config: &config::Receive) -> Self {
        Self { all: config.syslog.iter().map(|listener| (listener.name.clone(), Arc::default())).collect() }
    }

    /// The counters in the Prometheus text format.
    pub(crate) fn render(&self, text: &mut Text) {
        let mut each = |name: &str, help: &str, value: &dyn Fn(&Counts) -> f64| {
            for (listener, counts) in &self.all {
                text.sample(name, "counter", help, &[("listener", listener)], value(counts));
            }
        };
        each("indelible_syslog_messages_total", "Messages that came.", &|counts| counts.messages.load(Relaxed) as f64);
        let help = "Datagrams that were lost because there was no room for them, here or in the kernel.";
        each("indelible_syslog_dropped_total", help, &|counts| {
            let port = counts.udp_port.load(Relaxed);
            let kernel = if port == 0 { 0 } else { kernel_drops(port) };
            (counts.dropped.load(Relaxed) + kernel) as f64
        });
        let help = "Connections that were closed, by reason; with `stranger`, datagrams too.";
        for (listener, counts) in &self.all {
            let Counts { strangers, no_place, out_of_step, idle, .. } = &**counts;
            for (reason, count) in
                [("stranger", strangers), ("tooMany", no_place), ("outOfStep", out_of_step), ("idle", idle)]
            {
                let labels = [("listener", listener.as_str()), ("reason", reason)];
                text.sample("indelible_syslog_closed_total", "counter", help, &labels, count.load(Relaxed) as f64);
            }
        }
    }
}

/// What the kernel dropped of the datagrams for a port since its socket was made.
fn kernel_drops(port: u64) -> u64 {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    drops_in(&read("/proc/net/udp"), port) + drops_in(&read("/proc/net/udp6"), port)
}

/// In Linux's table of UDP sockets: the second column is address and port in hexadecimal, the last one what was dropped.
fn drops_in(table: &str, port: u64) -> u64 {
    let of_port = |line: &&str| {
        let local = line.split_whitespace().nth(1).and_then(|address| address.rsplit(':').next());
        local.and_then(|digits| u64::from_str_radix(digits, 16).ok()) == Some(port)
    };
    let dropped = |line: &str| line.split_whitespace().last()?.parse::<u64>().ok();
    table.lines().skip(1).filter(of_port).filter_map(dropped).sum()
}

/// A listener that is bound.
pub(crate) struct Bound {
    listener: Arc<Listener>,
    socket: Socket,
}

enum Socket {
    Stream(TcpListener),
    Datagram(Arc<UdpSocket>),
}

/// What a listener does with messages.
struct Listener {
    config: config::Syslog,
    counts: Arc<Counts>,
    places: Arc<Semaphore>,
    /// Of messages that no route fits.
    source: Source,
    routes: Vec<(config::Route, Source)>,
}

/// Binds all listeners of the configuration, and makes organizations that they name.
///
/// # Errors
/// When an address is taken, or an adapter is not there.
pub(crate) async fn bind(app: &Arc<App>) -> anyhow::Result<Vec<Bound>> {
    let mut bound = Vec::new();
    for (config, (_, counts)) in app.config.receive.syslog.iter().zip(&app.syslog.all) {
        let named = || format!("receive.syslog {:?}", config.name);
        let listener = Listener::new(app, config.clone(), Arc::clone(counts)).with_context(named)?;
        for source in listener.sources() {
            if let Attribution::One(organization) = &source.attribution {
                app.control.adopt_organization(organization, app.now_us()).await?;
            }
        }
        let on = || format!("{}: listen on {}", named(), config.listen);
        let (socket, address) = match config.transport {
            Transport::Tcp | Transport::Tls => {
                let socket = TcpListener::bind(config.listen).await.with_context(on)?;
                let address = socket.local_addr()?;
                (Socket::Stream(socket), address)
            }
            Transport::Udp => {
                let socket = UdpSocket::bind(config.listen).await.with_context(on)?;
                let address = socket.local_addr()?;
                counts.udp_port.store(address.port().into(), Relaxed);
                (Socket::Datagram(Arc::new(socket)), address)
            }
        };
        tracing::info!(listener = config.name, %address, "listening for syslog");
        bound.push(Bound { listener: Arc::new(listener), socket });
    }
    Ok(bound)
}

impl Listener {
    fn new(app: &App, config: config::Syslog, counts: Arc<Counts>) -> anyhow::Result<Self> {
        let zone = config.zone().unwrap_or(TimeZone::UTC);
        let source = |adapter: Option<&String>, organization: Option<&Organization>| -> anyhow::Result<Source> {
            let adapter = match adapter {
                Some(name) => Some(app.adapters.find(name).map_err(anyhow::Error::msg)?),
                None => app.adapters.find(PROTOCOL).ok(),
            };
            let organization = organization.unwrap_or(&app.config.operator_organization).clone();
            let name = format!("syslog/{}", config.name);
            Ok(Source {
                producer: name.as_str().into(),
                name,
                attribution: Attribution::One(organization),
                adapter,
                zone: zone.clone(),
                came_us: None,
                unknown: Unknown::Refuse,
                is_answered: false,
            })
        };
        let own = source(config.adapter.as_ref(), config.organization.as_ref())?;
        let of_route = |route: &config::Route| {
            let adapter = route.adapter.as_ref().or(config.adapter.as_ref());
            let organization = route.organization.as_ref().or(config.organization.as_ref());
            source(adapter, organization).map(|source| (route.clone(), source))
        };
        let routes = config.route.iter().map(of_route).collect::<Result<_, _>>()?;
        let places = Arc::new(Semaphore::new(config.connections));
        Ok(Self { config, counts, places, source: own, routes })
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.source).chain(self.routes.iter().map(|(_, source)| source))
    }

    /// Whether messages from there are taken.
    fn takes(&self, address: IpAddr) -> bool {
        self.config.networks.is_empty() || self.config.networks.iter().any(|network| network.holds(address))
    }

    /// Whether messages of who has this certificate are taken.
    fn takes_certificate(&self, certificate: Option<&Certificate>, now_us: i64) -> bool {
        let named = |certificate: &Certificate| {
            certificate.ends_us > now_us && self.config.certificates.iter().any(|name| certificate.names.contains(name))
        };
        self.config.certificates.is_empty() || certificate.is_some_and(named)
    }

    /// Of which source a message is: the place in `routes`, or `None` for the listener's own.
    fn route(&self, bytes: &[u8], sender: &Sender) -> Option<usize> {
        if self.routes.is_empty() {
            return None;
        }
        let message = syslog::Message::parse(bytes);
        let fits = |route: &config::Route| {
            route.app.as_ref().is_none_or(|app| app.as_bytes() == message.app)
                && route.network.is_none_or(|network| network.holds(sender.address))
                && route.certificate.as_ref().is_none_or(|name| {
                    sender.certificate.as_ref().is_some_and(|certificate| certificate.names.contains(name))
                })
        };
        self.routes.iter().position(|(route, _)| fits(route))
    }
}

/// Who sends.
struct Sender {
    address: IpAddr,
    certificate: Option<Arc<Certificate>>,
}

/// Messages that are stored together, one behind the other.
#[derive(Default)]
struct Messages {
    bytes: Vec<u8>,
    all: Vec<Message>,
}

/// One of them.
struct Message {
    /// Where it ends; it begins where the one before it ends.
    end: usize,
    is_whole: bool,
    route: Option<usize>,
}

impl Messages {
    fn add(&mut self, frame: Frame<'_>, route: Option<usize>) {
        self.bytes.extend_from_slice(frame.bytes);
        self.all.push(Message { end: self.bytes.len(), is_whole: frame.is_whole, route });
    }

    /// Those of a route.
    fn of(&self, route: Option<usize>) -> impl Iterator<Item = Frame<'_>> {
        let begins = std::iter::once(0).chain(self.all.iter().map(|message| message.end));
        let all = begins.zip(&self.all).filter(move |(_, message)| message.route == route);
        all.map(|(begin, message)| Frame { bytes: &self.bytes[begin..message.end], is_whole: message.is_whole })
    }
}

/// A datagram that waits to be stored.
struct Datagram {
    bytes: Vec<u8>,
    is_whole: bool,
    route: Option<usize>,
    /// Its share of what may wait.
    _room: OwnedSemaphorePermit,
}

/// Takes messages until `stop` is true; then those that were read are stored.
pub(crate) async fn serve(app: Arc<App>, bound: Vec<Bound>, stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    for Bound { listener, socket } in bound {
        let (app, stop) = (Arc::clone(&app), stop.clone());
        match socket {
            Socket::Stream(socket) => running.spawn(accept(app, listener, socket, stop)),
            Socket::Datagram(socket) => running.spawn(receive(app, listener, socket, stop)),
        };
    }
    while running.join_next().await.is_some() {}
}

async fn accept(app: Arc<App>, listener: Arc<Listener>, socket: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = app.listening.accept(&socket) => accepted,
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        if !listener.takes(peer.ip()) {
            listener.counts.strangers.fetch_add(1, Relaxed);
            continue;
        }
        let places = (Arc::clone(&listener.places).try_acquire_owned(), app.listening.admit_peer(peer));
        let (Ok(place), Some(shared)) = places else {
            listener.counts.no_place.fetch_add(1, Relaxed);
            continue;
        };
        let (app, listener, stop) = (Arc::clone(&app), Arc::clone(&listener), stop.clone());
        connections.spawn(async move {
            connection(&app, &listener, stream, peer, stop).await;
            drop((place, shared));
        });
    }
    drop(socket);
    while connections.join_next().await.is_some() {}
}

async fn connection(app: &App, listener: &Listener, stream: TcpStream, peer: SocketAddr, stop: watch::Receiver<bool>) {
    let mut sender = Sender { address: peer.ip(), certificate: None };
    if listener.config.transport == Transport::Tcp {
        return read(app, listener, stream, &sender, stop).await;
    }
    // No protocol is named within it.
    match app.listening.shake_hands(stream, peer, &[]).await {
        Shaken::Tls(stream, certificate) => {
            if !listener.takes_certificate(certificate.as_deref(), app.now_us()) {
                listener.counts.strangers.fetch_add(1, Relaxed);
                return;
            }
            sender.certificate = certificate;
            read(app, listener, *stream, &sender, stop).await;
        }
        // Without TLS nothing is taken: the configuration was checked.
        Shaken::Plain(_) | Shaken::Failed => {}
    }
}

/// Reads messages and stores them, until the sender or the server has had enough.
async fn read<S: AsyncRead + Unpin>(
    app: &App,
    listener: &Listener,
    mut stream: S,
    sender: &Sender,
    mut stop: watch::Receiver<bool>,
) {
    let idle = Duration::from_secs(listener.config.idle_seconds);
    let mut framer = Framer::new(listener.config.message_bytes);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let first = tokio::select! {
            first = tokio::time::timeout(idle, stream.read(&mut buffer)) => first,
            () = stopped(&mut stop) => return,
        };
        let Ok(first) = first else {
            listener.counts.idle.fetch_add(1, Relaxed);
            return;
        };
        let mut length = first.unwrap_or(0);
        let mut is_over = length == 0;
        // What is there already is stored with it: one sync for all.
        while !is_over && length < buffer.len() {
            match stream.read(&mut buffer[length..]).now_or_never() {
                Some(Ok(more)) if more > 0 => length += more,
                Some(_) => is_over = true,
                None => break,
            }
        }
        let mut messages = Messages::default();
        let mut each = |frame: Frame<'_>| messages.add(frame, listener.route(frame.bytes, sender));
        let is_in_step = framer.push(&buffer[..length], &mut each).is_ok();
        if is_over {
            framer.finish(&mut each);
            return store(app, listener, &messages, &mut stop).await;
        }
        store(app, listener, &messages, &mut stop).await;
        if !is_in_step {
            listener.counts.out_of_step.fetch_add(1, Relaxed);
            tracing::debug!(peer = %sender.address, "{}", syslog::OutOfStep);
            return;
        }
    }
}

/// Stores messages, each through its source. Waits as long as there is no room; gives up when the server stops meanwhile.
async fn store(app: &App, listener: &Listener, messages: &Messages, stop: &mut watch::Receiver<bool>) {
    listener.counts.messages.fetch_add(messages.all.len() as u64, Relaxed);
    let limits = limits(app);
    let own = std::iter::once((None, &listener.source));
    let routed = listener.routes.iter().enumerate().map(|(place, (_, source))| (Some(place), source));
    for (route, source) in own.chain(routed) {
        let view = source.view();
        let frames = messages.of(route).enumerate();
        let mut of_route = frames.map(|(index, frame)| syslog::record(frame, index, view, &limits));
        loop {
            let records: Vec<Record<'_>> = of_route.by_ref().take(MESSAGES_AT_ONCE).collect();
            if records.is_empty() {
                break;
            }
            app.take_patiently(source, &records, stop).await;
        }
    }
}

/// Takes datagrams as fast as it can, and lets another task store them.
async fn receive(app: Arc<App>, listener: Arc<Listener>, socket: Arc<UdpSocket>, mut stop: watch::Receiver<bool>) {
    let (inbox, mut outbox) = mpsc::channel::<Datagram>(DATAGRAMS_MAX);
    let storing = {
        let (app, listener, mut stop) = (Arc::clone(&app), Arc::clone(&listener), stop.clone());
        tokio::spawn(async move {
            let mut waiting = Vec::new();
            while outbox.recv_many(&mut waiting, DATAGRAMS_AT_ONCE).await > 0 {
                let mut messages = Messages::default();
                for Datagram { bytes, is_whole, route, .. } in &waiting {
                    messages.add(Frame { bytes, is_whole: *is_whole }, *route);
                }
                store(&app, &listener, &messages, &mut stop).await;
                // They have had their room until now.
                waiting.clear();
            }
        })
    };
    let room = Arc::new(Semaphore::new(DATAGRAMS_BYTES_MAX));
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = stopped(&mut stop) => break,
        };
        // What fails here belongs to an earlier datagram.
        let Ok((length, peer)) = received else { continue };
        let Some(frame) = syslog::datagram(&buffer[..length]) else { continue };
        if !listener.takes(peer.ip()) {
            listener.counts.strangers.fetch_add(1, Relaxed);
            continue;
        }
        let sender = Sender { address: peer.ip(), certificate: None };
        let longest = listener.config.message_bytes;
        let is_whole = frame.is_whole && frame.bytes.len() <= longest;
        let route = listener.route(frame.bytes, &sender);
        let bytes = &frame.bytes[..frame.bytes.len().min(longest)];
        let room = Arc::clone(&room).try_acquire_many_owned(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let taken = room
            .is_ok_and(|room| inbox.try_send(Datagram { bytes: bytes.to_vec(), is_whole, route, _room: room }).is_ok());
        if !taken {
            listener.counts.dropped.fetch_add(1, Relaxed);
        }
    }
    drop(inbox);
    let _ = storing.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_what_it_dropped() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
                     7: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000000000000000 12\n\
                     8: 0100007F:0203 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000000000000000 5\n";
        assert_eq!(drops_in(table, 0x0202), 12);
        assert_eq!(drops_in(table, 514_000), 0);
        assert_eq!(drops_in("", 1), 0);
    }
}

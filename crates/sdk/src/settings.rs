//! What an auditor is told once.

use std::fmt;
use std::path::PathBuf;

/// Where events go, and as whom.
#[derive(Clone)]
pub struct Server {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) certificates: Vec<u8>,
}

impl Server {
    /// The server at `url`, such as `https://audit.example`, with a token that has the operation `audit:emit`.
    pub fn new(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self { url: url.into(), token: token.into(), certificates: Vec::new() }
    }

    /// Trusts the authorities in these PEM texts instead of those of the system.
    pub fn certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { certificates: pem.into(), ..self }
    }
}

/// The token is not shown.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Who emits: the same in all of its events.
#[derive(Clone, Debug)]
pub struct Product {
    /// Name of the product, such as `blobster`; at most 256 bytes.
    pub name: String,
    /// Its version; at most 256 bytes.
    pub version: String,
    /// The service within the product.
    pub service: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// Such as `production`.
    pub environment: Option<String>,
}

impl Product {
    /// A product by name and version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), service: None, host: None, environment: None }
    }
}

/// When an event counts as emitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When it is synced in the spool: it survives a crash of the service and power loss of the machine, not the loss of its disk. A server
    /// that is away is not noticed.
    #[default]
    Spool,
    /// When the server has acknowledged it. With the server away that is not before it is back.
    Server,
}

/// How an [`Auditor`](crate::Auditor) works.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) server: Server,
    pub(crate) product: Product,
    pub(crate) spool: PathBuf,
    pub(crate) spool_bytes_max: u64,
    pub(crate) refused_bytes_max: u64,
    pub(crate) receipts_bytes_max: u64,
    pub(crate) durability: Durability,
}

impl Settings {
    /// The smallest [spool](Self::spool_bytes_max).
    pub const SPOOL_BYTES_MIN: u64 = 16 << 20;

    /// With everything else as the methods below have it by default. `spool` is a folder on a local disk that this auditor has for itself
    /// and that survives a restart of the service; it is created if absent.
    pub fn new(server: Server, product: Product, spool: impl Into<PathBuf>) -> Self {
        Self {
            server,
            product,
            spool: spool.into(),
            spool_bytes_max: 256 << 20,
            refused_bytes_max: 64 << 20,
            receipts_bytes_max: 64 << 20,
            durability: Durability::Spool,
        }
    }

    /// Bytes of disk that events which wait for the server take at most; 256 MiB unless set, at least 16 MiB. Two sixteenths are always
    /// taken, the rest when the server is away. When all is full, emitting fails with [`EmitError::Full`](crate::EmitError::Full).
    pub fn spool_bytes_max(self, bytes: u64) -> Self {
        Self { spool_bytes_max: bytes.max(Self::SPOOL_BYTES_MIN), ..self }
    }

    /// Bytes of events that the server refused which are kept, with the reasons; 64 MiB unless set. Beyond that the oldest are given up,
    /// which is logged.
    pub fn refused_bytes_max(self, bytes: u64) -> Self {
        Self { refused_bytes_max: bytes, ..self }
    }

    /// Bytes of signed receipts that are kept; 64 MiB unless set. Beyond that the oldest are given up. 0 asks for none.
    pub fn receipts_bytes_max(self, bytes: u64) -> Self {
        Self { receipts_bytes_max: bytes, ..self }
    }

    /// When an event counts as emitted, where nothing else is said for it; in the spool unless set.
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }
}

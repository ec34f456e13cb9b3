//! A provider of OpenID Connect that others wrote, `oidc-provider` for Node, started for a test and killed after it.
//!
//! It can be told to make the ID tokens that an attacker would make.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::servers::process::{Process, free_ports, installed};

/// Id and secret of the confidential client, and id of the public one.
pub const CLIENT: (&str, &str) = ("indelible", "a secret of tests");
/// The client without a secret.
pub const PUBLIC_CLIENT: &str = "indelible-public";

/// A running provider. Dropping it ends it.
#[derive(Debug)]
pub struct Provider {
    process: Process,
    issuer: String,
    settings: Value,
    folder: TempDir,
}

impl Provider {
    /// Starts it without accounts and waits until it answers.
    ///
    /// # Panics
    ///
    /// If it is not installed or does not come up.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same over TLS, with a certificate for 127.0.0.1 and its key from these files, in PEM.
    ///
    /// # Panics
    ///
    /// If it is not installed or does not come up.
    pub fn start_over_tls(certificate: &Path, key: &Path) -> Self {
        Self::start_with(Some([certificate, key]))
    }

    fn start_with(tls: Option<[&Path; 2]>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the provider");
        let port = free_ports(1)[0];
        let module = installed("node", "node_modules/oidc-provider/package.json");
        let home = module.ancestors().nth(3).expect("a folder of packages").display().to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/provider/provider.mjs").to_owned();
        let mut arguments = vec![script, folder.path().display().to_string(), port.to_string(), home];
        arguments.extend(tls.into_iter().flatten().map(|path| path.display().to_string()));
        let issuer = format!("{}://127.0.0.1:{port}", if tls.is_some() { "https" } else { "http" });
        let settings = json!({
            "accounts": {}, "clients": clients("http://127.0.0.1:1/"), "algorithm": "RS256", "keys": 1,
            "claimsIn": "id_token", "tamper": null,
        });
        let process = Process::new("node".into(), arguments, folder.path().join("output"), port);
        let process = if tls.is_some() { process.ready(listens) } else { process };
        let mut provider = Self { process, issuer, settings, folder };
        provider.write();
        provider.process.start();
        provider
    }

    /// Its issuer, which is its address.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The file with the client's secret.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn secret_file(&self) -> PathBuf {
        let path = self.folder.path().join("secret");
        fs::write(&path, format!("{}\n", CLIENT.1)).expect("write the secret");
        path
    }

    /// Lets its clients be sent to this address.
    pub fn allow_redirect(&mut self, uri: &str) {
        self.set("clients", clients(uri));
    }

    /// Makes or changes an account, which may sign in with any password.
    pub fn set_account(&mut self, name: &str, groups: &[&str]) {
        let claims =
            json!({"name": format!("{name} of tests"), "email": format!("{name}@example.com"), "groups": groups});
        self.settings["accounts"][name] = claims;
        self.write();
    }

    /// Signs ID tokens with this algorithm from now on, with a new key.
    pub fn set_algorithm(&mut self, algorithm: &str) {
        self.set("algorithm", algorithm.into());
    }

    /// Signs with a new key from now on; the one before is no longer published.
    pub fn rotate_keys(&mut self) {
        let next = self.settings["keys"].as_u64().unwrap_or_default() + 1;
        self.set("keys", next.into());
    }

    /// Tells the claims of an account in ID tokens, or only where they are asked for.
    pub fn tell_claims_in_id_tokens(&mut self, so: bool) {
        self.set("claimsIn", if so { "id_token" } else { "userinfo" }.into());
    }

    /// Makes ID tokens wrong in this way, which `provider.mjs` names; right again if `None`.
    pub fn tamper(&mut self, how: Option<&str>) {
        self.set("tamper", how.into());
    }

    /// How often the path was asked for.
    pub fn requests(&self, path: &str) -> usize {
        let requests = fs::read_to_string(self.folder.path().join("requests")).unwrap_or_default();
        requests.lines().filter(|line| *line == path).count()
    }

    fn set(&mut self, name: &str, value: Value) {
        self.settings[name] = value;
        self.write();
    }

    /// It reads the file at each request: never half a file.
    fn write(&self) {
        let (path, new) = (self.folder.path().join("settings.json"), self.folder.path().join("settings.new"));
        fs::write(&new, self.settings.to_string()).and_then(|()| fs::rename(&new, &path)).expect("write the settings");
    }
}

/// Whether something listens on the port.
fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn clients(redirect_uri: &str) -> Value {
    json!([
        {"client_id": CLIENT.0, "client_secret": CLIENT.1, "redirect_uris": [redirect_uri]},
        {"client_id": PUBLIC_CLIENT, "redirect_uris": [redirect_uri]},
    ])
}

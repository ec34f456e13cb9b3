//! Object stores that others wrote, started for a test and killed after it: SeaweedFS and moto for S3, Azurite for Azure.
//!
//! Data is in a folder that goes with the server, ports are free ones. `tools/setup` installs the programs; a test whose
//! server is missing fails and says so. A server dies with the thread that started it, also if the test is killed.

#![allow(clippy::expect_used, clippy::panic)]

pub(crate) mod process;

use std::path::{Path, PathBuf};

use indelible_storage::{BucketSettings, Credentials, Location, Secret};
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::azure::{AzureAccessKey, AzureAuthorizer, AzureCredential};
use object_store::client::{HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector};
use tempfile::TempDir;

use process::{Process, free_ports, installed};

const KEY_ID: &str = "indelible";
const KEY: &str = "a key of tests";
const REGION: &str = "us-east-1";

/// The account and the key that Azurite has from the start, the same everywhere.
const AZURITE_ACCOUNT: &str = "devstoreaccount1";
const AZURITE_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// S3 on disk: checks signatures, keeps versions and locks, survives restarts.
    SeaweedFs,
    /// S3 in memory: versions and locks; checks no signatures and forgets all when it stops.
    Moto,
    /// Azure on disk: checks signatures; no versions, no locks. When it is killed it forgets what it answered seconds before,
    /// so a test of lost objects stops it.
    Azurite,
}

/// A running store.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    process: Process,
    port: u16,
    _data: TempDir,
}

impl Server {
    /// Starts it and waits until it answers.
    ///
    /// # Panics
    ///
    /// If it is not installed or does not come up.
    pub fn start(kind: Kind) -> Server {
        let data = tempfile::tempdir().expect("a folder for the server's data");
        let ports = free_ports(8);
        let (program, arguments) = command(kind, &data, &ports);
        let mut process = Process::new(program, arguments, data.path().join("output"), ports[0]);
        process.start();
        Server { kind, process, port: ports[0], _data: data }
    }

    /// Which store it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its address.
    pub fn endpoint(&self) -> String {
        match self.kind {
            Kind::SeaweedFs | Kind::Moto => format!("http://127.0.0.1:{}", self.port),
            Kind::Azurite => format!("http://127.0.0.1:{}/{AZURITE_ACCOUNT}", self.port),
        }
    }

    /// Asks it to end and waits until it has.
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// Kills it without notice.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again, with its data and at its address, and waits until it answers.
    pub fn restart(&mut self) {
        self.process.start();
    }

    /// Stops it where it is: connections stay open and nothing answers.
    pub fn pause(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.signal("CONT");
    }

    /// How to reach the server.
    pub fn settings(&self) -> BucketSettings {
        let credentials = match self.kind {
            Kind::SeaweedFs | Kind::Moto => {
                Credentials::AccessKey { id: KEY_ID.to_owned(), secret: Secret::new(KEY), token: None }
            }
            Kind::Azurite => Credentials::AccountKey(Secret::new(AZURITE_KEY)),
        };
        BucketSettings {
            endpoint: Some(self.endpoint()),
            account: (self.kind == Kind::Azurite).then(|| AZURITE_ACCOUNT.to_owned()),
            allow_http: true,
            credentials,
            ..BucketSettings::default()
        }
    }

    /// Lines for a file of credentials.
    pub fn credentials_file(&self) -> String {
        match self.kind {
            Kind::SeaweedFs | Kind::Moto => format!("aws_access_key_id = {KEY_ID}\naws_secret_access_key = {KEY}\n"),
            Kind::Azurite => format!("azure_storage_account_key = {AZURITE_KEY}\n"),
        }
    }

    /// How to reach the server, as lines for a section of the configuration; its file of credentials is made in `folder`.
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    pub fn configuration(&self, folder: &Path) -> String {
        let credentials = folder.join("credentials");
        std::fs::write(&credentials, self.credentials_file()).expect("write credentials");
        let account = self.settings().account.map(|account| format!("account = '{account}'\n")).unwrap_or_default();
        let (endpoint, credentials) = (self.endpoint(), credentials.display());
        format!("endpoint = '{endpoint}'\nallow-http = true\ncredentials-file = '{credentials}'\n{account}")
    }

    /// The place of the folder `prefix` in the bucket `name`.
    pub fn location(&self, name: &str, prefix: &str) -> Location {
        let prefix = prefix.to_owned();
        match self.kind {
            Kind::SeaweedFs | Kind::Moto => Location::S3 { bucket: name.to_owned(), prefix },
            Kind::Azurite => Location::Azure { container: name.to_owned(), prefix },
        }
    }

    /// Makes the bucket `name`; with versions and locks on objects if `locks`, where the store has them.
    pub async fn create_bucket(&self, name: &str, locks: bool) {
        let query = if self.kind == Kind::Azurite { "?restype=container" } else { "" };
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = http::Method::PUT;
        *request.uri_mut() = format!("{}/{name}{query}", self.endpoint()).parse().expect("an address");
        request.headers_mut().insert("content-length", 0.into());
        match self.kind {
            Kind::SeaweedFs | Kind::Moto => {
                if locks {
                    request.headers_mut().insert("x-amz-bucket-object-lock-enabled", "true".parse().expect("a value"));
                }
                let credential = AwsCredential { key_id: KEY_ID.to_owned(), secret_key: KEY.to_owned(), token: None };
                AwsAuthorizer::new(&credential, "s3", REGION).authorize(&mut request, None);
            }
            Kind::Azurite => {
                let credential = AzureCredential::AccessKey(AzureAccessKey::try_new(AZURITE_KEY).expect("a key"));
                AzureAuthorizer::new(&credential, AZURITE_ACCOUNT).authorize(&mut request);
            }
        }
        let options = ClientOptions::new().with_allow_http(true);
        let client = ReqwestConnector::default().connect(&options).expect("a client");
        let answer = client.execute(request).await.expect("an answer");
        assert!(answer.status().is_success(), "create bucket {name}: {}", answer.status());
    }
}

fn command(kind: Kind, data: &TempDir, ports: &[u16]) -> (PathBuf, Vec<String>) {
    let data = data.path().display();
    let (program, arguments) = match kind {
        Kind::SeaweedFs => {
            let identities = format!(
                r#"{{"identities":[{{"name":"{KEY_ID}","credentials":[{{"accessKey":"{KEY_ID}","secretKey":"{KEY}"}}],
                "actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
            );
            std::fs::write(format!("{data}/identities.json"), identities).expect("write identities");
            let port = |name: &str, number: usize| format!("-{name}={}", ports[number]);
            let arguments = [
                "server".to_owned(),
                format!("-dir={data}"),
                "-ip=127.0.0.1".to_owned(),
                "-s3".to_owned(),
                port("s3.port", 0),
                port("s3.port.grpc", 1),
                port("master.port", 2),
                port("master.port.grpc", 3),
                port("volume.port", 4),
                port("volume.port.grpc", 5),
                port("filer.port", 6),
                port("filer.port.grpc", 7),
                "-s3.port.iceberg=0".to_owned(),
                "-s3.port.lance=0".to_owned(),
                format!("-s3.config={data}/identities.json"),
                format!("-s3.localSocket={data}/s3.sock"),
                format!("-filer.localSocket={data}/filer.sock"),
                "-master.telemetry=false".to_owned(),
                "-master.electionTimeout=1s".to_owned(),
                "-master.volumeSizeLimitMB=64".to_owned(),
                "-volume.max=64".to_owned(),
            ];
            (installed("python", "bin/weed"), arguments.to_vec())
        }
        Kind::Moto => {
            let arguments = ["-H".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), ports[0].to_string()];
            (installed("python", "bin/moto_server"), arguments.to_vec())
        }
        Kind::Azurite => {
            let arguments = [
                "--blobHost".to_owned(),
                "127.0.0.1".to_owned(),
                "--blobPort".to_owned(),
                ports[0].to_string(),
                "--location".to_owned(),
                data.to_string(),
                "--skipApiVersionCheck".to_owned(),
                "--disableTelemetry".to_owned(),
                "--silent".to_owned(),
            ];
            (installed("node", "node_modules/.bin/azurite-blob"), arguments.to_vec())
        }
    };
    (program, arguments)
}

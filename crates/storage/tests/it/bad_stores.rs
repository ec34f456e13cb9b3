//! Stores that would lose entries, and the probe that refuses them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use indelible_storage::probe::{ProbeError, probe};
use indelible_storage::{Bucket, BucketSettings, Credentials, Secret};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug)]
enum Defect {
    /// Passes over the condition.
    Overwrites,
    /// Looks first, and writes a moment later.
    LooksThenWrites,
    /// Says that the name is taken and writes nevertheless.
    WritesAndRefuses,
    /// Passes over the condition of a replacement.
    ReplacesStale,
}

#[derive(Debug)]
struct Bad {
    store: InMemory,
    defect: Defect,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad store")
    }
}

#[async_trait]
impl ObjectStore for Bad {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let exists = || async { self.store.head(location).await.is_ok() };
        let taken = || Error::AlreadyExists { path: location.to_string(), source: "taken".into() };
        match (self.defect, &options.mode) {
            (Defect::Overwrites, PutMode::Create) | (Defect::ReplacesStale, PutMode::Update(_)) => {
                self.store.put(location, payload).await
            }
            (Defect::LooksThenWrites, PutMode::Create) => {
                if exists().await {
                    return Err(taken());
                }
                tokio::task::yield_now().await;
                self.store.put(location, payload).await
            }
            (Defect::WritesAndRefuses, PutMode::Create) => {
                let existed = exists().await;
                let put = self.store.put(location, payload).await?;
                if existed { Err(taken()) } else { Ok(put) }
            }
            _ => self.store.put_opts(location, payload, options).await,
        }
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.store.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn store_that_loses_objects_is_refused() {
    for (defect, expected) in [
        (Defect::Overwrites, "it created the same object twice"),
        (Defect::LooksThenWrites, "creators of one name that they won"),
        (Defect::WritesAndRefuses, "it replaced an object that was only to be created"),
        (Defect::ReplacesStale, "If-Match"),
    ] {
        let bucket = Bucket::new(Arc::new(Bad { store: InMemory::new(), defect }));
        let error = probe(&bucket).await.unwrap_err();
        assert!(matches!(error, ProbeError::Unfit { .. }), "{defect:?}: {error}");
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("bad store") && text.contains("docs/guides"), "{text}");
    }
}

/// A server that speaks enough S3 for a put and a get, and passes over conditions.
async fn careless_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let objects = Arc::new(Mutex::new(BTreeMap::new()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&objects)));
        }
    });
    port
}

async fn serve(stream: TcpStream, objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let (method, path) = first.split_once(' ').unwrap();
        let path = path.split([' ', '?']).next().unwrap().to_owned();
        let found = match method {
            "PUT" => {
                objects.lock().unwrap().insert(path, body);
                Some(Vec::new())
            }
            _ => objects.lock().unwrap().get(&path).cloned(),
        };
        let status = if found.is_some() { "200 OK" } else { "404 Not Found" };
        let body = found.unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: \"1\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all(head.as_bytes()).await?;
        if method != "HEAD" {
            stream.get_mut().write_all(&body).await?;
        }
    }
}

#[tokio::test]
async fn server_that_passes_over_conditions_is_refused() {
    let port = careless_server().await;
    let settings = BucketSettings {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        allow_http: true,
        credentials: Credentials::AccessKey { id: "id".to_owned(), secret: Secret::new("hunter2"), token: None },
        retry_timeout: Duration::from_secs(1),
        ..BucketSettings::default()
    };
    let bucket = Bucket::open(&"s3://audit/prod".parse().unwrap(), &settings).unwrap();
    let error = probe(&bucket).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("s3://audit/prod") && text.contains("created the same object twice"), "{text}");
    let shown = format!("{bucket:?} {settings:?} {error:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn credentials_of_another_store_are_refused() {
    let keys = [
        ("azure://audit", Credentials::AccessKey { id: "id".to_owned(), secret: Secret::new("hunter2"), token: None }),
        ("s3://audit", Credentials::AccountKey(Secret::new("hunter2"))),
    ];
    for (location, credentials) in keys {
        let settings = BucketSettings { credentials, ..BucketSettings::default() };
        let error = Bucket::open(&location.parse().unwrap(), &settings).unwrap_err();
        assert!(error.to_string().contains(location), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

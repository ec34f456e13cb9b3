//! *blobster*: files.
//!
//! | request | what | categories of its event |
//! |---|---|---|
//! | `POST /files?folder=..&name=..` | uploads the body into a folder of compass | `dataImport`, `dataCreate` |
//! | `GET /files/{id}` | what it is, and how it begins | `dataLoad` |
//! | `GET /files/{id}/content` | downloads it | `dataExport`, `dataLoad` |
//! | `POST /files/{id}/report` | `{"user"}`: a report of it for somebody else | `dataExport`, `onBehalfOf` |
//! | `DELETE /files/{id}` | deletes it | `dataDelete` |
//!
//! Read [`view`] first: all others are built like it. [`download`] is the one that goes on after its answer has begun.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::Method;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::stream;
use indelible_sdk::catalogue::typed::{
    DataCreate, DataCreateResult, DataDeleteRequest, DataExportRequest, DataExportResult, DataImportRequest,
    DataImportResult, DataLoadRequest, DataResource, FileType, NoFields, OnBehalfOfRequest,
};
use indelible_sdk::{Audit, EmitError, Guard, resource};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::caller::{Caller, Check, Platform, Who};
use crate::clock::Arrival;
use crate::compass::Place;
use crate::in_project;
use crate::refusal::Refusal;
use crate::secret;
use crate::seed::{Access, Role, Seed};

/// Bytes of an upload, and of all uploads that are kept.
const UPLOAD_BYTES_MAX: usize = 16 << 20;
const UPLOADS_BYTES_MAX: u64 = 256 << 20;
/// From how many bytes on a download says when it begins, and not only when it ends.
const LARGE_BYTES: u64 = 4 << 20;
/// Bytes of a download that are handed out at once.
const PART_BYTES: u64 = 1 << 18;
/// How much of a file a view shows.
const BEGINNING_BYTES: u64 = 256;

/// The routes of blobster.
///
/// # Errors
/// If the seed is not consistent.
pub fn router(platform: Platform, seed: &Seed) -> anyhow::Result<Router> {
    let store = Mutex::new(Store::new(seed)?);
    let router = Router::new()
        .route("/files", post(upload))
        .route("/files/{file}", get(view).delete(delete))
        .route("/files/{file}/content", get(download))
        .route("/files/{file}/report", post(report))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX));
    Ok(router.with_state(Blobster { platform, store: Arc::new(store) }))
}

async fn view(
    audit: Audit,
    caller: Caller,
    State(blobster): State<Blobster>,
    Path(file): Path<String>,
) -> Result<Json<Value>, Refusal> {
    // Who asks, and may they? From here on the request's events say who it was.
    let permitted = blobster.permit(&caller, "blobster:read", &file, Role::Viewer).await;
    let event = audit.begin("BLOBSTER_OPEN_FILE", DataLoadRequest::new(vec![blobster.resource(&file)]));
    permitted?; // leaving here says UNAUTHORIZED
    let file = blobster.file(&file)?; // and here ERROR
    event.succeed(NoFields {});
    // The answer goes out when the event is on the disk.
    let beginning = file.content.part(0, BEGINNING_BYTES);
    Ok(Json(json!({"name": file.name, "size": file.content.size(), "beginning": String::from_utf8_lossy(&beginning)})))
}

#[derive(Deserialize)]
struct Upload {
    folder: String,
    name: String,
}

async fn upload(
    audit: Audit,
    caller: Caller,
    State(blobster): State<Blobster>,
    Query(upload): Query<Upload>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let me = blobster.platform.who(&caller).await;
    let import = DataImportRequest {
        import_parent_resource_id: Some(resource(&upload.folder)),
        ..DataImportRequest::new(Some(upload.name.clone()), Some(file_type(&upload.name)))
    };
    let event = audit.begin("BLOBSTER_UPLOAD_FILE", (import, DataCreate));
    me?;
    blobster.with(|store| store.has_room(body.len()))?;
    let id = format!("ri.blobster.main.file.{}", secret::uuid()?);
    // Whether the caller may put something into the folder is for compass to say.
    let place = blobster.place(&caller, Method::PUT, &upload.folder, &id, Some(json!({"name": upload.name}))).await?;
    let created = in_project(&id, Some(&place.project));
    let imported = DataImportResult {
        imported_size: i64::try_from(body.len()).ok(),
        ..DataImportResult::new(Some(created.clone()))
    };
    let Upload { folder, name } = upload;
    blobster.with(|store| store.add(&id, File { name, folder, project: place.project, content: Content::Kept(body) }));
    event.succeed((imported, DataCreateResult::new(vec![created])));
    Ok(Json(json!({"id": id})))
}

async fn download(
    audit: Audit,
    caller: Caller,
    State(blobster): State<Blobster>,
    Path(file): Path<String>,
) -> Result<Response, Refusal> {
    let permitted = blobster.permit(&caller, "blobster:export", &file, Role::Viewer).await;
    let files = vec![blobster.resource(&file)];
    let event =
        audit.begin("BLOBSTER_DOWNLOAD_FILE", (DataExportRequest::new(files.clone()), DataLoadRequest::new(files)));
    permitted?;
    let content = blobster.file(&file)?.content;
    let size = content.size();
    let body = if size < LARGE_BYTES {
        event.succeed(exported(size));
        Body::from(content.part(0, size))
    } else {
        // The event ends after the answer has begun: that it is under way is on the disk before the first byte goes out.
        let mut event = event.detach().ok_or(EmitError::Closed)?;
        event.under_way().await?;
        Body::from_stream(parts(event, content, caller.arrival))
    };
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_LENGTH, size.to_string())];
    Ok((headers, body).into_response())
}

/// The event of a download.
type Download = Guard<(DataExportRequest, DataLoadRequest)>;

/// A large file, part by part. If nobody takes them any more, the event is dropped with the stream and says `ERROR`.
fn parts(event: Download, content: Content, arrival: Arrival) -> impl stream::Stream<Item = Result<Bytes, EmitError>> {
    stream::unfold(Some((event, 0)), move |state| {
        let content = content.clone();
        async move {
            let (mut event, sent) = state?;
            let part = content.part(sent, PART_BYTES);
            let sent = sent + part.len() as u64;
            if sent < content.size() {
                return Some((Ok(part), Some((event, sent))));
            }
            event.context_mut().time = arrival.for_event();
            // Whoever has the whole file has left a whole trace: the last part waits for it.
            let ended = event.succeed(exported(sent)).await;
            Some((ended.map(|_| part), None))
        }
    })
}

/// The results of a download.
fn exported(bytes: u64) -> (DataExportResult, NoFields) {
    (DataExportResult::new(i64::try_from(bytes).ok()), NoFields {})
}

#[derive(Deserialize)]
struct Report {
    user: String,
}

async fn report(
    audit: Audit,
    caller: Caller,
    State(blobster): State<Blobster>,
    Path(file): Path<String>,
    Json(form): Json<Report>,
) -> Result<String, Refusal> {
    let permitted = blobster.permit(&caller, "blobster:export", &file, Role::Viewer).await;
    let export = DataExportRequest::new(vec![blobster.resource(&file)]);
    let event = audit.begin("BLOBSTER_EXPORT_REPORT", (export, OnBehalfOfRequest::new(vec![form.user])));
    permitted?;
    let file = blobster.file(&file)?;
    let text = format!("name,bytes\n\"{}\",{}\n", file.name.replace('"', "\"\""), file.content.size());
    event.succeed(exported(text.len() as u64));
    Ok(text)
}

async fn delete(
    audit: Audit,
    caller: Caller,
    State(blobster): State<Blobster>,
    Path(file): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let me = blobster.platform.who(&caller).await;
    let event = audit.begin("BLOBSTER_DELETE_FILE", DataDeleteRequest::new(vec![blobster.resource(&file)]));
    me?;
    let folder = blobster.file(&file)?.folder;
    blobster.place(&caller, Method::DELETE, &folder, &file, None).await?;
    blobster.with(|store| store.remove(&file));
    event.succeed(NoFields {});
    Ok(Json(json!({})))
}

fn file_type(name: &str) -> FileType {
    match name.rsplit_once('.') {
        Some((_, "csv" | "parquet")) => FileType::Dataset,
        Some(_) => FileType::Binary,
        None => FileType::Unknown,
    }
}

/// What handlers share.
#[derive(Clone)]
struct Blobster {
    platform: Platform,
    store: Arc<Mutex<Store>>,
}

impl Blobster {
    fn with<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn file(&self, id: &str) -> Result<File, Refusal> {
        self.with(|store| store.files.get(id).cloned()).ok_or(Refusal::NotFound)
    }

    /// The file as events name it.
    fn resource(&self, id: &str) -> DataResource {
        self.with(|store| in_project(id, store.files.get(id).map(|file| &*file.project)))
    }

    /// Asks multipass whether the caller has a role in the file's project.
    async fn permit(&self, caller: &Caller, operation: &str, file: &str, role: Role) -> Result<Who, Refusal> {
        match self.with(|store| store.check(operation, file, role)) {
            Some(check) => self.platform.check(caller, check).await,
            // That there is no such file is for those who have signed in.
            None => Err(self.platform.who(caller).await.map_or_else(|refusal| refusal, |_| Refusal::NotFound)),
        }
    }

    /// Asks compass to put a file into a folder, or to take it from there.
    async fn place(
        &self,
        caller: &Caller,
        method: Method,
        folder: &str,
        file: &str,
        body: Option<Value>,
    ) -> Result<Place, Refusal> {
        let compass = &self.platform.peers.compass;
        // What is not an id of ours is no part of a path.
        let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if !is_id(folder) {
            return Err(Refusal::NotFound);
        }
        self.platform.ask(caller, method, format!("{compass}/folders/{folder}/files/{file}"), body).await
    }
}

#[derive(Clone)]
struct File {
    name: String,
    folder: String,
    project: String,
    content: Content,
}

/// What is in a file.
#[derive(Clone)]
enum Content {
    /// What was uploaded.
    Kept(Bytes),
    /// So many bytes of nothing in particular.
    Filler(u64),
}

static FILLER: [u8; PART_BYTES as usize] = [b'.'; PART_BYTES as usize];

impl Content {
    fn size(&self) -> u64 {
        match self {
            Content::Kept(bytes) => bytes.len() as u64,
            Content::Filler(size) => *size,
        }
    }

    /// At most `bytes` bytes from `start` on.
    fn part(&self, start: u64, bytes: u64) -> Bytes {
        let start = start.min(self.size());
        let end = (start + bytes).min(self.size());
        match self {
            Content::Kept(kept) => kept.slice(start as usize..end as usize),
            Content::Filler(_) if end - start <= PART_BYTES => Bytes::from_static(&FILLER[..(end - start) as usize]),
            Content::Filler(_) => Bytes::from(vec![b'.'; (end - start) as usize]),
        }
    }
}

/// All that blobster knows.
struct Store {
    projects: HashMap<String, Access>,
    files: HashMap<String, File>,
    /// Bytes of all uploads.
    bytes: u64,
}

impl Store {
    fn new(seed: &Seed) -> anyhow::Result<Self> {
        let projects: HashMap<_, _> =
            seed.projects.iter().map(|project| (project.id.clone(), project.into())).collect();
        let mut files = HashMap::new();
        for project in &seed.projects {
            for file in project.files.iter().cloned() {
                let content = Content::Filler(file.size);
                let kept = File { name: file.name, folder: file.folder, project: project.id.clone(), content };
                let twice = files.insert(file.id.clone(), kept);
                twice.is_none().then_some(()).with_context(|| format!("file {} is there twice", file.id))?;
            }
        }
        Ok(Self { projects, files, bytes: 0 })
    }

    /// What to ask multipass for a role in a file's project.
    fn check(&self, operation: &str, file: &str, role: Role) -> Option<Check> {
        let access = self.projects.get(&self.files.get(file)?.project)?;
        let (operation, target, owner) = (operation.to_owned(), file.to_owned(), access.organization.clone());
        Some(Check { operation, target, owner, any_of: access.groups(role), except: Vec::new() })
    }

    fn has_room(&self, bytes: usize) -> Result<(), Refusal> {
        if self.bytes + bytes as u64 <= UPLOADS_BYTES_MAX { Ok(()) } else { Err(Refusal::Full) }
    }

    fn add(&mut self, id: &str, file: File) {
        self.bytes += file.content.size();
        self.files.insert(id.to_owned(), file);
    }

    fn remove(&mut self, id: &str) {
        if let Some(File { content: Content::Kept(bytes), .. }) = self.files.remove(id) {
            self.bytes -= bytes.len() as u64;
        }
    }
}

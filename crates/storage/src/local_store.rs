//! A folder as an object store whose writes survive power loss.
//!
//! `object_store`'s own local store writes without syncing. This one keeps its way of naming and reading and replaces
//! what changes the folder: once a call returns, bytes and names are on disk.

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use crate::durable;

/// Files are written here first. Their names end in `#` and digits, which `LocalFileSystem` never lists.
const STAGING: &str = ".staging";

/// A file that has waited here this long belongs to nobody.
const STAGED_FILE_AGE_MAX: Duration = Duration::from_secs(60 * 60);

const FILE_MODE: u32 = 0o640;

#[derive(Debug)]
pub(crate) struct LocalStore {
    files: LocalFileSystem,
    root: PathBuf,
}

impl LocalStore {
    /// Opens an existing folder. Files that an earlier process left half-written are removed if they are old.
    pub(crate) fn open(root: &FilePath) -> Result<LocalStore> {
        let files = LocalFileSystem::new_with_prefix(root)?;
        let root = fs::canonicalize(root).map_err(generic)?;
        remove_stale(&root.join(STAGING));
        Ok(LocalStore { files, root })
    }

    /// Syncs the file's bytes, its name and the folders above it.
    async fn sync(&self, location: &Path) -> Result<()> {
        let path = self.files.path_to_filesystem(location)?;
        blocking(move || {
            File::open(&path)?.sync_all()?;
            sync_names(&path)
        })
        .await
        .map_err(generic)
    }
}

/// Failing to tidy up harms nothing: the folder may be absent or the medium read-only.
fn remove_stale(staging: &FilePath) {
    let Ok(entries) = fs::read_dir(staging) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|time| SystemTime::now().duration_since(time).ok());
        if age.is_some_and(|age| age > STAGED_FILE_AGE_MAX) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Syncs the folder that holds `path`, and the name of that folder in its parent.
fn sync_names(path: &FilePath) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    durable::create_dir_durable(folder)?;
    durable::sync_dir(folder)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn generic(source: io::Error) -> Error {
    Error::Generic { store: "local folder", source: Box::new(source) }
}

impl Display for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let path = self.files.path_to_filesystem(location)?;
        let name = location.to_string();
        let staging = self.root.join(STAGING);
        let create = match options.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => {
                return Err(Error::NotImplemented {
                    operation: "put with PutMode::Update".to_owned(),
                    implementer: self.to_string(),
                });
            }
        };
        let put = move || {
            if let Some(folder) = path.parent() {
                durable::create_dir_durable(folder)?;
            }
            let bytes = Bytes::from(payload);
            if !create {
                return durable::write_atomic(&path, &bytes, FILE_MODE);
            }
            durable::create_dir_durable(&staging)?;
            let created = durable::create_new(&path, &staging, &bytes, FILE_MODE);
            if created.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists) {
                // Whoever created it may have been stopped before its name was durable.
                sync_names(&path)?;
            }
            created
        };
        match blocking(put).await {
            Ok(()) => Ok(PutResult { e_tag: None, version: None }),
            Err(source) if create && source.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::AlreadyExists { path: name, source: Box::new(source) })
            }
            Err(source) => Err(generic(source)),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.files.put_multipart_opts(location, options).await?;
        let path = self.files.path_to_filesystem(location)?;
        Ok(Box::new(DurableUpload { upload, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let files = self.files.clone();
        let deleted = self.files.delete_stream(locations);
        deleted
            .then(move |location| {
                let files = files.clone();
                async move {
                    let location = location?;
                    let path = files.path_to_filesystem(&location)?;
                    blocking(move || sync_names(&path)).await.map_err(generic)?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut found = self.files.list_with_delimiter(prefix).await?;
        found.common_prefixes.retain(|prefix| prefix.as_ref() != STAGING);
        Ok(found)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await?;
        self.sync(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.files.rename_opts(from, to, options).await?;
        self.sync(to).await?;
        let from = self.files.path_to_filesystem(from)?;
        blocking(move || sync_names(&from)).await.map_err(generic)
    }
}

/// Syncs what a multipart upload put in place.
#[derive(Debug)]
struct DurableUpload {
    upload: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.upload.complete().await?;
        let path = self.path.clone();
        let sync = move || {
            File::open(&path)?.sync_all()?;
            sync_names(&path)
        };
        blocking(sync).await.map_err(generic)?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}

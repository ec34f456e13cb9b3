//! Where an archive and its tables are measured: folders of this disk, or SeaweedFS on the same disk.

use std::process::Command;

use anyhow::{Context as _, Result};
use indelible_testkit::servers::{Kind, Server as SeaweedFs};

use crate::peers::Places;
use crate::process::Folder;

/// A bucket for the archive, and a place for tables.
pub(crate) struct Store {
    pub(crate) folder: Folder,
    pub(crate) seaweed: Option<SeaweedFs>,
}

impl Store {
    /// Folders of the disk.
    pub(crate) fn local(places: &Places) -> Result<Store> {
        Ok(Store { folder: Folder::create(&places.work, "store")?, seaweed: None })
    }

    /// SeaweedFS, S3 as the tests start it.
    pub(crate) fn seaweed(places: &Places) -> Result<Store> {
        let folder = Folder::create(&places.work, "store")?;
        let seaweed = SeaweedFs::start(Kind::SeaweedFs);
        let runtime = tokio::runtime::Runtime::new()?;
        for bucket in ["archive", "lake"] {
            runtime.block_on(seaweed.create_bucket(bucket, false));
        }
        Ok(Store { folder, seaweed: Some(seaweed) })
    }

    pub(crate) fn name(&self) -> &'static str {
        if self.seaweed.is_some() { "SeaweedFS" } else { "folder" }
    }

    /// A place in the bucket `bucket`, `archive` or `lake`.
    pub(crate) fn place(&self, bucket: &str, path: &str) -> String {
        match &self.seaweed {
            None => self.folder.path().join(bucket).join(path).display().to_string(),
            Some(seaweed) => seaweed.location(bucket, path).to_string(),
        }
    }

    /// The server's configuration: archive, tables, and what a section of it has `more`.
    pub(crate) fn configuration(&self, more: &str) -> Result<String> {
        let (archive, lake) = (self.place("archive", "bench"), self.place("lake", "tables"));
        let reach = match &self.seaweed {
            None => {
                for folder in [&archive, &lake] {
                    std::fs::create_dir_all(folder).with_context(|| format!("create {folder}"))?;
                }
                String::new()
            }
            Some(seaweed) => seaweed.configuration(self.folder.path()),
        };
        Ok(format!(
            "audit-reads = false\n[bucket]\nurl = '{archive}'\n{reach}[exports]\ndestinations = ['{lake}']\n[exports.bucket]\n{reach}{more}"
        ))
    }

    /// Tells a peer's script, in the environment, how the store is reached.
    pub(crate) fn introduce(&self, command: &mut Command) {
        let Some(seaweed) = &self.seaweed else { return };
        command.env("AWS_ENDPOINT", seaweed.endpoint()).env("AWS_REGION", "us-east-1").env("AWS_ALLOW_HTTP", "true");
        for (name, value) in seaweed.credentials_file().lines().filter_map(|line| line.split_once(" = ")) {
            command.env(name.to_uppercase(), value);
        }
    }
}

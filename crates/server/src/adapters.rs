//! The adapters that this server has: built in, and the operator's own. Each is compiled once and shared.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use indelible_adapter::Adapter;

/// Adapters by name.
#[derive(Default)]
pub(crate) struct Adapters {
    /// The operator's, which come before those that are built in.
    own: BTreeMap<String, Arc<Adapter>>,
    /// Those built in that somebody has asked for.
    built_in: Mutex<BTreeMap<String, Arc<Adapter>>>,
}

impl Adapters {
    /// With those in the files `*.vrl` of `folder`.
    ///
    /// # Errors
    /// When one of them cannot be read or does not compile.
    pub(crate) fn open(folder: Option<&Path>) -> anyhow::Result<Self> {
        let Some(folder) = folder else { return Ok(Self::default()) };
        let mut own = BTreeMap::new();
        let files = std::fs::read_dir(folder).with_context(|| format!("read receive.adapters {}", folder.display()))?;
        for file in files {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "vrl") {
                continue;
            }
            let adapter = Adapter::from_file(&path).with_context(|| path.display().to_string())?;
            own.insert(adapter.name().to_owned(), Arc::new(adapter));
        }
        Ok(Self { own, built_in: Mutex::default() })
    }

    /// The adapter of this name. The error names those there are.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Adapter>, String> {
        if let Some(adapter) = self.own.get(name) {
            return Ok(Arc::clone(adapter));
        }
        let mut built_in = self.built_in.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(adapter) = built_in.get(name) {
            return Ok(Arc::clone(adapter));
        }
        let adapter = Adapter::builtin(name).map_err(|_| {
            let own = self.own.keys().map(String::as_str);
            let names: Vec<&str> = Adapter::names().iter().copied().chain(own).collect();
            format!("this server has no adapter {name:?}; it has {}", names.join(", "))
        })?;
        let adapter = Arc::new(adapter);
        built_in.insert(name.to_owned(), Arc::clone(&adapter));
        Ok(adapter)
    }
}

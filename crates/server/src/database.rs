//! The control database: a file of the data folder, or a PostgreSQL database that is this server's alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use indelible_api::AlarmKind;
use indelible_control::{Control, ControlError};
use url::Url;

use crate::app::App;
use crate::config::{Config, Database};

/// Opens it where the configuration says.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Control> {
    match address(&config.database)? {
        Some(url) => Control::open_postgresql(&url).await.with_context(|| {
            // Without what a URL may hold of secrets.
            let (host, name) = (url.host_str().unwrap_or_default(), url.path().trim_start_matches('/'));
            format!("open the control database {name:?} at {host} (database.url)")
        }),
        None => {
            let path = config.data_dir.join("control.sqlite");
            Control::open(&path).await.with_context(|| format!("open {}", path.display()))
        }
    }
}

fn address(database: &Database) -> anyhow::Result<Option<Url>> {
    let Some(mut url) = database.url.clone() else { return Ok(None) };
    if let Some(path) = &database.password_file {
        let place = || format!("read the password of the control database from {}", path.display());
        let text = std::fs::read_to_string(path).with_context(place)?;
        let password = text.trim_end_matches(['\r', '\n']);
        url.set_password(Some(password)).ok().context("database.url has no place for a password")?;
    }
    Ok(Some(url))
}

/// Between two looks.
const TURN: Duration = Duration::from_secs(5);

impl App {
    /// Looks at the database until the server stops. In a task of its own: a database that hangs must not keep anybody from
    /// looking at the clock and the disk.
    pub(crate) async fn hold_database_forever(self: Arc<Self>) {
        loop {
            tokio::time::sleep(TURN).await;
            self.watch_database().await;
        }
    }

    /// Raises an alarm while the control database is away, and ends the server when another one has taken it.
    async fn watch_database(&self) {
        let message = match self.control.hold().await {
            Ok(()) => None,
            Err(error @ ControlError::InUse) => {
                let _ = self.retired.set(error.to_string());
                None
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the control database is away");
                let message = "the control database does not answer: events are taken in and read as before, tokens and settings cannot be changed; the server's log says why";
                Some(message.to_owned())
            }
        };
        self.alarms.set(AlarmKind::DatabaseAway, None, self.now_us(), message);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_password_comes_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "a b/c\n").unwrap();
        let url: Url = "postgres://indelible@db.example/control?sslmode=verify-full".parse().unwrap();
        let database = Database { url: Some(url), password_file: Some(path) };
        let address = address(&database).unwrap().unwrap();
        assert_eq!(address.as_str(), "postgres://indelible:a%20b%2Fc@db.example/control?sslmode=verify-full");
        assert!(self::address(&Database::default()).unwrap().is_none());
    }
}

//! What somebody asks a service of the platform for, and the HTTP request that it is.

use std::collections::HashMap;

use serde_json::{Value, json};

/// One request of one person or program.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When, in microseconds since 1970 UTC.
    pub time_us: i64,
    /// Whoever acts on their own. Their calls are sent one after the other, each with what they [remember](Memory) of the answers before.
    pub actor: u64,
    /// From where: an IPv4 address.
    pub address: String,
    /// With what program.
    pub user_agent: String,
    /// Id of the trace that the call begins: 32 hexadecimal digits.
    pub trace: String,
    /// Whether the services let it be. A call that they should refuse is answered 401 or 403.
    pub allowed: bool,
    pub(crate) uid: String,
    pub(crate) act: Act,
    pub(crate) credential: Option<Known>,
    /// Programs call through the gateway.
    pub(crate) by_program: bool,
    /// Where to remember what the answer gives.
    pub(crate) keeps: Option<Slot>,
}

/// What is done. Projects, folders and files are named by their RIDs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    SignIn {
        user_name: String,
        password: String,
    },
    SignOut,
    OpenHome,
    Mint {
        description: &'static str,
    },
    Revoke {
        token: Slot,
    },
    UpdateUser {
        uid: String,
        user_name: String,
    },
    /// Moves a user from one group into another.
    UpdateGroups {
        uid: String,
        from: String,
        into: String,
    },
    Browse {
        folder: String,
    },
    Rename {
        folder: String,
        name: String,
    },
    SetPermission {
        folder: String,
        uid: String,
        role: &'static str,
        change: &'static str,
    },
    Search {
        project: String,
        words: &'static str,
    },
    RequestAccess {
        folder: String,
    },
    Open {
        file: String,
    },
    Upload {
        folder: String,
        name: &'static str,
        bytes: usize,
    },
    Download {
        file: String,
    },
    Delete {
        file: Known,
    },
    Report {
        file: String,
        uid: String,
    },
}

/// A place in somebody's memory.
pub(crate) type Slot = u64;

/// A text that is known beforehand or by an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Known {
    Before(String),
    Since(Slot),
}

/// What an actor has learnt from answers: tokens of sessions and programs, ids of files.
#[derive(Debug, Default)]
pub struct Memory(HashMap<Slot, Learnt>);

#[derive(Debug)]
struct Learnt {
    id: String,
    token: String,
}

/// A service of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Sign-in, tokens, users and groups, and the gateway.
    Multipass,
    /// Folders.
    Compass,
    /// Files.
    Blobster,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Service::Multipass => "multipass",
            Service::Compass => "compass",
            Service::Blobster => "blobster",
        }
    }
}

/// A request of HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// To whom.
    pub service: Service,
    /// Such as `GET`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// Token of the header `Authorization: Bearer`.
    pub token: Option<String>,
    /// JSON of the body, if it is that.
    pub json: Option<Value>,
    /// Bytes of the body, if it is a file.
    pub file: Option<Vec<u8>>,
}

impl Call {
    /// The call as a request; `None` where it depends on an answer that was not given.
    pub fn request(&self, memory: &Memory) -> Option<Request> {
        use Service::{Blobster, Compass, Multipass};
        let (service, method, path, json) = match &self.act {
            Act::SignIn { user_name, password } => {
                let form = json!({"userName": user_name, "password": password});
                (Multipass, "POST", "/sign-in".to_owned(), Some(form))
            }
            Act::SignOut => (Multipass, "POST", "/sign-out".to_owned(), None),
            Act::Mint { description } => {
                (Multipass, "POST", "/tokens".to_owned(), Some(json!({"description": description})))
            }
            Act::Revoke { token } => (Multipass, "DELETE", format!("/tokens/{}", memory.0.get(token)?.id), None),
            Act::UpdateUser { uid, user_name } => {
                (Multipass, "PATCH", format!("/users/{uid}"), Some(json!({"userName": user_name})))
            }
            Act::UpdateGroups { uid, from, into } => {
                let patches = json!([{"id": into, "added": [uid]}, {"id": from, "removed": [uid]}]);
                (Multipass, "POST", "/groups".to_owned(), Some(json!({"patches": patches})))
            }
            Act::OpenHome => (Compass, "GET", "/home".to_owned(), None),
            Act::Browse { folder } => (Compass, "GET", format!("/folders/{folder}"), None),
            Act::Rename { folder, name } => {
                (Compass, "PATCH", format!("/folders/{folder}"), Some(json!({"name": name})))
            }
            Act::SetPermission { folder, uid, role, change } => {
                let form = json!({"user": uid, "role": role, "change": change});
                (Compass, "POST", format!("/folders/{folder}/permissions"), Some(form))
            }
            Act::Search { project, words } => {
                (Compass, "GET", format!("/search?project={project}&words={}", encoded(words)), None)
            }
            Act::RequestAccess { folder } => (Compass, "POST", "/requests".to_owned(), Some(json!({"folder": folder}))),
            Act::Open { file } => (Blobster, "GET", format!("/files/{file}"), None),
            Act::Upload { folder, name, .. } => {
                (Blobster, "POST", format!("/files?folder={folder}&name={}", encoded(name)), None)
            }
            Act::Download { file } => (Blobster, "GET", format!("/files/{file}/content"), None),
            Act::Delete { file } => (Blobster, "DELETE", format!("/files/{}", memory.id(file)?), None),
            Act::Report { file, uid } => {
                (Blobster, "POST", format!("/files/{file}/report"), Some(json!({"user": uid})))
            }
        };
        let token = match &self.credential {
            Some(credential) => Some(memory.token(credential)?.to_owned()),
            None => None,
        };
        let file = match &self.act {
            Act::Upload { bytes, .. } => Some(vec![b'.'; *bytes]),
            _ => None,
        };
        let (service, path) = match self.by_program && service != Multipass {
            true => (Multipass, format!("/gateway/{}{path}", service.name())),
            false => (service, path),
        };
        Some(Request { service, method, path, token, json, file })
    }

    /// Whether the answer to this call is for the memory.
    pub fn teaches(&self) -> bool {
        self.keeps.is_some()
    }

    /// Remembers what the answer gives.
    pub fn learn(&self, answer: &Value, memory: &mut Memory) {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(slot) = self.keeps {
            memory.0.insert(slot, Learnt { id: text("id"), token: text("token") });
        }
    }
}

impl Memory {
    fn token<'m>(&'m self, known: &'m Known) -> Option<&'m str> {
        match known {
            Known::Before(token) => Some(token),
            Known::Since(slot) => self.0.get(slot).map(|learnt| &*learnt.token),
        }
    }

    fn id<'m>(&'m self, known: &'m Known) -> Option<&'m str> {
        match known {
            Known::Before(id) => Some(id),
            Known::Since(slot) => self.0.get(slot).map(|learnt| &*learnt.id),
        }
    }
}

/// Our texts hold nothing else that a query may not.
fn encoded(text: &str) -> String {
    text.replace(' ', "%20")
}

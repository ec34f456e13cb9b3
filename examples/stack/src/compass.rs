//! *compass*: projects and their folders.
//!
//! | request | what | category of its event |
//! |---|---|---|
//! | `GET /home` | the caller's projects | `inApplicationContext` |
//! | `GET /folders/{id}` | what is in a folder | `metaDataAccess` |
//! | `PATCH /folders/{id}` | `{"name"}` | `metaDataUpdate` |
//! | `POST /folders/{id}/permissions` | `{"user", "role": "viewer" or "editor", "change": "added" or "removed"}` | `managementPermissions` |
//! | `GET /search?project=..&words=..` | files of a project by name | `dataSearch` |
//! | `POST /requests` | `{"folder"}`: asks for access to it | `requestCreate` |
//! | `PUT /folders/{id}/files/{file}` | `{"name"}`: puts a file there, for blobster | `metaDataUpdate` |
//! | `DELETE /folders/{id}/files/{file}` | takes it away, for blobster | `metaDataUpdate` |
//!
//! Who may look at a project and who may change it are two groups, which multipass keeps. What is set for a user on one folder goes before.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use indelible_sdk::catalogue::typed::{
    DataResource, DataSearchRequest, DataSearchResult, InApplicationContextRequest, ManagementPermissionsRequest,
    MetaDataAccessRequest, MetaDataUpdateRequest, NoFields, RequestCreateRequest, RequestCreateResult, RequestResource,
    Resource, ResourceContext,
};
use indelible_sdk::{Audit, identifier};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::caller::{Caller, Check, Platform, Who};
use crate::in_project;
use crate::refusal::Refusal;
use crate::secret;
use crate::seed::{Access, Role, Seed};

/// Files that a search finds at most.
const FOUND_MAX: usize = 5;
/// Requests for access that wait at most.
const REQUESTS_MAX: usize = 10_000;

/// The routes of compass.
///
/// # Errors
/// If the seed is not consistent.
pub fn router(platform: Platform, seed: &Seed) -> anyhow::Result<Router> {
    let tree = Mutex::new(Tree::new(seed)?);
    let router = Router::new()
        .route("/home", get(home))
        .route("/folders/{folder}", get(list).patch(rename))
        .route("/folders/{folder}/permissions", post(set_permission))
        .route("/folders/{folder}/files/{file}", put(add_file).delete(remove_file))
        .route("/search", get(search))
        .route("/requests", post(request_access));
    Ok(router.with_state(Compass { platform, tree: Arc::new(tree) }))
}

async fn home(audit: Audit, caller: Caller, State(compass): State<Compass>) -> Result<Json<Value>, Refusal> {
    let me = compass.platform.who(&caller).await;
    let home = "ri.compass.main.application.home".to_owned();
    let event = audit.begin("COMPASS_OPEN_HOME", InApplicationContextRequest::new(home));
    let groups = me?.groups;
    let projects = compass.with(|tree| json!(tree.projects_of(&groups)));
    event.succeed(NoFields {});
    Ok(Json(json!({"projects": projects})))
}

async fn list(
    audit: Audit,
    caller: Caller,
    State(compass): State<Compass>,
    Path(folder): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let permitted = compass.permit(&caller, "compass:view", &folder, Role::Viewer).await;
    let request = MetaDataAccessRequest::new(vec![compass.resource(&folder)], Some("folder listing".to_owned()));
    let event = audit.begin("COMPASS_GET_FOLDER", request);
    permitted?;
    let listing = compass.with(|tree| tree.folder(&folder).map(|folder| json!(folder)))?;
    event.succeed(NoFields {});
    Ok(Json(listing))
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

async fn rename(
    audit: Audit,
    caller: Caller,
    State(compass): State<Compass>,
    Path(folder): Path<String>,
    Json(form): Json<Name>,
) -> Result<Json<Value>, Refusal> {
    let permitted = compass.permit(&caller, "compass:edit", &folder, Role::Editor).await;
    let request = MetaDataUpdateRequest::new(vec![compass.resource(&folder)], Some("rename".to_owned()));
    let event = audit.begin("COMPASS_UPDATE_FOLDER", request);
    permitted?;
    compass.with(|tree| tree.folder(&folder).map(|folder| folder.name = form.name))?;
    event.succeed(NoFields {});
    Ok(Json(json!({})))
}

/// A role that a user gets on a folder, or loses.
#[derive(Deserialize)]
struct Permission {
    user: String,
    role: Role,
    change: Change,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    Added,
    Removed,
}

async fn set_permission(
    audit: Audit,
    caller: Caller,
    State(compass): State<Compass>,
    Path(folder): Path<String>,
    Json(form): Json<Permission>,
) -> Result<Json<Value>, Refusal> {
    let permitted = compass.permit(&caller, "compass:manage", &folder, Role::Editor).await;
    let change = match (form.role, form.change) {
        (Role::Viewer, Change::Added) => "viewer added",
        (Role::Viewer, Change::Removed) => "viewer removed",
        (Role::Editor, Change::Added) => "editor added",
        (Role::Editor, Change::Removed) => "editor removed",
    };
    let request = ManagementPermissionsRequest {
        permission_change_context: vec![
            ResourceContext::new(form.user.clone(), "user id".to_owned()),
            ResourceContext::new(change.to_owned(), "change".to_owned()),
        ],
        ..ManagementPermissionsRequest::new(vec![Resource::Data(compass.resource(&folder))])
    };
    let event = audit.begin("COMPASS_SET_PERMISSIONS", request);
    permitted?;
    compass.with(|tree| tree.folder(&folder).map(|folder| folder.set(form)))?;
    event.succeed(NoFields {});
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct Search {
    project: String,
    words: String,
}

async fn search(
    audit: Audit,
    caller: Caller,
    State(compass): State<Compass>,
    Query(query): Query<Search>,
) -> Result<Json<Value>, Refusal> {
    let permitted = compass.permit_project(&caller, "compass:view", &query.project, Role::Viewer).await;
    let event = audit.begin("COMPASS_SEARCH", DataSearchRequest::new(Some(query.words.clone())));
    permitted?;
    let found = compass.with(|tree| tree.search(&query.project, &query.words));
    let resources = found.keys().map(|file| in_project(file, Some(&query.project))).collect();
    event.succeed(DataSearchResult::new(resources));
    Ok(Json(json!({"files": found})))
}

#[derive(Deserialize)]
struct AccessRequest {
    folder: String,
}

async fn request_access(
    audit: Audit,
    caller: Caller,
    State(compass): State<Compass>,
    Json(form): Json<AccessRequest>,
) -> Result<Json<Value>, Refusal> {
    let me = compass.platform.who(&caller).await;
    let request = RequestCreateRequest {
        created_request_description: Some("access to a folder".to_owned()),
        ..RequestCreateRequest::new(vec![Resource::Data(compass.resource(&form.folder))])
    };
    let event = audit.begin("COMPASS_REQUEST_ACCESS", request);
    let uid = me?.who.uid;
    let id = format!("ri.compass.main.access-request.{}", secret::uuid()?);
    compass.with(|tree| tree.ask(&id, &form.folder, uid))?;
    event.succeed(RequestCreateResult::new(vec![RequestResource::new(identifier(&id))]));
    Ok(Json(json!({"id": id})))
}

/// Where compass has put a file, or taken it from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) project: String,
}

async fn add_file(
    audit: Audit,
    caller: Caller,
    State(compass): State<Compass>,
    Path((folder, file)): Path<(String, String)>,
    Json(form): Json<Name>,
) -> Result<Json<Place>, Refusal> {
    let permitted = compass.permit(&caller, "compass:edit", &folder, Role::Editor).await;
    let request = MetaDataUpdateRequest::new(vec![compass.resource(&folder)], Some("file added".to_owned()));
    let event = audit.begin("COMPASS_ADD_TO_FOLDER", request);
    permitted?;
    let project = compass.with(|tree| tree.folder(&folder).map(|folder| folder.add(file, form.name)))?;
    event.succeed(NoFields {});
    Ok(Json(Place { project }))
}

async fn remove_file(
    audit: Audit,
    caller: Caller,
    State(compass): State<Compass>,
    Path((folder, file)): Path<(String, String)>,
) -> Result<Json<Place>, Refusal> {
    let permitted = compass.permit(&caller, "compass:edit", &folder, Role::Editor).await;
    let request = MetaDataUpdateRequest::new(vec![compass.resource(&folder)], Some("file removed".to_owned()));
    let event = audit.begin("COMPASS_REMOVE_FROM_FOLDER", request);
    permitted?;
    let project = compass.with(|tree| tree.folder(&folder)?.remove(&file))?;
    event.succeed(NoFields {});
    Ok(Json(Place { project }))
}

/// What handlers share.
#[derive(Clone)]
struct Compass {
    platform: Platform,
    tree: Arc<Mutex<Tree>>,
}

impl Compass {
    fn with<T>(&self, work: impl FnOnce(&mut Tree) -> T) -> T {
        work(&mut self.tree.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The folder as events name it.
    fn resource(&self, folder: &str) -> DataResource {
        self.with(|tree| in_project(folder, tree.folders.get(folder).map(|folder| &*folder.project)))
    }

    /// Asks multipass whether the caller has a role on a folder.
    async fn permit(&self, caller: &Caller, operation: &str, folder: &str, role: Role) -> Result<Who, Refusal> {
        let check = self.with(|tree| tree.check(operation, folder, role));
        self.decide(caller, check).await
    }

    /// The same for a project.
    async fn permit_project(
        &self,
        caller: &Caller,
        operation: &str,
        project: &str,
        role: Role,
    ) -> Result<Who, Refusal> {
        let check = self.with(|tree| tree.check_project(operation, project, project, role));
        self.decide(caller, check).await
    }

    async fn decide(&self, caller: &Caller, check: Option<Check>) -> Result<Who, Refusal> {
        match check {
            Some(check) => self.platform.check(caller, check).await,
            // That there is no such thing is for those who have signed in.
            None => Err(self.platform.who(caller).await.map_or_else(|refusal| refusal, |_| Refusal::NotFound)),
        }
    }
}

/// All that compass knows.
struct Tree {
    projects: HashMap<String, Project>,
    folders: HashMap<String, Folder>,
    requests: BTreeMap<String, Asked>,
}

struct Project {
    name: String,
    access: Access,
    folders: Vec<String>,
}

#[derive(Serialize)]
struct Folder {
    name: String,
    project: String,
    /// Names of the files in it, by id.
    files: BTreeMap<String, String>,
    /// What was set for users: a role, or none at all.
    #[serde(skip)]
    roles: HashMap<String, Option<Role>>,
}

/// A request for access to a folder, which nobody answers here.
#[expect(dead_code, reason = "the example ends where somebody would read it")]
struct Asked {
    folder: String,
    uid: String,
}

impl Tree {
    fn new(seed: &Seed) -> anyhow::Result<Self> {
        let mut tree = Self { projects: HashMap::new(), folders: HashMap::new(), requests: BTreeMap::new() };
        for project in &seed.projects {
            for folder in &project.folders {
                let (name, project) = (folder.name.clone(), project.id.clone());
                let folder_of = Folder { name, project, files: BTreeMap::new(), roles: HashMap::new() };
                tree.folders.insert(folder.id.clone(), folder_of);
            }
            for file in &project.files {
                let folder = tree.folders.get_mut(&file.folder);
                let folder = folder.with_context(|| format!("file {}: no such folder", file.id))?;
                folder.files.insert(file.id.clone(), file.name.clone());
            }
            let folders = project.folders.iter().map(|folder| folder.id.clone()).collect();
            let project_of = Project { name: project.name.clone(), access: Access::from(project), folders };
            tree.projects.insert(project.id.clone(), project_of);
        }
        Ok(tree)
    }

    fn folder(&mut self, folder: &str) -> Result<&mut Folder, Refusal> {
        self.folders.get_mut(folder).ok_or(Refusal::NotFound)
    }

    /// Names of the projects that members of the groups may look at, by id.
    fn projects_of(&self, groups: &[String]) -> BTreeMap<&str, &str> {
        let is_open =
            |project: &Project| project.access.groups(Role::Viewer).iter().any(|group| groups.contains(group));
        self.projects.iter().filter(|(_, p)| is_open(p)).map(|(id, project)| (&**id, &*project.name)).collect()
    }

    /// What to ask multipass for a role on a folder.
    fn check(&self, operation: &str, id: &str, role: Role) -> Option<Check> {
        let folder = self.folders.get(id)?;
        let mut check = self.check_project(operation, id, &folder.project, role)?;
        for (user, set) in &folder.roles {
            let list = if *set >= Some(role) { &mut check.any_of } else { &mut check.except };
            list.push(user.clone());
        }
        Some(check)
    }

    fn check_project(&self, operation: &str, target: &str, project: &str, role: Role) -> Option<Check> {
        let access = &self.projects.get(project)?.access;
        let (operation, target, owner) = (operation.to_owned(), target.to_owned(), access.organization.clone());
        Some(Check { operation, target, owner, any_of: access.groups(role), except: Vec::new() })
    }

    /// Names of a project's files with these words in them, by id.
    fn search(&self, project: &str, words: &str) -> BTreeMap<String, String> {
        let words = words.to_lowercase();
        let folders = self.projects.get(project).into_iter().flat_map(|project| &project.folders);
        let files = folders.filter_map(|folder| self.folders.get(folder)).flat_map(|folder| &folder.files);
        let found = files.filter(|(_, name)| name.to_lowercase().contains(&words)).take(FOUND_MAX);
        found.map(|(id, name)| (id.clone(), name.clone())).collect()
    }

    fn ask(&mut self, id: &str, folder: &str, uid: String) -> Result<(), Refusal> {
        self.folder(folder)?;
        if self.requests.len() >= REQUESTS_MAX {
            return Err(Refusal::Full);
        }
        self.requests.insert(id.to_owned(), Asked { folder: folder.to_owned(), uid });
        Ok(())
    }
}

impl Folder {
    fn set(&mut self, permission: Permission) {
        let role = match (permission.change, permission.role) {
            (Change::Added, role) => Some(role),
            (Change::Removed, Role::Editor) => Some(Role::Viewer),
            (Change::Removed, Role::Viewer) => None,
        };
        self.roles.insert(permission.user, role);
    }

    /// Answers the project.
    fn add(&mut self, file: String, name: String) -> String {
        self.files.insert(file, name);
        self.project.clone()
    }

    /// As [`add`](Self::add).
    fn remove(&mut self, file: &str) -> Result<String, Refusal> {
        self.files.remove(file).map(|_| self.project.clone()).ok_or(Refusal::NotFound)
    }
}

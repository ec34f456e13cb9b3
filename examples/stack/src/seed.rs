//! What a platform begins with: who is on it and what is there. All three services read the same one.

use serde::{Deserialize, Serialize};

/// People, tokens, groups and projects, as JSON; `platform.json` beside this crate's `Cargo.toml` is one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// People and service accounts.
    pub users: Vec<User>,
    /// Tokens of programs.
    #[serde(default)]
    pub tokens: Vec<Token>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Projects.
    pub projects: Vec<Project>,
}

/// Somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    /// Id of the user, a UUID in real life.
    pub id: String,
    /// What they sign in with.
    pub user_name: String,
    /// Absent for those who do not sign in.
    #[serde(default)]
    pub password: Option<String>,
    /// RID of their organization.
    pub organization: String,
    /// Whether they keep the users and groups of their organization.
    #[serde(default)]
    pub administrator: bool,
}

/// A token that programs use.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The secret.
    pub token: String,
    /// Its id, which is none.
    pub id: String,
    /// Id of the user whose it is.
    pub user: String,
    /// RFC 3339; absent if it does not expire.
    #[serde(default)]
    pub expires: Option<String>,
}

/// A group of users.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its RID.
    pub id: String,
    /// RID of the organization whose administrators keep it.
    pub organization: String,
    /// Ids of users.
    pub members: Vec<String>,
}

/// A project with its folders and files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Its RID.
    pub id: String,
    /// For people.
    pub name: String,
    /// RID of the organization whose it is.
    pub organization: String,
    /// RID of the group that may look at everything in it.
    pub viewers: String,
    /// RID of the group that may also change it.
    pub editors: String,
    /// Folders.
    pub folders: Vec<Folder>,
    /// Files.
    #[serde(default)]
    pub files: Vec<File>,
}

/// A folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Its RID.
    pub id: String,
    /// For people.
    pub name: String,
}

/// A file, which holds nothing but filler.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its RID.
    pub id: String,
    /// For people.
    pub name: String,
    /// RID of its folder.
    pub folder: String,
    /// Bytes.
    pub size: u64,
}

/// What somebody may do with a project or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Look.
    Viewer,
    /// Look, and change it.
    Editor,
}

/// Whose a project is and who may do what in it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) organization: String,
    viewers: String,
    editors: String,
}

impl From<&Project> for Access {
    fn from(project: &Project) -> Self {
        let Project { organization, viewers, editors, .. } = project.clone();
        Self { organization, viewers, editors }
    }
}

impl Access {
    /// The groups that have at least this role.
    pub(crate) fn groups(&self, role: Role) -> Vec<String> {
        match role {
            Role::Viewer => vec![self.viewers.clone(), self.editors.clone()],
            Role::Editor => vec![self.editors.clone()],
        }
    }
}

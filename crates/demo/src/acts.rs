//! What can be done on the platform, product by product: each act writes all lines that its call leaves.

use serde_json::json;

use crate::clock::{DAY, SECOND, rfc3339};
use crate::pen::{
    BLOBSTER, COMPASS, Call, Caller, Draft, GATEWAY, MULTIPASS, Outcome, Pen, Product, other, resource, rid,
};
use crate::world::{Account, Project};

const MILLISECOND: i64 = SECOND / 1_000;

/// Multipass: sign-in, tokens, users and groups.
impl<'w> Pen<'w> {
    /// A password that was refused.
    pub(crate) fn refused_sign_in(&mut self, caller: &Caller<'w>, at: i64) {
        let nobody = Caller { sid: None, token: None, ..caller.clone() };
        let call = self.call(&nobody, caller.account.organization);
        let check = sign_in_check(at, nobody.account).outcome(Outcome::Unauthorized);
        self.write(&call, check);
    }

    /// A password that was taken: a session begins, whose id and token `caller` carries.
    pub(crate) fn sign_in(&mut self, caller: &Caller<'w>, at: i64) {
        let call = self.call(caller, caller.account.organization);
        let login = sign_in_check(at, caller.account)
            .and("userLogin")
            .result("authenticationCheckResult", true)
            .result("loginUserId", caller.account.uid.as_str());
        self.write(&call, login);
        let home = Draft::new(at + 340 * MILLISECOND, COMPASS, "COMPASS_OPEN_HOME", "inApplicationContext")
            .request("applicationRid", "ri.compass.main.application.home")
            .in_browser();
        self.write(&call, home);
    }

    pub(crate) fn sign_out(&mut self, caller: &Caller<'w>, at: i64) {
        let call = self.call(caller, caller.account.organization);
        let logout = Draft::new(at, MULTIPASS, "MULTIPASS_LOGOUT", "userLogout")
            .result("logoutUserId", caller.account.uid.as_str());
        self.write(&call, logout);
    }

    /// Mints a token for programs and returns its id.
    pub(crate) fn mint(&mut self, caller: &Caller<'w>, at: i64, what_for: &str) -> String {
        let token = self.id();
        let call = self.call(caller, caller.account.organization);
        let mint = Draft::new(at, MULTIPASS, "MULTIPASS_CREATE_TOKEN", "tokenGeneration")
            .request("generateTokensDescription", what_for)
            .result(
                "generatedTokens",
                json!([{
                    "id": other(&token, "token id"),
                    "expirationTime": rfc3339(at + 30 * DAY),
                    "userId": caller.account.uid,
                    "type": "USER_GENERATED",
                }]),
            );
        self.write(&call, mint);
        token
    }

    pub(crate) fn revoke(&mut self, caller: &Caller<'w>, at: i64, token: &str) {
        let call = self.call(caller, caller.account.organization);
        let revoke = Draft::new(at, MULTIPASS, "MULTIPASS_REVOKE_TOKEN", "tokenRevoke").result(
            "revokedTokens",
            json!([{"id": other(token, "token id"), "userId": caller.account.uid, "type": "USER_GENERATED"}]),
        );
        self.write(&call, revoke);
    }

    /// An administrator changes something about `user`.
    pub(crate) fn update_user(&mut self, caller: &Caller<'w>, at: i64, user: &Account) {
        let call = self.call(caller, caller.account.organization);
        let update = Draft::new(at, MULTIPASS, "MULTIPASS_UPDATE_USER", "managementUsers")
            .request("managedUserIds", json!([user.uid]))
            .user(user);
        self.write(&call, update);
    }

    /// An administrator moves `user` into one group of `project` and out of another.
    pub(crate) fn update_groups(&mut self, caller: &Caller<'w>, at: i64, user: &Account, project: &Project) {
        let call = self.call(caller, caller.account.organization);
        let group = |kind: &str| rid(&project.rid.replace("compass.main.project", &format!("multipass..{kind}")));
        let member = other(&user.uid, "user id");
        let update = Draft::new(at, MULTIPASS, "MULTIPASS_UPDATE_GROUPS", "managementGroups")
            .request(
                "groupPatches",
                json!([
                    {"id": group("editors"), "addedIds": [member], "removedIds": []},
                    {"id": group("viewers"), "addedIds": [], "removedIds": [member]},
                ]),
            )
            .user(user);
        self.write(&call, update);
    }

    /// A program calls with a token that is no longer good.
    pub(crate) fn expired_call(&mut self, caller: &Caller<'w>, at: i64) {
        let call = self.call(caller, caller.account.organization);
        self.write(&call, gateway(at, "compass.listFolder").outcome(Outcome::Unauthorized));
        let check = token_check(at + 3 * MILLISECOND).outcome(Outcome::Unauthorized);
        self.write_behind(&call, GATEWAY, check);
    }
}

/// Compass: folders and permissions.
impl<'w> Pen<'w> {
    pub(crate) fn browse(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) {
        let folder = project.folder(folder);
        let call = self.call(caller, project.organization);
        let mut open = Draft::new(at, COMPASS, "COMPASS_GET_FOLDER", "metaDataAccess")
            .request("accessedMetaDataResources", json!([resource(&folder, &project.rid)]))
            .request("accessedMetaDataDescription", "folder listing")
            .entity(&folder)
            .outcome(self.found(project, at));
        if self.dice.chance(0.1) {
            open = open.in_browser();
        }
        self.write(&call, open);
        if self.dice.chance(0.5) {
            self.check_access(&call, at + 4 * MILLISECOND, COMPASS, &folder, "compass:view", true);
        }
    }

    /// A folder the caller may not see.
    pub(crate) fn browse_refused(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) {
        let folder = project.folder(folder);
        let call = self.call(caller, project.organization);
        let open = Draft::new(at, COMPASS, "COMPASS_GET_FOLDER", "metaDataAccess")
            .request("accessedMetaDataResources", json!([resource(&folder, &project.rid)]))
            .request("accessedMetaDataDescription", "folder listing")
            .entity(&folder)
            .outcome(Outcome::Unauthorized);
        self.write(&call, open);
        self.check_access(&call, at + 4 * MILLISECOND, COMPASS, &folder, "compass:view", false);
    }

    pub(crate) fn search(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let words = *self.dice.pick(SEARCHES);
        let hits: Vec<String> = (0..self.dice.count(0, 4)).map(|_| self.file(project)).collect();
        let call = self.call(caller, project.organization);
        let found: Vec<_> = hits.iter().map(|file| resource(file, &project.rid)).collect();
        let search = Draft::new(at, COMPASS, "COMPASS_SEARCH", "dataSearch")
            .request("dataSearchQuery", words)
            .result("dataSearchResults", found);
        let search = hits.iter().fold(search, |search, file| search.entity(file));
        self.write(&call, search);
    }

    /// Renames a folder, or moves it.
    pub(crate) fn rename(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) {
        let folder = project.folder(folder);
        let call = self.call(caller, project.organization);
        let rename = Draft::new(at, COMPASS, "COMPASS_UPDATE_FOLDER", "metaDataUpdate")
            .request("updatedMetaDataResources", json!([resource(&folder, &project.rid)]))
            .request("updatedMetaDataDescription", "rename")
            .entity(&folder);
        self.write(&call, rename);
        self.check_access(&call, at + 4 * MILLISECOND, COMPASS, &folder, "compass:edit", true);
    }

    /// Gives `user` a role on a folder, or takes it away.
    pub(crate) fn set_permission(
        &mut self,
        caller: &Caller<'w>,
        at: i64,
        project: &Project,
        folder: usize,
        user: &Account,
        change: &str,
    ) {
        let folder = project.folder(folder);
        let call = self.call(caller, project.organization);
        let change = Draft::new(at, COMPASS, "COMPASS_SET_PERMISSIONS", "managementPermissions")
            .request(
                "resourcesWithPermissionsChanges",
                json!([{"type": "data", "data": resource(&folder, &project.rid)}]),
            )
            .request(
                "permissionChangeContext",
                json!([
                    {"value": user.uid, "description": "user id"},
                    {"value": change, "description": "change"},
                ]),
            )
            .entity(&folder)
            .user(user);
        self.write(&call, change);
        self.check_access(&call, at + 4 * MILLISECOND, COMPASS, &folder, "compass:manage", true);
    }

    /// Asks for access to a folder.
    pub(crate) fn request_access(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) {
        let folder = project.folder(folder);
        let request = format!("ri.compass.main.access-request.{}", self.id());
        let call = self.call(caller, project.organization);
        let ask = Draft::new(at, COMPASS, "COMPASS_REQUEST_ACCESS", "requestCreate")
            .request(
                "createdRequestAffectedResources",
                json!([{"type": "data", "data": resource(&folder, &project.rid)}]),
            )
            .request("createdRequestDescription", "access to a folder")
            .result("createdRequestIds", json!([{"id": rid(&request), "context": []}]))
            .entity(&folder)
            .entity(&request);
        self.write(&call, ask);
    }

    fn check_access(
        &mut self,
        call: &Call<'_, 'w>,
        at: i64,
        from: Product,
        target: &str,
        operation: &str,
        allowed: bool,
    ) {
        let (succeeded, failed) = if allowed { (vec![rid(target)], vec![]) } else { (vec![], vec![rid(target)]) };
        let check = Draft::new(at, MULTIPASS, "MULTIPASS_CHECK_AUTHORIZATION", "authorizationCheck")
            .request("authorizationCheckOperations", json!([operation]))
            .result("authorizationCheckSucceededTargets", succeeded)
            .result("authorizationCheckFailedTargets", failed)
            .entity(target);
        self.write_behind(call, from, check);
    }
}

/// Blobster: files.
impl<'w> Pen<'w> {
    pub(crate) fn read(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let file = self.file(project);
        let call = self.call(caller, project.organization);
        let read = Draft::new(at, BLOBSTER, "BLOBSTER_OPEN_FILE", "dataLoad")
            .request("loadedResources", json!([resource(&file, &project.rid)]))
            .entity(&file)
            .outcome(self.found(project, at));
        self.write(&call, read);
        if self.dice.chance(0.6) {
            self.check_access(&call, at + 5 * MILLISECOND, BLOBSTER, &file, "blobster:read", true);
        }
        if self.dice.chance(0.3) {
            let path = Draft::new(at + 9 * MILLISECOND, COMPASS, "COMPASS_GET_PATH", "metaDataAccess")
                .request("accessedMetaDataResources", json!([resource(&file, &project.rid)]))
                .request("accessedMetaDataDescription", "path of a file")
                .entity(&file);
            self.write_behind(&call, BLOBSTER, path);
        }
    }

    /// A file the caller may not read.
    pub(crate) fn read_refused(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let file = self.file(project);
        let call = self.call(caller, project.organization);
        let read = Draft::new(at, BLOBSTER, "BLOBSTER_OPEN_FILE", "dataLoad")
            .request("loadedResources", json!([resource(&file, &project.rid)]))
            .entity(&file)
            .outcome(Outcome::Unauthorized);
        self.write(&call, read);
        self.check_access(&call, at + 5 * MILLISECOND, BLOBSTER, &file, "blobster:read", false);
    }

    /// Uploads a file into a folder and returns its RID.
    pub(crate) fn upload(&mut self, caller: &Caller<'w>, at: i64, project: &Project, folder: usize) -> String {
        let file = format!("ri.blobster.main.file.{}", self.id());
        let folder = project.folder(folder);
        let (name, kind) = *self.dice.pick(UPLOADS);
        let size = self.size(40);
        let call = self.call(caller, project.organization);
        let upload = Draft::new(at, BLOBSTER, "BLOBSTER_UPLOAD_FILE", "dataImport")
            .and("dataCreate")
            .request("importedFilename", name)
            .request("importedFileType", kind)
            .request("importParentResourceId", resource(&folder, &project.rid))
            .result("importResourceId", resource(&file, &project.rid))
            .result("importedSize", size)
            .result("createdResources", json!([resource(&file, &project.rid)]))
            .entity(&file)
            .entity(&folder);
        self.write(&call, upload);
        self.check_access(&call, at + 5 * MILLISECOND, BLOBSTER, &folder, "blobster:write", true);
        let listed = Draft::new(at + 40 * MILLISECOND, COMPASS, "COMPASS_ADD_TO_FOLDER", "metaDataUpdate")
            .request("updatedMetaDataResources", json!([resource(&folder, &project.rid)]))
            .request("updatedMetaDataDescription", "file added")
            .entity(&folder);
        self.write_behind(&call, BLOBSTER, listed);
        file
    }

    /// Downloads a file of `bytes`. A large one takes a while: a first line says that it has begun.
    pub(crate) fn download(&mut self, caller: &Caller<'w>, at: i64, project: &Project, bytes: i64) {
        let file = self.file(project);
        let call = self.call(caller, project.organization);
        let event = self.id();
        let line = |at: i64| {
            Draft::new(at, BLOBSTER, "BLOBSTER_DOWNLOAD_FILE", "dataExport")
                .and("dataLoad")
                .request("downloadedResources", json!([resource(&file, &project.rid)]))
                .request("loadedResources", json!([resource(&file, &project.rid)]))
                .result("downloadedSize", bytes)
                .entity(&file)
        };
        let outcome = self.found(project, at);
        self.check_access(&call, at + 5 * MILLISECOND, BLOBSTER, &file, "blobster:export", true);
        if bytes < 50_000_000 || outcome != Outcome::Success {
            self.write(&call, line(at).outcome(outcome));
            return;
        }
        self.write(&call, line(at).part_of(&event, 0).outcome(Outcome::Partial));
        self.write(&call, line(at + bytes / 12).part_of(&event, 1)); // 12 MB a second
    }

    pub(crate) fn delete(&mut self, caller: &Caller<'w>, at: i64, project: &Project, file: &str) {
        let call = self.call(caller, project.organization);
        let delete = Draft::new(at, BLOBSTER, "BLOBSTER_DELETE_FILE", "dataDelete")
            .request("deletedResources", json!([resource(file, &project.rid)]))
            .entity(file);
        self.write(&call, delete);
        if self.dice.chance(0.5) {
            self.check_access(&call, at + 5 * MILLISECOND, BLOBSTER, file, "blobster:delete", true);
        }
    }

    /// A size in bytes, mostly small, at most `megabytes`.
    pub(crate) fn size(&mut self, megabytes: i64) -> i64 {
        20_000 + self.dice.wait(megabytes * 333_000)
    }

    fn file(&mut self, project: &Project) -> String {
        project.file(self.dice.count(0, project.files))
    }

    /// Success, unless everything in the project was deleted before.
    fn found(&self, project: &Project, at: i64) -> Outcome {
        match &self.world.emptied {
            Some((rid, since)) if *rid == project.rid && at >= *since => Outcome::Error,
            _ => Outcome::Success,
        }
    }
}

/// What programs do through the gateway: their lines carry the token, no session.
impl<'w> Pen<'w> {
    /// Reads a file, or searches.
    pub(crate) fn script_call(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let call = self.call(caller, project.organization);
        let file = self.file(project);
        let reads = self.dice.chance(0.7);
        let operation = if reads { "blobster.readFile" } else { "compass.search" };
        self.write(&call, gateway(at, operation));
        if self.dice.chance(0.3) {
            self.write_behind(
                &call,
                GATEWAY,
                token_check(at + 3 * MILLISECOND).result("authenticationCheckResult", true),
            );
        }
        let behind = if reads {
            Draft::new(at + 8 * MILLISECOND, BLOBSTER, "BLOBSTER_READ_FILE", "dataLoad")
                .request("loadedResources", json!([resource(&file, &project.rid)]))
                .entity(&file)
                .outcome(self.found(project, at))
        } else {
            Draft::new(at + 8 * MILLISECOND, COMPASS, "COMPASS_SEARCH", "dataSearch")
                .request("dataSearchQuery", *self.dice.pick(SEARCHES))
                .result("dataSearchResults", json!([resource(&file, &project.rid)]))
                .entity(&file)
        };
        self.write_behind(&call, GATEWAY, behind);
    }

    /// Brings in one file.
    pub(crate) fn feed(&mut self, caller: &Caller<'w>, at: i64, project: &Project) {
        let call = self.call(caller, project.organization);
        self.write(&call, gateway(at, "blobster.uploadFile"));
        let file = format!("ri.blobster.main.file.{}", self.id());
        let size = self.size(20);
        let import = Draft::new(at + 12 * MILLISECOND, BLOBSTER, "BLOBSTER_UPLOAD_FILE", "dataImport")
            .and("dataCreate")
            .request("importedFilename", "feed.parquet")
            .request("importedFileType", "DATASET")
            .result("importResourceId", resource(&file, &project.rid))
            .result("importedSize", size)
            .result("createdResources", json!([resource(&file, &project.rid)]))
            .entity(&file);
        self.write_behind(&call, GATEWAY, import);
    }

    /// Exports a report for `user`, who ordered it some time ago.
    pub(crate) fn report(&mut self, caller: &Caller<'w>, at: i64, project: &Project, user: &Account) {
        let call = self.call(caller, project.organization);
        self.write(&call, gateway(at, "blobster.exportReport"));
        let file = self.file(project);
        let size = self.size(6);
        let export = Draft::new(at + 20 * MILLISECOND, BLOBSTER, "BLOBSTER_EXPORT_REPORT", "dataExport")
            .and("onBehalfOf")
            .request("downloadedResources", json!([resource(&file, &project.rid)]))
            .request("onBehalfOfUserIds", json!([user.uid]))
            .result("downloadedSize", size)
            .entity(&file)
            .user(user)
            .outcome(self.found(project, at));
        self.write_behind(&call, GATEWAY, export);
    }
}

fn sign_in_check(at: i64, account: &Account) -> Draft {
    let user = format!("ri.multipass..user.{}", account.uid);
    Draft::new(at, MULTIPASS, "MULTIPASS_LOGIN", "authenticationCheck")
        .request("authenticationCheckTargets", json!([rid(&user)]))
        .entity(&user)
}

fn token_check(at: i64) -> Draft {
    Draft::new(at, MULTIPASS, "MULTIPASS_CHECK_TOKEN", "authenticationCheck")
}

fn gateway(at: i64, operation: &str) -> Draft {
    Draft::new(at, GATEWAY, "GATEWAY_REQUEST", "apiGatewayRequest").request("operationNames", json!([operation]))
}

const SEARCHES: &[&str] = &[
    "quarterly report",
    "inventory 2026",
    "contract draft",
    "shift plan",
    "invoice overdue",
    "route north",
    "protocol v3",
    "budget",
    "training slides",
    "customs form",
    "lab results summary",
    "on-call list",
];

const UPLOADS: &[(&str, &str)] = &[
    ("figures.csv", "DATASET"),
    ("measurements.parquet", "DATASET"),
    ("notes.docx", "BINARY"),
    ("scan.pdf", "BINARY"),
    ("slides.pptx", "BINARY"),
    ("export.xlsx", "BINARY"),
];

//! *multipass*: sign-in, sessions and tokens, users and groups. It tells the other services who calls and what they may, and programs call
//! through its gateway.
//!
//! | request | what | categories of its event |
//! |---|---|---|
//! | `POST /sign-in` | `{"userName", "password"}` for a token of a session | `userLogin`, `authenticationCheck` |
//! | `POST /sign-out` | ends the session | `userLogout` |
//! | `POST /tokens` | `{"description"}` for a token for programs | `tokenGeneration` |
//! | `DELETE /tokens/{id}` | ends a token of the caller's | `tokenRevoke` |
//! | `PATCH /users/{id}` | `{"userName"}`, for administrators | `managementUsers` |
//! | `POST /groups` | `{"patches": [{"id", "added", "removed"}]}`, for administrators | `managementGroups` |
//! | `GET /me` | who calls, for services | `authenticationCheck` |
//! | `POST /check` | who calls and whether they may, for services | `authorizationCheck` |
//! | `/gateway/{product}/...` | anything that `product` does, for programs | `apiGatewayRequest`, `authenticationCheck` |

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use axum::routing::{any, delete, get, patch, post};
use axum::{Json, Router};
use indelible_sdk::catalogue::typed::{
    ApiGatewayRequestRequest, AuthenticationCheckRequest, AuthenticationCheckResult, AuthorizationCheckRequest,
    AuthorizationCheckResult, Identifier, ManagementGroupsRequest, ManagementUsersRequest, NoFields, OtherIdentifier,
    Patch, Token, TokenGenerationRequest, TokenGenerationResult, TokenRevokeRequest, TokenRevokeResult, UserLogin,
    UserLoginResult, UserLogout, UserLogoutResult,
};

use indelible_sdk::{Audit, identifier};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::caller::{Caller, Check, Checked, Me, Platform, Who};
use crate::refusal::Refusal;
use crate::secret::{self, Hashed, Passwords};
use crate::seed::Seed;

/// How long a session lasts, and how long a token for programs.
const SESSION: Duration = Duration::from_secs(24 * 3600);
const TOKEN: Duration = Duration::from_secs(30 * 24 * 3600);
/// Sessions and tokens at one time.
const CREDENTIALS_MAX: usize = 100_000;

/// The routes of multipass.
///
/// # Errors
/// If the seed is not consistent.
pub fn router(platform: Platform, seed: &Seed) -> anyhow::Result<Router> {
    let passwords = Passwords::new(platform.clock)?;
    let directory = Mutex::new(Directory::new(seed, &passwords)?);
    let router = Router::new()
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/tokens", post(mint))
        .route("/tokens/{id}", delete(revoke))
        .route("/users/{id}", patch(update_user))
        .route("/groups", post(update_groups))
        .route("/me", get(me))
        .route("/check", post(check))
        .route("/gateway/{product}/{*path}", any(gateway));
    Ok(router.with_state(Multipass { platform, passwords: Arc::new(passwords), directory: Arc::new(directory) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignIn {
    user_name: String,
    password: String,
}

async fn sign_in(
    audit: Audit,
    caller: Caller,
    State(multipass): State<Multipass>,
    Json(form): Json<SignIn>,
) -> Result<Json<Value>, Refusal> {
    let user = multipass.with(|directory| directory.user_named(&form.user_name));
    // The event names whose password it was to be. A name that nobody has is not written down: it may be a password in the wrong field.
    audit.identify(|context| {
        context.user = user.as_ref().map(|user| user.uid.clone());
        context.organization = user.as_ref().map(|user| user.organization.clone());
    });
    let tried = user.iter().map(|user| identifier(&format!("ri.multipass..user.{}", user.uid))).collect();
    let mut event =
        audit.begin("MULTIPASS_LOGIN", (UserLogin, AuthenticationCheckRequest { authentication_check_targets: tried }));
    let user = multipass.verify(user, form.password).await?; // leaving here says UNAUTHORIZED
    let (who, token) = multipass.begin(&user, Some(secret::uuid()?), SESSION, caller.arrival.now())?;
    event.identify(|context| {
        context.session = who.sid.clone();
        context.token = Some(who.token_id.clone());
    });
    event.succeed((
        UserLoginResult { login_user_id: Some(who.uid.clone()) },
        AuthenticationCheckResult::new(Some(true)),
    ));
    Ok(Json(json!({"token": token, "who": who})))
}

async fn sign_out(audit: Audit, caller: Caller, State(multipass): State<Multipass>) -> Result<Json<Value>, Refusal> {
    let who = multipass.authenticate(&caller, None);
    let event = audit.begin("MULTIPASS_LOGOUT", UserLogout);
    let who = who?;
    multipass.with(|directory| directory.end(&who, &who.token_id))?;
    event.succeed(UserLogoutResult { logout_user_id: Some(who.uid) });
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct Mint {
    description: String,
}

async fn mint(
    audit: Audit,
    caller: Caller,
    State(multipass): State<Multipass>,
    Json(form): Json<Mint>,
) -> Result<Json<Value>, Refusal> {
    let who = multipass.authenticate(&caller, None);
    let request = TokenGenerationRequest { generate_tokens_description: Some(form.description) };
    let event = audit.begin("MULTIPASS_CREATE_TOKEN", request);
    let who = who?;
    let expires = caller.arrival.now() + TOKEN;
    let user = User { uid: who.uid, organization: who.organization, ..User::default() };
    let (minted, token) = multipass.begin(&user, None, TOKEN, caller.arrival.now())?;
    // The id of the token, never the token.
    let generated = Token { expiration_time: rfc3339(expires), ..token_as_named(&minted.token_id, &minted.uid) };
    event.succeed(TokenGenerationResult { generated_tokens: vec![generated] });
    Ok(Json(json!({"token": token, "id": minted.token_id})))
}

async fn revoke(
    audit: Audit,
    caller: Caller,
    State(multipass): State<Multipass>,
    Path(token_id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let who = multipass.authenticate(&caller, None);
    let event = audit.begin("MULTIPASS_REVOKE_TOKEN", TokenRevokeRequest::default());
    let who = who?;
    multipass.with(|directory| directory.end(&who, &token_id))?;
    event.succeed(TokenRevokeResult::new(vec![token_as_named(&token_id, &who.uid)]));
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserUpdate {
    user_name: String,
}

async fn update_user(
    audit: Audit,
    caller: Caller,
    State(multipass): State<Multipass>,
    Path(uid): Path<String>,
    Json(form): Json<UserUpdate>,
) -> Result<Json<Value>, Refusal> {
    let who = multipass.authenticate(&caller, None);
    let event = audit.begin("MULTIPASS_UPDATE_USER", ManagementUsersRequest::new(vec![uid.clone()]));
    multipass.with(|directory| {
        let organization = directory.users.get(&uid).map(|user| user.organization.clone());
        directory.administers(&who?, organization.as_deref())?;
        directory.rename(&uid, form.user_name)
    })?;
    event.succeed(NoFields {});
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct GroupsUpdate {
    patches: Vec<GroupPatch>,
}

/// Who comes into a group and who goes.
#[derive(Clone, Deserialize)]
struct GroupPatch {
    id: String,
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    removed: Vec<String>,
}

async fn update_groups(
    audit: Audit,
    caller: Caller,
    State(multipass): State<Multipass>,
    Json(form): Json<GroupsUpdate>,
) -> Result<Json<Value>, Refusal> {
    let who = multipass.authenticate(&caller, None);
    let users = |ids: &[String]| ids.iter().map(|id| identifier(id)).collect();
    let patch = |patch: &GroupPatch| Patch {
        added_ids: users(&patch.added),
        removed_ids: users(&patch.removed),
        ..Patch::new(identifier(&patch.id))
    };
    let request = ManagementGroupsRequest::new(form.patches.iter().map(patch).collect());
    let event = audit.begin("MULTIPASS_UPDATE_GROUPS", request);
    multipass.with(|directory| {
        let who = who?;
        for patch in &form.patches {
            let organization = directory.groups.get(&patch.id).map(|group| group.organization.clone());
            directory.administers(&who, organization.as_deref())?;
        }
        directory.patch(form.patches);
        Ok::<(), Refusal>(())
    })?;
    event.succeed(NoFields {});
    Ok(Json(json!({})))
}

async fn me(audit: Audit, caller: Caller, State(multipass): State<Multipass>) -> Result<Json<Me>, Refusal> {
    let who = multipass.authenticate(&caller, None);
    let event = audit.begin("MULTIPASS_CHECK_TOKEN", AuthenticationCheckRequest::default());
    let who = who?;
    let groups = multipass.with(|directory| directory.groups_of(&who.uid));
    event.succeed(AuthenticationCheckResult::new(Some(true)));
    Ok(Json(Me { who, groups }))
}

async fn check(
    audit: Audit,
    caller: Caller,
    State(multipass): State<Multipass>,
    Json(check): Json<Check>,
) -> Result<Json<Checked>, Refusal> {
    let who = multipass.authenticate(&caller, Some(&check.owner));
    let request = AuthorizationCheckRequest::new(vec![check.operation.clone()]);
    let event = audit.begin("MULTIPASS_CHECK_AUTHORIZATION", request);
    let who = who?;
    let allowed = multipass.with(|directory| directory.may(&who.uid, &check));
    let (allowed_targets, refused_targets): (Vec<_>, Vec<_>) =
        [identifier(&check.target)].into_iter().partition(|_| allowed);
    // To find out that somebody may not is a success of the check; what they wanted to do will say UNAUTHORIZED.
    event.succeed(AuthorizationCheckResult::new(allowed_targets, refused_targets));
    Ok(Json(Checked { who, allowed }))
}

async fn gateway(
    audit: Audit,
    caller: Caller,
    State(multipass): State<Multipass>,
    Path((product, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let who = multipass.authenticate(&caller, None);
    let operation = format!("{product} {} {}", request.method(), path.split('/').next().unwrap_or_default());
    let request_fields = ApiGatewayRequestRequest { operation_names: vec![operation] };
    let event = audit.begin("GATEWAY_REQUEST", (request_fields, AuthenticationCheckRequest::default()));
    who?;
    let base = match product.as_str() {
        "compass" => &multipass.platform.peers.compass,
        "blobster" => &multipass.platform.peers.blobster,
        _ => return Err(Refusal::NotFound),
    };
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let rest = path.strip_prefix("/gateway/").and_then(|rest| rest.strip_prefix(&product)).unwrap_or_default();
    let answer = multipass.platform.pass_on(&caller, format!("{base}{rest}"), request).await?;
    // What the product made of it is in the product's own event, with the same trace.
    event.succeed((NoFields {}, AuthenticationCheckResult::new(Some(true))));
    passed_back(answer)
}

/// The answer of a product as an answer of the gateway.
fn passed_back(answer: reqwest::Response) -> Result<Response, Refusal> {
    let mut response = Response::builder().status(answer.status());
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        response = answer.headers().get(&name).iter().fold(response, |response, value| response.header(&name, *value));
    }
    let failed = |error: axum::http::Error| Refusal::Unavailable(error.to_string());
    response.body(Body::from_stream(answer.bytes_stream())).map_err(failed)
}

/// A token as events name it.
fn token_as_named(id: &str, uid: &str) -> Token {
    let id = OtherIdentifier { value: id.to_owned(), description: Some("token id".to_owned()) };
    let (id, user_id) = (Some(Identifier::Other(id)), Some(uid.to_owned()));
    Token { id, user_id, ..Token::new("USER_GENERATED".into()) }
}

fn rfc3339(time: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(time).ok().map(|time| time.to_string())
}

/// What handlers share.
#[derive(Clone)]
struct Multipass {
    platform: Platform,
    passwords: Arc<Passwords>,
    directory: Arc<Mutex<Directory>>,
}

impl Multipass {
    fn with<T>(&self, work: impl FnOnce(&mut Directory) -> T) -> T {
        work(&mut self.directory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The user, if that is the password. Hashing takes its time, so it is done beside the threads that answer requests.
    async fn verify(&self, user: Option<User>, password: String) -> Result<User, Refusal> {
        let passwords = Arc::clone(&self.passwords);
        let verified = tokio::task::spawn_blocking(move || {
            let hashed = user.as_ref().and_then(|user| user.password.as_ref());
            passwords.verify(&password, hashed).then_some(user).flatten()
        });
        let verified = verified.await.map_err(|error| Refusal::Unavailable(error.to_string()))?;
        verified.ok_or(Refusal::Unauthenticated)
    }

    /// Begins a session, or a token without one.
    fn begin(
        &self,
        user: &User,
        sid: Option<String>,
        lasts: Duration,
        now: SystemTime,
    ) -> Result<(Who, String), Refusal> {
        let (token, token_id) = (secret::token()?, secret::uuid()?);
        let who = Who { uid: user.uid.clone(), organization: user.organization.clone(), sid, token_id };
        let credential = Credential { who: who.clone(), expires: Some(now + lasts) };
        self.with(|directory| directory.admit(secret::hash_of(&token), credential, now))?;
        Ok((who, token))
    }

    /// Whose token it is, if it is good. Where it was good once, the request's events name its user all the same.
    fn authenticate(&self, caller: &Caller, owner: Option<&str>) -> Result<Who, Refusal> {
        let hash = secret::hash_of(caller.token.as_deref().ok_or(Refusal::Unauthenticated)?);
        let credential = self.with(|directory| directory.credentials.get(&hash).cloned());
        let Credential { who, expires } = credential.ok_or(Refusal::Unauthenticated)?;
        who.identify(&caller.audit, owner.unwrap_or(&who.organization));
        let is_good = expires.is_none_or(|expires| caller.arrival.now() < expires);
        is_good.then_some(who).ok_or(Refusal::Unauthenticated)
    }
}

#[derive(Clone, Default)]
struct User {
    uid: String,
    user_name: String,
    organization: String,
    administrator: bool,
    password: Option<Hashed>,
}

struct Group {
    organization: String,
    members: HashSet<String>,
}

/// A session or token.
#[derive(Clone)]
struct Credential {
    who: Who,
    expires: Option<SystemTime>,
}

/// All that multipass knows.
struct Directory {
    users: HashMap<String, User>,
    /// Ids of users by their names.
    names: HashMap<String, String>,
    groups: HashMap<String, Group>,
    /// By the hash of the token.
    credentials: HashMap<[u8; 32], Credential>,
}

impl Directory {
    fn new(seed: &Seed, passwords: &Passwords) -> anyhow::Result<Self> {
        let mut directory =
            Self { users: HashMap::new(), names: HashMap::new(), groups: HashMap::new(), credentials: HashMap::new() };
        for user in seed.users.iter().cloned() {
            let password = user.password.map(|password| passwords.hash(&password)).transpose()?;
            let (uid, user_name) = (user.id, user.user_name);
            directory.names.insert(user_name.clone(), uid.clone());
            let (organization, administrator) = (user.organization, user.administrator);
            directory.users.insert(uid.clone(), User { uid, user_name, organization, administrator, password });
        }
        for token in &seed.tokens {
            let user = directory.users.get(&token.user).with_context(|| format!("token {}: no such user", token.id))?;
            let (uid, organization) = (user.uid.clone(), user.organization.clone());
            let expires = token.expires.as_ref().map(|text| text.parse::<jiff::Timestamp>()).transpose()?;
            let who = Who { uid, organization, sid: None, token_id: token.id.clone() };
            let credential = Credential { who, expires: expires.map(SystemTime::from) };
            directory.credentials.insert(secret::hash_of(&token.token), credential);
        }
        for group in seed.groups.iter().cloned() {
            let members = group.members.into_iter().collect();
            directory.groups.insert(group.id, Group { organization: group.organization, members });
        }
        Ok(directory)
    }

    fn user_named(&self, name: &str) -> Option<User> {
        self.users.get(self.names.get(name)?).cloned()
    }

    fn groups_of(&self, uid: &str) -> Vec<String> {
        self.groups.iter().filter(|(_, group)| group.members.contains(uid)).map(|(id, _)| id.clone()).collect()
    }

    fn may(&self, uid: &str, check: &Check) -> bool {
        let includes = |principal: &String| {
            principal == uid || self.groups.get(principal).is_some_and(|group| group.members.contains(uid))
        };
        !check.except.iter().any(|user| user == uid) && check.any_of.iter().any(includes)
    }

    /// Whether they keep the users and groups of an organization. Another organization's and what does not exist are answered alike.
    fn administers(&self, who: &Who, organization: Option<&str>) -> Result<(), Refusal> {
        let is_administrator = self.users.get(&who.uid).is_some_and(|user| user.administrator);
        let is_theirs = organization == Some(&who.organization);
        if is_administrator && is_theirs { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    fn admit(&mut self, hash: [u8; 32], credential: Credential, now: SystemTime) -> Result<(), Refusal> {
        if self.credentials.len() >= CREDENTIALS_MAX {
            self.credentials.retain(|_, credential| credential.expires.is_none_or(|expires| now < expires));
        }
        if self.credentials.len() >= CREDENTIALS_MAX {
            return Err(Refusal::Full);
        }
        self.credentials.insert(hash, credential);
        Ok(())
    }

    /// Ends a session or token of theirs.
    fn end(&mut self, who: &Who, token_id: &str) -> Result<(), Refusal> {
        let is_it = |credential: &Credential| credential.who.uid == who.uid && credential.who.token_id == token_id;
        let before = self.credentials.len();
        self.credentials.retain(|_, credential| !is_it(credential));
        if self.credentials.len() < before { Ok(()) } else { Err(Refusal::NotFound) }
    }

    fn rename(&mut self, uid: &str, user_name: String) -> Result<(), Refusal> {
        let is_taken = self.names.get(&user_name).is_some_and(|other| other != uid);
        let user = self.users.get_mut(uid).filter(|_| !is_taken).ok_or(Refusal::NotFound)?;
        self.names.remove(&user.user_name);
        self.names.insert(user_name.clone(), uid.to_owned());
        user.user_name = user_name;
        Ok(())
    }

    fn patch(&mut self, patches: Vec<GroupPatch>) {
        for patch in patches {
            let Some(group) = self.groups.get_mut(&patch.id) else { continue };
            group.members.extend(patch.added);
            patch.removed.iter().for_each(|uid| _ = group.members.remove(uid));
        }
    }
}

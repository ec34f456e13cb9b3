//! People: how they sign in, who they are, and what they are granted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How one can sign in with a browser.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignInWays {
    /// Whether the embedded administrator may sign in with a password.
    pub local: bool,
    /// The providers.
    pub providers: Vec<SignInProvider>,
    /// Whom to ask for rights, if the operator says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// A provider by which one can sign in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignInProvider {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Where a browser begins; `?then=PATH` says where to go afterwards.
    pub url: String,
}

/// Signing in with a password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalSignIn {
    /// Name of the account: `administrator`.
    pub name: String,
    /// Its password.
    pub password: String,
    /// Another password, which counts from now on. Needed with a password that the server made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_password: Option<String>,
}

/// Sets the password of the embedded administrator.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    /// The password, 12 to 256 bytes. Without it the server makes one, which has to be changed at the first sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// The password was set.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PasswordAnswer {
    /// The password that the server made. It is in this answer and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Who sends this request, and what they may do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// Id of the principal, which audit events hold as `uid`.
    pub principal: String,
    /// Name for people.
    pub name: String,
    /// E-mail address, as the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Name of the provider by which the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Groups at the newest sign-in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The session, unless a token was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<MySession>,
    /// What may be done with the operator's reach.
    pub operations: Vec<String>,
    /// What may be done on organizations.
    pub organizations: Vec<MyOrganization>,
    /// Whom to ask for rights, if the operator says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// A session of one's own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MySession {
    /// Its id, which audit events hold as `sid`.
    pub session_id: String,
    /// When it ends at the latest.
    pub ends: String,
    /// Seconds without a request after which it ends before.
    pub idle_seconds: u64,
    /// What the header `X-Indelible-Csrf` must hold in every request that changes something.
    pub csrf_token: String,
}

/// What one may do on an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyOrganization {
    /// Its RID.
    pub organization: String,
    /// What may be done on it.
    pub operations: Vec<String>,
}

/// One's session ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedOut {
    /// Sessions that ended.
    pub ended: u64,
    /// Where to go to sign out at the provider too, if it has such a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_sign_out: Option<String>,
}

/// Grants a role.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGrant {
    /// Who: `person:ID`, or `group:PROVIDER/NAME`.
    pub grantee: String,
    /// Where: the RID of an organization, or `*` for the operator's reach.
    pub organization: String,
    /// What: the name of a role.
    pub role: String,
}

/// A grant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantSummary {
    /// Its id.
    pub grant_id: String,
    /// Who: `person:ID`, or `group:PROVIDER/NAME`.
    pub grantee: String,
    /// The person's name, once they have signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where: the RID of an organization, or `*` for the operator's reach.
    pub organization: String,
    /// What.
    pub role: String,
    /// What that allows.
    pub operations: Vec<String>,
    /// When it was granted.
    pub created: String,
    /// Id of the principal that granted it.
    pub created_by: String,
}

/// Somebody who has signed in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonSummary {
    /// Id of the person and of the principal it is, which audit events hold as `uid`.
    pub person_id: String,
    /// Name for people.
    pub name: String,
    /// E-mail address, as the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Name of the provider.
    pub provider: String,
    /// Groups at the newest sign-in; only for the operator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What the person may do on the organization that was asked for, or with the operator's reach.
    pub operations: Vec<String>,
    /// When the person signed in first; only for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_sign_in: Option<String>,
    /// When last; only for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in: Option<String>,
}

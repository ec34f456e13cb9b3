//! The catalogue as Rust types; generated from crates/event/catalogue.json by `cargo run -p xtask -- catalogue`.
//!
//! What a category requires is a parameter of `new`, so that leaving it out does not compile; the rest are public
//! fields. A value serializes to what [`admit`](crate::admit) accepts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::composed::Requested;

/// A category with the types of its two maps.
pub trait TypedCategory {
    /// The category's name.
    const NAME: &'static str;
    /// What stands in `requestFields`.
    type Request: Serialize + DeserializeOwned;
    /// What stands in `resultFields`.
    type Result: Serialize + DeserializeOwned;
}

/// The fields of a map for which a category declares none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// Request fields of `apiGatewayRequest`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiGatewayRequestRequest {
    /// Operation names; several for a batch.
    #[serde(rename = "operationNames", default, skip_serializing_if = "Vec::is_empty")]
    pub operation_names: Vec<String>,
}

/// `apiGatewayRequest`: Request to an API gateway; join on traceId and userAgent to find what it fanned out to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiGatewayRequest;

impl TypedCategory for ApiGatewayRequest {
    const NAME: &'static str = "apiGatewayRequest";
    type Request = ApiGatewayRequestRequest;
    type Result = NoFields;
}

impl Requested for ApiGatewayRequestRequest {
    type Category = ApiGatewayRequest;

    fn request(&self) -> &ApiGatewayRequestRequest {
        self
    }
}

/// Request fields of `appConfigAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfigAccessRequest {
    /// Configuration loaded.
    #[serde(rename = "accessedAppConfigIds", default, skip_serializing_if = "Vec::is_empty")]
    pub accessed_app_config_ids: Vec<ApplicationResource>,
    /// What was loaded.
    #[serde(rename = "accessAppConfigDescription", default, skip_serializing_if = "Option::is_none")]
    pub access_app_config_description: Option<String>,
}

impl AppConfigAccessRequest {
    /// With what is required.
    pub fn new(accessed_app_config_ids: Vec<ApplicationResource>, access_app_config_description: Option<String>) -> Self {
        Self { accessed_app_config_ids, access_app_config_description }
    }
}

/// `appConfigAccess`: Application configuration, tied to a user or resource, was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppConfigAccess;

impl TypedCategory for AppConfigAccess {
    const NAME: &'static str = "appConfigAccess";
    type Request = AppConfigAccessRequest;
    type Result = NoFields;
}

impl Requested for AppConfigAccessRequest {
    type Category = AppConfigAccess;

    fn request(&self) -> &AppConfigAccessRequest {
        self
    }
}

/// Request fields of `appConfigCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfigCreateRequest {
    /// What was created.
    #[serde(rename = "createAppConfigDescription", default, skip_serializing_if = "Option::is_none")]
    pub create_app_config_description: Option<String>,
}

impl AppConfigCreateRequest {
    /// With what is required.
    pub fn new(create_app_config_description: Option<String>) -> Self {
        Self { create_app_config_description }
    }
}

/// Result fields of `appConfigCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfigCreateResult {
    /// Configuration created.
    #[serde(rename = "createdAppConfigIds", default, skip_serializing_if = "Vec::is_empty")]
    pub created_app_config_ids: Vec<ApplicationResource>,
}

impl AppConfigCreateResult {
    /// With what is required.
    pub fn new(created_app_config_ids: Vec<ApplicationResource>) -> Self {
        Self { created_app_config_ids }
    }
}

/// `appConfigCreate`: Application configuration was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppConfigCreate;

impl TypedCategory for AppConfigCreate {
    const NAME: &'static str = "appConfigCreate";
    type Request = AppConfigCreateRequest;
    type Result = AppConfigCreateResult;
}

impl Requested for AppConfigCreateRequest {
    type Category = AppConfigCreate;

    fn request(&self) -> &AppConfigCreateRequest {
        self
    }
}

/// Request fields of `appConfigDelete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfigDeleteRequest {
    /// Configuration deleted.
    #[serde(rename = "deletedAppConfigIds", default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_app_config_ids: Vec<ApplicationResource>,
    /// What was deleted.
    #[serde(rename = "deleteAppConfigDescription", default, skip_serializing_if = "Option::is_none")]
    pub delete_app_config_description: Option<String>,
}

impl AppConfigDeleteRequest {
    /// With what is required.
    pub fn new(deleted_app_config_ids: Vec<ApplicationResource>, delete_app_config_description: Option<String>) -> Self {
        Self { deleted_app_config_ids, delete_app_config_description }
    }
}

/// `appConfigDelete`: Application configuration was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppConfigDelete;

impl TypedCategory for AppConfigDelete {
    const NAME: &'static str = "appConfigDelete";
    type Request = AppConfigDeleteRequest;
    type Result = NoFields;
}

impl Requested for AppConfigDeleteRequest {
    type Category = AppConfigDelete;

    fn request(&self) -> &AppConfigDeleteRequest {
        self
    }
}

/// Request fields of `appConfigSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfigSearchRequest {
    /// Query text.
    #[serde(rename = "appConfigSearchQuery", default, skip_serializing_if = "Option::is_none")]
    pub app_config_search_query: Option<String>,
}

impl AppConfigSearchRequest {
    /// With what is required.
    pub fn new(app_config_search_query: Option<String>) -> Self {
        Self { app_config_search_query }
    }
}

/// Result fields of `appConfigSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfigSearchResult {
    /// Configuration shown.
    #[serde(rename = "appConfigSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub app_config_search_results: Vec<ApplicationResource>,
}

impl AppConfigSearchResult {
    /// With what is required.
    pub fn new(app_config_search_results: Vec<ApplicationResource>) -> Self {
        Self { app_config_search_results }
    }
}

/// `appConfigSearch`: Search of application configuration, used when exact results are unknown or vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppConfigSearch;

impl TypedCategory for AppConfigSearch {
    const NAME: &'static str = "appConfigSearch";
    type Request = AppConfigSearchRequest;
    type Result = AppConfigSearchResult;
}

impl Requested for AppConfigSearchRequest {
    type Category = AppConfigSearch;

    fn request(&self) -> &AppConfigSearchRequest {
        self
    }
}

/// Request fields of `appConfigUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfigUpdateRequest {
    /// Configuration changed.
    #[serde(rename = "updatedAppConfigIds", default, skip_serializing_if = "Vec::is_empty")]
    pub updated_app_config_ids: Vec<ApplicationResource>,
    /// What changed.
    #[serde(rename = "updateAppConfigDescription", default, skip_serializing_if = "Option::is_none")]
    pub update_app_config_description: Option<String>,
}

impl AppConfigUpdateRequest {
    /// With what is required.
    pub fn new(updated_app_config_ids: Vec<ApplicationResource>, update_app_config_description: Option<String>) -> Self {
        Self { updated_app_config_ids, update_app_config_description }
    }
}

/// `appConfigUpdate`: Application configuration was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppConfigUpdate;

impl TypedCategory for AppConfigUpdate {
    const NAME: &'static str = "appConfigUpdate";
    type Request = AppConfigUpdateRequest;
    type Result = NoFields;
}

impl Requested for AppConfigUpdateRequest {
    type Category = AppConfigUpdate;

    fn request(&self) -> &AppConfigUpdateRequest {
        self
    }
}

/// Request fields of `assetFileLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetFileLoadRequest {
    /// Coordinate asked for; group or version may be absent.
    #[serde(rename = "requestMavenCoordinate")]
    pub request_maven_coordinate: PartialMavenCoordinate,
    /// Path asked for.
    #[serde(rename = "filePath")]
    pub file_path: String,
}

impl AssetFileLoadRequest {
    /// With what is required.
    pub fn new(request_maven_coordinate: PartialMavenCoordinate, file_path: String) -> Self {
        Self { request_maven_coordinate, file_path }
    }
}

/// Result fields of `assetFileLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetFileLoadResult {
    /// Full coordinate returned.
    #[serde(rename = "responseMavenCoordinate", default, skip_serializing_if = "Option::is_none")]
    pub response_maven_coordinate: Option<MavenCoordinate>,
}

impl AssetFileLoadResult {
    /// With what is required.
    pub fn new(response_maven_coordinate: Option<MavenCoordinate>) -> Self {
        Self { response_maven_coordinate }
    }
}

/// `assetFileLoad`: A file of a static asset was loaded by full coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetFileLoad;

impl TypedCategory for AssetFileLoad {
    const NAME: &'static str = "assetFileLoad";
    type Request = AssetFileLoadRequest;
    type Result = AssetFileLoadResult;
}

impl Requested for AssetFileLoadRequest {
    type Category = AssetFileLoad;

    fn request(&self) -> &AssetFileLoadRequest {
        self
    }
}

/// Request fields of `assetFileLoadV2`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetFileLoadV2Request {
    /// What was asked for.
    #[serde(rename = "fileIdentifier")]
    pub file_identifier: AssetFileLoadIdentifier,
}

impl AssetFileLoadV2Request {
    /// With what is required.
    pub fn new(file_identifier: AssetFileLoadIdentifier) -> Self {
        Self { file_identifier }
    }
}

/// Result fields of `assetFileLoadV2`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetFileLoadV2Result {
    /// What was returned.
    #[serde(rename = "fileLoadResponse", default, skip_serializing_if = "Option::is_none")]
    pub file_load_response: Option<AssetFileLoadResponse>,
}

impl AssetFileLoadV2Result {
    /// With what is required.
    pub fn new(file_load_response: Option<AssetFileLoadResponse>) -> Self {
        Self { file_load_response }
    }
}

/// `assetFileLoadV2`: A static file was loaded by asset coordinate or content address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetFileLoadV2;

impl TypedCategory for AssetFileLoadV2 {
    const NAME: &'static str = "assetFileLoadV2";
    type Request = AssetFileLoadV2Request;
    type Result = AssetFileLoadV2Result;
}

impl Requested for AssetFileLoadV2Request {
    type Category = AssetFileLoadV2;

    fn request(&self) -> &AssetFileLoadV2Request {
        self
    }
}

/// Request fields of `auditDataRedact`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDataRedactRequest {
    /// Event ids thought to be hit by the spill.
    #[serde(rename = "requestedAuditEventIds")]
    pub requested_audit_event_ids: serde_json::Value,
    /// Organization the events were attributed to.
    #[serde(rename = "organizationRid")]
    pub organization_rid: serde_json::Value,
    /// Start of the window of the events.
    #[serde(rename = "startDate")]
    pub start_date: serde_json::Value,
    /// End of the window.
    #[serde(rename = "endDate")]
    pub end_date: serde_json::Value,
    /// Reason; may not be empty.
    #[serde(rename = "redactionReason")]
    pub redaction_reason: serde_json::Value,
}

impl AuditDataRedactRequest {
    /// With what is required.
    pub fn new(requested_audit_event_ids: serde_json::Value, organization_rid: serde_json::Value, start_date: serde_json::Value, end_date: serde_json::Value, redaction_reason: serde_json::Value) -> Self {
        Self { requested_audit_event_ids, organization_rid, start_date, end_date, redaction_reason }
    }
}

/// Result fields of `auditDataRedact`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDataRedactResult {
    /// Id of this request.
    #[serde(rename = "redactionRequestId")]
    pub redaction_request_id: String,
    /// Ids redacted in that organization.
    #[serde(rename = "redactedAuditEventIds")]
    pub redacted_audit_event_ids: serde_json::Value,
    /// Ids redacted among service-user-attributed events.
    #[serde(rename = "redactedServiceUserAttributedAuditEventIds")]
    pub redacted_service_user_attributed_audit_event_ids: serde_json::Value,
    /// Ids found in neither place within the window.
    #[serde(rename = "missingAuditEventIds")]
    pub missing_audit_event_ids: serde_json::Value,
    /// Physical lines redacted.
    #[serde(rename = "redactedLineCount")]
    pub redacted_line_count: serde_json::Value,
    /// Old file name to new file name.
    #[serde(rename = "modifiedFiles", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modified_files: BTreeMap<String, String>,
}

impl AuditDataRedactResult {
    /// With what is required.
    pub fn new(redaction_request_id: String, redacted_audit_event_ids: serde_json::Value, redacted_service_user_attributed_audit_event_ids: serde_json::Value, missing_audit_event_ids: serde_json::Value, redacted_line_count: serde_json::Value, modified_files: BTreeMap<String, String>) -> Self {
        Self { redaction_request_id, redacted_audit_event_ids, redacted_service_user_attributed_audit_event_ids, missing_audit_event_ids, redacted_line_count, modified_files }
    }
}

/// `auditDataRedact`: Audit data redacted to remedy a data spill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditDataRedact;

impl TypedCategory for AuditDataRedact {
    const NAME: &'static str = "auditDataRedact";
    type Request = AuditDataRedactRequest;
    type Result = AuditDataRedactResult;
}

impl Requested for AuditDataRedactRequest {
    type Category = AuditDataRedact;

    fn request(&self) -> &AuditDataRedactRequest {
        self
    }
}

/// Request fields of `auditDataShareCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDataShareCreateRequest {
    /// Audit data shared.
    #[serde(rename = "shareTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub share_targets: Vec<DataResource>,
}

impl AuditDataShareCreateRequest {
    /// With what is required.
    pub fn new(share_targets: Vec<DataResource>) -> Self {
        Self { share_targets }
    }
}

/// Result fields of `auditDataShareCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDataShareCreateResult {
    /// Target to created share.
    #[serde(rename = "shareIds", default, skip_serializing_if = "Vec::is_empty")]
    pub share_ids: Vec<AuditDataShare>,
}

impl AuditDataShareCreateResult {
    /// With what is required.
    pub fn new(share_ids: Vec<AuditDataShare>) -> Self {
        Self { share_ids }
    }
}

/// `auditDataShareCreate`: Pointers to audit data made, e.g. signed URLs that need no further authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditDataShareCreate;

impl TypedCategory for AuditDataShareCreate {
    const NAME: &'static str = "auditDataShareCreate";
    type Request = AuditDataShareCreateRequest;
    type Result = AuditDataShareCreateResult;
}

impl Requested for AuditDataShareCreateRequest {
    type Category = AuditDataShareCreate;

    fn request(&self) -> &AuditDataShareCreateRequest {
        self
    }
}

/// Request fields of `auditDataTransform`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDataTransformRequest {
    /// Resource transformed.
    #[serde(rename = "transformTarget")]
    pub transform_target: DataResource,
    /// Transformations done.
    #[serde(rename = "transformDescriptions", default, skip_serializing_if = "Vec::is_empty")]
    pub transform_descriptions: Vec<String>,
}

impl AuditDataTransformRequest {
    /// With what is required.
    pub fn new(transform_target: DataResource, transform_descriptions: Vec<String>) -> Self {
        Self { transform_target, transform_descriptions }
    }
}

/// Result fields of `auditDataTransform`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDataTransformResult {
    /// Where output went; absent means in memory only, same as target means in place.
    #[serde(rename = "transformDestination", default, skip_serializing_if = "Option::is_none")]
    pub transform_destination: Option<DataResource>,
}

/// `auditDataTransform`: Exactly one resource holding audit data was transformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditDataTransform;

impl TypedCategory for AuditDataTransform {
    const NAME: &'static str = "auditDataTransform";
    type Request = AuditDataTransformRequest;
    type Result = AuditDataTransformResult;
}

impl Requested for AuditDataTransformRequest {
    type Category = AuditDataTransform;

    fn request(&self) -> &AuditDataTransformRequest {
        self
    }
}

/// Request fields of `authenticationCheck`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationCheckRequest {
    /// What is being authenticated.
    #[serde(rename = "authenticationCheckTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub authentication_check_targets: Vec<Identifier>,
}

/// Result fields of `authenticationCheck`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationCheckResult {
    /// Whether it passed.
    #[serde(rename = "authenticationCheckResult", default, skip_serializing_if = "Option::is_none")]
    pub authentication_check_result: Option<bool>,
    /// Detail of the outcome.
    #[serde(rename = "authenticationCheckResultMessage", default, skip_serializing_if = "Option::is_none")]
    pub authentication_check_result_message: Option<String>,
}

impl AuthenticationCheckResult {
    /// With what is required.
    pub fn new(authentication_check_result: Option<bool>) -> Self {
        Self { authentication_check_result, authentication_check_result_message: Default::default() }
    }
}

/// `authenticationCheck`: Authentication status checked, by program or by hand, e.g. token validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticationCheck;

impl TypedCategory for AuthenticationCheck {
    const NAME: &'static str = "authenticationCheck";
    type Request = AuthenticationCheckRequest;
    type Result = AuthenticationCheckResult;
}

impl Requested for AuthenticationCheckRequest {
    type Category = AuthenticationCheck;

    fn request(&self) -> &AuthenticationCheckRequest {
        self
    }
}

/// Request fields of `authorizationCheck`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationCheckRequest {
    /// What access is checked on.
    #[serde(rename = "authorizationCheckTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_check_targets: Vec<Identifier>,
    /// Permissions asked about.
    #[serde(rename = "authorizationCheckOperations", default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_check_operations: Vec<String>,
}

impl AuthorizationCheckRequest {
    /// With what is required.
    pub fn new(authorization_check_operations: Vec<String>) -> Self {
        Self { authorization_check_targets: Default::default(), authorization_check_operations }
    }
}

/// Result fields of `authorizationCheck`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationCheckResult {
    /// Targets allowed.
    #[serde(rename = "authorizationCheckSucceededTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_check_succeeded_targets: Vec<Identifier>,
    /// Targets refused.
    #[serde(rename = "authorizationCheckFailedTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_check_failed_targets: Vec<Identifier>,
    /// Detail of the outcome.
    #[serde(rename = "authorizationCheckResultMessage", default, skip_serializing_if = "Option::is_none")]
    pub authorization_check_result_message: Option<String>,
}

impl AuthorizationCheckResult {
    /// With what is required.
    pub fn new(authorization_check_succeeded_targets: Vec<Identifier>, authorization_check_failed_targets: Vec<Identifier>) -> Self {
        Self { authorization_check_succeeded_targets, authorization_check_failed_targets, authorization_check_result_message: Default::default() }
    }
}

/// `authorizationCheck`: Permission check, by program or by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorizationCheck;

impl TypedCategory for AuthorizationCheck {
    const NAME: &'static str = "authorizationCheck";
    type Request = AuthorizationCheckRequest;
    type Result = AuthorizationCheckResult;
}

impl Requested for AuthorizationCheckRequest {
    type Category = AuthorizationCheck;

    fn request(&self) -> &AuthorizationCheckRequest {
        self
    }
}

/// Request fields of `bulkDataImport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkDataImportRequest {
    /// Files brought in.
    #[serde(rename = "bulkImportedFiles", default, skip_serializing_if = "Vec::is_empty")]
    pub bulk_imported_files: Vec<ImportedFile>,
}

impl BulkDataImportRequest {
    /// With what is required.
    pub fn new(bulk_imported_files: Vec<ImportedFile>) -> Self {
        Self { bulk_imported_files }
    }
}

/// Result fields of `bulkDataImport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkDataImportResult {
    /// Where the import landed.
    #[serde(rename = "bulkImportDestinations", default, skip_serializing_if = "Vec::is_empty")]
    pub bulk_import_destinations: Vec<ImportDestination>,
}

impl BulkDataImportResult {
    /// With what is required.
    pub fn new(bulk_import_destinations: Vec<ImportDestination>) -> Self {
        Self { bulk_import_destinations }
    }
}

/// `bulkDataImport`: Many files imported at once, where each file's destination may not be traceable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkDataImport;

impl TypedCategory for BulkDataImport {
    const NAME: &'static str = "bulkDataImport";
    type Request = BulkDataImportRequest;
    type Result = BulkDataImportResult;
}

impl Requested for BulkDataImportRequest {
    type Category = BulkDataImport;

    fn request(&self) -> &BulkDataImportRequest {
        self
    }
}

/// Request fields of `cancelCodeExecution`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelCodeExecutionRequest {
    /// What had been running.
    #[serde(rename = "cancelledExecutedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled_executed_resources: Vec<LogicResource>,
    /// Its enclosing environment.
    #[serde(rename = "cancelledExecutedResourceEnvironment", default, skip_serializing_if = "Option::is_none")]
    pub cancelled_executed_resource_environment: Option<LogicResource>,
}

impl CancelCodeExecutionRequest {
    /// With what is required.
    pub fn new(cancelled_executed_resources: Vec<LogicResource>, cancelled_executed_resource_environment: Option<LogicResource>) -> Self {
        Self { cancelled_executed_resources, cancelled_executed_resource_environment }
    }
}

/// `cancelCodeExecution`: A running execution was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelCodeExecution;

impl TypedCategory for CancelCodeExecution {
    const NAME: &'static str = "cancelCodeExecution";
    type Request = CancelCodeExecutionRequest;
    type Result = NoFields;
}

impl Requested for CancelCodeExecutionRequest {
    type Category = CancelCodeExecution;

    fn request(&self) -> &CancelCodeExecutionRequest {
        self
    }
}

/// Request fields of `codeExecution`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeExecutionRequest {
    /// Enclosing environment, e.g. a workbook or live deployment.
    #[serde(rename = "executedResourceEnvironment", default, skip_serializing_if = "Option::is_none")]
    pub executed_resource_environment: Option<LogicResource>,
}

impl CodeExecutionRequest {
    /// With what is required.
    pub fn new(executed_resource_environment: Option<LogicResource>) -> Self {
        Self { executed_resource_environment }
    }
}

/// Result fields of `codeExecution`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeExecutionResult {
    /// What ran, e.g. model, build or container id.
    #[serde(rename = "executedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub executed_resources: Vec<LogicResource>,
}

impl CodeExecutionResult {
    /// With what is required.
    pub fn new(executed_resources: Vec<LogicResource>) -> Self {
        Self { executed_resources }
    }
}

/// `codeExecution`: Code was run, with or without an output data resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeExecution;

impl TypedCategory for CodeExecution {
    const NAME: &'static str = "codeExecution";
    type Request = CodeExecutionRequest;
    type Result = CodeExecutionResult;
}

impl Requested for CodeExecutionRequest {
    type Category = CodeExecution;

    fn request(&self) -> &CodeExecutionRequest {
        self
    }
}

/// Request fields of `configureInfra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigureInfraRequest {
    /// Being configured.
    #[serde(rename = "configureInfraTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub configure_infra_targets: Vec<SystemResource>,
}

impl ConfigureInfraRequest {
    /// With what is required.
    pub fn new(configure_infra_targets: Vec<SystemResource>) -> Self {
        Self { configure_infra_targets }
    }
}

/// Result fields of `configureInfra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigureInfraResult {
    /// Id of the configuration request.
    #[serde(rename = "configureInfraRequestId", default, skip_serializing_if = "Option::is_none")]
    pub configure_infra_request_id: Option<String>,
}

impl ConfigureInfraResult {
    /// With what is required.
    pub fn new(configure_infra_request_id: Option<String>) -> Self {
        Self { configure_infra_request_id }
    }
}

/// `configureInfra`: A user configures infrastructure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigureInfra;

impl TypedCategory for ConfigureInfra {
    const NAME: &'static str = "configureInfra";
    type Request = ConfigureInfraRequest;
    type Result = ConfigureInfraResult;
}

impl Requested for ConfigureInfraRequest {
    type Category = ConfigureInfra;

    fn request(&self) -> &ConfigureInfraRequest {
        self
    }
}

/// Request fields of `containerLaunch`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerLaunchRequest {
    /// Asked to launch.
    #[serde(rename = "requestedContainerIdsToLaunch", default, skip_serializing_if = "Vec::is_empty")]
    pub requested_container_ids_to_launch: Vec<SystemResource>,
}

/// Result fields of `containerLaunch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerLaunchResult {
    /// Launched.
    #[serde(rename = "launchedContainerIds", default, skip_serializing_if = "Vec::is_empty")]
    pub launched_container_ids: Vec<SystemResource>,
}

impl ContainerLaunchResult {
    /// With what is required.
    pub fn new(launched_container_ids: Vec<SystemResource>) -> Self {
        Self { launched_container_ids }
    }
}

/// `containerLaunch`: A compute environment was prepared, e.g. a Spark module launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerLaunch;

impl TypedCategory for ContainerLaunch {
    const NAME: &'static str = "containerLaunch";
    type Request = ContainerLaunchRequest;
    type Result = ContainerLaunchResult;
}

impl Requested for ContainerLaunchRequest {
    type Category = ContainerLaunch;

    fn request(&self) -> &ContainerLaunchRequest {
        self
    }
}

/// Request fields of `containerLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerLoadRequest {
    /// Asked for.
    #[serde(rename = "requestedContainerLoadIds", default, skip_serializing_if = "Vec::is_empty")]
    pub requested_container_load_ids: Vec<SystemResource>,
}

impl ContainerLoadRequest {
    /// With what is required.
    pub fn new(requested_container_load_ids: Vec<SystemResource>) -> Self {
        Self { requested_container_load_ids }
    }
}

/// Result fields of `containerLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerLoadResult {
    /// Returned.
    #[serde(rename = "loadedContainerLoadIds", default, skip_serializing_if = "Vec::is_empty")]
    pub loaded_container_load_ids: Vec<SystemResource>,
}

impl ContainerLoadResult {
    /// With what is required.
    pub fn new(loaded_container_load_ids: Vec<SystemResource>) -> Self {
        Self { loaded_container_load_ids }
    }
}

/// `containerLoad`: A compute environment was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerLoad;

impl TypedCategory for ContainerLoad {
    const NAME: &'static str = "containerLoad";
    type Request = ContainerLoadRequest;
    type Result = ContainerLoadResult;
}

impl Requested for ContainerLoadRequest {
    type Category = ContainerLoad;

    fn request(&self) -> &ContainerLoadRequest {
        self
    }
}

/// Request fields of `containerSearch`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerSearchRequest {
    /// Query text.
    #[serde(rename = "containerSearchQuery", default, skip_serializing_if = "Option::is_none")]
    pub container_search_query: Option<String>,
}

/// Result fields of `containerSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerSearchResult {
    /// Shown to the user.
    #[serde(rename = "containerSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub container_search_results: Vec<SystemResource>,
}

impl ContainerSearchResult {
    /// With what is required.
    pub fn new(container_search_results: Vec<SystemResource>) -> Self {
        Self { container_search_results }
    }
}

/// `containerSearch`: Compute environments were listed or searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerSearch;

impl TypedCategory for ContainerSearch {
    const NAME: &'static str = "containerSearch";
    type Request = ContainerSearchRequest;
    type Result = ContainerSearchResult;
}

impl Requested for ContainerSearchRequest {
    type Category = ContainerSearch;

    fn request(&self) -> &ContainerSearchRequest {
        self
    }
}

/// Request fields of `containerStop`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerStopRequest {
    /// Stopped.
    #[serde(rename = "stoppedContainerIds", default, skip_serializing_if = "Vec::is_empty")]
    pub stopped_container_ids: Vec<SystemResource>,
    /// Readable reason, e.g. failure or user request.
    #[serde(rename = "containerStopReason", default, skip_serializing_if = "Option::is_none")]
    pub container_stop_reason: Option<String>,
}

impl ContainerStopRequest {
    /// With what is required.
    pub fn new(stopped_container_ids: Vec<SystemResource>) -> Self {
        Self { stopped_container_ids, container_stop_reason: Default::default() }
    }
}

/// `containerStop`: A compute environment was shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerStop;

impl TypedCategory for ContainerStop {
    const NAME: &'static str = "containerStop";
    type Request = ContainerStopRequest;
    type Result = NoFields;
}

impl Requested for ContainerStopRequest {
    type Category = ContainerStop;

    fn request(&self) -> &ContainerStopRequest {
        self
    }
}

/// Request fields of `createInfra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateInfraRequest {
    /// To be created.
    #[serde(rename = "createInfraTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub create_infra_targets: Vec<SystemResource>,
}

impl CreateInfraRequest {
    /// With what is required.
    pub fn new(create_infra_targets: Vec<SystemResource>) -> Self {
        Self { create_infra_targets }
    }
}

/// Result fields of `createInfra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateInfraResult {
    /// Created, with fuller identifiers.
    #[serde(rename = "createdInfraResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_infra_resources: Vec<SystemResource>,
}

impl CreateInfraResult {
    /// With what is required.
    pub fn new(created_infra_resources: Vec<SystemResource>) -> Self {
        Self { created_infra_resources }
    }
}

/// `createInfra`: A user creates infrastructure such as a node or service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateInfra;

impl TypedCategory for CreateInfra {
    const NAME: &'static str = "createInfra";
    type Request = CreateInfraRequest;
    type Result = CreateInfraResult;
}

impl Requested for CreateInfraRequest {
    type Category = CreateInfra;

    fn request(&self) -> &CreateInfraRequest {
        self
    }
}

/// Result fields of `dataCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataCreateResult {
    /// Data resources made by the event.
    #[serde(rename = "createdResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_resources: Vec<DataResource>,
}

impl DataCreateResult {
    /// With what is required.
    pub fn new(created_resources: Vec<DataResource>) -> Self {
        Self { created_resources }
    }
}

/// `dataCreate`: New data now exists in the platform; a landing service may log the same thing as dataPromote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataCreate;

impl TypedCategory for DataCreate {
    const NAME: &'static str = "dataCreate";
    type Request = NoFields;
    type Result = DataCreateResult;
}

impl Requested for DataCreate {
    type Category = DataCreate;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// Request fields of `dataDelete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataDeleteRequest {
    /// Data resources removed.
    #[serde(rename = "deletedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_resources: Vec<DataResource>,
}

impl DataDeleteRequest {
    /// With what is required.
    pub fn new(deleted_resources: Vec<DataResource>) -> Self {
        Self { deleted_resources }
    }
}

/// `dataDelete`: Data removed, whatever the granularity of the removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataDelete;

impl TypedCategory for DataDelete {
    const NAME: &'static str = "dataDelete";
    type Request = DataDeleteRequest;
    type Result = NoFields;
}

impl Requested for DataDeleteRequest {
    type Category = DataDelete;

    fn request(&self) -> &DataDeleteRequest {
        self
    }
}

/// Request fields of `dataExport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataExportRequest {
    /// Every resource that was taken out.
    #[serde(rename = "downloadedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub downloaded_resources: Vec<DataResource>,
}

impl DataExportRequest {
    /// With what is required.
    pub fn new(downloaded_resources: Vec<DataResource>) -> Self {
        Self { downloaded_resources }
    }
}

/// Result fields of `dataExport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataExportResult {
    /// Bytes taken out.
    #[serde(rename = "downloadedSize", default, skip_serializing_if = "Option::is_none")]
    pub downloaded_size: Option<i64>,
}

impl DataExportResult {
    /// With what is required.
    pub fn new(downloaded_size: Option<i64>) -> Self {
        Self { downloaded_size }
    }
}

/// `dataExport`: Data leaves the platform, e.g. a download or CSV; copies to other Palantir systems use dataPromote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataExport;

impl TypedCategory for DataExport {
    const NAME: &'static str = "dataExport";
    type Request = DataExportRequest;
    type Result = DataExportResult;
}

impl Requested for DataExportRequest {
    type Category = DataExport;

    fn request(&self) -> &DataExportRequest {
        self
    }
}

/// Request fields of `dataImport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataImportRequest {
    /// File name of what was brought in.
    #[serde(rename = "importedFilename", default, skip_serializing_if = "Option::is_none")]
    pub imported_filename: Option<String>,
    /// Kind of file.
    #[serde(rename = "importedFileType", default, skip_serializing_if = "Option::is_none")]
    pub imported_file_type: Option<FileType>,
    /// Parent of the destination.
    #[serde(rename = "importParentResourceId", default, skip_serializing_if = "Option::is_none")]
    pub import_parent_resource_id: Option<DataResource>,
}

impl DataImportRequest {
    /// With what is required.
    pub fn new(imported_filename: Option<String>, imported_file_type: Option<FileType>) -> Self {
        Self { imported_filename, imported_file_type, import_parent_resource_id: Default::default() }
    }
}

/// Result fields of `dataImport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataImportResult {
    /// Destination resource.
    #[serde(rename = "importResourceId", default, skip_serializing_if = "Option::is_none")]
    pub import_resource_id: Option<DataResource>,
    /// Total bytes brought in.
    #[serde(rename = "importedSize", default, skip_serializing_if = "Option::is_none")]
    pub imported_size: Option<i64>,
}

impl DataImportResult {
    /// With what is required.
    pub fn new(import_resource_id: Option<DataResource>) -> Self {
        Self { import_resource_id, imported_size: Default::default() }
    }
}

/// `dataImport`: Data comes in from outside the platform; another service may record it as dataPromote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataImport;

impl TypedCategory for DataImport {
    const NAME: &'static str = "dataImport";
    type Request = DataImportRequest;
    type Result = DataImportResult;
}

impl Requested for DataImportRequest {
    type Category = DataImport;

    fn request(&self) -> &DataImportRequest {
        self
    }
}

/// Request fields of `dataLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataLoadRequest {
    /// Data resources read.
    #[serde(rename = "loadedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub loaded_resources: Vec<DataResource>,
}

impl DataLoadRequest {
    /// With what is required.
    pub fn new(loaded_resources: Vec<DataResource>) -> Self {
        Self { loaded_resources }
    }
}

/// `dataLoad`: Data read in order to show it to a user; pure back-end reads belong to internal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataLoad;

impl TypedCategory for DataLoad {
    const NAME: &'static str = "dataLoad";
    type Request = DataLoadRequest;
    type Result = NoFields;
}

impl Requested for DataLoadRequest {
    type Category = DataLoad;

    fn request(&self) -> &DataLoadRequest {
        self
    }
}

/// Request fields of `dataMerge`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataMergeRequest {
    /// Inputs.
    #[serde(rename = "resourcesToMerge", default, skip_serializing_if = "Vec::is_empty")]
    pub resources_to_merge: Vec<DataResource>,
}

impl DataMergeRequest {
    /// With what is required.
    pub fn new(resources_to_merge: Vec<DataResource>) -> Self {
        Self { resources_to_merge }
    }
}

/// Result fields of `dataMerge`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataMergeResult {
    /// Combined output.
    #[serde(rename = "mergedResult", default, skip_serializing_if = "Option::is_none")]
    pub merged_result: Option<DataResource>,
}

impl DataMergeResult {
    /// With what is required.
    pub fn new(merged_result: Option<DataResource>) -> Self {
        Self { merged_result }
    }
}

/// `dataMerge`: Two or more sources combined into one, e.g. a join or an entity resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataMerge;

impl TypedCategory for DataMerge {
    const NAME: &'static str = "dataMerge";
    type Request = DataMergeRequest;
    type Result = DataMergeResult;
}

impl Requested for DataMergeRequest {
    type Category = DataMerge;

    fn request(&self) -> &DataMergeRequest {
        self
    }
}

/// Request fields of `dataPromote`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPromoteRequest {
    /// Target systems.
    #[serde(rename = "promotionDestinations", default, skip_serializing_if = "Vec::is_empty")]
    pub promotion_destinations: Vec<ExternalSystem>,
    /// What the promotion was.
    #[serde(rename = "promotionDescription", default, skip_serializing_if = "Option::is_none")]
    pub promotion_description: Option<String>,
    /// Resources pushed.
    #[serde(rename = "promotedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub promoted_resources: Vec<DataResource>,
}

impl DataPromoteRequest {
    /// With what is required.
    pub fn new(promotion_destinations: Vec<ExternalSystem>, promotion_description: Option<String>, promoted_resources: Vec<DataResource>) -> Self {
        Self { promotion_destinations, promotion_description, promoted_resources }
    }
}

/// `dataPromote`: A user pushed data to another Palantir system, such as Gotham.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataPromote;

impl TypedCategory for DataPromote {
    const NAME: &'static str = "dataPromote";
    type Request = DataPromoteRequest;
    type Result = NoFields;
}

impl Requested for DataPromoteRequest {
    type Category = DataPromote;

    fn request(&self) -> &DataPromoteRequest {
        self
    }
}

/// Request fields of `dataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSearchRequest {
    /// Query text.
    #[serde(rename = "dataSearchQuery", default, skip_serializing_if = "Option::is_none")]
    pub data_search_query: Option<String>,
    /// Unstructured extra context, for human readers only.
    #[serde(rename = "dataSearchContext", default, skip_serializing_if = "Vec::is_empty")]
    pub data_search_context: Vec<ResourceContext>,
}

impl DataSearchRequest {
    /// With what is required.
    pub fn new(data_search_query: Option<String>) -> Self {
        Self { data_search_query, data_search_context: Default::default() }
    }
}

/// Result fields of `dataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSearchResult {
    /// Resources shown to the user.
    #[serde(rename = "dataSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub data_search_results: Vec<DataResource>,
}

impl DataSearchResult {
    /// With what is required.
    pub fn new(data_search_results: Vec<DataResource>) -> Self {
        Self { data_search_results }
    }
}

/// `dataSearch`: Search over datasets, objects or other data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataSearch;

impl TypedCategory for DataSearch {
    const NAME: &'static str = "dataSearch";
    type Request = DataSearchRequest;
    type Result = DataSearchResult;
}

impl Requested for DataSearchRequest {
    type Category = DataSearch;

    fn request(&self) -> &DataSearchRequest {
        self
    }
}

/// Request fields of `dataShare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataShareRequest {
    /// Identifier of the share, if there is one.
    #[serde(rename = "dataShareId", default, skip_serializing_if = "Option::is_none")]
    pub data_share_id: Option<Identifier>,
    /// What was shared.
    #[serde(rename = "dataShareTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub data_share_targets: Vec<DataResource>,
    /// Readable reason, e.g. a share link was opened.
    #[serde(rename = "dataShareReason", default, skip_serializing_if = "Option::is_none")]
    pub data_share_reason: Option<String>,
}

impl DataShareRequest {
    /// With what is required.
    pub fn new(data_share_targets: Vec<DataResource>, data_share_reason: Option<String>) -> Self {
        Self { data_share_id: Default::default(), data_share_targets, data_share_reason }
    }
}

/// `dataShare`: Discretionary sharing of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataShare;

impl TypedCategory for DataShare {
    const NAME: &'static str = "dataShare";
    type Request = DataShareRequest;
    type Result = NoFields;
}

impl Requested for DataShareRequest {
    type Category = DataShare;

    fn request(&self) -> &DataShareRequest {
        self
    }
}

/// Request fields of `dataShareCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataShareCreateRequest {
    /// Identifier of the share, if any.
    #[serde(rename = "dataShareCreateId", default, skip_serializing_if = "Option::is_none")]
    pub data_share_create_id: Option<Identifier>,
    /// What it shares.
    #[serde(rename = "dataShareCreateTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub data_share_create_targets: Vec<DataResource>,
}

impl DataShareCreateRequest {
    /// With what is required.
    pub fn new(data_share_create_targets: Vec<DataResource>) -> Self {
        Self { data_share_create_id: Default::default(), data_share_create_targets }
    }
}

/// `dataShareCreate`: A share is set up, e.g. a link granting access to whoever visits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataShareCreate;

impl TypedCategory for DataShareCreate {
    const NAME: &'static str = "dataShareCreate";
    type Request = DataShareCreateRequest;
    type Result = NoFields;
}

impl Requested for DataShareCreateRequest {
    type Category = DataShareCreate;

    fn request(&self) -> &DataShareCreateRequest {
        self
    }
}

/// Request fields of `dataShareDisable`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataShareDisableRequest {
    /// Identifier of the share, if any.
    #[serde(rename = "dataShareDisableId", default, skip_serializing_if = "Option::is_none")]
    pub data_share_disable_id: Option<Identifier>,
    /// What it shared.
    #[serde(rename = "dataShareDisableTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub data_share_disable_targets: Vec<DataResource>,
}

impl DataShareDisableRequest {
    /// With what is required.
    pub fn new(data_share_disable_targets: Vec<DataResource>) -> Self {
        Self { data_share_disable_id: Default::default(), data_share_disable_targets }
    }
}

/// `dataShareDisable`: A sharing mechanism, e.g. a link, is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataShareDisable;

impl TypedCategory for DataShareDisable {
    const NAME: &'static str = "dataShareDisable";
    type Request = DataShareDisableRequest;
    type Result = NoFields;
}

impl Requested for DataShareDisableRequest {
    type Category = DataShareDisable;

    fn request(&self) -> &DataShareDisableRequest {
        self
    }
}

/// Request fields of `dataTransform`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataTransformRequest {
    /// Resources changed.
    #[serde(rename = "transformTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub transform_targets: Vec<DataResource>,
    /// What was done.
    #[serde(rename = "transformDescription", default, skip_serializing_if = "Option::is_none")]
    pub transform_description: Option<String>,
}

impl DataTransformRequest {
    /// With what is required.
    pub fn new(transform_targets: Vec<DataResource>, transform_description: Option<String>) -> Self {
        Self { transform_targets, transform_description }
    }
}

/// `dataTransform`: One or more data resources changed in some way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataTransform;

impl TypedCategory for DataTransform {
    const NAME: &'static str = "dataTransform";
    type Request = DataTransformRequest;
    type Result = NoFields;
}

impl Requested for DataTransformRequest {
    type Category = DataTransform;

    fn request(&self) -> &DataTransformRequest {
        self
    }
}

/// `dataUpdate`: Catch-all for updates or attempted updates; dataTransform or dataMerge preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataUpdate;

impl TypedCategory for DataUpdate {
    const NAME: &'static str = "dataUpdate";
    type Request = NoFields;
    type Result = NoFields;
}

impl Requested for DataUpdate {
    type Category = DataUpdate;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// Request fields of `inApplicationContext`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InApplicationContextRequest {
    /// The application.
    #[serde(rename = "applicationRid")]
    pub application_rid: ApplicationRid,
}

impl InApplicationContextRequest {
    /// With what is required.
    pub fn new(application_rid: ApplicationRid) -> Self {
        Self { application_rid }
    }
}

/// `inApplicationContext`: The request came from a third-party application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InApplicationContext;

impl TypedCategory for InApplicationContext {
    const NAME: &'static str = "inApplicationContext";
    type Request = InApplicationContextRequest;
    type Result = NoFields;
}

impl Requested for InApplicationContextRequest {
    type Category = InApplicationContext;

    fn request(&self) -> &InApplicationContextRequest {
        self
    }
}

/// Request fields of `inEnrollmentContext`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InEnrollmentContextRequest {
    /// The enrollments.
    #[serde(rename = "enrollmentRids", default, skip_serializing_if = "Vec::is_empty")]
    pub enrollment_rids: Vec<EnrollmentRid>,
}

impl InEnrollmentContextRequest {
    /// With what is required.
    pub fn new(enrollment_rids: Vec<EnrollmentRid>) -> Self {
        Self { enrollment_rids }
    }
}

/// `inEnrollmentContext`: The request was made in the context of one or more enrollments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InEnrollmentContext;

impl TypedCategory for InEnrollmentContext {
    const NAME: &'static str = "inEnrollmentContext";
    type Request = InEnrollmentContextRequest;
    type Result = NoFields;
}

impl Requested for InEnrollmentContextRequest {
    type Category = InEnrollmentContext;

    fn request(&self) -> &InEnrollmentContextRequest {
        self
    }
}

/// Request fields of `inHubContext`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InHubContextRequest {
    /// Environment asked about.
    #[serde(rename = "targetEnvironment")]
    pub target_environment: serde_json::Value,
    /// Spoke environment asked about.
    #[serde(rename = "targetSpokeEnvironment")]
    pub target_spoke_environment: serde_json::Value,
}

impl InHubContextRequest {
    /// With what is required.
    pub fn new(target_environment: serde_json::Value) -> Self {
        Self { target_environment, target_spoke_environment: Default::default() }
    }
}

/// Result fields of `inHubContext`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InHubContextResult {
    /// Enrollment asked about.
    #[serde(rename = "targetEnrollment")]
    pub target_enrollment: serde_json::Value,
    /// Domain asked about.
    #[serde(rename = "targetDomain")]
    pub target_domain: serde_json::Value,
}

/// `inHubContext`: Hub-and-spoke request: a service asks about another stack's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InHubContext;

impl TypedCategory for InHubContext {
    const NAME: &'static str = "inHubContext";
    type Request = InHubContextRequest;
    type Result = InHubContextResult;
}

impl Requested for InHubContextRequest {
    type Category = InHubContext;

    fn request(&self) -> &InHubContextRequest {
        self
    }
}

/// Request fields of `infraLogsAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfraLogsAccessRequest {
    /// Where the logs are from.
    #[serde(rename = "infraLogsAccessTarget")]
    pub infra_logs_access_target: SystemResource,
}

impl InfraLogsAccessRequest {
    /// With what is required.
    pub fn new(infra_logs_access_target: SystemResource) -> Self {
        Self { infra_logs_access_target }
    }
}

/// Result fields of `infraLogsAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfraLogsAccessResult {
    /// Id of the access request.
    #[serde(rename = "infraLogsAccessRequestId", default, skip_serializing_if = "Option::is_none")]
    pub infra_logs_access_request_id: Option<String>,
}

impl InfraLogsAccessResult {
    /// With what is required.
    pub fn new(infra_logs_access_request_id: Option<String>) -> Self {
        Self { infra_logs_access_request_id }
    }
}

/// `infraLogsAccess`: A user asks for logs of an infrastructure resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InfraLogsAccess;

impl TypedCategory for InfraLogsAccess {
    const NAME: &'static str = "infraLogsAccess";
    type Request = InfraLogsAccessRequest;
    type Result = InfraLogsAccessResult;
}

impl Requested for InfraLogsAccessRequest {
    type Category = InfraLogsAccess;

    fn request(&self) -> &InfraLogsAccessRequest {
        self
    }
}

/// `internal`: Catch-all for internal events; low signal for auditors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Internal;

impl TypedCategory for Internal {
    const NAME: &'static str = "internal";
    type Request = NoFields;
    type Result = NoFields;
}

impl Requested for Internal {
    type Category = Internal;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// Request fields of `llmInference`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmInferenceRequest {
    /// Model id, temperature, moderation flag, attributed resources.
    #[serde(rename = "llmInferenceContext")]
    pub llm_inference_context: LlmInferenceContext,
    /// Inputs.
    #[serde(rename = "llmInferenceInputs", default, skip_serializing_if = "Vec::is_empty")]
    pub llm_inference_inputs: Vec<LlmInput>,
}

impl LlmInferenceRequest {
    /// With what is required.
    pub fn new(llm_inference_context: LlmInferenceContext, llm_inference_inputs: Vec<LlmInput>) -> Self {
        Self { llm_inference_context, llm_inference_inputs }
    }
}

/// Result fields of `llmInference`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmInferenceResult {
    /// Outputs.
    #[serde(rename = "llmInferenceResponses", default, skip_serializing_if = "Vec::is_empty")]
    pub llm_inference_responses: Vec<LlmResponse>,
    /// Context known only at response time.
    #[serde(rename = "llmInferenceResponseContext", default, skip_serializing_if = "Option::is_none")]
    pub llm_inference_response_context: Option<LlmInferenceContext>,
}

impl LlmInferenceResult {
    /// With what is required.
    pub fn new(llm_inference_responses: Vec<LlmResponse>, llm_inference_response_context: Option<LlmInferenceContext>) -> Self {
        Self { llm_inference_responses, llm_inference_response_context }
    }
}

/// `llmInference`: A prompt was run through a generative model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LlmInference;

impl TypedCategory for LlmInference {
    const NAME: &'static str = "llmInference";
    type Request = LlmInferenceRequest;
    type Result = LlmInferenceResult;
}

impl Requested for LlmInferenceRequest {
    type Category = LlmInference;

    fn request(&self) -> &LlmInferenceRequest {
        self
    }
}

/// Request fields of `llmRoute`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmRouteRequest {
    /// URL, body and model asked for.
    #[serde(rename = "llmRouteRequest")]
    pub llm_route_request: LlmRoutingRequest,
}

impl LlmRouteRequest {
    /// With what is required.
    pub fn new(llm_route_request: LlmRoutingRequest) -> Self {
        Self { llm_route_request }
    }
}

/// Result fields of `llmRoute`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmRouteResult {
    /// URL used, HTTP status and body.
    #[serde(rename = "llmRouteResponse", default, skip_serializing_if = "Option::is_none")]
    pub llm_route_response: Option<LlmRoutingResponse>,
}

impl LlmRouteResult {
    /// With what is required.
    pub fn new(llm_route_response: Option<LlmRoutingResponse>) -> Self {
        Self { llm_route_response }
    }
}

/// `llmRoute`: A prompt was forwarded by an LLM proxy or load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LlmRoute;

impl TypedCategory for LlmRoute {
    const NAME: &'static str = "llmRoute";
    type Request = LlmRouteRequest;
    type Result = LlmRouteResult;
}

impl Requested for LlmRouteRequest {
    type Category = LlmRoute;

    fn request(&self) -> &LlmRouteRequest {
        self
    }
}

/// Request fields of `logicAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicAccessRequest {
    /// Logic viewed.
    #[serde(rename = "accessedLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub accessed_logic_resources: Vec<LogicResource>,
}

impl LogicAccessRequest {
    /// With what is required.
    pub fn new(accessed_logic_resources: Vec<LogicResource>) -> Self {
        Self { accessed_logic_resources }
    }
}

/// `logicAccess`: Logic was viewed, e.g. opening a Contour analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogicAccess;

impl TypedCategory for LogicAccess {
    const NAME: &'static str = "logicAccess";
    type Request = LogicAccessRequest;
    type Result = NoFields;
}

impl Requested for LogicAccessRequest {
    type Category = LogicAccess;

    fn request(&self) -> &LogicAccessRequest {
        self
    }
}

/// Result fields of `logicCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicCreateResult {
    /// Logic made.
    #[serde(rename = "createdLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_logic_resources: Vec<LogicResource>,
}

impl LogicCreateResult {
    /// With what is required.
    pub fn new(created_logic_resources: Vec<LogicResource>) -> Self {
        Self { created_logic_resources }
    }
}

/// `logicCreate`: New logic was made, e.g. a Contour board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogicCreate;

impl TypedCategory for LogicCreate {
    const NAME: &'static str = "logicCreate";
    type Request = NoFields;
    type Result = LogicCreateResult;
}

impl Requested for LogicCreate {
    type Category = LogicCreate;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// Request fields of `logicDelete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicDeleteRequest {
    /// Logic deleted.
    #[serde(rename = "deletedLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_logic_resources: Vec<LogicResource>,
}

impl LogicDeleteRequest {
    /// With what is required.
    pub fn new(deleted_logic_resources: Vec<LogicResource>) -> Self {
        Self { deleted_logic_resources }
    }
}

/// `logicDelete`: Logic was deleted, e.g. a Contour board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogicDelete;

impl TypedCategory for LogicDelete {
    const NAME: &'static str = "logicDelete";
    type Request = LogicDeleteRequest;
    type Result = NoFields;
}

impl Requested for LogicDeleteRequest {
    type Category = LogicDelete;

    fn request(&self) -> &LogicDeleteRequest {
        self
    }
}

/// Request fields of `logicSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicSearchRequest {
    /// Query text.
    #[serde(rename = "logicSearchQuery", default, skip_serializing_if = "Option::is_none")]
    pub logic_search_query: Option<String>,
}

impl LogicSearchRequest {
    /// With what is required.
    pub fn new(logic_search_query: Option<String>) -> Self {
        Self { logic_search_query }
    }
}

/// Result fields of `logicSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicSearchResult {
    /// Logic returned.
    #[serde(rename = "logicSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub logic_search_results: Vec<LogicResource>,
}

impl LogicSearchResult {
    /// With what is required.
    pub fn new(logic_search_results: Vec<LogicResource>) -> Self {
        Self { logic_search_results }
    }
}

/// `logicSearch`: Search for logic, e.g. for an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogicSearch;

impl TypedCategory for LogicSearch {
    const NAME: &'static str = "logicSearch";
    type Request = LogicSearchRequest;
    type Result = LogicSearchResult;
}

impl Requested for LogicSearchRequest {
    type Category = LogicSearch;

    fn request(&self) -> &LogicSearchRequest {
        self
    }
}

/// Request fields of `logicUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicUpdateRequest {
    /// Logic changed.
    #[serde(rename = "updatedLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub updated_logic_resources: Vec<LogicResource>,
}

impl LogicUpdateRequest {
    /// With what is required.
    pub fn new(updated_logic_resources: Vec<LogicResource>) -> Self {
        Self { updated_logic_resources }
    }
}

/// `logicUpdate`: Existing logic changed: a file saved, a repository push, an edited board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogicUpdate;

impl TypedCategory for LogicUpdate {
    const NAME: &'static str = "logicUpdate";
    type Request = LogicUpdateRequest;
    type Result = NoFields;
}

impl Requested for LogicUpdateRequest {
    type Category = LogicUpdate;

    fn request(&self) -> &LogicUpdateRequest {
        self
    }
}

/// Request fields of `managementGroups`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementGroupsRequest {
    /// Per group: members added and removed.
    #[serde(rename = "groupPatches", default, skip_serializing_if = "Vec::is_empty")]
    pub group_patches: Vec<Patch>,
}

impl ManagementGroupsRequest {
    /// With what is required.
    pub fn new(group_patches: Vec<Patch>) -> Self {
        Self { group_patches }
    }
}

/// `managementGroups`: Group membership changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagementGroups;

impl TypedCategory for ManagementGroups {
    const NAME: &'static str = "managementGroups";
    type Request = ManagementGroupsRequest;
    type Result = NoFields;
}

impl Requested for ManagementGroupsRequest {
    type Category = ManagementGroups;

    fn request(&self) -> &ManagementGroupsRequest {
        self
    }
}

/// Request fields of `managementMarkings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementMarkingsRequest {
    /// Per marking: principals added and removed.
    #[serde(rename = "markingPatches", default, skip_serializing_if = "Vec::is_empty")]
    pub marking_patches: Vec<Patch>,
}

impl ManagementMarkingsRequest {
    /// With what is required.
    pub fn new(marking_patches: Vec<Patch>) -> Self {
        Self { marking_patches }
    }
}

/// `managementMarkings`: Access to mandatory controls (markings) changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagementMarkings;

impl TypedCategory for ManagementMarkings {
    const NAME: &'static str = "managementMarkings";
    type Request = ManagementMarkingsRequest;
    type Result = NoFields;
}

impl Requested for ManagementMarkingsRequest {
    type Category = ManagementMarkings;

    fn request(&self) -> &ManagementMarkingsRequest {
        self
    }
}

/// Request fields of `managementPermissions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementPermissionsRequest {
    /// Resources affected.
    #[serde(rename = "resourcesWithPermissionsChanges", default, skip_serializing_if = "Vec::is_empty")]
    pub resources_with_permissions_changes: Vec<Resource>,
    /// Extra context.
    #[serde(rename = "permissionChangeContext", default, skip_serializing_if = "Vec::is_empty")]
    pub permission_change_context: Vec<ResourceContext>,
}

impl ManagementPermissionsRequest {
    /// With what is required.
    pub fn new(resources_with_permissions_changes: Vec<Resource>) -> Self {
        Self { resources_with_permissions_changes, permission_change_context: Default::default() }
    }
}

/// `managementPermissions`: Permissions changed on the platform, e.g. a share or a provenance change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagementPermissions;

impl TypedCategory for ManagementPermissions {
    const NAME: &'static str = "managementPermissions";
    type Request = ManagementPermissionsRequest;
    type Result = NoFields;
}

impl Requested for ManagementPermissionsRequest {
    type Category = ManagementPermissions;

    fn request(&self) -> &ManagementPermissionsRequest {
        self
    }
}

/// Request fields of `managementTokens`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementTokensRequest {
    /// Tokens affected.
    #[serde(rename = "managedTokens", default, skip_serializing_if = "Vec::is_empty")]
    pub managed_tokens: Vec<Token>,
}

impl ManagementTokensRequest {
    /// With what is required.
    pub fn new(managed_tokens: Vec<Token>) -> Self {
        Self { managed_tokens }
    }
}

/// `managementTokens`: Tokens enabled, disabled or revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagementTokens;

impl TypedCategory for ManagementTokens {
    const NAME: &'static str = "managementTokens";
    type Request = ManagementTokensRequest;
    type Result = NoFields;
}

impl Requested for ManagementTokensRequest {
    type Category = ManagementTokens;

    fn request(&self) -> &ManagementTokensRequest {
        self
    }
}

/// Request fields of `managementUsers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementUsersRequest {
    /// Users affected.
    #[serde(rename = "managedUserIds", default, skip_serializing_if = "Vec::is_empty")]
    pub managed_user_ids: Vec<String>,
}

impl ManagementUsersRequest {
    /// With what is required.
    pub fn new(managed_user_ids: Vec<String>) -> Self {
        Self { managed_user_ids }
    }
}

/// `managementUsers`: Users added, removed or edited; permission and group changes have their own categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagementUsers;

impl TypedCategory for ManagementUsers {
    const NAME: &'static str = "managementUsers";
    type Request = ManagementUsersRequest;
    type Result = NoFields;
}

impl Requested for ManagementUsersRequest {
    type Category = ManagementUsers;

    fn request(&self) -> &ManagementUsersRequest {
        self
    }
}

/// Request fields of `metaDataAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDataAccessRequest {
    /// Data the metadata describes.
    #[serde(rename = "accessedMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub accessed_meta_data_resources: Vec<DataResource>,
    /// What was read.
    #[serde(rename = "accessedMetaDataDescription", default, skip_serializing_if = "Option::is_none")]
    pub accessed_meta_data_description: Option<String>,
}

impl MetaDataAccessRequest {
    /// With what is required.
    pub fn new(accessed_meta_data_resources: Vec<DataResource>, accessed_meta_data_description: Option<String>) -> Self {
        Self { accessed_meta_data_resources, accessed_meta_data_description }
    }
}

/// `metaDataAccess`: Metadata (data about data: counts, names, transaction ids) was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaDataAccess;

impl TypedCategory for MetaDataAccess {
    const NAME: &'static str = "metaDataAccess";
    type Request = MetaDataAccessRequest;
    type Result = NoFields;
}

impl Requested for MetaDataAccessRequest {
    type Category = MetaDataAccess;

    fn request(&self) -> &MetaDataAccessRequest {
        self
    }
}

/// Request fields of `metaDataCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDataCreateRequest {
    /// What was created.
    #[serde(rename = "createdMetaDataDescription", default, skip_serializing_if = "Option::is_none")]
    pub created_meta_data_description: Option<String>,
}

impl MetaDataCreateRequest {
    /// With what is required.
    pub fn new(created_meta_data_description: Option<String>) -> Self {
        Self { created_meta_data_description }
    }
}

/// Result fields of `metaDataCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDataCreateResult {
    /// Data the metadata describes.
    #[serde(rename = "createdMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_meta_data_resources: Vec<DataResource>,
}

impl MetaDataCreateResult {
    /// With what is required.
    pub fn new(created_meta_data_resources: Vec<DataResource>) -> Self {
        Self { created_meta_data_resources }
    }
}

/// `metaDataCreate`: Metadata was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaDataCreate;

impl TypedCategory for MetaDataCreate {
    const NAME: &'static str = "metaDataCreate";
    type Request = MetaDataCreateRequest;
    type Result = MetaDataCreateResult;
}

impl Requested for MetaDataCreateRequest {
    type Category = MetaDataCreate;

    fn request(&self) -> &MetaDataCreateRequest {
        self
    }
}

/// Request fields of `metaDataDelete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDataDeleteRequest {
    /// Data the metadata described.
    #[serde(rename = "deletedMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_meta_data_resources: Vec<DataResource>,
    /// What was deleted.
    #[serde(rename = "deletedMetaDataDescription", default, skip_serializing_if = "Option::is_none")]
    pub deleted_meta_data_description: Option<String>,
}

impl MetaDataDeleteRequest {
    /// With what is required.
    pub fn new(deleted_meta_data_resources: Vec<DataResource>, deleted_meta_data_description: Option<String>) -> Self {
        Self { deleted_meta_data_resources, deleted_meta_data_description }
    }
}

/// `metaDataDelete`: Metadata was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaDataDelete;

impl TypedCategory for MetaDataDelete {
    const NAME: &'static str = "metaDataDelete";
    type Request = MetaDataDeleteRequest;
    type Result = NoFields;
}

impl Requested for MetaDataDeleteRequest {
    type Category = MetaDataDelete;

    fn request(&self) -> &MetaDataDeleteRequest {
        self
    }
}

/// Request fields of `metaDataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDataSearchRequest {
    /// Query text.
    #[serde(rename = "metaDataSearchQuery", default, skip_serializing_if = "Option::is_none")]
    pub meta_data_search_query: Option<String>,
}

impl MetaDataSearchRequest {
    /// With what is required.
    pub fn new(meta_data_search_query: Option<String>) -> Self {
        Self { meta_data_search_query }
    }
}

/// Result fields of `metaDataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDataSearchResult {
    /// Resources whose metadata was shown.
    #[serde(rename = "metaDataSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub meta_data_search_results: Vec<DataResource>,
}

impl MetaDataSearchResult {
    /// With what is required.
    pub fn new(meta_data_search_results: Vec<DataResource>) -> Self {
        Self { meta_data_search_results }
    }
}

/// `metaDataSearch`: Search over metadata of datasets, objects and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaDataSearch;

impl TypedCategory for MetaDataSearch {
    const NAME: &'static str = "metaDataSearch";
    type Request = MetaDataSearchRequest;
    type Result = MetaDataSearchResult;
}

impl Requested for MetaDataSearchRequest {
    type Category = MetaDataSearch;

    fn request(&self) -> &MetaDataSearchRequest {
        self
    }
}

/// Request fields of `metaDataUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDataUpdateRequest {
    /// Data the metadata describes.
    #[serde(rename = "updatedMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub updated_meta_data_resources: Vec<DataResource>,
    /// What was changed.
    #[serde(rename = "updatedMetaDataDescription", default, skip_serializing_if = "Option::is_none")]
    pub updated_meta_data_description: Option<String>,
}

impl MetaDataUpdateRequest {
    /// With what is required.
    pub fn new(updated_meta_data_resources: Vec<DataResource>, updated_meta_data_description: Option<String>) -> Self {
        Self { updated_meta_data_resources, updated_meta_data_description }
    }
}

/// `metaDataUpdate`: Metadata was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaDataUpdate;

impl TypedCategory for MetaDataUpdate {
    const NAME: &'static str = "metaDataUpdate";
    type Request = MetaDataUpdateRequest;
    type Result = NoFields;
}

impl Requested for MetaDataUpdateRequest {
    type Category = MetaDataUpdate;

    fn request(&self) -> &MetaDataUpdateRequest {
        self
    }
}

/// Request fields of `monitorAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorAccessRequest {
    /// Monitors viewed.
    #[serde(rename = "accessedMonitorResources", default, skip_serializing_if = "Vec::is_empty")]
    pub accessed_monitor_resources: Vec<MonitorResource>,
    /// What the view was.
    #[serde(rename = "accessedMonitorDescription", default, skip_serializing_if = "Option::is_none")]
    pub accessed_monitor_description: Option<String>,
}

impl MonitorAccessRequest {
    /// With what is required.
    pub fn new(accessed_monitor_resources: Vec<MonitorResource>) -> Self {
        Self { accessed_monitor_resources, accessed_monitor_description: Default::default() }
    }
}

/// `monitorAccess`: A monitor was viewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonitorAccess;

impl TypedCategory for MonitorAccess {
    const NAME: &'static str = "monitorAccess";
    type Request = MonitorAccessRequest;
    type Result = NoFields;
}

impl Requested for MonitorAccessRequest {
    type Category = MonitorAccess;

    fn request(&self) -> &MonitorAccessRequest {
        self
    }
}

/// Request fields of `monitorCreate`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorCreateRequest {
    /// What was created.
    #[serde(rename = "createdMonitorDescription", default, skip_serializing_if = "Option::is_none")]
    pub created_monitor_description: Option<String>,
}

/// Result fields of `monitorCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorCreateResult {
    /// Monitors created.
    #[serde(rename = "createdMonitorResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_monitor_resources: Vec<MonitorResource>,
}

impl MonitorCreateResult {
    /// With what is required.
    pub fn new(created_monitor_resources: Vec<MonitorResource>) -> Self {
        Self { created_monitor_resources }
    }
}

/// `monitorCreate`: A monitor was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonitorCreate;

impl TypedCategory for MonitorCreate {
    const NAME: &'static str = "monitorCreate";
    type Request = MonitorCreateRequest;
    type Result = MonitorCreateResult;
}

impl Requested for MonitorCreateRequest {
    type Category = MonitorCreate;

    fn request(&self) -> &MonitorCreateRequest {
        self
    }
}

/// Request fields of `monitorDelete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorDeleteRequest {
    /// Monitors deleted.
    #[serde(rename = "deletedMonitorResources", default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_monitor_resources: Vec<MonitorResource>,
    /// What was deleted.
    #[serde(rename = "deletedMonitorDescription", default, skip_serializing_if = "Option::is_none")]
    pub deleted_monitor_description: Option<String>,
}

impl MonitorDeleteRequest {
    /// With what is required.
    pub fn new(deleted_monitor_resources: Vec<MonitorResource>) -> Self {
        Self { deleted_monitor_resources, deleted_monitor_description: Default::default() }
    }
}

/// `monitorDelete`: A monitor was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonitorDelete;

impl TypedCategory for MonitorDelete {
    const NAME: &'static str = "monitorDelete";
    type Request = MonitorDeleteRequest;
    type Result = NoFields;
}

impl Requested for MonitorDeleteRequest {
    type Category = MonitorDelete;

    fn request(&self) -> &MonitorDeleteRequest {
        self
    }
}

/// Request fields of `monitorRun`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorRunRequest {
    /// Monitors run.
    #[serde(rename = "runMonitorTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub run_monitor_targets: Vec<MonitorResource>,
}

impl MonitorRunRequest {
    /// With what is required.
    pub fn new(run_monitor_targets: Vec<MonitorResource>) -> Self {
        Self { run_monitor_targets }
    }
}

/// `monitorRun`: A monitor ran and may have fired actions or notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonitorRun;

impl TypedCategory for MonitorRun {
    const NAME: &'static str = "monitorRun";
    type Request = MonitorRunRequest;
    type Result = NoFields;
}

impl Requested for MonitorRunRequest {
    type Category = MonitorRun;

    fn request(&self) -> &MonitorRunRequest {
        self
    }
}

/// Request fields of `monitorSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorSearchRequest {
    /// Query text.
    #[serde(rename = "monitorSearchQuery", default, skip_serializing_if = "Option::is_none")]
    pub monitor_search_query: Option<String>,
}

impl MonitorSearchRequest {
    /// With what is required.
    pub fn new(monitor_search_query: Option<String>) -> Self {
        Self { monitor_search_query }
    }
}

/// Result fields of `monitorSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorSearchResult {
    /// Monitors shown.
    #[serde(rename = "monitorSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub monitor_search_results: Vec<MonitorResource>,
}

impl MonitorSearchResult {
    /// With what is required.
    pub fn new(monitor_search_results: Vec<MonitorResource>) -> Self {
        Self { monitor_search_results }
    }
}

/// `monitorSearch`: Search for monitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonitorSearch;

impl TypedCategory for MonitorSearch {
    const NAME: &'static str = "monitorSearch";
    type Request = MonitorSearchRequest;
    type Result = MonitorSearchResult;
}

impl Requested for MonitorSearchRequest {
    type Category = MonitorSearch;

    fn request(&self) -> &MonitorSearchRequest {
        self
    }
}

/// Request fields of `monitorUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorUpdateRequest {
    /// Monitors changed.
    #[serde(rename = "updatedMonitorResources", default, skip_serializing_if = "Vec::is_empty")]
    pub updated_monitor_resources: Vec<MonitorResource>,
    /// What changed.
    #[serde(rename = "updatedMonitorDescription", default, skip_serializing_if = "Option::is_none")]
    pub updated_monitor_description: Option<String>,
}

impl MonitorUpdateRequest {
    /// With what is required.
    pub fn new(updated_monitor_resources: Vec<MonitorResource>) -> Self {
        Self { updated_monitor_resources, updated_monitor_description: Default::default() }
    }
}

/// `monitorUpdate`: A monitor's behaviour was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonitorUpdate;

impl TypedCategory for MonitorUpdate {
    const NAME: &'static str = "monitorUpdate";
    type Request = MonitorUpdateRequest;
    type Result = NoFields;
}

impl Requested for MonitorUpdateRequest {
    type Category = MonitorUpdate;

    fn request(&self) -> &MonitorUpdateRequest {
        self
    }
}

/// Request fields of `oauth2InitiateAuthFlow`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oauth2InitiateAuthFlowRequest {
    /// User the flow is for.
    #[serde(rename = "oauth2InitiateAuthFlowUser")]
    pub oauth2_initiate_auth_flow_user: UserId,
    /// Client the flow is for.
    #[serde(rename = "oauth2InitiateAuthClientId")]
    pub oauth2_initiate_auth_client_id: Identifier,
}

impl Oauth2InitiateAuthFlowRequest {
    /// With what is required.
    pub fn new(oauth2_initiate_auth_flow_user: UserId, oauth2_initiate_auth_client_id: Identifier) -> Self {
        Self { oauth2_initiate_auth_flow_user, oauth2_initiate_auth_client_id }
    }
}

/// `oauth2InitiateAuthFlow`: Start of an authorization-code flow against an external OAuth 2.0 server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oauth2InitiateAuthFlow;

impl TypedCategory for Oauth2InitiateAuthFlow {
    const NAME: &'static str = "oauth2InitiateAuthFlow";
    type Request = Oauth2InitiateAuthFlowRequest;
    type Result = NoFields;
}

impl Requested for Oauth2InitiateAuthFlowRequest {
    type Category = Oauth2InitiateAuthFlow;

    fn request(&self) -> &Oauth2InitiateAuthFlowRequest {
        self
    }
}

/// Request fields of `onBehalfOf`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnBehalfOfRequest {
    /// Upstream users, most upstream first.
    #[serde(rename = "onBehalfOfUserIds", default, skip_serializing_if = "Vec::is_empty")]
    pub on_behalf_of_user_ids: Vec<UserId>,
}

impl OnBehalfOfRequest {
    /// With what is required.
    pub fn new(on_behalf_of_user_ids: Vec<UserId>) -> Self {
        Self { on_behalf_of_user_ids }
    }
}

/// `onBehalfOf`: A service user acted for other users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnBehalfOf;

impl TypedCategory for OnBehalfOf {
    const NAME: &'static str = "onBehalfOf";
    type Request = OnBehalfOfRequest;
    type Result = NoFields;
}

impl Requested for OnBehalfOfRequest {
    type Category = OnBehalfOf;

    fn request(&self) -> &OnBehalfOfRequest {
        self
    }
}

/// Request fields of `ontologyDataLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataLoadRequest {
    /// E.g. owning resource.
    #[serde(rename = "ontologyDataLoadContext", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_data_load_context: Vec<ResourceContext>,
    /// Asked for.
    #[serde(rename = "requestedOntologyDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub requested_ontology_data_resources: Vec<OntologyDataResourceList>,
}

impl OntologyDataLoadRequest {
    /// With what is required.
    pub fn new(requested_ontology_data_resources: Vec<OntologyDataResourceList>) -> Self {
        Self { ontology_data_load_context: Default::default(), requested_ontology_data_resources }
    }
}

/// Result fields of `ontologyDataLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataLoadResult {
    /// Returned.
    #[serde(rename = "loadedOntologyDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub loaded_ontology_data_resources: Vec<OntologyDataResourceList>,
}

impl OntologyDataLoadResult {
    /// With what is required.
    pub fn new(loaded_ontology_data_resources: Vec<OntologyDataResourceList>) -> Self {
        Self { loaded_ontology_data_resources }
    }
}

/// `ontologyDataLoad`: Ontology data (objects, links) loaded for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyDataLoad;

impl TypedCategory for OntologyDataLoad {
    const NAME: &'static str = "ontologyDataLoad";
    type Request = OntologyDataLoadRequest;
    type Result = OntologyDataLoadResult;
}

impl Requested for OntologyDataLoadRequest {
    type Category = OntologyDataLoad;

    fn request(&self) -> &OntologyDataLoadRequest {
        self
    }
}

/// Request fields of `ontologyDataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataSearchRequest {
    /// E.g. owning resource.
    #[serde(rename = "ontologyDataSearchContext", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_data_search_context: Vec<ResourceContext>,
    /// Selections searched.
    #[serde(rename = "searchedOntologyLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub searched_ontology_logic_resources: Vec<OntologyLogicResource>,
}

impl OntologyDataSearchRequest {
    /// With what is required.
    pub fn new(searched_ontology_logic_resources: Vec<OntologyLogicResource>) -> Self {
        Self { ontology_data_search_context: Default::default(), searched_ontology_logic_resources }
    }
}

/// Result fields of `ontologyDataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataSearchResult {
    /// Shown to the user.
    #[serde(rename = "ontologyDataSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_data_search_results: Vec<OntologyDataResourceList>,
}

impl OntologyDataSearchResult {
    /// With what is required.
    pub fn new(ontology_data_search_results: Vec<OntologyDataResourceList>) -> Self {
        Self { ontology_data_search_results }
    }
}

/// `ontologyDataSearch`: Search of ontology data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyDataSearch;

impl TypedCategory for OntologyDataSearch {
    const NAME: &'static str = "ontologyDataSearch";
    type Request = OntologyDataSearchRequest;
    type Result = OntologyDataSearchResult;
}

impl Requested for OntologyDataSearchRequest {
    type Category = OntologyDataSearch;

    fn request(&self) -> &OntologyDataSearchRequest {
        self
    }
}

/// Request fields of `ontologyDataTransform`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataTransformRequest {
    /// Meant to be changed.
    #[serde(rename = "ontologyDataTransformTargets", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_data_transform_targets: Vec<OntologyDataResource>,
    /// Extra context.
    #[serde(rename = "ontologyDataTransformContext", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_data_transform_context: Vec<ResourceContext>,
    /// What was done.
    #[serde(rename = "ontologyDataTransformDescription", default, skip_serializing_if = "Option::is_none")]
    pub ontology_data_transform_description: Option<String>,
}

/// Result fields of `ontologyDataTransform`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataTransformResult {
    /// Actually changed.
    #[serde(rename = "transformedOntologyDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub transformed_ontology_data_resources: Vec<OntologyDataResource>,
}

/// `ontologyDataTransform`: Ontology data modified by patches or edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyDataTransform;

impl TypedCategory for OntologyDataTransform {
    const NAME: &'static str = "ontologyDataTransform";
    type Request = OntologyDataTransformRequest;
    type Result = OntologyDataTransformResult;
}

impl Requested for OntologyDataTransformRequest {
    type Category = OntologyDataTransform;

    fn request(&self) -> &OntologyDataTransformRequest {
        self
    }
}

/// Request fields of `ontologyLogicAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicAccessRequest {
    /// Asked for.
    #[serde(rename = "requestedOntologyLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub requested_ontology_logic_resources: Vec<OntologyLogicResource>,
}

impl OntologyLogicAccessRequest {
    /// With what is required.
    pub fn new(requested_ontology_logic_resources: Vec<OntologyLogicResource>) -> Self {
        Self { requested_ontology_logic_resources }
    }
}

/// Result fields of `ontologyLogicAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicAccessResult {
    /// Returned.
    #[serde(rename = "loadedOntologyLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub loaded_ontology_logic_resources: Vec<OntologyLogicResource>,
}

impl OntologyLogicAccessResult {
    /// With what is required.
    pub fn new(loaded_ontology_logic_resources: Vec<OntologyLogicResource>) -> Self {
        Self { loaded_ontology_logic_resources }
    }
}

/// `ontologyLogicAccess`: Object sets or similar ontology selections viewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyLogicAccess;

impl TypedCategory for OntologyLogicAccess {
    const NAME: &'static str = "ontologyLogicAccess";
    type Request = OntologyLogicAccessRequest;
    type Result = OntologyLogicAccessResult;
}

impl Requested for OntologyLogicAccessRequest {
    type Category = OntologyLogicAccess;

    fn request(&self) -> &OntologyLogicAccessRequest {
        self
    }
}

/// Request fields of `ontologyLogicCreate`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicCreateRequest {
    /// Owning or parent resource; a 'type' entry says temporary, permanent or versioned.
    #[serde(rename = "createOntologyLogicContext", default, skip_serializing_if = "Vec::is_empty")]
    pub create_ontology_logic_context: Vec<ResourceContext>,
}

/// Result fields of `ontologyLogicCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicCreateResult {
    /// Resources created.
    #[serde(rename = "createdOntologyLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_ontology_logic_resources: Vec<OntologyLogicResource>,
}

impl OntologyLogicCreateResult {
    /// With what is required.
    pub fn new(created_ontology_logic_resources: Vec<OntologyLogicResource>) -> Self {
        Self { created_ontology_logic_resources }
    }
}

/// `ontologyLogicCreate`: An object set or similar was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyLogicCreate;

impl TypedCategory for OntologyLogicCreate {
    const NAME: &'static str = "ontologyLogicCreate";
    type Request = OntologyLogicCreateRequest;
    type Result = OntologyLogicCreateResult;
}

impl Requested for OntologyLogicCreateRequest {
    type Category = OntologyLogicCreate;

    fn request(&self) -> &OntologyLogicCreateRequest {
        self
    }
}

/// Request fields of `ontologyLogicDelete`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicDeleteRequest {
    /// Owning or parent resource; a 'type' entry says temporary, permanent or versioned.
    #[serde(rename = "deleteOntologyLogicContext", default, skip_serializing_if = "Vec::is_empty")]
    pub delete_ontology_logic_context: Vec<ResourceContext>,
}

/// Result fields of `ontologyLogicDelete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicDeleteResult {
    /// Resources deleted.
    #[serde(rename = "deletedOntologyLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_ontology_logic_resources: Vec<OntologyLogicResource>,
}

impl OntologyLogicDeleteResult {
    /// With what is required.
    pub fn new(deleted_ontology_logic_resources: Vec<OntologyLogicResource>) -> Self {
        Self { deleted_ontology_logic_resources }
    }
}

/// `ontologyLogicDelete`: An object set or similar was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyLogicDelete;

impl TypedCategory for OntologyLogicDelete {
    const NAME: &'static str = "ontologyLogicDelete";
    type Request = OntologyLogicDeleteRequest;
    type Result = OntologyLogicDeleteResult;
}

impl Requested for OntologyLogicDeleteRequest {
    type Category = OntologyLogicDelete;

    fn request(&self) -> &OntologyLogicDeleteRequest {
        self
    }
}

/// Request fields of `ontologyLogicUpdate`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicUpdateRequest {
    /// Owning or parent resource; a 'type' entry says temporary, permanent or versioned.
    #[serde(rename = "updateOntologyLogicContext", default, skip_serializing_if = "Vec::is_empty")]
    pub update_ontology_logic_context: Vec<ResourceContext>,
}

/// Result fields of `ontologyLogicUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicUpdateResult {
    /// Resources updated.
    #[serde(rename = "updatedOntologyLogicResources", default, skip_serializing_if = "Vec::is_empty")]
    pub updated_ontology_logic_resources: Vec<OntologyLogicResource>,
}

impl OntologyLogicUpdateResult {
    /// With what is required.
    pub fn new(updated_ontology_logic_resources: Vec<OntologyLogicResource>) -> Self {
        Self { updated_ontology_logic_resources }
    }
}

/// `ontologyLogicUpdate`: An object set or similar was changed, e.g. a new version saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyLogicUpdate;

impl TypedCategory for OntologyLogicUpdate {
    const NAME: &'static str = "ontologyLogicUpdate";
    type Request = OntologyLogicUpdateRequest;
    type Result = OntologyLogicUpdateResult;
}

impl Requested for OntologyLogicUpdateRequest {
    type Category = OntologyLogicUpdate;

    fn request(&self) -> &OntologyLogicUpdateRequest {
        self
    }
}

/// Result fields of `ontologyMetaDataCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataCreateResult {
    /// Definitions created.
    #[serde(rename = "createdOntologyMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_ontology_meta_data_resources: Vec<OntologyMetaDataResource>,
}

impl OntologyMetaDataCreateResult {
    /// With what is required.
    pub fn new(created_ontology_meta_data_resources: Vec<OntologyMetaDataResource>) -> Self {
        Self { created_ontology_meta_data_resources }
    }
}

/// `ontologyMetaDataCreate`: Ontology definitions (object, link, action types) created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyMetaDataCreate;

impl TypedCategory for OntologyMetaDataCreate {
    const NAME: &'static str = "ontologyMetaDataCreate";
    type Request = NoFields;
    type Result = OntologyMetaDataCreateResult;
}

impl Requested for OntologyMetaDataCreate {
    type Category = OntologyMetaDataCreate;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// Request fields of `ontologyMetaDataDelete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataDeleteRequest {
    /// Definitions deleted.
    #[serde(rename = "deletedOntologyMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub deleted_ontology_meta_data_resources: Vec<OntologyMetaDataResource>,
}

impl OntologyMetaDataDeleteRequest {
    /// With what is required.
    pub fn new(deleted_ontology_meta_data_resources: Vec<OntologyMetaDataResource>) -> Self {
        Self { deleted_ontology_meta_data_resources }
    }
}

/// `ontologyMetaDataDelete`: Ontology definitions deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyMetaDataDelete;

impl TypedCategory for OntologyMetaDataDelete {
    const NAME: &'static str = "ontologyMetaDataDelete";
    type Request = OntologyMetaDataDeleteRequest;
    type Result = NoFields;
}

impl Requested for OntologyMetaDataDeleteRequest {
    type Category = OntologyMetaDataDelete;

    fn request(&self) -> &OntologyMetaDataDeleteRequest {
        self
    }
}

/// Request fields of `ontologyMetaDataLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataLoadRequest {
    /// Asked for.
    #[serde(rename = "requestedOntologyMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub requested_ontology_meta_data_resources: Vec<OntologyMetaDataResource>,
}

impl OntologyMetaDataLoadRequest {
    /// With what is required.
    pub fn new(requested_ontology_meta_data_resources: Vec<OntologyMetaDataResource>) -> Self {
        Self { requested_ontology_meta_data_resources }
    }
}

/// Result fields of `ontologyMetaDataLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataLoadResult {
    /// Returned.
    #[serde(rename = "loadedOntologyMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub loaded_ontology_meta_data_resources: Vec<OntologyMetaDataResource>,
}

impl OntologyMetaDataLoadResult {
    /// With what is required.
    pub fn new(loaded_ontology_meta_data_resources: Vec<OntologyMetaDataResource>) -> Self {
        Self { loaded_ontology_meta_data_resources }
    }
}

/// `ontologyMetaDataLoad`: Ontology definitions loaded for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyMetaDataLoad;

impl TypedCategory for OntologyMetaDataLoad {
    const NAME: &'static str = "ontologyMetaDataLoad";
    type Request = OntologyMetaDataLoadRequest;
    type Result = OntologyMetaDataLoadResult;
}

impl Requested for OntologyMetaDataLoadRequest {
    type Category = OntologyMetaDataLoad;

    fn request(&self) -> &OntologyMetaDataLoadRequest {
        self
    }
}

/// Request fields of `ontologyMetaDataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataSearchRequest {
    /// Definitions in the query.
    #[serde(rename = "ontologyMetaDataSearchedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_meta_data_searched_resources: Vec<OntologyMetaDataResource>,
    /// E.g. data source type.
    #[serde(rename = "ontologyMetaDataSearchContext", default, skip_serializing_if = "Option::is_none")]
    pub ontology_meta_data_search_context: Option<String>,
}

impl OntologyMetaDataSearchRequest {
    /// With what is required.
    pub fn new(ontology_meta_data_searched_resources: Vec<OntologyMetaDataResource>) -> Self {
        Self { ontology_meta_data_searched_resources, ontology_meta_data_search_context: Default::default() }
    }
}

/// Result fields of `ontologyMetaDataSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataSearchResult {
    /// Definitions returned.
    #[serde(rename = "ontologyMetaDataSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_meta_data_search_results: Vec<OntologyMetaDataResource>,
}

impl OntologyMetaDataSearchResult {
    /// With what is required.
    pub fn new(ontology_meta_data_search_results: Vec<OntologyMetaDataResource>) -> Self {
        Self { ontology_meta_data_search_results }
    }
}

/// `ontologyMetaDataSearch`: Search for ontology definitions meeting criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyMetaDataSearch;

impl TypedCategory for OntologyMetaDataSearch {
    const NAME: &'static str = "ontologyMetaDataSearch";
    type Request = OntologyMetaDataSearchRequest;
    type Result = OntologyMetaDataSearchResult;
}

impl Requested for OntologyMetaDataSearchRequest {
    type Category = OntologyMetaDataSearch;

    fn request(&self) -> &OntologyMetaDataSearchRequest {
        self
    }
}

/// Request fields of `ontologyMetaDataUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataUpdateRequest {
    /// Definitions changed.
    #[serde(rename = "updatedOntologyMetaDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub updated_ontology_meta_data_resources: Vec<OntologyMetaDataResource>,
}

impl OntologyMetaDataUpdateRequest {
    /// With what is required.
    pub fn new(updated_ontology_meta_data_resources: Vec<OntologyMetaDataResource>) -> Self {
        Self { updated_ontology_meta_data_resources }
    }
}

/// `ontologyMetaDataUpdate`: Ontology definitions changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyMetaDataUpdate;

impl TypedCategory for OntologyMetaDataUpdate {
    const NAME: &'static str = "ontologyMetaDataUpdate";
    type Request = OntologyMetaDataUpdateRequest;
    type Result = NoFields;
}

impl Requested for OntologyMetaDataUpdateRequest {
    type Category = OntologyMetaDataUpdate;

    fn request(&self) -> &OntologyMetaDataUpdateRequest {
        self
    }
}

/// Request fields of `passThrough`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassThroughRequest {
    /// Request parameters with sensitivity levels.
    #[serde(rename = "passThroughRequestParams", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pass_through_request_params: BTreeMap<String, PassThroughSensitivityTaggedValue>,
}

impl PassThroughRequest {
    /// With what is required.
    pub fn new(pass_through_request_params: BTreeMap<String, PassThroughSensitivityTaggedValue>) -> Self {
        Self { pass_through_request_params }
    }
}

/// Result fields of `passThrough`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassThroughResult {
    /// Response parameters with sensitivity levels.
    #[serde(rename = "passThroughResponseParams", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pass_through_response_params: BTreeMap<String, PassThroughSensitivityTaggedValue>,
}

impl PassThroughResult {
    /// With what is required.
    pub fn new(pass_through_response_params: BTreeMap<String, PassThroughSensitivityTaggedValue>) -> Self {
        Self { pass_through_response_params }
    }
}

/// `passThrough`: Parameters are decided at run time, usually by an outside system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassThrough;

impl TypedCategory for PassThrough {
    const NAME: &'static str = "passThrough";
    type Request = PassThroughRequest;
    type Result = PassThroughResult;
}

impl Requested for PassThroughRequest {
    type Category = PassThrough;

    fn request(&self) -> &PassThroughRequest {
        self
    }
}

/// Request fields of `requestAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestAccessRequest {
    /// Requests viewed.
    #[serde(rename = "accessedRequestIds", default, skip_serializing_if = "Vec::is_empty")]
    pub accessed_request_ids: Vec<RequestResource>,
    /// What the view was.
    #[serde(rename = "accessedRequestDescription", default, skip_serializing_if = "Option::is_none")]
    pub accessed_request_description: Option<String>,
}

impl RequestAccessRequest {
    /// With what is required.
    pub fn new(accessed_request_ids: Vec<RequestResource>) -> Self {
        Self { accessed_request_ids, accessed_request_description: Default::default() }
    }
}

/// `requestAccess`: A request (pull request, access request, checkpoint) was viewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestAccess;

impl TypedCategory for RequestAccess {
    const NAME: &'static str = "requestAccess";
    type Request = RequestAccessRequest;
    type Result = NoFields;
}

impl Requested for RequestAccessRequest {
    type Category = RequestAccess;

    fn request(&self) -> &RequestAccessRequest {
        self
    }
}

/// Request fields of `requestApprove`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestApproveRequest {
    /// Requests approved.
    #[serde(rename = "approvedRequestIds", default, skip_serializing_if = "Vec::is_empty")]
    pub approved_request_ids: Vec<RequestResource>,
    /// Approver.
    #[serde(rename = "approveRequestUserId", default, skip_serializing_if = "Option::is_none")]
    pub approve_request_user_id: Option<UserId>,
}

impl RequestApproveRequest {
    /// With what is required.
    pub fn new(approved_request_ids: Vec<RequestResource>) -> Self {
        Self { approved_request_ids, approve_request_user_id: Default::default() }
    }
}

/// `requestApprove`: A request, or part of one, was approved; several approvals may be needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestApprove;

impl TypedCategory for RequestApprove {
    const NAME: &'static str = "requestApprove";
    type Request = RequestApproveRequest;
    type Result = NoFields;
}

impl Requested for RequestApproveRequest {
    type Category = RequestApprove;

    fn request(&self) -> &RequestApproveRequest {
        self
    }
}

/// Request fields of `requestCancel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCancelRequest {
    /// Requests withdrawn.
    #[serde(rename = "canceledRequestIds", default, skip_serializing_if = "Vec::is_empty")]
    pub canceled_request_ids: Vec<RequestResource>,
}

impl RequestCancelRequest {
    /// With what is required.
    pub fn new(canceled_request_ids: Vec<RequestResource>) -> Self {
        Self { canceled_request_ids }
    }
}

/// `requestCancel`: A request was withdrawn so it will not be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestCancel;

impl TypedCategory for RequestCancel {
    const NAME: &'static str = "requestCancel";
    type Request = RequestCancelRequest;
    type Result = NoFields;
}

impl Requested for RequestCancelRequest {
    type Category = RequestCancel;

    fn request(&self) -> &RequestCancelRequest {
        self
    }
}

/// Request fields of `requestCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCreateRequest {
    /// Resources it would touch; the parent for a creation.
    #[serde(rename = "createdRequestAffectedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub created_request_affected_resources: Vec<Resource>,
    /// What was asked.
    #[serde(rename = "createdRequestDescription", default, skip_serializing_if = "Option::is_none")]
    pub created_request_description: Option<String>,
}

impl RequestCreateRequest {
    /// With what is required.
    pub fn new(created_request_affected_resources: Vec<Resource>) -> Self {
        Self { created_request_affected_resources, created_request_description: Default::default() }
    }
}

/// Result fields of `requestCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCreateResult {
    /// Requests opened.
    #[serde(rename = "createdRequestIds", default, skip_serializing_if = "Vec::is_empty")]
    pub created_request_ids: Vec<RequestResource>,
}

impl RequestCreateResult {
    /// With what is required.
    pub fn new(created_request_ids: Vec<RequestResource>) -> Self {
        Self { created_request_ids }
    }
}

/// `requestCreate`: A request for a not-yet-performed action was opened and may need approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestCreate;

impl TypedCategory for RequestCreate {
    const NAME: &'static str = "requestCreate";
    type Request = RequestCreateRequest;
    type Result = RequestCreateResult;
}

impl Requested for RequestCreateRequest {
    type Category = RequestCreate;

    fn request(&self) -> &RequestCreateRequest {
        self
    }
}

/// Request fields of `requestDisapprove`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestDisapproveRequest {
    /// Requests rejected.
    #[serde(rename = "disapprovedRequestIds", default, skip_serializing_if = "Vec::is_empty")]
    pub disapproved_request_ids: Vec<RequestResource>,
    /// Who rejected.
    #[serde(rename = "disapproveRequestUserId", default, skip_serializing_if = "Option::is_none")]
    pub disapprove_request_user_id: Option<UserId>,
}

impl RequestDisapproveRequest {
    /// With what is required.
    pub fn new(disapproved_request_ids: Vec<RequestResource>) -> Self {
        Self { disapproved_request_ids, disapprove_request_user_id: Default::default() }
    }
}

/// `requestDisapprove`: A request was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestDisapprove;

impl TypedCategory for RequestDisapprove {
    const NAME: &'static str = "requestDisapprove";
    type Request = RequestDisapproveRequest;
    type Result = NoFields;
}

impl Requested for RequestDisapproveRequest {
    type Category = RequestDisapprove;

    fn request(&self) -> &RequestDisapproveRequest {
        self
    }
}

/// Request fields of `requestExecute`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestExecuteRequest {
    /// Requests carried out.
    #[serde(rename = "executedRequestIds", default, skip_serializing_if = "Vec::is_empty")]
    pub executed_request_ids: Vec<RequestResource>,
}

impl RequestExecuteRequest {
    /// With what is required.
    pub fn new(executed_request_ids: Vec<RequestResource>) -> Self {
        Self { executed_request_ids }
    }
}

/// Result fields of `requestExecute`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestExecuteResult {
    /// Resources actually touched; may be fewer than at creation.
    #[serde(rename = "executeRequestAffectedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub execute_request_affected_resources: Vec<Resource>,
}

/// `requestExecute`: The action behind a request was carried out, e.g. a merge or an access grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestExecute;

impl TypedCategory for RequestExecute {
    const NAME: &'static str = "requestExecute";
    type Request = RequestExecuteRequest;
    type Result = RequestExecuteResult;
}

impl Requested for RequestExecuteRequest {
    type Category = RequestExecute;

    fn request(&self) -> &RequestExecuteRequest {
        self
    }
}

/// Request fields of `requestSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestSearchRequest {
    /// Query text.
    #[serde(rename = "requestSearchQuery", default, skip_serializing_if = "Option::is_none")]
    pub request_search_query: Option<String>,
}

impl RequestSearchRequest {
    /// With what is required.
    pub fn new(request_search_query: Option<String>) -> Self {
        Self { request_search_query }
    }
}

/// Result fields of `requestSearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestSearchResult {
    /// Requests shown.
    #[serde(rename = "requestSearchResults", default, skip_serializing_if = "Vec::is_empty")]
    pub request_search_results: Vec<RequestResource>,
}

impl RequestSearchResult {
    /// With what is required.
    pub fn new(request_search_results: Vec<RequestResource>) -> Self {
        Self { request_search_results }
    }
}

/// `requestSearch`: Search for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSearch;

impl TypedCategory for RequestSearch {
    const NAME: &'static str = "requestSearch";
    type Request = RequestSearchRequest;
    type Result = RequestSearchResult;
}

impl Requested for RequestSearchRequest {
    type Category = RequestSearch;

    fn request(&self) -> &RequestSearchRequest {
        self
    }
}

/// Request fields of `requestUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestUpdateRequest {
    /// Requests edited.
    #[serde(rename = "updatedRequestIds", default, skip_serializing_if = "Vec::is_empty")]
    pub updated_request_ids: Vec<RequestResource>,
    /// What changed.
    #[serde(rename = "updatedRequestDescription", default, skip_serializing_if = "Option::is_none")]
    pub updated_request_description: Option<String>,
}

impl RequestUpdateRequest {
    /// With what is required.
    pub fn new(updated_request_ids: Vec<RequestResource>) -> Self {
        Self { updated_request_ids, updated_request_description: Default::default() }
    }
}

/// `requestUpdate`: An existing request was edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestUpdate;

impl TypedCategory for RequestUpdate {
    const NAME: &'static str = "requestUpdate";
    type Request = RequestUpdateRequest;
    type Result = NoFields;
}

impl Requested for RequestUpdateRequest {
    type Category = RequestUpdate;

    fn request(&self) -> &RequestUpdateRequest {
        self
    }
}

/// Request fields of `restartInfra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartInfraRequest {
    /// Restarted.
    #[serde(rename = "restartedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub restarted_resources: Vec<SystemResource>,
}

impl RestartInfraRequest {
    /// With what is required.
    pub fn new(restarted_resources: Vec<SystemResource>) -> Self {
        Self { restarted_resources }
    }
}

/// `restartInfra`: Infrastructure was restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartInfra;

impl TypedCategory for RestartInfra {
    const NAME: &'static str = "restartInfra";
    type Request = RestartInfraRequest;
    type Result = NoFields;
}

impl Requested for RestartInfraRequest {
    type Category = RestartInfra;

    fn request(&self) -> &RestartInfraRequest {
        self
    }
}

/// Request fields of `reviewInfraAction`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewInfraActionRequest {
    /// Review request id.
    #[serde(rename = "reviewInfraActionRequestId")]
    pub review_infra_action_request_id: String,
    /// Reviewer.
    #[serde(rename = "reviewInfraActionUser")]
    pub review_infra_action_user: UserId,
}

impl ReviewInfraActionRequest {
    /// With what is required.
    pub fn new(review_infra_action_request_id: String, review_infra_action_user: UserId) -> Self {
        Self { review_infra_action_request_id, review_infra_action_user }
    }
}

/// Result fields of `reviewInfraAction`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewInfraActionResult {
    /// Whether approved.
    #[serde(rename = "reviewInfraActionWasApproved", default, skip_serializing_if = "Option::is_none")]
    pub review_infra_action_was_approved: Option<bool>,
}

impl ReviewInfraActionResult {
    /// With what is required.
    pub fn new(review_infra_action_was_approved: Option<bool>) -> Self {
        Self { review_infra_action_was_approved }
    }
}

/// `reviewInfraAction`: A user approves or denies an infrastructure action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewInfraAction;

impl TypedCategory for ReviewInfraAction {
    const NAME: &'static str = "reviewInfraAction";
    type Request = ReviewInfraActionRequest;
    type Result = ReviewInfraActionResult;
}

impl Requested for ReviewInfraActionRequest {
    type Category = ReviewInfraAction;

    fn request(&self) -> &ReviewInfraActionRequest {
        self
    }
}

/// Request fields of `secretCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretCreateRequest {
    /// Kind of secret.
    #[serde(rename = "createdSecretType")]
    pub created_secret_type: SecretType,
}

impl SecretCreateRequest {
    /// With what is required.
    pub fn new(created_secret_type: SecretType) -> Self {
        Self { created_secret_type }
    }
}

/// Result fields of `secretCreate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretCreateResult {
    /// Identifiers of the secrets.
    #[serde(rename = "createdSecretIdentifiers", default, skip_serializing_if = "Vec::is_empty")]
    pub created_secret_identifiers: Vec<Identifier>,
}

impl SecretCreateResult {
    /// With what is required.
    pub fn new(created_secret_identifiers: Vec<Identifier>) -> Self {
        Self { created_secret_identifiers }
    }
}

/// `secretCreate`: A secret was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretCreate;

impl TypedCategory for SecretCreate {
    const NAME: &'static str = "secretCreate";
    type Request = SecretCreateRequest;
    type Result = SecretCreateResult;
}

impl Requested for SecretCreateRequest {
    type Category = SecretCreate;

    fn request(&self) -> &SecretCreateRequest {
        self
    }
}

/// Request fields of `secretDeprecate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretDeprecateRequest {
    /// Secret deprecated.
    #[serde(rename = "deprecatedSecretIdentifier")]
    pub deprecated_secret_identifier: Identifier,
}

impl SecretDeprecateRequest {
    /// With what is required.
    pub fn new(deprecated_secret_identifier: Identifier) -> Self {
        Self { deprecated_secret_identifier }
    }
}

/// `secretDeprecate`: A secret was marked deprecated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretDeprecate;

impl TypedCategory for SecretDeprecate {
    const NAME: &'static str = "secretDeprecate";
    type Request = SecretDeprecateRequest;
    type Result = NoFields;
}

impl Requested for SecretDeprecateRequest {
    type Category = SecretDeprecate;

    fn request(&self) -> &SecretDeprecateRequest {
        self
    }
}

/// Request fields of `secretLoad`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretLoadRequest {
    /// Secrets fetched.
    #[serde(rename = "loadedSecretIdentifiers", default, skip_serializing_if = "Vec::is_empty")]
    pub loaded_secret_identifiers: Vec<Identifier>,
}

impl SecretLoadRequest {
    /// With what is required.
    pub fn new(loaded_secret_identifiers: Vec<Identifier>) -> Self {
        Self { loaded_secret_identifiers }
    }
}

/// `secretLoad`: A secret was fetched from its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretLoad;

impl TypedCategory for SecretLoad {
    const NAME: &'static str = "secretLoad";
    type Request = SecretLoadRequest;
    type Result = NoFields;
}

impl Requested for SecretLoadRequest {
    type Category = SecretLoad;

    fn request(&self) -> &SecretLoadRequest {
        self
    }
}

/// Request fields of `secretUse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretUseRequest {
    /// Operation done.
    #[serde(rename = "usedSecretOperation")]
    pub used_secret_operation: SecretOperation,
    /// Secrets used.
    #[serde(rename = "usedSecretIdentifiers", default, skip_serializing_if = "Vec::is_empty")]
    pub used_secret_identifiers: Vec<Identifier>,
}

impl SecretUseRequest {
    /// With what is required.
    pub fn new(used_secret_operation: SecretOperation, used_secret_identifiers: Vec<Identifier>) -> Self {
        Self { used_secret_operation, used_secret_identifiers }
    }
}

/// Result fields of `secretUse`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretUseResult {
    /// Ciphertext produced; never plaintext.
    #[serde(rename = "encryptedSecretValues", default, skip_serializing_if = "Vec::is_empty")]
    pub encrypted_secret_values: Vec<EncryptedSecretValue>,
}

/// `secretUse`: A secret was used through a back-end endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretUse;

impl TypedCategory for SecretUse {
    const NAME: &'static str = "secretUse";
    type Request = SecretUseRequest;
    type Result = SecretUseResult;
}

impl Requested for SecretUseRequest {
    type Category = SecretUse;

    fn request(&self) -> &SecretUseRequest {
        self
    }
}

/// Result fields of `tokenAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenAccessResult {
    /// Tokens accessed.
    #[serde(rename = "accessedTokens", default, skip_serializing_if = "Vec::is_empty")]
    pub accessed_tokens: Vec<Token>,
}

impl TokenAccessResult {
    /// With what is required.
    pub fn new(accessed_tokens: Vec<Token>) -> Self {
        Self { accessed_tokens }
    }
}

/// `tokenAccess`: A token made earlier was accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenAccess;

impl TypedCategory for TokenAccess {
    const NAME: &'static str = "tokenAccess";
    type Request = NoFields;
    type Result = TokenAccessResult;
}

impl Requested for TokenAccess {
    type Category = TokenAccess;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// Request fields of `tokenGeneration`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenGenerationRequest {
    /// How they were made, for auditors.
    #[serde(rename = "generateTokensDescription", default, skip_serializing_if = "Option::is_none")]
    pub generate_tokens_description: Option<String>,
}

/// Result fields of `tokenGeneration`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenGenerationResult {
    /// Tokens made.
    #[serde(rename = "generatedTokens", default, skip_serializing_if = "Vec::is_empty")]
    pub generated_tokens: Vec<Token>,
}

/// `tokenGeneration`: A new token was generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenGeneration;

impl TypedCategory for TokenGeneration {
    const NAME: &'static str = "tokenGeneration";
    type Request = TokenGenerationRequest;
    type Result = TokenGenerationResult;
}

impl Requested for TokenGenerationRequest {
    type Category = TokenGeneration;

    fn request(&self) -> &TokenGenerationRequest {
        self
    }
}

/// Request fields of `tokenRevoke`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRevokeRequest {
    /// How they were revoked, for auditors.
    #[serde(rename = "revokeTokensDescription", default, skip_serializing_if = "Option::is_none")]
    pub revoke_tokens_description: Option<String>,
}

/// Result fields of `tokenRevoke`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRevokeResult {
    /// Tokens revoked.
    #[serde(rename = "revokedTokens", default, skip_serializing_if = "Vec::is_empty")]
    pub revoked_tokens: Vec<Token>,
}

impl TokenRevokeResult {
    /// With what is required.
    pub fn new(revoked_tokens: Vec<Token>) -> Self {
        Self { revoked_tokens }
    }
}

/// `tokenRevoke`: Tokens were deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRevoke;

impl TypedCategory for TokenRevoke {
    const NAME: &'static str = "tokenRevoke";
    type Request = TokenRevokeRequest;
    type Result = TokenRevokeResult;
}

impl Requested for TokenRevokeRequest {
    type Category = TokenRevoke;

    fn request(&self) -> &TokenRevokeRequest {
        self
    }
}

/// Request fields of `upgradeInfra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpgradeInfraRequest {
    /// Resource and target version.
    #[serde(rename = "upgradedResources", default, skip_serializing_if = "Vec::is_empty")]
    pub upgraded_resources: Vec<UpgradeResourceAction>,
}

impl UpgradeInfraRequest {
    /// With what is required.
    pub fn new(upgraded_resources: Vec<UpgradeResourceAction>) -> Self {
        Self { upgraded_resources }
    }
}

/// `upgradeInfra`: Infrastructure was upgraded or downgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpgradeInfra;

impl TypedCategory for UpgradeInfra {
    const NAME: &'static str = "upgradeInfra";
    type Request = UpgradeInfraRequest;
    type Result = NoFields;
}

impl Requested for UpgradeInfraRequest {
    type Category = UpgradeInfra;

    fn request(&self) -> &UpgradeInfraRequest {
        self
    }
}

/// Request fields of `userJustify`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserJustifyRequest {
    /// Who justified.
    #[serde(rename = "userJustifyId")]
    pub user_justify_id: UserId,
    /// One or more justifications.
    #[serde(rename = "userJustification", default, skip_serializing_if = "Vec::is_empty")]
    pub user_justification: Vec<UserJustification>,
}

impl UserJustifyRequest {
    /// With what is required.
    pub fn new(user_justify_id: UserId, user_justification: Vec<UserJustification>) -> Self {
        Self { user_justify_id, user_justification }
    }
}

/// `userJustify`: A user states a purpose for an action (checkpoint justification).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserJustify;

impl TypedCategory for UserJustify {
    const NAME: &'static str = "userJustify";
    type Request = UserJustifyRequest;
    type Result = NoFields;
}

impl Requested for UserJustifyRequest {
    type Category = UserJustify;

    fn request(&self) -> &UserJustifyRequest {
        self
    }
}

/// Result fields of `userLogin`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserLoginResult {
    /// Who signed in.
    #[serde(rename = "loginUserId", default, skip_serializing_if = "Option::is_none")]
    pub login_user_id: Option<UserId>,
}

/// `userLogin`: A user signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserLogin;

impl TypedCategory for UserLogin {
    const NAME: &'static str = "userLogin";
    type Request = NoFields;
    type Result = UserLoginResult;
}

impl Requested for UserLogin {
    type Category = UserLogin;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// Result fields of `userLogout`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserLogoutResult {
    /// Who signed out.
    #[serde(rename = "logoutUserId", default, skip_serializing_if = "Option::is_none")]
    pub logout_user_id: Option<UserId>,
}

/// `userLogout`: A user signs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserLogout;

impl TypedCategory for UserLogout {
    const NAME: &'static str = "userLogout";
    type Request = NoFields;
    type Result = UserLogoutResult;
}

impl Requested for UserLogout {
    type Category = UserLogout;

    fn request(&self) -> &NoFields {
        &NoFields {}
    }
}

/// An entity of one application that is no resource of a domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationResource {
    /// `id`
    #[serde(rename = "id")]
    pub id: Identifier,
    /// `product`
    #[serde(rename = "product")]
    pub product: String,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

impl ApplicationResource {
    /// With what is required.
    pub fn new(id: Identifier, product: String) -> Self {
        Self { id, product, context: Default::default() }
    }
}

/// RID of an application.
pub type ApplicationRid = String;

/// A static asset on a release track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetCoordinate {
    /// `artifactId`
    #[serde(rename = "artifactId")]
    pub artifact_id: String,
    /// `track`
    #[serde(rename = "track")]
    pub track: String,
    /// `version`
    #[serde(rename = "version")]
    pub version: String,
}

impl AssetCoordinate {
    /// With what is required.
    pub fn new(artifact_id: String, track: String, version: String) -> Self {
        Self { artifact_id, track, version }
    }
}

/// What file of a static asset was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum AssetFileLoadIdentifier {
    /// `mavenCoordinateAndPath`
    MavenCoordinateAndPath(MavenCoordinateAndPath),
    /// `contentAddressableFileIdentifier`
    ContentAddressableFileIdentifier(ContentAddressableFileIdentifier),
}

super::union::serde_of_union!(AssetFileLoadIdentifier {
    MavenCoordinateAndPath = "mavenCoordinateAndPath",
    ContentAddressableFileIdentifier = "contentAddressableFileIdentifier",
});

/// What asset the file came from.
#[derive(Debug, Clone, PartialEq)]
pub enum AssetFileLoadResponse {
    /// `mavenCoordinate`
    MavenCoordinate(MavenCoordinate),
    /// `assetCoordinate`
    AssetCoordinate(AssetCoordinate),
}

super::union::serde_of_union!(AssetFileLoadResponse {
    MavenCoordinate = "mavenCoordinate",
    AssetCoordinate = "assetCoordinate",
});

/// Audit data and the share that points to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDataShare {
    /// `targetId`
    #[serde(rename = "targetId")]
    pub target_id: DataResource,
    /// `shareId`
    #[serde(rename = "shareId")]
    pub share_id: DataResource,
}

impl AuditDataShare {
    /// With what is required.
    pub fn new(target_id: DataResource, share_id: DataResource) -> Self {
        Self { target_id, share_id }
    }
}

/// A static file named by its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentAddressableFileIdentifier {
    /// `namespace`
    #[serde(rename = "namespace")]
    pub namespace: String,
    /// `hashedFileName`
    #[serde(rename = "hashedFileName")]
    pub hashed_file_name: String,
    /// `forSourceMap`
    #[serde(rename = "forSourceMap")]
    pub for_source_map: bool,
}

impl ContentAddressableFileIdentifier {
    /// With what is required.
    pub fn new(namespace: String, hashed_file_name: String, for_source_map: bool) -> Self {
        Self { namespace, hashed_file_name, for_source_map }
    }
}

/// A dataset, an analysis or other data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataResource {
    /// `id`
    #[serde(rename = "id")]
    pub id: Identifier,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

impl DataResource {
    /// With what is required.
    pub fn new(id: Identifier) -> Self {
        Self { id, context: Default::default() }
    }
}

/// Ciphertext, never plain text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptedSecretValue {
    /// `value`
    #[serde(rename = "value")]
    pub value: String,
}

impl EncryptedSecretValue {
    /// With what is required.
    pub fn new(value: String) -> Self {
        Self { value }
    }
}

/// RID of an enrollment.
pub type EnrollmentRid = String;

/// A running thing in an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityId {
    /// `environment`
    #[serde(rename = "environment")]
    pub environment: String,
    /// `locator`
    #[serde(rename = "locator")]
    pub locator: EntityLocator,
}

impl EntityId {
    /// With what is required.
    pub fn new(environment: String, locator: EntityLocator) -> Self {
        Self { environment, locator }
    }
}

/// What kind of running thing; the sources do not define how each is named.
#[derive(Debug, Clone, PartialEq)]
pub enum EntityLocator {
    /// `service`
    Service(serde_json::Value),
    /// `asset`
    Asset(serde_json::Value),
    /// `daemon`
    Daemon(serde_json::Value),
    /// `k8sApp`
    K8sApp(serde_json::Value),
    /// `k8sPod`
    K8sPod(serde_json::Value),
    /// `k8sDeployment`
    K8sDeployment(serde_json::Value),
}

super::union::serde_of_union!(EntityLocator {
    Service = "service",
    Asset = "asset",
    Daemon = "daemon",
    K8sApp = "k8sApp",
    K8sPod = "k8sPod",
    K8sDeployment = "k8sDeployment",
});

/// A system outside; the sources do not name the variants.
pub type ExternalSystem = serde_json::Value;

/// A thing in a system outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalSystemResource {
    /// `externalSystemId`
    #[serde(rename = "externalSystemId")]
    pub external_system_id: Identifier,
    /// `description`
    #[serde(rename = "description")]
    pub description: String,
}

impl ExternalSystemResource {
    /// With what is required.
    pub fn new(external_system_id: Identifier, description: String) -> Self {
        Self { external_system_id, description }
    }
}

/// Kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileType {
    /// `DATASET`
    #[serde(rename = "DATASET")]
    Dataset,
    /// `BINARY`
    #[serde(rename = "BINARY")]
    Binary,
    /// `UNKNOWN`
    #[serde(rename = "UNKNOWN")]
    Unknown,
}

/// Names one or several resources, by RID or in a foreign scheme.
#[derive(Debug, Clone, PartialEq)]
pub enum Identifier {
    /// `rid`
    Rid(String),
    /// `rids`
    Rids(Vec<String>),
    /// `other`
    Other(OtherIdentifier),
    /// `others`
    Others(Vec<OtherIdentifier>),
}

super::union::serde_of_union!(Identifier {
    Rid = "rid",
    Rids = "rids",
    Other = "other",
    Others = "others",
});

/// Where an import landed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportDestination {
    /// `id`
    #[serde(rename = "id")]
    pub id: DataResource,
    /// `parent`
    #[serde(rename = "parent", default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<DataResource>,
    /// `importedSize`
    #[serde(rename = "importedSize", default, skip_serializing_if = "Option::is_none")]
    pub imported_size: Option<i64>,
}

impl ImportDestination {
    /// With what is required.
    pub fn new(id: DataResource) -> Self {
        Self { id, parent: Default::default(), imported_size: Default::default() }
    }
}

/// A file brought in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedFile {
    /// `filename`
    #[serde(rename = "filename")]
    pub filename: String,
    /// `type`
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FileType>,
}

impl ImportedFile {
    /// With what is required.
    pub fn new(filename: String) -> Self {
        Self { filename, kind: Default::default() }
    }
}

/// How the user answered; the sources do not list the values.
pub type JustificationType = serde_json::Value;

/// Which model, and how it was set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmInferenceContext {
    /// `modelId`
    #[serde(rename = "modelId", default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<Identifier>,
    /// `modelTemperature`
    #[serde(rename = "modelTemperature", default, skip_serializing_if = "Option::is_none")]
    pub model_temperature: Option<f64>,
    /// `contentModerationEnabled`
    #[serde(rename = "contentModerationEnabled", default, skip_serializing_if = "Option::is_none")]
    pub content_moderation_enabled: Option<bool>,
}

/// What a model was given.
#[derive(Debug, Clone, PartialEq)]
pub enum LlmInput {
    /// `textPrompt`
    TextPrompt(String),
    /// `resourceId`
    ResourceId(Identifier),
}

super::union::serde_of_union!(LlmInput {
    TextPrompt = "textPrompt",
    ResourceId = "resourceId",
});

/// What a model gave back.
#[derive(Debug, Clone, PartialEq)]
pub enum LlmResponse {
    /// `textResponse`
    TextResponse(String),
    /// `resourceId`
    ResourceId(Identifier),
}

super::union::serde_of_union!(LlmResponse {
    TextResponse = "textResponse",
    ResourceId = "resourceId",
});

/// A model call as it reached the router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmRoutingRequest {
    /// `requestedUrl`
    #[serde(rename = "requestedUrl")]
    pub requested_url: String,
    /// `requestBody`
    #[serde(rename = "requestBody")]
    pub request_body: String,
    /// `model`
    #[serde(rename = "model", default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl LlmRoutingRequest {
    /// With what is required.
    pub fn new(requested_url: String, request_body: String) -> Self {
        Self { requested_url, request_body, model: Default::default() }
    }
}

/// What the router answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlmRoutingResponse {
    /// `forwardedUrl`
    #[serde(rename = "forwardedUrl")]
    pub forwarded_url: String,
    /// `httpStatusCode`
    #[serde(rename = "httpStatusCode")]
    pub http_status_code: serde_json::Value,
    /// `responseBody`
    #[serde(rename = "responseBody")]
    pub response_body: String,
}

impl LlmRoutingResponse {
    /// With what is required.
    pub fn new(forwarded_url: String, http_status_code: serde_json::Value, response_body: String) -> Self {
        Self { forwarded_url, http_status_code, response_body }
    }
}

/// A transform, a dashboard or other logic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicResource {
    /// `id`
    #[serde(rename = "id")]
    pub id: Identifier,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

impl LogicResource {
    /// With what is required.
    pub fn new(id: Identifier) -> Self {
        Self { id, context: Default::default() }
    }
}

/// A Maven artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MavenCoordinate {
    /// `artifactId`
    #[serde(rename = "artifactId")]
    pub artifact_id: String,
    /// `groupId`
    #[serde(rename = "groupId")]
    pub group_id: String,
    /// `version`
    #[serde(rename = "version")]
    pub version: String,
}

impl MavenCoordinate {
    /// With what is required.
    pub fn new(artifact_id: String, group_id: String, version: String) -> Self {
        Self { artifact_id, group_id, version }
    }
}

/// A file inside a Maven artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MavenCoordinateAndPath {
    /// `mavenCoordinate`
    #[serde(rename = "mavenCoordinate")]
    pub maven_coordinate: PartialMavenCoordinate,
    /// `path`
    #[serde(rename = "path")]
    pub path: String,
}

impl MavenCoordinateAndPath {
    /// With what is required.
    pub fn new(maven_coordinate: PartialMavenCoordinate, path: String) -> Self {
        Self { maven_coordinate, path }
    }
}

/// A health check, an object monitor or other monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorResource {
    /// `id`
    #[serde(rename = "id")]
    pub id: Identifier,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

impl MonitorResource {
    /// With what is required.
    pub fn new(id: Identifier) -> Self {
        Self { id, context: Default::default() }
    }
}

/// A node that an entity runs on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeId {
    /// `environment`
    #[serde(rename = "environment")]
    pub environment: String,
    /// `entity`
    #[serde(rename = "entity")]
    pub entity: EntityId,
    /// `nodeId`
    #[serde(rename = "nodeId")]
    pub node_id: String,
}

impl NodeId {
    /// With what is required.
    pub fn new(environment: String, entity: EntityId, node_id: String) -> Self {
        Self { environment, entity, node_id }
    }
}

/// A type of the ontology and the properties meant; no properties means all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyContext {
    /// `entityType`
    #[serde(rename = "entityType", default, skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<OntologyEntityType>,
    /// `propertyTypeRids`
    #[serde(rename = "propertyTypeRids", default, skip_serializing_if = "Vec::is_empty")]
    pub property_type_rids: Vec<String>,
}

/// An object or link of the ontology. Its own id is not lifted into entities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataResource {
    /// `id`
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Identifier>,
    /// `objectPrimaryKey`
    #[serde(rename = "objectPrimaryKey", default, skip_serializing_if = "Vec::is_empty")]
    pub object_primary_key: Vec<OntologyProperty>,
    /// `additionalObjectProperties`
    #[serde(rename = "additionalObjectProperties", default, skip_serializing_if = "Option::is_none")]
    pub additional_object_properties: Option<Vec<OntologyProperty>>,
    /// `ontologyContext`
    #[serde(rename = "ontologyContext", default, skip_serializing_if = "Option::is_none")]
    pub ontology_context: Option<OntologyContext>,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

/// Objects that share one context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyDataResourceList {
    /// `sharedOntologyResourceContext`
    #[serde(rename = "sharedOntologyResourceContext")]
    pub shared_ontology_resource_context: SharedOntologyResourceContext,
    /// `ontologyDataResources`
    #[serde(rename = "ontologyDataResources", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_data_resources: Vec<OntologyDataResource>,
}

impl OntologyDataResourceList {
    /// With what is required.
    pub fn new(shared_ontology_resource_context: SharedOntologyResourceContext) -> Self {
        Self { shared_ontology_resource_context, ontology_data_resources: Default::default() }
    }
}

/// A type of the ontology.
#[derive(Debug, Clone, PartialEq)]
pub enum OntologyEntityType {
    /// `rid`
    Rid(String),
    /// `id`
    Id(serde_json::Value),
}

super::union::serde_of_union!(OntologyEntityType {
    Rid = "rid",
    Id = "id",
});

/// An object set or similar selection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyLogicResource {
    /// `id`
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Identifier>,
    /// `ontologyContext`
    #[serde(rename = "ontologyContext", default, skip_serializing_if = "Vec::is_empty")]
    pub ontology_context: Vec<OntologyContext>,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

/// A definition in the ontology; its context says type and version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyMetaDataResource {
    /// `id`
    #[serde(rename = "id")]
    pub id: Identifier,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

impl OntologyMetaDataResource {
    /// With what is required.
    pub fn new(id: Identifier) -> Self {
        Self { id, context: Default::default() }
    }
}

/// A property of an object with its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OntologyProperty {
    /// `propertyIdentifier`
    #[serde(rename = "propertyIdentifier")]
    pub property_identifier: PropertyIdentifier,
    /// `propertyValue`
    #[serde(rename = "propertyValue")]
    pub property_value: String,
}

impl OntologyProperty {
    /// With what is required.
    pub fn new(property_identifier: PropertyIdentifier, property_value: String) -> Self {
        Self { property_identifier, property_value }
    }
}

/// A name in a foreign scheme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherIdentifier {
    /// `value`
    #[serde(rename = "value")]
    pub value: String,
    /// `description`
    #[serde(rename = "description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl OtherIdentifier {
    /// With what is required.
    pub fn new(value: String) -> Self {
        Self { value, description: Default::default() }
    }
}

/// A Maven artifact, perhaps without group or version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartialMavenCoordinate {
    /// `artifactId`
    #[serde(rename = "artifactId")]
    pub artifact_id: String,
    /// `groupId`
    #[serde(rename = "groupId", default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// `version`
    #[serde(rename = "version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl PartialMavenCoordinate {
    /// With what is required.
    pub fn new(artifact_id: String) -> Self {
        Self { artifact_id, group_id: Default::default(), version: Default::default() }
    }
}

/// Any value with its levels of sensitivity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassThroughSensitivityTaggedValue {
    /// `level`
    #[serde(rename = "level", default, skip_serializing_if = "Vec::is_empty")]
    pub level: Vec<String>,
    /// `payload`
    #[serde(rename = "payload")]
    pub payload: serde_json::Value,
}

impl PassThroughSensitivityTaggedValue {
    /// With what is required.
    pub fn new(payload: serde_json::Value) -> Self {
        Self { level: Default::default(), payload }
    }
}

/// Members added to and removed from a group or marking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// `id`
    #[serde(rename = "id")]
    pub id: Identifier,
    /// `addedIds`
    #[serde(rename = "addedIds", default, skip_serializing_if = "Vec::is_empty")]
    pub added_ids: Vec<Identifier>,
    /// `removedIds`
    #[serde(rename = "removedIds", default, skip_serializing_if = "Vec::is_empty")]
    pub removed_ids: Vec<Identifier>,
    /// `description`
    #[serde(rename = "description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Patch {
    /// With what is required.
    pub fn new(id: Identifier) -> Self {
        Self { id, added_ids: Default::default(), removed_ids: Default::default(), description: Default::default() }
    }
}

/// Names a property; the sources do not define it. A string, or the string under rid, is lifted into entities.
pub type PropertyIdentifier = serde_json::Value;

/// A pull request, an access request or other request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestResource {
    /// `id`
    #[serde(rename = "id")]
    pub id: Identifier,
    /// `context`
    #[serde(rename = "context", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ResourceContext>,
}

impl RequestResource {
    /// With what is required.
    pub fn new(id: Identifier) -> Self {
        Self { id, context: Default::default() }
    }
}

/// A resource of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Resource {
    /// `application`
    Application(ApplicationResource),
    /// `data`
    Data(DataResource),
    /// `monitor`
    Monitor(MonitorResource),
    /// `system`
    System(SystemResource),
    /// `logic`
    Logic(LogicResource),
    /// `request`
    Request(RequestResource),
    /// `ontologyData`
    OntologyData(OntologyDataResource),
    /// `ontologyDataList`
    OntologyDataList(OntologyDataResourceList),
    /// `ontologyLogic`
    OntologyLogic(OntologyLogicResource),
    /// `ontologyMetaData`
    OntologyMetaData(OntologyMetaDataResource),
    /// `external`
    External(Identifier),
}

super::union::serde_of_union!(Resource {
    Application = "application",
    Data = "data",
    Monitor = "monitor",
    System = "system",
    Logic = "logic",
    Request = "request",
    OntologyData = "ontologyData",
    OntologyDataList = "ontologyDataList",
    OntologyLogic = "ontologyLogic",
    OntologyMetaData = "ontologyMetaData",
    External = "external",
});

/// More about a resource, such as a branch or a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceContext {
    /// `value`
    #[serde(rename = "value")]
    pub value: String,
    /// `description`
    #[serde(rename = "description")]
    pub description: String,
}

impl ResourceContext {
    /// With what is required.
    pub fn new(value: String, description: String) -> Self {
        Self { value, description }
    }
}

/// What was done with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretOperation {
    /// `HASH`
    #[serde(rename = "HASH")]
    Hash,
    /// `ENCRYPT`
    #[serde(rename = "ENCRYPT")]
    Encrypt,
    /// `DECRYPT`
    #[serde(rename = "DECRYPT")]
    Decrypt,
    /// `UNKNOWN`
    #[serde(rename = "UNKNOWN")]
    Unknown,
}

/// Kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretType {
    /// `PEPPER`
    #[serde(rename = "PEPPER")]
    Pepper,
    /// `ASYMMETRIC_KEY_PAIR`
    #[serde(rename = "ASYMMETRIC_KEY_PAIR")]
    AsymmetricKeyPair,
    /// `SYMMETRIC_KEY`
    #[serde(rename = "SYMMETRIC_KEY")]
    SymmetricKey,
    /// `UNKNOWN`
    #[serde(rename = "UNKNOWN")]
    Unknown,
}

/// What several objects have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedOntologyResourceContext {
    /// `ontologyContext`
    #[serde(rename = "ontologyContext")]
    pub ontology_context: OntologyContext,
    /// `resourceContext`
    #[serde(rename = "resourceContext", default, skip_serializing_if = "Vec::is_empty")]
    pub resource_context: Vec<ResourceContext>,
}

impl SharedOntologyResourceContext {
    /// With what is required.
    pub fn new(ontology_context: OntologyContext) -> Self {
        Self { ontology_context, resource_context: Default::default() }
    }
}

/// A part of the infrastructure. Nothing of it is lifted into entities.
#[derive(Debug, Clone, PartialEq)]
pub enum SystemResource {
    /// `node`
    Node(NodeId),
    /// `entity`
    Entity(EntityId),
    /// `environment`
    Environment(String),
    /// `external`
    External(ExternalSystemResource),
}

super::union::serde_of_union!(SystemResource {
    Node = "node",
    Entity = "entity",
    Environment = "environment",
    External = "external",
});

/// A version to move to; the sources do not define it.
pub type TargetVersion = serde_json::Value;

/// A token, named but never shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// `id`
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Identifier>,
    /// `expirationTime`
    #[serde(rename = "expirationTime", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
    /// `userId`
    #[serde(rename = "userId", default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// `type`
    #[serde(rename = "type")]
    pub kind: TokenType,
}

impl Token {
    /// With what is required.
    pub fn new(kind: TokenType) -> Self {
        Self { id: Default::default(), expiration_time: Default::default(), user_id: Default::default(), kind }
    }
}

/// Kind of token; the sources do not list the values.
pub type TokenType = serde_json::Value;

/// A resource and the version it moves to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpgradeResourceAction {
    /// `resource`
    #[serde(rename = "resource")]
    pub resource: SystemResource,
    /// `targetVersion`
    #[serde(rename = "targetVersion")]
    pub target_version: TargetVersion,
}

impl UpgradeResourceAction {
    /// With what is required.
    pub fn new(resource: SystemResource, target_version: TargetVersion) -> Self {
        Self { resource, target_version }
    }
}

/// Id of a user.
pub type UserId = String;

/// A question and the user's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserJustification {
    /// `prompt`
    #[serde(rename = "prompt")]
    pub prompt: String,
    /// `justification`
    #[serde(rename = "justification")]
    pub justification: String,
    /// `justificationType`
    #[serde(rename = "justificationType")]
    pub justification_type: JustificationType,
}

impl UserJustification {
    /// With what is required.
    pub fn new(prompt: String, justification: String, justification_type: JustificationType) -> Self {
        Self { prompt, justification, justification_type }
    }
}

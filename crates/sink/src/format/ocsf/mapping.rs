//! What each category of the catalogue is in OCSF.

use super::class::Class::{
    self, AccountChange, ApiActivity, ApplicationLifecycle, Authentication, EntityManagement, EventLogActivity,
    GroupManagement, WebResourcesActivity,
};

/// One category and what it becomes.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// The category of the catalogue.
    pub category: &'static str,
    /// The class.
    pub class: Class,
    /// The class's `activity_id`; 99 where none of its own fits.
    pub activity: u8,
    /// `activity_name` of activity 99; otherwise empty.
    pub other: &'static str,
    /// What kind of thing it is done to: the `type` of a managed entity, empty for other classes.
    pub entity: &'static str,
}

const OTHER: u8 = 99;

const fn of(category: &'static str, class: Class, activity: u8) -> Mapping {
    Mapping { category, class, activity, other: "", entity: "" }
}

const fn other(category: &'static str, class: Class, name: &'static str) -> Mapping {
    Mapping { category, class, activity: OTHER, other: name, entity: "" }
}

const fn entity(category: &'static str, activity: u8, entity: &'static str) -> Mapping {
    Mapping { category, class: EntityManagement, activity, other: "", entity }
}

const fn other_entity(category: &'static str, name: &'static str, entity: &'static str) -> Mapping {
    Mapping { category, class: EntityManagement, activity: OTHER, other: name, entity }
}

/// Every category, most telling first: of an event with several, the one that stands highest decides.
pub static MAPPINGS: [Mapping; 102] = [
    of("userLogin", Authentication, 1),
    of("userLogout", Authentication, 2),
    other("oauth2InitiateAuthFlow", Authentication, "Start Authorization Flow"),
    other("managementUsers", AccountChange, "Manage Users"),
    other("managementGroups", GroupManagement, "Change Members"),
    entity("managementPermissions", 3, "Permissions"),
    entity("managementMarkings", 3, "Marking"),
    entity("mandatoryControlManagement", 3, "Marking"),
    entity("mandatoryControlApplication", 3, "Marking"),
    entity("managementTokens", 3, "Token"),
    entity("tokenGeneration", 1, "Token"),
    entity("tokenRevoke", 4, "Token"),
    entity("tokenAccess", 2, "Token"),
    entity("secretCreate", 1, "Secret"),
    entity("secretDeprecate", 9, "Secret"),
    entity("secretLoad", 2, "Secret"),
    other_entity("secretUse", "Use", "Secret"),
    other("auditDataRedact", EventLogActivity, "Redact"),
    of("auditDataShareCreate", EventLogActivity, 3),
    other("auditDataTransform", EventLogActivity, "Transform"),
    other("infraLogsAccess", EventLogActivity, "Read"),
    of("dataExport", WebResourcesActivity, 7),
    of("dataPromote", WebResourcesActivity, 7),
    of("dataShareCreate", WebResourcesActivity, 8),
    of("dataShare", WebResourcesActivity, 8),
    other("dataShareDisable", WebResourcesActivity, "Stop Sharing"),
    of("dataDelete", WebResourcesActivity, 4),
    of("bulkDataImport", WebResourcesActivity, 6),
    of("dataImport", WebResourcesActivity, 6),
    of("dataCreate", WebResourcesActivity, 1),
    of("dataMerge", WebResourcesActivity, 3),
    of("dataTransform", WebResourcesActivity, 3),
    of("dataUpdate", WebResourcesActivity, 3),
    of("dataLoad", WebResourcesActivity, 2),
    of("dataSearch", WebResourcesActivity, 5),
    of("ontologyDataTransform", WebResourcesActivity, 3),
    of("ontologyDataLoad", WebResourcesActivity, 2),
    of("ontologyDataSearch", WebResourcesActivity, 5),
    of("logicDelete", WebResourcesActivity, 4),
    of("logicCreate", WebResourcesActivity, 1),
    of("logicUpdate", WebResourcesActivity, 3),
    of("logicAccess", WebResourcesActivity, 2),
    of("logicSearch", WebResourcesActivity, 5),
    of("ontologyLogicDelete", WebResourcesActivity, 4),
    of("ontologyLogicCreate", WebResourcesActivity, 1),
    of("ontologyLogicUpdate", WebResourcesActivity, 3),
    of("ontologyLogicAccess", WebResourcesActivity, 2),
    of("ontologyMetaDataDelete", WebResourcesActivity, 4),
    of("ontologyMetaDataCreate", WebResourcesActivity, 1),
    of("ontologyMetaDataUpdate", WebResourcesActivity, 3),
    of("ontologyMetaDataLoad", WebResourcesActivity, 2),
    of("ontologyMetaDataSearch", WebResourcesActivity, 5),
    of("metaDataDelete", WebResourcesActivity, 4),
    of("metaDataCreate", WebResourcesActivity, 1),
    of("metaDataUpdate", WebResourcesActivity, 3),
    of("metaDataAccess", WebResourcesActivity, 2),
    of("metaDataSearch", WebResourcesActivity, 5),
    of("assetFileLoadV2", WebResourcesActivity, 2),
    of("assetFileLoad", WebResourcesActivity, 2),
    entity("createInfra", 1, "Infrastructure"),
    entity("configureInfra", 3, "Infrastructure"),
    of("upgradeInfra", ApplicationLifecycle, 8),
    of("restartInfra", ApplicationLifecycle, 5),
    other_entity("reviewInfraAction", "Review", "Infrastructure action"),
    of("containerLaunch", ApplicationLifecycle, 3),
    of("containerStop", ApplicationLifecycle, 4),
    entity("containerLoad", 2, "Compute environment"),
    other_entity("containerSearch", "Search", "Compute environment"),
    other("codeExecution", ApiActivity, "Run Code"),
    other("cancelCodeExecution", ApiActivity, "Cancel Code"),
    other("llmInference", ApiActivity, "Run Inference"),
    other("llmRoute", ApiActivity, "Route Prompt"),
    entity("appConfigDelete", 4, "Application configuration"),
    entity("appConfigCreate", 1, "Application configuration"),
    entity("appConfigUpdate", 3, "Application configuration"),
    entity("appConfigAccess", 2, "Application configuration"),
    other_entity("appConfigSearch", "Search", "Application configuration"),
    entity("systemManagement", 3, "Application configuration"),
    entity("monitorDelete", 4, "Monitor"),
    entity("monitorCreate", 1, "Monitor"),
    entity("monitorUpdate", 3, "Monitor"),
    other_entity("monitorRun", "Run", "Monitor"),
    entity("monitorAccess", 2, "Monitor"),
    other_entity("monitorSearch", "Search", "Monitor"),
    other_entity("requestExecute", "Execute", "Request"),
    other_entity("requestApprove", "Approve", "Request"),
    other_entity("requestDisapprove", "Reject", "Request"),
    other_entity("requestCancel", "Cancel", "Request"),
    entity("requestCreate", 1, "Request"),
    entity("requestUpdate", 3, "Request"),
    entity("requestAccess", 2, "Request"),
    other_entity("requestSearch", "Search", "Request"),
    other("userJustify", ApiActivity, "Justify"),
    other("authorizationCheck", ApiActivity, "Check Authorization"),
    other("authenticationCheck", Authentication, "Check Authentication"),
    other("apiGatewayRequest", ApiActivity, "Gateway Request"),
    other("passThrough", ApiActivity, "Pass Through"),
    other("onBehalfOf", ApiActivity, "Act for Others"),
    other("inApplicationContext", ApiActivity, "Call from Application"),
    other("inEnrollmentContext", ApiActivity, "Call in Enrollment"),
    other("inHubContext", ApiActivity, "Call from Hub"),
    other("internal", ApiActivity, "Internal"),
];

/// What an event is that has none of the catalogue's categories, as in audit.2.
pub(super) static UNCATEGORISED: Mapping = of("", ApiActivity, 0);

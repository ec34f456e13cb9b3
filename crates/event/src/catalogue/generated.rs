//! Tables of the catalogue; generated from crates/event/catalogue.json by `cargo run -p xtask -- catalogue`.

use super::{Category, Classification, Field, FieldMap, Lift, Member, Named, Shape, Status, Type};

pub(super) static CATEGORIES: [Category; 102] = [
    Category {
        name: "apiGatewayRequest", family: "context",
        summary: "Request to an API gateway; join on traceId and userAgent to find what it fanned out to",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "operationNames", summary: "Operation names; several for a batch", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 0, index: 0 },
        ],
        result: &[],
    },
    Category {
        name: "appConfigAccess", family: "app-config",
        summary: "Application configuration, tied to a user or resource, was loaded",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "accessedAppConfigIds", summary: "Configuration loaded", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&APPLICATION_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 1, index: 1 },
            Field { name: "accessAppConfigDescription", summary: "What was loaded", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 1, index: 2 },
        ],
        result: &[],
    },
    Category {
        name: "appConfigCreate", family: "app-config",
        summary: "Application configuration was created",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "createAppConfigDescription", summary: "What was created", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 2, index: 3 },
        ],
        result: &[
            Field { name: "createdAppConfigIds", summary: "Configuration created", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&APPLICATION_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 2, index: 4 },
        ],
    },
    Category {
        name: "appConfigDelete", family: "app-config",
        summary: "Application configuration was deleted",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deletedAppConfigIds", summary: "Configuration deleted", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&APPLICATION_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 3, index: 5 },
            Field { name: "deleteAppConfigDescription", summary: "What was deleted", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 3, index: 6 },
        ],
        result: &[],
    },
    Category {
        name: "appConfigSearch", family: "app-config",
        summary: "Search of application configuration, used when exact results are unknown or vary",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "appConfigSearchQuery", summary: "Query text", required: true, classification: Some(Classification::UserInput), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 4, index: 7 },
        ],
        result: &[
            Field { name: "appConfigSearchResults", summary: "Configuration shown", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&APPLICATION_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 4, index: 8 },
        ],
    },
    Category {
        name: "appConfigUpdate", family: "app-config",
        summary: "Application configuration was changed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "updatedAppConfigIds", summary: "Configuration changed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&APPLICATION_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 5, index: 9 },
            Field { name: "updateAppConfigDescription", summary: "What changed", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 5, index: 10 },
        ],
        result: &[],
    },
    Category {
        name: "assetFileLoad", family: "asset",
        summary: "A file of a static asset was loaded by full coordinate",
        status: Status::Deprecated,
        replaced_by: &["assetFileLoadV2"],
        request: &[
            Field { name: "requestMavenCoordinate", summary: "Coordinate asked for; group or version may be absent", required: true, classification: Some(Classification::Metadata), ty: Type::Named(&PARTIAL_MAVEN_COORDINATE), lift: Lift::Nothing, map: FieldMap::Request, category: 6, index: 11 },
            Field { name: "filePath", summary: "Path asked for", required: true, classification: Some(Classification::Metadata), ty: Type::String, lift: Lift::Nothing, map: FieldMap::Request, category: 6, index: 12 },
        ],
        result: &[
            Field { name: "responseMavenCoordinate", summary: "Full coordinate returned", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::Named(&MAVEN_COORDINATE)), lift: Lift::Nothing, map: FieldMap::Result, category: 6, index: 13 },
        ],
    },
    Category {
        name: "assetFileLoadV2", family: "asset",
        summary: "A static file was loaded by asset coordinate or content address",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "fileIdentifier", summary: "What was asked for", required: true, classification: Some(Classification::Metadata), ty: Type::Named(&ASSET_FILE_LOAD_IDENTIFIER), lift: Lift::Nothing, map: FieldMap::Request, category: 7, index: 14 },
        ],
        result: &[
            Field { name: "fileLoadResponse", summary: "What was returned", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::Named(&ASSET_FILE_LOAD_RESPONSE)), lift: Lift::Nothing, map: FieldMap::Result, category: 7, index: 15 },
        ],
    },
    Category {
        name: "auditDataRedact", family: "audit-data",
        summary: "Audit data redacted to remedy a data spill",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "requestedAuditEventIds", summary: "Event ids thought to be hit by the spill", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Request, category: 8, index: 16 },
            Field { name: "organizationRid", summary: "Organization the events were attributed to", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Request, category: 8, index: 17 },
            Field { name: "startDate", summary: "Start of the window of the events", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Request, category: 8, index: 18 },
            Field { name: "endDate", summary: "End of the window", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Request, category: 8, index: 19 },
            Field { name: "redactionReason", summary: "Reason; may not be empty", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Request, category: 8, index: 20 },
        ],
        result: &[
            Field { name: "redactionRequestId", summary: "Id of this request", required: true, classification: None, ty: Type::Uuid, lift: Lift::Nothing, map: FieldMap::Result, category: 8, index: 21 },
            Field { name: "redactedAuditEventIds", summary: "Ids redacted in that organization", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Result, category: 8, index: 22 },
            Field { name: "redactedServiceUserAttributedAuditEventIds", summary: "Ids redacted among service-user-attributed events", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Result, category: 8, index: 23 },
            Field { name: "missingAuditEventIds", summary: "Ids found in neither place within the window", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Result, category: 8, index: 24 },
            Field { name: "redactedLineCount", summary: "Physical lines redacted", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Result, category: 8, index: 25 },
            Field { name: "modifiedFiles", summary: "Old file name to new file name", required: true, classification: None, ty: Type::Map(&Type::String), lift: Lift::Nothing, map: FieldMap::Result, category: 8, index: 26 },
        ],
    },
    Category {
        name: "auditDataShareCreate", family: "audit-data",
        summary: "Pointers to audit data made, e.g. signed URLs that need no further authorization",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "shareTargets", summary: "Audit data shared", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 9, index: 27 },
        ],
        result: &[
            Field { name: "shareIds", summary: "Target to created share", required: true, classification: None, ty: Type::List(&Type::Named(&AUDIT_DATA_SHARE)), lift: Lift::Nothing, map: FieldMap::Result, category: 9, index: 28 },
        ],
    },
    Category {
        name: "auditDataTransform", family: "audit-data",
        summary: "Exactly one resource holding audit data was transformed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "transformTarget", summary: "Resource transformed", required: true, classification: Some(Classification::Resource), ty: Type::Named(&DATA_RESOURCE), lift: Lift::Entities, map: FieldMap::Request, category: 10, index: 29 },
            Field { name: "transformDescriptions", summary: "Transformations done", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 10, index: 30 },
        ],
        result: &[
            Field { name: "transformDestination", summary: "Where output went; absent means in memory only, same as target means in place", required: false, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 10, index: 31 },
        ],
    },
    Category {
        name: "authenticationCheck", family: "auth",
        summary: "Authentication status checked, by program or by hand, e.g. token validation",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "authenticationCheckTargets", summary: "What is being authenticated", required: false, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Request, category: 11, index: 32 },
        ],
        result: &[
            Field { name: "authenticationCheckResult", summary: "Whether it passed", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::Boolean), lift: Lift::Nothing, map: FieldMap::Result, category: 11, index: 33 },
            Field { name: "authenticationCheckResultMessage", summary: "Detail of the outcome", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Result, category: 11, index: 34 },
        ],
    },
    Category {
        name: "authorizationCheck", family: "auth",
        summary: "Permission check, by program or by hand",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "authorizationCheckTargets", summary: "What access is checked on", required: false, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Request, category: 12, index: 35 },
            Field { name: "authorizationCheckOperations", summary: "Permissions asked about", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 12, index: 36 },
        ],
        result: &[
            Field { name: "authorizationCheckSucceededTargets", summary: "Targets allowed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Result, category: 12, index: 37 },
            Field { name: "authorizationCheckFailedTargets", summary: "Targets refused", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Result, category: 12, index: 38 },
            Field { name: "authorizationCheckResultMessage", summary: "Detail of the outcome", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Result, category: 12, index: 39 },
        ],
    },
    Category {
        name: "bulkDataImport", family: "data",
        summary: "Many files imported at once, where each file's destination may not be traceable",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "bulkImportedFiles", summary: "Files brought in", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&IMPORTED_FILE)), lift: Lift::Nothing, map: FieldMap::Request, category: 13, index: 40 },
        ],
        result: &[
            Field { name: "bulkImportDestinations", summary: "Where the import landed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IMPORT_DESTINATION)), lift: Lift::Entities, map: FieldMap::Result, category: 13, index: 41 },
        ],
    },
    Category {
        name: "cancelCodeExecution", family: "execution",
        summary: "A running execution was cancelled",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "cancelledExecutedResources", summary: "What had been running", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 14, index: 42 },
            Field { name: "cancelledExecutedResourceEnvironment", summary: "Its enclosing environment", required: true, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 14, index: 43 },
        ],
        result: &[],
    },
    Category {
        name: "codeExecution", family: "execution",
        summary: "Code was run, with or without an output data resource",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "executedResourceEnvironment", summary: "Enclosing environment, e.g. a workbook or live deployment", required: true, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 15, index: 44 },
        ],
        result: &[
            Field { name: "executedResources", summary: "What ran, e.g. model, build or container id", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 15, index: 45 },
        ],
    },
    Category {
        name: "configureInfra", family: "infra",
        summary: "A user configures infrastructure",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "configureInfraTargets", summary: "Being configured", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 16, index: 46 },
        ],
        result: &[
            Field { name: "configureInfraRequestId", summary: "Id of the configuration request", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Result, category: 16, index: 47 },
        ],
    },
    Category {
        name: "containerLaunch", family: "container",
        summary: "A compute environment was prepared, e.g. a Spark module launched",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "requestedContainerIdsToLaunch", summary: "Asked to launch", required: false, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 17, index: 48 },
        ],
        result: &[
            Field { name: "launchedContainerIds", summary: "Launched", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 17, index: 49 },
        ],
    },
    Category {
        name: "containerLoad", family: "container",
        summary: "A compute environment was read",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "requestedContainerLoadIds", summary: "Asked for", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 18, index: 50 },
        ],
        result: &[
            Field { name: "loadedContainerLoadIds", summary: "Returned", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 18, index: 51 },
        ],
    },
    Category {
        name: "containerSearch", family: "container",
        summary: "Compute environments were listed or searched",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "containerSearchQuery", summary: "Query text", required: false, classification: Some(Classification::UserInput), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 19, index: 52 },
        ],
        result: &[
            Field { name: "containerSearchResults", summary: "Shown to the user", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 19, index: 53 },
        ],
    },
    Category {
        name: "containerStop", family: "container",
        summary: "A compute environment was shut down",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "stoppedContainerIds", summary: "Stopped", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 20, index: 54 },
            Field { name: "containerStopReason", summary: "Readable reason, e.g. failure or user request", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 20, index: 55 },
        ],
        result: &[],
    },
    Category {
        name: "createInfra", family: "infra",
        summary: "A user creates infrastructure such as a node or service",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "createInfraTargets", summary: "To be created", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 21, index: 56 },
        ],
        result: &[
            Field { name: "createdInfraResources", summary: "Created, with fuller identifiers", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 21, index: 57 },
        ],
    },
    Category {
        name: "dataCreate", family: "data",
        summary: "New data now exists in the platform; a landing service may log the same thing as dataPromote",
        status: Status::Active,
        replaced_by: &[],
        request: &[],
        result: &[
            Field { name: "createdResources", summary: "Data resources made by the event", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 22, index: 58 },
        ],
    },
    Category {
        name: "dataDelete", family: "data",
        summary: "Data removed, whatever the granularity of the removal",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deletedResources", summary: "Data resources removed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 23, index: 59 },
        ],
        result: &[],
    },
    Category {
        name: "dataExport", family: "data",
        summary: "Data leaves the platform, e.g. a download or CSV; copies to other Palantir systems use dataPromote",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "downloadedResources", summary: "Every resource that was taken out", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 24, index: 60 },
        ],
        result: &[
            Field { name: "downloadedSize", summary: "Bytes taken out", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::Safelong), lift: Lift::Nothing, map: FieldMap::Result, category: 24, index: 61 },
        ],
    },
    Category {
        name: "dataImport", family: "data",
        summary: "Data comes in from outside the platform; another service may record it as dataPromote",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "importedFilename", summary: "File name of what was brought in", required: true, classification: Some(Classification::Data), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 25, index: 62 },
            Field { name: "importedFileType", summary: "Kind of file", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::Named(&FILE_TYPE)), lift: Lift::Nothing, map: FieldMap::Request, category: 25, index: 63 },
            Field { name: "importParentResourceId", summary: "Parent of the destination", required: false, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 25, index: 64 },
        ],
        result: &[
            Field { name: "importResourceId", summary: "Destination resource", required: true, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 25, index: 65 },
            Field { name: "importedSize", summary: "Total bytes brought in", required: false, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::Safelong), lift: Lift::Nothing, map: FieldMap::Result, category: 25, index: 66 },
        ],
    },
    Category {
        name: "dataLoad", family: "data",
        summary: "Data read in order to show it to a user; pure back-end reads belong to internal",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "loadedResources", summary: "Data resources read", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 26, index: 67 },
        ],
        result: &[],
    },
    Category {
        name: "dataMerge", family: "data",
        summary: "Two or more sources combined into one, e.g. a join or an entity resolution",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "resourcesToMerge", summary: "Inputs", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 27, index: 68 },
        ],
        result: &[
            Field { name: "mergedResult", summary: "Combined output", required: true, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 27, index: 69 },
        ],
    },
    Category {
        name: "dataPromote", family: "data",
        summary: "A user pushed data to another Palantir system, such as Gotham",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "promotionDestinations", summary: "Target systems", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&EXTERNAL_SYSTEM)), lift: Lift::Nothing, map: FieldMap::Request, category: 28, index: 70 },
            Field { name: "promotionDescription", summary: "What the promotion was", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 28, index: 71 },
            Field { name: "promotedResources", summary: "Resources pushed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 28, index: 72 },
        ],
        result: &[],
    },
    Category {
        name: "dataSearch", family: "data",
        summary: "Search over datasets, objects or other data",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "dataSearchQuery", summary: "Query text", required: true, classification: Some(Classification::UserInput), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 29, index: 73 },
            Field { name: "dataSearchContext", summary: "Unstructured extra context, for human readers only", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 29, index: 74 },
        ],
        result: &[
            Field { name: "dataSearchResults", summary: "Resources shown to the user", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 29, index: 75 },
        ],
    },
    Category {
        name: "dataShare", family: "sharing",
        summary: "Discretionary sharing of data",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "dataShareId", summary: "Identifier of the share, if there is one", required: false, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Request, category: 30, index: 76 },
            Field { name: "dataShareTargets", summary: "What was shared", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 30, index: 77 },
            Field { name: "dataShareReason", summary: "Readable reason, e.g. a share link was opened", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 30, index: 78 },
        ],
        result: &[],
    },
    Category {
        name: "dataShareCreate", family: "sharing",
        summary: "A share is set up, e.g. a link granting access to whoever visits it",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "dataShareCreateId", summary: "Identifier of the share, if any", required: false, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Request, category: 31, index: 79 },
            Field { name: "dataShareCreateTargets", summary: "What it shares", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 31, index: 80 },
        ],
        result: &[],
    },
    Category {
        name: "dataShareDisable", family: "sharing",
        summary: "A sharing mechanism, e.g. a link, is switched off",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "dataShareDisableId", summary: "Identifier of the share, if any", required: false, classification: Some(Classification::Resource), ty: Type::Optional(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Request, category: 32, index: 81 },
            Field { name: "dataShareDisableTargets", summary: "What it shared", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 32, index: 82 },
        ],
        result: &[],
    },
    Category {
        name: "dataTransform", family: "data",
        summary: "One or more data resources changed in some way",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "transformTargets", summary: "Resources changed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 33, index: 83 },
            Field { name: "transformDescription", summary: "What was done", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 33, index: 84 },
        ],
        result: &[],
    },
    Category {
        name: "dataUpdate", family: "data",
        summary: "Catch-all for updates or attempted updates; dataTransform or dataMerge preferred",
        status: Status::Legacy,
        replaced_by: &["dataTransform", "dataMerge"],
        request: &[],
        result: &[],
    },
    Category {
        name: "inApplicationContext", family: "context",
        summary: "The request came from a third-party application",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "applicationRid", summary: "The application", required: true, classification: Some(Classification::Metadata), ty: Type::Named(&APPLICATION_RID), lift: Lift::Nothing, map: FieldMap::Request, category: 35, index: 85 },
        ],
        result: &[],
    },
    Category {
        name: "inEnrollmentContext", family: "context",
        summary: "The request was made in the context of one or more enrollments",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "enrollmentRids", summary: "The enrollments", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&ENROLLMENT_RID)), lift: Lift::Nothing, map: FieldMap::Request, category: 36, index: 86 },
        ],
        result: &[],
    },
    Category {
        name: "inHubContext", family: "context",
        summary: "Hub-and-spoke request: a service asks about another stack's configuration",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "targetEnvironment", summary: "Environment asked about", required: true, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Request, category: 37, index: 87 },
            Field { name: "targetSpokeEnvironment", summary: "Spoke environment asked about", required: false, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Request, category: 37, index: 88 },
        ],
        result: &[
            Field { name: "targetEnrollment", summary: "Enrollment asked about", required: false, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Result, category: 37, index: 89 },
            Field { name: "targetDomain", summary: "Domain asked about", required: false, classification: None, ty: Type::Any, lift: Lift::Nothing, map: FieldMap::Result, category: 37, index: 90 },
        ],
    },
    Category {
        name: "infraLogsAccess", family: "infra",
        summary: "A user asks for logs of an infrastructure resource",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "infraLogsAccessTarget", summary: "Where the logs are from", required: true, classification: Some(Classification::Resource), ty: Type::Named(&SYSTEM_RESOURCE), lift: Lift::Entities, map: FieldMap::Request, category: 38, index: 91 },
        ],
        result: &[
            Field { name: "infraLogsAccessRequestId", summary: "Id of the access request", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Result, category: 38, index: 92 },
        ],
    },
    Category {
        name: "internal", family: "system",
        summary: "Catch-all for internal events; low signal for auditors",
        status: Status::Active,
        replaced_by: &[],
        request: &[],
        result: &[],
    },
    Category {
        name: "llmInference", family: "llm",
        summary: "A prompt was run through a generative model",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "llmInferenceContext", summary: "Model id, temperature, moderation flag, attributed resources", required: true, classification: Some(Classification::Metadata), ty: Type::Named(&LLM_INFERENCE_CONTEXT), lift: Lift::Nothing, map: FieldMap::Request, category: 40, index: 93 },
            Field { name: "llmInferenceInputs", summary: "Inputs", required: true, classification: Some(Classification::UserInput), ty: Type::List(&Type::Named(&LLM_INPUT)), lift: Lift::Nothing, map: FieldMap::Request, category: 40, index: 94 },
        ],
        result: &[
            Field { name: "llmInferenceResponses", summary: "Outputs", required: true, classification: Some(Classification::Data), ty: Type::List(&Type::Named(&LLM_RESPONSE)), lift: Lift::Nothing, map: FieldMap::Result, category: 40, index: 95 },
            Field { name: "llmInferenceResponseContext", summary: "Context known only at response time", required: true, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::Named(&LLM_INFERENCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Result, category: 40, index: 96 },
        ],
    },
    Category {
        name: "llmRoute", family: "llm",
        summary: "A prompt was forwarded by an LLM proxy or load balancer",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "llmRouteRequest", summary: "URL, body and model asked for", required: true, classification: Some(Classification::UserInput), ty: Type::Named(&LLM_ROUTING_REQUEST), lift: Lift::Nothing, map: FieldMap::Request, category: 41, index: 97 },
        ],
        result: &[
            Field { name: "llmRouteResponse", summary: "URL used, HTTP status and body", required: true, classification: Some(Classification::Data), ty: Type::Optional(&Type::Named(&LLM_ROUTING_RESPONSE)), lift: Lift::Nothing, map: FieldMap::Result, category: 41, index: 98 },
        ],
    },
    Category {
        name: "logicAccess", family: "logic",
        summary: "Logic was viewed, e.g. opening a Contour analysis",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "accessedLogicResources", summary: "Logic viewed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 42, index: 99 },
        ],
        result: &[],
    },
    Category {
        name: "logicCreate", family: "logic",
        summary: "New logic was made, e.g. a Contour board",
        status: Status::Active,
        replaced_by: &[],
        request: &[],
        result: &[
            Field { name: "createdLogicResources", summary: "Logic made", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 43, index: 100 },
        ],
    },
    Category {
        name: "logicDelete", family: "logic",
        summary: "Logic was deleted, e.g. a Contour board",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deletedLogicResources", summary: "Logic deleted", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 44, index: 101 },
        ],
        result: &[],
    },
    Category {
        name: "logicSearch", family: "logic",
        summary: "Search for logic, e.g. for an analysis",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "logicSearchQuery", summary: "Query text", required: true, classification: Some(Classification::UserInput), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 45, index: 102 },
        ],
        result: &[
            Field { name: "logicSearchResults", summary: "Logic returned", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 45, index: 103 },
        ],
    },
    Category {
        name: "logicUpdate", family: "logic",
        summary: "Existing logic changed: a file saved, a repository push, an edited board",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "updatedLogicResources", summary: "Logic changed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 46, index: 104 },
        ],
        result: &[],
    },
    Category {
        name: "managementGroups", family: "management",
        summary: "Group membership changed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "groupPatches", summary: "Per group: members added and removed", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&PATCH)), lift: Lift::Nothing, map: FieldMap::Request, category: 47, index: 105 },
        ],
        result: &[],
    },
    Category {
        name: "managementMarkings", family: "management",
        summary: "Access to mandatory controls (markings) changed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "markingPatches", summary: "Per marking: principals added and removed", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&PATCH)), lift: Lift::Nothing, map: FieldMap::Request, category: 48, index: 106 },
        ],
        result: &[],
    },
    Category {
        name: "managementPermissions", family: "management",
        summary: "Permissions changed on the platform, e.g. a share or a provenance change",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "resourcesWithPermissionsChanges", summary: "Resources affected", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 49, index: 107 },
            Field { name: "permissionChangeContext", summary: "Extra context", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 49, index: 108 },
        ],
        result: &[],
    },
    Category {
        name: "managementTokens", family: "management",
        summary: "Tokens enabled, disabled or revoked",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "managedTokens", summary: "Tokens affected", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&TOKEN)), lift: Lift::Users, map: FieldMap::Request, category: 50, index: 109 },
        ],
        result: &[],
    },
    Category {
        name: "managementUsers", family: "management",
        summary: "Users added, removed or edited; permission and group changes have their own categories",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "managedUserIds", summary: "Users affected", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 51, index: 110 },
        ],
        result: &[],
    },
    Category {
        name: "mandatoryControlApplication", family: "management",
        summary: "Privileged application of mandatory controls to a resource (audit.2 only)",
        status: Status::Audit2Only,
        replaced_by: &["managementPermissions"],
        request: &[],
        result: &[],
    },
    Category {
        name: "mandatoryControlManagement", family: "management",
        summary: "Privileged action on mandatory controls (audit.2 only)",
        status: Status::Audit2Only,
        replaced_by: &["managementMarkings"],
        request: &[],
        result: &[],
    },
    Category {
        name: "metaDataAccess", family: "metadata",
        summary: "Metadata (data about data: counts, names, transaction ids) was read",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "accessedMetaDataResources", summary: "Data the metadata describes", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 54, index: 111 },
            Field { name: "accessedMetaDataDescription", summary: "What was read", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 54, index: 112 },
        ],
        result: &[],
    },
    Category {
        name: "metaDataCreate", family: "metadata",
        summary: "Metadata was created",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "createdMetaDataDescription", summary: "What was created", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 55, index: 113 },
        ],
        result: &[
            Field { name: "createdMetaDataResources", summary: "Data the metadata describes", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 55, index: 114 },
        ],
    },
    Category {
        name: "metaDataDelete", family: "metadata",
        summary: "Metadata was deleted",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deletedMetaDataResources", summary: "Data the metadata described", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 56, index: 115 },
            Field { name: "deletedMetaDataDescription", summary: "What was deleted", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 56, index: 116 },
        ],
        result: &[],
    },
    Category {
        name: "metaDataSearch", family: "metadata",
        summary: "Search over metadata of datasets, objects and the like",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "metaDataSearchQuery", summary: "Query text", required: true, classification: Some(Classification::UserInput), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 57, index: 117 },
        ],
        result: &[
            Field { name: "metaDataSearchResults", summary: "Resources whose metadata was shown", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 57, index: 118 },
        ],
    },
    Category {
        name: "metaDataUpdate", family: "metadata",
        summary: "Metadata was changed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "updatedMetaDataResources", summary: "Data the metadata describes", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 58, index: 119 },
            Field { name: "updatedMetaDataDescription", summary: "What was changed", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 58, index: 120 },
        ],
        result: &[],
    },
    Category {
        name: "monitorAccess", family: "monitor",
        summary: "A monitor was viewed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "accessedMonitorResources", summary: "Monitors viewed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&MONITOR_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 59, index: 121 },
            Field { name: "accessedMonitorDescription", summary: "What the view was", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 59, index: 122 },
        ],
        result: &[],
    },
    Category {
        name: "monitorCreate", family: "monitor",
        summary: "A monitor was created",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "createdMonitorDescription", summary: "What was created", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 60, index: 123 },
        ],
        result: &[
            Field { name: "createdMonitorResources", summary: "Monitors created", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&MONITOR_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 60, index: 124 },
        ],
    },
    Category {
        name: "monitorDelete", family: "monitor",
        summary: "A monitor was deleted",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deletedMonitorResources", summary: "Monitors deleted", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&MONITOR_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 61, index: 125 },
            Field { name: "deletedMonitorDescription", summary: "What was deleted", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 61, index: 126 },
        ],
        result: &[],
    },
    Category {
        name: "monitorRun", family: "monitor",
        summary: "A monitor ran and may have fired actions or notifications",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "runMonitorTargets", summary: "Monitors run", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&MONITOR_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 62, index: 127 },
        ],
        result: &[],
    },
    Category {
        name: "monitorSearch", family: "monitor",
        summary: "Search for monitors",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "monitorSearchQuery", summary: "Query text", required: true, classification: Some(Classification::UserInput), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 63, index: 128 },
        ],
        result: &[
            Field { name: "monitorSearchResults", summary: "Monitors shown", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&MONITOR_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 63, index: 129 },
        ],
    },
    Category {
        name: "monitorUpdate", family: "monitor",
        summary: "A monitor's behaviour was changed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "updatedMonitorResources", summary: "Monitors changed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&MONITOR_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 64, index: 130 },
            Field { name: "updatedMonitorDescription", summary: "What changed", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 64, index: 131 },
        ],
        result: &[],
    },
    Category {
        name: "oauth2InitiateAuthFlow", family: "auth",
        summary: "Start of an authorization-code flow against an external OAuth 2.0 server",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "oauth2InitiateAuthFlowUser", summary: "User the flow is for", required: true, classification: Some(Classification::Uid), ty: Type::Named(&USER_ID), lift: Lift::Users, map: FieldMap::Request, category: 65, index: 132 },
            Field { name: "oauth2InitiateAuthClientId", summary: "Client the flow is for", required: true, classification: Some(Classification::Resource), ty: Type::Named(&IDENTIFIER), lift: Lift::Entities, map: FieldMap::Request, category: 65, index: 133 },
        ],
        result: &[],
    },
    Category {
        name: "onBehalfOf", family: "context",
        summary: "A service user acted for other users",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "onBehalfOfUserIds", summary: "Upstream users, most upstream first", required: true, classification: Some(Classification::Uid), ty: Type::List(&Type::Named(&USER_ID)), lift: Lift::Users, map: FieldMap::Request, category: 66, index: 134 },
        ],
        result: &[],
    },
    Category {
        name: "ontologyDataLoad", family: "ontology",
        summary: "Ontology data (objects, links) loaded for a user",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "ontologyDataLoadContext", summary: "E.g. owning resource", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 67, index: 135 },
            Field { name: "requestedOntologyDataResources", summary: "Asked for", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_DATA_RESOURCE_LIST)), lift: Lift::Entities, map: FieldMap::Request, category: 67, index: 136 },
        ],
        result: &[
            Field { name: "loadedOntologyDataResources", summary: "Returned", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_DATA_RESOURCE_LIST)), lift: Lift::Entities, map: FieldMap::Result, category: 67, index: 137 },
        ],
    },
    Category {
        name: "ontologyDataSearch", family: "ontology",
        summary: "Search of ontology data",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "ontologyDataSearchContext", summary: "E.g. owning resource", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 68, index: 138 },
            Field { name: "searchedOntologyLogicResources", summary: "Selections searched", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 68, index: 139 },
        ],
        result: &[
            Field { name: "ontologyDataSearchResults", summary: "Shown to the user", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_DATA_RESOURCE_LIST)), lift: Lift::Entities, map: FieldMap::Result, category: 68, index: 140 },
        ],
    },
    Category {
        name: "ontologyDataTransform", family: "ontology",
        summary: "Ontology data modified by patches or edits",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "ontologyDataTransformTargets", summary: "Meant to be changed", required: false, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 69, index: 141 },
            Field { name: "ontologyDataTransformContext", summary: "Extra context", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 69, index: 142 },
            Field { name: "ontologyDataTransformDescription", summary: "What was done", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 69, index: 143 },
        ],
        result: &[
            Field { name: "transformedOntologyDataResources", summary: "Actually changed", required: false, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 69, index: 144 },
        ],
    },
    Category {
        name: "ontologyLogicAccess", family: "ontology",
        summary: "Object sets or similar ontology selections viewed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "requestedOntologyLogicResources", summary: "Asked for", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 70, index: 145 },
        ],
        result: &[
            Field { name: "loadedOntologyLogicResources", summary: "Returned", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 70, index: 146 },
        ],
    },
    Category {
        name: "ontologyLogicCreate", family: "ontology",
        summary: "An object set or similar was created",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "createOntologyLogicContext", summary: "Owning or parent resource; a 'type' entry says temporary, permanent or versioned", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 71, index: 147 },
        ],
        result: &[
            Field { name: "createdOntologyLogicResources", summary: "Resources created", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 71, index: 148 },
        ],
    },
    Category {
        name: "ontologyLogicDelete", family: "ontology",
        summary: "An object set or similar was deleted",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deleteOntologyLogicContext", summary: "Owning or parent resource; a 'type' entry says temporary, permanent or versioned", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 72, index: 149 },
        ],
        result: &[
            Field { name: "deletedOntologyLogicResources", summary: "Resources deleted", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 72, index: 150 },
        ],
    },
    Category {
        name: "ontologyLogicUpdate", family: "ontology",
        summary: "An object set or similar was changed, e.g. a new version saved",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "updateOntologyLogicContext", summary: "Owning or parent resource; a 'type' entry says temporary, permanent or versioned", required: false, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), lift: Lift::Nothing, map: FieldMap::Request, category: 73, index: 151 },
        ],
        result: &[
            Field { name: "updatedOntologyLogicResources", summary: "Resources updated", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_LOGIC_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 73, index: 152 },
        ],
    },
    Category {
        name: "ontologyMetaDataCreate", family: "ontology",
        summary: "Ontology definitions (object, link, action types) created",
        status: Status::Active,
        replaced_by: &[],
        request: &[],
        result: &[
            Field { name: "createdOntologyMetaDataResources", summary: "Definitions created", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_META_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 74, index: 153 },
        ],
    },
    Category {
        name: "ontologyMetaDataDelete", family: "ontology",
        summary: "Ontology definitions deleted",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deletedOntologyMetaDataResources", summary: "Definitions deleted", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_META_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 75, index: 154 },
        ],
        result: &[],
    },
    Category {
        name: "ontologyMetaDataLoad", family: "ontology",
        summary: "Ontology definitions loaded for a user",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "requestedOntologyMetaDataResources", summary: "Asked for", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_META_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 76, index: 155 },
        ],
        result: &[
            Field { name: "loadedOntologyMetaDataResources", summary: "Returned", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_META_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 76, index: 156 },
        ],
    },
    Category {
        name: "ontologyMetaDataSearch", family: "ontology",
        summary: "Search for ontology definitions meeting criteria",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "ontologyMetaDataSearchedResources", summary: "Definitions in the query", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_META_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 77, index: 157 },
            Field { name: "ontologyMetaDataSearchContext", summary: "E.g. data source type", required: false, classification: Some(Classification::Metadata), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 77, index: 158 },
        ],
        result: &[
            Field { name: "ontologyMetaDataSearchResults", summary: "Definitions returned", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_META_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 77, index: 159 },
        ],
    },
    Category {
        name: "ontologyMetaDataUpdate", family: "ontology",
        summary: "Ontology definitions changed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "updatedOntologyMetaDataResources", summary: "Definitions changed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&ONTOLOGY_META_DATA_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 78, index: 160 },
        ],
        result: &[],
    },
    Category {
        name: "passThrough", family: "system",
        summary: "Parameters are decided at run time, usually by an outside system",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "passThroughRequestParams", summary: "Request parameters with sensitivity levels", required: true, classification: Some(Classification::PassThrough), ty: Type::Map(&Type::Named(&PASS_THROUGH_SENSITIVITY_TAGGED_VALUE)), lift: Lift::Nothing, map: FieldMap::Request, category: 79, index: 161 },
        ],
        result: &[
            Field { name: "passThroughResponseParams", summary: "Response parameters with sensitivity levels", required: true, classification: Some(Classification::PassThrough), ty: Type::Map(&Type::Named(&PASS_THROUGH_SENSITIVITY_TAGGED_VALUE)), lift: Lift::Nothing, map: FieldMap::Result, category: 79, index: 162 },
        ],
    },
    Category {
        name: "requestAccess", family: "request",
        summary: "A request (pull request, access request, checkpoint) was viewed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "accessedRequestIds", summary: "Requests viewed", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 80, index: 163 },
            Field { name: "accessedRequestDescription", summary: "What the view was", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 80, index: 164 },
        ],
        result: &[],
    },
    Category {
        name: "requestApprove", family: "request",
        summary: "A request, or part of one, was approved; several approvals may be needed",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "approvedRequestIds", summary: "Requests approved", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 81, index: 165 },
            Field { name: "approveRequestUserId", summary: "Approver", required: false, classification: Some(Classification::Uid), ty: Type::Optional(&Type::Named(&USER_ID)), lift: Lift::Users, map: FieldMap::Request, category: 81, index: 166 },
        ],
        result: &[],
    },
    Category {
        name: "requestCancel", family: "request",
        summary: "A request was withdrawn so it will not be carried out",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "canceledRequestIds", summary: "Requests withdrawn", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 82, index: 167 },
        ],
        result: &[],
    },
    Category {
        name: "requestCreate", family: "request",
        summary: "A request for a not-yet-performed action was opened and may need approval",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "createdRequestAffectedResources", summary: "Resources it would touch; the parent for a creation", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 83, index: 168 },
            Field { name: "createdRequestDescription", summary: "What was asked", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 83, index: 169 },
        ],
        result: &[
            Field { name: "createdRequestIds", summary: "Requests opened", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 83, index: 170 },
        ],
    },
    Category {
        name: "requestDisapprove", family: "request",
        summary: "A request was rejected",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "disapprovedRequestIds", summary: "Requests rejected", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 84, index: 171 },
            Field { name: "disapproveRequestUserId", summary: "Who rejected", required: false, classification: Some(Classification::Uid), ty: Type::Optional(&Type::Named(&USER_ID)), lift: Lift::Users, map: FieldMap::Request, category: 84, index: 172 },
        ],
        result: &[],
    },
    Category {
        name: "requestExecute", family: "request",
        summary: "The action behind a request was carried out, e.g. a merge or an access grant",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "executedRequestIds", summary: "Requests carried out", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 85, index: 173 },
        ],
        result: &[
            Field { name: "executeRequestAffectedResources", summary: "Resources actually touched; may be fewer than at creation", required: false, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 85, index: 174 },
        ],
    },
    Category {
        name: "requestSearch", family: "request",
        summary: "Search for requests",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "requestSearchQuery", summary: "Query text", required: true, classification: Some(Classification::UserInput), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 86, index: 175 },
        ],
        result: &[
            Field { name: "requestSearchResults", summary: "Requests shown", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Result, category: 86, index: 176 },
        ],
    },
    Category {
        name: "requestUpdate", family: "request",
        summary: "An existing request was edited",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "updatedRequestIds", summary: "Requests edited", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&REQUEST_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 87, index: 177 },
            Field { name: "updatedRequestDescription", summary: "What changed", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 87, index: 178 },
        ],
        result: &[],
    },
    Category {
        name: "restartInfra", family: "infra",
        summary: "Infrastructure was restarted",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "restartedResources", summary: "Restarted", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&SYSTEM_RESOURCE)), lift: Lift::Entities, map: FieldMap::Request, category: 88, index: 179 },
        ],
        result: &[],
    },
    Category {
        name: "reviewInfraAction", family: "infra",
        summary: "A user approves or denies an infrastructure action",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "reviewInfraActionRequestId", summary: "Review request id", required: true, classification: Some(Classification::Metadata), ty: Type::String, lift: Lift::Nothing, map: FieldMap::Request, category: 89, index: 180 },
            Field { name: "reviewInfraActionUser", summary: "Reviewer", required: true, classification: Some(Classification::Uid), ty: Type::Named(&USER_ID), lift: Lift::Users, map: FieldMap::Request, category: 89, index: 181 },
        ],
        result: &[
            Field { name: "reviewInfraActionWasApproved", summary: "Whether approved", required: true, classification: Some(Classification::Constant), ty: Type::Optional(&Type::Boolean), lift: Lift::Nothing, map: FieldMap::Result, category: 89, index: 182 },
        ],
    },
    Category {
        name: "secretCreate", family: "secret",
        summary: "A secret was created",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "createdSecretType", summary: "Kind of secret", required: true, classification: Some(Classification::Metadata), ty: Type::Named(&SECRET_TYPE), lift: Lift::Nothing, map: FieldMap::Request, category: 90, index: 183 },
        ],
        result: &[
            Field { name: "createdSecretIdentifiers", summary: "Identifiers of the secrets", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Result, category: 90, index: 184 },
        ],
    },
    Category {
        name: "secretDeprecate", family: "secret",
        summary: "A secret was marked deprecated",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "deprecatedSecretIdentifier", summary: "Secret deprecated", required: true, classification: Some(Classification::Resource), ty: Type::Named(&IDENTIFIER), lift: Lift::Entities, map: FieldMap::Request, category: 91, index: 185 },
        ],
        result: &[],
    },
    Category {
        name: "secretLoad", family: "secret",
        summary: "A secret was fetched from its store",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "loadedSecretIdentifiers", summary: "Secrets fetched", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Request, category: 92, index: 186 },
        ],
        result: &[],
    },
    Category {
        name: "secretUse", family: "secret",
        summary: "A secret was used through a back-end endpoint",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "usedSecretOperation", summary: "Operation done", required: true, classification: Some(Classification::Metadata), ty: Type::Named(&SECRET_OPERATION), lift: Lift::Nothing, map: FieldMap::Request, category: 93, index: 187 },
            Field { name: "usedSecretIdentifiers", summary: "Secrets used", required: true, classification: Some(Classification::Resource), ty: Type::List(&Type::Named(&IDENTIFIER)), lift: Lift::Entities, map: FieldMap::Request, category: 93, index: 188 },
        ],
        result: &[
            Field { name: "encryptedSecretValues", summary: "Ciphertext produced; never plaintext", required: false, classification: Some(Classification::Data), ty: Type::List(&Type::Named(&ENCRYPTED_SECRET_VALUE)), lift: Lift::Nothing, map: FieldMap::Result, category: 93, index: 189 },
        ],
    },
    Category {
        name: "systemManagement", family: "system",
        summary: "Change of or access to layout and configuration metadata of applications (audit.2 only)",
        status: Status::Audit2Only,
        replaced_by: &["appConfigCreate", "appConfigAccess", "appConfigUpdate", "appConfigDelete", "appConfigSearch"],
        request: &[],
        result: &[],
    },
    Category {
        name: "tokenAccess", family: "token",
        summary: "A token made earlier was accessed",
        status: Status::Active,
        replaced_by: &[],
        request: &[],
        result: &[
            Field { name: "accessedTokens", summary: "Tokens accessed", required: true, classification: Some(Classification::Token), ty: Type::List(&Type::Named(&TOKEN)), lift: Lift::Users, map: FieldMap::Result, category: 95, index: 190 },
        ],
    },
    Category {
        name: "tokenGeneration", family: "token",
        summary: "A new token was generated",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "generateTokensDescription", summary: "How they were made, for auditors", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 96, index: 191 },
        ],
        result: &[
            Field { name: "generatedTokens", summary: "Tokens made", required: false, classification: Some(Classification::Token), ty: Type::List(&Type::Named(&TOKEN)), lift: Lift::Users, map: FieldMap::Result, category: 96, index: 192 },
        ],
    },
    Category {
        name: "tokenRevoke", family: "token",
        summary: "Tokens were deleted",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "revokeTokensDescription", summary: "How they were revoked, for auditors", required: false, classification: Some(Classification::Constant), ty: Type::Optional(&Type::String), lift: Lift::Nothing, map: FieldMap::Request, category: 97, index: 193 },
        ],
        result: &[
            Field { name: "revokedTokens", summary: "Tokens revoked", required: true, classification: Some(Classification::Token), ty: Type::List(&Type::Named(&TOKEN)), lift: Lift::Users, map: FieldMap::Result, category: 97, index: 194 },
        ],
    },
    Category {
        name: "upgradeInfra", family: "infra",
        summary: "Infrastructure was upgraded or downgraded",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "upgradedResources", summary: "Resource and target version", required: true, classification: Some(Classification::Metadata), ty: Type::List(&Type::Named(&UPGRADE_RESOURCE_ACTION)), lift: Lift::Nothing, map: FieldMap::Request, category: 98, index: 195 },
        ],
        result: &[],
    },
    Category {
        name: "userJustify", family: "auth",
        summary: "A user states a purpose for an action (checkpoint justification)",
        status: Status::Active,
        replaced_by: &[],
        request: &[
            Field { name: "userJustifyId", summary: "Who justified", required: true, classification: Some(Classification::Uid), ty: Type::Named(&USER_ID), lift: Lift::Users, map: FieldMap::Request, category: 99, index: 196 },
            Field { name: "userJustification", summary: "One or more justifications", required: true, classification: Some(Classification::UserInput), ty: Type::List(&Type::Named(&USER_JUSTIFICATION)), lift: Lift::Nothing, map: FieldMap::Request, category: 99, index: 197 },
        ],
        result: &[],
    },
    Category {
        name: "userLogin", family: "auth",
        summary: "A user signs in",
        status: Status::Active,
        replaced_by: &[],
        request: &[],
        result: &[
            Field { name: "loginUserId", summary: "Who signed in", required: false, classification: Some(Classification::Uid), ty: Type::Optional(&Type::Named(&USER_ID)), lift: Lift::Users, map: FieldMap::Result, category: 100, index: 198 },
        ],
    },
    Category {
        name: "userLogout", family: "auth",
        summary: "A user signs out",
        status: Status::Active,
        replaced_by: &[],
        request: &[],
        result: &[
            Field { name: "logoutUserId", summary: "Who signed out", required: false, classification: Some(Classification::Uid), ty: Type::Optional(&Type::Named(&USER_ID)), lift: Lift::Users, map: FieldMap::Result, category: 101, index: 199 },
        ],
    },
];

pub(super) const CATEGORY_SEED: u64 = 0x8176daf800a05f51;
pub(super) const CATEGORY_BITS: u32 = 10;
pub(super) static CATEGORY_SLOTS: [u8; 1024] = [
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 9, 255, 255, 255, 255, 255, 255, 255, 255, 255, 56, 10, 255, 255, 76, 255, 255, 255, 255, 255, 80, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 32, 255, 89, 255, 255, 255, 255, 255, 255, 255, 97, 255, 255, 255, 255, 255, 255, 255, 255, 3, 255, 92, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 59, 255, 255, 255, 255, 255,
    90, 255, 255, 255, 255, 14, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 94, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 34, 255, 255, 255, 255, 255, 255, 255, 255, 255, 49, 255, 83, 255, 255, 255, 255,
    255, 255, 255, 255, 72, 40, 255, 255, 255, 21, 33, 255, 255, 255, 255, 255, 255, 255, 81, 255, 255, 255, 65, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 60, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 19, 255, 255, 255, 255, 0, 255, 255, 53, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 25, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 82, 255, 255, 85, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 87, 255, 88,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 39, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 43, 255, 255, 255, 255, 12, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 58, 255, 20, 255, 67, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 55, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 255, 28, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 8, 255, 255, 255, 255, 255, 255, 255, 255,
    101, 255, 255, 255, 255, 255, 255, 79, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 30, 255, 255, 26, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 45, 255, 255, 255, 255, 255, 255, 73, 255, 255, 255, 255, 255, 255, 255, 255, 255, 74, 255,
    255, 38, 255, 255, 255, 255, 57, 68, 255, 50, 255, 46, 255, 255, 255, 84, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 91, 255, 255, 255, 77, 255, 255, 255, 255, 62, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 23, 255, 75, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 86, 255, 255, 255, 255, 255, 24,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 54, 255, 255, 255, 255, 255, 61, 78, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 42, 18, 255, 29, 255, 51, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 27, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 48, 17, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 41, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 22, 11, 255, 255, 63, 255, 255, 255, 255, 255, 255, 255, 47, 255, 255, 255, 255, 255, 255, 255, 69, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 255, 255, 255, 255, 255, 93, 37, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 44,
    255, 255, 255, 255, 255, 255, 255, 13, 255, 255, 255, 255, 255, 255, 255, 35, 255, 52, 255, 255, 255, 255, 255, 255, 255, 36, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 96, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 100, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 16, 64, 255, 255, 255, 255, 255, 255, 255, 66, 255, 255, 255, 255, 255, 255, 95, 255, 7, 255, 99, 255, 255, 255,
    255, 255, 255, 98, 255, 255, 255, 255, 255, 5, 255, 255, 255, 255, 255, 255, 255, 255, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 6, 71, 255, 255, 70, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 31,
];

pub(super) static FIELDS: [&Field; 200] = [
    &CATEGORIES[0].request[0], &CATEGORIES[1].request[0], &CATEGORIES[1].request[1], &CATEGORIES[2].request[0],
    &CATEGORIES[2].result[0], &CATEGORIES[3].request[0], &CATEGORIES[3].request[1], &CATEGORIES[4].request[0],
    &CATEGORIES[4].result[0], &CATEGORIES[5].request[0], &CATEGORIES[5].request[1], &CATEGORIES[6].request[0],
    &CATEGORIES[6].request[1], &CATEGORIES[6].result[0], &CATEGORIES[7].request[0], &CATEGORIES[7].result[0],
    &CATEGORIES[8].request[0], &CATEGORIES[8].request[1], &CATEGORIES[8].request[2], &CATEGORIES[8].request[3],
    &CATEGORIES[8].request[4], &CATEGORIES[8].result[0], &CATEGORIES[8].result[1], &CATEGORIES[8].result[2],
    &CATEGORIES[8].result[3], &CATEGORIES[8].result[4], &CATEGORIES[8].result[5], &CATEGORIES[9].request[0],
    &CATEGORIES[9].result[0], &CATEGORIES[10].request[0], &CATEGORIES[10].request[1], &CATEGORIES[10].result[0],
    &CATEGORIES[11].request[0], &CATEGORIES[11].result[0], &CATEGORIES[11].result[1], &CATEGORIES[12].request[0],
    &CATEGORIES[12].request[1], &CATEGORIES[12].result[0], &CATEGORIES[12].result[1], &CATEGORIES[12].result[2],
    &CATEGORIES[13].request[0], &CATEGORIES[13].result[0], &CATEGORIES[14].request[0], &CATEGORIES[14].request[1],
    &CATEGORIES[15].request[0], &CATEGORIES[15].result[0], &CATEGORIES[16].request[0], &CATEGORIES[16].result[0],
    &CATEGORIES[17].request[0], &CATEGORIES[17].result[0], &CATEGORIES[18].request[0], &CATEGORIES[18].result[0],
    &CATEGORIES[19].request[0], &CATEGORIES[19].result[0], &CATEGORIES[20].request[0], &CATEGORIES[20].request[1],
    &CATEGORIES[21].request[0], &CATEGORIES[21].result[0], &CATEGORIES[22].result[0], &CATEGORIES[23].request[0],
    &CATEGORIES[24].request[0], &CATEGORIES[24].result[0], &CATEGORIES[25].request[0], &CATEGORIES[25].request[1],
    &CATEGORIES[25].request[2], &CATEGORIES[25].result[0], &CATEGORIES[25].result[1], &CATEGORIES[26].request[0],
    &CATEGORIES[27].request[0], &CATEGORIES[27].result[0], &CATEGORIES[28].request[0], &CATEGORIES[28].request[1],
    &CATEGORIES[28].request[2], &CATEGORIES[29].request[0], &CATEGORIES[29].request[1], &CATEGORIES[29].result[0],
    &CATEGORIES[30].request[0], &CATEGORIES[30].request[1], &CATEGORIES[30].request[2], &CATEGORIES[31].request[0],
    &CATEGORIES[31].request[1], &CATEGORIES[32].request[0], &CATEGORIES[32].request[1], &CATEGORIES[33].request[0],
    &CATEGORIES[33].request[1], &CATEGORIES[35].request[0], &CATEGORIES[36].request[0], &CATEGORIES[37].request[0],
    &CATEGORIES[37].request[1], &CATEGORIES[37].result[0], &CATEGORIES[37].result[1], &CATEGORIES[38].request[0],
    &CATEGORIES[38].result[0], &CATEGORIES[40].request[0], &CATEGORIES[40].request[1], &CATEGORIES[40].result[0],
    &CATEGORIES[40].result[1], &CATEGORIES[41].request[0], &CATEGORIES[41].result[0], &CATEGORIES[42].request[0],
    &CATEGORIES[43].result[0], &CATEGORIES[44].request[0], &CATEGORIES[45].request[0], &CATEGORIES[45].result[0],
    &CATEGORIES[46].request[0], &CATEGORIES[47].request[0], &CATEGORIES[48].request[0], &CATEGORIES[49].request[0],
    &CATEGORIES[49].request[1], &CATEGORIES[50].request[0], &CATEGORIES[51].request[0], &CATEGORIES[54].request[0],
    &CATEGORIES[54].request[1], &CATEGORIES[55].request[0], &CATEGORIES[55].result[0], &CATEGORIES[56].request[0],
    &CATEGORIES[56].request[1], &CATEGORIES[57].request[0], &CATEGORIES[57].result[0], &CATEGORIES[58].request[0],
    &CATEGORIES[58].request[1], &CATEGORIES[59].request[0], &CATEGORIES[59].request[1], &CATEGORIES[60].request[0],
    &CATEGORIES[60].result[0], &CATEGORIES[61].request[0], &CATEGORIES[61].request[1], &CATEGORIES[62].request[0],
    &CATEGORIES[63].request[0], &CATEGORIES[63].result[0], &CATEGORIES[64].request[0], &CATEGORIES[64].request[1],
    &CATEGORIES[65].request[0], &CATEGORIES[65].request[1], &CATEGORIES[66].request[0], &CATEGORIES[67].request[0],
    &CATEGORIES[67].request[1], &CATEGORIES[67].result[0], &CATEGORIES[68].request[0], &CATEGORIES[68].request[1],
    &CATEGORIES[68].result[0], &CATEGORIES[69].request[0], &CATEGORIES[69].request[1], &CATEGORIES[69].request[2],
    &CATEGORIES[69].result[0], &CATEGORIES[70].request[0], &CATEGORIES[70].result[0], &CATEGORIES[71].request[0],
    &CATEGORIES[71].result[0], &CATEGORIES[72].request[0], &CATEGORIES[72].result[0], &CATEGORIES[73].request[0],
    &CATEGORIES[73].result[0], &CATEGORIES[74].result[0], &CATEGORIES[75].request[0], &CATEGORIES[76].request[0],
    &CATEGORIES[76].result[0], &CATEGORIES[77].request[0], &CATEGORIES[77].request[1], &CATEGORIES[77].result[0],
    &CATEGORIES[78].request[0], &CATEGORIES[79].request[0], &CATEGORIES[79].result[0], &CATEGORIES[80].request[0],
    &CATEGORIES[80].request[1], &CATEGORIES[81].request[0], &CATEGORIES[81].request[1], &CATEGORIES[82].request[0],
    &CATEGORIES[83].request[0], &CATEGORIES[83].request[1], &CATEGORIES[83].result[0], &CATEGORIES[84].request[0],
    &CATEGORIES[84].request[1], &CATEGORIES[85].request[0], &CATEGORIES[85].result[0], &CATEGORIES[86].request[0],
    &CATEGORIES[86].result[0], &CATEGORIES[87].request[0], &CATEGORIES[87].request[1], &CATEGORIES[88].request[0],
    &CATEGORIES[89].request[0], &CATEGORIES[89].request[1], &CATEGORIES[89].result[0], &CATEGORIES[90].request[0],
    &CATEGORIES[90].result[0], &CATEGORIES[91].request[0], &CATEGORIES[92].request[0], &CATEGORIES[93].request[0],
    &CATEGORIES[93].request[1], &CATEGORIES[93].result[0], &CATEGORIES[95].result[0], &CATEGORIES[96].request[0],
    &CATEGORIES[96].result[0], &CATEGORIES[97].request[0], &CATEGORIES[97].result[0], &CATEGORIES[98].request[0],
    &CATEGORIES[99].request[0], &CATEGORIES[99].request[1], &CATEGORIES[100].result[0], &CATEGORIES[101].result[0],
];

pub(super) const FIELD_SEED: u64 = 0x8161edcbe71df1df;
pub(super) const FIELD_BITS: u32 = 11;
pub(super) static FIELD_SLOTS: [u8; 2048] = [
    255, 63, 255, 107, 255, 255, 255, 22, 255, 255, 255, 255, 255, 255, 255, 255, 255, 9, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 28, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 189, 255, 255, 141, 255, 255, 255, 255, 255,
    255, 255, 46, 164, 255, 255, 255, 255, 255, 255, 191, 255, 45, 255, 255, 255, 255, 255, 146, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 51, 195, 255, 255, 255, 255, 255, 255, 255, 255, 44, 255, 255, 255, 153, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 134, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 29, 188, 255, 95, 255, 62, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    92, 255, 255, 255, 255, 106, 255, 255, 255, 255, 34, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 158, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 7, 255, 255, 255, 255, 255, 113, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 16, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 48, 255, 255, 81, 255, 10, 255, 255, 255, 255, 255, 255, 255,
    255, 15, 5, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 169, 170, 255, 255, 114, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 144, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 33, 255, 255, 255, 255, 255, 194,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 36, 255, 255, 255, 255, 255, 53, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 19, 255, 120, 255, 255, 255, 84, 255, 255, 255, 255, 255, 255, 255, 255, 255, 32, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 99, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 178, 255, 255, 255, 255, 255, 255, 162, 198, 123,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 165, 255, 255, 255, 255, 255, 255, 255,
    70, 255, 255, 255, 2, 255, 124, 255, 255, 23, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 38, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 80, 255, 255, 255, 255, 47, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 13, 255, 66, 255, 255, 255, 255, 255, 255, 255, 255, 255, 43, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 42, 255, 160, 255, 255, 255, 255, 154, 255, 255, 255, 255, 255, 255, 255, 86, 255, 255,
    83, 255, 255, 255, 255, 255, 255, 73, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 145, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 137, 89, 255, 255, 128, 255, 255, 255, 255, 60, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 167, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 157, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    59, 255, 255, 255, 255, 255, 130, 255, 255, 125, 255, 255, 255, 168, 255, 255, 255, 255, 255, 255, 111, 255, 255, 255, 255, 255, 255, 177, 255, 255, 255, 255,
    116, 255, 255, 255, 255, 255, 133, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 88, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 112, 255, 255, 255, 255, 255, 255,
    64, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 30, 255, 78, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 161, 147, 255, 255, 255, 117, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 132, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 37, 255, 255, 255, 255, 255, 255, 255, 131, 255, 255, 255, 255, 255, 143, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 52, 255, 255, 255, 166, 255, 255, 255, 255, 255, 255, 1, 255,
    255, 255, 255, 151, 61, 255, 255, 255, 135, 255, 255, 93, 76, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 12, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 181, 79, 255, 255, 8, 255,
    255, 255, 255, 255, 27, 255, 255, 255, 255, 11, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 127, 255,
    255, 255, 103, 255, 255, 255, 255, 255, 255, 110, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 197, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 196, 255, 255, 182, 255, 255, 255, 255, 255, 255, 255, 255, 118, 255, 255, 255, 255, 255, 255, 180, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 186, 255, 255, 163, 255, 255, 255, 139, 255, 255, 255, 255,
    187, 255, 255, 255, 255, 255, 255, 255, 142, 255, 255, 255, 255, 255, 255, 255, 255, 255, 58, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 20, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 199, 255, 55, 255, 255, 255, 255, 25, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 184, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 69, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 185, 255, 255, 255,
    255, 18, 108, 255, 190, 109, 255, 255, 255, 255, 255, 255, 121, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 156, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 100, 255, 255, 255, 255, 255, 255, 126, 255, 255, 255, 155, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 179, 255, 255, 255, 255, 68, 255, 255, 255, 255, 105, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 35, 255, 255, 148, 255, 255, 255, 255, 255,
    255, 255, 82, 255, 255, 255, 149, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 104, 255, 255, 122, 175, 255, 255, 255, 255, 255, 255, 255, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 152, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 85, 255, 57, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 87, 56, 255, 255, 255, 255,
    255, 255, 255, 67, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 129, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 171, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 193, 102, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 159, 255, 255, 255, 255, 255, 255, 255, 255, 49, 255, 90, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 96, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 72, 255, 255, 255, 183, 255, 255, 255, 255, 255, 97, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 136, 255, 255, 255, 255, 255, 71, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 40,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 98, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 176, 255, 255, 255, 255, 74, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 75, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 115, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 21, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 26, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 50, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 65, 255, 138, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 150, 255, 255, 255, 255, 255, 255, 17, 173, 24, 255, 255, 255, 255, 14, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 172, 94, 255, 255, 255, 255, 255, 255, 54, 255, 255, 255, 255, 255, 255, 255, 140, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 91, 255, 6, 255, 255, 255, 119, 255, 255, 41, 31, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 192, 255, 255, 39, 255, 101, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 77, 174, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
];

static APPLICATION_RESOURCE: Named = Named {
    name: "ApplicationResource",
    summary: "An entity of one application that is no resource of a domain",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&IDENTIFIER), entity: true, user: false },
        Member { name: "product", ty: Type::String, entity: false, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static APPLICATION_RID: Named = Named {
    name: "ApplicationRid",
    summary: "RID of an application",
    shape: Shape::Alias(&Type::String),
};

static ASSET_COORDINATE: Named = Named {
    name: "AssetCoordinate",
    summary: "A static asset on a release track",
    shape: Shape::Struct(&[
        Member { name: "artifactId", ty: Type::String, entity: false, user: false },
        Member { name: "track", ty: Type::String, entity: false, user: false },
        Member { name: "version", ty: Type::String, entity: false, user: false },
    ]),
};

static ASSET_FILE_LOAD_IDENTIFIER: Named = Named {
    name: "AssetFileLoadIdentifier",
    summary: "What file of a static asset was asked for",
    shape: Shape::Union(&[
        Member { name: "mavenCoordinateAndPath", ty: Type::Named(&MAVEN_COORDINATE_AND_PATH), entity: false, user: false },
        Member { name: "contentAddressableFileIdentifier", ty: Type::Named(&CONTENT_ADDRESSABLE_FILE_IDENTIFIER), entity: false, user: false },
    ]),
};

static ASSET_FILE_LOAD_RESPONSE: Named = Named {
    name: "AssetFileLoadResponse",
    summary: "What asset the file came from",
    shape: Shape::Union(&[
        Member { name: "mavenCoordinate", ty: Type::Named(&MAVEN_COORDINATE), entity: false, user: false },
        Member { name: "assetCoordinate", ty: Type::Named(&ASSET_COORDINATE), entity: false, user: false },
    ]),
};

static AUDIT_DATA_SHARE: Named = Named {
    name: "AuditDataShare",
    summary: "Audit data and the share that points to it",
    shape: Shape::Struct(&[
        Member { name: "targetId", ty: Type::Named(&DATA_RESOURCE), entity: true, user: false },
        Member { name: "shareId", ty: Type::Named(&DATA_RESOURCE), entity: true, user: false },
    ]),
};

static CONTENT_ADDRESSABLE_FILE_IDENTIFIER: Named = Named {
    name: "ContentAddressableFileIdentifier",
    summary: "A static file named by its content",
    shape: Shape::Struct(&[
        Member { name: "namespace", ty: Type::String, entity: false, user: false },
        Member { name: "hashedFileName", ty: Type::String, entity: false, user: false },
        Member { name: "forSourceMap", ty: Type::Boolean, entity: false, user: false },
    ]),
};

static DATA_RESOURCE: Named = Named {
    name: "DataResource",
    summary: "A dataset, an analysis or other data",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&IDENTIFIER), entity: true, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static ENCRYPTED_SECRET_VALUE: Named = Named {
    name: "EncryptedSecretValue",
    summary: "Ciphertext, never plain text",
    shape: Shape::Struct(&[
        Member { name: "value", ty: Type::String, entity: false, user: false },
    ]),
};

static ENROLLMENT_RID: Named = Named {
    name: "EnrollmentRid",
    summary: "RID of an enrollment",
    shape: Shape::Alias(&Type::String),
};

static ENTITY_ID: Named = Named {
    name: "EntityId",
    summary: "A running thing in an environment",
    shape: Shape::Struct(&[
        Member { name: "environment", ty: Type::String, entity: false, user: false },
        Member { name: "locator", ty: Type::Named(&ENTITY_LOCATOR), entity: false, user: false },
    ]),
};

static ENTITY_LOCATOR: Named = Named {
    name: "EntityLocator",
    summary: "What kind of running thing; the sources do not define how each is named",
    shape: Shape::Union(&[
        Member { name: "service", ty: Type::Any, entity: false, user: false },
        Member { name: "asset", ty: Type::Any, entity: false, user: false },
        Member { name: "daemon", ty: Type::Any, entity: false, user: false },
        Member { name: "k8sApp", ty: Type::Any, entity: false, user: false },
        Member { name: "k8sPod", ty: Type::Any, entity: false, user: false },
        Member { name: "k8sDeployment", ty: Type::Any, entity: false, user: false },
    ]),
};

static EXTERNAL_SYSTEM: Named = Named {
    name: "ExternalSystem",
    summary: "A system outside; the sources do not name the variants",
    shape: Shape::Alias(&Type::Any),
};

static EXTERNAL_SYSTEM_RESOURCE: Named = Named {
    name: "ExternalSystemResource",
    summary: "A thing in a system outside",
    shape: Shape::Struct(&[
        Member { name: "externalSystemId", ty: Type::Named(&IDENTIFIER), entity: false, user: false },
        Member { name: "description", ty: Type::String, entity: false, user: false },
    ]),
};

static FILE_TYPE: Named = Named {
    name: "FileType",
    summary: "Kind of file",
    shape: Shape::Enum(&["DATASET", "BINARY", "UNKNOWN"]),
};

static IDENTIFIER: Named = Named {
    name: "Identifier",
    summary: "Names one or several resources, by RID or in a foreign scheme",
    shape: Shape::Union(&[
        Member { name: "rid", ty: Type::String, entity: true, user: false },
        Member { name: "rids", ty: Type::List(&Type::String), entity: true, user: false },
        Member { name: "other", ty: Type::Named(&OTHER_IDENTIFIER), entity: true, user: false },
        Member { name: "others", ty: Type::List(&Type::Named(&OTHER_IDENTIFIER)), entity: true, user: false },
    ]),
};

static IMPORT_DESTINATION: Named = Named {
    name: "ImportDestination",
    summary: "Where an import landed",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&DATA_RESOURCE), entity: true, user: false },
        Member { name: "parent", ty: Type::Optional(&Type::Named(&DATA_RESOURCE)), entity: true, user: false },
        Member { name: "importedSize", ty: Type::Optional(&Type::Safelong), entity: false, user: false },
    ]),
};

static IMPORTED_FILE: Named = Named {
    name: "ImportedFile",
    summary: "A file brought in",
    shape: Shape::Struct(&[
        Member { name: "filename", ty: Type::String, entity: false, user: false },
        Member { name: "type", ty: Type::Optional(&Type::Named(&FILE_TYPE)), entity: false, user: false },
    ]),
};

static JUSTIFICATION_TYPE: Named = Named {
    name: "JustificationType",
    summary: "How the user answered; the sources do not list the values",
    shape: Shape::Alias(&Type::Any),
};

static LLM_INFERENCE_CONTEXT: Named = Named {
    name: "LlmInferenceContext",
    summary: "Which model, and how it was set",
    shape: Shape::Struct(&[
        Member { name: "modelId", ty: Type::Optional(&Type::Named(&IDENTIFIER)), entity: false, user: false },
        Member { name: "modelTemperature", ty: Type::Optional(&Type::Double), entity: false, user: false },
        Member { name: "contentModerationEnabled", ty: Type::Optional(&Type::Boolean), entity: false, user: false },
    ]),
};

static LLM_INPUT: Named = Named {
    name: "LlmInput",
    summary: "What a model was given",
    shape: Shape::Union(&[
        Member { name: "textPrompt", ty: Type::String, entity: false, user: false },
        Member { name: "resourceId", ty: Type::Named(&IDENTIFIER), entity: false, user: false },
    ]),
};

static LLM_RESPONSE: Named = Named {
    name: "LlmResponse",
    summary: "What a model gave back",
    shape: Shape::Union(&[
        Member { name: "textResponse", ty: Type::String, entity: false, user: false },
        Member { name: "resourceId", ty: Type::Named(&IDENTIFIER), entity: false, user: false },
    ]),
};

static LLM_ROUTING_REQUEST: Named = Named {
    name: "LlmRoutingRequest",
    summary: "A model call as it reached the router",
    shape: Shape::Struct(&[
        Member { name: "requestedUrl", ty: Type::String, entity: false, user: false },
        Member { name: "requestBody", ty: Type::String, entity: false, user: false },
        Member { name: "model", ty: Type::Optional(&Type::String), entity: false, user: false },
    ]),
};

static LLM_ROUTING_RESPONSE: Named = Named {
    name: "LlmRoutingResponse",
    summary: "What the router answered",
    shape: Shape::Struct(&[
        Member { name: "forwardedUrl", ty: Type::String, entity: false, user: false },
        Member { name: "httpStatusCode", ty: Type::Any, entity: false, user: false },
        Member { name: "responseBody", ty: Type::String, entity: false, user: false },
    ]),
};

static LOGIC_RESOURCE: Named = Named {
    name: "LogicResource",
    summary: "A transform, a dashboard or other logic",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&IDENTIFIER), entity: true, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static MAVEN_COORDINATE: Named = Named {
    name: "MavenCoordinate",
    summary: "A Maven artifact",
    shape: Shape::Struct(&[
        Member { name: "artifactId", ty: Type::String, entity: false, user: false },
        Member { name: "groupId", ty: Type::String, entity: false, user: false },
        Member { name: "version", ty: Type::String, entity: false, user: false },
    ]),
};

static MAVEN_COORDINATE_AND_PATH: Named = Named {
    name: "MavenCoordinateAndPath",
    summary: "A file inside a Maven artifact",
    shape: Shape::Struct(&[
        Member { name: "mavenCoordinate", ty: Type::Named(&PARTIAL_MAVEN_COORDINATE), entity: false, user: false },
        Member { name: "path", ty: Type::String, entity: false, user: false },
    ]),
};

static MONITOR_RESOURCE: Named = Named {
    name: "MonitorResource",
    summary: "A health check, an object monitor or other monitor",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&IDENTIFIER), entity: true, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static NODE_ID: Named = Named {
    name: "NodeId",
    summary: "A node that an entity runs on",
    shape: Shape::Struct(&[
        Member { name: "environment", ty: Type::String, entity: false, user: false },
        Member { name: "entity", ty: Type::Named(&ENTITY_ID), entity: false, user: false },
        Member { name: "nodeId", ty: Type::String, entity: false, user: false },
    ]),
};

static ONTOLOGY_CONTEXT: Named = Named {
    name: "OntologyContext",
    summary: "A type of the ontology and the properties meant; no properties means all",
    shape: Shape::Struct(&[
        Member { name: "entityType", ty: Type::Optional(&Type::Named(&ONTOLOGY_ENTITY_TYPE)), entity: true, user: false },
        Member { name: "propertyTypeRids", ty: Type::List(&Type::String), entity: false, user: false },
    ]),
};

static ONTOLOGY_DATA_RESOURCE: Named = Named {
    name: "OntologyDataResource",
    summary: "An object or link of the ontology. Its own id is not lifted into entities",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Optional(&Type::Named(&IDENTIFIER)), entity: false, user: false },
        Member { name: "objectPrimaryKey", ty: Type::List(&Type::Named(&ONTOLOGY_PROPERTY)), entity: true, user: false },
        Member { name: "additionalObjectProperties", ty: Type::Optional(&Type::List(&Type::Named(&ONTOLOGY_PROPERTY))), entity: true, user: false },
        Member { name: "ontologyContext", ty: Type::Optional(&Type::Named(&ONTOLOGY_CONTEXT)), entity: true, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static ONTOLOGY_DATA_RESOURCE_LIST: Named = Named {
    name: "OntologyDataResourceList",
    summary: "Objects that share one context",
    shape: Shape::Struct(&[
        Member { name: "sharedOntologyResourceContext", ty: Type::Named(&SHARED_ONTOLOGY_RESOURCE_CONTEXT), entity: true, user: false },
        Member { name: "ontologyDataResources", ty: Type::List(&Type::Named(&ONTOLOGY_DATA_RESOURCE)), entity: true, user: false },
    ]),
};

static ONTOLOGY_ENTITY_TYPE: Named = Named {
    name: "OntologyEntityType",
    summary: "A type of the ontology",
    shape: Shape::Union(&[
        Member { name: "rid", ty: Type::String, entity: true, user: false },
        Member { name: "id", ty: Type::Any, entity: false, user: false },
    ]),
};

static ONTOLOGY_LOGIC_RESOURCE: Named = Named {
    name: "OntologyLogicResource",
    summary: "An object set or similar selection",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Optional(&Type::Named(&IDENTIFIER)), entity: true, user: false },
        Member { name: "ontologyContext", ty: Type::List(&Type::Named(&ONTOLOGY_CONTEXT)), entity: true, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static ONTOLOGY_META_DATA_RESOURCE: Named = Named {
    name: "OntologyMetaDataResource",
    summary: "A definition in the ontology; its context says type and version",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&IDENTIFIER), entity: true, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static ONTOLOGY_PROPERTY: Named = Named {
    name: "OntologyProperty",
    summary: "A property of an object with its value",
    shape: Shape::Struct(&[
        Member { name: "propertyIdentifier", ty: Type::Named(&PROPERTY_IDENTIFIER), entity: true, user: false },
        Member { name: "propertyValue", ty: Type::String, entity: false, user: false },
    ]),
};

static OTHER_IDENTIFIER: Named = Named {
    name: "OtherIdentifier",
    summary: "A name in a foreign scheme",
    shape: Shape::Struct(&[
        Member { name: "value", ty: Type::String, entity: true, user: false },
        Member { name: "description", ty: Type::Optional(&Type::String), entity: false, user: false },
    ]),
};

static PARTIAL_MAVEN_COORDINATE: Named = Named {
    name: "PartialMavenCoordinate",
    summary: "A Maven artifact, perhaps without group or version",
    shape: Shape::Struct(&[
        Member { name: "artifactId", ty: Type::String, entity: false, user: false },
        Member { name: "groupId", ty: Type::Optional(&Type::String), entity: false, user: false },
        Member { name: "version", ty: Type::Optional(&Type::String), entity: false, user: false },
    ]),
};

static PASS_THROUGH_SENSITIVITY_TAGGED_VALUE: Named = Named {
    name: "PassThroughSensitivityTaggedValue",
    summary: "Any value with its levels of sensitivity",
    shape: Shape::Struct(&[
        Member { name: "level", ty: Type::List(&Type::String), entity: false, user: false },
        Member { name: "payload", ty: Type::Any, entity: false, user: false },
    ]),
};

static PATCH: Named = Named {
    name: "Patch",
    summary: "Members added to and removed from a group or marking",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&IDENTIFIER), entity: false, user: false },
        Member { name: "addedIds", ty: Type::List(&Type::Named(&IDENTIFIER)), entity: false, user: false },
        Member { name: "removedIds", ty: Type::List(&Type::Named(&IDENTIFIER)), entity: false, user: false },
        Member { name: "description", ty: Type::Optional(&Type::String), entity: false, user: false },
    ]),
};

static PROPERTY_IDENTIFIER: Named = Named {
    name: "PropertyIdentifier",
    summary: "Names a property; the sources do not define it. A string, or the string under rid, is lifted into entities",
    shape: Shape::Alias(&Type::Any),
};

static REQUEST_RESOURCE: Named = Named {
    name: "RequestResource",
    summary: "A pull request, an access request or other request",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Named(&IDENTIFIER), entity: true, user: false },
        Member { name: "context", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static RESOURCE: Named = Named {
    name: "Resource",
    summary: "A resource of any kind",
    shape: Shape::Union(&[
        Member { name: "application", ty: Type::Named(&APPLICATION_RESOURCE), entity: true, user: false },
        Member { name: "data", ty: Type::Named(&DATA_RESOURCE), entity: true, user: false },
        Member { name: "monitor", ty: Type::Named(&MONITOR_RESOURCE), entity: true, user: false },
        Member { name: "system", ty: Type::Named(&SYSTEM_RESOURCE), entity: false, user: false },
        Member { name: "logic", ty: Type::Named(&LOGIC_RESOURCE), entity: true, user: false },
        Member { name: "request", ty: Type::Named(&REQUEST_RESOURCE), entity: true, user: false },
        Member { name: "ontologyData", ty: Type::Named(&ONTOLOGY_DATA_RESOURCE), entity: true, user: false },
        Member { name: "ontologyDataList", ty: Type::Named(&ONTOLOGY_DATA_RESOURCE_LIST), entity: true, user: false },
        Member { name: "ontologyLogic", ty: Type::Named(&ONTOLOGY_LOGIC_RESOURCE), entity: true, user: false },
        Member { name: "ontologyMetaData", ty: Type::Named(&ONTOLOGY_META_DATA_RESOURCE), entity: true, user: false },
        Member { name: "external", ty: Type::Named(&IDENTIFIER), entity: true, user: false },
    ]),
};

static RESOURCE_CONTEXT: Named = Named {
    name: "ResourceContext",
    summary: "More about a resource, such as a branch or a version",
    shape: Shape::Struct(&[
        Member { name: "value", ty: Type::String, entity: false, user: false },
        Member { name: "description", ty: Type::String, entity: false, user: false },
    ]),
};

static SECRET_OPERATION: Named = Named {
    name: "SecretOperation",
    summary: "What was done with a secret",
    shape: Shape::Enum(&["HASH", "ENCRYPT", "DECRYPT", "UNKNOWN"]),
};

static SECRET_TYPE: Named = Named {
    name: "SecretType",
    summary: "Kind of secret",
    shape: Shape::Enum(&["PEPPER", "ASYMMETRIC_KEY_PAIR", "SYMMETRIC_KEY", "UNKNOWN"]),
};

static SHARED_ONTOLOGY_RESOURCE_CONTEXT: Named = Named {
    name: "SharedOntologyResourceContext",
    summary: "What several objects have in common",
    shape: Shape::Struct(&[
        Member { name: "ontologyContext", ty: Type::Named(&ONTOLOGY_CONTEXT), entity: true, user: false },
        Member { name: "resourceContext", ty: Type::List(&Type::Named(&RESOURCE_CONTEXT)), entity: false, user: false },
    ]),
};

static SYSTEM_RESOURCE: Named = Named {
    name: "SystemResource",
    summary: "A part of the infrastructure. Nothing of it is lifted into entities",
    shape: Shape::Union(&[
        Member { name: "node", ty: Type::Named(&NODE_ID), entity: false, user: false },
        Member { name: "entity", ty: Type::Named(&ENTITY_ID), entity: false, user: false },
        Member { name: "environment", ty: Type::String, entity: false, user: false },
        Member { name: "external", ty: Type::Named(&EXTERNAL_SYSTEM_RESOURCE), entity: false, user: false },
    ]),
};

static TARGET_VERSION: Named = Named {
    name: "TargetVersion",
    summary: "A version to move to; the sources do not define it",
    shape: Shape::Alias(&Type::Any),
};

static TOKEN: Named = Named {
    name: "Token",
    summary: "A token, named but never shown",
    shape: Shape::Struct(&[
        Member { name: "id", ty: Type::Optional(&Type::Named(&IDENTIFIER)), entity: false, user: false },
        Member { name: "expirationTime", ty: Type::Optional(&Type::Datetime), entity: false, user: false },
        Member { name: "userId", ty: Type::Optional(&Type::Named(&USER_ID)), entity: false, user: true },
        Member { name: "type", ty: Type::Named(&TOKEN_TYPE), entity: false, user: false },
    ]),
};

static TOKEN_TYPE: Named = Named {
    name: "TokenType",
    summary: "Kind of token; the sources do not list the values",
    shape: Shape::Alias(&Type::Any),
};

static UPGRADE_RESOURCE_ACTION: Named = Named {
    name: "UpgradeResourceAction",
    summary: "A resource and the version it moves to",
    shape: Shape::Struct(&[
        Member { name: "resource", ty: Type::Named(&SYSTEM_RESOURCE), entity: false, user: false },
        Member { name: "targetVersion", ty: Type::Named(&TARGET_VERSION), entity: false, user: false },
    ]),
};

static USER_ID: Named = Named {
    name: "UserId",
    summary: "Id of a user",
    shape: Shape::Alias(&Type::String),
};

static USER_JUSTIFICATION: Named = Named {
    name: "UserJustification",
    summary: "A question and the user's answer",
    shape: Shape::Struct(&[
        Member { name: "prompt", ty: Type::String, entity: false, user: false },
        Member { name: "justification", ty: Type::String, entity: false, user: false },
        Member { name: "justificationType", ty: Type::Named(&JUSTIFICATION_TYPE), entity: false, user: false },
    ]),
};

//! What an audit.3 line has to hold, for the categories that the platform uses.

use serde_json::Value;

/// Category, required request fields, required result fields, optional fields.
const CATEGORIES: &[(&str, &[&str], &[&str], &[&str])] = &[
    ("apiGatewayRequest", &[], &[], &["operationNames"]),
    ("authenticationCheck", &[], &["authenticationCheckResult"], &["authenticationCheckTargets"]),
    (
        "authorizationCheck",
        &["authorizationCheckOperations"],
        &["authorizationCheckSucceededTargets", "authorizationCheckFailedTargets"],
        &["authorizationCheckTargets"],
    ),
    ("dataCreate", &[], &["createdResources"], &[]),
    ("dataDelete", &["deletedResources"], &[], &[]),
    ("dataExport", &["downloadedResources"], &["downloadedSize"], &[]),
    (
        "dataImport",
        &["importedFilename", "importedFileType"],
        &["importResourceId"],
        &["importParentResourceId", "importedSize"],
    ),
    ("dataLoad", &["loadedResources"], &[], &[]),
    ("dataSearch", &["dataSearchQuery"], &["dataSearchResults"], &[]),
    ("inApplicationContext", &["applicationRid"], &[], &[]),
    ("managementGroups", &["groupPatches"], &[], &[]),
    ("managementPermissions", &["resourcesWithPermissionsChanges"], &[], &["permissionChangeContext"]),
    ("managementUsers", &["managedUserIds"], &[], &[]),
    ("metaDataAccess", &["accessedMetaDataResources", "accessedMetaDataDescription"], &[], &[]),
    ("metaDataUpdate", &["updatedMetaDataResources", "updatedMetaDataDescription"], &[], &[]),
    ("onBehalfOf", &["onBehalfOfUserIds"], &[], &[]),
    ("requestCreate", &["createdRequestAffectedResources"], &["createdRequestIds"], &["createdRequestDescription"]),
    ("tokenGeneration", &[], &[], &["generateTokensDescription", "generatedTokens"]),
    ("tokenRevoke", &[], &["revokedTokens"], &[]),
    ("userLogin", &[], &[], &["loginUserId"]),
    ("userLogout", &[], &[], &["logoutUserId"]),
];

pub(super) fn check(line: &str) {
    let event: Value = serde_json::from_str(line).expect(line);
    for field in
        ["time", "name", "result", "eventId", "logEntryId", "producerType", "product", "productVersion", "orgId", "uid"]
    {
        assert!(event[field].is_string(), "{field} in {line}");
    }
    let categories: Vec<&str> =
        event["categories"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(categories.is_sorted() && !categories.is_empty(), "{line}");
    let mut allowed = Vec::new();
    for category in categories {
        let (_, request, result, optional) = CATEGORIES.iter().find(|facts| facts.0 == category).expect(line);
        assert!(request.iter().all(|field| event["requestFields"].get(field).is_some()), "{line}");
        if event["result"] == "SUCCESS" {
            assert!(result.iter().all(|field| event["resultFields"].get(field).is_some()), "{line}");
        }
        allowed.extend(request.iter().chain(*result).chain(*optional));
    }
    let maps = ["requestFields", "resultFields"].map(|map| event[map].as_object().cloned().unwrap_or_default());
    assert!(maps.iter().flat_map(|map| map.keys()).all(|key| allowed.contains(&&key.as_str())), "{line}");
}

"""The catalogue as Python types; generated from crates/event/catalogue.json by `cargo run -p xtask -- catalogue`.

What a category requires has no default, so that leaving it out is an error of the type checker and of the constructor.
Names are those of the catalogue in snake case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional, Sequence

from ._values import Category, Datetime, Literal, Result, Struct, Union, Uuid

ApplicationRid = str
"""RID of an application."""

EnrollmentRid = str
"""RID of an enrollment."""

ExternalSystem = Any
"""A system outside; the sources do not name the variants."""

FileType = Literal["DATASET", "BINARY", "UNKNOWN"]
"""Kind of file."""

JustificationType = Any
"""How the user answered; the sources do not list the values."""

PropertyIdentifier = Any
"""Names a property; the sources do not define it. A string, or the string under rid, is lifted into entities."""

SecretOperation = Literal["HASH", "ENCRYPT", "DECRYPT", "UNKNOWN"]
"""What was done with a secret."""

SecretType = Literal["PEPPER", "ASYMMETRIC_KEY_PAIR", "SYMMETRIC_KEY", "UNKNOWN"]
"""Kind of secret."""

TargetVersion = Any
"""A version to move to; the sources do not define it."""

TokenType = Any
"""Kind of token; the sources do not list the values."""

UserId = str
"""Id of a user."""


@dataclass(frozen=True)
class ApplicationResource(Struct):
    """An entity of one application that is no resource of a domain."""

    id: Identifier
    product: str
    context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class AssetCoordinate(Struct):
    """A static asset on a release track."""

    artifact_id: str
    track: str
    version: str


class AssetFileLoadIdentifier(Union):
    """What file of a static asset was asked for."""

    @classmethod
    def maven_coordinate_and_path(cls, value: MavenCoordinateAndPath) -> AssetFileLoadIdentifier:
        """The variant `mavenCoordinateAndPath`."""
        return cls._of("mavenCoordinateAndPath", value, cls.maven_coordinate_and_path)

    @classmethod
    def content_addressable_file_identifier(cls, value: ContentAddressableFileIdentifier) -> AssetFileLoadIdentifier:
        """The variant `contentAddressableFileIdentifier`."""
        return cls._of("contentAddressableFileIdentifier", value, cls.content_addressable_file_identifier)


class AssetFileLoadResponse(Union):
    """What asset the file came from."""

    @classmethod
    def maven_coordinate(cls, value: MavenCoordinate) -> AssetFileLoadResponse:
        """The variant `mavenCoordinate`."""
        return cls._of("mavenCoordinate", value, cls.maven_coordinate)

    @classmethod
    def asset_coordinate(cls, value: AssetCoordinate) -> AssetFileLoadResponse:
        """The variant `assetCoordinate`."""
        return cls._of("assetCoordinate", value, cls.asset_coordinate)


@dataclass(frozen=True)
class AuditDataShare(Struct):
    """Audit data and the share that points to it."""

    target_id: DataResource
    share_id: DataResource


@dataclass(frozen=True)
class ContentAddressableFileIdentifier(Struct):
    """A static file named by its content."""

    namespace: str
    hashed_file_name: str
    for_source_map: bool


@dataclass(frozen=True)
class DataResource(Struct):
    """A dataset, an analysis or other data."""

    id: Identifier
    context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class EncryptedSecretValue(Struct):
    """Ciphertext, never plain text."""

    value: str


@dataclass(frozen=True)
class EntityId(Struct):
    """A running thing in an environment."""

    environment: str
    locator: EntityLocator


class EntityLocator(Union):
    """What kind of running thing; the sources do not define how each is named."""

    @classmethod
    def service(cls, value: Any) -> EntityLocator:
        """The variant `service`."""
        return cls._of("service", value, cls.service)

    @classmethod
    def asset(cls, value: Any) -> EntityLocator:
        """The variant `asset`."""
        return cls._of("asset", value, cls.asset)

    @classmethod
    def daemon(cls, value: Any) -> EntityLocator:
        """The variant `daemon`."""
        return cls._of("daemon", value, cls.daemon)

    @classmethod
    def k8s_app(cls, value: Any) -> EntityLocator:
        """The variant `k8sApp`."""
        return cls._of("k8sApp", value, cls.k8s_app)

    @classmethod
    def k8s_pod(cls, value: Any) -> EntityLocator:
        """The variant `k8sPod`."""
        return cls._of("k8sPod", value, cls.k8s_pod)

    @classmethod
    def k8s_deployment(cls, value: Any) -> EntityLocator:
        """The variant `k8sDeployment`."""
        return cls._of("k8sDeployment", value, cls.k8s_deployment)


@dataclass(frozen=True)
class ExternalSystemResource(Struct):
    """A thing in a system outside."""

    external_system_id: Identifier
    description: str


class Identifier(Union):
    """Names one or several resources, by RID or in a foreign scheme."""

    @classmethod
    def rid(cls, value: str) -> Identifier:
        """The variant `rid`."""
        return cls._of("rid", value, cls.rid)

    @classmethod
    def rids(cls, value: Sequence[str]) -> Identifier:
        """The variant `rids`."""
        return cls._of("rids", value, cls.rids)

    @classmethod
    def other(cls, value: OtherIdentifier) -> Identifier:
        """The variant `other`."""
        return cls._of("other", value, cls.other)

    @classmethod
    def others(cls, value: Sequence[OtherIdentifier]) -> Identifier:
        """The variant `others`."""
        return cls._of("others", value, cls.others)


@dataclass(frozen=True)
class ImportDestination(Struct):
    """Where an import landed."""

    id: DataResource
    parent: Optional[DataResource] = None
    imported_size: Optional[int] = None


@dataclass(frozen=True)
class ImportedFile(Struct):
    """A file brought in."""

    filename: str
    type: Optional[FileType] = None


@dataclass(frozen=True)
class LlmInferenceContext(Struct):
    """Which model, and how it was set."""

    model_id: Optional[Identifier] = None
    model_temperature: Optional[float] = None
    content_moderation_enabled: Optional[bool] = None


class LlmInput(Union):
    """What a model was given."""

    @classmethod
    def text_prompt(cls, value: str) -> LlmInput:
        """The variant `textPrompt`."""
        return cls._of("textPrompt", value, cls.text_prompt)

    @classmethod
    def resource_id(cls, value: Identifier) -> LlmInput:
        """The variant `resourceId`."""
        return cls._of("resourceId", value, cls.resource_id)


class LlmResponse(Union):
    """What a model gave back."""

    @classmethod
    def text_response(cls, value: str) -> LlmResponse:
        """The variant `textResponse`."""
        return cls._of("textResponse", value, cls.text_response)

    @classmethod
    def resource_id(cls, value: Identifier) -> LlmResponse:
        """The variant `resourceId`."""
        return cls._of("resourceId", value, cls.resource_id)


@dataclass(frozen=True)
class LlmRoutingRequest(Struct):
    """A model call as it reached the router."""

    requested_url: str
    request_body: str
    model: Optional[str] = None


@dataclass(frozen=True)
class LlmRoutingResponse(Struct):
    """What the router answered."""

    forwarded_url: str
    http_status_code: Any
    response_body: str


@dataclass(frozen=True)
class LogicResource(Struct):
    """A transform, a dashboard or other logic."""

    id: Identifier
    context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class MavenCoordinate(Struct):
    """A Maven artifact."""

    artifact_id: str
    group_id: str
    version: str


@dataclass(frozen=True)
class MavenCoordinateAndPath(Struct):
    """A file inside a Maven artifact."""

    maven_coordinate: PartialMavenCoordinate
    path: str


@dataclass(frozen=True)
class MonitorResource(Struct):
    """A health check, an object monitor or other monitor."""

    id: Identifier
    context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class NodeId(Struct):
    """A node that an entity runs on."""

    environment: str
    entity: EntityId
    node_id: str


@dataclass(frozen=True)
class OntologyContext(Struct):
    """A type of the ontology and the properties meant; no properties means all."""

    entity_type: Optional[OntologyEntityType] = None
    property_type_rids: Sequence[str] = ()


@dataclass(frozen=True)
class OntologyDataResource(Struct):
    """An object or link of the ontology. Its own id is not lifted into entities."""

    id: Optional[Identifier] = None
    object_primary_key: Sequence[OntologyProperty] = ()
    additional_object_properties: Optional[Sequence[OntologyProperty]] = None
    ontology_context: Optional[OntologyContext] = None
    context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyDataResourceList(Struct):
    """Objects that share one context."""

    shared_ontology_resource_context: SharedOntologyResourceContext
    ontology_data_resources: Sequence[OntologyDataResource] = ()


class OntologyEntityType(Union):
    """A type of the ontology."""

    @classmethod
    def rid(cls, value: str) -> OntologyEntityType:
        """The variant `rid`."""
        return cls._of("rid", value, cls.rid)

    @classmethod
    def id(cls, value: Any) -> OntologyEntityType:
        """The variant `id`."""
        return cls._of("id", value, cls.id)


@dataclass(frozen=True)
class OntologyLogicResource(Struct):
    """An object set or similar selection."""

    id: Optional[Identifier] = None
    ontology_context: Sequence[OntologyContext] = ()
    context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyMetaDataResource(Struct):
    """A definition in the ontology; its context says type and version."""

    id: Identifier
    context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyProperty(Struct):
    """A property of an object with its value."""

    property_identifier: PropertyIdentifier
    property_value: str


@dataclass(frozen=True)
class OtherIdentifier(Struct):
    """A name in a foreign scheme."""

    value: str
    description: Optional[str] = None


@dataclass(frozen=True)
class PartialMavenCoordinate(Struct):
    """A Maven artifact, perhaps without group or version."""

    artifact_id: str
    group_id: Optional[str] = None
    version: Optional[str] = None


@dataclass(frozen=True)
class PassThroughSensitivityTaggedValue(Struct):
    """Any value with its levels of sensitivity."""

    payload: Any
    level: Sequence[str] = ()


@dataclass(frozen=True)
class Patch(Struct):
    """Members added to and removed from a group or marking."""

    id: Identifier
    added_ids: Sequence[Identifier] = ()
    removed_ids: Sequence[Identifier] = ()
    description: Optional[str] = None


@dataclass(frozen=True)
class RequestResource(Struct):
    """A pull request, an access request or other request."""

    id: Identifier
    context: Sequence[ResourceContext] = ()


class Resource(Union):
    """A resource of any kind."""

    @classmethod
    def application(cls, value: ApplicationResource) -> Resource:
        """The variant `application`."""
        return cls._of("application", value, cls.application)

    @classmethod
    def data(cls, value: DataResource) -> Resource:
        """The variant `data`."""
        return cls._of("data", value, cls.data)

    @classmethod
    def monitor(cls, value: MonitorResource) -> Resource:
        """The variant `monitor`."""
        return cls._of("monitor", value, cls.monitor)

    @classmethod
    def system(cls, value: SystemResource) -> Resource:
        """The variant `system`."""
        return cls._of("system", value, cls.system)

    @classmethod
    def logic(cls, value: LogicResource) -> Resource:
        """The variant `logic`."""
        return cls._of("logic", value, cls.logic)

    @classmethod
    def request(cls, value: RequestResource) -> Resource:
        """The variant `request`."""
        return cls._of("request", value, cls.request)

    @classmethod
    def ontology_data(cls, value: OntologyDataResource) -> Resource:
        """The variant `ontologyData`."""
        return cls._of("ontologyData", value, cls.ontology_data)

    @classmethod
    def ontology_data_list(cls, value: OntologyDataResourceList) -> Resource:
        """The variant `ontologyDataList`."""
        return cls._of("ontologyDataList", value, cls.ontology_data_list)

    @classmethod
    def ontology_logic(cls, value: OntologyLogicResource) -> Resource:
        """The variant `ontologyLogic`."""
        return cls._of("ontologyLogic", value, cls.ontology_logic)

    @classmethod
    def ontology_meta_data(cls, value: OntologyMetaDataResource) -> Resource:
        """The variant `ontologyMetaData`."""
        return cls._of("ontologyMetaData", value, cls.ontology_meta_data)

    @classmethod
    def external(cls, value: Identifier) -> Resource:
        """The variant `external`."""
        return cls._of("external", value, cls.external)


@dataclass(frozen=True)
class ResourceContext(Struct):
    """More about a resource, such as a branch or a version."""

    value: str
    description: str


@dataclass(frozen=True)
class SharedOntologyResourceContext(Struct):
    """What several objects have in common."""

    ontology_context: OntologyContext
    resource_context: Sequence[ResourceContext] = ()


class SystemResource(Union):
    """A part of the infrastructure. Nothing of it is lifted into entities."""

    @classmethod
    def node(cls, value: NodeId) -> SystemResource:
        """The variant `node`."""
        return cls._of("node", value, cls.node)

    @classmethod
    def entity(cls, value: EntityId) -> SystemResource:
        """The variant `entity`."""
        return cls._of("entity", value, cls.entity)

    @classmethod
    def environment(cls, value: str) -> SystemResource:
        """The variant `environment`."""
        return cls._of("environment", value, cls.environment)

    @classmethod
    def external(cls, value: ExternalSystemResource) -> SystemResource:
        """The variant `external`."""
        return cls._of("external", value, cls.external)


@dataclass(frozen=True)
class Token(Struct):
    """A token, named but never shown."""

    type: TokenType
    id: Optional[Identifier] = None
    expiration_time: Optional[Datetime] = None
    user_id: Optional[UserId] = None


@dataclass(frozen=True)
class UpgradeResourceAction(Struct):
    """A resource and the version it moves to."""

    resource: SystemResource
    target_version: TargetVersion


@dataclass(frozen=True)
class UserJustification(Struct):
    """A question and the user's answer."""

    prompt: str
    justification: str
    justification_type: JustificationType


@dataclass(frozen=True)
class ApiGatewayRequest(Category):
    """`apiGatewayRequest`: Request to an API gateway; join on traceId and userAgent to find what it fanned out to.

    operation_names: Operation names; several for a batch.
    """

    NAME = "apiGatewayRequest"
    operation_names: Sequence[str] = ()


@dataclass(frozen=True)
class AppConfigAccess(Category):
    """`appConfigAccess`: Application configuration, tied to a user or resource, was loaded.

    accessed_app_config_ids: Configuration loaded.
    access_app_config_description: What was loaded.
    """

    NAME = "appConfigAccess"
    accessed_app_config_ids: Sequence[ApplicationResource]
    access_app_config_description: Optional[str]


@dataclass(frozen=True)
class AppConfigCreateResult(Result):
    """What came of a `appConfigCreate`.

    created_app_config_ids: Configuration created.
    """

    CATEGORY = "appConfigCreate"
    created_app_config_ids: Sequence[ApplicationResource]


@dataclass(frozen=True)
class AppConfigCreate(Category):
    """`appConfigCreate`: Application configuration was created.

    create_app_config_description: What was created.
    """

    NAME = "appConfigCreate"
    RESULT = AppConfigCreateResult
    create_app_config_description: Optional[str]


@dataclass(frozen=True)
class AppConfigDelete(Category):
    """`appConfigDelete`: Application configuration was deleted.

    deleted_app_config_ids: Configuration deleted.
    delete_app_config_description: What was deleted.
    """

    NAME = "appConfigDelete"
    deleted_app_config_ids: Sequence[ApplicationResource]
    delete_app_config_description: Optional[str]


@dataclass(frozen=True)
class AppConfigSearchResult(Result):
    """What came of a `appConfigSearch`.

    app_config_search_results: Configuration shown.
    """

    CATEGORY = "appConfigSearch"
    app_config_search_results: Sequence[ApplicationResource]


@dataclass(frozen=True)
class AppConfigSearch(Category):
    """`appConfigSearch`: Search of application configuration, used when exact results are unknown or vary.

    app_config_search_query: Query text.
    """

    NAME = "appConfigSearch"
    RESULT = AppConfigSearchResult
    app_config_search_query: Optional[str]


@dataclass(frozen=True)
class AppConfigUpdate(Category):
    """`appConfigUpdate`: Application configuration was changed.

    updated_app_config_ids: Configuration changed.
    update_app_config_description: What changed.
    """

    NAME = "appConfigUpdate"
    updated_app_config_ids: Sequence[ApplicationResource]
    update_app_config_description: Optional[str]


@dataclass(frozen=True)
class AssetFileLoadResult(Result):
    """What came of a `assetFileLoad`.

    response_maven_coordinate: Full coordinate returned.
    """

    CATEGORY = "assetFileLoad"
    response_maven_coordinate: Optional[MavenCoordinate]


@dataclass(frozen=True)
class AssetFileLoad(Category):
    """`assetFileLoad`: A file of a static asset was loaded by full coordinate.

    The category is deprecated.

    request_maven_coordinate: Coordinate asked for; group or version may be absent.
    file_path: Path asked for.
    """

    NAME = "assetFileLoad"
    RESULT = AssetFileLoadResult
    request_maven_coordinate: PartialMavenCoordinate
    file_path: str


@dataclass(frozen=True)
class AssetFileLoadV2Result(Result):
    """What came of a `assetFileLoadV2`.

    file_load_response: What was returned.
    """

    CATEGORY = "assetFileLoadV2"
    file_load_response: Optional[AssetFileLoadResponse]


@dataclass(frozen=True)
class AssetFileLoadV2(Category):
    """`assetFileLoadV2`: A static file was loaded by asset coordinate or content address.

    file_identifier: What was asked for.
    """

    NAME = "assetFileLoadV2"
    RESULT = AssetFileLoadV2Result
    file_identifier: AssetFileLoadIdentifier


@dataclass(frozen=True)
class AuditDataRedactResult(Result):
    """What came of a `auditDataRedact`.

    redaction_request_id: Id of this request.
    redacted_audit_event_ids: Ids redacted in that organization.
    redacted_service_user_attributed_audit_event_ids: Ids redacted among service-user-attributed events.
    missing_audit_event_ids: Ids found in neither place within the window.
    redacted_line_count: Physical lines redacted.
    modified_files: Old file name to new file name.
    """

    CATEGORY = "auditDataRedact"
    redaction_request_id: Uuid
    redacted_audit_event_ids: Any
    redacted_service_user_attributed_audit_event_ids: Any
    missing_audit_event_ids: Any
    redacted_line_count: Any
    modified_files: Mapping[str, str]


@dataclass(frozen=True)
class AuditDataRedact(Category):
    """`auditDataRedact`: Audit data redacted to remedy a data spill.

    Known from the published catalogue alone, which gives neither types nor classifications.

    requested_audit_event_ids: Event ids thought to be hit by the spill.
    organization_rid: Organization the events were attributed to.
    start_date: Start of the window of the events.
    end_date: End of the window.
    redaction_reason: Reason; may not be empty.
    """

    NAME = "auditDataRedact"
    RESULT = AuditDataRedactResult
    requested_audit_event_ids: Any
    organization_rid: Any
    start_date: Any
    end_date: Any
    redaction_reason: Any


@dataclass(frozen=True)
class AuditDataShareCreateResult(Result):
    """What came of a `auditDataShareCreate`.

    share_ids: Target to created share.
    """

    CATEGORY = "auditDataShareCreate"
    share_ids: Sequence[AuditDataShare]


@dataclass(frozen=True)
class AuditDataShareCreate(Category):
    """`auditDataShareCreate`: Pointers to audit data made, e.g. signed URLs that need no further authorization.

    shareIds stands in the published catalogue alone, without a classification.

    share_targets: Audit data shared.
    """

    NAME = "auditDataShareCreate"
    RESULT = AuditDataShareCreateResult
    share_targets: Sequence[DataResource]


@dataclass(frozen=True)
class AuditDataTransformResult(Result):
    """What came of a `auditDataTransform`.

    transform_destination: Where output went; absent means in memory only, same as target means in place.
    """

    CATEGORY = "auditDataTransform"
    transform_destination: Optional[DataResource] = None


@dataclass(frozen=True)
class AuditDataTransform(Category):
    """`auditDataTransform`: Exactly one resource holding audit data was transformed.

    transform_target: Resource transformed.
    transform_descriptions: Transformations done.
    """

    NAME = "auditDataTransform"
    RESULT = AuditDataTransformResult
    transform_target: DataResource
    transform_descriptions: Sequence[str]


@dataclass(frozen=True)
class AuthenticationCheckResult(Result):
    """What came of a `authenticationCheck`.

    authentication_check_result: Whether it passed.
    authentication_check_result_message: Detail of the outcome.
    """

    CATEGORY = "authenticationCheck"
    authentication_check_result: Optional[bool]
    authentication_check_result_message: Optional[str] = None


@dataclass(frozen=True)
class AuthenticationCheck(Category):
    """`authenticationCheck`: Authentication status checked, by program or by hand, e.g. token validation.

    authentication_check_targets: What is being authenticated.
    """

    NAME = "authenticationCheck"
    RESULT = AuthenticationCheckResult
    authentication_check_targets: Sequence[Identifier] = ()


@dataclass(frozen=True)
class AuthorizationCheckResult(Result):
    """What came of a `authorizationCheck`.

    authorization_check_succeeded_targets: Targets allowed.
    authorization_check_failed_targets: Targets refused.
    authorization_check_result_message: Detail of the outcome.
    """

    CATEGORY = "authorizationCheck"
    authorization_check_succeeded_targets: Sequence[Identifier]
    authorization_check_failed_targets: Sequence[Identifier]
    authorization_check_result_message: Optional[str] = None


@dataclass(frozen=True)
class AuthorizationCheck(Category):
    """`authorizationCheck`: Permission check, by program or by hand.

    authorization_check_operations: Permissions asked about.
    authorization_check_targets: What access is checked on.
    """

    NAME = "authorizationCheck"
    RESULT = AuthorizationCheckResult
    authorization_check_operations: Sequence[str]
    authorization_check_targets: Sequence[Identifier] = ()


@dataclass(frozen=True)
class BulkDataImportResult(Result):
    """What came of a `bulkDataImport`.

    bulk_import_destinations: Where the import landed.
    """

    CATEGORY = "bulkDataImport"
    bulk_import_destinations: Sequence[ImportDestination]


@dataclass(frozen=True)
class BulkDataImport(Category):
    """`bulkDataImport`: Many files imported at once, where each file's destination may not be traceable.

    bulk_imported_files: Files brought in.
    """

    NAME = "bulkDataImport"
    RESULT = BulkDataImportResult
    bulk_imported_files: Sequence[ImportedFile]


@dataclass(frozen=True)
class CancelCodeExecution(Category):
    """`cancelCodeExecution`: A running execution was cancelled.

    cancelled_executed_resources: What had been running.
    cancelled_executed_resource_environment: Its enclosing environment.
    """

    NAME = "cancelCodeExecution"
    cancelled_executed_resources: Sequence[LogicResource]
    cancelled_executed_resource_environment: Optional[LogicResource]


@dataclass(frozen=True)
class CodeExecutionResult(Result):
    """What came of a `codeExecution`.

    executed_resources: What ran, e.g. model, build or container id.
    """

    CATEGORY = "codeExecution"
    executed_resources: Sequence[LogicResource]


@dataclass(frozen=True)
class CodeExecution(Category):
    """`codeExecution`: Code was run, with or without an output data resource.

    executed_resource_environment: Enclosing environment, e.g. a workbook or live deployment.
    """

    NAME = "codeExecution"
    RESULT = CodeExecutionResult
    executed_resource_environment: Optional[LogicResource]


@dataclass(frozen=True)
class ConfigureInfraResult(Result):
    """What came of a `configureInfra`.

    configure_infra_request_id: Id of the configuration request.
    """

    CATEGORY = "configureInfra"
    configure_infra_request_id: Optional[str]


@dataclass(frozen=True)
class ConfigureInfra(Category):
    """`configureInfra`: A user configures infrastructure.

    configure_infra_targets: Being configured.
    """

    NAME = "configureInfra"
    RESULT = ConfigureInfraResult
    configure_infra_targets: Sequence[SystemResource]


@dataclass(frozen=True)
class ContainerLaunchResult(Result):
    """What came of a `containerLaunch`.

    launched_container_ids: Launched.
    """

    CATEGORY = "containerLaunch"
    launched_container_ids: Sequence[SystemResource]


@dataclass(frozen=True)
class ContainerLaunch(Category):
    """`containerLaunch`: A compute environment was prepared, e.g. a Spark module launched.

    requested_container_ids_to_launch: Asked to launch.
    """

    NAME = "containerLaunch"
    RESULT = ContainerLaunchResult
    requested_container_ids_to_launch: Sequence[SystemResource] = ()


@dataclass(frozen=True)
class ContainerLoadResult(Result):
    """What came of a `containerLoad`.

    loaded_container_load_ids: Returned.
    """

    CATEGORY = "containerLoad"
    loaded_container_load_ids: Sequence[SystemResource]


@dataclass(frozen=True)
class ContainerLoad(Category):
    """`containerLoad`: A compute environment was read.

    requested_container_load_ids: Asked for.
    """

    NAME = "containerLoad"
    RESULT = ContainerLoadResult
    requested_container_load_ids: Sequence[SystemResource]


@dataclass(frozen=True)
class ContainerSearchResult(Result):
    """What came of a `containerSearch`.

    container_search_results: Shown to the user.
    """

    CATEGORY = "containerSearch"
    container_search_results: Sequence[SystemResource]


@dataclass(frozen=True)
class ContainerSearch(Category):
    """`containerSearch`: Compute environments were listed or searched.

    container_search_query: Query text.
    """

    NAME = "containerSearch"
    RESULT = ContainerSearchResult
    container_search_query: Optional[str] = None


@dataclass(frozen=True)
class ContainerStop(Category):
    """`containerStop`: A compute environment was shut down.

    stopped_container_ids: Stopped.
    container_stop_reason: Readable reason, e.g. failure or user request.
    """

    NAME = "containerStop"
    stopped_container_ids: Sequence[SystemResource]
    container_stop_reason: Optional[str] = None


@dataclass(frozen=True)
class CreateInfraResult(Result):
    """What came of a `createInfra`.

    created_infra_resources: Created, with fuller identifiers.
    """

    CATEGORY = "createInfra"
    created_infra_resources: Sequence[SystemResource]


@dataclass(frozen=True)
class CreateInfra(Category):
    """`createInfra`: A user creates infrastructure such as a node or service.

    create_infra_targets: To be created.
    """

    NAME = "createInfra"
    RESULT = CreateInfraResult
    create_infra_targets: Sequence[SystemResource]


@dataclass(frozen=True)
class DataCreateResult(Result):
    """What came of a `dataCreate`.

    created_resources: Data resources made by the event.
    """

    CATEGORY = "dataCreate"
    created_resources: Sequence[DataResource]


@dataclass(frozen=True)
class DataCreate(Category):
    """`dataCreate`: New data now exists in the platform; a landing service may log the same thing as dataPromote.

    Early emitters wrote createdResources among the request fields; that is refused."""

    NAME = "dataCreate"
    RESULT = DataCreateResult


@dataclass(frozen=True)
class DataDelete(Category):
    """`dataDelete`: Data removed, whatever the granularity of the removal.

    deleted_resources: Data resources removed.
    """

    NAME = "dataDelete"
    deleted_resources: Sequence[DataResource]


@dataclass(frozen=True)
class DataExportResult(Result):
    """What came of a `dataExport`.

    downloaded_size: Bytes taken out.
    """

    CATEGORY = "dataExport"
    downloaded_size: Optional[int]


@dataclass(frozen=True)
class DataExport(Category):
    """`dataExport`: Data leaves the platform, e.g. a download or CSV; copies to other Palantir systems use dataPromote.

    downloaded_resources: Every resource that was taken out.
    """

    NAME = "dataExport"
    RESULT = DataExportResult
    downloaded_resources: Sequence[DataResource]


@dataclass(frozen=True)
class DataImportResult(Result):
    """What came of a `dataImport`.

    import_resource_id: Destination resource.
    imported_size: Total bytes brought in.
    """

    CATEGORY = "dataImport"
    import_resource_id: Optional[DataResource]
    imported_size: Optional[int] = None


@dataclass(frozen=True)
class DataImport(Category):
    """`dataImport`: Data comes in from outside the platform; another service may record it as dataPromote.

    imported_filename: File name of what was brought in.
    imported_file_type: Kind of file.
    import_parent_resource_id: Parent of the destination.
    """

    NAME = "dataImport"
    RESULT = DataImportResult
    imported_filename: Optional[str]
    imported_file_type: Optional[FileType]
    import_parent_resource_id: Optional[DataResource] = None


@dataclass(frozen=True)
class DataLoad(Category):
    """`dataLoad`: Data read in order to show it to a user; pure back-end reads belong to internal.

    Published prose allows the resources among the result fields too; the definition does not, and that is refused.

    loaded_resources: Data resources read.
    """

    NAME = "dataLoad"
    loaded_resources: Sequence[DataResource]


@dataclass(frozen=True)
class DataMergeResult(Result):
    """What came of a `dataMerge`.

    merged_result: Combined output.
    """

    CATEGORY = "dataMerge"
    merged_result: Optional[DataResource]


@dataclass(frozen=True)
class DataMerge(Category):
    """`dataMerge`: Two or more sources combined into one, e.g. a join or an entity resolution.

    resources_to_merge: Inputs.
    """

    NAME = "dataMerge"
    RESULT = DataMergeResult
    resources_to_merge: Sequence[DataResource]


@dataclass(frozen=True)
class DataPromote(Category):
    """`dataPromote`: A user pushed data to another Palantir system, such as Gotham.

    promotion_destinations: Target systems.
    promotion_description: What the promotion was.
    promoted_resources: Resources pushed.
    """

    NAME = "dataPromote"
    promotion_destinations: Sequence[ExternalSystem]
    promotion_description: Optional[str]
    promoted_resources: Sequence[DataResource]


@dataclass(frozen=True)
class DataSearchResult(Result):
    """What came of a `dataSearch`.

    data_search_results: Resources shown to the user.
    """

    CATEGORY = "dataSearch"
    data_search_results: Sequence[DataResource]


@dataclass(frozen=True)
class DataSearch(Category):
    """`dataSearch`: Search over datasets, objects or other data.

    data_search_query: Query text.
    data_search_context: Unstructured extra context, for human readers only.
    """

    NAME = "dataSearch"
    RESULT = DataSearchResult
    data_search_query: Optional[str]
    data_search_context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class DataShare(Category):
    """`dataShare`: Discretionary sharing of data.

    data_share_targets: What was shared.
    data_share_reason: Readable reason, e.g. a share link was opened.
    data_share_id: Identifier of the share, if there is one.
    """

    NAME = "dataShare"
    data_share_targets: Sequence[DataResource]
    data_share_reason: Optional[str]
    data_share_id: Optional[Identifier] = None


@dataclass(frozen=True)
class DataShareCreate(Category):
    """`dataShareCreate`: A share is set up, e.g. a link granting access to whoever visits it.

    data_share_create_targets: What it shares.
    data_share_create_id: Identifier of the share, if any.
    """

    NAME = "dataShareCreate"
    data_share_create_targets: Sequence[DataResource]
    data_share_create_id: Optional[Identifier] = None


@dataclass(frozen=True)
class DataShareDisable(Category):
    """`dataShareDisable`: A sharing mechanism, e.g. a link, is switched off.

    data_share_disable_targets: What it shared.
    data_share_disable_id: Identifier of the share, if any.
    """

    NAME = "dataShareDisable"
    data_share_disable_targets: Sequence[DataResource]
    data_share_disable_id: Optional[Identifier] = None


@dataclass(frozen=True)
class DataTransform(Category):
    """`dataTransform`: One or more data resources changed in some way.

    transform_targets: Resources changed.
    transform_description: What was done.
    """

    NAME = "dataTransform"
    transform_targets: Sequence[DataResource]
    transform_description: Optional[str]


@dataclass(frozen=True)
class DataUpdate(Category):
    """`dataUpdate`: Catch-all for updates or attempted updates; dataTransform or dataMerge preferred.

    The category is legacy.

    Has no fields. Use dataTransform or dataMerge."""

    NAME = "dataUpdate"


@dataclass(frozen=True)
class InApplicationContext(Category):
    """`inApplicationContext`: The request came from a third-party application.

    application_rid: The application.
    """

    NAME = "inApplicationContext"
    application_rid: ApplicationRid


@dataclass(frozen=True)
class InEnrollmentContext(Category):
    """`inEnrollmentContext`: The request was made in the context of one or more enrollments.

    enrollment_rids: The enrollments.
    """

    NAME = "inEnrollmentContext"
    enrollment_rids: Sequence[EnrollmentRid]


@dataclass(frozen=True)
class InHubContextResult(Result):
    """What came of a `inHubContext`.

    target_enrollment: Enrollment asked about.
    target_domain: Domain asked about.
    """

    CATEGORY = "inHubContext"
    target_enrollment: Any = None
    target_domain: Any = None


@dataclass(frozen=True)
class InHubContext(Category):
    """`inHubContext`: Hub-and-spoke request: a service asks about another stack's configuration.

    Known from the published catalogue alone, which gives neither types nor classifications; that the last two are result fields is inferred.

    target_environment: Environment asked about.
    target_spoke_environment: Spoke environment asked about.
    """

    NAME = "inHubContext"
    RESULT = InHubContextResult
    target_environment: Any
    target_spoke_environment: Any = None


@dataclass(frozen=True)
class InfraLogsAccessResult(Result):
    """What came of a `infraLogsAccess`.

    infra_logs_access_request_id: Id of the access request.
    """

    CATEGORY = "infraLogsAccess"
    infra_logs_access_request_id: Optional[str]


@dataclass(frozen=True)
class InfraLogsAccess(Category):
    """`infraLogsAccess`: A user asks for logs of an infrastructure resource.

    infra_logs_access_target: Where the logs are from.
    """

    NAME = "infraLogsAccess"
    RESULT = InfraLogsAccessResult
    infra_logs_access_target: SystemResource


@dataclass(frozen=True)
class Internal(Category):
    """`internal`: Catch-all for internal events; low signal for auditors."""

    NAME = "internal"


@dataclass(frozen=True)
class LlmInferenceResult(Result):
    """What came of a `llmInference`.

    llm_inference_responses: Outputs.
    llm_inference_response_context: Context known only at response time.
    """

    CATEGORY = "llmInference"
    llm_inference_responses: Sequence[LlmResponse]
    llm_inference_response_context: Optional[LlmInferenceContext]


@dataclass(frozen=True)
class LlmInference(Category):
    """`llmInference`: A prompt was run through a generative model.

    llm_inference_context: Model id, temperature, moderation flag, attributed resources.
    llm_inference_inputs: Inputs.
    """

    NAME = "llmInference"
    RESULT = LlmInferenceResult
    llm_inference_context: LlmInferenceContext
    llm_inference_inputs: Sequence[LlmInput]


@dataclass(frozen=True)
class LlmRouteResult(Result):
    """What came of a `llmRoute`.

    llm_route_response: URL used, HTTP status and body.
    """

    CATEGORY = "llmRoute"
    llm_route_response: Optional[LlmRoutingResponse]


@dataclass(frozen=True)
class LlmRoute(Category):
    """`llmRoute`: A prompt was forwarded by an LLM proxy or load balancer.

    llm_route_request: URL, body and model asked for.
    """

    NAME = "llmRoute"
    RESULT = LlmRouteResult
    llm_route_request: LlmRoutingRequest


@dataclass(frozen=True)
class LogicAccess(Category):
    """`logicAccess`: Logic was viewed, e.g. opening a Contour analysis.

    accessed_logic_resources: Logic viewed.
    """

    NAME = "logicAccess"
    accessed_logic_resources: Sequence[LogicResource]


@dataclass(frozen=True)
class LogicCreateResult(Result):
    """What came of a `logicCreate`.

    created_logic_resources: Logic made.
    """

    CATEGORY = "logicCreate"
    created_logic_resources: Sequence[LogicResource]


@dataclass(frozen=True)
class LogicCreate(Category):
    """`logicCreate`: New logic was made, e.g. a Contour board."""

    NAME = "logicCreate"
    RESULT = LogicCreateResult


@dataclass(frozen=True)
class LogicDelete(Category):
    """`logicDelete`: Logic was deleted, e.g. a Contour board.

    deleted_logic_resources: Logic deleted.
    """

    NAME = "logicDelete"
    deleted_logic_resources: Sequence[LogicResource]


@dataclass(frozen=True)
class LogicSearchResult(Result):
    """What came of a `logicSearch`.

    logic_search_results: Logic returned.
    """

    CATEGORY = "logicSearch"
    logic_search_results: Sequence[LogicResource]


@dataclass(frozen=True)
class LogicSearch(Category):
    """`logicSearch`: Search for logic, e.g. for an analysis.

    logic_search_query: Query text.
    """

    NAME = "logicSearch"
    RESULT = LogicSearchResult
    logic_search_query: Optional[str]


@dataclass(frozen=True)
class LogicUpdate(Category):
    """`logicUpdate`: Existing logic changed: a file saved, a repository push, an edited board.

    updated_logic_resources: Logic changed.
    """

    NAME = "logicUpdate"
    updated_logic_resources: Sequence[LogicResource]


@dataclass(frozen=True)
class ManagementGroups(Category):
    """`managementGroups`: Group membership changed.

    group_patches: Per group: members added and removed.
    """

    NAME = "managementGroups"
    group_patches: Sequence[Patch]


@dataclass(frozen=True)
class ManagementMarkings(Category):
    """`managementMarkings`: Access to mandatory controls (markings) changed.

    marking_patches: Per marking: principals added and removed.
    """

    NAME = "managementMarkings"
    marking_patches: Sequence[Patch]


@dataclass(frozen=True)
class ManagementPermissions(Category):
    """`managementPermissions`: Permissions changed on the platform, e.g. a share or a provenance change.

    The changes parameter of audit.2 is not a field of audit.3.

    resources_with_permissions_changes: Resources affected.
    permission_change_context: Extra context.
    """

    NAME = "managementPermissions"
    resources_with_permissions_changes: Sequence[Resource]
    permission_change_context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class ManagementTokens(Category):
    """`managementTokens`: Tokens enabled, disabled or revoked.

    The user ids inside these tokens are lifted into users.

    managed_tokens: Tokens affected.
    """

    NAME = "managementTokens"
    managed_tokens: Sequence[Token]


@dataclass(frozen=True)
class ManagementUsers(Category):
    """`managementUsers`: Users added, removed or edited; permission and group changes have their own categories.

    These ids are metadata and are not lifted into users.

    managed_user_ids: Users affected.
    """

    NAME = "managementUsers"
    managed_user_ids: Sequence[str]


@dataclass(frozen=True)
class MetaDataAccess(Category):
    """`metaDataAccess`: Metadata (data about data: counts, names, transaction ids) was read.

    accessed_meta_data_resources: Data the metadata describes.
    accessed_meta_data_description: What was read.
    """

    NAME = "metaDataAccess"
    accessed_meta_data_resources: Sequence[DataResource]
    accessed_meta_data_description: Optional[str]


@dataclass(frozen=True)
class MetaDataCreateResult(Result):
    """What came of a `metaDataCreate`.

    created_meta_data_resources: Data the metadata describes.
    """

    CATEGORY = "metaDataCreate"
    created_meta_data_resources: Sequence[DataResource]


@dataclass(frozen=True)
class MetaDataCreate(Category):
    """`metaDataCreate`: Metadata was created.

    created_meta_data_description: What was created.
    """

    NAME = "metaDataCreate"
    RESULT = MetaDataCreateResult
    created_meta_data_description: Optional[str]


@dataclass(frozen=True)
class MetaDataDelete(Category):
    """`metaDataDelete`: Metadata was deleted.

    deleted_meta_data_resources: Data the metadata described.
    deleted_meta_data_description: What was deleted.
    """

    NAME = "metaDataDelete"
    deleted_meta_data_resources: Sequence[DataResource]
    deleted_meta_data_description: Optional[str]


@dataclass(frozen=True)
class MetaDataSearchResult(Result):
    """What came of a `metaDataSearch`.

    meta_data_search_results: Resources whose metadata was shown.
    """

    CATEGORY = "metaDataSearch"
    meta_data_search_results: Sequence[DataResource]


@dataclass(frozen=True)
class MetaDataSearch(Category):
    """`metaDataSearch`: Search over metadata of datasets, objects and the like.

    meta_data_search_query: Query text.
    """

    NAME = "metaDataSearch"
    RESULT = MetaDataSearchResult
    meta_data_search_query: Optional[str]


@dataclass(frozen=True)
class MetaDataUpdate(Category):
    """`metaDataUpdate`: Metadata was changed.

    updated_meta_data_resources: Data the metadata describes.
    updated_meta_data_description: What was changed.
    """

    NAME = "metaDataUpdate"
    updated_meta_data_resources: Sequence[DataResource]
    updated_meta_data_description: Optional[str]


@dataclass(frozen=True)
class MonitorAccess(Category):
    """`monitorAccess`: A monitor was viewed.

    accessed_monitor_resources: Monitors viewed.
    accessed_monitor_description: What the view was.
    """

    NAME = "monitorAccess"
    accessed_monitor_resources: Sequence[MonitorResource]
    accessed_monitor_description: Optional[str] = None


@dataclass(frozen=True)
class MonitorCreateResult(Result):
    """What came of a `monitorCreate`.

    created_monitor_resources: Monitors created.
    """

    CATEGORY = "monitorCreate"
    created_monitor_resources: Sequence[MonitorResource]


@dataclass(frozen=True)
class MonitorCreate(Category):
    """`monitorCreate`: A monitor was created.

    created_monitor_description: What was created.
    """

    NAME = "monitorCreate"
    RESULT = MonitorCreateResult
    created_monitor_description: Optional[str] = None


@dataclass(frozen=True)
class MonitorDelete(Category):
    """`monitorDelete`: A monitor was deleted.

    deleted_monitor_resources: Monitors deleted.
    deleted_monitor_description: What was deleted.
    """

    NAME = "monitorDelete"
    deleted_monitor_resources: Sequence[MonitorResource]
    deleted_monitor_description: Optional[str] = None


@dataclass(frozen=True)
class MonitorRun(Category):
    """`monitorRun`: A monitor ran and may have fired actions or notifications.

    run_monitor_targets: Monitors run.
    """

    NAME = "monitorRun"
    run_monitor_targets: Sequence[MonitorResource]


@dataclass(frozen=True)
class MonitorSearchResult(Result):
    """What came of a `monitorSearch`.

    monitor_search_results: Monitors shown.
    """

    CATEGORY = "monitorSearch"
    monitor_search_results: Sequence[MonitorResource]


@dataclass(frozen=True)
class MonitorSearch(Category):
    """`monitorSearch`: Search for monitors.

    monitor_search_query: Query text.
    """

    NAME = "monitorSearch"
    RESULT = MonitorSearchResult
    monitor_search_query: Optional[str]


@dataclass(frozen=True)
class MonitorUpdate(Category):
    """`monitorUpdate`: A monitor's behaviour was changed.

    updated_monitor_resources: Monitors changed.
    updated_monitor_description: What changed.
    """

    NAME = "monitorUpdate"
    updated_monitor_resources: Sequence[MonitorResource]
    updated_monitor_description: Optional[str] = None


@dataclass(frozen=True)
class Oauth2InitiateAuthFlow(Category):
    """`oauth2InitiateAuthFlow`: Start of an authorization-code flow against an external OAuth 2.0 server.

    oauth2_initiate_auth_flow_user: User the flow is for.
    oauth2_initiate_auth_client_id: Client the flow is for.
    """

    NAME = "oauth2InitiateAuthFlow"
    oauth2_initiate_auth_flow_user: UserId
    oauth2_initiate_auth_client_id: Identifier


@dataclass(frozen=True)
class OnBehalfOf(Category):
    """`onBehalfOf`: A service user acted for other users.

    Takes the place of otherUids of audit.2.

    on_behalf_of_user_ids: Upstream users, most upstream first.
    """

    NAME = "onBehalfOf"
    on_behalf_of_user_ids: Sequence[UserId]


@dataclass(frozen=True)
class OntologyDataLoadResult(Result):
    """What came of a `ontologyDataLoad`.

    loaded_ontology_data_resources: Returned.
    """

    CATEGORY = "ontologyDataLoad"
    loaded_ontology_data_resources: Sequence[OntologyDataResourceList]


@dataclass(frozen=True)
class OntologyDataLoad(Category):
    """`ontologyDataLoad`: Ontology data (objects, links) loaded for a user.

    requested_ontology_data_resources: Asked for.
    ontology_data_load_context: E.g. owning resource.
    """

    NAME = "ontologyDataLoad"
    RESULT = OntologyDataLoadResult
    requested_ontology_data_resources: Sequence[OntologyDataResourceList]
    ontology_data_load_context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyDataSearchResult(Result):
    """What came of a `ontologyDataSearch`.

    ontology_data_search_results: Shown to the user.
    """

    CATEGORY = "ontologyDataSearch"
    ontology_data_search_results: Sequence[OntologyDataResourceList]


@dataclass(frozen=True)
class OntologyDataSearch(Category):
    """`ontologyDataSearch`: Search of ontology data.

    searched_ontology_logic_resources: Selections searched.
    ontology_data_search_context: E.g. owning resource.
    """

    NAME = "ontologyDataSearch"
    RESULT = OntologyDataSearchResult
    searched_ontology_logic_resources: Sequence[OntologyLogicResource]
    ontology_data_search_context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyDataTransformResult(Result):
    """What came of a `ontologyDataTransform`.

    transformed_ontology_data_resources: Actually changed.
    """

    CATEGORY = "ontologyDataTransform"
    transformed_ontology_data_resources: Sequence[OntologyDataResource] = ()


@dataclass(frozen=True)
class OntologyDataTransform(Category):
    """`ontologyDataTransform`: Ontology data modified by patches or edits.

    ontology_data_transform_targets: Meant to be changed.
    ontology_data_transform_context: Extra context.
    ontology_data_transform_description: What was done.
    """

    NAME = "ontologyDataTransform"
    RESULT = OntologyDataTransformResult
    ontology_data_transform_targets: Sequence[OntologyDataResource] = ()
    ontology_data_transform_context: Sequence[ResourceContext] = ()
    ontology_data_transform_description: Optional[str] = None


@dataclass(frozen=True)
class OntologyLogicAccessResult(Result):
    """What came of a `ontologyLogicAccess`.

    loaded_ontology_logic_resources: Returned.
    """

    CATEGORY = "ontologyLogicAccess"
    loaded_ontology_logic_resources: Sequence[OntologyLogicResource]


@dataclass(frozen=True)
class OntologyLogicAccess(Category):
    """`ontologyLogicAccess`: Object sets or similar ontology selections viewed.

    requested_ontology_logic_resources: Asked for.
    """

    NAME = "ontologyLogicAccess"
    RESULT = OntologyLogicAccessResult
    requested_ontology_logic_resources: Sequence[OntologyLogicResource]


@dataclass(frozen=True)
class OntologyLogicCreateResult(Result):
    """What came of a `ontologyLogicCreate`.

    created_ontology_logic_resources: Resources created.
    """

    CATEGORY = "ontologyLogicCreate"
    created_ontology_logic_resources: Sequence[OntologyLogicResource]


@dataclass(frozen=True)
class OntologyLogicCreate(Category):
    """`ontologyLogicCreate`: An object set or similar was created.

    create_ontology_logic_context: Owning or parent resource; a 'type' entry says temporary, permanent or versioned.
    """

    NAME = "ontologyLogicCreate"
    RESULT = OntologyLogicCreateResult
    create_ontology_logic_context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyLogicDeleteResult(Result):
    """What came of a `ontologyLogicDelete`.

    deleted_ontology_logic_resources: Resources deleted.
    """

    CATEGORY = "ontologyLogicDelete"
    deleted_ontology_logic_resources: Sequence[OntologyLogicResource]


@dataclass(frozen=True)
class OntologyLogicDelete(Category):
    """`ontologyLogicDelete`: An object set or similar was deleted.

    delete_ontology_logic_context: Owning or parent resource; a 'type' entry says temporary, permanent or versioned.
    """

    NAME = "ontologyLogicDelete"
    RESULT = OntologyLogicDeleteResult
    delete_ontology_logic_context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyLogicUpdateResult(Result):
    """What came of a `ontologyLogicUpdate`.

    updated_ontology_logic_resources: Resources updated.
    """

    CATEGORY = "ontologyLogicUpdate"
    updated_ontology_logic_resources: Sequence[OntologyLogicResource]


@dataclass(frozen=True)
class OntologyLogicUpdate(Category):
    """`ontologyLogicUpdate`: An object set or similar was changed, e.g. a new version saved.

    update_ontology_logic_context: Owning or parent resource; a 'type' entry says temporary, permanent or versioned.
    """

    NAME = "ontologyLogicUpdate"
    RESULT = OntologyLogicUpdateResult
    update_ontology_logic_context: Sequence[ResourceContext] = ()


@dataclass(frozen=True)
class OntologyMetaDataCreateResult(Result):
    """What came of a `ontologyMetaDataCreate`.

    created_ontology_meta_data_resources: Definitions created.
    """

    CATEGORY = "ontologyMetaDataCreate"
    created_ontology_meta_data_resources: Sequence[OntologyMetaDataResource]


@dataclass(frozen=True)
class OntologyMetaDataCreate(Category):
    """`ontologyMetaDataCreate`: Ontology definitions (object, link, action types) created."""

    NAME = "ontologyMetaDataCreate"
    RESULT = OntologyMetaDataCreateResult


@dataclass(frozen=True)
class OntologyMetaDataDelete(Category):
    """`ontologyMetaDataDelete`: Ontology definitions deleted.

    deleted_ontology_meta_data_resources: Definitions deleted.
    """

    NAME = "ontologyMetaDataDelete"
    deleted_ontology_meta_data_resources: Sequence[OntologyMetaDataResource]


@dataclass(frozen=True)
class OntologyMetaDataLoadResult(Result):
    """What came of a `ontologyMetaDataLoad`.

    loaded_ontology_meta_data_resources: Returned.
    """

    CATEGORY = "ontologyMetaDataLoad"
    loaded_ontology_meta_data_resources: Sequence[OntologyMetaDataResource]


@dataclass(frozen=True)
class OntologyMetaDataLoad(Category):
    """`ontologyMetaDataLoad`: Ontology definitions loaded for a user.

    requested_ontology_meta_data_resources: Asked for.
    """

    NAME = "ontologyMetaDataLoad"
    RESULT = OntologyMetaDataLoadResult
    requested_ontology_meta_data_resources: Sequence[OntologyMetaDataResource]


@dataclass(frozen=True)
class OntologyMetaDataSearchResult(Result):
    """What came of a `ontologyMetaDataSearch`.

    ontology_meta_data_search_results: Definitions returned.
    """

    CATEGORY = "ontologyMetaDataSearch"
    ontology_meta_data_search_results: Sequence[OntologyMetaDataResource]


@dataclass(frozen=True)
class OntologyMetaDataSearch(Category):
    """`ontologyMetaDataSearch`: Search for ontology definitions meeting criteria.

    ontology_meta_data_searched_resources: Definitions in the query.
    ontology_meta_data_search_context: E.g. data source type.
    """

    NAME = "ontologyMetaDataSearch"
    RESULT = OntologyMetaDataSearchResult
    ontology_meta_data_searched_resources: Sequence[OntologyMetaDataResource]
    ontology_meta_data_search_context: Optional[str] = None


@dataclass(frozen=True)
class OntologyMetaDataUpdate(Category):
    """`ontologyMetaDataUpdate`: Ontology definitions changed.

    updated_ontology_meta_data_resources: Definitions changed.
    """

    NAME = "ontologyMetaDataUpdate"
    updated_ontology_meta_data_resources: Sequence[OntologyMetaDataResource]


@dataclass(frozen=True)
class PassThroughResult(Result):
    """What came of a `passThrough`.

    pass_through_response_params: Response parameters with sensitivity levels.
    """

    CATEGORY = "passThrough"
    pass_through_response_params: Mapping[str, PassThroughSensitivityTaggedValue]


@dataclass(frozen=True)
class PassThrough(Category):
    """`passThrough`: Parameters are decided at run time, usually by an outside system.

    That the fields are of class PASS_THROUGH is inferred. No users are lifted from them.

    pass_through_request_params: Request parameters with sensitivity levels.
    """

    NAME = "passThrough"
    RESULT = PassThroughResult
    pass_through_request_params: Mapping[str, PassThroughSensitivityTaggedValue]


@dataclass(frozen=True)
class RequestAccess(Category):
    """`requestAccess`: A request (pull request, access request, checkpoint) was viewed.

    accessed_request_ids: Requests viewed.
    accessed_request_description: What the view was.
    """

    NAME = "requestAccess"
    accessed_request_ids: Sequence[RequestResource]
    accessed_request_description: Optional[str] = None


@dataclass(frozen=True)
class RequestApprove(Category):
    """`requestApprove`: A request, or part of one, was approved; several approvals may be needed.

    approved_request_ids: Requests approved.
    approve_request_user_id: Approver.
    """

    NAME = "requestApprove"
    approved_request_ids: Sequence[RequestResource]
    approve_request_user_id: Optional[UserId] = None


@dataclass(frozen=True)
class RequestCancel(Category):
    """`requestCancel`: A request was withdrawn so it will not be carried out.

    canceled_request_ids: Requests withdrawn.
    """

    NAME = "requestCancel"
    canceled_request_ids: Sequence[RequestResource]


@dataclass(frozen=True)
class RequestCreateResult(Result):
    """What came of a `requestCreate`.

    created_request_ids: Requests opened.
    """

    CATEGORY = "requestCreate"
    created_request_ids: Sequence[RequestResource]


@dataclass(frozen=True)
class RequestCreate(Category):
    """`requestCreate`: A request for a not-yet-performed action was opened and may need approval.

    created_request_affected_resources: Resources it would touch; the parent for a creation.
    created_request_description: What was asked.
    """

    NAME = "requestCreate"
    RESULT = RequestCreateResult
    created_request_affected_resources: Sequence[Resource]
    created_request_description: Optional[str] = None


@dataclass(frozen=True)
class RequestDisapprove(Category):
    """`requestDisapprove`: A request was rejected.

    disapproved_request_ids: Requests rejected.
    disapprove_request_user_id: Who rejected.
    """

    NAME = "requestDisapprove"
    disapproved_request_ids: Sequence[RequestResource]
    disapprove_request_user_id: Optional[UserId] = None


@dataclass(frozen=True)
class RequestExecuteResult(Result):
    """What came of a `requestExecute`.

    execute_request_affected_resources: Resources actually touched; may be fewer than at creation.
    """

    CATEGORY = "requestExecute"
    execute_request_affected_resources: Sequence[Resource] = ()


@dataclass(frozen=True)
class RequestExecute(Category):
    """`requestExecute`: The action behind a request was carried out, e.g. a merge or an access grant.

    executed_request_ids: Requests carried out.
    """

    NAME = "requestExecute"
    RESULT = RequestExecuteResult
    executed_request_ids: Sequence[RequestResource]


@dataclass(frozen=True)
class RequestSearchResult(Result):
    """What came of a `requestSearch`.

    request_search_results: Requests shown.
    """

    CATEGORY = "requestSearch"
    request_search_results: Sequence[RequestResource]


@dataclass(frozen=True)
class RequestSearch(Category):
    """`requestSearch`: Search for requests.

    request_search_query: Query text.
    """

    NAME = "requestSearch"
    RESULT = RequestSearchResult
    request_search_query: Optional[str]


@dataclass(frozen=True)
class RequestUpdate(Category):
    """`requestUpdate`: An existing request was edited.

    updated_request_ids: Requests edited.
    updated_request_description: What changed.
    """

    NAME = "requestUpdate"
    updated_request_ids: Sequence[RequestResource]
    updated_request_description: Optional[str] = None


@dataclass(frozen=True)
class RestartInfra(Category):
    """`restartInfra`: Infrastructure was restarted.

    restarted_resources: Restarted.
    """

    NAME = "restartInfra"
    restarted_resources: Sequence[SystemResource]


@dataclass(frozen=True)
class ReviewInfraActionResult(Result):
    """What came of a `reviewInfraAction`.

    review_infra_action_was_approved: Whether approved.
    """

    CATEGORY = "reviewInfraAction"
    review_infra_action_was_approved: Optional[bool]


@dataclass(frozen=True)
class ReviewInfraAction(Category):
    """`reviewInfraAction`: A user approves or denies an infrastructure action.

    review_infra_action_request_id: Review request id.
    review_infra_action_user: Reviewer.
    """

    NAME = "reviewInfraAction"
    RESULT = ReviewInfraActionResult
    review_infra_action_request_id: str
    review_infra_action_user: UserId


@dataclass(frozen=True)
class SecretCreateResult(Result):
    """What came of a `secretCreate`.

    created_secret_identifiers: Identifiers of the secrets.
    """

    CATEGORY = "secretCreate"
    created_secret_identifiers: Sequence[Identifier]


@dataclass(frozen=True)
class SecretCreate(Category):
    """`secretCreate`: A secret was created.

    created_secret_type: Kind of secret.
    """

    NAME = "secretCreate"
    RESULT = SecretCreateResult
    created_secret_type: SecretType


@dataclass(frozen=True)
class SecretDeprecate(Category):
    """`secretDeprecate`: A secret was marked deprecated.

    deprecated_secret_identifier: Secret deprecated.
    """

    NAME = "secretDeprecate"
    deprecated_secret_identifier: Identifier


@dataclass(frozen=True)
class SecretLoad(Category):
    """`secretLoad`: A secret was fetched from its store.

    loaded_secret_identifiers: Secrets fetched.
    """

    NAME = "secretLoad"
    loaded_secret_identifiers: Sequence[Identifier]


@dataclass(frozen=True)
class SecretUseResult(Result):
    """What came of a `secretUse`.

    encrypted_secret_values: Ciphertext produced; never plaintext.
    """

    CATEGORY = "secretUse"
    encrypted_secret_values: Sequence[EncryptedSecretValue] = ()


@dataclass(frozen=True)
class SecretUse(Category):
    """`secretUse`: A secret was used through a back-end endpoint.

    encryptedSecretValues is known from the public library alone.

    used_secret_operation: Operation done.
    used_secret_identifiers: Secrets used.
    """

    NAME = "secretUse"
    RESULT = SecretUseResult
    used_secret_operation: SecretOperation
    used_secret_identifiers: Sequence[Identifier]


@dataclass(frozen=True)
class TokenAccessResult(Result):
    """What came of a `tokenAccess`.

    accessed_tokens: Tokens accessed.
    """

    CATEGORY = "tokenAccess"
    accessed_tokens: Sequence[Token]


@dataclass(frozen=True)
class TokenAccess(Category):
    """`tokenAccess`: A token made earlier was accessed."""

    NAME = "tokenAccess"
    RESULT = TokenAccessResult


@dataclass(frozen=True)
class TokenGenerationResult(Result):
    """What came of a `tokenGeneration`.

    generated_tokens: Tokens made.
    """

    CATEGORY = "tokenGeneration"
    generated_tokens: Sequence[Token] = ()


@dataclass(frozen=True)
class TokenGeneration(Category):
    """`tokenGeneration`: A new token was generated.

    generate_tokens_description: How they were made, for auditors.
    """

    NAME = "tokenGeneration"
    RESULT = TokenGenerationResult
    generate_tokens_description: Optional[str] = None


@dataclass(frozen=True)
class TokenRevokeResult(Result):
    """What came of a `tokenRevoke`.

    revoked_tokens: Tokens revoked.
    """

    CATEGORY = "tokenRevoke"
    revoked_tokens: Sequence[Token]


@dataclass(frozen=True)
class TokenRevoke(Category):
    """`tokenRevoke`: Tokens were deleted.

    revoke_tokens_description: How they were revoked, for auditors.
    """

    NAME = "tokenRevoke"
    RESULT = TokenRevokeResult
    revoke_tokens_description: Optional[str] = None


@dataclass(frozen=True)
class UpgradeInfra(Category):
    """`upgradeInfra`: Infrastructure was upgraded or downgraded.

    upgraded_resources: Resource and target version.
    """

    NAME = "upgradeInfra"
    upgraded_resources: Sequence[UpgradeResourceAction]


@dataclass(frozen=True)
class UserJustify(Category):
    """`userJustify`: A user states a purpose for an action (checkpoint justification).

    user_justify_id: Who justified.
    user_justification: One or more justifications.
    """

    NAME = "userJustify"
    user_justify_id: UserId
    user_justification: Sequence[UserJustification]


@dataclass(frozen=True)
class UserLoginResult(Result):
    """What came of a `userLogin`.

    login_user_id: Who signed in.
    """

    CATEGORY = "userLogin"
    login_user_id: Optional[UserId] = None


@dataclass(frozen=True)
class UserLogin(Category):
    """`userLogin`: A user signs in."""

    NAME = "userLogin"
    RESULT = UserLoginResult


@dataclass(frozen=True)
class UserLogoutResult(Result):
    """What came of a `userLogout`.

    logout_user_id: Who signed out.
    """

    CATEGORY = "userLogout"
    logout_user_id: Optional[UserId] = None


@dataclass(frozen=True)
class UserLogout(Category):
    """`userLogout`: A user signs out.

    Early emitters wrote logoutUserId among the request fields; that is refused."""

    NAME = "userLogout"
    RESULT = UserLogoutResult


__all__: List[str] = [
    "ApiGatewayRequest",
    "AppConfigAccess",
    "AppConfigCreate",
    "AppConfigCreateResult",
    "AppConfigDelete",
    "AppConfigSearch",
    "AppConfigSearchResult",
    "AppConfigUpdate",
    "ApplicationResource",
    "ApplicationRid",
    "AssetCoordinate",
    "AssetFileLoad",
    "AssetFileLoadIdentifier",
    "AssetFileLoadResponse",
    "AssetFileLoadResult",
    "AssetFileLoadV2",
    "AssetFileLoadV2Result",
    "AuditDataRedact",
    "AuditDataRedactResult",
    "AuditDataShare",
    "AuditDataShareCreate",
    "AuditDataShareCreateResult",
    "AuditDataTransform",
    "AuditDataTransformResult",
    "AuthenticationCheck",
    "AuthenticationCheckResult",
    "AuthorizationCheck",
    "AuthorizationCheckResult",
    "BulkDataImport",
    "BulkDataImportResult",
    "CancelCodeExecution",
    "CodeExecution",
    "CodeExecutionResult",
    "ConfigureInfra",
    "ConfigureInfraResult",
    "ContainerLaunch",
    "ContainerLaunchResult",
    "ContainerLoad",
    "ContainerLoadResult",
    "ContainerSearch",
    "ContainerSearchResult",
    "ContainerStop",
    "ContentAddressableFileIdentifier",
    "CreateInfra",
    "CreateInfraResult",
    "DataCreate",
    "DataCreateResult",
    "DataDelete",
    "DataExport",
    "DataExportResult",
    "DataImport",
    "DataImportResult",
    "DataLoad",
    "DataMerge",
    "DataMergeResult",
    "DataPromote",
    "DataResource",
    "DataSearch",
    "DataSearchResult",
    "DataShare",
    "DataShareCreate",
    "DataShareDisable",
    "DataTransform",
    "DataUpdate",
    "EncryptedSecretValue",
    "EnrollmentRid",
    "EntityId",
    "EntityLocator",
    "ExternalSystem",
    "ExternalSystemResource",
    "FileType",
    "Identifier",
    "ImportDestination",
    "ImportedFile",
    "InApplicationContext",
    "InEnrollmentContext",
    "InHubContext",
    "InHubContextResult",
    "InfraLogsAccess",
    "InfraLogsAccessResult",
    "Internal",
    "JustificationType",
    "LlmInference",
    "LlmInferenceContext",
    "LlmInferenceResult",
    "LlmInput",
    "LlmResponse",
    "LlmRoute",
    "LlmRouteResult",
    "LlmRoutingRequest",
    "LlmRoutingResponse",
    "LogicAccess",
    "LogicCreate",
    "LogicCreateResult",
    "LogicDelete",
    "LogicResource",
    "LogicSearch",
    "LogicSearchResult",
    "LogicUpdate",
    "ManagementGroups",
    "ManagementMarkings",
    "ManagementPermissions",
    "ManagementTokens",
    "ManagementUsers",
    "MavenCoordinate",
    "MavenCoordinateAndPath",
    "MetaDataAccess",
    "MetaDataCreate",
    "MetaDataCreateResult",
    "MetaDataDelete",
    "MetaDataSearch",
    "MetaDataSearchResult",
    "MetaDataUpdate",
    "MonitorAccess",
    "MonitorCreate",
    "MonitorCreateResult",
    "MonitorDelete",
    "MonitorResource",
    "MonitorRun",
    "MonitorSearch",
    "MonitorSearchResult",
    "MonitorUpdate",
    "NodeId",
    "Oauth2InitiateAuthFlow",
    "OnBehalfOf",
    "OntologyContext",
    "OntologyDataLoad",
    "OntologyDataLoadResult",
    "OntologyDataResource",
    "OntologyDataResourceList",
    "OntologyDataSearch",
    "OntologyDataSearchResult",
    "OntologyDataTransform",
    "OntologyDataTransformResult",
    "OntologyEntityType",
    "OntologyLogicAccess",
    "OntologyLogicAccessResult",
    "OntologyLogicCreate",
    "OntologyLogicCreateResult",
    "OntologyLogicDelete",
    "OntologyLogicDeleteResult",
    "OntologyLogicResource",
    "OntologyLogicUpdate",
    "OntologyLogicUpdateResult",
    "OntologyMetaDataCreate",
    "OntologyMetaDataCreateResult",
    "OntologyMetaDataDelete",
    "OntologyMetaDataLoad",
    "OntologyMetaDataLoadResult",
    "OntologyMetaDataResource",
    "OntologyMetaDataSearch",
    "OntologyMetaDataSearchResult",
    "OntologyMetaDataUpdate",
    "OntologyProperty",
    "OtherIdentifier",
    "PartialMavenCoordinate",
    "PassThrough",
    "PassThroughResult",
    "PassThroughSensitivityTaggedValue",
    "Patch",
    "PropertyIdentifier",
    "RequestAccess",
    "RequestApprove",
    "RequestCancel",
    "RequestCreate",
    "RequestCreateResult",
    "RequestDisapprove",
    "RequestExecute",
    "RequestExecuteResult",
    "RequestResource",
    "RequestSearch",
    "RequestSearchResult",
    "RequestUpdate",
    "Resource",
    "ResourceContext",
    "RestartInfra",
    "ReviewInfraAction",
    "ReviewInfraActionResult",
    "SecretCreate",
    "SecretCreateResult",
    "SecretDeprecate",
    "SecretLoad",
    "SecretOperation",
    "SecretType",
    "SecretUse",
    "SecretUseResult",
    "SharedOntologyResourceContext",
    "SystemResource",
    "TargetVersion",
    "Token",
    "TokenAccess",
    "TokenAccessResult",
    "TokenGeneration",
    "TokenGenerationResult",
    "TokenRevoke",
    "TokenRevokeResult",
    "TokenType",
    "UpgradeInfra",
    "UpgradeResourceAction",
    "UserId",
    "UserJustification",
    "UserJustify",
    "UserLogin",
    "UserLoginResult",
    "UserLogout",
    "UserLogoutResult",
]

// The catalogue as TypeScript types; generated from crates/event/catalogue.json by `cargo run -p xtask -- catalogue`.

// What a category requires is a property without question mark, so that leaving it out does not compile.

import type { Category, Result } from "./types.js";

/** Whatever JSON holds. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/** An entity of one application that is no resource of a domain. */
export interface ApplicationResource {
  readonly id: Identifier;
  readonly product: string;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** RID of an application. */
export type ApplicationRid = string;

/** A static asset on a release track. */
export interface AssetCoordinate {
  readonly artifactId: string;
  readonly track: string;
  readonly version: string;
}

/** What file of a static asset was asked for. */
export type AssetFileLoadIdentifier =
  | { readonly type: "mavenCoordinateAndPath"; readonly mavenCoordinateAndPath: MavenCoordinateAndPath }
  | { readonly type: "contentAddressableFileIdentifier"; readonly contentAddressableFileIdentifier: ContentAddressableFileIdentifier };

/** Makes the variants of AssetFileLoadIdentifier. */
export declare const AssetFileLoadIdentifier: {
  mavenCoordinateAndPath(value: MavenCoordinateAndPath): AssetFileLoadIdentifier;
  contentAddressableFileIdentifier(value: ContentAddressableFileIdentifier): AssetFileLoadIdentifier;
};

/** What asset the file came from. */
export type AssetFileLoadResponse =
  | { readonly type: "mavenCoordinate"; readonly mavenCoordinate: MavenCoordinate }
  | { readonly type: "assetCoordinate"; readonly assetCoordinate: AssetCoordinate };

/** Makes the variants of AssetFileLoadResponse. */
export declare const AssetFileLoadResponse: {
  mavenCoordinate(value: MavenCoordinate): AssetFileLoadResponse;
  assetCoordinate(value: AssetCoordinate): AssetFileLoadResponse;
};

/** Audit data and the share that points to it. */
export interface AuditDataShare {
  readonly targetId: DataResource;
  readonly shareId: DataResource;
}

/** A static file named by its content. */
export interface ContentAddressableFileIdentifier {
  readonly namespace: string;
  readonly hashedFileName: string;
  readonly forSourceMap: boolean;
}

/** A dataset, an analysis or other data. */
export interface DataResource {
  readonly id: Identifier;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** Ciphertext, never plain text. */
export interface EncryptedSecretValue {
  readonly value: string;
}

/** RID of an enrollment. */
export type EnrollmentRid = string;

/** A running thing in an environment. */
export interface EntityId {
  readonly environment: string;
  readonly locator: EntityLocator;
}

/** What kind of running thing; the sources do not define how each is named. */
export type EntityLocator =
  | { readonly type: "service"; readonly service: Json }
  | { readonly type: "asset"; readonly asset: Json }
  | { readonly type: "daemon"; readonly daemon: Json }
  | { readonly type: "k8sApp"; readonly k8sApp: Json }
  | { readonly type: "k8sPod"; readonly k8sPod: Json }
  | { readonly type: "k8sDeployment"; readonly k8sDeployment: Json };

/** Makes the variants of EntityLocator. */
export declare const EntityLocator: {
  service(value: Json): EntityLocator;
  asset(value: Json): EntityLocator;
  daemon(value: Json): EntityLocator;
  k8sApp(value: Json): EntityLocator;
  k8sPod(value: Json): EntityLocator;
  k8sDeployment(value: Json): EntityLocator;
};

/** A system outside; the sources do not name the variants. */
export type ExternalSystem = Json;

/** A thing in a system outside. */
export interface ExternalSystemResource {
  readonly externalSystemId: Identifier;
  readonly description: string;
}

/** Kind of file. */
export type FileType = "DATASET" | "BINARY" | "UNKNOWN";

/** Names one or several resources, by RID or in a foreign scheme. */
export type Identifier =
  | { readonly type: "rid"; readonly rid: string }
  | { readonly type: "rids"; readonly rids: ReadonlyArray<string> }
  | { readonly type: "other"; readonly other: OtherIdentifier }
  | { readonly type: "others"; readonly others: ReadonlyArray<OtherIdentifier> };

/** Makes the variants of Identifier. */
export declare const Identifier: {
  rid(value: string): Identifier;
  rids(value: ReadonlyArray<string>): Identifier;
  other(value: OtherIdentifier): Identifier;
  others(value: ReadonlyArray<OtherIdentifier>): Identifier;
};

/** Where an import landed. */
export interface ImportDestination {
  readonly id: DataResource;
  readonly parent?: DataResource | null;
  readonly importedSize?: number | null;
}

/** A file brought in. */
export interface ImportedFile {
  readonly filename: string;
  readonly type?: FileType | null;
}

/** How the user answered; the sources do not list the values. */
export type JustificationType = Json;

/** Which model, and how it was set. */
export interface LlmInferenceContext {
  readonly modelId?: Identifier | null;
  readonly modelTemperature?: number | null;
  readonly contentModerationEnabled?: boolean | null;
}

/** What a model was given. */
export type LlmInput =
  | { readonly type: "textPrompt"; readonly textPrompt: string }
  | { readonly type: "resourceId"; readonly resourceId: Identifier };

/** Makes the variants of LlmInput. */
export declare const LlmInput: {
  textPrompt(value: string): LlmInput;
  resourceId(value: Identifier): LlmInput;
};

/** What a model gave back. */
export type LlmResponse =
  | { readonly type: "textResponse"; readonly textResponse: string }
  | { readonly type: "resourceId"; readonly resourceId: Identifier };

/** Makes the variants of LlmResponse. */
export declare const LlmResponse: {
  textResponse(value: string): LlmResponse;
  resourceId(value: Identifier): LlmResponse;
};

/** A model call as it reached the router. */
export interface LlmRoutingRequest {
  readonly requestedUrl: string;
  readonly requestBody: string;
  readonly model?: string | null;
}

/** What the router answered. */
export interface LlmRoutingResponse {
  readonly forwardedUrl: string;
  readonly httpStatusCode: Json;
  readonly responseBody: string;
}

/** A transform, a dashboard or other logic. */
export interface LogicResource {
  readonly id: Identifier;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** A Maven artifact. */
export interface MavenCoordinate {
  readonly artifactId: string;
  readonly groupId: string;
  readonly version: string;
}

/** A file inside a Maven artifact. */
export interface MavenCoordinateAndPath {
  readonly mavenCoordinate: PartialMavenCoordinate;
  readonly path: string;
}

/** A health check, an object monitor or other monitor. */
export interface MonitorResource {
  readonly id: Identifier;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** A node that an entity runs on. */
export interface NodeId {
  readonly environment: string;
  readonly entity: EntityId;
  readonly nodeId: string;
}

/** A type of the ontology and the properties meant; no properties means all. */
export interface OntologyContext {
  readonly entityType?: OntologyEntityType | null;
  readonly propertyTypeRids?: ReadonlyArray<string>;
}

/** An object or link of the ontology. Its own id is not lifted into entities. */
export interface OntologyDataResource {
  readonly id?: Identifier | null;
  readonly objectPrimaryKey?: ReadonlyArray<OntologyProperty>;
  readonly additionalObjectProperties?: ReadonlyArray<OntologyProperty> | null;
  readonly ontologyContext?: OntologyContext | null;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** Objects that share one context. */
export interface OntologyDataResourceList {
  readonly sharedOntologyResourceContext: SharedOntologyResourceContext;
  readonly ontologyDataResources?: ReadonlyArray<OntologyDataResource>;
}

/** A type of the ontology. */
export type OntologyEntityType =
  | { readonly type: "rid"; readonly rid: string }
  | { readonly type: "id"; readonly id: Json };

/** Makes the variants of OntologyEntityType. */
export declare const OntologyEntityType: {
  rid(value: string): OntologyEntityType;
  id(value: Json): OntologyEntityType;
};

/** An object set or similar selection. */
export interface OntologyLogicResource {
  readonly id?: Identifier | null;
  readonly ontologyContext?: ReadonlyArray<OntologyContext>;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** A definition in the ontology; its context says type and version. */
export interface OntologyMetaDataResource {
  readonly id: Identifier;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** A property of an object with its value. */
export interface OntologyProperty {
  readonly propertyIdentifier: PropertyIdentifier;
  readonly propertyValue: string;
}

/** A name in a foreign scheme. */
export interface OtherIdentifier {
  readonly value: string;
  readonly description?: string | null;
}

/** A Maven artifact, perhaps without group or version. */
export interface PartialMavenCoordinate {
  readonly artifactId: string;
  readonly groupId?: string | null;
  readonly version?: string | null;
}

/** Any value with its levels of sensitivity. */
export interface PassThroughSensitivityTaggedValue {
  readonly level?: ReadonlyArray<string>;
  readonly payload: Json;
}

/** Members added to and removed from a group or marking. */
export interface Patch {
  readonly id: Identifier;
  readonly addedIds?: ReadonlyArray<Identifier>;
  readonly removedIds?: ReadonlyArray<Identifier>;
  readonly description?: string | null;
}

/** Names a property; the sources do not define it. A string, or the string under rid, is lifted into entities. */
export type PropertyIdentifier = Json;

/** A pull request, an access request or other request. */
export interface RequestResource {
  readonly id: Identifier;
  readonly context?: ReadonlyArray<ResourceContext>;
}

/** A resource of any kind. */
export type Resource =
  | { readonly type: "application"; readonly application: ApplicationResource }
  | { readonly type: "data"; readonly data: DataResource }
  | { readonly type: "monitor"; readonly monitor: MonitorResource }
  | { readonly type: "system"; readonly system: SystemResource }
  | { readonly type: "logic"; readonly logic: LogicResource }
  | { readonly type: "request"; readonly request: RequestResource }
  | { readonly type: "ontologyData"; readonly ontologyData: OntologyDataResource }
  | { readonly type: "ontologyDataList"; readonly ontologyDataList: OntologyDataResourceList }
  | { readonly type: "ontologyLogic"; readonly ontologyLogic: OntologyLogicResource }
  | { readonly type: "ontologyMetaData"; readonly ontologyMetaData: OntologyMetaDataResource }
  | { readonly type: "external"; readonly external: Identifier };

/** Makes the variants of Resource. */
export declare const Resource: {
  application(value: ApplicationResource): Resource;
  data(value: DataResource): Resource;
  monitor(value: MonitorResource): Resource;
  system(value: SystemResource): Resource;
  logic(value: LogicResource): Resource;
  request(value: RequestResource): Resource;
  ontologyData(value: OntologyDataResource): Resource;
  ontologyDataList(value: OntologyDataResourceList): Resource;
  ontologyLogic(value: OntologyLogicResource): Resource;
  ontologyMetaData(value: OntologyMetaDataResource): Resource;
  external(value: Identifier): Resource;
};

/** More about a resource, such as a branch or a version. */
export interface ResourceContext {
  readonly value: string;
  readonly description: string;
}

/** What was done with a secret. */
export type SecretOperation = "HASH" | "ENCRYPT" | "DECRYPT" | "UNKNOWN";

/** Kind of secret. */
export type SecretType = "PEPPER" | "ASYMMETRIC_KEY_PAIR" | "SYMMETRIC_KEY" | "UNKNOWN";

/** What several objects have in common. */
export interface SharedOntologyResourceContext {
  readonly ontologyContext: OntologyContext;
  readonly resourceContext?: ReadonlyArray<ResourceContext>;
}

/** A part of the infrastructure. Nothing of it is lifted into entities. */
export type SystemResource =
  | { readonly type: "node"; readonly node: NodeId }
  | { readonly type: "entity"; readonly entity: EntityId }
  | { readonly type: "environment"; readonly environment: string }
  | { readonly type: "external"; readonly external: ExternalSystemResource };

/** Makes the variants of SystemResource. */
export declare const SystemResource: {
  node(value: NodeId): SystemResource;
  entity(value: EntityId): SystemResource;
  environment(value: string): SystemResource;
  external(value: ExternalSystemResource): SystemResource;
};

/** A version to move to; the sources do not define it. */
export type TargetVersion = Json;

/** A token, named but never shown. */
export interface Token {
  readonly id?: Identifier | null;
  readonly expirationTime?: string | Date | null;
  readonly userId?: UserId | null;
  readonly type: TokenType;
}

/** Kind of token; the sources do not list the values. */
export type TokenType = Json;

/** A resource and the version it moves to. */
export interface UpgradeResourceAction {
  readonly resource: SystemResource;
  readonly targetVersion: TargetVersion;
}

/** Id of a user. */
export type UserId = string;

/** A question and the user's answer. */
export interface UserJustification {
  readonly prompt: string;
  readonly justification: string;
  readonly justificationType: JustificationType;
}

/** Request fields of `apiGatewayRequest`. */
export interface ApiGatewayRequestRequest {
  /** Operation names; several for a batch. */
  readonly operationNames?: ReadonlyArray<string>;
}

/**
 * `apiGatewayRequest`: Request to an API gateway; join on traceId and userAgent to find what it fanned out to.
 */
export declare function apiGatewayRequest(request?: ApiGatewayRequestRequest): Category<"apiGatewayRequest", false>;

/** Request fields of `appConfigAccess`. */
export interface AppConfigAccessRequest {
  /** Configuration loaded. */
  readonly accessedAppConfigIds: ReadonlyArray<ApplicationResource>;
  /** What was loaded. */
  readonly accessAppConfigDescription: string | null;
}

/**
 * `appConfigAccess`: Application configuration, tied to a user or resource, was loaded.
 */
export declare function appConfigAccess(request: AppConfigAccessRequest): Category<"appConfigAccess", false>;

/** Request fields of `appConfigCreate`. */
export interface AppConfigCreateRequest {
  /** What was created. */
  readonly createAppConfigDescription: string | null;
}

/** Result fields of `appConfigCreate`. */
export interface AppConfigCreateResult {
  /** Configuration created. */
  readonly createdAppConfigIds: ReadonlyArray<ApplicationResource>;
}

/**
 * `appConfigCreate`: Application configuration was created.
 */
export declare function appConfigCreate(request: AppConfigCreateRequest): Category<"appConfigCreate", true>;

/** What came of a `appConfigCreate`. */
export declare function appConfigCreateResult(result: AppConfigCreateResult): Result<"appConfigCreate">;

/** Request fields of `appConfigDelete`. */
export interface AppConfigDeleteRequest {
  /** Configuration deleted. */
  readonly deletedAppConfigIds: ReadonlyArray<ApplicationResource>;
  /** What was deleted. */
  readonly deleteAppConfigDescription: string | null;
}

/**
 * `appConfigDelete`: Application configuration was deleted.
 */
export declare function appConfigDelete(request: AppConfigDeleteRequest): Category<"appConfigDelete", false>;

/** Request fields of `appConfigSearch`. */
export interface AppConfigSearchRequest {
  /** Query text. */
  readonly appConfigSearchQuery: string | null;
}

/** Result fields of `appConfigSearch`. */
export interface AppConfigSearchResult {
  /** Configuration shown. */
  readonly appConfigSearchResults: ReadonlyArray<ApplicationResource>;
}

/**
 * `appConfigSearch`: Search of application configuration, used when exact results are unknown or vary.
 */
export declare function appConfigSearch(request: AppConfigSearchRequest): Category<"appConfigSearch", true>;

/** What came of a `appConfigSearch`. */
export declare function appConfigSearchResult(result: AppConfigSearchResult): Result<"appConfigSearch">;

/** Request fields of `appConfigUpdate`. */
export interface AppConfigUpdateRequest {
  /** Configuration changed. */
  readonly updatedAppConfigIds: ReadonlyArray<ApplicationResource>;
  /** What changed. */
  readonly updateAppConfigDescription: string | null;
}

/**
 * `appConfigUpdate`: Application configuration was changed.
 */
export declare function appConfigUpdate(request: AppConfigUpdateRequest): Category<"appConfigUpdate", false>;

/** Request fields of `assetFileLoad`. */
export interface AssetFileLoadRequest {
  /** Coordinate asked for; group or version may be absent. */
  readonly requestMavenCoordinate: PartialMavenCoordinate;
  /** Path asked for. */
  readonly filePath: string;
}

/** Result fields of `assetFileLoad`. */
export interface AssetFileLoadResult {
  /** Full coordinate returned. */
  readonly responseMavenCoordinate: MavenCoordinate | null;
}

/**
 * `assetFileLoad`: A file of a static asset was loaded by full coordinate.
 *
 * @deprecated The category is deprecated.
 */
export declare function assetFileLoad(request: AssetFileLoadRequest): Category<"assetFileLoad", true>;

/** What came of a `assetFileLoad`. */
export declare function assetFileLoadResult(result: AssetFileLoadResult): Result<"assetFileLoad">;

/** Request fields of `assetFileLoadV2`. */
export interface AssetFileLoadV2Request {
  /** What was asked for. */
  readonly fileIdentifier: AssetFileLoadIdentifier;
}

/** Result fields of `assetFileLoadV2`. */
export interface AssetFileLoadV2Result {
  /** What was returned. */
  readonly fileLoadResponse: AssetFileLoadResponse | null;
}

/**
 * `assetFileLoadV2`: A static file was loaded by asset coordinate or content address.
 */
export declare function assetFileLoadV2(request: AssetFileLoadV2Request): Category<"assetFileLoadV2", true>;

/** What came of a `assetFileLoadV2`. */
export declare function assetFileLoadV2Result(result: AssetFileLoadV2Result): Result<"assetFileLoadV2">;

/** Request fields of `auditDataRedact`. */
export interface AuditDataRedactRequest {
  /** Event ids thought to be hit by the spill. */
  readonly requestedAuditEventIds: Json;
  /** Organization the events were attributed to. */
  readonly organizationRid: Json;
  /** Start of the window of the events. */
  readonly startDate: Json;
  /** End of the window. */
  readonly endDate: Json;
  /** Reason; may not be empty. */
  readonly redactionReason: Json;
}

/** Result fields of `auditDataRedact`. */
export interface AuditDataRedactResult {
  /** Id of this request. */
  readonly redactionRequestId: string;
  /** Ids redacted in that organization. */
  readonly redactedAuditEventIds: Json;
  /** Ids redacted among service-user-attributed events. */
  readonly redactedServiceUserAttributedAuditEventIds: Json;
  /** Ids found in neither place within the window. */
  readonly missingAuditEventIds: Json;
  /** Physical lines redacted. */
  readonly redactedLineCount: Json;
  /** Old file name to new file name. */
  readonly modifiedFiles: { readonly [name: string]: string };
}

/**
 * `auditDataRedact`: Audit data redacted to remedy a data spill.
 *
 * Known from the published catalogue alone, which gives neither types nor classifications.
 */
export declare function auditDataRedact(request: AuditDataRedactRequest): Category<"auditDataRedact", true>;

/** What came of a `auditDataRedact`. */
export declare function auditDataRedactResult(result: AuditDataRedactResult): Result<"auditDataRedact">;

/** Request fields of `auditDataShareCreate`. */
export interface AuditDataShareCreateRequest {
  /** Audit data shared. */
  readonly shareTargets: ReadonlyArray<DataResource>;
}

/** Result fields of `auditDataShareCreate`. */
export interface AuditDataShareCreateResult {
  /** Target to created share. */
  readonly shareIds: ReadonlyArray<AuditDataShare>;
}

/**
 * `auditDataShareCreate`: Pointers to audit data made, e.g. signed URLs that need no further authorization.
 *
 * shareIds stands in the published catalogue alone, without a classification.
 */
export declare function auditDataShareCreate(request: AuditDataShareCreateRequest): Category<"auditDataShareCreate", true>;

/** What came of a `auditDataShareCreate`. */
export declare function auditDataShareCreateResult(result: AuditDataShareCreateResult): Result<"auditDataShareCreate">;

/** Request fields of `auditDataTransform`. */
export interface AuditDataTransformRequest {
  /** Resource transformed. */
  readonly transformTarget: DataResource;
  /** Transformations done. */
  readonly transformDescriptions: ReadonlyArray<string>;
}

/** Result fields of `auditDataTransform`. */
export interface AuditDataTransformResult {
  /** Where output went; absent means in memory only, same as target means in place. */
  readonly transformDestination?: DataResource | null;
}

/**
 * `auditDataTransform`: Exactly one resource holding audit data was transformed.
 */
export declare function auditDataTransform(request: AuditDataTransformRequest): Category<"auditDataTransform", false>;

/** What came of a `auditDataTransform`. */
export declare function auditDataTransformResult(result?: AuditDataTransformResult): Result<"auditDataTransform">;

/** Request fields of `authenticationCheck`. */
export interface AuthenticationCheckRequest {
  /** What is being authenticated. */
  readonly authenticationCheckTargets?: ReadonlyArray<Identifier>;
}

/** Result fields of `authenticationCheck`. */
export interface AuthenticationCheckResult {
  /** Whether it passed. */
  readonly authenticationCheckResult: boolean | null;
  /** Detail of the outcome. */
  readonly authenticationCheckResultMessage?: string | null;
}

/**
 * `authenticationCheck`: Authentication status checked, by program or by hand, e.g. token validation.
 */
export declare function authenticationCheck(request?: AuthenticationCheckRequest): Category<"authenticationCheck", true>;

/** What came of a `authenticationCheck`. */
export declare function authenticationCheckResult(result: AuthenticationCheckResult): Result<"authenticationCheck">;

/** Request fields of `authorizationCheck`. */
export interface AuthorizationCheckRequest {
  /** What access is checked on. */
  readonly authorizationCheckTargets?: ReadonlyArray<Identifier>;
  /** Permissions asked about. */
  readonly authorizationCheckOperations: ReadonlyArray<string>;
}

/** Result fields of `authorizationCheck`. */
export interface AuthorizationCheckResult {
  /** Targets allowed. */
  readonly authorizationCheckSucceededTargets: ReadonlyArray<Identifier>;
  /** Targets refused. */
  readonly authorizationCheckFailedTargets: ReadonlyArray<Identifier>;
  /** Detail of the outcome. */
  readonly authorizationCheckResultMessage?: string | null;
}

/**
 * `authorizationCheck`: Permission check, by program or by hand.
 */
export declare function authorizationCheck(request: AuthorizationCheckRequest): Category<"authorizationCheck", true>;

/** What came of a `authorizationCheck`. */
export declare function authorizationCheckResult(result: AuthorizationCheckResult): Result<"authorizationCheck">;

/** Request fields of `bulkDataImport`. */
export interface BulkDataImportRequest {
  /** Files brought in. */
  readonly bulkImportedFiles: ReadonlyArray<ImportedFile>;
}

/** Result fields of `bulkDataImport`. */
export interface BulkDataImportResult {
  /** Where the import landed. */
  readonly bulkImportDestinations: ReadonlyArray<ImportDestination>;
}

/**
 * `bulkDataImport`: Many files imported at once, where each file's destination may not be traceable.
 */
export declare function bulkDataImport(request: BulkDataImportRequest): Category<"bulkDataImport", true>;

/** What came of a `bulkDataImport`. */
export declare function bulkDataImportResult(result: BulkDataImportResult): Result<"bulkDataImport">;

/** Request fields of `cancelCodeExecution`. */
export interface CancelCodeExecutionRequest {
  /** What had been running. */
  readonly cancelledExecutedResources: ReadonlyArray<LogicResource>;
  /** Its enclosing environment. */
  readonly cancelledExecutedResourceEnvironment: LogicResource | null;
}

/**
 * `cancelCodeExecution`: A running execution was cancelled.
 */
export declare function cancelCodeExecution(request: CancelCodeExecutionRequest): Category<"cancelCodeExecution", false>;

/** Request fields of `codeExecution`. */
export interface CodeExecutionRequest {
  /** Enclosing environment, e.g. a workbook or live deployment. */
  readonly executedResourceEnvironment: LogicResource | null;
}

/** Result fields of `codeExecution`. */
export interface CodeExecutionResult {
  /** What ran, e.g. model, build or container id. */
  readonly executedResources: ReadonlyArray<LogicResource>;
}

/**
 * `codeExecution`: Code was run, with or without an output data resource.
 */
export declare function codeExecution(request: CodeExecutionRequest): Category<"codeExecution", true>;

/** What came of a `codeExecution`. */
export declare function codeExecutionResult(result: CodeExecutionResult): Result<"codeExecution">;

/** Request fields of `configureInfra`. */
export interface ConfigureInfraRequest {
  /** Being configured. */
  readonly configureInfraTargets: ReadonlyArray<SystemResource>;
}

/** Result fields of `configureInfra`. */
export interface ConfigureInfraResult {
  /** Id of the configuration request. */
  readonly configureInfraRequestId: string | null;
}

/**
 * `configureInfra`: A user configures infrastructure.
 */
export declare function configureInfra(request: ConfigureInfraRequest): Category<"configureInfra", true>;

/** What came of a `configureInfra`. */
export declare function configureInfraResult(result: ConfigureInfraResult): Result<"configureInfra">;

/** Request fields of `containerLaunch`. */
export interface ContainerLaunchRequest {
  /** Asked to launch. */
  readonly requestedContainerIdsToLaunch?: ReadonlyArray<SystemResource>;
}

/** Result fields of `containerLaunch`. */
export interface ContainerLaunchResult {
  /** Launched. */
  readonly launchedContainerIds: ReadonlyArray<SystemResource>;
}

/**
 * `containerLaunch`: A compute environment was prepared, e.g. a Spark module launched.
 */
export declare function containerLaunch(request?: ContainerLaunchRequest): Category<"containerLaunch", true>;

/** What came of a `containerLaunch`. */
export declare function containerLaunchResult(result: ContainerLaunchResult): Result<"containerLaunch">;

/** Request fields of `containerLoad`. */
export interface ContainerLoadRequest {
  /** Asked for. */
  readonly requestedContainerLoadIds: ReadonlyArray<SystemResource>;
}

/** Result fields of `containerLoad`. */
export interface ContainerLoadResult {
  /** Returned. */
  readonly loadedContainerLoadIds: ReadonlyArray<SystemResource>;
}

/**
 * `containerLoad`: A compute environment was read.
 */
export declare function containerLoad(request: ContainerLoadRequest): Category<"containerLoad", true>;

/** What came of a `containerLoad`. */
export declare function containerLoadResult(result: ContainerLoadResult): Result<"containerLoad">;

/** Request fields of `containerSearch`. */
export interface ContainerSearchRequest {
  /** Query text. */
  readonly containerSearchQuery?: string | null;
}

/** Result fields of `containerSearch`. */
export interface ContainerSearchResult {
  /** Shown to the user. */
  readonly containerSearchResults: ReadonlyArray<SystemResource>;
}

/**
 * `containerSearch`: Compute environments were listed or searched.
 */
export declare function containerSearch(request?: ContainerSearchRequest): Category<"containerSearch", true>;

/** What came of a `containerSearch`. */
export declare function containerSearchResult(result: ContainerSearchResult): Result<"containerSearch">;

/** Request fields of `containerStop`. */
export interface ContainerStopRequest {
  /** Stopped. */
  readonly stoppedContainerIds: ReadonlyArray<SystemResource>;
  /** Readable reason, e.g. failure or user request. */
  readonly containerStopReason?: string | null;
}

/**
 * `containerStop`: A compute environment was shut down.
 */
export declare function containerStop(request: ContainerStopRequest): Category<"containerStop", false>;

/** Request fields of `createInfra`. */
export interface CreateInfraRequest {
  /** To be created. */
  readonly createInfraTargets: ReadonlyArray<SystemResource>;
}

/** Result fields of `createInfra`. */
export interface CreateInfraResult {
  /** Created, with fuller identifiers. */
  readonly createdInfraResources: ReadonlyArray<SystemResource>;
}

/**
 * `createInfra`: A user creates infrastructure such as a node or service.
 */
export declare function createInfra(request: CreateInfraRequest): Category<"createInfra", true>;

/** What came of a `createInfra`. */
export declare function createInfraResult(result: CreateInfraResult): Result<"createInfra">;

/** Result fields of `dataCreate`. */
export interface DataCreateResult {
  /** Data resources made by the event. */
  readonly createdResources: ReadonlyArray<DataResource>;
}

/**
 * `dataCreate`: New data now exists in the platform; a landing service may log the same thing as dataPromote.
 *
 * Early emitters wrote createdResources among the request fields; that is refused.
 */
export declare function dataCreate(): Category<"dataCreate", true>;

/** What came of a `dataCreate`. */
export declare function dataCreateResult(result: DataCreateResult): Result<"dataCreate">;

/** Request fields of `dataDelete`. */
export interface DataDeleteRequest {
  /** Data resources removed. */
  readonly deletedResources: ReadonlyArray<DataResource>;
}

/**
 * `dataDelete`: Data removed, whatever the granularity of the removal.
 */
export declare function dataDelete(request: DataDeleteRequest): Category<"dataDelete", false>;

/** Request fields of `dataExport`. */
export interface DataExportRequest {
  /** Every resource that was taken out. */
  readonly downloadedResources: ReadonlyArray<DataResource>;
}

/** Result fields of `dataExport`. */
export interface DataExportResult {
  /** Bytes taken out. */
  readonly downloadedSize: number | null;
}

/**
 * `dataExport`: Data leaves the platform, e.g. a download or CSV; copies to other Palantir systems use dataPromote.
 */
export declare function dataExport(request: DataExportRequest): Category<"dataExport", true>;

/** What came of a `dataExport`. */
export declare function dataExportResult(result: DataExportResult): Result<"dataExport">;

/** Request fields of `dataImport`. */
export interface DataImportRequest {
  /** File name of what was brought in. */
  readonly importedFilename: string | null;
  /** Kind of file. */
  readonly importedFileType: FileType | null;
  /** Parent of the destination. */
  readonly importParentResourceId?: DataResource | null;
}

/** Result fields of `dataImport`. */
export interface DataImportResult {
  /** Destination resource. */
  readonly importResourceId: DataResource | null;
  /** Total bytes brought in. */
  readonly importedSize?: number | null;
}

/**
 * `dataImport`: Data comes in from outside the platform; another service may record it as dataPromote.
 */
export declare function dataImport(request: DataImportRequest): Category<"dataImport", true>;

/** What came of a `dataImport`. */
export declare function dataImportResult(result: DataImportResult): Result<"dataImport">;

/** Request fields of `dataLoad`. */
export interface DataLoadRequest {
  /** Data resources read. */
  readonly loadedResources: ReadonlyArray<DataResource>;
}

/**
 * `dataLoad`: Data read in order to show it to a user; pure back-end reads belong to internal.
 *
 * Published prose allows the resources among the result fields too; the definition does not, and that is refused.
 */
export declare function dataLoad(request: DataLoadRequest): Category<"dataLoad", false>;

/** Request fields of `dataMerge`. */
export interface DataMergeRequest {
  /** Inputs. */
  readonly resourcesToMerge: ReadonlyArray<DataResource>;
}

/** Result fields of `dataMerge`. */
export interface DataMergeResult {
  /** Combined output. */
  readonly mergedResult: DataResource | null;
}

/**
 * `dataMerge`: Two or more sources combined into one, e.g. a join or an entity resolution.
 */
export declare function dataMerge(request: DataMergeRequest): Category<"dataMerge", true>;

/** What came of a `dataMerge`. */
export declare function dataMergeResult(result: DataMergeResult): Result<"dataMerge">;

/** Request fields of `dataPromote`. */
export interface DataPromoteRequest {
  /** Target systems. */
  readonly promotionDestinations: ReadonlyArray<ExternalSystem>;
  /** What the promotion was. */
  readonly promotionDescription: string | null;
  /** Resources pushed. */
  readonly promotedResources: ReadonlyArray<DataResource>;
}

/**
 * `dataPromote`: A user pushed data to another Palantir system, such as Gotham.
 */
export declare function dataPromote(request: DataPromoteRequest): Category<"dataPromote", false>;

/** Request fields of `dataSearch`. */
export interface DataSearchRequest {
  /** Query text. */
  readonly dataSearchQuery: string | null;
  /** Unstructured extra context, for human readers only. */
  readonly dataSearchContext?: ReadonlyArray<ResourceContext>;
}

/** Result fields of `dataSearch`. */
export interface DataSearchResult {
  /** Resources shown to the user. */
  readonly dataSearchResults: ReadonlyArray<DataResource>;
}

/**
 * `dataSearch`: Search over datasets, objects or other data.
 */
export declare function dataSearch(request: DataSearchRequest): Category<"dataSearch", true>;

/** What came of a `dataSearch`. */
export declare function dataSearchResult(result: DataSearchResult): Result<"dataSearch">;

/** Request fields of `dataShare`. */
export interface DataShareRequest {
  /** Identifier of the share, if there is one. */
  readonly dataShareId?: Identifier | null;
  /** What was shared. */
  readonly dataShareTargets: ReadonlyArray<DataResource>;
  /** Readable reason, e.g. a share link was opened. */
  readonly dataShareReason: string | null;
}

/**
 * `dataShare`: Discretionary sharing of data.
 */
export declare function dataShare(request: DataShareRequest): Category<"dataShare", false>;

/** Request fields of `dataShareCreate`. */
export interface DataShareCreateRequest {
  /** Identifier of the share, if any. */
  readonly dataShareCreateId?: Identifier | null;
  /** What it shares. */
  readonly dataShareCreateTargets: ReadonlyArray<DataResource>;
}

/**
 * `dataShareCreate`: A share is set up, e.g. a link granting access to whoever visits it.
 */
export declare function dataShareCreate(request: DataShareCreateRequest): Category<"dataShareCreate", false>;

/** Request fields of `dataShareDisable`. */
export interface DataShareDisableRequest {
  /** Identifier of the share, if any. */
  readonly dataShareDisableId?: Identifier | null;
  /** What it shared. */
  readonly dataShareDisableTargets: ReadonlyArray<DataResource>;
}

/**
 * `dataShareDisable`: A sharing mechanism, e.g. a link, is switched off.
 */
export declare function dataShareDisable(request: DataShareDisableRequest): Category<"dataShareDisable", false>;

/** Request fields of `dataTransform`. */
export interface DataTransformRequest {
  /** Resources changed. */
  readonly transformTargets: ReadonlyArray<DataResource>;
  /** What was done. */
  readonly transformDescription: string | null;
}

/**
 * `dataTransform`: One or more data resources changed in some way.
 */
export declare function dataTransform(request: DataTransformRequest): Category<"dataTransform", false>;

/**
 * `dataUpdate`: Catch-all for updates or attempted updates; dataTransform or dataMerge preferred.
 *
 * Has no fields. Use dataTransform or dataMerge.
 *
 * @deprecated The category is legacy.
 */
export declare function dataUpdate(): Category<"dataUpdate", false>;

/** Request fields of `inApplicationContext`. */
export interface InApplicationContextRequest {
  /** The application. */
  readonly applicationRid: ApplicationRid;
}

/**
 * `inApplicationContext`: The request came from a third-party application.
 */
export declare function inApplicationContext(request: InApplicationContextRequest): Category<"inApplicationContext", false>;

/** Request fields of `inEnrollmentContext`. */
export interface InEnrollmentContextRequest {
  /** The enrollments. */
  readonly enrollmentRids: ReadonlyArray<EnrollmentRid>;
}

/**
 * `inEnrollmentContext`: The request was made in the context of one or more enrollments.
 */
export declare function inEnrollmentContext(request: InEnrollmentContextRequest): Category<"inEnrollmentContext", false>;

/** Request fields of `inHubContext`. */
export interface InHubContextRequest {
  /** Environment asked about. */
  readonly targetEnvironment: Json;
  /** Spoke environment asked about. */
  readonly targetSpokeEnvironment?: Json;
}

/** Result fields of `inHubContext`. */
export interface InHubContextResult {
  /** Enrollment asked about. */
  readonly targetEnrollment?: Json;
  /** Domain asked about. */
  readonly targetDomain?: Json;
}

/**
 * `inHubContext`: Hub-and-spoke request: a service asks about another stack's configuration.
 *
 * Known from the published catalogue alone, which gives neither types nor classifications; that the last two are result fields is inferred.
 */
export declare function inHubContext(request: InHubContextRequest): Category<"inHubContext", false>;

/** What came of a `inHubContext`. */
export declare function inHubContextResult(result?: InHubContextResult): Result<"inHubContext">;

/** Request fields of `infraLogsAccess`. */
export interface InfraLogsAccessRequest {
  /** Where the logs are from. */
  readonly infraLogsAccessTarget: SystemResource;
}

/** Result fields of `infraLogsAccess`. */
export interface InfraLogsAccessResult {
  /** Id of the access request. */
  readonly infraLogsAccessRequestId: string | null;
}

/**
 * `infraLogsAccess`: A user asks for logs of an infrastructure resource.
 */
export declare function infraLogsAccess(request: InfraLogsAccessRequest): Category<"infraLogsAccess", true>;

/** What came of a `infraLogsAccess`. */
export declare function infraLogsAccessResult(result: InfraLogsAccessResult): Result<"infraLogsAccess">;

/**
 * `internal`: Catch-all for internal events; low signal for auditors.
 */
export declare function internal(): Category<"internal", false>;

/** Request fields of `llmInference`. */
export interface LlmInferenceRequest {
  /** Model id, temperature, moderation flag, attributed resources. */
  readonly llmInferenceContext: LlmInferenceContext;
  /** Inputs. */
  readonly llmInferenceInputs: ReadonlyArray<LlmInput>;
}

/** Result fields of `llmInference`. */
export interface LlmInferenceResult {
  /** Outputs. */
  readonly llmInferenceResponses: ReadonlyArray<LlmResponse>;
  /** Context known only at response time. */
  readonly llmInferenceResponseContext: LlmInferenceContext | null;
}

/**
 * `llmInference`: A prompt was run through a generative model.
 */
export declare function llmInference(request: LlmInferenceRequest): Category<"llmInference", true>;

/** What came of a `llmInference`. */
export declare function llmInferenceResult(result: LlmInferenceResult): Result<"llmInference">;

/** Request fields of `llmRoute`. */
export interface LlmRouteRequest {
  /** URL, body and model asked for. */
  readonly llmRouteRequest: LlmRoutingRequest;
}

/** Result fields of `llmRoute`. */
export interface LlmRouteResult {
  /** URL used, HTTP status and body. */
  readonly llmRouteResponse: LlmRoutingResponse | null;
}

/**
 * `llmRoute`: A prompt was forwarded by an LLM proxy or load balancer.
 */
export declare function llmRoute(request: LlmRouteRequest): Category<"llmRoute", true>;

/** What came of a `llmRoute`. */
export declare function llmRouteResult(result: LlmRouteResult): Result<"llmRoute">;

/** Request fields of `logicAccess`. */
export interface LogicAccessRequest {
  /** Logic viewed. */
  readonly accessedLogicResources: ReadonlyArray<LogicResource>;
}

/**
 * `logicAccess`: Logic was viewed, e.g. opening a Contour analysis.
 */
export declare function logicAccess(request: LogicAccessRequest): Category<"logicAccess", false>;

/** Result fields of `logicCreate`. */
export interface LogicCreateResult {
  /** Logic made. */
  readonly createdLogicResources: ReadonlyArray<LogicResource>;
}

/**
 * `logicCreate`: New logic was made, e.g. a Contour board.
 */
export declare function logicCreate(): Category<"logicCreate", true>;

/** What came of a `logicCreate`. */
export declare function logicCreateResult(result: LogicCreateResult): Result<"logicCreate">;

/** Request fields of `logicDelete`. */
export interface LogicDeleteRequest {
  /** Logic deleted. */
  readonly deletedLogicResources: ReadonlyArray<LogicResource>;
}

/**
 * `logicDelete`: Logic was deleted, e.g. a Contour board.
 */
export declare function logicDelete(request: LogicDeleteRequest): Category<"logicDelete", false>;

/** Request fields of `logicSearch`. */
export interface LogicSearchRequest {
  /** Query text. */
  readonly logicSearchQuery: string | null;
}

/** Result fields of `logicSearch`. */
export interface LogicSearchResult {
  /** Logic returned. */
  readonly logicSearchResults: ReadonlyArray<LogicResource>;
}

/**
 * `logicSearch`: Search for logic, e.g. for an analysis.
 */
export declare function logicSearch(request: LogicSearchRequest): Category<"logicSearch", true>;

/** What came of a `logicSearch`. */
export declare function logicSearchResult(result: LogicSearchResult): Result<"logicSearch">;

/** Request fields of `logicUpdate`. */
export interface LogicUpdateRequest {
  /** Logic changed. */
  readonly updatedLogicResources: ReadonlyArray<LogicResource>;
}

/**
 * `logicUpdate`: Existing logic changed: a file saved, a repository push, an edited board.
 */
export declare function logicUpdate(request: LogicUpdateRequest): Category<"logicUpdate", false>;

/** Request fields of `managementGroups`. */
export interface ManagementGroupsRequest {
  /** Per group: members added and removed. */
  readonly groupPatches: ReadonlyArray<Patch>;
}

/**
 * `managementGroups`: Group membership changed.
 */
export declare function managementGroups(request: ManagementGroupsRequest): Category<"managementGroups", false>;

/** Request fields of `managementMarkings`. */
export interface ManagementMarkingsRequest {
  /** Per marking: principals added and removed. */
  readonly markingPatches: ReadonlyArray<Patch>;
}

/**
 * `managementMarkings`: Access to mandatory controls (markings) changed.
 */
export declare function managementMarkings(request: ManagementMarkingsRequest): Category<"managementMarkings", false>;

/** Request fields of `managementPermissions`. */
export interface ManagementPermissionsRequest {
  /** Resources affected. */
  readonly resourcesWithPermissionsChanges: ReadonlyArray<Resource>;
  /** Extra context. */
  readonly permissionChangeContext?: ReadonlyArray<ResourceContext>;
}

/**
 * `managementPermissions`: Permissions changed on the platform, e.g. a share or a provenance change.
 *
 * The changes parameter of audit.2 is not a field of audit.3.
 */
export declare function managementPermissions(request: ManagementPermissionsRequest): Category<"managementPermissions", false>;

/** Request fields of `managementTokens`. */
export interface ManagementTokensRequest {
  /** Tokens affected. */
  readonly managedTokens: ReadonlyArray<Token>;
}

/**
 * `managementTokens`: Tokens enabled, disabled or revoked.
 *
 * The user ids inside these tokens are lifted into users.
 */
export declare function managementTokens(request: ManagementTokensRequest): Category<"managementTokens", false>;

/** Request fields of `managementUsers`. */
export interface ManagementUsersRequest {
  /** Users affected. */
  readonly managedUserIds: ReadonlyArray<string>;
}

/**
 * `managementUsers`: Users added, removed or edited; permission and group changes have their own categories.
 *
 * These ids are metadata and are not lifted into users.
 */
export declare function managementUsers(request: ManagementUsersRequest): Category<"managementUsers", false>;

/** Request fields of `metaDataAccess`. */
export interface MetaDataAccessRequest {
  /** Data the metadata describes. */
  readonly accessedMetaDataResources: ReadonlyArray<DataResource>;
  /** What was read. */
  readonly accessedMetaDataDescription: string | null;
}

/**
 * `metaDataAccess`: Metadata (data about data: counts, names, transaction ids) was read.
 */
export declare function metaDataAccess(request: MetaDataAccessRequest): Category<"metaDataAccess", false>;

/** Request fields of `metaDataCreate`. */
export interface MetaDataCreateRequest {
  /** What was created. */
  readonly createdMetaDataDescription: string | null;
}

/** Result fields of `metaDataCreate`. */
export interface MetaDataCreateResult {
  /** Data the metadata describes. */
  readonly createdMetaDataResources: ReadonlyArray<DataResource>;
}

/**
 * `metaDataCreate`: Metadata was created.
 */
export declare function metaDataCreate(request: MetaDataCreateRequest): Category<"metaDataCreate", true>;

/** What came of a `metaDataCreate`. */
export declare function metaDataCreateResult(result: MetaDataCreateResult): Result<"metaDataCreate">;

/** Request fields of `metaDataDelete`. */
export interface MetaDataDeleteRequest {
  /** Data the metadata described. */
  readonly deletedMetaDataResources: ReadonlyArray<DataResource>;
  /** What was deleted. */
  readonly deletedMetaDataDescription: string | null;
}

/**
 * `metaDataDelete`: Metadata was deleted.
 */
export declare function metaDataDelete(request: MetaDataDeleteRequest): Category<"metaDataDelete", false>;

/** Request fields of `metaDataSearch`. */
export interface MetaDataSearchRequest {
  /** Query text. */
  readonly metaDataSearchQuery: string | null;
}

/** Result fields of `metaDataSearch`. */
export interface MetaDataSearchResult {
  /** Resources whose metadata was shown. */
  readonly metaDataSearchResults: ReadonlyArray<DataResource>;
}

/**
 * `metaDataSearch`: Search over metadata of datasets, objects and the like.
 */
export declare function metaDataSearch(request: MetaDataSearchRequest): Category<"metaDataSearch", true>;

/** What came of a `metaDataSearch`. */
export declare function metaDataSearchResult(result: MetaDataSearchResult): Result<"metaDataSearch">;

/** Request fields of `metaDataUpdate`. */
export interface MetaDataUpdateRequest {
  /** Data the metadata describes. */
  readonly updatedMetaDataResources: ReadonlyArray<DataResource>;
  /** What was changed. */
  readonly updatedMetaDataDescription: string | null;
}

/**
 * `metaDataUpdate`: Metadata was changed.
 */
export declare function metaDataUpdate(request: MetaDataUpdateRequest): Category<"metaDataUpdate", false>;

/** Request fields of `monitorAccess`. */
export interface MonitorAccessRequest {
  /** Monitors viewed. */
  readonly accessedMonitorResources: ReadonlyArray<MonitorResource>;
  /** What the view was. */
  readonly accessedMonitorDescription?: string | null;
}

/**
 * `monitorAccess`: A monitor was viewed.
 */
export declare function monitorAccess(request: MonitorAccessRequest): Category<"monitorAccess", false>;

/** Request fields of `monitorCreate`. */
export interface MonitorCreateRequest {
  /** What was created. */
  readonly createdMonitorDescription?: string | null;
}

/** Result fields of `monitorCreate`. */
export interface MonitorCreateResult {
  /** Monitors created. */
  readonly createdMonitorResources: ReadonlyArray<MonitorResource>;
}

/**
 * `monitorCreate`: A monitor was created.
 */
export declare function monitorCreate(request?: MonitorCreateRequest): Category<"monitorCreate", true>;

/** What came of a `monitorCreate`. */
export declare function monitorCreateResult(result: MonitorCreateResult): Result<"monitorCreate">;

/** Request fields of `monitorDelete`. */
export interface MonitorDeleteRequest {
  /** Monitors deleted. */
  readonly deletedMonitorResources: ReadonlyArray<MonitorResource>;
  /** What was deleted. */
  readonly deletedMonitorDescription?: string | null;
}

/**
 * `monitorDelete`: A monitor was deleted.
 */
export declare function monitorDelete(request: MonitorDeleteRequest): Category<"monitorDelete", false>;

/** Request fields of `monitorRun`. */
export interface MonitorRunRequest {
  /** Monitors run. */
  readonly runMonitorTargets: ReadonlyArray<MonitorResource>;
}

/**
 * `monitorRun`: A monitor ran and may have fired actions or notifications.
 */
export declare function monitorRun(request: MonitorRunRequest): Category<"monitorRun", false>;

/** Request fields of `monitorSearch`. */
export interface MonitorSearchRequest {
  /** Query text. */
  readonly monitorSearchQuery: string | null;
}

/** Result fields of `monitorSearch`. */
export interface MonitorSearchResult {
  /** Monitors shown. */
  readonly monitorSearchResults: ReadonlyArray<MonitorResource>;
}

/**
 * `monitorSearch`: Search for monitors.
 */
export declare function monitorSearch(request: MonitorSearchRequest): Category<"monitorSearch", true>;

/** What came of a `monitorSearch`. */
export declare function monitorSearchResult(result: MonitorSearchResult): Result<"monitorSearch">;

/** Request fields of `monitorUpdate`. */
export interface MonitorUpdateRequest {
  /** Monitors changed. */
  readonly updatedMonitorResources: ReadonlyArray<MonitorResource>;
  /** What changed. */
  readonly updatedMonitorDescription?: string | null;
}

/**
 * `monitorUpdate`: A monitor's behaviour was changed.
 */
export declare function monitorUpdate(request: MonitorUpdateRequest): Category<"monitorUpdate", false>;

/** Request fields of `oauth2InitiateAuthFlow`. */
export interface Oauth2InitiateAuthFlowRequest {
  /** User the flow is for. */
  readonly oauth2InitiateAuthFlowUser: UserId;
  /** Client the flow is for. */
  readonly oauth2InitiateAuthClientId: Identifier;
}

/**
 * `oauth2InitiateAuthFlow`: Start of an authorization-code flow against an external OAuth 2.0 server.
 */
export declare function oauth2InitiateAuthFlow(request: Oauth2InitiateAuthFlowRequest): Category<"oauth2InitiateAuthFlow", false>;

/** Request fields of `onBehalfOf`. */
export interface OnBehalfOfRequest {
  /** Upstream users, most upstream first. */
  readonly onBehalfOfUserIds: ReadonlyArray<UserId>;
}

/**
 * `onBehalfOf`: A service user acted for other users.
 *
 * Takes the place of otherUids of audit.2.
 */
export declare function onBehalfOf(request: OnBehalfOfRequest): Category<"onBehalfOf", false>;

/** Request fields of `ontologyDataLoad`. */
export interface OntologyDataLoadRequest {
  /** E.g. owning resource. */
  readonly ontologyDataLoadContext?: ReadonlyArray<ResourceContext>;
  /** Asked for. */
  readonly requestedOntologyDataResources: ReadonlyArray<OntologyDataResourceList>;
}

/** Result fields of `ontologyDataLoad`. */
export interface OntologyDataLoadResult {
  /** Returned. */
  readonly loadedOntologyDataResources: ReadonlyArray<OntologyDataResourceList>;
}

/**
 * `ontologyDataLoad`: Ontology data (objects, links) loaded for a user.
 */
export declare function ontologyDataLoad(request: OntologyDataLoadRequest): Category<"ontologyDataLoad", true>;

/** What came of a `ontologyDataLoad`. */
export declare function ontologyDataLoadResult(result: OntologyDataLoadResult): Result<"ontologyDataLoad">;

/** Request fields of `ontologyDataSearch`. */
export interface OntologyDataSearchRequest {
  /** E.g. owning resource. */
  readonly ontologyDataSearchContext?: ReadonlyArray<ResourceContext>;
  /** Selections searched. */
  readonly searchedOntologyLogicResources: ReadonlyArray<OntologyLogicResource>;
}

/** Result fields of `ontologyDataSearch`. */
export interface OntologyDataSearchResult {
  /** Shown to the user. */
  readonly ontologyDataSearchResults: ReadonlyArray<OntologyDataResourceList>;
}

/**
 * `ontologyDataSearch`: Search of ontology data.
 */
export declare function ontologyDataSearch(request: OntologyDataSearchRequest): Category<"ontologyDataSearch", true>;

/** What came of a `ontologyDataSearch`. */
export declare function ontologyDataSearchResult(result: OntologyDataSearchResult): Result<"ontologyDataSearch">;

/** Request fields of `ontologyDataTransform`. */
export interface OntologyDataTransformRequest {
  /** Meant to be changed. */
  readonly ontologyDataTransformTargets?: ReadonlyArray<OntologyDataResource>;
  /** Extra context. */
  readonly ontologyDataTransformContext?: ReadonlyArray<ResourceContext>;
  /** What was done. */
  readonly ontologyDataTransformDescription?: string | null;
}

/** Result fields of `ontologyDataTransform`. */
export interface OntologyDataTransformResult {
  /** Actually changed. */
  readonly transformedOntologyDataResources?: ReadonlyArray<OntologyDataResource>;
}

/**
 * `ontologyDataTransform`: Ontology data modified by patches or edits.
 */
export declare function ontologyDataTransform(request?: OntologyDataTransformRequest): Category<"ontologyDataTransform", false>;

/** What came of a `ontologyDataTransform`. */
export declare function ontologyDataTransformResult(result?: OntologyDataTransformResult): Result<"ontologyDataTransform">;

/** Request fields of `ontologyLogicAccess`. */
export interface OntologyLogicAccessRequest {
  /** Asked for. */
  readonly requestedOntologyLogicResources: ReadonlyArray<OntologyLogicResource>;
}

/** Result fields of `ontologyLogicAccess`. */
export interface OntologyLogicAccessResult {
  /** Returned. */
  readonly loadedOntologyLogicResources: ReadonlyArray<OntologyLogicResource>;
}

/**
 * `ontologyLogicAccess`: Object sets or similar ontology selections viewed.
 */
export declare function ontologyLogicAccess(request: OntologyLogicAccessRequest): Category<"ontologyLogicAccess", true>;

/** What came of a `ontologyLogicAccess`. */
export declare function ontologyLogicAccessResult(result: OntologyLogicAccessResult): Result<"ontologyLogicAccess">;

/** Request fields of `ontologyLogicCreate`. */
export interface OntologyLogicCreateRequest {
  /** Owning or parent resource; a 'type' entry says temporary, permanent or versioned. */
  readonly createOntologyLogicContext?: ReadonlyArray<ResourceContext>;
}

/** Result fields of `ontologyLogicCreate`. */
export interface OntologyLogicCreateResult {
  /** Resources created. */
  readonly createdOntologyLogicResources: ReadonlyArray<OntologyLogicResource>;
}

/**
 * `ontologyLogicCreate`: An object set or similar was created.
 */
export declare function ontologyLogicCreate(request?: OntologyLogicCreateRequest): Category<"ontologyLogicCreate", true>;

/** What came of a `ontologyLogicCreate`. */
export declare function ontologyLogicCreateResult(result: OntologyLogicCreateResult): Result<"ontologyLogicCreate">;

/** Request fields of `ontologyLogicDelete`. */
export interface OntologyLogicDeleteRequest {
  /** Owning or parent resource; a 'type' entry says temporary, permanent or versioned. */
  readonly deleteOntologyLogicContext?: ReadonlyArray<ResourceContext>;
}

/** Result fields of `ontologyLogicDelete`. */
export interface OntologyLogicDeleteResult {
  /** Resources deleted. */
  readonly deletedOntologyLogicResources: ReadonlyArray<OntologyLogicResource>;
}

/**
 * `ontologyLogicDelete`: An object set or similar was deleted.
 */
export declare function ontologyLogicDelete(request?: OntologyLogicDeleteRequest): Category<"ontologyLogicDelete", true>;

/** What came of a `ontologyLogicDelete`. */
export declare function ontologyLogicDeleteResult(result: OntologyLogicDeleteResult): Result<"ontologyLogicDelete">;

/** Request fields of `ontologyLogicUpdate`. */
export interface OntologyLogicUpdateRequest {
  /** Owning or parent resource; a 'type' entry says temporary, permanent or versioned. */
  readonly updateOntologyLogicContext?: ReadonlyArray<ResourceContext>;
}

/** Result fields of `ontologyLogicUpdate`. */
export interface OntologyLogicUpdateResult {
  /** Resources updated. */
  readonly updatedOntologyLogicResources: ReadonlyArray<OntologyLogicResource>;
}

/**
 * `ontologyLogicUpdate`: An object set or similar was changed, e.g. a new version saved.
 */
export declare function ontologyLogicUpdate(request?: OntologyLogicUpdateRequest): Category<"ontologyLogicUpdate", true>;

/** What came of a `ontologyLogicUpdate`. */
export declare function ontologyLogicUpdateResult(result: OntologyLogicUpdateResult): Result<"ontologyLogicUpdate">;

/** Result fields of `ontologyMetaDataCreate`. */
export interface OntologyMetaDataCreateResult {
  /** Definitions created. */
  readonly createdOntologyMetaDataResources: ReadonlyArray<OntologyMetaDataResource>;
}

/**
 * `ontologyMetaDataCreate`: Ontology definitions (object, link, action types) created.
 */
export declare function ontologyMetaDataCreate(): Category<"ontologyMetaDataCreate", true>;

/** What came of a `ontologyMetaDataCreate`. */
export declare function ontologyMetaDataCreateResult(result: OntologyMetaDataCreateResult): Result<"ontologyMetaDataCreate">;

/** Request fields of `ontologyMetaDataDelete`. */
export interface OntologyMetaDataDeleteRequest {
  /** Definitions deleted. */
  readonly deletedOntologyMetaDataResources: ReadonlyArray<OntologyMetaDataResource>;
}

/**
 * `ontologyMetaDataDelete`: Ontology definitions deleted.
 */
export declare function ontologyMetaDataDelete(request: OntologyMetaDataDeleteRequest): Category<"ontologyMetaDataDelete", false>;

/** Request fields of `ontologyMetaDataLoad`. */
export interface OntologyMetaDataLoadRequest {
  /** Asked for. */
  readonly requestedOntologyMetaDataResources: ReadonlyArray<OntologyMetaDataResource>;
}

/** Result fields of `ontologyMetaDataLoad`. */
export interface OntologyMetaDataLoadResult {
  /** Returned. */
  readonly loadedOntologyMetaDataResources: ReadonlyArray<OntologyMetaDataResource>;
}

/**
 * `ontologyMetaDataLoad`: Ontology definitions loaded for a user.
 */
export declare function ontologyMetaDataLoad(request: OntologyMetaDataLoadRequest): Category<"ontologyMetaDataLoad", true>;

/** What came of a `ontologyMetaDataLoad`. */
export declare function ontologyMetaDataLoadResult(result: OntologyMetaDataLoadResult): Result<"ontologyMetaDataLoad">;

/** Request fields of `ontologyMetaDataSearch`. */
export interface OntologyMetaDataSearchRequest {
  /** Definitions in the query. */
  readonly ontologyMetaDataSearchedResources: ReadonlyArray<OntologyMetaDataResource>;
  /** E.g. data source type. */
  readonly ontologyMetaDataSearchContext?: string | null;
}

/** Result fields of `ontologyMetaDataSearch`. */
export interface OntologyMetaDataSearchResult {
  /** Definitions returned. */
  readonly ontologyMetaDataSearchResults: ReadonlyArray<OntologyMetaDataResource>;
}

/**
 * `ontologyMetaDataSearch`: Search for ontology definitions meeting criteria.
 */
export declare function ontologyMetaDataSearch(request: OntologyMetaDataSearchRequest): Category<"ontologyMetaDataSearch", true>;

/** What came of a `ontologyMetaDataSearch`. */
export declare function ontologyMetaDataSearchResult(result: OntologyMetaDataSearchResult): Result<"ontologyMetaDataSearch">;

/** Request fields of `ontologyMetaDataUpdate`. */
export interface OntologyMetaDataUpdateRequest {
  /** Definitions changed. */
  readonly updatedOntologyMetaDataResources: ReadonlyArray<OntologyMetaDataResource>;
}

/**
 * `ontologyMetaDataUpdate`: Ontology definitions changed.
 */
export declare function ontologyMetaDataUpdate(request: OntologyMetaDataUpdateRequest): Category<"ontologyMetaDataUpdate", false>;

/** Request fields of `passThrough`. */
export interface PassThroughRequest {
  /** Request parameters with sensitivity levels. */
  readonly passThroughRequestParams: { readonly [name: string]: PassThroughSensitivityTaggedValue };
}

/** Result fields of `passThrough`. */
export interface PassThroughResult {
  /** Response parameters with sensitivity levels. */
  readonly passThroughResponseParams: { readonly [name: string]: PassThroughSensitivityTaggedValue };
}

/**
 * `passThrough`: Parameters are decided at run time, usually by an outside system.
 *
 * That the fields are of class PASS_THROUGH is inferred. No users are lifted from them.
 */
export declare function passThrough(request: PassThroughRequest): Category<"passThrough", true>;

/** What came of a `passThrough`. */
export declare function passThroughResult(result: PassThroughResult): Result<"passThrough">;

/** Request fields of `requestAccess`. */
export interface RequestAccessRequest {
  /** Requests viewed. */
  readonly accessedRequestIds: ReadonlyArray<RequestResource>;
  /** What the view was. */
  readonly accessedRequestDescription?: string | null;
}

/**
 * `requestAccess`: A request (pull request, access request, checkpoint) was viewed.
 */
export declare function requestAccess(request: RequestAccessRequest): Category<"requestAccess", false>;

/** Request fields of `requestApprove`. */
export interface RequestApproveRequest {
  /** Requests approved. */
  readonly approvedRequestIds: ReadonlyArray<RequestResource>;
  /** Approver. */
  readonly approveRequestUserId?: UserId | null;
}

/**
 * `requestApprove`: A request, or part of one, was approved; several approvals may be needed.
 */
export declare function requestApprove(request: RequestApproveRequest): Category<"requestApprove", false>;

/** Request fields of `requestCancel`. */
export interface RequestCancelRequest {
  /** Requests withdrawn. */
  readonly canceledRequestIds: ReadonlyArray<RequestResource>;
}

/**
 * `requestCancel`: A request was withdrawn so it will not be carried out.
 */
export declare function requestCancel(request: RequestCancelRequest): Category<"requestCancel", false>;

/** Request fields of `requestCreate`. */
export interface RequestCreateRequest {
  /** Resources it would touch; the parent for a creation. */
  readonly createdRequestAffectedResources: ReadonlyArray<Resource>;
  /** What was asked. */
  readonly createdRequestDescription?: string | null;
}

/** Result fields of `requestCreate`. */
export interface RequestCreateResult {
  /** Requests opened. */
  readonly createdRequestIds: ReadonlyArray<RequestResource>;
}

/**
 * `requestCreate`: A request for a not-yet-performed action was opened and may need approval.
 */
export declare function requestCreate(request: RequestCreateRequest): Category<"requestCreate", true>;

/** What came of a `requestCreate`. */
export declare function requestCreateResult(result: RequestCreateResult): Result<"requestCreate">;

/** Request fields of `requestDisapprove`. */
export interface RequestDisapproveRequest {
  /** Requests rejected. */
  readonly disapprovedRequestIds: ReadonlyArray<RequestResource>;
  /** Who rejected. */
  readonly disapproveRequestUserId?: UserId | null;
}

/**
 * `requestDisapprove`: A request was rejected.
 */
export declare function requestDisapprove(request: RequestDisapproveRequest): Category<"requestDisapprove", false>;

/** Request fields of `requestExecute`. */
export interface RequestExecuteRequest {
  /** Requests carried out. */
  readonly executedRequestIds: ReadonlyArray<RequestResource>;
}

/** Result fields of `requestExecute`. */
export interface RequestExecuteResult {
  /** Resources actually touched; may be fewer than at creation. */
  readonly executeRequestAffectedResources?: ReadonlyArray<Resource>;
}

/**
 * `requestExecute`: The action behind a request was carried out, e.g. a merge or an access grant.
 */
export declare function requestExecute(request: RequestExecuteRequest): Category<"requestExecute", false>;

/** What came of a `requestExecute`. */
export declare function requestExecuteResult(result?: RequestExecuteResult): Result<"requestExecute">;

/** Request fields of `requestSearch`. */
export interface RequestSearchRequest {
  /** Query text. */
  readonly requestSearchQuery: string | null;
}

/** Result fields of `requestSearch`. */
export interface RequestSearchResult {
  /** Requests shown. */
  readonly requestSearchResults: ReadonlyArray<RequestResource>;
}

/**
 * `requestSearch`: Search for requests.
 */
export declare function requestSearch(request: RequestSearchRequest): Category<"requestSearch", true>;

/** What came of a `requestSearch`. */
export declare function requestSearchResult(result: RequestSearchResult): Result<"requestSearch">;

/** Request fields of `requestUpdate`. */
export interface RequestUpdateRequest {
  /** Requests edited. */
  readonly updatedRequestIds: ReadonlyArray<RequestResource>;
  /** What changed. */
  readonly updatedRequestDescription?: string | null;
}

/**
 * `requestUpdate`: An existing request was edited.
 */
export declare function requestUpdate(request: RequestUpdateRequest): Category<"requestUpdate", false>;

/** Request fields of `restartInfra`. */
export interface RestartInfraRequest {
  /** Restarted. */
  readonly restartedResources: ReadonlyArray<SystemResource>;
}

/**
 * `restartInfra`: Infrastructure was restarted.
 */
export declare function restartInfra(request: RestartInfraRequest): Category<"restartInfra", false>;

/** Request fields of `reviewInfraAction`. */
export interface ReviewInfraActionRequest {
  /** Review request id. */
  readonly reviewInfraActionRequestId: string;
  /** Reviewer. */
  readonly reviewInfraActionUser: UserId;
}

/** Result fields of `reviewInfraAction`. */
export interface ReviewInfraActionResult {
  /** Whether approved. */
  readonly reviewInfraActionWasApproved: boolean | null;
}

/**
 * `reviewInfraAction`: A user approves or denies an infrastructure action.
 */
export declare function reviewInfraAction(request: ReviewInfraActionRequest): Category<"reviewInfraAction", true>;

/** What came of a `reviewInfraAction`. */
export declare function reviewInfraActionResult(result: ReviewInfraActionResult): Result<"reviewInfraAction">;

/** Request fields of `secretCreate`. */
export interface SecretCreateRequest {
  /** Kind of secret. */
  readonly createdSecretType: SecretType;
}

/** Result fields of `secretCreate`. */
export interface SecretCreateResult {
  /** Identifiers of the secrets. */
  readonly createdSecretIdentifiers: ReadonlyArray<Identifier>;
}

/**
 * `secretCreate`: A secret was created.
 */
export declare function secretCreate(request: SecretCreateRequest): Category<"secretCreate", true>;

/** What came of a `secretCreate`. */
export declare function secretCreateResult(result: SecretCreateResult): Result<"secretCreate">;

/** Request fields of `secretDeprecate`. */
export interface SecretDeprecateRequest {
  /** Secret deprecated. */
  readonly deprecatedSecretIdentifier: Identifier;
}

/**
 * `secretDeprecate`: A secret was marked deprecated.
 */
export declare function secretDeprecate(request: SecretDeprecateRequest): Category<"secretDeprecate", false>;

/** Request fields of `secretLoad`. */
export interface SecretLoadRequest {
  /** Secrets fetched. */
  readonly loadedSecretIdentifiers: ReadonlyArray<Identifier>;
}

/**
 * `secretLoad`: A secret was fetched from its store.
 */
export declare function secretLoad(request: SecretLoadRequest): Category<"secretLoad", false>;

/** Request fields of `secretUse`. */
export interface SecretUseRequest {
  /** Operation done. */
  readonly usedSecretOperation: SecretOperation;
  /** Secrets used. */
  readonly usedSecretIdentifiers: ReadonlyArray<Identifier>;
}

/** Result fields of `secretUse`. */
export interface SecretUseResult {
  /** Ciphertext produced; never plaintext. */
  readonly encryptedSecretValues?: ReadonlyArray<EncryptedSecretValue>;
}

/**
 * `secretUse`: A secret was used through a back-end endpoint.
 *
 * encryptedSecretValues is known from the public library alone.
 */
export declare function secretUse(request: SecretUseRequest): Category<"secretUse", false>;

/** What came of a `secretUse`. */
export declare function secretUseResult(result?: SecretUseResult): Result<"secretUse">;

/** Result fields of `tokenAccess`. */
export interface TokenAccessResult {
  /** Tokens accessed. */
  readonly accessedTokens: ReadonlyArray<Token>;
}

/**
 * `tokenAccess`: A token made earlier was accessed.
 */
export declare function tokenAccess(): Category<"tokenAccess", true>;

/** What came of a `tokenAccess`. */
export declare function tokenAccessResult(result: TokenAccessResult): Result<"tokenAccess">;

/** Request fields of `tokenGeneration`. */
export interface TokenGenerationRequest {
  /** How they were made, for auditors. */
  readonly generateTokensDescription?: string | null;
}

/** Result fields of `tokenGeneration`. */
export interface TokenGenerationResult {
  /** Tokens made. */
  readonly generatedTokens?: ReadonlyArray<Token>;
}

/**
 * `tokenGeneration`: A new token was generated.
 */
export declare function tokenGeneration(request?: TokenGenerationRequest): Category<"tokenGeneration", false>;

/** What came of a `tokenGeneration`. */
export declare function tokenGenerationResult(result?: TokenGenerationResult): Result<"tokenGeneration">;

/** Request fields of `tokenRevoke`. */
export interface TokenRevokeRequest {
  /** How they were revoked, for auditors. */
  readonly revokeTokensDescription?: string | null;
}

/** Result fields of `tokenRevoke`. */
export interface TokenRevokeResult {
  /** Tokens revoked. */
  readonly revokedTokens: ReadonlyArray<Token>;
}

/**
 * `tokenRevoke`: Tokens were deleted.
 */
export declare function tokenRevoke(request?: TokenRevokeRequest): Category<"tokenRevoke", true>;

/** What came of a `tokenRevoke`. */
export declare function tokenRevokeResult(result: TokenRevokeResult): Result<"tokenRevoke">;

/** Request fields of `upgradeInfra`. */
export interface UpgradeInfraRequest {
  /** Resource and target version. */
  readonly upgradedResources: ReadonlyArray<UpgradeResourceAction>;
}

/**
 * `upgradeInfra`: Infrastructure was upgraded or downgraded.
 */
export declare function upgradeInfra(request: UpgradeInfraRequest): Category<"upgradeInfra", false>;

/** Request fields of `userJustify`. */
export interface UserJustifyRequest {
  /** Who justified. */
  readonly userJustifyId: UserId;
  /** One or more justifications. */
  readonly userJustification: ReadonlyArray<UserJustification>;
}

/**
 * `userJustify`: A user states a purpose for an action (checkpoint justification).
 */
export declare function userJustify(request: UserJustifyRequest): Category<"userJustify", false>;

/** Result fields of `userLogin`. */
export interface UserLoginResult {
  /** Who signed in. */
  readonly loginUserId?: UserId | null;
}

/**
 * `userLogin`: A user signs in.
 */
export declare function userLogin(): Category<"userLogin", false>;

/** What came of a `userLogin`. */
export declare function userLoginResult(result?: UserLoginResult): Result<"userLogin">;

/** Result fields of `userLogout`. */
export interface UserLogoutResult {
  /** Who signed out. */
  readonly logoutUserId?: UserId | null;
}

/**
 * `userLogout`: A user signs out.
 *
 * Early emitters wrote logoutUserId among the request fields; that is refused.
 */
export declare function userLogout(): Category<"userLogout", false>;

/** What came of a `userLogout`. */
export declare function userLogoutResult(result?: UserLogoutResult): Result<"userLogout">;

//! From the place of a bucket and its settings to the bucket.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum, S3ConditionalPut};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::bucket::{Bucket, BucketError};
use crate::credentials::Credentials;
use crate::location::Location;
use crate::lock::{AzureLocks, Connector, LockApi, LockPolicy, S3Locks, Signer};

/// The region that stores without regions are signed for.
const REGION_DEFAULT: &str = "us-east-1";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach a bucket in an object store. A folder needs none of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSettings {
    /// Region of S3; else the variable `AWS_REGION`, else `us-east-1`.
    pub region: Option<String>,
    /// Address of the store, such as `https://minio.example:9000`; else that of Amazon or Azure. For Azure it is the address
    /// of the account.
    pub endpoint: Option<String>,
    /// Whether the name of an S3 bucket stands in the path and not in the host; else only with an endpoint.
    pub path_style: Option<bool>,
    /// Whether an endpoint may be plain `http`.
    pub allow_http: bool,
    /// Storage account of Azure; else the variable `AZURE_STORAGE_ACCOUNT_NAME`.
    pub account: Option<String>,
    /// Who we are.
    pub credentials: Credentials,
    /// The lock that new objects get.
    pub lock: Option<LockPolicy>,
    /// Longest time of one request, the body included: an object of the largest size has to pass in it.
    pub request_timeout: Duration,
    /// Time after which a failed request is not sent again. With `request_timeout` it bounds each operation.
    pub retry_timeout: Duration,
}

impl Default for BucketSettings {
    fn default() -> BucketSettings {
        BucketSettings {
            region: None,
            endpoint: None,
            path_style: None,
            allow_http: false,
            account: None,
            credentials: Credentials::Environment,
            lock: None,
            request_timeout: Duration::from_secs(120),
            retry_timeout: Duration::from_secs(30),
        }
    }
}

impl Bucket {
    /// The bucket at `location`. A folder has to exist; of a store nothing is asked yet, so that a server starts while its
    /// bucket is away.
    pub fn open(location: &Location, settings: &BucketSettings) -> Result<Bucket, BucketError> {
        let opened = match location {
            Location::Folder(path) => return Bucket::local(path),
            Location::S3 { bucket, prefix } => s3(bucket, prefix, settings),
            Location::Azure { container, prefix } => azure(container, prefix, settings),
        };
        let (store, locks) = opened
            .map_err(|source| BucketError::Settings { bucket: location.to_string(), source: Box::new(source) })?;
        Ok(Bucket::remote(location.to_string(), store, locks, settings.lock))
    }
}

type Opened = object_store::Result<(Arc<dyn ObjectStore>, Arc<dyn LockApi>)>;

fn s3(bucket: &str, prefix: &str, settings: &BucketSettings) -> Opened {
    let mut builder = match settings.credentials {
        Credentials::Environment => AmazonS3Builder::from_env(),
        _ => AmazonS3Builder::new(),
    };
    match &settings.credentials {
        Credentials::Environment => {}
        Credentials::AccessKey { id, secret, token } => {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.reveal());
            if let Some(token) = token {
                builder = builder.with_token(token.reveal());
            }
        }
        _ => return Err(wrong_credentials("S3 takes an access key, not one of Azure")),
    }
    if let Some(region) = &settings.region {
        builder = builder.with_region(region);
    }
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region).unwrap_or(REGION_DEFAULT.to_owned());
    let endpoint = settings.endpoint.clone().or(builder.get_config_value(&AmazonS3ConfigKey::Endpoint));
    let path_style = settings.path_style.unwrap_or(endpoint.is_some());
    if let Some(endpoint) = endpoint {
        let endpoint = if path_style { endpoint } else { bucket_host(&endpoint, bucket) };
        builder = builder.with_endpoint(endpoint);
    }
    let connector = Connector::default();
    let options = client_options(settings);
    let store = builder
        .with_bucket_name(bucket)
        .with_region(&region)
        .with_virtual_hosted_style_request(!path_style)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_checksum_algorithm(Checksum::SHA256)
        .with_skip_signature(false)
        .with_retry(retry(settings))
        .with_client_options(options.clone())
        .with_http_connector(connector.clone())
        .build()?;
    let credentials = Arc::clone(store.credentials());
    _ = connector.signer.set(Signer::S3 { credentials, region });
    let prefix = Path::parse(prefix)?;
    let locks = S3Locks::new(store.clone(), prefix.clone(), &connector, &options)?;
    Ok((Arc::new(PrefixStore::new(store, prefix)), Arc::new(locks)))
}

fn azure(container: &str, prefix: &str, settings: &BucketSettings) -> Opened {
    let mut builder = match settings.credentials {
        Credentials::Environment => MicrosoftAzureBuilder::from_env(),
        _ => MicrosoftAzureBuilder::new(),
    };
    builder = match &settings.credentials {
        Credentials::Environment => builder,
        Credentials::AccountKey(key) => builder.with_access_key(key.reveal()),
        Credentials::SharedAccess(query) => builder.with_config(AzureConfigKey::SasKey, query.reveal()),
        Credentials::AccessKey { .. } => {
            return Err(wrong_credentials("Azure takes an account key or a shared access signature"));
        }
    };
    if let Some(account) = &settings.account {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.clone());
    }
    let account = builder.get_config_value(&AzureConfigKey::AccountName).unwrap_or_default();
    let endpoint = builder
        .get_config_value(&AzureConfigKey::Endpoint)
        .unwrap_or_else(|| format!("https://{account}.blob.core.windows.net"));
    let mut address = Url::parse(&endpoint)
        .map_err(|error| object_store::Error::Generic { store: "Azure endpoint", source: Box::new(error) })?;
    if let Ok(mut segments) = address.path_segments_mut() {
        segments.pop_if_empty().push(container);
    }
    let connector = Connector::default();
    let options = client_options(settings);
    let store = builder
        .with_container_name(container)
        .with_skip_signature(false)
        .with_retry(retry(settings))
        .with_client_options(options.clone())
        .with_http_connector(connector.clone())
        .build()?;
    let credentials = Arc::clone(store.credentials());
    _ = connector.signer.set(Signer::Azure { credentials, account });
    let prefix = Path::parse(prefix)?;
    let locks = AzureLocks::new(address, prefix.clone(), &connector, &options)?;
    Ok((Arc::new(PrefixStore::new(store, prefix)), Arc::new(locks)))
}

fn client_options(settings: &BucketSettings) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(settings.allow_http)
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout(settings.request_timeout)
}

fn retry(settings: &BucketSettings) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(10),
            base: 2.0,
        },
        // The time alone bounds them: ten are over before a store that restarts is back.
        max_retries: usize::MAX,
        retry_timeout: settings.retry_timeout,
    }
}

fn wrong_credentials(reason: &'static str) -> object_store::Error {
    object_store::Error::Generic { store: "credentials", source: reason.into() }
}

/// `https://store.example` with the bucket's name before the host.
fn bucket_host(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) => format!("{scheme}://{bucket}.{host}"),
        None => format!("{bucket}.{endpoint}"),
    }
}

//! How people sign in.

use std::path::PathBuf;

use indelible_control::Person;
use serde::Deserialize;
use url::Url;

use crate::signin::is_private;

/// How people sign in, and for how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SignIn {
    /// Whether the embedded administrator may sign in with a password. Default true; there is none until one is set.
    pub local: bool,
    /// Seconds after which a session that is not used ends. Default 1,800.
    pub idle_seconds: u64,
    /// Seconds after which every session ends. Default 43,200.
    pub session_seconds: u64,
    /// Whom people may ask who have no rights yet: an address or a sentence. Default: nobody by name.
    pub contact: Option<String>,
    /// Who says who somebody is.
    pub provider: Vec<Provider>,
}

/// A provider of OpenID Connect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Provider {
    /// Its name in grants and addresses. Keep it: grants to its groups hang on it.
    pub name: String,
    /// How the page calls it. Default: its name.
    #[serde(default)]
    pub title: Option<String>,
    /// Its issuer, exactly as it calls itself.
    pub issuer: String,
    /// The id that it knows this server by.
    pub client_id: String,
    /// File of the secret that goes with the id. Default: none, a public client.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What it is asked for. Default `openid`, `profile`, `email`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The claim with the groups of a person. Default `groups`.
    #[serde(default = "default_groups_claim")]
    pub groups_claim: String,
    /// File of the only certificates, in PEM, that its own may lead to. Default: the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { local: true, idle_seconds: 1800, session_seconds: 43_200, contact: None, provider: Vec::new() }
    }
}

fn default_scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn default_groups_claim() -> String {
    "groups".to_owned()
}

impl SignIn {
    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        for (key, value) in [("idle-seconds", self.idle_seconds), ("session-seconds", self.session_seconds)] {
            if !(1..=31 * 86_400).contains(&value) {
                return Err(format!("sign-in.{key} must be from a second to 31 days"));
            }
        }
        for (place, provider) in self.provider.iter().enumerate() {
            let taken = self.provider[..place].iter().any(|other| other.name == provider.name);
            if taken || !Person::is_provider_name(&provider.name) {
                return Err(format!(
                    "the name of provider {:?} must be 1 to 32 of a-z 0-9 -, and its own",
                    provider.name
                ));
            }
            let issuer = provider.issuer.parse::<Url>().ok().filter(|url| url.query().is_none() && is_private(url));
            if issuer.is_none() {
                return Err(format!("the issuer of provider {} must begin with https://", provider.name));
            }
            if !provider.scopes.iter().any(|scope| scope == "openid") {
                return Err(format!("the scopes of provider {} must hold openid", provider.name));
            }
        }
        Ok(())
    }
}

/// Checks where browsers reach the server.
pub(super) fn check_public_url(url: &Url) -> Result<(), String> {
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !plain || !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("public-url must be https:// or http://, a host and maybe a port, without a path".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn providers_have_names_of_their_own_and_are_reached_in_private() {
        let check = |text: &str, expected: Result<(), &str>| {
            let checked = toml::from_str::<SignIn>(text).map_err(|error| error.to_string()).and_then(|it| it.check());
            match expected {
                Ok(()) => checked.unwrap(),
                Err(part) => assert!(checked.as_ref().is_err_and(|message| message.contains(part)), "{checked:?}"),
            }
        };
        let provider = |name: &str, issuer: &str, more: &str| {
            format!("[[provider]]\nname = '{name}'\nissuer = '{issuer}'\nclient-id = 'indelible'\n{more}\n")
        };
        let corp = provider("corp", "https://login.example.com/tenant", "");
        check("", Ok(()));
        check(&corp, Ok(()));
        check(&(corp.clone() + &provider("other", "http://127.0.0.1:8080", "")), Ok(()));
        check(&(corp.clone() + &corp), Err("and its own"));
        check(&provider("Corp", "https://login.example.com", ""), Err("a-z 0-9"));
        check(&provider("corp", "http://login.example.com", ""), Err("https://"));
        check(&provider("corp", "https://login.example.com/?x", ""), Err("https://"));
        check(&provider("corp", "https://login.example.com", "scopes = ['profile']"), Err("openid"));
        check(&provider("corp", "https://login.example.com", "secret = 'x'"), Err("unknown field"));
        check("idle-seconds = 0", Err("sign-in.idle-seconds"));
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for (url, expected) in [
            ("https://audit.example.com", true),
            ("http://127.0.0.1:7070/", true),
            ("https://audit.example.com/indelible", false),
            ("https://ann@audit.example.com", false),
            ("ftp://audit.example.com", false),
        ] {
            assert_eq!(check_public_url(&url.parse().unwrap()).is_ok(), expected, "{url}");
        }
    }
}

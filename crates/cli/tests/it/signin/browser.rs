//! A browser without a screen: it keeps cookies by server and path, follows redirects, and fills in the provider's form.

use std::path::Path;

use reqwest::{Method, RequestBuilder, Url, header};
use serde_json::Value;
use tokio::runtime::Runtime;

/// What came back.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    /// Where it sends the browser.
    pub(crate) location: Option<Url>,
    /// The `Set-Cookie` headers.
    pub(crate) cookies: Vec<String>,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Cookie {
    server: String,
    path: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

pub(crate) struct Browser {
    runtime: Runtime,
    http: reqwest::Client,
    pub(crate) jar: Vec<Cookie>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self::with(reqwest::Client::builder())
    }

    /// One that also believes certificates of the authority in this file.
    pub(crate) fn trusting(authority: &Path) -> Self {
        let certificate = reqwest::Certificate::from_pem(&std::fs::read(authority).unwrap()).unwrap();
        Self::with(reqwest::Client::builder().tls_certs_merge([certificate]))
    }

    fn with(http: reqwest::ClientBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let http = http.redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { runtime, http, jar: Vec::new() }
    }

    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// One request, without following where it leads.
    pub(crate) fn send(&mut self, request: RequestBuilder) -> Page {
        let mut request = request.build().unwrap();
        let url = request.url().clone();
        let server = server(&url);
        let fits = |cookie: &&Cookie| cookie.server == server && url.path().starts_with(&cookie.path);
        let cookies: Vec<String> = self.jar.iter().filter(fits).map(|c| format!("{}={}", c.name, c.value)).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let http = &self.http;
        let (status, headers, body) = self.runtime.block_on(async {
            let response = http.execute(request).await.unwrap();
            (response.status().as_u16(), response.headers().clone(), response.text().await.unwrap())
        });
        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let location = headers.get(header::LOCATION).map(|value| url.join(&text(value)).unwrap());
        let cookies: Vec<String> = headers.get_all(header::SET_COOKIE).iter().map(text).collect();
        cookies.iter().for_each(|cookie| self.keep(&server, cookie));
        Page { url, status, location, cookies, body }
    }

    fn keep(&mut self, server: &str, set: &str) {
        let mut parts = set.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<(String, &str)> =
            parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(n, v)| (n.to_lowercase(), v)).collect();
        let attribute = |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let path = attribute("path").unwrap_or("/").to_owned();
        self.jar.retain(|known| !(known.server == server && known.name == name && known.path == path));
        let is_over = attribute("max-age") == Some("0") || attribute("expires").is_some_and(|end| end.contains("1970"));
        if !is_over {
            self.jar.push(Cookie { server: server.to_owned(), path, name: name.to_owned(), value: value.to_owned() });
        }
    }

    pub(crate) fn get(&mut self, url: &str) -> Page {
        let request = self.request(Method::GET, url);
        self.send(request)
    }

    /// Opens a page, follows it and signs in as `account` where the provider asks, until `stop` says so or nothing leads on.
    pub(crate) fn open(&mut self, url: &str, account: &str, stop: impl Fn(&Url) -> bool) -> Page {
        let mut page = self.get(url);
        for _ in 0..12 {
            page = match &page.location {
                Some(next) if stop(next) => return page,
                Some(next) => self.get(next.as_ref()),
                None if page.url.path().starts_with("/interaction/") => {
                    let form = format!("prompt=login&login={account}&password=x");
                    let request = self.request(Method::POST, page.url.as_str());
                    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
                    self.send(request)
                }
                None => return page,
            };
        }
        panic!("it leads in circles: {page:?}")
    }

    /// The cookie of this name.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.iter().find(|cookie| cookie.name == name).map(|cookie| cookie.value.clone())
    }

    /// Puts another value into the cookie of this name.
    pub(crate) fn set_cookie(&mut self, url: &str, name: &str, value: &str) {
        let server = server(&url.parse().unwrap());
        self.jar.retain(|cookie| cookie.name != name);
        self.jar.push(Cookie { server, path: "/".into(), name: name.into(), value: value.into() });
    }
}

fn server(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap())
}

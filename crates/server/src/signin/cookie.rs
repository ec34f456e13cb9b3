//! Cookies: how they are read and set.

use axum::http::{HeaderMap, header};

/// The names of our cookies, and what they are set with. Where the server is reached by https a browser sends them nowhere
/// else, and takes them from nobody else: `__Host-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Of a session.
    Session,
    /// Of a sign-in that has begun.
    Attempt,
}

impl Cookie {
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-indelible-session",
            (Self::Session, false) => "indelible-session",
            (Self::Attempt, true) => "__Host-indelible-sign-in",
            (Self::Attempt, false) => "indelible-sign-in",
        }
    }

    /// Its value, if the request brings one and only one.
    pub(crate) fn read(self, https: bool, headers: &HeaderMap) -> Option<&str> {
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found = pairs
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('=').filter(|(name, _)| *name == self.name(https)));
        let (_, value) = found.next()?;
        // Another one of this name was put there by somebody else.
        found.next().is_none().then_some(value)
    }

    /// The header that sets it until the browser closes.
    pub(crate) fn set(self, https: bool, value: &str) -> String {
        let secure = if https { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name(https))
    }

    /// The header that takes it away.
    pub(crate) fn clear(self, https: bool) -> String {
        self.set(https, "") + "; Max-Age=0"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cookie_counts_if_there_is_one_of_its_name() {
        let check = |https, cookies: &[&'static str], expected| {
            let mut headers = HeaderMap::new();
            cookies.iter().for_each(|text| _ = headers.append(header::COOKIE, text.parse().unwrap()));
            assert_eq!(Cookie::Session.read(https, &headers), expected, "{cookies:?}");
        };
        check(false, &[], None);
        check(false, &["indelible-session=a"], Some("a"));
        check(false, &["x=1; indelible-session=a; y=2"], Some("a"));
        check(false, &["indelible-session=a; indelible-session=b"], None);
        check(false, &["indelible-session=a", "indelible-session=b"], None);
        check(true, &["indelible-session=a"], None);
        check(true, &["indelible-session=a; __Host-indelible-session=b"], Some("b"));
        let set = Cookie::Session.set(true, "v");
        assert_eq!(set, "__Host-indelible-session=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert!(!Cookie::Attempt.set(false, "v").contains("Secure"));
    }
}

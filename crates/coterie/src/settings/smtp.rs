//! `[smtp]`: the mail server, if there is one.

use super::value::{Setting, Whole, maybe, one};
use adapters_smtp::{Security, Sender};
use secrecy::SecretString;
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Smtp {
    #[serde(deserialize_with = "maybe")]
    pub(crate) host: Option<MailHost>,
    #[serde(deserialize_with = "maybe")]
    port: Option<Whole<1, 65_535>>,
    #[serde(deserialize_with = "one")]
    security: SmtpSecurity,
    #[serde(deserialize_with = "maybe")]
    ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "maybe")]
    user: Option<SmtpUser>,
    #[serde(deserialize_with = "maybe")]
    password: Option<SecretString>,
    #[serde(deserialize_with = "maybe")]
    from: Option<MailSender>,
    #[serde(deserialize_with = "one")]
    timeout_seconds: Whole<1, 30>,
}

/// A mail server that is configured.
#[derive(Debug, Clone)]
pub(crate) struct MailRoute {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) login: Option<(String, SecretString)>,
    pub(crate) from: Sender,
    pub(crate) timeout: Duration,
}

impl Smtp {
    /// What only shows when settings are seen together: the key, and what was expected.
    pub(super) fn clash(&self) -> Option<(&'static str, &'static str)> {
        match (&self.host, &self.from, &self.user, &self.password) {
            (Some(_), None, _, _) => Some(("smtp.from", "must be set where smtp.host is")),
            (_, _, Some(_), None) => Some(("smtp.password", "must be set where smtp.user is")),
            (_, _, None, Some(_)) => Some(("smtp.user", "must be set where smtp.password is")),
            (_, _, Some(_), _) if self.security.0 == Security::None => {
                Some(("smtp.security", "must be starttls or tls where smtp.user is set"))
            }
            _ => None,
        }
    }

    /// Which mail server takes our mails; `None` if none does.
    pub(crate) fn route(&self) -> Option<MailRoute> {
        let (MailHost(host), MailSender(from)) = self.host.clone().zip(self.from.clone())?;
        let SmtpSecurity(security) = self.security;
        let usual = match security {
            Security::None => 25,
            Security::StartTls => 587,
            Security::Tls => 465,
        };
        let port = self.port.and_then(|port| u16::try_from(port.get()).ok()).unwrap_or(usual);
        Some(MailRoute {
            host,
            port,
            security,
            ca_file: self.ca_file.clone(),
            login: self.user.clone().map(|SmtpUser(user)| user).zip(self.password.clone()),
            from,
            timeout: Duration::from_secs(self.timeout_seconds.get().into()),
        })
    }
}

/// The name or the address of a mail server.
#[derive(Debug, Clone)]
pub(crate) struct MailHost(String);

impl Setting for MailHost {
    fn expected() -> String {
        "the name or the address of a mail server, without a port".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        let is_address = text.parse::<std::net::IpAddr>().is_ok();
        (is_address || (!text.is_empty() && text.bytes().all(letter))).then(|| Self(text.to_owned()))
    }
}

/// The credentials for the mail server.
#[derive(Debug, Clone)]
pub(crate) struct SmtpUser(String);

impl Setting for SmtpUser {
    fn expected() -> String {
        "a text".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy)]
struct SmtpSecurity(Security);

impl Setting for SmtpSecurity {
    fn expected() -> String {
        "starttls, tls or none".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "starttls" => Some(Self(Security::StartTls)),
            "tls" => Some(Self(Security::Tls)),
            "none" => Some(Self(Security::None)),
            _ => None,
        }
    }
}

/// The sender of e-mails.
#[derive(Debug, Clone)]
struct MailSender(Sender);

impl Setting for MailSender {
    fn expected() -> String {
        "an address, as shop@example.com or Shop <shop@example.com>".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Sender::parse(text).ok().map(Self)
    }
}

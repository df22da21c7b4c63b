//! The mailer port over SMTP: hands e-mails to one mail server, by lettre with rustls.
//!
//! Each call sends one e-mail on a connection of its own: reminders are few. The server's answer becomes one of two
//! errors ([`ports::MailError`]): permanent, or temporary. Its text is dropped, since it often repeats the address.

use async_trait::async_trait;
use domain::{EmailMessage, MailId};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    address::AddressError,
    message::{Mailbox, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use ports::{MailError, Mailer};
use secrecy::{ExposeSecret as _, SecretString};
use std::{error::Error, fmt, time::Duration};
use tokio::time::timeout;

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all; for a server on the same machine.
    None,
    /// The connection starts unencrypted and must be encrypted before anything is sent; usually port 587.
    StartTls,
    /// The connection is encrypted from its first byte; usually port 465.
    Tls,
}

/// Which mail server takes our mails, and how.
#[derive(Debug, Clone)]
pub struct SmtpOptions {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub security: Security,
    /// User and password, where it wants them.
    pub login: Option<(String, SecretString)>,
    /// The sender of e-mails, as `Shop <shop@example.com>`.
    pub from: Sender,
    /// How long one mail may take, in all.
    pub timeout: Duration,
    /// The contents of a PEM file with further certificate authorities to trust.
    pub authorities: Option<Vec<u8>>,
}

/// The sender of e-mails: an address, with a name or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads `Shop <shop@example.com>` or `shop@example.com`.
    pub fn parse(text: &str) -> Result<Self, SenderError> {
        text.parse().map(Self).map_err(SenderError)
    }
}

/// The text is no sender.
#[derive(Debug, thiserror::Error)]
#[error("must be an address, as shop@example.com or Shop <shop@example.com>")]
pub struct SenderError(#[source] AddressError);

/// Why mails cannot be sent as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The further authorities.
    #[error("must hold at least one certificate in PEM")]
    Authorities,
    /// The name of the server, for TLS.
    #[error("must be the name or the address of a mail server")]
    Host(#[source] lettre::transport::smtp::Error),
}

/// Hands messages to a mail server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    timeout: Duration,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpMailer(…)")
    }
}

impl SmtpMailer {
    /// Nothing is connected to before the first message.
    pub fn new(options: SmtpOptions) -> Result<Self, SmtpError> {
        let SmtpOptions { host, port, security, login, from: Sender(from), timeout, authorities } = options;
        let tls = match security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(parameters(&host, authorities.as_deref())?),
            Security::Tls => Tls::Wrapper(parameters(&host, authorities.as_deref())?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(timeout))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), from, timeout })
    }

    fn message(&self, id: MailId, message: &EmailMessage) -> Result<Message, MailError> {
        let unsendable = |error: Box<dyn Error + Send + Sync>| MailError::Refused(error);
        let to = message.to.as_str().parse().map_err(|_: AddressError| MailError::Refused(Unsendable.into()))?;
        let text = message.text.replace('\n', "\r\n");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&message.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text))
            .map_err(|error| unsendable(error.into()))
    }
}

/// The address is none to SMTP.
#[derive(Debug, thiserror::Error)]
#[error("no mail can be addressed so")]
struct Unsendable;

fn parameters(host: &str, authorities: Option<&[u8]>) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = authorities {
        // A text without any reads as none, and would be believed to have been looked at.
        let begins = b"-----BEGIN CERTIFICATE-----";
        let has_any = pem.windows(begins.len()).any(|part| part == begins);
        let certificate = Certificate::from_pem(pem).ok().filter(|_| has_any).ok_or(SmtpError::Authorities)?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(SmtpError::Host)
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, id: MailId, message: &EmailMessage) -> Result<(), MailError> {
        let message = self.message(id, message)?;
        match timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(MailError::Delayed("it took too long".into())),
        }
    }
}

/// What an answer means for the message. The server's own words are left out.
fn told(error: &lettre::transport::smtp::Error) -> MailError {
    let Some(code) = error.status().map(u16::from) else { return MailError::Delayed(kind(error).into()) };
    let cause = format!("the mail server answered {code}").into();
    // 50x is about the dialogue and 53x about the login. An operator can mend both: the message itself is as good as before.
    let is_ours = matches!(code, 500..=509 | 530..=539);
    if error.is_permanent() && !is_ours { MailError::Refused(cause) } else { MailError::Delayed(cause) }
}

/// What went wrong where the server did not answer. Not the error itself, which may hold what was sent.
fn kind(error: &lettre::transport::smtp::Error) -> &'static str {
    if error.is_timeout() {
        "the mail server did not answer in time"
    } else if error.is_tls() {
        "the connection to the mail server could not be encrypted"
    } else if error.is_client() {
        "the mail server does not offer what is configured"
    } else if error.is_response() {
        "the mail server's answer cannot be understood"
    } else {
        "the mail server cannot be reached"
    }
}

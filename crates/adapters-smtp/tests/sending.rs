//! What a mail server gets from us, and what becomes of its answers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic is how a test fails")]

use adapters_smtp::{Security, Sender, SmtpError, SmtpMailer, SmtpOptions};
use domain::{Email, EmailMessage, MailId};
use ports::{MailError, Mailer as _};
use std::{error::Error, io::Read as _, net::TcpListener, thread, time::Duration};
use testkit::{Authority, MailServer, MailServerOptions, Mood};

fn id() -> MailId {
    MailId::from_uuid(uuid::Uuid::from_u128(7))
}

fn message() -> EmailMessage {
    EmailMessage {
        to: Email::parse("ada@example.com").unwrap(),
        subject: "Zwei Tage für Ihre Gruppe".to_owned(),
        text: "Hello,\n\n.a line that begins with a dot\nand one with ümläuts\n".to_owned(),
    }
}

fn options(port: u16) -> SmtpOptions {
    SmtpOptions {
        host: "localhost".to_owned(),
        port,
        security: Security::None,
        login: None,
        from: Sender::parse("The Shop <shop@example.org>").unwrap(),
        timeout: Duration::from_secs(20),
        authorities: None,
    }
}

async fn send(options: SmtpOptions) -> Result<(), MailError> {
    SmtpMailer::new(options).unwrap().send(id(), &message()).await
}

/// What went wrong, which must not have the address in it.
fn told(error: &MailError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner} {inner:?}");
        cause = inner.source();
    }
    assert!(!text.contains("ada") && !text.contains("sesame"), "{text}");
    text
}

fn delayed(sent: Result<(), MailError>) -> String {
    let error = sent.unwrap_err();
    assert!(matches!(error, MailError::Delayed(_)), "{error:?}");
    told(&error)
}

#[tokio::test]
async fn envelope_headers_and_text_arrive() {
    let server = MailServer::start(MailServerOptions::default()).unwrap();
    send(options(server.port())).await.unwrap();
    let received = server.received().remove(0);
    assert_eq!(
        (received.from.as_str(), received.to.as_slice()),
        ("shop@example.org", ["ada@example.com".to_owned()].as_slice())
    );
    assert_eq!(received.header("From"), Some("\"The Shop\" <shop@example.org>"));
    assert_eq!(received.header("To"), Some("ada@example.com"));
    assert_eq!(received.header("Message-ID"), Some(format!("<{}@example.org>", id()).as_str()));
    assert_eq!(received.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert!(received.header("Date").is_some() && received.header("Subject").unwrap().contains("=?utf-8?"));
    let text = received.data.split_once("\r\n\r\n").unwrap().1;
    assert!(text.contains("\r\n.a line that begins with a dot\r\n"), "{text}");
    assert!(received.data.lines().all(|line| line.len() < 999));
    assert!(!received.encrypted && received.user.is_none());
}

#[tokio::test]
async fn what_encryption_is_asked_for_is_required() {
    let authority = Authority::new();
    let identity = Some(authority.issue());
    let trusting = |port, security| SmtpOptions {
        security,
        authorities: Some(authority.pem.clone().into_bytes()),
        ..options(port)
    };
    let plain = MailServer::start(MailServerOptions::default()).unwrap();
    delayed(send(trusting(plain.port(), Security::StartTls)).await);
    assert_eq!(plain.received(), [], "nothing goes in the open");

    let upgrading = MailServer::start(MailServerOptions { identity: identity.clone(), ..Default::default() }).unwrap();
    send(trusting(upgrading.port(), Security::StartTls)).await.unwrap();
    assert!(upgrading.received()[0].encrypted);

    let at_once = MailServerOptions { identity, tls_at_once: true, ..Default::default() };
    let at_once = MailServer::start(at_once).unwrap();
    send(trusting(at_once.port(), Security::Tls)).await.unwrap();
    assert!(at_once.received()[0].encrypted);

    // A stranger's certificate, and the right one under another name.
    for (port, security) in [(upgrading.port(), Security::StartTls), (at_once.port(), Security::Tls)] {
        let strangers =
            SmtpOptions { authorities: Some(Authority::new().pem.into_bytes()), ..trusting(port, security) };
        delayed(send(strangers).await);
        delayed(send(SmtpOptions { host: "127.0.0.1".to_owned(), ..trusting(port, security) }).await);
    }
    assert_eq!((upgrading.received().len(), at_once.received().len()), (1, 1));
}

#[tokio::test]
async fn who_must_log_in_does() {
    let authority = Authority::new();
    let asked = MailServerOptions {
        identity: Some(authority.issue()),
        login: Some(("shop".to_owned(), "sesame".to_owned())),
        ..Default::default()
    };
    let server = MailServer::start(asked).unwrap();
    let with = |login: Option<&str>| SmtpOptions {
        security: Security::StartTls,
        authorities: Some(authority.pem.clone().into_bytes()),
        login: login.map(|password| ("shop".to_owned(), password.to_owned().into())),
        ..options(server.port())
    };
    send(with(Some("sesame"))).await.unwrap();
    assert_eq!(server.received()[0].user.as_deref(), Some("shop"));
    // A wrong password, which an operator can correct, loses no e-mail.
    assert!(delayed(send(with(Some("sesame!"))).await).contains("535"));
    assert!(delayed(send(with(None)).await).contains("503"));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn answers_are_for_good_or_for_now() {
    let server = MailServer::start(MailServerOptions::default()).unwrap();
    server.be(Mood::Busy);
    assert!(delayed(send(options(server.port())).await).contains("451"));
    server.be(Mood::Gone);
    delayed(send(options(server.port())).await);
    server.be(Mood::Unknown);
    let error = send(options(server.port())).await.unwrap_err();
    assert!(matches!(error, MailError::Refused(_)) && told(&error).contains("550"), "{error:?}");
    assert_eq!(server.received(), []);
    // It has it, and did not come to say so: it must be sent again, under the same id.
    server.be(Mood::Silent);
    delayed(send(options(server.port())).await);
    server.be(Mood::Fine);
    send(options(server.port())).await.unwrap();
    let received = server.received();
    assert_eq!((received.len(), received[0].header("Message-ID")), (2, received[1].header("Message-ID")));
}

#[tokio::test]
async fn nobody_there_or_nobody_who_speaks_is_for_now() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    delayed(send(options(closed)).await);
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut guest, _) = mute.accept().unwrap();
        guest.read_to_end(&mut Vec::new()).ok();
    });
    delayed(send(SmtpOptions { timeout: Duration::from_millis(200), ..options(port) }).await);
}

#[test]
fn authorities_are_looked_at_before_anything_is_sent() {
    let broken = SmtpOptions { security: Security::Tls, authorities: Some(b"no PEM".to_vec()), ..options(1) };
    assert!(matches!(SmtpMailer::new(broken).unwrap_err(), SmtpError::Authorities));
}

//! A mail server in a thread: it speaks SMTP on a port of its own and stores what it receives.
//!
//! The dialogue is `mailin`'s, so that the client is tested against another implementation of RFC 5321; this module has
//! only the socket, TLS, and the configured behavior.

use mailin::{
    Action, AuthMechanism, Handler, Response, Session, SessionBuilder,
    response::{AUTH_OK, AUTHENTICATION_REQUIRED, INVALID_CREDENTIALS, NO_MAILBOX, OK},
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{
    io::{self, BufRead as _, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long it waits for a client that says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a mail server offers and asks for.
#[derive(Debug, Clone, Default)]
pub struct MailServerOptions {
    /// Certificate and key in PEM: then it offers STARTTLS, or speaks TLS at once.
    pub identity: Option<(String, String)>,
    /// Whether it speaks TLS from the first byte.
    pub tls_at_once: bool,
    /// The user and the password without which it takes no mail.
    pub login: Option<(String, String)>,
}

/// What it thinks of its guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// It takes what it is given.
    #[default]
    Fine,
    /// It closes every connection.
    Gone,
    /// It wants to be asked again later: 451.
    Busy,
    /// It knows no such address: 550.
    Unknown,
    /// It takes the mail and hangs up before it says so.
    Silent,
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's receivers.
    pub to: Vec<String>,
    /// Headers and text as they came.
    pub data: String,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// The user who had logged in.
    pub user: Option<String>,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.data.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

#[derive(Debug, Default)]
struct State {
    mood: Mood,
    greeted: usize,
    received: Vec<Received>,
}

/// A running mail server on 127.0.0.1. It runs until its process ends.
#[derive(Debug, Clone)]
pub struct MailServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl MailServer {
    /// Starts one on a free port.
    pub fn start(options: MailServerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let server = Self { address: listener.local_addr()?, state: Arc::default() };
        let house = Arc::new(House::new(options, Arc::clone(&server.state))?);
        thread::spawn(move || {
            for guest in listener.incoming().flatten() {
                let house = Arc::clone(&house);
                // A client that disconnects without QUIT is not an error.
                thread::spawn(move || house.receive(guest).ok());
            }
        });
        Ok(server)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes its mood.
    pub fn be(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// How many connections it has had.
    pub fn greeted(&self) -> usize {
        self.state().greeted
    }

    /// What it has taken.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all connections share.
struct House {
    tls: Option<Arc<ServerConfig>>,
    tls_at_once: bool,
    login: Option<(String, String)>,
    state: Arc<Mutex<State>>,
}

impl House {
    fn new(options: MailServerOptions, state: Arc<Mutex<State>>) -> io::Result<Self> {
        let MailServerOptions { identity, tls_at_once, login } = options;
        let tls = identity.map(|(chain, key)| tls(&chain, &key)).transpose()?;
        Ok(Self { tls, tls_at_once, login, state })
    }

    fn receive(&self, guest: TcpStream) -> io::Result<()> {
        guest.set_read_timeout(Some(PATIENCE))?;
        let mood = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.greeted += 1;
            state.mood
        };
        if mood == Mood::Gone {
            return Ok(());
        }
        let mut builder = SessionBuilder::new("mail.example.com");
        if self.tls.is_some() && !self.tls_at_once {
            builder.enable_start_tls();
        }
        if self.login.is_some() {
            builder.enable_auth(AuthMechanism::Plain);
            builder.enable_auth(AuthMechanism::Login);
        }
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let talk = Talk {
            login: self.login.clone(),
            mood,
            state: Arc::clone(&self.state),
            greetings: usize::from(self.tls_at_once),
            ..Talk::default()
        };
        let mut session = builder.build(ip, talk);
        if let (Some(tls), true) = (&self.tls, self.tls_at_once) {
            session.tls_active();
            return Self::talk(&mut session, encrypted(tls, guest)?, true).map(drop);
        }
        let Some(guest) = Self::talk(&mut session, guest, true)? else { return Ok(()) };
        let Some(tls) = &self.tls else { return Ok(()) };
        session.tls_active();
        Self::talk(&mut session, encrypted(tls, guest)?, false).map(drop)
    }

    /// Talks until the end, or until the connection is to be encrypted: then it gives it back.
    fn talk<S: Read + Write>(session: &mut Session<Talk>, stream: S, greet: bool) -> io::Result<Option<S>> {
        let mut stream = BufReader::new(stream);
        if greet {
            say(&session.greeting(), stream.get_mut())?;
        }
        let mut line = Vec::new();
        loop {
            line.clear();
            if stream.read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            let response = session.process(&line);
            match response.action {
                Action::NoReply => {}
                Action::Reply => say(&response, stream.get_mut())?,
                Action::UpgradeTls => {
                    say(&response, stream.get_mut())?;
                    return Ok(Some(stream.into_inner()));
                }
                Action::Close => {
                    // Closes the connection without an answer.
                    if response.code == 221 {
                        say(&response, stream.get_mut())?;
                    }
                    return Ok(None);
                }
            }
        }
    }
}

fn say(response: &Response, stream: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    response.write_to(&mut text)?;
    stream.write_all(&text)?;
    stream.flush()
}

fn tls(chain: &str, key: &str) -> io::Result<Arc<ServerConfig>> {
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(io::Error::other)?;
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain.unwrap_or_default(), key))
        .map(Arc::new)
        .map_err(io::Error::other)
}

fn encrypted(tls: &Arc<ServerConfig>, guest: TcpStream) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let connection = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, guest))
}

/// One conversation.
#[derive(Default)]
struct Talk {
    login: Option<(String, String)>,
    mood: Mood,
    state: Arc<Mutex<State>>,
    mail: Option<Received>,
    user: Option<String>,
    /// The client greets again once the connection is encrypted.
    greetings: usize,
}

impl Talk {
    fn logs_in(&mut self, user: &str, password: &str) -> Response {
        let known = self.login.as_ref().is_some_and(|(name, secret)| name == user && secret == password);
        self.user = known.then(|| user.to_owned());
        if known { AUTH_OK } else { INVALID_CREDENTIALS }
    }
}

impl Handler for Talk {
    fn helo(&mut self, _: IpAddr, _: &str) -> Response {
        self.greetings += 1;
        OK
    }

    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        if self.login.is_some() && self.user.is_none() {
            return AUTHENTICATION_REQUIRED;
        }
        self.mail = Some(Received {
            from: from.to_owned(),
            to: Vec::new(),
            data: String::new(),
            encrypted: self.greetings > 1,
            user: self.user.clone(),
        });
        OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        match (self.mood, &mut self.mail) {
            // As servers do: with the address in it.
            (Mood::Busy, _) => Response::custom(451, format!("{to}: ask again later")),
            (Mood::Unknown, _) => NO_MAILBOX,
            (_, Some(mail)) => {
                mail.to.push(to.to_owned());
                OK
            }
            (_, None) => INVALID_CREDENTIALS,
        }
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        if let Some(mail) = &mut self.mail {
            mail.data.push_str(&String::from_utf8_lossy(line));
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.received.extend(self.mail.take());
        if self.mood == Mood::Silent { Response::custom(421, "gone".to_owned()) } else { OK }
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        self.logs_in(user, password)
    }

    fn auth_login(&mut self, user: &str, password: &str) -> Response {
        self.logs_in(user, password)
    }
}

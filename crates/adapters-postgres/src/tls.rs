//! Whether the connection is encrypted and whose certificate is believed: `sslmode` and `sslrootcert` of the URL, as
//! PostgreSQL's own programs read them.

use crate::PostgresError;
use percent_encoding::percent_decode_str;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use std::{path::PathBuf, sync::Arc};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How much of the server's certificate must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Nothing: what is sent is hidden from who only listens.
    None,
    /// It comes from somebody we trust.
    Chain,
    /// And it is this host's.
    ChainAndName,
}

/// Whom we trust to issue certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Roots {
    /// Whoever the machine trusts.
    System,
    /// Those in this file.
    File(PathBuf),
}

/// What a URL says about encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    mode: SslMode,
    proof: Proof,
    roots: Roots,
}

/// Reads a URL: the configuration without encryption, and with what to encrypt.
pub(crate) fn read(url: &str) -> Result<(Config, MakeRustlsConnect), PostgresError> {
    let (rest, wanted) = wanted(url)?;
    let mut config: Config = rest.parse().map_err(PostgresError::Url)?;
    // Nothing on a unix socket can be listened to, and PostgreSQL does not encrypt there.
    let local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
    config.ssl_mode(if local { SslMode::Disable } else { wanted.mode });
    Ok((config, MakeRustlsConnect::new(client(&wanted)?)))
}

/// What the URL wants, and the URL without it: the library below knows fewer modes.
fn wanted(url: &str) -> Result<(String, Wanted), PostgresError> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let decoded = |value: &str| percent_decode_str(value).decode_utf8_lossy().into_owned();
        match part.split_once('=') {
            Some(("sslmode", value)) => mode = Some(decoded(value)),
            Some(("sslrootcert", value)) => roots = Some(decoded(value)),
            _ => rest.push(part),
        }
    }
    let (mode, proof) = match (mode.as_deref(), &roots) {
        (Some("disable"), _) => (SslMode::Disable, Proof::None),
        (Some("prefer") | None, _) => (SslMode::Prefer, Proof::None),
        // With somebody to trust, "require" has always meant more than it says.
        (Some("require"), Some(_)) | (Some("verify-ca"), _) => (SslMode::Require, Proof::Chain),
        (Some("require"), None) => (SslMode::Require, Proof::None),
        (Some("verify-full"), _) => (SslMode::Require, Proof::ChainAndName),
        (Some(_), _) => return Err(PostgresError::SslMode),
    };
    let roots = roots.filter(|name| name != "system").map_or(Roots::System, |file| Roots::File(file.into()));
    let rest = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
    Ok((rest, Wanted { mode, proof, roots }))
}

fn client(wanted: &Wanted) -> Result<ClientConfig, PostgresError> {
    let provider = Arc::new(ring::default_provider());
    let chain = match wanted.proof {
        Proof::None => None,
        Proof::Chain | Proof::ChainAndName => {
            let roots = Arc::new(trusted(&wanted.roots)?);
            let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
            Some(builder.build().map_err(|error| PostgresError::Roots(Box::new(error)))?)
        }
    };
    let verifier = Verifier { chain, name: wanted.proof == Proof::ChainAndName, provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| PostgresError::Roots(Box::new(error)))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn trusted(roots: &Roots) -> Result<RootCertStore, PostgresError> {
    let mut store = RootCertStore::empty();
    match roots {
        // Of what a machine has collected over the years some cannot be read; the rest counts.
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Roots::File(path) => {
            let unreadable = |error| PostgresError::Roots(Box::new(error));
            for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
                let added = store.add(certificate.map_err(unreadable)?);
                added.map_err(|error| PostgresError::Roots(Box::new(error)))?;
            }
        }
    }
    Ok(store)
}

/// Believes what the mode lets it believe.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last: all else was right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> (String, SslMode, Proof, Roots) {
        let (rest, Wanted { mode, proof, roots }) = wanted(url).unwrap();
        (rest, mode, proof, roots)
    }

    #[test]
    fn the_modes_mean_what_they_mean_elsewhere() {
        let file = || Roots::File("/etc/my ca.pem".into());
        for (query, mode, proof, roots) in [
            ("", SslMode::Prefer, Proof::None, Roots::System),
            ("?sslmode=disable", SslMode::Disable, Proof::None, Roots::System),
            ("?sslmode=prefer", SslMode::Prefer, Proof::None, Roots::System),
            ("?sslmode=require", SslMode::Require, Proof::None, Roots::System),
            ("?sslmode=require&sslrootcert=/etc/my%20ca.pem", SslMode::Require, Proof::Chain, file()),
            ("?sslmode=verify-ca&sslrootcert=system", SslMode::Require, Proof::Chain, Roots::System),
            ("?sslrootcert=/etc/my%20ca.pem&sslmode=verify-full", SslMode::Require, Proof::ChainAndName, file()),
        ] {
            let url = format!("postgres://me@host/db{query}");
            assert_eq!(read(&url), ("postgres://me@host/db".to_owned(), mode, proof, roots), "{url}");
        }
        assert!(matches!(wanted("postgres://host/db?sslmode=allow"), Err(PostgresError::SslMode)));
    }

    #[test]
    fn the_rest_of_the_url_stays() {
        let (rest, ..) = read("postgres://me@/db?host=/run&sslmode=require&port=1");
        assert_eq!(rest, "postgres://me@/db?host=/run&port=1");
    }
}

//! HTTP/1.1 by hand, for what a client library would not send, and for the time before there is a runtime.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// A connection on which nothing comes for this long is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct RawReply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl RawReply {
    /// The value of a header; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends `request` to `base` as it is and reads until the server closes: the request should say `Connection: close`,
/// or be one after which the server closes.
pub(crate) fn raw(base: &str, request: &[u8]) -> RawReply {
    let mut stream = connect(base);
    // A server that refuses early may close before all is sent; its answer counts.
    let _ = stream.write_all(request);
    read(stream)
}

/// A connection to `base`.
pub(crate) fn connect(base: &str) -> TcpStream {
    let place = base.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads one answer to its end.
pub(crate) fn read(mut stream: TcpStream) -> RawReply {
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer ({ended:?}): {text:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|word| word.parse().ok());
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    RawReply {
        status: status.unwrap_or_else(|| panic!("no status: {text:?}")),
        headers: lines.filter_map(header).collect(),
        body: body.to_owned(),
    }
}

/// Sends `drop` again and again, until the other side has answered and closed.
pub(crate) fn drip(mut stream: TcpStream, drop: &'static [u8], pause: Duration) -> RawReply {
    let answer = stream.try_clone().unwrap();
    let dripping = std::thread::spawn(move || {
        while stream.write_all(drop).is_ok() {
            std::thread::sleep(pause);
        }
    });
    let answer = read(answer);
    dripping.join().unwrap();
    answer
}

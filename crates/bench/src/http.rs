//! The client's half of HTTP/1.1, as little as a load generator needs: one request, one answer with a
//! `Content-Length`, the connection kept.

use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer taken, head and body.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// How many header lines an answer may have.
const HEADERS: usize = 48;

/// A kept connection.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    closing: bool,
}

/// What came back.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// What an answer's head says.
struct Head {
    status: u16,
    length: usize,
    body: usize,
    closing: bool,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { address, stream: connect(address).await?, buffer: Vec::with_capacity(16 * 1024), closing: false })
    }

    /// Sends one rendered request and reads its answer. Opens the connection anew if the server announced to close it;
    /// after an error the connection is not to be used again.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        if self.closing {
            self.stream = connect(self.address).await?;
        }
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.read_more().await?;
            if let Some(head) = parse(&self.buffer)? {
                break head;
            }
        };
        let end = head.body.saturating_add(head.length);
        while self.buffer.len() < end {
            self.read_more().await?;
        }
        self.closing = head.closing;
        let body = self.buffer.get(head.body..).unwrap_or_default();
        if body.len() > head.length {
            return Err(invalid("more was sent than one answer"));
        }
        Ok(Answer { status: head.status, body })
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.buffer.len() >= LONGEST_ANSWER {
            return Err(invalid("the answer is too long"));
        }
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        Ok(())
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The head at the beginning of `bytes`, or `None` while it is not all there.
fn parse(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(body) = answer.parse(bytes).map_err(invalid)? else { return Ok(None) };
    let status = answer.code.ok_or_else(|| invalid("no status"))?;
    let mut head = Head { status, length: 0, body, closing: false };
    for header in answer.headers.iter() {
        let value = std::str::from_utf8(header.value).map_err(invalid)?;
        if header.name.eq_ignore_ascii_case("content-length") {
            head.length = value.parse().map_err(invalid)?;
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(invalid("a chunked answer, which the load generator does not read"));
        } else if header.name.eq_ignore_ascii_case("connection") {
            head.closing = value.eq_ignore_ascii_case("close");
        }
    }
    Ok(Some(head))
}

fn invalid(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_head_however_it_arrives() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-LENGTH: 5\r\nConnection: close\r\n\r\nhello";
        for end in 0..answer.len() - 5 {
            assert!(parse(&answer[..end]).unwrap().is_none(), "complete after {end} bytes");
        }
        let head = parse(answer).unwrap().unwrap();
        assert_eq!((head.status, head.length, head.closing), (201, 5, true));
        assert_eq!(&answer[head.body..], b"hello");
    }

    #[test]
    fn an_answer_without_length_has_no_body() {
        let head = parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((head.status, head.length, head.closing), (204, 0, false));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for answer in ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            assert!(parse(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}

//! Requests rendered once and patched for every use, so that the load generator takes little of the machine it measures.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Stands in a path, a header or a body where each request must differ from every other.
pub(crate) const UNIQUE: &str = "{unique}";

/// What takes its place: the stream's number and the request's within it.
const WIDTH: usize = 8 + 1 + 12;

/// A request, whole but for its unique parts.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    holes: Vec<usize>,
}

impl Template {
    /// Renders a request without a body.
    pub(crate) fn get(path: &str, headers: &[(&str, &str)]) -> Self {
        Self::cut(&head("GET", path, headers))
    }

    /// Renders a request with a JSON body.
    pub(crate) fn json(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let length = body.replace(UNIQUE, &"0".repeat(WIDTH)).len().to_string();
        let headers = [headers, &[("Content-Type", "application/json"), ("Content-Length", &length)]].concat();
        Self::cut(&(head(method, path, &headers) + body))
    }

    fn cut(text: &str) -> Self {
        let (mut bytes, mut holes) = (Vec::with_capacity(text.len() + WIDTH), Vec::new());
        for (index, part) in text.split(UNIQUE).enumerate() {
            if index > 0 {
                holes.push(bytes.len());
                bytes.extend([b'0'; WIDTH]);
            }
            bytes.extend(part.as_bytes());
        }
        Self { bytes, holes }
    }

    /// The request as it is sent when nothing needs to be unique.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Renders the request number `sequence` of a stream into `buffer`.
    fn fill(&self, stream: u64, sequence: u64, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.bytes);
        for &hole in &self.holes {
            if let Some(mut space) = buffer.get_mut(hole..hole + WIDTH) {
                // Numbers wider than their place end at the hole's end; a stream would have to run for ages.
                let _ = write!(space, "{stream:08}-{sequence:012}");
            }
        }
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n{lines}\r\n")
}

/// The requests of one connection: the templates in turn, each use unique in this process.
pub(crate) struct Stream {
    templates: Arc<[Template]>,
    /// Where in the templates this connection is, so that not all ask for the same at once.
    turn: usize,
    number: u64,
    sent: u64,
    buffer: Vec<u8>,
}

impl Stream {
    /// The stream of the connection number `start`.
    pub(crate) fn new(templates: &Arc<[Template]>, start: usize) -> Self {
        static STREAMS: AtomicU64 = AtomicU64::new(0);
        let number = STREAMS.fetch_add(1, Ordering::Relaxed);
        Self { templates: Arc::clone(templates), turn: start, number, sent: 0, buffer: Vec::new() }
    }

    /// The next request, or `None` if there are no templates.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        let turn = self.turn.checked_rem(self.templates.len())?;
        self.turn = turn + 1;
        self.sent += 1;
        self.templates.get(turn)?.fill(self.number, self.sent, &mut self.buffer);
        Some(&self.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_request_differs_and_keeps_its_length() {
        let template =
            Template::json("POST", "/events", &[("Idempotency-Key", UNIQUE)], r#"{"external_id":"o-{unique}"}"#);
        let mut seen = BTreeSet::new();
        let templates: Arc<[Template]> = [template].into();
        for start in 0..3 {
            let mut stream = Stream::new(&templates, start);
            for _ in 0..4 {
                let text = String::from_utf8(stream.next().unwrap().to_vec()).unwrap();
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                assert!(head.contains(&format!("Content-Length: {}", body.len())), "{text}");
                let unique = body.trim_start_matches(r#"{"external_id":"o-"#).trim_end_matches(r#""}"#);
                assert!(head.contains(&format!("Idempotency-Key: {unique}\r\n")), "{text}");
                seen.insert(unique.to_owned());
            }
        }
        assert_eq!(seen.len(), 12);
    }

    #[test]
    fn connections_begin_at_different_templates() {
        let templates: Arc<[Template]> = [Template::get("/a", &[]), Template::get("/b", &[])].into();
        let paths = |start| {
            let mut stream = Stream::new(&templates, start);
            (0..3).map(|_| char::from(stream.next().unwrap()[5])).collect::<String>()
        };
        assert_eq!((paths(0), paths(1)), ("aba".to_owned(), "bab".to_owned()));
    }
}

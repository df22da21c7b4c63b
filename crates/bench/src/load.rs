//! Load on a server: so many connections, each sending its next request when the last is answered.

use crate::clock::now;
use crate::http::Connection;
use crate::request::{Stream, Template};
use crate::sample::{Latency, Sample};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long connecting and the last answers may take beyond the planned time.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked of a server, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Arc<[Template]>,
    /// The status of a right answer; any other fails the run.
    pub(crate) expected: u16,
    pub(crate) connections: usize,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What the answers were.
struct Tally {
    /// Of all of them, the unmeasured too: each of them counts in the database.
    statuses: BTreeMap<u16, u64>,
    /// Of the measured time: microseconds from the request's first byte sent to the answer's last byte read.
    latencies: Histogram<u64>,
}

/// The measured time: only what begins and ends in it counts.
#[derive(Debug, Clone, Copy)]
struct Window {
    begin: Instant,
    end: Instant,
}

impl Load {
    /// Applies the load from one thread.
    ///
    /// # Errors
    /// A connection failed, the server hangs, or an answer had another status than the expected.
    pub(crate) fn run(&self) -> io::Result<Sample> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let limit = self.warm_up + self.measured + PATIENCE;
        let tally = runtime.block_on(async { tokio::time::timeout(limit, self.apply()).await })??;
        let right = tally.statuses.get(&self.expected).copied().unwrap_or(0);
        if right == 0 || tally.statuses.len() > 1 {
            let text = format!("expected status {} alone, got {:?} (status: answers)", self.expected, tally.statuses);
            return Err(io::Error::other(text));
        }
        let per_second = tally.latencies.len() as f64 / self.measured.as_secs_f64();
        Ok(Sample::new(right, per_second, Latency::from(&tally.latencies)))
    }

    async fn apply(&self) -> io::Result<Tally> {
        let mut opened = Vec::with_capacity(self.connections);
        for index in 0..self.connections {
            opened.push((Connection::open(self.address).await?, Stream::new(&self.requests, index)));
        }
        let begin = now() + self.warm_up;
        let window = Window { begin, end: begin + self.measured };
        let mut tasks = JoinSet::new();
        for (connection, stream) in opened {
            tasks.spawn(drive(connection, stream, window));
        }
        let mut whole = Tally::new()?;
        while let Some(part) = tasks.join_next().await {
            whole.add(part.map_err(io::Error::other)??)?;
        }
        Ok(whole)
    }
}

async fn drive(mut connection: Connection, mut stream: Stream, window: Window) -> io::Result<Tally> {
    let mut tally = Tally::new()?;
    let mut sent = now();
    while sent < window.end {
        let request = stream.next().ok_or_else(|| io::Error::other("there is nothing to send"))?;
        let status = connection.exchange(request).await?.status;
        let answered = now();
        *tally.statuses.entry(status).or_default() += 1;
        if sent >= window.begin && answered <= window.end {
            let micros = u64::try_from((answered - sent).as_micros()).unwrap_or(u64::MAX);
            tally.latencies.saturating_record(micros);
        }
        sent = answered;
    }
    Ok(tally)
}

impl Tally {
    fn new() -> io::Result<Self> {
        // One microsecond to one minute, to three digits.
        let latencies = Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)?;
        Ok(Self { statuses: BTreeMap::new(), latencies })
    }

    fn add(&mut self, other: Self) -> io::Result<()> {
        let Self { statuses, latencies } = other;
        for (status, count) in statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.latencies.add(&latencies).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};

    /// Answers every request, of a fixed length, with `answer`, on each of `connections`; ends when they are closed.
    fn server(connections: usize, request_length: usize, answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..connections {
            let listener = listener.try_clone().unwrap();
            std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = vec![0; request_length];
                while stream.read_exact(&mut request).is_ok() && stream.write_all(answer).is_ok() {}
            });
        }
        address
    }

    fn load(connections: usize, answer: &'static [u8]) -> io::Result<Sample> {
        let request = Template::get("/x", &[("X-Id", crate::request::UNIQUE)]);
        let address = server(connections, request.bytes().len(), answer);
        let (warm_up, measured) = (Duration::from_millis(20), Duration::from_millis(200));
        Load { address, requests: [request].into(), expected: 200, connections, warm_up, measured }.run()
    }

    #[test]
    fn counts_right_answers_and_their_latencies() {
        let sample = load(3, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        assert!(sample.per_second > 0.0);
        assert!(sample.latency.mean > 0.0);
        assert!(sample.latency.p50 <= sample.latency.p99 && sample.latency.p99 <= sample.latency.max);
    }

    #[test]
    fn a_wrong_answer_fails_the_run() {
        let error = load(1, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
    }

    #[test]
    fn a_server_that_goes_away_fails_the_run() {
        assert!(load(1, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").is_err());
    }
}

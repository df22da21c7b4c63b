//! Stopping the server: it turns unready, finishes the requests under way, and exits.

use crate::{
    on_both_sites,
    support::{Key, Server, Site, raw_parts},
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

on_both_sites!(a_request_under_way_is_finished, no_request_is_lost, an_interrupt_stops_it_too);

fn key(site: &Site) -> String {
    let org = site.json(&["org", "create", "--name", "Stop", "--plan", "growth"]);
    let org = org["id"].as_str().unwrap();
    let made =
        site.json(&["keys", "create", "--org", org, "--mode", "test", "--name", "k", "--rate-limit", "10000000"]);
    Key::of(&made).text
}

fn post(key: &str, email: &str) -> (String, String) {
    let body = format!(r#"{{"email":"{email}"}}"#);
    let head = format!(
        "POST /api/v1/affiliates HTTP/1.1\r\nHost: coterie\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head, body)
}

/// Half of a request is sent, then the server is told to stop, then the rest is sent: it is answered.
fn a_request_under_way_is_finished(site: Site) {
    let (mut server, key) = (site.serve(), key(&site));
    let (head, body) = post(&key, "late@example.com");
    let mut stream = raw_parts::connect(&server.http);
    stream.write_all(head.as_bytes()).unwrap();
    // Another request proves that the server is past reading the first one's head.
    assert_eq!(ask(&server, "/livez"), 200);
    server.terminate();
    while ready(&server) {}
    stream.write_all(body.as_bytes()).unwrap();
    let answer = raw_parts::read(stream);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(server.stop(), Some(0));
    let again = site.serve();
    let listed = again.raw(&format!(
        "GET /api/v1/affiliates HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n"
    ));
    assert!(listed.body.contains("late@example.com"), "what was answered is kept");
}

fn ask(server: &Server, path: &str) -> u16 {
    server.raw(&format!("GET {path} HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\r\n")).status
}

/// Whether the server still reports that it is ready; a closed listener counts as not ready.
fn ready(server: &Server) -> bool {
    let place = server.ops.strip_prefix("http://").unwrap();
    let Ok(mut stream) = TcpStream::connect(place) else { return false };
    let mut said = String::new();
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\r\n");
    let heard = asked.and_then(|()| stream.read_to_string(&mut said));
    heard.is_ok() && said.starts_with("HTTP/1.1 200")
}

/// Clients on kept connections, which obey `Connection: close`, get every request answered until the listener is
/// closed.
fn no_request_is_lost(site: Site) {
    let (mut server, key) = (site.serve(), key(&site));
    let (answered, stopping) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (server, key, answered, stopping) = (&server, &key, &answered, &stopping);
            scope.spawn(move || {
                let place = server.http.strip_prefix("http://").unwrap();
                let mut sent = 0;
                while let Ok(stream) = TcpStream::connect(place) {
                    sent = on_one_connection(stream, key, client, sent, answered, stopping);
                }
                assert!(stopping.load(Ordering::SeqCst), "the server went away before it was told to");
            });
        }
        while answered.load(Ordering::SeqCst) < 100 {
            std::thread::yield_now();
        }
        stopping.store(true, Ordering::SeqCst);
        server.terminate();
    });
    assert_eq!(server.stop(), Some(0));
    let again = site.serve();
    drop(again);
    site.run(&["reconcile"]).success();
}

/// Posts until the server closes; returns the number of the next request.
fn on_one_connection(
    mut stream: TcpStream,
    key: &str,
    client: usize,
    mut sent: usize,
    answered: &AtomicUsize,
    stopping: &AtomicBool,
) -> usize {
    let first = sent;
    loop {
        let (head, body) = post(key, &format!("c{client}-{sent}@example.com"));
        sent += 1;
        let asked = stream.write_all(format!("{head}{body}").as_bytes());
        let answer = asked.ok().and_then(|()| one_answer(&mut stream));
        match answer {
            Some((201, close)) => {
                answered.fetch_add(1, Ordering::SeqCst);
                if close {
                    return sent;
                }
            }
            Some((status, _)) => panic!("{status} while stopping"),
            // The listener's queue is closed with the listener: such a connection was never accepted. An accepted one
            // gets `Connection: close` first.
            None => {
                assert!(stopping.load(Ordering::SeqCst) && sent == first + 1, "a connection was cut");
                return sent;
            }
        }
    }
}

/// The status of one answer with a known length, and whether the server closes after it.
fn one_answer(stream: &mut TcpStream) -> Option<(u16, bool)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length: usize = field("content-length:")?.parse().ok()?;
    stream.read_exact(&mut vec![0; length]).ok()?;
    Some((head.split(' ').nth(1)?.parse().ok()?, field("connection:") == Some("close")))
}

fn an_interrupt_stops_it_too(site: Site) {
    let mut server = site.serve();
    server.interrupt();
    assert_eq!(server.stop(), Some(0));
}

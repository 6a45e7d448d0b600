//! A small HTTP server that plays a script and keeps what it was sent.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::Value;

/// What it was sent.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Lines of the head, the first one first.
    head: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// `POST /v1/messages HTTP/1.1`.
    pub(crate) fn first(&self) -> &str {
        &self.head[0]
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().skip(1).find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer with its length.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 {status} Because\r\ncontent-length: {}\r\nconnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("\r\n");
    [out.as_bytes(), body].concat()
}

/// An answer of JSON with status 200.
pub(crate) fn good(body: &[u8]) -> Vec<u8> {
    reply(200, &[("content-type", "application/json")], body)
}

/// Answers one connection after the other, byte for byte, and then listens no more. An empty answer keeps silent until the
/// client gives up.
pub(crate) fn serve(script: Vec<Vec<u8>>) -> (String, JoinHandle<Vec<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for answer in script {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            loop {
                let read = stream.read(&mut part).unwrap();
                request.extend_from_slice(&part[..read]);
                if read == 0 || is_whole(&request) {
                    break;
                }
            }
            seen.push(taken_apart(&request));
            if answer.is_empty() {
                let _ = stream.read(&mut part);
            }
            // The client may have had enough before the end.
            let _ = stream.write_all(&answer);
        }
        seen
    });
    (base, served)
}

/// The body of a request or an answer.
pub(crate) fn body_of(message: &[u8]) -> Vec<u8> {
    message[head_end(message).unwrap() + 4..].to_vec()
}

fn head_end(request: &[u8]) -> Option<usize> {
    request.windows(4).position(|four| four == b"\r\n\r\n")
}

/// A request.
pub(crate) fn taken_apart(request: &[u8]) -> Seen {
    let end = head_end(request).unwrap();
    let head = String::from_utf8(request[..end].to_vec()).unwrap();
    Seen {
        head: head.lines().map(str::to_owned).collect(),
        body: request[end + 4..].to_vec(),
    }
}

/// Whether all of a request, or of an answer, is there.
pub(crate) fn is_whole(request: &[u8]) -> bool {
    let Some(end) = head_end(request) else {
        return false;
    };
    let seen = taken_apart(request);
    let length = seen
        .header("content-length")
        .map_or(0, |own| own.parse().unwrap());
    request.len() >= end + 4 + length
}

/// Sends the beginning of an answer, and then keeps silent until the client gives up.
pub(crate) fn hang(beginning: &'static [u8]) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(beginning).unwrap();
        // Everything that was asked, and then the end.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    (base, served)
}

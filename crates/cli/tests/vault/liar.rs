//! A vault by hand, for what the simulator would never say.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use sandbox::vault::{AGENT, Options, Simulator};
use serde_json::Value;

/// A call that came in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Below the base URL, with its query.
    pub(crate) target: String,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn is_list(&self) -> bool {
        self.target.starts_with("/api/request/auditor-requests")
    }

    /// The number of the first row that is asked for.
    pub(crate) fn position(&self) -> usize {
        let (_, rest) = self.target.split_once("pgp=").unwrap();
        rest.split('&').next().unwrap().parse().unwrap()
    }
}

type Answer = Box<dyn Fn(&Call) -> (u16, String) + Send + Sync>;

/// A server that answers with what a closure makes of a call.
pub(crate) struct Liar {
    pub(crate) base_url: String,
    pub(crate) token: String,
    calls: Arc<Mutex<Vec<Call>>>,
    ending: Arc<AtomicBool>,
    address: std::net::SocketAddr,
}

impl Liar {
    pub(crate) fn start(answer: impl Fn(&Call) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (calls, ending) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicBool::new(false)),
        );
        let (heard, ends) = (Arc::clone(&calls), Arc::clone(&ending));
        let answer: Arc<Answer> = Arc::new(Box::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let (heard, answer) = (Arc::clone(&heard), Arc::clone(&answer));
                let Ok(stream) = stream else { continue };
                std::thread::spawn(move || serve(&stream, &heard, &answer));
            }
        });
        let seed = Options {
            requests: 0,
            planted: false,
            start_ms: crate::world::now_ms(),
            ..Options::default()
        };
        Self {
            base_url: format!("http://{address}/vault"),
            token: Simulator::start(seed).unwrap().token(AGENT),
            calls,
            ending,
            address,
        }
    }

    pub(crate) fn home(&self) -> crate::world::Home {
        let mut home = crate::world::Home::new(&self.base_url, &self.token);
        home.set("VAULT_TIMEOUT", "2s");
        // Its rows tell no window.
        home.set("VAULT_WINDOW_HOURS_MAX", "0");
        home
    }

    /// What was sent that changes something, in order: the path and the reason.
    pub(crate) fn writes(&self) -> Vec<(String, String)> {
        let calls = self.calls.lock().unwrap();
        let writes = calls.iter().filter(|call| call.method != "GET");
        writes
            .map(|call| (call.target.clone(), call.body.clone()))
            .collect()
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address);
    }
}

/// One connection, one call after the other.
fn serve(stream: &TcpStream, heard: &Mutex<Vec<Call>>, answer: &Answer) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let mut call = Call {
            method: method.to_owned(),
            target: target.trim_start_matches("/vault").to_owned(),
            body: String::new(),
        };
        let mut length = 0;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) <= 2 {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        call.body = String::from_utf8(body).unwrap();
        heard.lock().unwrap().push(call.clone());
        let (status, body) = answer(&call);
        let head = format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        // In one piece: two small ones would wait for an acknowledgement in between.
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

/// A page of rows, as many as fit.
pub(crate) fn page(call: &Call, rows: &[Value]) -> (u16, String) {
    let from = call.position().min(rows.len());
    let to = (from + 100).min(rows.len());
    let page = serde_json::json!({ "data": rows[from..to], "total": rows.len() });
    (200, page.to_string())
}

/// The record of an ordinary asset.
pub(crate) fn asset() -> (u16, String) {
    let record = serde_json::json!({ "type": { "name": "Unix Host" }, "path": "root / Staging", "tags": [] });
    (200, record.to_string())
}

/// A row that waits, filed an hour ago.
pub(crate) fn row(id: &str, more: Value) -> Value {
    let created = crate::world::now_ms() - 3_600_000;
    let mut row = serde_json::json!({
        "id": id, "status": "Active", "action": "AssetAccess", "entityId": "a-1", "entityName": "stage-001",
        "requestor": format!("person-of-{}", id.len()), "message": format!("Deploy of build {id} agreed in CHG-1"),
        "created": created, "to": created + 8 * 3_600_000, "level": 1, "levels": 1, "approvals": [],
    });
    let fields = row.as_object_mut().unwrap();
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    row
}

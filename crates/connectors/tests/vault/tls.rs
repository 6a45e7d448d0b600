//! The vault behind a certificate of an authority that nobody knows. Where Python or openssl is missing, the test says so and
//! passes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use connectors::PamVault;
use connectors::pam_vault::{Settings, State};
use decision::vault::Action;
use ports::PortError;
use ports::vault::{Answer, Vault as _};
use sandbox::vault::{Route, Simulator};

use crate::world::{decide, now, settings, since, with};

/// TLS in front of a simulator.
struct Front {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Front {
    /// `None` when this machine cannot run one.
    fn of(simulator: &Simulator) -> Option<Self> {
        let runs = |program: &str, argument: &str| {
            let mut command = Command::new(program);
            command
                .arg(argument)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if !runs("python3", "--version") || !runs("openssl", "version") {
            eprintln!("skipped: this test needs python3 and openssl");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls_front.py"))
            .arg(folder.path())
            .arg(port_of(&simulator.base_url()).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().parse().unwrap();
        Some(Self {
            child,
            port,
            folder,
        })
    }

    /// A client of the vault by that name of its host.
    fn client(
        &self,
        simulator: &Simulator,
        host: &str,
        more: impl FnOnce(&mut Settings),
    ) -> PamVault {
        let plain = format!("http://127.0.0.1:{}", port_of(&simulator.base_url()));
        let secure = format!("https://{host}:{}", self.port);
        let mut settings = Settings {
            base_url: simulator.base_url().replace(&plain, &secure),
            timeout: std::time::Duration::from_secs(10),
            ..settings(simulator)
        };
        more(&mut settings);
        PamVault::new(settings).unwrap()
    }
}

fn port_of(base_url: &str) -> u16 {
    let authority = base_url.split('/').nth(2).unwrap();
    authority.rsplit(':').next().unwrap().parse().unwrap()
}

#[test]
fn only_a_certificate_that_is_trusted_and_names_the_host_is_spoken_to() {
    let simulator = with(&[]);
    let Some(front) = Front::of(&simulator) else {
        return;
    };
    let bundle = |name: &str| Some(front.folder.path().join(name));
    let tls = |vault: &PamVault| {
        let health = vault.health(now(&simulator));
        let line = health.lines.into_iter().find(|line| line.topic == "TLS");
        let line = line.unwrap();
        (line.state, line.text)
    };
    let request = simulator.requests()[0].id.clone();

    // Nobody vouches for it, somebody else does, or it is another host's: refused, and the token stays here.
    for (host, authority) in [
        ("localhost", None),
        ("localhost", Some("stranger.pem")),
        ("127.0.0.1", Some("authority.pem")),
    ] {
        let vault = front.client(&simulator, host, |own| {
            own.ca_bundle = authority.and_then(bundle);
        });
        let error = vault.list(since(&simulator), &mut |_| {}).unwrap_err();
        assert!(
            matches!(&error, PortError::Unavailable(why) if why.contains("certificate")),
            "{host} {authority:?}: {error}"
        );
        // Nothing can have happened.
        let answer = decide(&vault, Action::Approve, &request, "x");
        assert!(matches!(answer, Answer::NotSent(_)), "{answer:?}");
    }
    assert!(simulator.calls().is_empty(), "{:?}", simulator.calls());

    let vault = front.client(&simulator, "localhost", |own| {
        own.ca_bundle = bundle("authority.pem");
    });
    assert!(vault.list(since(&simulator), &mut |_| {}).unwrap().complete);
    let (state, text) = tls(&vault);
    assert!(
        state == State::Fine && text.contains("authority.pem"),
        "{text}"
    );

    // Whoever answers is believed, under whatever name, and the doctor complains.
    for host in ["localhost", "127.0.0.1"] {
        let before = simulator.calls()[&Route::List];
        let vault = front.client(&simulator, host, |own| own.insecure = true);
        assert!(vault.list(since(&simulator), &mut |_| {}).unwrap().complete);
        assert!(simulator.calls()[&Route::List] > before);
        let (state, text) = tls(&vault);
        assert!(state == State::Bad && text.contains("INSECURE"), "{text}");
    }
}

//! HTTP on loopback: two ports, one thread, and the faults.

mod connection;
mod control;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::sync::watch;

use super::fault::Fault;
use super::options::Options;
use super::refusal::Refusal;
use super::state::Vault;
use super::wire::{self, Call, Reply, routes};
use connection::{Breakable, Breaker};

/// The longest body that is read, in bytes.
const BODY_BYTES_MAX: usize = 65_536;
/// How long open connections may take to end.
const STOP: Duration = Duration::from_millis(300);

/// What both ports and the functions of the simulator share.
pub(super) struct Shared {
    vault: Mutex<Vault>,
    /// Scheme, host and port of the vault.
    pub(super) origin: String,
    /// The same of the control routes.
    pub(super) control_origin: String,
}

impl Shared {
    pub(super) fn vault(&self) -> MutexGuard<'_, Vault> {
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server. It stops when it is dropped.
pub(super) struct Server {
    pub(super) shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds both ports, fills the vault, and serves.
    pub(super) fn start(options: Options) -> io::Result<Self> {
        let vault_port = bind(options.vault_port)?;
        let control_port = bind(options.control_port)?;
        let origin = format!("http://{}", vault_port.local_addr()?);
        let control_origin = format!("http://{}", control_port.local_addr()?);
        let shared = Arc::new(Shared {
            vault: Mutex::new(Vault::new(options, origin.clone())),
            origin,
            control_origin,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = watch::channel(false);
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("vault-simulator".to_owned())
            .spawn(move || {
                // Ports are bound already; what fails later is a connection, and its client sees that.
                let _ended = runtime.block_on(serve(served, vault_port, control_port, stopped));
                // Connections that hang on purpose end here.
                runtime.shutdown_timeout(Duration::ZERO);
            })?;
        Ok(Self {
            shared,
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told when it happened.
            let _joined = thread.join();
        }
    }
}

fn bind(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve(
    shared: Arc<Shared>,
    vault_port: TcpListener,
    control_port: TcpListener,
    stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let vault = Router::new()
        .fallback(on_vault)
        .with_state(Arc::clone(&shared))
        .into_make_service_with_connect_info::<Breaker>();
    let control = Router::new()
        .fallback(on_control)
        .with_state(shared)
        .into_make_service_with_connect_info::<Breaker>();
    let vault_port = Breakable::new(vault_port)?;
    let control_port = Breakable::new(control_port)?;
    let stop = |mut stopped: watch::Receiver<bool>| async move {
        let _gone = stopped.wait_for(|stop| *stop).await;
    };
    let control = tokio::spawn(
        axum::serve(control_port, control)
            .with_graceful_shutdown(stop(stopped.clone()))
            .into_future(),
    );
    let vault = tokio::spawn(
        axum::serve(vault_port, vault)
            .with_graceful_shutdown(stop(stopped.clone()))
            .into_future(),
    );
    stop(stopped).await;
    let _in_time = tokio::time::timeout(STOP, async {
        let _vault = vault.await;
        let _control = control.await;
    })
    .await;
    Ok(())
}

/// Everything below the vault's port.
async fn on_vault(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let breaker = request
        .extensions()
        .get::<ConnectInfo<Breaker>>()
        .map(|found| found.0.clone());
    let (call, whole) = read(request).await;
    let (found, fault) = {
        let mut vault = shared.vault();
        let found = routes::find(&vault.options, &call.method, &call.path);
        let fault = found
            .as_ref()
            .ok()
            .and_then(|place| vault.called(place.route));
        (found, fault)
    };
    let act = || {
        let mut vault = shared.vault();
        let refused = |refusal: &Refusal| Reply::refusal(refusal, vault.options.error_format);
        match (&found, whole) {
            (Err(refusal), _) => refused(refusal),
            (Ok(_), false) => refused(&Refusal::too_large()),
            (Ok(place), true) => wire::answer(&mut vault, place, &call),
        }
    };
    let reply = match fault {
        None => act(),
        Some(Fault::Status(status)) => failing(status),
        Some(Fault::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            act()
        }
        Some(Fault::Html) => Reply::html(),
        Some(Fault::Redirect) => Reply {
            headers: vec![("location", "/ztna/login")],
            ..Reply::empty(302)
        },
        Some(Fault::Truncated) => {
            let mut reply = act();
            reply.body.truncate(reply.body.len() / 2);
            reply
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::CommitHang) => {
            act();
            std::future::pending().await
        }
        Some(Fault::Reset) => broken(breaker.as_ref()),
        Some(Fault::CommitReset) => {
            act();
            broken(breaker.as_ref())
        }
    };
    respond(reply)
}

/// Everything below the control port.
async fn on_control(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (call, whole) = read(request).await;
    let reply = if whole {
        control::answer(&shared, &call)
    } else {
        Err(Refusal::too_large())
    };
    respond(
        reply.unwrap_or_else(|refusal| Reply::refusal(&refusal, super::options::ErrorFormat::Json)),
    )
}

fn failing(status: u16) -> Reply {
    let headers = match status {
        429 | 503 => vec![("retry-after", "1")],
        _ => Vec::new(),
    };
    Reply {
        headers,
        ..Reply::empty(status)
    }
}

/// The connection breaks as soon as something is written to it.
fn broken(breaker: Option<&Breaker>) -> Reply {
    if let Some(breaker) = breaker {
        breaker.pull();
    }
    Reply::empty(500)
}

/// The call, and whether its body was read whole.
async fn read(request: Request) -> (Call, bool) {
    let (parts, body) = request.into_parts();
    let text = |headers: &HeaderMap, name: HeaderName| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let bearer = text(&parts.headers, AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let whole = body.is_ok();
    let call = Call {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: query.map(|query| query.0).unwrap_or_default(),
        bearer,
        content_type: text(&parts.headers, CONTENT_TYPE),
        body: body.map(|bytes| bytes.to_vec()).unwrap_or_default(),
    };
    (call, whole)
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

//! Serving the proxy, on a thread of its own so that it does not depend on the host's runtime.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::address::is_public;
use super::allow::{Allowlist, Grant, normal};
use super::hello::{self, Hello};
use super::request::{self, Request};

const HEAD_MAX: usize = 32 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);
/// Decisions remembered.
const LOG_MAX: usize = 1000;
/// Connections served at once; more wait.
const CONNECTIONS_MAX: usize = 256;

/// One thing the proxy decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkDecision {
    /// The host asked for.
    pub host: String,
    /// The port asked for.
    pub port: u16,
    /// Why it was refused; `None` if it was not.
    pub refused: Option<&'static str>,
}

/// A running proxy; ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    stop: CancellationToken,
    log: Arc<Mutex<VecDeque<NetworkDecision>>>,
}

impl Proxy {
    /// Serves a listening socket.
    pub fn start(listener: impl Into<std::net::TcpListener>, allowlist: Allowlist) -> io::Result<Proxy> {
        let listener = listener.into();
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let stop = CancellationToken::new();
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let server = Arc::new(Server { allowlist, log: Arc::clone(&log) });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let stopped = stop.clone();
        std::thread::Builder::new().name("sandbox-proxy".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = stopped.cancelled() => {}
                    _ = accept(listener, server) => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(Proxy { port, stop, log })
    }

    /// Where commands find it on their loopback device.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The last 1000 decisions, oldest first.
    pub fn decisions(&self) -> Vec<NetworkDecision> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Server {
    allowlist: Allowlist,
    log: Arc<Mutex<VecDeque<NetworkDecision>>>,
}

async fn accept(listener: std::net::TcpListener, server: Arc<Server>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let places = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        match listener.accept().await {
            Ok((client, _)) => {
                let server = Arc::clone(&server);
                tokio::spawn(async move {
                    // A connection that breaks concerns its client only.
                    let _ = server.serve(client).await;
                    drop(place);
                });
            }
            // Out of descriptors, or a client that has gone: others may come.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

impl Server {
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let Some((head, rest)) = patient(read_head(&mut client)).await? else { return Ok(()) };
        let Some(request) = request::parse(&head) else {
            return answer(&mut client, "400 Bad Request", "not a request this proxy understands").await;
        };
        match self.connect(&request).await {
            Err(reason) => {
                self.note(&request, Some(reason));
                let status = if reason == UNREACHABLE { "502 Bad Gateway" } else { "403 Forbidden" };
                answer(&mut client, status, reason).await
            }
            Ok(upstream) if request.tunnel => self.tunnel(client, upstream, &request, rest).await,
            Ok(upstream) => {
                self.note(&request, None);
                forward(client, upstream, &request, rest).await
            }
        }
    }

    fn note(&self, request: &Request, refused: Option<&'static str>) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOG_MAX {
            log.pop_front();
        }
        log.push_back(NetworkDecision { host: request.host.clone(), port: request.port, refused });
    }

    /// Resolves the name once and connects to an address that was checked.
    async fn connect(&self, request: &Request) -> Result<TcpStream, &'static str> {
        let Some(grant) = self.allowlist.allows(&request.host, request.port, request.tunnel) else {
            return Err("the host is not on the allowlist");
        };
        let addresses: Vec<SocketAddr> = match request.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, request.port)],
            Err(_) => {
                let found = tokio::net::lookup_host((normal(&request.host), request.port));
                patient(found).await.map_err(|_| UNREACHABLE)?.collect()
            }
        };
        let usable: Vec<SocketAddr> =
            addresses.into_iter().filter(|address| grant == Grant::Literal || is_public(address.ip())).collect();
        if usable.is_empty() {
            return Err("the host's address is not public");
        }
        for address in usable {
            if let Ok(stream) = patient(TcpStream::connect(address)).await {
                return Ok(stream);
            }
        }
        Err(UNREACHABLE)
    }

    /// Passes bytes both ways once the client's first message shows that it wants the host it named.
    async fn tunnel(
        &self,
        mut client: TcpStream,
        mut upstream: TcpStream,
        request: &Request,
        mut first: Vec<u8>,
    ) -> io::Result<()> {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        // An address has no name to ask for; on other ports than that of TLS the protocol may be any.
        let named = request.host.parse::<IpAddr>().is_err();
        if named && request.port == 443 {
            let agreed = patient(async {
                loop {
                    match hello::read(&first) {
                        Hello::Tls(name) => {
                            return Ok(name.is_some_and(|name| normal(&name) == normal(&request.host)));
                        }
                        Hello::Other => return Ok(false),
                        Hello::Incomplete if first.len() > HEAD_MAX => return Ok(false),
                        Hello::Incomplete => {
                            if client.read_buf(&mut first).await? == 0 {
                                return Ok(false);
                            }
                        }
                    }
                }
            })
            .await?;
            if !agreed {
                self.note(request, Some("the TLS server name is not the host"));
                return Ok(());
            }
        }
        self.note(request, None);
        upstream.write_all(&first).await?;
        copy_bidirectional(&mut client, &mut upstream).await?;
        Ok(())
    }
}

const UNREACHABLE: &str = "the host cannot be reached";

/// Fails what takes too long.
async fn patient<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// The head of a request, and what came after it; `None` if the client went away.
async fn read_head(client: &mut TcpStream) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut head = Vec::new();
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok(Some((head, rest)));
        }
        if head.len() > HEAD_MAX || client.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
}

async fn answer(client: &mut TcpStream, status: &str, reason: &str) -> io::Result<()> {
    let text = format!(
        "HTTP/1.1 {status}\r\nx-proxy-error: {reason}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\nsandbox proxy: {reason}\n",
        reason.len() + "sandbox proxy: \n".len()
    );
    client.write_all(text.as_bytes()).await?;
    client.shutdown().await
}

/// Passes one request on, no more of the client's bytes than belong to it, and the whole answer back.
async fn forward(mut client: TcpStream, mut upstream: TcpStream, request: &Request, rest: Vec<u8>) -> io::Result<()> {
    upstream.write_all(&request.head).await?;
    let (client_read, mut client_write) = client.split();
    let (mut upstream_read, mut upstream_write) = upstream.split();
    let body = async {
        let mut source = io::Cursor::new(rest).chain(client_read).take(request.body.unwrap_or(u64::MAX));
        tokio::io::copy(&mut source, &mut upstream_write).await?;
        std::future::pending::<io::Result<u64>>().await
    };
    tokio::select! {
        answered = tokio::io::copy(&mut upstream_read, &mut client_write) => answered.map(drop),
        failed = body => failed.map(drop),
    }
}

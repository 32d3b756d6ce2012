//! Serving a router on loopback, with connections that can be cut on purpose.

use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_service::Service as _;

use crate::error::Error;
use crate::faults::Fault;

/// Marks a response that must not be sent: the connection ends instead.
#[derive(Debug, Clone, Copy)]
struct Cut;

/// A listening stand-in.
pub(crate) struct Listening {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    accept: JoinHandle<()>,
}

impl Listening {
    /// Stops accepting and drops every open connection.
    pub(crate) fn stop(&self) {
        self.accept.abort();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Binds `127.0.0.1:port` and serves the router until stopped.
pub(crate) async fn listen(
    what: &'static str,
    port: u16,
    router: axum::Router,
) -> Result<Listening, Error> {
    let failed = |source| Error::Listen { what, port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let accept = tokio::spawn(async move {
        // Connections live in this set, so that aborting the accept task ends them too.
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let _ = stream.set_nodelay(true);
                        connections.spawn(serve(stream, router.clone()));
                    }
                    Err(error) => tracing::warn!(%error, what, "a connection could not be accepted"),
                },
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Ok(Listening { address, accept })
}

async fn serve(stream: tokio::net::TcpStream, router: axum::Router) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move {
            let Ok(response) = router.call(request.map(Body::new)).await;
            match response.extensions().get::<Cut>() {
                Some(_) => Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    // An error here is a connection that ended, often because a fault said so.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A response that is never sent: the client sees the connection end without an answer.
pub(crate) fn cut() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Cut);
    response
}

/// Whether [`cut`] made this response.
pub(crate) fn is_cut(response: &Response<Body>) -> bool {
    response.extensions().get::<Cut>().is_some()
}

/// Promises the whole body, sends half of it, and ends the connection.
pub(crate) async fn cut_half(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = axum::body::to_bytes(body, usize::MAX).await else { return cut() };
    parts.headers.insert(axum::http::header::CONTENT_LENGTH, whole.len().into());
    let half = whole.slice(..whole.len() / 2);
    let first = futures_util::stream::once(async { Ok(half) });
    let failed = futures_util::stream::once(async {
        // The server only sends what it has while it waits for more.
        tokio::task::yield_now().await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
    });
    Response::from_parts(parts, Body::from_stream(first.chain(failed)))
}

/// A valid JSON document of about the size asked for, streamed so that nobody holds it here.
pub(crate) fn huge(fault: &Fault) -> Response<Body> {
    const CHUNK: usize = 64 * 1024;
    let size = fault.bytes.unwrap_or(64 * 1024 * 1024);
    let filling = Bytes::from(vec![b'x'; CHUNK]);
    let chunks = (0..size.div_ceil(CHUNK as u64)).map(move |_| filling.clone());
    let document = std::iter::once(Bytes::from_static(b"{\"data\":{\"filling\":\""))
        .chain(chunks)
        .chain(std::iter::once(Bytes::from_static(b"\"}}")))
        .map(Ok::<_, std::io::Error>);
    let mut response = Response::new(Body::from_stream(futures_util::stream::iter(document)));
    response.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        axum::http::HeaderValue::from_static("application/json"),
    );
    response
}

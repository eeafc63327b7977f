//! The server as a source: HTTP requests and the WebSocket `/live/{system}`, both by gloo-net.

use super::error::{FetchError, refusal};
use super::{Event, Listener, Reply, Request, Source, Subscription};
use futures_util::stream::Stream as _;
use gloo_net::http;
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};
use leptos::prelude::window;
use leptos::task::spawn_local;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal, Headers, RequestInit};

/// The server that sent the page.
pub static SERVER: Source = Source { ask, subscribe };

const OCTETS: &str = "application/octet-stream";
/// How the server closes a stream of a session that has ended.
const SESSION_ENDED: u16 = 1008;
const FORM: &str = "application/x-www-form-urlencoded";

fn ask(request: Request) -> Reply {
    Box::pin(send(request))
}

async fn send(request: Request) -> Result<Vec<u8>, FetchError> {
    let unreachable = |_| FetchError::NoServer;
    let dropped = Abort(AbortController::new().ok());
    let asked = asked(&request, &dropped).map_err(|_| FetchError::NoServer)?;
    let response = asked.send().await.map_err(unreachable)?;
    let bytes = response.binary().await.map_err(unreachable)?;
    if response.ok() {
        return Ok(bytes);
    }
    Err(FetchError::Refused(refusal(Some(response.status()), &String::from_utf8_lossy(&bytes))))
}

/// The request as the browser sends it. Not by gloo-net's builder: that puts an `&` at the end of each address with fields.
fn asked(request: &Request, dropped: &Abort) -> Result<http::Request, JsValue> {
    let (init, headers) = (RequestInit::new(), Headers::new()?);
    init.set_method(request.method);
    init.set_signal(dropped.signal().as_ref());
    headers.set("Accept", OCTETS)?;
    if let Some(form) = &request.form {
        headers.set("Content-Type", FORM)?;
        init.set_body(&JsValue::from_str(form));
    }
    init.set_headers(&headers);
    Ok(web_sys::Request::new_with_str_and_init(&request.path, &init)?.into())
}

/// Ends a request whose answer is not waited for. To end one that is over does nothing.
struct Abort(Option<AbortController>);

impl Abort {
    fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// An open WebSocket. The task that reads it ends when this is dropped.
struct Open(Rc<RefCell<WebSocket>>);

impl Subscription for Open {
    fn connecting(&self) -> bool {
        matches!(self.0.borrow().state(), State::Connecting)
    }
}

fn subscribe(system: &str, listener: Listener) -> Option<Box<dyn Subscription>> {
    let socket = Rc::new(RefCell::new(WebSocket::open(&address(system)?).ok()?));
    let read = Rc::downgrade(&socket);
    spawn_local(async move {
        loop {
            // The socket is not held between two messages: who drops the subscription closes it.
            let next = poll_fn(|context| match read.upgrade() {
                Some(socket) => Pin::new(&mut *socket.borrow_mut()).poll_next(context).map(Some),
                None => Poll::Ready(None),
            });
            match next.await {
                Some(Some(Ok(Message::Bytes(frame)))) => listener(Event::Frame(frame)),
                Some(Some(Ok(Message::Text(text)))) => listener(Event::Text(text)),
                // It is closed right afterwards.
                Some(Some(Err(WebSocketError::ConnectionError))) => {}
                // Loaded again, the page shows that nobody is signed in, or leads to where one does.
                Some(Some(Err(WebSocketError::ConnectionClose(close)))) if close.code == SESSION_ENDED => {
                    let _ = window().location().reload();
                    return;
                }
                Some(_) => return listener(Event::Closed),
                None => return,
            }
        }
    });
    Some(Box::new(Open(socket)))
}

fn address(system: &str) -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/live/{system}", location.host().ok()?))
}

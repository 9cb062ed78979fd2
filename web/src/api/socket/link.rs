//! One browser websocket, its callbacks turned into a channel.

use futures::channel::mpsc::UnboundedSender;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageEvent, WebSocket};

/// What a link reports. `Closed` comes once and last.
pub enum LinkEvent {
    Open,
    Text(String),
    Closed,
}

/// An open or opening websocket; dropping it closes it and reports nothing more.
pub struct Link {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut()>,
}

impl Link {
    /// Connects to a path of this origin; `None` where the browser refuses at once.
    pub fn open(path: &str, sub_protocol: &str, events: UnboundedSender<LinkEvent>) -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let url = format!("{scheme}://{}{path}", location.host().ok()?);
        let socket = WebSocket::new_with_str(&url, sub_protocol).ok()?;

        let sender = events.clone();
        let on_open = Closure::<dyn FnMut()>::new(move || {
            let _ = sender.unbounded_send(LinkEvent::Open);
        });
        let sender = events.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                let _ = sender.unbounded_send(LinkEvent::Text(text));
            }
        });
        let on_close = Closure::<dyn FnMut()>::new(move || {
            let _ = events.unbounded_send(LinkEvent::Closed);
        });
        socket.set_onopen(Some(callback(on_open.as_ref())));
        socket.set_onmessage(Some(callback(on_message.as_ref())));
        socket.set_onclose(Some(callback(on_close.as_ref())));
        Some(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// Sends now, or never if the link is not open: what matters is sent again after the next acknowledgement.
    pub fn send(&self, text: &str) {
        if self.socket.ready_state() == WebSocket::OPEN {
            let _ = self.socket.send_with_str(text);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

fn callback(value: &JsValue) -> &js_sys::Function {
    value.unchecked_ref()
}

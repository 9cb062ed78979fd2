//! The end of a list, noticed a screen before it is reached.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// Runs `on_near` each time that it comes within 800 px of the window, and again while it stays there whenever
/// `pulse` changes (a page of few items may not have moved it away).
#[component]
pub fn Sentinel(#[prop(into)] on_near: Callback<()>, #[prop(into)] pulse: Signal<usize>) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    let near = RwSignal::new(false);
    super::effect(move || {
        let Some(target) = element.get() else { return };
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let entry = entries.iter().last().map(JsCast::unchecked_into::<IntersectionObserverEntry>);
            if let Some(entry) = entry {
                near.try_set(entry.is_intersecting());
            }
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin("800px");
        let observer =
            IntersectionObserver::new_with_options(callback.as_ref().unchecked_ref(), &options).ok();
        if let Some(observer) = &observer {
            observer.observe(&target);
        }
        // Kept alive as long as the element is, on the one thread that a page has.
        let kept = send_wrapper::SendWrapper::new((observer, callback));
        on_cleanup(move || {
            if let (Some(observer), _) = &*kept {
                observer.disconnect();
            }
        });
    });
    super::effect(move || {
        pulse.track();
        if near.get() {
            on_near.run(());
        }
    });
    view! { <div class="sentinel" node_ref=element></div> }
}

//! The orders of a grid, as the address and the person call them.

use leptos::prelude::*;

use crate::api::VideoOrder;

/// Every order, its name in the address and its label.
const ORDERS: [(VideoOrder, &str, &str); 5] = [
    (VideoOrder::Newest, "newest", "Newest"),
    (VideoOrder::Trending, "trending", "Trending"),
    (VideoOrder::TopRated, "top", "Top rated"),
    (VideoOrder::MostViewed, "viewed", "Most viewed"),
    (VideoOrder::Oldest, "oldest", "Oldest"),
];

/// The order that an address names; the newest first where it names none.
pub fn parse(name: Option<&str>) -> VideoOrder {
    ORDERS
        .iter()
        .find(|(_, known, _)| Some(*known) == name)
        .map_or(VideoOrder::Newest, |(order, _, _)| *order)
}

/// Links to the same page in each order.
#[component]
pub fn OrderTabs(current: Memo<VideoOrder>, path: &'static str) -> impl IntoView {
    view! {
        <nav class="tabs" aria-label="Order">
            {ORDERS
                .into_iter()
                .map(|(order, name, label)| {
                    let href =
                        if order == VideoOrder::Newest { path.to_owned() } else { format!("{path}?order={name}") };
                    view! {
                        <a class="tab" href=href aria-current=move || (current.get() == order).then_some("true")>
                            {label}
                        </a>
                    }
                })
                .collect_view()}
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_order_is_the_newest_first() {
        assert_eq!(parse(Some("top")), VideoOrder::TopRated);
        assert_eq!(parse(Some("sideways")), VideoOrder::Newest);
        assert_eq!(parse(None), VideoOrder::Newest);
    }
}

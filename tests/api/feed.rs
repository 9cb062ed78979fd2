//! The feed: every public video once a seed, in an order of the seed's own.

use std::collections::BTreeSet;

use kinora_tests::app::TestApp;
use kinora_tests::graphql::Client;
use serde_json::{Value, json};

/// Everything the feed shows, page by page.
async fn walk(client: &Client, seed: i64, rest: &str) -> Vec<String> {
    let document = format!(
        "query ($after: String) {{ feed(first: 4, after: $after, seed: {seed} {rest}) {{
            nodes {{ id }} edges {{ why }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = client.run(&document, json!({ "after": after })).await.data()["feed"].take();
        for (node, edge) in page["nodes"].as_array().unwrap().iter().zip(page["edges"].as_array().unwrap()) {
            seen.push(node["id"].as_str().unwrap().to_owned());
            assert!(!edge["why"].as_str().unwrap().is_empty());
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return seen;
        }
        after = page["pageInfo"]["endCursor"].clone();
        assert!(seen.len() < 1_000, "the feed never ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_meets_every_public_video_once_in_the_seeds_order() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let (mut public, mut hidden) = (BTreeSet::new(), Vec::new());
    for index in 0..13 {
        let id = app.ready_video(&ann, &runner, &format!("video {index}")).await;
        match index {
            3 => hidden.push((id, "PRIVATE")),
            8 => hidden.push((id, "UNLISTED")),
            _ => drop(public.insert(id)),
        }
    }
    for (id, visibility) in hidden {
        ann.set_visibility(&id, visibility).await;
    }
    let mut orders = BTreeSet::new();
    for seed in [0, 1, 2, 3, -5, i64::from(i32::MAX)] {
        let seen = walk(&app.guest, seed, "").await;
        assert_eq!(seen.len(), public.len(), "seed {seed}: {seen:?}");
        assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), public, "seed {seed}");
        assert_eq!(walk(&app.guest, seed, "").await, seen, "the same seed is the same order");
        orders.insert(seen);
    }
    assert!(orders.len() >= 5, "seeds give orders of their own: {}", orders.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_can_be_narrowed_to_tags_and_to_what_is_new() {
    let app = TestApp::start().await;
    let runner = app.fake_runner("one").await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let mut all = Vec::new();
    for (index, tags) in [vec!["sea"], vec!["sea", "rain"], vec!["rain"], vec![]].into_iter().enumerate() {
        let id = app.ready_video(&ann, &runner, &format!("video {index}")).await;
        ann.update_video(json!({ "id": id, "tags": tags })).await.data();
        all.push(id);
    }
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    let expect = |indexes: &[usize]| sorted(indexes.iter().map(|&index| all[index].clone()).collect());
    let seen = async |client: &Client, rest: &str| sorted(walk(client, 7, rest).await);
    assert_eq!(seen(&app.guest, ", tags: [\"sea\"]").await, expect(&[0, 1]));
    assert_eq!(seen(&app.guest, ", excludeTags: [\"sea\"]").await, expect(&[2, 3]));
    assert_eq!(seen(&app.guest, ", tags: [\"rain\"], excludeTags: [\"sea\"]").await, expect(&[2]));
    let view = "mutation ($id: ID!) { recordView(videoId: $id, positionMs: 3500) }";
    bob.run(view, json!({ "id": all[1] })).await.data();
    assert_eq!(seen(&bob.client, ", unwatched: true").await, expect(&[0, 2, 3]));
    assert_eq!(seen(&bob.client, "").await, expect(&[0, 1, 2, 3]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_or_hidden_video_leaves_no_gap() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let mut all = Vec::new();
    for index in 0..6 {
        all.push(app.ready_video(&ann, &runner, &format!("video {index}")).await);
    }
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": all[2] })).await.data();
    ann.set_visibility(&all[0], "PRIVATE").await;
    ann.set_visibility(&all[5], "UNLISTED").await;
    ann.set_visibility(&all[5], "PUBLIC").await;
    for seed in 0..4 {
        let seen: BTreeSet<String> = walk(&app.guest, seed, "").await.into_iter().collect();
        let expected: BTreeSet<String> = [1, 3, 4, 5].into_iter().map(|index| all[index].clone()).collect();
        assert_eq!(seen, expected, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_site_has_an_empty_feed() {
    let app = TestApp::start().await;
    assert!(walk(&app.guest, 1, "").await.is_empty());
}

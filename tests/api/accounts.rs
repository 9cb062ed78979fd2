//! Signing up, logging in and out.

use std::time::Instant;

use kinora_server::config::SignUp;
use kinora_tests::app::TestApp;
use kinora_tests::person::{PASSWORD, Person, log_in, sign_up};
use serde_json::Value;
use url::Url;

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_logs_in() {
    let app = TestApp::start().await;
    let reply = sign_up(&app.guest, "Ann", PASSWORD).await;
    let cookie = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    let session = reply.data()["signUp"].take();
    assert_eq!(session["user"]["username"], "Ann");

    let by_cookie = app.guest.with_cookie(cookie.split(';').next().unwrap());
    let by_token = app.guest.bearing(session["token"].as_str().unwrap());
    for client in [by_cookie, by_token] {
        assert_eq!(client.query("{ me { username } }").await.data()["me"]["username"], "Ann");
    }
    assert_eq!(app.guest.query("{ me { username } }").await.data()["me"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_lasts_a_week() {
    let app = TestApp::start().await;
    let reply = sign_up(&app.guest, "ann", PASSWORD).await;
    let cookie = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("kinora_session="), "{cookie}");
    let attributes = attributes(&cookie);
    for wanted in ["httponly", "samesite=lax", "path=/", "max-age=604800"] {
        assert!(attributes.contains(&wanted.to_owned()), "{wanted}: {cookie}");
    }
    assert!(!attributes.contains(&"secure".to_owned()), "plain http would lose it: {cookie}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_the_cookie_is_secure_and_bound_to_the_host() {
    let app =
        TestApp::start_with(|config| config.public_url = Url::parse("https://kinora.example").unwrap()).await;
    let reply = sign_up(&app.guest, "ann", PASSWORD).await;
    let cookie = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-kinora_session="), "{cookie}");
    let attributes = attributes(&cookie);
    for wanted in ["secure", "httponly", "samesite=lax", "path=/"] {
        assert!(attributes.contains(&wanted.to_owned()), "{wanted}: {cookie}");
    }
    assert!(!cookie.to_lowercase().contains("domain="), "{cookie}");
}

fn attributes(cookie: &str) -> Vec<String> {
    cookie.split(';').skip(1).map(|attribute| attribute.trim().to_lowercase()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_whatever_its_case() {
    let app = TestApp::start().await;
    app.person("Ann").await;
    let reply = sign_up(&app.guest, "aNN", PASSWORD).await;
    assert_eq!(reply.code(), "CONFLICT");
    let again = Person::log_in(&app.guest, "ANN").await;
    assert_eq!(again.username, "Ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_would_break_addresses_are_refused() {
    let app = TestApp::start().await;
    let long = "a".repeat(300);
    for name in ["", " ", "a b", "a/b", "../etc", "a\nb", "<b>", "a\u{0}", "\u{202e}nna", &long] {
        let reply = sign_up(&app.guest, name, PASSWORD).await;
        assert_eq!(reply.code(), "BAD_USER_INPUT", "{name:?}");
        assert_eq!(reply.error()["extensions"]["field"], "username", "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_need_eight_characters_and_must_not_be_everybodys() {
    let app = TestApp::start().await;
    for (index, password) in
        ["", "kx7!pqz", "password", "12345678", "qwertyuiop", "password1"].iter().enumerate()
    {
        let reply = sign_up(&app.guest, &format!("refused{index}"), password).await;
        assert_eq!(reply.code(), "BAD_USER_INPUT", "{password:?}");
        assert_eq!(reply.error()["extensions"]["field"], "password", "{password:?}");
    }
    let sixty_four = "x7!".repeat(22)[..64].to_owned();
    let long = "x7!".repeat(43)[..128].to_owned();
    let good = ["kx7!pqzw", "сорок восемь зябликов", " spaces count ", &sixty_four, &long];
    for (index, password) in good.iter().enumerate() {
        let name = format!("taken{index}");
        sign_up(&app.guest, &name, password).await.data();
        log_in(&app.guest, &name, password).await.data();
        let cut: String = password.chars().take(password.chars().count() - 1).collect();
        assert_eq!(
            log_in(&app.guest, &name, &cut).await.code(),
            "UNAUTHENTICATED",
            "the end of {password:?} counts"
        );
    }
    let monstrous = "x7!y".repeat(10_000);
    assert_eq!(sign_up(&app.guest, "monstrous", &monstrous).await.code(), "BAD_USER_INPUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_kept_as_argon2id() {
    let app = TestApp::start().await;
    app.person("ann").await;
    let hash = app.text("SELECT password_hash FROM \"user\"").await;
    assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
    let costs = hash.split('$').nth(3).unwrap();
    let cost = |name: &str| -> u32 {
        costs.split(',').find_map(|cost| cost.strip_prefix(name)).unwrap().parse().unwrap()
    };
    assert!(cost("m=") >= 19 * 1024 && cost("t=") >= 2 && cost("p=") >= 1, "{hash}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_which_names_exist() {
    const MOST_TRIES: usize = 150;
    let app = TestApp::start().await;
    app.person("ann").await;
    let (mut known, mut differences) = (Vec::new(), Vec::new());
    let mut answers = std::collections::HashSet::new();
    // Skipping the hash for unknown names would make the gap as large as the time itself.
    let alike = |known: f64, difference: f64| difference.abs() < known / 4.0 + 0.005;
    for index in 0..MOST_TRIES {
        let mut took_s = [0.0; 2];
        for (name, took_s) in ["ann".to_owned(), format!("nobody{index}")].into_iter().zip(&mut took_s) {
            let begun = Instant::now();
            let reply = log_in(&app.guest, &name, "not the password").await;
            *took_s = begun.elapsed().as_secs_f64();
            answers.insert((reply.status, reply.code().to_owned(), reply.error()["message"].clone()));
        }
        known.push(took_s[0]);
        differences.push(took_s[0] - took_s[1]);
        // Whatever else the machine does makes some tries slower, of the one kind as of the other: the busier it is, the
        // more of them it takes until that evens out.
        if index >= 10 && alike(median(&mut known), median(&mut differences)) {
            break;
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let (known, difference) = (median(&mut known), median(&mut differences));
    assert!(alike(known, difference), "{known} s, and {difference} s more than for a name that nobody has");
}

fn median(of: &mut [f64]) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_site_takes_no_new_members() {
    for policy in [SignUp::Closed, SignUp::Invite] {
        let app = TestApp::start_with(|config| config.sign_up = policy).await;
        let reply = sign_up(&app.guest, "ann", PASSWORD).await;
        assert_eq!(reply.code(), "FORBIDDEN", "{policy:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_the_session_and_removes_the_cookie() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let other = Person::log_in(&app.guest, "ann").await;
    let reply = ann.client.query("mutation { logOut }").await;
    let cookie = reply.headers["set-cookie"].to_str().unwrap().to_lowercase();
    assert!(cookie.contains("max-age=0") || cookie.contains("1970"), "{cookie}");
    assert_eq!(reply.data()["logOut"], true);
    assert_eq!(ann.client.query("{ me { id } }").await.code(), "UNAUTHENTICATED");
    // The log-in on the other device goes on.
    assert_eq!(other.client.query("{ me { username } }").await.data()["me"]["username"], "ann");
}

//! Commands that answer and end.

use kinora_tests::other_store::OtherStore;
use kinora_tests::served::{Served, command, free_port};

use crate::Place;

#[test]
fn help_names_every_command() {
    let done = command(&["--help"]).output().unwrap();
    let help = String::from_utf8(done.stdout).unwrap();
    for name in ["serve", "runner", "user", "token", "upload", "storage", "doctor", "migrate", "schema"] {
        assert!(help.contains(name), "{name} is missing:\n{help}");
    }
    assert_eq!(command(&["fly"]).output().unwrap().status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_administered_beside_a_running_server() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[]);
    served.ready().await;
    let run = |arguments: &[&str]| {
        let done = command(arguments).env("KINORA_DATA_DIR", place.data()).output().unwrap();
        let words =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        (done.status.success(), words)
    };
    let ann = kinora_tests::person::Person::sign_up(&served.client(), "ann").await;
    let (done, words) = run(&["user", "disable", "ann"]);
    assert!(done, "{words}");
    assert_eq!(ann.client.query("{ me { id } }").await.code(), "UNAUTHENTICATED");
    let (done, words) = run(&["user", "disable", "nobody"]);
    assert!(!done && words.contains("no such account"), "{words}");
}

fn doctor(place: &Place, arguments: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let port = free_port();
    let done = command(arguments)
        .env("KINORA_DATA_DIR", place.data())
        .env("KINORA_LISTEN", format!("127.0.0.1:{port}"))
        .env("KINORA_PUBLIC_URL", format!("http://127.0.0.1:{port}"))
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    (done.status.code(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

#[test]
fn a_doctor_finds_a_new_site_well() {
    let place = Place::new();
    let (code, words) = doctor(&place, &["doctor", "--storage"], &[]);
    assert_eq!(code, Some(0), "{words}");
    for good in
        ["ffmpeg is installed", "preflight", "ETag", "ranges", "after completion", "expired", "they agree"]
    {
        assert!(words.contains(good), "{good} is missing:\n{words}");
    }
    assert!(!words.contains("BAD"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_says_what_mends_a_bucket() {
    let place = Place::new();
    let store = OtherStore::start(&place.data().join("store")).await;
    let there = store.settings();
    let endpoint = there.endpoint.to_string();
    let cases = [
        ("elsewhere", &*there.secret_access_key, "aws s3api create-bucket --bucket elsewhere"),
        ("kinora", "another secret than the store's", "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"),
    ];
    for (bucket, secret, mend) in cases {
        let settings = [
            ("S3_ENDPOINT", &*endpoint),
            ("S3_BUCKET", bucket),
            ("S3_ACCESS_KEY_ID", &there.access_key_id),
            ("S3_SECRET_ACCESS_KEY", secret),
        ];
        let (code, words) = doctor(&place, &["doctor"], &settings);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("BAD") && words.contains(mend), "{mend} is missing:\n{words}");
    }
}

//! Commands that answer and end.

use kinora_tests::served::{Served, command};

use crate::Place;

#[test]
fn help_names_every_command() {
    let done = command(&["--help"]).output().unwrap();
    let help = String::from_utf8(done.stdout).unwrap();
    for name in ["serve", "runner", "user", "token", "upload", "storage", "migrate", "schema"] {
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

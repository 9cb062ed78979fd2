//! A real Chromium with a profile of its own, driven through chromedriver.

mod driver;
mod look;
pub mod pages;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;
use url::Url;

pub use look::{SIZES, Theme};

/// How long anything on a page may take, ffmpeg's work left out.
pub const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);

/// A person's browser data: cookies and storage outlive the [`Browser`]s that use it.
#[derive(Clone)]
pub struct Profile(Arc<TempDir>);

impl Profile {
    pub fn fresh() -> Self {
        Self(Arc::new(tempfile::tempdir().unwrap()))
    }
}

/// One running browser. Call [`Browser::quit`] at the end; a dropped one is killed.
pub struct Browser {
    driver: WebDriver,
    site: Url,
    // Dropped after the driver, in this order: the browser goes, then its files.
    process: driver::ChromeDriver,
    _profile: Profile,
}

impl Browser {
    pub async fn start(site: &Url, profile: &Profile) -> Self {
        let (process, driver) = driver::start(profile.0.path()).await;
        Self { driver, site: site.clone(), process, _profile: profile.clone() }
    }

    /// Ends the browser in order, so that its profile is written to disk.
    pub async fn quit(self) {
        self.driver.quit().await.unwrap();
        drop(self.process);
    }

    /// Ends the browser as a crash would.
    pub async fn kill(self) {
        drop(self.process);
        // There is nobody left to say goodbye to.
        let _ = self.driver.leak();
    }

    /// Closes the tab, as somebody would who asks nobody, and shows an empty one instead.
    pub async fn replace_tab(&self) {
        let old = self.driver.window().await.unwrap();
        let new = self.driver.new_tab().await.unwrap();
        self.driver.switch_to_window(old).await.unwrap();
        self.driver.close_window().await.unwrap();
        self.driver.switch_to_window(new).await.unwrap();
    }

    /// Opens a path of the site.
    pub async fn open(&self, path: &str) {
        self.driver.goto(self.site.join(path).unwrap().as_str()).await.unwrap();
    }

    /// The path the browser shows now.
    pub async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    pub async fn wait_for_path(&self, what: &str, matches: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        let waiting = async {
            loop {
                last = self.path().await;
                if matches(&last) {
                    return;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            self.fail(&format!("waited for {what}, still at {last}")).await;
        }
        last
    }

    /// Runs a script's body; `arguments` are its arguments, its `return` is the value.
    pub async fn script(&self, body: &str, arguments: Vec<Value>) -> Value {
        self.driver.execute(body, arguments).await.unwrap().json().clone()
    }

    /// Polls a script's body until it returns something but null and false.
    pub async fn wait_for_script(&self, what: &str, patience: Duration, body: &str) -> Value {
        self.wait_for_script_with(what, patience, body, Vec::new()).await
    }

    async fn wait_for_script_with(
        &self,
        what: &str,
        patience: Duration,
        body: &str,
        with: Vec<Value>,
    ) -> Value {
        let waiting = async {
            loop {
                let value = self.script(body, with.clone()).await;
                if !value.is_null() && value != Value::Bool(false) {
                    return value;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(patience, waiting).await {
            Ok(value) => value,
            Err(_) => self.fail(&format!("waited {} s for {what}", patience.as_secs())).await,
        }
    }

    /// Waits until the page shows these words.
    pub async fn wait_for_text(&self, words: &str, patience: Duration) {
        let body = "return document.body && document.body.innerText.toLowerCase().includes(arguments[0].toLowerCase())";
        self.wait_for_script_with(&format!("the words “{words}”"), patience, body, vec![json!(words)]).await;
    }

    pub async fn text(&self) -> String {
        self.script("return document.body.innerText", vec![]).await.as_str().unwrap_or_default().to_owned()
    }

    /// The visible element of a CSS selector, waited for.
    pub async fn element(&self, selector: &str) -> WebElement {
        self.named(selector, "").await
    }

    /// The visible element of a CSS selector whose accessible name holds `name`, waited for.
    pub async fn named(&self, selector: &str, name: &str) -> WebElement {
        let waiting = async {
            loop {
                let arguments = vec![json!(selector), json!(name)];
                let found = self.driver.execute(look::FIND_BY_NAME, arguments).await.unwrap();
                if let Ok(element) = found.element() {
                    return element;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(element) => element,
            Err(_) => self.fail(&format!("there is no visible {selector} named “{name}”")).await,
        }
    }

    /// Types into the field with that label, after emptying it.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.named("input, textarea", label).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks on the visible element of a CSS selector whose accessible name holds `name`. One that the page puts
    /// another in the place of, just then, is looked for again, as whoever clicks hits what is there.
    pub async fn click(&self, selector: &str, name: &str) {
        const TRIES: u32 = 5;
        for remaining in (0..TRIES).rev() {
            match self.named(selector, name).await.click().await {
                Ok(()) => return,
                Err(error)
                    if matches!(*error, WebDriverErrorInner::StaleElementReference(_)) && remaining > 0 => {}
                Err(error) => self.fail(&format!("“{name}” cannot be clicked: {error}")).await,
            }
        }
    }

    /// Presses one of a player's controls, which are there for a while for whoever touches something: on a busy machine
    /// that may be over before the button is found. `key` does no harm.
    pub async fn press_control(&self, key: &str, name: &str) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            self.keys(key).await;
            let arguments = vec![json!("button"), json!(name)];
            let found = self.driver.execute(look::FIND_BY_NAME, arguments).await.unwrap();
            if let Ok(element) = found.element()
                && element.click().await.is_ok()
            {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
        self.fail(&format!("there is no control named “{name}”")).await;
    }

    pub async fn press(&self, name: &str) {
        self.click("button, [role=button], input[type=submit]", name).await;
    }

    /// Follows the link with that name.
    pub async fn press_link(&self, name: &str) {
        self.click("a", name).await;
    }

    /// Sends keys to whatever has the focus.
    pub async fn keys(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// A picture of the page as it is now, among the others.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let path = look::folder().join(format!("{name}.png"));
        std::fs::write(&path, self.driver.screenshot_as_png().await.unwrap()).unwrap();
        path
    }

    /// Moves the mouse to a place of the page, in CSS pixels.
    pub async fn move_to(&self, (x, y): (i64, i64)) {
        self.driver.action_chain().move_to(x, y).perform().await.unwrap();
    }

    /// From now on the viewer wants no motion.
    pub async fn prefer_reduced_motion(&self) {
        let feature = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", feature).await.unwrap();
    }

    /// Drops a file from the desktop into the middle of the page, with events that the page can trust.
    pub async fn drop_file(&self, file: &Path) {
        let size = self.script("return [innerWidth / 2, innerHeight / 2]", vec![]).await;
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({
                "type": kind, "x": size[0], "y": size[1],
                "data": { "items": [], "files": [file], "dragOperationsMask": 1 },
            });
            self.driver.cdp().send_raw("Input.dispatchDragEvent", event).await.unwrap();
        }
    }

    /// Resident memory of the processes that show pages, in MB.
    pub fn renderer_megabytes(&self) -> f64 {
        self.process.resident_bytes("--type=renderer") as f64 / 1e6
    }

    /// Uploads go no faster than this from now on; `None` lets them run.
    pub async fn limit_uploads(&self, bytes_per_second: Option<u64>) {
        let cdp = self.driver.cdp();
        cdp.send_raw("Network.enable", json!({})).await.unwrap();
        let throughput = bytes_per_second.map_or(-1, |bytes| i64::try_from(bytes).unwrap());
        let conditions = json!({ "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": throughput });
        cdp.send_raw("Network.emulateNetworkConditions", conditions).await.unwrap();
    }

    /// Takes the network away from the page, or gives it back: what is under way breaks off, and the browser knows.
    pub async fn set_offline(&self, offline: bool) {
        let cdp = self.driver.cdp();
        cdp.send_raw("Network.enable", json!({})).await.unwrap();
        let conditions =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        cdp.send_raw("Network.emulateNetworkConditions", conditions).await.unwrap();
    }

    /// What is downloaded goes into this folder from now on.
    pub async fn save_to(&self, folder: &Path) {
        let wanted = json!({ "behavior": "allow", "downloadPath": folder });
        self.driver.cdp().send_raw("Browser.setDownloadBehavior", wanted).await.unwrap();
    }

    /// Requests whose address matches one of the patterns (`*` for anything) fail from now on; no pattern lets
    /// everything through again.
    pub async fn block(&self, patterns: &[&str]) {
        let cdp = self.driver.cdp();
        cdp.send_raw("Network.enable", json!({})).await.unwrap();
        cdp.send_raw("Network.setBlockedURLs", json!({ "urls": patterns })).await.unwrap();
    }

    /// What the page wrote to its console as errors, failed requests included.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self.driver.browser_log().await.unwrap();
        log.iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message.clone()).collect()
    }

    /// Fails the test and says what the page looked like.
    async fn fail(&self, what: &str) -> ! {
        let path = look::folder().join(format!("failure-{}.png", std::process::id()));
        let shot = self.driver.screenshot(&path).await;
        let errors = self.driver.browser_log().await.map(|log| {
            log.iter()
                .map(|entry| format!("{}: {}", entry.level, entry.message))
                .collect::<Vec<_>>()
                .join("\n")
        });
        panic!(
            "{what}\nat {}\npicture: {} ({shot:?})\nconsole: {errors:?}\nwords: {}",
            self.path().await,
            path.display(),
            self.text().await
        );
    }

    /// Pictures of what is shown now, in every size and theme, into the target folder.
    pub async fn picture_all(&self, name: &str) -> Vec<PathBuf> {
        look::picture_all(&self.driver, name).await
    }

    /// Sets the size of the page and the theme that the system prefers.
    pub async fn show_as(&self, size: (u32, u32), theme: Theme) {
        look::show_as(&self.driver, size, theme).await;
    }
}

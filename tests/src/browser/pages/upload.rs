//! The upload page: a file is dropped, a row follows it to its link.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::browser::Browser;

pub struct UploadPage<'a> {
    browser: &'a Browser,
}

impl<'a> UploadPage<'a> {
    pub async fn open(browser: &'a Browser) -> Self {
        browser.open("/upload").await;
        browser.element("main h1").await;
        Self { browser }
    }

    /// The page that a drop elsewhere has led to.
    pub fn open_here(browser: &'a Browser) -> Self {
        Self { browser }
    }

    pub async fn drop_file(&self, file: &Path) {
        self.browser.drop_file(file).await;
    }

    /// Whether the page would ask before it lets itself be closed.
    pub async fn asks_before_closing(&self) -> bool {
        let script = "return !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))";
        self.browser.script(script, vec![]).await == Value::Bool(true)
    }

    /// Waits for the link to the finished video and gives its path.
    pub async fn link(&self, patience: Duration) -> String {
        let script = "const link = document.querySelector('main a[href^=\"/watch/\"]');
            return link && link.getAttribute('href')";
        let href = self.browser.wait_for_script("the link to the video", patience, script).await;
        href.as_str().unwrap().to_owned()
    }

    /// Notes what the rows say, whenever they change, until told to stop by the link.
    pub async fn record_words(&self) {
        let script = "window.said = [];
            new MutationObserver(() => {
                const words = document.querySelector('main').innerText;
                if (words !== window.said[window.said.length - 1]) window.said.push(words);
            }).observe(document.body, { subtree: true, childList: true, characterData: true });";
        self.browser.script(script, vec![]).await;
    }

    /// Everything that the rows said since [`UploadPage::record_words`].
    pub async fn recorded_words(&self) -> Vec<String> {
        let said = self.browser.script("return window.said", vec![]).await;
        said.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The numbers of the parts that this page has sent since it was loaded.
    pub async fn sent_parts(&self) -> BTreeSet<u64> {
        let script = "return performance.getEntriesByType('resource')
            .map(one => /[?&]partNumber=(\\d+)/.exec(one.name)).filter(Boolean).map(found => Number(found[1]))";
        let numbers = self.browser.script(script, vec![]).await;
        numbers.as_array().unwrap().iter().filter_map(Value::as_u64).collect()
    }
}

//! How pages are looked at: sizes, themes, pictures, and elements by the names that screen readers use.

use std::path::PathBuf;

use serde_json::json;
use thirtyfour::prelude::*;

/// What `KINORA_PICTURES=few` draws; `all` is every size in both themes, and nothing is drawn without it: that takes
/// longer than the tests do.
const FEW: [((u32, u32), Theme); 2] = [((360, 740), Theme::Light), ((1280, 800), Theme::Dark)];

/// Phone upright and turned, laptop, large screen.
pub const SIZES: [(u32, u32); 4] = [(360, 740), (740, 360), (1280, 800), (2560, 1440)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Dark,
    Light,
}

impl Theme {
    fn word(self) -> &'static str {
        match self {
            Theme::Dark => "dark",
            Theme::Light => "light",
        }
    }
}

/// Where pictures go.
pub(super) fn folder() -> PathBuf {
    let folder = crate::target_dir().join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(super) async fn show_as(driver: &WebDriver, (width, height): (u32, u32), theme: Theme) {
    let mobile = width.min(height) < 500;
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
    driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme.word() }] });
    driver.cdp().send_raw("Emulation.setEmulatedMedia", media).await.unwrap();
}

pub(super) async fn picture_all(driver: &WebDriver, name: &str) -> Vec<PathBuf> {
    let mut pictures = Vec::new();
    let wanted = match std::env::var("KINORA_PICTURES").as_deref() {
        Ok("all") => |_| true,
        Ok("few") => |looked_at| FEW.contains(&looked_at),
        _ => return pictures,
    };
    for (size, theme) in SIZES.into_iter().flat_map(|size| [(size, Theme::Dark), (size, Theme::Light)]) {
        if wanted((size, theme)) {
            show_as(driver, size, theme).await;
            // Layout and the longest transition.
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            let path = folder().join(format!("{name}-{}x{}-{}.png", size.0, size.1, theme.word()));
            std::fs::write(&path, driver.screenshot_as_png().await.unwrap()).unwrap();
            pictures.push(path);
        }
    }
    driver.cdp().send_raw("Emulation.clearDeviceMetricsOverride", json!({})).await.unwrap();
    driver.cdp().send_raw("Emulation.setEmulatedMedia", json!({ "features": [] })).await.unwrap();
    pictures
}

/// The first visible element of a selector whose name (label, title, text) holds the words.
pub(super) const FIND_BY_NAME: &str = r"
const [selector, words] = arguments;
const wanted = words.toLowerCase();
const name = element => [
    element.getAttribute('aria-label'),
    (element.getAttribute('aria-labelledby') || '').split(' ').map(id => document.getElementById(id)?.innerText).join(' '),
    ...Array.from(element.labels || []).map(label => label.innerText),
    element.getAttribute('title'),
    element.value && element.type === 'submit' ? element.value : '',
    element.innerText,
].filter(Boolean).join(' ').toLowerCase();
for (const element of document.querySelectorAll(selector)) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || getComputedStyle(element).visibility === 'hidden') continue;
    if (name(element).includes(wanted)) return element;
}
return null;
";

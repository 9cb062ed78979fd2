//! One video element and what it is doing, as signals. The element may show many videos one after the other.

use leptos::{html, prelude::*, task::spawn_local};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlVideoElement;

use super::{
    captions::Captions,
    gain,
    level::{Level, LevelChoice, by_quality},
    script::{PlayerSession, player_script},
    slides::neighbour,
    sound::{Sound, use_sound},
    trouble::Trouble,
};

/// Cheap to copy; all parts live as long as the component that made it.
#[derive(Clone, Copy)]
pub struct Playback {
    pub element: NodeRef<html::Video>,
    /// Playing, or about to: what the viewer asked for and the browser accepted.
    pub playing: RwSignal<bool>,
    pub position_ms: RwSignal<f64>,
    /// 0 while unknown.
    pub duration_ms: RwSignal<f64>,
    /// End of what is buffered around the position.
    pub buffered_ms: RwSignal<f64>,
    /// Wants to play and cannot yet.
    pub waiting: RwSignal<bool>,
    pub ended: RwSignal<bool>,
    /// The first picture is on the screen: the poster may go.
    pub shown: RwSignal<bool>,
    pub trouble: RwSignal<Option<Trouble>>,
    pub levels: RwSignal<Vec<Level>>,
    pub level: RwSignal<LevelChoice>,
    pub rate: RwSignal<f64>,
    /// Of the video, in LUFS, where it is known.
    pub loudness: RwSignal<Option<f64>>,
    inner: StoredValue<Inner, LocalStorage>,
}

type Listener = Closure<dyn FnMut(String, JsValue)>;

#[derive(Default)]
struct Inner {
    session: Option<PlayerSession>,
    listener: Option<Listener>,
    /// Counts sources, so that an answer for an old one is known for what it is.
    generation: u32,
    url: Option<String>,
    start_ms: f64,
    active: bool,
    wants_play: bool,
}

impl Playback {
    /// To be called in a component; the element is the one with `node_ref=playback.element` from [`Self::view`].
    pub fn new() -> Self {
        let playback = Self {
            element: NodeRef::new(),
            playing: RwSignal::new(false),
            position_ms: RwSignal::new(0.0),
            duration_ms: RwSignal::new(0.0),
            buffered_ms: RwSignal::new(0.0),
            waiting: RwSignal::new(false),
            ended: RwSignal::new(false),
            shown: RwSignal::new(false),
            trouble: RwSignal::new(None),
            levels: RwSignal::new(Vec::new()),
            level: RwSignal::new(LevelChoice::default()),
            rate: RwSignal::new(1.0),
            loudness: RwSignal::new(None),
            inner: StoredValue::new_local(Inner::default()),
        };
        let sound = use_sound();
        crate::ui::effect(move || {
            let (muted, volume, rate) = (sound.muted.get(), sound.volume.get(), playback.rate.get());
            // The viewer's own volume is theirs: it is only played at a share of it.
            let volume = volume * gain::share(playback.loudness.get());
            if let Some(video) = playback.element.get() {
                video.set_muted(muted);
                video.set_volume(volume);
                video.set_playback_rate(rate);
            }
        });
        on_cleanup(move || playback.close());
        playback
    }

    /// The element itself. `looped` starts again at the end.
    pub fn view(self, looped: bool, label: Signal<String>, captions: Captions) -> impl IntoView {
        view! {
            <video
                node_ref=self.element
                class="picture"
                playsinline
                preload="auto"
                loop=looped
                aria-label=move || label.get()
                on:play=move |_| {
                    self.playing.set(true);
                    self.ended.set(false);
                }
                on:pause=move |_| self.on_pause()
                on:playing=move |_| self.waiting.set(false)
                on:waiting=move |_| self.waiting.set(self.is_open())
                on:seeking=move |_| self.on_time()
                on:timeupdate=move |_| self.on_time()
                on:durationchange=move |_| self.on_duration()
                on:progress=move |_| self.on_progress()
                on:canplay=move |_| self.on_can_play()
                on:ended=move |_| self.ended.set(true)
            >
                {captions.tracks()}
            </video>
        }
    }

    /// Shows another video from `start_ms`. An inactive one buffers about a second and waits.
    pub fn load(self, url: &str, start_ms: f64, active: bool) {
        self.close();
        self.inner.update_value(|inner| {
            inner.url = Some(url.to_owned());
            inner.start_ms = start_ms;
            inner.active = active;
        });
        self.position_ms.set(start_ms);
        self.waiting.set(active);
        self.open();
    }

    /// Lets the video go and leaves the element empty.
    pub fn close(self) {
        let session = self.inner.try_update_value(|inner| {
            inner.generation += 1;
            inner.url = None;
            inner.wants_play = false;
            inner.session.take()
        });
        if let Some(Some(session)) = session {
            session.detach();
        }
        for signal in [self.playing, self.waiting, self.ended, self.shown] {
            // Signals of a page that has just been left are gone already.
            let _ = signal.try_set(false);
        }
        for signal in [self.position_ms, self.duration_ms, self.buffered_ms] {
            let _ = signal.try_set(0.0);
        }
        let _ = self.trouble.try_set(None);
        let _ = self.levels.try_set(Vec::new());
        let _ = self.level.try_set(LevelChoice::default());
    }

    pub fn is_open(self) -> bool {
        self.inner.try_with_value(|inner| inner.url.is_some()).unwrap_or(false)
    }

    /// The video is, or is no longer, the one being watched.
    pub fn set_active(self, active: bool) {
        self.inner.update_value(|inner| inner.active = active);
        if let Some(session) = self.session() {
            session.set_active(active);
        }
    }

    pub fn play(self) {
        self.inner.update_value(|inner| inner.wants_play = true);
        let Some(video) = self.element.get_untracked() else { return };
        if video.ended() {
            video.set_current_time(0.0);
        }
        spawn_local(async move { start(&video, &use_sound()).await });
    }

    pub fn pause(self) {
        self.inner.update_value(|inner| inner.wants_play = false);
        if let Some(video) = self.element.get_untracked() {
            // Pausing a paused element does nothing.
            let _ = video.pause();
        }
        self.playing.set(false);
        self.waiting.set(false);
    }

    pub fn toggle(self) {
        if self.playing.get_untracked() { self.pause() } else { self.play() }
    }

    /// Jumps to a position, within the video.
    pub fn seek_ms(self, position_ms: f64) {
        let Some(video) = self.element.get_untracked() else { return };
        let position_ms = position_ms.clamp(0.0, self.duration_ms.get_untracked().max(0.0));
        video.set_current_time(position_ms / 1000.0);
        self.position_ms.set(position_ms);
        self.ended.set(false);
    }

    pub fn skip_ms(self, by_ms: f64) {
        self.seek_ms(self.position_ms.get_untracked() + by_ms);
    }

    /// Goes a picture on or back where a video is made of pictures, else skips so many milliseconds.
    pub fn step_ms(self, by_ms: f64, slides: Option<&[i32]>) {
        match neighbour(slides, self.position_ms.get_untracked(), by_ms > 0.0) {
            Some(goal_ms) => self.seek_ms(goal_ms),
            None => self.skip_ms(by_ms),
        }
    }

    /// -1 lets the bandwidth decide.
    pub fn set_level(self, index: i32) {
        if let Some(session) = self.session() {
            session.set_level(index);
        }
    }

    /// After a failure: once more, from where it stopped.
    pub fn retry(self) {
        self.trouble.set(None);
        self.waiting.set(true);
        match self.session() {
            Some(session) => session.retry(),
            None => self.open(),
        }
        if self.inner.with_value(|inner| inner.wants_play) {
            self.play();
        }
    }

    fn session(self) -> Option<PlayerSession> {
        self.inner.try_with_value(|inner| inner.session.clone()).flatten()
    }

    fn open(self) {
        let generation = self.inner.with_value(|inner| inner.generation);
        spawn_local(async move {
            let script = player_script().await;
            // Gone or changed while the script came: nothing to do for this source any more.
            let wanted = self.inner.try_with_value(|inner| {
                let url = inner.url.clone().filter(|_| inner.generation == generation)?;
                Some((url, inner.start_ms, inner.active))
            });
            let Some(Some((url, start_ms, active))) = wanted else { return };
            let Some(video) = self.element.get_untracked() else { return };
            let Some(script) = script else {
                self.trouble.set(Some(Trouble::Script));
                self.waiting.set(false);
                return;
            };
            let listener = Listener::new(move |kind: String, detail: JsValue| self.hear(&kind, &detail));
            let options = options(start_ms, active, use_sound().muted.get_untracked());
            let session = script.attach(&video, &url, &options, listener.as_ref().unchecked_ref());
            let wants_play = self.inner.try_update_value(|inner| {
                inner.session = Some(session);
                inner.listener = Some(listener);
                inner.wants_play
            });
            if wants_play == Some(true) {
                self.play();
            }
        });
    }

    /// An event of the player script; a detached session sends none.
    fn hear(self, kind: &str, detail: &JsValue) {
        match kind {
            "frame" => self.shown.set(true),
            "levels" => {
                #[derive(Deserialize)]
                struct Levels {
                    levels: Vec<Level>,
                }
                if let Some(Levels { levels }) = read(detail) {
                    self.levels.set(by_quality(levels));
                }
            }
            "level" => {
                if let Some(level) = read(detail) {
                    self.level.set(level);
                }
            }
            "retrying" => self.trouble.set(Some(Trouble::Retrying)),
            "recovered" => self.trouble.set(None),
            "failed" => {
                let reason = js_sys::Reflect::get(detail, &JsValue::from_str("reason")).ok();
                let reason = reason.and_then(|reason| reason.as_string()).unwrap_or_default();
                self.trouble.set(Some(Trouble::failed(&reason)));
                self.waiting.set(false);
            }
            _ => {}
        }
    }

    /// Also comes when the browser pauses by itself: a media key, another tab's sound, a headset unplugged.
    fn on_pause(self) {
        // Attaching a source pauses an element that was told to play a moment before; that play is still wanted.
        if !self.shown.get_untracked() {
            return;
        }
        self.inner.update_value(|inner| inner.wants_play = false);
        self.playing.set(false);
        self.waiting.set(false);
    }

    fn on_time(self) {
        if let Some(video) = self.element.get_untracked().filter(|_| self.is_open()) {
            self.position_ms.set(video.current_time() * 1000.0);
            self.on_progress();
        }
    }

    fn on_duration(self) {
        let seconds = self.element.get_untracked().map_or(0.0, |video| video.duration());
        if seconds.is_finite() {
            self.duration_ms.set(seconds * 1000.0);
        }
    }

    fn on_progress(self) {
        let Some(video) = self.element.get_untracked() else { return };
        let (ranges, now) = (video.buffered(), video.current_time());
        let end = (0..ranges.length())
            .filter(|&n| ranges.start(n).is_ok_and(|start| start <= now + 0.1))
            .filter_map(|n| ranges.end(n).ok())
            .fold(0.0, f64::max);
        self.buffered_ms.set(end * 1000.0);
    }

    fn on_can_play(self) {
        self.waiting.set(false);
        let wants_play = self.inner.with_value(|inner| inner.wants_play);
        if wants_play && self.element.get_untracked().is_some_and(|video| video.paused()) {
            self.play();
        }
    }
}

/// Starts the element, silently if the browser wants a gesture before sound.
async fn start(video: &HtmlVideoElement, sound: &Sound) {
    let Err(error) = try_start(video).await else { return };
    let name =
        js_sys::Reflect::get(&error, &JsValue::from_str("name")).ok().and_then(|name| name.as_string());
    if name.as_deref() == Some("NotAllowedError") && !video.muted() {
        sound.refused();
        video.set_muted(true);
        // Refused even in silence (a power saver): the picture stands still and the play button says how to go on.
        let _ = try_start(video).await;
    }
}

async fn try_start(video: &HtmlVideoElement) -> Result<JsValue, JsValue> {
    JsFuture::from(video.play()?).await
}

fn options(start_ms: f64, active: bool, muted: bool) -> js_sys::Object {
    let options = js_sys::Object::new();
    let entries = [
        ("startPosition", JsValue::from_f64(start_ms / 1000.0)),
        ("active", JsValue::from_bool(active)),
        ("muted", JsValue::from_bool(muted)),
    ];
    for (name, value) in entries {
        // Setting a field of a plain new object cannot fail.
        let _ = js_sys::Reflect::set(&options, &JsValue::from_str(name), &value);
    }
    options
}

fn read<T: for<'de> Deserialize<'de>>(detail: &JsValue) -> Option<T> {
    let text = js_sys::JSON::stringify(detail).ok()?.as_string()?;
    serde_json::from_str(&text).ok()
}

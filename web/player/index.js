// Playback by hls.js. It is loaded when the first video appears and leaves a single global behind,
// because the wasm side may neither evaluate code nor know this file's hashed name.
import { attachHls, hlsWorksHere } from './hls-session.js';
import { attachNative, nativeWorksHere } from './native-session.js';

/**
 * Begins to load an HLS source into a video element.
 *
 * @param {HTMLVideoElement} video
 * @param {string} url address of the master playlist
 * @param {{startPosition?: number, active?: boolean, muted?: boolean}} options
 *   startPosition in seconds; inactive sessions buffer about a second and wait.
 * @param {(kind: string, detail: object) => void} listener hears:
 *   `frame` {}, the first picture is on the screen;
 *   `levels` {levels: [{index, width, height, bitrate, codec}]}, what can be chosen;
 *   `level` {index, auto}, what plays now;
 *   `retrying` {attempt, delayMs}, the network failed and is asked again by itself;
 *   `recovered` {}, after `retrying`;
 *   `failed` {reason: 'network'|'gone'|'media'|'unsupported', detail}, nothing more happens by itself.
 * @returns {{setActive(active: boolean): void, setLevel(index: number): void, retry(): void, detach(): void}}
 */
function attach(video, url, options, listener) {
  const settings = { startPosition: 0, active: true, muted: video.muted, ...options };
  let open = true;
  // A recycled element may still have events of its last source in flight: a closed session is silent.
  const report = (kind, detail = {}) => {
    if (open) listener(kind, detail);
  };
  video.muted = settings.muted;

  // hls.js first: current Chromium says "maybe" to native HLS and then plays it worse.
  const way = hlsWorksHere() ? attachHls : nativeWorksHere(video) ? attachNative : null;
  if (!way) {
    queueMicrotask(() => report('failed', { reason: 'unsupported', detail: 'no media source extensions' }));
    return { setActive() {}, setLevel() {}, retry() {}, detach() { open = false; } };
  }
  const stopWatching = watchFirstFrame(video, () => report('frame'));
  const session = way(video, url, settings, report);
  return {
    setActive: session.setActive,
    setLevel: session.setLevel,
    retry: session.retry,
    detach() {
      if (!open) return;
      open = false;
      stopWatching();
      session.detach();
    },
  };
}

/** Calls back once, when a picture has really been shown; `loadeddata` alone comes a frame too early. */
function watchFirstFrame(video, callback) {
  const stop = new AbortController();
  const done = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    callback();
  };
  if ('requestVideoFrameCallback' in video) {
    const handle = video.requestVideoFrameCallback(done);
    stop.signal.addEventListener('abort', () => video.cancelVideoFrameCallback(handle));
  } else {
    video.addEventListener('loadeddata', done, { signal: stop.signal });
  }
  // A hidden page composes no frames, and sound goes on: the poster must not stay for ever.
  video.addEventListener('timeupdate', () => video.currentTime > 0.2 && !video.seeking && video.readyState > 2 && done(), {
    signal: stop.signal,
  });
  return () => stop.abort();
}

globalThis.kinoraPlayer = { attach };

import { clear } from './hls-session.js';

/** Where media source extensions are missing (older iPhones), the browser plays HLS by itself. */
export const nativeWorksHere = (video) => video.canPlayType('application/vnd.apple.mpegurl') !== '';

export function attachNative(video, url, { startPosition, active }, report) {
  const stop = new AbortController();
  const on = (name, listener) => video.addEventListener(name, listener, { signal: stop.signal });
  let attempt = 0;
  let timer = 0;
  let resumeAt = startPosition;

  const load = () => {
    video.preload = active ? 'auto' : 'metadata';
    video.src = url;
    video.load();
  };

  on('loadedmetadata', () => {
    if (resumeAt > 0) video.currentTime = resumeAt;
  });
  on('timeupdate', () => {
    if (video.currentTime > 0) resumeAt = video.currentTime;
  });
  on('playing', () => {
    if (attempt === 0) return;
    attempt = 0;
    report('recovered');
  });
  on('error', () => {
    const code = video.error?.code;
    const detail = video.error?.message || `media error ${code}`;
    if (code === MediaError.MEDIA_ERR_DECODE) report('failed', { reason: 'media', detail });
    // The element says "source not supported" for a missing address as well: one more look, then the truth.
    else if (code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED && attempt > 0) report('failed', { reason: 'unsupported', detail });
    else if (attempt >= 5) report('failed', { reason: 'network', detail });
    else {
      const delayMs = 500 * 2 ** attempt;
      attempt += 1;
      report('retrying', { attempt, delayMs });
      timer = setTimeout(load, delayMs);
    }
  });
  load();

  return {
    setActive(next) {
      if (next) video.preload = 'auto';
    },
    setLevel() {},
    retry() {
      attempt = 0;
      clearTimeout(timer);
      load();
    },
    detach() {
      stop.abort();
      clearTimeout(timer);
      clear(video);
    },
  };
}

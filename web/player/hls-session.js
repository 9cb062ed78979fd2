import Hls from 'hls.js';

/** Longest wait between two attempts after the network failed, in milliseconds. */
const LONGEST_DELAY_MS = 15_000;
/** After so many attempts in a row the viewer is asked. */
const ATTEMPTS = 6;
/** A second media error within this time means that recovering did not help. */
const MEDIA_GRACE_MS = 5_000;
/** Seconds buffered ahead: of the video being watched, and of one that only might be. */
const BUFFER_ACTIVE = 600;
const BUFFER_WAITING = 1;
/** Between two looks for sizes that a video has got since it was opened. */
const LOOK_EVERY_MS = 10_000;

/** Bits a second: first the browser's guess, then what the last session saw, so that the next one starts right. */
let estimate = (navigator.connection?.downlink || 3) * 800_000;

export const hlsWorksHere = () => Hls.isSupported();

export function attachHls(video, url, { startPosition, active }, report) {
  const config = {
    startPosition,
    maxBufferLength: 30,
    maxMaxBufferLength: active ? BUFFER_ACTIVE : BUFFER_WAITING,
    backBufferLength: 30,
    abrEwmaDefaultEstimate: estimate,
    // A first picture soon is worth more than a sharp one late.
    maxStarvationDelay: 2,
    capLevelToPlayerSize: true,
    startFragPrefetch: true,
    // Our media is fragmented MP4, which passes through untouched: a worker would only cost a blob: script.
    enableWorker: false,
    // Captions are the page's own track elements; the playlists list them for other players.
    subtitleTrackController: undefined,
    subtitleStreamController: undefined,
    timelineController: undefined,
    // Credentials: same-origin playlists and keys carry the cookie by default; nothing else may.
  };
  const hls = new Hls(config);

  let attempt = 0;
  let timer = 0;
  let mediaErrorAt = -Infinity;
  let gaveUp = false;
  let manifestLoaded = false;
  let troubled = false;
  let resumeAt = startPosition;
  let plainOnly = false;
  let listed = 0;
  let growing = false;
  let renewing = false;
  let lookedAt = 0;

  /** Everything anew from the playlists: addresses of segments may be signed and have run out. */
  const reload = () => {
    // Loading empties the element, so the second of two attempts finds nothing in it.
    if (manifestLoaded && video.currentTime > 0) resumeAt = video.currentTime;
    hls.config.startPosition = resumeAt;
    hls.loadSource(url);
    hls.attachMedia(video);
  };

  const renew = () => {
    const wasPlaying = wanted;
    renewing = true;
    reload();
    if (wasPlaying) video.play().catch(() => {});
  };

  /** Of a video that is still being made, the first playlist lists the sizes of that moment, and is read once. */
  const lookForSizes = async () => {
    const now = performance.now();
    if (!growing || gaveUp || now - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = now;
    const answer = await fetch(url).catch(() => null);
    const text = answer?.ok ? await answer.text().catch(() => '') : '';
    if (!stopListening.signal.aborted && text.split('#EXT-X-STREAM-INF').length - 1 > listed) renew();
  };

  const fail = (reason, detail) => {
    gaveUp = true;
    troubled = true;
    clearTimeout(timer);
    hls.stopLoad();
    report('failed', { reason, detail });
  };

  const retryLater = (detail) => {
    if (attempt >= ATTEMPTS) {
      fail('network', detail);
      return;
    }
    const delayMs = Math.min(LONGEST_DELAY_MS, 500 * 2 ** attempt);
    attempt += 1;
    troubled = true;
    report('retrying', { attempt, delayMs });
    clearTimeout(timer);
    timer = setTimeout(reload, delayMs);
  };

  const onNetworkError = (data) => {
    const status = data.response?.code ?? 0;
    const playlist = data.details.startsWith('manifest');
    if (playlist && [401, 403, 404, 410].includes(status)) fail('gone', `${data.details} ${status}`);
    else retryLater(`${data.details} ${status}`);
  };

  const isExtra = ({ videoCodec }) => Boolean(videoCodec) && !videoCodec.startsWith('avc1');
  /** Begins anew with what every browser can decode, if there was anything else: some say that they can, and cannot. */
  const leaveOtherCodecs = () => {
    if (plainOnly || !hls.levels.some(isExtra)) return false;
    plainOnly = true;
    mediaErrorAt = -Infinity;
    renew();
    return true;
  };

  const onMediaError = (data) => {
    if (data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR || data.details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR) {
      if (!leaveOtherCodecs()) fail('unsupported', data.details);
      return;
    }
    const now = performance.now();
    if (now - mediaErrorAt < MEDIA_GRACE_MS) {
      if (leaveOtherCodecs()) return;
      fail('media', data.details);
      return;
    }
    mediaErrorAt = now;
    const wasPlaying = !video.paused;
    hls.recoverMediaError();
    // By itself it goes on only with what has begun.
    if (!(video.currentTime > 0)) hls.startLoad(resumeAt);
    if (wasPlaying) video.play().catch(() => {});
  };

  // Whether it is to play: an element that gets another source forgets it.
  let wanted = !video.paused;
  const stopListening = new AbortController();
  const { signal } = stopListening;
  for (const kind of ['play', 'pause']) video.addEventListener(kind, () => (wanted = kind === 'play'), { signal });
  // Nobody sees a picture stop that stands still already.
  for (const kind of ['pause', 'waiting']) video.addEventListener(kind, lookForSizes, { signal });

  hls.on(Hls.Events.ERROR, (_event, data) => {
    // hls.js begins with an empty element and another codec, where one was not what the browser had said it can decode.
    if (data.details === Hls.ErrorDetails.MEDIA_SOURCE_REQUIRES_RESET && !data.fatal && wanted) {
      hls.once(Hls.Events.MEDIA_ATTACHED, () => video.play().catch(() => {}));
    }
    if (gaveUp) return;
    // A first segment that was made in a hurry has given way to the good one, under another address.
    if (data.details === Hls.ErrorDetails.LEVEL_PARSING_ERROR && growing) {
      // Pictures and sound are told of apart.
      if (!renewing) renew();
      return;
    }
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) onNetworkError(data);
    else if (data.type === Hls.ErrorTypes.MEDIA_ERROR) onMediaError(data);
    else fail('media', data.details);
  });
  const reportLevels = () => {
    report('levels', {
      levels: hls.levels.map((level, index) => ({
        index,
        width: level.width ?? 0,
        height: level.height ?? 0,
        bitrate: level.bitrate ?? 0,
        codec: level.videoCodec ?? '',
      })),
    });
  };
  hls.on(Hls.Events.MANIFEST_LOADED, (_event, { levels, sessionData }) => {
    listed = levels.length;
    growing = Boolean(sessionData?.['kinora.growing']);
    renewing = false;
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    manifestLoaded = true;
    for (let index = hls.levels.length; plainOnly && index--; ) {
      if (isExtra(hls.levels[index])) hls.removeLevel(index);
    }
    reportLevels();
  });
  hls.on(Hls.Events.LEVELS_UPDATED, reportLevels);
  hls.on(Hls.Events.LEVEL_SWITCHED, (_event, data) => report('level', { index: data.level, auto: hls.autoLevelEnabled }));
  hls.on(Hls.Events.FRAG_BUFFERED, (_event, { frag }) => {
    // hls.js takes a last audio segment of less than 4 ms for a gap, never ends the stream, and the video stops a
    // few frames before its end. What the playlist calls the last segment is the end, however short it is.
    if (frag.type === 'audio' && frag.endList) hls.trigger(Hls.Events.BUFFER_EOS, { type: 'audio' });
    if (hls.bandwidthEstimate > 0) estimate = hls.bandwidthEstimate;
    attempt = 0;
    if (troubled) {
      troubled = false;
      report('recovered');
    }
  });

  const onOnline = () => {
    if (attempt > 0 || gaveUp) retry();
  };
  const retry = () => {
    attempt = 0;
    gaveUp = false;
    mediaErrorAt = -Infinity;
    clearTimeout(timer);
    reload();
  };
  window.addEventListener('online', onOnline);

  hls.loadSource(url);
  hls.attachMedia(video);

  return {
    setActive(next) {
      hls.config.maxMaxBufferLength = next ? BUFFER_ACTIVE : BUFFER_WAITING;
    },
    /** -1 lets the bandwidth decide. */
    setLevel(index) {
      hls.nextLevel = index;
      report('level', { index: index < 0 ? hls.currentLevel : index, auto: index < 0 });
    },
    retry,
    detach() {
      clearTimeout(timer);
      window.removeEventListener('online', onOnline);
      stopListening.abort();
      hls.destroy();
      clear(video);
    },
  };
}

/** Leaves the element empty, so that a recycled one never shows its last picture. */
export function clear(video) {
  video.removeAttribute('src');
  video.load();
}

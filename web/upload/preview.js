/** Longer side of the still, in CSS pixels times two for dense screens. */
const LONG_SIDE = 320;
/** A file that the browser cannot open must not keep its row waiting. */
const PATIENCE_MS = 6_000;

/**
 * A still frame of a local video file, as a JPEG data URL; null where this browser cannot decode the file
 * (the server may well be able to). Nothing leaves the machine.
 *
 * @param {File} file
 * @returns {Promise<{url: string, width: number, height: number, durationMs: number} | null>}
 */
export async function previewFrame(file) {
  const source = URL.createObjectURL(file);
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  try {
    const loaded = once(video, 'loadeddata', deadline);
    video.src = source;
    await loaded;
    const seconds = Number.isFinite(video.duration) ? video.duration : 0;
    // The first picture is often black: look a little further in.
    const seeked = once(video, 'seeked', deadline);
    video.currentTime = Math.min(1, seconds / 3);
    await seeked;
    return { ...draw(video), durationMs: seconds * 1000 };
  } catch {
    return null;
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(source);
  }
}

function draw(video) {
  const { videoWidth: width, videoHeight: height } = video;
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height, 1));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
  return { url: canvas.toDataURL('image/jpeg', 0.72), width, height };
}

function once(target, name, deadline) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    target.addEventListener('error', () => reject(new Error('not decodable')), { once: true });
    deadline.addEventListener('abort', () => reject(new Error('timed out')), { once: true });
  });
}

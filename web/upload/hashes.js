const SAMPLE_BYTES = 64 * 1024;

let worker;
let nextId = 0;
const waiting = new Map();

function hasher() {
  if (!worker) {
    worker = new Worker(document.querySelector('link[data-asset="hasher"]').href, { type: 'module' });
    worker.addEventListener('message', ({ data: { id, digest, problem } }) => {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (digest) resolve(digest);
      else reject(new Error(problem));
    });
    worker.addEventListener('error', () => {
      for (const { reject } of waiting.values()) reject(new Error('the hasher did not start'));
      waiting.clear();
      worker = undefined;
    });
  }
  return worker;
}

function digest(blobs) {
  return new Promise((resolve, reject) => {
    const id = nextId++;
    waiting.set(id, { resolve, reject });
    hasher().postMessage({ id, blobs });
  });
}

/** MD5 of a part, in hexadecimal; rejects when the file cannot be read any more. */
export const md5 = (blob) => digest([blob]);

/** MD5 over the first, middle and last 64 KiB: what `sampleHash` means to the server. */
export function sampleHash(file) {
  if (file.size <= 3 * SAMPLE_BYTES) return digest([file]);
  const last = file.size - SAMPLE_BYTES;
  const starts = [0, Math.floor(last / 2), last];
  return digest(starts.map((start) => file.slice(start, start + SAMPLE_BYTES)));
}

const SAMPLE_BYTES = 64 * 1024;

// One reads while the other hashes; more would only take from what the page itself needs.
const MOST_HASHERS = 2;
const hashers = [];
let nextId = 0;

function startHasher() {
  const waiting = new Map();
  const worker = new Worker(document.querySelector('link[data-asset="hasher"]').href, { type: 'module' });
  const hasher = { worker, waiting };
  worker.addEventListener('message', ({ data: { id, digest, problem } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (digest) resolve(digest);
    else reject(new Error(problem));
  });
  worker.addEventListener('error', () => {
    for (const { reject } of waiting.values()) reject(new Error('the hasher did not start'));
    hashers.splice(hashers.indexOf(hasher), 1);
  });
  hashers.push(hasher);
  return hasher;
}

function leastBusy() {
  const first = [...hashers].sort((one, other) => one.waiting.size - other.waiting.size)[0];
  return first && (first.waiting.size === 0 || hashers.length === MOST_HASHERS) ? first : startHasher();
}

function digest(blobs) {
  return new Promise((resolve, reject) => {
    const id = nextId++;
    const { worker, waiting } = leastBusy();
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, blobs });
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

// A worker: MD5 of slices of files, while the page sends them. What is read is given back at once, so that memory
// stays flat however large the file is.
import { createMD5 } from 'hash-wasm';

const READ_BYTES = 4 * 1024 * 1024;
const idle = [];

async function md5(blobs) {
  const hasher = idle.pop() ?? (await createMD5());
  hasher.init();
  for (const blob of blobs) {
    for (let start = 0; start < blob.size; start += READ_BYTES) {
      const read = await blob.slice(start, start + READ_BYTES).arrayBuffer();
      hasher.update(new Uint8Array(read));
      // The collector comes seldom, and hundreds of megabytes would wait for it.
      read.transfer?.(0);
    }
  }
  const digest = hasher.digest('hex');
  idle.push(hasher);
  return digest;
}

self.addEventListener('message', async ({ data: { id, blobs } }) => {
  try {
    self.postMessage({ id, digest: await md5(blobs) });
  } catch (error) {
    // The file was moved, changed or deleted.
    self.postMessage({ id, problem: String(error) });
  }
});

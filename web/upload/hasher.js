// A worker: MD5 of slices of files, while the page sends them. What is read goes into the same memory again and
// again: the collector comes seldom, and hundreds of megabytes would wait for it.
import { createMD5 } from 'hash-wasm';

const READ_BYTES = 1024 * 1024;
const idle = [];
const spare = [];

function open(blob) {
  try {
    return { reader: blob.stream().getReader({ mode: 'byob' }), fillsBuffers: true };
  } catch {
    // A browser whose files are no byte streams.
    return { reader: blob.stream().getReader(), fillsBuffers: false };
  }
}

async function take(hasher, blob) {
  const { reader, fillsBuffers } = open(blob);
  let buffer = spare.pop() ?? new ArrayBuffer(READ_BYTES);
  for (;;) {
    const { done, value } = fillsBuffers ? await reader.read(new Uint8Array(buffer)) : await reader.read();
    // The buffer comes back with what was read, also at the end.
    if (fillsBuffers && value) buffer = value.buffer;
    if (done) break;
    hasher.update(value);
  }
  spare.push(buffer);
}

async function md5(blobs) {
  const hasher = idle.pop() ?? (await createMD5());
  hasher.init();
  for (const blob of blobs) await take(hasher, blob);
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

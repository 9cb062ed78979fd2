// What this browser remembers of uploads, so that they survive a reload: whose and which file, under which id, what was
// typed, and how to read the file again. Of what has begun the server knows the rest, and better; of what waits for its
// turn nobody else knows anything.
import { createStore, del, entries, get, set } from 'idb-keyval';

/** The server forgets an unfinished upload long before. */
const MOST_DAYS = 14;
const DAY_MS = 86_400_000;

let store;
const files = () => (store ??= createStore('kinora-uploads', 'files'));

/** Storing is refused in some private windows: an upload then lasts as long as its page. */
async function allowed(action, otherwise) {
  try {
    return await action();
  } catch {
    return otherwise;
  }
}

/**
 * @param {string} key which file
 * @param {{owner: string, name: string, sizeBytes: number, modifiedMs: number, place: number, uploadId: string | null,
 *   details: string, handle: FileSystemFileHandle | null}} record `place` orders what waits
 */
export const remember = (key, record) => allowed(() => set(key, { ...record, at: Date.now() }, files()));

export const recall = (key) => allowed(async () => (await get(key, files())) ?? null, null);

export const forget = (key) => allowed(() => del(key, files()));

/** All records that are not too old; the others are dropped. */
export const all = () =>
  allowed(async () => {
    const found = await entries(files());
    const old = found.filter(([, record]) => Date.now() - record.at > MOST_DAYS * DAY_MS);
    await Promise.all(old.map(([key]) => del(key, files())));
    return found.filter((entry) => !old.includes(entry)).map(([key, record]) => ({ key, ...record }));
  }, []);

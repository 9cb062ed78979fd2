// What uploads need of the browser and wasm cannot do by itself: hashing beside the page, a still of a local file,
// a memory that outlives the page, and handles that read a file again. Loaded with the first file, and leaves a single global behind.
import { md5, sampleHash } from './hashes.js';
import { previewFrame } from './preview.js';
import { all, forget, recall, remember } from './records.js';

/**
 * Lets somebody choose files, with handles that outlive the page; null where only a plain input can, and an empty
 * list when they thought better of it.
 *
 * @returns {Promise<Array<{file: File, handle: FileSystemFileHandle}> | null>}
 */
async function choose() {
  if (!globalThis.showOpenFilePicker) return null;
  try {
    const handles = await globalThis.showOpenFilePicker({ multiple: true, id: 'kinora-upload', startIn: 'videos' });
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
  } catch (error) {
    return error?.name === 'AbortError' ? [] : null;
  }
}

/**
 * The file behind a handle, after asking for leave where the browser wants that; null when it is gone or refused.
 *
 * @param {FileSystemFileHandle} handle
 * @returns {Promise<File | null>}
 */
async function reopen(handle) {
  try {
    const granted = await handle.requestPermission({ mode: 'read' });
    return granted === 'granted' ? await handle.getFile() : null;
  } catch {
    return null;
  }
}

globalThis.kinoraUpload = { md5, sampleHash, previewFrame, all, forget, recall, remember, choose, reopen };

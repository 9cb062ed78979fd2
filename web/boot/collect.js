/** Deeper than anybody keeps videos; a folder that links to itself ends here. */
const MOST_LEVELS = 16;

/**
 * The files in a drop or a paste, with those in dropped folders. Must be called while the event is handled: the
 * browser empties its list right after.
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<Array<{file: File, handle: FileSystemFileHandle | null, inFolder: boolean}>>}
 *   `handle` reads the file again after a reload, where the browser has such a thing.
 */
export function collect(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const found = items.map((item) => {
    const entry = item.webkitGetAsEntry?.();
    // Without handles: for those of folders, browsers refuse some of them in a dialog, the downloads for one.
    if (entry?.isDirectory) return filesIn(entry, MOST_LEVELS);
    const file = item.getAsFile();
    const handle = item.getAsFileSystemHandle?.() ?? null;
    return file ? withHandle(file, handle) : [];
  });
  return Promise.all(found).then((lists) => lists.flat());
}

/** A file goes without its handle when the browser asks somebody about it first. */
const HANDLE_PATIENCE_MS = 1_000;

async function withHandle(file, handle) {
  const late = new Promise((resolve) => setTimeout(resolve, HANDLE_PATIENCE_MS, null));
  const kept = await Promise.race([handle, late]).catch(() => null);
  return [{ file, handle: kept, inFolder: false }];
}

/** "2.mp4" comes before "10.mp4", as in a file manager. */
const { compare } = new Intl.Collator(undefined, { numeric: true });

async function filesIn(entry, levels) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    return file ? [{ file, handle: null, inFolder: true }] : [];
  }
  if (levels === 0) return [];
  const reader = entry.createReader();
  const children = [];
  // A reader gives a hundred entries at a time, and an empty list at the end.
  for (;;) {
    const batch = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (batch.length === 0) break;
    children.push(...batch);
  }
  children.sort((one, other) => compare(one.name, other.name));
  const files = [];
  for (const child of children) files.push(...(await filesIn(child, levels - 1)));
  return files;
}

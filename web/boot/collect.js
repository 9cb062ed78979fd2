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
    if (entry?.isDirectory) return filesIn(entry, MOST_LEVELS);
    const file = item.getAsFile();
    const handle = item.getAsFileSystemHandle?.() ?? null;
    return file ? withHandle(file, handle) : [];
  });
  return Promise.all(found).then((lists) => lists.flat());
}

async function withHandle(file, handle) {
  const kept = await Promise.resolve(handle).catch(() => null);
  return [{ file, handle: kept, inFolder: false }];
}

async function filesIn(entry, levels) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    return file ? [{ file, handle: null, inFolder: true }] : [];
  }
  if (levels === 0) return [];
  const reader = entry.createReader();
  const files = [];
  // A reader gives a hundred entries at a time, and an empty list at the end.
  for (;;) {
    const batch = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (batch.length === 0) return files;
    for (const child of batch) files.push(...(await filesIn(child, levels - 1)));
  }
}

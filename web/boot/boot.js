// Starts the site: the wasm module, and the scripts of the player and the uploads for whoever asks first. Their
// hashed names are read from the page's own links, so that each name stands in one place.
import { collect } from './collect.js';
import start from './kinora.js';

const address = (asset) => document.querySelector(`link[data-asset="${asset}"]`).href;

/** Loads a script once; a failed load may be tried again. */
function once(asset) {
  let loading;
  return () => {
    loading ??= import(address(asset)).catch((error) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

globalThis.kinora = {
  /** Resolves when `globalThis.kinoraPlayer` is there. */
  loadPlayer: once('player'),
  /** Resolves when `globalThis.kinoraUpload` is there. */
  loadUpload: once('upload'),
  collect,
};

start({ module_or_path: address('wasm') }).catch((error) => {
  console.error(error);
  document.getElementById('boot')?.classList.add('failed');
});

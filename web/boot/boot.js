// Starts the site: the wasm module, and the player's script for whoever asks first. Their hashed names are read
// from the page's own preload links, so that each name stands in one place.
import start from './kinora.js';

const address = (asset) => document.querySelector(`link[data-asset="${asset}"]`).href;

let player;
globalThis.kinora = {
  /** Loads the player's script once; resolves when `globalThis.kinoraPlayer` is there. */
  loadPlayer() {
    player ??= import(address('player')).catch((error) => {
      // A failed load may be tried again by the next video.
      player = undefined;
      throw error;
    });
    return player;
  },
};

start({ module_or_path: address('wasm') }).catch((error) => {
  console.error(error);
  document.getElementById('boot')?.classList.add('failed');
});

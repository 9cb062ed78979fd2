// Bundles the player's script: `node bundle-player.mjs OUT [--minify]`.
//
// hls.js is taken from its source and without the parts that this site has no use for, which makes a first visit
// 60 kB lighter than its prepared bundle would.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const [out, ...flags] = process.argv.slice(2);
const hls = new URL('./node_modules/hls.js/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', hls), 'utf8'));

/** The switches of hls.js's own build (src/define-plugin.d.ts). Sound comes as a rendition of its own. */
const parts = {
  ALT_AUDIO: true,
  CMCD: false,
  CONTENT_STEERING: false,
  EME_DRM: false,
  IFRAMES: false,
  INTERSTITIALS: false,
  M2TS_ADVANCED_CODECS: false,
  MEDIA_CAPABILITIES: false,
  SUBTITLES: false,
  VARIABLE_SUBSTITUTION: false,
};

/**
 * Our media is always fragmented MP4, which passes through as it is: the demuxers of other containers and the
 * remuxer behind them are left out. Each recognises nothing; what else is imported from them does nothing.
 */
const fragmentedMp4Only = {
  name: 'fragmented-mp4-only',
  setup(bundler) {
    const filter = /(^|\/)(tsdemuxer|aacdemuxer|mp3demuxer|mp4-remuxer)$/;
    bundler.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: `
        export default class LeftOut { static probe() { return false; } }
        export const normalizePts = (value) => value;
        export const flushTextTrackMetadataCueSamples = () => undefined;
        export const flushTextTrackUserdataCueSamples = () => undefined;`,
    }));
  },
};

await build({
  entryPoints: [new URL('./player/index.js', import.meta.url).pathname],
  outfile: out,
  bundle: true,
  format: 'esm',
  minify: flags.includes('--minify'),
  legalComments: 'none',
  logLevel: 'warning',
  target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  alias: { 'hls.js': new URL('src/hls.ts', hls).pathname },
  define: {
    __IN_WORKER__: 'false',
    __VERSION__: JSON.stringify(version),
    ...Object.fromEntries(Object.entries(parts).map(([part, used]) => [`__USE_${part}__`, String(used)])),
  },
  // As hls.js itself is compiled: a field that is only declared does not reset what a parent class has set.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  plugins: [fragmentedMp4Only],
});

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
 * Modules that have no switch and nothing to do here. Our media is always fragmented MP4, which passes through as
 * it is: the demuxers of other containers recognise nothing, and the remuxer behind them is never made. Cues of
 * ID3 tags and the loader that streams segments by pieces are off by hls.js's own rules once they are missing.
 */
const leftOut = {
  tsdemuxer: 'export default class { static probe() { return false; } }',
  aacdemuxer: 'export default class { static probe() { return false; } }',
  mp3demuxer: 'export default class { static probe() { return false; } }',
  'mp4-remuxer': `
    export default class {}
    export const normalizePts = (value) => value;
    export const flushTextTrackMetadataCueSamples = () => undefined;
    export const flushTextTrackUserdataCueSamples = () => undefined;`,
  'id3-track-controller': 'export default undefined;',
  'fetch-loader': 'export default class {} export const fetchSupported = () => false;',
};

const withoutThem = {
  name: 'left-out',
  setup(bundler) {
    const filter = new RegExp(`/(${Object.keys(leftOut).join('|')})$`);
    bundler.onResolve({ filter }, ({ path }) => ({ path: filter.exec(path)[1], namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: leftOut[path] }));
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
  plugins: [withoutThem],
});

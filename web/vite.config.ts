import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// In the page the regular expressions of queries are only checked, and only when there is one.
const whole = fileURLToPath(import.meta.resolve('re2js'));
const lazy = join(import.meta.dirname, 'src/query-bar/lazy-re2.ts');

// Started by a test the environment says `test`, and React would be built for development: larger, slower.
if (process.argv.includes('build')) process.env['NODE_ENV'] = 'production';

export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: [
      { find: /^re2js$/, replacement: lazy },
      { find: /^re2js-whole$/, replacement: whole },
    ],
  },
  plugins: [react()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Counted before compression; the first load is about 240 kB with it.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    proxy: { '/api': { target: 'http://127.0.0.1:8899', ws: true } },
  },
});

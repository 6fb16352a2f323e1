import { defineConfig } from 'vite';

/** Builds the dashboard to `dist/dashboard`, from where the server serves it. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: 'public',
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy forbids data: in style sheets, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // For working on the dashboard alone: `npx vite src/dashboard`, with the recorder on port 4000.
  server: {
    proxy: {
      '/graphql': { target: 'http://127.0.0.1:4000', ws: true },
      '/export': 'http://127.0.0.1:4000',
    },
  },
});

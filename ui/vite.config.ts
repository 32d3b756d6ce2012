import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { cytoscapeFrozen } from './cytoscape-frozen';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The host is chosen when building, so that the invented data of the fake host can't be part of
// what ships: `--mode fake` is the only way to reach it.
export default defineConfig(({ mode }) => {
  const fake = mode === 'fake' || mode === 'test';
  const host = fake ? 'fake' : 'tauri';
  return {
    plugins: [cytoscapeFrozen(), svelte()],
    resolve: {
      alias: {
        $lib: at('./src/lib'),
        $wire: at('./src/lib/wire/index.ts'),
        $host: at(`./src/lib/platform/${host}/connect.ts`),
        '$approval-host': at(`./src/lib/platform/${host}/connect-approval.ts`),
      },
      // Node would take Svelte's server half.
      ...(mode === 'test' ? { conditions: ['browser'] } : {}),
    },
    clearScreen: false,
    server: { port: 1420, strictPort: true },
    build: {
      target: ['es2022', 'safari16'],
      outDir: fake ? 'dist-fake' : 'dist',
      // The content security policy allows no data: URI, so nothing may be inlined as one.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 700,
      rolldownOptions: { input: { main: at('./index.html'), approval: at('./approval.html') } },
    },
    test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'], setupFiles: ['tests/setup.ts'] },
  };
});

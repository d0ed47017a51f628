import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: { target: 'es2022' },
  worker: { format: 'es' },
  // limbeck is linked from this repository: an app that has it from npm needs neither line.
  optimizeDeps: { exclude: ['limbeck'] },
  server: { fs: { allow: ['../..'] } },
});

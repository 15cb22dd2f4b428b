import { defineConfig } from 'vitest/config';

const nodeModules = '**/node_modules/**';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: [
            'src/**/*.test.ts',
            'test/**/*.test.ts',
            'bench/**/*.test.ts',
            'scripts/**/*.test.ts',
            'web/src/**/*.test.ts',
          ],
          exclude: [nodeModules, 'test/brokers/**', 'test/cluster/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Real servers and clients, one after the other: they share ports and this machine's loopback.
        test: {
          name: 'brokers',
          include: ['test/brokers/**/*.test.ts'],
          // Brokers start when they like.
          retry: 1,
          exclude: [nodeModules],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 600_000,
        },
      },
      {
        // A real cluster: the one that KUBECONFIG points to.
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          retry: 1,
          globalSetup: ['test/cluster/setup.ts'],
          exclude: [nodeModules],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});

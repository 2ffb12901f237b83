import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('without flags and variables it listens on loopback 8080, in memory', () => {
  expect(readConfig([], {})).toEqual({ config: { port: 8080, host: '127.0.0.1', dataDir: null, seedUsers: 0 } });
});

test('variables are read, and a flag wins over its variable', () => {
  const env = { PORT: '9000', HOST: '::', DATA_DIR: '/data', SEED_USERS: '5' };
  expect(readConfig(['--port', '0'], env)).toEqual({ config: { port: 0, host: '::', dataDir: '/data', seedUsers: 5 } });
});

test('every fault is told at once', () => {
  const result = readConfig(['--port', '65536', '--seed-users', 'many'], {});
  expect(result).toEqual({ faults: [expect.stringMatching(/^port: "65536"/), expect.stringMatching(/^seed-users:/)] });
});

test('an unknown flag is a fault', () => {
  expect(readConfig(['--prot', '1'], {})).toEqual({ faults: [expect.stringContaining('--prot')] });
});

test('help names every flag', () => {
  const result = readConfig(['--help'], {});
  expect(result).toEqual({ help: expect.stringContaining('--seed-users') });
});

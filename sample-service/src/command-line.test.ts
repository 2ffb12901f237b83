import { expect, test } from 'vitest';
import { readCommandLine } from './command-line.ts';

test('without flags and variables nothing is overridden', () => {
  expect(readCommandLine([], {})).toEqual({
    commandLine: { configPath: null, overrides: {}, seedUsers: 0, redrive: null },
  });
});

test('variables are read, and a flag wins over its variable', () => {
  const env = { PORT: '9000', HOST: '::', DATA_DIR: '/data', SEED_USERS: '5', CONFIG: 'service.yaml' };
  const overrides = { 'server.port': 0, 'server.host': '::', 'database.data_dir': '/data' };
  const commandLine = { configPath: 'service.yaml', overrides, seedUsers: 5, redrive: null };
  expect(readCommandLine(['--port', '0'], env)).toEqual({ commandLine });
});

test('every fault is told at once', () => {
  const result = readCommandLine(['--port', '65536', '--seed-users', 'many'], {});
  expect(result).toEqual({ faults: [expect.stringMatching(/^port: "65536"/), expect.stringMatching(/^seed-users:/)] });
});

test('an unknown flag is a fault', () => {
  expect(readCommandLine(['--prot', '1'], {})).toEqual({ faults: [expect.stringContaining('--prot')] });
});

test('help names every flag', () => {
  const result = readCommandLine(['--help'], {});
  expect(result).toEqual({ help: expect.stringContaining('--seed-users') });
});

test('dead letters are sent again by a command of its own', () => {
  const redriveOf = (...words: string[]) => {
    const result = readCommandLine(['redrive-dead-letters', ...words], {});
    return 'commandLine' in result && result.commandLine.redrive;
  };
  expect(redriveOf()).toEqual({ limit: Infinity, dryRun: false });
  expect(redriveOf('--limit', '5', '--dry-run')).toEqual({ limit: 5, dryRun: true });
});

test('an unknown command is a fault', () => {
  expect(readCommandLine(['redrive'], {})).toEqual({ faults: ['"redrive" is no command'] });
});

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** One small file per wall: where it would stand, what it says, and the rule that must stop it. */
const refused: { file: string; code: string; rule: string }[] = [
  { file: 'api/src/a.ts', code: `import '@fusebox/sidecar/refusals.ts';`, rule: 'no-restricted-imports' },
  { file: 'api/src/b.ts', code: `import '../../sidecar/src/refusals.ts';`, rule: 'no-restricted-imports' },
  { file: 'api/src/c.ts', code: `import 'node:fs/promises';`, rule: 'no-restricted-imports' },
  { file: 'api/src/compile/d.ts', code: `import 'node:fs';`, rule: 'no-restricted-imports' },
  { file: 'api/src/e.test.ts', code: `import '@fusebox/sidecar/refusals.ts';`, rule: 'no-restricted-imports' },

  { file: 'sidecar/src/wire/a.ts', code: `import 'node:net';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/wire/b.ts', code: `import '../io/log.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/wire/c.ts', code: `import '../stages/trace.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/wire/d.ts', code: `import '../stages.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/rules/a.ts', code: `import type { Socket } from 'node:net';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/rules/b.ts', code: `import '../main.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/rules/c.ts', code: `import 'undici';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/rules/d.ts', code: `import '@opentelemetry/api';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/rules/flags.ts', code: `import '@openfeature/flagd-core';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/rules/flag-rules.ts', code: `import '@opentelemetry/api';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/exchange.ts', code: `import './io/log.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/route-state.ts', code: `import './io/log.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/config.ts', code: `import './io/log.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/refusals.ts', code: `import 'node:http';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/stages/a.ts', code: `import '../io/log.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/stages/b.ts', code: `import '../main.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/stages/c.ts', code: `import 'node:timers/promises';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/stages.ts', code: `import './io/log.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/io/a.ts', code: `import '../stages/trace.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/io/b.ts', code: `import '../stages.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/io/start.ts', code: `import '../start-sidecar.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/io/c.ts', code: `import '../main.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/io/d.ts', code: `import '@fusebox/operator/main.ts';`, rule: 'no-restricted-imports' },
  {
    file: 'sidecar/src/io/main.ts',
    code: `import '../../../sample-service/src/app.ts';`,
    rule: 'no-restricted-imports',
  },
  { file: 'operator/src/reconcile/a.ts', code: `import 'undici';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/reconcile/b.ts', code: `import '../kube/client.ts';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/reconcile/c.ts', code: `import 'node:fs';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/reconcile/d.ts', code: `import '@fusebox/runtime/log.ts';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/status/conditions.ts', code: `import '../watch/store.ts';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/queue/a.ts', code: `import '../publish/io/x.ts';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/watch/a.ts', code: `import '../controller.ts';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/watch/b.ts', code: `import '@fusebox/sidecar/refusals.ts';`, rule: 'no-restricted-imports' },
  { file: 'runtime/src/a.ts', code: `import '@fusebox/sidecar/refusals.ts';`, rule: 'no-restricted-imports' },
  { file: 'sidecar/src/f.test.ts', code: `import '../../test/g.ts';`, rule: 'no-restricted-imports' },
  { file: 'operator/src/a.ts', code: `import '@fusebox/sidecar/refusals.ts';`, rule: 'no-restricted-imports' },
  { file: 'cli/src/a.ts', code: `import '../../operator/src/main.ts';`, rule: 'no-restricted-imports' },
  { file: 'sample-service/src/a.ts', code: `import '@fusebox/api/clock.ts';`, rule: 'no-restricted-imports' },
  { file: 'sample-service/src/b.ts', code: `import '../../api/src/clock.ts';`, rule: 'no-restricted-imports' },

  { file: 'api/src/now.ts', code: `export const now = Date.now();`, rule: 'no-restricted-globals' },
  { file: 'sidecar/src/rules/now.ts', code: `export const now = performance.now();`, rule: 'no-restricted-globals' },
  { file: 'sidecar/src/stages/later.ts', code: `setTimeout(String, 1);`, rule: 'no-restricted-globals' },
  { file: 'sidecar/src/wire/later.ts', code: `setInterval(String, 1);`, rule: 'no-restricted-globals' },
  { file: 'sidecar/src/listener.ts', code: `setImmediate(String);`, rule: 'no-restricted-globals' },
  { file: 'operator/src/now.ts', code: `export const now = new Date();`, rule: 'no-restricted-globals' },
  { file: 'sidecar/src/rules/chance.ts', code: `export const x = Math.random();`, rule: 'no-restricted-properties' },
  { file: 'sidecar/src/rules/wait.test.ts', code: `setTimeout(String, 1);`, rule: 'no-restricted-globals' },
  { file: 'sidecar/src/environment.ts', code: `export const { env } = process;`, rule: 'no-restricted-properties' },

  {
    file: 'sidecar/src/rules/five.ts',
    code: `export const f = (...x: [(a: 1, b: 1, c: 1, d: 1, e: 1) => 1]) => x;
    export function g(a: 1, b: 1, c: 1, d: 1, e: 1) { return [a, b, c, d, e]; }`,
    rule: 'max-params',
  },
  {
    file: 'sidecar/src/rules/long.ts',
    code: Array.from({ length: 281 }, (_, line) => `export const x${line} = 1;`).join('\n'),
    rule: 'max-lines',
  },
  {
    file: 'sidecar/src/rules/long-function.ts',
    code: `export function f() {${'\n'.repeat(81)} return 1; }`,
    rule: 'max-lines-per-function',
  },
  {
    file: 'sidecar/src/rules/branches.ts',
    code: `export function f(n: number) {\n${Array.from({ length: 25 }, (_, i) => `if (n === ${i}) return ${i + 1};`).join('\n')}\nreturn 0; }`,
    rule: 'complexity',
  },
  { file: 'sidecar/src/io/print.ts', code: `console.log('x');`, rule: 'no-console' },
  { file: 'api/src/print.ts', code: `console.log('x');`, rule: 'no-console' },
  { file: 'api/src/default.ts', code: `export default 1;`, rule: 'no-default-export' },
  { file: 'api/src/notKebab.ts', code: `export const x = 1;`, rule: 'filename-case' },
  {
    file: 'sidecar/src/io/floating.ts',
    code: `const f = async (): Promise<void> => {};\nf();`,
    rule: 'no-floating-promises',
  },
  {
    file: 'sidecar/src/io/misused.ts',
    code: `const f = async (): Promise<boolean> => true;\nexport const g = () => { if (f()) return 1; return 2; };`,
    rule: 'no-misused-promises',
  },
  { file: 'sidecar/src/io/await.ts', code: `export const g = async () => { await 1; };`, rule: 'await-thenable' },
  {
    file: 'sidecar/src/rules/switch.ts',
    code: `export const f = (x: 'a' | 'b') => { switch (x) { case 'a': return 1; } return 2; };`,
    rule: 'switch-exhaustiveness-check',
  },
];

/** What must stay allowed, or the walls would be in the way. */
const allowed: { file: string; code: string }[] = [
  { file: 'api/src/digest.ts', code: `import { createHash } from 'node:crypto';\nexport const x = createHash;` },
  { file: 'api/src/f.test.ts', code: `import { readFileSync } from 'node:fs';\nexport const x = readFileSync;` },
  {
    file: 'sidecar/src/rules/ok.ts',
    code: `import type { Clock } from '@fusebox/api/clock.ts';\nexport type C = Clock;`,
  },
  {
    file: 'sidecar/src/io/ok.ts',
    code: `import { connect } from 'node:net';\nexport const x = [connect, Date.now()];`,
  },
  { file: 'sidecar/src/main.ts', code: `import { x } from './io/ok.ts';\nexport const y = [x, process.env];` },
  { file: 'test/ok.test.ts', code: `export const x = setTimeout(String, 1);` },
  { file: 'bench/ok.ts', code: `console.log(performance.now(), process.env);` },
];

const folders = ['api', 'runtime', 'sidecar', 'operator', 'cli', 'sample-service', 'bench', 'test'];

describe('lint walls', () => {
  const tree = mkdtempSync(join(tmpdir(), 'fusebox-walls-'));
  const found = new Map<string, string[]>();

  beforeAll(() => {
    for (const { file, code } of [...refused, ...allowed]) {
      mkdirSync(join(tree, dirname(file)), { recursive: true });
      writeFileSync(join(tree, file), code + '\n');
    }
    for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
      copyFileSync(join(root, file), join(tree, file));
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    const { stdout } = spawnSync('oxlint', ['--format', 'json', ...folders], { cwd: tree, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
    for (const { filename, code } of diagnostics) {
      const rule = code.replace(/^.*\((.*)\)$/, '$1');
      found.set(filename, [...(found.get(filename) ?? []), rule]);
    }
  });
  afterAll(() => rmSync(tree, { recursive: true }));

  test.each(refused)('$rule stops $code in $file', ({ file, rule }) => {
    expect(found.get(file)).toContain(rule);
  });

  test.each(allowed)('nothing stops $code in $file', ({ file }) => {
    expect(found.get(file)).toBeUndefined();
  });
});

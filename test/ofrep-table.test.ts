/** The table of what OFREP answers (scenarios/ofrep.yaml), against a running sidecar. */
import { readFileSync } from 'node:fs';
import { readYaml } from '@fusebox/api/yaml-text.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SidecarProcess, startSidecar } from './support/sidecar-process.ts';

interface Row {
  /** Below `/ofrep/v1/evaluate/flags/`; empty: all flags. */
  path: string;
  method?: string;
  /** The body, as JSON or as it is. */
  send?: unknown;
  text?: string;
  /** How it names the validator of all flags for nobody in particular. */
  ifNoneMatch?: 'same' | 'weak' | 'list' | 'other';
  status: number;
  body?: object;
  only?: object;
  validator?: true;
  /** The keys of the list. */
  flags?: string[];
}

const [part] = readYaml(readFileSync(new URL('scenarios/ofrep.yaml', import.meta.url), 'utf8'));
const { flags, rows } = part!.value as { flags: Record<string, unknown>; rows: Row[] };

let sidecar: SidecarProcess;
let etag = '';
beforeAll(async () => {
  sidecar = await startSidecar({ upstream: 9, settings: { flags } });
  etag = (await ask({ path: '', text: '', status: 200 })).headers.get('etag')!;
});
afterAll(() => sidecar.kill());

function ask({ path, method = 'POST', send, text, ifNoneMatch }: Row): Promise<Response> {
  const named = { same: etag, weak: `W/${etag}`, list: `"x", ${etag}`, other: '"x"' };
  const headers = {
    'content-type': 'application/json',
    ...(ifNoneMatch !== undefined && { 'if-none-match': named[ifNoneMatch] }),
  };
  const body = text ?? (send === undefined ? null : JSON.stringify(send));
  const url = `http://127.0.0.1:${sidecar.local}/ofrep/v1/evaluate/flags${path === '' ? '' : `/${path}`}`;
  return fetch(url, { method, headers, body });
}

const titled = rows.map((row): [string, Row] => {
  const { path, method = 'POST', send, text, ifNoneMatch } = row;
  const what = text === undefined ? JSON.stringify(send) : `'${text}'`;
  return [`${method} /${path} ${what}${ifNoneMatch === undefined ? '' : ` if none match: ${ifNoneMatch}`}`, row];
});

test.each(titled)('%s', async (_title, row) => {
  const response = await ask(row);
  const text = await response.text();
  expect([response.status, text]).toEqual([row.status, row.status === 304 ? '' : expect.any(String)]);
  if (row.status === 304) return;
  const type =
    row.body === undefined && row.status >= 400 ? 'application/problem+json' : 'application/json; charset=utf-8';
  expect(response.headers.get('content-type')).toBe(type);
  const body = JSON.parse(text) as { flags?: { key: string }[] };
  if (row.body !== undefined) expect(body).toMatchObject(row.body);
  if (row.only !== undefined) expect(body).toEqual(row.only);
  if (row.flags !== undefined) expect(body.flags?.map(({ key }) => key)).toEqual(row.flags);
  if (row.validator === true) expect(response.headers.get('etag')).toMatch(/^"[\x21\x23-\x7e]+"$/);
  // A failure says what is wrong, for people.
  if (row.body !== undefined && row.status >= 400)
    expect(body).toHaveProperty('errorDetails', expect.stringMatching(/./));
});

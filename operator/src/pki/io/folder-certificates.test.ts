import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { systemClock } from '@fusebox/runtime/system-clock.ts';
import { afterEach, expect, test } from 'vitest';
import { issueRelayCredentials, RELAY_HOST, type RelayCredentials } from '../../relay/relay-credentials.ts';
import { type Authority, newAuthority } from '../authority.ts';
import { FolderCertificates } from './folder-certificates.ts';

const HOUR_MS = 3_600_000;
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

let nowMs = systemClock.wallMs();
const clock = { wallMs: () => nowMs };
const company = (): Authority => newAuthority('company', nowMs);

/** What a Secret of this authority holds. */
function filesOf(authority: Authority): Record<string, string> {
  const { certificate, key } = authority.issue({ name: 'operator', hosts: ['localhost'] });
  return { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.own.certificate };
}

function newFolder(files: Record<string, string> = {}): { folder: string; put(files: Record<string, string>): void } {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-tls-'));
  folders.push(folder);
  const put = (all: Record<string, string>): void => {
    for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  };
  put(files);
  return { folder, put };
}

test('what is in the folder is served, and until when it is good is known', async () => {
  const files = filesOf(company());
  const certificates = await FolderCertificates.begin({ folder: newFolder(files).folder, clock });
  expect(certificates.current).toEqual({
    bundle: files['ca.crt'],
    serving: { certificate: files['tls.crt'], key: files['tls.key'] },
  });
  expect(certificates.servingUntilMs).toBe(new X509Certificate(files['tls.crt']!).validToDate.getTime());
});

test('a renewed certificate is taken over, and told once', async () => {
  const authority = company();
  const { folder, put } = newFolder(filesOf(authority));
  const certificates = await FolderCertificates.begin({ folder, clock });
  let told = 0;
  const forget = certificates.onChange(() => (told += 1));
  const next = filesOf(authority);
  put(next);
  await certificates.check();
  await certificates.check();
  expect(certificates.current.serving.certificate).toBe(next['tls.crt']);
  expect([told, certificates.current.bundle]).toEqual([1, authority.own.certificate]);
  forget();
  put(filesOf(authority));
  await certificates.check();
  expect(told).toBe(1);
});

test('an authority that was replaced is trusted for an hour longer', async () => {
  const [one, other] = [company(), company()];
  const { folder, put } = newFolder(filesOf(one));
  const certificates = await FolderCertificates.begin({ folder, clock });
  put(filesOf(other));
  await certificates.check();
  expect(certificates.current.bundle).toBe(other.own.certificate + one.own.certificate);
  nowMs += HOUR_MS;
  await certificates.check();
  expect(certificates.current.bundle).toBe(other.own.certificate);
});

const wrong: [string, Record<string, string>, string][] = [
  ['a key of another certificate', { 'tls.key': filesOf(company())['tls.key']! }, 'is not the key of tls.crt'],
  ['no certificate to trust', { 'ca.crt': '' }, 'ca.crt holds no certificate'],
  ['what is no certificate', { 'tls.crt': 'none' }, 'cannot be used'],
];

test.each(wrong)('%s is told, and what was in force stays', async (_, change, message) => {
  const files = filesOf(company());
  const { folder, put } = newFolder(files);
  const certificates = await FolderCertificates.begin({ folder, clock });
  const before = certificates.current;
  put(change);
  await expect(certificates.check()).rejects.toThrow(message);
  expect(certificates.current).toBe(before);
  await expect(FolderCertificates.begin({ folder, clock })).rejects.toThrow(folder);
  const next = filesOf(company());
  put(next);
  await certificates.check();
  expect(certificates.current.serving.certificate).toBe(next['tls.crt']);
});

test('a file that is missing is named', async () => {
  const { folder } = newFolder({ 'tls.crt': 'x', 'tls.key': 'x' });
  await expect(FolderCertificates.begin({ folder, clock })).rejects.toThrow('ca.crt');
});

/** Whether the one who calls and the one who is called accept each other. */
async function meet(called: RelayCredentials, caller: RelayCredentials): Promise<boolean> {
  const server = createServer({
    cert: called.called.certificate,
    key: called.called.key,
    ca: called.bundle,
    requestCert: true,
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const met = new Promise<boolean>((resolve) => {
    server.on('secureConnection', (socket) => resolve(socket.authorized));
    server.on('tlsClientError', () => resolve(false));
  });
  const { port } = server.address() as AddressInfo;
  const socket = connect({
    ...{ host: '127.0.0.1', port, ca: caller.bundle, cert: caller.caller.certificate, key: caller.caller.key },
    servername: RELAY_HOST,
  });
  socket.on('error', () => socket.destroy());
  const result = await met;
  socket.destroy();
  server.close();
  return result;
}

test('replicas with the same files know each other; whoever has another certificate of that authority is no replica', async () => {
  const authority = company();
  const files = filesOf(authority);
  const [one, other, stranger] = await Promise.all(
    [files, files, filesOf(authority)].map(async (theirs) => {
      const { folder, put } = newFolder(theirs);
      const certificates = await FolderCertificates.begin({ folder, clock });
      return { put, certificates, credentials: () => issueRelayCredentials(certificates, clock) };
    }),
  );
  expect(await meet(await one!.credentials(), await other!.credentials())).toBe(true);
  expect(await meet(await one!.credentials(), await stranger!.credentials())).toBe(false);
  expect(await meet(await stranger!.credentials(), await one!.credentials())).toBe(false);

  // Both have come over to the next key, and one of them still shows what it was given before.
  const before = await one!.credentials();
  const next = filesOf(authority);
  for (const { put, certificates } of [one!, other!]) {
    put(next);
    await certificates.check();
  }
  expect(await meet(await other!.credentials(), await one!.credentials())).toBe(true);
  expect(await meet(await other!.credentials(), { ...(await one!.credentials()), caller: before.caller })).toBe(true);
  nowMs += HOUR_MS;
  await other!.certificates.check();
  expect(await meet(await other!.credentials(), before)).toBe(false);
});

import { X509Certificate, createPrivateKey } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@fusebox/runtime/system-clock.ts';
import { expect, test } from 'vitest';
import { newAuthority, openAuthority } from './authority.ts';

/** 2049-12-31T12:00:00Z. */
const NOW_MS = 2_524_564_800_000;

test('the authority signs itself, and may sign others', () => {
  const authority = new X509Certificate(newAuthority('tests', NOW_MS).own.certificate);
  expect(authority.ca).toBe(true);
  expect(authority.subject).toBe('CN=tests');
  expect(authority.verify(authority.publicKey)).toBe(true);
});

test('a certificate says who it is for, until when, and fits its key', () => {
  const authority = newAuthority('tests', NOW_MS);
  const { certificate, key } = authority.issue({ name: 'admin', organization: 'system:masters' });
  const read = new X509Certificate(certificate);
  expect(read.subject).toBe('O=system:masters\nCN=admin');
  expect(read.checkIssued(new X509Certificate(authority.own.certificate))).toBe(true);
  expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
  // A time before 2050 and one after it are written in different forms.
  expect([read.validFromDate, read.validToDate].map((date) => date.toISOString())).toEqual([
    '2049-12-31T11:00:00.000Z',
    '2050-01-07T12:00:00.000Z',
  ]);
  expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
});

test('TLS accepts the certificates of both sides', async () => {
  const authority = newAuthority('tests', systemClock.wallMs());
  const served = authority.issue({ name: 'server', hosts: ['localhost', '127.0.0.1'] });
  const ca = authority.own.certificate;
  const server = createServer({ cert: served.certificate, key: served.key, ca, requestCert: true }, (socket) =>
    socket.end(String(socket.authorized)),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const own = authority.issue({ name: 'client' });
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ca, cert: own.certificate, key: own.key });
  expect(String((await once(socket, 'data'))[0])).toBe('true');
  server.close();
});

test('a certificate may serve under names and addresses of both families', () => {
  const hosts = ['operator.fusebox.svc', '10.0.0.1', '::1', 'fd00::7:0:1', '2001:db8:1:2:3:4:5:6'];
  const { certificate } = newAuthority('tests', NOW_MS).issue({ name: 'server', hosts });
  const read = new X509Certificate(certificate);
  expect(read.checkHost('operator.fusebox.svc')).toBe('operator.fusebox.svc');
  for (const address of hosts.slice(1)) expect(read.checkIP(address), address).toBe(address);
  expect(read.checkIP('10.0.0.2')).toBeUndefined();
});

test('an authority that was kept signs like the one that was made', () => {
  const made = newAuthority('tests', NOW_MS);
  const period = { fromMs: NOW_MS, untilMs: NOW_MS + 60_000 };
  const read = new X509Certificate(openAuthority(made.own, 'tests', period).issue({ name: 'client' }).certificate);
  expect(read.verify(new X509Certificate(made.own.certificate).publicKey)).toBe(true);
  expect(read.validToDate.getTime()).toBe(NOW_MS + 60_000);
});

import { X509Certificate, createPrivateKey } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { newAuthority } from './authority.ts';

const NOW_MS = Date.UTC(2049, 11, 31, 12);

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
  const authority = newAuthority('tests', Date.now());
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

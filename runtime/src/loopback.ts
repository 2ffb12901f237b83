import type { IncomingMessage } from 'node:http';

/** The address of a peer on this machine: 127.0.0.0/8, also mapped into IPv6, or ::1. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === '127.0.0.1') return true;
  if (address === undefined) return false;
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}

/**
 * Is this `Host` a name for this machine? A page that has rebound its own name to 127.0.0.1 arrives over loopback, but with that
 * name; a request without `Host` does not come from a browser.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined || /^127\.0\.0\.1(?::\d*)?$/.test(host)) return true;
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return name === 'localhost' || isLoopbackAddress(name.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * Why this caller may not use an endpoint for this machine only, or null. A browser on this machine reaches loopback for any page that it shows:
 * `Origin` gives away a page that posts, `Sec-Fetch-Site` (Fetch Metadata) one that embeds or gets, and a foreign `Host` one that
 * rebound its name (DNS rebinding). `none` is somebody who typed the address.
 */
export function loopbackFault(request: IncomingMessage): string | null {
  if (!isLoopbackAddress(request.socket.remoteAddress)) return 'only callers on this machine may ask for this';
  const { origin, 'sec-fetch-site': site = 'none' } = request.headers;
  if (origin !== undefined || site !== 'none') return 'requests made by web pages are refused here';
  if (!isLoopbackHost(request.headers.host)) return 'the Host of the request must be localhost or a loopback address';
  return null;
}

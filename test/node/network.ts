import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

export const NODE_ADDRESS = '10.123.0.1';
export const POD_RANGE = '10.244.0.0/16';
export const DNS_ADDRESS = '10.96.0.10';

/** Interfaces of the node: loopback, and a bridge without a port, so there is no way out and none in. */
export function makeNetwork(): void {
  const ip = (...args: string[]): void => void execFileSync('ip', args);
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'node0', 'type', 'bridge');
  ip('addr', 'add', `${NODE_ADDRESS}/24`, 'dev', 'node0');
  ip('addr', 'add', `${DNS_ADDRESS}/32`, 'dev', 'node0');
  ip('link', 'set', 'node0', 'up');
  // Services' addresses need a route, so that packets for them come to where kube-proxy turns them around.
  ip('route', 'add', 'default', 'dev', 'node0');
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
}

/** How pods are connected: a bridge, addresses from one range. */
export const cniConfig = (dataDir: string): object => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      hairpinMode: true,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir,
        ranges: [[{ subnet: '10.244.0.0/24' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
});

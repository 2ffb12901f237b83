/** The rule that a redirected pod is given, by the very command of its init container, in a network namespace of its own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { injectionSettings } from '@fusebox/operator/inject/injection-settings.ts';
import { redirectContainer } from '@fusebox/operator/inject/sidecar-container.ts';
import { expect, test } from 'vitest';
import { isInstallable, whyNotRun } from './support/installed.ts';
import { newFolder } from './support/settings.ts';

const missing = whyNotRun(['nft', 'ip', 'unshare']);
const grants = spawnSync('unshare', ['-rn', 'true'], { stdio: 'ignore' }).status === 0;

const settings = injectionSettings(
  { interception: 'Redirect' },
  { sidecarImage: 'sidecar', redirectImage: 'redirect' },
);
const container = redirectContainer(settings, 8080);
const quoted = [...(container['command'] as string[]), ...(container['args'] as string[])].map((word) => `'${word}'`);

/** A pod, somebody outside, and a cable between them; who answers which address is printed. */
const SCRIPT = `
set -e
unshare -n sleep 60 & outside=$!
trap 'kill $outside $servers' EXIT
for _ in $(seq 100); do [ "$(readlink /proc/$outside/ns/net)" != "$(readlink /proc/self/ns/net)" ] && break; sleep 0.02; done
ip link set lo up
ip link add pod type veth peer name out netns $outside
ip address add 10.9.0.1/24 dev pod; ip address add fd09::1/64 dev pod nodad; ip link set pod up
nsenter -t $outside -n sh -c 'ip address add 10.9.0.2/24 dev out; ip address add fd09::2/64 dev out nodad; ip link set out up'
"$NODE" -e '
  for (const [port, name] of [[8080, "service"], [4140, "sidecar"], [9090, "other"]])
    require("node:http").createServer((_, response) => response.end(name)).listen(port, "::", () => console.error(port));
' 2> "$READY" & servers=$!
until [ "$(wc -l < "$READY")" = 3 ]; do sleep 0.02; done
${quoted.join(' ')}
# Once more, as after a restart of the pod's sandbox.
${quoted.join(' ')}
ASK='
  (async () => {
    for (const url of process.argv.slice(1)) console.log(url, await (await fetch(url)).text());
  })();
'
nsenter -t $outside -n "$NODE" -e "$ASK" http://10.9.0.1:8080 http://[fd09::1]:8080 http://10.9.0.1:4140 http://10.9.0.1:9090
"$NODE" -e "$ASK" http://127.0.0.1:8080 http://[::1]:8080 http://10.9.0.1:8080
`;

const title = 'what comes from outside for the port goes to the sidecar; what the sidecar sends goes to the service';

if (!grants) {
  test(title, ({ skip }) => skip('this machine grants no namespaces (unshare -rn fails)'));
} else if (missing !== null) {
  test(title, ({ skip }) => {
    if (process.env['CI'] === 'true' && isInstallable()) expect.unreachable(missing);
    skip(missing);
  });
} else {
  test(title, async () => {
    const folder = await newFolder();
    const env = { ...process.env, NODE: process.execPath, READY: join(folder.path, 'ready') };
    const options = { env, encoding: 'utf8', timeout: 30_000 } as const;
    const { stdout, stderr, status } = spawnSync('unshare', ['-rn', 'bash', '-c', SCRIPT], options);
    await folder.remove();
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout.trim().split('\n')).toEqual([
      'http://10.9.0.1:8080 sidecar',
      'http://[fd09::1]:8080 sidecar',
      'http://10.9.0.1:4140 sidecar',
      'http://10.9.0.1:9090 other',
      'http://127.0.0.1:8080 service',
      'http://[::1]:8080 service',
      'http://10.9.0.1:8080 service',
    ]);
  });
}

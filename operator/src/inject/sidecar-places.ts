/** Where a sidecar in a pod listens and finds its files. Images and the sidecar's options agree with it. */

/** Traffic to the service arrives here. */
export const INBOUND_PORT = 4140;

/** Probes and metrics. */
export const ADMIN_PORT = 4143;

/** Every port that the sidecar takes in the pod: inbound, outbound, local and admin. */
export const SIDECAR_PORTS: readonly number[] = [INBOUND_PORT, 4141, 4142, ADMIN_PORT];

/** Where the service asks for flags. */
export const LOCAL_API = 'http://127.0.0.1:4142';

/** What runs in the image, for `exec`: there is no shell in it. */
export const SIDECAR_COMMAND: readonly string[] = ['/nodejs/bin/node', '/app/fusebox-sidecar.mjs'];

/** User and group of the sidecar, on every kind of interception. */
export const SIDECAR_USER = 65_532;

const FOLDER = '/var/run/fusebox';

/** What is mounted in the sidecar, by the name of the volume. */
export const MOUNTS = {
  'fusebox-token': `${FOLDER}/token`,
  'fusebox-ca': `${FOLDER}/ca`,
  'fusebox-live': `${FOLDER}/live`,
  'fusebox-data': `${FOLDER}/data`,
} as const;

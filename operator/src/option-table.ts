/**
 * Every option of `fusebox-operator`, once: the parser and `--help` read this table. A variable is the flag's name with
 * `FUSEBOX_`; as in the sidecar, no option may be called `port`.
 */
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import { option, type Parsed } from '@fusebox/runtime/option.ts';
import * as plain from '@fusebox/runtime/option-values.ts';

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const HOST = /^[A-Za-z0-9:]([-A-Za-z0-9.:]{0,251}[A-Za-z0-9])?$/;

/** `NAMESPACE/NAME`, or `none` for null. */
function objectPlace(text: string): Parsed<{ namespace: string; name: string } | null> {
  if (text === 'none') return { value: null };
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (rest.length > 0 || !NAME.test(namespace) || !NAME.test(name)) return { fault: 'is not NAMESPACE/NAME' };
  return { value: { namespace, name } };
}

function objectName(text: string): Parsed<string> {
  return NAME.test(text) ? { value: text } : { fault: 'is not a name (lower-case letters, digits, - and .)' };
}

function hostName(text: string): Parsed<string> {
  return HOST.test(text) ? { value: text } : { fault: 'is no host name or IP address' };
}

/** It cannot be closed: a leader without it would know too little to write anything. */
function relayAddress(text: string): Parsed<plain.ListenAddress> {
  const parsed = plain.listenAddress(text);
  if ('fault' in parsed) return parsed;
  return parsed.value === null ? { fault: 'cannot be closed' } : { value: parsed.value };
}

/** A name, or `none` for null. */
const objectNameOrNone = (text: string): Parsed<string | null> =>
  text === 'none' ? { value: null } : objectName(text);

/** A `nats` or `tls` URL, or `none` for null. */
function natsUrl(text: string): Parsed<string | null> {
  if (text === 'none') return { value: null };
  const url = URL.parse(text);
  const known = url !== null && ['nats:', 'tls:'].includes(url.protocol) && url.hostname !== '';
  return known ? { value: text } : { fault: 'is not a URL like nats://nats:4222' };
}

/** `https`, a host and a port. */
function sidecarUrl(text: string): Parsed<string> {
  const url = URL.parse(text);
  const known = url?.protocol === 'https:' && url.href === `${url.origin}/`;
  return known ? { value: url.origin } : { fault: 'is not a URL like https://fusebox-operator.fusebox.svc:4150' };
}

/** A comma list of DNS names and IP addresses. */
function hostNames(text: string): Parsed<string[]> {
  const names = text.split(',').map((part) => part.trim());
  const bad = names.find((name) => !HOST.test(name));
  return bad === undefined ? { value: names } : { fault: `has "${bad}", which is no host name or IP address` };
}

/** The options by the name of their value, in the order of the help. */
export const optionTable = {
  serve: option('serve', {
    group: 'Addresses',
    placeholder: 'HOST:PORT',
    help: 'Where sidecars fetch their settings, over TLS. Without a host: all addresses, IPv4 and IPv6. "none" closes it.',
    builtIn: ':4150',
    parse: plain.listenAddress,
  }),
  webhook: option('webhook', {
    group: 'Addresses',
    placeholder: 'HOST:PORT',
    help: 'Where the API server asks whether an edit is valid, over TLS. "none" closes it.',
    builtIn: ':4151',
    parse: plain.listenAddress,
  }),
  admin: option('admin', {
    group: 'Addresses',
    placeholder: 'HOST:PORT',
    help: 'Where /livez, /readyz and /metrics answer. "none" closes it.',
    builtIn: ':4153',
    parse: plain.listenAddress,
  }),
  relay: option('relay', {
    group: 'Addresses',
    placeholder: 'HOST:PORT',
    help: 'Where the other replicas bring what sidecars report to them, over TLS, when this one leads. Used with --lease only.',
    builtIn: ':4152',
    parse: relayAddress,
  }),
  advertise: option('advertise', {
    group: 'Addresses',
    placeholder: 'HOST',
    help: 'The host by which other replicas call this one. Without it: the name of the machine.',
    moreEnv: ['POD_IP'],
    parse: hostName,
  }),
  kubeconfig: option('kubeconfig', {
    group: 'Cluster',
    placeholder: 'FILE',
    help: 'How to reach the API server. Without it: as a pod of the cluster does.',
    parse: plain.nonEmpty,
  }),
  namespace: option('namespace', {
    group: 'Cluster',
    placeholder: 'NAME',
    help: 'Where the operator is; its certificate authority is kept there, in the Secret fusebox-ca. Without it: in memory, so that sidecars must be told of a new one after each start.',
    moreEnv: ['POD_NAMESPACE'],
    parse: objectName,
  }),
  lease: option('lease', {
    group: 'Cluster',
    placeholder: 'NAMESPACE/NAME',
    help: 'The Lease that says which of several replicas writes; its namespace must be --namespace. "none": this is the only one.',
    builtIn: 'none',
    parse: objectPlace,
  }),
  webhookConfiguration: option('webhook-configuration', {
    group: 'Certificates',
    placeholder: 'NAME',
    help: 'The ValidatingWebhookConfiguration and MutatingWebhookConfiguration whose caBundle is kept equal to what the operator is trusted by. "none": it is somebody else\'s business.',
    builtIn: 'none',
    parse: objectNameOrNone,
  }),
  tlsDir: option('tls-dir', {
    group: 'Certificates',
    placeholder: 'DIR',
    help: 'Certificates that somebody else makes: tls.crt, tls.key, and ca.crt with what clients are to trust. Followed when they change. Without it: the operator is an authority of its own.',
    parse: plain.nonEmpty,
  }),
  hosts: option('host-names', {
    group: 'Certificates',
    placeholder: 'LIST',
    help: 'Names and addresses that sidecars and the API server know the operator by; for certificates of its own. Without it: localhost, 127.0.0.1, ::1, and the names of the Service fusebox-operator in --namespace.',
    repeatable: true,
    parse: hostNames,
  }),
  caFile: option('ca-file', {
    group: 'Certificates',
    placeholder: 'FILE',
    help: 'Written with the certificates to trust, for sidecars on this machine; kept up to date.',
    parse: plain.nonEmpty,
  }),
  sidecarImage: option('sidecar-image', {
    group: 'Injection',
    placeholder: 'IMAGE',
    help: 'The image of the sidecar where no SidecarProfile names one.',
    builtIn: `ghcr.io/fusebox/sidecar:${PRODUCT_VERSION}`,
    parse: plain.nonEmpty,
  }),
  redirectImage: option('redirect-image', {
    group: 'Injection',
    placeholder: 'IMAGE',
    help: 'The image with /usr/sbin/nft, for SidecarProfiles with interception: Redirect.',
    builtIn: `ghcr.io/fusebox/redirect:${PRODUCT_VERSION}`,
    parse: plain.nonEmpty,
  }),
  operatorUrl: option('operator-url', {
    group: 'Injection',
    placeholder: 'URL',
    help: 'Where injected sidecars find --serve. Without it: the Service fusebox-operator in --namespace, at the same port; without --namespace nothing is injected.',
    parse: sidecarUrl,
  }),
  nats: option('nats', {
    group: 'News',
    placeholder: 'URL',
    help: 'Where changes of circuits are told as CloudEvents, on fusebox.circuit.NAMESPACE.WORKLOAD.opened, .half-opened and .closed; like nats://nats:4222. "none": nowhere.',
    builtIn: 'none',
    parse: natsUrl,
  }),
  logLevel: option('log-level', {
    group: 'Other',
    placeholder: 'LEVEL',
    help: 'The least important lines that are written: debug, info, warn or error.',
    builtIn: 'info',
    parse: plain.logLevel,
  }),
  help: option('help', { group: 'Other', placeholder: null, help: 'Prints this text.', parse: plain.truth }),
} as const;

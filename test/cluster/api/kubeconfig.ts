import { readYaml } from '@fusebox/api/yaml-text.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Credentials } from '@fusebox/operator/pki/authority.ts';

/** What a client needs to reach an API server. */
export interface Access {
  /** Such as `https://127.0.0.1:41233`. */
  server: string;
  /** PEM of the authority that signed the server's certificate. */
  ca: string;
  /** A client certificate, unless a token is used. */
  credentials?: Credentials;
  token?: string;
}

/** Writes a kubeconfig file with one cluster and one user, readable by its owner only. (JSON is YAML.) */
export function writeKubeconfig(path: string, { server, ca, credentials, token }: Access): void {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user =
    credentials === undefined
      ? { token }
      : {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.key),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

/** The access of a file's current context. @throws Error when it is not there, or the user signs in neither by certificate nor by token. */
export function readKubeconfig(path: string): Access {
  const config = readYaml(readFileSync(path, 'utf8'))[0]?.value as Config | undefined;
  const context = named(config?.contexts, config?.['current-context'])?.context;
  const cluster = named(config?.clusters, context?.cluster)?.cluster;
  const user = named(config?.users, context?.user)?.user;
  if (cluster === undefined || user === undefined)
    throw new Error(`${path} has no current context with cluster and user`);

  const text = (values: Record<string, string>, name: string): string | undefined => {
    const data = values[`${name}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    const file = values[name];
    return file === undefined ? undefined : readFileSync(resolve(dirname(path), file), 'utf8');
  };
  const access = { server: cluster['server'] ?? '', ca: text(cluster, 'certificate-authority') ?? '' };
  const certificate = text(user, 'client-certificate');
  const key = text(user, 'client-key');
  if (certificate !== undefined && key !== undefined) return { ...access, credentials: { certificate, key } };
  const token = user['token'];
  if (token === undefined) throw new Error(`the user of ${path} has neither a client certificate nor a token`);
  return { ...access, token };
}

interface Config {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  clusters?: { name: string; cluster: Record<string, string> }[];
  users?: { name: string; user: Record<string, string> }[];
}

const named = <T extends { name: string }>(list: readonly T[] | undefined, name: string | undefined): T | undefined =>
  list?.find((entry) => entry.name === name);

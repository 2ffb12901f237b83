import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../api/api-client.ts';
import type { Component } from './component.ts';

const LOOK_MS = 50;
/** Generous: a busy machine with two cores is slow, not broken. */
const PATIENCE_MS = 180_000;

/** Resolves when a GET of `path` is answered by 200. @throws Error when one of the components ends before, or after 3 minutes. */
export async function waitUntilOk(client: ApiClient, path: string, components: readonly Component[]): Promise<void> {
  const settled = new AbortController();
  const look = async (): Promise<void> => {
    let last = 'no answer';
    for (const endMs = performance.now() + PATIENCE_MS; !settled.signal.aborted; await pause(LOOK_MS)) {
      const answer = await client.call('GET', path).catch(() => null);
      if (answer?.status === 200) return;
      if (answer !== null) last = `status ${answer.status}`;
      if (performance.now() > endMs) throw new Error(`waited in vain for ${path}: ${last}`);
    }
  };
  try {
    await Promise.race([look(), ...components.map((component) => component.death())]);
  } finally {
    settled.abort();
  }
}

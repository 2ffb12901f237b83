import type { Peer } from './peer.ts';
import { wholeRequest, type ScriptedService } from './scripted-service.ts';

/** The service keeps requests for this path waiting; each that comes is handed to the test with its connection, in order. */
export function held(service: ScriptedService, path: string): () => Promise<Peer> {
  const arrived: Peer[] = [];
  const waiting: ((connection: Peer) => void)[] = [];
  service.on(path, async (connection, head) => {
    await wholeRequest(connection, head);
    const next = waiting.shift();
    if (next === undefined) arrived.push(connection);
    else next(connection);
  });
  return () => {
    const first = arrived.shift();
    return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
  };
}

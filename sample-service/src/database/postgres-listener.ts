import pg from 'pg';
import type { After } from '../back-pressure.ts';
import type { Log } from '../log.ts';

/** How long until the next try to connect (ms). */
const reconnectMs = 500;

interface Options {
  config: pg.ClientConfig;
  channel: string;
  onNotify: () => void;
  log: Log;
  after: After;
}

/**
 * Listens on a connection of its own, which is none of the pool's. Where it was lost, notifications may have been, too:
 * after each reconnection `onNotify` is called once.
 * @throws the driver's error where the first connection fails
 */
export async function listenForever({
  config,
  channel,
  onNotify,
  log,
  after,
}: Options): Promise<{ stop(): Promise<void> }> {
  let client: pg.Client | null = null;
  let cancel = (): void => {};
  let stopped = false;

  const connect = async (): Promise<void> => {
    const next = new pg.Client(config);
    // Both may come, or only the end.
    const onLoss = (error?: Error): void => {
      if (client !== next || stopped) return;
      client = null;
      log.warn('the connection that listens was lost', { channel, error });
      void next.end().catch(() => {});
      retry();
    };
    next.on('error', onLoss);
    next.on('end', onLoss);
    next.on('notification', (message) => {
      if (message.channel === channel) onNotify();
    });
    try {
      await next.connect();
      await next.query(`listen ${next.escapeIdentifier(channel)}`);
    } catch (error) {
      void next.end().catch(() => {});
      throw error;
    }
    client = next;
    if (stopped) await next.end();
  };
  const retry = (): void => {
    cancel = after(reconnectMs, () => void connect().then(onNotify, () => !stopped && retry()));
  };

  await connect();
  return {
    async stop() {
      stopped = true;
      cancel();
      await client?.end();
    },
  };
}

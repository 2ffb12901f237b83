import { hostAddress } from '../host-address.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { startCollector, type SpanCollector } from '../../support/span-collector.ts';

/** What a real cluster has somewhere, and this one has beside it, where its pods reach it. */
export interface Outside extends AsyncDisposable {
  /** Of an empty database. */
  databaseUrl: string;
  nats: NatsServer;
  /** Takes spans by OTLP over HTTP. */
  spans: SpanCollector;
}

/** Starts a PostgreSQL, a NATS server and a receiver of spans. */
export async function startOutside(): Promise<Outside> {
  const host = hostAddress();
  await using parts = new AsyncDisposableStack();
  const postgres = parts.use(await PostgresServer.start([], host));
  const nats = parts.use(await NatsServer.start([], host));
  const spans = parts.adopt(await startCollector(host), (it) => it.close());
  const open = parts.move();
  return {
    databaseUrl: postgres.newDatabase(host),
    nats,
    spans,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

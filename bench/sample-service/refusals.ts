import { Agent, get } from 'node:http';
import pg from 'pg';
import { startSampleService } from './start.ts';

interface Answer {
  status: number;
  tookMs: number;
}

/** One request over one of this agent's connections. `retryAfter` tells whether it says when to come back. */
function ask(url: string, agent: Agent): Promise<Answer & { retryAfter: boolean }> {
  const begunMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      response.resume().once('end', () => {
        const tookMs = performance.now() - begunMs;
        resolve({ status: response.statusCode!, tookMs, retryAfter: response.headers['retry-after'] !== undefined });
      });
    });
    request.once('error', reject);
  });
}

/** How long each of `count` requests takes, one after the other, while all places and the queue are taken (ms). @throws unless all are refused. */
export async function refusals(databaseUrl: string, count: number): Promise<number[]> {
  const database = { max_connections: 2, max_waiting: 1, max_wait_ms: 60_000, query_timeout_ms: 60_000 };
  const config = { server: { workers: 1 }, database };
  const server = await startSampleService({ name: 'refusals', databaseUrl, config });
  const agent = new Agent({ keepAlive: true });
  const url = `http://127.0.0.1:${server.port}/users/42`;
  const lock = new pg.Client({ connectionString: databaseUrl });
  await lock.connect();
  try {
    await lock.query('begin');
    await lock.query('lock table users');
    const inside = Promise.all([ask(url, agent), ask(url, agent)]);
    const tookMs: number[] = [];
    while (tookMs.length < count) {
      const { status, retryAfter, tookMs: took } = await ask(url, agent);
      if (status !== 503 || !retryAfter) throw new Error(`not refused, but ${status}`);
      tookMs.push(took);
    }
    await lock.query('rollback');
    await inside;
    return tookMs;
  } finally {
    agent.destroy();
    await lock.end();
    await server.stop();
  }
}

/** A thousand requests at once, each on a connection of its own, on five connections to the database. */
export async function burst(databaseUrl: string): Promise<Answer[]> {
  const config = { server: { workers: 1 }, database: { max_connections: 5 } };
  const server = await startSampleService({ name: 'burst', databaseUrl, config });
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  try {
    const urls = Array.from({ length: 1_000 }, (_, at) => `http://127.0.0.1:${server.port}/users/${1 + (at % 100)}`);
    return await Promise.all(urls.map((url) => ask(url, agent)));
  } finally {
    agent.destroy();
    await server.stop();
  }
}

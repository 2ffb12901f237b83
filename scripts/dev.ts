/**
 * Runs the sample service with stand-ins for the world around it, until Ctrl-C. The parts that the environment names
 * (DATABASE_URL, REDIS_URL, NATS_URL, SMTP_URL, OTEL_EXPORTER_OTLP_ENDPOINT …) are real, all others embedded.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Children } from './demo/children.ts';
import { examples } from './dev/examples.ts';

const source = resolve(import.meta.dirname, '../sample-service');
const defaultPort = '8080';

const folder = mkdtempSync(join(tmpdir(), 'sample-service-'));
const config = join(folder, 'config.yaml');
copyFileSync(join(source, 'config.dev.yaml'), config);
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const children = new Children();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void children.stopAll().then(() => process.exit()));
}

try {
  const standIns = await children.start({ name: 'stand-ins', args: [join(source, 'src/stand-ins/main.ts')] });
  const payments = String(standIns.listening['payments_url']);
  const profiles = String(standIns.listening['profiles_url']);
  const service = await children.start({
    name: 'service',
    args: [join(source, 'src/main.ts'), '--config', config, '--seed-users', '3'],
    // What the environment says comes last: it may name a real payment service.
    env: { PORT: defaultPort, PAYMENTS_URL: payments, PROFILES_URL: profiles, ...process.env },
    onLine: (line) => console.log(JSON.stringify(line)),
  });
  const url = `http://127.0.0.1:${Number(service.listening['port'])}`;
  console.log(examples({ url, payments, profiles, config }));
  await children.accident;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await children.stopAll();
  process.exit(1);
}

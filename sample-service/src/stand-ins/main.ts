/** The stand-ins as a program: for `make dev` and the demo. */
import { parseArgs } from 'node:util';
import { startPaymentStandIn } from './payment-stand-in.ts';
import { startProfileStandIn } from './profile-stand-in.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    'payments-port': { type: 'string', default: '0' },
    'profiles-port': { type: 'string', default: '0' },
  },
});
const { host } = values;
const payments = await startPaymentStandIn({ host, port: Number(values['payments-port']) });
const profiles = await startProfileStandIn({ host, port: Number(values['profiles-port']) });
process.stdout.write(
  `${JSON.stringify({ message: 'listening', payments_url: payments.url, profiles_url: profiles.url })}\n`,
);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void Promise.all([payments.close(), profiles.close()]).then(() => process.exit(0)));
}

/** With `payments.breaker: none` whatever stands between breaks the circuit: here a sidecar before the payment service. */
import { silentLog } from '@fusebox/sample-service/log.ts';
import { createOutgoing } from '@fusebox/sample-service/outgoing.ts';
import { createBreaker } from '@fusebox/sample-service/payments/breaker.ts';
import { createPayments } from '@fusebox/sample-service/payments/payment-client.ts';
import { backgroundScope } from '@fusebox/sample-service/scope.ts';
import { changeableSettings } from '@fusebox/sample-service/settings/changeable-settings.ts';
import { startPaymentStandIn } from '@fusebox/sample-service/stand-ins/payment-stand-in.ts';
import { expect, test } from 'vitest';
import { startSidecar } from './support/sidecar-process.ts';
import { until } from './support/until.ts';

test("a sidecar's open circuit is told on with the time to wait, and trials close it", async () => {
  const service = await startPaymentStandIn();
  await using sidecar = await startSidecar({
    upstream: Number(new URL(service.url).port),
    settings: {
      inbound: { defaults: { circuitBreaker: { failureThreshold: 3, resetTimeout: '300ms', resetJitter: 0 } } },
    },
  });
  const settings = changeableSettings({
    'payments.url': `http://127.0.0.1:${sidecar.inbound}`,
    'payments.breaker': 'none',
  });
  const outgoing = createOutgoing();
  const breaker = createBreaker({ settings, log: silentLog, nowMs: Date.now });
  const payments = createPayments({ settings, outgoing, breaker, log: silentLog });
  let keys = 0;
  const pay = () =>
    payments.pay(backgroundScope('test'), { userId: 1, amountMinor: 1_250, currency: 'EUR' }, `key-${++keys}`);

  expect(await pay()).toMatchObject({ kind: 'accepted' });
  service.faults = { mode: 'failing', share: 1, delay_ms: 0 };
  for (let at = 0; at < 3; at++) expect(await pay()).toMatchObject({ kind: 'failed', retryAfter: null });
  expect(await pay()).toMatchObject({ kind: 'failed', retryAfter: expect.stringMatching(/^[1-9]\d*$/) as string });
  expect(service.stats.calls).toBe(4);

  service.faults = { mode: 'none', share: 1, delay_ms: 0 };
  await until('a trial has passed', async () => (await pay()).kind === 'accepted');
  breaker.close();
  await outgoing.close();
  await service.close();
});

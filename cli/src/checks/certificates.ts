import { X509Certificate } from 'node:crypto';
import type { Finding } from './finding.ts';

const DAY_MS = 86_400_000;
/** The operator renews at two thirds of a certificate's life: one that is this near to its end was missed. */
const SOON_DAYS = 7;

/** What is read of a webhook configuration. */
export interface WebhookConfiguration {
  metadata: { name: string };
  webhooks?: { name: string; clientConfig: { caBundle?: string } }[];
}

/** Are the authorities that the API server trusts for these webhooks still good? One bundle may hold an old and a new one. */
export function judgeCertificates({ metadata, webhooks = [] }: WebhookConfiguration, nowMs: number): Finding[] {
  return webhooks.map(({ name, clientConfig }) => {
    const about = `webhook ${metadata.name} ${name}`;
    const { caBundle = '' } = clientConfig;
    if (caBundle === '') {
      return {
        about,
        state: 'failed',
        detail: 'has no caBundle',
        advice: "the operator writes it; see the operator's log",
      };
    }
    return { about, ...judgeBundle(Buffer.from(caBundle, 'base64').toString('latin1'), nowMs) };
  });
}

function judgeBundle(pem: string, nowMs: number): Omit<Finding, 'about'> {
  const advice = "the operator renews it; see the operator's log";
  const ends = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.map(endOf) ?? [];
  if (ends.length === 0 || ends.includes(Number.NaN)) {
    return { state: 'failed', detail: 'has a caBundle that holds no certificates', advice };
  }
  const leftDays = (Math.max(...ends) - nowMs) / DAY_MS;
  if (leftDays < 0)
    return { state: 'failed', detail: `its authority expired ${Math.ceil(-leftDays)} days ago`, advice };
  const detail = `its authority is good for ${Math.floor(leftDays)} days`;
  return leftDays < SOON_DAYS ? { state: 'warning', detail, advice } : { state: 'ok', detail, advice: '' };
}

function endOf(pem: string): number {
  try {
    return new X509Certificate(pem).validToDate.getTime();
  } catch {
    return Number.NaN;
  }
}

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CertificateSource } from '../pki/certificate-source.ts';
import { listenTls } from '../https/listen-tls.ts';
import { readBody } from '../https/read-body.ts';
import type { AdmissionAnswer } from './admission.ts';
import { review } from './review.ts';

/** Where the API server sends reviews of what somebody writes. */
export const VALIDATE_PATH = '/v1/validate';

/** Where it sends pods that are about to be made. */
export const MUTATE_PODS_PATH = '/mutate-pods';

/** The API server takes objects of up to 3 MiB, and sends the old one along (bytes). */
const MAX_REVIEW_BYTES = 8 * 1024 * 1024;

/** API servers that call at once (count), with room to spare. */
const MAX_CONNECTIONS = 500;

type Review = (body: unknown) => AdmissionAnswer | null | Promise<AdmissionAnswer | null>;

export interface WebhookServerOptions {
  /** null: all addresses. */
  host: string | null;
  /** 0: any free one. */
  port: number;
  certificates: CertificateSource;
  /** Answers for pods; null: there is no review. It throws when it cannot tell yet. Absent: nothing is injected. */
  reviewPod?: Review | undefined;
  /** Told of each answer. */
  onReview?: (answer: AdmissionAnswer['response']) => void;
}

export interface WebhookServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the webhooks over TLS. @throws Error when the address cannot be listened at. */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const { host, port, certificates, reviewPod, onReview } = options;
  const reviews = new Map<string, Review>([[VALIDATE_PATH, review]]);
  if (reviewPod !== undefined) reviews.set(MUTATE_PODS_PATH, reviewPod);
  const server = await listenTls({ host, port, certificates, maxConnections: MAX_CONNECTIONS }, (request, response) =>
    answer(request, response, { reviews, onReview }),
  );
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { reviews, onReview }: { reviews: ReadonlyMap<string, Review>; onReview: WebhookServerOptions['onReview'] },
): Promise<void> {
  const refuse = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`);
  };
  try {
    // The API server adds ?timeout=….
    const decide = reviews.get(request.url?.split('?')[0] ?? '');
    if (decide === undefined) return refuse(404, 'there is nothing at this path');
    if (request.method !== 'POST') return refuse(405, 'this path takes POST');
    const body = await readBody(request, MAX_REVIEW_BYTES);
    if (body === null) return refuse(413, `a review has at most ${MAX_REVIEW_BYTES} bytes`);
    const answered = await decided(decide, parseJson(body));
    if (answered instanceof Error) return refuse(503, answered.message);
    if (answered === null) return refuse(400, 'this is no AdmissionReview of admission.k8s.io/v1');
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
    onReview?.(answered.response);
  } catch {
    // The client has gone, or broke the message off.
    response.destroy();
  }
}

async function decided(decide: Review, body: unknown): Promise<AdmissionAnswer | null | Error> {
  try {
    return await decide(body);
  } catch (error) {
    return error as Error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

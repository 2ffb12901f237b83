/**
 * What a page would run: OpenFeature's SDK for the web with its OFREP provider, unmodified. It needs `fetch`, `EventSource` and
 * `localStorage`, and Node has all three (`--experimental-eventsource --localstorage-file=FILE`), so nothing is stood in for.
 *
 * Arguments: a PageOptions as JSON. Says on stdout what happens, a PageNews as JSON on each line; takes on stdin, a line each, the
 * context from now on.
 */
import { createInterface } from 'node:readline';
import { OFREPWebProvider, type OFREPWebProviderOptions } from '@openfeature/ofrep-web-provider';
import { ClientProviderEvents, type EvaluationContext, OpenFeature, type Provider } from '@openfeature/web-sdk';

export interface PageOptions {
  provider: OFREPWebProviderOptions;
  context: EvaluationContext;
}

/** How the flags are read at some moment: value, reason and variant, or error. */
type PageFlags = Record<string, unknown[]>;

export type PageNews =
  | { news: 'ready'; flags: PageFlags }
  | { news: 'context'; flags: PageFlags }
  | { news: 'changed'; changed: string[]; flags: PageFlags }
  | { news: 'stream opened' }
  | { news: 'stale' }
  /** The bulk evaluation was asked for. */
  | { news: 'fetched'; status: number; ifNoneMatch: string | null };

const { provider, context } = JSON.parse(process.argv[2]!) as PageOptions;
const say = (news: PageNews): void => void process.stdout.write(`${JSON.stringify(news)}\n`);
const client = OpenFeature.getClient();

function flags(): PageFlags {
  const told = {
    plain: client.getBooleanDetails('plain', false),
    banner: client.getStringDetails('banner', 'mine'),
    ratio: client.getNumberDetails('ratio', 0),
    page: client.getObjectDetails('page', {}),
    disabled: client.getBooleanDetails('disabled', true),
    unknown: client.getStringDetails('unknown', 'mine'),
    banner_as_number: client.getNumberDetails('banner', 7),
  };
  return Object.fromEntries(
    Object.entries(told).map(([name, { value, reason, variant, errorCode }]) => [
      name,
      errorCode === undefined ? [value, reason, variant] : [value, errorCode],
    ]),
  );
}

globalThis.EventSource = class extends EventSource {
  constructor(url: string | URL) {
    super(url);
    this.addEventListener('open', () => say({ news: 'stream opened' }));
  }
};

const fetchImplementation: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const ifNoneMatch = new Headers(input instanceof Request ? input.headers : init?.headers).get('if-none-match');
  say({ news: 'fetched', status: response.status, ifNoneMatch });
  return response;
};

client.addHandler(ClientProviderEvents.ConfigurationChanged, (details) => {
  say({ news: 'changed', changed: details?.flagsChanged ?? [], flags: flags() });
});
client.addHandler(ClientProviderEvents.Stale, () => say({ news: 'stale' }));
// Its declarations are of a compiler with less strict optional properties.
const asProvider = new OFREPWebProvider({ ...provider, fetchImplementation }) as Provider;
await OpenFeature.setProviderAndWait(asProvider, context);
say({ news: 'ready', flags: flags() });

for await (const line of createInterface({ input: process.stdin })) {
  await OpenFeature.setContext(JSON.parse(line) as EvaluationContext);
  say({ news: 'context', flags: flags() });
}
await OpenFeature.close();

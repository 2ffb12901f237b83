import { OpenFeature } from '@openfeature/server-sdk';
import { describe, expect, test } from 'vitest';
import { backgroundScope } from '../scope.ts';
import { changeableSettings } from '../settings/changeable-settings.ts';
import { openFlags } from './flags.ts';
import { settingsFlags } from './settings-flags.ts';
import { TableProvider, type FlagListener, type FlagTable } from './table-provider.ts';

const scope = backgroundScope('test');
/** Lets all promises that can be settled be settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('flags of the configuration file', () => {
  test('are off unless it says otherwise, and follow it', async () => {
    const settings = changeableSettings({ 'feature_flags.enable_profiles': true });
    const flags = await openFlags(new TableProvider(settingsFlags(settings)));
    const on = () => (['enable_profiles', 'enable_user_cache'] as const).filter((key) => flags.isOn(key, scope));
    expect(on()).toEqual(['enable_profiles']);
    settings.change({ 'feature_flags.enable_profiles': undefined, 'feature_flags.enable_user_cache': true });
    await settled();
    expect(on()).toEqual(['enable_user_cache']);
    await flags.close();
    settings.change({ 'feature_flags.enable_profiles': true });
    await settled();
    expect(on()).toEqual(['enable_user_cache']);
  });

  test('are those of their own service: two in one process, and whoever else uses OpenFeature, see others', async () => {
    const [one, other] = [changeableSettings({ 'feature_flags.enable_profiles': true }), changeableSettings()];
    const flags = await Promise.all([one, other].map((it) => openFlags(new TableProvider(settingsFlags(it)))));
    expect(flags.map((it) => it.isOn('enable_profiles', scope))).toEqual([true, false]);
    expect(await OpenFeature.getClient().getBooleanValue('enable_profiles', false)).toBe(false);
    await Promise.all(flags.map((it) => it.close()));
  });
});

describe('a provider with a table', () => {
  const tableOf = (values: Record<string, unknown>): FlagTable =>
    new Map(Object.entries(values).map(([key, value]) => [key, { value, reason: 'STATIC', variant: 'v' }]));

  /** An SDK, and whom to tell of flags. */
  async function open(first: FlagTable) {
    const domain = 'a provider with a table';
    let listener: FlagListener | null = null;
    const source = {
      name: 'test',
      start(its: FlagListener) {
        listener = its;
        its.replace(first);
        return Promise.resolve();
      },
      stop() {},
    };
    await OpenFeature.setProviderAndWait(domain, new TableProvider(source));
    return { client: OpenFeature.getClient(domain), listener: listener! };
  }

  test('evaluates every kind of flag, with reason and variant', async () => {
    const { client } = await open(tableOf({ on: true, text: 'x', number: 0.5, object: { a: 1 } }));
    expect(await client.getBooleanDetails('on', false)).toMatchObject({ value: true, reason: 'STATIC', variant: 'v' });
    expect(await client.getStringValue('text', '')).toBe('x');
    expect(await client.getNumberValue('number', 1)).toBe(0.5);
    expect(await client.getObjectValue('object', {})).toEqual({ a: 1 });
  });

  test("gives the caller's default, and why, where it has no value of that type", async () => {
    const failed = { errorCode: 'PARSE_ERROR', errorMessage: 'a rule' };
    const { client } = await open(new Map([...tableOf({ text: 'x' }), ['failed', failed as never]]));
    expect(await client.getBooleanDetails('text', true)).toMatchObject({ value: true, errorCode: 'TYPE_MISMATCH' });
    expect(await client.getBooleanDetails('none', true)).toMatchObject({ value: true, errorCode: 'FLAG_NOT_FOUND' });
    expect(await client.getBooleanDetails('failed', true)).toMatchObject({ value: true, errorCode: 'PARSE_ERROR' });
  });

  test('tells which flags have changed, that its source is lost, and that it is back', async () => {
    const { client, listener } = await open(tableOf({ a: true, b: true, c: true }));
    const told: unknown[] = [];
    for (const event of ['PROVIDER_CONFIGURATION_CHANGED', 'PROVIDER_STALE', 'PROVIDER_READY'] as const) {
      client.addHandler(event as never, (details) => told.push([event, details?.flagsChanged]));
    }
    told.length = 0; // those of the start
    listener.replace(tableOf({ a: true, b: false, d: true }));
    listener.lost();
    expect(client.providerStatus).toBe('STALE');
    expect(await client.getBooleanValue('d', false)).toBe(true);
    listener.replace(tableOf({ a: true, b: false, d: true }));
    expect(client.providerStatus).toBe('READY');
    expect(told).toEqual([
      ['PROVIDER_CONFIGURATION_CHANGED', ['b', 'c', 'd']],
      ['PROVIDER_STALE', undefined],
      ['PROVIDER_READY', undefined],
    ]);
  });
});

import { describe, expect, test } from 'vitest';

import { formatFault, readDocuments } from './documents.ts';

const read = (text: string, name = 'a.yaml') => readDocuments([{ name, text }]);
const faults = (text: string): string[] => read(text).faults.map(formatFault);

/** A policy with this spec, in one line; its faults without where they stand. */
function policyFaults(spec: string): string[] {
  const text = `apiVersion: fusebox.dev/v1alpha1\nkind: ResiliencePolicy\nmetadata: {name: users}\nspec: ${spec}\n`;
  const before = 'a.yaml:4 ResiliencePolicy users: spec.';
  return faults(text).map((fault) => (fault.startsWith(before) ? fault.slice(before.length) : fault));
}

const flagFaults = (flags: string): string[] =>
  faults(`apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: users}\nspec: {flags: ${flags}}\n`);

describe('what is wrong in a policy is told with its path and value', () => {
  const inDefaults = (block: string): string => `{inbound: {defaults: ${block}}}`;
  const inRoute = (fields: string): string => `{inbound: {routes: [{name: a, ${fields}}]}}`;
  const breaker = (fields: string): string => inDefaults(`{circuitBreaker: {${fields}}}`);
  const at = 'inbound.defaults.circuitBreaker.';
  const KUBECTL = 'without quotes is a boolean to kubectl (YAML 1.1): quote it';

  test.each<[what: string, spec: string, fault: string]>([
    [
      'not a duration',
      inDefaults('{timeout: 5x}'),
      'inbound.defaults.timeout: "5x" is not a duration (like 250ms, 5s, 2m)',
    ],
    ['no unit', inDefaults('{timeout: 5}'), 'inbound.defaults.timeout: 5 is not a duration (like 250ms, 5s, 2m)'],
    ['too short', breaker('resetTimeout: 0s'), `${at}resetTimeout: "0s" is below the minimum 1ms`],
    [
      'a long text',
      inRoute(`match: {methods: [${'A'.repeat(65)}]}`),
      `inbound.routes[0].match.methods[0]: "${'A'.repeat(65)}" is longer than 64 characters`,
    ],
    ['too long', inDefaults('{maxDuration: 25h}'), 'inbound.defaults.maxDuration: "25h" is above the maximum 24h'],
    ['near a known name', '{inbound: {rout: []}}', 'inbound.rout: unknown field; did you mean "routes"?'],
    ['a merge key', '{tracing: {<<: {}}}', 'tracing["<<"]: merge keys are not supported: write the fields out'],
    ['near none', '{tracing: {xyz: 1}}', 'tracing.xyz: unknown field; known here: sampleRatio'],
    [
      'not a key of objects in general',
      '{constructor: 1}',
      'constructor: unknown field; known here: targetRefs, selector, mode, inbound, tracing',
    ],
    [
      'below',
      inDefaults('{concurrency: {maxConcurrent: 0}}'),
      'inbound.defaults.concurrency.maxConcurrent: 0 is below the minimum 1',
    ],
    [
      'above',
      inDefaults('{concurrency: {maxConcurrent: 1000001}}'),
      'inbound.defaults.concurrency.maxConcurrent: 1000001 is above the maximum 1000000',
    ],
    ['not whole', breaker('failureThreshold: 1.5'), `${at}failureThreshold: 1.5 is not a whole number`],
    ['not finite', breaker('failureRateThreshold: .nan'), `${at}failureRateThreshold: NaN is not a number`],
    [
      'not above zero',
      inDefaults('{rateLimit: {requestsPerSecond: 0}}'),
      'inbound.defaults.rateLimit.requestsPerSecond: 0 is too small: it must be above 0',
    ],
    [
      'percent as text',
      breaker('failureRateThreshold: 50%'),
      `${at}failureRateThreshold: "50%" is a text, not a number`,
    ],
    [
      'number in quotes',
      breaker('failureThreshold: "5"'),
      `${at}failureThreshold: "5" is a text, not a whole number: write it without quotes`,
    ],
    ['not of the list', '{mode: Off}', `mode: Off ${KUBECTL}; and "Off" is not one of Enforce, Shadow, Disabled`],
    ['quoted, not of the list', '{mode: "off"}', 'mode: "off" is not one of Enforce, Shadow, Disabled'],
    [
      'a boolean',
      '{mode: false}',
      'mode: false is a boolean, not a text (kubectl reads a bare on, off, yes or no as one): quote it; it is one of Enforce, Shadow, Disabled',
    ],
    ['a bare word', inRoute('flag: on'), `inbound.routes[0].flag: on ${KUBECTL}`],
    ['an object that no text can be made of', '{mode: {toString: null}}', 'mode: is an object, not a text'],
    ['a bare key', '{no: 1}', `no: the key no ${KUBECTL}`],
    ['an empty field', inDefaults('{timeout: }'), 'inbound.defaults.timeout: is empty: write a text, or leave it out'],
    ['a list for an object', '{inbound: []}', 'inbound: is a list, not an object'],
    ['an object for a list', '{inbound: {routes: {}}}', 'inbound.routes: is an object, not a list'],
    ['a text for an object', '{inbound: all}', 'inbound: "all" is a text, not an object'],
    ['a number for an object', '{inbound: 3}', 'inbound: 3 is a number, not an object'],
    ['a boolean for an object', '{inbound: true}', 'inbound: true is a boolean, not an object'],
    ['outbound', '{outbound: []}', 'outbound: not in this version'],
    [
      'an algorithm',
      inDefaults('{concurrency: {algorithm: Vegas}}'),
      'inbound.defaults.concurrency.algorithm: not in this version',
    ],
    ['a priority', inRoute('priority: High'), 'inbound.routes[0].priority: not in this version'],
    [
      'a match in defaults',
      inDefaults('{match: {path: /}}'),
      'inbound.defaults.match: belongs to a route, not to defaults',
    ],
    ['no route name', '{inbound: {routes: [{flag: a}]}}', 'inbound.routes[0].name: is required'],
    [
      'a bad route name',
      '{inbound: {routes: [{name: A_b}]}}',
      'inbound.routes[0].name: "A_b" is not a route name (lower-case letters, digits and -, at most 63 characters)',
    ],
    [
      'one name twice',
      '{inbound: {routes: [{name: a}, {name: b}, {name: a}]}}',
      'inbound.routes[2].name: "a" is the name of entry [0] already',
    ],
    [
      'a header that is none',
      inRoute('match: {headers: [{name: "x y", exact: a}]}'),
      'inbound.routes[0].match.headers[0].name: "x y" is not a header name',
    ],
    [
      'a header value that is none',
      inRoute('match: {headers: [{name: x, exact: "a\\n"}]}'),
      'inbound.routes[0].match.headers[0].exact: "a\\n" is not a header value',
    ],
    [
      'a header twice',
      inRoute('match: {headers: [{name: X-A, exact: a}, {name: x-a, exact: b}]}'),
      'inbound.routes[0].match.headers[1].name: "x-a" is the name of entry [0] already',
    ],
    [
      'a number as header value',
      inRoute('match: {headers: [{name: x, exact: 5}]}'),
      'inbound.routes[0].match.headers[0].exact: 5 is a number, not a text: quote it, "5"',
    ],
    [
      'no methods',
      inRoute('match: {methods: []}'),
      'inbound.routes[0].match.methods: is empty: write at least one, or leave it out',
    ],
    [
      'a bad method',
      inRoute('match: {methods: ["GET /"]}'),
      'inbound.routes[0].match.methods[0]: "GET /" is not a method',
    ],
    [
      'path and prefix',
      inRoute('match: {path: /a, pathPrefix: /b}'),
      'inbound.routes[0].match: path and pathPrefix exclude each other',
    ],
    [
      'a bad path',
      inRoute('match: {path: users}'),
      'inbound.routes[0].match.path: "users" is not a path: it starts with /',
    ],
    [
      'a failure that is none',
      breaker('failOn: [6xx]'),
      `${at}failOn[0]: "6xx" is not a failure: write a class ("5xx"), a status code ("429"), connect, reset or timeout`,
    ],
    ['a code without quotes', breaker('failOn: [429]'), `${at}failOn[0]: 429 is a number, not a text: quote it, "429"`],
    [
      'waits out of order',
      breaker('resetTimeout: 10s, maxResetTimeout: 5s'),
      `${at}maxResetTimeout: "5s" is below resetTimeout "10s"`,
    ],
    [
      'a long window',
      breaker('slidingWindow: {type: Time, size: 3601}'),
      `${at}slidingWindow.size: 3601 is above the maximum 3600 of a Time window`,
    ],
    [
      'two keys of a bucket',
      inDefaults('{rateLimit: {per: {header: x, clientAddress: true}}}'),
      'inbound.defaults.rateLimit.per: header and clientAddress exclude each other',
    ],
    [
      'no key of a bucket',
      inDefaults('{rateLimit: {per: {}}}'),
      'inbound.defaults.rateLimit.per: is empty: write header or clientAddress',
    ],
    [
      'false as a key',
      inDefaults('{rateLimit: {per: {clientAddress: false}}}'),
      'inbound.defaults.rateLimit.per.clientAddress: false says nothing: write true, or leave per out',
    ],
    [
      'two aims',
      '{targetRefs: [{kind: Deployment, name: a}], selector: {}}',
      'targetRefs and selector exclude each other',
    ],
    [
      'a wrong group',
      '{targetRefs: [{group: batch, kind: Deployment, name: a}]}',
      'targetRefs[0].group: "batch" is not the group of Deployment; write "apps" or leave it out',
    ],
    [
      'a wrong kind',
      '{targetRefs: [{kind: Pod, name: a}]}',
      'targetRefs[0].kind: "Pod" is not one of Deployment, StatefulSet, DaemonSet, Service',
    ],
    ['no target', '{targetRefs: []}', 'targetRefs: is empty: write at least one, or leave it out'],
    [
      'In without values',
      '{selector: {matchExpressions: [{key: a, operator: In}]}}',
      'selector.matchExpressions[0].values: In needs values',
    ],
    [
      'Exists with values',
      '{selector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}',
      'selector.matchExpressions[0].values: Exists takes no values',
    ],
    [
      'a label that is no text',
      '{selector: {matchLabels: {app: true}}}',
      'selector.matchLabels.app: true is a boolean, not a text (kubectl reads a bare on, off, yes or no as one): quote it',
    ],
    ['a ratio above 1', '{tracing: {sampleRatio: 10}}', 'tracing.sampleRatio: 10 is above the maximum 1'],
  ])('%s', (_what, spec, fault) => {
    const [only, ...others] = policyFaults(spec);
    // A fault of the spec as a whole has no field after `spec`.
    expect(only?.replace('a.yaml:4 ResiliencePolicy users: spec: ', '')).toBe(fault);
    expect(others).toEqual([]);
  });
});

describe('flags', () => {
  const at = 'a.yaml:4 FeatureFlagSet users: spec.flags';
  test.each([
    ['{a: {state: ENABLED}}', `${at}.a.variants: is required`],
    ['{a: }', `${at}.a: is empty: write true, false or a definition, or leave it out`],
    ['{a: [true]}', `${at}.a: is a list, not true, false or a definition`],
    ['{a: "true"}', `${at}.a: "true" is a text, not true, false or a definition: write it without quotes`],
    ['{a: on}', `${at}.a: on without quotes is a text here and a boolean to kubectl (YAML 1.1): write true or false`],
    ['{a: 1}', `${at}.a: 1 is a number, not true, false or a definition`],
    [
      '{"a b": true}',
      `${at}["a b"]: the key "a b" is not a flag key (a letter or digit, then letters, digits, _ . and -, at most 128 characters)`,
    ],
    ['{on: true}', `${at}.on: the key on without quotes is a boolean to kubectl (YAML 1.1): quote it`],
  ])('%s', (flags, fault) => expect(flagFaults(flags)).toEqual([fault]));

  test('a key in quotes is free to be any word', () => expect(flagFaults('{"on": true}')).toEqual([]));
});

describe('documents', () => {
  test('every fault is listed at once, each with its line', () => {
    const text = [
      'apiVersion: fusebox.dev/v1alpha1',
      'kind: ResiliencePolicy',
      'metadata:',
      '  name: users',
      '  namespace: shop',
      'spec:',
      '  mode: Strict',
      '  inbound:',
      '    routes:',
      '      - name: a',
      '      - name: b',
      '        timeout: 5x',
      '  tracing: {sampleRatio: 2}',
    ].join('\n');
    expect(faults(text)).toEqual([
      'a.yaml:7 ResiliencePolicy shop/users: spec.mode: "Strict" is not one of Enforce, Shadow, Disabled',
      'a.yaml:12 ResiliencePolicy shop/users: spec.inbound.routes[1].timeout: "5x" is not a duration (like 250ms, 5s, 2m)',
      'a.yaml:13 ResiliencePolicy shop/users: spec.tracing.sampleRatio: 2 is above the maximum 1',
    ]);
  });

  test('a rule across fields is judged where those fields are right, whatever is wrong beside them', () => {
    expect(
      policyFaults(
        '{mode: x, inbound: {routes: [{name: a, timeout: 1x}, {name: a}], defaults: {rateLimit: {per: {header: 5}}}}}',
      ),
    ).toHaveLength(4);
  });

  test('one bad document does not take the others with it', () => {
    const policy = (name: string, mode: string): string =>
      `apiVersion: fusebox.dev/v1alpha1\nkind: ResiliencePolicy\nmetadata: {name: ${name}}\nspec: {mode: ${mode}}\n`;
    const result = read([policy('a', 'Shadow'), policy('b', 'Dark'), policy('c', 'Enforce')].join('---\n'));
    expect(result.documents.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(result.faults).toHaveLength(1);
  });

  test('a kind that we do not know is refused with those that we do', () => {
    expect(faults('apiVersion: fusebox.dev/v1alpha1\nkind: ResiliencyPolicy\n')).toEqual([
      'a.yaml:2 document 1: kind: "ResiliencyPolicy" is not a known kind; did you mean ResiliencePolicy?; ' +
        'known are ResiliencePolicy, FeatureFlagSet, SidecarProfile (fusebox.dev/v1alpha1) and ConfigMap (v1)',
    ]);
  });

  test('what has no kind is no document', () => {
    expect(faults('{"ttl": 60}')).toEqual([
      expect.stringContaining('kind: is missing, so these are no settings; known'),
    ]);
  });

  test('a wrong apiVersion is refused with the right one', () => {
    expect(faults('apiVersion: fusebox.dev/v1\nkind: ResiliencePolicy\nmetadata: {name: a}\nspec: {}\n')).toEqual([
      'a.yaml:1 ResiliencePolicy a: apiVersion: "fusebox.dev/v1" has no kind ResiliencePolicy; write fusebox.dev/v1alpha1',
    ]);
  });

  test('what is no object is refused', () => {
    expect(faults('just text')).toEqual(['a.yaml:1 document 1: is not an object']);
    expect(faults('[1]')).toEqual(['a.yaml:1 document 1: is not an object']);
  });

  test('one object cannot stand twice, also in two files', () => {
    const text = 'apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: {name: a}\nspec: {}\n';
    const result = readDocuments([
      { name: 'a.yaml', text },
      { name: 'b.yaml', text },
    ]);
    expect(result.documents).toHaveLength(1);
    expect(result.faults.map(formatFault)).toEqual([
      'b.yaml:1 FeatureFlagSet a: is the same object as a.yaml:1 FeatureFlagSet a',
    ]);
  });

  test('what the API server adds to an object is let pass', () => {
    const metadata =
      '{name: a, uid: x, resourceVersion: "1", creationTimestamp: null, managedFields: [{}], generation: 1}';
    const result = read(
      `apiVersion: fusebox.dev/v1alpha1\nkind: FeatureFlagSet\nmetadata: ${metadata}\nspec: {}\nstatus: {conditions: []}\n`,
    );
    expect(result.faults).toEqual([]);
    expect(result.documents[0]?.createdAt).toBeNull();
  });

  test('a document that is spoilt throughout lists 200 faults and counts the rest', () => {
    const flags = Array.from({ length: 300 }, (_, at) => `f${at}: 1`).join(', ');
    const listed = flagFaults(`{${flags}}`);
    expect(listed).toHaveLength(201);
    expect(listed.at(-1)).toBe('a.yaml:1 FeatureFlagSet users: 100 more faults are not shown');
  });

  test('lists and maps have a bound', () => {
    const routes = Array.from({ length: 1025 }, (_, at) => `{name: r${at}}`).join(', ');
    expect(policyFaults(`{inbound: {routes: [${routes}]}}`)).toEqual([
      'inbound.routes: has 1025 entries, more than the maximum 1024',
    ]);
    const flags = Array.from({ length: 10_001 }, (_, at) => `f${at}: true`).join(', ');
    expect(flagFaults(`{${flags}}`)).toEqual([
      'a.yaml:4 FeatureFlagSet users: spec.flags: has 10001 entries, more than the maximum 10000',
    ]);
  });

  test('empty documents are skipped', () => {
    expect(read('---\n# nothing\n---\n')).toEqual({ documents: [], faults: [], warnings: [] });
    expect(read('')).toEqual({ documents: [], faults: [], warnings: [] });
  });

  test('an empty block is named, and so counts', () => {
    const { documents, faults: none } = read(
      'apiVersion: fusebox.dev/v1alpha1\nkind: ResiliencePolicy\nmetadata: {name: a}\nspec:\n  inbound:\n    defaults:\n      concurrency:\n',
    );
    expect(none).toEqual([]);
    expect(documents[0]).toMatchObject({ spec: { inbound: { defaults: { concurrency: {} } } } });
  });
});

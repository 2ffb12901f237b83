import { expect, test } from 'vitest';
import { readCommandLine } from './command-line.ts';

const read = (text: string) => readCommandLine(text.split(' ').filter((word) => word !== ''));
const access = { kubeconfig: null, context: null };

const flags = (more: object) => ({
  verb: 'flags',
  access,
  namespace: null,
  of: { pods: { by: 'namespace' } },
  flags: [],
  context: {},
  output: 'table',
  ...more,
});

test.each<[line: string, command: object]>([
  ['', { verb: 'help' }],
  ['--help', { verb: 'help' }],
  ['wait --help', { verb: 'help' }],
  ['--version', { verb: 'version' }],
  ['validate a.yaml b -', { verb: 'validate', files: ['a.yaml', 'b', '-'] }],
  ['status', { verb: 'status', access, object: null, namespace: null, allNamespaces: false, output: 'table' }],
  ['status -A -o json', { verb: 'status', access, object: null, namespace: null, allNamespaces: true, output: 'json' }],
  [
    'status RP/users -n shop --kubeconfig k --context c',
    {
      verb: 'status',
      access: { kubeconfig: 'k', context: 'c' },
      object: { kind: 'ResiliencePolicy', name: 'users' },
      namespace: 'shop',
      allNamespaces: false,
      output: 'table',
    },
  ],
  ['wait cm/a', { verb: 'wait', access, object: { kind: 'ConfigMap', name: 'a' }, namespace: null, timeoutMs: 30_000 }],
  [
    'wait FeatureFlagSet/a --timeout 1m30s',
    { verb: 'wait', access, object: { kind: 'FeatureFlagSet', name: 'a' }, namespace: null, timeoutMs: 90_000 },
  ],
  ['flags', flags({})],
  [
    'flags deployment/users -n shop --context prod -o json',
    flags({
      of: { pods: { by: 'workload', workload: { kind: 'Deployment', name: 'users' } } },
      namespace: 'shop',
      access: { kubeconfig: null, context: 'prod' },
      output: 'json',
    }),
  ],
  [
    'flags --pod users-1 --flag a --flag b --context plan=gold --context prod --context age=18',
    flags({
      of: { pods: { by: 'name', name: 'users-1' } },
      access: { kubeconfig: null, context: 'prod' },
      flags: ['a', 'b'],
      context: { plan: 'gold', age: 18 },
    }),
  ],
  ['flags -l app=users', flags({ of: { pods: { by: 'labels', selector: 'app=users' } } })],
  ['flags --url http://127.0.0.1:4142', flags({ of: { url: 'http://127.0.0.1:4142' } })],
  ['check -n shop', { verb: 'check', access, namespace: 'shop', output: 'table' }],
])('"%s" is understood', (line, command) => {
  expect(read(line)).toEqual(command);
});

test.each<[line: string, faults: (string | RegExp)[]]>([
  ['stauts', ['"stauts" is not a verb; did you mean status?']],
  ['destroy', [/known are validate, status, wait, check, flags/]],
  ['validate', ['validate needs files, folders or - for the standard input']],
  ['validate a -o json', ['validate has no option --output']],
  ['status -A -n a', ['-A and -n exclude each other']],
  ['status rp/a -A', ['one object stands in one namespace: leave out -A']],
  ['status rp', ['"rp" names no object: write it like rp/users']],
  ['status rp/a/b', ['"rp/a/b" names no object: write it like rp/users']],
  ['status -o yaml', ['-o "yaml": the only other form is json']],
  ['wait', ['wait needs an object, like rp/users']],
  ['wait rp/a rp/b', ['"rp/b": wait takes one object']],
  [
    'wait rq/a --timeout 5 -A',
    [/no option --all-namespaces/, /"5" is not a duration/, '"rq" is not a kind; did you mean rp?'],
  ],
  ['flags users', ['"users" names no workload: write it like deployment/users']],
  ['flags deploy/a svc/b', ['"svc/b": flags takes one workload']],
  ['flags deploy/a --pod b -l c=d', ['a workload, --pod and --selector exclude each other']],
  ['flags --context =gold', [/"=gold" is no entry of a context/]],
  ['flags --url 127.0.0.1:4142', [/write it like http:\/\/127/]],
  [
    'flags deploy/a --url http://127.0.0.1:4142',
    ['--url asks one sidecar: leave out the workload, --pod and --selector'],
  ],
  ['status --flag a', ['status has no option --flag']],
  ['check now', ['"now": check takes no arguments']],
  ['status --frob', [/--frob/]],
])('"%s" is refused with all its faults', (line, faults) => {
  const result = read(line);
  const told = 'faults' in result ? result.faults : [];
  expect(told).toHaveLength(faults.length);
  for (const [at, fault] of faults.entries()) expect(told[at]).toMatch(fault);
});

import { expect, test } from 'vitest';
import { readCommandLine } from './command-line.ts';

const read = (text: string) => readCommandLine(text.split(' ').filter((word) => word !== ''));
const access = { kubeconfig: null, context: null };

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
  ['check -n shop', { verb: 'check', access, namespace: 'shop', output: 'table' }],
])('"%s" is understood', (line, command) => {
  expect(read(line)).toEqual(command);
});

test.each<[line: string, faults: (string | RegExp)[]]>([
  ['stauts', ['"stauts" is not a verb; did you mean status?']],
  ['destroy', [/known are validate, status, wait, check/]],
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
  ['check now', ['"now": check takes no arguments']],
  ['status --frob', [/--frob/]],
])('"%s" is refused with all its faults', (line, faults) => {
  const result = read(line);
  const told = 'faults' in result ? result.faults : [];
  expect(told).toHaveLength(faults.length);
  for (const [at, fault] of faults.entries()) expect(told[at]).toMatch(fault);
});

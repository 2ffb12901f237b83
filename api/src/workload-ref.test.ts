import { expect, test } from 'vitest';

import { parseWorkloadRef } from './workload-ref.ts';

test.each([
  ['deployment/users', { kind: 'Deployment', name: 'users' }],
  ['Deployment/users', { kind: 'Deployment', name: 'users' }],
  ['sts/db', { kind: 'StatefulSet', name: 'db' }],
  ['ds/agent', { kind: 'DaemonSet', name: 'agent' }],
  ['svc/users', { kind: 'Service', name: 'users' }],
])('%s names a workload', (text, ref) => expect(parseWorkloadRef(text)).toEqual(ref));

test.each([
  '',
  'users',
  'pod/users',
  'deployment/',
  'deployment/a/b',
  'deployment/Users',
  'constructor/x',
  '__proto__/x',
])('%j names none', (text) => expect(parseWorkloadRef(text)).toBeNull());

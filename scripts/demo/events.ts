import type { LogLine } from './children.ts';

/** A line of the sidecar's log, or of the service's, in a few words; null for one that tells the audience nothing. */
export function eventOf(line: LogLine): string | null {
  const { message, route, state, era, reason, faults, digest } = line;
  if (message === 'circuit changed') {
    return `circuit ${String(route)}: ${String(state)}, era ${String(era)}${state === 'Open' ? ` (${String(reason)})` : ''}`;
  }
  if (message.startsWith('payments: circuit')) return `in the service, ${message}`;
  if (message === 'settings applied') return `settings applied, version ${String(digest).slice(0, 15)}…`;
  if (message.startsWith('settings rejected'))
    return `settings rejected: ${(faults as string[] | undefined)?.[0] ?? ''}`;
  if (message.startsWith('settings valid again') || message.startsWith('draining') || message === 'ended')
    return message;
  return null;
}

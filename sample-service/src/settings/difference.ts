/** What is different between two settings, in words for the log. */
import { schemaOf } from './setting-keys.ts';
import type { Settings } from './settings.ts';

/** One setting that differs. */
export interface Change {
  section: keyof Settings;
  key: string;
  /** False: it takes hold at the next start only. */
  live: boolean;
  /** `cache.ttl_seconds: 60 → 30`, without secrets. */
  text: string;
}

/** All settings that differ, in the order of the schema. */
export function changesBetween(before: Settings, now: Settings): Change[] {
  return (Object.keys(now) as (keyof Settings)[]).flatMap((section) => {
    const [old, new_] = [before[section], now[section]] as [Record<string, unknown>, Record<string, unknown>];
    const keys = [...new Set([...Object.keys(old), ...Object.keys(new_)])];
    return keys
      .filter((key) => old[key] !== new_[key])
      .map((key) => {
        const schema = schemaOf(section, key);
        const show = schema?.isUrl ? withoutSecrets : String;
        const text = `${section}.${key}: ${show(old[key] ?? 'none')} → ${show(new_[key] ?? 'none')}`;
        return { section, key, live: schema?.live !== false, text };
      });
  });
}

/** Neither user nor password nor query of a URL. */
function withoutSecrets(value: unknown): string {
  const url = URL.parse(String(value));
  if (url === null) return value === 'none' ? 'none' : '(not shown)';
  const { protocol, username, password, host, pathname, search } = url;
  const user = username === '' && password === '' ? '' : '***@';
  return `${protocol}//${user}${host}${pathname}${search === '' ? '' : '?***'}`;
}

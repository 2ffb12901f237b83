import type { Who } from '@fusebox/api/compile/who.ts';
import { compileSettings } from '../compile-settings.ts';
import type { SettingsResult } from '../compile-settings.ts';
import { readSettings } from './read-settings.ts';

/** Reads and compiles the settings at `path` once, for `--check`. Never rejects. */
export async function checkSettings(path: string, who: Who): Promise<SettingsResult> {
  const reading = await readSettings(path);
  if (reading.kind === 'files') return compileSettings(reading.files, who);
  return { faults: [reading.kind === 'fault' ? reading.fault : `${path}: keeps changing`], warnings: [] };
}

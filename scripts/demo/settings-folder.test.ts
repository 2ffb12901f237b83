import { existsSync, readdirSync } from 'node:fs';
import { readDocuments } from '@fusebox/api/documents.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SettingsFolder } from './settings-folder.ts';
import { EXAMPLES } from './world.ts';

describe('the settings that the demo edits', () => {
  let folder: SettingsFolder;
  beforeEach(() => {
    folder = new SettingsFolder(EXAMPLES);
  });
  afterEach(() => folder.remove());

  test('stay valid through each kind of write, and leave no other file behind', () => {
    for (const value of ['30', '20', '40']) folder.set('policy.yaml', 'maxConcurrent', value);
    expect(folder.read('policy.yaml')).toContain('maxConcurrent: 40 #');
    expect(readdirSync(folder.path).sort()).toEqual(['flags.yaml', 'policy.yaml']);
    expect(readDocuments([{ name: 'policy.yaml', text: folder.read('policy.yaml') }]).faults).toEqual([]);
  });

  test('an edit that would hit two lines, or none, is refused', () => {
    expect(() => folder.set('policy.yaml', 'timeout', '1s')).toThrow('2 lines');
    expect(() => folder.set('policy.yaml', 'burstiness', '1')).toThrow('0 lines');
  });

  test('go when the demo goes', () => {
    folder.remove();
    expect(existsSync(folder.path)).toBe(false);
  });
});

import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type SettingsName = 'policy.yaml' | 'flags.yaml';

/** A copy of the example settings that the sidecar reads and the demo edits, as a person would. */
export class SettingsFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'fusebox-demo-'));
  #writes = 0;

  constructor(examples: string) {
    cpSync(examples, this.path, { recursive: true });
  }

  /** Gives the one `key: value` of the file another value. When the write was complete (ms, monotonic). */
  set(name: SettingsName, key: string, value: string): number {
    return this.write(name, withValue(this.read(name), key, value));
  }

  read(name: SettingsName): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  /** In place and by renaming a new file over the old, in turn: editors do either. When it was complete (ms, monotonic). */
  write(name: SettingsName, text: string): number {
    const target = join(this.path, name);
    if (this.#writes++ % 2 === 0) writeFileSync(target, text);
    else {
      const fresh = join(this.path, `.${name}.new`);
      writeFileSync(fresh, text);
      renameSync(fresh, target);
    }
    return performance.now();
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** @throws Error unless exactly one `key: value` stands in the text: then an edit would not be what it seems. */
function withValue(text: string, key: string, value: string): string {
  const pattern = new RegExp(`(?<=\\b${key}: )[^\\s,}]+`, 'g');
  const count = [...text.matchAll(pattern)].length;
  if (count !== 1) throw new Error(`the settings have ${count} lines with "${key}:", one was expected`);
  return text.replace(pattern, value);
}

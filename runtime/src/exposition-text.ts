/** Pieces of the Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */

export type Labels = Readonly<Record<string, string>>;

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function escapedLabelValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** A help text as it stands after `# HELP name `. */
export function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/**
 * `{name="value",…}` in the order given, or nothing without labels.
 * @throws Error when a name is invalid.
 */
export function labelText(labels: Labels): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(labels)) {
    if (!labelName.test(name)) throw new Error(`"${name}" is not the name of a label`);
    parts.push(`${name}="${escapedLabelValue(value)}"`);
  }
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

/** A number as Prometheus reads it: `+Inf`, `-Inf` and `NaN` by these names. */
export function sampleValue(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

import type { AskableSidecar } from '../ask-sidecar.ts';
import { EXIT, type Outcome } from '../exit-codes.ts';
import { type ComparedFlag, compareAnswers, type FlagAnswer, flagTable, type SidecarAnswers } from '../flag-answers.ts';
import type { PodWish } from '../sidecar-pods.ts';

export interface FlagsCommand {
  /** Of which sidecars: those of pods, or the one at an address. */
  of: { pods: PodWish } | { url: string };
  /** null: the context's. */
  namespace: string | null;
  /** None: all. */
  flags: readonly string[];
  /** Whom the flags are asked for. */
  context: Readonly<Record<string, unknown>>;
  output: 'table' | 'json';
}

/** Why a pod says nothing. */
interface Silence {
  sidecar: string;
  fault: string;
}

const PATH = '/ofrep/v1/evaluate/flags';
const AT_ONCE = 8;

/**
 * Tells what each sidecar would answer a service that asks for flags, and why. Not ok where one does not answer, where they
 * differ, or where a flag fails. `silent`: pods that cannot be asked.
 */
export async function flags(
  sidecars: readonly AskableSidecar[],
  silent: readonly Silence[],
  command: FlagsCommand,
): Promise<Outcome> {
  const told = await overall(sidecars, command.flags, command.context);
  const answered = told.filter((one) => 'answers' in one);
  const compared = compareAnswers(answered);
  const silences = [...silent, ...told.filter((one) => 'fault' in one)];
  const fails = compared.some(({ groups }) => groups.some(({ answer }) => answer.errorCode !== undefined));
  const ok = answered.length > 0 && silences.length === 0 && !fails && compared.every(({ agreed }) => agreed);
  return {
    exit: ok ? EXIT.ok : EXIT.notOk,
    text: command.output === 'json' ? asJson(command, compared, silences) : asTable(compared, answered.length),
    complaints: complaintsOf(silences, answered.length, compared),
  };
}

/** What all say. A flag of which some speak and others do not is asked for by name: the list leaves out what has no value. */
async function overall(
  sidecars: readonly AskableSidecar[],
  keys: readonly string[],
  context: FlagsCommand['context'],
): Promise<(SidecarAnswers | Silence)[]> {
  if (keys.length > 0) return eachOf(sidecars, (sidecar) => byName(sidecar, keys, context));
  const listed = await eachOf(sidecars, async (sidecar) => {
    const { flags: answers } = (await answerTo(sidecar, PATH, context, [200])) as { flags: FlagAnswer[] };
    return answers;
  });
  const known = new Set(listed.flatMap((one) => ('answers' in one ? one.answers.map(({ key }) => key) : [])));
  return eachOf(sidecars, async (sidecar, index) => {
    const first = listed[index]!;
    if ('fault' in first) throw new Error(first.fault);
    const told = new Set(first.answers.map(({ key }) => key));
    return [
      ...first.answers,
      ...(await byName(
        sidecar,
        [...known].filter((key) => !told.has(key)),
        context,
      )),
    ];
  });
}

async function byName(
  sidecar: AskableSidecar,
  keys: readonly string[],
  context: FlagsCommand['context'],
): Promise<FlagAnswer[]> {
  const answers: FlagAnswer[] = [];
  for (const key of keys) {
    answers.push(
      (await answerTo(sidecar, `${PATH}/${encodeURIComponent(key)}`, context, [200, 400, 404])) as FlagAnswer,
    );
  }
  return answers;
}

async function answerTo(
  sidecar: AskableSidecar,
  path: string,
  context: FlagsCommand['context'],
  expected: readonly number[],
): Promise<unknown> {
  const { status, body } = await sidecar.post(path, { context });
  const { detail, errorDetails, key } = Object(body) as { detail?: unknown; errorDetails?: unknown; key?: unknown };
  if (expected.includes(status) && (status === 200 || key !== undefined)) return body;
  const words =
    [detail, errorDetails].find((word) => typeof word === 'string') ?? 'is this the local API of a sidecar?';
  throw new Error(`it answered ${status}: ${words}`);
}

/** Asks some at a time, and keeps their order. */
async function eachOf(
  sidecars: readonly AskableSidecar[],
  ask: (sidecar: AskableSidecar, index: number) => Promise<FlagAnswer[]>,
): Promise<(SidecarAnswers | Silence)[]> {
  const results: (SidecarAnswers | Silence)[] = [];
  const left = [...sidecars.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, sidecar] = next;
      results[index] = await ask(sidecar, index).then(
        (answers) => ({ sidecar: sidecar.name, answers }),
        (error: unknown) => ({ sidecar: sidecar.name, fault: error instanceof Error ? error.message : String(error) }),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

function asTable(compared: readonly ComparedFlag[], answered: number): string {
  if (compared.length > 0) return flagTable(compared);
  return answered === 0 ? '' : 'no flag has a value here\n';
}

function asJson({ context }: FlagsCommand, compared: readonly ComparedFlag[], silences: readonly Silence[]): string {
  const told = compared.map(({ key, agreed, groups }) => ({
    key,
    agreed,
    answers: groups.map(({ sidecars, answer: { key: _key, ...answer } }) => ({ pods: sidecars, ...answer })),
  }));
  const silent = silences.map(({ sidecar, fault }) => ({ pod: sidecar, fault }));
  return `${JSON.stringify({ context, flags: told, silent }, null, 2)}\n`;
}

function complaintsOf(silences: readonly Silence[], answered: number, compared: readonly ComparedFlag[]): string[] {
  const complaints = silences.map(({ sidecar, fault }) => `${sidecar}: ${fault}`);
  if (answered === 0 && silences.length === 0) complaints.push('there is no pod with a sidecar');
  const differing = compared.filter(({ agreed }) => !agreed).length;
  if (differing > 0) complaints.push(`pods differ on ${differing} of ${compared.length} flags`);
  return complaints;
}

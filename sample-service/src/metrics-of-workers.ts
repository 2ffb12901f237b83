/**
 * Whoever asks for metrics reaches one of several workers by chance, and its counters alone would jump from one answer to
 * the next. So the worker asks the supervisor, which asks all workers and adds up what they say.
 */
import cluster from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';

interface Question {
  metricsFor: number;
}
interface Answer {
  metricsOf: number;
  text: string;
  failed: boolean;
}

const isQuestion = (message: unknown): message is Question =>
  typeof message === 'object' && message !== null && 'metricsFor' in message;
const isAnswer = (message: unknown): message is Answer =>
  typeof message === 'object' && message !== null && 'metricsOf' in message;

/** Lets the supervisor answer for all workers. */
export function answerForWorkers(): void {
  const all = new AggregatorRegistry();
  cluster.on('message', (worker, message: unknown) => {
    if (!isQuestion(message)) return;
    const answer = (text: string, failed: boolean): void => {
      if (worker.isConnected()) worker.send({ metricsOf: message.metricsFor, text, failed } satisfies Answer);
    };
    all.clusterMetrics().then(
      (text) => answer(text, false),
      (error: unknown) => answer(String(error), true),
    );
  });
}

/** The metrics of all workers, in Prometheus text; of this process, where it is the only one. */
export function metricsOfAll(own: Registry): () => Promise<string> {
  if (cluster.isPrimary) return () => own.metrics();
  AggregatorRegistry.setRegistries([own]);
  // It is what answers the supervisor.
  void new AggregatorRegistry();
  const asked = new Map<number, (answer: Answer) => void>();
  let questions = 0;
  process.on('message', (message) => {
    if (!isAnswer(message)) return;
    asked.get(message.metricsOf)?.(message);
    asked.delete(message.metricsOf);
  });
  return () =>
    new Promise((resolve, reject) => {
      questions += 1;
      asked.set(questions, ({ text, failed }) => (failed ? reject(new Error(text)) : resolve(text)));
      process.send!({ metricsFor: questions } satisfies Question);
    });
}

import { type Cluster, ClusterError } from '../kube/cluster.ts';

/** A cluster that is a table: path → answer. What is not in it is 404; an error in it is thrown. */
export function plainCluster(answers: Record<string, unknown>, namespace = 'shop'): Cluster {
  const answer = async (path: string): Promise<unknown> => {
    const value = Object.hasOwn(answers, path) ? answers[path] : null;
    if (value instanceof Error) throw value;
    return value;
  };
  return { server: 'https://plain.invalid', namespace, get: answer, create: answer };
}

/** What a user without the right gets to hear. */
export const forbidden = new ClusterError('forbidden', 'user "eve" cannot do that');
